//! How long all 2^16 combinations of a download take on one thread, and a plain call.
//!
//! `cargo bench --bench scenarios`
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)]

use std::time::Instant;

use keychai::authz::Model;
use keychai::base::Arn;
use keychai::lab::scenario::{Experiment as _, Switch, matrix, ready};

fn main() {
    let role = Arn::parse("arn:aws:iam::111122223333:role/GlueRole").unwrap();
    let mut scenario = ready::build("failure", Model::Exam).unwrap().unwrap();
    let denied = [
        "kms:Decrypt",
        "s3:GetObject",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:ListBucket",
        "iam:PassRole",
        "kms:CreateGrant",
        "glue:StartJobRun",
    ];
    for action in denied {
        scenario = scenario.with(Switch::no_deny(&role, action));
    }
    scenario = scenario.with(Switch::boundary(&role, "kms:Decrypt"));
    scenario = scenario.with(Switch::model(Model::Exam));
    const CALLS: u32 = 2000;
    let start = Instant::now();
    for _ in 0..CALLS {
        let _ = scenario.work(&mut scenario.lab().fork(), &[0; 16]);
    }
    let plain = start.elapsed() / CALLS;
    let start = Instant::now();
    let found = matrix("download", &scenario, scenario.lab(), &|_| ()).unwrap();
    let whole = start.elapsed();
    let each = whole / u32::try_from(found.coverage.run).unwrap();
    println!("plain call {plain:?}");
    println!(
        "{} combinations {whole:?}, each {each:?}",
        found.coverage.run
    );
    println!("rule: {}", found.rule.unwrap().words);
}
