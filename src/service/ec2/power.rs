//! Stopping, starting and terminating instances.
//!
//! An instance that stops keeps its volumes and their grants; only the data keys
//! in clear go. At the next start its infrastructure decrypts them again, and
//! where KMS does not let it, the instance stays stopped.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::instances::{StateShown, instance, running, volumes_of};
use super::{error, hardware, on, volumes};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{InstanceId, VolumeId};
use crate::crypto::DataKey;
use crate::service::iam::event_value;
use crate::state::compute::InstanceState;

/// The reason of an instance that EC2 could not start.
///
/// Source: AWS re:Post, "Why did my EC2 instance change from Pending to
/// Stopped": a volume's key that cannot be used.
pub(super) const CLIENT_ERROR: &str = "Client.InternalError";

/// What became of an instance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct StateChange {
    /// The instance.
    pub instance_id: InstanceId,
    /// Its state now.
    pub current_state: StateShown,
    /// Its state before.
    pub previous_state: StateShown,
}

fn set(cx: &mut Context<'_>, id: &InstanceId, state: InstanceState, reason: Option<&'static str>) {
    if let Some(instance) = cx.cloud.instances.get_mut(id) {
        instance.state = state;
        instance.reason = reason.map(Into::into);
    }
}

fn volume_ids(cx: &Context<'_>, id: &InstanceId) -> Vec<VolumeId> {
    volumes_of(&cx.view(), id).map(|v| v.id.clone()).collect()
}

fn set_data_key(cx: &mut Context<'_>, id: &VolumeId, data_key: Option<Arc<DataKey>>) {
    let volume = cx.cloud.volumes.get_mut(id);
    if let Some(attachment) = volume.and_then(|volume| volume.attachment.as_mut()) {
        attachment.data_key = data_key;
    }
}

fn stop(cx: &mut Context<'_>, id: &InstanceId) -> Result<InstanceState, ApiError> {
    let known = instance(&cx.view(), id)?;
    running(known, &[InstanceState::Running, InstanceState::Stopped])?;
    for volume in volume_ids(cx, id) {
        set_data_key(cx, &volume, None);
    }
    set(cx, id, InstanceState::Stopped, None);
    Ok(InstanceState::Stopped)
}

fn start(cx: &mut Context<'_>, id: &InstanceId) -> Result<InstanceState, ApiError> {
    let known = instance(&cx.view(), id)?;
    running(known, &[InstanceState::Running, InstanceState::Stopped])?;
    if known.state == InstanceState::Running {
        return Ok(InstanceState::Running);
    }
    let volumes = volume_ids(cx, id);
    for volume in &volumes {
        let found = volumes::volume(&cx.view(), volume)?;
        let Some(sealed) = found.sealed.clone() else {
            continue;
        };
        let grant = found.attachment.as_ref().and_then(|a| a.grant.clone());
        match hardware::open(cx, volume, &sealed, id, grant.as_ref()) {
            Ok(data_key) => set_data_key(cx, volume, Some(data_key)),
            Err(refused) => {
                cx.note(format!(
                    "KMS refuses the key of {volume}, and the instance stays stopped: {}",
                    refused.message
                ));
                volumes.iter().for_each(|v| set_data_key(cx, v, None));
                set(cx, id, InstanceState::Stopped, Some(CLIENT_ERROR));
                return Ok(InstanceState::Stopped);
            }
        }
    }
    set(cx, id, InstanceState::Running, None);
    Ok(InstanceState::Running)
}

fn terminate(cx: &mut Context<'_>, id: &InstanceId) -> Result<InstanceState, ApiError> {
    instance(&cx.view(), id)?;
    for volume in volume_ids(cx, id) {
        let attachment = &volumes::volume(&cx.view(), &volume)?.attachment;
        let goes = attachment.as_ref().is_some_and(|a| a.delete_on_termination);
        volumes::detach(cx, &volume);
        if goes {
            cx.cloud.volumes.remove_mut(&volume);
        }
    }
    set(cx, id, InstanceState::Terminated, None);
    Ok(InstanceState::Terminated)
}

macro_rules! change_state {
    ($(#[$doc:meta])* $name:ident, $answer:ident, $member:ident, $change:path) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $name {
            /// The instances.
            pub instance_ids: Vec<InstanceId>,
            /// Only say whether the call would succeed: it ends in `DryRunOperation`.
            #[serde(default)]
            pub dry_run: bool,
        }

        /// What became of the instances.
        #[derive(Debug, Serialize, JsonSchema)]
        #[serde(rename_all = "PascalCase")]
        pub struct $answer {
            /// One for each instance.
            pub $member: Vec<StateChange>,
        }

        impl Operation for $name {
            type Output = $answer;

            const SPEC: OperationSpec = OperationSpec::write(Service::Ec2, stringify!($name))
                .needs(&[concat!("ec2:", stringify!($name))])
                .fails(&["InvalidInstanceID.NotFound", "IncorrectInstanceState"]);

            fn validate(&self) -> Result<(), ApiError> {
                match self.instance_ids.is_empty() {
                    true => Err(error(
                        "MissingParameter",
                        "The request must contain the parameter InstanceId",
                    )),
                    false => Ok(()),
                }
            }

            fn dry_run(&self) -> bool {
                self.dry_run
            }

            fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
                let ask = |id| on(view, &format!("instance/{id}"), &Self::SPEC.action());
                Ok(self.instance_ids.iter().map(ask).collect())
            }

            fn execute(self, cx: &mut Context<'_>, _: &Permit) -> Result<Self::Output, ApiError> {
                let mut changes = Vec::with_capacity(self.instance_ids.len());
                for id in self.instance_ids {
                    let before = instance(&cx.view(), &id)?.state;
                    let after = $change(cx, &id)?;
                    changes.push(StateChange {
                        instance_id: id,
                        current_state: StateShown::of(after),
                        previous_state: StateShown::of(before),
                    });
                }
                Ok($answer { $member: changes })
            }

            fn record(&self, _view: &View<'_>) -> Record {
                Record::of(event_value(self))
            }

            fn response_elements(output: &Self::Output) -> serde_json::Value {
                event_value(output)
            }
        }
    };
}

change_state!(
    /// Stops instances. The data keys of their volumes leave the memory of the
    /// host; the grants stay.
    StopInstances, StoppedInstances, stopping_instances, stop
);
change_state!(
    /// Starts instances. The infrastructure of each decrypts the data keys of its
    /// volumes by their grants; where KMS does not let it, the instance stays
    /// stopped, with the reason `Client.InternalError`.
    StartInstances, StartedInstances, starting_instances, start
);
change_state!(
    /// Terminates instances. Their volumes are detached, and those that go with
    /// them deleted.
    TerminateInstances, TerminatedInstances, terminating_instances, terminate
);
