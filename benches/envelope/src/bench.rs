//! A lab to be measured, and what is measured beside it.

use std::io::{self, Write};

use keychai::base::{Payload, Sink};
use keychai::lab::{Lab, LabOptions};
use keychai::service::s3::{GetObject, PutObject};
use keychai::state::credential::Credentials;
use serde_json::{Value, from_value, json};

/// A lab with a bucket under a KMS key, and a user who may put and get.
pub struct Bench {
    pub lab: Lab,
    pub caller: Credentials,
    pub key: String,
}

pub const BUCKET: &str = "measured";

impl Bench {
    pub fn new() -> Self {
        let mut lab = Lab::new(&LabOptions {
            seed: Some(1),
            ..LabOptions::default()
        })
        .expect("a lab");
        let admin = lab.admin().expect("an administrator").clone();
        let mut ok = |service: &str, operation: &str, input: Value| {
            let service = service.parse().expect("a service");
            let answer = lab.call(&admin, service, operation, input);
            answer.result.unwrap_or_else(|e| panic!("{operation}: {e}"))
        };
        let made = ok("kms", "CreateKey", json!({}));
        let key = made["KeyMetadata"]["Arn"]
            .as_str()
            .expect("an ARN")
            .to_owned();
        ok("s3", "CreateBucket", json!({ "Bucket": BUCKET }));
        let rule = json!({ "ApplyServerSideEncryptionByDefault": {
            "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key,
        } });
        ok(
            "s3",
            "PutBucketEncryption",
            json!({
                "Bucket": BUCKET, "ServerSideEncryptionConfiguration": { "Rules": [rule] },
            }),
        );
        Self {
            lab,
            caller: admin,
            key,
        }
    }

    pub fn put(&mut self, key: &str, body: Payload) {
        let mut put: PutObject =
            from_value(json!({ "Bucket": BUCKET, "Key": key })).expect("members");
        put.body = body;
        self.lab.run(&self.caller, put).result.expect("a put");
    }

    /// The length of what came back at once.
    pub fn get(&mut self, key: &str, range: Option<&str>) -> usize {
        let mut get = self.request(key);
        get.range = range.map(str::to_owned);
        self.lab
            .run(&self.caller, get)
            .result
            .expect("a get")
            .body
            .len()
    }

    /// The same as a stream that nobody keeps.
    pub fn stream(&mut self, key: &str) {
        let mut get = self.request(key);
        get.sink = Some(Sink::new(Touched(0)));
        self.lab.run(&self.caller, get).result.expect("a get");
    }

    fn request(&self, key: &str) -> GetObject {
        from_value(json!({ "Bucket": BUCKET, "Key": key })).expect("members")
    }
}

/// Looks at one byte of each write, so that none can be left out.
struct Touched(u8);

impl Write for Touched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 ^= bytes.last().copied().unwrap_or_default();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        std::hint::black_box(self.0);
        Ok(())
    }
}
