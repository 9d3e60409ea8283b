//! Opening an account.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{change, constraint, error, managed, on_all, recorded};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{AccountId, Arn, NodeId, Timestamp, UniqueId};
use crate::policy::{Policy, PolicyBuilder, PolicyKind, PrincipalLabel, StatementDraft};
use crate::state::iam::{Account, Entity, Role, folded};
use crate::state::organization::{AccountRequest, Node, NodeKind, Tree};

/// How many accounts an organization has at most; AWS raises it on request.
///
/// Source: Organizations User Guide, "Quotas and service limits".
const MAX_ACCOUNTS: usize = 10;
/// The role through which the management account administers an account.
const ACCESS_ROLE: &str = "OrganizationAccountAccessRole";

/// What came of a request to open an account.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccountStatus {
    /// The request's id.
    pub id: String,
    /// The name of the account.
    pub account_name: String,
    /// `SUCCEEDED` or `FAILED`: in the lab an account is opened at once.
    pub state: &'static str,
    /// When it was asked for.
    pub requested_timestamp: Timestamp,
    /// When it was done.
    pub completed_timestamp: Timestamp,
    /// The account's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<Cow<'static, str>>,
}

/// What came of a request to open an account.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccountAnswer {
    /// The status.
    pub create_account_status: CreateAccountStatus,
}

impl CreateAccountAnswer {
    fn of(id: &str, request: &AccountRequest) -> Self {
        Self {
            create_account_status: CreateAccountStatus {
                id: id.to_owned(),
                account_name: request.name.clone(),
                state: match request.outcome {
                    Ok(_) => "SUCCEEDED",
                    Err(_) => "FAILED",
                },
                requested_timestamp: request.at,
                completed_timestamp: request.at,
                account_id: request.outcome.as_ref().ok().cloned(),
                failure_reason: request.outcome.as_ref().err().cloned(),
            },
        }
    }
}

/// Opens an account in the root of the organization. The management account
/// may assume a role in it that may do everything.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateAccount {
    /// The e-mail address of its root user, which no other account may have.
    pub email: String,
    /// The name, 1 to 50 characters.
    pub account_name: String,
    /// The name of the role; `OrganizationAccountAccessRole` by default.
    pub role_name: Option<String>,
}

impl CreateAccount {
    fn role_name(&self) -> &str {
        self.role_name.as_deref().unwrap_or(ACCESS_ROLE)
    }

    /// Whether another account of the organization has the address.
    fn is_taken(&self, tree: &Tree) -> bool {
        tree.nodes.values().any(|node| match &node.kind {
            NodeKind::Account { email, .. } => email.eq_ignore_ascii_case(&self.email),
            _ => false,
        })
    }

    /// The account with the role through which `management` administers it.
    fn account(&self, cx: &mut Context<'_>, management: &AccountId) -> Result<Account, ApiError> {
        let entropy = &mut cx.effects.entropy;
        let mut id = AccountId::fresh(entropy);
        while cx.cloud.accounts.contains_key(&id) {
            id = AccountId::fresh(entropy);
        }
        let unique = UniqueId::fresh("AROA", entropy);
        let mut account = Account::new(id);
        let role = access_role(&account, management, self.role_name(), unique, cx.now())
            .map_err(|e| error("ServiceException", e.to_string()))?;
        account.roles.insert_mut(folded(self.role_name()), role);
        Ok(account)
    }
}

fn access_role(
    account: &Account,
    management: &AccountId,
    name: &str,
    id: UniqueId,
    now: Timestamp,
) -> Result<Role, crate::policy::PolicyError> {
    let everything = StatementDraft::allow().action("*").resource("*");
    let root = format!("arn:aws:iam::{management}:root");
    let trusting = StatementDraft::allow()
        .principal(PrincipalLabel::Aws, root)
        .action("sts:AssumeRole");
    let document = |statement: StatementDraft, kind: PolicyKind| -> Result<Policy, _> {
        PolicyBuilder::new().statement(statement).build(kind)
    };
    let administrator = document(everything, PolicyKind::Inline)?;
    Ok(Role {
        entity: Entity {
            name: name.to_owned(),
            path: "/".to_owned(),
            arn: Arn::of("iam", "", account.id.as_str(), &format!("role/{name}")),
            id,
            created: now,
            inline: BTreeMap::from([("AdministratorAccess".to_owned(), administrator)]),
            attached: Vec::new(),
            boundary: None,
            tags: BTreeMap::new(),
        },
        trust: document(trusting, PolicyKind::Trust)?,
        max_session_seconds: 3600,
        description: None,
    })
}

impl Operation for CreateAccount {
    type Output = CreateAccountAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Organizations, "CreateAccount")
        .needs(&["organizations:CreateAccount"])
        .fails(&[
            "AWSOrganizationsNotInUseException",
            "ConstraintViolationException",
        ]);

    fn validate(&self) -> Result<(), ApiError> {
        let name = (1..=50).contains(&self.account_name.chars().count())
            && self.account_name.chars().all(|c| (' '..='~').contains(&c));
        let role = (1..=64).contains(&self.role_name().len())
            && self
                .role_name()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
        let email = (6..=64).contains(&self.email.len())
            && self.email.split_once('@').is_some_and(|(user, host)| {
                !user.is_empty() && host.contains('.') && !host.contains('@')
            })
            && !self.email.contains(char::is_whitespace);
        let wrong = [("AccountName", name), ("RoleName", role), ("Email", email)];
        match wrong.iter().find(|(_, valid)| !valid) {
            None => Ok(()),
            Some((member, _)) => Err(error(
                "InvalidInputException",
                "You provided a value that does not match the required pattern.",
            )
            .with_detail(format!("The member is `{member}`."))),
        }
    }

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_all("organizations:CreateAccount")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let tree = managed(&view)?;
        let (organization, management) = (tree.id.clone(), tree.management.clone());
        let taken = self.is_taken(tree);
        if tree
            .nodes
            .keys()
            .filter(|id| id.account().is_some())
            .count()
            >= MAX_ACCOUNTS
        {
            let text = "You have exceeded the allowed number of AWS accounts.";
            return Err(constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", text));
        }
        let request_id = format!("car-{}", cx.effects.entropy.hex(16));
        let now = cx.now();
        let outcome = match taken {
            true => Err("EMAIL_ALREADY_EXISTS"),
            false => {
                let account = self.account(cx, &management)?;
                let id = account.id.clone();
                cx.cloud.accounts.insert_mut(id.clone(), account);
                cx.cloud.memberships.insert_mut(id.clone(), organization);
                Ok(id)
            }
        };
        let request = AccountRequest {
            name: self.account_name.clone(),
            at: now,
            outcome: outcome.map_err(Cow::Borrowed),
        };
        let answer = CreateAccountAnswer::of(&request_id, &request);
        change(cx, |tree| {
            if let Ok(account) = &request.outcome {
                let node = Node {
                    id: NodeId::from(account),
                    parent: Some(tree.root.clone()),
                    name: self.account_name,
                    kind: NodeKind::Account {
                        email: self.email,
                        joined: now,
                    },
                    attached: tree.first_policies(),
                };
                tree.nodes.insert(node.id.clone(), node);
            }
            tree.requests.insert(request_id, request);
        })?;
        Ok(answer)
    }

    /// CloudTrail masks what says who a person is.
    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(json!({
            "email": "****", "accountName": "****", "roleName": self.role_name,
        }))
    }

    fn response_elements(output: &Self::Output) -> Value {
        let status = &output.create_account_status;
        json!({ "createAccountStatus": {
            "id": status.id, "state": status.state, "accountName": "****",
            "accountId": status.account_id, "failureReason": status.failure_reason,
        } })
    }
}

/// Shows what came of a request to open an account.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeCreateAccountStatus {
    /// The id that CreateAccount gave, `car-…`.
    pub create_account_request_id: String,
}

impl Operation for DescribeCreateAccountStatus {
    type Output = CreateAccountAnswer;

    const SPEC: OperationSpec =
        OperationSpec::read(Service::Organizations, "DescribeCreateAccountStatus")
            .needs(&["organizations:DescribeCreateAccountStatus"])
            .fails(&["CreateAccountStatusNotFoundException"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_all("organizations:DescribeCreateAccountStatus")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let id = &self.create_account_request_id;
        match managed(&view)?.requests.get(id) {
            Some(request) => Ok(CreateAccountAnswer::of(id, request)),
            None => Err(error(
                "CreateAccountStatusNotFoundException",
                "You specified a create account request that doesn't exist.",
            )),
        }
    }

    fn record(&self, _view: &View<'_>) -> Record {
        recorded(self)
    }
}
