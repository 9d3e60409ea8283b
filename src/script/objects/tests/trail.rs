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
