//! Reads every layer's policies against a question.

use super::decision::{Finding, StatementRef};
use super::grant::Coverage;
use super::layer::{Layer, LayerVerdict};
use super::question::{NamedPolicy, Question};
use crate::policy::{Effect, PrincipalKind, Reach, Request, Statement};

/// How the allows of a resource policy, or grants, name the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reaches {
    /// By itself or by everyone: nothing on the identity side limits it.
    pub(super) unlimited: bool,
    /// By its role, or the user who federated: boundary and session limit it.
    pub(super) limited: bool,
    /// By its account: delegates to the identity side.
    pub(super) account: bool,
}

impl Reaches {
    pub(super) fn any(self) -> bool {
        self.unlimited || self.limited || self.account
    }

    pub(super) fn direct(self) -> bool {
        self.unlimited || self.limited
    }

    fn add(&mut self, reach: Reach, caller: PrincipalKind) {
        match reach {
            Reach::Role | Reach::IssuingUser => self.limited = true,
            Reach::Account if caller == PrincipalKind::Root => self.unlimited = true,
            Reach::Account => self.account = true,
            _ => self.unlimited = true,
        }
    }
}

/// What one layer said.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) layer: Layer,
    pub(super) set: bool,
    pub(super) allows: Reaches,
    pub(super) denial: Option<StatementRef>,
    pub(super) findings: Vec<Finding>,
}

impl Reading {
    fn not_set(layer: Layer) -> Self {
        Self {
            layer,
            set: false,
            allows: Reaches::default(),
            denial: None,
            findings: Vec::new(),
        }
    }

    pub(super) fn verdict(&self) -> LayerVerdict {
        match (&self.denial, self.set) {
            (Some(_), _) => LayerVerdict::Deny,
            (None, _) if self.allows.any() => LayerVerdict::Allow,
            (None, true) => LayerVerdict::Silent,
            (None, false) => LayerVerdict::NotSet,
        }
    }

    /// Whether this layer lets the call pass where being unset means to pass.
    pub(super) fn passes(&self) -> bool {
        !self.set || self.allows.any()
    }
}

/// The readings of all layers.
#[derive(Clone, Debug)]
pub(super) struct Readings(Vec<Reading>);

impl Readings {
    pub(super) fn of(&self, layer: Layer) -> Option<&Reading> {
        self.0.iter().find(|r| r.layer == layer)
    }

    pub(super) fn passes(&self, layer: Layer) -> bool {
        self.of(layer).is_none_or(Reading::passes)
    }

    pub(super) fn allows(&self, layer: Layer) -> Reaches {
        self.of(layer).map(|r| r.allows).unwrap_or_default()
    }

    pub(super) fn into_vec(self) -> Vec<Reading> {
        self.0
    }
}

/// Reads every layer; order is that in which people look at them.
pub(super) fn read_layers(question: &Question<'_>) -> Readings {
    let layers = question.layers;
    let kind = question.subject.principal.kind;
    let has_identity_side = !matches!(kind, PrincipalKind::Service | PrincipalKind::Anonymous);
    let mut readings = Vec::with_capacity(8);
    readings.push(if question.subject.exempt_from_scp || !has_identity_side {
        Reading::not_set(Layer::Scp)
    } else {
        read_levels(question, Layer::Scp, &layers.scp)
    });
    readings.push(
        if question.kind == super::ResourceKind::AwsManagedKey
            || question.action == "kms:RetireGrant"
        {
            Reading::not_set(Layer::Rcp)
        } else {
            read_levels(question, Layer::Rcp, &layers.rcp)
        },
    );
    readings.push(read_optional(question, Layer::Vpce, layers.vpce.as_ref()));
    readings.push(read(
        question,
        Layer::Identity,
        &layers.identity,
        has_identity_side,
    ));
    readings.push(read_optional(
        question,
        Layer::Resource,
        layers.resource.as_ref(),
    ));
    readings.push(read_grants(question));
    readings.push(read_optional(
        question,
        Layer::Boundary,
        layers.boundary.as_ref(),
    ));
    readings.push(match &layers.session {
        Some(policies) => read(question, Layer::Session, policies, true),
        None => Reading::not_set(Layer::Session),
    });
    Readings(readings)
}

fn read_optional(question: &Question<'_>, layer: Layer, policy: Option<&NamedPolicy>) -> Reading {
    match policy {
        Some(policy) => read(question, layer, std::slice::from_ref(policy), true),
        None => Reading::not_set(layer),
    }
}

/// An organization's levels: an allow is needed at each of them.
fn read_levels(question: &Question<'_>, layer: Layer, levels: &[Vec<NamedPolicy>]) -> Reading {
    let mut whole = Reading::not_set(layer);
    let mut all_allow = !levels.is_empty();
    for level in levels {
        let reading = read(question, layer, level, true);
        all_allow &= reading.allows.any();
        whole.set = true;
        whole.denial = whole.denial.or(reading.denial);
        whole.findings.extend(reading.findings);
    }
    // A resource control policy only takes away: full access is attached to every level.
    whole.allows.unlimited = all_allow || (layer == Layer::Rcp && whole.set);
    whole
}

fn read(question: &Question<'_>, layer: Layer, policies: &[NamedPolicy], set: bool) -> Reading {
    let caller = question.subject.principal.kind;
    let request = Request::new(
        question.action,
        question.resource,
        &question.subject.principal,
        question.context,
    );
    let mut reading = Reading {
        set,
        ..Reading::not_set(layer)
    };
    for named in policies {
        for (index, statement) in named.policy.statements().iter().enumerate() {
            let reach = statement.matches(&request);
            let reference = || reference(named, index, statement);
            match (reach, statement.effect()) {
                (Some(_), Effect::Deny) if reading.denial.is_none() => {
                    reading.denial = Some(reference());
                }
                (Some(reach), Effect::Allow) => reading.allows.add(reach, caller),
                _ => {}
            }
            reading.findings.push(Finding {
                statement: reference(),
                effect: statement.effect(),
                matched: reach.is_some(),
                reach,
                clauses: statement.explain(&request),
                note: None,
            });
        }
    }
    reading
}

fn reference(named: &NamedPolicy, index: usize, statement: &Statement) -> StatementRef {
    StatementRef {
        policy: named.name.to_string(),
        index,
        sid: statement.sid().map(str::to_owned),
    }
}

fn read_grants(question: &Question<'_>) -> Reading {
    let mut reading = Reading::not_set(Layer::Grant);
    let caller = question.subject.principal.kind;
    for grant in &question.layers.grants {
        reading.set = true;
        let coverage = grant.coverage(question);
        let (reach, note) = match coverage {
            Coverage::Covers(reach) => (Some(reach), None),
            Coverage::OtherGrantee => (None, Some(format!("it is for {}", grant.grantee))),
            Coverage::OtherOperation => {
                let listed: Vec<&str> = grant.operations.iter().map(|o| o.as_str()).collect();
                (None, Some(format!("it allows only {}", listed.join(", "))))
            }
            Coverage::Constraint(broken) => (None, Some(broken)),
            Coverage::NotYetVisible => (
                None,
                Some(format!(
                    "it works without its token from {}",
                    grant.visible_from
                )),
            ),
        };
        if let Some(reach) = reach {
            reading.allows.add(reach, caller);
        }
        let id = grant.id.as_str();
        reading.findings.push(Finding {
            statement: StatementRef {
                policy: match &grant.name {
                    Some(name) => format!("grant {name}"),
                    None => format!("grant {}…", id.get(..8).unwrap_or(id)),
                },
                index: 0,
                sid: None,
            },
            effect: Effect::Allow,
            matched: reach.is_some(),
            reach,
            clauses: Vec::new(),
            note,
        });
    }
    reading
}

impl Readings {
    /// The same readings as if the key had no grants.
    pub(super) fn without_grants(&self) -> Self {
        Self(
            self.0
                .iter()
                .map(|r| match r.layer {
                    Layer::Grant => Reading::not_set(Layer::Grant),
                    _ => r.clone(),
                })
                .collect(),
        )
    }
}
