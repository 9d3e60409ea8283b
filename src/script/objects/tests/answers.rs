//! `requirements`, `why`, `can` and the failure matrix.

use super::{Bench, assert_narrow};
use crate::authz::Model;
use crate::lab::LabOptions;
use crate::render::failure_matrix_table;

#[test]
fn requirements_are_found_and_kms_encrypt_is_not_among_them() {
    let mut bench = Bench::scene();
    bench.run("let found = requirements(|| job.s3.put_object(\"payroll-data/q2.csv\", \"x\"));");
    let table = bench.shown("found");
    assert_narrow(&table.text);
    assert!(
        table.text.contains("s3:PutObject") && table.text.contains("kms:GenerateDataKey"),
        "{}",
        table.text
    );
    assert!(bench.typed::<bool>("found.json.not_needed.contains(\"kms:Encrypt\")"));
    assert!(bench.typed::<bool>("found.json.needed.all(|n| n.necessary)"));
    assert_eq!(
        bench.typed::<i64>("bucket.list().len()"),
        1,
        "the lab stays as it was"
    );
}

#[test]
fn a_closure_that_fails_leaves_the_lab_as_it_was() {
    let mut bench = Bench::scene();
    let error = bench.fail("requirements(|| { s3.create_bucket(\"other-data\"); nonsense(); })");
    assert!(error.message.contains("nonsense"), "{error}");
    assert!(
        bench
            .fail("why(|| nonsense())")
            .message
            .contains("nonsense")
    );
    assert_eq!(bench.typed::<i64>("s3.buckets().len()"), 1);
}

#[test]
fn why_shows_what_was_allowed_and_what_was_denied() {
    let mut bench = Bench::scene();
    let good = bench.shown("why(|| job.s3.get_object(\"payroll-data/q1.csv\"))");
    assert!(
        good.text.contains("✓ s3:GetObject") && good.text.contains("kms:Decrypt"),
        "{}",
        good.text
    );
    bench.run("key.distrust(role);");
    let bad = bench.shown("why(|| job.s3.get_object(\"payroll-data/q1.csv\"))");
    assert!(bad.text.contains("✗ AccessDenied 403"), "{}", bad.text);
    assert!(!bench.typed::<bool>("why(|| job.s3.get_object(\"payroll-data/q1.csv\")).allowed"));
}

#[test]
fn can_asks_for_objects_sessions_and_arns() {
    let mut bench = Bench::scene();
    for who in ["job.kms", "role"] {
        assert!(
            bench.typed::<bool>(&format!("can({who}, \"kms:Decrypt\", key).allowed")),
            "{who}"
        );
        assert!(
            !bench.typed::<bool>(&format!("can({who}, \"kms:Encrypt\", key).allowed")),
            "{who}"
        );
        assert!(bench.typed::<bool>(&format!(
            "can({who}, \"s3:GetObject\", bucket.object(\"x\")).allowed"
        )));
    }
    assert!(bench.typed::<bool>(
        "can(\"arn:aws:iam::111122223333:user/admin\", \"kms:Encrypt\", key).allowed"
    ));
    assert_eq!(
        bench
            .fail("can(42, \"kms:Decrypt\", key)")
            .code()
            .as_deref(),
        Some("WrongType")
    );
    assert_eq!(
        bench
            .fail("can(\"glue\", \"kms:Decrypt\", key)")
            .code()
            .as_deref(),
        Some("WrongValue")
    );
}

#[test]
fn the_matrix_has_ten_rows_and_fits_a_terminal() {
    for model in [Model::Exam, Model::Aws] {
        let mut bench = Bench::of(model);
        let table = bench.shown("failure_matrix()");
        assert_narrow(&table.text);
        assert_eq!(bench.typed::<i64>("failure_matrix().json.rows.len()"), 10);
        assert!(
            table.text.contains("403 kms:Decrypt, key policy"),
            "{}",
            table.text
        );
        assert!(table.text.contains("404 NoSuchKey"), "{}", table.text);
        let options = LabOptions {
            model,
            seed: Some(crate::lab::failure_matrix::SEED),
        };
        let matrix = crate::lab::failure_matrix(&options).unwrap();
        assert_eq!(failure_matrix_table(&matrix).json(), table.json.unwrap());
    }
}

#[test]
fn the_rule_below_the_matrix_is_what_its_rows_say() {
    let text = Bench::of(Model::Exam)
        .shown("failure_matrix()")
        .text
        .replace("\n", " ");
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains(
            "succeeds exactly if s3 permission ∧ kms permission ∧ key policy ∧ object exists"
        ),
        "{flat}"
    );
    let aws = Bench::of(Model::Aws).shown("failure_matrix()").text;
    let flat = aws.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("succeeds exactly if s3 permission ∧ key policy ∧ object exists; without effect: kms permission"), "{flat}");
}

const WORKER: &str = r#"
    let worker_key = kms.create_key("worker");
    let worker = iam.create_role("Worker", #{ trust: "glue.amazonaws.com" });
    worker.allow("kms:Encrypt", worker_key);
    worker_key.trust(worker);
    let run = glue.run_as(worker);
    let s = scenario("encrypt", || run.kms.encrypt(#{ KeyId: worker_key.arn, Plaintext: "4711".to_blob() }));
"#;

#[test]
fn a_scenario_of_ones_own_is_run_under_every_combination() {
    let mut bench = Bench::scene();
    bench.run(WORKER);
    bench.run(
        r#"s.toggle("kms:Encrypt", || worker.remove("kms:Encrypt"));
           s.trust(worker_key, worker).choice("key", "enabled", #{ disabled: || worker_key.disable() });
           let found = s.matrix();"#,
    );
    assert_narrow(&bench.shown("found").text);
    assert_eq!(
        bench.typed::<String>("found.json.rule"),
        "kms:Encrypt ∧ key policy ∧ key = enabled"
    );
    assert_eq!(bench.typed::<i64>("s.rows().json.rows.len()"), 8);
    assert_eq!(
        bench.typed::<String>("worker_key.state"),
        "Enabled",
        "the lab stays as it was"
    );
    assert_eq!(
        bench.typed::<String>("matrix(\"upload\").json.without_effect[0]"),
        "kms:Encrypt"
    );
}

#[test]
fn odd_scenarios_say_what_is_odd() {
    let mut bench = Bench::scene();
    bench.run(WORKER);
    assert!(bench.shown("s.matrix()").text.contains("has no switches"));
    bench.run("let n = 0; let odd = scenario(\"odd\", || { n += 1; if n % 3 == 0 { throw #{ code: \"Odd\", status: 400, message: \"odd\" }; } });");
    bench.run("odd.toggle(\"a\", || 0);");
    let text = bench.shown("odd.matrix()").text;
    assert!(text.contains("does not come to the same twice"), "{text}");
    let error = bench.fail("s.toggle(\"b\", || nonsense()).matrix()");
    assert!(error.message.contains("nonsense"), "{error}");
    let error = bench.fail("matrix(\"uplaod\")");
    assert!(error.message.contains("did you mean `upload`?"), "{error}");
}
