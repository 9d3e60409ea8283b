//! What the lab finds by trying: repairs, requirements, the failure matrix.
//!
//! The scene is that of the revision notes: a Glue job that reads an encrypted object.

use keychai::api::Service;
use keychai::authz::{Layer, Model};
use keychai::lab::{Call, Fixes, LabOptions, failure_matrix, fix, requirements};
use keychai::state::credential::Credentials;
use serde_json::json;

use crate::bench::{Bench, allow_on_key, blob, document, role_arn};

struct Scene {
    bench: Bench,
    session: Credentials,
    key: String,
}

/// What can be wrong with the scene, and the calls that repair it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    S3,
    Kms,
    KeyPolicy,
    Disabled,
    Pending,
}

const FAULTS: [Fault; 5] = [
    Fault::S3,
    Fault::Kms,
    Fault::KeyPolicy,
    Fault::Disabled,
    Fault::Pending,
];

impl Fault {
    fn repair(self) -> &'static [&'static str] {
        match self {
            Self::S3 | Self::Kms => &["iam:PutRolePolicy"],
            Self::KeyPolicy => &["kms:PutKeyPolicy"],
            Self::Disabled => &["kms:EnableKey"],
            Self::Pending => &["kms:CancelKeyDeletion", "kms:EnableKey"],
        }
    }
}

impl Scene {
    fn healthy(model: Model) -> Self {
        let mut bench = Bench::with(model, 7);
        let session = bench.glue_role("GlueRole");
        bench.role_policy(
            "GlueRole",
            "data",
            document("Allow", json!(["s3:GetObject", "s3:PutObject"]), json!("*")),
        );
        bench.role_policy(
            "GlueRole",
            "key",
            document(
                "Allow",
                json!(["kms:Decrypt", "kms:GenerateDataKey"]),
                json!("*"),
            ),
        );
        let key = bench.key_with(&[trusting()]);
        bench.bucket_under("payroll", &key);
        bench
            .put(&session, "payroll", "q1.csv", "id,amount")
            .unwrap();
        Self {
            bench,
            session,
            key,
        }
    }

    fn break_it(&mut self, fault: Fault) {
        let key = json!({ "KeyId": self.key });
        let drop = |name: &str| json!({ "RoleName": "GlueRole", "PolicyName": name });
        match fault {
            Fault::S3 => self.bench.ok("iam:DeleteRolePolicy", drop("data")),
            Fault::Kms => self.bench.ok("iam:DeleteRolePolicy", drop("key")),
            Fault::KeyPolicy => {
                let key = self.key.clone();
                self.bench.set_key_policy(&key, &[]);
                json!({})
            }
            Fault::Disabled => self.bench.ok("kms:DisableKey", key),
            Fault::Pending => self.bench.ok("kms:ScheduleKeyDeletion", key),
        };
    }

    fn read(&self) -> Call {
        Call::new(
            self.session.clone(),
            Service::S3,
            "GetObject",
            json!({ "Bucket": "payroll", "Key": "q1.csv" }),
        )
    }

    /// Applies the first repair; the call must then succeed, and nothing else have been needed.
    fn apply_first(&mut self, fixes: &Fixes) -> Vec<String> {
        let call = self.read();
        let repair = fixes.repairs.first().unwrap();
        for left_out in 0..repair.changes.len() {
            let mut part = repair.clone();
            part.changes.remove(left_out);
            let mut fork = self.bench.lab.fork();
            let enough = part.apply(&mut fork).is_ok() && call.try_in(&fork).result.is_ok();
            assert!(!enough, "{} is more than is needed", repair.title);
        }
        repair.apply(&mut self.bench.lab).unwrap();
        call.make(&mut self.bench.lab).result.unwrap();
        repair.changes.iter().map(|c| c.action.clone()).collect()
    }
}

fn trusting() -> serde_json::Value {
    allow_on_key(
        &role_arn("GlueRole"),
        json!(["kms:Decrypt", "kms:GenerateDataKey"]),
    )
}

/// In the model `aws` a key policy that names the role makes the IAM permission unnecessary.
fn is_a_fault(fault: Fault, model: Model) -> bool {
    !(fault == Fault::Kms && model == Model::Aws)
}

#[test]
fn each_single_fault_has_its_smallest_repair() {
    for model in [Model::Exam, Model::Aws] {
        for fault in FAULTS.into_iter().filter(|f| is_a_fault(*f, model)) {
            let mut scene = Scene::healthy(model);
            scene.break_it(fault);
            let before = format!("{:?}", scene.bench.lab);
            let fixes = fix(&scene.bench.lab, &scene.read());
            assert_eq!(
                format!("{:?}", scene.bench.lab),
                before,
                "looking for a repair changes nothing"
            );
            let lengths: Vec<usize> = fixes.repairs.iter().map(|r| r.changes.len()).collect();
            assert!(lengths.is_sorted(), "{fault:?}: {lengths:?}");
            assert_eq!(
                scene.apply_first(&fixes),
                fault.repair(),
                "{fault:?} {model}"
            );
        }
    }
}

#[test]
fn every_repair_that_is_proposed_works() {
    for fault in FAULTS {
        let mut scene = Scene::healthy(Model::Exam);
        scene.break_it(fault);
        for repair in fix(&scene.bench.lab, &scene.read()).repairs {
            let mut fork = scene.bench.lab.fork();
            repair.apply(&mut fork).unwrap();
            scene
                .read()
                .make(&mut fork)
                .result
                .unwrap_or_else(|e| panic!("{}: {e}", repair.title));
        }
    }
}

#[test]
fn two_faults_are_repaired_together() {
    for (number, first) in FAULTS.into_iter().enumerate() {
        for second in FAULTS
            .into_iter()
            .skip(number + 1)
            .filter(|f| (first, *f) != (Fault::Disabled, Fault::Pending))
        {
            let mut scene = Scene::healthy(Model::Exam);
            scene.break_it(first);
            scene.break_it(second);
            let fixes = fix(&scene.bench.lab, &scene.read());
            let made = scene.apply_first(&fixes);
            assert!(!made.is_empty(), "{first:?} and {second:?}");
        }
    }
}

#[test]
fn a_call_that_succeeds_needs_no_repair() {
    let scene = Scene::healthy(Model::Exam);
    let fixes = fix(&scene.bench.lab, &scene.read());
    assert_eq!((fixes.repairs.len(), fixes.advice.len()), (0, 1));
}

#[test]
fn a_missing_object_and_an_expired_session_have_advice_and_no_repair() {
    let mut scene = Scene::healthy(Model::Exam);
    scene.bench.role_policy(
        "GlueRole",
        "list",
        document("Allow", json!("s3:ListBucket"), json!("*")),
    );
    let mut call = scene.read();
    call.input = json!({ "Bucket": "payroll", "Key": "q1.cvs" });
    let fixes = fix(&scene.bench.lab, &call);
    assert!(fixes.repairs.is_empty());
    assert!(
        fixes
            .advice
            .iter()
            .any(|a| a.contains("did you mean `q1.csv`?")),
        "{:?}",
        fixes.advice
    );
    scene.bench.lab.advance(3600).unwrap();
    let fixes = fix(&scene.bench.lab, &scene.read());
    assert!(fixes.repairs.is_empty());
    assert!(
        fixes
            .advice
            .iter()
            .any(|a| a.contains("Assume GlueRole again")),
        "{:?}",
        fixes.advice
    );
}

/// A number from a seed, the same on every machine.
fn scattered(seed: u64) -> usize {
    let mixed = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(mixed >> 33).unwrap()
}

/// Two hundred broken labs: every one is repaired, those with one fault by the
/// smallest repair, and nobody else can do more afterwards.
#[test]
fn broken_labs_are_repaired_and_nobody_else_gains() {
    for seed in 0..200 {
        let model = [Model::Exam, Model::Aws][scattered(seed) % 2];
        let faults: Vec<Fault> = FAULTS
            .into_iter()
            .filter(|f| is_a_fault(*f, model))
            .collect();
        let first = faults[scattered(seed + 1000) % faults.len()];
        let second = faults[scattered(seed + 2000) % faults.len()];
        let of_state = |fault| matches!(fault, Fault::Disabled | Fault::Pending);
        let single = seed % 2 == 0 || first == second || (of_state(first) && of_state(second));
        let mut scene = Scene::healthy(model);
        let intern = scene.bench.glue_role("Intern");
        scene.bench.role_policy(
            "Intern",
            "all",
            document("Allow", json!(["s3:GetObject", "kms:*"]), json!("*")),
        );
        scene.break_it(first);
        if !single {
            scene.break_it(second);
        }
        let fixes = fix(&scene.bench.lab, &scene.read());
        let found = fixes.repairs.first();
        let repair = found.unwrap_or_else(|| panic!("{seed}: {first:?} {second:?}"));
        assert!(
            fixes
                .repairs
                .iter()
                .all(|r| r.opens.iter().all(|o| !o.by_others)),
            "{seed}"
        );
        if single {
            let actions: Vec<&str> = repair.changes.iter().map(|c| c.action.as_str()).collect();
            assert_eq!(actions, first.repair(), "{seed}");
        }
        scene.apply_first(&fixes);
        let read = Call {
            credentials: intern,
            ..scene.read()
        };
        assert!(read.try_in(&scene.bench.lab).result.is_err(), "{seed}");
    }
}

#[test]
fn a_repair_shows_its_diff() {
    let mut scene = Scene::healthy(Model::Exam);
    scene.break_it(Fault::KeyPolicy);
    let fixes = fix(&scene.bench.lab, &scene.read());
    let diff = &fixes
        .repairs
        .iter()
        .find(|r| !r.diff.is_empty())
        .unwrap()
        .diff;
    assert!(
        diff.starts_with("--- ") && diff.contains("/key policy\n+++ "),
        "{diff}"
    );
    assert!(
        diff.lines()
            .any(|line| line.starts_with('+') && line.contains("TrustGlueRole")),
        "{diff}"
    );
}

#[test]
fn a_guardrail_is_not_repaired() {
    let mut scene = Scene::healthy(Model::Exam);
    let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": "arn:aws:s3:::payroll/*",
        "Condition": { "StringNotEquals": { "aws:PrincipalOrgID": "o-exampleorg11" } } });
    let other = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket",
        "Resource": "arn:aws:s3:::payroll" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [deny, other] });
    scene.bench.ok(
        "s3:PutBucketPolicy",
        json!({ "Bucket": "payroll", "Policy": policy.to_string() }),
    );
    let fixes = fix(&scene.bench.lab, &scene.read());
    assert!(fixes.repairs.is_empty());
    assert!(
        fixes.advice[0].contains("it is a guardrail and does its work"),
        "{:?}",
        fixes.advice
    );
}

#[test]
fn a_key_that_is_nearly_right_is_named() {
    let scene = Scene::healthy(Model::Exam);
    let mut bench = scene.bench;
    bench.role_policy(
        "GlueRole",
        "list",
        document("Allow", json!("s3:ListBucket"), json!("*")),
    );
    let input = json!({ "Bucket": "payroll", "Key": "q1.cvs" });
    let call = Call::new(scene.session, Service::S3, "GetObject", input);
    let advice = fix(&bench.lab, &call).advice;
    assert!(
        advice.iter().any(|a| a.contains("did you mean `q1.csv`?")),
        "{advice:?}"
    );
}

#[test]
fn an_explicit_deny_is_repaired_by_taking_its_statement_out() {
    let mut scene = Scene::healthy(Model::Exam);
    let mut deny = allow_on_key(&role_arn("GlueRole"), json!("kms:Decrypt"));
    deny["Effect"] = json!("Deny");
    let key = scene.key.clone();
    scene.bench.set_key_policy(&key, &[trusting(), deny]);
    let fixes = fix(&scene.bench.lab, &scene.read());
    assert_eq!(scene.apply_first(&fixes), ["kms:PutKeyPolicy"]);
}

#[test]
fn what_reading_and_writing_need_is_found_by_experiment() {
    let scene = Scene::healthy(Model::Exam);
    let write = Call::new(
        scene.session.clone(),
        Service::S3,
        "PutObject",
        json!({ "Bucket": "payroll", "Key": "q2.csv", "Body": blob("x") }),
    );
    for (call, expected) in [
        (write, ["s3:PutObject", "kms:GenerateDataKey"]),
        (scene.read(), ["s3:GetObject", "kms:Decrypt"]),
    ] {
        let before = format!("{:?}", scene.bench.lab);
        let found =
            requirements(&scene.bench.lab, |lab| call.make(lab).result.map(|_| ())).unwrap();
        assert_eq!(format!("{:?}", scene.bench.lab), before);
        let needed: Vec<&str> = found.needed.iter().map(|r| r.action.as_str()).collect();
        assert_eq!(needed, expected);
        assert!(
            found
                .needed
                .iter()
                .all(|r| r.necessary && r.principal == "GlueRole")
        );
        assert_eq!(found.needed[1].resources, std::slice::from_ref(&scene.key));
        assert!(found.not_needed.iter().any(|a| a == "kms:Encrypt"));
    }
}

#[test]
fn requirements_of_work_that_fails_are_its_error() {
    let mut scene = Scene::healthy(Model::Exam);
    scene.break_it(Fault::Disabled);
    let call = scene.read();
    let error =
        requirements(&scene.bench.lab, |lab| call.make(lab).result.map(|_| ())).unwrap_err();
    assert_eq!(error.code, "KMS.DisabledException");
}

#[test]
fn the_failure_matrix_says_what_the_notes_say() {
    type Row = (
        &'static str,
        u16,
        &'static str,
        Option<Layer>,
        Option<&'static str>,
    );
    const IAM: Option<Layer> = Some(Layer::Identity);
    const KEY: Option<Layer> = Some(Layer::Resource);
    const OK: (u16, &str, Option<Layer>, Option<&str>) = (200, "OK", None, None);
    let denied =
        |issue, layer, action| -> Row { (issue, 403, "AccessDenied", layer, Some(action)) };
    let allowed = |issue| -> Row { (issue, OK.0, OK.1, OK.2, OK.3) };
    for model in [Model::Exam, Model::Aws] {
        let exam = model == Model::Exam;
        let kms = |issue, action| {
            if exam {
                denied(issue, IAM, action)
            } else {
                allowed(issue)
            }
        };
        let broken: [Row; 5] = [
            kms("Glue fails reading data", "kms:Decrypt"),
            kms("Upload to SSE-KMS fails", "kms:GenerateDataKey"),
            denied("IAM ok, still denied", KEY, "kms:Decrypt"),
            denied("403 error", IAM, "s3:GetObject"),
            ("404 error", 404, "NoSuchKey", None, None),
        ];
        let matrix = failure_matrix(&LabOptions {
            model,
            seed: Some(1),
        })
        .unwrap();
        assert_eq!((matrix.model, matrix.rows.len()), (model, 10));
        for (rows, expected) in matrix.rows.chunks(2).zip(broken) {
            let got = |row: &keychai::lab::failure_matrix::MatrixRow| {
                (
                    row.issue,
                    row.status,
                    row.code.clone(),
                    row.layer,
                    row.failed_action.clone(),
                )
            };
            let want = |(issue, status, code, layer, action): Row| {
                (
                    issue,
                    status,
                    code.to_owned(),
                    layer,
                    action.map(str::to_owned),
                )
            };
            assert_eq!(got(&rows[0]), want(expected), "{model}");
            assert_eq!(got(&rows[1]), want(allowed(expected.0)), "{model}");
            assert_eq!((rows[0].healthy, rows[1].healthy), (false, true));
            assert_eq!(
                rows[0].repair.is_some(),
                rows[0].status != 200,
                "{model} {}",
                rows[0].issue
            );
            let differs =
                exam && expected.4.is_some_and(|a| a.starts_with("kms:")) && expected.3 == IAM;
            assert_eq!(
                rows[0].other_model.is_some(),
                differs,
                "{model} {}",
                rows[0].issue
            );
        }
    }
}
