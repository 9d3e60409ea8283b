//! Random calls against a model that knows a key's state and who may use it.
//!
//! The model is a few lines: a key works while it is enabled; the
//! administrator may use every key, `ann` those that her policy or a grant
//! gives her. After every call the lab has to agree: the plaintext comes back
//! exactly if the model says so, an error changes nothing but the trail, and a
//! denial names its reason.

use std::collections::BTreeMap;

use keychai::api::{ApiError, Response};
use keychai::base::Entropy;
use serde_json::{Value, json};

use crate::bench::{Bench, blob, user_arn};

const STEPS: usize = 1500;
const DAY: i64 = 86_400;
/// RotateKeyOnDemand works so often for one key. Source: KMS Developer Guide, "Quotas".
const MAX_ROTATIONS: usize = 25;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Enabled,
    Disabled,
    /// How many days are left.
    Pending(i64),
    Gone,
}

struct Key {
    id: String,
    state: State,
    grant: Option<String>,
    rotations: usize,
}

struct Sealed {
    key: usize,
    text: String,
    blob: Value,
}

struct Model {
    bench: Bench,
    ann: keychai::state::credential::Credentials,
    ann_may: bool,
    keys: Vec<Key>,
    sealed: Vec<Sealed>,
    /// Objects by number: the key they lie under, and what they say.
    objects: BTreeMap<usize, (usize, String)>,
    dice: Entropy,
    refused: usize,
    /// Whether the next call names, by a ciphertext, a key that is gone.
    names_a_key_that_is_gone: bool,
    opened: usize,
}

impl Model {
    fn new(seed: u64) -> Self {
        let mut bench = Bench::with(keychai::authz::Model::Aws, seed);
        let ann = bench.user("ann");
        bench.policy(
            "ann",
            "objects",
            "Allow",
            json!(["s3:GetObject", "s3:PutObject"]),
        );
        bench.ok("s3:CreateBucket", json!({ "Bucket": "model" }));
        let mut model = Self {
            bench,
            ann,
            ann_may: false,
            keys: Vec::new(),
            sealed: Vec::new(),
            objects: BTreeMap::new(),
            dice: Entropy::simulated(seed),
            refused: 0,
            names_a_key_that_is_gone: false,
            opened: 0,
        };
        (0..3).for_each(|_| model.create());
        model
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(u16::from_be_bytes(self.dice.bytes())) % limit
    }

    fn create(&mut self) {
        let made = self.bench.ok("kms:CreateKey", json!({}));
        self.keys.push(Key {
            id: made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned(),
            state: State::Enabled,
            grant: None,
            rotations: 0,
        });
    }

    /// Makes a call as the administrator or as ann, and holds it to `expected`.
    fn call(
        &mut self,
        as_ann: bool,
        operation: &str,
        input: Value,
        expected: bool,
    ) -> Option<Value> {
        let who = match as_ann {
            true => self.ann.clone(),
            false => self.bench.admin.clone(),
        };
        let before = (!expected).then(|| self.bench.state());
        let Response {
            result, decisions, ..
        } = self.bench.respond(&who, operation, input.clone());
        assert_eq!(result.is_ok(), expected, "{operation} {input}: {result:?}");
        match result {
            Ok(output) => Some(output),
            Err(error) => {
                assert_eq!(Some(self.bench.state()), before, "{operation} {input}");
                self.refused += 1;
                let explained = decisions
                    .iter()
                    .any(|d| !d.is_allow() && !d.missing.is_empty());
                // A ciphertext whose key is gone is refused as if it were not allowed,
                // by nobody's decision.
                let hidden = std::mem::take(&mut self.names_a_key_that_is_gone);
                assert_eq!(
                    (ApiError::is_denial(&error), explained),
                    (explained || hidden, explained && !hidden),
                    "{operation}: {error}"
                );
                None
            }
        }
    }

    fn usable(&self, key: usize) -> bool {
        self.keys[key].state == State::Enabled
    }

    fn step(&mut self) {
        let key = self.below(self.keys.len());
        let as_ann = self.below(2) == 0;
        let id = json!({ "KeyId": self.keys[key].id });
        match self.below(20) {
            0..=2 => self.encrypt(key, as_ann),
            3..=6 => self.decrypt(as_ann),
            7 => self.re_encrypt(key),
            8 => {
                let key_state = self.keys[key].state;
                let fine = matches!(key_state, State::Enabled | State::Disabled);
                let (name, state) = match self.below(2) {
                    0 => ("kms:DisableKey", State::Disabled),
                    _ => ("kms:EnableKey", State::Enabled),
                };
                if self.call(false, name, id, fine).is_some() {
                    self.keys[key].state = state;
                }
            }
            9 if self.below(3) == 0 => {
                let fine = matches!(self.keys[key].state, State::Enabled | State::Disabled);
                let input = json!({ "KeyId": self.keys[key].id, "PendingWindowInDays": 7 });
                if self
                    .call(false, "kms:ScheduleKeyDeletion", input, fine)
                    .is_some()
                {
                    self.keys[key].state = State::Pending(7);
                }
            }
            9 | 10 => {
                let fine = matches!(self.keys[key].state, State::Pending(_));
                if self
                    .call(false, "kms:CancelKeyDeletion", id, fine)
                    .is_some()
                {
                    self.keys[key].state = State::Disabled;
                }
            }
            11 => {
                let fine = self.usable(key) && self.keys[key].rotations < MAX_ROTATIONS;
                if self
                    .call(false, "kms:RotateKeyOnDemand", id, fine)
                    .is_some()
                {
                    self.keys[key].rotations += 1;
                }
            }
            12 => self.toggle_policy(),
            13 => self.toggle_grant(key),
            14 => self.advance(),
            15 => self.put(key, as_ann),
            16 | 17 => self.read(as_ann),
            18 => self.copy(key),
            _ if self.keys.len() < 12 => self.create(),
            _ => {}
        }
    }

    fn encrypt(&mut self, key: usize, as_ann: bool) {
        let text = format!("text {}", self.sealed.len());
        let input = json!({ "KeyId": self.keys[key].id, "Plaintext": blob(&text) });
        let expected = self.usable(key) && (!as_ann || self.ann_may);
        if let Some(output) = self.call(as_ann, "kms:Encrypt", input, expected) {
            let blob = output["CiphertextBlob"].clone();
            self.sealed.push(Sealed { key, text, blob });
        }
    }

    fn decrypt(&mut self, as_ann: bool) {
        if self.sealed.is_empty() {
            return;
        }
        let at = self.below(self.sealed.len());
        let Sealed {
            key,
            ref text,
            ref blob,
        } = self.sealed[at];
        let (want, input) = (crate::bench::blob(text), json!({ "CiphertextBlob": blob }));
        let may = !as_ann || self.ann_may || self.keys[key].grant.is_some();
        let expected = self.usable(key) && may;
        self.names_a_key_that_is_gone = self.keys[key].state == State::Gone;
        if let Some(output) = self.call(as_ann, "kms:Decrypt", input, expected) {
            assert_eq!(output["Plaintext"], want);
            self.opened += 1;
        }
    }

    fn re_encrypt(&mut self, to: usize) {
        if self.sealed.is_empty() {
            return;
        }
        let at = self.below(self.sealed.len());
        let from = self.sealed[at].key;
        let input = json!({
            "CiphertextBlob": self.sealed[at].blob, "DestinationKeyId": self.keys[to].id,
        });
        let expected = self.usable(from) && self.usable(to);
        self.names_a_key_that_is_gone = self.keys[from].state == State::Gone;
        if let Some(output) = self.call(false, "kms:ReEncrypt", input, expected) {
            let (text, blob) = (
                self.sealed[at].text.clone(),
                output["CiphertextBlob"].clone(),
            );
            self.sealed.push(Sealed {
                key: to,
                text,
                blob,
            });
        }
    }

    /// Ann may encrypt, which is not what S3 asks for: putting takes GenerateDataKey.
    fn put(&mut self, key: usize, as_ann: bool) {
        let (at, text) = (self.below(6), format!("object under {key}"));
        let input = json!({
            "Bucket": "model", "Key": at.to_string(), "Body": blob(&text),
            "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.keys[key].id,
        });
        let expected = self.usable(key) && !as_ann;
        if self.call(as_ann, "s3:PutObject", input, expected).is_some() {
            self.objects.insert(at, (key, text));
        }
    }

    fn read(&mut self, as_ann: bool) {
        let at = self.below(6);
        let Some((key, text)) = self.objects.get(&at).cloned() else {
            return;
        };
        let input = json!({ "Bucket": "model", "Key": at.to_string() });
        let may = !as_ann || self.ann_may || self.keys[key].grant.is_some();
        let expected = self.usable(key) && may;
        if let Some(output) = self.call(as_ann, "s3:GetObject", input.clone(), expected) {
            assert_eq!(output["Body"], blob(&text));
            self.opened += 1;
        }
        if self.below(4) == 0 {
            self.call(false, "s3:DeleteObject", input, true);
            self.objects.remove(&at);
        }
    }

    fn copy(&mut self, to: usize) {
        let (at, target) = (self.below(6), self.below(6));
        let Some((key, text)) = self.objects.get(&at).cloned() else {
            return;
        };
        let input = json!({
            "Bucket": "model", "Key": target.to_string(), "CopySource": format!("model/{at}"),
            "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.keys[to].id,
        });
        let expected = self.usable(key) && self.usable(to);
        if self.call(false, "s3:CopyObject", input, expected).is_some() {
            self.objects.insert(target, (to, text));
        }
    }

    fn toggle_policy(&mut self) {
        match self.ann_may {
            false => self
                .bench
                .allow("ann", json!(["kms:Encrypt", "kms:Decrypt"])),
            true => {
                let input = json!({ "UserName": "ann", "PolicyName": "allow" });
                self.bench.ok("iam:DeleteUserPolicy", input);
            }
        }
        self.ann_may = !self.ann_may;
    }

    fn toggle_grant(&mut self, key: usize) {
        let id = self.keys[key].id.clone();
        if let Some(grant) = self.keys[key].grant.clone() {
            let fine = self.keys[key].state != State::Gone;
            let input = json!({ "KeyId": id, "GrantId": grant });
            if self.call(false, "kms:RevokeGrant", input, fine).is_some() {
                self.keys[key].grant = None;
            }
            return;
        }
        let input = json!({
            "KeyId": id, "GranteePrincipal": user_arn("ann"), "Operations": ["Decrypt"],
        });
        let expected = self.usable(key);
        if let Some(made) = self.call(false, "kms:CreateGrant", input, expected) {
            self.keys[key].grant = made["GrantId"].as_str().map(str::to_owned);
        }
    }

    fn advance(&mut self) {
        let days = self.below(4) as i64;
        self.bench.lab.advance(days * DAY).unwrap();
        for key in &mut self.keys {
            if let State::Pending(left) = key.state {
                key.state = match left - days {
                    left @ 1.. => State::Pending(left),
                    _ => State::Gone,
                };
            }
        }
    }
}

#[test]
fn the_lab_agrees_with_a_model_of_keys_over_random_calls() {
    for seed in 1..=2 {
        let mut model = Model::new(seed);
        (0..STEPS).for_each(|_| model.step());
        assert!(
            model.refused > 100 && model.opened > 50,
            "{} {}",
            model.refused,
            model.opened
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_lab() {
    let run = || {
        let mut model = Model::new(9);
        (0..300).for_each(|_| model.step());
        format!("{:?}", model.bench.lab)
    };
    assert_eq!(run(), run());
}
