//! The failure-scenario matrix of the revision notes.
//!
//! One healthy lab is built; each row switches something off in a fork of it
//! and makes a real call there. Nothing in a row is written down beforehand but
//! the name of the issue and the switches.

use serde::Serialize;
use serde_json::{Value, json};

use super::call::Call;
use super::facade::{Lab, LabOptions};
use super::failure::Failure;
use crate::api::{ApiError, Service};
use crate::authz::{Layer, Model, OtherModel};
use crate::base::Arn;
use crate::policy::{PrincipalLabel, StatementDraft, edit};
use crate::state::credential::Credentials;

/// The seed that front ends give, so that the matrix reads the same everywhere.
pub const SEED: u64 = 1;

/// The whole matrix.
#[derive(Clone, Debug, Serialize)]
pub struct FailureMatrix {
    /// The model that decided.
    pub model: Model,
    /// The rows: each issue of the notes, then its healthy counterpart.
    pub rows: Vec<MatrixRow>,
}

/// One real call in a fork of the lab.
#[derive(Clone, Debug, Serialize)]
pub struct MatrixRow {
    /// The issue as the notes name it.
    pub issue: &'static str,
    /// Whether this is the healthy counterpart.
    pub healthy: bool,
    /// The call.
    pub call: String,
    /// What was on and off.
    pub switches: Switches,
    /// The HTTP status.
    pub status: u16,
    /// The error's code, or `OK`.
    pub code: String,
    /// The service's message; empty for a success.
    pub message: String,
    /// The permission that was refused.
    pub failed_action: Option<String>,
    /// The layer that decided the refusal.
    pub layer: Option<Layer>,
    /// What the other model says, where it differs.
    pub other_model: Option<OtherModel>,
    /// Why, in one sentence.
    pub cause: String,
    /// The smallest repair that was tried and works.
    pub repair: Option<String>,
    /// The same as lines of script.
    pub repair_script: Vec<String>,
}

/// What a row switches; on is how it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Switches {
    /// The S3 permission of the role.
    pub s3: bool,
    /// The KMS permission of the role.
    pub kms: bool,
    /// Whether the key policy trusts the role.
    pub key_policy: bool,
    /// Whether the object's key is right.
    pub object: bool,
}

const HEALTHY: Switches = Switches {
    s3: true,
    kms: true,
    key_policy: true,
    object: true,
};

/// The rows of the notes, section 7.
const ISSUES: [(&str, Way, Switches); 5] = [
    (
        "Glue fails reading data",
        Way::Download,
        Switches {
            kms: false,
            ..HEALTHY
        },
    ),
    (
        "Upload to SSE-KMS fails",
        Way::Upload,
        Switches {
            kms: false,
            ..HEALTHY
        },
    ),
    (
        "IAM ok, still denied",
        Way::Download,
        Switches {
            key_policy: false,
            ..HEALTHY
        },
    ),
    (
        "403 error",
        Way::Download,
        Switches {
            s3: false,
            ..HEALTHY
        },
    ),
    (
        "404 error",
        Way::Download,
        Switches {
            object: false,
            ..HEALTHY
        },
    ),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Download,
    Upload,
}

impl Way {
    fn s3_action(self) -> &'static str {
        match self {
            Self::Download => "s3:GetObject",
            Self::Upload => "s3:PutObject",
        }
    }

    fn kms_action(self) -> &'static str {
        match self {
            Self::Download => "kms:Decrypt",
            Self::Upload => "kms:GenerateDataKey",
        }
    }
}

const BUCKET: &str = "payroll-data";
const OBJECT: &str = "q1.csv";
const ROLE: &str = "GlueRole";
const S3_ACTIONS: [&str; 3] = ["s3:GetObject", "s3:PutObject", "s3:ListBucket"];
const KMS_ACTIONS: [&str; 2] = ["kms:GenerateDataKey", "kms:Decrypt"];

/// Builds the healthy lab, and runs every row in a fork of it.
///
/// # Errors
/// What the lab answered if the healthy lab could not be built.
pub fn failure_matrix(options: &LabOptions) -> Result<FailureMatrix, ApiError> {
    let scene = Scene::build(options)?;
    let mut rows = Vec::with_capacity(2 * ISSUES.len());
    for (issue, way, switches) in ISSUES {
        rows.push(scene.row(issue, way, switches)?);
        rows.push(scene.row(issue, way, HEALTHY)?);
    }
    Ok(FailureMatrix {
        model: options.model,
        rows,
    })
}

/// The healthy lab of the notes: a Glue job that runs as its role on an
/// encrypted bucket.
struct Scene {
    lab: Lab,
    key: String,
    trusted: Value,
    untrusted: Value,
    session: Credentials,
}

impl Scene {
    fn build(options: &LabOptions) -> Result<Self, ApiError> {
        let mut lab = Lab::new(options)
            .map_err(|e| ApiError::new(Service::Iam, "InternalFailure", 500, e.to_string()))?;
        let home = lab.home().clone();
        let mut admin =
            |service, operation, input| lab.call_as_admin(&home, service, operation, input);
        let trust = StatementDraft::allow()
            .principal(PrincipalLabel::Service, "glue.amazonaws.com")
            .action("sts:AssumeRole");
        let trust = edit::with_statement(None, trust.to_value()).to_string();
        admin(
            Service::Iam,
            "CreateRole",
            json!({ "RoleName": ROLE, "AssumeRolePolicyDocument": trust }),
        )?;
        let admins = StatementDraft::allow()
            .sid("Admins")
            .principal(
                PrincipalLabel::Aws,
                format!("arn:aws:iam::{home}:user/admin"),
            )
            .action("kms:*")
            .resource("*");
        let untrusted = edit::with_statement(None, admins.to_value());
        let made = admin(
            Service::Kms,
            "CreateKey",
            json!({ "Policy": untrusted.to_string() }),
        )?;
        let key = made
            .pointer("/KeyMetadata/Arn")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        admin(
            Service::Kms,
            "CreateAlias",
            json!({ "AliasName": "alias/payroll", "TargetKeyId": key }),
        )?;
        let role = StatementDraft::allow()
            .sid("TrustGlueRole")
            .principal(
                PrincipalLabel::Aws,
                format!("arn:aws:iam::{home}:role/{ROLE}"),
            )
            .actions(KMS_ACTIONS)
            .resource("*");
        let trusted = edit::with_statement(Some(&untrusted), role.to_value());
        admin(Service::S3, "CreateBucket", json!({ "Bucket": BUCKET }))?;
        let by_default = json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key });
        admin(
            Service::S3,
            "PutBucketEncryption",
            json!({ "Bucket": BUCKET, "ServerSideEncryptionConfiguration": {
                "Rules": [{ "ApplyServerSideEncryptionByDefault": by_default }],
            } }),
        )?;
        let role = Arn::of("iam", "", home.as_str(), &format!("role/{ROLE}"));
        let session = lab.service_session(&role, Service::Glue, "GlueJobRunnerSession")?;
        let mut scene = Self {
            lab,
            key,
            trusted,
            untrusted,
            session,
        };
        let mut healthy = scene.lab.fork();
        scene.switch(&mut healthy, Way::Upload, HEALTHY)?;
        scene.call(Way::Upload, HEALTHY).make(&mut healthy).result?;
        scene.lab = healthy;
        Ok(scene)
    }

    /// Sets the policies of `lab` as `switches` say.
    fn switch(&self, lab: &mut Lab, way: Way, switches: Switches) -> Result<(), ApiError> {
        let keep = |on: bool, action: &str, off: &str| on || action != off;
        let s3: Vec<&str> = S3_ACTIONS
            .into_iter()
            .filter(|a| keep(switches.s3, a, way.s3_action()))
            .collect();
        let kms: Vec<&str> = KMS_ACTIONS
            .into_iter()
            .filter(|a| keep(switches.kms, a, way.kms_action()))
            .collect();
        let arn = format!("arn:aws:s3:::{BUCKET}");
        let objects = format!("{arn}/*");
        let data = StatementDraft::allow()
            .actions(s3)
            .resources([arn, objects]);
        let key = StatementDraft::allow()
            .actions(kms)
            .resource(self.key.as_str());
        let home = lab.home().clone();
        for (name, statement) in [("ReadData", data), ("UseKey", key)] {
            let document = edit::with_statement(None, statement.to_value()).to_string();
            let input = json!({ "RoleName": ROLE, "PolicyName": name, "PolicyDocument": document });
            lab.call_as_admin(&home, Service::Iam, "PutRolePolicy", input)?;
        }
        let policy = if switches.key_policy {
            &self.trusted
        } else {
            &self.untrusted
        };
        let input = json!({ "KeyId": self.key, "Policy": policy.to_string() });
        lab.call_as_admin(&home, Service::Kms, "PutKeyPolicy", input)
            .map(|_| ())
    }

    fn call(&self, way: Way, switches: Switches) -> Call {
        let key = if switches.object { OBJECT } else { "q9.csv" };
        let (operation, input) = match way {
            Way::Download => ("GetObject", json!({ "Bucket": BUCKET, "Key": key })),
            Way::Upload => (
                "PutObject",
                json!({ "Bucket": BUCKET, "Key": key, "Body": "aWQsYW1vdW50CjEsMTAwCg==" }),
            ),
        };
        Call::new(self.session.clone(), Service::S3, operation, input)
    }

    fn row(
        &self,
        issue: &'static str,
        way: Way,
        switches: Switches,
    ) -> Result<MatrixRow, ApiError> {
        let mut fork = self.lab.fork();
        self.switch(&mut fork, way, switches)?;
        let call = self.call(way, switches);
        let before = fork.fork();
        let response = call.make(&mut fork);
        let label = format!(
            "{} {}",
            way.s3_action().trim_start_matches("s3:"),
            call.input
                .get("Key")
                .and_then(Value::as_str)
                .unwrap_or_default()
        );
        let healthy = switches == HEALTHY;
        let empty = MatrixRow {
            issue,
            healthy,
            call: label,
            switches,
            status: 200,
            code: "OK".to_owned(),
            message: String::new(),
            failed_action: None,
            layer: None,
            other_model: None,
            cause: String::new(),
            repair: None,
            repair_script: Vec::new(),
        };
        let Err(error) = response.result.clone() else {
            return Ok(empty);
        };
        let failure = Failure::new(&before, call, &response.decisions, error);
        let fixes = failure.fix(&before);
        let repair = fixes.repairs.into_iter().next();
        let decision = failure.error.decision.as_ref();
        Ok(MatrixRow {
            status: failure.error.status,
            code: failure.error.code.clone(),
            message: failure.error.message.clone(),
            failed_action: decision.map(|d| d.action.to_string()),
            layer: decision.and_then(|d| d.decisive),
            other_model: decision.and_then(|d| d.other_model),
            cause: failure.sentence.clone(),
            repair: repair
                .as_ref()
                .map(|r| r.title.clone())
                .or_else(|| fixes.advice.into_iter().next()),
            repair_script: repair.map(|r| r.script).unwrap_or_default(),
            ..empty
        })
    }
}
