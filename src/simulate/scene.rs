//! A lab in which the call of a case is really made.

use serde_json::{Value, json};

use super::case::{Case, PrincipalWord};
use super::world;
use crate::api::{ApiError, Service};
use crate::authz::Model;
use crate::base::{AccessKeyId, AccountId, Arn, SecretText};
use crate::lab::{Lab, LabOptions};
use crate::policy::{Policy, PolicyKind};
use crate::state::credential::Credentials;

/// The seed of every scene, so that a case is always answered in the same way.
const SEED: u64 = 1;
/// The account in which the resources of cases are.
pub(super) const HOME: &str = "111122223333";
/// The bucket of the cases.
pub(super) const BUCKET: &str = "lab-bucket";
/// The object of the cases.
pub(super) const OBJECT: &str = "reports/q1.csv";
/// The role that callers of cases assume.
pub(super) const ROLE: &str = "target";
/// The key of the cases, by the ARN that AWS's documentation uses.
const KEY_ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// What went wrong while a scene was set up.
pub(super) type Failed = String;

/// A lab with what a case needs.
pub(super) struct Scene {
    lab: Lab,
    admin: Credentials,
    /// The ARN that the key of the cases has in this lab.
    key: Option<String>,
}

/// What the caller of a case may do where the case does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsaid {
    /// Everything: the case is about something else than permission.
    Allowed,
    /// Nothing: the case is about a denial.
    Denied,
}

impl Scene {
    pub(super) fn new(model: Model) -> Result<Self, Failed> {
        let options = LabOptions {
            model,
            seed: Some(SEED),
        };
        let lab = Lab::new(&options).map_err(|e| e.to_string())?;
        let admin = lab.admin().cloned().ok_or("the lab has no administrator")?;
        Ok(Self {
            lab,
            admin,
            key: None,
        })
    }

    /// Calls `operation` as `who`.
    pub(super) fn call(
        &mut self,
        who: &Credentials,
        operation: &str,
        input: Value,
    ) -> Result<Value, ApiError> {
        let (service, name) = operation.split_once(':').unwrap_or_default();
        match service.parse::<Service>() {
            Ok(service) => self.lab.call(who, service, name, input).result,
            Err(unknown) => Err(ApiError::validation(Service::Iam, unknown)),
        }
    }

    /// The same as the administrator of the account of the resources.
    pub(super) fn call_as_admin(
        &mut self,
        operation: &str,
        input: Value,
    ) -> Result<Value, ApiError> {
        let admin = self.admin.clone();
        self.call(&admin, operation, input)
    }

    /// Whether this lab has the operation.
    pub(super) fn knows(operation: &str) -> bool {
        crate::service::operations()
            .iter()
            .any(|known| known.spec.action() == operation)
    }

    /// Sets something up as the administrator of `account`; it has to succeed.
    pub(super) fn set_up(
        &mut self,
        account: &str,
        operation: &str,
        input: Value,
    ) -> Result<Value, Failed> {
        let admin = self.admin_of(account)?;
        self.call(&admin, operation, input)
            .map_err(|error| format!("the scene cannot be set up: {operation}: {error}"))
    }

    /// The same in the account of the resources.
    pub(super) fn set_up_home(&mut self, operation: &str, input: Value) -> Result<Value, Failed> {
        self.set_up(HOME, operation, input)
    }

    /// Makes the bucket. A case says what its documents say, and nothing of
    /// Block Public Access, so that is off.
    pub(super) fn bucket(&mut self) -> Result<(), Failed> {
        for operation in ["s3:CreateBucket", "s3:DeletePublicAccessBlock"] {
            self.set_up_home(operation, json!({ "Bucket": BUCKET }))?;
        }
        Ok(())
    }

    fn admin_of(&mut self, account: &str) -> Result<Credentials, Failed> {
        if account == HOME {
            return Ok(self.admin.clone());
        }
        let id = AccountId::parse(account).map_err(|e| e.to_string())?;
        Ok(self.lab.add_account(id))
    }

    /// Makes every user and role that a document names, so that it can be stored.
    pub(super) fn cast(&mut self, kind: PolicyKind, document: &str) -> Result<(), Failed> {
        let Ok(policy) = Policy::load(kind, document) else {
            return Ok(());
        };
        let named: Vec<Arn> = policy
            .principals()
            .filter_map(|p| p.arn().cloned())
            .collect();
        for arn in named.iter().filter(|arn| world::exists(arn)) {
            self.entity(arn)?;
        }
        Ok(())
    }

    /// Makes the user or role of this ARN unless it is there.
    pub(super) fn entity(&mut self, arn: &Arn) -> Result<(), Failed> {
        self.admin_of(arn.account())?;
        let known = self.lab.cloud().account_of(arn);
        if known.is_some_and(|account| account.unique_id(arn).is_some()) {
            return Ok(());
        }
        let (name, path) = (arn.base_name(), path_of(arn));
        let account = arn.account();
        match arn.resource_type() {
            "user" => self.set_up(
                account,
                "iam:CreateUser",
                json!({ "UserName": name, "Path": path }),
            )?,
            _ => self.set_up(
                account,
                "iam:CreateRole",
                json!({
                    "RoleName": name,
                    "Path": path,
                    "MaxSessionDuration": 43_200,
                    "AssumeRolePolicyDocument": trust(account),
                }),
            )?,
        };
        Ok(())
    }

    /// The credentials of the case's caller, who has the case's identity policies.
    pub(super) fn caller(&mut self, case: &Case, unsaid: Unsaid) -> Result<Credentials, Failed> {
        let spec = &case.principal;
        let account = spec.account.as_deref().unwrap_or(HOME);
        let entity = match spec.kind {
            PrincipalWord::IamUser => spec.arn.as_deref(),
            PrincipalWord::RoleSession => spec.issuer_arn.as_deref(),
            PrincipalWord::Root => {
                self.admin_of(account)?;
                let id = AccountId::parse(account).map_err(|e| e.to_string())?;
                let root = self.lab.root_credentials(&id);
                return root.ok_or_else(|| format!("there is no account {account}"));
            }
            other => return Err(format!("no call is made as {other:?} here")),
        };
        let entity = Arn::parse(entity.unwrap_or_default())
            .map_err(|e| format!("the case does not name its caller: {e}"))?;
        self.entity(&entity)?;
        self.attach(case, &entity, unsaid)?;
        match spec.kind {
            PrincipalWord::IamUser => self.access_key(&entity, spec.session_token),
            _ => self.session(case, &entity),
        }
    }

    fn attach(&mut self, case: &Case, entity: &Arn, unsaid: Unsaid) -> Result<(), Failed> {
        let everything = json!({
            "Version": "2012-10-17",
            "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" },
        });
        let documents = match (&case.policies.identity, unsaid) {
            (Value::Null, Unsaid::Allowed) => vec![everything],
            (Value::Null, Unsaid::Denied) => Vec::new(),
            (Value::Array(documents), _) => documents.clone(),
            (one, _) => vec![one.clone()],
        };
        let (operation, member) = match entity.resource_type() {
            "user" => ("iam:PutUserPolicy", "UserName"),
            _ => ("iam:PutRolePolicy", "RoleName"),
        };
        for (at, document) in documents.iter().enumerate() {
            let input = json!({
                member: entity.base_name(),
                "PolicyName": format!("p{at}"),
                "PolicyDocument": text_of(document),
            });
            self.set_up(entity.account(), operation, input)?;
        }
        Ok(())
    }

    fn access_key(&mut self, user: &Arn, temporary: bool) -> Result<Credentials, Failed> {
        let input = json!({ "UserName": user.base_name() });
        let made = self.set_up(user.account(), "iam:CreateAccessKey", input)?;
        let own = credentials(&made, "AccessKey")?;
        if !temporary {
            return Ok(own);
        }
        let made = self.call(&own, "sts:GetSessionToken", json!({}));
        credentials(&made.map_err(|e| e.to_string())?, "Credentials")
    }

    fn session(&mut self, case: &Case, role: &Arn) -> Result<Credentials, Failed> {
        let arn = case.principal.arn.as_deref().unwrap_or_default();
        let name = arn.rsplit('/').next().unwrap_or_default();
        let name = if name.len() < 2 { "session" } else { name };
        let mut input = json!({ "RoleArn": role.as_str(), "RoleSessionName": name });
        if let Some(inherited) = case.request.member("inherited_transitive") {
            let keys = inherited.as_array().cloned().unwrap_or_default();
            let tag = |key| json!({ "Key": key, "Value": "inherited" });
            let tags: Value = keys.iter().map(tag).collect();
            input = json!({
                "RoleArn": role.as_str(),
                "RoleSessionName": name,
                "Tags": tags,
                "TransitiveTagKeys": inherited,
            });
        }
        let made = self.set_up(role.account(), "sts:AssumeRole", input)?;
        credentials(&made, "Credentials")
    }

    /// Makes the key of the cases, with the default policy or with one that
    /// leaves everybody out but its administrator.
    pub(super) fn key(&mut self, unsaid: Unsaid) -> Result<String, Failed> {
        let input = match unsaid {
            Unsaid::Allowed => json!({}),
            Unsaid::Denied => json!({ "Policy": only_admin() }),
        };
        let made = self.set_up_home("kms:CreateKey", input)?;
        let arn = made
            .pointer("/KeyMetadata/Arn")
            .and_then(Value::as_str)
            .ok_or("CreateKey answers no ARN")?;
        self.key = Some(arn.to_owned());
        Ok(arn.to_owned())
    }

    /// Lets `seconds` pass.
    pub(super) fn wait(&mut self, seconds: i64) -> Result<(), Failed> {
        self.lab.advance(seconds).map(|_| ())
    }

    /// `text` with the key's ARN in this lab put back to that of the case.
    pub(super) fn in_terms_of_the_case(&self, text: &str) -> String {
        match &self.key {
            Some(key) => text.replace(key, KEY_ARN),
            None => text.to_owned(),
        }
    }
}

/// A trust policy that delegates to the account and lets sessions be tagged.
pub(super) fn trust(account: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        },
    })
    .to_string()
}

fn only_admin() -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{HOME}:user/admin") },
            "Action": "kms:*",
            "Resource": "*",
        },
    })
    .to_string()
}

/// A document, given as an object or as its text, as text.
pub(super) fn text_of(document: &Value) -> String {
    match document {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `/team/` of `user/team/ann`.
fn path_of(arn: &Arn) -> String {
    let name = arn.resource_name();
    let path = name.strip_suffix(arn.base_name()).unwrap_or_default();
    format!("/{path}")
}

fn credentials(answer: &Value, member: &str) -> Result<Credentials, Failed> {
    let text = |name: &str| answer.get(member)?.get(name)?.as_str();
    let missing = || format!("the answer holds no {member}");
    Ok(Credentials {
        access_key_id: AccessKeyId::parse(text("AccessKeyId").ok_or_else(missing)?)
            .map_err(|e| e.to_string())?,
        secret_access_key: SecretText::new(text("SecretAccessKey").ok_or_else(missing)?.to_owned()),
        session_token: text("SessionToken").map(|t| SecretText::new(t.to_owned())),
    })
}
