//! Grants: whom and what they cover, how they are passed on, and how they end.
//!
//! Source: KMS Developer Guide, "Grants in AWS KMS".

use keychai::api::ApiError;
use keychai::state::credential::Credentials;
use serde_json::{Value, json};

use crate::bench::{AWAY, Bench, HOME, allow_on_key, blob, credentials, role_arn, text, user_arn};

/// A lab in which Ann has nothing, and a key that trusts its administrator alone.
struct Scene {
    bench: Bench,
    ann: Credentials,
    key: String,
}

impl Scene {
    fn new() -> Self {
        let mut bench = Bench::new();
        let ann = bench.user("ann");
        let key = bench.key_with(&[]);
        Self { bench, ann, key }
    }

    fn grant(&mut self, mut input: Value) -> Value {
        input["KeyId"] = json!(self.key);
        if input["GranteePrincipal"].is_null() {
            input["GranteePrincipal"] = json!(user_arn("ann"));
        }
        self.bench.ok("kms:CreateGrant", input)
    }

    fn as_ann(&mut self, operation: &str, mut input: Value) -> Result<Value, ApiError> {
        input["KeyId"] = json!(self.key);
        let ann = self.ann.clone();
        self.bench.call(&ann, operation, input)
    }

    fn encrypt(&mut self, context: Value) -> Result<Value, ApiError> {
        self.as_ann(
            "kms:Encrypt",
            json!({ "Plaintext": blob("x"), "EncryptionContext": context }),
        )
    }

    fn retire(&mut self, who: &Credentials, grant: &Value) -> Result<Value, ApiError> {
        let input = json!({ "KeyId": self.key, "GrantId": grant["GrantId"] });
        self.bench.call(who, "kms:RetireGrant", input)
    }

    fn listed(&mut self) -> Vec<Value> {
        let key = self.key.clone();
        self.bench.ok("kms:ListGrants", json!({ "KeyId": key }))["Grants"]
            .as_array()
            .unwrap()
            .clone()
    }
}

#[test]
fn a_grant_covers_its_operations_for_its_grantee_until_it_is_revoked() {
    let mut scene = Scene::new();
    scene.encrypt(json!({})).unwrap_err();
    let grant = scene.grant(json!({ "Operations": ["Encrypt", "DescribeKey"] }));
    scene.encrypt(json!({})).unwrap();
    scene.as_ann("kms:DescribeKey", json!({})).unwrap();
    scene
        .as_ann("kms:GenerateDataKey", json!({ "KeySpec": "AES_256" }))
        .unwrap_err();
    let ben = scene.bench.user("ben");
    let input = json!({ "KeyId": scene.key, "Plaintext": blob("x") });
    scene.bench.call(&ben, "kms:Encrypt", input).unwrap_err();
    let key = scene.key.clone();
    scene.bench.ok(
        "kms:RevokeGrant",
        json!({ "KeyId": key, "GrantId": grant["GrantId"] }),
    );
    scene.encrypt(json!({})).unwrap_err();
    assert_eq!(scene.listed(), Vec::<Value>::new());
}

#[test]
fn constraints_bind_the_encryption_context() {
    for (constraint, allowed, refused) in [
        (
            json!({ "EncryptionContextEquals": { "Dept": "IT" } }),
            vec![json!({ "Dept": "IT" }), json!({ "dept": "IT" })],
            vec![
                json!({}),
                json!({ "Dept": "it" }),
                json!({ "Dept": "IT", "Stage": "1" }),
                json!({ "Stage": "IT" }),
            ],
        ),
        (
            json!({ "EncryptionContextSubset": { "Dept": "IT" } }),
            vec![
                json!({ "Dept": "IT" }),
                json!({ "Dept": "IT", "Stage": "1" }),
                json!({ "DEPT": "IT" }),
            ],
            vec![json!({}), json!({ "Dept": "it" }), json!({ "Stage": "1" })],
        ),
    ] {
        let mut scene = Scene::new();
        scene.grant(json!({ "Operations": ["Encrypt", "DescribeKey"], "Constraints": constraint }));
        for context in allowed {
            scene.encrypt(context).unwrap();
        }
        for context in refused {
            assert!(
                scene.encrypt(context.clone()).unwrap_err().is_denial(),
                "{constraint} {context}"
            );
        }
        scene
            .as_ann("kms:DescribeKey", json!({}))
            .expect("DescribeKey carries no context");
    }
}

#[test]
fn a_new_grant_works_at_once_with_its_token_and_later_without() {
    let mut scene = Scene::new();
    scene.bench.lab.set_grant_propagation(300);
    let grant = scene.grant(json!({ "Operations": ["Encrypt"] }));
    let with = |token: &Value| json!({ "Plaintext": blob("x"), "GrantTokens": [token] });
    scene.encrypt(json!({})).unwrap_err();
    scene
        .as_ann("kms:Encrypt", with(&json!("bm90IGEgdG9rZW4=")))
        .unwrap_err();
    scene
        .as_ann("kms:Encrypt", with(&grant["GrantToken"]))
        .unwrap();
    let ben = scene.bench.user("ben");
    let input =
        json!({ "KeyId": scene.key, "Plaintext": blob("x"), "GrantTokens": [grant["GrantToken"]] });
    scene
        .bench
        .call(&ben, "kms:Encrypt", input)
        .expect_err("a token is no permission");
    scene.bench.lab.advance(299).unwrap();
    scene.encrypt(json!({})).unwrap_err();
    scene.bench.lab.advance(1).unwrap();
    scene.encrypt(json!({})).unwrap();
}

#[test]
fn a_request_takes_ten_grant_tokens() {
    let mut scene = Scene::new();
    scene.grant(json!({ "Operations": ["Encrypt"] }));
    let tokens =
        |number: usize| json!({ "Plaintext": blob("x"), "GrantTokens": vec!["dG9rZW4="; number] });
    scene.as_ann("kms:Encrypt", tokens(10)).unwrap();
    let error = scene.as_ann("kms:Encrypt", tokens(11)).unwrap_err();
    assert_eq!(error.code, "ValidationException");
    assert!(error.message.ends_with("at 'grantTokens' failed to satisfy constraint: Member must have length less than or equal to 10"), "{error}");
}

#[test]
fn the_same_name_and_members_make_the_same_grant_with_a_new_token() {
    let mut scene = Scene::new();
    scene.bench.lab.set_grant_propagation(300);
    let input = json!({ "Operations": ["Encrypt"], "Name": "once" });
    let first = scene.grant(input.clone());
    let second = scene.grant(input);
    assert_eq!(first["GrantId"], second["GrantId"]);
    assert_ne!(first["GrantToken"], second["GrantToken"]);
    for token in [&first["GrantToken"], &second["GrantToken"]] {
        scene
            .as_ann(
                "kms:Encrypt",
                json!({ "Plaintext": blob("x"), "GrantTokens": [token] }),
            )
            .unwrap();
    }
    let other = scene.grant(json!({ "Operations": ["Encrypt", "Decrypt"], "Name": "once" }));
    assert_ne!(other["GrantId"], first["GrantId"]);
    let unnamed = (
        scene.grant(json!({ "Operations": ["Encrypt"] })),
        scene.grant(json!({ "Operations": ["Encrypt"] })),
    );
    assert_ne!(unnamed.0["GrantId"], unnamed.1["GrantId"]);
    assert_eq!(scene.listed().len(), 4);
}

#[test]
fn a_grantee_passes_on_only_a_part_of_what_it_has() {
    let mut scene = Scene::new();
    scene.bench.user("ben");
    scene.grant(json!({
        "Operations": ["CreateGrant", "Encrypt", "Decrypt"],
        "Constraints": { "EncryptionContextSubset": { "a": "1" } },
    }));
    let child = |operations: Value, constraints: Value| json!({ "GranteePrincipal": user_arn("ben"), "Operations": operations, "Constraints": constraints });
    let subset = json!({ "EncryptionContextSubset": { "a": "1" } });
    let stricter = json!({ "EncryptionContextSubset": { "a": "1", "b": "2" } });
    let equals = json!({ "EncryptionContextEquals": { "a": "1" } });
    for (operations, constraints) in [
        (json!(["Encrypt"]), subset.clone()),
        (json!(["Encrypt", "Decrypt"]), stricter),
        (json!(["Decrypt"]), equals),
    ] {
        scene
            .as_ann("kms:CreateGrant", child(operations, constraints))
            .unwrap();
    }
    for (operations, constraints) in [
        (json!(["GenerateDataKey"]), subset.clone()),
        (json!(["Encrypt"]), Value::Null),
        (
            json!(["Encrypt"]),
            json!({ "EncryptionContextSubset": { "b": "2" } }),
        ),
        (
            json!(["Encrypt"]),
            json!({ "EncryptionContextEquals": { "a": "2" } }),
        ),
        (json!(["Encrypt", "GenerateDataKey"]), subset),
    ] {
        let error = scene
            .as_ann("kms:CreateGrant", child(operations.clone(), constraints))
            .unwrap_err();
        assert_eq!(error.code, "AccessDeniedException", "{operations}");
    }
    assert_eq!(scene.listed().len(), 4);
}

#[test]
fn whoever_may_create_grants_by_policy_may_give_what_it_has_not() {
    let mut scene = Scene::new();
    scene.bench.allow("ann", json!("kms:CreateGrant"));
    let key = scene.key.clone();
    scene.bench.set_key_policy(
        &key,
        &[allow_on_key(&user_arn("ann"), json!("kms:CreateGrant"))],
    );
    scene.encrypt(json!({})).unwrap_err();
    scene
        .as_ann(
            "kms:CreateGrant",
            json!({ "GranteePrincipal": user_arn("ann"), "Operations": ["Encrypt"] }),
        )
        .unwrap();
    scene.encrypt(json!({})).unwrap();
}

#[test]
fn the_retiring_principal_retires_and_others_do_not() {
    let mut scene = Scene::new();
    let (ben, carl) = (scene.bench.user("ben"), scene.bench.user("carl"));
    let grant =
        scene.grant(json!({ "Operations": ["Encrypt"], "RetiringPrincipal": user_arn("ben") }));
    let ann = scene.ann.clone();
    assert!(scene.retire(&ann, &grant).unwrap_err().is_denial());
    assert!(scene.retire(&carl, &grant).unwrap_err().is_denial());
    scene.encrypt(json!({})).unwrap();
    scene.retire(&ben, &grant).unwrap();
    scene.encrypt(json!({})).unwrap_err();
}

#[test]
fn a_grantee_retires_if_the_grant_says_so() {
    let mut scene = Scene::new();
    let ann = scene.ann.clone();
    let grant = scene.grant(json!({ "Operations": ["Encrypt", "RetireGrant"] }));
    let token = grant["GrantToken"].clone();
    scene
        .bench
        .ok_as(&ann, "kms:RetireGrant", json!({ "GrantToken": token }));
    assert_eq!(scene.listed().len(), 0);
}

#[test]
fn the_issuing_account_retires_by_its_root_user_or_an_iam_policy() {
    let mut scene = Scene::new();
    let ben = scene.bench.user("ben");
    let grant = scene.grant(json!({ "Operations": ["Encrypt"] }));
    assert!(scene.retire(&ben, &grant).unwrap_err().is_denial());
    scene.bench.allow("ben", json!("kms:RetireGrant"));
    scene.retire(&ben, &grant).unwrap();
    let grant = scene.grant(json!({ "Operations": ["Encrypt"] }));
    let home = scene.bench.lab.home().clone();
    let root = scene.bench.lab.root_credentials(&home).unwrap();
    scene.retire(&root, &grant).unwrap();
    assert_eq!(scene.listed().len(), 0);
}

#[test]
fn an_account_that_may_retire_delegates_by_iam_to_its_own() {
    let mut scene = Scene::new();
    let away = scene.bench.away.clone();
    let zoe = scene.bench.user_of(&away, "zoe");
    let retiring = format!("arn:aws:iam::{AWAY}:root");
    let grant = scene.grant(json!({ "Operations": ["Encrypt"], "RetiringPrincipal": retiring }));
    assert!(
        scene.retire(&zoe, &grant).unwrap_err().is_denial(),
        "an account is not each of its users"
    );
    scene
        .retire(&away, &grant)
        .expect("its administrator has kms:RetireGrant");
    let plain = scene.grant(json!({ "Operations": ["Encrypt"] }));
    assert!(
        scene.retire(&away, &plain).unwrap_err().is_denial(),
        "an IAM policy of another account"
    );
}

#[test]
fn a_key_policy_cannot_allow_retiring_but_a_deny_works() {
    let mut scene = Scene::new();
    let (ben, key) = (scene.bench.user("ben"), scene.key.clone());
    let grant = scene.grant(json!({ "Operations": ["Encrypt"] }));
    scene
        .bench
        .set_key_policy(&key, &[allow_on_key(&user_arn("ben"), json!("kms:*"))]);
    assert!(scene.retire(&ben, &grant).unwrap_err().is_denial());
    scene.bench.allow("ben", json!("kms:RetireGrant"));
    let mut deny = allow_on_key(&user_arn("ben"), json!("kms:RetireGrant"));
    deny["Effect"] = json!("Deny");
    scene.bench.set_key_policy(&key, &[deny]);
    assert!(scene.retire(&ben, &grant).unwrap_err().is_denial());
    scene.bench.set_key_policy(&key, &[]);
    scene.retire(&ben, &grant).unwrap();
}

#[test]
fn revoking_takes_policies_and_no_grant() {
    let mut scene = Scene::new();
    let grant = scene.grant(json!({ "Operations": ["Encrypt", "RetireGrant", "CreateGrant"] }));
    let input = json!({ "GrantId": grant["GrantId"] });
    assert!(
        scene
            .as_ann("kms:RevokeGrant", input.clone())
            .unwrap_err()
            .is_denial()
    );
    scene.bench.allow("ann", json!("kms:RevokeGrant"));
    assert!(
        scene
            .as_ann("kms:RevokeGrant", input.clone())
            .unwrap_err()
            .is_denial()
    );
    let key = scene.key.clone();
    scene.bench.set_key_policy(
        &key,
        &[allow_on_key(&user_arn("ann"), json!("kms:RevokeGrant"))],
    );
    scene.as_ann("kms:RevokeGrant", input).unwrap();
}

#[test]
fn a_grant_to_a_role_covers_its_sessions_and_dies_with_the_role() {
    let mut scene = Scene::new();
    let session = scene.bench.glue_role("app");
    scene.grant(json!({ "GranteePrincipal": role_arn("app"), "Operations": ["Encrypt"] }));
    let input = json!({ "KeyId": scene.key, "Plaintext": blob("x") });
    scene.bench.ok_as(&session, "kms:Encrypt", input.clone());
    scene
        .bench
        .ok("iam:DeleteRole", json!({ "RoleName": "app" }));
    let again = scene.bench.glue_role("app");
    assert!(
        scene
            .bench
            .call(&again, "kms:Encrypt", input)
            .unwrap_err()
            .is_denial()
    );
}

#[test]
fn a_grant_to_one_session_covers_no_other() {
    let mut scene = Scene::new();
    let arn = format!("arn:aws:iam::{HOME}:root");
    scene.bench.ok(
        "iam:CreateRole",
        json!({ "RoleName": "app", "AssumeRolePolicyDocument": crate::bench::trust(json!({ "AWS": arn })) }),
    );
    let mut assume = |name: &str| {
        let made = scene.bench.ok(
            "sts:AssumeRole",
            json!({ "RoleArn": role_arn("app"), "RoleSessionName": name }),
        );
        (
            credentials(&made["Credentials"]),
            text(&made, "/AssumedRoleUser/Arn"),
        )
    };
    let ((one, one_arn), (two, _)) = (assume("one"), assume("two"));
    scene.grant(json!({ "GranteePrincipal": one_arn, "Operations": ["Encrypt"] }));
    let input = json!({ "KeyId": scene.key, "Plaintext": blob("x") });
    scene.bench.ok_as(&one, "kms:Encrypt", input.clone());
    scene.bench.call(&two, "kms:Encrypt", input).unwrap_err();
}

#[test]
fn a_grant_works_through_s3_and_its_constraint_sees_the_object() {
    let mut scene = Scene::new();
    let (ann, key) = (scene.ann.clone(), scene.key.clone());
    scene.bench.bucket_under("first", &key);
    scene.bench.allow("ann", json!("s3:*"));
    scene.bench.put(&ann, "first", "a", "x").unwrap_err();
    scene.grant(json!({
        "Operations": ["GenerateDataKey", "Decrypt"],
        "Constraints": { "EncryptionContextEquals": { "aws:s3:arn": "arn:aws:s3:::first/a" } },
    }));
    scene.bench.put(&ann, "first", "a", "x").unwrap();
    assert_eq!(scene.bench.get(&ann, "first", "a").unwrap(), "x");
    scene.bench.put(&ann, "first", "b", "x").unwrap_err();
}

#[test]
fn grants_are_listed_by_id_and_by_grantee() {
    let mut scene = Scene::new();
    scene.bench.user("ben");
    let first = scene.grant(json!({ "Operations": ["Encrypt"] }));
    scene.grant(json!({ "GranteePrincipal": user_arn("ben"), "Operations": ["Decrypt"] }));
    let key = scene.key.clone();
    let mut ids = |filter: &str, value: Value| -> Vec<String> {
        let found = scene
            .bench
            .ok("kms:ListGrants", json!({ "KeyId": key, filter: value }));
        found["Grants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|g| text(g, "/GranteePrincipal"))
            .collect()
    };
    assert_eq!(ids("GrantId", first["GrantId"].clone()), [user_arn("ann")]);
    assert_eq!(
        ids("GranteePrincipal", json!(user_arn("ben"))),
        [user_arn("ben")]
    );
    assert_eq!(
        ids("GranteePrincipal", json!(user_arn("carl"))),
        Vec::<String>::new()
    );
}

#[test]
fn a_constraint_has_at_most_eight_pairs() {
    let mut scene = Scene::new();
    let pairs = |number: usize| -> Value {
        (0..number)
            .map(|n| (format!("k{n}"), json!("v")))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    scene.grant(json!({ "Operations": ["Encrypt"], "Constraints": { "EncryptionContextEquals": pairs(8) } }));
    let input = json!({
        "KeyId": scene.key, "GranteePrincipal": user_arn("ann"), "Operations": ["Encrypt"],
        "Constraints": { "EncryptionContextEquals": pairs(9) },
    });
    assert_eq!(
        scene.bench.fails("kms:CreateGrant", input).code,
        "ValidationException"
    );
}
