//! What an edit would break and open: `diff`.

use rhai::{Array, FnPtr, NativeCallContext};
use serde_json::json;

use super::answers::{Standin, run};
use super::arguments::dynamic;
use super::client::{Fallible, LabHandle};
use super::clock::{LabSettings, Snapshot};
use crate::lab::Lab;
use crate::lab::analysis::{Changed, Difference, diff};
use crate::render::{Rendered, diff_report};
use crate::script::Registry;

/// The decisions that change.
#[derive(Clone, Debug)]
pub struct Changes(Difference);

impl Changes {
    fn list(changes: &[Changed]) -> Fallible<Array> {
        changes.iter().map(|c| dynamic(&json!(c))).collect()
    }
}

/// Runs `work` in a fork, and compares the fork with the lab.
fn of_edit(context: &NativeCallContext<'_>, lab: &LabHandle, work: &FnPtr) -> Fallible<Changes> {
    let standin = Standin::new(lab, lab.read(Lab::fork));
    run(context, work).map(drop)?;
    let after = standin.end();
    let found = lab.read(|before| after.map(|after| diff(before, &after)));
    Ok(Changes(found.unwrap_or_default()))
}

pub(super) fn register(registry: &mut Registry<'_>, lab: &LabHandle) {
    registry
        .type_named::<Changes>("Difference", "The decisions that an edit changes.")
        .brief(|c: &Changes| format!("Difference({} decisions)", c.0.decisions.len()))
        .renderer(|c: &Changes| Rendered::from(&diff_report(&c.0)));
    const EDIT: &str = "let key = kms.create_key(\"payroll\");\nlet role = iam.create_role(\"Job\", #{ trust: \"glue.amazonaws.com\" });\nlet found = diff(|| { role.allow(\"kms:Decrypt\", key) });\n";
    registry
        .property::<Changes>("decisions")
        .returns("array")
        .doc("The decisions that change: maps with `effect` (`breaks` or `opens`), `principal`, `actions`, `on`, `by`.")
        .example(&format!("{EDIT}found.decisions"))
        .register(|c: &mut Changes| Changes::list(&c.0.decisions));
    registry
        .property::<Changes>("calls")
        .returns("array")
        .doc("The calls of the trail that would now be answered otherwise, in the same form, with `event` and `made`.")
        .example(&format!("{EDIT}found.calls"))
        .register(|c: &mut Changes| Changes::list(&c.0.calls));
    functions(registry, lab, EDIT);
}

fn functions(registry: &mut Registry<'_>, lab: &LabHandle, edit: &str) {
    const DOC: &str = "Which decisions change: what would break, and what would open. All principals are asked about all that exists, and the calls in the trail are judged again.";
    let handle = lab.clone();
    registry
        .function("diff")
        .param("edit", "function")
        .returns("Difference")
        .doc(&format!(
            "{DOC} The edit runs in a fork; the lab stays as it is."
        ))
        .example(&format!("{edit}found"))
        .register(move |context: NativeCallContext<'_>, work: FnPtr| {
            of_edit(&context, &handle, &work)
        });
    registry
        .function("diff")
        .param("before", "Snapshot")
        .param("after", "Snapshot")
        .returns("Difference")
        .doc(&format!("{DOC} Between two snapshots."))
        .example("let before = lab.snapshot();\ndiff(before, lab.snapshot())")
        .register(|before: Snapshot, after: Snapshot| Changes(diff(before.lab(), after.lab())));
    registry
        .function("diff")
        .param("before", "Snapshot")
        .param("after", "Lab")
        .returns("Difference")
        .doc(&format!("{DOC} Between a snapshot and the lab as it is."))
        .example("let before = lab.snapshot();\ndiff(before, lab)")
        .register(|before: Snapshot, after: LabSettings| {
            Changes(after.handle().read(|after| diff(before.lab(), after)))
        });
}
