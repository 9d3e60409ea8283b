//! Scripts about the lab's objects, run through a session as their users do.
//!
//! [`Bench`] is a session in a lab of its own, empty or with the objects of
//! [`CAST`] or [`SCENE`].

mod answers;
mod compute;
mod encryption;
mod examples;
mod failures;
mod mistakes;
mod operations;
mod organizations;
mod permissions;
mod saving;
mod secrets;
mod sessions;
mod trail;
mod transferring;

use std::rc::Rc;

use rhai::{Dynamic, Map};

use super::LabObjects;
use crate::authz::Model;
use crate::lab::{Lab, LabOptions};
use crate::render::Rendered;
use crate::script::{Captured, ScriptError, Session, SessionOptions};

/// Users, roles, a group, a policy and a session.
const CAST: &str = r#"
    let alice = iam.create_user("alice");
    let role = iam.create_role("DataRole", #{ trust: [alice, "glue.amazonaws.com"] });
    let group = iam.create_group("admins");
    let policy = iam.create_policy("ReadData", #{ Version: "2012-10-17", Statement: [#{
        Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"
    }] });
    let session = alice.assume(role);
"#;

/// A key, a bucket and what a role needs for SSE-KMS, by AWS's own operations.
const STORE: &str = r#"
    let key = kms.create_key(#{}).KeyMetadata;
    s3.create_bucket(#{ Bucket: "payroll-data" });
    s3.put_bucket_encryption(#{ Bucket: "payroll-data", ServerSideEncryptionConfiguration: #{ Rules: [
        #{ ApplyServerSideEncryptionByDefault: #{ SSEAlgorithm: "aws:kms", KMSMasterKeyID: key.Arn } }
    ] } });
    let role = iam.create_role("GlueRole", #{ trust: "glue.amazonaws.com" });
    role.allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::payroll-data/*")
        .allow(["kms:GenerateDataKey", "kms:Decrypt"], key.Arn, #{ name: "UseKey" });
    let job = glue.run_as(role);
"#;

/// The lab of the notes: a Glue role that reads and writes an encrypted bucket.
const SCENE: &str = r#"
    let key = kms.create_key("payroll");
    let bucket = s3.create_bucket("payroll-data", #{ encryption: key });
    let trust = #{ Version: "2012-10-17", Statement: [#{
        Effect: "Allow", Principal: #{ AWS: "arn:aws:iam::111122223333:user/admin" },
        Action: "sts:AssumeRole" }] };
    let role = iam.create_role(#{ RoleName: "GlueRole", AssumeRolePolicyDocument: trust }).Role.Arn;
    fn permit(name, actions, resources) {
        iam.put_role_policy(#{ RoleName: "GlueRole", PolicyName: name, PolicyDocument: #{
            Version: "2012-10-17",
            Statement: [#{ Effect: "Allow", Action: actions, Resource: resources }] } });
    }
    permit("ReadData", ["s3:GetObject", "s3:PutObject", "s3:ListBucket"], [bucket, bucket.objects()]);
    permit("UseKey", ["kms:GenerateDataKey", "kms:Decrypt"], key);
    key.trust(role);
"#;

/// What the role of the scene reads.
const READ: &str = "job.s3.get_object(\"payroll-data/q1.csv\").text()";

struct Bench {
    session: Session,
    objects: LabObjects,
}

impl Bench {
    fn new() -> Self {
        Self::of(Model::Exam)
    }

    fn of(model: Model) -> Self {
        let seed = Some(7);
        let objects = LabObjects::new(Lab::new(&LabOptions { model, seed }).unwrap());
        let options = SessionOptions::new(Rc::new(Captured::default()));
        Self {
            session: Session::new(options.with(objects.extension())),
            objects,
        }
    }

    fn with_cast() -> Self {
        let mut bench = Self::new();
        bench.run(CAST);
        bench
    }

    /// The scene with `job`, the S3 and KMS of a session of the role.
    fn scene() -> Self {
        let mut bench = Self::new();
        bench.run(SCENE);
        bench.act_as_role();
        bench.run("job.s3.put_object(\"payroll-data/q1.csv\", \"id,amount\\n1,100\");");
        bench
    }

    fn act_as_role(&mut self) {
        use super::client::{Client, Kms, S3, ServiceObject};
        let lab = self.objects.lab().clone();
        let admin = lab.admin().unwrap();
        let input = serde_json::json!({ "RoleArn": "arn:aws:iam::111122223333:role/GlueRole", "RoleSessionName": "job" });
        let made = admin
            .call(crate::api::Service::Sts, "AssumeRole", input)
            .unwrap();
        let text = |name: &str| made["Credentials"][name].as_str().unwrap().to_owned();
        let credentials = crate::state::credential::Credentials {
            access_key_id: crate::base::AccessKeyId::parse(&text("AccessKeyId")).unwrap(),
            secret_access_key: crate::base::SecretText::new(text("SecretAccessKey")),
            session_token: Some(crate::base::SecretText::new(text("SessionToken"))),
        };
        let client = Client {
            lab,
            signer: super::client::Signer::Own(credentials.into()),
            label: "GlueRole".into(),
            endpoints: Rc::default(),
            region: None,
        };
        let services: Map = [
            ("s3".into(), Dynamic::from(S3::of(client.clone()))),
            ("kms".into(), Dynamic::from(Kms::of(client))),
        ]
        .into_iter()
        .collect();
        self.session.set_variable("job", services.into());
    }

    /// The value of a cell.
    fn value(&mut self, code: &str) -> Dynamic {
        match self.session.execute("cell", code) {
            Ok(value) => value.unwrap_or(Dynamic::UNIT),
            Err(error) => panic!("{code}\n{error}"),
        }
    }

    /// The value of a cell, which is a `T`.
    fn typed<T: Clone + 'static>(&mut self, code: &str) -> T {
        let value = self.value(code);
        let shown = format!("{value:?}");
        value
            .try_cast::<T>()
            .unwrap_or_else(|| panic!("{shown} from {code}"))
    }

    /// The value of a cell as it is shown.
    fn shown(&mut self, code: &str) -> Rendered {
        let value = self.value(code);
        self.session.display(&value)
    }

    /// The value of a cell as it is shown in a terminal.
    fn run(&mut self, code: &str) -> String {
        self.shown(code).text
    }

    fn fail(&mut self, code: &str) -> Box<ScriptError> {
        match self.session.execute("cell", code) {
            Ok(value) => panic!("`{code}` gave {value:?}"),
            Err(error) => error,
        }
    }

    /// The code and message of what a cell throws.
    fn thrown(&mut self, code: &str) -> (String, String) {
        let error = self.fail(code);
        (error.name(), error.to_string())
    }
}

fn assert_narrow(text: &str) {
    for line in text.lines() {
        assert!(
            unicode_width::UnicodeWidthStr::width(line) <= 80,
            "too wide: {line}"
        );
    }
}
