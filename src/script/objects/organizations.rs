//! Organizations, as scripts call it: short forms beside AWS's operations.

use rhai::Dynamic;
use serde_json::json;

use super::arguments::{at, document, invalid};
use super::client::{Client, Fallible, Organizations, ServiceObject as _, account_of};
use super::organization::Unit;
use super::organization_policy::ControlPolicy;
use crate::api::Service;
use crate::base::nearest;
use crate::script::{Registry, Thrown};
use crate::state::organization::{Node, NodeKind, PolicyType, Tree};

/// `scp` or `rcp`, or AWS's long name.
fn policy_type(text: &str) -> Fallible<PolicyType> {
    let fits = |kind: &PolicyType| {
        let short = match kind {
            PolicyType::ServiceControlPolicy => "scp",
            PolicyType::ResourceControlPolicy => "rcp",
        };
        text.eq_ignore_ascii_case(short) || text == kind.as_str()
    };
    PolicyType::ALL.into_iter().find(fits).ok_or_else(|| {
        invalid(format!(
            "`{text}` is no type of policies here: use `scp` or `rcp`"
        ))
    })
}

fn create(client: &Client) -> Fallible<Unit> {
    client.call(Service::Organizations, "CreateOrganization", json!({}))?;
    Unit::root(client)
}

fn switch(client: &Client, operation: &str, kind: &str) -> Fallible<()> {
    let root = Unit::root(client)?;
    let members = json!({ "RootId": root.id(), "PolicyType": policy_type(kind)? });
    client
        .call(Service::Organizations, operation, members)
        .map(drop)
}

fn id(client: &Client) -> Fallible<String> {
    let answer = client.call(Service::Organizations, "DescribeOrganization", json!({}))?;
    Ok(at(&answer, "/Organization/Id"))
}

fn policy(
    client: &Client,
    kind: PolicyType,
    name: &str,
    given: Dynamic,
) -> Fallible<ControlPolicy> {
    let content = document(given, "a policy document")?;
    ControlPolicy::create(client, kind, name, &content)
}

/// Looks at the caller's organization.
fn look<T>(client: &Client, look: impl FnOnce(&Tree) -> T) -> Fallible<T> {
    let account = account_of(client);
    let seen = client.lab.read(|lab| {
        let organization = lab.cloud().organization_of(account.as_ref()?)?;
        Some(look(organization.tree()))
    });
    seen.ok_or_else(|| {
        let text = "Your account is not a member of an organization.";
        Thrown::new("AWSOrganizationsNotInUseException", text)
            .with("hint", "organizations.create()".to_owned())
            .into()
    })
}

fn unit(client: &Client, name: &str) -> Fallible<Unit> {
    let found = look(client, |tree| {
        let is_unit = |node: &&Node| matches!(node.kind, NodeKind::Unit);
        let units: Vec<&Node> = tree.nodes.values().filter(is_unit).collect();
        let found = units
            .iter()
            .find(|u| u.name == name || u.id.as_str() == name);
        match found {
            Some(unit) => Ok((unit.id.to_string(), unit.name.clone())),
            None => Err(nearest(name, units.iter().map(|u| u.name.as_str())).map(str::to_owned)),
        }
    })?;
    found
        .map(|(id, name)| Unit::new(client, &id, &name))
        .map_err(|near| {
            let text = format!("the organization has no unit `{name}`");
            let thrown = Thrown::new("OrganizationalUnitNotFoundException", text);
            match near {
                Some(near) => thrown
                    .with("hint", format!("did you mean `{near}`?"))
                    .into(),
                None => thrown.into(),
            }
        })
}

/// The tree as text: each node below its parent, with the policies attached to it.
fn drawn(tree: &Tree) -> String {
    let mut lines = Vec::new();
    if let Some(root) = tree.nodes.get(&tree.root) {
        draw(tree, root, 0, &mut lines);
    }
    lines.join("\n")
}

fn draw(tree: &Tree, node: &Node, depth: usize, lines: &mut Vec<String>) {
    let attached = PolicyType::ALL
        .into_iter()
        .flat_map(|kind| tree.attached(node, kind));
    let policies: Vec<&str> = attached.map(|policy| policy.name.as_str()).collect();
    let managing = match node.id.as_str() == tree.management.as_str() {
        true => " (bound by no policy)",
        false => "",
    };
    let list = policies.join(", ");
    lines.push(format!(
        "{}{}{managing}: {list}",
        "  ".repeat(depth),
        node.label()
    ));
    for child in tree.children(&node.id) {
        draw(tree, child, depth + 1, lines);
    }
}

/// Registers the short forms.
pub(super) fn register(registry: &mut Registry<'_>) {
    tree(registry);
    policies(registry);
}

fn tree(registry: &mut Registry<'_>) {
    registry
        .method::<Organizations>("create")
        .returns("OrganizationalUnit")
        .doc("Makes an organization that the caller's account manages; gives its root. No policy of it binds the management account.")
        .example("let root = organizations.create();")
        .register(|service: &mut Organizations| create(service.client()));
    registry
        .property::<Organizations>("root")
        .returns("OrganizationalUnit")
        .doc("The root of the organization.")
        .example("organizations.create();\norganizations.root")
        .register(|service: &mut Organizations| Unit::root(service.client()));
    registry
        .property::<Organizations>("id")
        .returns("string")
        .doc("The organization's id, which `aws:PrincipalOrgID` and `aws:ResourceOrgID` hold.")
        .example("organizations.create();\norganizations.id")
        .register(|service: &mut Organizations| id(service.client()));
    registry
        .method::<Organizations>("unit")
        .param("name", "string")
        .returns("OrganizationalUnit")
        .doc("The organizational unit of this name or id.")
        .example("organizations.create().create_ou(\"dev\");\norganizations.unit(\"dev\")")
        .register(|service: &mut Organizations, name: &str| unit(service.client(), name));
    registry
        .method::<Organizations>("tree")
        .returns("string")
        .doc("The organization as a tree, with the policies attached to each part.")
        .example("organizations.create().create_ou(\"dev\");\nprint(organizations.tree())")
        .register(|service: &mut Organizations| look(service.client(), drawn));
    registry
        .method::<Organizations>("create_ou")
        .param("name", "string")
        .returns("OrganizationalUnit")
        .doc("Makes an organizational unit in the root.")
        .example("organizations.create();\norganizations.create_ou(\"dev\")")
        .register(|service: &mut Organizations, name: &str| {
            Unit::root(service.client())?.create_ou(name)
        });
    registry
        .method::<Organizations>("create_account")
        .param("name", "string")
        .returns("Account")
        .doc("Opens an account in the root, with an administrator; its root user comes with `.root()`.")
        .example("organizations.create();\nlet payroll = organizations.create_account(\"payroll\");\npayroll.root().whoami()")
        .register(|service: &mut Organizations, name: &str| {
            Unit::root(service.client())?.create_account(name)
        });
}

fn policies(registry: &mut Registry<'_>) {
    registry
        .method::<Organizations>("enable")
        .param("type", "string")
        .doc("Enables a type of policies: `rcp` (resource control policies), or `scp` (service control policies), which is enabled from the start.")
        .example("organizations.create();\norganizations.enable(\"rcp\")")
        .register(|service: &mut Organizations, kind: &str| {
            switch(service.client(), "EnablePolicyType", kind)
        });
    registry
        .method::<Organizations>("disable")
        .param("type", "string")
        .doc("Disables a type of policies, `scp` or `rcp`: they are detached from everything.")
        .example("organizations.create();\norganizations.disable(\"scp\")")
        .register(|service: &mut Organizations, kind: &str| {
            switch(service.client(), "DisablePolicyType", kind)
        });
    let statement = |principal: &str| {
        format!(
            "#{{ Version: \"2012-10-17\", Statement: [#{{\n    Effect: \"Deny\", {principal}Action: \"s3:DeleteBucket\", Resource: \"*\"\n}}] }}"
        )
    };
    registry
        .method::<Organizations>("create_policy")
        .param("name", "string")
        .param("document", "map")
        .returns("OrganizationPolicy")
        .doc("Makes a service control policy from a map or JSON text. It binds nobody until it is attached.")
        .example(&format!("let root = organizations.create();\norganizations.create_policy(\"KeepBuckets\", {}).attach(root)", statement("")))
        .register(|service: &mut Organizations, name: &str, document: Dynamic| {
            policy(service.client(), PolicyType::ServiceControlPolicy, name, document)
        });
    registry
        .method::<Organizations>("create_rcp")
        .param("name", "string")
        .param("document", "map")
        .returns("OrganizationPolicy")
        .doc("Makes a resource control policy from a map or JSON text: Deny statements about everyone.")
        .example(&format!("organizations.create();\norganizations.create_rcp(\"KeepBuckets\", {})", statement("Principal: \"*\", ")))
        .register(|service: &mut Organizations, name: &str, document: Dynamic| {
            policy(service.client(), PolicyType::ResourceControlPolicy, name, document)
        });
    registry
        .method::<Organizations>("policy")
        .param("name", "string")
        .returns("OrganizationPolicy")
        .doc("The organization's policy of this name or id, also one of AWS's own.")
        .example("organizations.create();\norganizations.policy(\"FullAWSAccess\").document")
        .register(|service: &mut Organizations, name: Dynamic| {
            ControlPolicy::find(service.client(), name)
        });
}
