//! A lab for a test, and its calls in few words.

use keychai::api::{ApiError, Response, Route, Service};
use keychai::authz::Model;
use keychai::base::{AccessKeyId, AccountId, Arn, Blob, Region, SecretText};
use keychai::lab::{Lab, LabOptions};
use keychai::state::credential::Credentials;
use keychai::state::trail::{Event, Trail};
use serde_json::{Value, json};

pub const HOME: &str = "111122223333";
pub const AWAY: &str = "444455556666";

pub struct Bench {
    pub lab: Lab,
    pub admin: Credentials,
    pub away: Credentials,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(Model::Exam, 7)
    }

    pub fn with(model: Model, seed: u64) -> Self {
        let mut lab = Lab::new(&LabOptions {
            model,
            seed: Some(seed),
        })
        .unwrap();
        let admin = lab.admin().unwrap().clone();
        let away = lab.add_account(AccountId::parse(AWAY).unwrap());
        Self { lab, admin, away }
    }

    /// Calls `operation`, such as `iam:CreateUser`, as `who`.
    pub fn respond(&mut self, who: &Credentials, operation: &str, input: Value) -> Response<Value> {
        self.respond_in(None, who, operation, input)
    }

    /// The same in another Region than the lab's own.
    pub fn respond_in(
        &mut self,
        region: Option<&str>,
        who: &Credentials,
        operation: &str,
        input: Value,
    ) -> Response<Value> {
        let (service, name) = operation.split_once(':').unwrap();
        let home = self.lab.cloud().region.clone();
        let region = region.map_or(home, |region| Region::parse(region).unwrap());
        let service = service.parse::<Service>().unwrap();
        self.lab
            .call_by(who, &Route::public(region), service, name, input)
    }

    pub fn call(
        &mut self,
        who: &Credentials,
        operation: &str,
        input: Value,
    ) -> Result<Value, ApiError> {
        self.respond(who, operation, input).result
    }

    /// The same as the administrator of `HOME`; it must succeed.
    pub fn ok(&mut self, operation: &str, input: Value) -> Value {
        let admin = self.admin.clone();
        self.ok_as(&admin, operation, input)
    }

    pub fn ok_as(&mut self, who: &Credentials, operation: &str, input: Value) -> Value {
        self.call(who, operation, input)
            .unwrap_or_else(|e| panic!("{operation}: {e}"))
    }

    /// The same as the administrator of `HOME`; it must fail.
    pub fn fails(&mut self, operation: &str, input: Value) -> ApiError {
        let admin = self.admin.clone();
        self.call(&admin, operation, input).unwrap_err()
    }

    /// A user of the account of `admin` with an access key.
    pub fn user_of(&mut self, admin: &Credentials, name: &str) -> Credentials {
        self.ok_as(admin, "iam:CreateUser", json!({ "UserName": name }));
        let made = self.ok_as(admin, "iam:CreateAccessKey", json!({ "UserName": name }));
        credentials(&made["AccessKey"])
    }

    pub fn user(&mut self, name: &str) -> Credentials {
        let admin = self.admin.clone();
        self.user_of(&admin, name)
    }

    /// Embeds a policy `name` of one statement in a user of `HOME`.
    pub fn policy(&mut self, user: &str, name: &str, effect: &str, actions: Value) {
        let document = document(effect, actions, json!("*"));
        self.ok(
            "iam:PutUserPolicy",
            json!({ "UserName": user, "PolicyName": name, "PolicyDocument": document }),
        );
    }

    pub fn allow(&mut self, user: &str, actions: Value) {
        self.policy(user, "allow", "Allow", actions);
    }

    /// A session of a new role of `HOME` that Glue has assumed.
    pub fn glue_role(&mut self, name: &str) -> Credentials {
        self.ok(
            "iam:CreateRole",
            json!({ "RoleName": name, "AssumeRolePolicyDocument": trust(json!({ "Service": "glue.amazonaws.com" })) }),
        );
        let role = Arn::parse(&role_arn(name)).unwrap();
        self.lab
            .service_session(&role, Service::Glue, "GlueJobRunnerSession")
            .unwrap()
    }

    pub fn role_policy(&mut self, role: &str, name: &str, document: String) {
        self.ok(
            "iam:PutRolePolicy",
            json!({ "RoleName": role, "PolicyName": name, "PolicyDocument": document }),
        );
    }

    /// A key with the default policy; its ARN.
    pub fn key(&mut self) -> String {
        text(&self.ok("kms:CreateKey", json!({})), "/KeyMetadata/Arn")
    }

    /// A key whose policy has the administrator's statement and `statements`; its ARN.
    pub fn key_with(&mut self, statements: &[Value]) -> String {
        let made = self.ok("kms:CreateKey", json!({ "Policy": key_policy(statements) }));
        text(&made, "/KeyMetadata/Arn")
    }

    pub fn set_key_policy(&mut self, key: &str, statements: &[Value]) {
        self.ok(
            "kms:PutKeyPolicy",
            json!({ "KeyId": key, "Policy": key_policy(statements) }),
        );
    }

    pub fn bucket(&mut self, name: &str) {
        self.ok("s3:CreateBucket", json!({ "Bucket": name }));
    }

    /// A bucket whose objects are encrypted under `key` by default.
    pub fn bucket_under(&mut self, name: &str, key: &str) {
        self.bucket(name);
        self.encrypt_bucket(name, key);
    }

    pub fn encrypt_bucket(&mut self, name: &str, key: &str) {
        self.ok(
            "s3:PutBucketEncryption",
            json!({ "Bucket": name, "ServerSideEncryptionConfiguration": { "Rules": [{
                "ApplyServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key },
            }] } }),
        );
    }

    pub fn put(
        &mut self,
        who: &Credentials,
        bucket: &str,
        key: &str,
        body: &str,
    ) -> Result<Value, ApiError> {
        self.call(
            who,
            "s3:PutObject",
            json!({ "Bucket": bucket, "Key": key, "Body": blob(body) }),
        )
    }

    pub fn get(&mut self, who: &Credentials, bucket: &str, key: &str) -> Result<String, ApiError> {
        self.call(who, "s3:GetObject", json!({ "Bucket": bucket, "Key": key }))
            .map(|answer| {
                let body = Blob::from_base64(answer["Body"].as_str().unwrap()).unwrap();
                String::from_utf8(body.as_bytes().to_vec()).unwrap()
            })
    }

    pub fn advance_days(&mut self, days: i64) {
        self.lab.advance(days * 86_400).unwrap();
    }

    pub fn events(&self) -> Vec<Event> {
        self.lab
            .cloud()
            .trail
            .iter()
            .map(|e| (**e).clone())
            .collect()
    }

    /// The events since there were `before` of them.
    pub fn events_since(&self, before: usize) -> Vec<Event> {
        self.events().split_off(before)
    }

    pub fn event_count(&self) -> usize {
        self.lab.cloud().trail.len()
    }

    /// All of the cloud but its trail.
    pub fn state(&self) -> String {
        let mut cloud = self.lab.cloud().clone();
        cloud.trail = Trail::default();
        format!("{cloud:?}")
    }
}

/// Credentials out of an answer.
pub fn credentials(answer: &Value) -> Credentials {
    let secret = |member: &str| {
        answer[member]
            .as_str()
            .map(|s| SecretText::new(s.to_owned()))
    };
    Credentials {
        access_key_id: AccessKeyId::parse(answer["AccessKeyId"].as_str().unwrap()).unwrap(),
        secret_access_key: secret("SecretAccessKey").unwrap(),
        session_token: secret("SessionToken"),
    }
}

pub fn text(answer: &Value, pointer: &str) -> String {
    answer
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap()
        .to_owned()
}

pub fn blob(text: &str) -> String {
    Blob::from(text.as_bytes()).to_base64()
}

pub fn document(effect: &str, actions: Value, resources: Value) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": effect, "Action": actions, "Resource": resources }],
    })
    .to_string()
}

pub fn trust(principal: Value) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }],
    })
    .to_string()
}

/// A key policy with the administrator's statement ahead of `statements`.
pub fn key_policy(statements: &[Value]) -> String {
    let mut all = vec![allow_on_key(&user_arn("admin"), json!("kms:*"))];
    all.extend_from_slice(statements);
    json!({ "Version": "2012-10-17", "Statement": all }).to_string()
}

/// A key policy statement that allows `actions` to `principal`.
pub fn allow_on_key(principal: &str, actions: Value) -> Value {
    json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": actions, "Resource": "*" })
}

pub fn user_arn(name: &str) -> String {
    format!("arn:aws:iam::{HOME}:user/{name}")
}

pub fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{HOME}:role/{name}")
}

/// Code, status and message of an error.
pub fn shape(error: &ApiError) -> (&str, u16, &str) {
    (&error.code, error.status, &error.message)
}
