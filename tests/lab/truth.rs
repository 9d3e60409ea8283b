//! Who may use a key: the rule of both models, every cell by a real call.
//!
//! Source: KMS Developer Guide, "Key policies in AWS KMS", "Allowing users in
//! other accounts to use a KMS key", "Grants in AWS KMS"; IAM User Guide,
//! "Cross-account policy evaluation logic".

use keychai::authz::{Layer, Model, Verdict};
use keychai::state::credential::Credentials;
use serde_json::{Value, json};

use crate::bench::{AWAY, Bench, HOME, allow_on_key, blob, document, role_arn, user_arn};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyPolicy {
    Silent,
    Account,
    Direct,
}

/// One cell: an IAM allow, the key policy, a grant; then the layer that
/// refuses in the same account (aws, exam) and across accounts (both models).
type Row = (bool, KeyPolicy, bool, [Option<Layer>; 3]);

const ROWS: [Row; 12] = {
    use KeyPolicy::{Account, Direct, Silent};
    const KEY: Option<Layer> = Some(Layer::Resource);
    const IAM: Option<Layer> = Some(Layer::Identity);
    [
        (true, Silent, true, [None, None, None]),
        (false, Silent, true, [None, None, None]),
        (true, Account, true, [None, None, None]),
        (false, Account, true, [None, None, None]),
        (true, Direct, true, [None, None, None]),
        (false, Direct, true, [None, None, None]),
        (true, Silent, false, [KEY, KEY, KEY]),
        (false, Silent, false, [KEY, KEY, KEY]),
        (true, Account, false, [None, None, None]),
        (false, Account, false, [IAM, IAM, IAM]),
        (true, Direct, false, [None, None, None]),
        (false, Direct, false, [None, IAM, IAM]),
    ]
};

/// Ann, of `account`, and a key of `HOME`, set up as the cell says.
struct Cell {
    bench: Bench,
    ann: Credentials,
    admin: Credentials,
    arn: String,
    key: String,
    statements: Vec<Value>,
}

impl Cell {
    fn new(account: &str, (iam, policy, grant, _): Row) -> Self {
        let mut bench = Bench::new();
        let admin = if account == AWAY {
            bench.away.clone()
        } else {
            bench.admin.clone()
        };
        let ann = bench.user_of(&admin, "ann");
        let arn = format!("arn:aws:iam::{account}:user/ann");
        if iam {
            put_policy(&mut bench, &admin, "allow", "Allow");
        }
        let statements = match policy {
            KeyPolicy::Silent => Vec::new(),
            KeyPolicy::Account => vec![allow_on_key(
                &format!("arn:aws:iam::{account}:root"),
                json!("kms:Encrypt"),
            )],
            KeyPolicy::Direct => vec![allow_on_key(&arn, json!("kms:Encrypt"))],
        };
        let key = bench.key_with(&statements);
        if grant {
            bench.ok(
                "kms:CreateGrant",
                json!({ "KeyId": key, "GranteePrincipal": arn, "Operations": ["Encrypt"] }),
            );
        }
        Self {
            bench,
            ann,
            admin,
            arn,
            key,
            statements,
        }
    }

    /// Who refuses Ann's call, and how.
    fn refusal(&mut self, model: Model) -> Option<(Verdict, Layer)> {
        self.bench.lab.set_model(model);
        let input = json!({ "KeyId": self.key, "Plaintext": blob("x") });
        let ann = self.ann.clone();
        let error = self.bench.call(&ann, "kms:Encrypt", input).err()?;
        assert_eq!(
            (error.code.as_str(), error.status),
            ("AccessDeniedException", 400)
        );
        let decision = error.decision.unwrap();
        Some((decision.verdict, decision.decisive.unwrap()))
    }
}

fn put_policy(bench: &mut Bench, admin: &Credentials, name: &str, effect: &str) {
    let document = document(effect, json!("kms:Encrypt"), json!("*"));
    let input = json!({ "UserName": "ann", "PolicyName": name, "PolicyDocument": document });
    bench.ok_as(admin, "iam:PutUserPolicy", input);
}

#[test]
fn every_cell_of_the_truth_table_holds() {
    for row in ROWS {
        let [aws, exam, cross] = row.3;
        for (account, model, expected) in [
            (HOME, Model::Aws, aws),
            (HOME, Model::Exam, exam),
            (AWAY, Model::Aws, cross),
            (AWAY, Model::Exam, cross),
        ] {
            let refusal = Cell::new(account, row).refusal(model);
            let expected = expected.map(|layer| (Verdict::ImplicitDeny, layer));
            assert_eq!(refusal, expected, "{row:?} from {account}, {model}");
        }
    }
}

#[test]
fn a_deny_in_iam_or_key_policy_beats_every_cell() {
    for row in ROWS {
        for account in [HOME, AWAY] {
            let mut cell = Cell::new(account, row);
            let mut deny = allow_on_key(&cell.arn, json!("kms:Encrypt"));
            deny["Effect"] = json!("Deny");
            let (key, mut statements) = (cell.key.clone(), cell.statements.clone());
            statements.push(deny);
            let mut in_key = Cell {
                bench: Bench {
                    lab: cell.bench.lab.fork(),
                    ..Bench::new()
                },
                ..cell
            };
            in_key.bench.set_key_policy(&key, &statements);
            cell = Cell::new(account, row);
            let admin = cell.admin.clone();
            put_policy(&mut cell.bench, &admin, "deny", "Deny");
            for model in [Model::Aws, Model::Exam] {
                let denied = |layer| Some((Verdict::ExplicitDeny, layer));
                assert_eq!(
                    in_key.refusal(model),
                    denied(Layer::Resource),
                    "{row:?} {account} {model}"
                );
                assert_eq!(
                    cell.refusal(model),
                    denied(Layer::Identity),
                    "{row:?} {account} {model}"
                );
            }
        }
    }
}

#[test]
fn the_models_differ_in_one_row_and_say_so() {
    for row in ROWS {
        let mut cell = Cell::new(HOME, row);
        let differs = cell.refusal(Model::Aws) != cell.refusal(Model::Exam);
        assert_eq!(
            differs,
            (row.0, row.1, row.2) == (false, KeyPolicy::Direct, false),
            "{row:?}"
        );
        for model in [Model::Aws, Model::Exam] {
            cell.refusal(model);
            let event = cell.bench.events().pop().unwrap();
            let decision = event.decisions.first().unwrap();
            assert_eq!(decision.model, model);
            assert_eq!(decision.other_model.is_some(), differs, "{row:?}");
        }
    }
}

#[test]
fn neither_root_nor_creator_has_what_the_key_policy_does_not_give() {
    let mut bench = Bench::new();
    let only_ann = json!({ "Version": "2012-10-17", "Statement": [allow_on_key(&user_arn("ann"), json!("kms:*"))] });
    bench.user("ann");
    let made = bench.ok(
        "kms:CreateKey",
        json!({ "Policy": only_ann.to_string(), "BypassPolicyLockoutSafetyCheck": true }),
    );
    let key = made["KeyMetadata"]["Arn"].clone();
    let home = bench.lab.home().clone();
    let root = bench.lab.root_credentials(&home).unwrap();
    for who in [bench.admin.clone(), root] {
        let error = bench
            .call(&who, "kms:DescribeKey", json!({ "KeyId": key }))
            .unwrap_err();
        assert_eq!(error.decision.unwrap().decisive, Some(Layer::Resource));
    }
}

#[test]
fn boundary_and_session_policy_limit_a_role_that_the_key_policy_names() {
    let mut bench = Bench::new();
    bench.glue_role("app");
    let boundary = bench.ok(
        "iam:CreatePolicy",
        json!({ "PolicyName": "limit", "PolicyDocument": document("Allow", json!("s3:*"), json!("*")) }),
    );
    let key = bench.key_with(&[allow_on_key(&role_arn("app"), json!("kms:Encrypt"))]);
    bench.role_policy("app", "use", document("Allow", json!("kms:*"), json!("*")));
    let role = keychai::base::Arn::parse(&role_arn("app")).unwrap();
    let session = bench
        .lab
        .service_session(&role, keychai::api::Service::Glue, "s")
        .unwrap();
    let encrypt = json!({ "KeyId": key, "Plaintext": blob("x") });
    bench.ok_as(&session, "kms:Encrypt", encrypt.clone());
    bench.ok(
        "iam:PutRolePermissionsBoundary",
        json!({ "RoleName": "app", "PermissionsBoundary": boundary["Policy"]["Arn"] }),
    );
    for model in [Model::Aws, Model::Exam] {
        bench.lab.set_model(model);
        let error = bench
            .call(&session, "kms:Encrypt", encrypt.clone())
            .unwrap_err();
        assert_eq!(
            error.decision.unwrap().decisive,
            Some(Layer::Boundary),
            "{model}"
        );
    }
}

#[test]
fn an_account_grant_still_needs_iam() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let key = bench.key_with(&[]);
    let grantee = format!("arn:aws:iam::{HOME}:root");
    bench.ok(
        "kms:CreateGrant",
        json!({ "KeyId": key, "GranteePrincipal": grantee, "Operations": ["Encrypt"] }),
    );
    let encrypt = json!({ "KeyId": key, "Plaintext": blob("x") });
    bench
        .call(&ann, "kms:Encrypt", encrypt.clone())
        .unwrap_err();
    bench.allow("ann", json!("kms:Encrypt"));
    bench.ok_as(&ann, "kms:Encrypt", encrypt);
}
