//! The one table of operations.

use serde_json::Value;

use super::{cloudtrail, ec2, glue, iam, kms, lambda, organizations, rds, s3, sts};
use crate::api::{ApiError, Effects, Operation, OperationSpec, Response, Route, Service, perform};
use crate::base::nearest;
use crate::state::Cloud;
use crate::state::credential::Credentials;

/// One operation, callable with its input as JSON.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What is known of it without running it.
    pub spec: OperationSpec,
    input: fn() -> schemars::Schema,
    output: fn() -> schemars::Schema,
    invoke: fn(&mut Cloud, &mut Effects, &Credentials, &Route, Value) -> Response<Value>,
}

impl Entry {
    const fn of<O: Operation>() -> Self {
        Self {
            spec: O::SPEC,
            input: || schemars::schema_for!(O),
            output: || schemars::schema_for!(O::Output),
            invoke: invoke::<O>,
        }
    }

    /// The JSON schema of the input; its `description` is the operation's documentation.
    pub fn input_schema(&self) -> schemars::Schema {
        (self.input)()
    }

    /// The JSON schema of the output.
    pub fn output_schema(&self) -> schemars::Schema {
        (self.output)()
    }

    /// Makes the call.
    pub fn invoke(
        &self,
        cloud: &mut Cloud,
        effects: &mut Effects,
        credentials: &Credentials,
        route: &Route,
        input: Value,
    ) -> Response<Value> {
        (self.invoke)(cloud, effects, credentials, route, input)
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry({})", self.spec.action())
    }
}

fn invoke<O: Operation>(
    cloud: &mut Cloud,
    effects: &mut Effects,
    credentials: &Credentials,
    route: &Route,
    input: Value,
) -> Response<Value> {
    let response = perform(cloud, effects, credentials, route, decode::<O>(input));
    Response {
        result: response.result.and_then(|output| {
            serde_json::to_value(output).map_err(|error| {
                ApiError::new(O::SPEC.service, "InternalFailure", 500, error.to_string())
            })
        }),
        request_id: response.request_id,
        decisions: response.decisions,
        steps: response.steps,
    }
}

/// The typed input, or what is wrong with it, in words that name the member.
fn decode<O: Operation>(input: Value) -> Result<O, ApiError> {
    let input = if input.is_null() {
        Value::Object(serde_json::Map::new())
    } else {
        input
    };
    serde_json::from_value(input).map_err(|error| {
        let text = error.to_string();
        let quoted: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
        let message = match quoted.split_first() {
            Some((member, _)) if text.starts_with("missing field") => format!(
                "1 validation error detected: Value null at '{}' failed to satisfy constraint: \
                 Member must not be null",
                lower_first(member)
            ),
            Some((member, known)) if text.starts_with("unknown field") => {
                let hint = nearest(member, known.iter().copied())
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_else(|| format!("; its members are {}", known.join(", ")));
                format!("`{member}` is not a member of {}{hint}", O::SPEC.action())
            }
            _ => format!("the input of {} does not fit: {text}", O::SPEC.action()),
        };
        ApiError::validation(O::SPEC.service, message)
    })
}

fn lower_first(member: &str) -> String {
    let mut letters = member.chars();
    letters
        .next()
        .map(|c| c.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect()
}

/// The operation `name` of `service`.
///
/// # Errors
/// A sentence that names the nearest operation.
pub fn find(service: Service, name: &str) -> Result<&'static Entry, String> {
    let own = || {
        operations()
            .iter()
            .filter(move |e| e.spec.service == service)
    };
    own().find(|e| e.spec.name == name).ok_or_else(|| {
        let hint = nearest(name, own().map(|e| e.spec.name))
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        format!("`{name}` is not an operation of {service}{hint}")
    })
}

/// Every operation of the lab, service by service.
pub fn operations() -> &'static [Entry] {
    OPERATIONS
}

macro_rules! table {
    ($($operation:path),* $(,)?) => { &[$(Entry::of::<$operation>()),*] };
}

static OPERATIONS: &[Entry] = table![
    iam::CreateAccessKey,
    iam::DeleteAccessKey,
    iam::ListAccessKeys,
    iam::UpdateAccessKey,
    iam::GetAccessKeyLastUsed,
    iam::GetAccountAuthorizationDetails,
    iam::CreateAccountAlias,
    iam::DeleteAccountAlias,
    iam::GetAccountSummary,
    iam::ListAccountAliases,
    iam::AttachGroupPolicy,
    iam::AttachRolePolicy,
    iam::AttachUserPolicy,
    iam::DetachGroupPolicy,
    iam::DetachRolePolicy,
    iam::DetachUserPolicy,
    iam::ListAttachedGroupPolicies,
    iam::ListAttachedRolePolicies,
    iam::ListAttachedUserPolicies,
    iam::DeleteRolePermissionsBoundary,
    iam::DeleteUserPermissionsBoundary,
    iam::PutRolePermissionsBoundary,
    iam::PutUserPermissionsBoundary,
    iam::CreateGroup,
    iam::DeleteGroup,
    iam::GetGroup,
    iam::ListGroups,
    iam::DeleteGroupPolicy,
    iam::DeleteRolePolicy,
    iam::DeleteUserPolicy,
    iam::GetGroupPolicy,
    iam::GetRolePolicy,
    iam::GetUserPolicy,
    iam::ListGroupPolicies,
    iam::ListRolePolicies,
    iam::ListUserPolicies,
    iam::PutGroupPolicy,
    iam::PutRolePolicy,
    iam::PutUserPolicy,
    iam::CreatePolicy,
    iam::DeletePolicy,
    iam::GetPolicy,
    iam::ListPolicies,
    iam::ListEntitiesForPolicy,
    iam::AddUserToGroup,
    iam::RemoveUserFromGroup,
    iam::CreateRole,
    iam::DeleteRole,
    iam::GetRole,
    iam::ListRoles,
    iam::UpdateAssumeRolePolicy,
    iam::UpdateRole,
    iam::GetContextKeysForCustomPolicy,
    iam::GetContextKeysForPrincipalPolicy,
    iam::SimulateCustomPolicy,
    iam::SimulatePrincipalPolicy,
    iam::CreateOpenIDConnectProvider,
    iam::GetOpenIDConnectProvider,
    iam::ListOpenIDConnectProviders,
    iam::DeleteOpenIDConnectProvider,
    iam::AddClientIDToOpenIDConnectProvider,
    iam::RemoveClientIDFromOpenIDConnectProvider,
    iam::UpdateOpenIDConnectProviderThumbprint,
    iam::TagRole,
    iam::TagUser,
    iam::UntagRole,
    iam::UntagUser,
    iam::CreateInstanceProfile,
    iam::GetInstanceProfile,
    iam::ListInstanceProfiles,
    iam::ListInstanceProfilesForRole,
    iam::AddRoleToInstanceProfile,
    iam::RemoveRoleFromInstanceProfile,
    iam::DeleteInstanceProfile,
    iam::TagInstanceProfile,
    iam::UntagInstanceProfile,
    iam::ListInstanceProfileTags,
    iam::CreateUser,
    iam::DeleteUser,
    iam::GetUser,
    iam::ListUsers,
    iam::CreatePolicyVersion,
    iam::DeletePolicyVersion,
    iam::GetPolicyVersion,
    iam::ListPolicyVersions,
    iam::SetDefaultPolicyVersion,
    sts::AssumeRole,
    sts::AssumeRoleWithWebIdentity,
    sts::DecodeAuthorizationMessage,
    sts::GetCallerIdentity,
    sts::GetFederationToken,
    sts::GetSessionToken,
    kms::CreateKey,
    kms::DescribeKey,
    kms::ListKeys,
    kms::UpdateKeyDescription,
    kms::TagResource,
    kms::UntagResource,
    kms::ListResourceTags,
    kms::EnableKey,
    kms::DisableKey,
    kms::ScheduleKeyDeletion,
    kms::CancelKeyDeletion,
    kms::PutKeyPolicy,
    kms::GetKeyPolicy,
    kms::ListKeyPolicies,
    kms::GetParametersForImport,
    kms::ImportKeyMaterial,
    kms::DeleteImportedKeyMaterial,
    kms::ReplicateKey,
    kms::UpdatePrimaryRegion,
    kms::CreateAlias,
    kms::UpdateAlias,
    kms::DeleteAlias,
    kms::ListAliases,
    kms::Encrypt,
    kms::Decrypt,
    kms::ReEncrypt,
    kms::GenerateDataKey,
    kms::GenerateDataKeyWithoutPlaintext,
    kms::GenerateDataKeyPair,
    kms::GenerateDataKeyPairWithoutPlaintext,
    kms::GenerateRandom,
    kms::Sign,
    kms::Verify,
    kms::GetPublicKey,
    kms::DeriveSharedSecret,
    kms::Encapsulate,
    kms::Decapsulate,
    kms::GenerateMac,
    kms::VerifyMac,
    kms::EnableKeyRotation,
    kms::DisableKeyRotation,
    kms::GetKeyRotationStatus,
    kms::RotateKeyOnDemand,
    kms::ListKeyRotations,
    kms::CreateGrant,
    kms::ListGrants,
    kms::ListRetirableGrants,
    kms::RevokeGrant,
    kms::RetireGrant,
    s3::CreateBucket,
    s3::DeleteBucket,
    s3::HeadBucket,
    s3::ListBuckets,
    s3::GetBucketLocation,
    s3::PutBucketPolicy,
    s3::GetBucketPolicy,
    s3::DeleteBucketPolicy,
    s3::PutBucketEncryption,
    s3::GetBucketEncryption,
    s3::DeleteBucketEncryption,
    s3::PutBucketVersioning,
    s3::GetBucketVersioning,
    s3::PutBucketTagging,
    s3::GetBucketTagging,
    s3::DeleteBucketTagging,
    s3::PutPublicAccessBlock,
    s3::GetPublicAccessBlock,
    s3::DeletePublicAccessBlock,
    s3::GetBucketPolicyStatus,
    s3::GetBucketOwnershipControls,
    s3::PutObject,
    s3::GetObject,
    s3::HeadObject,
    s3::GetObjectAttributes,
    s3::PutObjectTagging,
    s3::GetObjectTagging,
    s3::DeleteObjectTagging,
    s3::DeleteObject,
    s3::DeleteObjects,
    s3::CopyObject,
    s3::ListObjectsV2,
    s3::ListObjects,
    s3::ListObjectVersions,
    s3::CreateMultipartUpload,
    s3::UploadPart,
    s3::UploadPartCopy,
    s3::CompleteMultipartUpload,
    s3::AbortMultipartUpload,
    s3::ListParts,
    s3::ListMultipartUploads,
    glue::CreateJob,
    glue::GetJob,
    glue::StartJobRun,
    organizations::CreateOrganization,
    organizations::DescribeOrganization,
    organizations::ListRoots,
    organizations::CreateAccount,
    organizations::DescribeCreateAccountStatus,
    organizations::ListAccounts,
    organizations::MoveAccount,
    organizations::CreateOrganizationalUnit,
    organizations::ListOrganizationalUnitsForParent,
    organizations::ListAccountsForParent,
    organizations::ListParents,
    organizations::EnablePolicyType,
    organizations::DisablePolicyType,
    organizations::CreatePolicy,
    organizations::UpdatePolicy,
    organizations::DescribePolicy,
    organizations::DeletePolicy,
    organizations::ListPolicies,
    organizations::AttachPolicy,
    organizations::DetachPolicy,
    organizations::ListPoliciesForTarget,
    organizations::ListTargetsForPolicy,
    ec2::CreateVpcEndpoint,
    ec2::ModifyVpcEndpoint,
    ec2::DescribeVpcEndpoints,
    ec2::DeleteVpcEndpoints,
    ec2::RunInstances,
    ec2::DescribeInstances,
    ec2::StopInstances,
    ec2::StartInstances,
    ec2::TerminateInstances,
    ec2::AssociateIamInstanceProfile,
    ec2::CreateVolume,
    ec2::DescribeVolumes,
    ec2::AttachVolume,
    ec2::DetachVolume,
    ec2::DeleteVolume,
    lambda::CreateFunction,
    lambda::GetFunction,
    lambda::ListFunctions,
    lambda::UpdateFunctionConfiguration,
    lambda::DeleteFunction,
    lambda::Invoke,
    rds::CreateDBInstance,
    rds::DescribeDBInstances,
    rds::StopDBInstance,
    rds::StartDBInstance,
    rds::DeleteDBInstance,
    cloudtrail::LookupEvents,
];
