//! Wycheproof AES-GCM and HKDF-SHA512.

use keychai::crypto::aead::{Cipher, Implementation, Sealed};
use keychai::crypto::kdf::HkdfSha512;
use serde_json::Value;

use crate::samples::{json, unhex};

fn field(case: &Value, name: &str) -> Vec<u8> {
    unhex(case[name].as_str().unwrap())
}

fn cases<'a>(groups: impl Iterator<Item = &'a Value>) -> Vec<&'a Value> {
    groups
        .flat_map(|group| group["tests"].as_array().unwrap())
        .collect()
}

#[test]
fn aes_256_gcm() {
    let file = json("wycheproof/aes_gcm_test.json");
    let ours = |group: &&Value| {
        (&group["keySize"], &group["ivSize"], &group["tagSize"])
            == (&Value::from(256), &Value::from(96), &Value::from(128))
    };
    let cases = cases(file["testGroups"].as_array().unwrap().iter().filter(ours));
    let invalid = cases
        .iter()
        .filter(|case| case["result"] == "invalid")
        .count();
    assert_eq!((cases.len(), invalid), (66, 27));
    for implementation in Implementation::ALL {
        cases.iter().for_each(|case| check(*implementation, case));
    }
}

fn check(implementation: Implementation, case: &Value) {
    let cipher = Cipher::new(implementation, &field(case, "key").try_into().unwrap());
    let nonce = field(case, "iv").try_into().unwrap();
    let tag = field(case, "tag").try_into().unwrap();
    let (aad, plaintext, ciphertext) = (field(case, "aad"), field(case, "msg"), field(case, "ct"));
    let mut output = vec![0; ciphertext.len()];
    let sealed = Sealed {
        bytes: &ciphertext,
        tag: &tag,
    };
    let opened = cipher.open_into(&nonce, &aad, sealed, &mut output);
    if case["result"] == "valid" {
        assert_eq!(
            (opened, &output),
            (Ok(()), &plaintext),
            "{implementation:?} {case}"
        );
        let mut buffer = plaintext;
        let made = cipher.seal_in_place(&nonce, &aad, &mut buffer).unwrap();
        assert_eq!(
            (buffer, made),
            (ciphertext, tag),
            "{implementation:?} {case}"
        );
    } else {
        assert!(opened.is_err(), "{implementation:?} {case}");
        assert!(
            output.iter().all(|byte| *byte == 0),
            "{implementation:?} {case}"
        );
    }
}

#[test]
fn hkdf_sha512() {
    let file = json("wycheproof/hkdf_sha512_test.json");
    let cases = cases(file["testGroups"].as_array().unwrap().iter());
    assert_eq!(
        cases.len(),
        file["numberOfTests"].as_u64().unwrap() as usize
    );
    let mut refused = 0;
    for case in cases {
        let mut output = vec![0; case["size"].as_u64().unwrap() as usize];
        let hkdf = HkdfSha512::extract(&field(case, "salt"), &field(case, "ikm"));
        let expanded = hkdf.expand(&[&field(case, "info")], &mut output);
        if case["result"] == "valid" {
            assert_eq!((expanded, output), (Ok(()), field(case, "okm")), "{case}");
        } else {
            assert!(expanded.is_err(), "{case}");
            refused += 1;
        }
    }
    assert!(
        refused > 0,
        "the file has cases that ask for too much output"
    );
}
