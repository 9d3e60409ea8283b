//! Answers that are found by trying: `can`, `why`, `requirements`, `failure_matrix`.

use std::cell::RefCell;

use rhai::{Dynamic, EvalAltResult, FnPtr, NativeCallContext};
use serde_json::{Value, json};

use super::arguments::text;
use super::client::{
    Client, Ec2, Fallible, Glue, Iam, Kms, LabHandle, Organizations, S3, ServiceObject, Services,
    Sts,
};
use super::clock::Account;
use super::failure::{Decision, Fix, decisions, fix_in};
use super::key::dynamic;
use super::session::{Acting, Session};
use crate::api::{ApiError, Service};
use crate::authz;
use crate::base::{AccountId, Arn};
use crate::lab::{self, DecidedStep, Lab, LabOptions, resource_label};
use crate::policy::{PrincipalLabel, StatementDraft, edit};
use crate::render::{Rendered, Table, failure_matrix_table, requirements_table, success_report};
use crate::script::{Registry, Thrown};
use crate::state::credential::{Credentials, Owner};

/// A table with its data.
#[derive(Clone, Debug)]
pub struct Answer(pub(super) Table);

/// What a piece of work was allowed or refused, shown as a card.
#[derive(Clone, Debug)]
pub struct Explanation {
    steps: Vec<DecidedStep>,
    fix: Option<Fix>,
}

impl Explanation {
    fn rendered(&self) -> Rendered {
        match &self.fix {
            Some(fix) => fix.card(),
            None => Rendered::from(&success_report(&self.steps)),
        }
    }

    fn brief(&self) -> String {
        match &self.fix {
            Some(fix) => format!("✗ {}", fix.failure.sentence),
            None => format!(
                "✓ allowed, by {}",
                super::key::counted(self.steps.len(), "decision")
            ),
        }
    }
}

/// A fork that stands in for the lab until this is dropped.
pub(super) struct Standin<'a> {
    lab: &'a LabHandle,
    original: Option<Lab>,
}

impl<'a> Standin<'a> {
    pub(super) fn new(lab: &'a LabHandle, fork: Lab) -> Self {
        Self {
            original: Some(lab.swap(fork)),
            lab,
        }
    }

    /// Puts the lab back, and gives the fork as the work left it.
    pub(super) fn end(mut self) -> Option<Lab> {
        self.original.take().map(|original| self.lab.swap(original))
    }
}

impl Drop for Standin<'_> {
    fn drop(&mut self) {
        if let Some(original) = self.original.take() {
            self.lab.swap(original);
        }
    }
}

pub(super) fn run(context: &NativeCallContext<'_>, work: &FnPtr) -> Fallible<Dynamic> {
    work.call_within_context(context, ())
}

/// The innermost error: what the work itself ran into.
pub(super) fn innermost(error: &EvalAltResult) -> &EvalAltResult {
    error.unwrap_inner()
}

fn why(context: &NativeCallContext<'_>, lab: &LabHandle, work: &FnPtr) -> Fallible<Explanation> {
    let fork = lab.read(Lab::fork);
    let before = fork.cloud().trail.len();
    let standin = Standin::new(lab, fork);
    let result = run(context, work);
    let after = standin.end();
    if let Err(error) = result {
        let fix = match innermost(&error) {
            EvalAltResult::ErrorRuntime(payload, _) => fix_in(payload),
            _ => None,
        };
        let fix = fix.ok_or(error)?;
        return Ok(Explanation {
            steps: fix.failure.decisions.clone(),
            fix: Some(fix),
        });
    }
    let steps = after.map(|fork| {
        let events = fork.cloud().trail.iter().skip(before);
        events
            .flat_map(|e| &e.decisions)
            .map(|d| DecidedStep::of(&fork, d))
            .collect()
    });
    Ok(Explanation {
        steps: steps.unwrap_or_default(),
        fix: None,
    })
}

fn requirements(
    context: &NativeCallContext<'_>,
    lab: &LabHandle,
    work: &FnPtr,
) -> Fallible<Answer> {
    let stopped: RefCell<Option<Box<EvalAltResult>>> = RefCell::new(None);
    let in_fork = |fork: &mut Lab| -> Fallible<()> {
        if stopped.borrow().is_some() {
            return Ok(());
        }
        let standin = Standin::new(lab, fork.fork());
        let result = run(context, work);
        if let Some(after) = standin.end() {
            *fork = after;
        }
        match result {
            Ok(_) => Ok(()),
            // A stopped script says nothing about permissions.
            Err(error) if is_stop(&error) => {
                *stopped.borrow_mut() = Some(error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    };
    let start = lab.read(Lab::fork);
    let found = lab::requirements(&start, in_fork)?;
    match stopped.into_inner() {
        Some(error) => Err(error),
        None => Ok(Answer(requirements_table(&found, |r| {
            resource_label(start.cloud(), r)
        }))),
    }
}

pub(super) fn is_stop(error: &EvalAltResult) -> bool {
    matches!(
        innermost(error),
        EvalAltResult::ErrorTerminated(..)
            | EvalAltResult::ErrorTooManyOperations(..)
            | EvalAltResult::ErrorStackOverflow(..)
            | EvalAltResult::ErrorDataTooLarge(..)
    )
}

pub(super) fn failure_matrix(lab: &LabHandle) -> Fallible<Answer> {
    let options = LabOptions {
        model: lab.read(Lab::model),
        seed: Some(lab::failure_matrix::SEED),
    };
    match lab::failure_matrix(&options) {
        Ok(matrix) => Ok(Answer(failure_matrix_table(&matrix))),
        Err(error) => Err(super::kms::plain_error(&error).into()),
    }
}

/// Who makes calls through `value`, if it is an object that does.
fn client_of(value: &Dynamic) -> Fallible<Option<Client>> {
    fn service<S: ServiceObject>(value: &Dynamic) -> Option<Client> {
        value
            .read_lock::<S>()
            .map(|service| service.client().clone())
    }
    if let Some(session) = value.read_lock::<Session>() {
        return session.acting().map(Some);
    }
    if let Some(account) = value.read_lock::<Account>() {
        return account.acting().map(Some);
    }
    Ok(service::<Kms>(value)
        .or_else(|| service::<S3>(value))
        .or_else(|| service::<Iam>(value))
        .or_else(|| service::<Sts>(value))
        .or_else(|| service::<Glue>(value))
        .or_else(|| service::<Organizations>(value))
        .or_else(|| service::<Ec2>(value))
        .or_else(|| {
            value
                .read_lock::<Services>()
                .map(|services| services.0.clone())
        }))
}

fn can(lab: &LabHandle, who: &Dynamic, action: &str, resource: Dynamic) -> Fallible<Decision> {
    let resource = text(resource, "a resource")?;
    let mut fork = lab.read(Lab::fork);
    let (credentials, endpoints) = match client_of(who)? {
        Some(client) => ((*client.credentials()).clone(), client.endpoints),
        None => {
            let who = text(who.flatten_clone(), "a caller")?;
            (credentials_of(&mut fork, &who)?, std::rc::Rc::default())
        }
    };
    let decided = fork.decide_through(&credentials, &endpoints, action, &resource);
    let decision: Result<authz::Decision, Thrown> =
        decided.map_err(|e| super::kms::plain_error(&e));
    Ok(Decision(DecidedStep::of(
        &fork,
        &std::sync::Arc::new(decision?),
    )))
}

/// Credentials of the user or role `arn`, made in a fork where there are none.
fn credentials_of(fork: &mut Lab, arn: &str) -> Fallible<Credentials> {
    let not_a_caller = || {
        let text =
            format!("`{arn}` is nobody who makes calls: give a user, a role, a session or its ARN");
        Thrown::new("WrongValue", text)
    };
    let parsed = Arn::parse(arn).map_err(|_| not_a_caller())?;
    let made = match parsed.resource_type() {
        "user" => user_credentials(fork, &parsed),
        "role" => role_credentials(fork, &parsed),
        _ => return Err(not_a_caller().into()),
    };
    made.map_err(|error| super::kms::plain_error(&error).into())
}

fn user_credentials(fork: &mut Lab, arn: &Arn) -> Result<Credentials, ApiError> {
    let is_own = |owner: &Owner| {
        matches!(owner, Owner::User { account, name, .. }
            if account.as_str() == arn.account() && name.eq_ignore_ascii_case(arn.base_name()))
    };
    let known = fork.cloud().credentials.iter().find(|(_, known)| {
        is_own(&known.owner) && known.status == crate::state::credential::AccessKeyStatus::Active
    });
    if let Some((id, known)) = known {
        return Ok(Credentials {
            access_key_id: id.clone(),
            secret_access_key: known.secret.clone(),
            session_token: None,
        });
    }
    let input = json!({ "UserName": arn.base_name() });
    let made = as_admin(fork, arn, Service::Iam, "CreateAccessKey", input)?;
    credentials_in(made.get("AccessKey"))
}

/// A session of the role, whom it trusts set aside: that is another question.
fn role_credentials(fork: &mut Lab, arn: &Arn) -> Result<Credentials, ApiError> {
    let admin = format!("arn:aws:iam::{}:user/admin", arn.account());
    let trust = StatementDraft::allow()
        .principal(PrincipalLabel::Aws, admin)
        .action("sts:AssumeRole");
    let document = edit::with_statement(None, trust.to_value()).to_string();
    let input = json!({ "RoleName": arn.base_name(), "PolicyDocument": document });
    as_admin(fork, arn, Service::Iam, "UpdateAssumeRolePolicy", input)?;
    let input = json!({ "RoleArn": arn, "RoleSessionName": "can" });
    let made = as_admin(fork, arn, Service::Sts, "AssumeRole", input)?;
    credentials_in(made.get("Credentials"))
}

fn as_admin(
    fork: &mut Lab,
    arn: &Arn,
    service: Service,
    operation: &str,
    input: Value,
) -> Result<Value, ApiError> {
    let account = AccountId::parse(arn.account())
        .map_err(|e| ApiError::validation(service, e.to_string()))?;
    fork.call_as_admin(&account, service, operation, input)
}

fn credentials_in(made: Option<&Value>) -> Result<Credentials, ApiError> {
    let text = |name: &str| made.and_then(|m| m.get(name)).and_then(Value::as_str);
    let parts = text("AccessKeyId").zip(text("SecretAccessKey"));
    let lost = || {
        ApiError::new(
            Service::Sts,
            "InternalFailure",
            500,
            "the answer holds no credentials",
        )
    };
    let (id, secret) = parts.ok_or_else(lost)?;
    Ok(Credentials {
        access_key_id: crate::base::AccessKeyId::parse(id).map_err(|_| lost())?,
        secret_access_key: crate::base::SecretText::new(secret.to_owned()),
        session_token: text("SessionToken").map(|t| crate::base::SecretText::new(t.to_owned())),
    })
}

pub(super) fn register(registry: &mut Registry<'_>, lab: &LabHandle) {
    registry
        .type_named::<Answer>("Answer", "A table that the lab found by trying.")
        .renderer(|answer: &Answer| Rendered::from(&answer.0))
        .brief(|answer: &Answer| format!("Answer({} rows)", answer.0.rows().len()))
        .type_named::<Explanation>(
            "Explanation",
            "What a piece of work was allowed or refused, decision by decision.",
        )
        .renderer(Explanation::rendered)
        .brief(Explanation::brief);
    members(registry);
    functions(registry, lab);
}

fn members(registry: &mut Registry<'_>) {
    registry
        .property::<Answer>("json")
        .returns("map")
        .doc("All data behind the table.")
        .example("failure_matrix().json.rows.len()")
        .register(|answer: &mut Answer| dynamic(answer.0.data().unwrap_or(&Value::Null)));
    registry
        .property::<Explanation>("allowed")
        .returns("bool")
        .doc("Whether all of it was allowed and worked.")
        .register(|e: &mut Explanation| e.fix.is_none());
    registry
        .property::<Explanation>("decisions")
        .returns("array")
        .doc("Every decision, in order.")
        .register(|e: &mut Explanation| decisions(&e.steps));
    registry
        .property::<Explanation>("fix")
        .returns("Fix")
        .doc("The repairs, if it failed; else `()`.")
        .register(|e: &mut Explanation| e.fix.clone().map_or(Dynamic::UNIT, Dynamic::from));
    registry
        .property::<Explanation>("why")
        .returns("string")
        .doc("The answer in one sentence.")
        .register(|e: &mut Explanation| e.brief());
}

fn functions(registry: &mut Registry<'_>, lab: &LabHandle) {
    const MAKE: &str = "let key = kms.create_key(\"payroll\");\n";
    let handle = lab.clone();
    registry.function("can").param("who", "any").param("action", "string").param("resource", "any")
        .returns("Decision")
        .doc("Whether a user, role, session or service object may do an action on a resource, without a call.\n\nWhat only a real request has, such as an encryption context, is absent; `why` tries a real one.")
        .example(&format!("{MAKE}can(kms, \"kms:Decrypt\", key)"))
        .register(move |who: Dynamic, action: &str, resource: Dynamic| can(&handle, &who, action, resource));
    let handle = lab.clone();
    registry.function("why").param("work", "function").returns("Explanation")
        .doc("Runs a closure in a fork of the lab and shows every decision on its way, allowed or denied. The lab stays as it is.")
        .example(&format!("{MAKE}why(|| key.encrypt(\"4711\"))"))
        .register(move |context: NativeCallContext<'_>, work: FnPtr| why(&context, &handle, &work));
    let handle = lab.clone();
    registry.function("requirements").param("work", "function").returns("Answer")
        .doc("Which permissions a closure needs, found by experiment: run in forks of the lab, each time with one permission denied. Its `json` holds the least `policies` that do, with `key_policies`, `grants` and whether they are `verified`. The lab stays as it is.")
        .example(&format!("{MAKE}requirements(|| key.encrypt(\"4711\"))"))
        .register(move |context: NativeCallContext<'_>, work: FnPtr| requirements(&context, &handle, &work));
    let handle = lab.clone();
    registry.function("failure_matrix").returns("Answer")
        .doc("The failure scenarios of the notes with their healthy counterparts: each row is a real call in a fork of a lab of its own.")
        .example("failure_matrix()")
        .register(move || failure_matrix(&handle));
}
