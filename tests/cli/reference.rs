//! `keychai reference`.

use std::collections::BTreeSet;

use keychai::service::operations;

use super::{holds_in_order, keychai};

/// `GenerateDataKey` as scripts write it.
fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let behind = letters.get(at + 1);
        let starts = before.is_some_and(|c| !c.is_uppercase())
            || before.is_some() && behind.is_some_and(|c| c.is_lowercase());
        if letter.is_uppercase() && starts {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// The names in front of `(` or `:` of the list's items, such as `Key.trust`.
fn listed(text: &str) -> BTreeSet<&str> {
    let names = text.lines().filter_map(|line| line.strip_prefix("- `"));
    names
        .map(|name| name.split(['(', ':', '`']).next().unwrap())
        .collect()
}

#[test]
fn the_overview_lists_every_operation_of_the_table() {
    let outcome = keychai(["reference"]).run();
    let listed = listed(outcome.succeeds());
    let last: BTreeSet<String> = listed
        .iter()
        .map(|name| name.rsplit('.').next().unwrap().replace('_', ""))
        .collect();
    assert!(operations().len() > 50);
    for operation in operations() {
        let name = snake(operation.spec.name).replace('_', "");
        assert!(
            last.contains(&name),
            "{} is not listed",
            operation.spec.name
        );
    }
}

#[test]
fn the_overview_lists_nothing_that_cannot_be_looked_up() {
    let overview = keychai(["reference"]).run();
    for name in listed(overview.succeeds()) {
        let public = name
            .chars()
            .all(|c| c.is_alphanumeric() || "_.".contains(c));
        assert!(public, "`{name}` is no name");
    }
    for name in ["iam", "kms", "Key", "Key.trust", "failure_matrix", "print"] {
        let outcome = keychai(["reference", name]).run();
        assert!(outcome.succeeds().contains(name), "{name}");
    }
}

#[test]
fn the_overview_lists_the_objects_and_what_they_do() {
    let outcome = keychai(["reference"]).run();
    let listed = listed(outcome.succeeds());
    let sugar = [
        "iam",
        "sts",
        "kms",
        "s3",
        "glue",
        "organizations",
        "ec2",
        "clock",
        "lab",
        "trail",
        "can",
        "why",
        "requirements",
        "failure_matrix",
        "Key.trust",
        "Key.grant",
        "Key.rotate",
        "Role.allow",
        "Role.remove",
        "User.assume",
        "Glue.run_as",
        "Grant.revoke",
        "Clock.advance",
        "Trail.last",
        "Lab.set_model",
        "Lab.snapshot",
        "Organizations.create",
        "OrganizationalUnit.deny",
        "OrganizationalUnit.protect",
        "OrganizationPolicy.attach",
        "Ec2.create_endpoint",
        "User.via",
        "Session.via",
    ];
    for name in sugar {
        assert!(listed.contains(name), "`{name}` is not listed");
    }
}

#[test]
fn the_members_of_an_operation_stand_in_its_entry_and_not_in_the_overview() {
    let entry = keychai(["reference", "generate_data_key"]).run();
    assert!(entry.succeeds().contains("- `KeyId` (required)"));
    let overview = keychai(["reference"]).run();
    assert!(!overview.succeeds().contains("- `KeyId`"));
}

#[test]
fn an_unknown_name_is_a_usage_error() {
    let near = keychai(["reference", "creat_key"]).run();
    assert!(near.fails(2).contains("did you mean `create_key`?"));
    let far = keychai(["reference", "nosuch"]).run();
    assert!(far.fails(2).contains("`nosuch`") && far.stderr.contains("`keychai reference`"));
}

#[test]
fn an_operation_is_found_by_each_of_its_names_and_shows_an_example() {
    let want = keychai(["reference", "Kms.create_grant"]).run();
    holds_in_order(
        want.succeeds(),
        &[
            "`KeyId` (required)",
            "Permissions: kms:CreateGrant",
            "Errors:",
            "```rhai",
            "kms.create_grant(#{",
        ],
    );
    for name in [
        "CreateGrant",
        "create_grant",
        "kms:CreateGrant",
        "kms.create_grant",
    ] {
        let found = keychai(["reference", name]).run();
        assert_eq!(found.succeeds(), want.stdout, "{name}");
    }
    let near = keychai(["reference", "kms:CreateGrnt"]).run();
    assert!(near.fails(2).contains("did you mean"), "{}", near.stderr);
}
