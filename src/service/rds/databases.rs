//! Databases: making, showing and deleting them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{arn_of, database, error, on_database, place, storage};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Timestamp};
use crate::service::iam::event_value;
use crate::state::compute::{Database, DatabaseStatus};

/// What ids that never change are made of.
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A database, as RDS shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DatabaseInfo {
    /// The identifier.
    #[serde(rename = "DBInstanceIdentifier")]
    pub identifier: String,
    /// The class.
    #[serde(rename = "DBInstanceClass")]
    pub class: String,
    /// The engine.
    pub engine: String,
    /// Whether it can be used: `available`, `stopped` or `inaccessible-encryption-credentials…`.
    #[serde(rename = "DBInstanceStatus")]
    pub status: DatabaseStatus,
    /// The id that never changes, which KMS sees as `aws:rds:db-id`.
    pub dbi_resource_id: String,
    /// The ARN.
    #[serde(rename = "DBInstanceArn")]
    pub arn: Arn,
    /// When it was made.
    pub instance_create_time: Timestamp,
    /// Whether its storage is encrypted.
    pub storage_encrypted: bool,
    /// The ARN of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<Arn>,
}

impl DatabaseInfo {
    pub(super) fn of(database: &Database) -> Self {
        Self {
            identifier: database.id.clone(),
            class: database.class.clone(),
            engine: database.engine.clone(),
            status: database.status,
            dbi_resource_id: database.resource_id.clone(),
            arn: database.arn.clone(),
            instance_create_time: database.created,
            storage_encrypted: database.sealed.is_some(),
            kms_key_id: database
                .sealed
                .as_ref()
                .map(|(sealed, _)| sealed.key.clone()),
        }
    }
}

/// A database.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DatabaseAnswer {
    /// The database.
    #[serde(rename = "DBInstance")]
    pub instance: DatabaseInfo,
}

/// Makes a database. If its storage is to be encrypted, RDS makes a grant on the
/// key as the caller, who needs `kms:DescribeKey` and `kms:CreateGrant`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateDBInstance {
    /// The identifier, 1 to 63 letters, digits and hyphens.
    #[serde(rename = "DBInstanceIdentifier")]
    pub identifier: String,
    /// The class, such as `db.t3.micro`.
    #[serde(rename = "DBInstanceClass")]
    pub class: String,
    /// The engine, such as `postgres`.
    pub engine: String,
    /// Whether its storage is to be encrypted.
    #[serde(default)]
    pub storage_encrypted: bool,
    /// The KMS key; `alias/aws/rds` by default.
    pub kms_key_id: Option<String>,
}

impl Operation for CreateDBInstance {
    type Output = DatabaseAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Rds, "CreateDBInstance")
        .needs(&["rds:CreateDBInstance", "kms:DescribeKey", "kms:CreateGrant"])
        .fails(&["DBInstanceAlreadyExists", "KMSKeyNotAccessibleFault"]);

    fn validate(&self) -> Result<(), ApiError> {
        let id = self.identifier.as_str();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let well_formed = (1..=63).contains(&id.len())
            && id.chars().all(fits)
            && id.starts_with(|c: char| c.is_ascii_alphabetic())
            && !id.ends_with('-')
            && !id.contains("--");
        if !well_formed {
            return Err(ApiError::validation(
                Service::Rds,
                "The parameter DBInstanceIdentifier is not a valid identifier. Identifiers must \
                 begin with a letter; must contain only ASCII letters, digits, and hyphens; and \
                 must not end with a hyphen or contain two consecutive hyphens.",
            ));
        }
        if self.kms_key_id.is_some() && !self.storage_encrypted {
            return Err(error(
                "InvalidParameterCombination",
                400,
                "KmsKeyId needs StorageEncrypted to be set.",
            ));
        }
        Ok(())
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let request = on_database(view, &self.identifier, "rds:CreateDBInstance")
            .with("rds:DatabaseEngine", self.engine.as_str())
            .with("rds:StorageEncrypted", self.storage_encrypted.to_string());
        Ok(vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let id = self.identifier.to_ascii_lowercase();
        let place = place(&cx.view(), &id);
        if cx.cloud.databases.contains_key(&place) {
            let text = "DB instance already exists";
            return Err(error("DBInstanceAlreadyExists", 400, text));
        }
        let resource_id = format!("db-{}", cx.effects.entropy.text(26, LETTERS));
        let sealed = match self.storage_encrypted {
            true => Some(storage::seal(cx, &resource_id, self.kms_key_id.as_deref())?),
            false => None,
        };
        let mut made = Database {
            arn: arn_of(&cx.view(), &id),
            id,
            resource_id,
            class: self.class,
            engine: self.engine,
            status: DatabaseStatus::Available,
            sealed,
            data_key: None,
            created: cx.now(),
        };
        made.data_key = storage::open(cx, &made)?;
        let instance = DatabaseInfo::of(&made);
        cx.cloud.databases.insert_mut(place, made);
        Ok(DatabaseAnswer { instance })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(&output.instance)
    }
}

/// Shows the account's databases in the Region, or one of them.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeDBInstances {
    /// Which; all by default.
    #[serde(rename = "DBInstanceIdentifier")]
    pub identifier: Option<String>,
}

/// Databases.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Databases {
    /// The databases, by identifier.
    #[serde(rename = "DBInstances")]
    pub instances: Vec<DatabaseInfo>,
}

impl Operation for DescribeDBInstances {
    type Output = Databases;

    const SPEC: OperationSpec = OperationSpec::read(Service::Rds, "DescribeDBInstances")
        .needs(&["rds:DescribeDBInstances"])
        .fails(&["DBInstanceNotFound"]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let id = self.identifier.as_deref().unwrap_or("*");
        Ok(vec![on_database(view, id, "rds:DescribeDBInstances")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        if let Some(id) = &self.identifier {
            return Ok(Databases {
                instances: vec![DatabaseInfo::of(database(&view, id)?)],
            });
        }
        let here = place(&view, "");
        let own = here.beside(&view.cloud.databases);
        Ok(Databases {
            instances: own
                .map(|(_, database)| DatabaseInfo::of(database))
                .collect(),
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }
}

/// Deletes a database, and retires its grant.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteDBInstance {
    /// The identifier.
    #[serde(rename = "DBInstanceIdentifier")]
    pub identifier: String,
    /// Whether no snapshot is to be taken; it must be so, for the lab takes none.
    #[serde(default)]
    pub skip_final_snapshot: bool,
}

impl Operation for DeleteDBInstance {
    type Output = DatabaseAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Rds, "DeleteDBInstance")
        .needs(&["rds:DeleteDBInstance"])
        .fails(&["DBInstanceNotFound", "InvalidParameterCombination"]);

    fn validate(&self) -> Result<(), ApiError> {
        match self.skip_final_snapshot {
            true => Ok(()),
            false => Err(error(
                "InvalidParameterCombination",
                400,
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
            )),
        }
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "rds:DeleteDBInstance";
        Ok(vec![on_database(view, &self.identifier, action)])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let found = database(&cx.view(), &self.identifier)?.clone();
        storage::forget(cx, &found);
        let place = place(&cx.view(), &found.id);
        cx.cloud.databases.remove_mut(&place);
        Ok(DatabaseAnswer {
            instance: DatabaseInfo::of(&found),
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(&output.instance)
    }
}
