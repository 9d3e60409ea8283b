//! Seeded random cases in the format of `tests/cases/decisions.json`.
//!
//! Few names, so that they meet; patterns that nearly fit; conditions on keys
//! that are absent, empty or many; every layer. One number makes one case, so a
//! disagreement is replayed by its number. What no source decides is left out: an
//! ARN condition on a lone `*`, an unsigned call to KMS, an empty list under
//! `ForAnyValue…IfExists`, an escape in a policy without variables.

mod callers;
mod conditions;
mod dice;
mod keys;
mod names;
mod requests;
mod statements;

use serde_json::{Value, json};

use callers::{Caller, stranger};
pub use dice::Dice;
use names::*;
use requests::Request;
use statements::{Place, fitting, random};

/// The case of that number.
pub fn case(number: u64) -> Value {
    let mut dice = Dice::new(number);
    let caller = Caller::any(&mut dice);
    let request = Request::any(&mut dice, &caller);
    let (shared, checks) = shared_context(&mut dice, &caller, request.checks);
    let mut maker = Maker {
        dice: &mut dice,
        caller: &caller,
        checks: &checks,
    };
    let policies = maker.policies();
    json!({
        "id": format!("GEN-{number}"),
        "kind": "authz",
        "principal": caller.principal,
        "policies": policies,
        "request": { "api": request.api, "context": shared, "checks": checks },
    })
}

/// What is said once for all checks, and the checks without it: the caller's
/// network, and the keys that only temporary credentials have.
fn shared_context(dice: &mut Dice, caller: &Caller, mut checks: Vec<Value>) -> (Value, Vec<Value>) {
    let mut shared = json!({});
    if dice.chance(50)
        && let Some(first) = checks[0]["context"].as_object_mut()
        && let Some(address) = first.shift_remove("aws:SourceIp")
    {
        shared["aws:SourceIp"] = address;
    }
    if caller.is(&["role-session", "federated-user"]) {
        for check in &mut checks {
            let own = check["context"].as_object_mut().unwrap();
            own.shift_remove("aws:TokenIssueTime");
            own.shift_remove("aws:MultiFactorAuthPresent");
        }
        shared["aws:TokenIssueTime"] =
            json!(dice.pick(&["2026-06-01T11:00:00Z", "2026-06-01T13:30:00.5+02:00"]));
        shared["aws:MultiFactorAuthPresent"] = json!(dice.pick(&["true", "false"]));
    }
    (shared, checks)
}

struct Maker<'a> {
    dice: &'a mut Dice,
    caller: &'a Caller,
    checks: &'a [Value],
}

impl Maker<'_> {
    fn policies(&mut self) -> Value {
        let own = self.caller.has_identity();
        let federated = self.caller.is(&["federated-user"]);
        let role = self.caller.is(&["role-session"]);
        let identity = if own {
            self.documents(76, 3)
        } else {
            json!([])
        };
        let boundary = if own && self.dice.chance(28) {
            self.document(74, Place::Own, "2012-10-17")
        } else {
            Value::Null
        };
        let session = if (federated && self.dice.chance(85)) || (role && self.dice.chance(30)) {
            self.documents(78, 2)
        } else {
            Value::Null
        };
        json!({
            "identity": identity,
            "permissions_boundary": boundary,
            "session": session,
            "scp": self.service_control(),
            "rcp": self.resource_control(),
            "vpc_endpoint": self.endpoint(),
            "resources": self.resources(),
            "grants": self.grants(),
        })
    }

    /// One to `most` documents, the first of which probably allows.
    fn documents(&mut self, percent: usize, most: usize) -> Value {
        let count = 1 + self.dice.below(most);
        let documents = (0..count).map(|at| {
            let version = if self.dice.chance(80) {
                "2012-10-17"
            } else {
                "2008-10-17"
            };
            self.document(if at == 0 { percent } else { 10 }, Place::Own, version)
        });
        Value::Array(documents.collect())
    }

    /// Statements that fit with this chance, and others.
    fn document(&mut self, percent: usize, place: Place, version: &str) -> Value {
        let mut statements = Vec::new();
        for check in self.checks {
            if self.dice.chance(percent) {
                statements.push(fitting(self.dice, self.caller, check, place));
            }
        }
        for _ in 0..self.dice.below(3) {
            statements.push(self.stray(place, 22));
        }
        while statements.is_empty() {
            statements.push(self.stray(place, 10));
        }
        self.versioned(statements, version)
    }

    /// A statement about any check, a Deny with this chance.
    fn stray(&mut self, place: Place, denies: usize) -> Value {
        let check = &self.checks[self.dice.below(self.checks.len())];
        let effect = if self.dice.chance(denies) {
            "Deny"
        } else {
            "Allow"
        };
        random(self.dice, self.caller, check, place, effect)
    }

    fn versioned(&mut self, mut statements: Vec<Value>, version: &str) -> Value {
        if self.dice.chance(30) {
            statements.reverse();
        }
        let single = statements.len() == 1 && self.dice.chance(30);
        let body = if single {
            statements.remove(0)
        } else {
            json!(statements)
        };
        // What an escape means where there are no variables is nowhere written.
        let escapes = ["${*}", "${?}", ", '"]
            .iter()
            .any(|e| body.to_string().contains(e));
        match version {
            "2008-10-17" if !escapes && self.dice.chance(50) => json!({ "Statement": body }),
            "2008-10-17" if !escapes => json!({ "Version": version, "Statement": body }),
            _ => json!({ "Version": "2012-10-17", "Statement": body }),
        }
    }

    /// Present for callers that it cannot bind, too.
    fn service_control(&mut self) -> Value {
        if self.dice.chance(62) {
            return Value::Null;
        }
        let full = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
        let levels = (0..1 + self.dice.below(3)).map(|_| {
            let mut level = Vec::new();
            if self.dice.chance(82) {
                level.push(full.clone());
            } else {
                level.push(self.document(60, Place::Own, "2012-10-17"));
            }
            if self.dice.chance(18) {
                let deny = self.stray(Place::Own, 100);
                level.push(self.versioned(vec![deny], "2012-10-17"));
            }
            level
        });
        json!(levels.collect::<Vec<_>>())
    }

    fn resource_control(&mut self) -> Value {
        if self.dice.chance(72) {
            return Value::Null;
        }
        let levels = (0..1 + self.dice.below(2)).map(|_| {
            let mut deny = self.stray(Place::Own, 100);
            deny["Principal"] = json!("*");
            vec![json!({ "Version": "2012-10-17", "Statement": [deny] })]
        });
        json!(levels.collect::<Vec<_>>())
    }

    fn endpoint(&mut self) -> Value {
        if self.dice.chance(76) {
            return Value::Null;
        }
        if self.dice.chance(50) {
            return json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }] });
        }
        let mut document = self.document(65, Place::Own, "2012-10-17");
        let mut list = match document["Statement"].take() {
            Value::Array(list) => list,
            one => vec![one],
        };
        // Callers of few layers are few, and would seldom meet a Deny here.
        let denies = if self.caller.has_identity() { 35 } else { 75 };
        if self.dice.chance(denies) {
            list.push(self.stray(Place::Own, 100));
        }
        let named = list.into_iter().map(|mut statement| {
            statement["Principal"] = json!("*");
            statement
        });
        document["Statement"] = json!(named.collect::<Vec<_>>());
        document
    }

    /// What the checks ask for, with its policy, and now and then something else.
    fn resources(&mut self) -> Value {
        let mut all = json!({});
        for name in [
            HOME_BUCKET,
            AWAY_BUCKET,
            HOME_KEY,
            AWAY_KEY,
            MANAGED_KEY,
            HOME_ROLE,
            AWAY_ROLE,
        ] {
            let asked = |check: &&Value| {
                let resource = check["resource"].as_str().unwrap();
                resource == name || resource.starts_with(&format!("{name}/"))
            };
            if self.checks.iter().any(|c| asked(&c)) || self.dice.chance(5) {
                all[name] = self.resource(name);
            }
        }
        all
    }

    fn resource(&mut self, name: &str) -> Value {
        let account = owner(name);
        if name.contains(":s3:") {
            let silent = self
                .dice
                .chance(if self.caller.has_identity() { 30 } else { 10 });
            let policy = if silent {
                Value::Null
            } else {
                self.bucket_policy()
            };
            return json!({ "kind": "s3-bucket", "account": account, "policy": policy });
        }
        if name.contains(":role/") {
            let policy = self.document(70, Place::Trust, "2012-10-17");
            return json!({ "kind": "iam-role", "account": account, "policy": policy });
        }
        let manager = if name == MANAGED_KEY {
            "AWS"
        } else {
            "CUSTOMER"
        };
        let policy = self.key_policy(account);
        let mut key = json!({ "kind": "kms-key", "account": account, "key_manager": manager, "policy": policy });
        if self.dice.chance(40) {
            key["aliases"] = json!(self.dice.some(&["alias/app", "alias/x"], 60));
        }
        key
    }

    fn bucket_policy(&mut self) -> Value {
        let version = if self.dice.chance(90) {
            "2012-10-17"
        } else {
            "2008-10-17"
        };
        self.document(58, Place::Resource, version)
    }

    /// The account's statement, one for the caller, and others.
    fn key_policy(&mut self, account: &str) -> Value {
        let mut document = self.document(42, Place::Resource, "2012-10-17");
        let mut list = match document["Statement"].take() {
            Value::Array(list) => list,
            one => vec![one],
        };
        let trusted = if self.dice.chance(75) { account } else { HOME };
        if self.dice.chance(50) {
            list.insert(0, json!({ "Effect": "Allow", "Principal": { "AWS": root(trusted) }, "Action": "kms:*", "Resource": "*" }));
        }
        if self.dice.chance(6) {
            // Accepted, and without effect.
            list.push(json!({ "Effect": "Allow", "Principal": "*", "Action": "kms:*" }));
        }
        document["Statement"] = json!(list);
        document
    }

    fn grants(&mut self) -> Value {
        let mut grants = Vec::new();
        for check in self.checks {
            let action = check["action"].as_str().unwrap();
            if action.starts_with("kms:") && check["resource"] != "*" && self.dice.chance(38) {
                grants.push(self.grant(check, action.trim_start_matches("kms:")));
            }
        }
        json!(grants)
    }

    fn grant(&mut self, check: &Value, operation: &str) -> Value {
        let arns: Vec<&String> = self
            .caller
            .links
            .iter()
            .map(|(_, name)| name)
            .filter(|name| name.starts_with("arn:aws:") && !name.contains("oidc"))
            .collect();
        let grantee = if arns.is_empty() || self.dice.chance(25) {
            let (_, name) = stranger(self.dice);
            if name.starts_with("arn:") && !name.contains("oidc") {
                name
            } else {
                root(AWAY)
            }
        } else {
            (self.dice.pick(&arns)).clone()
        };
        let operations = [
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "DescribeKey",
            "ReEncryptFrom",
            "ReEncryptTo",
        ];
        let mut granted = self.dice.some(&operations, 30);
        if operations.contains(&operation) && self.dice.chance(80) && !granted.contains(&operation)
        {
            granted.push(operation);
        }
        if granted.is_empty() {
            granted.push("Encrypt");
        }
        let mut grant = json!({ "KeyId": check["resource"], "GranteePrincipal": grantee, "Operations": granted });
        if self.dice.chance(10) {
            grant["KeyId"] = json!(self.dice.pick(&[HOME_KEY, AWAY_KEY]));
        }
        if self.dice.chance(45) {
            let kind = self
                .dice
                .pick(&["EncryptionContextEquals", "EncryptionContextSubset"]);
            grant["Constraints"] = json!({ kind: self.constraint(check) });
        }
        grant
    }

    /// The pairs of the request, all or some, or others.
    fn constraint(&mut self, check: &Value) -> Value {
        let prefix = "kms:EncryptionContext:";
        let mut pairs = json!({});
        for (key, value) in check["context"].as_object().unwrap() {
            if let Some(key) = key.strip_prefix(prefix)
                && self.dice.chance(85)
            {
                let key = if self.dice.chance(15) {
                    self.dice.turn_case(key)
                } else {
                    key.to_owned()
                };
                pairs[key] = value.clone();
            }
        }
        if pairs == json!({}) || self.dice.chance(12) {
            pairs["AppName"] = json!(self.dice.pick(&["x", "y"]));
        }
        pairs
    }
}
