//! Who is meant by a principal element.
//!
//! Expected values: IAM User Guide, "AWS JSON policy elements: Principal" and
//! "NotPrincipal".

use keychai::base::{AccountId, Arn, UniqueId};
use keychai::policy::{
    Policy, PolicyKind, Principal, PrincipalForm, Reach, Request, RequestContext, Resolution,
};
use serde_json::{Value, json};

const ALICE: &str = "arn:aws:iam::111122223333:user/team/alice";
const ROLE: &str = "arn:aws:iam::111122223333:role/app/reader";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/reader/one";
const DORA: &str = "arn:aws:sts::111122223333:federated-user/dora";
const ROOT: &str = "arn:aws:iam::111122223333:root";
const ALICE_ID: &str = "AIDAEXAMPLEALICE0001A";
const ROLE_ID: &str = "AROAEXAMPLEREADER001A";

fn arn(text: &str) -> Arn {
    Arn::parse(text).unwrap()
}

fn id(text: &str) -> UniqueId {
    UniqueId::parse(text).unwrap()
}

fn alice() -> Principal {
    Principal::user(arn(ALICE), id(ALICE_ID))
}

fn session() -> Principal {
    Principal::role_session(arn(SESSION), arn(ROLE), id(ROLE_ID))
}

fn dora() -> Principal {
    Principal::federated_user(arn(DORA), arn(ALICE), id(ALICE_ID))
}

fn root() -> Principal {
    Principal::root(AccountId::parse("111122223333").unwrap())
}

fn policy(effect: &str, element: &str, principal: &Value) -> Policy {
    let document = json!({"Version": "2012-10-17", "Statement": {
        "Effect": effect, element: principal, "Action": "kms:*", "Resource": "*",
    }});
    Policy::load(PolicyKind::Key, &document.to_string()).unwrap()
}

fn reach(policy: &Policy, caller: &Principal) -> Option<Reach> {
    let context = RequestContext::new();
    policy.statements()[0].matches(&Request::new("kms:Decrypt", "*", caller, &context))
}

fn allowed(principal: Value, caller: &Principal) -> Option<Reach> {
    reach(&policy("Allow", "Principal", &principal), caller)
}

#[test]
fn each_form_reaches_the_callers_it_names() {
    let glue = Principal::service("glue.amazonaws.com");
    let web = Principal::web_identity("arn:aws:iam::111122223333:oidc-provider/idp.example");
    let bob = Principal::user(
        arn("arn:aws:iam::111122223333:user/bob"),
        id("AIDAEXAMPLEBOB000001A"),
    );
    for (principal, caller, expected) in [
        (json!("*"), Principal::anonymous(), Some(Reach::Everyone)),
        (json!({"AWS": "*"}), glue.clone(), Some(Reach::Everyone)),
        (
            json!({"AWS": "111122223333"}),
            alice(),
            Some(Reach::Account),
        ),
        (json!({"AWS": ROOT}), session(), Some(Reach::Account)),
        (json!({"AWS": ROOT}), dora(), Some(Reach::Account)),
        (json!({"AWS": ROOT}), root(), Some(Reach::Root)),
        (json!({"AWS": "444455556666"}), alice(), None),
        (json!({"AWS": ROOT}), Principal::anonymous(), None),
        (json!({"AWS": ROOT}), glue.clone(), None),
        (json!({"AWS": ALICE}), alice(), Some(Reach::User)),
        (json!({"AWS": ALICE}), bob, None),
        (json!({"AWS": ALICE}), dora(), Some(Reach::IssuingUser)),
        (
            json!({"AWS": ALICE.to_uppercase().replace("ARN:AWS:IAM", "arn:aws:iam").replace("USER/TEAM", "user/team")}),
            alice(),
            None,
        ),
        (
            json!({"AWS": "arn:aws:iam::111122223333:user/alice"}),
            alice(),
            None,
        ),
        (json!({"AWS": ROLE}), session(), Some(Reach::Role)),
        (json!({"AWS": SESSION}), session(), Some(Reach::Session)),
        (
            json!({"AWS": "arn:aws:sts::111122223333:assumed-role/reader/two"}),
            session(),
            None,
        ),
        (json!({"AWS": DORA}), dora(), Some(Reach::FederatedUser)),
        (json!({"AWS": ALICE_ID}), alice(), Some(Reach::User)),
        (json!({"AWS": ALICE_ID}), dora(), Some(Reach::IssuingUser)),
        (json!({"AWS": ROLE_ID}), session(), Some(Reach::Role)),
        (json!({"AWS": ROLE_ID}), alice(), None),
        (
            json!({"Service": "glue.amazonaws.com"}),
            glue.clone(),
            Some(Reach::Service),
        ),
        (json!({"Service": "ec2.amazonaws.com"}), glue, None),
        (json!({"Service": "glue.amazonaws.com"}), alice(), None),
        (
            json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/idp.example"}),
            web.clone(),
            Some(Reach::Federated),
        ),
        (json!({"Federated": "idp.example"}), web, None),
        (json!({"AWS": []}), alice(), None),
    ] {
        assert_eq!(
            allowed(principal.clone(), &caller),
            expected,
            "{principal} {}",
            caller.label()
        );
    }
}

#[test]
fn the_strongest_entry_decides_how_the_caller_is_reached() {
    for (entries, caller, expected) in [
        (json!([ROOT, ALICE]), alice(), Reach::User),
        (json!([ROLE, SESSION, ROOT]), session(), Reach::Session),
        (json!([ROLE, "*"]), session(), Reach::Everyone),
        (json!([ALICE, ROOT]), dora(), Reach::IssuingUser),
    ] {
        assert_eq!(
            allowed(json!({"AWS": entries}), &caller),
            Some(expected),
            "{entries}"
        );
    }
}

#[test]
fn a_canonical_user_is_known_to_buckets_only_by_its_id() {
    let owner = Principal {
        canonical_user: Some("79a5".into()),
        ..alice()
    };
    assert_eq!(
        allowed(json!({"CanonicalUser": "79a5"}), &owner),
        Some(Reach::CanonicalUser)
    );
    assert_eq!(allowed(json!({"CanonicalUser": "79a5"}), &alice()), None);
}

#[test]
fn a_deny_with_not_principal_spares_only_whoever_is_listed_link_by_link() {
    let bounded = Principal {
        has_boundary: true,
        ..alice()
    };
    for (listed, caller, denied) in [
        (json!([ALICE]), alice(), true),
        (json!([ALICE, ROOT]), alice(), false),
        (json!([ALICE, "111122223333"]), alice(), false),
        (json!([ALICE, ROOT]), bounded, true),
        (json!([ROLE, ROOT]), session(), true),
        (json!([ROLE, SESSION, ROOT]), session(), false),
        (json!([ALICE, ROOT]), dora(), true),
        (json!([ALICE, DORA, ROOT]), dora(), false),
        (json!([ROOT]), root(), false),
        (json!([ALICE, ROOT]), Principal::anonymous(), true),
    ] {
        let policy = policy("Deny", "NotPrincipal", &json!({"AWS": listed}));
        assert_eq!(
            reach(&policy, &caller).is_some(),
            denied,
            "{listed} {}",
            caller.label()
        );
    }
}

#[test]
fn an_allow_with_not_principal_reaches_everyone_else_unsigned_requests_included() {
    let policy = policy("Allow", "NotPrincipal", &json!({"AWS": ALICE}));
    assert_eq!(reach(&policy, &alice()), None);
    assert_eq!(reach(&policy, &session()), Some(Reach::Everyone));
    assert_eq!(
        reach(&policy, &Principal::anonymous()),
        Some(Reach::Everyone)
    );
}

#[test]
fn a_saved_statement_stays_with_the_entity_it_was_saved_for() {
    let saved = policy("Allow", "Principal", &json!({"AWS": [ALICE, ROLE, ROOT]}))
        .bind(&mut |pattern| match pattern.form() {
            PrincipalForm::User(_) => Resolution::Id(id(ALICE_ID)),
            PrincipalForm::Role(_) => Resolution::Id(id(ROLE_ID)),
            _ => Resolution::Known,
        })
        .unwrap();
    let elsewhere = AccountId::parse("444455556666").unwrap();
    let born_again = Principal {
        unique_id: Some(id("AIDANEWALICE000000002")),
        account: Some(elsewhere.clone()),
        ..alice()
    };
    assert_eq!(reach(&saved, &alice()), Some(Reach::User));
    assert_eq!(reach(&saved, &session()), Some(Reach::Role));
    assert_eq!(reach(&saved, &born_again), None);
    let moved = Principal::user(arn("arn:aws:iam::111122223333:user/alice2"), id(ALICE_ID));
    assert_eq!(reach(&saved, &moved), Some(Reach::User));
    let gone = saved.shown(&|found| found.as_str() != ALICE_ID).unwrap();
    assert_eq!(
        gone["Statement"]["Principal"]["AWS"],
        json!([ALICE_ID, ROLE, ROOT])
    );
    assert_eq!(
        saved.to_value()["Statement"]["Principal"]["AWS"],
        json!([ALICE, ROLE, ROOT])
    );
}

#[test]
fn an_unknown_principal_is_refused_in_the_words_of_each_service() {
    let nobody = "arn:aws:iam::111122223333:user/nobody";
    for (kind, resource, code, message) in [
        (
            PolicyKind::Trust,
            None,
            "MalformedPolicyDocument",
            "Invalid principal in policy: \"AWS\":\"arn:aws:iam::111122223333:user/nobody\"",
        ),
        (
            PolicyKind::Key,
            Some("*"),
            "MalformedPolicyDocumentException",
            "Policy contains a statement with one or more invalid principals.",
        ),
        (
            PolicyKind::Bucket,
            Some("arn:aws:s3:::b/*"),
            "MalformedPolicy",
            "Invalid principal in policy",
        ),
    ] {
        let mut document = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": [ROOT, nobody]}, "Action": "sts:AssumeRole",
        }]});
        if let Some(resource) = resource {
            document["Statement"][0]["Resource"] = json!(resource);
        }
        let policy = Policy::parse(kind, &format!("{document:#}")).unwrap();
        let error = policy
            .bind(&mut |p| {
                if p.as_str() == nobody {
                    Resolution::Unknown
                } else {
                    Resolution::Known
                }
            })
            .unwrap_err();
        assert_eq!(
            (error.code(), error.message(), error.http_status()),
            (code, message, 400)
        );
        assert!(error.line_text().contains(nobody), "{}", error.excerpt());
    }
}
