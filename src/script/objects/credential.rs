//! Credentials as scripts hold them.

use std::sync::Arc;

use crate::base::Timestamp;
use crate::state::credential::Credentials;

/// What a caller signs with, for scripts.
#[derive(Clone, Debug)]
pub struct Credential {
    credentials: Arc<Credentials>,
    expires: Option<Timestamp>,
}

impl Credential {
    /// Credentials with the time at which they end.
    pub(super) fn of(credentials: Arc<Credentials>, expires: Option<Timestamp>) -> Self {
        Self {
            credentials,
            expires,
        }
    }

    /// Credentials that end.
    pub(super) fn temporary(credentials: Arc<Credentials>, expires: Timestamp) -> Self {
        Self::of(credentials, Some(expires))
    }

    /// The id, which is no secret.
    pub(super) fn access_key_id(&self) -> String {
        self.credentials.access_key_id.to_string()
    }

    /// When they end.
    pub(super) fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// The secret, for the one who asks for it by name.
    pub(super) fn secret(&self) -> String {
        self.credentials.secret_access_key.reveal().to_owned()
    }

    /// The session token, likewise.
    pub(super) fn token(&self) -> String {
        let token = self.credentials.session_token.as_ref();
        token
            .map(|token| token.reveal().to_owned())
            .unwrap_or_default()
    }

    /// An access key that does not end by itself.
    pub(super) fn lasting(credentials: Arc<Credentials>) -> Self {
        Self::of(credentials, None)
    }
}
