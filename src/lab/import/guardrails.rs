//! The organization above the account: its policies, and where they are attached.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::documents::{account_in, list, member, policy};
use super::recognise::{Export, Found, named_in};
use super::{Report, of_kind};
use crate::base::{AccountId, ControlPolicyId, NodeId, OrganizationId};
use crate::lab::Lab;
use crate::state::organization::{ControlPolicy, Node, NodeKind, Organization, PolicyType, Tree};

const AGAIN: &str = "print it again with `aws organizations`";

/// What the exports tell of an organization.
#[derive(Default)]
struct Told {
    management: Option<AccountId>,
    id: Option<OrganizationId>,
    policies: BTreeMap<ControlPolicyId, ControlPolicy>,
    /// The name and type of policies that are listed, with or without their document.
    listed: BTreeMap<ControlPolicyId, String>,
    /// The policies of each target.
    attached: BTreeMap<NodeId, BTreeSet<ControlPolicyId>>,
    names: BTreeMap<NodeId, String>,
    parents: BTreeMap<NodeId, NodeId>,
}

/// Puts the organization, if the exports tell of one.
pub(super) fn load(lab: &mut Lab, exports: &[Export], report: &mut Report) {
    let mut told = Told::default();
    told.organization(exports);
    told.policies(exports, report);
    told.targets(exports, report);
    told.parents(exports);
    let Some(management) = told.management.clone() else {
        return;
    };
    missing(lab, &told, report);
    let now = lab.now();
    let id = told.id.clone();
    let id = id.unwrap_or_else(|| OrganizationId::fresh(lab.entropy_mut()));
    let known = told.attached.keys().chain(told.parents.values());
    let root = known
        .into_iter()
        .find(|node| node.as_str().starts_with("r-"))
        .cloned();
    let root = root.unwrap_or_else(|| NodeId::fresh_root(lab.entropy_mut()));
    let email = "unknown@example.com".to_owned();
    let made = Organization::new(id.clone(), root.clone(), &management, email, now);
    let Ok(mut organization) = made else {
        return;
    };
    let home = lab.home().clone();
    organization.change(|tree| told.grow(tree, &root, &home, now));
    let cloud = lab.cloud_mut();
    cloud.organizations.insert_mut(id.clone(), organization);
    cloud.memberships.insert_mut(home, id.clone());
    cloud.memberships.insert_mut(management, id);
    report.count("organization policies", told.policies.len());
}

impl Told {
    fn organization(&mut self, exports: &[Export]) {
        for export in of_kind(exports, Found::Organization) {
            let about = export.value.get("Organization").unwrap_or(&Value::Null);
            let management = member(about, "MasterAccountId");
            self.management = management.and_then(|id| AccountId::parse(id).ok());
            self.id = member(about, "Id").and_then(|id| OrganizationId::parse(id).ok());
        }
    }

    /// An organization's policy ARN names the account that manages it, and the organization.
    fn learn(&mut self, arn: &str) {
        if arn.contains("::aws:") {
            return;
        }
        let management = account_in(arn);
        self.management = self.management.take().or(management);
        let id = arn.split('/').nth(1);
        let id = id.and_then(|id| OrganizationId::parse(id).ok());
        self.id = self.id.take().or(id);
    }

    fn policies(&mut self, exports: &[Export], report: &mut Report) {
        for export in of_kind(exports, Found::ControlPolicies) {
            let target = export.words();
            for entry in list(&export.value, "Policies") {
                let Some(id) = policy_id(entry) else {
                    continue;
                };
                self.learn(member(entry, "Arn").unwrap_or_default());
                let name = member(entry, "Name").unwrap_or_default();
                self.listed.insert(id.clone(), name.to_owned());
                if let Some(node) = node_in(&target) {
                    self.attached.entry(node).or_default().insert(id);
                }
            }
        }
        for export in of_kind(exports, Found::ControlPolicy) {
            let whole = export.value.get("Policy").unwrap_or(&Value::Null);
            match control_policy(whole) {
                Ok(own) => {
                    let summary = whole.get("PolicySummary").unwrap_or(&Value::Null);
                    self.learn(member(summary, "Arn").unwrap_or_default());
                    self.policies.insert(own.id.clone(), own);
                }
                Err(what) => report.problem(&export.file, "Policy", what, AGAIN),
            }
        }
    }

    fn targets(&mut self, exports: &[Export], report: &mut Report) {
        let ids = self.policies.keys().chain(self.listed.keys());
        let mut ids: BTreeMap<String, ControlPolicyId> = ids
            .map(|id| (id.as_str().to_ascii_lowercase(), id.clone()))
            .collect();
        for full in ["FullAWSAccess", "RCPFullAWSAccess"] {
            let id = ControlPolicyId::of_aws(full);
            ids.insert(id.as_str().to_ascii_lowercase(), id);
        }
        for own in self.policies.values() {
            ids.insert(own.name.to_ascii_lowercase(), own.id.clone());
        }
        for export in of_kind(exports, Found::Targets) {
            let Some(id) = named_in(&export.words(), &ids) else {
                let what = "this does not say of which policy the targets are";
                let remedy =
                    "name the file after the policy, such as `targets-p-examplepolicy.json`";
                report.problem(&export.file, "Targets", what, remedy);
                continue;
            };
            for entry in list(&export.value, "Targets") {
                let node = member(entry, "TargetId").and_then(|t| NodeId::parse(t).ok());
                let Some(node) = node else {
                    continue;
                };
                if let Some(name) = member(entry, "Name") {
                    self.names.insert(node.clone(), name.to_owned());
                }
                self.attached.entry(node).or_default().insert(id.clone());
            }
        }
    }

    fn parents(&mut self, exports: &[Export]) {
        for export in of_kind(exports, Found::Parents) {
            let child = node_in(&export.words());
            let parents = list(&export.value, "Parents");
            let parent = parents.first().and_then(|p| member(p, "Id"));
            let parent = parent.and_then(|id| NodeId::parse(id).ok());
            if let (Some(child), Some(parent)) = (child, parent) {
                self.parents.insert(child, parent);
            }
        }
    }

    /// The nodes above `home`, with what is attached to them.
    fn grow(&self, tree: &mut Tree, root: &NodeId, home: &AccountId, now: crate::base::Timestamp) {
        tree.policies.extend(
            self.policies
                .iter()
                .map(|(id, own)| (id.clone(), own.clone())),
        );
        let types = self.policies.values().map(|policy| policy.kind);
        tree.enabled.extend(types);
        let mut way = vec![NodeId::from(home)];
        while let Some(parent) = way.last().and_then(|node| self.parents.get(node)) {
            if way.contains(parent) || parent == root {
                break;
            }
            way.push(parent.clone());
        }
        let attached = |tree: &Tree, node: &NodeId| self.attached_to(tree, node);
        let on_root = attached(tree, root);
        if let Some(node) = tree.nodes.get_mut(root) {
            node.attached = on_root;
        }
        for (at, id) in way.iter().enumerate() {
            let parent = way.get(at + 1).unwrap_or(root).clone();
            let name = self.names.get(id).cloned();
            let kind = match at {
                0 => NodeKind::Account {
                    email: "unknown@example.com".to_owned(),
                    joined: now,
                },
                _ => NodeKind::Unit,
            };
            let node = Node {
                id: id.clone(),
                parent: Some(parent),
                name: name.unwrap_or_else(|| id.to_string()),
                kind,
                attached: attached(tree, id),
            };
            tree.nodes.insert(id.clone(), node);
        }
    }

    /// What is attached to a node; AWS's own policies everywhere, unless their
    /// targets are told.
    fn attached_to(&self, tree: &Tree, node: &NodeId) -> Vec<ControlPolicyId> {
        let mut ids: Vec<ControlPolicyId> = Vec::new();
        for full in ["FullAWSAccess", "RCPFullAWSAccess"].map(ControlPolicyId::of_aws) {
            let told = self
                .attached
                .values()
                .any(|of_node| of_node.contains(&full));
            if !told {
                ids.push(full);
            }
        }
        let own = self.attached.get(node).into_iter().flatten();
        ids.extend(own.filter(|id| tree.policies.contains_key(*id)).cloned());
        ids
    }
}

fn policy_id(summary: &Value) -> Option<ControlPolicyId> {
    ControlPolicyId::parse(member(summary, "Id")?).ok()
}

fn control_policy(whole: &Value) -> Result<ControlPolicy, String> {
    let summary = whole.get("PolicySummary");
    let summary = summary.ok_or("the member `PolicySummary` is missing")?;
    let content = whole
        .get("Content")
        .ok_or("the member `Content` is missing")?;
    let kind = match member(summary, "Type") {
        Some("SERVICE_CONTROL_POLICY") => PolicyType::ServiceControlPolicy,
        Some("RESOURCE_CONTROL_POLICY") => PolicyType::ResourceControlPolicy,
        other => {
            let other = other.unwrap_or("no type");
            return Err(format!("policies of type {other} bear on no decision"));
        }
    };
    let text = |name: &str| member(summary, name).unwrap_or_default().to_owned();
    Ok(ControlPolicy {
        id: policy_id(summary).ok_or("the policy has no id")?,
        name: text("Name"),
        description: text("Description"),
        kind,
        aws_managed: summary.get("AwsManaged").and_then(Value::as_bool) == Some(true),
        document: policy(kind.kind(), content)?,
    })
}

/// The root, unit or account whose id stands in a file's name.
fn node_in(words: &str) -> Option<NodeId> {
    let ids = words.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    ids.flat_map(|word| {
        let starts =
            word.match_indices(['o', 'r', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        let tails: Vec<&str> = starts.filter_map(|(at, _)| word.get(at..)).collect();
        tails
    })
    .find_map(|tail| NodeId::parse(tail).ok())
}

fn missing(lab: &Lab, told: &Told, report: &mut Report) {
    let without = told
        .listed
        .iter()
        .filter(|(id, name)| !told.policies.contains_key(*id) && !name.contains("FullAWSAccess"));
    for (id, name) in without {
        report.missing.push(format!(
            "the document of organization policy {name}: `aws organizations describe-policy \
             --policy-id {id}`"
        ));
    }
    let home = NodeId::from(lab.home());
    let units = told
        .attached
        .keys()
        .any(|node| node.as_str().starts_with("ou-"));
    if units && !told.parents.contains_key(&home) {
        report.missing.push(format!(
            "the unit that account {home} lies in: `aws organizations list-parents --child-id \
             {home} > parents-{home}.json`, and the same for each parent"
        ));
    }
    let targets = |id: &ControlPolicyId| told.attached.values().any(|of| of.contains(id));
    for own in told.policies.values().filter(|own| !own.aws_managed) {
        if !targets(&own.id) {
            report.missing.push(format!(
                "what organization policy {} is attached to: `aws organizations \
                 list-targets-for-policy --policy-id {} > targets-{}.json`",
                own.name, own.id, own.id
            ));
        }
    }
}
