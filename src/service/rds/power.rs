//! Stopping and starting databases.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::databases::{DatabaseAnswer, DatabaseInfo};
use super::{database, error, on_database, place, storage};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::service::iam::event_value;
use crate::state::compute::{Database, DatabaseStatus};

fn stop(_: &mut Context<'_>, database: &mut Database) -> Result<(), ApiError> {
    if database.status != DatabaseStatus::Available {
        return Err(wrong_state(database));
    }
    database.data_key = None;
    database.status = DatabaseStatus::Stopped;
    Ok(())
}

/// A key that is disabled may come back; a grant or key that is gone does not.
///
/// Source: RDS User Guide, "Viewing DB instance status".
fn start(cx: &mut Context<'_>, database: &mut Database) -> Result<(), ApiError> {
    if database.status == DatabaseStatus::Available {
        return Err(wrong_state(database));
    }
    match storage::open(cx, database) {
        Ok(data_key) => {
            database.data_key = data_key;
            database.status = DatabaseStatus::Available;
        }
        Err(refused) => {
            cx.note(format!("KMS refuses the key: {}", refused.message));
            let recoverable = refused.code == "DisabledException";
            database.status = match recoverable {
                true => DatabaseStatus::InaccessibleEncryptionCredentialsRecoverable,
                false => DatabaseStatus::InaccessibleEncryptionCredentials,
            };
        }
    }
    Ok(())
}

fn wrong_state(database: &Database) -> ApiError {
    let text = format!("Instance {} is not in a state for this.", database.id);
    error("InvalidDBInstanceState", 400, text)
}

macro_rules! change_state {
    ($(#[$doc:meta])* $name:ident, $change:path) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The identifier.
            #[serde(rename = "DBInstanceIdentifier")]
            pub identifier: String,
        }

        impl Operation for $name {
            type Output = DatabaseAnswer;

            const SPEC: OperationSpec = OperationSpec::write(Service::Rds, stringify!($name))
                .needs(&[concat!("rds:", stringify!($name))])
                .fails(&["DBInstanceNotFound", "InvalidDBInstanceState"]);

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                Ok(vec![on_database(view, &self.identifier, &Self::SPEC.action())])
            }

            fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Self::Output, ApiError> {
                let mut changed = database(&cx.view(), &self.identifier)?.clone();
                $change(cx, &mut changed)?;
                let instance = DatabaseInfo::of(&changed);
                let place = place(&cx.view(), &changed.id);
                cx.cloud.databases.insert_mut(place, changed);
                Ok(DatabaseAnswer { instance })
            }

            fn record(&self, _view: &View<'_>) -> Record {
                Record::of(event_value(self))
            }

            fn response_elements(output: &Self::Output) -> serde_json::Value {
                event_value(&output.instance)
            }
        }
    };
}

change_state!(
    /// Stops a database. The data key leaves the memory of the host; the grant stays.
    StopDBInstance, stop
);
change_state!(
    /// Starts a database. RDS decrypts the data key by its grant; where KMS does
    /// not let it, the status is `inaccessible-encryption-credentials`, or
    /// `…-recoverable` under a key that is disabled.
    StartDBInstance, start
);
