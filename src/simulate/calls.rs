//! Cases of kind `api`: what does the service answer?
//!
//! Where a case lists its checks they are decided; else the call is made in a
//! lab that is set up as the case says.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::case::{Case, Check, PrincipalWord, Problem};
use super::permissions;
use super::scene::{BUCKET, Failed, HOME, OBJECT, ROLE, Scene, Unsaid, trust};
use crate::api::ApiError;
use crate::authz::{Layer, Model, Verdict, foreign_key_message};
use crate::base::Arn;
use crate::service::kms::ON_FOREIGN_KEYS;

/// The cases whose subject is a denial and its wording.
const ABOUT_DENIALS: &str = "messages";
/// Longer than any session lasts, in seconds.
const BEYOND_EVERY_SESSION: i64 = 200_000;
/// Members of a case that describe the scene, not the call.
const STAGE_DIRECTIONS: [&str; 14] = [
    "role_max_session",
    "inherited_transitive",
    "token",
    "key_exists",
    "bucket_exists",
    "key_state",
    "kms_key_id",
    "grant",
    "parent_grant_operations",
    "role_exists",
    "object_sse",
    "document",
    "headers",
    "key",
];
/// The key of objects under SSE-C, and another one; 32 bytes in base64.
const CUSTOMER_KEY: &str = "bGFiIGxhYiBsYWIgbGFiIGxhYiBsYWIgbGFiIGxhYi4=";
const WRONG_KEY: &str = "bm90IHRoZSBrZXkgbm90IHRoZSBrZXkgbm90IGtleSE=";
/// Headers of S3, and the members that stand for them.
const HEADERS: [(&str, &str); 6] = [
    ("x-amz-server-side-encryption", "ServerSideEncryption"),
    ("x-amz-server-side-encryption-aws-kms-key-id", "SSEKMSKeyId"),
    (
        "x-amz-server-side-encryption-customer-algorithm",
        "SSECustomerAlgorithm",
    ),
    (
        "x-amz-server-side-encryption-customer-key",
        "SSECustomerKey",
    ),
    (
        "x-amz-server-side-encryption-customer-key-md5",
        "SSECustomerKeyMD5",
    ),
    ("range", "Range"),
];

pub(super) fn answer(case: &Case, model: Model) -> Result<Answer, Problem> {
    if let Some(check) = beyond_accounts(case) {
        return Ok(foreign_key(case, check));
    }
    if !case.request.checks.is_empty() {
        return permissions::answer(case, model);
    }
    if case.principal.kind == PrincipalWord::WebIdentity && case.policies.resources.is_empty() {
        return Ok(web_identity_refused());
    }
    Ok(match undecidable(case) {
        Some(problem) => Answer::undecidable(problem),
        None => made(case, model).unwrap_or_else(Answer::undecidable),
    })
}

/// The check that asks for what KMS does only on keys of the caller's own account.
fn beyond_accounts(case: &Case) -> Option<&Check> {
    let foreign = |resource: &str| {
        let arn = Arn::parse(resource).ok();
        arn.is_some_and(|arn| {
            arn.resource_type() == "key" && case.principal.account.as_deref() != Some(arn.account())
        })
    };
    case.request.checks.iter().find(|check| {
        let operation = check.action.strip_prefix("kms:");
        operation.is_some_and(|name| !ON_FOREIGN_KEYS.contains(&name)) && foreign(&check.resource)
    })
}

/// What KMS says of a key that it will not touch for this caller.
fn foreign_key(case: &Case, check: &Check) -> Answer {
    let caller = case.principal.arn.as_deref().unwrap_or("anonymous");
    let message = foreign_key_message(caller, &check.action);
    Answer {
        decision: Verdict::ImplicitDeny.as_str(),
        layer: Some(Layer::Resource.as_str()),
        failed_action: Some(check.action.clone()),
        ..Answer::error("AccessDeniedException", 400, message)
    }
}

/// The one answer of STS to whoever shows a token and is not admitted.
fn web_identity_refused() -> Answer {
    let action = "sts:AssumeRoleWithWebIdentity";
    Answer::error(
        "AccessDenied",
        403,
        format!("Not authorized to perform {action}"),
    )
}

/// What keeps a case from being decided by a call.
fn undecidable(case: &Case) -> Option<String> {
    let request = &case.request;
    let operation = format!("{}:{}", request.service(), request.operation());
    if !Scene::knows(&operation) {
        return Some(format!("the lab has no operation `{operation}`"));
    }
    let given = &case.policies;
    let others = [
        &given.permissions_boundary,
        &given.session,
        &given.scp,
        &given.rcp,
        &given.vpc_endpoint,
    ];
    let more = others.iter().any(|policy| !policy.is_null());
    if more || !given.resources.is_empty() || !given.grants.is_empty() {
        return Some("of a call without checks only identity policies are set up".to_owned());
    }
    headers(case).err()
}

/// The headers of a case as members.
fn headers(case: &Case) -> Result<Map<String, Value>, String> {
    let given = case.request.member("headers").and_then(Value::as_object);
    let member = |(name, value): (&String, &Value)| {
        let known = HEADERS.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        known
            .map(|(_, member)| ((*member).to_owned(), value.clone()))
            .ok_or_else(|| format!("the lab does not know the header `{name}`"))
    };
    given.into_iter().flatten().map(member).collect()
}

fn made(case: &Case, model: Model) -> Result<Answer, Failed> {
    let unsaid = match case.group.as_deref() {
        Some(ABOUT_DENIALS) => Unsaid::Denied,
        _ => Unsaid::Allowed,
    };
    let mut scene = Scene::new(model)?;
    let mut input = match case.request.service() {
        "s3" => bucket_and_object(case, &mut scene, unsaid)?,
        "kms" => key(case, &mut scene, unsaid)?,
        "sts" => role(case, &mut scene, unsaid)?,
        _ => Map::new(),
    };
    // A grant is retired by whom it names, not by whom IAM allows everything.
    let rights = match case.request.operation() {
        "RetireGrant" => Unsaid::Denied,
        _ => unsaid,
    };
    let caller = scene.caller(case, rights)?;
    let own = case.request.members.iter();
    let own = own.filter(|(name, _)| !STAGE_DIRECTIONS.contains(&name.as_str()));
    input.extend(own.map(|(name, value)| (name.clone(), value.clone())));
    input.extend(headers(case)?);
    if case.request.text("token") == Some("expired") {
        scene.wait(BEYOND_EVERY_SESSION)?;
    }
    let operation = format!("{}:{}", case.request.service(), case.request.operation());
    let result = scene.call(&caller, &operation, input.into());
    Ok(match result {
        Ok(_) => Answer::allow(),
        Err(error) => failed(&scene, &error),
    })
}

fn failed(scene: &Scene, error: &ApiError) -> Answer {
    let answer = Answer::failed(error);
    Answer {
        message: answer.message.map(|text| scene.in_terms_of_the_case(&text)),
        ..answer
    }
}

/// The role that is to be assumed, and what the call says of it.
fn role(case: &Case, scene: &mut Scene, unsaid: Unsaid) -> Result<Map<String, Value>, Failed> {
    if case.request.operation() != "AssumeRole" {
        return Ok(Map::new());
    }
    let trusted = match (unsaid, &case.principal.account) {
        (Unsaid::Allowed, Some(account)) => account.as_str(),
        _ => HOME,
    };
    let longest = case.request.member("role_max_session");
    let role = json!({
        "RoleName": ROLE,
        "AssumeRolePolicyDocument": trust(trusted),
        "MaxSessionDuration": longest.cloned().unwrap_or_else(|| json!(43_200)),
    });
    scene.set_up_home("iam:CreateRole", role)?;
    Ok(members(json!({
        "RoleArn": format!("arn:aws:iam::{HOME}:role/{ROLE}"),
        "RoleSessionName": "session",
    })))
}

/// The key, in the state of the case, and a ciphertext or grant where the call needs one.
fn key(case: &Case, scene: &mut Scene, unsaid: Unsaid) -> Result<Map<String, Value>, Failed> {
    let operation = case.request.operation();
    if matches!(
        operation,
        "CreateKey" | "ListKeys" | "ListAliases" | "GenerateRandom"
    ) {
        return Ok(Map::new());
    }
    let key = scene.key(unsaid)?;
    let mut input = members(json!({ "KeyId": key }));
    let encrypt = json!({ "KeyId": key, "Plaintext": "bGFi" });
    match operation {
        "Encrypt" => input.extend(members(json!({ "Plaintext": "bGFi" }))),
        "Decrypt" => {
            let made = scene.set_up_home("kms:Encrypt", encrypt)?;
            input.insert("CiphertextBlob".to_owned(), of(&made, "CiphertextBlob"));
        }
        "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => {
            input.insert("KeySpec".to_owned(), json!("AES_256"));
        }
        "RetireGrant" | "RevokeGrant" => {
            let mut grant = case.request.member("grant").cloned().unwrap_or_default();
            input.insert("GrantId".to_owned(), granted(scene, &key, &mut grant)?);
        }
        _ => {}
    }
    set_state(case, scene, &key)?;
    Ok(input)
}

/// Creates the grant that a case describes; its id.
fn granted(scene: &mut Scene, key: &str, grant: &mut Value) -> Result<Value, Failed> {
    let Some(described) = grant.as_object_mut() else {
        return Err("the case describes no `grant`".to_owned());
    };
    described.remove("IssuingAccount");
    described.retain(|_, value| !value.is_null());
    described.insert("KeyId".to_owned(), json!(key));
    for member in ["GranteePrincipal", "RetiringPrincipal"] {
        let arn = described.get(member).and_then(Value::as_str);
        if let Some(arn) = arn.and_then(|text| crate::base::Arn::parse(text).ok()) {
            scene.entity(&arn)?;
        }
    }
    let made = scene.set_up_home("kms:CreateGrant", grant.clone())?;
    Ok(of(&made, "GrantId"))
}

/// The bucket under the key, and the object in it.
fn bucket_and_object(
    case: &Case,
    scene: &mut Scene,
    unsaid: Unsaid,
) -> Result<Map<String, Value>, Failed> {
    let request = &case.request;
    let is = |member: &str| request.member(member).and_then(Value::as_bool);
    let mut input = members(json!({ "Bucket": BUCKET }));
    let on_object = request.operation().ends_with("Object");
    if on_object {
        input.insert("Key".to_owned(), json!(OBJECT));
    }
    if request.operation() == "PutObject" {
        input.insert("Body".to_owned(), json!("bGFi"));
    }
    if is("bucket_exists") == Some(false) {
        return Ok(input);
    }
    let key = scene.key(unsaid)?;
    let encryption = json!({ "Rules": [{ "ApplyServerSideEncryptionByDefault": {
        "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key,
    } }] });
    scene.bucket()?;
    scene.set_up_home(
        "s3:PutBucketEncryption",
        json!({ "Bucket": BUCKET, "ServerSideEncryptionConfiguration": encryption }),
    )?;
    if is("key_exists") != Some(false) {
        let mut object = members(json!({ "Bucket": BUCKET, "Key": OBJECT, "Body": "bGFi" }));
        if request.text("object_sse") == Some("SSE-S3") {
            object.insert("ServerSideEncryption".to_owned(), json!("AES256"));
        }
        if request.text("object_sse") == Some("SSE-C") {
            object.extend(customer_key(CUSTOMER_KEY));
        }
        scene.set_up_home("s3:PutObject", object.into())?;
    }
    match request.text("key") {
        Some("wrong") => input.extend(customer_key(WRONG_KEY)),
        Some("right") => input.extend(customer_key(CUSTOMER_KEY)),
        _ => {}
    }
    if let Some(id) = request.text("kms_key_id") {
        input.insert("ServerSideEncryption".to_owned(), json!("aws:kms"));
        input.insert("SSEKMSKeyId".to_owned(), json!(id));
    }
    set_state(case, scene, &key)?;
    Ok(input)
}

fn customer_key(key: &str) -> Map<String, Value> {
    members(json!({ "SSECustomerAlgorithm": "AES256", "SSECustomerKey": key }))
}

fn set_state(case: &Case, scene: &mut Scene, key: &str) -> Result<(), Failed> {
    let operation = match case.request.text("key_state") {
        None | Some("Enabled") => return Ok(()),
        Some("Disabled") => "kms:DisableKey",
        Some("PendingDeletion") => "kms:ScheduleKeyDeletion",
        Some(other) => return Err(format!("the lab has no key state `{other}`")),
    };
    scene
        .set_up_home(operation, json!({ "KeyId": key }))
        .map(drop)
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn of(answer: &Value, member: &str) -> Value {
    answer.get(member).cloned().unwrap_or_default()
}
