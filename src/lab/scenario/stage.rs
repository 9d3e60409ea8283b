//! Labs for scenarios, in few words.

use serde_json::{Value, json};

use crate::api::{ApiError, Service};
use crate::authz::Model;
use crate::base::{AccountId, Arn};
use crate::lab::failure_matrix::SEED;
use crate::lab::{Call, Lab, LabOptions};
use crate::policy::{PrincipalLabel, StatementDraft, edit};
use crate::state::credential::Credentials;

/// The content of objects.
const BODY: &str = "aWQsYW1vdW50CjEsMTAwCg==";

/// A lab under construction, by the administrator of one account.
pub(super) struct Stage {
    pub(super) lab: Lab,
    pub(super) account: AccountId,
}

impl Stage {
    /// A new lab, in its home account.
    pub(super) fn new(model: Model) -> Result<Self, ApiError> {
        let options = LabOptions {
            model,
            seed: Some(SEED),
        };
        let lab = Lab::new(&options)
            .map_err(|error| ApiError::validation(Service::Iam, error.to_string()))?;
        let account = lab.home().clone();
        Ok(Self { lab, account })
    }

    /// A call of the account's administrator.
    pub(super) fn admin(
        &mut self,
        service: Service,
        operation: &str,
        input: Value,
    ) -> Result<Value, ApiError> {
        self.lab
            .call_as_admin(&self.account, service, operation, input)
    }

    /// The text of a member of an answer.
    fn text(answer: &Value, pointer: &str) -> String {
        let text = answer.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }

    fn arn(answer: &Value, pointer: &str) -> Result<Arn, ApiError> {
        Arn::parse(&Self::text(answer, pointer))
            .map_err(|error| ApiError::validation(Service::Iam, error.to_string()))
    }

    /// The ARN of something of IAM in the account.
    pub(super) fn iam(&self, resource: &str) -> Arn {
        Arn::of("iam", "", self.account.as_str(), resource)
    }

    /// A role that a service assumes.
    pub(super) fn role(&mut self, name: &str, service: &str) -> Result<Arn, ApiError> {
        let trust = StatementDraft::allow()
            .principal(PrincipalLabel::Service, service)
            .action("sts:AssumeRole");
        let trust = edit::with_statement(None, trust.to_value()).to_string();
        let input = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust });
        Self::arn(&self.admin(Service::Iam, "CreateRole", input)?, "/Role/Arn")
    }

    /// A user with an access key.
    pub(super) fn user(&mut self, name: &str) -> Result<(Arn, Credentials), ApiError> {
        let input = json!({ "UserName": name });
        let arn = Self::arn(
            &self.admin(Service::Iam, "CreateUser", input.clone())?,
            "/User/Arn",
        )?;
        let made = self.admin(Service::Iam, "CreateAccessKey", input)?;
        let key = made.get("AccessKey").cloned().unwrap_or_default();
        let member = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default();
        let id = crate::base::AccessKeyId::parse(member("AccessKeyId"))
            .map_err(|error| ApiError::validation(Service::Iam, error.to_string()))?;
        let credentials = Credentials {
            access_key_id: id,
            secret_access_key: crate::base::SecretText::new(member("SecretAccessKey").to_owned()),
            session_token: None,
        };
        Ok((arn, credentials))
    }

    /// Allows a user or role some actions, in an inline policy of this name.
    pub(super) fn allow(
        &mut self,
        principal: &Arn,
        policy: &str,
        actions: &[&str],
        resources: &[&str],
    ) -> Result<(), ApiError> {
        let statement = StatementDraft::allow()
            .actions(actions.iter().copied())
            .resources(resources.iter().copied());
        let document = edit::with_statement(None, statement.to_value()).to_string();
        let (operation, member) = match principal.resource_type() {
            "user" => ("PutUserPolicy", "UserName"),
            _ => ("PutRolePolicy", "RoleName"),
        };
        let input = json!({
            member: principal.base_name(), "PolicyName": policy, "PolicyDocument": document,
        });
        self.admin(Service::Iam, operation, input).map(drop)
    }

    /// A key that its administrator manages and that names `users`.
    pub(super) fn key(&mut self, alias: &str, users: &[&Arn]) -> Result<Arn, ApiError> {
        let admins = StatementDraft::allow()
            .sid("Admins")
            .principal(PrincipalLabel::Aws, self.iam("user/admin").as_str())
            .action("kms:*")
            .resource("*");
        let mut policy = edit::with_statement(None, admins.to_value());
        if !users.is_empty() {
            let mut draft = StatementDraft::allow().sid("Users").actions([
                "kms:Decrypt",
                "kms:GenerateDataKey",
                "kms:Encrypt",
                "kms:DescribeKey",
            ]);
            for user in users {
                draft = draft.principal(PrincipalLabel::Aws, user.as_str());
            }
            policy = edit::with_statement(Some(&policy), draft.resource("*").to_value());
        }
        let input = json!({ "Policy": policy.to_string() });
        let key = Self::arn(
            &self.admin(Service::Kms, "CreateKey", input)?,
            "/KeyMetadata/Arn",
        )?;
        let input = json!({ "AliasName": format!("alias/{alias}"), "TargetKeyId": key });
        self.admin(Service::Kms, "CreateAlias", input)?;
        Ok(key)
    }

    /// A grant of some operations; its id.
    pub(super) fn grant(
        &mut self,
        key: &Arn,
        to: &Arn,
        operations: &[&str],
    ) -> Result<String, ApiError> {
        let input = json!({ "KeyId": key, "GranteePrincipal": to, "Operations": operations });
        Ok(Self::text(
            &self.admin(Service::Kms, "CreateGrant", input)?,
            "/GrantId",
        ))
    }

    /// A bucket whose objects are encrypted under `key` by default.
    pub(super) fn bucket(&mut self, name: &str, key: &Arn) -> Result<(), ApiError> {
        self.admin(Service::S3, "CreateBucket", json!({ "Bucket": name }))?;
        let by_default = json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key });
        let rules = json!([{ "ApplyServerSideEncryptionByDefault": by_default }]);
        let input = json!({
            "Bucket": name, "ServerSideEncryptionConfiguration": { "Rules": rules },
        });
        self.admin(Service::S3, "PutBucketEncryption", input)
            .map(drop)
    }

    /// An object of the administrator's.
    pub(super) fn object(&mut self, bucket: &str, key: &str) -> Result<(), ApiError> {
        self.admin(Service::S3, "PutObject", put(bucket, key))
            .map(drop)
    }

    /// A session of a role, as a service begins it.
    pub(super) fn session(
        &mut self,
        role: &Arn,
        service: Service,
    ) -> Result<Credentials, ApiError> {
        let name = match service {
            Service::Glue => "GlueJobRunnerSession",
            _ => "session",
        };
        self.lab.service_session(role, service, name)
    }
}

/// The input of an upload.
pub(super) fn put(bucket: &str, key: &str) -> Value {
    json!({ "Bucket": bucket, "Key": key, "Body": BODY })
}

/// The input of a download.
pub(super) fn get(bucket: &str, key: &str) -> Value {
    json!({ "Bucket": bucket, "Key": key })
}

/// A call of `session` on S3.
pub(super) fn s3(session: &Credentials, operation: &str, input: Value) -> Call {
    Call::new(session.clone(), Service::S3, operation, input)
}

/// Makes one call for its outcome.
pub(super) fn make(
    lab: &mut Lab,
    session: &Credentials,
    service: Service,
    operation: &str,
    input: Value,
) -> Result<Value, ApiError> {
    Call::new(session.clone(), service, operation, input)
        .make(lab)
        .result
}
