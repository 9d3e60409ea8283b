//! What scripts get wrong, and that nothing is half made.

use super::Bench;

#[test]
fn an_unknown_option_is_named_and_nothing_is_made() {
    let mut bench = Bench::with_cast();
    let events = bench.value("trail.count()").as_int();
    for (code, said) in [
        (
            "iam.create_role(\"R\", #{ trsut: \"glue.amazonaws.com\" })",
            "`create_role` has no option `trsut`",
        ),
        (
            "iam.create_role(\"R\", #{ trsut: \"glue.amazonaws.com\" })",
            "did you mean `trust`?",
        ),
        (
            "iam.create_user(\"u\", #{ tgas: #{} })",
            "did you mean `tags`?",
        ),
        (
            "iam.create_role(\"R\", #{ max_session: \"2h\" })",
            "say who may assume `R`",
        ),
        (
            "iam.create_role(\"R\", #{ trust: #{ a: 1 } })",
            "say who may assume the role",
        ),
        (
            "iam.create_role(\"R\", #{ trust: alice, max_session: [] })",
            "option `max_session` should be a length of time",
        ),
        (
            "alice.assume(role, #{ duration: \"a while\" })",
            "`a while` is not a length of time",
        ),
        (
            "alice.allow(\"s3:GetObject\", \"*\", #{ nme: \"x\" })",
            "did you mean `name`?",
        ),
        ("alice.allow([], \"*\")", "at least one action"),
        (
            "alice.allow(1, \"*\")",
            "an action should be text or an object of the lab, not a `int`",
        ),
        (
            "trail.where(#{ name: \"Decript\" })",
            "did you mean `Decrypt`?",
        ),
        (
            "trail.where(#{ outcome: \"denid\" })",
            "did you mean `denied`?",
        ),
        (
            "trail.where(#{ service: \"dynamo\" })",
            "`dynamo` is not a service",
        ),
        ("lab.set_model(\"exams\")", "use `exam` or `aws`"),
        ("lab.account(\"444455556666\")", "no account 444455556666"),
        ("lab.add_account(\"12\")", "`12`"),
    ] {
        let (_, text) = bench.thrown(code);
        assert!(text.contains(said), "{code}\n{text}");
    }
    assert_eq!(
        bench.value("trail.count()").as_int(),
        events,
        "no call was made"
    );
    assert_eq!(
        bench.thrown("iam.create_user(\"alice\")").0,
        "EntityAlreadyExists"
    );
}

#[test]
fn a_name_that_is_almost_right_is_told() {
    let mut bench = Bench::with_cast();
    for (code, near) in [
        ("iam.user(\"alcie\")", "`alice`"),
        ("iam.role(\"DataRol\")", "`DataRole`"),
        (
            "iam.policy(\"AdministratorAcces\")",
            "`AdministratorAccess`",
        ),
        ("glue.run_as(\"DatRole\")", "`DataRole`"),
        ("role.attach(\"ReadDta\")", "`ReadData`"),
    ] {
        let (code_of, text) = bench.thrown(code);
        assert_eq!(code_of, "NoSuchEntity", "{code}");
        assert!(
            text.contains(&format!("Did you mean {near}?")),
            "{code}\n{text}"
        );
    }
}

#[test]
fn wrong_options_and_types_are_named() {
    let mut bench = Bench::scene();
    for (code, expected) in [
        (
            "kms.create_key(\"k\", #{ polcy: \"default\" })",
            "UnknownOption",
        ),
        ("kms.create_key(\"k\", #{ rotation: \"1h\" })", "WrongValue"),
        ("kms.create_key(\"k\", #{ tags: 5 })", "WrongType"),
        (
            "key.grant(role, [\"Decrypt\"], #{ contxt: #{} })",
            "UnknownOption",
        ),
        ("key.grant(role, [\"Decript\"])", "ValidationException"),
        ("key.trust(42)", "WrongType"),
        ("key.trust([])", "WrongValue"),
        ("key.set_policy(1)", "WrongType"),
        (
            "key.distrust(\"arn:aws:iam::111122223333:role/GlueRoll\")",
            "NotTrusted",
        ),
        ("key.encrypt(1)", "WrongType"),
        ("kms.key(\"payrol\")", "NotFoundException"),
        ("s3.bucket(\"payroll-dat\")", "NoSuchBucket"),
        ("s3.get_object(\"payroll-data\")", "WrongValue"),
        ("s3.put_object(\"payroll-data/x\", 1)", "WrongType"),
    ] {
        assert_eq!(bench.fail(code).name(), expected, "{code}");
    }
    let hint = bench
        .fail("kms.create_key(\"k\", #{ polcy: \"default\" })")
        .hint;
    assert_eq!(hint.as_deref(), Some("did you mean `policy`?"));
    assert_eq!(
        bench
            .fail("let b = blob(2, 255); b.text()")
            .code()
            .as_deref(),
        Some("NotText")
    );
    assert_eq!(bench.typed::<i64>("kms.keys().len()"), 1);
}

#[test]
fn a_key_that_cannot_have_its_alias_is_not_made() {
    let mut bench = Bench::scene();
    let error = bench.fail("kms.create_key(\"payroll\")");
    assert_eq!(error.code().as_deref(), Some("AlreadyExistsException"));
    assert_eq!(bench.typed::<i64>("kms.keys().len()"), 1);
    bench.fail("s3.create_bucket(\"half-made\", #{ encryption: key, policy: \"{\" })");
    assert_eq!(bench.typed::<i64>("s3.buckets().len()"), 1);
}
