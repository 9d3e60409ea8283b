//! How sessions come about.

use std::fmt;
use std::rc::Rc;

use serde_json::Value;

use super::client::{Client, Fallible, LabHandle};
use crate::api::{ApiError, Service};
use crate::base::Arn;
use crate::state::credential::Credentials;

/// The role as which something runs, with credentials, by what names it.
pub(super) type Find = fn(&LabHandle, &str) -> Result<(Arn, Credentials), ApiError>;

/// How the session came about, and how it can be had again.
#[derive(Clone)]
pub(super) enum Origin {
    /// Somebody called an operation of STS.
    Asked {
        /// As whom.
        caller: Rc<dyn Fn() -> Fallible<Client>>,
        /// Such as `AssumeRole`.
        operation: &'static str,
        /// With what.
        input: Value,
        /// Where the answer has the session's ARN.
        arn: &'static str,
    },
    /// A service assumed the role to work for the account.
    Started(Service),
    /// A service runs something as the role.
    Running {
        /// The service.
        service: Service,
        /// The session's name.
        name: Rc<str>,
        /// What runs, as `find` takes it.
        what: Rc<str>,
        /// The role that it runs as now, with credentials.
        find: Find,
    },
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked { operation, .. } => write!(f, "{operation}(…)"),
            Self::Started(service) => write!(f, "Started({service})"),
            Self::Running { service, name, .. } => write!(f, "Running({service} {name})"),
        }
    }
}
