//! OpenID Connect: who issues tokens in the lab, and whom an account believes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::{Arn, Timestamp};
use crate::crypto::KeyPair;
use crate::crypto::jwt::JwtAlgorithm;

/// The name under which the issuer with this URL is known everywhere: the URL
/// without `https://` and without slashes at its end.
pub fn issuer_name(url: &str) -> &str {
    let name = url.strip_prefix("https://").unwrap_or(url);
    name.trim_end_matches('/')
}

/// Somebody out in the world who issues tokens; its public key is known to STS.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Issuer {
    /// Which key signs, as tokens say.
    pub key_id: String,
    /// How it signs.
    pub algorithm: JwtAlgorithm,
    /// The key.
    #[serde(with = "crate::crypto::kept")]
    pub pair: Arc<KeyPair>,
}

/// An issuer that an account believes: IAM's OIDC provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OidcProvider {
    /// The ARN.
    pub arn: Arn,
    /// The issuer's URL without `https://`.
    pub url: String,
    /// The audiences that tokens may be for.
    pub client_ids: Vec<String>,
    /// The thumbprints of the issuer's certificates.
    pub thumbprints: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// Whom a checked token speaks of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WebIdentity {
    /// The ARN of the IAM OIDC provider.
    pub provider: Arn,
    /// The issuer's URL without `https://`.
    pub url: String,
    /// The claim `sub`.
    pub subject: String,
    /// The claim `aud`: the audience that the provider knows.
    pub audience: String,
    /// The claim `amr`: how the subject proved who it is.
    pub methods: Vec<String>,
}

impl WebIdentity {
    /// The id by which events know it.
    pub fn principal_id(&self) -> String {
        format!("{}:{}:{}", self.provider, self.audience, self.subject)
    }
}
