//! The lab's objects, as scripts see them.
//!
//! [`LabObjects`] puts them into a session. `client.rs` is the base: who acts,
//! in which lab, and how a call and its failure cross between Rhai and the lab;
//! `operations.rs` makes a method of every operation of the table. The other
//! files are sugar on top, one kind of object each.

mod answers;
mod arguments;
mod authorization_message;
mod body;
mod bucket;
mod bucket_objects;
mod bucket_settings;
mod callers;
mod ciphertext;
mod client;
mod clock;
mod compute;
mod compute_methods;
mod convert;
mod credential;
mod deletion;
mod diff;
mod documents;
mod endpoint;
mod entities;
mod envelope;
mod event;
mod failure;
mod federation;
mod grant;
mod hints;
mod iam;
mod key;
mod key_material;
mod key_policy;
mod kms;
mod lint;
mod managed;
mod members;
mod object_options;
mod oidc;
mod operation_examples;
mod operations;
mod organization;
mod organization_policy;
mod organizations;
mod origin;
mod permissions;
mod real;
mod region;
mod replicas;
mod resources;
mod s3;
mod saving;
mod scenario;
mod session;
mod show;
mod trail;
mod trail_filter;
mod transfer;
mod trust;
mod versions;
mod who;

#[cfg(test)]
mod tests;

use std::rc::Rc;

use rhai::Dynamic;

pub use client::{Client, LabHandle, ServiceObject, Services};
pub use envelope::opened;
pub(super) use operations::snake_case;
pub use saving::{Keeping, KeptLab};

use super::{CompletionHints, Extension, Registry, Rendered};
use crate::lab::Lab;

/// The objects of one lab.
#[derive(Debug, Clone)]
pub struct LabObjects {
    lab: LabHandle,
    keeping: Keeping,
}

impl LabObjects {
    /// The objects of `lab`.
    pub fn new(lab: Lab) -> Self {
        Self {
            lab: LabHandle::new(lab),
            keeping: Keeping::default(),
        }
    }

    /// The same where scripts may keep their lab in files, and bodies lie where
    /// `keeping` says.
    #[must_use]
    pub fn keeping(self, keeping: Keeping) -> Self {
        self.lab.write(|lab| keeping.adopt(lab));
        Self { keeping, ..self }
    }

    /// Settles what stays in the data folder when the process ends.
    pub fn end_bodies(&self, kept: KeptLab) {
        self.keeping.end_bodies(kept);
    }

    /// The lab behind the objects.
    pub fn lab(&self) -> &LabHandle {
        &self.lab
    }

    /// As an extension of a session.
    pub fn extension(&self) -> Rc<dyn Extension> {
        Rc::new(self.clone())
    }
}

impl Extension for LabObjects {
    fn register(&self, registry: &mut Registry<'_>) {
        operations::register(registry, &self.lab);
        members::register(registry);
        lint::register(registry);
        clock::register(registry, &self.lab);
        saving::register(registry, &self.keeping);
        scenario::register(registry, &self.lab);
        iam::register(registry);
        callers::register(registry);
        authorization_message::register(registry);
        organization::register(registry);
        organization_policy::register(registry);
        organizations::register(registry);
        endpoint::register(registry);
        oidc::register(registry);
        compute_methods::register(registry);
        region::register(registry);
        trail::register(registry, &self.lab);
        resources::register(registry, &self.lab);
        transfer::register(registry, &self.keeping.access);
        envelope::register(registry, &self.lab);
        who::register(registry, &self.lab);
        diff::register(registry, &self.lab);
        real::register(registry, &self.lab, &self.keeping);
    }

    fn hints(&self) -> Option<Rc<dyn CompletionHints>> {
        Some(Rc::new(self.clone()))
    }

    fn renew(&self, seed: Option<u64>) -> Option<Result<(), String>> {
        Some(self.keeping.renew(&self.lab, seed))
    }

    fn render_error(&self, payload: &Dynamic) -> Option<Rendered> {
        failure::render_error(payload)
    }
}
