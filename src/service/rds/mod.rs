//! RDS: databases with encrypted storage.
//!
//! Whoever makes a database needs `kms:DescribeKey` and `kms:CreateGrant`, and
//! no more: by the grant RDS itself has the data key made, and decrypts it each
//! time the database starts. The lab names RDS's principal as EC2's is named.
//!
//! Source: RDS User Guide, "AWS KMS key management" and "Viewing DB instance status".

mod databases;
mod power;
mod storage;

pub use databases::{CreateDBInstance, DeleteDBInstance, DescribeDBInstances};
pub use power::{StartDBInstance, StopDBInstance};

use crate::api::{AccessRequest, ApiError, Service, Target, View};
use crate::base::{Arn, nearest};
use crate::service::regional;
use crate::state::compute::{Database, RegionalName};

fn error(code: &str, status: u16, message: impl Into<String>) -> ApiError {
    ApiError::new(Service::Rds, code, status, message)
}

fn arn_of(view: &View<'_>, id: &str) -> Arn {
    let account = view.caller.account.as_str();
    let resource = format!("db:{}", id.to_ascii_lowercase());
    Arn::of("rds", view.region.as_str(), account, &resource)
}

fn on_database(view: &View<'_>, id: &str, action: &str) -> AccessRequest {
    let target = Target::plain(&arn_of(view, id), &view.caller.account);
    AccessRequest::new(action, target)
}

/// Where a database lives; its identifier ignores case.
fn place(view: &View<'_>, id: &str) -> RegionalName {
    regional::own(view, id.to_ascii_lowercase())
}

/// The account's database of this identifier in the Region of the call.
fn database<'a>(view: &View<'a>, id: &str) -> Result<&'a Database, ApiError> {
    let place = place(view, id);
    view.cloud.databases.get(&place).ok_or_else(|| {
        let missing = error(
            "DBInstanceNotFound",
            404,
            format!("DBInstance {id} not found."),
        );
        let known = place.beside(&view.cloud.databases).map(|(known, _)| known);
        match nearest(id, known) {
            Some(near) => missing.with_detail(format!("Did you mean `{near}`?")),
            None => missing,
        }
    })
}
