//! What scripts can do with instances, volumes, functions and databases.

use rhai::{Dynamic, Map};
use serde_json::json;

use super::client::{Ec2, Fallible, Lambda, Rds, ServiceObject as _};
use super::compute::{Database, Function, Instance, Volume};
use crate::script::Registry;

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
