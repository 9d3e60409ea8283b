//! Key material on its way into KMS: wrapped by its owner, unwrapped here.
//!
//! An import token is a ciphertext blob, sealed under a key that belongs to the
//! KMS key, of the private half of the wrapping key:
//!
//! ```text
//! wrapping algorithm 1 | end of validity 8 | private key, DER PKCS #8
//! ```
//!
//! So a token opens for its own key alone, and KMS keeps no list of them.
//! Source: KMS Developer Guide, "Importing key material"; RFC 8017 (OAEP); RFC
//! 5649 (AES key wrap with padding).

use aes_kw::{KeyInit as _, KwpAes128, KwpAes192, KwpAes256};
use zeroize::Zeroizing;

use super::backing_key::BackingKey;
use super::ciphertext_blob::{self, CiphertextBlob};
use super::context::EncryptionContext;
use super::kdf::HkdfSha256;
use super::key_pair::DataKeyPair;
use super::key_spec::{AwsName as _, EncryptionAlgorithm, KeySpec, WrappingAlgorithm};
use super::rsa_key::{self, RsaKey};
use crate::base::{Entropy, KeyId, KeyMaterialId};

const MATERIAL_LABEL: &[u8] = b"keychai key material id 1";
const PURPOSE: &str = "keychai:import-token-of";
const TRANSPORT_KEY_LENGTH: usize = 32;

/// The id of imported material, which depends on the key and on the material alone.
pub fn material_id(key: &KeyId, material: &[u8]) -> Option<KeyMaterialId> {
    let id = HkdfSha256::extract(key.as_str().as_bytes(), material).key(&[MATERIAL_LABEL]);
    KeyMaterialId::parse(&super::digest::hex(id.as_slice())).ok()
}

/// Wraps `material` for the public key `wrapping_key` (DER), as the owner of
/// the material does it; `None` if the key is not one of RSA, or too short.
pub fn wrap(
    algorithm: WrappingAlgorithm,
    wrapping_key: &[u8],
    material: &[u8],
    entropy: &mut Entropy,
) -> Option<Vec<u8>> {
    let (oaep, through_aes) = algorithm.parts()?;
    if !through_aes {
        return rsa_key::encrypt_for(wrapping_key, oaep, material, entropy);
    }
    let transport = Zeroizing::new(entropy.bytes::<TRANSPORT_KEY_LENGTH>());
    let mut wrapped = rsa_key::encrypt_for(wrapping_key, oaep, transport.as_slice(), entropy)?;
    let mut buffer = vec![0; material.len().next_multiple_of(8) + aes_kw::IV_LEN];
    let cipher = KwpAes256::new_from_slice(transport.as_slice()).ok()?;
    wrapped.extend_from_slice(cipher.wrap_key(material, &mut buffer).ok()?);
    Some(wrapped)
}

/// Whose import a token is for.
#[derive(Clone, Copy, Debug)]
pub struct TokenOwner<'a> {
    /// What seals the tokens of the key.
    pub token_key: &'a BackingKey,
    /// The key's id.
    pub key: &'a KeyId,
    /// The key's ARN.
    pub arn: &'a str,
}

impl TokenOwner<'_> {
    fn context(&self) -> EncryptionContext {
        EncryptionContext::from([(PURPOSE, self.arn)])
    }
}

/// What a client needs to import key material.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// The public wrapping key, as DER `SubjectPublicKeyInfo`.
    pub public_key: Vec<u8>,
    /// The import token.
    pub token: Vec<u8>,
}

impl Parameters {
    /// A fresh wrapping key pair, whose token is good until `valid_to`, in
    /// seconds since 1970. `None` if `spec` is not one of RSA.
    pub fn generate(
        owner: TokenOwner<'_>,
        algorithm: WrappingAlgorithm,
        spec: KeySpec,
        valid_to: i64,
        entropy: &mut Entropy,
    ) -> Option<Self> {
        spec.rsa_bits()?;
        let pair = DataKeyPair::generate(spec, entropy)?;
        let number = WrappingAlgorithm::ALL
            .iter()
            .position(|a| *a == algorithm)?;
        let mut content = Zeroizing::new(vec![u8::try_from(number).ok()?]);
        content.extend_from_slice(&valid_to.to_be_bytes());
        content.extend_from_slice(&pair.private);
        let context = owner.context();
        let token =
            ciphertext_blob::seal(owner.token_key, owner.key, &context, &content, entropy).ok()?;
        Some(Self {
            public_key: pair.public,
            token,
        })
    }
}

/// An import token that has been opened. The private key has no accessor.
pub struct ImportToken {
    algorithm: WrappingAlgorithm,
    valid_to: i64,
    private: Box<RsaKey>,
}

impl ImportToken {
    /// Opens `token`; `None` if it was altered, or is not one of `owner`.
    pub fn open(owner: TokenOwner<'_>, token: &[u8]) -> Option<Self> {
        let blob = CiphertextBlob::parse(token).ok()?;
        let content = blob.open(owner.token_key, &owner.context()).ok()?;
        let (number, rest) = content.split_first()?;
        let (valid_to, private) = rest.split_first_chunk()?;
        Some(Self {
            algorithm: *WrappingAlgorithm::ALL.get(usize::from(*number))?,
            valid_to: i64::from_be_bytes(*valid_to),
            private: Box::new(RsaKey::from_private(None, private)?),
        })
    }

    /// When it ends, in seconds since 1970.
    pub fn valid_to(&self) -> i64 {
        self.valid_to
    }

    /// The material that `wrapped` holds; `None` whatever is wrong with it.
    pub fn unwrap(&self, wrapped: &[u8], entropy: &mut Entropy) -> Option<Zeroizing<Vec<u8>>> {
        let (oaep, through_aes) = self.algorithm.parts()?;
        if !through_aes {
            return self.private.decrypt(oaep, wrapped, entropy);
        }
        let (transport, wrapped) = wrapped.split_at_checked(self.private.modulus_length())?;
        let transport = self.private.decrypt(oaep, transport, entropy)?;
        unwrap_padded(&transport, wrapped)
    }
}

fn unwrap_padded(transport: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut buffer = Zeroizing::new(vec![0; wrapped.len()]);
    let material = match transport.len() {
        16 => KwpAes128::new_from_slice(transport)
            .ok()?
            .unwrap_key(wrapped, &mut buffer),
        24 => KwpAes192::new_from_slice(transport)
            .ok()?
            .unwrap_key(wrapped, &mut buffer),
        _ => KwpAes256::new_from_slice(transport)
            .ok()?
            .unwrap_key(wrapped, &mut buffer),
    };
    Some(Zeroizing::new(material.ok()?.to_vec()))
}

impl WrappingAlgorithm {
    /// How the RSA key encrypts, and whether an AES key goes between it and the
    /// material; `None` for what KMS takes no more, or only in China.
    fn parts(self) -> Option<(EncryptionAlgorithm, bool)> {
        use EncryptionAlgorithm as E;
        match self {
            Self::RSAES_OAEP_SHA_1 => Some((E::RSAES_OAEP_SHA_1, false)),
            Self::RSAES_OAEP_SHA_256 => Some((E::RSAES_OAEP_SHA_256, false)),
            Self::RSA_AES_KEY_WRAP_SHA_1 => Some((E::RSAES_OAEP_SHA_1, true)),
            Self::RSA_AES_KEY_WRAP_SHA_256 => Some((E::RSAES_OAEP_SHA_256, true)),
            Self::RSAES_PKCS1_V1_5 | Self::SM2PKE => None,
        }
    }

    /// Whether KMS takes it.
    pub fn is_supported(self) -> bool {
        self.parts().is_some()
    }

    /// Whether the material goes under an AES key, and that under the RSA key.
    pub fn is_two_layered(self) -> bool {
        self.parts().is_some_and(|(_, through_aes)| through_aes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner<'a>(token_key: &'a BackingKey, key: &'a KeyId) -> TokenOwner<'a> {
        let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        TokenOwner {
            token_key,
            key,
            arn,
        }
    }

    #[test]
    fn what_is_wrapped_under_a_token_s_key_is_unwrapped_with_the_token() {
        let entropy = &mut Entropy::simulated(1);
        let (token_key, key) = (BackingKey::generate(entropy), KeyId::fresh(entropy));
        let owner = owner(&token_key, &key);
        for algorithm in WrappingAlgorithm::ALL.iter().filter(|a| a.is_supported()) {
            let parameters =
                Parameters::generate(owner, *algorithm, KeySpec::RSA_2048, 77, entropy).unwrap();
            let token = ImportToken::open(owner, &parameters.token).unwrap();
            assert_eq!(token.valid_to(), 77);
            for length in [1, 28, 32, 48, 138] {
                let material = vec![0x5a; length];
                let wrapped = wrap(*algorithm, &parameters.public_key, &material, entropy).unwrap();
                assert_eq!(
                    token.unwrap(&wrapped, entropy).unwrap().as_slice(),
                    material
                );
                let mut altered = wrapped.clone();
                *altered.last_mut().unwrap() ^= 1;
                assert!(token.unwrap(&altered, entropy).is_none());
                assert!(token.unwrap(&wrapped[1..], entropy).is_none());
            }
        }
    }

    #[test]
    fn a_token_opens_for_its_own_key_alone() {
        let entropy = &mut Entropy::simulated(2);
        let (token_key, key) = (BackingKey::generate(entropy), KeyId::fresh(entropy));
        let algorithm = WrappingAlgorithm::RSAES_OAEP_SHA_256;
        let made = |entropy: &mut Entropy| {
            let owner = owner(&token_key, &key);
            Parameters::generate(owner, algorithm, KeySpec::RSA_2048, 1, entropy).unwrap()
        };
        let token = made(entropy).token;
        let other = BackingKey::generate(entropy);
        assert!(ImportToken::open(owner(&other, &key), &token).is_none());
        let elsewhere = TokenOwner {
            arn: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            ..owner(&token_key, &key)
        };
        assert!(ImportToken::open(elsewhere, &token).is_none());
        assert!(ImportToken::open(owner(&token_key, &key), &token[..40]).is_none());
    }

    /// RFC 5649, section 6.
    #[test]
    fn the_examples_of_rfc_5649_unwrap() {
        let key = bytes("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
        let twenty = bytes("138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a");
        let seven = bytes("afbeb0f07dfbf5419200f2ccb50bb24f");
        assert_eq!(
            unwrap_padded(&key, &twenty).unwrap().as_slice(),
            bytes("c37b7e6492584340bed12207808941155068f738")
        );
        assert_eq!(
            unwrap_padded(&key, &seven).unwrap().as_slice(),
            bytes("466f7250617369")
        );
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let pairs = (0..hex.len()).step_by(2);
        pairs
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn the_id_of_material_depends_on_the_key() {
        let entropy = &mut Entropy::simulated(3);
        let (a, b) = (KeyId::fresh(entropy), KeyId::fresh(entropy));
        assert_eq!(material_id(&a, &[1; 32]), material_id(&a, &[1; 32]));
        assert_ne!(material_id(&a, &[1; 32]), material_id(&b, &[1; 32]));
        assert_ne!(material_id(&a, &[1; 32]), material_id(&a, &[2; 32]));
    }
}
