//! Sessions: of a role that somebody assumed, or that a service runs as.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rhai::{Dynamic, Map};
use serde_json::{Map as JsonMap, Value, json};

use super::arguments::{Options, at, dynamic, invalid, text};
use super::client::{
    Client, Fallible, LabHandle, ServiceObject as _, Services, Signer, Sts, account_of,
};
use super::clock::Account;
use super::entities::{Entity, Holder, Role, User, arn, credentials};
use super::managed::policy_arn;
use super::origin::Origin;
use crate::api::{ApiError, Service};
use crate::base::{Arn, Region, Timestamp, VpcEndpointId, nearest};
use crate::script::Thrown;
use crate::service::glue::runs::SESSION_NAME;
use crate::state::compute::RegionalName;
use crate::state::credential::Credentials;

/// Something that makes calls.
pub(super) trait Acting: Any + Clone {
    /// As whom.
    fn acting(&self) -> Fallible<Client>;
}

impl Acting for User {
    fn acting(&self) -> Fallible<Client> {
        User::acting(self)
    }
}

impl Acting for Session {
    fn acting(&self) -> Fallible<Client> {
        Ok(self.client())
    }
}

impl Acting for Services {
    fn acting(&self) -> Fallible<Client> {
        Ok(self.0.clone())
    }
}

impl Acting for Sts {
    fn acting(&self) -> Fallible<Client> {
        Ok(self.client().clone())
    }
}

impl Acting for Account {
    fn acting(&self) -> Fallible<Client> {
        Ok(self.client().clone())
    }
}

/// Temporary credentials in use; every copy of the object is the same session.
#[derive(Clone, Debug)]
pub struct Session(Rc<RefCell<Issued>>);

#[derive(Clone, Debug)]
struct Issued {
    lab: LabHandle,
    origin: Origin,
    credentials: Arc<Credentials>,
    expires: Timestamp,
    arn: Rc<str>,
    /// The role, or the federated user.
    of: Arn,
    /// The network in which the session was begun.
    endpoints: Rc<[VpcEndpointId]>,
    /// The Region that it calls.
    region: Option<Region>,
}

/// The options of `assume`.
const ASSUME_OPTIONS: [&str; 8] = [
    "session_name",
    "duration",
    "external_id",
    "policy",
    "policies",
    "tags",
    "transitive_tags",
    "source_identity",
];

/// Assumes a role as `caller`.
///
/// # Errors
/// What STS answers, or an unknown option.
pub(super) fn assume<T: Acting>(caller: &T, role: Dynamic, options: Map) -> Fallible<Session> {
    let options = Options::new("assume", options, &ASSUME_OPTIONS)?;
    let client = caller.acting()?;
    let role = role_arn(&client, role)?;
    let input = assume_input(&client, &role, &options)?;
    let again = caller.clone();
    let origin = Origin::Asked {
        caller: Rc::new(move || again.acting()),
        operation: "AssumeRole",
        input,
        arn: "/AssumedRoleUser/Arn",
    };
    Session::begin(client.lab, origin, role)
}

fn assume_input(client: &Client, role: &Arn, options: &Options) -> Fallible<Value> {
    let mut input = narrowing(client, options)?;
    let session_name = options
        .text("session_name")?
        .unwrap_or_else(|| session_name(&client.label));
    input.insert("RoleArn".into(), role.as_str().into());
    input.insert("RoleSessionName".into(), session_name.into());
    let texts = [
        ("ExternalId", options.text("external_id")?),
        ("SourceIdentity", options.text("source_identity")?),
    ];
    for (member, value) in texts {
        input.extend(value.map(|value| (member.to_owned(), Value::from(value))));
    }
    if let Some(keys) = options.texts("transitive_tags")? {
        input.insert("TransitiveTagKeys".into(), keys.into());
    }
    Ok(input.into())
}

/// The options that every way to a session has: `duration`, `policy`, `policies`, `tags`.
///
/// # Errors
/// If one is not what it should be.
pub(super) fn narrowing(client: &Client, options: &Options) -> Fallible<JsonMap<String, Value>> {
    let mut input = JsonMap::new();
    if let Some(policy) = options.document("policy")? {
        input.insert("Policy".into(), policy.into());
    }
    if let Some(seconds) = options.seconds("duration")? {
        input.insert("DurationSeconds".into(), seconds.into());
    }
    if let Some(tags) = options.tags("tags")? {
        input.insert("Tags".into(), tags);
    }
    if let Some(policies) = options.texts("policies")? {
        let arns: Fallible<Vec<Value>> = policies
            .into_iter()
            .map(|policy| Ok(json!({ "Arn": policy_arn(client, policy.into())? })))
            .collect();
        input.insert("PolicyArns".into(), arns?.into());
    }
    Ok(input)
}

/// A session name, which has at least two characters, from the caller's name.
fn session_name(label: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(*c);
    let name: String = label.chars().filter(fits).take(64).collect();
    if name.len() < 2 {
        format!("{name}-session")
    } else {
        name
    }
}

/// The ARN of a role that is given as object, ARN or name.
///
/// # Errors
/// If a bare name is no role of the caller's account, with the nearest name.
pub(super) fn role_arn(client: &Client, role: Dynamic) -> Fallible<Arn> {
    let name = text(role, "a role")?;
    if name.starts_with("arn:") {
        return Arn::parse(&name).map_err(|e| invalid(e.to_string()));
    }
    let account = account_of(client);
    client.lab.read(|lab| {
        let account = account.as_ref().and_then(|id| lab.cloud().accounts.get(id));
        if let Some(role) = account.and_then(|account| account.role(&name)) {
            return Ok(role.entity.arn.clone());
        }
        let names = account.into_iter().flat_map(|a| a.roles.values());
        let thrown = Thrown::new(
            "NoSuchEntity",
            format!("The role with name {name} cannot be found."),
        )
        .with("status", 404_i64);
        Err(
            match nearest(&name, names.map(|role| role.entity.name.as_str())) {
                Some(near) => thrown
                    .with("hint", format!("Did you mean `{near}`?"))
                    .into(),
                None => thrown.into(),
            },
        )
    })
}

/// Starts a session of `role` as `service` starts one to work for the account.
///
/// # Errors
/// If the role's trust policy does not admit the service.
pub(super) fn started(lab: &LabHandle, service: Service, role: Arn) -> Fallible<Session> {
    Session::begin(lab.clone(), Origin::Started(service), role)
}

/// Starts a job, and gives the session in which its run acts.
///
/// # Errors
/// What Glue answers, or that the job's role does not admit Glue any more.
pub(super) fn start_job(client: &Client, name: &str) -> Fallible<Session> {
    client.call(Service::Glue, "StartJobRun", json!({ "JobName": name }))?;
    let account = account_of(client);
    let region = client.region();
    let role = client.lab.read(|lab| {
        let place = RegionalName {
            account: account?,
            region,
            name: name.to_owned(),
        };
        let job = lab.cloud().jobs.get(&place)?;
        Some(job.role.clone())
    });
    let gone = || Thrown::new("EntityNotFoundException", format!("Job {name} not found."));
    started(&client.lab, Service::Glue, role.ok_or_else(gone)?)
}

fn refused(lab: &LabHandle, service: Service, role: &Arn, error: &ApiError) -> Thrown {
    let why = lab.read(|lab| crate::lab::sentence(lab.cloud(), error));
    let role = role.base_name();
    let hint = match &error.decision {
        Some(_) => format!("iam.role(\"{role}\").trust(\"{}\")", service.host()),
        None => error.detail.clone().unwrap_or_default(),
    };
    Thrown::new(&error.code, error.message.clone())
        .with("status", i64::from(error.status))
        .with("why", why)
        .with("call", "sts:AssumeRole".to_owned())
        .with("hint", hint)
}

impl Session {
    /// Begins a session of a role, or of a federated user.
    ///
    /// # Errors
    /// What STS answers.
    pub(super) fn begin(lab: LabHandle, origin: Origin, of: Arn) -> Fallible<Self> {
        let issued = Issued::begun(lab, origin, of)?;
        Ok(Self(Rc::new(RefCell::new(issued))))
    }

    /// Gets fresh credentials in the same way, with the same parameters.
    ///
    /// # Errors
    /// As when the session began, in which case it stays as it is.
    pub(super) fn renew(&self) -> Fallible<()> {
        let present = self.0.borrow().clone();
        let fresh = Issued::begun(present.lab, present.origin, present.of)?;
        *self.0.borrow_mut() = fresh;
        Ok(())
    }

    /// Who calls with the present credentials.
    pub(super) fn client(&self) -> Client {
        let issued = self.0.borrow();
        Client {
            lab: issued.lab.clone(),
            signer: Signer::Own(Arc::clone(&issued.credentials)),
            label: issued.of.base_name().into(),
            endpoints: Rc::clone(&issued.endpoints),
            region: issued.region.clone(),
        }
    }

    /// The session's own ARN.
    pub(super) fn arn(&self) -> String {
        self.0.borrow().arn.to_string()
    }

    /// The ARN of its role, or of the federated user.
    pub(super) fn of(&self) -> Arn {
        self.0.borrow().of.clone()
    }

    /// When its credentials end.
    pub(super) fn expires(&self) -> Timestamp {
        self.0.borrow().expires
    }

    /// Whether its credentials have ended.
    pub(super) fn is_expired(&self) -> bool {
        let issued = self.0.borrow();
        issued.lab.read(crate::lab::Lab::now) >= issued.expires
    }

    /// Its credentials.
    pub(super) fn credentials(&self) -> Arc<Credentials> {
        Arc::clone(&self.0.borrow().credentials)
    }

    /// The service that started it, if one did.
    pub(super) fn service(&self) -> Option<Service> {
        match self.0.borrow().origin {
            Origin::Started(service) | Origin::Running { service, .. } => Some(service),
            Origin::Asked { .. } => None,
        }
    }

    /// Its role, which the administrator of the role's account shows.
    pub(super) fn role(&self) -> Fallible<Role> {
        let issued = self.0.borrow();
        let name = issued.of.base_name();
        if issued.of.resource_type() != "role" {
            return Err(invalid(format!(
                "{name} is a federated user: the session has no role"
            )));
        }
        issued.lab.read(|lab| {
            let gone = || Thrown::new("NoSuchEntity", format!("the role {name} is gone"));
            let account = lab.cloud().account_of(&issued.of).ok_or_else(gone)?;
            let role = account.role(name).ok_or_else(gone)?;
            let admin = lab.admin_of(&account.id).cloned().ok_or_else(gone)?;
            let client = Client {
                lab: issued.lab.clone(),
                signer: Signer::Own(Arc::new(admin)),
                label: "admin".into(),
                endpoints: Rc::default(),
                region: None,
            };
            Ok(Role::of(Entity::known(&client, &role.entity)))
        })
    }
}

impl Issued {
    fn begun(lab: LabHandle, origin: Origin, of: Arn) -> Fallible<Self> {
        let ((credentials, expires, arn), endpoints, region) = match &origin {
            Origin::Asked {
                caller,
                operation,
                input,
                arn,
            } => {
                let caller = caller()?;
                let answer = caller.call(Service::Sts, operation, input.clone())?;
                (fresh(&answer, arn)?, caller.endpoints, caller.region)
            }
            Origin::Started(service) => {
                (service_session(&lab, *service, &of)?, Rc::default(), None)
            }
            Origin::Running {
                service,
                name,
                what,
                find,
            } => {
                let found = find(&lab, what);
                let (role, found) = found.map_err(|e| refused(&lab, *service, &of, &e))?;
                (of_service(&lab, found, &role, name), Rc::default(), None)
            }
        };
        let credentials = Arc::new(credentials);
        Ok(Self {
            lab,
            origin,
            credentials,
            expires,
            arn,
            of,
            endpoints,
            region,
        })
    }
}

type Fresh = (Credentials, Timestamp, Rc<str>);

/// The session out of an answer of STS, which has its ARN at `pointer`.
fn fresh(answer: &Value, pointer: &str) -> Fallible<Fresh> {
    let expires = at(answer, "/Credentials/Expiration");
    let expires = Timestamp::parse(&expires).map_err(|e| Thrown::new("InternalFailure", e))?;
    let own = arn(&at(answer, pointer))?;
    Ok((
        credentials(answer, "/Credentials")?,
        expires,
        own.as_str().into(),
    ))
}

fn service_session(lab: &LabHandle, service: Service, role: &Arn) -> Fallible<Fresh> {
    let issued = lab.write(|lab| lab.service_session(role, service, SESSION_NAME));
    let credentials = issued.map_err(|error| refused(lab, service, role, &error))?;
    Ok(of_service(lab, credentials, role, SESSION_NAME))
}

/// The session `name` of `role` behind credentials that a service has.
fn of_service(lab: &LabHandle, credentials: Credentials, role: &Arn, name: &str) -> Fresh {
    let expires = lab.read(|lab| {
        let known = lab.cloud().credentials.get(&credentials.access_key_id);
        known
            .and_then(|known| known.expires)
            .unwrap_or_else(|| lab.now())
    });
    let resource = format!("assumed-role/{}/{name}", role.base_name());
    let own = Arn::of("sts", "", role.account(), &resource);
    (credentials, expires, own.as_str().into())
}

/// Who a caller is, as STS sees it.
pub(super) fn whoami<T: Acting>(caller: &T) -> Fallible<Dynamic> {
    let answer = caller
        .acting()?
        .call(Service::Sts, "GetCallerIdentity", json!({}))?;
    dynamic(&answer)
}

/// Assumes the role as whoever holds the object.
pub(super) fn assume_own(role: &Role, options: Map) -> Fallible<Session> {
    let caller = Services(role.entity().client.clone());
    assume(&caller, Dynamic::from(role.clone()), options)
}
