//! The policy simulator.

use crate::service::testing::{AWAY, Bench, HOME, document, shape, user_arn};
use serde_json::{Value, json};

/// A document of one statement, whose brace opens in column 40 and closes in column 112.
const RECORDED: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}"#;

fn custom(bench: &mut Bench, input: Value) -> Value {
    bench.ok("iam:SimulateCustomPolicy", input)["EvaluationResults"].clone()
}

fn policy(statements: Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

/// Source: an answer of AWS for this document, recorded for a user, a group and a role.
#[test]
fn the_answer_is_the_recorded_one() {
    let mut bench = Bench::new();
    let made = json!({ "PolicyName": "put", "PolicyDocument": RECORDED });
    let arn = bench.ok("iam:CreatePolicy", made)["Policy"]["Arn"].clone();
    bench.ok("iam:CreateUser", json!({ "UserName": "x" }));
    bench.ok("iam:CreateGroup", json!({ "GroupName": "x" }));
    bench.role("x", json!({ "AWS": HOME }));
    let bucket = "arn:aws:s3:::bucket";
    for (kind, title) in [("user", "User"), ("group", "Group"), ("role", "Role")] {
        let attach = json!({ format!("{title}Name"): "x", "PolicyArn": arn });
        bench.ok(&format!("iam:Attach{title}Policy"), attach);
        let answer = bench.ok(
            "iam:SimulatePrincipalPolicy",
            json!({
                "PolicySourceArn": format!("arn:aws:iam::{HOME}:{kind}/x"),
                "ActionNames": ["s3:PutObject", "s3:GetObjectVersion"], "ResourceArns": [bucket],
            }),
        );
        let matched = json!([{
            "SourcePolicyId": "put", "SourcePolicyType": "IAM Policy",
            "StartPosition": { "Line": 1, "Column": 41 }, "EndPosition": { "Line": 1, "Column": 113 },
        }]);
        let result = |action: &str, decision: &str, matched: Value| {
            json!({
                "EvalActionName": action, "EvalResourceName": bucket, "EvalDecision": decision,
                "EvalDecisionDetails": {}, "MatchedStatements": matched, "MissingContextValues": [],
                "ResourceSpecificResults": [{
                    "EvalResourceName": bucket, "EvalResourceDecision": decision,
                    "MatchedStatements": matched, "MissingContextValues": [],
                }],
            })
        };
        let expected = json!([
            result("s3:PutObject", "allowed", matched),
            result("s3:GetObjectVersion", "implicitDeny", json!([])),
        ]);
        assert_eq!(answer["EvaluationResults"], expected, "{kind}");
    }
}

#[test]
fn a_deny_is_told_alone_and_found_on_its_line() {
    let text = "{\n \"Version\": \"2012-10-17\", \"Statement\": [\n  {\"Effect\": \"Allow\", \
                \"Action\": \"s3:*\", \"Resource\": \"*\"},\n  {\"Effect\": \"Deny\",\n   \
                \"Action\": \"s3:DeleteBucket\", \"Resource\": \"*\"\n  }\n ]\n}";
    let mut bench = Bench::new();
    let input = json!({ "PolicyInputList": [RECORDED, text], "ActionNames": ["s3:DeleteBucket"] });
    let results = custom(&mut bench, input);
    assert_eq!(results[0]["EvalDecision"], "explicitDeny");
    assert_eq!(
        results[0]["MatchedStatements"],
        json!([{
            "SourcePolicyId": "PolicyInputList.2", "SourcePolicyType": "IAM Policy",
            "StartPosition": { "Line": 4, "Column": 4 }, "EndPosition": { "Line": 6, "Column": 4 },
        }])
    );
    assert_eq!(results[0]["ResourceSpecificResults"], json!([]));
}

#[test]
fn missing_context_values_are_told_where_they_belong() {
    let mut bench = Bench::new();
    let text = policy(json!([
        { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:username}",
          "Condition": { "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } } },
        { "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
          "Condition": { "Null": { "kms:ViaService": "false" } } },
    ]));
    let own = "arn:aws:s3:::b/ann";
    let mut simulate = |entries: Value, resources: Value| {
        let input = json!({
            "PolicyInputList": [text], "ActionNames": ["s3:GetObject"],
            "ResourceArns": resources, "ContextEntries": entries,
        });
        custom(&mut bench, input)[0].clone()
    };
    let named = simulate(json!([]), json!([own]));
    assert_eq!(named["EvalDecision"], "implicitDeny");
    assert_eq!(named["MissingContextValues"], json!([]));
    let specific = &named["ResourceSpecificResults"][0];
    assert_eq!(
        specific["MissingContextValues"],
        json!(["aws:username", "aws:SourceIp"])
    );
    let ip = json!({
        "ContextKeyName": "aws:sourceip", "ContextKeyType": "ip", "ContextKeyValues": ["10.1.2.3"],
    });
    let name = json!({
        "ContextKeyName": "aws:username", "ContextKeyType": "string", "ContextKeyValues": ["ann"],
    });
    let known = simulate(json!([ip, name]), json!([own, "arn:aws:s3:::b/bob"]));
    assert_eq!(known["EvalDecision"], "allowed");
    assert_eq!(
        known["ResourceSpecificResults"][0]["MissingContextValues"],
        json!([])
    );
    let everything = simulate(json!([name]), json!([]));
    assert_eq!(everything["EvalResourceName"], "*");
    assert_eq!(everything["MissingContextValues"], json!([]));
}

#[test]
fn a_boundary_is_told_apart() {
    let mut bench = Bench::new();
    bench.ok("iam:CreateUser", json!({ "UserName": "ann" }));
    bench.grant("ann", "Allow", json!("s3:*"), "*");
    let bound = json!({
        "PolicyName": "bound", "PolicyDocument": document("Allow", json!("s3:GetObject"), "*"),
    });
    let arn = bench.ok("iam:CreatePolicy", bound)["Policy"]["Arn"].clone();
    let put = json!({ "UserName": "ann", "PermissionsBoundary": arn });
    bench.ok("iam:PutUserPermissionsBoundary", put);
    let mut simulate = |boundary: Value| {
        let input = json!({
            "PolicySourceArn": user_arn("ann"), "ActionNames": ["s3:GetObject", "s3:PutObject"],
            "PermissionsBoundaryPolicyInputList": boundary,
        });
        let answer = bench.ok("iam:SimulatePrincipalPolicy", input);
        let results = answer["EvaluationResults"].as_array().unwrap().clone();
        let told = results.iter().map(|result| {
            let detail = &result["PermissionsBoundaryDecisionDetail"];
            (
                result["EvalDecision"].clone(),
                detail["AllowedByPermissionsBoundary"].clone(),
            )
        });
        told.collect::<Vec<_>>()
    };
    let allowed = (json!("allowed"), json!(true));
    let bounded = (json!("implicitDeny"), json!(false));
    assert_eq!(simulate(json!([])), [allowed.clone(), bounded.clone()]);
    let other = document("Allow", json!("s3:PutObject"), "*");
    assert_eq!(simulate(json!([other])), [bounded, allowed]);
}

#[test]
fn a_resource_policy_takes_part_with_the_caller() {
    let mut bench = Bench::new();
    let own = user_arn("ann");
    let stranger = format!("arn:aws:iam::{AWAY}:user/eve");
    let mut decide = |caller: &str, identity: &str, owner: Option<&str>| {
        let resource = policy(
            json!([{ "Effect": "Allow", "Principal": { "AWS": [own, stranger] },
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*" }]),
        );
        let input = json!({
            "PolicyInputList": [document("Allow", json!(identity), "*")],
            "ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::b/k"],
            "ResourcePolicy": resource, "CallerArn": caller, "ResourceOwner": owner,
        });
        let result = custom(&mut bench, input)[0].clone();
        let matched = result["MatchedStatements"].as_array().unwrap().clone();
        let sorts = matched.iter().map(|m| m["SourcePolicyType"].clone());
        (result["EvalDecision"].clone(), sorts.collect::<Vec<_>>())
    };
    let resource = vec![json!("Resource Policy")];
    assert_eq!(decide(&own, "kms:*", None), (json!("allowed"), resource));
    let home = format!("arn:aws:iam::{HOME}:root");
    let across = decide(&stranger, "kms:*", Some(&home));
    assert_eq!(across, (json!("implicitDeny"), vec![]));
    let both = vec![json!("IAM Policy"), json!("Resource Policy")];
    let across = decide(&stranger, "s3:*", Some(&home));
    assert_eq!(across, (json!("allowed"), both));
    let nobody = decide(&user_arn("bob"), "kms:*", None);
    assert_eq!(nobody, (json!("implicitDeny"), vec![]));
}

#[test]
fn the_simulator_agrees_with_the_calls_themselves() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    bench.ok("iam:CreateGroup", json!({ "GroupName": "ops" }));
    bench.ok(
        "iam:AddUserToGroup",
        json!({ "GroupName": "ops", "UserName": "ann" }),
    );
    bench.ok(
        "iam:PutGroupPolicy",
        json!({ "GroupName": "ops", "PolicyName": "p",
            "PolicyDocument": document("Allow", json!(["iam:List*", "iam:Get*"]), "*") }),
    );
    bench.grant("ann", "Deny", json!("iam:ListRoles"), "*");
    let mut seen = Vec::new();
    for name in ["ListUsers", "ListRoles", "CreateGroup", "ListGroups"] {
        let input = json!({
            "PolicySourceArn": user_arn("ann"), "ActionNames": [format!("iam:{name}")],
        });
        let answer = bench.ok("iam:SimulatePrincipalPolicy", input);
        let decision = answer["EvaluationResults"][0]["EvalDecision"].clone();
        let input = match name {
            "CreateGroup" => json!({ "GroupName": "new" }),
            _ => json!({}),
        };
        let real = bench.call(&ann, &format!("iam:{name}"), input);
        assert_eq!(decision == "allowed", real.is_ok(), "{name}: {decision}");
        seen.push(decision);
    }
    assert_eq!(seen, ["allowed", "explicitDeny", "implicitDeny", "allowed"]);
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let mut bench = Bench::new();
    let good = document("Allow", json!("s3:*"), "*");
    for (extra, code) in [
        (json!({ "ActionNames": [] }), "ValidationError"),
        (json!({ "ActionNames": ["s3:Get*"] }), "ValidationError"),
        (json!({ "ActionNames": ["GetObject"] }), "ValidationError"),
        (json!({ "PolicyInputList": ["{"] }), "InvalidInput"),
        (
            json!({ "ResourcePolicy": "{", "CallerArn": user_arn("ann") }),
            "InvalidInput",
        ),
        (json!({ "ResourcePolicy": good }), "InvalidInput"),
        (json!({ "CallerArn": "ann" }), "ValidationError"),
        (
            json!({ "CallerArn": format!("arn:aws:iam::{HOME}:role/r") }),
            "ValidationError",
        ),
        (json!({ "ResourceOwner": "somebody" }), "ValidationError"),
        (
            json!({ "PermissionsBoundaryPolicyInputList": [good, good] }),
            "ValidationError",
        ),
        (
            json!({ "ContextEntries": [{ "ContextKeyName": "aws:x", "ContextKeyType": "text",
                "ContextKeyValues": ["a"] }] }),
            "ValidationError",
        ),
        (
            json!({ "ContextEntries": [{ "ContextKeyName": "aws:x", "ContextKeyType": "string",
                "ContextKeyValues": ["a", "b"] }] }),
            "ValidationError",
        ),
    ] {
        let mut input = json!({ "PolicyInputList": [good], "ActionNames": ["s3:GetObject"] });
        let members = input.as_object_mut().unwrap();
        members.extend(extra.as_object().unwrap().clone());
        let error = bench.fails("iam:SimulateCustomPolicy", input);
        assert_eq!((error.code.as_str(), error.status), (code, 400), "{extra}");
    }
    let bob = bench.user("bob");
    let error = bench
        .call(
            &bob,
            "iam:SimulatePrincipalPolicy",
            json!({ "PolicySourceArn": user_arn("bob"), "ActionNames": ["s3:GetObject"] }),
        )
        .unwrap_err();
    assert_eq!(
        shape(&error),
        (
            "AccessDenied",
            403,
            "User: arn:aws:iam::111122223333:user/bob is not authorized to perform: \
             iam:SimulatePrincipalPolicy on resource: arn:aws:iam::111122223333:user/bob because \
             no identity-based policy allows the iam:SimulatePrincipalPolicy action"
        )
    );
}
