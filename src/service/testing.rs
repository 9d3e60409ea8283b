//! A bench for tests: a cloud with two accounts, and calls by name.

use serde_json::{Value, json};

use super::find;
use crate::api::{ApiError, Effects, Response, Route, Service};
use crate::authz::Model;
use crate::base::{AccessKeyId, AccountId, Clock, Region, SecretText};
use crate::state::Cloud;
use crate::state::credential::{AccessKeyStatus, Credential, Credentials, Owner};
use crate::state::iam::Account;
use crate::state::trail::Event;

/// The account in which most things happen.
pub(super) const HOME: &str = "111122223333";
/// Another account.
pub(super) const AWAY: &str = "444455556666";

pub(super) struct Bench {
    pub(super) cloud: Cloud,
    pub(super) effects: Effects,
    /// The root user of `HOME`.
    pub(super) root: Credentials,
    /// The root user of `AWAY`.
    pub(super) away: Credentials,
}

impl Bench {
    pub(super) fn new() -> Self {
        let mut cloud = Cloud::new(Model::Exam, Region::parse("us-east-1").unwrap());
        let effects = Effects::simulated(7);
        let root = root_of(&mut cloud, HOME, "AKIAROOTHOME00000001");
        let away = root_of(&mut cloud, AWAY, "AKIAROOTAWAY00000001");
        Self {
            cloud,
            effects,
            root,
            away,
        }
    }

    /// Calls `operation`, such as `iam:CreateUser`, as `who`.
    pub(super) fn respond(
        &mut self,
        who: &Credentials,
        operation: &str,
        input: Value,
    ) -> Response<Value> {
        let (service, name) = operation.split_once(':').unwrap();
        let entry = find(service.parse::<Service>().unwrap(), name).unwrap();
        let route = Route::public(self.cloud.region.clone());
        entry.invoke(&mut self.cloud, &mut self.effects, who, &route, input)
    }

    pub(super) fn call(
        &mut self,
        who: &Credentials,
        operation: &str,
        input: Value,
    ) -> Result<Value, ApiError> {
        self.respond(who, operation, input).result
    }

    /// The same as the root user of `HOME`; the call must succeed.
    pub(super) fn ok(&mut self, operation: &str, input: Value) -> Value {
        let root = self.root.clone();
        self.call(&root, operation, input)
            .unwrap_or_else(|e| panic!("{operation}: {e}"))
    }

    /// The same; the call must fail.
    pub(super) fn fails(&mut self, operation: &str, input: Value) -> ApiError {
        let root = self.root.clone();
        self.call(&root, operation, input).unwrap_err()
    }

    /// Makes a user in the account of `who`, and gives its access key.
    pub(super) fn user_of(&mut self, who: &Credentials, name: &str) -> Credentials {
        self.call(who, "iam:CreateUser", json!({ "UserName": name }))
            .unwrap();
        let made = self
            .call(who, "iam:CreateAccessKey", json!({ "UserName": name }))
            .unwrap();
        credentials(&made["AccessKey"])
    }

    pub(super) fn user(&mut self, name: &str) -> Credentials {
        let root = self.root.clone();
        self.user_of(&root, name)
    }

    /// Embeds a policy of one statement in the user.
    pub(super) fn grant(&mut self, user: &str, effect: &str, actions: Value, resource: &str) {
        let name = format!("p{}", self.cloud.trail.len());
        self.ok(
            "iam:PutUserPolicy",
            json!({
                "UserName": user, "PolicyName": name,
                "PolicyDocument": document(effect, actions, resource),
            }),
        );
    }

    /// Makes a role that trusts `principal`, for all that sessions need.
    pub(super) fn role(&mut self, name: &str, principal: Value) -> Value {
        let trust = trust(principal);
        self.ok(
            "iam:CreateRole",
            json!({
                "RoleName": name, "AssumeRolePolicyDocument": trust,
            }),
        )["Role"]
            .clone()
    }

    pub(super) fn assume(&mut self, who: &Credentials, role: &str) -> Result<Value, ApiError> {
        self.call(
            who,
            "sts:AssumeRole",
            json!({
                "RoleArn": role_arn(role), "RoleSessionName": "s1",
            }),
        )
    }

    pub(super) fn advance(&mut self, seconds: i64) {
        self.effects.clock.advance(seconds).unwrap();
    }

    pub(super) fn last_event(&self) -> Event {
        self.cloud
            .trail
            .iter()
            .next_back()
            .map(|event| (**event).clone())
            .unwrap()
    }

    /// All of the cloud but its trail.
    pub(super) fn state(&self) -> String {
        let mut cloud = self.cloud.clone();
        cloud.trail = Default::default();
        format!("{cloud:?}")
    }
}

fn root_of(cloud: &mut Cloud, account: &str, key: &str) -> Credentials {
    let id = AccountId::parse(account).unwrap();
    let secret = SecretText::new(format!("secret-of-root-{account}"));
    cloud
        .accounts
        .insert_mut(id.clone(), Account::new(id.clone()));
    let key = AccessKeyId::parse(key).unwrap();
    let credential = Credential {
        secret: secret.clone(),
        token: None,
        owner: Owner::Root(id),
        status: AccessKeyStatus::Active,
        created: Clock::SIMULATED_START,
        expires: None,
    };
    cloud.credentials.insert_mut(key.clone(), credential);
    Credentials {
        access_key_id: key,
        secret_access_key: secret,
        session_token: None,
    }
}

/// Credentials out of an answer.
pub(super) fn credentials(answer: &Value) -> Credentials {
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

pub(super) fn document(effect: &str, actions: Value, resource: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": effect, "Action": actions, "Resource": resource }],
    })
    .to_string()
}

pub(super) fn trust(principal: Value) -> String {
    let actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": actions }],
    })
    .to_string()
}

pub(super) fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{HOME}:role/{name}")
}

pub(super) fn user_arn(name: &str) -> String {
    format!("arn:aws:iam::{HOME}:user/{name}")
}

/// Code, status and message of an error.
pub(super) fn shape(error: &ApiError) -> (&str, u16, &str) {
    (&error.code, error.status, &error.message)
}
