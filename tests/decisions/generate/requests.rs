//! Calls, and the checks that they come to.

use serde_json::{Map, Value, json};

use super::callers::Caller;
use super::conditions::add_some_keys;
use super::dice::Dice;
use super::names::*;

/// One call: its checks, each with action, resource and context.
pub struct Request {
    pub api: String,
    pub checks: Vec<Value>,
}

impl Request {
    pub fn any(dice: &mut Dice, caller: &Caller) -> Self {
        match caller.kind() {
            "web-identity" => return Self::web_identity(dice),
            "service" if dice.chance(40) => return Self::assume_role(dice),
            // Root cannot assume roles whatever the policies say, nor has it any to ask for alone.
            "root" | "anonymous" | "service" => return Self::of_store(dice, caller),
            _ => {}
        }
        match dice.below(100) {
            0..72 => Self::of_store(dice, caller),
            72..80 => Self::without_key(dice),
            80..94 => Self::assume_role(dice),
            _ => Self::pass_role(dice),
        }
    }

    /// S3 and KMS.
    fn of_store(dice: &mut Dice, caller: &Caller) -> Self {
        // Unsigned calls never reach KMS.
        let signed = !caller.is(&["anonymous"]);
        match dice.below(100) {
            0..30 => Self::object(dice, false),
            30..58 if signed => Self::object(dice, true),
            30..66 => Self::bucket(dice),
            66..72 if signed => Self::re_encrypt(dice),
            _ if signed => Self::key(dice),
            _ => Self::object(dice, false),
        }
    }

    fn object(dice: &mut Dice, encrypted: bool) -> Self {
        let bucket = dice.pick(&[HOME_BUCKET, HOME_BUCKET, AWAY_BUCKET]);
        let object = format!("{bucket}/{}", dice.pick(&OBJECTS));
        let actions = [
            "s3:GetObject",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:GetObjectVersion",
        ];
        let (action, kms) = if encrypted {
            dice.pick(&[
                ("s3:GetObject", "kms:Decrypt"),
                ("s3:PutObject", "kms:GenerateDataKey"),
            ])
        } else {
            (dice.pick(&actions), "")
        };
        let mut checks = vec![json!({ "action": action, "resource": object, "context": {} })];
        add_some_keys(dice, &mut checks[0]);
        if encrypted {
            let key = dice.pick(&[HOME_KEY, HOME_KEY, AWAY_KEY, MANAGED_KEY]);
            let pinned = if dice.chance(70) {
                object.as_str()
            } else {
                bucket
            };
            checks.push(forwarded(dice, kms, key, pinned));
        }
        Self {
            api: action.to_owned(),
            checks,
        }
    }

    fn bucket(dice: &mut Dice) -> Self {
        let bucket = dice.pick(&[HOME_BUCKET, HOME_BUCKET, AWAY_BUCKET]);
        let action = dice.pick(&["s3:ListBucket", "s3:ListBucket", "s3:ListBucketVersions"]);
        Self::single(dice, action, bucket)
    }

    fn key(dice: &mut Dice) -> Self {
        let key = dice.pick(&[HOME_KEY, HOME_KEY, HOME_KEY, AWAY_KEY, MANAGED_KEY]);
        let action = dice.pick(&[
            "kms:Decrypt",
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:DescribeKey",
            "kms:CreateGrant",
        ]);
        Self::single(dice, action, key)
    }

    fn re_encrypt(dice: &mut Dice) -> Self {
        let keys = [HOME_KEY, AWAY_KEY, MANAGED_KEY];
        let (from, to) = (dice.pick(&keys), dice.pick(&keys));
        let mut request = Self::single(dice, "kms:ReEncryptFrom", from);
        let to = Self::single(dice, "kms:ReEncryptTo", to);
        request.checks.extend(to.checks);
        request.api = "kms:ReEncrypt".to_owned();
        request
    }

    /// Calls that no key answers for.
    fn without_key(dice: &mut Dice) -> Self {
        let action = dice.pick(&["kms:CreateKey", "kms:ListKeys", "kms:GenerateRandom"]);
        Self::single(dice, action, "*")
    }

    fn assume_role(dice: &mut Dice) -> Self {
        let role = dice.pick(&[HOME_ROLE, HOME_ROLE, AWAY_ROLE]);
        let mut request = Self::single(dice, "sts:AssumeRole", role);
        if dice.chance(25) {
            let mut tag = request.checks[0].clone();
            tag["action"] = json!("sts:TagSession");
            request.checks.push(tag);
        }
        request
    }

    fn web_identity(dice: &mut Dice) -> Self {
        Self::single(dice, "sts:AssumeRoleWithWebIdentity", HOME_ROLE)
    }

    fn pass_role(dice: &mut Dice) -> Self {
        let mut request = Self::single(dice, "lambda:CreateFunction", "*");
        let pass = Self::single(dice, "iam:PassRole", HOME_ROLE);
        request.checks.extend(pass.checks);
        request
    }

    fn single(dice: &mut Dice, action: &str, resource: &str) -> Self {
        let mut check = json!({ "action": action, "resource": resource, "context": {} });
        add_some_keys(dice, &mut check);
        Self {
            api: action.to_owned(),
            checks: vec![check],
        }
    }
}

/// S3 calling KMS as the same caller.
fn forwarded(dice: &mut Dice, action: &str, key: &str, pinned: &str) -> Value {
    let mut context = Map::new();
    context.insert("kms:ViaService".into(), json!("s3.us-east-1.amazonaws.com"));
    context.insert("aws:ViaAWSService".into(), json!("true"));
    context.insert("kms:EncryptionContext:aws:s3:arn".into(), json!(pinned));
    let mut keys = vec!["aws:s3:arn"];
    if dice.chance(20) {
        keys.push("AppName");
        let value = dice.pick(&["x", "y"]);
        context.insert("kms:EncryptionContext:AppName".into(), json!(value));
    }
    context.insert("kms:EncryptionContextKeys".into(), json!(keys));
    json!({ "action": action, "resource": key, "context": context })
}
