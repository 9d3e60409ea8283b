//! Principals of stored policies: bound to unique ids, dead once the entity is.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal"; cases KMS-25
//! and KMS-26 of `tests/cases/decisions.json`.

use keychai::authz::Model;
use keychai::state::credential::Credentials;
use serde_json::{Value, json};

use crate::bench::{Bench, HOME};

fn user_arn(name: &str) -> String {
    format!("arn:aws:iam::{HOME}:user/{name}")
}

fn kill(bench: &mut Bench, name: &str, who: &Credentials) {
    let key = who.access_key_id.as_str();
    bench.ok(
        "iam:DeleteAccessKey",
        json!({ "UserName": name, "AccessKeyId": key }),
    );
    bench.ok("iam:DeleteUser", json!({ "UserName": name }));
}

fn document(statements: Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

/// The three policies that name ann, and what each lets her do.
struct Stored {
    bench: Bench,
    key: String,
}

const READ: [(&str, &str); 3] = [
    ("trust", "sts:AssumeRole"),
    ("key", "kms:Encrypt"),
    ("bucket", "s3:ListObjectsV2"),
];

impl Stored {
    /// A lab under the model `aws`, in which the key policy alone lets ann in.
    fn naming(name: &str) -> (Self, Credentials) {
        let mut bench = Bench::with(Model::Aws, 7);
        let who = bench.user(name);
        let key = bench.key();
        bench.bucket("lab-bucket");
        bench.ok("iam:CreateRole", json!({ "RoleName": "app", "AssumeRolePolicyDocument":
            document(json!({ "Effect": "Allow", "Principal": { "AWS": user_arn(name) }, "Action": "sts:AssumeRole" })) }));
        let mut stored = Self { bench, key };
        stored.save(name);
        (stored, who)
    }

    fn save(&mut self, name: &str) {
        let ann = user_arn(name);
        let trust = document(
            json!({ "Effect": "Allow", "Principal": { "AWS": ann }, "Action": "sts:AssumeRole" }),
        );
        self.bench.ok(
            "iam:UpdateAssumeRolePolicy",
            json!({ "RoleName": "app", "PolicyDocument": trust }),
        );
        let key = document(json!([
            { "Effect": "Allow", "Principal": { "AWS": HOME }, "Action": "kms:*", "Resource": "*" },
            { "Effect": "Allow", "Principal": { "AWS": ann }, "Action": "kms:Encrypt", "Resource": "*" },
        ]));
        self.bench.ok(
            "kms:PutKeyPolicy",
            json!({ "KeyId": self.key, "Policy": key }),
        );
        let bucket = document(json!({
            "Effect": "Allow", "Principal": { "AWS": [ann] }, "Action": "s3:ListBucket",
            "Resource": "arn:aws:s3:::lab-bucket",
        }));
        self.bench.ok(
            "s3:PutBucketPolicy",
            json!({ "Bucket": "lab-bucket", "Policy": bucket }),
        );
    }

    fn may(&mut self, who: &Credentials) -> Vec<bool> {
        let inputs = [
            json!({ "RoleArn": format!("arn:aws:iam::{HOME}:role/app"), "RoleSessionName": "s1" }),
            json!({ "KeyId": self.key, "Plaintext": crate::bench::blob("x") }),
            json!({ "Bucket": "lab-bucket" }),
        ];
        READ.iter()
            .zip(inputs)
            .map(|((_, operation), input)| self.bench.call(who, operation, input).is_ok())
            .collect()
    }

    /// The policies as they read back.
    fn shown(&mut self) -> [String; 3] {
        let role = self.bench.ok("iam:GetRole", json!({ "RoleName": "app" }));
        let key = self
            .bench
            .ok("kms:GetKeyPolicy", json!({ "KeyId": self.key }));
        let bucket = self
            .bench
            .ok("s3:GetBucketPolicy", json!({ "Bucket": "lab-bucket" }));
        [
            &role["Role"]["AssumeRolePolicyDocument"],
            &key["Policy"],
            &bucket["Policy"],
        ]
        .map(|text| text.as_str().unwrap().to_owned())
    }
}

#[test]
fn a_recreated_user_stays_a_stranger_until_the_policies_are_saved_again() {
    let (mut stored, ann) = Stored::naming("ann");
    assert_eq!(stored.may(&ann), [true; 3]);
    assert!(
        stored
            .shown()
            .iter()
            .all(|text| text.contains(&user_arn("ann")))
    );
    let id = stored.bench.ok("iam:GetUser", json!({ "UserName": "ann" }));
    let id = id["User"]["UserId"].as_str().unwrap().to_owned();

    kill(&mut stored.bench, "ann", &ann);
    for text in stored.shown() {
        assert!(id.starts_with("AIDA") && text.contains(&id), "{text}");
        assert!(!text.contains(&user_arn("ann")), "{text}");
    }

    let again = stored.bench.user("ann");
    assert_eq!(stored.may(&again), [false; 3]);
    assert!(stored.shown().iter().all(|text| text.contains(&id)));

    stored.save("ann");
    assert_eq!(stored.may(&again), [true; 3]);
    assert!(
        stored
            .shown()
            .iter()
            .all(|text| text.contains(&user_arn("ann")))
    );
}

#[test]
fn a_dead_id_read_back_cannot_be_saved_again() {
    let (mut stored, ann) = Stored::naming("ann");
    kill(&mut stored.bench, "ann", &ann);
    let [trust, key, bucket] = stored.shown();
    for (operation, input) in [
        (
            "iam:UpdateAssumeRolePolicy",
            json!({ "RoleName": "app", "PolicyDocument": trust }),
        ),
        (
            "kms:PutKeyPolicy",
            json!({ "KeyId": stored.key, "Policy": key }),
        ),
        (
            "s3:PutBucketPolicy",
            json!({ "Bucket": "lab-bucket", "Policy": bucket }),
        ),
    ] {
        let error = stored.bench.fails(operation, input);
        assert!(
            error.message.contains("nvalid principal"),
            "{operation}: {error}"
        );
    }
}

#[test]
fn an_account_number_reads_back_as_the_arn_of_its_root_user() {
    let (mut stored, _) = Stored::naming("ann");
    let [_, key, _] = stored.shown();
    let key: Value = serde_json::from_str(&key).unwrap();
    assert_eq!(
        key["Statement"][0]["Principal"]["AWS"],
        json!(format!("arn:aws:iam::{HOME}:root"))
    );
}
