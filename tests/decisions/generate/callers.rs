//! Callers of every kind, and the names under which policies reach them.

use serde_json::{Value, json};

use super::dice::Dice;
use super::names::*;

/// A caller as the case states it, and what a policy may call it.
pub struct Caller {
    pub principal: Value,
    /// Names that reach it: itself, the role or user behind it, its ids, its account.
    pub links: Vec<(&'static str, String)>,
}

impl Caller {
    pub fn any(dice: &mut Dice) -> Self {
        let account = if dice.chance(75) { HOME } else { AWAY };
        let mut caller = match dice.below(100) {
            0..30 => Self::user(dice, account),
            30..60 => Self::role_session(dice, account),
            60..74 => Self::federated_user(dice, account),
            74..82 => Self::root(account),
            82..89 => Self::service(dice),
            89..94 => Self::anonymous(),
            _ => Self::web_identity(),
        };
        caller.decorate(dice);
        caller
    }

    pub fn kind(&self) -> &str {
        self.principal["kind"].as_str().unwrap()
    }

    pub fn is(&self, kinds: &[&str]) -> bool {
        kinds.contains(&self.kind())
    }

    pub fn has_identity(&self) -> bool {
        self.is(&["iam-user", "role-session", "federated-user"])
    }

    fn user(dice: &mut Dice, account: &str) -> Self {
        let (name, id) = dice.pick(&USERS);
        let arn = user(account, name);
        Self {
            links: links(account, &[&arn, id]),
            principal: json!({ "kind": "iam-user", "arn": arn, "account": account, "unique_id": id }),
        }
    }

    fn role_session(dice: &mut Dice, account: &str) -> Self {
        let linked = dice.chance(8);
        let (path, name, id) = if linked {
            SERVICE_LINKED
        } else {
            dice.pick(&ROLES)
        };
        let nick = dice.pick(&SESSIONS);
        let (arn, issuer) = (session(account, name, nick), role(account, path));
        let mut caller = Self {
            links: links(account, &[&arn, &issuer, id]),
            principal: json!({
                "kind": "role-session", "arn": arn, "account": account, "issuer_arn": issuer,
                "issuer_id": id, "unique_id": format!("{id}:{nick}"),
            }),
        };
        if linked {
            caller.principal["service_linked"] = json!(true);
        }
        caller
    }

    fn federated_user(dice: &mut Dice, account: &str) -> Self {
        let (name, _) = dice.pick(&USERS);
        let (arn, issuer) = (federated(account, "dora"), user(account, name));
        Self {
            links: links(account, &[&arn, &issuer]),
            principal: json!({
                "kind": "federated-user", "arn": arn, "account": account, "issuer_arn": issuer,
                "unique_id": format!("{account}:dora"),
            }),
        }
    }

    fn root(account: &str) -> Self {
        Self {
            links: links(account, &[]),
            principal: json!({ "kind": "root", "arn": root(account), "account": account, "unique_id": account }),
        }
    }

    fn service(dice: &mut Dice) -> Self {
        let service = dice.pick(&SERVICES);
        Self {
            principal: json!({ "kind": "service", "arn": null, "account": null, "service": service }),
            links: vec![("Service", service.to_owned())],
        }
    }

    fn anonymous() -> Self {
        Self {
            principal: json!({ "kind": "anonymous", "arn": null, "account": null }),
            links: vec![("AWS", "*".to_owned())],
        }
    }

    fn web_identity() -> Self {
        Self {
            principal: json!({ "kind": "web-identity", "arn": PROVIDER, "account": null }),
            links: vec![("Federated", PROVIDER.to_owned())],
        }
    }

    /// Tags, an organization, the management account.
    fn decorate(&mut self, dice: &mut Dice) {
        if !self.has_identity() && !self.is(&["root"]) {
            return;
        }
        if dice.chance(50) {
            self.principal["tags"] = json!({ "team": dice.pick(&["blue", "red", "Blue"]) });
        }
        if dice.chance(60) {
            self.principal["org_id"] = json!(dice.pick(&["o-lab1", "o-lab2"]));
        }
        if dice.chance(6) {
            self.principal["management_account"] = json!(true);
        }
    }
}

fn links(account: &str, own: &[&str]) -> Vec<(&'static str, String)> {
    let account = [root(account), account.to_owned()];
    let own = own.iter().map(|name| (*name).to_owned());
    own.chain(account).map(|name| ("AWS", name)).collect()
}

/// Names of others, which reach the caller only by accident.
pub fn stranger(dice: &mut Dice) -> (&'static str, String) {
    let account = dice.pick(&[HOME, AWAY]);
    let (name, id) = dice.pick(&USERS);
    let (path, role_name, role_id) = dice.pick(&ROLES);
    match dice.below(10) {
        0 | 1 => ("AWS", user(account, name)),
        2 | 3 => ("AWS", role(account, path)),
        4 => ("AWS", session(account, role_name, dice.pick(&SESSIONS))),
        5 => ("AWS", root(account)),
        6 => (
            "AWS",
            (dice.pick(&[id, role_id, "AIDADEADUSER00000001A"])).to_owned(),
        ),
        7 => ("AWS", federated(account, dice.pick(&["dora", "eve"]))),
        8 => ("Service", (dice.pick(&SERVICES)).to_owned()),
        _ => (
            "Federated",
            (dice.pick(&[PROVIDER, OTHER_PROVIDER])).to_owned(),
        ),
    }
}
