//! Keys, grants and encrypted objects.

use super::{Bench, READ, assert_narrow};

#[test]
fn the_role_reads_what_it_wrote() {
    let mut bench = Bench::scene();
    assert_eq!(bench.typed::<String>(READ), "id,amount\n1,100");
    assert_eq!(
        bench.typed::<String>("job.s3.get_object(\"payroll-data/q1.csv\").encryption"),
        "SSE-KMS"
    );
    assert_eq!(bench.typed::<i64>("bucket.list(\"q\").len()"), 1);
}

#[test]
fn a_grant_opens_the_key_until_it_is_revoked() {
    let mut bench = Bench::scene();
    bench.run("key.distrust(role); permit(\"UseKey\", [\"kms:GenerateDataKey\"], key);");
    bench.run("let grant = key.grant(role, [\"Decrypt\"], #{ context: #{ \"aws:s3:arn\": bucket.object(\"q1.csv\").arn } });");
    assert_eq!(bench.typed::<String>(READ), "id,amount\n1,100");
    assert_eq!(bench.typed::<i64>("key.grants().len()"), 1);
    assert_eq!(bench.typed::<String>("grant.operations[0]"), "Decrypt");
    bench.run("grant.revoke();");
    assert_eq!(bench.fail(READ).code().as_deref(), Some("AccessDenied"));
}

#[test]
fn old_ciphertext_decrypts_after_a_rotation_and_names_stay() {
    let mut bench = Bench::scene();
    bench.run("let before = [key.arn, key.alias]; let sealed = key.encrypt(\"4711\", #{ purpose: \"pay\" }); key.rotate();");
    assert_eq!(
        bench.typed::<String>("key.decrypt(sealed, #{ purpose: \"pay\" }).text()"),
        "4711"
    );
    assert_eq!(bench.typed::<String>(READ), "id,amount\n1,100");
    assert!(bench.typed::<bool>("before == [key.arn, key.alias]"));
    assert!(bench.typed::<bool>("key.encrypt(\"x\").key_material_id != sealed.key_material_id"));
    assert_eq!(bench.typed::<i64>("key.materials().len()"), 2);
    assert_eq!(
        bench.fail("key.decrypt(sealed)").code().as_deref(),
        Some("InvalidCiphertextException")
    );
}

#[test]
fn a_stored_object_shows_its_envelope() {
    let mut bench = Bench::scene();
    let shown = bench.shown("s3.stored(\"payroll-data/q1.csv\")");
    for part in [
        "0x0478",
        "alias/payroll",
        "126 bytes",
        "aws:s3:arn",
        "never leaves KMS",
        "encrypts",
    ] {
        assert!(
            shown.text.contains(part),
            "`{part}` is not in\n{}",
            shown.text
        );
    }
    assert_narrow(&shown.text);
    assert!(shown.html.unwrap().contains("<svg"));
    assert_eq!(
        bench
            .fail("s3.stored(\"payroll-data/q9.csv\")")
            .code()
            .as_deref(),
        Some("NoSuchKey")
    );
}

#[test]
fn the_envelope_says_who_can_open_it() {
    let mut bench = Bench::new();
    bench.run(
        r#"
        let key = kms.create_key("payroll");
        let bucket = s3.create_bucket("payroll-data", #{ encryption: key });
        bucket.put("dsse", "hello", #{ encryption: "aws:kms:dsse" });
        bucket.put("own", "hello", #{ customer_key: "0123456789abcdef0123456789abcdef" });
        bucket.put("plain", "hello", #{ encryption: "AES256" });
        "#,
    );
    // The message outside is S3's; the one inside is the KMS key's.
    for (name, parts, absent) in [
        (
            "dsse",
            &[
                "S3's own key",
                "opens only within S3",
                "under alias/payroll",
            ][..],
            "never leaves KMS",
        ),
        (
            "own",
            &["the caller's own key", "none is stored", "S3 keeps no copy"],
            "never leaves",
        ),
        (
            "plain",
            &["S3's own key", "opens only within S3", "never leaves S3"],
            "KMS",
        ),
    ] {
        let shown = bench.shown(&format!("s3.stored(\"payroll-data/{name}\")"));
        let text = shown.text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(text.contains(part), "{name}: `{part}` is not in\n{text}");
        }
        assert!(!text.contains(absent), "{name}: `{absent}` is in\n{text}");
        assert_narrow(&shown.text);
    }
}
