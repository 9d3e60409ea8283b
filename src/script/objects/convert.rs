//! Between Rhai values and the lab's JSON.

use std::collections::BTreeSet;

use rhai::{Dynamic, Map};
use serde_json::{Map as JsonMap, Value};

use super::client::Fallible;
use crate::api::Service;
use crate::script::{BlobMembers, Thrown, from_json, to_json};
use crate::service;

/// Members that hold a policy as JSON text; scripts may give a map.
const POLICY_MEMBERS: [&str; 4] = [
    "Policy",
    "PolicyDocument",
    "AssumeRolePolicyDocument",
    "Content",
];

/// The JSON input of an operation from a map of its members.
pub(super) fn input(service: Service, operation: &str, members: Dynamic) -> Fallible<Value> {
    let entry = service::find(service, operation).map_err(|e| Thrown::new("InvalidAction", e))?;
    let blobs = blob_members(&entry.input_schema());
    let is_blob = |name: &str| blobs.contains(name);
    let members = plain(members)?;
    let mut value = to_json(&members, BlobMembers::matching(&is_blob))
        .map_err(|e| Thrown::new(service.validation_code(), e.to_string()))?;
    if let Value::Object(members) = &mut value {
        policies_as_text(members);
        if service == Service::Iam {
            super::entities::by_name(members);
        }
    }
    Ok(value)
}

/// The Rhai value of an operation's output.
pub(super) fn output(service: Service, operation: &str, output: &Value) -> Fallible<Dynamic> {
    let entry = service::find(service, operation).map_err(|e| Thrown::new("InvalidAction", e))?;
    let blobs = blob_members(&entry.output_schema());
    let is_blob = |name: &str| blobs.contains(name);
    from_json(output, BlobMembers::matching(&is_blob))
        .map_err(|e| Thrown::new("InternalFailure", e.to_string()).into())
}

fn policies_as_text(members: &mut JsonMap<String, Value>) {
    for name in POLICY_MEMBERS {
        if let Some(document) = members.get_mut(name).filter(|v| v.is_object()) {
            *document = Value::String(document.to_string());
        }
    }
}

/// The names of the binary members of a schema, at any depth.
fn blob_members(schema: &schemars::Schema) -> BTreeSet<String> {
    fn collect(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::Object(properties)) = members.get("properties") {
                    let blobs = properties
                        .iter()
                        .filter(|(_, p)| p.get("format").and_then(Value::as_str) == Some("blob"));
                    found.extend(blobs.map(|(name, _)| name.clone()));
                }
                members.values().for_each(|v| collect(v, found));
            }
            Value::Array(elements) => elements.iter().for_each(|v| collect(v, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    collect(schema.as_value(), &mut found);
    found
}

/// A value in which every lab object is replaced by the text that names it.
///
/// # Errors
/// Never for values without lab objects.
pub(super) fn plain(value: Dynamic) -> Fallible<Dynamic> {
    if let Some(text) = name_of(&value) {
        return Ok(text.into());
    }
    if let Some(map) = value.read_lock::<Map>() {
        let mut plain_map = Map::new();
        for (name, member) in map.iter() {
            plain_map.insert(name.clone(), plain(member.clone())?);
        }
        return Ok(plain_map.into());
    }
    if let Some(array) = value.read_lock::<rhai::Array>() {
        let plain_array: Fallible<rhai::Array> = array.iter().cloned().map(plain).collect();
        return Ok(plain_array?.into());
    }
    Ok(value)
}

/// The ARN or name by which AWS's members take a lab object.
pub(super) fn name_of(value: &Dynamic) -> Option<String> {
    super::entities::name_of(value).or_else(|| super::resources::name_of(value))
}
