//! EBS volumes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hardware;
use super::instances;
use super::{error, on};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{Arn, InstanceId, Region, Timestamp, VolumeId};
use crate::service::iam::event_value;
use crate::state::compute::{Attachment, Instance, InstanceState, Volume};

/// The largest volume, in GiB. Source: EBS User Guide, "EBS volume types".
const MAX_GIB: i64 = 65_536;

/// A volume in use, as EC2 shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VolumeAttachment {
    /// The volume.
    pub volume_id: VolumeId,
    /// The instance.
    pub instance_id: InstanceId,
    /// As what the instance sees it.
    pub device: String,
    /// `attached` or `detached`.
    pub state: &'static str,
    /// Since when.
    pub attach_time: Timestamp,
    /// Whether the volume goes with the instance.
    pub delete_on_termination: bool,
}

impl VolumeAttachment {
    pub(super) fn of(volume: &VolumeId, attachment: &Attachment, state: &'static str) -> Self {
        Self {
            volume_id: volume.clone(),
            instance_id: attachment.instance.clone(),
            device: attachment.device.clone(),
            state,
            attach_time: attachment.since,
            delete_on_termination: attachment.delete_on_termination,
        }
    }
}

/// A volume, as EC2 shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VolumeInfo {
    /// The id.
    pub volume_id: VolumeId,
    /// The size, in GiB.
    pub size: i64,
    /// `available` or `in-use`.
    pub state: &'static str,
    /// The Availability Zone.
    pub availability_zone: String,
    /// When it was made.
    pub create_time: Timestamp,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The ARN of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<Arn>,
    /// What it is attached to; none or one.
    pub attachments: Vec<VolumeAttachment>,
}

impl VolumeInfo {
    fn of(volume: &Volume) -> Self {
        let attached = |a: &Attachment| VolumeAttachment::of(&volume.id, a, "attached");
        Self {
            volume_id: volume.id.clone(),
            size: volume.size_gib,
            state: match volume.attachment {
                Some(_) => "in-use",
                None => "available",
            },
            availability_zone: volume.zone.clone(),
            create_time: volume.created,
            encrypted: volume.sealed.is_some(),
            kms_key_id: volume.sealed.as_ref().map(|sealed| sealed.key.clone()),
            attachments: volume.attachment.iter().map(attached).collect(),
        }
    }
}

pub(super) fn on_volume(view: &View<'_>, id: &VolumeId, action: &str) -> AccessRequest {
    let request = on(view, &format!("volume/{id}"), action);
    let Ok(volume) = volume(view, id) else {
        return request;
    };
    request.with("ec2:Encrypted", volume.sealed.is_some().to_string())
}

/// The caller's volume with this id.
pub(super) fn volume<'a>(view: &View<'a>, id: &VolumeId) -> Result<&'a Volume, ApiError> {
    let found = view.cloud.volumes.get(id);
    found
        .filter(|volume| volume.account == view.caller.account && volume.region == *view.region)
        .ok_or_else(|| missing(id))
}

fn missing(id: &VolumeId) -> ApiError {
    error(
        "InvalidVolume.NotFound",
        format!("The volume '{id}' does not exist."),
    )
}

/// What a new volume is to be.
pub(super) struct NewVolume<'a> {
    pub(super) size_gib: i64,
    pub(super) encrypted: bool,
    pub(super) key: Option<&'a str>,
}

impl NewVolume<'_> {
    /// Checks what was asked for.
    ///
    /// # Errors
    /// `InvalidParameterValue`, `InvalidParameterDependency`.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        if !(1..=MAX_GIB).contains(&self.size_gib) {
            return Err(error(
                "InvalidParameterValue",
                format!("Volume of {}GiB is invalid", self.size_gib),
            ));
        }
        if self.key.is_some() && !self.encrypted {
            return Err(error(
                "InvalidParameterDependency",
                "The parameter KmsKeyId requires the parameter Encrypted to be set.",
            ));
        }
        Ok(())
    }

    /// Makes it; the data key is made as the caller.
    ///
    /// # Errors
    /// What KMS answers.
    pub(super) fn make(&self, cx: &mut Context<'_>, zone: &str) -> Result<VolumeId, ApiError> {
        let id = VolumeId::fresh(&mut cx.effects.entropy);
        let sealed = match self.encrypted {
            true => Some(hardware::new_data_key(cx, &id, self.key)?),
            false => None,
        };
        let made = Volume {
            id: id.clone(),
            account: cx.caller.account.clone(),
            region: cx.region.clone(),
            zone: zone.to_owned(),
            size_gib: self.size_gib,
            created: cx.now(),
            sealed,
            attachment: None,
        };
        cx.cloud.volumes.insert_mut(id.clone(), made);
        Ok(id)
    }
}

/// Attaches a volume; while the instance runs, its data key is decrypted. Where
/// KMS does not decrypt it, the grant is retired again.
///
/// # Errors
/// What KMS answers.
pub(super) fn attach(
    cx: &mut Context<'_>,
    id: &VolumeId,
    instance: &Instance,
    device: &str,
    delete_on_termination: bool,
) -> Result<VolumeAttachment, ApiError> {
    let sealed = volume(&cx.view(), id)?.sealed.clone();
    let mut attachment = Attachment {
        instance: instance.id.clone(),
        device: device.to_owned(),
        since: cx.now(),
        delete_on_termination,
        grant: None,
        data_key: None,
    };
    if let Some(sealed) = &sealed {
        attachment.grant = Some(hardware::make_grant(cx, id, sealed, &instance.id)?);
        if instance.state == InstanceState::Running {
            let grant = attachment.grant.as_ref();
            match hardware::open(cx, id, sealed, &instance.id, grant) {
                Ok(data_key) => attachment.data_key = Some(data_key),
                Err(refused) => {
                    hardware::retire_grant(cx, sealed, &attachment);
                    return Err(refused);
                }
            }
        }
    }
    let shown = VolumeAttachment::of(id, &attachment, "attached");
    if let Some(volume) = cx.cloud.volumes.get_mut(id) {
        volume.attachment = Some(attachment);
    }
    Ok(shown)
}

/// Detaches a volume: its data key in clear is wiped, and its grant retired.
pub(super) fn detach(cx: &mut Context<'_>, id: &VolumeId) {
    let Some(volume) = cx.cloud.volumes.get_mut(id) else {
        return;
    };
    let attachment = volume.attachment.take();
    let sealed = volume.sealed.clone();
    if let (Some(sealed), Some(attachment)) = (sealed, attachment) {
        hardware::retire_grant(cx, &sealed, &attachment);
    }
}

/// Makes a volume. If it is to be encrypted, KMS makes its data key as the
/// caller (GenerateDataKeyWithoutPlaintext), and the volume keeps it encrypted.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateVolume {
    /// The Availability Zone, one of the Region of the call, such as `us-east-1a`.
    pub availability_zone: String,
    /// The size, in GiB.
    pub size: i64,
    /// Whether it is to be encrypted.
    #[serde(default)]
    pub encrypted: bool,
    /// The KMS key; `alias/aws/ebs` by default.
    pub kms_key_id: Option<String>,
    /// Only say whether the call would succeed: it ends in `DryRunOperation`.
    #[serde(default)]
    pub dry_run: bool,
}

/// Whether a zone is one of the Region: its name begins with the Region's.
///
/// # Errors
/// `InvalidZone.NotFound`.
fn check_zone(zone: &str, region: &Region) -> Result<(), ApiError> {
    let rest = zone.strip_prefix(region.as_str()).unwrap_or_default();
    if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '-') {
        return Ok(());
    }
    let text = format!("The zone '{zone}' does not exist.");
    Err(error("InvalidZone.NotFound", text))
}

impl CreateVolume {
    fn new_volume(&self) -> NewVolume<'_> {
        NewVolume {
            size_gib: self.size,
            encrypted: self.encrypted,
            key: self.kms_key_id.as_deref(),
        }
    }
}

impl Operation for CreateVolume {
    type Output = VolumeInfo;

    const SPEC: OperationSpec = OperationSpec::write(Service::Ec2, "CreateVolume")
        .needs(&[
            "ec2:CreateVolume",
            "kms:DescribeKey",
            "kms:GenerateDataKeyWithoutPlaintext",
        ])
        .fails(&["InvalidParameterDependency", "InvalidZone.NotFound"]);

    fn validate(&self) -> Result<(), ApiError> {
        self.new_volume().check()
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let request = on(view, "volume/*", "ec2:CreateVolume")
            .with("ec2:Encrypted", self.encrypted.to_string());
        Ok(vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        check_zone(&self.availability_zone, &cx.region)?;
        let id = self.new_volume().make(cx, &self.availability_zone)?;
        volume(&cx.view(), &id).map(VolumeInfo::of)
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}

/// Volumes.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Volumes {
    /// The volumes.
    pub volumes: Vec<VolumeInfo>,
}

/// Shows the account's volumes, or those of them that are named.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct DescribeVolumes {
    /// Which; all by default.
    pub volume_ids: Vec<VolumeId>,
}

impl Operation for DescribeVolumes {
    type Output = Volumes;

    const SPEC: OperationSpec = OperationSpec::read(Service::Ec2, "DescribeVolumes")
        .needs(&["ec2:DescribeVolumes"])
        .fails(&["InvalidVolume.NotFound"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let request = AccessRequest::new("ec2:DescribeVolumes", Target::any());
        Ok(vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        for id in &self.volume_ids {
            volume(&view, id)?;
        }
        let own = view.cloud.volumes.values().filter(|v| {
            v.account == view.caller.account
                && v.region == *view.region
                && (self.volume_ids.is_empty() || self.volume_ids.contains(&v.id))
        });
        Ok(Volumes {
            volumes: own.map(VolumeInfo::of).collect(),
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }
}

/// Attaches a volume to an instance. For an encrypted one EC2 makes a grant as
/// the caller, by which the infrastructure of the instance decrypts the data key.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AttachVolume {
    /// The volume.
    pub volume_id: VolumeId,
    /// The instance.
    pub instance_id: InstanceId,
    /// As what the instance sees it, such as `/dev/sdf`.
    pub device: String,
    /// Only say whether the call would succeed: it ends in `DryRunOperation`.
    #[serde(default)]
    pub dry_run: bool,
}

impl Operation for AttachVolume {
    type Output = VolumeAttachment;

    const SPEC: OperationSpec = OperationSpec::write(Service::Ec2, "AttachVolume")
        .needs(&["ec2:AttachVolume", "kms:CreateGrant"])
        .fails(&[
            "InvalidVolume.NotFound",
            "InvalidInstanceID.NotFound",
            "VolumeInUse",
            "IncorrectState",
        ]);

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "ec2:AttachVolume";
        Ok(vec![
            on_volume(view, &self.volume_id, action),
            on(view, &format!("instance/{}", self.instance_id), action),
        ])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        if volume(&view, &self.volume_id)?.attachment.is_some() {
            let text = format!("{} is already attached to an instance", self.volume_id);
            return Err(error("VolumeInUse", text));
        }
        let instance = instances::instance(&view, &self.instance_id)?.clone();
        if instance.state == InstanceState::Terminated {
            let text = format!("Instance '{}' is not 'running'.", instance.id);
            return Err(error("IncorrectState", text));
        }
        attach(cx, &self.volume_id, &instance, &self.device, false)
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}
