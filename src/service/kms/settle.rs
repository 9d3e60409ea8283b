//! What the clock has made due: rotations, deletions, expiries, the end of a replication.

use serde_json::json;

use super::imported::drop_material;
use super::rotation::{rotate, set_rotation};
use crate::api::Effects;
use crate::base::{KeyId, KeyMaterialId, Timestamp};
use crate::state::Cloud;
use crate::state::kms::{
    AliasId, Key, KeyPlace, KeyState, Material, MultiRegionKeyType, Rotation, RotationType,
};
use crate::state::trail::{Event, EventResource};

/// Carries out, in order, every rotation, deletion and expiry that is due by now.
///
/// A disabled key keeps its schedule and rotates once, when it is enabled
/// again; a key that is pending deletion does not rotate.
/// Source: KMS API Reference, `EnableKeyRotation`.
pub fn settle(cloud: &mut Cloud, effects: &mut Effects) {
    let now = effects.now();
    let mut waiting = Vec::new();
    while let Some((due, place)) = cloud
        .schedule
        .keys()
        .find(|entry| entry.0 <= now && !waiting.contains(*entry))
        .cloned()
    {
        if !settle_one(cloud, effects, due, &place) {
            waiting.push((due, place));
        }
    }
}

/// Whether the entry is done with; a rotation of a disabled key waits.
fn settle_one(cloud: &mut Cloud, effects: &mut Effects, due: Timestamp, place: &KeyPlace) -> bool {
    finish_transition(cloud, due, place);
    expire(cloud, effects, due, place);
    let (deletion, rotation, state) = match cloud.keys.get(place) {
        Some(key) => (key.deletion_date, own_rotation(key), key.state),
        None => (None, None, KeyState::Enabled),
    };
    if deletion == Some(due) {
        delete(cloud, effects, due, place);
    } else if let Some(rotation) = rotation.filter(|r| r.next == due) {
        if state != KeyState::Enabled {
            return false;
        }
        rotate_on_schedule(cloud, effects, rotation, place);
    }
    cloud.schedule.remove_mut(&(due, place.clone()));
    true
}

/// The rotation that this key's own schedule brings: replicas follow their primary key.
fn own_rotation(key: &Key) -> Option<Rotation> {
    key.rotation
        .filter(|_| key.multi_region != Some(MultiRegionKeyType::Replica))
}

/// A key that was being made or updated is now as it will be.
fn finish_transition(cloud: &mut Cloud, due: Timestamp, place: &KeyPlace) {
    let Some(key) = cloud.keys.get_mut(place) else {
        return;
    };
    if key.settles != Some(due) {
        return;
    }
    key.settles = None;
    key.state = match key.is_complete() {
        true => KeyState::Enabled,
        false => KeyState::PendingImport,
    };
}

/// Takes imported material away that has expired.
fn expire(cloud: &mut Cloud, effects: &mut Effects, due: Timestamp, place: &KeyPlace) {
    let expired = |m: &Material| m.valid_to == Some(due) && m.secret.is_some();
    let Some(key) = cloud.keys.get(place) else {
        return;
    };
    let ids: Vec<KeyMaterialId> = key
        .materials
        .iter()
        .filter(|m| expired(m))
        .map(|m| m.id.clone())
        .collect();
    for id in ids {
        drop_material(cloud, place, &id);
        note(cloud, effects, due, place, "DeleteExpiredKeyMaterial");
    }
}

fn rotate_on_schedule(
    cloud: &mut Cloud,
    effects: &mut Effects,
    rotation: Rotation,
    place: &KeyPlace,
) {
    let due = rotation.next;
    let next = due.plus_days(i64::from(rotation.period_days));
    rotate(
        cloud,
        place,
        RotationType::Automatic,
        due,
        &mut effects.entropy,
    );
    set_rotation(cloud, place, Some(Rotation { next, ..rotation }));
    note(cloud, effects, due, place, "RotateKey");
}

fn delete(cloud: &mut Cloud, effects: &mut Effects, due: Timestamp, place: &KeyPlace) {
    note(cloud, effects, due, place, "DeleteKey");
    if let Some(rotation) = cloud.keys.get(place).and_then(|key| key.rotation) {
        cloud.schedule.remove_mut(&(rotation.next, place.clone()));
    }
    cloud.keys.remove_mut(place);
    let named = |(alias, id): &(&AliasId, &KeyId)| **id == place.id && alias.region == place.region;
    let aliases: Vec<_> = cloud
        .aliases
        .iter()
        .filter(named)
        .map(|(a, _)| a.clone())
        .collect();
    for alias in aliases {
        cloud.aliases.remove_mut(&alias);
    }
    let_primary_go(cloud, due, &place.id);
}

/// A primary key that waited for its last replica begins its own waiting period.
fn let_primary_go(cloud: &mut Cloud, now: Timestamp, id: &KeyId) {
    let mut related = cloud.keys.values().filter(|key| key.id == *id);
    let (Some(last), None) = (related.next(), related.next()) else {
        return;
    };
    let place = last.place();
    let Some(key) = cloud.keys.get_mut(&place) else {
        return;
    };
    if let Some(days) = key.pending_window_days.take() {
        let due = now.plus_days(days);
        (key.state, key.deletion_date) = (KeyState::PendingDeletion, Some(due));
        cloud.schedule.insert_mut((due, place), ());
    }
}

/// Source: KMS Developer Guide, "RotateKey" and "DeleteKey" log entries.
fn note(cloud: &mut Cloud, effects: &mut Effects, due: Timestamp, place: &KeyPlace, name: &str) {
    let Some(key) = cloud.keys.get(place) else {
        return;
    };
    let event = Event {
        event_version: "1.11".into(),
        user_identity: json!({
            "accountId": key.account, "invokedBy": "AWS Internal",
        }),
        event_time: due,
        event_source: "kms.amazonaws.com".to_owned(),
        event_name: name.to_owned(),
        aws_region: key.region.clone(),
        source_ip_address: "AWS Internal".to_owned(),
        user_agent: "AWS Internal".to_owned(),
        error_code: None,
        error_message: None,
        request_parameters: serde_json::Value::Null,
        response_elements: serde_json::Value::Null,
        request_id: effects.entropy.uuid(),
        event_id: effects.entropy.uuid(),
        read_only: false,
        resources: vec![EventResource {
            arn: key.arn.to_string(),
            account_id: key.account.to_string(),
            kind: "AWS::KMS::Key".into(),
        }],
        event_type: "AwsServiceEvent".into(),
        management_event: true,
        recipient_account_id: key.account.clone(),
        shared_event_id: None,
        copies: Vec::new(),
        vpc_endpoint_id: None,
        vpc_endpoint_account_id: None,
        event_category: "Management".into(),
        caused_by: None,
        steps: Vec::new(),
        decisions: Vec::new(),
    };
    cloud.trail.append(event);
}
