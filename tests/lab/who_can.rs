//! `who_can` against a real call by each principal, and the ways that it tells.

use std::collections::BTreeSet;

use keychai::lab::analysis::{Standing, WhoCan, who_can};
use serde_json::{Value, json};

use keychai::state::credential::Credentials;

use crate::bench::{Bench, HOME, credentials};

/// A small generator of choices that replays.
struct Choices(u64);

impl Choices {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

fn document(statements: Vec<Value>) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

/// A statement of an identity policy, of the kinds that matter for keys.
fn statement(choices: &mut Choices, key: &str) -> Value {
    let effect = if choices.next(8) == 0 {
        "Deny"
    } else {
        "Allow"
    };
    let actions = [
        "kms:Decrypt",
        "kms:*",
        "kms:D*",
        "kms:Encrypt",
        "s3:*",
        "*",
        "iam:Put*",
    ];
    let resources = ["*", key, "arn:aws:kms:*:*:key/*", "arn:aws:s3:::b"];
    let action = actions[usize::try_from(choices.next(7)).unwrap()];
    let resource = resources[usize::try_from(choices.next(4)).unwrap()];
    json!({ "Effect": effect, "Action": action, "Resource": resource })
}

/// An account with this many users and as many roles, and a key that delegates to
/// IAM and names a few of them.
fn account(seed: u64, each: u64) -> (Bench, String, Vec<String>) {
    let mut bench = Bench::new();
    let mut choices = Choices(seed);
    let key = bench.key();
    let trust = document(vec![json!({
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": format!("arn:aws:iam::{HOME}:user/admin") },
    })]);
    let mut names = Vec::new();
    for at in 0..each {
        for (kind, member) in [("User", "UserName"), ("Role", "RoleName")] {
            let name = format!("{kind}{at}");
            let mut input = json!({ member: name });
            if kind == "Role" {
                input["AssumeRolePolicyDocument"] = trust.clone().into();
            }
            bench.ok(&format!("iam:Create{kind}"), input);
            let count = choices.next(3);
            let statements: Vec<Value> =
                (0..count).map(|_| statement(&mut choices, &key)).collect();
            if !statements.is_empty() {
                bench.ok(
                    &format!("iam:Put{kind}Policy"),
                    json!({ member: name, "PolicyName": "p", "PolicyDocument": document(statements) }),
                );
            }
            names.push(format!(
                "arn:aws:iam::{HOME}:{}/{name}",
                kind.to_lowercase()
            ));
        }
    }
    let named: Vec<&String> = names.iter().filter(|_| choices.next(9) == 0).collect();
    let refused: Vec<&String> = names.iter().filter(|_| choices.next(40) == 0).collect();
    let mut statements = vec![json!({
        "Sid": "Admins", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": { "AWS": format!("arn:aws:iam::{HOME}:root") },
    })];
    for (effect, who) in [("Allow", named), ("Deny", refused)] {
        if !who.is_empty() {
            statements.push(json!({
                "Effect": effect, "Action": "kms:Decrypt", "Resource": "*",
                "Principal": { "AWS": who },
            }));
        }
    }
    bench.ok(
        "kms:PutKeyPolicy",
        json!({ "KeyId": key, "Policy": document(statements) }),
    );
    (bench, key, names)
}

fn credentials_of(bench: &mut Bench, arn: &str) -> Credentials {
    let name = arn.rsplit('/').next().unwrap();
    if arn.contains(":user/") {
        let made = bench.ok("iam:CreateAccessKey", json!({ "UserName": name }));
        return credentials(&made["AccessKey"]);
    }
    let input = json!({ "RoleArn": arn, "RoleSessionName": "session" });
    credentials(&bench.ok("sts:AssumeRole", input)["Credentials"])
}

/// Who can decrypt, by a real call of each in a fork.
fn really(bench: &mut Bench, key: &str, names: &[String]) -> BTreeSet<String> {
    let made = bench.ok("kms:Encrypt", json!({ "KeyId": key, "Plaintext": "bGFi" }));
    let input = json!({ "CiphertextBlob": made["CiphertextBlob"], "KeyId": key });
    let mut able = BTreeSet::new();
    for arn in names {
        let credentials = credentials_of(bench, arn);
        if bench
            .call(&credentials, "kms:Decrypt", input.clone())
            .is_ok()
        {
            able.insert(arn.clone());
        }
    }
    able
}

fn standing(answer: &WhoCan, standing: Standing) -> BTreeSet<&str> {
    let of_it = answer.found.iter().filter(|w| w.standing == standing);
    of_it.map(|w| w.arn.as_str()).collect()
}

#[test]
fn it_agrees_with_a_real_call_by_each_of_two_hundred_principals() {
    for model in ["exam", "aws"] {
        let (mut bench, key, names) = account(7, 100);
        bench.lab.set_model(model.parse().unwrap());
        let answer = who_can(&bench.lab, "kms:Decrypt", &key).unwrap();
        let told: BTreeSet<String> = standing(&answer, Standing::Can)
            .into_iter()
            .filter(|arn| names.iter().any(|name| name == arn))
            .map(str::to_owned)
            .collect();
        assert!(told.len() > 20 && told.len() < 180, "{}", told.len());
        assert_eq!(told, really(&mut bench, &key, &names));
    }
}

fn path_of(answer: &WhoCan, name: &str) -> Vec<String> {
    let who = answer.found.iter().find(|w| w.principal == name);
    let who = who.unwrap_or_else(|| panic!("{name} is not found: {answer:#?}"));
    assert_eq!(who.standing, Standing::Could, "{name}");
    who.path.iter().map(|step| step.action.clone()).collect()
}

#[test]
fn who_could_give_itself_the_right_is_told_with_the_way() {
    let mut bench = Bench::new();
    let key = bench.key();
    for (name, action) in [
        ("keeper", "kms:PutKeyPolicy"),
        ("granter", "kms:CreateGrant"),
        ("writer", "iam:PutUserPolicy"),
        ("passer", "iam:PassRole"),
        ("opener", "iam:UpdateAssumeRolePolicy"),
        ("nobody", "kms:ListKeys"),
    ] {
        bench.user(name);
        bench.allow(name, json!(action));
    }
    bench.policy(
        "passer",
        "start",
        "Allow",
        json!(["glue:CreateJob", "glue:StartJobRun"]),
    );
    bench.user("reader");
    bench.allow("reader", json!("sts:AssumeRole"));
    bench.glue_role("Worker");
    bench.role_policy(
        "Worker",
        "use",
        document(vec![
            json!({ "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*" }),
        ]),
    );
    let answer = who_can(&bench.lab, "kms:Decrypt", &key).unwrap();
    assert!(
        standing(&answer, Standing::Can)
            .contains(format!("arn:aws:iam::{HOME}:role/Worker").as_str())
    );
    // In the model `exam` a key policy alone is not enough, so the keeper is told in `aws` only.
    assert_eq!(path_of(&answer, "granter"), ["kms:CreateGrant"]);
    assert_eq!(path_of(&answer, "writer"), ["iam:PutUserPolicy"]);
    assert_eq!(
        path_of(&answer, "passer"),
        ["iam:PassRole", "glue:CreateJob", "glue:StartJobRun"]
    );
    assert_eq!(
        path_of(&answer, "opener"),
        ["iam:UpdateAssumeRolePolicy", "sts:AssumeRole"]
    );
    let names: BTreeSet<&str> = answer.found.iter().map(|w| w.principal.as_str()).collect();
    assert!(!names.contains("nobody") && !names.contains("keeper"));
    // Its own policies say so and the role's trust does not.
    assert!(!names.contains("reader"));
    bench.lab.set_model("aws".parse().unwrap());
    let answer = who_can(&bench.lab, "kms:Decrypt", &key).unwrap();
    assert_eq!(path_of(&answer, "keeper"), ["kms:PutKeyPolicy"]);
}

#[test]
fn conditions_of_the_request_are_told_as_conditions() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.user("ann");
    bench.ok(
        "iam:PutUserPolicy",
        json!({ "UserName": "ann", "PolicyName": "p", "PolicyDocument": document(vec![json!({
            "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
            "Condition": { "StringEquals": { "kms:EncryptionContext:team": "pay" } },
        })]) }),
    );
    let answer = who_can(&bench.lab, "kms:Decrypt", &key).unwrap();
    let ann = answer.found.iter().find(|w| w.principal == "ann").unwrap();
    assert_eq!(ann.standing, Standing::If);
    assert_eq!(
        ann.conditions,
        ["StringEquals kms:EncryptionContext:team pay"]
    );
}

#[test]
fn what_one_may_do_is_what_decisions_allow() {
    use keychai::lab::analysis::what_can;
    let mut bench = Bench::new();
    let key = bench.key();
    let ann = bench.user("ann");
    bench.allow(
        "ann",
        json!(["kms:Decrypt", "kms:List*", "dynamodb:GetItem"]),
    );
    let answer = what_can(&bench.lab, &format!("arn:aws:iam::{HOME}:user/ann")).unwrap();
    assert_eq!(answer.beyond, ["dynamodb:GetItem"]);
    let on_key: Vec<&String> = answer
        .found
        .iter()
        .filter(|power| power.arns.contains(&key))
        .flat_map(|power| &power.actions)
        .collect();
    assert!(on_key.iter().any(|a| *a == "kms:Decrypt"));
    for action in on_key {
        assert!(
            bench.lab.decide(&ann, action, &key).unwrap().is_allow(),
            "{action}"
        );
    }
    assert!(what_can(&bench.lab, &format!("arn:aws:iam::{HOME}:user/an")).is_err());
}

#[test]
fn an_edit_tells_what_it_breaks_and_opens_and_which_calls_it_would_have_denied() {
    use keychai::lab::analysis::{Effect, diff};
    let mut bench = Bench::new();
    let key = bench.key();
    let ann = bench.user("ann");
    bench.user("bob");
    bench.allow("ann", json!("kms:*"));
    bench.ok_as(
        &ann,
        "kms:Encrypt",
        json!({ "KeyId": key, "Plaintext": "bGFi" }),
    );
    let before = bench.lab.fork();
    assert!(diff(&before, &bench.lab).decisions.is_empty());
    bench.allow("ann", json!("kms:Decrypt"));
    bench.allow("bob", json!("kms:Decrypt"));
    let found = diff(&before, &bench.lab);
    let changed = |effect, who: &str| -> Vec<String> {
        let of_it = found.decisions.iter();
        let of_it = of_it.filter(|c| c.effect == effect && c.principal == who);
        of_it.flat_map(|c| c.actions.clone()).collect()
    };
    assert_eq!(changed(Effect::Opens, "bob"), ["kms:Decrypt"]);
    let broken = changed(Effect::Breaks, "ann");
    assert!(
        broken.contains(&"kms:Encrypt".to_owned()) && !broken.contains(&"kms:Decrypt".to_owned())
    );
    let call = found.calls.first().unwrap();
    assert_eq!(
        (call.principal.as_str(), call.actions[0].as_str()),
        ("ann", "kms:Encrypt")
    );
    assert_eq!(call.by, ["no identity-based policy allows it"]);
}

/// Of a role, both who may assume it and who may pass it is compared; whom an edit
/// names for the first time is asked as well.
#[test]
fn an_edit_of_a_resources_policy_tells_whom_it_lets_in() {
    use keychai::lab::analysis::{Effect, diff};
    let mut bench = Bench::new();
    let key = bench.key();
    bench.glue_role("GlueRole");
    bench.user("bob");
    bench.allow("bob", json!("sts:AssumeRole"));
    let before = bench.lab.fork();
    let trust = document(vec![json!({
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": format!("arn:aws:iam::{HOME}:user/bob") },
    })]);
    let input = json!({ "RoleName": "GlueRole", "PolicyDocument": trust });
    bench.ok("iam:UpdateAssumeRolePolicy", input);
    let opens = |found: &keychai::lab::analysis::Difference, who: &str| -> Vec<String> {
        let of_it = found.decisions.iter();
        let of_it = of_it.filter(|c| c.effect == Effect::Opens && c.principal == who);
        of_it.flat_map(|c| c.actions.clone()).collect()
    };
    assert_eq!(opens(&diff(&before, &bench.lab), "bob"), ["sts:AssumeRole"]);
    let before = bench.lab.fork();
    let admin = format!("arn:aws:iam::{HOME}:root");
    let policy = document(vec![
        json!({ "Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": { "AWS": admin } }),
        json!({
            "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
            "Principal": { "AWS": "arn:aws:iam::999988887777:root" },
        }),
    ]);
    let input = json!({ "KeyId": key, "Policy": policy });
    bench.ok("kms:PutKeyPolicy", input);
    let found = diff(&before, &bench.lab);
    assert_eq!(opens(&found, "account 999988887777"), ["kms:Decrypt"]);
}

/// Source: IAM User Guide, "Providing access to AWS accounts owned by third parties";
/// KMS Developer Guide, "Allowing users in other accounts to use a KMS key".
#[test]
fn other_accounts_are_found_by_trust_and_by_grant() {
    let mut bench = Bench::new();
    let key = bench.key();
    bench.glue_role("GlueRole");
    let other = "arn:aws:iam::999988887777:root";
    let trust = document(vec![json!({
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": other },
    })]);
    let input = json!({ "RoleName": "GlueRole", "PolicyDocument": trust });
    bench.ok("iam:UpdateAssumeRolePolicy", input);
    let role = format!("arn:aws:iam::{HOME}:role/GlueRole");
    let found = who_can(&bench.lab, "sts:AssumeRole", &role).unwrap();
    assert!(
        standing(&found, Standing::Can).contains(other),
        "{found:#?}"
    );
    let input = json!({ "KeyId": key, "GranteePrincipal": other, "Operations": ["Decrypt"] });
    bench.ok("kms:CreateGrant", input);
    let found = who_can(&bench.lab, "kms:Decrypt", &key).unwrap();
    assert!(
        standing(&found, Standing::Can).contains(other),
        "{found:#?}"
    );
}
