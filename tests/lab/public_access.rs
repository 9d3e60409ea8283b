//! Block Public Access decides calls: who still gets in, and how it is explained.

use serde_json::json;

use crate::bench::Bench;

/// A bucket that is open to everyone, with one object.
fn open_bucket() -> Bench {
    let mut bench = Bench::new();
    bench.bucket("first");
    bench.ok("s3:PutObject", json!({ "Bucket": "first", "Key": "k" }));
    bench.ok("s3:DeletePublicAccessBlock", json!({ "Bucket": "first" }));
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::first/*",
    }] });
    let input = json!({ "Bucket": "first", "Policy": policy.to_string() });
    bench.ok("s3:PutBucketPolicy", input);
    bench
}

fn restrict(bench: &mut Bench) {
    bench.ok(
        "s3:PutPublicAccessBlock",
        json!({
            "Bucket": "first",
            "PublicAccessBlockConfiguration": { "RestrictPublicBuckets": true },
        }),
    );
}

/// Source: S3 User Guide, "Blocking public access to your Amazon S3 storage".
#[test]
fn a_restricted_public_bucket_is_open_to_its_own_account_alone() {
    let mut bench = open_bucket();
    let (ann, away) = (bench.user("ann"), bench.away.clone());
    let input = json!({ "Bucket": "first", "Key": "k" });
    for who in [&ann, &away] {
        bench.ok_as(who, "s3:GetObject", input.clone());
    }
    restrict(&mut bench);
    bench.ok_as(&ann, "s3:GetObject", input.clone());
    let error = bench
        .call(&away, "s3:GetObject", input.clone())
        .unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("AccessDenied", 403));
    bench.ok("s3:DeletePublicAccessBlock", json!({ "Bucket": "first" }));
    bench.ok_as(&away, "s3:GetObject", input);
}

/// Setting the block does not look at the policy that there is.
#[test]
fn blocking_new_policies_leaves_the_old_one_in_force() {
    let mut bench = open_bucket();
    bench.ok(
        "s3:PutPublicAccessBlock",
        json!({
            "Bucket": "first",
            "PublicAccessBlockConfiguration": { "BlockPublicPolicy": true },
        }),
    );
    let away = bench.away.clone();
    bench.ok_as(
        &away,
        "s3:GetObject",
        json!({ "Bucket": "first", "Key": "k" }),
    );
}
