//! OIDC providers: the token issuers that an account believes.
//!
//! Source: IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in
//! IAM"; "IAM and AWS STS quotas".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tags::{self, Tag, with_request_tags};
use super::{
    Nothing, account, account_mut, error, event_value, limit_exceeded, names, no_such_entity,
    recorded,
};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Timestamp};
use crate::state::oidc::{OidcProvider, issuer_name};

/// How many audiences a provider may have.
const MAX_CLIENT_IDS: usize = 100;
/// How many thumbprints a provider may have.
const MAX_THUMBPRINTS: usize = 5;
/// How many providers an account may have.
const MAX_PROVIDERS: usize = 100;

/// Makes the account believe an issuer of OpenID Connect tokens: roles may then
/// trust it, and who holds one of its tokens assumes them with
/// AssumeRoleWithWebIdentity.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateOpenIDConnectProvider {
    /// The issuer's URL, `https://…`: the claim `iss` of its tokens.
    pub url: String,
    /// The audiences that tokens may be for (the claim `aud`), at most 100.
    #[serde(default, rename = "ClientIDList")]
    pub client_id_list: Vec<String>,
    /// Thumbprints of the issuer's certificates, at most 5.
    #[serde(default)]
    pub thumbprint_list: Vec<String>,
    /// Tags, at most 50.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// A new provider.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreatedProvider {
    /// The provider's ARN.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: Arn,
    /// Its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// Tells about an OIDC provider.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetOpenIDConnectProvider {
    /// The provider's ARN.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: String,
}

/// An OIDC provider.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ProviderDetail {
    /// The issuer's URL without `https://`.
    pub url: String,
    /// The audiences.
    #[serde(rename = "ClientIDList")]
    pub client_id_list: Vec<String>,
    /// The thumbprints.
    pub thumbprint_list: Vec<String>,
    /// When it was made.
    pub create_date: Timestamp,
    /// Its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// Lists the account's OIDC providers.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct ListOpenIDConnectProviders {}

/// The providers of an account.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ProviderList {
    /// Their ARNs.
    #[serde(rename = "OpenIDConnectProviderList")]
    pub open_id_connect_provider_list: Vec<ProviderEntry>,
}

/// A provider by its ARN.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ProviderEntry {
    /// The ARN.
    pub arn: Arn,
}

/// Ends the account's belief in an issuer. Roles that trust it stay as they
/// are, and nobody can assume them with its tokens any more.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteOpenIDConnectProvider {
    /// The provider's ARN.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: String,
}

/// Adds an audience to an OIDC provider; one that is there already stays.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AddClientIDToOpenIDConnectProvider {
    /// The provider's ARN.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: String,
    /// The audience, 1 to 255 characters.
    #[serde(rename = "ClientID")]
    pub client_id: String,
}

/// Takes an audience from an OIDC provider; one that it has not is no error.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RemoveClientIDFromOpenIDConnectProvider {
    /// The provider's ARN.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: String,
    /// The audience.
    #[serde(rename = "ClientID")]
    pub client_id: String,
}

/// Puts other thumbprints in place of those of an OIDC provider.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateOpenIDConnectProviderThumbprint {
    /// The provider's ARN.
    #[serde(rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: String,
    /// The thumbprints, at most 5.
    pub thumbprint_list: Vec<String>,
}

fn invalid(message: impl Into<String>) -> ApiError {
    error("InvalidInput", 400, message)
}

/// The issuer's URL without `https://`.
///
/// Source: IAM API Reference, CreateOpenIDConnectProvider, `Url`.
fn host_and_path(url: &str) -> Result<&str, ApiError> {
    names::length("url", url, 1, 255)?;
    url.strip_prefix("https://")
        .map(issuer_name)
        .filter(|rest| !rest.is_empty() && !rest.contains(['?', '#', ' ']))
        .ok_or_else(|| {
            invalid("Invalid Open ID Connect Provider URL")
                .with_detail("It begins with `https://` and has no query and no fragment.")
        })
}

fn check_client_ids(ids: &[String]) -> Result<(), ApiError> {
    for id in ids {
        names::length("clientID", id, 1, 255)?;
    }
    check_count(ids, MAX_CLIENT_IDS, "ClientIdsPerOpenIdConnectProvider")
}

fn check_thumbprints(thumbprints: &[String]) -> Result<(), ApiError> {
    for thumbprint in thumbprints {
        names::length("thumbprintList", thumbprint, 40, 40)?;
    }
    if thumbprints.len() > MAX_THUMBPRINTS {
        return Err(invalid(
            "Thumbprint list must contain fewer than 5 entries.",
        ));
    }
    Ok(())
}

fn check_count(items: &[String], most: usize, quota: &str) -> Result<(), ApiError> {
    if items.len() > most {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for {quota}: {most}"
        )));
    }
    Ok(())
}

/// The part of a provider's ARN under which it is stored.
fn url_of(arn: &str) -> &str {
    arn.split_once(":oidc-provider/").map_or("", |(_, url)| url)
}

fn missing(arn: &str) -> ApiError {
    no_such_entity(format!("OpenIDConnect Provider not found for arn {arn}"))
}

fn provider<'a>(view: &View<'a>, arn: &str) -> Result<&'a OidcProvider, ApiError> {
    let found = account(view)?.oidc_providers.get(url_of(arn));
    found
        .filter(|provider| provider.arn.as_str() == arn)
        .ok_or_else(|| missing(arn))
}

fn provider_mut<'a>(cx: &'a mut Context<'_>, arn: &str) -> Result<&'a mut OidcProvider, ApiError> {
    let found = account_mut(cx)?.oidc_providers.get_mut(url_of(arn));
    found
        .filter(|provider| provider.arn.as_str() == arn)
        .ok_or_else(|| missing(arn))
}

fn on_provider(view: &View<'_>, arn: &str, action: &str) -> Result<Vec<AccessRequest>, ApiError> {
    let parsed = Arn::parse(arn).map_err(|_| invalid(format!("Invalid ARN: {arn}")))?;
    let mut target = Target::plain(&parsed, &view.caller.account);
    if let Ok(found) = provider(view, arn) {
        tags::show(&mut target, &["aws"], &found.tags);
    }
    Ok(vec![AccessRequest::new(action, target)])
}

fn arn_of(view: &View<'_>, url: &str) -> Arn {
    let resource = format!("oidc-provider/{url}");
    Arn::of("iam", "", view.caller.account.as_str(), &resource)
}

impl Operation for CreateOpenIDConnectProvider {
    type Output = CreatedProvider;

    const SPEC: OperationSpec = OperationSpec::write(Service::Iam, "CreateOpenIDConnectProvider")
        .needs(&[
            "iam:CreateOpenIDConnectProvider",
            "iam:TagOpenIDConnectProvider",
        ])
        .fails(&["EntityAlreadyExists", "InvalidInput", "LimitExceeded"]);

    fn validate(&self) -> Result<(), ApiError> {
        host_and_path(&self.url)?;
        check_client_ids(&self.client_id_list)?;
        check_thumbprints(&self.thumbprint_list)?;
        tags::check(&self.tags)
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let arn = arn_of(view, host_and_path(&self.url)?);
        let ask = |action: &str| {
            let target = Target::plain(&arn, &view.caller.account);
            with_request_tags(AccessRequest::new(action, target), &self.tags)
        };
        let tagging = (!self.tags.is_empty()).then(|| ask("iam:TagOpenIDConnectProvider"));
        let making = ask(&Self::SPEC.action());
        Ok([making].into_iter().chain(tagging).collect())
    }

    fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<CreatedProvider, ApiError> {
        let url = host_and_path(&self.url)?.to_owned();
        let (arn, created) = (arn_of(&cx.view(), &url), cx.now());
        let mut provider = OidcProvider {
            arn: arn.clone(),
            url: url.clone(),
            client_ids: self.client_id_list,
            thumbprints: self.thumbprint_list,
            created,
            tags: std::collections::BTreeMap::new(),
        };
        tags::set(&mut provider.tags, self.tags)?;
        let tags = tags::listed(&provider.tags);
        let providers = &mut account_mut(cx)?.oidc_providers;
        if providers.contains_key(&url) {
            let text = format!("Provider with url {} already exists.", self.url);
            return Err(error("EntityAlreadyExists", 409, text));
        }
        if providers.size() >= MAX_PROVIDERS {
            return Err(limit_exceeded(format!(
                "Cannot exceed quota for OpenIdConnectProvidersPerAccount: {MAX_PROVIDERS}"
            )));
        }
        providers.insert_mut(url, provider);
        Ok(CreatedProvider {
            open_id_connect_provider_arn: arn,
            tags,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}

impl Operation for GetOpenIDConnectProvider {
    type Output = ProviderDetail;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "GetOpenIDConnectProvider")
        .needs(&["iam:GetOpenIDConnectProvider"])
        .fails(&["NoSuchEntity", "InvalidInput"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        on_provider(
            view,
            &self.open_id_connect_provider_arn,
            &Self::SPEC.action(),
        )
    }

    fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<ProviderDetail, ApiError> {
        let view = cx.view();
        let provider = provider(&view, &self.open_id_connect_provider_arn)?;
        Ok(ProviderDetail {
            url: provider.url.clone(),
            client_id_list: provider.client_ids.clone(),
            thumbprint_list: provider.thumbprints.clone(),
            create_date: provider.created,
            tags: tags::listed(&provider.tags),
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}

impl Operation for ListOpenIDConnectProviders {
    type Output = ProviderList;

    const SPEC: OperationSpec = OperationSpec::read(Service::Iam, "ListOpenIDConnectProviders")
        .needs(&["iam:ListOpenIDConnectProviders"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = Self::SPEC.action();
        Ok(vec![AccessRequest::new(&action, Target::any())])
    }

    fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<ProviderList, ApiError> {
        let providers = account(&cx.view())?.oidc_providers.values();
        let entry = |provider: &OidcProvider| ProviderEntry {
            arn: provider.arn.clone(),
        };
        Ok(ProviderList {
            open_id_connect_provider_list: providers.map(entry).collect(),
        })
    }
}

/// An operation that changes one provider, and answers nothing.
macro_rules! provider_operation {
    ($operation:ident, $errors:expr, $check:expr, $change:expr) => {
        impl Operation for $operation {
            type Output = Nothing;

            const SPEC: OperationSpec = OperationSpec::write(Service::Iam, stringify!($operation))
                .needs(&[concat!("iam:", stringify!($operation))])
                .fails($errors);

            fn validate(&self) -> Result<(), ApiError> {
                let check: fn(&Self) -> Result<(), ApiError> = $check;
                check(self)
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                let arn = &self.open_id_connect_provider_arn;
                on_provider(view, arn, &Self::SPEC.action())
            }

            fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Nothing, ApiError> {
                let change: fn(Self, &mut Context<'_>) -> Result<(), ApiError> = $change;
                change(self, cx).map(|()| Nothing {})
            }

            fn record(&self, _view: &View<'_>) -> Record {
                recorded(self)
            }
        }
    };
}

provider_operation!(
    DeleteOpenIDConnectProvider,
    &["NoSuchEntity", "InvalidInput"],
    |_| Ok(()),
    |request, cx| {
        let url = provider(&cx.view(), &request.open_id_connect_provider_arn)?
            .url
            .clone();
        account_mut(cx)?.oidc_providers.remove_mut(&url);
        Ok(())
    }
);

provider_operation!(
    AddClientIDToOpenIDConnectProvider,
    &["NoSuchEntity", "InvalidInput", "LimitExceeded"],
    |request| names::length("clientID", &request.client_id, 1, 255),
    |request, cx| {
        let ids = &mut provider_mut(cx, &request.open_id_connect_provider_arn)?.client_ids;
        if !ids.contains(&request.client_id) {
            ids.push(request.client_id);
        }
        check_client_ids(ids)
    }
);

provider_operation!(
    RemoveClientIDFromOpenIDConnectProvider,
    &["NoSuchEntity", "InvalidInput"],
    |request| names::length("clientID", &request.client_id, 1, 255),
    |request, cx| {
        let provider = provider_mut(cx, &request.open_id_connect_provider_arn)?;
        provider.client_ids.retain(|id| *id != request.client_id);
        Ok(())
    }
);

provider_operation!(
    UpdateOpenIDConnectProviderThumbprint,
    &["NoSuchEntity", "InvalidInput"],
    |request| check_thumbprints(&request.thumbprint_list),
    |request, cx| {
        let provider = provider_mut(cx, &request.open_id_connect_provider_arn)?;
        provider.thumbprints = request.thumbprint_list;
        Ok(())
    }
);
