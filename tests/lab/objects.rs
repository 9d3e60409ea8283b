//! S3: who may read and write, and what each answer says.

use keychai::api::ApiError;
use keychai::state::credential::Credentials;
use serde_json::{Value, json};

use crate::bench::{AWAY, Bench, blob, document, shape, user_arn};

pub fn get(bench: &mut Bench, who: &Credentials, key: &str) -> Result<Value, ApiError> {
    bench.call(
        who,
        "s3:GetObject",
        json!({ "Bucket": "first", "Key": key }),
    )
}

pub fn head(bench: &mut Bench, who: &Credentials, key: &str) -> Result<Value, ApiError> {
    bench.call(
        who,
        "s3:HeadObject",
        json!({ "Bucket": "first", "Key": key }),
    )
}

pub fn bucket_policy(bench: &mut Bench, statements: Value) {
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    bench.ok(
        "s3:PutBucketPolicy",
        json!({ "Bucket": "first", "Policy": policy }),
    );
}

#[test]
fn who_may_not_list_is_not_told_that_an_object_is_missing() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    bench.bucket("first");
    bench.allow("ann", json!("s3:GetObject"));
    let error = get(&mut bench, &ann, "none").unwrap_err();
    let text = format!(
        "User: {} is not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::first\" because no \
         identity-based policy allows the s3:ListBucket action",
        user_arn("ann")
    );
    assert_eq!(shape(&error), ("AccessDenied", 403, text.as_str()));
    assert_eq!(
        shape(&head(&mut bench, &ann, "none").unwrap_err()),
        ("403", 403, "Forbidden")
    );
    bench.allow("ann", json!(["s3:GetObject", "s3:ListBucket"]));
    let error = get(&mut bench, &ann, "none").unwrap_err();
    assert_eq!(
        shape(&error),
        ("NoSuchKey", 404, "The specified key does not exist.")
    );
    assert_eq!(
        shape(&head(&mut bench, &ann, "none").unwrap_err()),
        ("404", 404, "Not Found")
    );
}

#[test]
fn permission_is_judged_before_existence() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    bench.bucket("first");
    bench.allow("ann", json!("s3:ListBucket"));
    let error = get(&mut bench, &ann, "none").unwrap_err();
    assert_eq!(&*error.decision.unwrap().action, "s3:GetObject");
    let error = bench
        .call(
            &ann,
            "s3:GetObject",
            json!({ "Bucket": "second", "Key": "k" }),
        )
        .unwrap_err();
    assert_eq!(
        shape(&error),
        ("NoSuchBucket", 404, "The specified bucket does not exist")
    );
}

#[test]
fn the_tag_is_the_digest_of_the_body_for_sse_s3_alone() {
    // RFC 1321, appendix A.5.
    const ALPHABET: &str = "\"c3fcd3d76192e4007dfb496cca67e13b\"";
    let mut bench = Bench::new();
    let (admin, key) = (bench.admin.clone(), bench.key());
    bench.bucket("first");
    let body = "abcdefghijklmnopqrstuvwxyz";
    assert_eq!(
        bench.put(&admin, "first", "a", body).unwrap()["ETag"],
        ALPHABET
    );
    assert_eq!(head(&mut bench, &admin, "a").unwrap()["ETag"], ALPHABET);
    bench.encrypt_bucket("first", &key);
    let (one, two) = (
        bench.put(&admin, "first", "b", body).unwrap(),
        bench.put(&admin, "first", "c", body).unwrap(),
    );
    assert_ne!(one["ETag"], ALPHABET);
    assert_ne!(one["ETag"], two["ETag"]);
    assert_eq!(get(&mut bench, &admin, "b").unwrap()["ETag"], one["ETag"]);
}

#[test]
fn ranges_of_a_large_object_are_the_bytes_they_name() {
    let mut bench = Bench::new();
    let (admin, key) = (bench.admin.clone(), bench.key());
    bench.bucket_under("first", &key);
    let body: String = (0..50_000).map(|n| format!("{n:05}")).collect();
    bench.put(&admin, "first", "k", &body).unwrap();
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=65530-65545", 65_530, 65_546),
        ("bytes=131072-", 131_072, 250_000),
        ("bytes=-7", 249_993, 250_000),
        ("bytes=249999-999999", 249_999, 250_000),
        ("bytes=-999999", 0, 250_000),
    ] {
        let answer = bench.ok(
            "s3:GetObject",
            json!({ "Bucket": "first", "Key": "k", "Range": range }),
        );
        assert_eq!(answer["Body"], blob(&body[from..to]), "{range}");
        assert_eq!(
            answer["ContentRange"],
            format!("bytes {from}-{}/250000", to - 1),
            "{range}"
        );
        assert_eq!(answer["ContentLength"], to - from, "{range}");
    }
    let error = bench.fails(
        "s3:GetObject",
        json!({ "Bucket": "first", "Key": "k", "Range": "bytes=250000-" }),
    );
    assert_eq!((error.code.as_str(), error.status), ("InvalidRange", 416));
}

fn keys_of(page: &Value) -> (Vec<String>, Vec<String>) {
    let texts = |list: &str, member: &str| {
        page[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e[member].as_str().unwrap().to_owned())
            .collect()
    };
    (texts("Contents", "Key"), texts("CommonPrefixes", "Prefix"))
}

#[test]
fn lists_have_prefixes_delimiters_and_pages() {
    let mut bench = Bench::new();
    let admin = bench.admin.clone();
    bench.bucket("first");
    for key in ["a", "b/1", "b/2", "b/c/3", "d/4", "e"] {
        bench.put(&admin, "first", key, "x").unwrap();
    }
    let mut list = |extra: Value| {
        let mut input = json!({ "Bucket": "first" });
        input
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        bench.ok("s3:ListObjectsV2", input)
    };
    let strings = |keys: &[&str]| -> Vec<String> { keys.iter().map(|k| (*k).to_owned()).collect() };
    let page = list(json!({}));
    assert_eq!(
        keys_of(&page),
        (
            strings(&["a", "b/1", "b/2", "b/c/3", "d/4", "e"]),
            Vec::new()
        )
    );
    assert_eq!(
        (&page["KeyCount"], &page["MaxKeys"], &page["IsTruncated"]),
        (&json!(6), &json!(1000), &json!(false))
    );
    assert_eq!(
        keys_of(&list(json!({ "Delimiter": "/" }))),
        (strings(&["a", "e"]), strings(&["b/", "d/"]))
    );
    assert_eq!(
        keys_of(&list(json!({ "Prefix": "b/", "Delimiter": "/" }))),
        (strings(&["b/1", "b/2"]), strings(&["b/c/"]))
    );
    assert_eq!(
        keys_of(&list(json!({ "Prefix": "none" }))),
        (Vec::new(), Vec::new())
    );
    assert_eq!(
        keys_of(&list(json!({ "StartAfter": "b/2" }))),
        (strings(&["b/c/3", "d/4", "e"]), Vec::new())
    );
    for (size, delimiter, expected) in [
        (2, Value::Null, 6),
        (1, json!("/"), 4),
        (3, json!("/"), 4),
        (1, Value::Null, 6),
    ] {
        let (mut seen, mut token) = (Vec::new(), Value::Null);
        loop {
            let page = list(
                json!({ "MaxKeys": size, "Delimiter": delimiter, "ContinuationToken": token }),
            );
            let (keys, prefixes) = keys_of(&page);
            assert_eq!(page["KeyCount"], keys.len() + prefixes.len());
            assert!(keys.len() + prefixes.len() <= size);
            seen.extend(keys);
            seen.extend(prefixes);
            token = page["NextContinuationToken"].clone();
            assert_eq!(page["IsTruncated"], !token.is_null());
            if token.is_null() {
                break;
            }
        }
        seen.sort_unstable();
        let whole = seen.len();
        seen.dedup();
        assert_eq!(
            (whole, seen.len()),
            (expected, expected),
            "pages of {size} by {delimiter}: {seen:?}"
        );
    }
    let page = list(json!({ "MaxKeys": 0 }));
    assert_eq!(
        (&page["KeyCount"], &page["IsTruncated"]),
        (&json!(0), &json!(false))
    );
}

#[test]
fn listing_may_be_limited_to_a_prefix() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    bench.bucket("first");
    let document = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::first",
        "Condition": { "StringLike": { "s3:prefix": "ann/*" } },
    }]});
    bench.ok(
        "iam:PutUserPolicy",
        json!({ "UserName": "ann", "PolicyName": "p", "PolicyDocument": document.to_string() }),
    );
    bench.ok_as(
        &ann,
        "s3:ListObjectsV2",
        json!({ "Bucket": "first", "Prefix": "ann/x" }),
    );
    bench
        .call(
            &ann,
            "s3:ListObjectsV2",
            json!({ "Bucket": "first", "Prefix": "ben/" }),
        )
        .unwrap_err();
    bench
        .call(&ann, "s3:ListObjectsV2", json!({ "Bucket": "first" }))
        .unwrap_err();
}

#[test]
fn a_bucket_policy_allows_its_own_account_and_a_deny_in_it_beats_every_allow() {
    let mut bench = Bench::new();
    let (admin, ann) = (bench.admin.clone(), bench.user("ann"));
    bench.bucket("first");
    bench.put(&admin, "first", "k", "x").unwrap();
    let statement = |effect: &str, principal: Value| json!({ "Effect": effect, "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::first/*" });
    let by_name = json!({ "AWS": user_arn("ann") });
    get(&mut bench, &ann, "k").unwrap_err();
    bucket_policy(&mut bench, json!([statement("Allow", by_name.clone())]));
    get(&mut bench, &ann, "k").unwrap();
    bucket_policy(
        &mut bench,
        json!([
            statement("Allow", by_name.clone()),
            statement("Deny", by_name)
        ]),
    );
    bench.allow("ann", json!("s3:*"));
    let error = get(&mut bench, &ann, "k").unwrap_err();
    let text = format!(
        "User: {} is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::first/k\" with an explicit \
         deny in a resource-based policy",
        user_arn("ann")
    );
    assert_eq!(shape(&error), ("AccessDenied", 403, text.as_str()));
    bucket_policy(&mut bench, json!([statement("Deny", json!("*"))]));
    get(&mut bench, &admin, "k").unwrap_err();
    bench.ok("s3:DeleteBucketPolicy", json!({ "Bucket": "first" }));
    get(&mut bench, &admin, "k").unwrap();
}

#[test]
fn another_account_needs_all_four_allows() {
    let mut bench = Bench::new();
    let (admin, away) = (bench.admin.clone(), bench.away.clone());
    let zoe = bench.user_of(&away, "zoe");
    let arn = format!("arn:aws:iam::{AWAY}:user/zoe");
    let key = bench.key_with(&[]);
    bench.bucket_under("first", &key);
    bench.put(&admin, "first", "k", "x").unwrap();
    let mut allowed = Vec::new();
    let trusted = crate::bench::allow_on_key(&arn, json!("kms:Decrypt"));
    type Step<'a> = Box<dyn Fn(&mut Bench) + 'a>;
    let own = |name: &'static str, action: &'static str| -> Step<'_> {
        let away = away.clone();
        Box::new(move |bench| {
            let input = json!({ "UserName": "zoe", "PolicyName": name, "PolicyDocument": document("Allow", json!(action), json!("*")) });
            bench.ok_as(&away, "iam:PutUserPolicy", input);
        })
    };
    let steps: [Step<'_>; 4] = [
        own("s3", "s3:GetObject"),
        Box::new(|bench| {
            let statement = json!({ "Effect": "Allow", "Principal": { "AWS": arn }, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::first/*" });
            bucket_policy(bench, json!([statement]));
        }),
        own("kms", "kms:Decrypt"),
        Box::new(|bench| bench.set_key_policy(&key, std::slice::from_ref(&trusted))),
    ];
    for left_out in 0..=steps.len() {
        let mut fork = Bench {
            lab: bench.lab.fork(),
            ..Bench::new()
        };
        for (number, step) in steps.iter().enumerate() {
            if number != left_out {
                step(&mut fork);
            }
        }
        let read = get(&mut fork, &zoe, "k");
        if let Err(error) = &read {
            assert_eq!(
                shape(error),
                ("AccessDenied", 403, "Access Denied"),
                "without {left_out}"
            );
        }
        allowed.push(read.is_ok());
    }
    assert_eq!(allowed, [false, false, false, false, true]);
}
