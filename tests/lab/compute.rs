//! What runs, and KMS: grants that services use long after their maker has gone.

use keychai::state::credential::Credentials;
use serde_json::{Value, json};

use crate::bench::{AWAY, Bench, HOME, document, role_arn, text, trust};

/// An instance with a volume under a key of its own.
struct Scene {
    bench: Bench,
    key: String,
    instance: String,
    volume: String,
}

fn scene() -> Scene {
    let mut bench = Bench::new();
    let key = bench.key();
    let run = bench.ok(
        "ec2:RunInstances",
        json!({ "ImageId": "ami-12345678", "MinCount": 1, "MaxCount": 1 }),
    );
    let volume = bench.ok(
        "ec2:CreateVolume",
        json!({
            "AvailabilityZone": "us-east-1a", "Size": 8, "Encrypted": true, "KmsKeyId": key,
        }),
    );
    Scene {
        instance: text(&run, "/Instances/0/InstanceId"),
        volume: text(&volume, "/VolumeId"),
        bench,
        key,
    }
}

impl Scene {
    fn attach(&mut self) {
        let with = json!({
            "VolumeId": self.volume, "InstanceId": self.instance, "Device": "/dev/sdf",
        });
        self.bench.ok("ec2:AttachVolume", with);
    }

    fn power(&mut self, operation: &str) -> Value {
        let with = json!({ "InstanceIds": [self.instance] });
        self.bench.ok(operation, with)
    }

    fn grants(&mut self) -> Vec<Value> {
        let listed = self
            .bench
            .ok("kms:ListGrants", json!({ "KeyId": self.key }));
        listed["Grants"].as_array().unwrap().clone()
    }

    fn data_key_is_in_memory(&self) -> bool {
        let mut volumes = self.bench.lab.cloud().volumes.values();
        volumes.any(|v| v.attachment.as_ref().is_some_and(|a| a.data_key.is_some()))
    }
}

/// KMS Developer Guide, "How Amazon Elastic Block Store (Amazon EBS) uses AWS KMS".
#[test]
fn a_volume_is_attached_by_a_grant_for_the_infrastructure() {
    let mut scene = scene();
    assert!(scene.grants().is_empty());
    let before = scene.bench.event_count();
    scene.attach();
    let events = scene.bench.events_since(before);
    let names: Vec<&str> = events.iter().map(|e| e.event_name.as_str()).collect();
    assert_eq!(names, ["AttachVolume", "CreateGrant", "Decrypt"]);
    let (attach, grant, decrypt) = (&events[0], &events[1], &events[2]);
    let grantee = format!(
        "arn:aws:sts::{HOME}:assumed-role/aws:ec2-infrastructure/{}",
        scene.instance
    );
    assert_eq!(grant.request_parameters["granteePrincipal"], grantee);
    assert_eq!(
        grant.request_parameters["constraints"],
        json!({ "encryptionContextSubset": { "aws:ebs:id": scene.volume } })
    );
    assert_eq!(grant.user_identity["arn"], attach.user_identity["arn"]);
    assert_eq!(grant.user_identity["invokedBy"], "fas.ec2.amazonaws.com");
    assert_eq!(decrypt.user_identity["type"], "AssumedRole");
    assert_eq!(decrypt.user_identity["arn"], grantee);
    assert_eq!(decrypt.user_identity["invokedBy"], "ec2.amazonaws.com");
    assert_eq!(
        decrypt.request_parameters["encryptionContext"],
        json!({ "aws:ebs:id": scene.volume })
    );
    for event in [grant, decrypt] {
        assert_eq!(event.caused_by.as_ref(), Some(&attach.event_id));
    }
    let grants = scene.grants();
    assert_eq!(grants.len(), 1);
    assert_eq!(grants[0]["Operations"], json!(["Decrypt"]));
    assert!(scene.data_key_is_in_memory());
    let with = json!({ "VolumeId": scene.volume });
    scene.bench.ok("ec2:DetachVolume", with);
    assert!(scene.grants().is_empty() && !scene.data_key_is_in_memory());
}

/// KMS Developer Guide, "How unusable KMS keys affect data keys".
#[test]
fn a_revoked_grant_bites_at_the_next_start_and_not_before() {
    let mut scene = scene();
    scene.attach();
    let grant = text(&scene.grants()[0], "/GrantId");
    let with = json!({ "KeyId": scene.key, "GrantId": grant });
    scene.bench.ok("kms:RevokeGrant", with);
    assert!(scene.data_key_is_in_memory(), "what runs goes on");
    scene.power("ec2:StopInstances");
    assert!(!scene.data_key_is_in_memory());
    let answer = scene.power("ec2:StartInstances");
    assert_eq!(
        answer["StartingInstances"][0]["CurrentState"]["Name"],
        "stopped"
    );
    let shown = scene.bench.ok("ec2:DescribeInstances", json!({}));
    let reason = &shown["Reservations"][0]["Instances"][0]["StateReason"];
    assert_eq!(reason["Code"], "Client.InternalError");
    let event = scene.bench.events().pop().unwrap();
    assert_eq!(event.event_name, "DescribeInstances");
    let denied = scene.bench.events().into_iter().rev().nth(1).unwrap();
    assert!(denied.event_name == "Decrypt" && denied.is_denied());
}

#[test]
fn a_disabled_key_bites_at_the_next_start_and_heals() {
    let mut scene = scene();
    scene.attach();
    scene
        .bench
        .ok("kms:DisableKey", json!({ "KeyId": scene.key }));
    assert!(scene.data_key_is_in_memory());
    scene.power("ec2:StopInstances");
    let answer = scene.power("ec2:StartInstances");
    let state = "/StartingInstances/0/CurrentState/Name";
    assert_eq!(text(&answer, state), "stopped");
    scene
        .bench
        .ok("kms:EnableKey", json!({ "KeyId": scene.key }));
    let answer = scene.power("ec2:StartInstances");
    assert_eq!(text(&answer, state), "running");
    assert!(scene.data_key_is_in_memory());
}

/// The grants of a key under which an instance is launched with two volumes,
/// where KMS refuses `refused`'s key to the second.
fn grants_after_a_failed_launch(bench: &mut Bench, key: &str, refused: &str) -> (Value, usize) {
    let volume = |device: &str, key: &str| {
        json!({
            "DeviceName": device, "Ebs": { "Encrypted": true, "KmsKeyId": key },
        })
    };
    let with = json!({
        "ImageId": "ami-12345678", "MinCount": 1, "MaxCount": 1,
        "BlockDeviceMappings": [volume("/dev/sdf", key), volume("/dev/sdg", refused)],
    });
    let run = bench.ok("ec2:RunInstances", with);
    let live = [key, refused].map(|key| {
        let listed = bench.ok("kms:ListGrants", json!({ "KeyId": key }));
        listed["Grants"].as_array().unwrap().len()
    });
    (run, live.iter().sum())
}

/// KMS Developer Guide, "How Amazon EBS uses AWS KMS": the grant ends with the
/// attachment.
#[test]
fn an_instance_that_cannot_be_launched_leaves_no_grants_and_no_volumes() {
    let no_data_key = |bench: &mut Bench, key: &str| {
        bench.ok("kms:DisableKey", json!({ "KeyId": key }));
    };
    let no_decryption = |bench: &mut Bench, key: &str| {
        let all = json!({
            "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{HOME}:root") },
            "Action": "kms:*", "Resource": "*",
        });
        let none = json!({
            "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*",
        });
        bench.set_key_policy(key, &[all, none]);
    };
    let refusals: [fn(&mut Bench, &str); 2] = [no_data_key, no_decryption];
    for refuse in refusals {
        let mut bench = Bench::new();
        let (key, refused) = (bench.key(), bench.key());
        refuse(&mut bench, &refused);
        let before = bench.event_count();
        let (run, live) = grants_after_a_failed_launch(&mut bench, &key, &refused);
        assert_eq!(text(&run, "/Instances/0/State/Name"), "terminated");
        let events = bench.events_since(before);
        let count = |name: &str| events.iter().filter(|e| e.event_name == name).count();
        assert!(count("CreateGrant") > 0, "{events:?}");
        assert_eq!(count("CreateGrant"), count("RetireGrant"));
        assert_eq!(live, 0);
        assert_eq!(bench.lab.cloud().volumes.size(), 0);
    }
}

/// KMS Developer Guide, "AWS KMS condition keys", `kms:GrantIsForAWSResource`.
#[test]
fn whoever_attaches_needs_create_grant_for_an_aws_resource_only() {
    let mut scene = scene();
    let alice = scene.bench.user("alice");
    scene.bench.allow("alice", json!("ec2:*"));
    let with = json!({
        "VolumeId": scene.volume, "InstanceId": scene.instance, "Device": "/dev/sdf",
    });
    let attach = |scene: &mut Scene, who: &Credentials| {
        scene.bench.call(who, "ec2:AttachVolume", with.clone())
    };
    let error = attach(&mut scene, &alice).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("UnauthorizedOperation", 403)
    );
    assert!(error.message.contains("kms:CreateGrant"), "{error}");
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "kms:CreateGrant", "Resource": scene.key,
            "Condition": { "Bool": { "kms:GrantIsForAWSResource": "true" } },
        }],
    });
    scene.bench.ok(
        "iam:PutUserPolicy",
        json!({
            "UserName": "alice", "PolicyName": "grants", "PolicyDocument": document.to_string(),
        }),
    );
    attach(&mut scene, &alice).unwrap();
    let own = json!({
        "KeyId": scene.key, "GranteePrincipal": format!("arn:aws:iam::{HOME}:user/alice"),
        "Operations": ["Decrypt"],
    });
    assert!(scene.bench.call(&alice, "kms:CreateGrant", own).is_err());
}

/// EC2 User Guide, "IAM roles for Amazon EC2".
#[test]
fn an_instance_acts_as_its_role_in_a_session_of_its_own_name() {
    let mut bench = Bench::new();
    let service = json!({ "Service": "ec2.amazonaws.com" });
    bench.ok(
        "iam:CreateRole",
        json!({ "RoleName": "app", "AssumeRolePolicyDocument": trust(service) }),
    );
    bench.role_policy("app", "all", document("Allow", json!("s3:*"), json!("*")));
    bench.ok(
        "iam:CreateInstanceProfile",
        json!({ "InstanceProfileName": "web" }),
    );
    bench.ok(
        "iam:AddRoleToInstanceProfile",
        json!({ "InstanceProfileName": "web", "RoleName": "app" }),
    );
    let run = bench.ok(
        "ec2:RunInstances",
        json!({
            "ImageId": "ami-12345678", "MinCount": 1, "MaxCount": 1,
            "IamInstanceProfile": { "Name": "web" },
        }),
    );
    let id = text(&run, "/Instances/0/InstanceId");
    let session = bench.lab.instance_session(&id).unwrap().1;
    bench.call(&session, "s3:ListBuckets", json!({})).unwrap();
    let identity = bench.events().pop().unwrap().user_identity;
    assert_eq!(
        identity["arn"],
        format!("arn:aws:sts::{HOME}:assumed-role/app/{id}")
    );
    assert_eq!(identity["sessionContext"]["ec2RoleDelivery"], "2.0");
    bench.ok(
        "iam:UpdateAssumeRolePolicy",
        json!({
            "RoleName": "app",
            "PolicyDocument": trust(json!({ "Service": "lambda.amazonaws.com" })),
        }),
    );
    let error = bench.lab.instance_session(&id).unwrap_err();
    assert_eq!(error.code, "AccessDenied", "{}", role_arn("app"));
}

#[test]
fn nobody_reaches_the_instances_and_volumes_of_another_account() {
    let mut scene = scene();
    let away = scene.bench.away.clone();
    for (operation, with) in [
        (
            "ec2:StopInstances",
            json!({ "InstanceIds": [scene.instance] }),
        ),
        ("ec2:DeleteVolume", json!({ "VolumeId": scene.volume })),
    ] {
        let error = scene.bench.call(&away, operation, with).unwrap_err();
        assert!(error.code.ends_with(".NotFound"), "{AWAY}: {error}");
    }
}
