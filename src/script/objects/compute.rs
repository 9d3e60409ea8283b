//! What runs as a role: EC2 instances with their volumes, Lambda functions, and
//! RDS databases.

use rhai::{Dynamic, Map};
use serde_json::{Value, json};

use super::arguments::{Options, at, invalid, text};
use super::client::{Client, Ec2, Fallible, Lambda, Rds, ServiceObject as _, account_of};
use super::session::{Origin, Session, role_arn};
use crate::api::{ApiError, Service};
use crate::base::Arn;
use crate::script::Registry;

/// An image; the lab has none, so any will do.
const IMAGE: &str = "ami-0a1b2c3d4e5f67890";

/// An EC2 instance.
#[derive(Clone, Debug)]
pub struct Instance {
    client: Client,
    id: String,
}

/// An EBS volume.
#[derive(Clone, Debug)]
pub struct Volume {
    client: Client,
    id: String,
}

/// A Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    client: Client,
    arn: String,
}

/// An RDS database.
#[derive(Clone, Debug)]
pub struct Database {
    client: Client,
    id: String,
}

impl Instance {
    /// Launches an instance; with a role, through an instance profile of its name.
    fn launch(client: &Client, role: Option<Dynamic>) -> Fallible<Self> {
        let mut members = json!({ "ImageId": IMAGE, "MinCount": 1, "MaxCount": 1 });
        if let Some(role) = role {
            let role = role_arn(client, role)?;
            let name = role.base_name();
            ensure_profile(client, name)?;
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

    fn fact(&self, pointer: &str) -> Fallible<Option<String>> {
        let members = json!({ "InstanceIds": [self.id] });
        let shown = self
            .client
            .call(Service::Ec2, "DescribeInstances", members)?;
        let fact = shown.pointer(&format!("/Reservations/0/Instances/0/{pointer}"));
        Ok(fact.and_then(Value::as_str).map(str::to_owned))
    }

    fn power(&self, operation: &str) -> Fallible<Self> {
        let members = json!({ "InstanceIds": [self.id] });
        self.client.call(Service::Ec2, operation, members)?;
        Ok(self.clone())
    }

    fn attach(&self, volume: Dynamic, device: &str) -> Fallible<Self> {
        let members = json!({
            "InstanceId": self.id, "VolumeId": text(volume, "a volume")?, "Device": device,
        });
        self.client.call(Service::Ec2, "AttachVolume", members)?;
        Ok(self.clone())
    }

    fn session(&self) -> Fallible<Session> {
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

/// The instance profile `name` with the role of that name, made where it is missing.
fn ensure_profile(client: &Client, name: &str) -> Fallible<()> {
    let account = account_of(client);
    let is_known = client.lab.read(|lab| {
        let account = account.and_then(|id| lab.cloud().accounts.get(&id));
        account.is_some_and(|account| account.instance_profile(name).is_some())
    });
    if is_known {
        return Ok(());
    }
    client.lab.together(|| {
        let profile = json!({ "InstanceProfileName": name });
        client.call(Service::Iam, "CreateInstanceProfile", profile)?;
        let both = json!({ "InstanceProfileName": name, "RoleName": name });
        client.call(Service::Iam, "AddRoleToInstanceProfile", both)
    })?;
    Ok(())
}

impl Volume {
    fn create(client: &Client, key: Option<Dynamic>) -> Fallible<Self> {
        let key = key.map(|key| text(key, "a key")).transpose()?;
        let region = client.lab.read(|lab| lab.cloud().region.clone());
        let members = json!({
            "AvailabilityZone": format!("{region}a"), "Size": 8, "Encrypted": true,
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

    fn state(&self) -> Fallible<String> {
        let members = json!({ "VolumeIds": [self.id] });
        let shown = self.client.call(Service::Ec2, "DescribeVolumes", members)?;
        Ok(at(&shown, "/Volumes/0/State"))
    }

    fn call(&self, operation: &str) -> Fallible<Self> {
        let members = json!({ "VolumeId": self.id });
        self.client.call(Service::Ec2, operation, members)?;
        Ok(self.clone())
    }
}

impl Function {
    fn create(client: &Client, name: &str, role: Dynamic, options: Map) -> Fallible<Self> {
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

    fn invoke(&self) -> Fallible<Session> {
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

    fn name(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or_default()
    }
}

impl Database {
    fn create(client: &Client, id: &str, key: Option<Dynamic>) -> Fallible<Self> {
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

    fn call(&self, operation: &str, mut members: Value) -> Fallible<Value> {
        if let Some(members) = members.as_object_mut() {
            members.insert("DBInstanceIdentifier".into(), self.id.as_str().into());
        }
        self.client.call(Service::Rds, operation, members)
    }

    fn status(&self) -> Fallible<String> {
        let shown = self.call("DescribeDBInstances", json!({}))?;
        Ok(at(&shown, "/DBInstances/0/DBInstanceStatus"))
    }
}

/// Registers all of them.
pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .type_named::<Instance>("Instance", "An EC2 instance.")
        .type_named::<Volume>("Volume", "An encrypted EBS volume.")
        .type_named::<Function>("Function", "A Lambda function.")
        .type_named::<Database>("Database", "An RDS database with encrypted storage.")
        .brief(|instance: &Instance| format!("Instance {}", instance.id))
        .brief(|volume: &Volume| format!("Volume {}", volume.id))
        .brief(|function: &Function| format!("Function {}", function.name()))
        .brief(|database: &Database| format!("Database {}", database.id));
    launching(registry);
    instances(registry);
    volumes(registry);
    functions(registry);
    databases(registry);
}

const APP: &str = "let app = iam.create_role(\"App\", #{ trust: \"ec2.amazonaws.com\" });\n";
const SCENE: &str =
    "let box = ec2.launch();\nlet volume = ec2.encrypted_volume(kms.create_key(\"disks\"));\n";
const REPORT: &str = "let runner = iam.create_role(\"Runner\", #{ trust: \"lambda.amazonaws.com\" });\nlet report = lambda.create(\"report\", runner, #{ environment: #{ MODE: \"test\" } });\n";
const PAY: &str = "let pay = rds.create(\"pay\", kms.create_key(\"pay\"));\n";

fn launching(registry: &mut Registry<'_>) {
    let doc = "Launches an instance (RunInstances).";
    registry
        .method::<Ec2>("launch")
        .returns("Instance")
        .doc(doc)
        .example("ec2.launch().state")
        .register(|ec2: &mut Ec2| Instance::launch(ec2.client(), None));
    registry
        .method::<Ec2>("launch")
        .param("role", "Role")
        .returns("Instance")
        .doc(&format!(
            "{doc} It acts as the role, through an instance profile of the role's name, which is \
             made if it is missing. Needs `iam:PassRole`."
        ))
        .example(&format!("{APP}ec2.launch(app)"))
        .register(|ec2: &mut Ec2, role: Dynamic| Instance::launch(ec2.client(), Some(role)));
    let doc = "Makes an encrypted volume of 8 GiB (CreateVolume), whose data key KMS makes as the caller.";
    registry
        .method::<Ec2>("encrypted_volume")
        .returns("Volume")
        .doc(&format!("{doc} Its key is `alias/aws/ebs`."))
        .example("ec2.encrypted_volume()")
        .register(|ec2: &mut Ec2| Volume::create(ec2.client(), None));
    registry
        .method::<Ec2>("encrypted_volume")
        .param("key", "Key")
        .returns("Volume")
        .doc(doc)
        .example(SCENE)
        .register(|ec2: &mut Ec2, key: Dynamic| Volume::create(ec2.client(), Some(key)));
}

fn instances(registry: &mut Registry<'_>) {
    registry
        .property::<Instance>("id")
        .returns("string")
        .doc("Its id, which names its sessions and the grantee of its grants.")
        .example("ec2.launch().id")
        .register(|instance: &mut Instance| instance.id.clone());
    for (name, pointer, doc) in [
        (
            "state",
            "State/Name",
            "`running`, `stopped` or `terminated`.",
        ),
        (
            "reason",
            "StateReason/Code",
            "Why EC2 stopped it, such as `Client.InternalError`; `()` otherwise.",
        ),
    ] {
        registry
            .property::<Instance>(name)
            .returns("string")
            .doc(doc)
            .example(&format!("ec2.launch().{name}"))
            .register(move |instance: &mut Instance| -> Fallible<Dynamic> {
                let fact = instance.fact(pointer)?;
                Ok(fact.map_or(Dynamic::UNIT, Dynamic::from))
            });
    }
    for (name, operation, doc) in [
        (
            "start",
            "StartInstances",
            "Starts it; it stays stopped where KMS refuses a volume's key.",
        ),
        (
            "stop",
            "StopInstances",
            "Stops it; data keys leave its memory, grants stay.",
        ),
        (
            "terminate",
            "TerminateInstances",
            "Ends it; its volumes are detached.",
        ),
    ] {
        registry
            .method::<Instance>(name)
            .returns("Instance")
            .doc(doc)
            .example(&format!("ec2.launch().{name}().state"))
            .register(move |instance: &mut Instance| instance.power(operation));
    }
    registry
        .method::<Instance>("session")
        .returns("Session")
        .doc("The session that programs on it find: of its role, named by its id. The role must trust EC2.")
        .example(&format!("{APP}app.allow(\"s3:ListAllMyBuckets\", \"*\");\nec2.launch(app).session().s3.list_buckets()"))
        .register(|instance: &mut Instance| instance.session());
    registry
        .method::<Instance>("attach")
        .param("volume", "Volume")
        .returns("Instance")
        .doc("Attaches a volume (AttachVolume). EC2 makes a grant as the caller, by which the instance's infrastructure decrypts the data key.")
        .example(&format!("{SCENE}box.attach(volume)"))
        .register(|instance: &mut Instance, volume: Dynamic| instance.attach(volume, "/dev/sdf"));
}

fn volumes(registry: &mut Registry<'_>) {
    registry
        .property::<Volume>("id")
        .returns("string")
        .doc("Its id, which KMS sees as `aws:ebs:id` in the encryption context.")
        .example(&format!("{SCENE}volume.id"))
        .register(|volume: &mut Volume| volume.id.clone());
    registry
        .property::<Volume>("state")
        .returns("string")
        .doc("`available` or `in-use`.")
        .example(&format!("{SCENE}volume.state"))
        .register(|volume: &mut Volume| volume.state());
    registry
        .method::<Volume>("detach")
        .returns("Volume")
        .doc("Detaches it: its data key leaves the memory of the host, its grant is retired.")
        .example(&format!(
            "{SCENE}box.attach(volume);\nvolume.detach().state"
        ))
        .register(|volume: &mut Volume| volume.call("DetachVolume"));
    registry
        .method::<Volume>("delete")
        .doc("Deletes it; it must not be attached.")
        .example(&format!("{SCENE}volume.delete()"))
        .register(|volume: &mut Volume| volume.call("DeleteVolume").map(drop));
}

fn functions(registry: &mut Registry<'_>) {
    let doc = "Makes a function that runs as a role (CreateFunction). Needs `iam:PassRole`, and the role must trust Lambda.";
    registry
        .method::<Lambda>("create")
        .param("name", "string")
        .param("role", "Role")
        .returns("Function")
        .doc(doc)
        .example("lambda.create(\"plain\", iam.create_role(\"Runner\", #{ trust: \"lambda.amazonaws.com\" }))")
        .register(|lambda: &mut Lambda, name: &str, role: Dynamic| {
            Function::create(lambda.client(), name, role, Map::new())
        });
    registry
        .method::<Lambda>("create")
        .param("name", "string")
        .param("role", "Role")
        .param("options", "map")
        .returns("Function")
        .doc(&format!(
            "{doc} Options: `environment` (variables, encrypted at rest under a grant to the role), \
             `key` (for them; `alias/aws/lambda` by default)."
        ))
        .example(REPORT)
        .register(|lambda: &mut Lambda, name: &str, role: Dynamic, options: Map| {
            Function::create(lambda.client(), name, role, options)
        });
    registry
        .property::<Function>("arn")
        .returns("string")
        .doc("Its ARN.")
        .example(&format!("{REPORT}report.arn"))
        .register(|function: &mut Function| function.arn.clone());
    registry
        .method::<Function>("invoke")
        .returns("Session")
        .doc("Runs it (Invoke): Lambda assumes the role and decrypts the environment as the role. The session in which the function acts, named by the function.")
        .example(&format!("{REPORT}report.invoke().whoami()"))
        .register(|function: &mut Function| function.invoke());
}

fn databases(registry: &mut Registry<'_>) {
    let doc = "Makes a database with encrypted storage (CreateDBInstance). The caller needs only `kms:DescribeKey` and `kms:CreateGrant`: RDS uses the key by the grant.";
    registry
        .method::<Rds>("create")
        .param("identifier", "string")
        .returns("Database")
        .doc(&format!("{doc} Its key is `alias/aws/rds`."))
        .example("rds.create(\"pay\").status")
        .register(|rds: &mut Rds, id: &str| Database::create(rds.client(), id, None));
    registry
        .method::<Rds>("create")
        .param("identifier", "string")
        .param("key", "Key")
        .returns("Database")
        .doc(doc)
        .example(PAY)
        .register(|rds: &mut Rds, id: &str, key: Dynamic| {
            Database::create(rds.client(), id, Some(key))
        });
    registry
        .property::<Database>("status")
        .returns("string")
        .doc("`available`, `stopped`, `inaccessible-encryption-credentials` or `…-recoverable`.")
        .example(&format!("{PAY}pay.status"))
        .register(|database: &mut Database| database.status());
    for (name, operation, before, doc) in [
        (
            "stop",
            "StopDBInstance",
            "",
            "Stops it; the data key leaves its memory, the grant stays.",
        ),
        (
            "start",
            "StartDBInstance",
            "pay.stop();\n",
            "Starts it; RDS decrypts the data key by its grant.",
        ),
    ] {
        registry
            .method::<Database>(name)
            .returns("Database")
            .doc(doc)
            .example(&format!("{PAY}{before}pay.{name}().status"))
            .register(move |database: &mut Database| -> Fallible<Database> {
                database.call(operation, json!({}))?;
                Ok(database.clone())
            });
    }
    registry
        .method::<Database>("delete")
        .doc("Deletes it without a snapshot, and its grant.")
        .example(&format!("{PAY}pay.delete()"))
        .register(|database: &mut Database| {
            let members = json!({ "SkipFinalSnapshot": true });
            database.call("DeleteDBInstance", members).map(drop)
        });
}
