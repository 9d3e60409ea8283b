//! Tokens of OpenID Connect issuers, as STS checks them.
//!
//! Source: OpenID Connect Core 1.0, "ID Token Validation"; IAM User Guide,
//! "Troubleshoot OIDC federation" and "Passing session tags in AWS STS", tags of
//! AssumeRoleWithWebIdentity.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{error, session_tags};
use crate::api::ApiError;
use crate::base::Timestamp;
use crate::crypto::jwt::Jwt;
use crate::service::iam::tags::Tag;
use crate::state::Cloud;
use crate::state::iam::Account;
use crate::state::oidc::{WebIdentity, issuer_name};

/// The claim that carries session tags.
const TAGS: &str = "https://aws.amazon.com/tags";
/// The claim that carries the source identity.
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

/// What a checked token says.
#[derive(Debug)]
pub(super) struct Token {
    /// Whom it speaks of.
    pub(super) identity: Arc<WebIdentity>,
    /// The session tags that it asks for.
    pub(super) tags: Vec<Tag>,
    /// The keys of those that are handed on.
    pub(super) transitive_tag_keys: Vec<String>,
    /// The source identity that it sets.
    pub(super) source_identity: Option<String>,
}

/// Checks the length of a token; the token itself is not told.
pub(super) fn check_size(token: &str) -> Result<(), ApiError> {
    let rule = match token.len() {
        0..4 => "greater than or equal to 4",
        4..=20_000 => return Ok(()),
        _ => "less than or equal to 20000",
    };
    Err(super::validation(format!(
        "1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: \
         Member must have length {rule}"
    )))
}

/// Checks the issuer, signature, time and audience of `token`.
///
/// # Errors
/// `InvalidIdentityToken` and `ExpiredTokenException` (400), and
/// `IDPRejectedClaim` (403) for claims that cannot be honoured.
pub(super) fn checked(
    cloud: &Cloud,
    account: &Account,
    token: &str,
    now: Timestamp,
) -> Result<Token, ApiError> {
    let jwt = Jwt::parse(token).ok_or_else(|| invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"))?;
    let claims = &jwt.claims;
    let issuer = claim(claims, "iss")?;
    let subject = claim(claims, "sub")?;
    let url = issuer_name(issuer);
    let provider = account.oidc_providers.get(url).ok_or_else(|| {
        invalid(format!(
            "No OpenIDConnect provider found in your account for {issuer}"
        ))
    })?;
    check_signature(cloud, url, &jwt)?;
    check_time(claims, now)?;
    let audience = audience(claims, &provider.client_ids)?;
    let (tags, transitive_tag_keys) = tags(claims)?;
    let source_identity = source_identity(claims)?;
    Ok(Token {
        identity: Arc::new(WebIdentity {
            provider: provider.arn.clone(),
            url: url.to_owned(),
            subject: subject.to_owned(),
            audience,
            methods: claims.get("amr").map(texts).unwrap_or_default(),
        }),
        tags,
        transitive_tag_keys,
        source_identity,
    })
}

fn invalid(message: impl Into<String>) -> ApiError {
    error("InvalidIdentityToken", 400, message)
}

fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<&'a str, ApiError> {
    claims
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| invalid(format!("Missing a required claim: {name}")))
}

fn check_signature(cloud: &Cloud, url: &str, jwt: &Jwt) -> Result<(), ApiError> {
    let known = cloud
        .issuers
        .get(url)
        .filter(|issuer| jwt.key_id.as_deref().is_none_or(|id| id == issuer.key_id));
    let issuer = known.ok_or_else(|| {
        invalid(
            "Couldn't retrieve verification key from your identity provider,  please reference \
             AssumeRoleWithWebIdentity documentation for requirements",
        )
    })?;
    if jwt.is_signed_by(&issuer.pair, issuer.algorithm) {
        return Ok(());
    }
    Err(
        invalid("The web identity token that was passed could not be validated by AWS.")
            .with_detail("It is not signed by the issuer's key."),
    )
}

fn check_time(claims: &Map<String, Value>, now: Timestamp) -> Result<(), ApiError> {
    let seconds = |name: &str| {
        let given = claims.get(name).and_then(Value::as_i64);
        given.ok_or_else(|| invalid(format!("Missing a required claim: {name}")))
    };
    let (now, expires) = (now.seconds(), seconds("exp")?);
    seconds("iat")?;
    if now >= expires {
        let text = format!(
            "Token expired: current date/time {now} must be before the expiration date/time \
             {expires}"
        );
        return Err(error("ExpiredTokenException", 400, text)
            .with_detail("Get a new token from the issuer."));
    }
    let too_early = |name: &str| {
        let begins = claims.get(name).and_then(Value::as_i64);
        begins.is_some_and(|begins| begins > now)
    };
    if ["nbf", "iat"].into_iter().any(too_early) {
        return Err(invalid(
            "The web identity token that was passed could not be validated by AWS.",
        )
        .with_detail("It is not valid yet: `nbf` or `iat` lies in the future."));
    }
    Ok(())
}

/// The audience of the token that the provider knows.
fn audience(claims: &Map<String, Value>, known: &[String]) -> Result<String, ApiError> {
    let given = claims
        .get("aud")
        .map(texts)
        .filter(|audiences| !audiences.is_empty())
        .ok_or_else(|| invalid("Missing a required claim: aud"))?;
    let fits = given.into_iter().find(|audience| known.contains(audience));
    fits.ok_or_else(|| {
        invalid("Incorrect token audience").with_detail(format!(
            "The provider's client ids are: {}.",
            known.join(", ")
        ))
    })
}

fn tags(claims: &Map<String, Value>) -> Result<(Vec<Tag>, Vec<String>), ApiError> {
    let Some(asked) = claims.get(TAGS) else {
        return Ok(Default::default());
    };
    session_tags_of(asked)
        .filter(|(tags, transitive)| session_tags::check(tags, transitive).is_ok())
        .ok_or_else(|| rejected("The tags of the token are not valid.", TAGS))
}

/// The tags that the claim asks for, each with one text as its value, and the
/// keys that are handed on; `None` if it is not of this shape.
fn session_tags_of(claim: &Value) -> Option<(Vec<Tag>, Vec<String>)> {
    let claim = claim.as_object()?;
    let tags = match claim.get("principal_tags") {
        Some(pairs) => pairs.as_object()?.iter().map(tag).collect::<Option<_>>()?,
        None => Vec::new(),
    };
    let transitive = match claim.get("transitive_tag_keys") {
        Some(Value::Array(keys)) => keys
            .iter()
            .map(|key| key.as_str().map(str::to_owned))
            .collect::<Option<_>>()?,
        Some(key) => vec![key.as_str()?.to_owned()],
        None => Vec::new(),
    };
    Some((tags, transitive))
}

fn tag((key, value): (&String, &Value)) -> Option<Tag> {
    let value = match value.as_array().map(Vec::as_slice) {
        Some([one]) => one,
        Some(_) => return None,
        None => value,
    };
    Some(Tag {
        key: key.clone(),
        value: value.as_str()?.to_owned(),
    })
}

fn source_identity(claims: &Map<String, Value>) -> Result<Option<String>, ApiError> {
    let Some(claim) = claims.get(SOURCE_IDENTITY) else {
        return Ok(None);
    };
    let is_sound = |text: &&str| session_tags::check_source_identity(Some(text)).is_ok();
    match claim.as_str().filter(is_sound) {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(rejected(
            "The source identity of the token is not valid.",
            SOURCE_IDENTITY,
        )),
    }
}

/// The refusal of a claim; the sentences are the lab's own.
fn rejected(message: &str, claim: &str) -> ApiError {
    error("IDPRejectedClaim", 403, message).with_detail(format!("It is the claim `{claim}`."))
}

/// The texts of a claim that is one text or a list of them.
fn texts(claim: &Value) -> Vec<String> {
    match claim {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => {
            let texts = items.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}
