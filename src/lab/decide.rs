//! A decision without a call.

use super::facade::Lab;
use crate::api::{AccessRequest, ApiError, Route, Service, Target, View, authenticate, judge};
use crate::authz::Decision;
use crate::base::{AccountId, Arn, BucketName, KeyId, VpcEndpointId};
use crate::service::kms::reference;
use crate::state::credential::Credentials;

impl Lab {
    /// Whether `credentials` may do `action` on `resource` as things stand.
    ///
    /// `resource` is an ARN (key, alias, bucket, object, role or any other), an
    /// alias name, or `*`. Nothing is called and nothing is recorded; what only
    /// a real request has, such as an encryption context, is absent.
    ///
    /// # Errors
    /// For an action that is not `service:Operation`, credentials that are not
    /// accepted, and a key that does not exist.
    pub fn decide(
        &self,
        credentials: &Credentials,
        action: &str,
        resource: &str,
    ) -> Result<Decision, ApiError> {
        self.decide_through(credentials, &[], action, resource)
    }

    /// The same from a network with these VPC endpoints.
    ///
    /// # Errors
    /// As [`Self::decide`].
    pub fn decide_through(
        &self,
        credentials: &Credentials,
        endpoints: &[VpcEndpointId],
        action: &str,
        resource: &str,
    ) -> Result<Decision, ApiError> {
        let service = service_of(action)?;
        let (cloud, now) = (self.cloud(), self.now());
        let caller = authenticate(cloud, credentials, service, now)?;
        let route = Route {
            region: cloud.region.clone(),
            endpoints: endpoints.to_vec(),
        };
        let endpoint = route.endpoint_to(cloud, service);
        let view = View {
            cloud,
            caller: &caller,
            region: &cloud.region,
            endpoint: endpoint.as_ref(),
            now,
        };
        let target = target(&view, action, resource)?;
        Ok(judge(&view, &AccessRequest::new(action, target)))
    }
}

pub(super) fn service_of(action: &str) -> Result<Service, ApiError> {
    let wrong = || {
        ApiError::validation(
            Service::Iam,
            format!(
                "`{action}` is not an action of this lab: write it as `kms:Decrypt` or `s3:GetObject`"
            ),
        )
    };
    let (prefix, name) = action.split_once(':').ok_or_else(wrong)?;
    let known = prefix.to_ascii_lowercase().parse::<Service>().ok();
    known
        .filter(|_| !name.is_empty() && !name.contains(['*', '?']))
        .ok_or_else(wrong)
}

pub(super) fn target(view: &View<'_>, action: &str, resource: &str) -> Result<Target, ApiError> {
    if resource == "*" {
        return Ok(Target::any());
    }
    let is_key_id = action.starts_with("kms:") && KeyId::parse(resource).is_ok();
    if resource.starts_with("alias/") || is_key_id {
        return reference::any(view, resource).map(|named| Target::key(view.cloud, named.key));
    }
    let arn = Arn::parse(resource)
        .map_err(|e| ApiError::validation(Service::Iam, format!("{e}; or write `*`")))?;
    Ok(match arn.service() {
        "kms" => Target::key(view.cloud, reference::any(view, resource)?.key),
        "s3" => in_s3(view, &arn),
        "iam" if action.to_ascii_lowercase().starts_with("sts:assumerole") => trust(view, &arn),
        _ => plain(view, &arn),
    })
}

fn in_s3(view: &View<'_>, arn: &Arn) -> Target {
    let (bucket, key) = match arn.resource().split_once('/') {
        Some((bucket, key)) => (bucket, Some(key)),
        None => (arn.resource(), None),
    };
    let found = BucketName::parse(bucket)
        .ok()
        .and_then(|name| view.cloud.buckets.get(&name));
    match (found, key) {
        (Some(bucket), Some(key)) => Target::object(bucket, key),
        (Some(bucket), None) => Target::bucket(bucket),
        (None, _) => plain(view, arn),
    }
}

fn trust(view: &View<'_>, arn: &Arn) -> Target {
    let account = view.cloud.account_of(arn);
    let role = account.and_then(|a| Some((a, a.role(arn.base_name())?)));
    match role {
        Some((account, role)) => Target::role_trust(role, &account.id),
        None => plain(view, arn),
    }
}

fn plain(view: &View<'_>, arn: &Arn) -> Target {
    let owner = AccountId::parse(arn.account()).unwrap_or_else(|_| view.caller.account.clone());
    Target::plain(arn, &owner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lab::LabOptions;

    #[test]
    fn a_decision_is_the_one_that_the_call_would_get_and_leaves_no_event() {
        let mut lab = Lab::new(&LabOptions {
            seed: Some(1),
            ..LabOptions::default()
        })
        .unwrap();
        let admin = lab.admin().cloned().unwrap();
        let made = lab
            .call(&admin, Service::Kms, "CreateKey", json!({}))
            .result
            .unwrap();
        let arn = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
        let events = lab.cloud().trail.len();
        let decision = lab.decide(&admin, "kms:Decrypt", &arn).unwrap();
        assert!(decision.is_allow());
        assert_eq!(*decision.resource, *arn);
        assert_eq!(lab.cloud().trail.len(), events);
    }

    #[test]
    fn what_cannot_be_asked_is_named() {
        let lab = Lab::new(&LabOptions {
            seed: Some(1),
            ..LabOptions::default()
        })
        .unwrap();
        let admin = lab.admin().cloned().unwrap();
        for (action, resource) in [
            ("Decrypt", "*"),
            ("kms:", "*"),
            ("kms:*", "*"),
            ("dynamodb:GetItem", "*"),
            ("kms:Decrypt", "payroll"),
            ("kms:Decrypt", "alias/nothing"),
        ] {
            assert!(
                lab.decide(&admin, action, resource).is_err(),
                "{action} {resource}"
            );
        }
    }
}
