use super::*;
use crate::crypto::key_spec::AwsName as _;

const CURVES: [KeySpec; 5] = [
    KeySpec::ECC_NIST_P256,
    KeySpec::ECC_NIST_P384,
    KeySpec::ECC_NIST_P521,
    KeySpec::ECC_SECG_P256K1,
    KeySpec::ECC_NIST_EDWARDS25519,
];

const POST_QUANTUM: [KeySpec; 3] = [KeySpec::ML_DSA_44, KeySpec::ML_DSA_65, KeySpec::ML_DSA_87];

fn pair(spec: KeySpec, seed: u64) -> KeyPair {
    KeyPair::generate(spec, &mut Entropy::simulated(seed)).unwrap()
}

#[test]
fn every_algorithm_of_every_kind_signs_and_verifies() {
    let mut entropy = Entropy::simulated(4);
    for spec in [&CURVES[..], &POST_QUANTUM, &[KeySpec::RSA_2048]].concat() {
        let key = pair(spec, 1);
        for algorithm in spec.signing_algorithms() {
            let mut sign = |message| key.sign(*algorithm, message, &mut entropy);
            let signature = match sign(ToSign::Raw(b"message")) {
                Some(signature) => signature,
                None => panic!("{spec} {algorithm}"),
            };
            let verify = |message, signature: &[u8]| key.verify(*algorithm, message, signature);
            assert!(verify(ToSign::Raw(b"message"), &signature), "{algorithm}");
            assert!(!verify(ToSign::Raw(b"massage"), &signature), "{algorithm}");
            assert!(!verify(ToSign::Raw(b"message"), b""), "{algorithm}");
            let mut altered = signature.clone();
            altered[20] ^= 1;
            assert!(!verify(ToSign::Raw(b"message"), &altered), "{algorithm}");
            assert!(sign(ToSign::Digest(&[7; 31])).is_none(), "{algorithm}");
        }
    }
}

#[test]
fn a_raw_message_and_its_digest_are_signed_alike() {
    let mut entropy = Entropy::simulated(4);
    let digest = Sha256::digest(b"message");
    for spec in [KeySpec::ECC_NIST_P256, KeySpec::RSA_2048] {
        let key = pair(spec, 2);
        for algorithm in spec.signing_algorithms() {
            if algorithm.digest_length() != Some(32) {
                continue;
            }
            let signature = key.sign(*algorithm, ToSign::Digest(&digest), &mut entropy);
            assert!(key.verify(*algorithm, ToSign::Raw(b"message"), &signature.unwrap()));
        }
    }
}

#[test]
fn an_algorithm_of_another_kind_is_refused() {
    let mut entropy = Entropy::simulated(4);
    for spec in CURVES {
        let key = pair(spec, 1);
        for algorithm in SigningAlgorithm::ALL {
            let own = spec.signing_algorithms().contains(algorithm);
            let signed = key.sign(*algorithm, ToSign::Raw(b"m"), &mut entropy);
            assert_eq!(signed.is_some(), own, "{spec} {algorithm}");
        }
    }
}

#[test]
fn a_seed_replays_a_key_and_another_differs() {
    for spec in [&CURVES[..], &POST_QUANTUM, &[KeySpec::RSA_2048]].concat() {
        let first = pair(spec, 8).public_key();
        assert_eq!(first, pair(spec, 8).public_key(), "{spec}");
        assert_ne!(first, pair(spec, 9).public_key(), "{spec}");
    }
}

#[test]
fn both_sides_agree_on_a_secret_on_nist_curves_only() {
    for spec in [
        KeySpec::ECC_NIST_P256,
        KeySpec::ECC_NIST_P384,
        KeySpec::ECC_NIST_P521,
    ] {
        let (a, b, c) = (pair(spec, 1), pair(spec, 2), pair(spec, 3));
        let shared = a.shared_secret(&b.public_key()).unwrap();
        assert_eq!(shared, b.shared_secret(&a.public_key()).unwrap());
        assert_ne!(shared, c.shared_secret(&a.public_key()).unwrap());
        assert!(a.shared_secret(b"no key").is_none());
        let foreign = pair(KeySpec::ECC_SECG_P256K1, 1);
        assert!(a.shared_secret(&foreign.public_key()).is_none());
        assert!(foreign.shared_secret(&foreign.public_key()).is_none());
    }
}

#[test]
fn oaep_takes_what_the_service_says_and_one_byte_more_is_refused() {
    let mut entropy = Entropy::simulated(4);
    let key = pair(KeySpec::RSA_2048, 1);
    // KMS API Reference, Encrypt: 214 and 190 bytes.
    for (algorithm, most) in [
        (EncryptionAlgorithm::RSAES_OAEP_SHA_1, 214),
        (EncryptionAlgorithm::RSAES_OAEP_SHA_256, 190),
    ] {
        assert_eq!(key.capacity(algorithm), Some(most));
        let plaintext = vec![3; most];
        let mut sealed = key.encrypt(algorithm, &plaintext, &mut entropy).unwrap();
        let opened = key.decrypt(algorithm, &sealed, &mut entropy);
        assert_eq!(opened.unwrap().as_slice(), plaintext);
        let more = vec![3; most + 1];
        assert!(key.encrypt(algorithm, &more, &mut entropy).is_none());
        sealed[9] ^= 1;
        assert!(key.decrypt(algorithm, &sealed, &mut entropy).is_none());
        assert!(key.decrypt(algorithm, b"", &mut entropy).is_none());
    }
}

/// RFC 8032, 7.1, test 2, and 7.3: Ed25519 and Ed25519ph.
#[test]
fn the_vectors_of_rfc_8032_hold() {
    let key = |seed: &str| KeyPair {
        spec: KeySpec::ECC_NIST_EDWARDS25519,
        private: Private::Ecc(EccKey::Ed25519(Box::new(
            ed25519_dalek::SigningKey::from_bytes(&unhex(seed).try_into().unwrap()),
        ))),
    };
    let mut entropy = Entropy::simulated(1);
    let pure = key("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let signature = pure.sign(
        SigningAlgorithm::ED25519_SHA_512,
        ToSign::Raw(&[0x72]),
        &mut entropy,
    );
    assert_eq!(
        signature.unwrap(),
        unhex(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        )
    );
    let prehashed = key("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42");
    let signature = prehashed.sign(
        SigningAlgorithm::ED25519_PH_SHA_512,
        ToSign::Digest(&Sha512::digest(b"abc")),
        &mut entropy,
    );
    assert_eq!(
        signature.unwrap(),
        unhex(
            "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41\
             31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
        )
    );
}

/// RFC 6979, A.2.5: P-256 with SHA-256, message "sample".
#[test]
fn the_vector_of_rfc_6979_holds() {
    let scalar = unhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    let key = KeyPair {
        spec: KeySpec::ECC_NIST_P256,
        private: Private::Ecc(EccKey::P256(p256::SecretKey::from_slice(&scalar).unwrap())),
    };
    let signature = key.sign(
        SigningAlgorithm::ECDSA_SHA_256,
        ToSign::Raw(b"sample"),
        &mut Entropy::simulated(1),
    );
    let fixed = p256::ecdsa::Signature::from_der(&signature.unwrap()).unwrap();
    assert_eq!(
        fixed.to_bytes().to_vec(),
        unhex(
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
             f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
        )
    );
}

/// The member `name` of a case of `tests/vectors/ml-dsa.rsp`.
fn member(case: &str, name: &str) -> Vec<u8> {
    let mut lines = case.lines().filter_map(|line| line.split_once(" = "));
    unhex(lines.find(|(found, _)| *found == name).unwrap().1)
}

/// FIPS 204, algorithms 2 and 3: the vectors have a context, which KMS has not,
/// so that they are signed by their μ.
#[test]
fn the_vectors_of_ml_dsa_hold() {
    use ml_dsa::signature::Keypair as _;
    use sha2::digest::Update as _;
    let cases = include_str!("../../tests/vectors/ml-dsa.rsp");
    for spec in POST_QUANTUM {
        let case = cases.split_once(&format!("[{spec}]")).unwrap().1;
        let seed = member(case, "xi").try_into().unwrap();
        let key = KeyPair {
            spec,
            private: Private::MlDsa(MlDsaKey::from_seed(spec, &seed).unwrap()),
        };
        assert!(key.public_key().ends_with(&member(case, "pk")), "{spec}");
        let (message, context) = (member(case, "msg"), member(case, "ctx"));
        macro_rules! mu {
            ($key:expr) => {
                $key.verifying_key()
                    .compute_mu(
                        |hash| {
                            hash.update(&message);
                            Ok(())
                        },
                        &context,
                    )
                    .unwrap()
            };
        }
        let mu = match &key.private {
            Private::MlDsa(MlDsaKey::MlDsa44(key)) => mu!(key),
            Private::MlDsa(MlDsaKey::MlDsa65(key)) => mu!(key),
            Private::MlDsa(MlDsaKey::MlDsa87(key)) => mu!(key),
            _ => panic!("{spec}"),
        };
        let mu = ToSign::Representative(&mu);
        let algorithm = SigningAlgorithm::ML_DSA_SHAKE_256;
        let signature = key.sign(algorithm, mu, &mut Entropy::simulated(1)).unwrap();
        let signed = member(case, "sm");
        assert_eq!(signed, [signature.as_slice(), &message].concat(), "{spec}");
        assert!(key.verify(algorithm, mu, &signature));
        assert!(!key.verify(algorithm, ToSign::Raw(&message), &signature));
    }
}

#[test]
fn an_ml_dsa_key_leads_to_its_private_der_and_back() {
    for spec in POST_QUANTUM {
        let key = pair(spec, 3);
        let der = key.private_der().unwrap();
        let again = KeyPair::from_private(spec, &der).unwrap();
        assert_eq!(again.public_key(), key.public_key());
        assert!(KeyPair::from_private(KeySpec::ECC_NIST_P256, &der).is_none());
        for other in POST_QUANTUM {
            let read = KeyPair::from_private(other, &der);
            assert_eq!(read.is_some(), other == spec, "{spec} as {other}");
        }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .map(|b| char::from(b).to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

#[test]
fn a_data_key_pair_is_the_pair_of_its_private_key() {
    use p256::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
    let made = DataKeyPair::generate(KeySpec::ECC_NIST_P256, &mut Entropy::simulated(5)).unwrap();
    let private = p256::SecretKey::from_pkcs8_der(&made.private).unwrap();
    let public = private.public_key().to_public_key_der().unwrap();
    assert_eq!(public.as_bytes(), made.public);
}

#[test]
fn debug_shows_the_spec_alone() {
    let key = pair(KeySpec::ECC_NIST_P256, 1);
    assert_eq!(format!("{key:?}"), "KeyPair { spec: ECC_NIST_P256, .. }");
}
