//! What the layers said, in short: all that the procedure needs.

use super::layer::{Layer, LayerVerdict};
use crate::policy::{Effect, PrincipalKind, Reach};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signal {
    /// Whether the layer has a say at all.
    pub(super) set: bool,
    /// Whether a statement denies.
    pub(super) denied: bool,
    /// How statements allow.
    pub(super) allows: Reaches,
}

impl Signal {
    /// A layer that has a say and has not spoken yet.
    pub(super) const SILENT: Self = Self {
        set: true,
        denied: false,
        allows: Reaches {
            unlimited: false,
            limited: false,
            account: false,
        },
    };

    /// Hears a statement that covers the call.
    pub(super) fn hear(&mut self, effect: Effect, reach: Reach, caller: PrincipalKind) {
        match effect {
            Effect::Deny => self.denied = true,
            Effect::Allow => self.allows.add(reach, caller),
        }
    }

    pub(super) fn verdict(self) -> LayerVerdict {
        match self {
            Self { denied: true, .. } => LayerVerdict::Deny,
            Self { allows, .. } if allows.any() => LayerVerdict::Allow,
            Self { set: true, .. } => LayerVerdict::Silent,
            Self { set: false, .. } => LayerVerdict::NotSet,
        }
    }

    /// Whether this layer lets the call pass where being unset means to pass.
    pub(super) fn passes(self) -> bool {
        !self.set || self.allows.any()
    }
}

/// What all layers said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Signals([Signal; Layer::ALL.len()]);

impl Signals {
    pub(super) fn of(&self, layer: Layer) -> Signal {
        self.0.get(layer as usize).copied().unwrap_or_default()
    }

    pub(super) fn put(&mut self, layer: Layer, signal: Signal) {
        if let Some(slot) = self.0.get_mut(layer as usize) {
            *slot = signal;
        }
    }

    pub(super) fn passes(&self, layer: Layer) -> bool {
        self.of(layer).passes()
    }

    pub(super) fn allows(&self, layer: Layer) -> Reaches {
        self.of(layer).allows
    }

    /// The same as if the key had no grants.
    pub(super) fn without_grants(mut self) -> Self {
        self.put(Layer::Grant, Signal::default());
        self
    }
}
