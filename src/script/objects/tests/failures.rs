//! Failures, their decisions and their repairs.

use super::{Bench, READ, assert_narrow};

#[test]
fn either_half_missing_denies_and_the_card_says_which() {
    let mut bench = Bench::scene();
    bench.run("key.distrust(role);");
    let error = bench.fail(READ);
    assert_eq!(error.code().as_deref(), Some("AccessDenied"));
    let card = bench
        .session
        .render_error(error.payload().unwrap())
        .unwrap();
    for part in [
        "✗ AccessDenied 403 · s3:GetObject payroll-data/q1.csv",
        "model: exam",
        "GlueRole may call s3:GetObject on payroll-data/q1.csv, but KMS refuses",
        "kms:Decrypt",
        "key policy",
        "– silent",
        "Admins wants user/admin",
        "grants",
        "boundary",
        "Repair",
        "kms.key(\"alias/payroll\").trust(iam.role(\"GlueRole\"))",
    ] {
        let flat = card.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(part), "`{part}` is not in\n{}", card.text);
    }
    assert_narrow(&card.text);
    let html = card.html.unwrap();
    assert!(
        html.contains("<details") && html.contains("<code>kms:Decrypt</code>"),
        "{html}"
    );

    bench.run("key.trust(role); permit(\"UseKey\", [\"kms:GenerateDataKey\"], key);");
    let error = bench.fail(READ);
    let card = bench
        .session
        .render_error(error.payload().unwrap())
        .unwrap();
    assert!(card.text.contains("identity"), "{}", card.text);
    assert!(
        card.text.contains("The models differ here"),
        "{}",
        card.text
    );
}

#[test]
fn the_smallest_repair_is_applied_to_the_lab_as_it_is_now() {
    let mut bench = Bench::scene();
    bench.run("permit(\"UseKey\", [\"kms:GenerateDataKey\"], key);");
    bench.run("let repair = (); try { job.s3.get_object(\"payroll-data/q1.csv\"); } catch (e) { repair = e.fix; }");
    let shown = bench.shown("repair");
    assert!(shown.text.contains("1  "), "{}", shown.text);
    bench.run("key.trust(\"444455556666\");");
    bench.run("repair.apply();");
    assert_eq!(bench.typed::<String>(READ), "id,amount\n1,100");
    assert!(bench.typed::<bool>("key.policy.Statement.some(|s| s.Sid == \"Trust444455556666\")"));
    let again = bench.fail("repair.apply(1)");
    assert_eq!(again.code().as_deref(), Some("NoRepair"));
    assert_eq!(
        bench.fail("repair.apply(99)").code().as_deref(),
        Some("NoRepair")
    );
}

#[test]
fn a_caught_failure_has_its_parts() {
    let mut bench = Bench::scene();
    bench.run("key.distrust(role); let f = (); try { job.s3.get_object(\"payroll-data/q1.csv\"); } catch (e) { f = e; }");
    assert_eq!(bench.typed::<i64>("f.status"), 403);
    assert_eq!(bench.typed::<String>("f.decision.verdict"), "implicit-deny");
    assert_eq!(bench.typed::<String>("f.decision.layer"), "resource");
    assert_eq!(bench.typed::<i64>("f.decisions.len()"), 2);
    assert_eq!(bench.typed::<String>("f.model"), "exam");
    assert_eq!(bench.typed::<String>("f.json.code"), "AccessDenied");
    assert_eq!(
        bench.typed::<String>("f.decision.json.action"),
        "kms:Decrypt"
    );
    assert!(
        bench
            .typed::<String>("f.why")
            .contains("key policy of alias/payroll")
    );
    let card = bench.shown("f.decision");
    assert!(
        card.text
            .contains("✗ kms:Decrypt on alias/payroll, by GlueRole"),
        "{}",
        card.text
    );
}

/// What a repair prints as script does what the repair does.
#[test]
fn the_script_of_a_repair_is_the_repair() {
    let mut bench = Bench::scene();
    bench.run("key.distrust(role); let scripts = []; try { job.s3.get_object(\"payroll-data/q1.csv\"); } catch (e) { scripts = e.fix.repairs().map(|r| r.script); }");
    let count: i64 = bench.typed("scripts.len()");
    assert_eq!(count, 2);
    for index in 0..count {
        let mut bench = Bench::scene();
        bench.run("key.distrust(role); let scripts = []; try { job.s3.get_object(\"payroll-data/q1.csv\"); } catch (e) { scripts = e.fix.repairs().map(|r| r.script); }");
        let line: String = bench.typed(&format!("scripts[{index}][0]"));
        bench.run(&line);
        assert_eq!(bench.typed::<String>(READ), "id,amount\n1,100", "{line}");
    }
}
