//! Messages that the official Python client wrote.

use keychai::crypto::digest::{hex, sha256};
use keychai::crypto::message::{self, Header};
use keychai::crypto::{DataKey, RawAesKeyring};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::samples::{json, unhex, vectors};

fn each(check: impl Fn(&Value, &[u8], &Header, &DataKey)) {
    let manifest = json("encryption-sdk/manifest.json");
    let wrapping: [u8; 32] = unhex(manifest["raw_aes_key_hex"].as_str().unwrap())
        .try_into()
        .unwrap();
    let named = |name: &str| manifest[name].as_str().unwrap();
    let keyring = RawAesKeyring::new(
        named("key_namespace"),
        named("key_name"),
        Zeroizing::new(wrapping),
    )
    .unwrap();
    let cases = manifest["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let path = vectors("encryption-sdk").join(case["file"].as_str().unwrap());
        let bytes = std::fs::read(path).unwrap();
        let header = Header::parse(&bytes).unwrap();
        let data_key = keyring
            .unwrap(header.encrypted_data_keys(), header.context())
            .unwrap();
        check(case, &bytes, &header, &data_key);
    }
}

#[test]
fn every_file_of_the_folder_is_in_the_manifest() {
    let manifest = json("encryption-sdk/manifest.json");
    let listed: Vec<&str> = manifest["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["file"].as_str().unwrap())
        .collect();
    for entry in std::fs::read_dir(vectors("encryption-sdk")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name == "manifest.json" || listed.contains(&name.as_str()),
            "{name}"
        );
    }
}

#[test]
fn whole_messages_open() {
    each(|case, bytes, header, data_key| {
        let plaintext = message::open(bytes, data_key).unwrap();
        assert_eq!(Value::from(plaintext.len()), case["plaintext_len"]);
        assert_eq!(
            Value::from(hex(&sha256(&plaintext))),
            case["plaintext_sha256"]
        );
        assert_eq!(
            Value::from(header.frame_length().get()),
            case["frame_length"]
        );
        assert_eq!(
            message::plaintext_length(bytes).unwrap(),
            plaintext.len() as u64
        );
    });
}

#[test]
fn ranges_are_slices_of_the_whole() {
    each(|case, bytes, _, data_key| {
        let whole = message::open(bytes, data_key).unwrap();
        let (length, frame) = (whole.len() as u64, case["frame_length"].as_u64().unwrap());
        let edges = [
            0,
            1,
            frame - 1,
            frame,
            frame + 1,
            2 * frame,
            length.saturating_sub(1),
            length,
        ];
        for (start, end) in edges
            .iter()
            .flat_map(|start| edges.map(|end| (*start, end)))
        {
            let range = message::open_range(bytes, data_key, start..end);
            if start <= end && end <= length {
                assert_eq!(
                    **range.unwrap(),
                    whole[start as usize..end as usize],
                    "{start}..{end}"
                );
            } else {
                assert_eq!(
                    range.unwrap_err(),
                    keychai::crypto::OpenError::Range { start, end, length }
                );
            }
        }
    });
}

#[test]
fn another_data_key_is_refused() {
    each(|_, bytes, _, data_key| {
        let mut other = Zeroizing::new(data_key.as_bytes().to_vec());
        other[31] ^= 1;
        let other = DataKey::from_bytes(other).unwrap();
        assert_eq!(
            message::open(bytes, &other).unwrap_err(),
            keychai::crypto::OpenError::Refused
        );
    });
}
