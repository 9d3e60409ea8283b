//! Every operation of the table is documented and has an example that makes its call.

use super::Bench;
use crate::api::{OperationSpec, Service};
use crate::script::objects::operation_examples::{example, sections};
use crate::script::objects::operations::snake_case;
use crate::service::operations;

/// Whether `script` is the example of an operation, which the test here runs.
pub(super) fn is_of_an_operation(script: &str) -> bool {
    operations()
        .iter()
        .any(|entry| example(&entry.spec) == script)
}

/// Whether the trail holds such a call that succeeded.
fn succeeded(bench: &Bench, spec: &OperationSpec) -> bool {
    bench.objects.lab().read(|lab| {
        let mut events = lab.cloud().trail.iter();
        events.any(|event| {
            event.event_name == spec.name
                && event.event_source == spec.service.host()
                && event.error_code.is_none()
        })
    })
}

#[test]
fn every_operation_has_an_example_that_runs_and_makes_its_call() {
    let mut wrong = Vec::new();
    for entry in operations() {
        let (action, prefix) = (entry.spec.action(), entry.spec.service.prefix());
        let script = example(&entry.spec);
        if script.is_empty() {
            wrong.push(format!(
                "{action} has no example: add a section `//: {action}` with a script that makes \
                 the call to src/script/objects/operation_examples/{prefix}.rhai"
            ));
            continue;
        }
        let mut bench = Bench::new();
        if let Err(error) = bench.session.execute("example", script) {
            wrong.push(format!("the example of {action} fails: {error}\n{script}"));
            continue;
        }
        let called = format!("{prefix}.{}(", snake_case(entry.spec.name));
        if !script.contains(&called) || !succeeded(&bench, &entry.spec) {
            wrong.push(format!(
                "the example of {action} does not call `{called}…)` with success"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_section_is_of_an_operation_of_its_file_and_none_comes_twice() {
    for service in Service::ALL {
        let mut found: Vec<&str> = sections(service).map(|(action, _)| action).collect();
        let own = |action: &&str| {
            let mut entries = operations().iter();
            entries.any(|e| e.spec.service == service && e.spec.action() == **action)
        };
        let unknown: Vec<_> = found.iter().filter(|action| !own(action)).collect();
        assert!(
            unknown.is_empty(),
            "no operations of {service}: {unknown:?}"
        );
        let all = found.len();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), all, "{service} has a section twice");
    }
}

#[test]
fn every_operation_and_every_member_of_it_says_what_it_is() {
    let mut silent = Vec::new();
    for entry in operations() {
        let schema = entry.input_schema();
        let described = |value: &serde_json::Value| {
            let text = value.get("description").and_then(|d| d.as_str());
            text.is_some_and(|text| !text.is_empty())
        };
        if !described(schema.as_value()) {
            silent.push(entry.spec.action());
        }
        let members = schema.as_value().get("properties");
        let members = members.and_then(|m| m.as_object()).into_iter().flatten();
        let without = members.filter(|(_, member)| !described(member));
        silent.extend(without.map(|(name, _)| format!("{}, `{name}`", entry.spec.action())));
    }
    assert!(
        silent.is_empty(),
        "without a doc comment on the struct or the member:\n{}",
        silent.join("\n")
    );
}
