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

/// What the card of a failing cell says, in one line.
fn card_of(bench: &mut Bench, code: &str) -> String {
    let error = bench.fail(code);
    let card = bench.session.render_error(error.payload().unwrap());
    let text = card.unwrap().text;
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_token_that_ended_is_not_mended_by_assuming_the_role_again() {
    let mut bench = Bench::new();
    bench.run(
        "let issuer = lab.oidc_issuer(\"login.example.com\");
         iam.add_oidc_provider(issuer, \"sts.amazonaws.com\");
         let role = iam.create_role(\"Deploy\", #{ trust: #{ Version: \"2012-10-17\", Statement: [#{
             Effect: \"Allow\", Action: \"sts:AssumeRoleWithWebIdentity\",
             Principal: #{ Federated: \"arn:aws:iam::111122223333:oidc-provider/login.example.com\" },
         }] } });
         let claims = #{ sub: \"me\", aud: \"sts.amazonaws.com\", duration: \"5m\" };
         let token = issuer.token(claims);
         clock.advance(\"1h\");",
    );
    let assume = "sts.assume_role_with_web_identity(role, \"deploy\", token)";
    let card = card_of(&mut bench, assume);
    assert!(card.contains("token has expired"), "{card}");
    assert!(!card.contains("again"), "{card}");
    bench.run("claims.duration = 60; token = issuer.token(claims);");
    bench.run(assume);
    let (_, message) = bench.thrown("claims.duration = []; issuer.token(claims)");
    assert!(message.contains("`duration`"), "{message}");
}

#[test]
fn material_that_is_missing_or_wrong_is_said_to_be_so() {
    let mut bench = Bench::new();
    bench.run(
        "let mine = kms.create_key(\"mine\", #{ origin: \"EXTERNAL\" });
         let bytes = || kms.generate_random(#{ NumberOfBytes: 32 }).Plaintext;
         let material = bytes.call();
         mine.import_material(material, #{ expires_in: \"30d\" });
         let letter = mine.encrypt(\"x\");
         clock.advance(\"31d\");",
    );
    let card = card_of(&mut bench, "mine.decrypt(letter)");
    assert!(card.contains("Import key material into the key"), "{card}");
    let card = card_of(&mut bench, "mine.import_material(bytes.call())");
    assert_eq!(
        card.matches("IncorrectKeyMaterialException").count(),
        1,
        "{card}"
    );
    assert!(card.contains("not what the key expects"), "{card}");
}

#[test]
fn a_replica_is_not_made_under_another_policy_where_the_own_one_cannot_be_read() {
    let mut bench = Bench::new();
    bench.run(
        "let key = kms.create_key(\"global\", #{ multi_region: true });
         let alice = iam.create_user(\"alice\");
         alice.allow([\"kms:ReplicateKey\", \"kms:CreateKey\", \"kms:DescribeKey\"], \"*\");
         key.trust(alice, [\"kms:ReplicateKey\", \"kms:DescribeKey\"]);
         let hers = alice.kms.key(key.arn);",
    );
    let (code, message) = bench.thrown("hers.replicate(\"eu-west-1\")");
    assert_eq!(code, "AccessDeniedException");
    assert!(message.contains("kms:GetKeyPolicy"), "{message}");
    assert_eq!(bench.value("key.replicas().len()").as_int().unwrap(), 0);
}
