//! Who acts: users, sessions of roles, jobs, other accounts.

use super::Bench;

#[test]
fn sessions_expire_on_the_labs_clock_and_are_renewed_in_place() {
    let mut bench = Bench::with_cast();
    bench.run("role.allow(\"s3:CreateBucket\", \"*\"); let copy = session;");
    bench.run("let short = alice.assume(role, #{ duration: \"15m\", session_name: \"audit\" });");
    assert_eq!(bench.value("clock.now").to_string(), "2026-06-01T12:00:00Z");
    assert_eq!(
        bench.value("short.expires").to_string(),
        "2026-06-01T12:15:00Z"
    );
    bench.run("clock.advance(\"15m\")");
    assert!(bench.value("short.is_expired()").as_bool().unwrap());
    assert!(!bench.value("session.is_expired()").as_bool().unwrap());
    bench.run("clock.advance(\"45m\")");
    let (code, _) = bench.thrown("session.s3.create_bucket(#{ Bucket: \"late-data\" })");
    assert_eq!(code, "ExpiredToken");
    assert!(
        bench
            .run("session")
            .contains("✗ expired at 2026-06-01T13:00:00Z")
    );
    bench.run("session.renew(); copy.s3.create_bucket(#{ Bucket: \"late-data\" })");
    assert_eq!(
        bench.value("copy.expires").to_string(),
        "2026-06-01T14:00:00Z"
    );
    bench.run("short.renew()");
    assert!(
        bench
            .value("short.arn")
            .to_string()
            .ends_with("assumed-role/DataRole/audit")
    );
    assert!(bench.thrown("clock.advance(\"soon\")").1.contains("`90d`"));
    assert!(
        bench
            .thrown("clock.advance(-5)")
            .1
            .contains("only runs forward")
    );
}

#[test]
fn a_session_that_cannot_be_renewed_stays_as_it_is() {
    let mut bench = Bench::with_cast();
    bench.run("role.set_trust(\"glue.amazonaws.com\")");
    let before = bench.value("session.credentials.access_key_id").to_string();
    assert_eq!(bench.thrown("session.renew()").0, "AccessDenied");
    assert_eq!(
        bench.value("session.credentials.access_key_id").to_string(),
        before
    );
}

#[test]
fn a_role_that_does_not_trust_glue_is_not_run() {
    let mut bench = Bench::with_cast();
    bench.run("let own = iam.create_role(\"Own\", #{ trust: alice });");
    let error = bench.fail("glue.run_as(own)");
    assert_eq!(error.name(), "AccessDenied");
    assert!(
        error
            .to_string()
            .contains("iam.role(\"Own\").trust(\"glue.amazonaws.com\")"),
        "{error}"
    );
    bench.run(
        "own.trust(\"glue.amazonaws.com\"); own.trust(\"glue.amazonaws.com\"); glue.run_as(own)",
    );
    assert_eq!(
        bench.value("own.trust_policy.Statement.len()").as_int(),
        Ok(2),
        "once is enough"
    );
}

#[test]
fn a_job_runs_as_its_role_whoever_starts_it() {
    let mut bench = Bench::with_cast();
    bench.run("glue.create_job(\"nightly\", role); alice.allow(\"glue:StartJobRun\", \"*\");");
    let arn = bench
        .value("let run = alice.glue.start_job(\"nightly\"); run.arn")
        .to_string();
    assert_eq!(
        arn,
        "arn:aws:sts::111122223333:assumed-role/DataRole/GlueJobRunnerSession"
    );
    assert_eq!(bench.value("run.role.name").to_string(), "DataRole");
    assert_eq!(
        bench.thrown("session.glue.start_job(\"nightly\")").0,
        "AccessDeniedException"
    );
}

#[test]
fn a_user_acts_with_one_key_however_often_it_is_looked_up() {
    let mut bench = Bench::with_cast();
    bench.run("for i in 0..4 { iam.user(\"alice\").sts.get_caller_identity() }");
    let keys = "iam.list_access_keys(#{ UserName: alice }).AccessKeyMetadata.len()";
    assert_eq!(bench.value(keys).as_int(), Ok(1));
    assert_eq!(
        bench.value("alice.whoami().Arn").to_string(),
        "arn:aws:iam::111122223333:user/alice"
    );
}

#[test]
fn other_accounts_have_administrators_and_snapshots_bring_everything_back() {
    let mut bench = Bench::with_cast();
    bench.run("let other = lab.add_account(\"444455556666\"); role.trust(other);");
    let arn = bench
        .value("let guest = other.assume(role); guest.arn")
        .to_string();
    assert!(
        arn.contains("111122223333:assumed-role/DataRole/adminof444455556666"),
        "{arn}"
    );
    bench.run("let before = lab.snapshot(); lab.set_model(\"aws\"); clock.advance(\"1d\"); iam.create_user(\"tmp\")");
    assert_eq!(
        bench.run("lab.accounts()"),
        "[Account 111122223333, Account 444455556666]"
    );
    bench.run("lab.restore(before)");
    assert_eq!(bench.value("lab.model").to_string(), "exam");
    assert_eq!(
        bench.value("clock.now()").to_string(),
        "2026-06-01T12:00:00Z"
    );
    assert_eq!(bench.thrown("iam.user(\"tmp\")").0, "NoSuchEntity");
}

#[test]
fn aws_operations_take_the_objects_by_name_or_arn() {
    let mut bench = Bench::with_cast();
    let found = bench
        .value("iam.get_role(#{ RoleName: role }).Role.RoleName")
        .to_string();
    assert_eq!(found, "DataRole");
    bench.run("iam.attach_user_policy(#{ UserName: alice, PolicyArn: policy })");
    assert_eq!(
        bench.value("alice.policies()[0].name").to_string(),
        "ReadData"
    );
    bench.run("const BOB = iam.create_user(\"bob\"); BOB.allow(\"sts:AssumeRole\", role)");
    bench.run("alice.sts.assume_role(#{ RoleArn: role, RoleSessionName: \"by-hand\" })");
}

#[test]
fn a_user_vouches_for_a_guest() {
    let mut bench = Bench::with_cast();
    bench.run("alice.allow([\"sts:GetFederationToken\", \"s3:CreateBucket\"], \"*\");");
    bench.run("let guest = alice.federate(\"guest\", #{ policies: \"AmazonS3FullAccess\", duration: \"15m\" });");
    assert_eq!(
        bench.value("guest.arn").to_string(),
        "arn:aws:sts::111122223333:federated-user/guest"
    );
    bench.run("guest.s3.create_bucket(#{ Bucket: \"made-by-guest\" })");
    assert!(bench.run("guest").contains("Session of guest"));
    assert!(bench.thrown("guest.role").1.contains("has no role"));
    assert_eq!(bench.thrown("guest.assume(role)").0, "AccessDenied");
    bench.run("clock.advance(\"15m\"); let ended = guest.is_expired(); guest.renew();");
    assert!(bench.value("ended").as_bool().unwrap());
    assert!(!bench.value("guest.is_expired()").as_bool().unwrap());
    bench.run("let bare = alice.federate(\"bare\");");
    assert_eq!(
        bench
            .thrown("bare.s3.create_bucket(#{ Bucket: \"not-made\" })")
            .0,
        "AccessDenied"
    );
}
