//! NIST CAVP AES-256-GCM and RFC 5869 HKDF-SHA256.

use std::collections::HashMap;

use keychai::crypto::aead::{Cipher, Implementation, Sealed};
use keychai::crypto::kdf::HkdfSha256;

use crate::samples::{unhex, vectors};

/// The `NAME = value` blocks of a response file; a bare `FAIL` is a name without value.
fn cases(path: &str, starts_with: &str) -> Vec<HashMap<String, String>> {
    let text = std::fs::read_to_string(vectors(path)).unwrap();
    let mut cases: Vec<HashMap<String, String>> = Vec::new();
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', '[']))
    {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        if name.eq_ignore_ascii_case(starts_with) {
            cases.push(HashMap::new());
        }
        if let Some(case) = cases.last_mut() {
            case.insert(name, value);
        }
    }
    cases
}

#[test]
fn aes_256_gcm_decrypts_as_nist_says() {
    let cases = cases("nist/gcmDecrypt256.iv96tag128.rsp", "Count");
    let refused = cases
        .iter()
        .filter(|case| case.contains_key("FAIL"))
        .count();
    assert_eq!((cases.len(), refused), (375, 191));
    for (implementation, case) in Implementation::ALL
        .iter()
        .flat_map(|i| cases.iter().map(move |c| (i, c)))
    {
        let field = |name: &str| unhex(&case[name]);
        let cipher = Cipher::new(*implementation, &field("Key").try_into().unwrap());
        let (nonce, tag) = (
            field("IV").try_into().unwrap(),
            field("Tag").try_into().unwrap(),
        );
        let (aad, ciphertext) = (field("AAD"), field("CT"));
        let mut output = vec![0; ciphertext.len()];
        let sealed = Sealed {
            bytes: &ciphertext,
            tag: &tag,
        };
        let opened = cipher.open_into(&nonce, &aad, sealed, &mut output);
        let mut in_place = ciphertext.clone();
        assert_eq!(
            cipher.open_in_place(&nonce, &aad, &mut in_place, &tag),
            opened,
            "{case:?}"
        );
        assert_eq!(in_place, output, "{case:?}");
        match case.get("PT") {
            Some(plaintext) => assert_eq!((opened, output), (Ok(()), unhex(plaintext)), "{case:?}"),
            None => assert!(
                opened.is_err() && output.iter().all(|byte| *byte == 0),
                "{case:?}"
            ),
        }
    }
}

#[test]
fn aes_256_gcm_encrypts_as_nist_says() {
    let cases = cases("nist/gcmEncryptExtIV256.iv96tag128.rsp", "Count");
    assert_eq!(cases.len(), 375);
    for (implementation, case) in Implementation::ALL
        .iter()
        .flat_map(|i| cases.iter().map(move |c| (i, c)))
    {
        let field = |name: &str| unhex(&case[name]);
        let cipher = Cipher::new(*implementation, &field("Key").try_into().unwrap());
        let nonce = field("IV").try_into().unwrap();
        let mut output = vec![0; field("PT").len()];
        let tag = cipher
            .seal_into(&nonce, &field("AAD"), &field("PT"), &mut output)
            .unwrap();
        let mut in_place = field("PT");
        assert_eq!(
            cipher
                .seal_in_place(&nonce, &field("AAD"), &mut in_place)
                .unwrap(),
            tag
        );
        assert_eq!(
            (&output, tag.to_vec()),
            (&field("CT"), field("Tag")),
            "{case:?}"
        );
        assert_eq!(in_place, output);
    }
}

#[test]
fn hkdf_sha256_derives_as_rfc_5869_says() {
    let cases = cases("nist/rfc-5869-HKDF-SHA256.txt", "COUNT");
    assert_eq!(cases.len(), 3);
    for case in cases {
        let field = |name: &str| unhex(&case[name]);
        let mut output = vec![0; case["L"].parse().unwrap()];
        let hkdf = HkdfSha256::extract(&field("salt"), &field("IKM"));
        hkdf.expand(&[&field("info")], &mut output).unwrap();
        assert_eq!(output, field("OKM"), "{case:?}");
    }
}
