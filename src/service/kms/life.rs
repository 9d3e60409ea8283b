//! Enabling, disabling and deleting keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::rotation::set_rotation;
use super::{invalid_state, no_material, not_pending_deletion, reference, settled};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, Timestamp};
use crate::crypto::key_spec::Origin;
use crate::state::kms::{Key, KeyPlace, KeyState, MultiRegionKeyType, Rotation};

/// The answer of operations that answer nothing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Nothing {}

macro_rules! key_operation {
    ($(#[$doc:meta])* $name:ident, $output:ty, $action:literal, $errors:expr, $execute:expr) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $name {
            /// The key: an id or a key ARN.
            pub key_id: String,
        }

        impl Operation for $name {
            type Output = $output;

            const SPEC: OperationSpec =
                OperationSpec::write(Service::Kms, stringify!($name)).needs(&[$action]).fails($errors);

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                let key = reference::own(view, &self.key_id, $action)?;
                Ok(vec![reference::on_key(view, key, $action)])
            }

            fn execute(
                self,
                cx: &mut Context<'_>,
                _permit: &Permit,
            ) -> Result<Self::Output, ApiError> {
                let id = reference::id_or_arn(&cx.view(), &self.key_id)?.place();
                let execute: fn(&mut Context<'_>, crate::state::kms::KeyPlace) -> Result<$output, ApiError> =
                    $execute;
                execute(cx, id)
            }

            fn record(&self, view: &View<'_>) -> Record {
                let key = reference::id_or_arn(view, &self.key_id).ok();
                reference::record(key, json!({ "keyId": self.key_id }))
            }
        }
    };
}
pub(super) use key_operation;

const STATE_ERRORS: &[&str] = &[
    "NotFoundException",
    "InvalidArnException",
    "KMSInvalidStateException",
];

/// Whether `key` can be enabled or disabled as it is.
fn switchable(key: &Key) -> Result<(), ApiError> {
    not_pending_deletion(key)?;
    settled(key)?;
    match key.state {
        KeyState::PendingImport => Err(no_material(key)),
        _ => Ok(()),
    }
}

/// A rotation that fell due while the key was disabled happens once, now.
///
/// Source: KMS API Reference, `EnableKeyRotation`.
/// It is the primary key that rotates: to enable a replica brings nothing forward.
fn bring_forward_rotation(cx: &mut Context<'_>, place: &KeyPlace) {
    let now = cx.now();
    let leads = |key: &&Key| key.multi_region != Some(MultiRegionKeyType::Replica);
    let own = cx.cloud.keys.get(place).filter(leads);
    let overdue = own.and_then(|key| key.rotation).filter(|r| r.next < now);
    if let Some(overdue) = overdue {
        let rotation = Rotation {
            next: now,
            ..overdue
        };
        set_rotation(cx.cloud, place, Some(rotation));
    }
}

key_operation!(
    /// Makes a disabled key usable again.
    EnableKey,
    Nothing,
    "kms:EnableKey",
    STATE_ERRORS,
    |cx, id| {
        let key = reference::key_mut(cx, &id)?;
        switchable(key)?;
        key.state = KeyState::Enabled;
        bring_forward_rotation(cx, &id);
        Ok(Nothing {})
    }
);

key_operation!(
    /// Makes a key unusable at once, until it is enabled again.
    DisableKey,
    Nothing,
    "kms:DisableKey",
    STATE_ERRORS,
    |cx, id| {
        let key = reference::key_mut(cx, &id)?;
        switchable(key)?;
        key.state = KeyState::Disabled;
        Ok(Nothing {})
    }
);

/// The answer of `CancelKeyDeletion`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Cancelled {
    /// The key's ARN.
    pub key_id: Arn,
}

key_operation!(
    /// Takes a key back from its scheduled deletion; it is then disabled, not enabled.
    CancelKeyDeletion,
    Cancelled,
    "kms:CancelKeyDeletion",
    STATE_ERRORS,
    |cx, id| {
        let key = reference::key_mut(cx, &id)?;
        let (due, waiting) = (key.deletion_date.take(), key.pending_window_days.take());
        if due.is_none() && waiting.is_none() {
            return Err(invalid_state(key, "not pending deletion"));
        }
        key.state = match key.origin == Origin::EXTERNAL && !key.is_complete() {
            true => KeyState::PendingImport,
            false => KeyState::Disabled,
        };
        let key_id = key.arn.clone();
        if let Some(due) = due {
            cx.cloud.schedule.remove_mut(&(due, id));
        }
        Ok(Cancelled { key_id })
    }
);

/// Schedules the deletion of a key. Until then it cannot be used, and the
/// deletion can be cancelled; afterwards what it encrypted is lost.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ScheduleKeyDeletion {
    /// The key: an id or a key ARN.
    pub key_id: String,
    /// The waiting period, 7 to 30 days; 30 by default.
    #[serde(default)]
    pub pending_window_in_days: Option<i64>,
}

/// The answer of `ScheduleKeyDeletion`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Scheduled {
    /// The key's ARN.
    pub key_id: Arn,
    /// When it will be deleted; absent for a primary key that waits for its replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_date: Option<Timestamp>,
    /// Its state.
    pub key_state: KeyState,
    /// The waiting period in days.
    pub pending_window_in_days: i64,
}

impl Operation for ScheduleKeyDeletion {
    type Output = Scheduled;

    const SPEC: OperationSpec = OperationSpec::write(Service::Kms, "ScheduleKeyDeletion")
        .needs(&["kms:ScheduleKeyDeletion"])
        .fails(STATE_ERRORS);

    fn validate(&self) -> Result<(), ApiError> {
        match self.pending_window_in_days {
            Some(days) if !(7..=30).contains(&days) => Err(ApiError::validation(
                Service::Kms,
                format!(
                    "1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed \
                     to satisfy constraint: Member must be between 7 and 30"
                ),
            )),
            _ => Ok(()),
        }
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let key = reference::own(view, &self.key_id, "kms:ScheduleKeyDeletion")?;
        let days = self.pending_window_in_days.unwrap_or(30).to_string();
        Ok(vec![
            reference::on_key(view, key, "kms:ScheduleKeyDeletion")
                .with("kms:ScheduleKeyDeletionPendingWindowInDays", days),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let key = reference::id_or_arn(&view, &self.key_id)?;
        not_pending_deletion(key)?;
        if key.state == KeyState::Updating {
            settled(key)?;
        }
        let waits = key.multi_region == Some(MultiRegionKeyType::Primary)
            && view.cloud.related(key).len() > 1;
        let place = key.place();
        let days = self.pending_window_in_days.unwrap_or(30);
        let due = Some(cx.now().plus_days(days)).filter(|_| !waits);
        let key = reference::key_mut(cx, &place)?;
        key.state = match waits {
            true => KeyState::PendingReplicaDeletion,
            false => KeyState::PendingDeletion,
        };
        (key.deletion_date, key.settles) = (due, None);
        key.pending_window_days = waits.then_some(days);
        let (key_id, key_state) = (key.arn.clone(), key.state);
        if let Some(due) = due {
            cx.cloud.schedule.insert_mut((due, place), ());
        }
        Ok(Scheduled {
            key_id,
            deletion_date: due,
            key_state,
            pending_window_in_days: days,
        })
    }

    fn record(&self, view: &View<'_>) -> Record {
        let key = reference::id_or_arn(view, &self.key_id).ok();
        let days = self.pending_window_in_days;
        reference::record(
            key,
            json!({ "keyId": self.key_id, "pendingWindowInDays": days }),
        )
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        json!({ "keyId": output.key_id, "deletionDate": output.deletion_date, "keyState": output.key_state })
    }
}
