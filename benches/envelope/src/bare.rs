//! The bare ciphers.

use keychai::base::Entropy;
use keychai::crypto::aead::{Cipher, Implementation};
use keychai::crypto::message::{self, OBJECT_FRAME_LENGTH};
use keychai::crypto::{
    BackingKey, CiphertextBlob, DataKey, EncryptedDataKey, EncryptionContext, ciphertext_blob,
};

/// The name of what seals one buffer.
pub fn name() -> String {
    format!("{:?}", Implementation::FASTEST)
}

/// Seals `buffer` at once, in place.
pub struct Sealer(Cipher, u64);

impl Sealer {
    pub fn new() -> Self {
        Self(Cipher::new(Implementation::FASTEST, &[7; 32]), 0)
    }

    pub fn seal(&mut self, buffer: &mut [u8]) {
        self.1 += 1;
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&self.1.to_be_bytes());
        let tag = self.0.seal_in_place(&nonce, b"", buffer).expect("it fits");
        std::hint::black_box(tag);
    }
}

/// The cryptographic work of one small object, and nothing else.
pub struct Envelope {
    backing: BackingKey,
    id: keychai::base::KeyId,
    arn: Vec<u8>,
    context: EncryptionContext,
    entropy: Entropy,
}

impl Envelope {
    pub fn new(arn: &str, object: &str) -> Self {
        let mut entropy = Entropy::simulated(2);
        let mut context = EncryptionContext::default();
        context.insert("aws:s3:arn", object);
        Self {
            backing: BackingKey::generate(&mut entropy),
            id: keychai::base::KeyId::fresh(&mut entropy),
            arn: arn.as_bytes().to_vec(),
            context,
            entropy,
        }
    }

    /// Data key, wrap, message key, seal.
    pub fn put(&mut self, body: &[u8]) -> Vec<u8> {
        let data_key = DataKey::generate(32, &mut self.entropy).expect("a key");
        let ciphertext = ciphertext_blob::seal(
            &self.backing,
            &self.id,
            &self.context,
            data_key.as_bytes(),
            &mut self.entropy,
        );
        let key = EncryptedDataKey {
            provider_id: "aws-kms".to_owned(),
            provider_info: self.arn.clone(),
            ciphertext: ciphertext.expect("a blob"),
        };
        let frame = OBJECT_FRAME_LENGTH;
        message::seal(
            body,
            &data_key,
            &[key],
            &self.context,
            frame,
            &mut self.entropy,
        )
        .expect("a message")
    }

    /// Unwrap, message key, open.
    pub fn get(&self, sealed: &[u8]) -> usize {
        let header = message::Header::parse(sealed).expect("a header");
        let wrapped = &header.encrypted_data_keys()[0].ciphertext;
        let blob = CiphertextBlob::parse(wrapped).expect("a blob");
        let bytes = blob.open(&self.backing, &self.context).expect("a data key");
        let data_key = DataKey::from_bytes(bytes).expect("a data key");
        message::open(sealed, &data_key).expect("plaintext").len()
    }
}
