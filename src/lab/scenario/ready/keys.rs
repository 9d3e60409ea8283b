//! Scenarios about keys.

use serde_json::{Value, json};

use super::super::stage::{Stage, get, make};
use super::super::{Scenario, Switch};
use crate::api::{ApiError, Service};
use crate::authz::Model;
use crate::base::Arn;
use crate::lab::Lab;
use crate::policy::{PrincipalLabel, StatementDraft, edit};
use crate::state::credential::Credentials;

/// A role with a key and a ciphertext under it, made with an encryption context.
struct Scene {
    stage: Stage,
    role: Arn,
    key: Arn,
    session: Credentials,
    ciphertext: Value,
}

impl Scene {
    fn new(model: Model, actions: &[&str]) -> Result<Self, ApiError> {
        let mut stage = Stage::new(model)?;
        let role = stage.role("Worker", "lambda.amazonaws.com")?;
        let key = stage.key("payroll", &[&role])?;
        stage.allow(&role, "UseKey", actions, &[key.as_str()])?;
        let input = json!({
            "KeyId": key, "Plaintext": "NDcxMQ==", "EncryptionContext": { "team": "pay" },
        });
        let made = stage.admin(Service::Kms, "Encrypt", input)?;
        let ciphertext = made.get("CiphertextBlob").cloned().unwrap_or_default();
        let session = stage.session(&role, Service::Lambda)?;
        Ok(Self {
            stage,
            role,
            key,
            session,
            ciphertext,
        })
    }

    /// Decrypts the ciphertext.
    fn decrypt(&self) -> impl Fn(&mut Lab) -> Result<(), ApiError> + Send + Sync + 'static {
        let (session, ciphertext) = (self.session.clone(), self.ciphertext.clone());
        move |lab| {
            let input = json!({
                "CiphertextBlob": ciphertext, "EncryptionContext": { "team": "pay" },
            });
            make(lab, &session, Service::Kms, "Decrypt", input).map(drop)
        }
    }
}

pub(super) fn grant(model: Model) -> Result<Scenario, ApiError> {
    let mut scene = Scene::new(model, &["kms:Decrypt"])?;
    // A grant for another context is there all the time, and helps nobody here.
    let ids = ["sales", "pay"].map(|team| {
        let input = json!({
            "KeyId": scene.key, "GranteePrincipal": scene.role, "Operations": ["Decrypt"],
            "Constraints": { "EncryptionContextSubset": { "team": team } },
            "RetiringPrincipal": scene.stage.iam("user/admin"),
        });
        scene.stage.admin(Service::Kms, "CreateGrant", input)
    });
    let [_, made] = ids;
    let id = made?.get("GrantId").cloned().unwrap_or_default();
    let change = |operation: &'static str| {
        let (key, id, account) = (scene.key.clone(), id.clone(), scene.stage.account.clone());
        move |lab: &mut Lab| {
            let input = json!({ "KeyId": key, "GrantId": id });
            lab.call_as_admin(&account, Service::Kms, operation, input)
                .map(drop)
        }
    };
    let decrypt = scene.decrypt();
    Ok(
        Scenario::new("grant", scene.stage.lab.fork(), move |lab, _| decrypt(lab))
            .with(
                Switch::choice("grant", "in force")
                    .state("retired", change("RetireGrant"))
                    .state("revoked", change("RevokeGrant")),
            )
            .with(Switch::permission(&scene.role, "kms:Decrypt"))
            .with(Switch::trust(&scene.key, &scene.role))
            .with(Switch::key_state(&scene.key)),
    )
}

pub(super) fn states(model: Model) -> Result<Scenario, ApiError> {
    let actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"];
    let scene = Scene::new(model, &actions)?;
    let (session, key, decrypt) = (scene.session.clone(), scene.key.clone(), scene.decrypt());
    let work = move |lab: &mut Lab, states: &[usize]| match states.first() {
        Some(1) => {
            let input = json!({ "KeyId": key, "Plaintext": "NDcxMQ==" });
            make(lab, &session, Service::Kms, "Encrypt", input).map(drop)
        }
        Some(2) => make(
            lab,
            &session,
            Service::Kms,
            "DescribeKey",
            json!({ "KeyId": key }),
        )
        .map(drop),
        _ => decrypt(lab),
    };
    Ok(Scenario::new("key-states", scene.stage.lab.fork(), work)
        .with(
            Switch::choice("operation", "Decrypt")
                .state("Encrypt", |_| Ok(()))
                .state("DescribeKey", |_| Ok(())),
        )
        .with(Switch::key_state(&scene.key))
        .with(Switch::trust(&scene.key, &scene.role)))
}

pub(super) fn rotation(model: Model) -> Result<Scenario, ApiError> {
    let mut scene = Scene::new(model, &["kms:Decrypt"])?;
    scene.stage.bucket("payroll-data", &scene.key)?;
    scene.stage.object("payroll-data", "q1.csv")?;
    let objects = ["arn:aws:s3:::payroll-data/*"];
    scene
        .stage
        .allow(&scene.role, "Read", &["s3:GetObject"], &objects)?;
    let other = scene.stage.key("other", &[])?;
    let rotate = |times: usize| {
        let (key, account) = (scene.key.clone(), scene.stage.account.clone());
        move |lab: &mut Lab| {
            (0..times).try_for_each(|_| {
                let input = json!({ "KeyId": key });
                lab.call_as_admin(&account, Service::Kms, "RotateKeyOnDemand", input)
                    .map(drop)
            })
        }
    };
    let account = scene.stage.account.clone();
    let repoint = move |lab: &mut Lab| {
        let input = json!({ "AliasName": "alias/payroll", "TargetKeyId": other });
        lab.call_as_admin(&account, Service::Kms, "UpdateAlias", input)
            .map(drop)
    };
    let session = scene.session.clone();
    let work = move |lab: &mut Lab, _: &[usize]| {
        make(
            lab,
            &session,
            Service::S3,
            "GetObject",
            get("payroll-data", "q1.csv"),
        )
        .map(drop)
    };
    Ok(Scenario::new("rotation", scene.stage.lab.fork(), work)
        .with(
            Switch::choice("rotations since", "none")
                .state("one", rotate(1))
                .state("three", rotate(3)),
        )
        .with(Switch::choice("alias", "same key").state("another key", repoint))
        .with(Switch::permission(&scene.role, "kms:Decrypt"))
        .with(Switch::trust(&scene.key, &scene.role)))
}

pub(super) fn models(model: Model) -> Result<Scenario, ApiError> {
    let mut scene = Scene::new(model, &["kms:Decrypt"])?;
    let root = format!("arn:aws:iam::{}:root", scene.stage.account);
    let document = scene
        .stage
        .lab
        .cloud()
        .key_by_arn(&scene.key)
        .map(|key| key.policy.to_value());
    let delegates = StatementDraft::allow()
        .sid("Account")
        .principal(PrincipalLabel::Aws, root)
        .action("kms:*")
        .resource("*");
    let policy = edit::with_statement(document.as_ref(), delegates.to_value()).to_string();
    let input = json!({ "KeyId": scene.key, "Policy": policy });
    scene.stage.admin(Service::Kms, "PutKeyPolicy", input)?;
    let account_out = {
        let (key, account) = (scene.key.clone(), scene.stage.account.clone());
        move |lab: &mut Lab| {
            let document = lab
                .cloud()
                .key_by_arn(&key)
                .map(|key| key.policy.to_value());
            let left =
                document.and_then(|document| edit::without_sid(&document, "Account").document);
            let input = json!({ "KeyId": key, "Policy": left.unwrap_or_default().to_string() });
            lab.call_as_admin(&account, Service::Kms, "PutKeyPolicy", input)
                .map(drop)
        }
    };
    let decrypt = scene.decrypt();
    Ok(
        Scenario::new("models", scene.stage.lab.fork(), move |lab, _| decrypt(lab))
            .with(Switch::model(model))
            .with(Switch::permission(&scene.role, "kms:Decrypt"))
            .with(Switch::trust(&scene.key, &scene.role).named("key policy names the role"))
            .with(Switch::new("key policy names the account", account_out)),
    )
}
