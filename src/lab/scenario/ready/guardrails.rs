//! Scenarios about callers: of other accounts, with sessions, within limits.

use serde_json::json;

use super::super::stage::{Stage, get, make, s3};
use super::super::{Scenario, Switch};
use crate::api::{ApiError, Service};
use crate::authz::Model;
use crate::base::{AccountId, Arn};
use crate::policy::{PrincipalLabel, StatementDraft, edit};
use crate::state::credential::Credentials;

const BUCKET: &str = "payroll-data";
const OBJECTS: &str = "arn:aws:s3:::payroll-data/*";
const OBJECT: &str = "q1.csv";

/// The account of the reader.
const OTHER: &str = "444455556666";

pub(super) fn cross_account(model: Model) -> Result<Scenario, ApiError> {
    let mut stage = Stage::new(model)?;
    let owner = stage.account.clone();
    let other = AccountId::parse(OTHER)
        .map_err(|error| ApiError::validation(Service::Iam, error.to_string()))?;
    stage.lab.add_account(other.clone());
    stage.account = other;
    let role = stage.role("Reader", "lambda.amazonaws.com")?;
    stage.account = owner.clone();
    let key = stage.key("payroll", &[&role])?;
    stage.bucket(BUCKET, &key)?;
    stage.object(BUCKET, OBJECT)?;
    let open = StatementDraft::allow()
        .principal(PrincipalLabel::Aws, role.as_str())
        .action("s3:GetObject")
        .resource(OBJECTS);
    let policy = edit::with_statement(None, open.to_value()).to_string();
    let input = json!({ "Bucket": BUCKET, "Policy": policy });
    stage.admin(Service::S3, "PutBucketPolicy", input)?;
    stage.account = AccountId::parse(OTHER)
        .map_err(|error| ApiError::validation(Service::Iam, error.to_string()))?;
    stage.allow(&role, "Read", &["s3:GetObject"], &[OBJECTS])?;
    stage.allow(&role, "UseKey", &["kms:Decrypt"], &[key.as_str()])?;
    let session = stage.session(&role, Service::Lambda)?;
    let call = s3(&session, "GetObject", get(BUCKET, OBJECT));
    Ok(Scenario::of_call("cross-account", stage.lab, call)
        .with(Switch::permission(&role, "s3:GetObject"))
        .with(Switch::permission(&role, "kms:Decrypt"))
        .with(Switch::new("bucket policy", move |lab| {
            let input = json!({ "Bucket": BUCKET });
            lab.call_as_admin(&owner, Service::S3, "DeleteBucketPolicy", input)
                .map(drop)
        }))
        .with(Switch::trust(&key, &role)))
}

/// A function that may read an encrypted object.
struct Reader {
    stage: Stage,
    role: Arn,
    key: Arn,
    session: Credentials,
}

fn reader(model: Model) -> Result<Reader, ApiError> {
    let mut stage = Stage::new(model)?;
    let role = stage.role("Worker", "lambda.amazonaws.com")?;
    let key = stage.key("payroll", &[&role])?;
    stage.bucket(BUCKET, &key)?;
    stage.object(BUCKET, OBJECT)?;
    stage.allow(&role, "Read", &["s3:GetObject"], &[OBJECTS])?;
    stage.allow(&role, "UseKey", &["kms:Decrypt"], &[key.as_str()])?;
    let session = stage.session(&role, Service::Lambda)?;
    Ok(Reader {
        stage,
        role,
        key,
        session,
    })
}

pub(super) fn session(model: Model) -> Result<Scenario, ApiError> {
    let Reader {
        stage,
        role,
        session,
        ..
    } = reader(model)?;
    let (name, account, arn) = (
        role.base_name().to_owned(),
        stage.account.clone(),
        role.clone(),
    );
    let other_trust = move |lab: &mut crate::lab::Lab| {
        let other = StatementDraft::allow()
            .principal(PrincipalLabel::Service, "ec2.amazonaws.com")
            .action("sts:AssumeRole");
        let trust = edit::with_statement(None, other.to_value()).to_string();
        let input = json!({ "RoleName": name, "PolicyDocument": trust });
        lab.call_as_admin(&account, Service::Iam, "UpdateAssumeRolePolicy", input)
            .map(drop)
    };
    let work = move |lab: &mut crate::lab::Lab, states: &[usize]| {
        let begun = match states.first() {
            Some(1) => lab.service_session(&arn, Service::Lambda, "session")?,
            _ => session.clone(),
        };
        make(lab, &begun, Service::S3, "GetObject", get(BUCKET, OBJECT)).map(drop)
    };
    Ok(Scenario::new("session", stage.lab, work)
        .with(Switch::choice("credentials", "kept").state("begun anew", |_| Ok(())))
        .with(Switch::session(13 * 3600))
        .with(Switch::new("role trusts the service", other_trust))
        .with(Switch::permission(&role, "kms:Decrypt")))
}

pub(super) fn around(model: Model) -> Result<Scenario, ApiError> {
    let Reader {
        stage,
        role,
        key,
        session,
    } = reader(model)?;
    let call = s3(&session, "GetObject", get(BUCKET, OBJECT));
    Ok(Scenario::of_call("guardrails", stage.lab, call)
        .with(Switch::permission(&role, "s3:GetObject"))
        .with(Switch::permission(&role, "kms:Decrypt"))
        .with(Switch::boundary(&role, "kms:Decrypt"))
        .with(Switch::no_deny(&role, "kms:Decrypt"))
        .with(Switch::trust(&key, &role)))
}
