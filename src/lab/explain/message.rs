//! AWS's wordings of a denial.
//!
//! Source: IAM User Guide, "Troubleshoot access denied error messages"; KMS
//! Developer Guide, "Troubleshooting AWS KMS permissions"; S3 User Guide,
//! "Troubleshoot access denied (403 Forbidden) errors"; AWS CLI, the frame that
//! it puts around an error.

use serde::Serialize;

use crate::authz::Layer;
use crate::crypto::EncryptionContext;

/// What a message or an event says of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// The error code.
    pub code: Option<String>,
    /// The operation, such as `Decrypt`.
    pub operation: Option<String>,
    /// The caller's ARN.
    pub principal: Option<String>,
    /// `service:Operation`.
    pub action: Option<String>,
    /// The resource's ARN, or `*`.
    pub resource: Option<String>,
    /// The layer that AWS names.
    pub layer: Option<Layer>,
    /// What AWS calls that layer.
    pub policy_type: Option<String>,
    /// Whether it is an explicit deny; `None` if the message does not say.
    pub explicit: Option<bool>,
    /// The ARN of the policy that denies, where AWS names it.
    pub policy: Option<String>,
    /// AWS's text.
    pub message: String,
    /// Whether the call was allowed after all: an event of a success.
    pub succeeded: bool,
    /// The encryption context of the call.
    pub encryption_context: Option<EncryptionContext>,
    /// Condition keys that the event tells, with their values.
    pub context: Vec<(String, String)>,
    /// When it was made.
    pub time: Option<String>,
}

/// Reads a message in any of the wordings; `None` if it is no denial.
pub(super) fn read(text: &str) -> Option<Denial> {
    let mut denial = Denial::default();
    let text = unframed(text, &mut denial);
    denial.message.clone_from(&text);
    let lower = text.to_ascii_lowercase();
    if let Some(rest) = after(&text, "User: ") {
        denial.principal = until(rest, " is not authorized to perform");
    }
    if let Some(rest) = after(&text, "not authorized to perform: ") {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        denial.action = rest.get(..end).map(trimmed);
    } else if let Some(rest) = after(&text, "Not authorized to perform ") {
        denial.action = rest.split_whitespace().next().map(trimmed);
    }
    if let Some(rest) = after(&text, "on resource: ") {
        // S3 quotes the ARN, in which an object's key may have spaces.
        denial.resource = match rest.strip_prefix('"') {
            Some(quoted) => until(quoted, "\""),
            None => rest.split_whitespace().next().map(trimmed),
        };
    }
    reason(&text, &mut denial);
    let is_denial = denial.action.is_some()
        || denial.code.as_deref().is_some_and(is_denied)
        || lower.contains("access denied")
        || lower.contains("accessdenied")
        || lower.contains("not authorized")
        || lower.contains("you are not allowed to access");
    is_denial.then_some(denial)
}

/// Whether a code is that of a denial.
pub(super) fn is_denied(code: &str) -> bool {
    code.contains("AccessDenied") || code.contains("Unauthorized") || code == "Forbidden"
}

/// The message without what the CLI, an SDK or S3's XML put around it.
fn unframed(text: &str, denial: &mut Denial) -> String {
    if let Some(rest) = after(text, "An error occurred (") {
        denial.code = until(rest, ")");
        denial.operation = after(rest, "when calling the ").and_then(|r| until(r, " operation"));
        if let Some(inner) = after(rest, " operation: ") {
            return inner.trim().to_owned();
        }
    }
    if let Some(inner) = after(text, "<Message>") {
        denial.code = after(text, "<Code>").and_then(|r| until(r, "</Code>"));
        return until(inner, "</Message>").unwrap_or_else(|| inner.to_owned());
    }
    if let Some((code, inner)) = text.split_once(": ")
        && is_denied(code)
        && !code.contains(' ')
    {
        denial.code = Some(code.rsplit('.').next().unwrap_or(code).to_owned());
        return inner.trim().to_owned();
    }
    text.trim().to_owned()
}

/// Which policy, and whether it denies or is silent.
fn reason(text: &str, denial: &mut Denial) {
    if let Some(rest) = after(text, "because no ") {
        denial.explicit = Some(false);
        let kind = until(rest, " allows the ").or_else(|| until(rest, " allows "));
        denial.name(kind.unwrap_or_default());
    } else if let Some(rest) = after(text, "with an explicit deny in ") {
        denial.explicit = Some(true);
        let rest = rest.trim_start_matches("the ");
        let rest = rest.trim_start_matches("an ").trim_start_matches("a ");
        let (kind, policy) = match rest.split_once(": arn:") {
            Some((kind, arn)) => (kind, arn.split_whitespace().next()),
            None => (rest, None),
        };
        denial.policy = policy.map(|arn| trimmed(&format!("arn:{arn}")));
        denial.name(kind.to_owned());
    } else if text.contains("with an explicit deny") {
        denial.explicit = Some(true);
    } else if text.contains("no resource-based policies allow access")
        || text.contains("you are not allowed to access")
    {
        denial.name("resource-based policy".to_owned());
    }
}

impl Denial {
    fn name(&mut self, kind: String) {
        let folded = kind.to_ascii_lowercase();
        let layers = Layer::ALL.into_iter();
        let named = layers.filter(|layer| *layer != Layer::Grant);
        let mut named =
            named.filter(|layer| folded.starts_with(&layer.policy_type().to_lowercase()));
        let trust = folded
            .starts_with("role trust policy")
            .then_some(Layer::Resource);
        self.layer = trust.or_else(|| named.next());
        let words = match self.layer {
            Some(_) if trust.is_some() => "role trust policy",
            Some(layer) => layer.policy_type(),
            None => kind.trim_end_matches('.'),
        };
        self.policy_type = Some(words.to_owned()).filter(|words| !words.is_empty());
    }
}

fn after<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

fn until(text: &str, mark: &str) -> Option<String> {
    text.split_once(mark)
        .map(|(before, _)| before.trim().to_owned())
}

fn trimmed(word: &str) -> String {
    let word = word.trim_matches(|c: char| c == '"' || c == '\'' || c == '`');
    word.trim_end_matches(['.', ',', ';', '"']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Option<String>, Option<String>, Option<String>, Option<bool>) {
        let denial = read(text).unwrap();
        let layer = denial.policy_type;
        (denial.action, denial.resource, layer, denial.explicit)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    /// Source: IAM User Guide, "Troubleshoot access denied error messages".
    #[test]
    fn each_wording_names_its_layer() {
        let base = "User: arn:aws:iam::777788889999:user/JohnDoe is not authorized to perform: codecommit:ListRepositories";
        for (tail, layer, explicit) in [
            (
                " because no service control policy allows the codecommit:ListRepositories action",
                "service control policy",
                false,
            ),
            (
                " with an explicit deny in a service control policy",
                "service control policy",
                true,
            ),
            (
                " because no VPC endpoint policy allows the codecommit:ListRepositories action",
                "VPC endpoint policy",
                false,
            ),
            (
                " with an explicit deny in a VPC endpoint policy",
                "VPC endpoint policy",
                true,
            ),
            (
                " because no permissions boundary allows the codecommit:ListRepositories action",
                "permissions boundary",
                false,
            ),
            (
                " with an explicit deny in a permissions boundary",
                "permissions boundary",
                true,
            ),
            (
                " because no session policy allows the codecommit:ListRepositories action",
                "session policy",
                false,
            ),
            (
                " because no resource-based policy allows the codecommit:ListRepositories action",
                "resource-based policy",
                false,
            ),
            (
                " because no role trust policy allows the sts:AssumeRole action",
                "role trust policy",
                false,
            ),
            (
                " with an explicit deny in the role trust policy",
                "role trust policy",
                true,
            ),
            (
                " because no identity-based policy allows the codecommit:ListRepositories action",
                "identity-based policy",
                false,
            ),
            (
                " with an explicit deny in an identity-based policy",
                "identity-based policy",
                true,
            ),
            (
                " with an explicit deny in a resource control policy",
                "resource control policy",
                true,
            ),
        ] {
            let found = parts(&format!("{base}{tail}"));
            assert_eq!(
                found,
                (
                    some("codecommit:ListRepositories"),
                    None,
                    some(layer),
                    Some(explicit)
                ),
                "{tail}"
            );
        }
    }

    #[test]
    fn frames_quotes_and_policies_are_taken_apart() {
        let cli = "An error occurred (AccessDenied) when calling the GetObject operation: User: arn:aws:sts::111122223333:assumed-role/GlueRole/GlueJobRunnerSession is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::payroll-data/q1.csv\" with an explicit deny in a service control policy: arn:aws:organizations::444455556666:policy/o-abcdefghij/service_control_policy/p-abcdefgh";
        let denial = read(cli).unwrap();
        assert_eq!(denial.code, some("AccessDenied"));
        assert_eq!(denial.operation, some("GetObject"));
        assert_eq!(denial.resource, some("arn:aws:s3:::payroll-data/q1.csv"));
        assert!(denial.policy.unwrap().ends_with("/p-abcdefgh"));
        assert_eq!(denial.layer, Some(Layer::Scp));
        let xml = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
        let denial = read(xml).unwrap();
        assert_eq!((denial.code, denial.action), (some("AccessDenied"), None));
        assert!(read("NoSuchKey: The specified key does not exist.").is_none());
    }

    /// Source: KMS Developer Guide, "Troubleshooting AWS KMS permissions".
    #[test]
    fn kms_says_nothing_of_keys_of_other_accounts() {
        let text = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access";
        assert_eq!(
            parts(text),
            (
                some("kms:Decrypt"),
                None,
                some("resource-based policy"),
                None
            )
        );
    }
}
