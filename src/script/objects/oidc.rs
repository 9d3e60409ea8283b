//! OpenID Connect: issuers, their tokens, and the sessions that these begin.

use std::rc::Rc;
use std::sync::Arc;

use rhai::{Dynamic, Map};
use serde_json::{Map as JsonMap, Value, json};

use super::arguments::{Options, at, dynamic, invalid, json_of, seconds, text, texts};
use super::client::{Client, Fallible, Iam, LabHandle, ServiceObject as _, Signer, Sts};
use super::origin::Origin;
use super::session::{Session, narrowing, role_arn};
use crate::api::Service;
use crate::base::SecretText;
use crate::crypto::jwt::JwtAlgorithm;
use crate::script::{Registry, Thrown};
use crate::state::credential::Credentials;

/// How long a token lasts unless the script says otherwise, in seconds.
const TOKEN_SECONDS: i64 = 300;

/// Somebody out in the world who issues tokens.
#[derive(Clone, Debug)]
pub struct Issuer {
    lab: LabHandle,
    url: Rc<str>,
}

/// A token, which stays hidden.
#[derive(Clone, Debug)]
pub struct Token {
    text: SecretText,
    subject: Rc<str>,
}

impl Issuer {
    /// Opens the issuer at `url`, or finds it.
    ///
    /// # Errors
    /// For an unknown algorithm.
    pub(super) fn open(lab: &LabHandle, url: &str, algorithm: &str) -> Fallible<Self> {
        let algorithm: JwtAlgorithm = algorithm.parse().map_err(|e: String| invalid(e))?;
        let url = url.strip_prefix("https://").unwrap_or(url);
        let url = url.trim_end_matches('/');
        lab.write(|lab| lab.open_issuer(url, algorithm));
        Ok(Self {
            lab: lab.clone(),
            url: url.into(),
        })
    }

    fn token(&self, claims: Map) -> Fallible<Token> {
        let Value::Object(mut claims) = json_of(Dynamic::from(claims))? else {
            return Err(invalid("the claims of a token are a map"));
        };
        let lifetime = match claims.remove("duration") {
            Some(duration) => seconds(dynamic(&duration)?, "`duration`")?,
            None => TOKEN_SECONDS,
        };
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or("?");
        let subject: Rc<str> = subject.into();
        let token = self
            .lab
            .write(|lab| lab.issue_token(&self.url, claims, lifetime));
        let gone = || Thrown::new("NoSuchIssuer", format!("{} issues no tokens", self.url));
        Ok(Token {
            text: token.ok_or_else(gone)?,
            subject,
        })
    }
}

/// Registers issuers, tokens, and what IAM and STS do with them.
pub(super) fn register(registry: &mut Registry<'_>) {
    issuers(registry);
    tokens(registry);
    registry
        .method::<Iam>("add_oidc_provider")
        .param("issuer", "Issuer")
        .param("client_ids", "any")
        .returns("string")
        .doc(
            "Makes the account believe an issuer's tokens for these audiences: the ARN of the \
             provider, which a trust policy names as `Federated`.",
        )
        .example(
            "let github = lab.oidc_issuer(\"token.actions.githubusercontent.com\");\n\
             iam.add_oidc_provider(github, \"sts.amazonaws.com\")",
        )
        .register(|iam: &mut Iam, issuer: Issuer, ids: Dynamic| add(iam, &issuer, ids));
    assuming(registry);
}

fn issuers(registry: &mut Registry<'_>) {
    registry
        .type_named::<Issuer>(
            "Issuer",
            "An OpenID Connect issuer: it signs tokens, and STS knows its public key.",
        )
        .brief(|issuer: &Issuer| format!("Issuer {}", issuer.url));
    registry
        .property::<Issuer>("url")
        .returns("string")
        .doc("Its URL without `https://`, with which its condition keys begin.")
        .example("lab.oidc_issuer(\"login.example.com\").url")
        .register(|issuer: &mut Issuer| issuer.url.to_string());
    registry
        .method::<Issuer>("token")
        .param("claims", "map")
        .returns("Token")
        .doc(
            "Signs a token with these claims, such as `sub` and `aud`. It lasts five minutes, or \
             as long as `duration` says (`\"1h\"`); `iss`, `iat`, `nbf` and `exp` come by \
             themselves.",
        )
        .example(
            "let github = lab.oidc_issuer(\"token.actions.githubusercontent.com\");\n\
             github.token(#{ sub: \"repo:me/app:ref:refs/heads/main\", aud: \"sts.amazonaws.com\" })",
        )
        .register(|issuer: &mut Issuer, claims: Map| issuer.token(claims));
}

fn tokens(registry: &mut Registry<'_>) {
    let example = "let issuer = lab.oidc_issuer(\"login.example.com\");\n\
                   let token = issuer.token(#{ sub: \"me\", aud: \"app\" });\n";
    registry
        .type_named::<Token>("Token", "A token of an issuer; it stays hidden.")
        .brief(|token: &Token| format!("Token for {}", token.subject));
    registry
        .method::<Token>("reveal")
        .returns("string")
        .doc("The token, in clear: a JSON Web Token.")
        .example(&format!("{example}let text = token.reveal();"))
        .register(|token: &mut Token| token.text.reveal().to_owned());
}

fn assuming(registry: &mut Registry<'_>) {
    let doc = "Assumes a role with a token of an issuer: a session. The call is not signed; the \
               role's trust policy decides.";
    let example = "let github = lab.oidc_issuer(\"token.actions.githubusercontent.com\");\n\
                   let provider = iam.add_oidc_provider(github, \"sts.amazonaws.com\");\n\
                   role.set_trust(#{ Version: \"2012-10-17\", Statement: #{ Effect: \"Allow\", \
                   Principal: #{ Federated: provider }, Action: \
                   \"sts:AssumeRoleWithWebIdentity\", Condition: #{ StringEquals: #{ \
                   \"token.actions.githubusercontent.com:sub\": \"repo:me/app:ref:refs/heads/main\" \
                   } } } });\n\
                   let token = github.token(#{ sub: \"repo:me/app:ref:refs/heads/main\", aud: \
                   \"sts.amazonaws.com\" });\n";
    registry
        .method::<Sts>("assume_role_with_web_identity")
        .param("role", "Role")
        .param("session_name", "string")
        .param("token", "Token")
        .returns("Session")
        .doc(doc)
        .example(&format!(
            "{example}sts.assume_role_with_web_identity(role, \"deploy\", token)"
        ))
        .register(|sts: &mut Sts, role: Dynamic, name: &str, token: Dynamic| {
            assume(sts.client(), role, name, token, Map::new())
        });
    registry
        .method::<Sts>("assume_role_with_web_identity")
        .param("role", "Role")
        .param("session_name", "string")
        .param("token", "Token")
        .param("options", "map")
        .returns("Session")
        .doc(&format!(
            "{doc} Options: `duration` (`\"1h\"`), `policy` (a session policy), `policies` \
             (managed ones)."
        ))
        .example(&format!(
            "{example}sts.assume_role_with_web_identity(role, \"deploy\", token, #{{ duration: \
             \"15m\" }})"
        ))
        .register(
            |sts: &mut Sts, role: Dynamic, name: &str, token: Dynamic, options: Map| {
                assume(sts.client(), role, name, token, options)
            },
        );
}

fn add(iam: &Iam, issuer: &Issuer, ids: Dynamic) -> Fallible<String> {
    let ids = texts(ids, "the audiences")?;
    let input = json!({ "Url": format!("https://{}", issuer.url), "ClientIDList": ids });
    let client = iam.client();
    let answer = client.call(Service::Iam, "CreateOpenIDConnectProvider", input)?;
    Ok(at(&answer, "/OpenIDConnectProviderArn"))
}

fn assume(
    client: &Client,
    role: Dynamic,
    name: &str,
    token: Dynamic,
    options: Map,
) -> Fallible<Session> {
    let known = ["duration", "policy", "policies"];
    let options = Options::new("assume_role_with_web_identity", options, &known)?;
    let role = role_arn(client, role)?;
    let token = match token.clone().try_cast::<Token>() {
        Some(token) => token.text.reveal().to_owned(),
        None => text(token, "a token")?,
    };
    let mut input: JsonMap<String, Value> = narrowing(client, &options)?;
    input.insert("RoleArn".into(), role.as_str().into());
    input.insert("RoleSessionName".into(), name.into());
    input.insert("WebIdentityToken".into(), token.into());
    let unsigned = Client {
        signer: Signer::Own(Arc::new(Credentials::anonymous())),
        label: "anonymous".into(),
        ..client.clone()
    };
    let origin = Origin::Asked {
        caller: Rc::new(move || Ok(unsigned.clone())),
        operation: "AssumeRoleWithWebIdentity",
        input: input.into(),
        arn: "/AssumedRoleUser/Arn",
    };
    Session::begin(client.lab.clone(), origin, role)
}
