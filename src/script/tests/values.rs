use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn is_blob(name: &str) -> bool {
    name == "Plaintext"
}

#[test]
fn blobs_are_base64_only_where_told() {
    let blobs = BlobMembers::matching(&is_blob);
    // "abc" is YWJj in base64: RFC 4648, section 4.
    let json = json!({ "Plaintext": "YWJj", "KeyId": "YWJj", "List": [{ "Plaintext": ["YWJj"] }] });
    let value = from_json(&json, blobs).unwrap();
    let map = value.clone().cast::<rhai::Map>();
    assert_eq!(map["Plaintext"].clone().into_blob().unwrap(), b"abc");
    assert_eq!(map["KeyId"].clone().into_string().unwrap(), "YWJj");
    assert_eq!(to_json(&value, blobs).unwrap(), json);
}

#[test]
fn what_has_no_counterpart_is_named_with_its_place() {
    let mut s = session();
    let blobs = BlobMembers::matching(&is_blob);
    for (code, expected) in [
        ("#{ a: [1, kms] }", "`a[1]` is a `Kms`"),
        ("|x| x", "the value is a `Fn`"),
        ("#{ a: #{ b: blob(1) } }", "`a.b` is binary"),
        ("#{ Plaintext: \"text\" }", "`Plaintext` is text"),
        ("[1.0 / 0.0]", "`[0]` is the number `inf`"),
    ] {
        let value = s.execute("c", code).unwrap().unwrap();
        let error = to_json(&value, blobs).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let error = from_json(&json!({ "Plaintext": "%" }), blobs)
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("`Plaintext` is not base64"), "{error}");
    assert!(from_json(&json!(u64::MAX), blobs).is_err());
}

#[test]
fn depth_is_bounded_both_ways() {
    let mut json = json!(1);
    for _ in 0..MAX_DEPTH {
        json = json!([json]);
    }
    let value = from_json(&json, BlobMembers::none()).unwrap();
    assert_eq!(to_json(&value, BlobMembers::none()).unwrap(), json);
    assert!(matches!(
        from_json(&json!([json]), BlobMembers::none()),
        Err(ValueError::TooDeep { .. })
    ));
    let deeper = Dynamic::from_array(vec![value]);
    assert!(matches!(
        to_json(&deeper, BlobMembers::none()),
        Err(ValueError::TooDeep { .. })
    ));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e300_f64..1e300).prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z:]{1,6}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_survives_the_round_trip(json in any_json()) {
        let value = from_json(&json, BlobMembers::none()).unwrap();
        prop_assert_eq!(to_json(&value, BlobMembers::none()).unwrap(), json);
    }

    #[test]
    fn bytes_survive_the_round_trip(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
        let blobs = BlobMembers::matching(&is_blob);
        let map = rhai::Map::from([("Plaintext".into(), Dynamic::from_blob(bytes.clone()))]);
        let json = to_json(&Dynamic::from_map(map), blobs).unwrap();
        let back = from_json(&json, blobs).unwrap().cast::<rhai::Map>();
        prop_assert_eq!(back["Plaintext"].clone().into_blob().unwrap(), bytes);
    }
}
