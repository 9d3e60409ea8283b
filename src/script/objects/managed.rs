//! Managed policies: finding, reading, attaching and detaching them.

use rhai::Dynamic;
use serde_json::Value;
use serde_json::json;

use super::arguments::{at, parsed, text};
use super::client::{Client, Fallible, account_of};
use super::entities::{Holder, ManagedPolicy};
use crate::api::Service;
use crate::base::{Arn, nearest};
use crate::lab::Lab;
use crate::script::Thrown;
use crate::state::aws_managed;

/// The document of the default version of a managed policy.
pub(super) fn document_of(lab: &Lab, arn: &Arn) -> Option<Value> {
    if arn.account() == "aws" {
        return aws_managed::policy(arn).map(|policy| policy.to_value());
    }
    let policies = &lab.cloud().account_of(arn)?.policies;
    let policy = policies.get(&crate::state::iam::folded(arn.base_name()))?;
    policy
        .default_document()
        .map(|document| document.to_value())
}

/// The ARN of a managed policy that is given as object, ARN or bare name.
///
/// # Errors
/// `NoSuchEntity` with the nearest name.
pub(super) fn policy_arn(client: &Client, policy: Dynamic) -> Fallible<String> {
    let name = text(policy, "a managed policy")?;
    if name.starts_with("arn:") {
        return Ok(name);
    }
    let account = account_of(client);
    let own: Vec<(String, String)> = client.lab.read(|lab| {
        let account = account.as_ref().and_then(|id| lab.cloud().accounts.get(id));
        let policies = account
            .into_iter()
            .flat_map(|account| account.policies.values());
        policies
            .map(|p| (p.name.clone(), p.arn.to_string()))
            .collect()
    });
    if let Some((_, arn)) = own.iter().find(|(own, _)| own.eq_ignore_ascii_case(&name)) {
        return Ok(arn.clone());
    }
    let aws = aws_managed::names();
    if aws.binary_search(&name).is_ok() {
        return Ok(Arn::of("iam", "", "aws", &format!("policy/{name}")).to_string());
    }
    let known = own
        .iter()
        .map(|(own, _)| own)
        .chain(aws)
        .map(String::as_str);
    let thrown = Thrown::new("NoSuchEntity", format!("Policy {name} was not found."))
        .with("status", 404_i64);
    Err(match nearest(&name, known) {
        Some(near) => thrown.with("hint", format!("Did you mean `{near}`?")),
        None => thrown,
    }
    .into())
}

/// Attaches a managed policy.
pub(super) fn attach<T: Holder>(holder: &T, policy: Dynamic) -> Fallible<()> {
    managed_call(holder, "Attach", policy)
}

/// Detaches a managed policy.
pub(super) fn detach<T: Holder>(holder: &T, policy: Dynamic) -> Fallible<()> {
    managed_call(holder, "Detach", policy)
}

fn managed_call<T: Holder>(holder: &T, verb: &str, policy: Dynamic) -> Fallible<()> {
    let entity = holder.entity();
    let arn = policy_arn(&entity.client, policy)?;
    let operation = format!("{verb}{}Policy", T::KIND.title());
    entity
        .call(T::KIND, &operation, json!({ "PolicyArn": arn }))
        .map(|_| ())
}

impl ManagedPolicy {
    /// The document of the default version.
    pub(super) fn document(&self) -> Fallible<Dynamic> {
        let arn = json!({ "PolicyArn": self.arn });
        let policy = self.client.call(Service::Iam, "GetPolicy", arn)?;
        let version = at(&policy, "/Policy/DefaultVersionId");
        let members = json!({ "PolicyArn": self.arn, "VersionId": version });
        let answer = self
            .client
            .call(Service::Iam, "GetPolicyVersion", members)?;
        parsed(&at(&answer, "/PolicyVersion/Document"))
    }
}
