//! Who asks.

use serde_json::Value;

/// The caller of a case.
#[derive(Clone, Debug)]
pub struct Caller {
    /// `iam-user`, `role-session`, `federated-user`, `root`, `service`, `anonymous` or `web-identity`.
    pub kind: String,
    pub arn: Option<String>,
    pub account: Option<String>,
    /// The role of a session, or the user behind a federated one.
    pub issuer: Option<String>,
    /// The id of the user or of the role; of no use for the other kinds.
    pub id: Option<String>,
    pub organization: Option<String>,
    pub tags: Vec<(String, String)>,
    pub has_boundary: bool,
    /// Of the management account, or a service-linked role.
    pub management: bool,
    pub service_linked: bool,
    session_token: bool,
    service: Option<String>,
    user_id: Option<String>,
}

impl Caller {
    pub fn of(case: &Value) -> Self {
        let p = &case["principal"];
        let text = |member: &str| p[member].as_str().map(str::to_owned);
        let kind = text("kind").unwrap();
        let id = match kind.as_str() {
            "iam-user" => text("unique_id"),
            // The id of a session is that of its role and the session's name.
            "role-session" => text("unique_id")
                .and_then(|id| id.split(':').next().map(str::to_owned))
                .or_else(|| text("issuer_id")),
            _ => None,
        };
        let tags = p["tags"].as_object().into_iter().flatten();
        Self {
            arn: text("arn"),
            account: text("account"),
            issuer: text("issuer_arn"),
            id,
            organization: text("org_id"),
            tags: tags
                .map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned()))
                .collect(),
            has_boundary: !case["policies"]["permissions_boundary"].is_null(),
            management: p["management_account"] == true,
            service_linked: p["service_linked"] == true,
            session_token: p["session_token"] == true,
            service: text("service"),
            user_id: text("unique_id"),
            kind,
        }
    }

    /// Whether identity policies, boundary and session policies can apply at all.
    pub fn has_identity(&self) -> bool {
        ["iam-user", "role-session", "federated-user"].contains(&self.kind.as_str())
    }

    pub fn is_root(&self) -> bool {
        self.kind == "root"
    }

    /// Anonymous calls and those with a token of an identity provider bear no signature.
    pub fn is_signed(&self) -> bool {
        !["anonymous", "web-identity"].contains(&self.kind.as_str())
    }

    /// Whether the credentials end by themselves.
    pub fn is_temporary(&self) -> bool {
        self.session_token || ["role-session", "federated-user"].contains(&self.kind.as_str())
    }

    /// The service principal, or the identity provider.
    pub fn outside_name(&self) -> Option<&str> {
        match self.kind.as_str() {
            "service" => self.service.as_deref(),
            "web-identity" => self.arn.as_deref(),
            _ => None,
        }
    }

    pub fn type_name(&self) -> Option<&'static str> {
        match self.kind.as_str() {
            "iam-user" => Some("User"),
            "role-session" => Some("AssumedRole"),
            "federated-user" => Some("FederatedUser"),
            "root" => Some("Account"),
            "anonymous" => Some("Anonymous"),
            _ => None,
        }
    }

    /// `aws:userid`.
    pub fn user_id(&self) -> Option<&str> {
        if self.kind == "anonymous" {
            Some("anonymous")
        } else {
            self.user_id.as_deref()
        }
    }

    /// `aws:PrincipalArn`: the role for a session, never the session.
    pub fn principal_arn(&self) -> Option<&str> {
        match self.kind.as_str() {
            "role-session" => self.issuer.as_deref(),
            "service" | "web-identity" => None,
            _ => self.arn.as_deref(),
        }
    }
}
