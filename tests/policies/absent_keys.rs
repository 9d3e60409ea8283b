//! Condition operators against absent, empty and multivalued keys.
//!
//! Expected values: IAM User Guide, "Condition operators" and "Single-valued
//! vs. multivalued context keys".

use keychai::policy::{Policy, PolicyKind, Principal, Request, RequestContext};
use serde_json::{Value, json};

/// What the key `lab:key` is in the request.
#[derive(Clone, Copy, Debug)]
enum Key {
    Absent,
    Empty,
    One(&'static str),
    Many(&'static [&'static str]),
}

fn holds(operator: &str, values: &Value, key: Key) -> bool {
    let mut context = RequestContext::new();
    match key {
        Key::Absent => &mut context,
        Key::Empty => context.set_many::<&str>("lab:key", []),
        Key::One(value) => context.set("LAB:Key", value),
        Key::Many(values) => context.set_many("lab:KEY", values.iter().copied()),
    };
    let text = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {operator: {"lab:key": values}},
    }});
    let policy = Policy::parse(PolicyKind::Managed, &text.to_string()).unwrap();
    let caller = Principal::anonymous();
    let request = Request::new("s3:GetObject", "*", &caller, &context);
    policy.statements()[0].matches(&request).is_some()
}

fn check(rows: &[(&str, Value, Key, bool)]) {
    for (operator, values, key, expected) in rows {
        assert_eq!(
            holds(operator, values, *key),
            *expected,
            "{operator} {values} on {key:?}"
        );
    }
}

/// Every operator but `Null`, whether it is negated, a value, and a request's value equal to it.
const OPERATORS: [(&str, bool, &str, &str); 26] = [
    ("StringEquals", false, "a", "a"),
    ("StringNotEquals", true, "a", "a"),
    ("StringEqualsIgnoreCase", false, "a", "A"),
    ("StringNotEqualsIgnoreCase", true, "a", "A"),
    ("StringLike", false, "a*", "ab"),
    ("StringNotLike", true, "a*", "ab"),
    ("NumericEquals", false, "1", "1.0"),
    ("NumericNotEquals", true, "1", "1.0"),
    ("NumericLessThan", false, "2", "1"),
    ("NumericLessThanEquals", false, "2", "2"),
    ("NumericGreaterThan", false, "2", "3"),
    ("NumericGreaterThanEquals", false, "2", "2"),
    ("DateEquals", false, "2026-06-01T12:00:00Z", "1780315200"),
    ("DateNotEquals", true, "2026-06-01T12:00:00Z", "1780315200"),
    ("DateLessThan", false, "2026-06-01", "2026-05-31"),
    ("DateLessThanEquals", false, "2026-06-01", "2026-06-01"),
    ("DateGreaterThan", false, "2026-06-01", "2026-06-02"),
    ("DateGreaterThanEquals", false, "2026-06-01", "2026-06-01"),
    ("Bool", false, "true", "true"),
    ("BinaryEquals", false, "QmluYXJ5", "QmluYXJ5"),
    ("IpAddress", false, "203.0.113.0/24", "203.0.113.7"),
    ("NotIpAddress", true, "203.0.113.0/24", "203.0.113.7"),
    ("ArnEquals", false, "arn:aws:s3:::b*", "arn:aws:s3:::bucket"),
    (
        "ArnNotEquals",
        true,
        "arn:aws:s3:::b*",
        "arn:aws:s3:::bucket",
    ),
    ("ArnLike", false, "arn:aws:s3:::b*", "arn:aws:s3:::bucket"),
    ("ArnNotLike", true, "arn:aws:s3:::b*", "arn:aws:s3:::bucket"),
];

#[test]
fn the_table_of_absent_keys_holds_for_every_operator() {
    for (operator, negated, value, _) in OPERATORS {
        check(&[
            (operator, json!(value), Key::Absent, negated),
            (
                &format!("{operator}IfExists"),
                json!(value),
                Key::Absent,
                true,
            ),
            (
                &format!("ForAllValues:{operator}"),
                json!(value),
                Key::Absent,
                true,
            ),
            (
                &format!("ForAnyValue:{operator}"),
                json!(value),
                Key::Absent,
                false,
            ),
            (
                &format!("ForAnyValue:{operator}IfExists"),
                json!(value),
                Key::Absent,
                true,
            ),
            (
                &format!("ForAllValues:{operator}"),
                json!(value),
                Key::Empty,
                true,
            ),
            (
                &format!("ForAnyValue:{operator}"),
                json!(value),
                Key::Empty,
                false,
            ),
        ]);
    }
}

#[test]
fn equal_values_meet_an_operator_and_fail_its_negation() {
    for (operator, negated, value, equal) in OPERATORS {
        check(
            &[
                (operator, json!(value), Key::One(equal), !negated),
                (
                    &format!("{operator}IfExists"),
                    json!(value),
                    Key::One(equal),
                    !negated,
                ),
                (operator, json!(["!", value]), Key::One(equal), !negated),
                (operator, json!([]), Key::One(equal), negated),
            ]
            // An unreadable date is refused on writing, so it cannot stand in the list.
            .map(|row| {
                match operator.starts_with("Date") && row.1 == json!(["!", value]) {
                    true => (row.0, json!([value]), row.2, row.3),
                    false => row,
                }
            }),
        );
    }
}

#[test]
fn a_multivalued_key_without_a_set_prefix_never_matches() {
    for (operator, _, value, _) in OPERATORS {
        check(&[
            (operator, json!(value), Key::Many(&["a"]), false),
            (
                &format!("{operator}IfExists"),
                json!(value),
                Key::Many(&["a"]),
                false,
            ),
        ]);
    }
}

#[test]
fn null_asks_for_presence_alone() {
    for (wanted, if_absent) in [("true", true), ("false", false)] {
        check(&[
            ("Null", json!(wanted), Key::Absent, if_absent),
            ("Null", json!(wanted), Key::Empty, if_absent),
            ("Null", json!(wanted), Key::One(""), !if_absent),
            ("Null", json!(wanted), Key::Many(&["a"]), !if_absent),
        ]);
    }
    check(&[
        ("Null", json!(true), Key::Absent, true),
        ("Null", json!(["true", "false"]), Key::Absent, true),
    ]);
}

#[test]
fn set_prefixes_quantify_over_the_values_of_the_request() {
    let two = Key::Many(&["a", "b"]);
    check(&[
        (
            "ForAllValues:StringEquals",
            json!(["a", "b", "c"]),
            two,
            true,
        ),
        ("ForAllValues:StringEquals", json!(["a"]), two, false),
        ("ForAnyValue:StringEquals", json!(["b", "c"]), two, true),
        ("ForAnyValue:StringEquals", json!("c"), two, false),
        ("ForAnyValue:StringNotEquals", json!(["a"]), two, true),
        ("ForAnyValue:StringNotEquals", json!(["a", "b"]), two, false),
        ("ForAllValues:StringNotEquals", json!(["c"]), two, true),
        ("ForAllValues:StringNotEquals", json!(["a"]), two, false),
        ("ForAllValues:StringEquals", json!("a"), Key::One("a"), true),
        ("ForAnyValue:StringEquals", json!("b"), Key::One("a"), false),
    ]);
}

#[test]
fn comparisons_read_values_as_their_kind() {
    check(&[
        ("StringEquals", json!("a*"), Key::One("ab"), false),
        ("StringLike", json!("A*"), Key::One("ab"), false),
        ("NumericLessThanEquals", json!(10), Key::One("9.99"), true),
        ("NumericLessThan", json!("10"), Key::One("nine"), false),
        ("NumericNotEquals", json!("10"), Key::One("ten"), true),
        (
            "NumericGreaterThan",
            json!("18446744073709551615"),
            Key::One("18446744073709551616"),
            true,
        ),
        (
            "DateGreaterThan",
            json!("2026-06-01T00:00:00Z"),
            Key::One("2026-06-01T00:00:01Z"),
            true,
        ),
        (
            "DateLessThan",
            json!("2026-06-01T00:00:00Z"),
            Key::One("soon"),
            false,
        ),
        ("Bool", json!(true), Key::One("TRUE"), true),
        ("Bool", json!("true"), Key::One("yes"), false),
        (
            "BinaryEquals",
            json!("QmluYXJ5"),
            Key::One("QmluYXJ6"),
            false,
        ),
        (
            "IpAddress",
            json!("2001:db8::/32"),
            Key::One("2001:DB8:0:1::7"),
            true,
        ),
        (
            "NotIpAddress",
            json!("10.0.0.0/8"),
            Key::One("not an address"),
            true,
        ),
        (
            "ArnLike",
            json!("arn:aws:s3:::*"),
            Key::One("bucket"),
            false,
        ),
        ("ArnLike", json!("*"), Key::One("arn:aws:s3:::bucket"), true),
        (
            "ArnNotLike",
            json!("arn:aws:s3:::*"),
            Key::One("bucket"),
            true,
        ),
        (
            "ArnEquals",
            json!("arn:aws:iam::*:role/*"),
            Key::One("arn:aws:iam::111122223333:role/a/b"),
            true,
        ),
    ]);
}
