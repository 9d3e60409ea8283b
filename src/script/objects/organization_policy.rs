//! Policies of an organization, as scripts hold them.

use std::rc::Rc;

use rhai::{Array, Dynamic};
use serde_json::{Value, json};

use super::arguments::{at, document, parsed, text};
use super::client::{Client, Fallible};
use super::organization::{Unit, entries};
use crate::api::Service;
use crate::base::nearest;
use crate::script::{Registry, Thrown};
use crate::state::organization::PolicyType;

/// A service control policy or a resource control policy.
#[derive(Clone, Debug)]
pub struct ControlPolicy {
    client: Client,
    id: Rc<str>,
    name: Rc<str>,
    kind: PolicyType,
}

impl ControlPolicy {
    /// Makes one.
    pub(super) fn create(
        client: &Client,
        kind: PolicyType,
        name: &str,
        content: &str,
    ) -> Fallible<Self> {
        let members = json!({ "Name": name, "Description": "", "Type": kind, "Content": content });
        let made = client.call(Service::Organizations, "CreatePolicy", members)?;
        Ok(Self {
            client: client.clone(),
            id: at(&made, "/Policy/PolicySummary/Id").into(),
            name: name.into(),
            kind,
        })
    }

    /// One out of an answer that lists policies.
    pub(super) fn listed(client: &Client, kind: PolicyType, summary: &Value) -> Self {
        Self {
            client: client.clone(),
            id: at(summary, "/Id").into(),
            name: at(summary, "/Name").into(),
            kind,
        }
    }

    /// Every policy of the organization.
    fn all(client: &Client) -> Fallible<Vec<Self>> {
        let mut all = Vec::new();
        for kind in PolicyType::ALL {
            let members = json!({ "Filter": kind });
            let answer = client.call(Service::Organizations, "ListPolicies", members)?;
            let listed = entries(&answer, "Policies");
            all.extend(listed.map(|summary| Self::listed(client, kind, summary)));
        }
        Ok(all)
    }

    /// The one that is given as object, id or name.
    ///
    /// # Errors
    /// `PolicyNotFoundException` with the nearest name.
    pub(super) fn find(client: &Client, given: Dynamic) -> Fallible<Self> {
        let wanted = text(given, "a policy of the organization")?;
        let all = Self::all(client)?;
        let found = all.iter().find(|p| *p.id == *wanted || *p.name == *wanted);
        found.cloned().ok_or_else(|| {
            let thrown = Thrown::new(
                "PolicyNotFoundException",
                format!("the organization has no policy `{wanted}`"),
            );
            match nearest(&wanted, all.iter().map(|policy| &*policy.name)) {
                Some(near) => thrown
                    .with("hint", format!("did you mean `{near}`?"))
                    .into(),
                None => thrown.into(),
            }
        })
    }

    /// Its id, by which AWS's members take it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    fn call(&self, operation: &str, more: Value) -> Fallible<Value> {
        let mut members = json!({ "PolicyId": *self.id });
        if let (Value::Object(members), Value::Object(more)) = (&mut members, more) {
            members.extend(more);
        }
        self.client.call(Service::Organizations, operation, members)
    }

    /// Attaches it to a root, a unit or an account.
    pub(super) fn attach(&self, target: Dynamic) -> Fallible<Self> {
        let target = text(target, "a root, a unit or an account")?;
        self.call("AttachPolicy", json!({ "TargetId": target }))?;
        Ok(self.clone())
    }

    /// Detaches it.
    pub(super) fn detach(&self, target: Dynamic) -> Fallible<Self> {
        let target = text(target, "a root, a unit or an account")?;
        self.call("DetachPolicy", json!({ "TargetId": target }))?;
        Ok(self.clone())
    }

    /// What it is attached to, by names.
    fn targets(&self) -> Fallible<Array> {
        let answer = self.call("ListTargetsForPolicy", json!({}))?;
        let names = entries(&answer, "Targets").map(|target| at(target, "/Name").into());
        Ok(names.collect())
    }

    fn set_document(&self, content: Dynamic) -> Fallible<Self> {
        let content = document(content, "a policy document")?;
        self.call("UpdatePolicy", json!({ "Content": content }))?;
        Ok(self.clone())
    }

    /// Detaches it from everything, and deletes it.
    fn delete(&self) -> Fallible<()> {
        self.client.lab.together(|| {
            let answer = self.call("ListTargetsForPolicy", json!({}))?;
            for target in entries(&answer, "Targets") {
                self.detach(at(target, "/TargetId").into())?;
            }
            self.call("DeletePolicy", json!({})).map(drop)
        })
    }
}

const MAKE: &str =
    "let dev = organizations.create().create_ou(\"dev\");\nlet policy = dev.deny(\"s3:*\");\n";

/// Registers the policies of organizations.
pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .type_named::<ControlPolicy>(
            "OrganizationPolicy",
            "A service control policy or a resource control policy of the organization.",
        )
        .brief(|policy: &ControlPolicy| {
            let kind = policy.kind.kind();
            format!("{} {} ({kind})", policy.id, policy.name)
        });
    properties(registry);
    attaching(registry);
}

fn properties(registry: &mut Registry<'_>) {
    registry
        .property::<ControlPolicy>("id")
        .returns("string")
        .doc("The id, `p-…`.")
        .example(&format!("{MAKE}policy.id"))
        .register(|policy: &mut ControlPolicy| policy.id.to_string());
    registry
        .property::<ControlPolicy>("name")
        .returns("string")
        .doc("The name.")
        .example(&format!("{MAKE}policy.name"))
        .register(|policy: &mut ControlPolicy| policy.name.to_string());
    registry
        .property::<ControlPolicy>("document")
        .returns("map")
        .doc("The document as a map (DescribePolicy).")
        .example(&format!("{MAKE}policy.document.Statement[0].Action"))
        .register(|policy: &mut ControlPolicy| -> Fallible<Dynamic> {
            let answer = policy.call("DescribePolicy", json!({}))?;
            parsed(&at(&answer, "/Policy/Content"))
        });
    registry
        .method::<ControlPolicy>("set_document")
        .param("document", "map")
        .returns("OrganizationPolicy")
        .doc("Replaces the document by a map or JSON text (UpdatePolicy); it holds at once, wherever the policy is attached.")
        .example(&format!("{MAKE}policy.set_document(policy.document)"))
        .register(|policy: &mut ControlPolicy, document: Dynamic| policy.set_document(document));
    registry
        .method::<ControlPolicy>("delete")
        .doc("Detaches the policy from everything and deletes it.")
        .example(&format!("{MAKE}policy.delete()"))
        .register(|policy: &mut ControlPolicy| policy.delete());
}

fn attaching(registry: &mut Registry<'_>) {
    registry
        .method::<ControlPolicy>("attach")
        .param("target", "any")
        .returns("OrganizationPolicy")
        .doc("Attaches the policy to the root, a unit or an account: it binds every account below, but never the management account.")
        .example(&format!("{MAKE}policy.attach(organizations.root)"))
        .register(|policy: &mut ControlPolicy, target: Dynamic| policy.attach(target));
    registry
        .method::<ControlPolicy>("detach")
        .param("target", "any")
        .returns("OrganizationPolicy")
        .doc("Detaches the policy from the root, a unit or an account.")
        .example(&format!("{MAKE}policy.detach(dev)"))
        .register(|policy: &mut ControlPolicy, target: Dynamic| policy.detach(target));
    registry
        .method::<ControlPolicy>("targets")
        .returns("array")
        .doc("The names of what the policy is attached to.")
        .example(&format!("{MAKE}policy.targets()"))
        .register(|policy: &mut ControlPolicy| policy.targets());
    registry
        .method::<Unit>("attach")
        .param("policy", "OrganizationPolicy")
        .returns("OrganizationalUnit")
        .doc("Attaches a policy, given as object, id or name.")
        .example(&format!("{MAKE}dev.create_ou(\"team\").attach(policy)"))
        .register(|unit: &mut Unit, policy: Dynamic| -> Fallible<Unit> {
            ControlPolicy::find(unit.client(), policy)?.attach(unit.id().into())?;
            Ok(unit.clone())
        });
    registry
        .method::<Unit>("detach")
        .param("policy", "OrganizationPolicy")
        .returns("OrganizationalUnit")
        .doc("Detaches a policy, given as object, id or name. The last one of a type stays.")
        .example(&format!("{MAKE}dev.detach(policy)"))
        .register(|unit: &mut Unit, policy: Dynamic| -> Fallible<Unit> {
            ControlPolicy::find(unit.client(), policy)?.detach(unit.id().into())?;
            Ok(unit.clone())
        });
}
