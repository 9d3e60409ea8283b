//! Instances: launching them, and showing them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::power::CLIENT_ERROR;
use super::profiles::{self, ProfileShown, ProfileWanted};
use super::volumes::{self, NewVolume};
use super::{HOST, error, on};
use crate::api::{
    AccessRequest, ApiError, Context, Operation, OperationSpec, Record, Service, Target, View,
};
use crate::authz::Permit;
use crate::base::{InstanceId, Timestamp, VolumeId};
use crate::service::iam::event_value;
use crate::service::pass_role;
use crate::state::compute::{Instance, InstanceState, Volume};

/// The size of a volume that says none, in GiB.
const DEFAULT_GIB: i64 = 8;

/// A state with its number.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct StateShown {
    /// The number.
    pub code: u16,
    /// The name.
    pub name: &'static str,
}

impl StateShown {
    pub(super) fn of(state: InstanceState) -> Self {
        Self {
            code: state.code(),
            name: state.name(),
        }
    }
}

/// Why an instance is in its state.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct StateReason {
    /// The code.
    pub code: Cow<'static, str>,
    /// The text.
    pub message: &'static str,
}

/// A volume of an instance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceVolume {
    /// As what the instance sees it.
    pub device_name: String,
    /// The volume.
    pub ebs: EbsShown,
}

/// An EBS volume of an instance.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EbsShown {
    /// The volume.
    pub volume_id: VolumeId,
    /// `attached`.
    pub status: &'static str,
    /// Since when.
    pub attach_time: Timestamp,
    /// Whether the volume goes with the instance.
    pub delete_on_termination: bool,
}

/// An instance, as EC2 shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceInfo {
    /// The id.
    pub instance_id: InstanceId,
    /// The image.
    pub image_id: String,
    /// The type.
    pub instance_type: String,
    /// Whether it runs.
    pub state: StateShown,
    /// Why it does not, where EC2 stopped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_reason: Option<StateReason>,
    /// Its instance profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iam_instance_profile: Option<ProfileShown>,
    /// When it was launched.
    pub launch_time: Timestamp,
    /// Its volumes.
    pub block_device_mappings: Vec<InstanceVolume>,
}

impl InstanceInfo {
    fn of(view: &View<'_>, instance: &Instance) -> Self {
        let reason = |code: Cow<'static, str>| StateReason {
            code,
            message: "Client.InternalError: Client error on launch",
        };
        let profile = instance.profile.as_ref();
        Self {
            instance_id: instance.id.clone(),
            image_id: instance.image.clone(),
            instance_type: instance.kind.clone(),
            state: StateShown::of(instance.state),
            state_reason: instance.reason.clone().map(reason),
            iam_instance_profile: profile.and_then(|arn| profiles::shown(view, arn)),
            launch_time: instance.launched,
            block_device_mappings: volumes_of(view, &instance.id)
                .filter_map(InstanceVolume::of)
                .collect(),
        }
    }
}

impl InstanceVolume {
    fn of(volume: &Volume) -> Option<Self> {
        let attachment = volume.attachment.as_ref()?;
        Some(Self {
            device_name: attachment.device.clone(),
            ebs: EbsShown {
                volume_id: volume.id.clone(),
                status: "attached",
                attach_time: attachment.since,
                delete_on_termination: attachment.delete_on_termination,
            },
        })
    }
}

/// The volumes that are attached to an instance.
pub(super) fn volumes_of<'a>(
    view: &View<'a>,
    id: &'a InstanceId,
) -> impl Iterator<Item = &'a Volume> {
    let attached = |volume: &&Volume| {
        let to = volume.attachment.as_ref().map(|a| &a.instance);
        to == Some(id)
    };
    view.cloud.volumes.values().filter(attached)
}

/// The caller's instance with this id.
pub(super) fn instance<'a>(view: &View<'a>, id: &InstanceId) -> Result<&'a Instance, ApiError> {
    let found = view.cloud.instances.get(id);
    found
        .filter(|i| i.account == view.caller.account && i.region == *view.region)
        .ok_or_else(|| {
            error(
                "InvalidInstanceID.NotFound",
                format!("The instance ID '{id}' does not exist"),
            )
        })
}

/// Whether an instance is in one of `states`.
///
/// # Errors
/// `IncorrectInstanceState`.
pub(super) fn running(instance: &Instance, states: &[InstanceState]) -> Result<(), ApiError> {
    if states.contains(&instance.state) {
        return Ok(());
    }
    Err(error(
        "IncorrectInstanceState",
        format!(
            "The instance '{}' is not in a state from which this can be done: it is {}.",
            instance.id,
            instance.state.name()
        ),
    ))
}

/// A volume that an instance is launched with.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct BlockDeviceMapping {
    /// As what the instance sees it, such as `/dev/sdf`.
    pub device_name: String,
    /// The volume.
    pub ebs: EbsWanted,
}

/// An EBS volume that an instance is launched with.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EbsWanted {
    /// The size, in GiB; 8 by default.
    pub volume_size: Option<i64>,
    /// Whether it is to be encrypted.
    #[serde(default)]
    pub encrypted: bool,
    /// The KMS key; `alias/aws/ebs` by default.
    pub kms_key_id: Option<String>,
    /// Whether it goes with the instance; so by default.
    pub delete_on_termination: Option<bool>,
}

impl EbsWanted {
    fn new_volume(&self) -> NewVolume<'_> {
        NewVolume {
            size_gib: self.volume_size.unwrap_or(DEFAULT_GIB),
            encrypted: self.encrypted,
            key: self.kms_key_id.as_deref(),
        }
    }
}

/// Launches instances. The caller must be allowed to pass the role of the
/// instance profile to EC2 (`iam:PassRole`). Where KMS does not let EC2 use the
/// key of a volume, the instance is terminated with the reason
/// `Client.InternalError`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RunInstances {
    /// The image; the lab has none, so any id will do.
    pub image_id: String,
    /// The type, `m1.small` by default.
    pub instance_type: Option<String>,
    /// The least number of instances.
    pub min_count: i64,
    /// The number of instances, at most 20.
    pub max_count: i64,
    /// The instance profile, by `Name` or `Arn`.
    pub iam_instance_profile: Option<ProfileWanted>,
    /// Volumes.
    #[serde(default)]
    pub block_device_mappings: Vec<BlockDeviceMapping>,
    /// Only say whether the call would succeed: it ends in `DryRunOperation`.
    #[serde(default)]
    pub dry_run: bool,
}

/// What was launched.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Reservation {
    /// The id of the launch, `r-…`.
    pub reservation_id: String,
    /// Whose the instances are.
    pub owner_id: crate::base::AccountId,
    /// The instances.
    pub instances: Vec<InstanceInfo>,
}

impl RunInstances {
    fn launch(&self, cx: &mut Context<'_>, reservation: &str) -> Result<InstanceId, ApiError> {
        let view = cx.view();
        let wanted = self.iam_instance_profile.as_ref();
        let profile = wanted.map(|wanted| wanted.found(&view)).transpose()?;
        let made = Instance {
            reservation: reservation.to_owned(),
            profile: profile.map(|profile| profile.entity.arn.clone()),
            account: view.caller.account.clone(),
            region: view.region.clone(),
            image: self.image_id.clone(),
            kind: self
                .instance_type
                .clone()
                .unwrap_or_else(|| "m1.small".to_owned()),
            state: InstanceState::Running,
            reason: None,
            launched: view.now,
            id: InstanceId::fresh(&mut cx.effects.entropy),
        };
        let id = made.id.clone();
        cx.cloud.instances.insert_mut(id.clone(), made.clone());
        let before = cx.cloud.volumes.clone();
        if let Err(refused) = self.add_volumes(cx, &made) {
            cx.note(format!(
                "KMS refuses a volume's key, and EC2 terminates the instance: {}",
                refused.message
            ));
            let attached: Vec<_> = volumes_of(&cx.view(), &id).map(|v| v.id.clone()).collect();
            for volume in attached {
                volumes::detach(cx, &volume);
            }
            cx.cloud.volumes = before;
            if let Some(instance) = cx.cloud.instances.get_mut(&id) {
                instance.state = InstanceState::Terminated;
                instance.reason = Some(CLIENT_ERROR.into());
            }
        }
        Ok(id)
    }

    fn add_volumes(&self, cx: &mut Context<'_>, instance: &Instance) -> Result<(), ApiError> {
        let zone = format!("{}a", cx.region);
        for mapping in &self.block_device_mappings {
            let volume = mapping.ebs.new_volume().make(cx, &zone)?;
            let goes = mapping.ebs.delete_on_termination.unwrap_or(true);
            volumes::attach(cx, &volume, instance, &mapping.device_name, goes)?;
        }
        Ok(())
    }
}

impl Operation for RunInstances {
    type Output = Reservation;

    const SPEC: OperationSpec = OperationSpec::write(Service::Ec2, "RunInstances")
        .needs(&[
            "ec2:RunInstances",
            "iam:PassRole",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:CreateGrant",
        ])
        .fails(&["InvalidAMIID.Malformed", "InvalidParameterDependency"]);

    fn validate(&self) -> Result<(), ApiError> {
        if !self.image_id.starts_with("ami-") {
            let text = format!("Invalid id: \"{}\" (expecting \"ami-...\")", self.image_id);
            return Err(error("InvalidAMIID.Malformed", text));
        }
        if self.min_count < 1 || self.max_count < self.min_count || self.max_count > 20 {
            return Err(error(
                "InvalidParameterValue",
                "MinCount must be at least 1, and MaxCount at least MinCount and at most 20.",
            ));
        }
        self.block_device_mappings
            .iter()
            .try_for_each(|mapping| mapping.ebs.new_volume().check())
    }

    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let action = "ec2:RunInstances";
        let image = crate::base::Arn::of(
            "ec2",
            view.region.as_str(),
            "",
            &format!("image/{}", self.image_id),
        );
        let mut needed = vec![
            AccessRequest::new(action, Target::plain(&image, &view.caller.account)),
            on(view, "instance/*", action),
        ];
        let encrypted = |m: &BlockDeviceMapping| m.ebs.encrypted.to_string();
        needed.extend(
            self.block_device_mappings
                .iter()
                .map(|m| on(view, "volume/*", action).with("ec2:Encrypted", encrypted(m))),
        );
        if let Some(wanted) = &self.iam_instance_profile
            && let Some(role) = profiles::role_of(view, wanted.found(view)?)
        {
            needed.push(pass_role::request(view, &role.entity.arn, HOST));
        }
        Ok(needed)
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let reservation_id = format!("r-0{}", cx.effects.entropy.hex(8));
        let launched: Result<Vec<InstanceId>, ApiError> = (0..self.max_count)
            .map(|_| self.launch(cx, &reservation_id))
            .collect();
        let launched = launched?;
        let view = cx.view();
        let shown = launched.iter().map(|id| {
            let found = instance(&view, id)?;
            Ok(InstanceInfo::of(&view, found))
        });
        Ok(Reservation {
            reservation_id,
            owner_id: view.caller.account.clone(),
            instances: shown.collect::<Result<_, ApiError>>()?,
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}

/// Shows the account's instances, or those of them that are named.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct DescribeInstances {
    /// Which; all by default.
    pub instance_ids: Vec<InstanceId>,
}

/// Launches.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Reservations {
    /// One for each launch, with those of its instances that are shown.
    pub reservations: Vec<Reservation>,
}

impl Operation for DescribeInstances {
    type Output = Reservations;

    const SPEC: OperationSpec = OperationSpec::read(Service::Ec2, "DescribeInstances")
        .needs(&["ec2:DescribeInstances"])
        .fails(&["InvalidInstanceID.NotFound"]);

    fn access(&self, _view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let request = AccessRequest::new("ec2:DescribeInstances", Target::any());
        Ok(vec![request])
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        for id in &self.instance_ids {
            instance(&view, id)?;
        }
        let own = view.cloud.instances.values().filter(|i| {
            i.account == view.caller.account
                && i.region == *view.region
                && (self.instance_ids.is_empty() || self.instance_ids.contains(&i.id))
        });
        let mut launches: BTreeMap<&str, Vec<InstanceInfo>> = BTreeMap::new();
        for instance in own {
            let launch = launches.entry(&instance.reservation).or_default();
            launch.push(InstanceInfo::of(&view, instance));
        }
        let reservation = |(id, instances): (&str, _)| Reservation {
            reservation_id: id.to_owned(),
            owner_id: view.caller.account.clone(),
            instances,
        };
        Ok(Reservations {
            reservations: launches.into_iter().map(reservation).collect(),
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }
}
