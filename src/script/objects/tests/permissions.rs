//! What users, groups and roles may do, and what they hold when they are deleted.

use super::{Bench, STORE};

#[test]
fn a_permission_taken_away_is_missed_and_the_rest_stays() {
    let mut bench = Bench::new();
    bench.run(STORE);
    let put =
        "job.s3.put_object(#{ Bucket: \"payroll-data\", Key: \"q1.csv\", Body: \"x\".to_blob() })";
    let get = "job.s3.get_object(#{ Bucket: \"payroll-data\", Key: \"q1.csv\" })";
    bench.run(put);
    bench.run(get);
    bench.run("role.remove(\"kms:Decrypt\")");
    assert_eq!(bench.thrown(get).0, "AccessDenied");
    bench.run(put);
    assert_eq!(
        bench
            .value("role.policy(\"UseKey\").Statement[0].Action")
            .to_string(),
        "kms:GenerateDataKey"
    );
    assert_eq!(
        bench
            .value("trail.where(#{ outcome: \"denied\", service: \"kms\" }).count()")
            .as_int(),
        Ok(1)
    );
    bench.run("role.remove(\"kms:GenerateDataKey\")");
    assert_eq!(
        bench.value("role.policies().len()").as_int(),
        Ok(1),
        "an empty policy is deleted"
    );
}

#[test]
fn what_a_wildcard_or_a_managed_policy_grants_is_not_half_removed() {
    let mut bench = Bench::with_cast();
    bench.run("alice.allow(\"kms:Decrypt\", \"*\", #{ name: \"One\" }).allow(\"kms:*\", \"*\", #{ name: \"All\" })");
    let (code, text) = bench.thrown("alice.remove(\"kms:Decrypt\")");
    assert_eq!(code, "StillGranted");
    assert!(text.contains("`kms:*` in policy `All`"), "{text}");
    assert_eq!(
        bench
            .value("alice.policy(\"One\").Statement[0].Action")
            .to_string(),
        "kms:Decrypt"
    );
    bench.run("alice.remove(\"kms:*\"); group.attach(\"AdministratorAccess\").add(alice)");
    let (_, text) = bench.thrown("alice.remove(\"kms:Decrypt\")");
    assert!(
        text.contains("managed policy `AdministratorAccess`"),
        "{text}"
    );
    let (_, text) =
        bench.thrown("role.allow(\"s3:GetObject\", \"*\"); role.remove(\"s3:GetObjct\")");
    assert!(text.contains("did you mean `s3:GetObject`?"), "{text}");
}

#[test]
fn each_statement_is_a_policy_with_a_readable_name_of_its_own() {
    let mut bench = Bench::with_cast();
    bench.run("role.allow(\"s3:GetObject\", \"*\").allow(\"s3:GetObject\", \"arn:aws:s3:::b/*\").deny([\"kms:*\", \"iam:*\"], [role, [alice]])");
    let names = bench.run("role.policies().map(|p| p.name)");
    assert_eq!(
        names,
        "[\"Allow-s3-GetObject\", \"Allow-s3-GetObject-2\", \"Deny-kms-All+1\"]"
    );
    assert_eq!(
        bench.run("role.policy(\"Deny-kms-All+1\").Statement[0].Resource"),
        "[\n    \"arn:aws:iam::111122223333:role/DataRole\",\n    \"arn:aws:iam::111122223333:user/alice\"\n]"
    );
    bench.run("role.allow(\"s3:PutObject\", \"*\", #{ name: \"W\", sid: \"Put\", condition: #{ Bool: #{ \"aws:SecureTransport\": \"true\" } } })");
    assert_eq!(
        bench
            .value("role.policy(\"W\").Statement[0].Sid")
            .to_string(),
        "Put"
    );
    let condition =
        bench.value("role.policy(\"W\").Statement[0].Condition.Bool[\"aws:SecureTransport\"]");
    assert_eq!(condition.to_string(), "true");
}

#[test]
fn deletion_asks_for_order_unless_told_to_clear_up() {
    let mut bench = Bench::with_cast();
    bench.run("alice.allow(\"s3:*\", \"*\").attach(policy); group.add(alice);");
    assert_eq!(bench.thrown("alice.delete()").0, "DeleteConflict");
    bench.run("alice.delete_all()");
    assert_eq!(bench.run("iam.users().map(|u| u.name)"), "[\"admin\"]");
    assert!(bench.run("alice").contains("✗ deleted"));
    assert_eq!(bench.thrown("alice.kms").0, "NoSuchEntity");
}

#[test]
fn a_failed_clearing_up_leaves_everything_in_place() {
    let mut bench = Bench::with_cast();
    bench.run(
        "role.allow(\"s3:*\", \"*\");
         alice.allow([\"iam:GetRole\", \"iam:DeleteRolePolicy\"], \"*\");
         let theirs = alice.iam.role(\"DataRole\");",
    );
    assert_eq!(bench.thrown("theirs.delete_all()").0, "AccessDenied");
    assert_eq!(bench.value("role.policies().len()").as_int(), Ok(1));
}

#[test]
fn a_name_that_was_nearly_right_is_told_beside_the_denial() {
    let mut bench = Bench::new();
    bench.run(STORE);
    bench.run(
        "role.remove(\"s3:GetObject\"); role.allow(\"s3:GetObjects\", \"*\", #{ name: \"Read\" });",
    );
    bench.run(
        "job.s3.put_object(#{ Bucket: \"payroll-data\", Key: \"q1.csv\", Body: \"x\".to_blob() })",
    );
    let get = "job.s3.get_object(#{ Bucket: \"payroll-data\", Key: \"q1.csv\" })";
    let hint =
        "Read allows `s3:GetObjects`, which is no action of S3; did you mean `s3:GetObject`?";
    let why = bench
        .value(&format!(
            "let w = (); try {{ {get} }} catch (e) {{ w = e.why; }} w"
        ))
        .to_string();
    assert!(why.ends_with(hint), "{why}");
    let list = "job.s3.list_objects_v2(#{ Bucket: \"payroll-data\" })";
    let why = bench
        .value(&format!(
            "let w = (); try {{ {list} }} catch (e) {{ w = e.why; }} w"
        ))
        .to_string();
    assert!(!why.contains("did you mean"), "{why}");
    bench.run("role.allow(\"s3:ListObjectsV2\", \"*\", #{ name: \"List\" })");
    let why = bench
        .value(&format!(
            "let w = (); try {{ {list} }} catch (e) {{ w = e.why; }} w"
        ))
        .to_string();
    assert!(why.ends_with("did you mean `s3:ListBucket`?"), "{why}");
}

#[test]
fn a_key_trusts_a_role_again_after_it_was_made_anew() {
    let mut bench = Bench::new();
    bench.run("let key = kms.create_key(\"pay\"); let role = iam.create_role(\"R\", #{ trust: \"glue.amazonaws.com\" }); key.trust(role);");
    bench.run("role.delete();");
    let shown = bench.value("key.policy.to_json()").to_string();
    assert!(
        shown.contains("AROA") && !shown.contains("role/R"),
        "{shown}"
    );
    bench.run(
        "let role = iam.create_role(\"R\", #{ trust: \"glue.amazonaws.com\" }); key.trust(role);",
    );
    let shown = bench.value("key.policy.to_json()").to_string();
    assert!(
        !shown.contains("AROA") && shown.contains("role/R"),
        "{shown}"
    );
}

#[test]
fn documents_are_linted_as_maps_and_as_text() {
    let mut bench = Bench::with_cast();
    let document = "#{ Version: \"2012-10-17\", Statement: #{ Effect: \"Allow\", Action: \"kms:Decrpyt\", Resource: \"*\" } }";
    let found = bench.run(&format!("let found = lint({document}); found"));
    assert!(found.starts_with("✗ 1 error\n"), "{found}");
    assert_eq!(
        bench.value("found.list[0].suggestion").to_string(),
        "did you mean `kms:Decrypt`?"
    );
    super::assert_narrow(&found);
    assert_eq!(bench.value("found.errors").as_int(), Ok(1));
    assert_eq!(bench.value("found.warnings").as_int(), Ok(0));
    assert_eq!(
        bench.value("found.list[0].code").to_string(),
        "unknown-action"
    );
    assert!(
        bench
            .value("found.text")
            .to_string()
            .contains("^ error[unknown-action]")
    );
    assert_eq!(
        bench.run("policy.lint()"),
        "✓ nothing to say against this policy\n"
    );
    let text =
        "`{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"kms:*\"}}`";
    assert_eq!(
        bench.value(&format!("lint({text}).list.len()")).as_int(),
        Ok(3)
    );
}

#[test]
fn what_cannot_be_linted_is_refused_with_the_reason() {
    let mut bench = Bench::new();
    let (code, text) = bench.thrown("lint(\"{\")");
    assert_eq!(code, "MalformedPolicyDocument");
    assert!(text.contains("Syntax errors in policy."), "{text}");
    let (code, text) = bench.thrown("lint(#{}, \"buckt\")");
    assert_eq!(code, "WrongValue");
    assert!(
        text.contains("no kind of policy") && text.contains("bucket"),
        "{text}"
    );
    assert_eq!(bench.thrown("lint(5)").0, "WrongType");
}
