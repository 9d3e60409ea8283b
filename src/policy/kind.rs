//! What a policy is attached to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a policy is stored; decides the rules on writing it and the wording of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    /// A managed policy of IAM, also used as a permissions boundary.
    Managed,
    /// A policy embedded in a user, group or role.
    Inline,
    /// The trust policy of a role.
    Trust,
    /// The key policy of a KMS key.
    Key,
    /// The bucket policy of an S3 bucket.
    Bucket,
    /// A policy passed to STS when a session is made.
    Session,
    /// A service control policy of an organization.
    ServiceControl,
    /// A resource control policy of an organization.
    ResourceControl,
    /// The policy of a VPC endpoint.
    Endpoint,
}

impl PolicyKind {
    /// The name of the kind in a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Managed => "managed policy",
            Self::Inline => "inline policy",
            Self::Trust => "trust policy",
            Self::Key => "key policy",
            Self::Bucket => "bucket policy",
            Self::Session => "session policy",
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::Endpoint => "VPC endpoint policy",
        }
    }

    /// The words by which people choose a kind, with what each stands for.
    pub const WORDS: [(&'static str, Self); 8] = [
        ("identity", Self::Inline),
        ("trust", Self::Trust),
        ("key", Self::Key),
        ("bucket", Self::Bucket),
        ("session", Self::Session),
        ("scp", Self::ServiceControl),
        ("rcp", Self::ResourceControl),
        ("endpoint", Self::Endpoint),
    ];

    /// The kind that a word stands for.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::WORDS
            .iter()
            .find(|(known, _)| *known == word)
            .map(|(_, kind)| *kind)
    }

    /// The kind that a document most likely is of, by its first statement: one
    /// that names a principal belongs to a resource of the action's service.
    pub fn guess(text: &str) -> Self {
        let document: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let first = match document.get("Statement") {
            Some(serde_json::Value::Array(list)) => list.first(),
            other => other,
        };
        let has = |name: &str| first.is_some_and(|s| s.get(name).is_some());
        let action = first.and_then(|s| s.get("Action").or_else(|| s.get("NotAction")));
        let action = match action {
            Some(serde_json::Value::Array(list)) => list.first(),
            other => other,
        };
        let action = action.and_then(serde_json::Value::as_str).unwrap_or("*");
        let service = action.split(':').next().unwrap_or_default();
        if !has("Principal") && !has("NotPrincipal") {
            return Self::Inline;
        }
        match service.to_ascii_lowercase().as_str() {
            "sts" => Self::Trust,
            "kms" => Self::Key,
            _ => Self::Bucket,
        }
    }

    /// Whether each statement has to say whom it is about.
    pub const fn needs_principal(self) -> bool {
        matches!(self, Self::Trust | Self::Key | Self::Bucket)
    }

    /// Whether a statement may say whom it is about.
    pub const fn takes_principal(self) -> bool {
        self.needs_principal() || matches!(self, Self::ResourceControl | Self::Endpoint)
    }

    /// Whether Sids are plain and unique, as IAM wants them.
    pub(super) const fn has_iam_sids(self) -> bool {
        !matches!(self, Self::Key | Self::Bucket | Self::Endpoint)
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::PolicyKind;

    #[test]
    fn a_document_tells_its_kind() {
        for (text, kind) in [
            (r#"{"Statement": {"Action": "s3:*"}}"#, PolicyKind::Inline),
            (
                r#"{"Statement": [{"Principal": "*", "Action": ["sts:AssumeRole"]}]}"#,
                PolicyKind::Trust,
            ),
            (
                r#"{"Statement": [{"NotPrincipal": {}, "Action": "KMS:*"}]}"#,
                PolicyKind::Key,
            ),
            (
                r#"{"Statement": [{"Principal": "*", "Action": "s3:GetObject"}]}"#,
                PolicyKind::Bucket,
            ),
            ("not json", PolicyKind::Inline),
        ] {
            assert_eq!(PolicyKind::guess(text), kind, "{text}");
        }
        assert_eq!(PolicyKind::of_word("scp"), Some(PolicyKind::ServiceControl));
        assert_eq!(PolicyKind::of_word("SCP"), None);
    }
}
