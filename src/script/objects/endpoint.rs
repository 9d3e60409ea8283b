//! VPC endpoints, and callers that stand behind them.

use std::rc::Rc;

use rhai::{Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::{Options, at, document, invalid, parsed, text, texts};
use super::client::{Client, Ec2, Fallible, ServiceObject as _, Services};
use super::clock::Account;
use super::entities::User;
use super::session::{Acting, Session};
use crate::api::Service;
use crate::base::VpcEndpointId;
use crate::policy::{StatementDraft, edit};
use crate::script::Registry;

/// The VPC of endpoints that name none.
const VPC: &str = "vpc-0a1b2c3d4e5f67890";

/// A VPC endpoint.
#[derive(Clone, Debug)]
pub struct VpcEndpoint {
    client: Client,
    id: Rc<str>,
}

impl VpcEndpoint {
    fn create(client: &Client, service: &str, options: Map) -> Fallible<Self> {
        let options = Options::new("create_endpoint", options, &["vpc", "policy"])?;
        let name = match service.contains('.') {
            true => service.to_owned(),
            false => {
                let region = client.region();
                format!("com.amazonaws.{region}.{service}")
            }
        };
        let members = json!({
            "VpcId": options.text("vpc")?.unwrap_or_else(|| VPC.to_owned()),
            "ServiceName": name,
            "PolicyDocument": options.document("policy")?,
        });
        let made = client.call(Service::Ec2, "CreateVpcEndpoint", members)?;
        Ok(Self {
            client: client.clone(),
            id: at(&made, "/VpcEndpoint/VpcEndpointId").into(),
        })
    }

    /// Its id, by which AWS's members take it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    fn facts(&self) -> Fallible<Value> {
        let members = json!({ "VpcEndpointIds": [*self.id] });
        self.client
            .call(Service::Ec2, "DescribeVpcEndpoints", members)
    }

    fn set_policy(&self, policy: &str) -> Fallible<Self> {
        let members = json!({ "VpcEndpointId": *self.id, "PolicyDocument": policy });
        self.client
            .call(Service::Ec2, "ModifyVpcEndpoint", members)?;
        Ok(self.clone())
    }

    fn allow_only(&self, actions: Dynamic, resources: Dynamic) -> Fallible<Self> {
        let statement = StatementDraft::allow()
            .everyone()
            .actions(texts(actions, "an action")?)
            .resources(texts(resources, "a resource")?);
        self.set_policy(&edit::with_statement(None, statement.to_value()).to_string())
    }

    fn delete(&self) -> Fallible<()> {
        let members = json!({ "VpcEndpointIds": [*self.id] });
        self.client
            .call(Service::Ec2, "DeleteVpcEndpoints", members)
            .map(drop)
    }
}

/// The same caller, in a network that has this endpoint too.
fn via<T: Acting>(caller: &T, endpoint: Dynamic) -> Fallible<Services> {
    let id = text(endpoint, "a VPC endpoint")?;
    let id = VpcEndpointId::parse(&id).map_err(|e| invalid(e.to_string()))?;
    let client = caller.acting()?;
    let mut endpoints = client.endpoints.to_vec();
    endpoints.retain(|known| *known != id);
    endpoints.push(id);
    Ok(Services(Client {
        endpoints: endpoints.into(),
        ..client
    }))
}

const MAKE: &str = "let endpoint = ec2.create_endpoint(\"s3\");\n";

/// Registers VPC endpoints, and `via` of all who call.
pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .type_named::<VpcEndpoint>(
            "VpcEndpoint",
            "A way from a virtual private cloud to S3, KMS or STS, with a policy on it.",
        )
        .brief(|endpoint: &VpcEndpoint| format!("VPC endpoint {}", endpoint.id));
    making(registry);
    members(registry);
    calling::<User>(registry, "alice");
    calling::<Session>(registry, "session");
    calling::<Services>(registry, "alice.sign_in()");
    calling::<Account>(registry, "lab.home");
}

fn making(registry: &mut Registry<'_>) {
    let doc = "Makes a VPC endpoint for `s3`, `kms` or `sts`. Callers use it with `.via(endpoint)`; their calls to that service then carry `aws:SourceVpce` in place of `aws:SourceIp`, and the endpoint's policy must allow them too.";
    registry
        .method::<Ec2>("create_endpoint")
        .param("service", "string")
        .returns("VpcEndpoint")
        .doc(doc)
        .example(&format!(
            "{MAKE}lab.home.via(endpoint).s3.create_bucket(\"inside\")"
        ))
        .register(|ec2: &mut Ec2, service: &str| {
            VpcEndpoint::create(ec2.client(), service, Map::new())
        });
    registry
        .method::<Ec2>("create_endpoint")
        .param("service", "string")
        .param("options", "map")
        .returns("VpcEndpoint")
        .doc(&format!(
            "{doc} Options: `vpc` (its id), `policy` (a map or JSON text)."
        ))
        .example("ec2.create_endpoint(\"kms\", #{ vpc: \"vpc-12345678\" })")
        .register(|ec2: &mut Ec2, service: &str, options: Map| {
            VpcEndpoint::create(ec2.client(), service, options)
        });
}

fn members(registry: &mut Registry<'_>) {
    registry
        .property::<VpcEndpoint>("id")
        .returns("string")
        .doc("The id, which `aws:SourceVpce` holds.")
        .example(&format!("{MAKE}endpoint.id"))
        .register(|endpoint: &mut VpcEndpoint| endpoint.id.to_string());
    registry
        .property::<VpcEndpoint>("vpc")
        .returns("string")
        .doc("The id of its VPC, which `aws:SourceVpc` holds.")
        .example(&format!("{MAKE}endpoint.vpc"))
        .register(|endpoint: &mut VpcEndpoint| -> Fallible<String> {
            Ok(at(&endpoint.facts()?, "/VpcEndpoints/0/VpcId"))
        });
    registry
        .property::<VpcEndpoint>("policy")
        .returns("map")
        .doc("What may pass, as a map.")
        .example(&format!("{MAKE}endpoint.policy.Statement[0].Effect"))
        .register(|endpoint: &mut VpcEndpoint| -> Fallible<Dynamic> {
            parsed(&at(&endpoint.facts()?, "/VpcEndpoints/0/PolicyDocument"))
        });
    registry
        .method::<VpcEndpoint>("set_policy")
        .param("policy", "any")
        .returns("VpcEndpoint")
        .doc("Replaces the policy by a map or JSON text (ModifyVpcEndpoint).")
        .example(&format!("{MAKE}endpoint.set_policy(endpoint.policy)"))
        .register(
            |endpoint: &mut VpcEndpoint, policy: Dynamic| -> Fallible<VpcEndpoint> {
                endpoint.set_policy(&document(policy, "a policy")?)
            },
        );
    registry
        .method::<VpcEndpoint>("allow_only")
        .param("actions", "any")
        .param("resources", "any")
        .returns("VpcEndpoint")
        .doc("Lets only these actions on these resources pass, for everyone.")
        .example(&format!("{MAKE}endpoint.allow_only([\"s3:GetObject\", \"s3:PutObject\"], s3.create_bucket(\"data-in\").objects())"))
        .register(|endpoint: &mut VpcEndpoint, actions: Dynamic, resources: Dynamic| {
            endpoint.allow_only(actions, resources)
        });
    registry
        .method::<VpcEndpoint>("delete")
        .doc("Deletes the endpoint; calls of those who used it go by the public way from then on.")
        .example(&format!("{MAKE}endpoint.delete()"))
        .register(|endpoint: &mut VpcEndpoint| endpoint.delete());
}

fn calling<T: Acting>(registry: &mut Registry<'_>, example: &str) {
    registry
        .method::<T>("via")
        .param("endpoint", "VpcEndpoint")
        .returns("Caller")
        .doc("This caller inside a network that has the endpoint: its calls to the endpoint's service go through it, others by the public way. Can be chained for endpoints of several services.")
        .example(&format!("{MAKE}{example}.via(endpoint).whoami()"))
        .register(|caller: &mut T, endpoint: Dynamic| via(caller, endpoint));
}
