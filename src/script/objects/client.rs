//! Who acts, in which lab.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rhai::{Dynamic, EvalAltResult};
use serde_json::Value;

use super::convert;
use crate::api::{Operation, Response, Service};
use crate::base::{AccountId, Region, VpcEndpointId};
use crate::lab::{Call, Failure, Lab};
use crate::script::Thrown;
use crate::state::credential::Credentials;

/// What a fallible native function returns.
pub type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// The one lab that all objects of a session share.
#[derive(Clone, Debug)]
pub struct LabHandle(Rc<RefCell<Lab>>);

impl LabHandle {
    /// Shares `lab`.
    pub fn new(lab: Lab) -> Self {
        Self(Rc::new(RefCell::new(lab)))
    }

    /// Looks at the lab.
    pub fn read<T>(&self, look: impl FnOnce(&Lab) -> T) -> T {
        look(&self.0.borrow())
    }

    /// Changes the lab.
    pub fn write<T>(&self, change: impl FnOnce(&mut Lab) -> T) -> T {
        change(&mut self.0.borrow_mut())
    }

    /// Puts `lab` in place of the present one, which is given back.
    pub fn swap(&self, lab: Lab) -> Lab {
        self.0.replace(lab)
    }

    /// Makes several calls as one: if one fails, the lab is as it was before the
    /// first, and only the trail tells.
    ///
    /// # Errors
    /// What the failing call answers.
    pub fn together<T>(&self, calls: impl FnOnce() -> Fallible<T>) -> Fallible<T> {
        let before = self.read(Lab::fork);
        let result = calls();
        if result.is_err() {
            self.write(|lab| lab.roll_back(before));
        }
        result
    }

    /// The administrator of the home account, as a client.
    pub fn admin(&self) -> Fallible<Client> {
        if self.read(|lab| lab.admin().is_none()) {
            let text = "the lab has lost its administrator";
            return Err(Thrown::new("InternalFailure", text).into());
        }
        Ok(Client {
            lab: self.clone(),
            signer: Signer::Administrator,
            label: "admin".into(),
            endpoints: Rc::default(),
            region: None,
        })
    }
}

/// What calls are signed with.
#[derive(Clone, Debug)]
pub enum Signer {
    /// The credentials of whoever administers the home account of the lab as it is: one
    /// that was loaded has its own administrator.
    Administrator,
    /// These.
    Own(Arc<Credentials>),
}

/// Somebody who makes calls.
#[derive(Clone, Debug)]
pub struct Client {
    /// The lab.
    pub lab: LabHandle,
    /// What calls are signed with.
    pub signer: Signer,
    /// What people call the caller.
    pub label: Rc<str>,
    /// The VPC endpoints of the network that it is in.
    pub endpoints: Rc<[VpcEndpointId]>,
    /// The Region that it calls; `None` for the lab's own.
    pub region: Option<Region>,
}

impl Client {
    /// What calls are signed with at this moment.
    pub fn credentials(&self) -> Arc<Credentials> {
        match &self.signer {
            Signer::Own(credentials) => Arc::clone(credentials),
            Signer::Administrator => {
                let admin = self.lab.read(|lab| lab.admin().cloned());
                Arc::new(admin.unwrap_or_else(Credentials::anonymous))
            }
        }
    }

    /// Calls an operation with AWS's members; the output as JSON.
    ///
    /// # Errors
    /// What the service answers, as a map that scripts can catch.
    pub fn call(&self, service: Service, operation: &str, input: Value) -> Fallible<Value> {
        let call = self.call_of(service, operation, input);
        let response = self.lab.write(|lab| call.make(lab));
        self.output(call, response)
    }

    /// Calls an operation in its typed form, which carries what JSON cannot. `input`
    /// is what failures tell of it.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn call_typed<O: Operation>(&self, operation: O, input: Value) -> Fallible<O::Output> {
        let call = self.call_of(O::SPEC.service, O::SPEC.name, input);
        let response = self.lab.write(|lab| call.make_typed(lab, operation));
        self.output(call, response)
    }

    fn call_of(&self, service: Service, operation: &str, input: Value) -> Call {
        Call::new((*self.credentials()).clone(), service, operation, input)
            .through(&self.endpoints)
            .in_region(self.region.clone())
    }

    fn output<T>(&self, call: Call, response: Response<T>) -> Fallible<T> {
        let decisions = response.decisions;
        response.result.map_err(|error| {
            let failure = self
                .lab
                .read(|lab| Failure::new(lab, call, &decisions, error));
            super::failure::thrown(&self.lab, failure)
        })
    }

    /// The Region that it calls.
    pub fn region(&self) -> Region {
        let home = || self.lab.read(|lab| lab.cloud().region.clone());
        self.region.clone().unwrap_or_else(home)
    }

    /// Calls an operation with a Rhai map of AWS's members; the output as a Rhai
    /// value, blobs as blobs.
    ///
    /// # Errors
    /// As [`Client::call`], and for a member that has no JSON form.
    pub fn call_with(
        &self,
        service: Service,
        operation: &str,
        members: Dynamic,
    ) -> Fallible<Dynamic> {
        let input = convert::input(service, operation, members)?;
        let output = self.call(service, operation, input)?;
        convert::output(service, operation, &output)
    }
}

/// A service as somebody calls it: `kms`, `alice.s3`, `job.kms`.
pub trait ServiceObject: Any + Clone {
    /// The service.
    const SERVICE: Service;
    /// Its name in the reference.
    const NAME: &'static str;
    /// What it is.
    const DOC: &'static str;

    /// The service as `client` calls it.
    fn of(client: Client) -> Self;

    /// Who calls.
    fn client(&self) -> &Client;
}

macro_rules! services {
    ($($name:ident, $service:ident, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            #[derive(Clone, Debug)]
            pub struct $name(Client);

            impl ServiceObject for $name {
                const SERVICE: Service = Service::$service;
                const NAME: &'static str = stringify!($name);
                const DOC: &'static str = $doc;

                fn of(client: Client) -> Self {
                    Self(client)
                }

                fn client(&self) -> &Client {
                    &self.0
                }
            }
        )*
    };
}

services! {
    Iam, Iam, "IAM: users, groups, roles and policies.";
    Sts, Sts, "STS: temporary credentials.";
    Kms, Kms, "KMS: keys, data keys, grants and rotation.";
    S3, S3, "S3: buckets and encrypted objects.";
    Glue, Glue, "Glue: jobs that run as a role.";
    Organizations, Organizations, "Organizations: accounts in a tree, and the policies that limit them.";
    Ec2, Ec2, "EC2: instances that run as roles, encrypted volumes, VPC endpoints.";
    Lambda, Lambda, "Lambda: functions that run as roles.";
    Rds, Rds, "RDS: databases with encrypted storage.";
    CloudTrail, CloudTrail, "CloudTrail: the management events of the last 90 days.";
}

/// The services as one caller calls them.
#[derive(Clone, Debug)]
pub struct Services(pub Client);

/// The account whose credentials a client has.
pub(super) fn account_of(client: &Client) -> Option<AccountId> {
    let id = client.credentials().access_key_id.clone();
    let owner = |lab: &Lab| lab.cloud().credentials.get(&id)?.owner.account();
    client.lab.read(owner)
}
