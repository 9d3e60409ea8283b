//! What runs as a role: EC2 instances with their volumes, Lambda functions, and
//! RDS databases.

use rhai::{Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::{Options, at, invalid, text};
use super::client::{Client, Fallible, account_of};
use super::origin::Origin;
use super::session::{Session, role_arn};
use crate::api::{ApiError, Service};
use crate::base::Arn;

/// An image; the lab has none, so any will do.
const IMAGE: &str = "ami-0a1b2c3d4e5f67890";

/// An EC2 instance.
#[derive(Clone, Debug)]
pub struct Instance {
    client: Client,
    pub(super) id: String,
}

/// An EBS volume.
#[derive(Clone, Debug)]
pub struct Volume {
    client: Client,
    pub(super) id: String,
}

/// A Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    client: Client,
    pub(super) arn: String,
}

/// An RDS database.
#[derive(Clone, Debug)]
pub struct Database {
    client: Client,
    pub(super) id: String,
}

impl Instance {
    /// Launches an instance; with a role, through an instance profile of its name.
    pub(super) fn launch(client: &Client, role: Option<Dynamic>) -> Fallible<Self> {
        let mut members = json!({ "ImageId": IMAGE, "MinCount": 1, "MaxCount": 1 });
        if let Some(role) = role {
            let role = role_arn(client, role)?;
            let name = role.base_name();
            ensure_profile(client, &role)?;
            if let Some(members) = members.as_object_mut() {
                members.insert("IamInstanceProfile".into(), json!({ "Name": name }));
            }
        }
        let run = client.call(Service::Ec2, "RunInstances", members)?;
        Ok(Self {
            client: client.clone(),
            id: at(&run, "/Instances/0/InstanceId"),
        })
    }

    /// Its id, by which AWS's members take it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn fact(&self, pointer: &str) -> Fallible<Option<String>> {
        let members = json!({ "InstanceIds": [self.id] });
        let shown = self
            .client
            .call(Service::Ec2, "DescribeInstances", members)?;
        let fact = shown.pointer(&format!("/Reservations/0/Instances/0/{pointer}"));
        Ok(fact.and_then(Value::as_str).map(str::to_owned))
    }

    pub(super) fn power(&self, operation: &str) -> Fallible<Self> {
        let members = json!({ "InstanceIds": [self.id] });
        self.client.call(Service::Ec2, operation, members)?;
        Ok(self.clone())
    }

    pub(super) fn attach(&self, volume: Dynamic, device: &str) -> Fallible<Self> {
        let members = json!({
            "InstanceId": self.id, "VolumeId": text(volume, "a volume")?, "Device": device,
        });
        self.client.call(Service::Ec2, "AttachVolume", members)?;
        Ok(self.clone())
    }

    pub(super) fn session(&self) -> Fallible<Session> {
        let origin = Origin::Running {
            service: Service::Ec2,
            name: self.id.as_str().into(),
            what: self.id.as_str().into(),
            find: |lab, id| lab.write(|lab| lab.instance_session(id)),
        };
        let profile = self.fact("IamInstanceProfile/Arn")?;
        let role = self.client.lab.read(|lab| {
            let profile = Arn::parse(&profile?).ok()?;
            let account = lab.cloud().account_of(&profile)?;
            let profile = account.instance_profile(profile.base_name())?;
            Some(account.role_in(profile)?.entity.arn.clone())
        });
        let role = role.ok_or_else(|| invalid("the instance has no role: launch it with one"))?;
        Session::begin(self.client.lab.clone(), origin, role)
    }
}

/// The instance profile that has the role's name, with the role in it; what is
/// missing is made.
///
/// # Errors
/// If the instance profile of that name holds another role, or what IAM answers.
fn ensure_profile(client: &Client, role: &Arn) -> Fallible<()> {
    let name = role.base_name();
    let account = account_of(client);
    let known = client.lab.read(|lab| {
        let account = lab.cloud().accounts.get(&account?)?;
        let profile = account.instance_profile(name)?;
        let held = account.role_in(profile);
        Some(held.map(|role| role.entity.arn.clone()))
    });
    if let Some(Some(held)) = &known {
        return match held == role {
            true => Ok(()),
            false => Err(invalid(format!(
                "the instance profile `{name}` holds the role `{}`, not `{name}`: an instance \
                 launched with it would act as that role",
                held.base_name()
            ))),
        };
    }
    client.lab.together(|| {
        if known.is_none() {
            let profile = json!({ "InstanceProfileName": name });
            client.call(Service::Iam, "CreateInstanceProfile", profile)?;
        }
        let both = json!({ "InstanceProfileName": name, "RoleName": name });
        client.call(Service::Iam, "AddRoleToInstanceProfile", both)
    })?;
    Ok(())
}

impl Volume {
    pub(super) fn create(client: &Client, key: Option<Dynamic>) -> Fallible<Self> {
        let key = key.map(|key| text(key, "a key")).transpose()?;
        let members = json!({
            "AvailabilityZone": format!("{}a", client.region()), "Size": 8, "Encrypted": true,
            "KmsKeyId": key,
        });
        let made = client.call(Service::Ec2, "CreateVolume", members)?;
        Ok(Self {
            client: client.clone(),
            id: at(&made, "/VolumeId"),
        })
    }

    /// Its id, by which AWS's members take it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn state(&self) -> Fallible<String> {
        let members = json!({ "VolumeIds": [self.id] });
        let shown = self.client.call(Service::Ec2, "DescribeVolumes", members)?;
        Ok(at(&shown, "/Volumes/0/State"))
    }

    pub(super) fn call(&self, operation: &str) -> Fallible<Self> {
        let members = json!({ "VolumeId": self.id });
        self.client.call(Service::Ec2, operation, members)?;
        Ok(self.clone())
    }
}

impl Function {
    pub(super) fn create(
        client: &Client,
        name: &str,
        role: Dynamic,
        options: Map,
    ) -> Fallible<Self> {
        let options = Options::new("create", options, &["environment", "key"])?;
        let mut members = json!({
            "FunctionName": name, "Role": role_arn(client, role)?, "Code": {},
            "KMSKeyArn": options.text("key")?,
        });
        let variables = options.text_map("environment")?;
        if let (Some(variables), Some(members)) = (variables, members.as_object_mut()) {
            members.insert("Environment".into(), json!({ "Variables": variables }));
        }
        let made = client.call(Service::Lambda, "CreateFunction", members)?;
        Ok(Self {
            client: client.clone(),
            arn: at(&made, "/FunctionArn"),
        })
    }

    pub(super) fn invoke(&self) -> Fallible<Session> {
        let members = json!({ "FunctionName": self.arn });
        self.client.call(Service::Lambda, "Invoke", members)?;
        let arn = Arn::parse(&self.arn).map_err(|e| invalid(e.to_string()))?;
        let run = self.client.lab.read(|lab| lab.function_session(&arn));
        let (role, _) = run.map_err(|e| invalid(e.message))?;
        let origin = Origin::Running {
            service: Service::Lambda,
            name: self.name().into(),
            what: self.arn.as_str().into(),
            find: |lab, arn| match Arn::parse(arn) {
                Ok(arn) => lab.read(|lab| lab.function_session(&arn)),
                Err(error) => Err(ApiError::validation(Service::Lambda, error.to_string())),
            },
        };
        Session::begin(self.client.lab.clone(), origin, role)
    }

    pub(super) fn name(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or_default()
    }
}

impl Database {
    pub(super) fn create(client: &Client, id: &str, key: Option<Dynamic>) -> Fallible<Self> {
        let key = key.map(|key| text(key, "a key")).transpose()?;
        let members = json!({
            "DBInstanceIdentifier": id, "DBInstanceClass": "db.t3.micro", "Engine": "postgres",
            "StorageEncrypted": true, "KmsKeyId": key,
        });
        client.call(Service::Rds, "CreateDBInstance", members)?;
        Ok(Self {
            client: client.clone(),
            id: id.to_owned(),
        })
    }

    pub(super) fn call(&self, operation: &str, mut members: Value) -> Fallible<Value> {
        if let Some(members) = members.as_object_mut() {
            members.insert("DBInstanceIdentifier".into(), self.id.as_str().into());
        }
        self.client.call(Service::Rds, operation, members)
    }

    pub(super) fn status(&self) -> Fallible<String> {
        let shown = self.call("DescribeDBInstances", json!({}))?;
        Ok(at(&shown, "/DBInstances/0/DBInstanceStatus"))
    }
}
