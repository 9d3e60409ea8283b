//! What a message tells without an account, and what would be needed.

use super::message::Denial;
use crate::authz::Layer;

/// What the message itself tells, and what to look at.
pub(super) fn tells(denial: &Denial) -> Vec<String> {
    if denial.succeeded {
        return vec!["The call succeeded; nothing was denied.".to_owned()];
    }
    let action = denial.action.as_deref().unwrap_or("the action");
    let who = denial.principal.as_deref().map_or("the caller", |p| p);
    let mut lines = Vec::new();
    match (denial.layer, denial.explicit) {
        (Some(layer), Some(true)) => {
            let policy = denial.policy.as_deref().map(|arn| format!(" ({arn})"));
            lines.push(format!(
                "AWS names an explicit deny in a {}{}: no Allow can outweigh it; the statement has \
                 to change, or its condition must not hold.",
                denial.policy_type.as_deref().unwrap_or(layer.policy_type()),
                policy.unwrap_or_default()
            ));
        }
        (Some(layer), Some(false)) => lines.push(format!(
            "AWS names a missing Allow: no {} allows {action}.",
            denial.policy_type.as_deref().unwrap_or(layer.policy_type())
        )),
        (Some(_), None) => lines.push(
            "The key belongs to another account, or none of this Region has the id: KMS does not \
             say which, and not which policy is missing."
                .to_owned(),
        ),
        (None, Some(true)) => lines.push(
            "AWS names an explicit deny and not the policy: this is the older wording.".to_owned(),
        ),
        (None, _) => lines.push(
            "AWS does not say why: callers of other accounts and organizations are told no \
             reason, and some services never tell."
                .to_owned(),
        ),
    }
    lines.extend(denial.layer.map(|layer| look_at(layer, who, action)));
    if denial
        .message
        .contains("Encoded authorization failure message")
    {
        lines.push(
            "The encoded part opens with `aws sts decode-authorization-message`, which needs \
             sts:DecodeAuthorizationMessage."
                .to_owned(),
        );
    }
    lines
}

fn look_at(layer: Layer, who: &str, action: &str) -> String {
    match layer {
        Layer::Identity => format!(
            "Look at the policies attached to {who} and to its groups: inline and managed ones."
        ),
        Layer::Resource | Layer::Grant if action.starts_with("kms:") => {
            "Look at the key policy (`aws kms get-key-policy`) and the grants (`aws kms \
             list-grants`); IAM policies count only if the key policy names the account."
                .to_owned()
        }
        Layer::Resource | Layer::Grant if action.starts_with("sts:") => {
            "Look at the role's trust policy (`aws iam get-role`).".to_owned()
        }
        Layer::Resource | Layer::Grant => {
            "Look at the resource's own policy, such as the bucket policy.".to_owned()
        }
        Layer::Boundary => format!("Look at the permissions boundary of {who}."),
        Layer::Session => {
            "Look at the policy that was passed when the session was made (AssumeRole, \
             GetFederationToken)."
                .to_owned()
        }
        Layer::Scp => {
            "Look at the service control policies on the account, its units and the root: an \
             Allow is needed at each level."
                .to_owned()
        }
        Layer::Rcp => "Look at the resource control policies of the resource's account.".to_owned(),
        Layer::Vpce => {
            "Look at the policy of the VPC endpoint that the call came through.".to_owned()
        }
    }
}

/// What would be needed to decide.
pub(super) fn without_account(_: &Denial) -> Vec<String> {
    vec![
        "the account's policies: `keychai explain … --import DIR`, where DIR holds `aws iam \
         get-account-authorization-details` and the policies of the key or bucket"
            .to_owned(),
    ]
}

/// What the message leaves out.
pub(super) fn unsaid(denial: &Denial) -> Vec<String> {
    let mut needed = Vec::new();
    let mut want = |there: bool, what: &str| {
        if !there {
            needed.push(format!(
                "{what}, which the message does not tell: paste the CloudTrail event"
            ));
        }
    };
    want(denial.principal.is_some(), "the caller");
    want(denial.action.is_some(), "the action");
    want(denial.resource.is_some(), "the resource");
    needed
}
