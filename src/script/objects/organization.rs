//! The root and the organizational units, as scripts hold them.

use std::collections::BTreeSet;
use std::rc::Rc;

use rhai::{Array, Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::{Options, at, invalid, texts};
use super::client::{Client, Fallible};
use super::clock::Account;
use super::organization_policy::ControlPolicy;
use super::permissions::conditioned;
use crate::api::Service;
use crate::base::AccountId;
use crate::policy::{StatementDraft, edit};
use crate::script::{Registry, Thrown};
use crate::state::organization::PolicyType;

/// The root of an organization, or one of its units.
#[derive(Clone, Debug)]
pub struct Unit {
    client: Client,
    id: Rc<str>,
    name: Rc<str>,
}

/// The entries of a list in an answer.
pub(super) fn entries<'a>(
    answer: &'a Value,
    list: &str,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    answer
        .get(list)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

impl Unit {
    /// The one with this id.
    pub(super) fn new(client: &Client, id: &str, name: &str) -> Self {
        Self {
            client: client.clone(),
            id: id.into(),
            name: name.into(),
        }
    }

    /// The root of the caller's organization.
    pub(super) fn root(client: &Client) -> Fallible<Self> {
        let answer = client.call(Service::Organizations, "ListRoots", json!({}))?;
        Ok(Self::new(
            client,
            &at(&answer, "/Roots/0/Id"),
            &at(&answer, "/Roots/0/Name"),
        ))
    }

    /// Its id, by which AWS's members take it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Who calls.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    fn call(&self, operation: &str, members: Value) -> Fallible<Value> {
        self.client.call(Service::Organizations, operation, members)
    }

    /// Makes a unit in it.
    pub(super) fn create_ou(&self, name: &str) -> Fallible<Self> {
        let members = json!({ "ParentId": *self.id, "Name": name });
        let made = self.call("CreateOrganizationalUnit", members)?;
        Ok(Self::new(
            &self.client,
            &at(&made, "/OrganizationalUnit/Id"),
            name,
        ))
    }

    /// Opens an account in it.
    pub(super) fn create_account(&self, name: &str) -> Fallible<Account> {
        self.client.lab.together(|| {
            let members = json!({ "AccountName": name, "Email": self.free_email(name)? });
            let made = self.call("CreateAccount", members)?;
            let id = AccountId::parse(&at(&made, "/CreateAccountStatus/AccountId"))
                .map_err(|e| Thrown::new("InternalFailure", e.to_string()))?;
            let account = Account::of(&self.client.lab, id)?;
            let root = Self::root(&self.client)?;
            if root.id != self.id {
                self.add(&account)?;
            }
            Ok(account)
        })
    }

    /// An address that no account of the organization has.
    fn free_email(&self, name: &str) -> Fallible<String> {
        let answer = self.call("ListAccounts", json!({}))?;
        let taken: BTreeSet<String> = entries(&answer, "Accounts")
            .map(|a| at(a, "/Email"))
            .collect();
        let user: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(40)
            .collect();
        let numbered = (2..).map(|n| format!("aws+{user}{n}@example.com"));
        let first = format!("aws+{user}@example.com");
        let mut all = std::iter::once(first).chain(numbered);
        Ok(all.find(|email| !taken.contains(email)).unwrap_or_default())
    }

    /// Moves an account into it.
    fn add(&self, account: &Account) -> Fallible<()> {
        let id = account.id();
        let parents = self.call("ListParents", json!({ "ChildId": id }))?;
        let members = json!({
            "AccountId": id,
            "SourceParentId": at(&parents, "/Parents/0/Id"),
            "DestinationParentId": *self.id,
        });
        self.call("MoveAccount", members).map(drop)
    }

    fn units(&self) -> Fallible<Array> {
        let members = json!({ "ParentId": *self.id });
        let answer = self.call("ListOrganizationalUnitsForParent", members)?;
        let units = entries(&answer, "OrganizationalUnits");
        let unit = |u| Self::new(&self.client, &at(u, "/Id"), &at(u, "/Name"));
        Ok(units.map(|u| Dynamic::from(unit(u))).collect())
    }

    fn accounts(&self) -> Fallible<Array> {
        let answer = self.call("ListAccountsForParent", json!({ "ParentId": *self.id }))?;
        let ids = entries(&answer, "Accounts").map(|account| at(account, "/Id"));
        ids.map(|id| {
            let id = AccountId::parse(&id).map_err(|e| invalid(e.to_string()))?;
            Account::of(&self.client.lab, id).map(Dynamic::from)
        })
        .collect()
    }

    fn policies(&self) -> Fallible<Array> {
        let mut found = Array::new();
        for kind in PolicyType::ALL {
            let members = json!({ "TargetId": *self.id, "Filter": kind });
            let answer = self.call("ListPoliciesForTarget", members)?;
            let listed = entries(&answer, "Policies");
            found.extend(
                listed.map(|p| Dynamic::from(ControlPolicy::listed(&self.client, kind, p))),
            );
        }
        Ok(found)
    }

    /// Makes a policy of one Deny and attaches it here.
    fn deny(&self, kind: PolicyType, actions: Dynamic, options: Map) -> Fallible<ControlPolicy> {
        let method = match kind {
            PolicyType::ServiceControlPolicy => "deny",
            PolicyType::ResourceControlPolicy => "protect",
        };
        let options = Options::new(method, options, &["resources", "condition", "name"])?;
        let actions = texts(actions, "an action")?;
        if actions.is_empty() {
            return Err(invalid("a statement needs at least one action"));
        }
        let resources = options
            .texts("resources")?
            .unwrap_or_else(|| vec!["*".to_owned()]);
        let name = match options.text("name")? {
            Some(name) => name,
            None => self.free_name(method, &actions)?,
        };
        let draft = StatementDraft::deny().actions(actions).resources(resources);
        let draft = match kind {
            PolicyType::ServiceControlPolicy => draft,
            PolicyType::ResourceControlPolicy => draft.everyone(),
        };
        let statement = conditioned(draft, options.json("condition")?);
        let content = edit::with_statement(None, statement).to_string();
        self.client.lab.together(|| {
            let made = ControlPolicy::create(&self.client, kind, &name, &content)?;
            made.attach(self.id().into())
        })
    }

    /// `deny-s3-All`; numbered where it is taken.
    fn free_name(&self, method: &str, actions: &[String]) -> Fallible<String> {
        let mut taken = BTreeSet::new();
        for kind in PolicyType::ALL {
            let answer = self.call("ListPolicies", json!({ "Filter": kind }))?;
            taken.extend(entries(&answer, "Policies").map(|policy| at(policy, "/Name")));
        }
        let first = actions.first().map_or("", String::as_str);
        let readable: String = first
            .replace(':', "-")
            .replace('*', "All")
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .take(64)
            .collect();
        let base = format!("{method}-{readable}");
        let numbered = (2..).map(|n| format!("{base}-{n}"));
        let mut all = std::iter::once(base.clone()).chain(numbered);
        Ok(all.find(|name| !taken.contains(name)).unwrap_or(base))
    }
}

const MAKE: &str = "let root = organizations.create();\nlet dev = root.create_ou(\"dev\");\n";

/// Registers the root and the units.
pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .type_named::<Unit>(
            "OrganizationalUnit",
            "The root of an organization, or a unit in it: what accounts lie in.",
        )
        .brief(|unit: &Unit| format!("{} ({})", unit.name, unit.id));
    properties(registry);
    filling(registry);
    denying(registry);
}

fn properties(registry: &mut Registry<'_>) {
    registry
        .property::<Unit>("id")
        .returns("string")
        .doc("The id: `r-…` for the root, `ou-…` for a unit.")
        .example(&format!("{MAKE}dev.id"))
        .register(|unit: &mut Unit| unit.id.to_string());
    registry
        .property::<Unit>("name")
        .returns("string")
        .doc("The name.")
        .example(&format!("{MAKE}dev.name"))
        .register(|unit: &mut Unit| unit.name.to_string());
    registry
        .method::<Unit>("units")
        .returns("array")
        .doc("The units directly in it.")
        .example(&format!("{MAKE}root.units()"))
        .register(|unit: &mut Unit| unit.units());
    registry
        .method::<Unit>("accounts")
        .returns("array")
        .doc("The accounts directly in it.")
        .example(&format!("{MAKE}root.accounts()"))
        .register(|unit: &mut Unit| unit.accounts());
    registry
        .method::<Unit>("policies")
        .returns("array")
        .doc("The policies attached to it itself; those of its parents bind it too.")
        .example(&format!("{MAKE}dev.policies()"))
        .register(|unit: &mut Unit| unit.policies());
}

fn filling(registry: &mut Registry<'_>) {
    registry
        .method::<Unit>("create_ou")
        .param("name", "string")
        .returns("OrganizationalUnit")
        .doc("Makes a unit in it (CreateOrganizationalUnit).")
        .example(&format!("{MAKE}dev.create_ou(\"team\")"))
        .register(|unit: &mut Unit, name: &str| unit.create_ou(name));
    registry
        .method::<Unit>("create_account")
        .param("name", "string")
        .returns("Account")
        .doc("Opens an account in it, with an administrator; its root user comes with `.root()`.")
        .example(&format!("{MAKE}let payroll = dev.create_account(\"payroll\");\npayroll.s3.create_bucket(\"payroll-data\")"))
        .register(|unit: &mut Unit, name: &str| unit.create_account(name));
    registry
        .method::<Unit>("add")
        .param("account", "Account")
        .returns("OrganizationalUnit")
        .doc("Moves an account of the organization into it (MoveAccount).")
        .example(&format!("{MAKE}dev.add(root.create_account(\"payroll\"))"))
        .register(|unit: &mut Unit, account: Account| unit.add(&account).map(|()| unit.clone()));
}

fn denying(registry: &mut Registry<'_>) {
    let scp = "Denies actions to everyone in the accounts below, their root users included: a service control policy of one Deny, attached here. Nothing in those accounts can override it.";
    registry
        .method::<Unit>("deny")
        .param("actions", "any")
        .returns("OrganizationPolicy")
        .doc(scp)
        .example(&format!(
            "{MAKE}dev.deny([\"kms:ScheduleKeyDeletion\", \"kms:DisableKey\"])"
        ))
        .register(|unit: &mut Unit, actions: Dynamic| {
            unit.deny(PolicyType::ServiceControlPolicy, actions, Map::new())
        });
    let options = "Options: `resources`, `condition`, `name`.";
    registry
        .method::<Unit>("deny")
        .param("actions", "any")
        .param("options", "map")
        .returns("OrganizationPolicy")
        .doc(&format!("{scp} {options}"))
        .example(&format!("{MAKE}dev.deny(\"s3:*\", #{{ name: \"OnlyTls\", condition: #{{ Bool: #{{ \"aws:SecureTransport\": \"false\" }} }} }})"))
        .register(|unit: &mut Unit, actions: Dynamic, options: Map| {
            unit.deny(PolicyType::ServiceControlPolicy, actions, options)
        });
    let rcp = "Denies actions on the resources of the accounts below, to whomever: a resource control policy of one Deny, attached here. The type has to be enabled first.";
    registry
        .method::<Unit>("protect")
        .param("actions", "any")
        .param("options", "map")
        .returns("OrganizationPolicy")
        .doc(&format!("{rcp} {options}"))
        .example(&format!("{MAKE}organizations.enable(\"rcp\");\ndev.protect([\"s3:*\", \"kms:*\"], #{{ condition: #{{\n    StringNotEqualsIfExists: #{{ \"aws:PrincipalOrgID\": organizations.id }},\n    BoolIfExists: #{{ \"aws:PrincipalIsAWSService\": \"false\" }}\n}} }})"))
        .register(|unit: &mut Unit, actions: Dynamic, options: Map| {
            unit.deny(PolicyType::ResourceControlPolicy, actions, options)
        });
}
