//! The instance profile of an instance, and so its role.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::instances::{instance, running};
use super::{HOST, error, on};
use crate::api::{
    AccessRequest, ApiError, Context, Effects, Operation, OperationSpec, Record, Service, View,
};
use crate::authz::Permit;
use crate::base::{Arn, InstanceId, UniqueId};
use crate::service::iam::event_value;
use crate::service::{pass_role, sts};
use crate::state::Cloud;
use crate::state::compute::InstanceState;
use crate::state::credential::Credentials;
use crate::state::iam::{InstanceProfile, Role};

/// An instance profile by name or ARN.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ProfileWanted {
    /// Its name; this or `Arn`.
    pub name: Option<String>,
    /// Its ARN.
    pub arn: Option<Arn>,
}

impl ProfileWanted {
    /// The instance profile, which must exist.
    ///
    /// # Errors
    /// `InvalidParameterValue`.
    pub(super) fn found<'a>(&self, view: &View<'a>) -> Result<&'a InstanceProfile, ApiError> {
        let (member, text) = match (&self.name, &self.arn) {
            (Some(name), None) => ("name", name.as_str()),
            (None, Some(arn)) => ("arn", arn.as_str()),
            _ => {
                return Err(error(
                    "InvalidParameterCombination",
                    "Specify the name or the ARN of the instance profile, and not both.",
                ));
            }
        };
        let account = view.cloud.accounts.get(&view.caller.account);
        let name = self.arn.as_ref().map_or(text, |arn| arn.base_name());
        account
            .and_then(|account| account.instance_profile(name))
            .filter(|profile| {
                self.arn
                    .as_ref()
                    .is_none_or(|arn| profile.entity.arn == *arn)
            })
            .ok_or_else(|| {
                error(
                    "InvalidParameterValue",
                    format!(
                        "Value ({text}) for parameter iamInstanceProfile.{member} is invalid. \
                         Invalid IAM Instance Profile {member}"
                    ),
                )
            })
    }
}

/// An instance profile, as EC2 shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ProfileShown {
    /// The ARN.
    pub arn: Arn,
    /// The unique id.
    pub id: UniqueId,
}

fn profile<'a>(cloud: &'a Cloud, arn: &Arn) -> Option<&'a InstanceProfile> {
    let found = cloud.account_of(arn)?.instance_profile(arn.base_name());
    found.filter(|profile| profile.entity.arn == *arn)
}

pub(super) fn shown(view: &View<'_>, arn: &Arn) -> Option<ProfileShown> {
    let entity = &profile(view.cloud, arn)?.entity;
    Some(ProfileShown {
        arn: entity.arn.clone(),
        id: entity.id.clone(),
    })
}

/// The role in an instance profile of the caller's account.
pub(super) fn role_of<'a>(view: &View<'a>, profile: &InstanceProfile) -> Option<&'a Role> {
    view.cloud
        .accounts
        .get(&view.caller.account)?
        .role_in(profile)
}

/// The session that programs on an instance find in its metadata: EC2 assumes
/// the role of the instance profile, and names the session by the instance.
///
/// # Errors
/// `InvalidInstanceID.NotFound`; `IncorrectInstanceState` if it does not run;
/// `InvalidParameterValue` if it has no role; `AccessDenied` if the role does
/// not trust EC2.
pub fn instance_session(
    cloud: &mut Cloud,
    effects: &mut Effects,
    id: &InstanceId,
) -> Result<(Arn, Credentials), ApiError> {
    let known = cloud.instances.get(id).ok_or_else(|| {
        let text = format!("The instance ID '{id}' does not exist");
        error("InvalidInstanceID.NotFound", text)
    })?;
    running(known, &[InstanceState::Running])?;
    let role = known.profile.as_ref().and_then(|arn| {
        let role = cloud.account_of(arn)?.role_in(profile(cloud, arn)?)?;
        Some(role.entity.arn.clone())
    });
    let role = role.ok_or_else(|| {
        error(
            "InvalidParameterValue",
            format!("The instance '{id}' has no role: its metadata holds no credentials."),
        )
    })?;
    let credentials = sts::assume_for_service(cloud, effects, &role, HOST, id.as_str())?;
    Ok((role, credentials))
}

/// Gives an instance an instance profile. The caller must be allowed to pass
/// its role to EC2 (`iam:PassRole`).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AssociateIamInstanceProfile {
    /// The instance.
    pub instance_id: InstanceId,
    /// The instance profile, by `Name` or `Arn`.
    pub iam_instance_profile: ProfileWanted,
}

/// An instance with its instance profile.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ProfileAssociation {
    /// The id, `iip-assoc-…`.
    pub association_id: String,
    /// The instance.
    pub instance_id: InstanceId,
    /// The instance profile.
    pub iam_instance_profile: Option<ProfileShown>,
    /// `associated`.
    pub state: &'static str,
}

/// An instance with its instance profile.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ProfileAssociationAnswer {
    /// The association.
    pub iam_instance_profile_association: ProfileAssociation,
}

impl Operation for AssociateIamInstanceProfile {
    type Output = ProfileAssociationAnswer;

    const SPEC: OperationSpec = OperationSpec::write(Service::Ec2, "AssociateIamInstanceProfile")
        .needs(&["ec2:AssociateIamInstanceProfile", "iam:PassRole"])
        .fails(&[
            "InvalidInstanceID.NotFound",
            "IncorrectInstanceState",
            "IncorrectState",
        ]);

    fn access(&self, view: &View<'_>) -> Result<Vec<AccessRequest>, ApiError> {
        let resource = format!("instance/{}", self.instance_id);
        let mut needed = vec![on(view, &resource, &Self::SPEC.action())];
        let wanted = self.iam_instance_profile.found(view)?;
        if let Some(role) = role_of(view, wanted) {
            needed.push(pass_role::request(view, &role.entity.arn, HOST));
        }
        Ok(needed)
    }

    fn execute(self, cx: &mut Context<'_>, _permit: &Permit) -> Result<Self::Output, ApiError> {
        let view = cx.view();
        let known = instance(&view, &self.instance_id)?;
        if known.state == InstanceState::Terminated {
            let text = format!(
                "The instance '{}' is not in the 'running' or 'stopped' states.",
                known.id
            );
            return Err(error("IncorrectInstanceState", text));
        }
        if known.profile.is_some() {
            return Err(error(
                "IncorrectState",
                format!(
                    "There is an existing association for instance {}",
                    self.instance_id
                ),
            ));
        }
        let arn = self.iam_instance_profile.found(&view)?.entity.arn.clone();
        let iam_instance_profile = shown(&view, &arn);
        if let Some(instance) = cx.cloud.instances.get_mut(&self.instance_id) {
            instance.profile = Some(arn);
        }
        Ok(ProfileAssociationAnswer {
            iam_instance_profile_association: ProfileAssociation {
                association_id: format!("iip-assoc-0{}", cx.effects.entropy.hex(8)),
                instance_id: self.instance_id,
                iam_instance_profile,
                state: "associated",
            },
        })
    }

    fn record(&self, _view: &View<'_>) -> Record {
        Record::of(event_value(self))
    }

    fn response_elements(output: &Self::Output) -> serde_json::Value {
        event_value(output)
    }
}
