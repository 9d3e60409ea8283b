//! Users, groups, roles and managed policies, as scripts hold them.
//!
//! An object names its entity and remembers whose calls made it; what it shows
//! and changes is always the lab's present state.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rhai::Dynamic;
use serde_json::{Map as JsonMap, Value, json};

use super::arguments::at;
use super::client::{Client, Fallible, Signer};
use super::clock::Account;
use super::endpoint::VpcEndpoint;
use super::organization::Unit;
use super::organization_policy::ControlPolicy;
use super::session::Session;
use crate::api::Service;
use crate::base::{AccessKeyId, Arn, ArnError, SecretText};
use crate::script::Thrown;
use crate::state::credential::{AccessKeyStatus, Credentials};
use crate::state::iam as state;

/// The kinds of entities that hold policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Group,
    Role,
}

impl Kind {
    /// As operations are called: `PutUserPolicy`.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
        }
    }
}

/// What a script's object knows of its entity.
#[derive(Clone, Debug)]
pub struct Entity {
    pub(super) client: Client,
    pub(super) name: Rc<str>,
    pub(super) arn: Arn,
    pub(super) id: Rc<str>,
    pub(super) path: Rc<str>,
    keys: Rc<RefCell<Option<Arc<Credentials>>>>,
}

/// An object that stands for a user, group or role.
pub(super) trait Holder: Any + Clone {
    /// Which of them.
    const KIND: Kind;

    /// The object for an entity.
    fn of(entity: Entity) -> Self;

    /// The entity.
    fn entity(&self) -> &Entity;
}

macro_rules! holders {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(Entity);

        impl Holder for $name {
            const KIND: Kind = Kind::$name;

            fn of(entity: Entity) -> Self {
                Self(entity)
            }

            fn entity(&self) -> &Entity {
                &self.0
            }
        }
    )* };
}

holders! {
    /// An IAM user.
    User;
    /// An IAM group.
    Group;
    /// An IAM role.
    Role;
}

/// A managed policy.
#[derive(Clone, Debug)]
pub struct ManagedPolicy {
    pub(super) client: Client,
    pub(super) arn: Arn,
}

/// The ARN or number by which AWS's members take an object of this half.
pub(super) fn name_of(value: &Dynamic) -> Option<String> {
    fn holder<T: Holder>(value: &Dynamic) -> Option<String> {
        value
            .read_lock::<T>()
            .map(|holder| holder.entity().arn.to_string())
    }
    holder::<User>(value)
        .or_else(|| holder::<Role>(value))
        .or_else(|| holder::<Group>(value))
        .or_else(|| {
            value
                .read_lock::<ManagedPolicy>()
                .map(|p| p.arn.to_string())
        })
        .or_else(|| value.read_lock::<Session>().map(|s| s.arn()))
        .or_else(|| value.read_lock::<Account>().map(|a| a.id().to_string()))
        .or_else(|| value.read_lock::<Unit>().map(|u| u.id().to_owned()))
        .or_else(|| {
            value
                .read_lock::<ControlPolicy>()
                .map(|p| p.id().to_owned())
        })
        .or_else(|| value.read_lock::<VpcEndpoint>().map(|e| e.id().to_owned()))
}

/// Puts names in place of ARNs in those members that IAM takes by name.
pub(super) fn by_name(members: &mut JsonMap<String, Value>) {
    for member in ["UserName", "RoleName", "GroupName"] {
        let Some(value) = members.get_mut(member) else {
            continue;
        };
        let arn = value.as_str().and_then(|text| Arn::parse(text).ok());
        if let Some(arn) = arn.filter(|arn| arn.service() == "iam") {
            *value = arn.base_name().into();
        }
    }
}

impl Entity {
    /// From what IAM answers, such as the member `User` of GetUser's answer.
    pub(super) fn answered(client: &Client, kind: Kind, info: &Value) -> Fallible<Self> {
        let title = kind.title();
        Ok(Self {
            client: client.clone(),
            name: at(info, &format!("/{title}Name")).into(),
            arn: arn(&at(info, "/Arn"))?,
            id: at(info, &format!("/{title}Id")).into(),
            path: at(info, "/Path").into(),
            keys: Rc::default(),
        })
    }

    /// From the lab's own state.
    pub(super) fn known(client: &Client, entity: &state::Entity) -> Self {
        Self {
            client: client.clone(),
            name: entity.name.as_str().into(),
            arn: entity.arn.clone(),
            id: entity.id.as_str().into(),
            path: entity.path.as_str().into(),
            keys: Rc::default(),
        }
    }

    /// Looks at the entity in the lab, if it still exists.
    pub(super) fn look<T>(&self, kind: Kind, look: impl FnOnce(&state::Entity) -> T) -> Option<T> {
        self.client.lab.read(|lab| {
            let account = lab.cloud().account_of(&self.arn)?;
            match kind {
                Kind::User => account.user(&self.name).map(|user| look(&user.entity)),
                Kind::Group => account.group(&self.name).map(|group| look(&group.entity)),
                Kind::Role => account.role(&self.name).map(|role| look(&role.entity)),
            }
        })
    }

    /// Calls an IAM operation about this entity, which it names as `UserName`….
    pub(super) fn call(&self, kind: Kind, operation: &str, members: Value) -> Fallible<Value> {
        let mut input = members;
        if let Value::Object(input) = &mut input {
            input.insert(format!("{}Name", kind.title()), (*self.name).into());
        }
        self.client.call(Service::Iam, operation, input)
    }
}

impl User {
    /// The user as a caller, with an access key that is made on first use.
    ///
    /// A key that the user has already, made elsewhere in the lab, is used.
    pub(super) fn acting(&self) -> Fallible<Client> {
        let remembered = self.0.keys.borrow().clone();
        let credentials = match remembered.filter(|key| self.exists(&key.access_key_id)) {
            Some(key) => key,
            None => match self.active_key() {
                Some(key) => self.remember(key),
                None => self.create_access_key()?,
            },
        };
        let (lab, label) = (self.0.client.lab.clone(), Rc::clone(&self.0.name));
        Ok(Client {
            lab,
            signer: Signer::Own(credentials),
            label,
            endpoints: Rc::default(),
            region: None,
        })
    }

    /// Makes an access key, with which the user acts from now on.
    pub(super) fn create_access_key(&self) -> Fallible<Arc<Credentials>> {
        let answer = self.0.call(Kind::User, "CreateAccessKey", json!({}))?;
        credentials(&answer, "/AccessKey").map(|key| self.remember(key))
    }

    fn remember(&self, key: Credentials) -> Arc<Credentials> {
        let key = Arc::new(key);
        *self.0.keys.borrow_mut() = Some(Arc::clone(&key));
        key
    }

    fn exists(&self, key: &AccessKeyId) -> bool {
        self.0
            .client
            .lab
            .read(|lab| lab.cloud().credentials.contains_key(key))
    }

    fn active_key(&self) -> Option<Credentials> {
        self.0.client.lab.read(|lab| {
            let cloud = lab.cloud();
            let user = cloud.account_of(&self.0.arn)?.user(&self.0.name)?;
            let with_secret = |id: &AccessKeyId| {
                let known = cloud.credentials.get(id)?;
                (known.status == AccessKeyStatus::Active).then(|| Credentials {
                    access_key_id: id.clone(),
                    secret_access_key: known.secret.clone(),
                    session_token: None,
                })
            };
            user.access_keys.iter().find_map(with_secret)
        })
    }
}

/// The credentials in an answer, at `pointer`.
pub(super) fn credentials(answer: &Value, pointer: &str) -> Fallible<Credentials> {
    let member = |name: &str| at(answer, &format!("{pointer}/{name}"));
    let access_key_id = AccessKeyId::parse(&member("AccessKeyId")).map_err(internal)?;
    Ok(Credentials {
        access_key_id,
        secret_access_key: SecretText::new(member("SecretAccessKey")),
        session_token: answer
            .pointer(&format!("{pointer}/SessionToken"))
            .and_then(Value::as_str)
            .map(|token| SecretText::new(token.to_owned())),
    })
}

/// An ARN that the lab itself has written.
pub(super) fn arn(text: &str) -> Fallible<Arn> {
    Arn::parse(text).map_err(|error: ArnError| internal(error))
}

fn internal(error: impl std::fmt::Display) -> Box<rhai::EvalAltResult> {
    Thrown::new("InternalFailure", error.to_string()).into()
}
