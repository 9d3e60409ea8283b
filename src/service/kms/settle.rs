//! What the clock has made due: automatic rotations and deletions.

use serde_json::json;

use super::rotation::rotate;
use crate::api::Effects;
use crate::base::{KeyId, Timestamp};
use crate::state::Cloud;
use crate::state::kms::{KeyState, RotationType};
use crate::state::trail::{Event, EventResource};

/// Carries out, in order, every rotation and deletion that is due by now.
///
/// A disabled key keeps its schedule and rotates once, when it is enabled
/// again; a key that is pending deletion does not rotate.
/// Source: KMS API Reference, `EnableKeyRotation`.
pub fn settle(cloud: &mut Cloud, effects: &mut Effects) {
    let now = effects.now();
    let mut waiting = Vec::new();
    while let Some((due, id)) = cloud
        .schedule
        .keys()
        .find(|entry| entry.0 <= now && !waiting.contains(*entry))
        .cloned()
    {
        if !settle_one(cloud, effects, due, &id) {
            waiting.push((due, id));
        }
    }
}

/// Whether the entry is done with; a rotation of a disabled key waits.
fn settle_one(cloud: &mut Cloud, effects: &mut Effects, due: Timestamp, id: &KeyId) -> bool {
    let entry = (due, id.clone());
    let Some(key) = cloud.keys.get(id) else {
        cloud.schedule.remove_mut(&entry);
        return true;
    };
    if key.deletion_date == Some(due) {
        cloud.schedule.remove_mut(&entry);
        delete(cloud, effects, due, id);
        return true;
    }
    let Some(rotation) = key.rotation.filter(|r| r.next == due) else {
        cloud.schedule.remove_mut(&entry);
        return true;
    };
    if key.state != KeyState::Enabled {
        return false;
    }
    cloud.schedule.remove_mut(&entry);
    let next = due.plus_days(i64::from(rotation.period_days));
    if let Some(key) = cloud.keys.get_mut(id) {
        rotate(key, RotationType::Automatic, due, &mut effects.entropy);
        key.rotation = Some(crate::state::kms::Rotation { next, ..rotation });
    }
    cloud.schedule.insert_mut((next, id.clone()), ());
    note(cloud, effects, due, id, "RotateKey");
    true
}

fn delete(cloud: &mut Cloud, effects: &mut Effects, due: Timestamp, id: &KeyId) {
    note(cloud, effects, due, id, "DeleteKey");
    let rotation = cloud.keys.get(id).and_then(|key| key.rotation);
    if let Some(rotation) = rotation {
        cloud.schedule.remove_mut(&(rotation.next, id.clone()));
    }
    cloud.keys.remove_mut(id);
    let aliases: Vec<_> = cloud
        .aliases
        .iter()
        .filter(|(_, target)| *target == id)
        .map(|(a, _)| a.clone())
        .collect();
    for alias in aliases {
        cloud.aliases.remove_mut(&alias);
    }
}

/// Source: KMS Developer Guide, "RotateKey" and "DeleteKey" log entries.
fn note(cloud: &mut Cloud, effects: &mut Effects, due: Timestamp, id: &KeyId, name: &str) {
    let Some(key) = cloud.keys.get(id) else {
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
