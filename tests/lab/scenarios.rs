//! Scenarios: all combinations, the table and the rule.

use keychai::api::ApiError;
use keychai::authz::Model;
use keychai::lab::scenario::{
    Matrix, MatrixError, Scenario, Switch, matrix, matrix_parallel, ready,
};
use keychai::lab::{Lab, LabOptions};

fn run(scenario: &Scenario) -> Matrix {
    matrix(scenario.name(), scenario, scenario.lab(), &|_| ()).unwrap()
}

fn ready(name: &str, model: Model) -> Matrix {
    run(&ready::build(name, model).unwrap().unwrap())
}

fn rule(matrix: &Matrix) -> &str {
    &matrix.rule.as_ref().unwrap().words
}

fn lab() -> Lab {
    Lab::new(&LabOptions {
        seed: Some(1),
        ..LabOptions::default()
    })
    .unwrap()
}

/// Each rule is what the revision notes, the S3 and the KMS guide say of the case.
#[test]
fn the_ready_scenarios_say_what_the_guides_say() {
    for (name, expected) in [
        (
            "failure",
            "s3:GetObject ∧ kms:Decrypt ∧ key policy ∧ object",
        ),
        (
            "download",
            "s3:GetObject ∧ (grant ∨ (kms:Decrypt ∧ key policy)) ∧ key state = enabled ∧ object",
        ),
        (
            "upload",
            "s3:PutObject ∧ kms:GenerateDataKey ∧ key policy ∧ key state = enabled",
        ),
        (
            "multipart",
            "s3:PutObject ∧ kms:GenerateDataKey ∧ kms:Decrypt ∧ key policy",
        ),
        (
            "cross-account",
            "s3:GetObject ∧ kms:Decrypt ∧ bucket policy ∧ key policy",
        ),
        (
            "grant",
            "(grant = in force ∨ (kms:Decrypt ∧ key policy)) ∧ key state = enabled",
        ),
        ("rotation", "kms:Decrypt ∧ key policy"),
        (
            "key-states",
            "(operation = DescribeKey ∨ key state = enabled) ∧ key policy",
        ),
    ] {
        let found = ready(name, Model::Exam);
        assert_eq!(rule(&found), expected, "{name}");
    }
    for ready in ready::ALL {
        let found = self::ready(ready.name, Model::Aws);
        assert!(found.rule.is_some() && found.fewest, "{}", ready.name);
        assert!(found.as_built().unwrap().is_success(), "{}", ready.name);
        assert_eq!(found.unstable, [], "{}", ready.name);
        assert_eq!(found.contradictions, [], "{}", ready.name);
        assert_eq!(found.impossible, [], "{}", ready.name);
    }
    assert_eq!(
        ready("upload", Model::Exam).idle,
        ["kms:Encrypt", "kms:Decrypt"]
    );
    assert!(ready::build("downlaod", Model::Exam).is_none());
    assert!(ready::unknown("downlaod").contains("`download`"));
}

#[test]
fn threads_find_the_same() {
    let scenario = ready::build("download", Model::Exam).unwrap().unwrap();
    let one = run(&scenario);
    let many = matrix_parallel("download", &scenario, scenario.lab(), 3, &|_| ()).unwrap();
    assert!(one.rows().eq(many.rows()));
    assert_eq!(one.decision.len(), many.decision.len());
    assert_eq!(one.rule, many.rule);
}

fn denied() -> ApiError {
    ApiError::new(keychai::api::Service::S3, "AccessDenied", 403, "no")
}

fn by_model(_: &mut Lab, states: &[usize]) -> Result<(), ApiError> {
    match states.first() {
        Some(1) => Err(denied()),
        _ => Ok(()),
    }
}

#[test]
fn odd_scenarios_are_answered_as_far_as_they_can_be() {
    let bare = run(&Scenario::new("bare", lab(), |_, _| Ok(())));
    assert_eq!((bare.coverage.run, rule(&bare)), (1, "always"));

    let same = Scenario::new("same", lab(), by_model)
        .with(Switch::new("a", |_| Ok(())))
        .with(Switch::new("a", |_| Ok(())));
    let refused = matrix("same", &same, same.lab(), &|_| ()).unwrap_err();
    assert!(
        matches!(refused, MatrixError::Switch(text) if text.contains("two switches are called a"))
    );

    let single = Scenario::new("single", lab(), by_model).with(Switch::choice("a", "only"));
    let refused = matrix("single", &single, single.lab(), &|_| ()).unwrap_err();
    assert!(matches!(refused, MatrixError::Switch(text) if text.contains("has 1 states")));

    let blocked = Scenario::new("blocked", lab(), by_model)
        .with(Switch::new("a", |_| Ok(())))
        .with(Switch::new("b", |_| Err(denied())));
    let found = run(&blocked);
    assert_eq!(rule(&found), "a");
    assert_eq!(found.impossible[0].combinations, 2);

    let count = std::sync::atomic::AtomicUsize::new(0);
    let random = Scenario::new("random", lab(), move |_, _| {
        let even = count
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed)
            .is_multiple_of(3);
        if even { Ok(()) } else { Err(denied()) }
    })
    .with(Switch::new("a", |_| Ok(())));
    let found = run(&random);
    assert!(!found.unstable.is_empty() && found.rule.is_none() && found.decision.is_empty());

    let order = Scenario::new("order", lab(), |lab: &mut Lab, _: &[usize]| {
        match lab.model() {
            Model::Exam => Ok(()),
            Model::Aws => Err(denied()),
        }
    })
    .with(Switch::new("aws", |lab| {
        lab.set_model(Model::Aws);
        Ok(())
    }))
    .with(Switch::new("exam", |lab| {
        lab.set_model(Model::Exam);
        Ok(())
    }));
    let found = run(&order);
    assert_eq!(found.contradictions.len(), 1);
    assert_eq!(found.contradictions[0].other_way, "403 AccessDenied");
}

#[test]
fn beyond_the_bound_pairs_are_run_and_no_rule_is_claimed() {
    let wide = (0..20).fold(Scenario::new("wide", lab(), by_model), |made, n| {
        made.with(Switch::new(format!("s{n}"), |_| Ok(())))
    });
    let found = run(&wide);
    assert!(!found.coverage.all && found.rule.is_none());
    assert_eq!(
        (found.coverage.of, found.coverage.pairs),
        (1 << 20, 190 * 4)
    );
    assert!(found.coverage.run < 64);
}
