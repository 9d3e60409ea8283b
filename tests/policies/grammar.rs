//! Matching of actions, resources and variables, and refusals on writing.
//!
//! Expected values: IAM User Guide, "IAM JSON policy elements" pages and
//! "Variables and tags"; messages as the services answer.

use keychai::policy::{
    Outcome, Policy, PolicyBuilder, PolicyError, PolicyKind, Principal, Request, RequestContext,
    StatementDraft,
};
use serde_json::{Value, json};

fn matches(statement: Value, action: &str, resource: &str) -> bool {
    let document = json!({"Version": "2012-10-17", "Statement": statement});
    let policy = Policy::load(PolicyKind::Inline, &document.to_string()).unwrap();
    let caller = Principal::anonymous();
    let mut context = RequestContext::new();
    context
        .set("aws:username", "al*ce")
        .set("aws:PrincipalTag/team", "blue")
        .set_many("aws:TagKeys", ["blue"]);
    let request = Request::new(action, resource, &caller, &context);
    policy.statements()[0].matches(&request).is_some()
}

#[test]
fn actions_ignore_case_and_keep_a_literal_service() {
    for (pattern, action, expected) in [
        ("s3:GetObject", "s3:getobject", true),
        ("S3:Get*", "s3:GetObject", true),
        ("s3:Get*", "s3:PutObject", false),
        ("s3:Ge?Object", "s3:GetObject", true),
        ("s3:Ge?Object", "s3:GeObject", false),
        ("s3:*Object", "S3:GETOBJECT", true),
        ("s3:*", "s3express:CreateSession", false),
        ("*", "kms:Decrypt", true),
        ("*:Decrypt", "kms:Decrypt", false),
        ("k?s:Decrypt", "kms:Decrypt", false),
        ("kms*", "kms:Decrypt", false),
        ("s3:GetÖ*", "s3:Get", false),
    ] {
        let statement = json!({"Effect": "Allow", "Action": pattern, "Resource": "*"});
        assert_eq!(
            matches(statement, action, "*"),
            expected,
            "{pattern} {action}"
        );
        let opposite = json!({"Effect": "Allow", "NotAction": [pattern], "Resource": "*"});
        assert_eq!(
            matches(opposite, action, "*"),
            !expected,
            "not {pattern} {action}"
        );
    }
}

#[test]
fn resources_match_part_by_part() {
    let key = "arn:aws:kms:us-east-1:111122223333:key/1234";
    for (pattern, resource, expected) in [
        ("*", "*", true),
        ("*", key, true),
        (key, key, true),
        ("arn:aws:kms:*:111122223333:key/*", key, true),
        ("arn:aws:kms:us-*:*:key/????", key, true),
        ("arn:aws:kms:us-*:key/*", key, false),
        ("arn:aws:*:us-east-1:111122223333:key/1234", key, false),
        ("arn:aws:kms:us-east-1:111122223333:KEY/1234", key, false),
        ("arn:aws:kms:*", key, true),
        ("arn:aws:kms", key, true),
        ("arn:aws:kms:*:*:*", "*", false),
        ("arn:aws:s3:::b", "arn:aws:s3:::b/x", false),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", false),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y:z", true),
        ("arn:aws:s3:::*/x", "arn:aws:s3:::b/a/x", true),
        ("arn:aws:s3", "arn:aws:s3:::b", false),
        ("b/x", "b/x", false),
        (
            "arn:aws:s3:::b/${aws:username}",
            "arn:aws:s3:::b/al*ce",
            true,
        ),
        (
            "arn:aws:s3:::b/${aws:username}",
            "arn:aws:s3:::b/alice",
            false,
        ),
        (
            "arn:aws:s3:::b/${aws:PrincipalTag/TEAM}/*",
            "arn:aws:s3:::b/blue/x",
            true,
        ),
        (
            "arn:aws:s3:::b/${aws:PrincipalTag/cost, 'none'}",
            "arn:aws:s3:::b/none",
            true,
        ),
        (
            "arn:aws:s3:::b/${aws:PrincipalTag/cost}",
            "arn:aws:s3:::b/none",
            false,
        ),
        (
            "arn:aws:s3:::b/${aws:TagKeys}",
            "arn:aws:s3:::b/blue",
            false,
        ),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x", false),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", true),
        (
            "arn:aws:sns:us-east-1:${aws:PrincipalTag/team}:t",
            "arn:aws:sns:us-east-1:blue:t",
            false,
        ),
    ] {
        let statement = json!({"Effect": "Allow", "Action": "*", "Resource": [pattern]});
        assert_eq!(
            matches(statement, "s3:GetObject", resource),
            expected,
            "{pattern} {resource}"
        );
        let opposite = json!({"Effect": "Deny", "Action": "*", "NotResource": pattern});
        assert_eq!(
            matches(opposite, "s3:GetObject", resource),
            !expected,
            "not {pattern}"
        );
    }
}

#[test]
fn variables_in_conditions_count_for_text_and_arns_only() {
    for (operator, key, value, expected) in [
        ("StringEquals", "aws:username", "${aws:username}", true),
        ("StringEquals", "aws:username", "al${*}ce", true),
        ("StringEquals", "aws:PrincipalTag/team", "b${*}", false),
        ("StringLike", "aws:PrincipalTag/team", "b${*}", false),
        (
            "StringLike",
            "aws:PrincipalTag/team",
            "b*${aws:PrincipalTag/x, 'e'}",
            true,
        ),
        (
            "StringEqualsIgnoreCase",
            "aws:username",
            "AL*${lab:none, 'CE'}",
            true,
        ),
        ("StringEquals", "aws:username", "${lab:none}", false),
        ("StringNotEquals", "aws:username", "${lab:none}", true),
        ("ArnNotLike", "aws:username", "${lab:none}", true),
        ("NumericEquals", "aws:username", "${aws:username}", false),
    ] {
        let statement = json!({
            "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {operator: {key: value}},
        });
        assert_eq!(
            matches(statement, "s3:GetObject", "*"),
            expected,
            "{operator} {value}"
        );
    }
}

#[test]
fn a_key_policy_statement_without_resource_or_action_is_stored_and_dead() {
    for statement in [
        json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*"}),
        json!({"Effect": "Allow", "Principal": "*", "Resource": "*"}),
    ] {
        let text = json!({"Statement": statement}).to_string();
        let policy = Policy::parse(PolicyKind::Key, &text).unwrap();
        let (caller, context) = (Principal::anonymous(), RequestContext::new());
        let request = Request::new("kms:Decrypt", "*", &caller, &context);
        let statement = &policy.statements()[0];
        assert_eq!(statement.matches(&request), None);
        assert!(
            statement
                .explain(&request)
                .iter()
                .any(|c| c.outcome == Outcome::Missing)
        );
    }
}

fn refusal(kind: PolicyKind, statement: Value) -> PolicyError {
    let document = json!({"Version": "2012-10-17", "Statement": statement});
    Policy::parse(kind, &document.to_string()).unwrap_err()
}

#[test]
fn each_cause_has_its_message() {
    let allow = |mut members: Value| {
        members["Effect"] = json!("Allow");
        for (name, value) in [("Action", "s3:GetObject"), ("Resource", "*")] {
            if members.get(name).is_none() && members.get(format!("Not{name}")).is_none() {
                members[name] = json!(value);
            }
        }
        members
    };
    for (statement, message) in [
        (json!([]), "Syntax errors in policy."),
        (json!(["x"]), "Syntax errors in policy."),
        (
            allow(json!({"NotAction": "a:b", "Action": "a:b"})),
            "Syntax errors in policy.",
        ),
        (allow(json!({"Sid": 5})), "Syntax errors in policy."),
        (allow(json!({"Action": 5})), "Syntax errors in policy."),
        (
            allow(json!({"Condition": {"StringEquals": {"a:b": {}}}})),
            "Syntax errors in policy.",
        ),
        (
            allow(json!({"Condition": {"StringEquals": {"a:b": null}}})),
            "Syntax errors in policy.",
        ),
        (
            allow(json!({"Condition": {"NullIfExists": {"a:b": true}}})),
            "Syntax errors in policy.",
        ),
        (
            json!({"Action": "*", "Resource": "*"}),
            "Syntax errors in policy.",
        ),
        (
            allow(json!({"Condition": {"DateLessThan": {"a:b": "soon"}}})),
            "The policy failed legacy parsing",
        ),
        (
            allow(json!({"Resource": "arn:aws:s3:bucket"})),
            "The policy failed legacy parsing",
        ),
        (
            allow(json!({"Action": []})),
            "Policy statement must contain actions.",
        ),
        (
            allow(json!({"Resource": []})),
            "Policy statement must contain resources.",
        ),
        (
            allow(json!({"Action": "s3:a:b"})),
            "Actions/Condition can contain only one colon.",
        ),
        (
            allow(json!({"Action": "s 3:Get"})),
            "Vendor s 3 is not valid",
        ),
        (allow(json!({"Action": "*:Get"})), "Vendor * is not valid"),
        (
            allow(json!({"NotAction": ["*", "Get"]})),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            allow(json!({"NotResource": "b/x"})),
            "Resource b/x must be in ARN format or \"*\".",
        ),
        (
            allow(json!({"Resource": "arn:aws-moon:kms:::x"})),
            "Partition \"aws-moon\" is not valid for resource \"arn:aws-moon:kms:::x\".",
        ),
    ] {
        let error = refusal(PolicyKind::Managed, statement.clone());
        assert_eq!(error.message(), message, "{statement}");
        assert_eq!(
            (error.code(), error.http_status()),
            ("MalformedPolicyDocument", 400)
        );
    }
}

#[test]
fn other_kinds_answer_in_their_own_words() {
    for (kind, text, message) in [
        (
            PolicyKind::Session,
            "{",
            "The policy is not in the valid JSON format.",
        ),
        (PolicyKind::Trust, "[", "This policy contains invalid Json"),
        (PolicyKind::Inline, "", "Syntax errors in policy."),
        (
            PolicyKind::Bucket,
            "[]",
            "Policies must be valid JSON and the first byte must be '{'",
        ),
        (
            PolicyKind::Bucket,
            "{\"Version\": \"2012-10-17\"}",
            "Missing required field Statement",
        ),
        (
            PolicyKind::Inline,
            "{\"Version\": \"2013-10-17\", \"Statement\": {}}",
            "Syntax errors in policy.",
        ),
        (
            PolicyKind::Inline,
            "{\"Statement\": {}, \"Statement\": {}}",
            "Syntax errors in policy.",
        ),
    ] {
        assert_eq!(
            Policy::parse(kind, text).unwrap_err().message(),
            message,
            "{kind} {text}"
        );
    }
    let old = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}).to_string();
    Policy::parse(PolicyKind::Inline, &old).unwrap();
    assert!(Policy::parse(PolicyKind::Managed, &old).is_err());
    let wildcard = json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/*"}, "Action": "kms:*", "Resource": "*"});
    let error = refusal(PolicyKind::Key, wildcard);
    assert!(error.hint().unwrap().contains("aws:PrincipalArn"));
    let sids = json!([
        {"Sid": "a b", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"},
        {"Sid": "a b", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"},
    ]);
    let text = json!({"Statement": sids}).to_string();
    Policy::parse(PolicyKind::Key, &text).unwrap();
}

#[test]
fn an_error_shows_the_place_and_what_was_meant() {
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\n    \"Effect\": \"Allow\",\n    \"Actions\": \"s3:*\",\n    \"Resource\": \"*\"\n  }]\n}";
    let error = Policy::parse(PolicyKind::Managed, text).unwrap_err();
    assert_eq!((error.line(), error.column()), (5, 5));
    assert_eq!(
        error.to_string(),
        "Syntax errors in policy. (managed policy, line 5, column 5: unknown element `Actions`; did you mean `Action`?)"
    );
    assert_eq!(
        error.excerpt(),
        "  5 |     \"Actions\": \"s3:*\",\n    |     ^ unknown element `Actions`\n    = did you mean `Action`?"
    );
    let operator = text.replace(
        "\"Resource\": \"*\"",
        "\"Resource\": \"*\", \"Condition\": {\"StringEqual\": {\"aws:username\": \"ann\"}}",
    );
    let error =
        Policy::parse(PolicyKind::Managed, &operator.replace("Actions", "Action")).unwrap_err();
    assert_eq!(error.hint(), Some("did you mean `StringEquals`?"));
}

#[test]
fn an_explanation_names_the_value_that_did_not_match() {
    let text = PolicyBuilder::new()
        .statement(
            StatementDraft::allow()
                .sid("UseKey")
                .actions(["kms:Decrypt", "kms:Encrypt"])
                .resource("arn:aws:kms:us-east-1:111122223333:key/1")
                .condition(
                    keychai::policy::Operator::parse("StringEquals").unwrap(),
                    "kms:ViaService",
                    ["s3.us-east-1.amazonaws.com"],
                ),
        )
        .build(PolicyKind::Inline)
        .unwrap();
    let (caller, context) = (Principal::anonymous(), RequestContext::new());
    let request = Request::new(
        "kms:decrypt",
        "arn:aws:kms:us-east-1:111122223333:key/2",
        &caller,
        &context,
    );
    let clauses = text.statements()[0].explain(&request);
    assert_eq!(
        serde_json::to_value(clauses).unwrap(),
        json!([
            {"element": "Action", "outcome": "matched", "wanted": ["kms:Decrypt", "kms:Encrypt"],
             "found": "kms:decrypt", "because": "kms:Decrypt"},
            {"element": "Resource", "outcome": "not-matched",
             "wanted": ["arn:aws:kms:us-east-1:111122223333:key/1"],
             "found": "arn:aws:kms:us-east-1:111122223333:key/2"},
            {"element": "Condition", "operator": "StringEquals", "key": "kms:ViaService",
             "outcome": "key-absent", "wanted": ["s3.us-east-1.amazonaws.com"]},
        ])
    );
    assert_eq!(text.statements()[0].label(0), "UseKey");
    assert_eq!(text.statements()[0].place().line, 4);
}
