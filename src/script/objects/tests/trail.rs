//! What the trail tells of calls.

use super::{Bench, STORE};

#[test]
fn a_glue_session_uploads_and_the_trail_shows_kms_below_s3() {
    let mut bench = Bench::new();
    bench.run(STORE);
    bench.run(
        "job.s3.put_object(#{ Bucket: \"payroll-data\", Key: \"q1.csv\", Body: \"id,amount\".to_blob() })",
    );
    let trail = bench.run("trail.where(#{ caller: role, outcome: \"ok\" })");
    let lines: Vec<&str> = trail.lines().collect();
    assert_eq!(lines[0], "2026-06-01");
    let (put, generate) = (lines[3], lines[4]);
    assert!(
        put.contains("s3:PutObject") && put.contains("GlueRole"),
        "{trail}"
    );
    assert!(
        generate.contains("└ kms:GenerateDataKey") && generate.trim().ends_with("s3"),
        "{trail}"
    );
    assert_eq!(bench.value("trail.last().via").to_string(), "s3");
    let steps = bench.run("trail.where(#{ name: \"PutObject\" }).last().steps");
    let numbers: Vec<&str> = steps.lines().filter_map(|l| l.split("  ").next()).collect();
    assert!(
        numbers.starts_with(&["1", ""]) && numbers.contains(&"4"),
        "{steps}"
    );
    assert!(
        steps.starts_with("1  S3 calls kms:GenerateDataKey"),
        "{steps}"
    );
    assert_eq!(
        bench
            .value("trail.where(#{ caller: \"glue.amazonaws.com\" }).count()")
            .as_int(),
        Ok(1)
    );
}

#[test]
fn the_trail_is_asked_by_resource_time_account_and_kind() {
    let mut bench = Bench::new();
    bench.run(STORE);
    bench.run("job.s3.put_object(\"payroll-data/q1.csv\", \"id,amount\")");
    let mut count = |options: &str| {
        let code = format!("trail.where({options}).count()");
        bench.value(&code).as_int().unwrap()
    };
    assert_eq!(count("#{ resource: \"payroll-data/q1.csv\" }"), 1);
    assert_eq!(count("#{ resource: key.Arn, read_only: true }"), 1);
    assert_eq!(count("#{ data: true }"), 1);
    assert_eq!(count("#{ before: \"2026-05-31T00:00:00Z\" }"), 0);
    assert!(count("#{ since: clock.now() }") > 5);
    assert_eq!(count("#{ account: \"444455556666\" }"), 0);
    assert_eq!(
        bench.value("trail.last().cause.name").to_string(),
        "PutObject"
    );
    assert!(bench.value("trail.last().cause.cause").is_unit());
}

#[test]
fn a_record_of_another_account_is_seen_in_its_trail() {
    let mut bench = Bench::new();
    bench.run(
        "let away = lab.add_account(\"444455556666\");
         let role = iam.create_role(\"Shared\", #{ trust: away });
         away.assume(role);",
    );
    let kind = "trail.where(#{ name: \"AssumeRole\", account: lab.home.id }).last().json.userIdentity.type";
    assert_eq!(bench.value(kind).to_string(), "AWSAccount");
    let own = "trail.where(#{ name: \"AssumeRole\" }).count()";
    assert_eq!(bench.value(own).as_int(), Ok(1));
    let text = bench
        .value("trail.where(#{ name: \"AssumeRole\" }).log_file()")
        .to_string();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let records = file["Records"].as_array().unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["sharedEventID"], records[1]["sharedEventID"]);
    let alone = "trail.where(#{ name: \"AssumeRole\", account: away.id }).log_file()";
    let file: serde_json::Value = serde_json::from_str(&bench.value(alone).to_string()).unwrap();
    assert_eq!(file["Records"].as_array().unwrap().len(), 1);
}
