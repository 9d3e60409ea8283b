//! Keys with their policies, grants and aliases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::documents::{instant, list, member, policy};
use super::recognise::{Export, Found, entries, named_in};
use super::{Report, of_kind};
use crate::authz::{Grant, GrantConstraints, GrantOperation};
use crate::base::{AccountId, Arn, GrantId, KeyId, Region};
use crate::crypto::key_spec::{KeySpec, KeyUsage, Origin};
use crate::lab::Lab;
use crate::policy::{Policy, PolicyKind};
use crate::service::kms::fresh_material;
use crate::state::Map;
use crate::state::kms::{AliasId, Key, KeyManager, KeyPlace, KeyState, MultiRegionKeyType};

const AGAIN: &str = "print it again with the AWS CLI";

/// Puts the keys, then what belongs to them.
pub(super) fn load(lab: &mut Lab, exports: &[Export], report: &mut Report) {
    for export in of_kind(exports, Found::Key) {
        match key(lab, export.value.get("KeyMetadata").unwrap_or(&Value::Null)) {
            Ok(key) => {
                lab.cloud_mut().keys.insert_mut(key.place(), key);
                report.count("keys", 1);
            }
            Err(what) => report.problem(&export.file, "KeyMetadata", what, AGAIN),
        }
    }
    listed(lab, exports, report);
    aliases(lab, exports, report);
    policies(lab, exports, report);
    grants(lab, exports, report);
}

fn typed<T: DeserializeOwned>(value: &Value, name: &str) -> Option<T> {
    serde_json::from_value(value.get(name)?.clone()).ok()
}

fn key(lab: &mut Lab, value: &Value) -> Result<Key, String> {
    let arn = member(value, "Arn").ok_or("the member `Arn` is missing")?;
    let arn = Arn::parse(arn).map_err(|e| e.to_string())?;
    let id = arn.resource().strip_prefix("key/").unwrap_or_default();
    let spec = typed(value, "KeySpec")
        .or_else(|| typed(value, "CustomerMasterKeySpec"))
        .unwrap_or(KeySpec::SYMMETRIC_DEFAULT);
    let now = lab.now();
    let multi_region = value.get("MultiRegionConfiguration");
    let multi_region =
        multi_region.and_then(|m| typed::<MultiRegionKeyType>(m, "MultiRegionKeyType"));
    let material = fresh_material(spec, lab.entropy_mut(), now);
    Ok(Key {
        id: KeyId::parse(id).map_err(|e| e.to_string())?,
        account: AccountId::parse(arn.account()).map_err(|e| e.to_string())?,
        region: Region::parse(arn.region()).map_err(|e| e.to_string())?,
        description: member(value, "Description").unwrap_or_default().to_owned(),
        state: typed(value, "KeyState").unwrap_or(KeyState::Enabled),
        manager: typed(value, "KeyManager").unwrap_or(KeyManager::Customer),
        created: instant(value.get("CreationDate"), now),
        deletion_date: value.get("DeletionDate").map(|d| instant(Some(d), now)),
        pending_window_days: None,
        settles: None,
        policy: Policy::load(PolicyKind::Key, NOBODY).map_err(|e| e.message().to_owned())?,
        spec,
        usage: typed(value, "KeyUsage").unwrap_or(KeyUsage::ENCRYPT_DECRYPT),
        // Material that was imported or lies elsewhere is made new like all other.
        origin: Origin::AWS_KMS,
        multi_region,
        materials: material.into_iter().collect(),
        token_key: None,
        rotation: None,
        grants: Map::new_sync(),
        tags: BTreeMap::new(),
        arn,
    })
}

/// The policy of a key of which none was exported: it admits nobody.
const NOBODY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"NotExported","Effect":"Deny","Principal":{"AWS":"*"},"Action":"kms:NotExported","Resource":"*"}]}"#;

/// Keys that are listed and not described are symmetric encryption keys, as most are.
fn listed(lab: &mut Lab, exports: &[Export], report: &mut Report) {
    for export in of_kind(exports, Found::KeyList) {
        for (place, entry) in entries(&export.value, "Keys") {
            let arn = member(entry, "KeyArn").unwrap_or_default();
            let known = Arn::parse(arn).is_ok_and(|arn| lab.cloud().key_by_arn(&arn).is_some());
            if known {
                continue;
            }
            match key(lab, &serde_json::json!({ "Arn": arn })) {
                Ok(key) => {
                    lab.cloud_mut().keys.insert_mut(key.place(), key);
                    report.count("keys", 1);
                }
                Err(what) => report.problem(&export.file, place, what, AGAIN),
            }
        }
    }
}

fn aliases(lab: &mut Lab, exports: &[Export], report: &mut Report) {
    for export in of_kind(exports, Found::Aliases) {
        for entry in list(&export.value, "Aliases") {
            let (Some(arn), Some(target)) =
                (member(entry, "AliasArn"), member(entry, "TargetKeyId"))
            else {
                continue;
            };
            let (Ok(arn), Ok(target)) = (Arn::parse(arn), KeyId::parse(target)) else {
                continue;
            };
            let (Ok(account), Ok(region)) =
                (AccountId::parse(arn.account()), Region::parse(arn.region()))
            else {
                continue;
            };
            let alias = AliasId {
                account,
                region,
                name: arn.resource().to_owned(),
            };
            lab.cloud_mut().aliases.insert_mut(alias, target);
            report.count("aliases", 1);
        }
    }
}

/// The keys of the lab under every name that a file may bear.
fn names(lab: &Lab) -> BTreeMap<String, KeyPlace> {
    let cloud = lab.cloud();
    let mut names: BTreeMap<String, KeyPlace> = BTreeMap::new();
    for key in cloud.keys.values() {
        names.insert(key.id.to_string(), key.place());
        for alias in cloud.aliases_of(key) {
            let name = alias.trim_start_matches("alias/");
            names.insert(name.to_ascii_lowercase().replace('/', "-"), key.place());
        }
    }
    names
}

/// The command's output does not say of which key the policy is.
const WHOSE: &str = "name the file after the key, such as `key-policy-KEY_ID.json`";

fn policies(lab: &mut Lab, exports: &[Export], report: &mut Report) {
    let names = names(lab);
    let all: Vec<&Export> = of_kind(exports, Found::KeyPolicy).collect();
    let single = all.len() == 1 && lab.cloud().keys.size() == 1;
    for export in all {
        let said = member(&export.value, "KeyId").map(str::to_ascii_lowercase);
        let only = || lab.cloud().keys.keys().next().filter(|_| single).cloned();
        let place = said
            .and_then(|text| named_in(&text, &names))
            .or_else(|| named_in(&export.words(), &names))
            .or_else(only);
        let Some(place) = place else {
            report.problem(
                &export.file,
                "",
                "this key policy does not say of which key it is",
                WHOSE,
            );
            continue;
        };
        let document = export.value.get("Policy").unwrap_or(&Value::Null);
        match policy(PolicyKind::Key, document) {
            Ok(document) => {
                if let Some(key) = lab.cloud_mut().keys.get_mut(&place) {
                    key.policy = document;
                }
                report.count("key policies", 1);
            }
            Err(what) => report.problem(&export.file, "Policy", what, AGAIN),
        }
    }
}

/// Whether no policy of the key was exported.
pub(super) fn is_without_policy(key: &Key) -> bool {
    key.policy.text() == NOBODY
}

fn grants(lab: &mut Lab, exports: &[Export], report: &mut Report) {
    for export in of_kind(exports, Found::Grants) {
        for (place, entry) in entries(&export.value, "Grants") {
            match grant(lab, entry) {
                Ok((place, grant)) => {
                    if let Some(key) = lab.cloud_mut().keys.get_mut(&place) {
                        key.grants.insert_mut(grant.id.clone(), Arc::new(grant));
                    }
                    report.count("grants", 1);
                }
                Err(what) => report.problem(&export.file, place, what, AGAIN),
            }
        }
    }
}

fn grant(lab: &Lab, entry: &Value) -> Result<(KeyPlace, Grant), String> {
    let needed =
        |name: &str| member(entry, name).ok_or_else(|| format!("the member `{name}` is missing"));
    let key = needed("KeyId")?;
    let id = key.rsplit('/').next().unwrap_or(key);
    // Replicas have the id of their primary: the ARN, where there is one, tells them apart.
    let by_arn = Arn::parse(key).ok();
    let by_arn = by_arn.and_then(|arn| lab.cloud().key_by_arn(&arn));
    let by_id = || lab.cloud().keys.values().find(|k| k.id.as_str() == id);
    let key = by_arn.or_else(by_id);
    let key =
        key.ok_or_else(|| format!("key {id} is not among the exports (`aws kms describe-key`)"))?;
    let named = list(entry, "Operations").iter().filter_map(Value::as_str);
    let operation = |name: &str| {
        let known = name.parse::<GrantOperation>();
        known.map_err(|_| format!("Operations: keychai knows no `{name}`"))
    };
    let operations: BTreeSet<GrantOperation> = named.map(operation).collect::<Result<_, _>>()?;
    let constraints = entry.get("Constraints").filter(|given| !given.is_null());
    let constraints: Option<GrantConstraints> = constraints
        .map(|given| serde_json::from_value(given.clone()))
        .transpose()
        .map_err(|error| format!("Constraints: {error}"))?;
    let who = |name: &str| Arn::parse(needed(name)?).map_err(|e| e.to_string());
    let grantee = who("GranteePrincipal")?;
    let account = lab.cloud().account_of(&grantee);
    let created = instant(entry.get("CreationDate"), lab.now());
    let issuer = member(entry, "IssuingAccount").unwrap_or_default();
    let issuer = issuer.split(':').nth(4).unwrap_or(issuer);
    let grant = Grant {
        id: GrantId::parse(needed("GrantId")?).map_err(|e| e.to_string())?,
        name: member(entry, "Name")
            .filter(|n| !n.is_empty())
            .map(str::to_owned),
        grantee_id: account.and_then(|a| a.unique_id(&grantee).cloned()),
        retiring: who("RetiringPrincipal").ok(),
        operations,
        constraints,
        issuing_account: AccountId::parse(issuer).unwrap_or_else(|_| key.account.clone()),
        created,
        visible_from: created,
        tokens: Vec::new(),
        grantee,
    };
    Ok((key.place(), grant))
}
