use serde_json::json;

use super::{HOST, run_session};
use crate::base::AccountId;
use crate::service::testing::{Bench, HOME, document, role_arn, shape};
use crate::state::compute::RegionalName;
use crate::state::credential::Credentials;

fn job(name: &str) -> serde_json::Value {
    json!({ "Name": name, "Role": "etl", "Command": { "Name": "glueetl" } })
}

fn run(bench: &mut Bench, who: &Credentials) -> Result<Credentials, crate::api::ApiError> {
    let run = bench.call(who, "glue:StartJobRun", json!({ "JobName": "nightly" }))?;
    let place = RegionalName {
        account: AccountId::parse(HOME).unwrap(),
        region: bench.cloud.region.clone(),
        name: "nightly".to_owned(),
    };
    let id = run["JobRunId"].as_str().unwrap().to_owned();
    assert!(id.starts_with("jr_"));
    run_session(&mut bench.cloud, &mut bench.effects, &place, &id)
}

#[test]
fn making_a_job_needs_pass_role_to_glue() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.role("etl", json!({ "Service": HOST }));
    bench.grant("alice", "Allow", json!("glue:*"), "*");
    let error = bench
        .call(&alice, "glue:CreateJob", job("nightly"))
        .unwrap_err();
    let text = format!(
        "User: arn:aws:iam::{HOME}:user/alice is not authorized to perform: iam:PassRole on \
         resource: {} because no identity-based policy allows the iam:PassRole action",
        role_arn("etl")
    );
    assert_eq!(shape(&error), ("AccessDeniedException", 400, text.as_str()));
    let pass = |service: &str| {
        json!({
            "UserName": "alice", "PolicyName": "pass",
            "PolicyDocument": json!({ "Version": "2012-10-17", "Statement": {
                "Effect": "Allow", "Action": "iam:PassRole", "Resource": role_arn("etl"),
                "Condition": { "StringEquals": { "iam:PassedToService": service } },
            }}).to_string(),
        })
    };
    bench.ok("iam:PutUserPolicy", pass("lambda.amazonaws.com"));
    assert!(
        bench
            .call(&alice, "glue:CreateJob", job("nightly"))
            .is_err()
    );
    bench.ok("iam:PutUserPolicy", pass(HOST));
    bench
        .call(&alice, "glue:CreateJob", job("nightly"))
        .unwrap();
    let shown = bench
        .call(&alice, "glue:GetJob", json!({ "JobName": "nightly" }))
        .unwrap();
    assert_eq!(shown["Job"]["Role"], role_arn("etl"));
}

#[test]
fn the_role_must_trust_glue() {
    let mut bench = Bench::new();
    bench.role("etl", json!({ "Service": "ec2.amazonaws.com" }));
    let error = bench.fails("glue:CreateJob", job("nightly"));
    let text = format!(
        "Role {} should be given assume role permissions for Glue Service.",
        role_arn("etl")
    );
    assert_eq!(shape(&error), ("InvalidInputException", 400, text.as_str()));
    let error = bench.fails("glue:StartJobRun", json!({ "JobName": "nightly" }));
    assert_eq!(error.code, "EntityNotFoundException");
}

#[test]
fn a_run_acts_as_the_role_whoever_started_it() {
    let mut bench = Bench::new();
    let alice = bench.user("alice");
    bench.role("etl", json!({ "Service": HOST }));
    bench.ok(
        "iam:PutRolePolicy",
        json!({
            "RoleName": "etl", "PolicyName": "p",
            "PolicyDocument": document("Allow", json!("iam:ListUsers"), "*"),
        }),
    );
    bench.ok("glue:CreateJob", job("nightly"));
    assert!(run(&mut bench, &alice).unwrap_err().is_denial());
    bench.grant("alice", "Allow", json!("glue:StartJobRun"), "*");
    let session = run(&mut bench, &alice).unwrap();

    let event = bench.last_event();
    assert_eq!(event.event_name, "AssumeRole");
    assert_eq!(
        event.user_identity,
        json!({ "type": "AWSService", "invokedBy": HOST })
    );
    assert_eq!(event.source_ip_address, HOST);
    assert_eq!(
        event.request_parameters["roleSessionName"],
        "GlueJobRunnerSession"
    );
    let secret = session.secret_access_key.reveal();
    assert!(!serde_json::to_string(&event).unwrap().contains(secret));

    let me = bench
        .call(&session, "sts:GetCallerIdentity", json!({}))
        .unwrap();
    let arn = format!("arn:aws:sts::{HOME}:assumed-role/etl/GlueJobRunnerSession");
    assert_eq!(me["Arn"], arn);
    bench.call(&session, "iam:ListUsers", json!({})).unwrap();
    assert!(bench.call(&alice, "iam:ListUsers", json!({})).is_err());
}

#[test]
fn a_role_that_no_longer_trusts_glue_fails_the_run() {
    let mut bench = Bench::new();
    let root = bench.root.clone();
    bench.role("etl", json!({ "Service": HOST }));
    bench.ok("glue:CreateJob", job("nightly"));
    bench.ok("iam:DeleteRole", json!({ "RoleName": "etl" }));
    bench.role("etl", json!({ "Service": "ec2.amazonaws.com" }));
    let keys = bench.cloud.credentials.size();
    let error = run(&mut bench, &root).unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("AccessDenied", 403));
    assert_eq!(
        bench.last_event().error_code.as_deref(),
        Some("AccessDenied")
    );
    assert_eq!(bench.cloud.credentials.size(), keys);
}
