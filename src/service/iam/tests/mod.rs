mod entities;
mod policies;
mod simulation;

use crate::service::testing::{Bench, document};
use serde_json::json;

fn managed(bench: &mut Bench, name: &str) -> String {
    let made = bench.ok(
        "iam:CreatePolicy",
        json!({
            "PolicyName": name, "PolicyDocument": document("Allow", json!("s3:GetObject"), "*"),
        }),
    );
    made["Policy"]["Arn"].as_str().unwrap().to_owned()
}
