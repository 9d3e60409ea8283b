//! The least that a piece of work needs, as policies to copy.

use serde_json::{Value, json};

use super::report::Report;
use super::table::{Column, Row, Table};
use super::text::{Text, Tone};
use crate::lab::{ActorPolicy, LeastPrivilege};

/// The verdict, then one policy for each actor, the key policies and what is to spare;
/// `grants` adds the grants that could stand for permissions on keys.
pub fn least_privilege_report(found: &LeastPrivilege, grants: bool) -> Report {
    let mut report = headline(found);
    for actor in &found.policies {
        report = of_actor(report, actor);
    }
    for policy in &found.key_policies {
        report = report
            .paragraph(format!("Key policy of {}", policy.key))
            .code("json", pretty(&json!(policy.statements)));
    }
    if grants && !found.grants.is_empty() {
        report = report
            .paragraph("Grants in place of permissions on keys (CreateGrant; not run)")
            .code("json", pretty(&json!(found.grants)));
    }
    if !found.spare.is_empty() {
        let mut table = Table::new([
            Column::new("permission").essential().code(),
            Column::new("by"),
            Column::new("because").essential(),
        ])
        .titled("Used, but not needed");
        for spare in &found.spare {
            table.push(Row::new([
                Text::from(&spare.action),
                Text::from(&spare.principal),
                Text::from(&spare.because),
            ]));
        }
        report = report.table(table);
    }
    report.with_data(json!(found))
}

fn headline(found: &LeastPrivilege) -> Report {
    let report = Report::new();
    if found.verified {
        let text = format!(
            "Verified in {} runs: the same outcomes with exactly these policies, others without \
             any one action",
            found.runs
        );
        return report.headline(Tone::Good, text);
    }
    let why = found.unlike.as_deref();
    let why = why.unwrap_or("an action was not proved necessary");
    report.headline(Tone::Bad, format!("Not verified: {why}"))
}

fn of_actor(report: Report, actor: &ActorPolicy) -> Report {
    let report = report.paragraph(actor.arn.as_str());
    let Some(document) = &actor.document else {
        return report.paragraph("needs no policy of its own");
    };
    let mut table = Table::new([
        Column::new("permission").essential().code(),
        Column::new("without it").essential(),
    ]);
    for permission in &actor.actions {
        table.push(Row::new([
            Text::from(&permission.action),
            Text::from(permission.without.as_deref().unwrap_or("not proved")),
        ]));
    }
    report.code("json", pretty(document)).table(table)
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}
