//! Every operation of the table, as a method of its service.

use rhai::{Dynamic, Map};
use serde_json::Value;

use super::client::{
    CloudTrail, Ec2, Fallible, Glue, Iam, Kms, LabHandle, Lambda, Organizations, Rds, S3,
    ServiceObject, Sts,
};
use super::operation_examples;
use crate::script::Registry;
use crate::service::{Entry, operations};

/// Registers the services, and their operations by name.
pub(super) fn register(registry: &mut Registry<'_>, lab: &LabHandle) {
    register_service::<Iam>(registry, lab);
    register_service::<Sts>(registry, lab);
    register_service::<Kms>(registry, lab);
    register_service::<S3>(registry, lab);
    register_service::<Glue>(registry, lab);
    register_service::<Organizations>(registry, lab);
    register_service::<Ec2>(registry, lab);
    register_service::<Lambda>(registry, lab);
    register_service::<Rds>(registry, lab);
    register_service::<CloudTrail>(registry, lab);
}

fn register_service<S: ServiceObject>(registry: &mut Registry<'_>, lab: &LabHandle) {
    registry.type_named::<S>(S::NAME, S::DOC);
    registry.brief(|service: &S| format!("{} as {}", S::SERVICE.prefix(), service.client().label));
    if let Ok(admin) = lab.admin() {
        let doc = format!("{} Called as the lab's administrator.", S::DOC);
        registry.global(S::SERVICE.prefix(), S::of(admin), &doc);
    }
    for entry in operations().iter().filter(|e| e.spec.service == S::SERVICE) {
        register_operation::<S>(registry, entry);
    }
}

fn register_operation<S: ServiceObject>(registry: &mut Registry<'_>, entry: &'static Entry) {
    let name = snake_case(entry.spec.name);
    let schema = entry.input_schema();
    let doc = describe(entry, schema.as_value());
    let example = operation_examples::example(&entry.spec);
    registry
        .method::<S>(&name)
        .param("members", "map")
        .returns("map")
        .doc(&doc)
        .example(example)
        .register(move |service: &mut S, members: Map| -> Fallible<Dynamic> {
            service
                .client()
                .call_with(S::SERVICE, entry.spec.name, members.into())
        });
    let required = schema.as_value().get("required").and_then(Value::as_array);
    if required.is_none_or(Vec::is_empty) {
        registry
            .method::<S>(&name)
            .returns("map")
            .doc(&doc)
            .example(example)
            .register(move |service: &mut S| -> Fallible<Dynamic> {
                service
                    .client()
                    .call_with(S::SERVICE, entry.spec.name, Map::new().into())
            });
    }
}

/// `GenerateDataKey` as `generate_data_key`, `ListObjectsV2` as `list_objects_v2`,
/// `CreateDBInstance` as `create_db_instance`.
pub(in crate::script) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut letters = name.chars().peekable();
    let mut after_capital = true;
    while let Some(letter) = letters.next() {
        let is_capital = letter.is_ascii_uppercase();
        let before_small = letters.peek().is_some_and(char::is_ascii_lowercase);
        if is_capital && !snake.is_empty() && (!after_capital || before_small) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        after_capital = is_capital;
    }
    snake
}

fn describe(entry: &Entry, schema: &Value) -> String {
    let text = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut doc = text.replace('\n', " ");
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let members = schema.get("properties").and_then(Value::as_object);
    for (name, member) in members.into_iter().flatten() {
        let about = member
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let must = if required.contains(&name.as_str()) {
            " (required)"
        } else {
            ""
        };
        doc.push_str(&format!("\n- `{name}`{must}: {}", about.replace('\n', " ")));
    }
    let list = |title: &str, names: &[&str]| match names {
        [] => String::new(),
        names => format!("\n\n{title}: {}.", names.join(", ")),
    };
    doc.push_str(&list("Permissions", entry.spec.permissions));
    doc.push_str(&list("Errors", entry.spec.errors));
    doc
}
