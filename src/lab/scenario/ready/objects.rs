//! Scenarios about objects in encrypted buckets.

use serde_json::{Value, json};

use super::super::stage::{Stage, get, make, put, s3};
use super::super::{Scenario, Switch};
use crate::api::{ApiError, Service};
use crate::authz::Model;
use crate::base::Arn;
use crate::policy::{PrincipalLabel, StatementDraft, edit};
use crate::state::credential::Credentials;

const BUCKET: &str = "payroll-data";
const OBJECTS: &str = "arn:aws:s3:::payroll-data/*";
const OBJECT: &str = "q1.csv";

/// A Glue job's session on an encrypted bucket.
struct Scene {
    stage: Stage,
    role: Arn,
    key: Arn,
    session: Credentials,
}

impl Scene {
    /// The role may do `s3` on the bucket's objects and `kms` with the key.
    fn new(model: Model, s3: &[&str], kms: &[&str]) -> Result<Self, ApiError> {
        let mut stage = Stage::new(model)?;
        let role = stage.role("GlueRole", "glue.amazonaws.com")?;
        let key = stage.key("payroll", &[&role])?;
        stage.bucket(BUCKET, &key)?;
        stage.object(BUCKET, OBJECT)?;
        stage.allow(&role, "UseObjects", s3, &[OBJECTS])?;
        stage.allow(&role, "UseKey", kms, &[key.as_str()])?;
        let session = stage.session(&role, Service::Glue)?;
        Ok(Self {
            stage,
            role,
            key,
            session,
        })
    }

    fn call(&self, name: &str, operation: &str, input: Value) -> Scenario {
        let call = s3(&self.session, operation, input);
        Scenario::of_call(name, self.stage.lab.fork(), call)
    }

    fn permission(&self, action: &str) -> Switch {
        Switch::permission(&self.role, action)
    }

    fn trust(&self) -> Switch {
        Switch::trust(&self.key, &self.role)
    }
}

/// The switches of the notes' matrix.
pub(super) fn failure(model: Model) -> Result<Scenario, ApiError> {
    let mut scene = Scene::new(model, &["s3:GetObject"], &["kms:Decrypt"])?;
    list_bucket(&mut scene)?;
    Ok(scene
        .call("failure", "GetObject", get(BUCKET, OBJECT))
        .with(scene.permission("s3:GetObject"))
        .with(scene.permission("kms:Decrypt"))
        .with(scene.trust())
        .with(Switch::object(BUCKET, OBJECT)))
}

fn list_bucket(scene: &mut Scene) -> Result<(), ApiError> {
    let bucket = format!("arn:aws:s3:::{BUCKET}");
    scene
        .stage
        .allow(&scene.role, "List", &["s3:ListBucket"], &[&bucket])
}

pub(super) fn download(model: Model) -> Result<Scenario, ApiError> {
    let mut scene = Scene::new(
        model,
        &["s3:GetObject"],
        &["kms:Decrypt", "kms:Encrypt", "kms:DescribeKey"],
    )?;
    list_bucket(&mut scene)?;
    let grant = scene.stage.grant(&scene.key, &scene.role, &["Decrypt"])?;
    Ok(scene
        .call("download", "GetObject", get(BUCKET, OBJECT))
        .with(scene.permission("s3:GetObject"))
        .with(scene.permission("s3:ListBucket"))
        .with(scene.permission("kms:Decrypt"))
        .with(scene.permission("kms:Encrypt"))
        .with(scene.trust())
        .with(Switch::grant(&scene.key, &grant))
        .with(Switch::key_state(&scene.key))
        .with(Switch::object(BUCKET, OBJECT)))
}

pub(super) fn upload(model: Model) -> Result<Scenario, ApiError> {
    let kms = ["kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt"];
    let scene = Scene::new(model, &["s3:PutObject"], &kms)?;
    let scenario = scene
        .call("upload", "PutObject", put(BUCKET, "q2.csv"))
        .with(scene.permission("s3:PutObject"));
    let scenario = kms
        .iter()
        .fold(scenario, |made, action| made.with(scene.permission(action)));
    Ok(scenario
        .with(scene.trust())
        .with(Switch::key_state(&scene.key)))
}

pub(super) fn multipart(model: Model) -> Result<Scenario, ApiError> {
    let kms = ["kms:GenerateDataKey", "kms:Decrypt"];
    let scene = Scene::new(model, &["s3:PutObject"], &kms)?;
    let session = scene.session.clone();
    let work = move |lab: &mut crate::lab::Lab, _: &[usize]| -> Result<(), ApiError> {
        let mut call = |operation: &str, more: Value| {
            let mut input = get(BUCKET, "large.csv");
            if let (Some(members), Value::Object(more)) = (input.as_object_mut(), more) {
                members.extend(more);
            }
            make(lab, &session, Service::S3, operation, input)
        };
        let made = call("CreateMultipartUpload", json!({}))?;
        let id = made.get("UploadId").cloned().unwrap_or_default();
        let part = json!({ "UploadId": id, "PartNumber": 1, "Body": "aWQK" });
        let part = call("UploadPart", part)?;
        let tag = part.get("ETag").cloned().unwrap_or_default();
        let parts = json!({ "Parts": [{ "PartNumber": 1, "ETag": tag }] });
        call(
            "CompleteMultipartUpload",
            json!({ "UploadId": id, "MultipartUpload": parts }),
        )
        .map(drop)
    };
    Ok(Scenario::new("multipart", scene.stage.lab.fork(), work)
        .with(scene.permission("s3:PutObject"))
        .with(scene.permission("kms:GenerateDataKey"))
        .with(scene.permission("kms:Decrypt"))
        .with(scene.trust()))
}

pub(super) fn glue(model: Model) -> Result<Scenario, ApiError> {
    let mut scene = Scene::new(model, &["s3:GetObject"], &["kms:Decrypt"])?;
    let (starter, credentials) = scene.stage.user("alice")?;
    scene
        .stage
        .allow(&starter, "Start", &["glue:StartJobRun"], &["*"])?;
    scene
        .stage
        .allow(&starter, "ReadToo", &["s3:GetObject"], &[OBJECTS])?;
    let command = json!({ "Name": "glueetl", "ScriptLocation": "s3://scripts/read.py" });
    let job = json!({ "Name": "read", "Role": scene.role, "Command": command });
    scene.stage.admin(Service::Glue, "CreateJob", job)?;
    let role = scene.role.clone();
    let work = move |lab: &mut crate::lab::Lab, _: &[usize]| -> Result<(), ApiError> {
        make(
            lab,
            &credentials,
            Service::Glue,
            "StartJobRun",
            json!({ "JobName": "read" }),
        )?;
        let session = lab.service_session(&role, Service::Glue, "GlueJobRunnerSession")?;
        make(lab, &session, Service::S3, "GetObject", get(BUCKET, OBJECT)).map(drop)
    };
    let name = scene.role.base_name().to_owned();
    let account = scene.stage.account.clone();
    let distrust = Switch::new("role trusts Glue", move |lab| {
        let other = StatementDraft::allow()
            .principal(PrincipalLabel::Service, "lambda.amazonaws.com")
            .action("sts:AssumeRole");
        let trust = edit::with_statement(None, other.to_value()).to_string();
        let input = json!({ "RoleName": name, "PolicyDocument": trust });
        lab.call_as_admin(&account, Service::Iam, "UpdateAssumeRolePolicy", input)
            .map(drop)
    });
    Ok(Scenario::new("glue", scene.stage.lab.fork(), work)
        .with(Switch::permission(&starter, "glue:StartJobRun"))
        .with(Switch::permission(&starter, "s3:GetObject").named("starter's s3:GetObject"))
        .with(distrust)
        .with(
            scene
                .permission("s3:GetObject")
                .named("role's s3:GetObject"),
        )
        .with(scene.permission("kms:Decrypt").named("role's kms:Decrypt"))
        .with(scene.trust()))
}

/// The bucket policy denies uploads whose header does not ask for SSE-KMS, and an
/// upload without the header has the right encryption by default.
pub(super) fn bucket_policy(model: Model) -> Result<Scenario, ApiError> {
    const HEADER: &str = "s3:x-amz-server-side-encryption";
    let scene = Scene::new(model, &["s3:PutObject"], &["kms:GenerateDataKey"])?;
    let policy = |null: bool| {
        let mut condition = json!({ "StringNotEquals": { HEADER: "aws:kms" } });
        if let (true, Some(operators)) = (null, condition.as_object_mut()) {
            operators.insert("Null".to_owned(), json!({ HEADER: "false" }));
        }
        let deny = json!({
            "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": OBJECTS,
            "Condition": condition,
        });
        edit::with_statement(None, deny).to_string()
    };
    let set = |null: bool| {
        let (account, policy) = (scene.stage.account.clone(), policy(null));
        move |lab: &mut crate::lab::Lab| {
            let input = json!({ "Bucket": BUCKET, "Policy": policy });
            lab.call_as_admin(&account, Service::S3, "PutBucketPolicy", input)
                .map(drop)
        }
    };
    let session = scene.session.clone();
    let work = move |lab: &mut crate::lab::Lab, states: &[usize]| -> Result<(), ApiError> {
        let mut input = put(BUCKET, "q2.csv");
        let header = match states.get(1) {
            Some(1) => Some("aws:kms"),
            Some(2) => Some("AES256"),
            _ => None,
        };
        if let (Some(header), Some(members)) = (header, input.as_object_mut()) {
            members.insert("ServerSideEncryption".to_owned(), header.into());
        }
        make(lab, &session, Service::S3, "PutObject", input).map(drop)
    };
    Ok(Scenario::new("bucket-policy", scene.stage.lab.fork(), work)
        .with(
            Switch::choice("Deny unless aws:kms", "absent")
                .state("StringNotEquals", set(false))
                .state("with Null false", set(true)),
        )
        .with(
            Switch::choice("header", "none")
                .state("aws:kms", |_| Ok(()))
                .state("AES256", |_| Ok(())),
        )
        .with(scene.permission("kms:GenerateDataKey")))
}
