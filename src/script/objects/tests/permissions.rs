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
