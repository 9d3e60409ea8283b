//! A call and its judgement agree, whatever the policies.

use keychai::api::{AccessRequest, Service, Target, View, authenticate, judge};
use keychai::authz::Model;
use keychai::base::Arn;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bench::{Bench, HOME, blob, key_policy, user_arn};

fn statement() -> impl Strategy<Value = Value> {
    let action = prop::sample::select(vec!["kms:Encrypt", "kms:Enc*", "kms:*", "kms:Decrypt"]);
    (prop::sample::select(vec!["Allow", "Allow", "Deny"]), action)
        .prop_map(|(effect, action)| json!({ "Effect": effect, "Action": action, "Resource": "*" }))
}

fn on_key() -> impl Strategy<Value = Value> {
    let principal = prop::sample::select(vec![
        user_arn("ann"),
        user_arn("ben"),
        format!("arn:aws:iam::{HOME}:root"),
    ]);
    (statement(), principal).prop_map(|(mut statement, principal)| {
        statement["Principal"] = json!({ "AWS": principal });
        statement
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn judging_agrees_with_calling(
        own in prop::collection::vec(statement(), 1..3),
        key in prop::collection::vec(on_key(), 0..3),
        granted in any::<bool>(),
        model in prop::sample::select(vec![Model::Exam, Model::Aws]),
    ) {
        let mut bench = Bench::with(model, 7);
        let ann = bench.user("ann");
        bench.user("ben");
        let document = json!({ "Version": "2012-10-17", "Statement": own }).to_string();
        bench.ok("iam:PutUserPolicy", json!({ "UserName": "ann", "PolicyName": "p", "PolicyDocument": document }));
        let made = bench.key_with(&[]);
        if granted {
            bench.ok("kms:CreateGrant", json!({ "KeyId": made, "GranteePrincipal": user_arn("ann"), "Operations": ["Encrypt"] }));
        }
        // A denied account denies its administrator too, so the lockout check is skipped.
        let input = json!({ "KeyId": made, "Policy": key_policy(&key), "BypassPolicyLockoutSafetyCheck": true });
        bench.ok("kms:PutKeyPolicy", input);
        let judged = {
            let cloud = bench.lab.cloud();
            let now = bench.lab.now();
            let caller = authenticate(cloud, &ann, Service::Kms, now).unwrap();
            let view = View { cloud, caller: &caller, region: &cloud.region, endpoint: None, now };
            let found = cloud.key_by_arn(&Arn::parse(&made).unwrap()).unwrap();
            judge(&view, &AccessRequest::new("kms:Encrypt", Target::key(cloud, found)))
        };
        let answer = bench.call(&ann, "kms:Encrypt", json!({ "KeyId": made, "Plaintext": blob("x") }));
        prop_assert_eq!(answer.is_ok(), judged.is_allow());
        if let Err(error) = answer {
            let decision = error.decision.unwrap();
            prop_assert_eq!((decision.verdict, decision.decisive), (judged.verdict, judged.decisive));
        }
    }
}
