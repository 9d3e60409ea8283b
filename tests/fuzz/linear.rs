//! Documents at the limit of size, in shapes that cost the square of it wherever
//! a reader goes back to what it has read.
//!
//! Nothing here looks at a clock: each took minutes, or more memory than there
//! is, when its reader was quadratic, and now passes with the others. What a
//! pattern costs is counted in steps, in `base::glob`.

use std::fmt::Write as _;

use keychai::base::UniqueId;
use keychai::policy::{Policy, PolicyKind, Principal, Request, RequestContext, Resolution};
use serde_json::{Value, json};

/// As many copies of `piece` as leave room for the rest of a document.
fn filled(piece: &str) -> String {
    piece.repeat((Policy::MAX_BYTES - 1000) / piece.len())
}

fn statement(more: Value) -> String {
    let mut statement = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
    let members = more.as_object().unwrap().clone();
    statement.as_object_mut().unwrap().extend(members);
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

fn asked(document: &str, resource: &str) -> bool {
    let policy = Policy::parse(PolicyKind::Managed, document).unwrap();
    let caller = Principal::anonymous();
    let mut context = RequestContext::new();
    context.set("s3:prefix", "a".repeat(2000));
    let request = Request::new("s3:GetObject", resource, &caller, &context);
    policy.statements()[0].matches(&request).is_some()
}

#[test]
fn variables_that_never_close() {
    for piece in ["${", "${a", "${a,'", "${a, ", "$", "${*", "${${"] {
        let text = format!("arn:aws:s3:::{}", filled(piece));
        assert!(
            !asked(&statement(json!({"Resource": text})), "arn:aws:s3:::b"),
            "{piece}"
        );
        let condition = json!({"StringLike": {"s3:prefix": filled(piece)}});
        assert!(
            !asked(&statement(json!({"Condition": condition})), "*"),
            "{piece}"
        );
    }
}

#[test]
fn patterns_as_long_as_a_document() {
    for piece in ["*", "?*", "*a?", "a", "*aaaaaaab"] {
        let condition = json!({"StringNotLike": {"s3:prefix": [filled(piece), "x"]}});
        let all = piece == "*";
        assert_eq!(
            asked(&statement(json!({"Condition": condition})), "*"),
            !all,
            "{piece}"
        );
    }
}

#[test]
fn members_and_statements_without_end() {
    let mut keys = String::new();
    for n in 0..40_000 {
        write!(keys, "\"k:{n}\":\"v\",").unwrap();
    }
    let condition = format!("{{\"StringEquals\":{{{keys}\"k:0\":1}}}}");
    let document = statement(json!({"Condition": 0}))
        .replace("\"Condition\":0", &format!("\"Condition\":{condition}"));
    let error = Policy::parse(PolicyKind::Managed, &document).unwrap_err();
    assert!(
        error.detail().contains("`k:0` stands here a second time"),
        "{error}"
    );

    let each = "{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"*\"},\n";
    let statements = filled(each);
    let document = format!(
        "{{\"Version\":\"2012-10-17\",\"Statement\":[{}]}}",
        statements.trim_end_matches(",\n")
    );
    let policy = Policy::parse(PolicyKind::Managed, &document).unwrap();
    let last = policy.statements().last().unwrap();
    assert_eq!(last.place().line as usize, policy.statements().len());
}

#[test]
fn a_label_of_half_a_document_with_many_entries() {
    let label = format!("\\u0041{}", "A".repeat(Policy::MAX_BYTES / 2));
    let entries = "\"\",".repeat(100_000);
    let document = format!(
        "{{\"Statement\":{{\"Effect\":\"Allow\",\"Principal\":{{\"{label}\":[{}]}},\"Action\":\"a:b\",\"Resource\":\"*\"}}}}",
        entries.trim_end_matches(',')
    );
    let error = Policy::parse(PolicyKind::Bucket, &document).unwrap_err();
    assert_eq!(error.message(), "Invalid principal in policy");
}

#[test]
fn a_name_of_a_whole_document_resembles_nothing() {
    let document = format!("{{\"{}\":1}}", filled("Statement"));
    let error = Policy::parse(PolicyKind::Managed, &document).unwrap_err();
    assert_eq!(error.hint(), None);
}

#[test]
fn principals_that_are_all_gone() {
    let users: Vec<String> = (0..20_000)
        .map(|n| format!("arn:aws:iam::111122223333:user/u{n}"))
        .collect();
    let document = json!({"Statement": {"Effect": "Allow", "Principal": {"AWS": users},
        "Action": "s3:*", "Resource": "*"}});
    let policy = Policy::parse(PolicyKind::Bucket, &document.to_string()).unwrap();
    let mut next = 0;
    let bound = policy
        .bind(&mut |_| {
            next += 1;
            Resolution::Id(UniqueId::parse(&format!("AIDAEXAMPLE{next:09}")).unwrap())
        })
        .unwrap();
    let shown = bound.shown(&|_| false).unwrap();
    assert_eq!(
        shown["Statement"]["Principal"]["AWS"][19_999],
        "AIDAEXAMPLE000020000"
    );
}

#[test]
fn nesting_is_refused_at_any_depth() {
    for piece in ["[", "{\"a\":", "[[{\"Statement\":"] {
        let error = Policy::parse(PolicyKind::Managed, &filled(piece)).unwrap_err();
        assert!(error.detail().contains("nested deeper"), "{error}");
    }
}
