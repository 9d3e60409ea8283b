//! The order of evaluation, layer by layer.

use serde_json::Value;

use super::Fault;
use super::caller::Caller;
use super::context::{Context, is_forwarded};
use super::grant;
use super::principal::{Form, forms};
use super::statement::{Asked, NoResource, statements};

/// A decision other than allow, and the layer to name.
pub type Obstacle = Option<(&'static str, &'static str)>;

/// Services whose resources resource control policies cover.
const COVERED: [&str; 5] = ["s3", "sts", "kms", "sqs", "secretsmanager"];

/// What stands in the way of one check.
pub fn obstacle(case: &Value, check: &Value, model: &str, fault: Fault) -> Obstacle {
    let entry = entry(case, check);
    let context = Context::of(case, check, entry, fault);
    let caller = Caller::of(case);
    let scene = Scene {
        case,
        check,
        entry,
        caller: &caller,
        context: &context,
        model,
        fault,
    };
    match scene.explicit() {
        Some(layer) if fault != Fault::DenyIgnored => Some(("explicit-deny", layer)),
        _ => scene.implicit().map(|layer| ("implicit-deny", layer)),
    }
}

/// The resource of the case that a check is about: its own ARN, or the bucket of an object.
fn entry<'a>(case: &'a Value, check: &Value) -> Option<&'a Value> {
    let asked = check["resource"].as_str().unwrap();
    let resources = case["policies"]["resources"].as_object()?;
    resources
        .iter()
        .find(|(arn, _)| asked == arn.as_str() || asked.starts_with(&format!("{arn}/")))
        .map(|(_, entry)| entry)
}

struct Scene<'a> {
    case: &'a Value,
    check: &'a Value,
    entry: Option<&'a Value>,
    caller: &'a Caller,
    context: &'a Context,
    model: &'a str,
    fault: Fault,
}

impl<'a> Scene<'a> {
    fn layer(&self, name: &str) -> &'a Value {
        &self.case["policies"][name]
    }

    fn service(&self) -> &str {
        self.check["action"]
            .as_str()
            .unwrap()
            .split(':')
            .next()
            .unwrap()
    }

    fn is(&self, kind: &str) -> bool {
        self.entry.is_some_and(|entry| entry["kind"] == kind)
    }

    fn is_key(&self) -> bool {
        self.is("kms-key") && self.service() == "kms"
    }

    fn is_aws_managed_key(&self) -> bool {
        self.is_key() && self.entry.is_some_and(|e| e["key_manager"] == "AWS")
    }

    fn is_trust(&self) -> bool {
        self.is("iam-role") && self.service() == "sts"
    }

    /// The account that owns the resource, if it has one.
    fn owner(&self) -> Option<String> {
        let entered = self.entry.and_then(|e| e["account"].as_str());
        let arn = self.check["resource"].as_str().unwrap();
        let in_arn = arn.split(':').nth(4).filter(|account| !account.is_empty());
        entered.or(in_arn).map(str::to_owned)
    }

    fn same_account(&self) -> bool {
        self.owner().is_none() || self.owner() == self.caller.account
    }

    /// Whether some statement of the documents with this effect applies.
    fn some(&self, documents: &[&Value], effect: &str, with_principal: bool) -> bool {
        documents.iter().any(|document| {
            statements(document).iter().any(|statement| {
                statement["Effect"] == effect
                    && (!with_principal || !forms(statement, self.caller, self.fault).is_empty())
                    && self.asked().meets(document, statement, NoResource::Void)
            })
        })
    }

    fn asked(&self) -> Asked<'a> {
        Asked {
            action: self.check["action"].as_str().unwrap(),
            resource: self.check["resource"].as_str().unwrap(),
            context: self.context,
            fault: self.fault,
        }
    }

    /// The ways in which the resource's policy reaches the caller with this effect.
    fn resource_forms(&self, effect: &str) -> Vec<Form> {
        let Some(entry) = self
            .entry
            .filter(|_| !self.is("iam-role") || self.is_trust())
        else {
            return Vec::new();
        };
        if entry["policy"].is_null() {
            return Vec::new();
        }
        let without = if self.is("iam-role") {
            NoResource::Applies
        } else {
            NoResource::Void
        };
        statements(&entry["policy"])
            .into_iter()
            .filter(|s| s["Effect"] == effect)
            .filter(|s| self.asked().meets(&entry["policy"], s, without))
            .flat_map(|s| forms(s, self.caller, self.fault))
            .collect()
    }

    fn scp_levels(&self) -> Vec<Vec<&'a Value>> {
        let spares_linked = self.fault != Fault::ServiceControlBindsServiceLinkedRoles;
        let bound = self.caller.has_identity() || self.caller.is_root();
        let exempt = self.caller.management || (self.caller.service_linked && spares_linked);
        if bound && !exempt {
            levels(self.layer("scp"))
        } else {
            Vec::new()
        }
    }

    /// RCPs spare AWS managed keys, the management account's resources and service-linked roles.
    fn rcp(&self) -> Vec<&'a Value> {
        let managed =
            self.is_aws_managed_key() && self.fault != Fault::ResourceControlBindsAwsManagedKeys;
        let management = self.caller.management && self.same_account();
        let retires = self.check["action"] == "kms:RetireGrant";
        let covered = COVERED.contains(&self.service());
        if managed
            || management
            || self.caller.service_linked
            || retires
            || !covered
            || self.fault == Fault::ResourceControlIgnored
        {
            return Vec::new();
        }
        levels(self.layer("rcp")).concat()
    }

    /// The endpoint's policy, if the request itself came through one: what a service forwards did not.
    fn endpoint(&self) -> Option<&'a Value> {
        let policy = Some(self.layer("vpc_endpoint")).filter(|policy| !policy.is_null());
        policy.filter(|_| !is_forwarded(self.check) && self.fault != Fault::EndpointIgnored)
    }

    fn identity(&self) -> Vec<&'a Value> {
        self.own(documents(self.layer("identity")))
    }

    fn boundary(&self) -> Vec<&'a Value> {
        self.own(documents(self.layer("permissions_boundary")))
    }

    fn session(&self) -> Vec<&'a Value> {
        self.own(documents(self.layer("session")))
    }

    /// Only users and roles have policies of their own.
    fn own(&self, documents: Vec<&'a Value>) -> Vec<&'a Value> {
        if self.caller.has_identity() {
            documents
        } else {
            Vec::new()
        }
    }

    /// The first layer that denies.
    fn explicit(&self) -> Option<&'static str> {
        let endpoint: Vec<&Value> = self.endpoint().into_iter().collect();
        let checks = [
            ("scp", self.some(&self.scp_levels().concat(), "Deny", false)),
            ("rcp", self.some(&self.rcp(), "Deny", true)),
            ("resource", !self.resource_forms("Deny").is_empty()),
            ("identity", self.some(&self.identity(), "Deny", false)),
            ("boundary", self.some(&self.boundary(), "Deny", false)),
            ("session", self.some(&self.session(), "Deny", false)),
            ("vpce", self.some(&endpoint, "Deny", true)),
        ];
        checks
            .iter()
            .find(|(_, denies)| *denies)
            .map(|(layer, _)| *layer)
    }

    /// The first layer whose Allow is missing.
    fn implicit(&self) -> Option<&'static str> {
        let levels = self.scp_levels();
        let passed = levels
            .iter()
            .filter(|level| self.some(level, "Allow", false))
            .count();
        let lenient = self.fault == Fault::OneServiceControlLevelIsEnough && passed > 0;
        if passed < levels.len() && !lenient {
            return Some("scp");
        }
        if self
            .endpoint()
            .is_some_and(|policy| !self.some(&[policy], "Allow", true))
        {
            return Some("vpce");
        }
        let named = self.resource_forms("Allow");
        if !self.caller.has_identity() && !self.caller.is_root() {
            return missing(&[("resource", !named.is_empty())]);
        }
        if self.is_key() && self.granted() {
            return None;
        }
        if self.caller.is_root() {
            let gated = self.is_key() && self.fault != Fault::RootOwnsEveryKey || self.is_trust();
            let owns = self.same_account() && !gated;
            return missing(&[("resource", owns || !named.is_empty())]);
        }
        self.principal_obstacle(&named)
    }

    /// Users, roles and federated users: the resource's side, then their own.
    fn principal_obstacle(&self, named: &[Form]) -> Option<&'static str> {
        let gated = self.is_key() || self.is_trust() && self.fault != Fault::TrustNotRequired;
        let strict = self.is_key() && !self.uses_aws_rule();
        let resource = self.fault == Fault::CrossAccountResourceIgnored && !gated;
        let resource = ("resource", !named.is_empty() || resource);
        if !self.same_account() {
            if self.fault == Fault::CrossAccountIdentityIgnored {
                return missing(&[resource]);
            }
            return self.both_sides(resource);
        }
        if strict {
            return self.both_sides(resource);
        }
        if named.contains(&Form::Direct) {
            None
        } else if named.contains(&Form::Limited) {
            if self.fault == Fault::RoleNotLimitedByBoundary {
                return None;
            }
            missing(&self.iam()[1..])
        } else if gated {
            self.both_sides(resource)
        } else {
            missing(&self.iam())
        }
    }

    /// The resource's policy and the caller's own, all of them. Only a gate is named first.
    fn both_sides(&self, resource: (&'static str, bool)) -> Option<&'static str> {
        let own = missing(&self.iam());
        let resource = missing(&[resource]);
        let gate = self.is_key() || self.is_trust();
        if !gate || self.fault == Fault::IdentityNamedBeforeResource {
            own.or(resource)
        } else {
            resource.or(own)
        }
    }

    /// AWS's own rule holds for its managed keys in either model.
    fn uses_aws_rule(&self) -> bool {
        self.model == "aws"
            || self.fault == Fault::ExamAsAws
            || self.is_aws_managed_key() && self.fault != Fault::AwsManagedKeyAsCustomerKey
    }

    /// Whether grants suffice: to a role they are limited, to an account they delegate.
    fn granted(&self) -> bool {
        let forms = grant::reached(self.case, self.check, self.caller, self.context, self.fault);
        let iam = self.iam();
        forms.iter().any(|form| match form {
            Form::Direct => true,
            Form::Limited => missing(&iam[1..]).is_none(),
            Form::Account => self.fault == Fault::GrantToAccountIsEnough || missing(&iam).is_none(),
        })
    }

    /// The caller's own layers, in the order in which they are named.
    fn iam(&self) -> [(&'static str, bool); 3] {
        let bounded = !self.layer("permissions_boundary").is_null();
        let federated = self.caller.kind == "federated-user"
            && self.fault != Fault::FederatedWithoutSessionIsFree;
        let in_session = !self.layer("session").is_null() || federated;
        [
            ("identity", self.some(&self.identity(), "Allow", false)),
            (
                "boundary",
                !bounded
                    || self.fault == Fault::BoundaryIgnored
                    || self.some(&self.boundary(), "Allow", false),
            ),
            (
                "session",
                !in_session
                    || self.fault == Fault::SessionIgnored
                    || self.some(&self.session(), "Allow", false),
            ),
        ]
    }
}

/// The first that is not there.
fn missing(sides: &[(&'static str, bool)]) -> Option<&'static str> {
    sides
        .iter()
        .find(|(_, there)| !there)
        .map(|(layer, _)| *layer)
}

/// One document, a list of them, or none.
fn documents(layer: &Value) -> Vec<&Value> {
    match layer {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}

fn levels(layer: &Value) -> Vec<Vec<&Value>> {
    layer
        .as_array()
        .into_iter()
        .flatten()
        .map(documents)
        .collect()
}
