//! Detaching and deleting volumes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::Done;
use super::error;
use super::volumes::{VolumeAttachment, detach, on_volume, volume};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::VolumeId;
use crate::service::iam::event_value;

/// Detaches a volume. Its data key in clear is wiped, and its grant retired.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DetachVolume {
    /// The volume.
    pub volume_id: VolumeId,
    /// Only say whether the call would succeed: it ends in `DryRunOperation`.
    #[serde(default)]
    pub dry_run: bool,
}

impl Operation for DetachVolume {
    type Output = VolumeAttachment;

    const SPEC: OperationSpec = OperationSpec::write(Service::Ec2, "DetachVolume")
        .needs(&["ec2:DetachVolume"])
        .fails(&["InvalidVolume.NotFound", "IncorrectState"]);

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_volume(view, &self.volume_id, "ec2:DetachVolume")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let Some(attachment) = &volume(&view, &self.volume_id)?.attachment else {
            let text = format!("Volume '{}' is in the 'available' state.", self.volume_id);
            return Err(error("IncorrectState", text));
        };
        let shown = VolumeAttachment::of(&self.volume_id, attachment, "detached");
        detach(cx, &self.volume_id);
        Ok(shown)
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}

/// Deletes a volume that is attached to nothing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteVolume {
    /// The volume.
    pub volume_id: VolumeId,
    /// Only say whether the call would succeed: it ends in `DryRunOperation`.
    #[serde(default)]
    pub dry_run: bool,
}

impl Operation for DeleteVolume {
    type Output = Done;

    const SPEC: OperationSpec = OperationSpec::write(Service::Ec2, "DeleteVolume")
        .needs(&["ec2:DeleteVolume"])
        .fails(&["InvalidVolume.NotFound", "VolumeInUse"]);

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        Ok(vec![on_volume(view, &self.volume_id, "ec2:DeleteVolume")])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        if let Some(attachment) = &volume(&cx.view(), &self.volume_id)?.attachment {
            let text = format!(
                "Volume {} is currently attached to {}",
                self.volume_id, attachment.instance
            );
            return Err(error("VolumeInUse", text));
        }
        cx.cloud.volumes.remove_mut(&self.volume_id);
        Ok(Done { r#return: true })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }
}
