//! Organizations: a tree of accounts, and the policies attached to it.
//!
//! [`Tree`] is the data. [`Organization`] keeps beside it what each account
//! gets out of it, its [`Guardrails`], so that a decision looks them up and
//! computes nothing.

mod kept;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::authz::{NamedPolicy, PolicySet};
use crate::base::{AccountId, Arn, ControlPolicyId, NodeId, OrganizationId, Timestamp};
use crate::policy::{Policy, PolicyError, PolicyKind};

/// The types of policies that bear on decisions.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PolicyType {
    /// What the principals of an account can be allowed.
    ServiceControlPolicy,
    /// What can be allowed on the resources of an account.
    ResourceControlPolicy,
}

impl PolicyType {
    /// Both types.
    pub const ALL: [Self; 2] = [Self::ServiceControlPolicy, Self::ResourceControlPolicy];

    /// The kind of its documents.
    pub fn kind(self) -> PolicyKind {
        match self {
            Self::ServiceControlPolicy => PolicyKind::ServiceControl,
            Self::ResourceControlPolicy => PolicyKind::ResourceControl,
        }
    }

    /// As ARNs write it: `service_control_policy`.
    pub fn in_arns(self) -> &'static str {
        match self {
            Self::ServiceControlPolicy => "service_control_policy",
            Self::ResourceControlPolicy => "resource_control_policy",
        }
    }

    /// As condition keys and requests write it: `SERVICE_CONTROL_POLICY`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ServiceControlPolicy => "SERVICE_CONTROL_POLICY",
            Self::ResourceControlPolicy => "RESOURCE_CONTROL_POLICY",
        }
    }

    /// Name, description and document of AWS's own policy, which lets everything pass.
    ///
    /// Source: Organizations User Guide, "AWS managed policies for use with
    /// AWS Organizations".
    fn full_access(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ServiceControlPolicy => (
                "FullAWSAccess",
                "Allows access to every operation",
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            ),
            Self::ResourceControlPolicy => (
                "RCPFullAWSAccess",
                "Allows access to every resource",
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#,
            ),
        }
    }
}

impl fmt::Display for PolicyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A policy of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ControlPolicy {
    /// The id.
    pub id: ControlPolicyId,
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// The type.
    pub kind: PolicyType,
    /// Whether it is AWS's own.
    pub aws_managed: bool,
    /// The document.
    pub document: Policy,
}

/// What a node of the tree is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum NodeKind {
    /// The root.
    Root,
    /// An organizational unit.
    Unit,
    /// An account.
    Account {
        /// The e-mail address of its root user.
        email: String,
        /// When it became a member.
        joined: Timestamp,
    },
}

/// The root, an organizational unit or an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Node {
    /// The id.
    pub id: NodeId,
    /// What it lies in; the root lies in nothing.
    pub parent: Option<NodeId>,
    /// The name.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// The policies attached to it, in the order of attachment.
    pub attached: Vec<ControlPolicyId>,
}

impl Node {
    /// What people call it: `Root`, `OU dev`, `account payroll`.
    pub fn label(&self) -> String {
        match self.kind {
            NodeKind::Root => self.name.clone(),
            NodeKind::Unit => format!("OU {}", self.name),
            NodeKind::Account { .. } => format!("account {}", self.name),
        }
    }
}

/// What came of a request to open an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountRequest {
    /// The name that the account was to have.
    pub name: String,
    /// When it was made, and done.
    pub at: Timestamp,
    /// The account, or why there is none.
    pub outcome: Result<AccountId, Cow<'static, str>>,
}

/// The data of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tree {
    /// The id.
    pub id: OrganizationId,
    /// The account that manages it.
    pub management: AccountId,
    /// The id of the root.
    pub root: NodeId,
    /// The types of policies that are enabled.
    pub enabled: BTreeSet<PolicyType>,
    /// The root, the organizational units and the accounts.
    pub nodes: BTreeMap<NodeId, Node>,
    /// The policies, AWS's own two included.
    pub policies: BTreeMap<ControlPolicyId, ControlPolicy>,
    /// The requests to open an account, by their ids.
    pub requests: BTreeMap<String, AccountRequest>,
}

impl Tree {
    /// The nodes directly in `parent`.
    pub fn children<'a>(&'a self, parent: &'a NodeId) -> impl Iterator<Item = &'a Node> + 'a {
        let inside = move |node: &&Node| node.parent.as_ref() == Some(parent);
        self.nodes.values().filter(inside)
    }

    /// The nodes from the root down to `node`.
    pub fn way_to(&self, node: &NodeId) -> Vec<&Node> {
        let up = |node: &&Node| {
            node.parent
                .as_ref()
                .and_then(|parent| self.nodes.get(parent))
        };
        let mut way: Vec<&Node> = std::iter::successors(self.nodes.get(node), up).collect();
        way.reverse();
        way
    }

    /// `o-…/r-…/ou-…/`: where `node` lies, as condition keys write it; an
    /// account's path is that of its parent.
    pub fn path_to(&self, node: &NodeId) -> String {
        let way = self.way_to(node);
        let units = way
            .iter()
            .filter(|n| !matches!(n.kind, NodeKind::Account { .. }));
        units.fold(format!("{}/", self.id), |path, node| {
            format!("{path}{}/", node.id)
        })
    }

    /// The policies of one type that are attached to `node`.
    pub fn attached<'a>(
        &'a self,
        node: &'a Node,
        kind: PolicyType,
    ) -> impl Iterator<Item = &'a ControlPolicy> + 'a {
        let known = node.attached.iter().filter_map(|id| self.policies.get(id));
        known.filter(move |policy| policy.kind == kind)
    }

    /// AWS's own policy of this type.
    pub fn full_access(&self, kind: PolicyType) -> Option<&ControlPolicy> {
        let mut policies = self.policies.values();
        policies.find(|policy| policy.aws_managed && policy.kind == kind)
    }

    /// AWS's own policies of the enabled types: what a new node starts with.
    pub fn first_policies(&self) -> Vec<ControlPolicyId> {
        let enabled = self.enabled.iter();
        enabled
            .filter_map(|kind| self.full_access(*kind).map(|policy| policy.id.clone()))
            .collect()
    }

    /// The ARN of `node`.
    pub fn node_arn(&self, node: &NodeId) -> Arn {
        let kind = match node.as_str() {
            id if id.starts_with("r-") => "root",
            id if id.starts_with("ou-") => "ou",
            _ => "account",
        };
        self.arn(&format!("{kind}/{}/{node}", self.id))
    }

    /// The ARN of the organization.
    pub fn own_arn(&self) -> Arn {
        self.arn(&format!("organization/{}", self.id))
    }

    /// The ARN of `policy`.
    pub fn policy_arn(&self, policy: &ControlPolicy) -> Arn {
        let (kind, id) = (policy.kind.in_arns(), &policy.id);
        if policy.aws_managed {
            return Arn::of("organizations", "", "aws", &format!("policy/{kind}/{id}"));
        }
        self.arn(&format!("policy/{}/{kind}/{id}", self.id))
    }

    fn arn(&self, resource: &str) -> Arn {
        Arn::of("organizations", "", self.management.as_str(), resource)
    }

    /// The policies of one type, level by level from the root to `account`.
    fn levels(&self, account: &NodeId, kind: PolicyType) -> Arc<[PolicySet]> {
        if !self.enabled.contains(&kind) {
            return Arc::default();
        }
        let named = |node: &Node| {
            let label = node.label();
            self.attached(node, kind)
                .map(|policy| {
                    let name = format!("{label} › {}", policy.name);
                    NamedPolicy::new(name, policy.document.clone())
                })
                .collect()
        };
        self.way_to(account).into_iter().map(named).collect()
    }
}

/// What an organization lays upon one of its accounts.
#[derive(Clone, Debug)]
pub struct Guardrails {
    /// The organization.
    pub organization: OrganizationId,
    /// Where the account lies: `o-…/r-…/ou-…/`.
    pub path: Arc<str>,
    /// Service control policies, level by level from the root; none for the management account.
    pub scp: Arc<[PolicySet]>,
    /// Resource control policies, likewise.
    pub rcp: Arc<[PolicySet]>,
}

/// An organization with the guardrails of its accounts.
#[derive(Clone, Debug)]
pub struct Organization {
    tree: Tree,
    guardrails: BTreeMap<AccountId, Guardrails>,
}

impl Organization {
    /// An organization of the management account alone, with service control
    /// policies enabled.
    ///
    /// # Errors
    /// Never in practice: AWS's own policies are valid, as a test shows.
    pub fn new(
        id: OrganizationId,
        root: NodeId,
        management: &AccountId,
        email: String,
        now: Timestamp,
    ) -> Result<Self, PolicyError> {
        let mut tree = Tree {
            id,
            management: management.clone(),
            root: root.clone(),
            enabled: BTreeSet::from([PolicyType::ServiceControlPolicy]),
            nodes: BTreeMap::new(),
            policies: aws_policies()?,
            requests: BTreeMap::new(),
        };
        let attached = tree.first_policies();
        let account = NodeId::from(management);
        let nodes = [
            Node {
                id: root.clone(),
                parent: None,
                name: "Root".to_owned(),
                kind: NodeKind::Root,
                attached: attached.clone(),
            },
            Node {
                id: account,
                parent: Some(root),
                name: "management".to_owned(),
                kind: NodeKind::Account { email, joined: now },
                attached,
            },
        ];
        tree.nodes = nodes
            .into_iter()
            .map(|node| (node.id.clone(), node))
            .collect();
        let guardrails = guardrails(&tree);
        Ok(Self { tree, guardrails })
    }

    /// Its data.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Changes its data; what its accounts get out of it follows.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut Tree) -> T) -> T {
        let changed = change(&mut self.tree);
        self.guardrails = guardrails(&self.tree);
        changed
    }

    /// What it lays upon `account`; `None` if that is no member.
    pub fn guardrails(&self, account: &AccountId) -> Option<&Guardrails> {
        self.guardrails.get(account)
    }
}

fn aws_policies() -> Result<BTreeMap<ControlPolicyId, ControlPolicy>, PolicyError> {
    let mut policies = BTreeMap::new();
    for kind in PolicyType::ALL {
        let (name, description, text) = kind.full_access();
        let document = Policy::load(kind.kind(), text)?;
        let id = ControlPolicyId::of_aws(name);
        let policy = ControlPolicy {
            id: id.clone(),
            name: name.to_owned(),
            description: description.to_owned(),
            kind,
            aws_managed: true,
            document,
        };
        policies.insert(id, policy);
    }
    Ok(policies)
}

fn guardrails(tree: &Tree) -> BTreeMap<AccountId, Guardrails> {
    let accounts = tree.nodes.keys().filter_map(|id| Some((id, id.account()?)));
    accounts
        .map(|(node, account)| {
            let levels = |kind| match account == tree.management {
                true => Arc::default(),
                false => tree.levels(node, kind),
            };
            let own = Guardrails {
                organization: tree.id.clone(),
                path: tree.path_to(node).into(),
                scp: levels(PolicyType::ServiceControlPolicy),
                rcp: levels(PolicyType::ResourceControlPolicy),
            };
            (account, own)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Entropy;

    #[test]
    fn only_member_accounts_have_levels_and_one_for_each_node_above_them() {
        let mut entropy = Entropy::simulated(1);
        let management = AccountId::parse("111122223333").unwrap();
        let member = AccountId::parse("444455556666").unwrap();
        let root = NodeId::fresh_root(&mut entropy);
        let unit = NodeId::fresh_unit(&root, &mut entropy);
        let id = OrganizationId::fresh(&mut entropy);
        let now = Timestamp::from_seconds(0);
        let email = "root@example.com".to_owned();
        let mut organization =
            Organization::new(id.clone(), root.clone(), &management, email.clone(), now).unwrap();
        organization.change(|tree| {
            let attached = tree.first_policies();
            let node = |id: &NodeId, parent: &NodeId, name: &str, kind| Node {
                id: id.clone(),
                parent: Some(parent.clone()),
                name: name.to_owned(),
                kind,
                attached: attached.clone(),
            };
            let account = NodeId::from(&member);
            let kind = NodeKind::Account { email, joined: now };
            tree.nodes
                .insert(unit.clone(), node(&unit, &root, "dev", NodeKind::Unit));
            tree.nodes
                .insert(account.clone(), node(&account, &unit, "pay", kind));
        });
        let own = organization.guardrails(&member).unwrap();
        let policies = own.scp.iter().flat_map(PolicySet::policies);
        let names: Vec<&str> = policies.map(|p| &*p.name).collect();
        assert_eq!(
            names,
            [
                "Root › FullAWSAccess",
                "OU dev › FullAWSAccess",
                "account pay › FullAWSAccess"
            ]
        );
        assert!(own.rcp.is_empty(), "not enabled");
        assert_eq!(*own.path, *format!("{id}/{root}/{unit}/"));
        let managing = organization.guardrails(&management).unwrap();
        assert!(managing.scp.is_empty());
        assert_eq!(*managing.path, *format!("{id}/{root}/"));
    }
}
