//! OpenID Connect issuers of the lab's world, and the tokens that they sign.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::facade::Lab;
use crate::base::SecretText;
use crate::crypto::KeyPair;
use crate::crypto::jwt::{self, JwtAlgorithm};
use crate::state::oidc::{Issuer, issuer_name};

const KEY_ID_ALPHABET: &[u8] = b"0123456789abcdef";

impl Lab {
    /// Opens an issuer under `url`, with a key of its own;
    /// one that exists stays as it is.
    pub fn open_issuer(&mut self, url: &str, algorithm: JwtAlgorithm) {
        let (cloud, effects) = self.parts();
        let url = issuer_name(url);
        if cloud.issuers.contains_key(url) {
            return;
        }
        let spec = algorithm.key_spec();
        if let Some(pair) = KeyPair::generate(spec, &mut effects.entropy) {
            let issuer = Issuer {
                key_id: effects.entropy.text(40, KEY_ID_ALPHABET),
                algorithm,
                pair: Arc::new(pair),
            };
            cloud.issuers.insert_mut(url.to_owned(), issuer);
        }
    }

    /// A token of the issuer at `url` that ends after `seconds`. Its claims are
    /// `iss`, `iat`, `nbf`, `exp` and `jti`, and `claims`, which win.
    ///
    /// `None` if there is no such issuer.
    pub fn issue_token(
        &mut self,
        url: &str,
        claims: Map<String, Value>,
        seconds: i64,
    ) -> Option<SecretText> {
        let (cloud, effects) = self.parts();
        let url = issuer_name(url);
        let issuer = cloud.issuers.get(url)?;
        let now = effects.now();
        let own = [
            ("iss", json!(format!("https://{url}"))),
            ("iat", json!(now.seconds())),
            ("nbf", json!(now.seconds())),
            ("exp", json!(now.plus_seconds(seconds).seconds())),
            ("jti", json!(effects.entropy.uuid())),
        ];
        let own = own
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let all: Map<String, Value> = own.chain(claims).collect();
        let (pair, entropy) = (&issuer.pair, &mut effects.entropy);
        let token = jwt::sign(&all, &issuer.key_id, issuer.algorithm, pair, entropy)?;
        Some(SecretText::new(token))
    }
}
