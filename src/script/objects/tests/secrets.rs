//! No secret is shown.

use super::Bench;

#[test]
fn no_secret_is_shown_unless_it_is_asked_for() {
    let mut bench = Bench::with_cast();
    let mut secrets: Vec<String> = bench.objects.lab().read(|lab| {
        let known = lab.cloud().credentials.values();
        known
            .flat_map(|c| [Some(c.secret.clone()), c.token.clone()])
            .flatten()
            .map(|secret| secret.reveal().to_owned())
            .collect()
    });
    secrets.retain(|secret| !secret.is_empty());
    assert!(secrets.len() >= 4, "two users and a session with its token");
    for code in [
        "alice",
        "role",
        "session",
        "session.credentials",
        "alice.create_access_key()",
        "trail",
        "trail.last()",
        "trail.where(#{ name: \"AssumeRole\" }).last().json",
        "lab",
        "lab.snapshot()",
        "lab.home",
        "alice.sign_in()",
        "iam",
        "[session, alice]",
        "glue.run_as(role)",
    ] {
        let value = bench.value(code);
        let shown = bench.session.display(&value);
        let brief = bench.session.display(&vec![value.clone()].into()).text;
        let all = format!("{shown:?} {brief} {value:?}");
        assert!(secrets.iter().all(|secret| !all.contains(secret)), "{code}");
    }
    let objects = format!("{:?}", bench.objects);
    assert!(secrets.iter().all(|secret| !objects.contains(secret)));
    let revealed = bench
        .value("session.credentials.reveal_secret()")
        .to_string();
    assert!(secrets.contains(&revealed), "asked for, it is told");
}

#[test]
fn nothing_that_is_shown_holds_a_secret() {
    let mut bench = Bench::scene();
    let clear: String = bench.typed("let dk = key.generate_data_key(); dk.plaintext.hex()");
    let base64: String = bench.typed("dk.plaintext.base64()");
    let shown = [
        bench.shown("dk"),
        bench.shown("[dk, #{ k: dk }]"),
        bench.shown("key"),
        bench.shown("job.s3.get_object(\"payroll-data/q1.csv\")"),
        bench.shown("s3.stored(\"payroll-data/q1.csv\")"),
    ];
    for shown in shown {
        let all = format!("{shown:?}");
        for secret in [clear.as_str(), &clear[..16], base64.as_str(), "id,amount"] {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
    }
    assert!(
        bench
            .fail("key.material")
            .message
            .contains("never leaves KMS")
    );
    assert!(
        bench
            .fail("key.material()")
            .message
            .contains("never leaves KMS")
    );
}
