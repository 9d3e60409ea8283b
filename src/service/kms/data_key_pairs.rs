//! Data key pairs: to encrypt or sign with outside KMS.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::cryptography::{crypto_request, seal};
use super::kind::{enum_value, symmetric_only};
use super::reference;
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Blob};
use crate::crypto::key_spec::{Family, KeySpec};
use crate::crypto::{DataKeyPair, EncryptionContext};

const PAIR_ERRORS: &[&str] = &[
    "NotFoundException",
    "DisabledException",
    "KMSInvalidStateException",
    "InvalidKeyUsageException",
    "DryRunOperationException",
];

fn pair_spec(text: &str) -> Result<KeySpec, ApiError> {
    let spec: KeySpec = enum_value("keyPairSpec", text)?;
    // Data keys of ML-DSA there are none: KMS API Reference, `KeyPairSpec`.
    if spec.family() == Family::Asymmetric && !spec.is_ml_dsa() {
        return Ok(spec);
    }
    let text = format!("`{spec}` is not the spec of a key pair: use one such as RSA_2048");
    Err(ApiError::validation(Service::Kms, text))
}

/// The pair in clear, its private key encrypted, and what encrypted it.
struct Made {
    pair: DataKeyPair,
    ciphertext: Blob,
    key: Arn,
    material: String,
    spec: KeySpec,
}

fn generate(
    cx: &mut Context<'_>,
    text: &str,
    spec: &str,
    context: &EncryptionContext,
    operation: &str,
) -> Result<Made, ApiError> {
    let spec = pair_spec(spec)?;
    let key = reference::any(&cx.view(), text)?.key.clone();
    symmetric_only(&key, operation)?;
    // Before the pair, which may take a while to find.
    super::usable(&key)?;
    let pair = DataKeyPair::generate(spec, &mut cx.effects.entropy).ok_or_else(|| {
        let text = "the key pair could not be made";
        ApiError::new(Service::Kms, "KMSInternalException", 500, text)
    })?;
    let (ciphertext, material) = seal(cx, &key, context, &pair.private, operation)?;
    Ok(Made {
        pair,
        ciphertext,
        key: key.arn,
        material,
        spec,
    })
}

macro_rules! pair_operation {
    (
        $(#[$doc:meta])* $name:ident, $action:literal, $output:ident, |$made:ident| $answer:expr
    ) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $name {
            /// The symmetric encryption key: id, key ARN, alias name or alias ARN.
            pub key_id: String,
            /// The kind of pair: `RSA_2048`, `RSA_3072`, `RSA_4096`, `ECC_NIST_P256`,
            /// `ECC_NIST_P384`, `ECC_NIST_P521`, `ECC_SECG_P256K1`, `ECC_NIST_EDWARDS25519`,
            /// `ML_KEM_512`, `ML_KEM_768` or `ML_KEM_1024`.
            pub key_pair_spec: String,
            /// Pairs that `Decrypt` must give again.
            #[serde(default)]
            pub encryption_context: EncryptionContext,
            /// Grant tokens, at most 10.
            #[serde(default)]
            pub grant_tokens: Vec<String>,
            /// Only say whether the call would succeed: it ends in `DryRunOperationException`.
            #[serde(default)]
            pub dry_run: bool,
        }

        impl Operation for $name {
            type Output = $output;

            const SPEC: OperationSpec = OperationSpec::read(Service::Kms, stringify!($name))
                .needs(&[$action])
                .fails(PAIR_ERRORS);

            fn validate(&self) -> Result<(), ApiError> {
                pair_spec(&self.key_pair_spec).map(|_| ())
            }

            fn dry_run(&self) -> bool {
                self.dry_run
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                let (context, tokens) = (&self.encryption_context, &self.grant_tokens);
                let request = crypto_request(view, &self.key_id, $action, context, tokens)?;
                Ok(vec![request.with("kms:DataKeyPairSpec", &*self.key_pair_spec)])
            }

            fn execute(
                self,
                cx: &mut Context<'_>,
                _permit: &Permit,
            ) -> Result<Self::Output, ApiError> {
                let (key, spec) = (&self.key_id, &self.key_pair_spec);
                let $made = generate(cx, key, spec, &self.encryption_context, Self::SPEC.name)?;
                Ok($answer)
            }

            fn record(&self, view: &View<'_>) -> Record {
                let key = reference::any(view, &self.key_id).ok().map(|n| n.key);
                reference::record(
                    key,
                    json!({
                        "keyId": self.key_id, "keyPairSpec": self.key_pair_spec,
                        "encryptionContext": self.encryption_context,
                    }),
                )
            }
        }
    };
}

/// The answer of `GenerateDataKeyPair`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GeneratedDataKeyPair {
    /// The ARN of the key that encrypted the private key.
    pub key_id: Arn,
    /// The backing key that encrypted it.
    pub key_material_id: String,
    /// The kind of pair.
    pub key_pair_spec: KeySpec,
    /// The private key, encrypted.
    pub private_key_ciphertext_blob: Blob,
    /// The private key in clear, as DER PKCS #8: use it, then forget it.
    pub private_key_plaintext: Blob,
    /// The public key, as DER `SubjectPublicKeyInfo`.
    pub public_key: Blob,
}

pair_operation!(
    /// Makes a key pair for use outside KMS: the public key, and the private key
    /// in clear and encrypted under a symmetric encryption key.
    GenerateDataKeyPair,
    "kms:GenerateDataKeyPair",
    GeneratedDataKeyPair,
    |made| GeneratedDataKeyPair {
        key_id: made.key,
        key_material_id: made.material,
        key_pair_spec: made.spec,
        private_key_ciphertext_blob: made.ciphertext,
        private_key_plaintext: Blob::from(made.pair.private.as_slice()),
        public_key: Blob::from(made.pair.public),
    }
);

/// The answer of `GenerateDataKeyPairWithoutPlaintext`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EncryptedDataKeyPair {
    /// The ARN of the key that encrypted the private key.
    pub key_id: Arn,
    /// The backing key that encrypted it.
    pub key_material_id: String,
    /// The kind of pair.
    pub key_pair_spec: KeySpec,
    /// The private key, encrypted.
    pub private_key_ciphertext_blob: Blob,
    /// The public key, as DER `SubjectPublicKeyInfo`.
    pub public_key: Blob,
}

pair_operation!(
    /// Makes a key pair and gives its private key encrypted only, for whoever needs it later.
    GenerateDataKeyPairWithoutPlaintext,
    "kms:GenerateDataKeyPairWithoutPlaintext",
    EncryptedDataKeyPair,
    |made| EncryptedDataKeyPair {
        key_id: made.key,
        key_material_id: made.material,
        key_pair_spec: made.spec,
        private_key_ciphertext_blob: made.ciphertext,
        public_key: Blob::from(made.pair.public),
    }
);
