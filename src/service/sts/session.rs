//! Temporary credentials.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::Effects;
use crate::base::{AccessKeyId, SecretText, Timestamp};
use crate::service::iam::access_keys::fresh_secret;
use crate::state::Cloud;
use crate::state::credential::{AccessKeyStatus, Credential, Credentials, Owner, Session};

const TOKEN_LENGTH: usize = 340;

const TOKEN_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Temporary credentials, as STS answers them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SessionCredentials {
    /// The key's id, `ASIA…`.
    pub access_key_id: AccessKeyId,
    /// The key's secret.
    pub secret_access_key: SecretText,
    /// The token that must accompany the key.
    pub session_token: SecretText,
    /// When they end.
    pub expiration: Timestamp,
}

impl SessionCredentials {
    /// What a caller signs with.
    pub fn credentials(&self) -> Credentials {
        Credentials {
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.clone(),
            session_token: Some(self.session_token.clone()),
        }
    }

    /// What events show of them: no secret, no token.
    pub fn recorded(&self) -> Value {
        json!({ "accessKeyId": self.access_key_id, "expiration": self.expiration })
    }
}

/// Issues credentials for `session` that last `seconds`.
pub(super) fn issue(
    cloud: &mut Cloud,
    effects: &mut Effects,
    session: Session,
    seconds: i64,
) -> SessionCredentials {
    let (created, entropy) = (session.issued, &mut effects.entropy);
    let issued = SessionCredentials {
        access_key_id: AccessKeyId::fresh("ASIA", entropy),
        secret_access_key: fresh_secret(entropy),
        session_token: SecretText::new(entropy.text(TOKEN_LENGTH, TOKEN_ALPHABET)),
        expiration: created.plus_seconds(seconds),
    };
    let credential = Credential {
        secret: issued.secret_access_key.clone(),
        token: Some(issued.session_token.clone()),
        owner: Owner::Session(Arc::new(session)),
        status: AccessKeyStatus::Active,
        created,
        expires: Some(issued.expiration),
    };
    cloud
        .credentials
        .insert_mut(issued.access_key_id.clone(), credential);
    issued
}
