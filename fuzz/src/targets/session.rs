//! What people type and send: cells, and the input of operations.

use std::rc::Rc;

use keychai::api::Service;
use keychai::base::AccountId;
use keychai::lab::{Lab, LabOptions};
use keychai::script::objects::LabObjects;
use keychai::script::{Captured, Session, SessionOptions};
use serde_json::{Value, json};

use super::text;

thread_local! {
    static LAB: Lab = furnished();
    static SESSION: Session = Session::new(
        SessionOptions::new(Rc::new(Captured::default()))
            .with(LabObjects::new(LAB.with(Lab::fork)).extension()),
    );
}

/// A cell, whole or half typed: it is judged, completed and inspected at every cursor.
pub fn script(bytes: &[u8]) {
    let Some(code) = text(bytes) else { return };
    SESSION.with(|session| {
        session.is_complete(code);
        for cursor in [0, code.len() / 2, code.len(), code.len() + 1] {
            let found = session.complete(code, cursor);
            assert!(found.start <= found.end && found.end <= code.len());
            assert!(code.get(found.start..found.end).is_some());
            session.inspect(code, cursor);
        }
    });
}

/// `service:Operation` in the first line, its input as JSON in the rest: an
/// answer or an error with AWS's code, and one event of it, or none where there
/// is no such operation.
pub fn operation(bytes: &[u8]) {
    let Some((name, input)) = text(bytes).and_then(|t| t.split_once('\n')) else {
        return;
    };
    let Some((service, operation)) = name.split_once(':') else {
        return;
    };
    let Ok(service) = service.parse::<Service>() else {
        return;
    };
    let Ok(input) = serde_json::from_str::<Value>(input) else {
        return;
    };
    LAB.with(|lab| {
        let mut lab = lab.fork();
        let admin = lab.admin().unwrap().clone();
        if let Err(error) = lab.call(&admin, service, operation, input).result {
            assert!(!error.code.is_empty() && (400..600).contains(&error.status));
        }
    });
}

/// A lab with a key, a bucket, an object, a user and a role, the same in every run.
fn furnished() -> Lab {
    let mut lab = Lab::new(&LabOptions {
        seed: Some(3),
        ..LabOptions::default()
    })
    .unwrap();
    let home: AccountId = lab.home().clone();
    let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}});
    for (service, operation, input) in [
        (Service::Kms, "CreateKey", json!({})),
        (
            Service::S3,
            "CreateBucket",
            json!({"Bucket": "payroll-data"}),
        ),
        (
            Service::S3,
            "PutObject",
            json!({"Bucket": "payroll-data", "Key": "q1.csv", "Body": "aWQ="}),
        ),
        (Service::Iam, "CreateUser", json!({"UserName": "alice"})),
        (
            Service::Iam,
            "CreateRole",
            json!({"RoleName": "Glue", "AssumeRolePolicyDocument": trust.to_string()}),
        ),
    ] {
        lab.call_as_admin(&home, service, operation, input).unwrap();
    }
    let key = lab.cloud().keys.keys().next().unwrap().id.to_string();
    let alias = json!({"AliasName": "alias/payroll", "TargetKeyId": key});
    lab.call_as_admin(&home, Service::Kms, "CreateAlias", alias)
        .unwrap();
    lab
}
