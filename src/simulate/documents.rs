//! Cases of kind `validate`: is the document stored?
//!
//! The call is made in a lab of its own by a caller who may do everything, so
//! whatever refuses is about the document.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::case::{Case, PrincipalWord, Problem};
use super::scene::{BUCKET, Failed, HOME, ROLE, Scene, Unsaid, text_of, trust};
use crate::authz::Model;
use crate::base::Arn;
use crate::policy::{Policy, PolicyKind};

/// The member of a case that holds the document.
const DOCUMENT: &str = "document";

/// How an operation takes a document.
struct Taker {
    kind: PolicyKind,
    member: &'static str,
}

pub(super) fn answer(case: &Case) -> Result<Answer, Problem> {
    let api = case.request.api.as_str();
    let Some(taker) = taker(api) else {
        let problem = format!("`{api}` takes no document that is known here");
        return Ok(Answer::undecidable(problem));
    };
    if !Scene::knows(api) {
        return by_grammar(case, &taker);
    }
    Ok(stored(case, &taker).unwrap_or_else(Answer::undecidable))
}

fn taker(api: &str) -> Option<Taker> {
    let (kind, member) = match api {
        "iam:CreatePolicy" | "iam:CreatePolicyVersion" => (PolicyKind::Managed, "PolicyDocument"),
        "iam:PutUserPolicy" | "iam:PutRolePolicy" | "iam:PutGroupPolicy" => {
            (PolicyKind::Inline, "PolicyDocument")
        }
        "iam:CreateRole" => (PolicyKind::Trust, "AssumeRolePolicyDocument"),
        "iam:UpdateAssumeRolePolicy" => (PolicyKind::Trust, "PolicyDocument"),
        "kms:CreateKey" | "kms:PutKeyPolicy" => (PolicyKind::Key, "Policy"),
        "kms:CreateGrant" => (PolicyKind::Key, DOCUMENT),
        "s3:PutBucketPolicy" => (PolicyKind::Bucket, "Policy"),
        "sts:AssumeRole" | "sts:GetFederationToken" | "sts:AssumeRoleWithWebIdentity" => {
            (PolicyKind::Session, "Policy")
        }
        "organizations:CreatePolicy" => (PolicyKind::ServiceControl, "Content"),
        "ec2:CreateVpcEndpoint" => (PolicyKind::Endpoint, "PolicyDocument"),
        _ => return None,
    };
    Some(Taker { kind, member })
}

/// The answer of the grammar alone, for services that are not in this lab.
fn by_grammar(case: &Case, taker: &Taker) -> Result<Answer, Problem> {
    let document = case.request.member(DOCUMENT);
    let document = document.ok_or("the case holds no `document`")?;
    Ok(match Policy::parse(taker.kind, &text_of(document)) {
        Ok(_) => Answer::ok(),
        Err(error) => Answer::refused(&error),
    })
}

fn stored(case: &Case, taker: &Taker) -> Result<Answer, Failed> {
    let mut scene = Scene::new(Model::Aws)?;
    let caller = match case.principal.kind {
        PrincipalWord::Anonymous => None,
        _ => Some(scene.caller(case, Unsaid::Allowed)?),
    };
    let mut input = input(case, &mut scene)?;
    if let Some(document) = case.request.member(DOCUMENT) {
        let text = text_of(document);
        scene.cast(taker.kind, &text)?;
        input.insert(taker.member.to_owned(), text.into());
    }
    let api = case.request.api.as_str();
    let result = match caller {
        Some(caller) => scene.call(&caller, api, input.into()),
        None => scene.call_as_admin(api, input.into()),
    };
    Ok(match result {
        Ok(_) => Answer::ok(),
        Err(error) => Answer::failed(&error),
    })
}

/// What the operation needs beside the document: the members that the case
/// gives, and a place to store the document in.
fn input(case: &Case, scene: &mut Scene) -> Result<Map<String, Value>, Failed> {
    let mut input = places(case.request.api.as_str(), scene)?;
    let given = case.request.members.iter();
    let own = given.filter(|(name, value)| name.as_str() != DOCUMENT && !value.is_null());
    input.extend(own.map(|(name, value)| (name.clone(), value.clone())));
    Ok(input)
}

fn places(api: &str, scene: &mut Scene) -> Result<Map<String, Value>, Failed> {
    let home = |resource: &str| Arn::of("iam", "", HOME, resource);
    let role = home(&format!("role/{ROLE}"));
    let place = match api {
        "iam:CreatePolicy" => json!({ "PolicyName": "document" }),
        "iam:CreatePolicyVersion" => {
            let whole = json!({
                "Version": "2012-10-17",
                "Statement": { "Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*" },
            });
            let first = json!({ "PolicyName": "document", "PolicyDocument": whole.to_string() });
            scene.set_up_home("iam:CreatePolicy", first)?;
            json!({ "PolicyArn": home("policy/document").as_str() })
        }
        "iam:PutUserPolicy" => {
            scene.entity(&home("user/alice"))?;
            json!({ "UserName": "alice", "PolicyName": "document" })
        }
        "iam:PutRolePolicy" => {
            scene.entity(&role)?;
            json!({ "RoleName": ROLE, "PolicyName": "document" })
        }
        "iam:PutGroupPolicy" => {
            scene.set_up_home("iam:CreateGroup", json!({ "GroupName": "team" }))?;
            json!({ "GroupName": "team", "PolicyName": "document" })
        }
        "iam:CreateRole" => json!({ "RoleName": "document" }),
        "iam:UpdateAssumeRolePolicy" => {
            scene.entity(&role)?;
            json!({ "RoleName": ROLE })
        }
        "kms:PutKeyPolicy" => json!({ "KeyId": scene.key(Unsaid::Allowed)? }),
        "kms:CreateGrant" => json!({
            "KeyId": scene.key(Unsaid::Allowed)?,
            "Operations": ["Decrypt"],
        }),
        "s3:PutBucketPolicy" => {
            scene.bucket()?;
            json!({ "Bucket": BUCKET })
        }
        "sts:GetFederationToken" => json!({ "Name": "document" }),
        "sts:AssumeRole" => {
            let made = json!({ "RoleName": ROLE, "AssumeRolePolicyDocument": trust(HOME) });
            scene.set_up_home("iam:CreateRole", made)?;
            json!({ "RoleArn": role.as_str(), "RoleSessionName": "document" })
        }
        _ => json!({}),
    };
    Ok(place.as_object().cloned().unwrap_or_default())
}
