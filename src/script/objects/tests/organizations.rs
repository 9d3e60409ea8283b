//! Organizations and VPC endpoints from scripts.

use super::Bench;

const TREE: &str = r#"
    let root = organizations.create();
    let dev = root.create_ou("dev");
    let payroll = dev.create_account("payroll");
"#;

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.run(TREE);
    bench
}

#[test]
fn an_account_of_the_organization_works_like_any_other_and_is_bound() {
    let mut bench = bench();
    bench.run("payroll.s3.create_bucket(\"payroll-data\"); let alice = payroll.iam.create_user(\"alice\");");
    assert_eq!(
        bench.value("alice.whoami().Account").to_string(),
        bench.value("payroll.id").to_string()
    );
    bench.run("let policy = dev.deny(\"s3:*\");");
    for who in ["payroll", "payroll.root()"] {
        let call = format!("{who}.s3.create_bucket(\"more-data\")");
        assert_eq!(bench.thrown(&call).0, "AccessDenied");
        bench.run(&format!(
            "let told = \"\"; try {{ {call} }} catch (e) {{ told = e.why }}"
        ));
        let text = bench.value("told").to_string();
        assert!(
            text.contains("policy deny-s3-All on OU dev denies"),
            "{text}"
        );
    }
    bench.run("s3.create_bucket(\"free-data\")");
    bench.run("policy.delete(); payroll.s3.create_bucket(\"more-data\")");
}

#[test]
fn the_card_of_a_denial_from_above_shows_the_level_that_is_closed() {
    let mut bench = bench();
    bench.run(
        "let only = organizations.create_policy(\"OnlyKms\", #{ Version: \"2012-10-17\", \
         Statement: [#{ Effect: \"Allow\", Action: \"kms:*\", Resource: \"*\" }] }); \
         dev.attach(only).detach(\"FullAWSAccess\");",
    );
    let create = "why(|| payroll.s3.create_bucket(\"some-data\"))";
    let card = bench.run(create);
    assert!(
        card.contains("1 statement: OU dev › OnlyKms[0] wants kms:*"),
        "{card}"
    );
    super::assert_narrow(&card);
    bench.run("dev.attach(\"FullAWSAccess\"); dev.deny(\"s3:*\", #{ name: \"NoS3\" })");
    let card = bench.run(create);
    assert!(card.contains("✗ deny     OU dev › NoS3[0]"), "{card}");
    assert!(!card.contains("Repair"), "{card}");
    super::assert_narrow(&card);
}

#[test]
fn a_policy_that_cannot_be_attached_is_not_made_either() {
    let mut bench = bench();
    let (code, text) = bench.thrown("dev.protect(\"s3:*\", #{ name: \"Wall\" })");
    assert_eq!(code, "PolicyTypeNotEnabledException");
    assert!(text.contains("RESOURCE_CONTROL_POLICY"), "{text}");
    assert_eq!(
        bench.thrown("organizations.policy(\"Wall\")").0,
        "PolicyNotFoundException"
    );
    bench.run("organizations.enable(\"rcp\"); dev.protect(\"s3:*\", #{ name: \"Wall\" })");
    assert_eq!(
        bench
            .value("organizations.policy(\"Wall\").targets()[0]")
            .to_string(),
        "dev"
    );
}

#[test]
fn names_are_free_again_and_mistakes_name_what_is_near() {
    let mut bench = bench();
    bench.run("dev.deny(\"s3:*\"); dev.deny(\"s3:*\")");
    let names = bench.value("dev.policies().map(|p| p.name)").to_string();
    assert!(names.contains("deny-s3-All-2"), "{names}");
    for (wrong, hint) in [
        ("organizations.unit(\"dv\")", "did you mean `dev`?"),
        ("dev.attach(\"deny-s3-Al\")", "did you mean `deny-s3-All`?"),
        ("organizations.enable(\"tags\")", "use `scp` or `rcp`"),
        (
            "dev.deny(\"s3:*\", #{ resource: \"*\" })",
            "did you mean `resources`?",
        ),
        ("dev.deny([])", "at least one action"),
        ("dev.attach(payroll)", "the organization has no policy"),
        (
            "payroll.organizations.create_ou(\"x\")",
            "management account",
        ),
        ("ec2.create_endpoint(\"s4\")", "com.amazonaws.us-east-1.s3"),
        (
            "lab.home.via(\"home\")",
            "`home` is not the id of a VPC endpoint",
        ),
    ] {
        let (_, text) = bench.thrown(wrong);
        assert!(text.contains(hint), "{wrong}: {text}");
    }
    let tree = bench.run("organizations.tree()");
    assert!(
        tree.contains("OU dev: FullAWSAccess, deny-s3-All"),
        "{tree}"
    );
    assert!(tree.contains("bound by no policy"), "{tree}");
}

#[test]
fn without_an_organization_scripts_say_how_to_make_one() {
    let mut bench = Bench::new();
    let (code, text) = bench.thrown("organizations.unit(\"dev\")");
    assert_eq!(code, "AWSOrganizationsNotInUseException");
    assert!(text.contains("organizations.create()"), "{text}");
    assert_eq!(
        bench.thrown("organizations.root").0,
        "AWSOrganizationsNotInUseException"
    );
}

#[test]
fn a_caller_behind_an_endpoint_stays_there_and_can_is_asked_there() {
    let mut bench = Bench::with_cast();
    bench.run(
        "s3.create_bucket(\"data-in\"); role.allow(\"s3:*\", \"*\"); alice.allow(\"s3:*\", \"*\"); \
         let endpoint = ec2.create_endpoint(\"s3\"); \
         endpoint.allow_only(\"s3:ListBucket\", \"*\"); let inside = alice.via(endpoint);",
    );
    let list = "list_objects_v2(#{ Bucket: \"data-in\" })";
    bench.run(&format!("inside.s3.{list}"));
    let delete = "delete_bucket(#{ Bucket: \"data-in\" })";
    assert_eq!(
        bench.thrown(&format!("inside.s3.{delete}")).0,
        "AccessDenied"
    );
    let can =
        |who: &str| format!("can({who}, \"s3:DeleteBucket\", \"arn:aws:s3:::data-in\").allowed");
    assert!(!bench.typed::<bool>(&can("inside")));
    assert!(bench.typed::<bool>(&can("alice")));
    // A role assumed inside acts inside, and renewing keeps it there.
    bench.run("let job = inside.assume(role); job.renew();");
    assert_eq!(bench.thrown(&format!("job.s3.{delete}")).0, "AccessDenied");
    assert!(
        bench
            .run(&format!("why(|| inside.s3.{delete})"))
            .contains("endpoint")
    );
    bench.run(&format!("session.s3.{delete}"));
}
