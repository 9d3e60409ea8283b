//! Rules on what an action acts on, and what the statement names.

use std::collections::BTreeMap;

use super::super::PolicyKind;
use super::super::action::at_colon;
use super::super::raw::{RawList, RawStatement, Text};
use super::actions::{entries, matching};
use super::catalogue::ActionInfo;
use super::overlap::Pattern;
use super::{Linter, did_you_mean};

/// An action that can act on none of the statement's resources.
pub(super) fn fitting(linter: &mut Linter<'_>, statement: &RawStatement<'_>) {
    let (Some(action), Some(resource)) = (&statement.action, &statement.resource) else {
        return;
    };
    // A key policy is about its own key, however it names it.
    let own_key = linter.kind == PolicyKind::Key;
    let anything = resource.items.iter().any(|r| r.text == "*");
    if action.negated || resource.negated || resource.items.is_empty() || own_key || anything {
        return;
    }
    let named = Named::of(resource);
    let mut reachable = BTreeMap::new();
    for entry in entries(statement) {
        let Some((service, _)) = at_colon(&entry.text) else {
            continue;
        };
        let types = reachable
            .entry(service.to_ascii_lowercase())
            .or_insert_with_key(|service| named.types(linter, service));
        let mut known = matching(linter, &entry.text).peekable();
        if known.peek().is_none() {
            continue;
        }
        let acts = |action: &ActionInfo| {
            action.resource_types.iter().any(|t| types.contains(t)) || named.is_asked_about(action)
        };
        if !known.any(acts) {
            let first = matching(linter, &entry.text).next();
            mismatch(linter, entry, first, &named);
        }
    }
}

/// The resources of a statement as patterns.
struct Named {
    patterns: Vec<Pattern>,
    has_alias: bool,
    has_all_buckets: bool,
}

impl Named {
    fn of(list: &RawList<'_>) -> Self {
        let any = |test: &dyn Fn(&Text<'_>) -> bool| list.items.iter().any(test);
        Self {
            patterns: list
                .items
                .iter()
                .map(|r| Pattern::of_resource(&r.text))
                .collect(),
            has_alias: any(&|r| r.text.contains(":kms:") && r.text.contains(":alias/")),
            has_all_buckets: any(&|r| r.text.ends_with(":s3:::*")),
        }
    }

    /// The types of the service's resources that the statement can name.
    fn types(&self, linter: &Linter<'_>, service: &str) -> Vec<String> {
        let reaches = |arn: &str| {
            let of = Pattern::of_type(arn);
            self.patterns.iter().any(|pattern| pattern.overlaps(&of))
        };
        linter
            .catalogue
            .resource_types(service)
            .filter(|(_, arn)| reaches(arn))
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// S3 asks about the ARN of all buckets where an action has no resource.
    fn is_asked_about(&self, action: &ActionInfo) -> bool {
        action.resource_types.is_empty() && action.name.starts_with("s3:") && self.has_all_buckets
    }
}

fn mismatch(linter: &mut Linter<'_>, entry: &Text<'_>, first: Option<&ActionInfo>, named: &Named) {
    let Some(action) = first else { return };
    let text = &entry.text;
    let types = action.resource_types.join(" or ");
    let by_key = action.resource_types.iter().any(|t| t == "key");
    if action.name.starts_with("kms:") && by_key && named.has_alias {
        let message = format!("KMS asks about the key, so an alias as resource allows no {text}");
        linter
            .found
            .warning("alias-arn-in-kms-statement", entry.at, message);
        let suggestion = "name the key's ARN, or `*` with the condition `kms:ResourceAliases`";
        linter.found.suggest(Some(suggestion.to_owned()));
        return;
    }
    let code = "action-resource-mismatch";
    if action.resource_types.is_empty() {
        let message = format!("{text} is asked about `*`, and the statement does not name that");
        linter.found.warning(code, entry.at, message);
        let suggestion = "put it into a statement of its own with the resource `*`";
        linter.found.suggest(Some(suggestion.to_owned()));
        return;
    }
    let message = format!("{text} acts on {types}, and the statement names none");
    linter.found.warning(code, entry.at, message);
    linter.found.suggest(suggestion(linter, action));
}

/// The ARN of the first type that the action acts on.
fn suggestion(linter: &Linter<'_>, action: &ActionInfo) -> Option<String> {
    let has = |name: &str| action.resource_types.iter().any(|t| t == name);
    if action.name.starts_with("s3:") && has("bucket") {
        return Some("name the bucket itself: `arn:aws:s3:::bucket`".to_owned());
    }
    if action.name.starts_with("s3:") && has("object") {
        return Some("name the objects: `arn:aws:s3:::bucket/*`".to_owned());
    }
    let (service, _) = at_colon(&action.name)?;
    let (_, arn) = linter
        .catalogue
        .resource_types(service)
        .find(|(name, _)| has(name))?;
    let arn = arn.replace("${Partition}", "aws");
    Some(
        did_you_mean(&arn)
            .replace("did you mean", "name")
            .replace('?', ""),
    )
}
