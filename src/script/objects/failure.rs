//! What a caught failure offers: the decision behind it, and its repairs.

use std::cell::OnceCell;
use std::rc::Rc;

use rhai::{Array, Dynamic, EvalAltResult, Map};
use serde_json::{Value, json};

use super::answers::Answer;
use super::client::{Fallible, LabHandle};
use super::key::dynamic;
use crate::lab::{DecidedStep, Failure, Fixes, Lab};
use crate::render::{
    Rendered, clauses_table, decision_report, failure_facts, failure_report, fixes_report,
};
use crate::script::{Registry, Thrown};

/// One decision, with the names that people use.
#[derive(Clone, Debug)]
pub struct Decision(pub(super) DecidedStep);

impl Decision {
    fn layers(&self, pick: impl Fn(&crate::authz::Decision) -> Vec<Value>) -> Fallible<Dynamic> {
        dynamic(&Value::Array(pick(&self.0.decision)))
    }

    fn brief(&self) -> String {
        let decision = &self.0.decision;
        let verdict = if decision.is_allow() { "✓" } else { "✗" };
        format!(
            "{verdict} {} on {}, by {}",
            decision.action, self.0.resource, self.0.caller
        )
    }
}

/// Repairs of a failed call, found when somebody asks for them.
#[derive(Clone, Debug)]
pub struct Fix {
    lab: LabHandle,
    pub(super) failure: Rc<Failure>,
    found: Rc<OnceCell<Fixes>>,
}

impl Fix {
    pub(super) fn new(lab: &LabHandle, failure: Rc<Failure>) -> Self {
        Self {
            lab: lab.clone(),
            failure,
            found: Rc::default(),
        }
    }

    /// The repairs as they were when somebody first looked.
    pub(super) fn fixes(&self) -> &Fixes {
        self.found
            .get_or_init(|| self.failure.fix(&self.lab.read(Lab::fork)))
    }

    /// The card of the failure.
    pub(super) fn card(&self) -> Rendered {
        Rendered::from(&failure_report(&self.failure, self.fixes()))
    }

    /// Applies the repair of this number, counted from 1, to the lab as it is
    /// now; what changed meanwhile is not undone.
    fn apply(&self, number: i64) -> Fallible<String> {
        let shown = self.fixes();
        let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
        let Some(wanted) = index.and_then(|at| shown.repairs.get(at)) else {
            return Err(self.no_repair(number));
        };
        let present = self.failure.fix(&self.lab.read(Lab::fork));
        let Some(repair) = present.repairs.iter().find(|r| r.title == wanted.title) else {
            let text = format!(
                "the repair \"{}\" no longer fits: the lab has changed",
                wanted.title
            );
            return Err(Thrown::new("NoRepair", text)
                .with("hint", present.advice.join(" "))
                .into());
        };
        self.lab
            .write(|lab| repair.apply(lab))
            .map_err(|error| super::kms::plain_error(&error))?;
        Ok(repair.title.clone())
    }

    fn no_repair(&self, number: i64) -> Box<EvalAltResult> {
        let (count, call) = (self.fixes().repairs.len(), self.failure.call.action());
        let text = match count {
            0 => format!("there is no repair of this {call} that can be applied"),
            _ => format!("there is no repair {number}: they are numbered from 1 to {count}"),
        };
        Thrown::new("NoRepair", text)
            .with("hint", self.fixes().advice.join(" "))
            .into()
    }
}

/// A failed call as the map that scripts catch.
pub(super) fn thrown(lab: &LabHandle, failure: Failure) -> Box<EvalAltResult> {
    let failure = Rc::new(failure);
    let error = &failure.error;
    let mut thrown = Thrown::new(&error.code, error.message.clone())
        .with("status", i64::from(error.status))
        .with("why", failure.sentence.clone())
        .with("call", failure.call.action())
        .with("model", failure.model.to_string())
        .with("decisions", decisions(&failure.decisions))
        .with("fix", Fix::new(lab, Rc::clone(&failure)));
    if error.decision.is_some()
        && let Some(last) = failure.decisions.last()
    {
        thrown = thrown.with("decision", Decision(last.clone()));
    }
    if let Ok(facts) = dynamic(&failure_facts(&failure)) {
        thrown = thrown.with("json", facts);
    }
    if let Some(detail) = &error.detail {
        thrown = thrown.with("hint", detail.clone());
    }
    thrown.into()
}

/// Decisions as an array for scripts.
pub(super) fn decisions(steps: &[DecidedStep]) -> Array {
    steps
        .iter()
        .cloned()
        .map(|step| Dynamic::from(Decision(step)))
        .collect()
}

/// The failure in a thrown value, if a call of the lab threw it.
pub(super) fn fix_in(payload: &Dynamic) -> Option<Fix> {
    let map = payload.read_lock::<Map>()?;
    map.get("fix")
        .and_then(|fix| fix.flatten_clone().try_cast::<Fix>())
}

/// The card of an uncaught failure.
pub(super) fn render_error(payload: &Dynamic) -> Option<Rendered> {
    fix_in(payload).map(|fix| fix.card())
}

pub(super) fn register(registry: &mut Registry<'_>) {
    registry
        .type_named::<Decision>(
            "Decision",
            "Whether somebody may do something, and what each layer said.",
        )
        .renderer(|d: &Decision| Rendered::from(&decision_report(&d.0)))
        .brief(Decision::brief)
        .type_named::<Fix>(
            "Fix",
            "Repairs of a failed call; each was tried in a fork of the lab and works.",
        )
        .renderer(|fix: &Fix| Rendered::from(&fixes_report(fix.fixes())))
        .brief(|fix: &Fix| format!("Fix({} repairs)", fix.fixes().repairs.len()));
    decision_members(registry);
    fix_members(registry);
}

fn decision_members(registry: &mut Registry<'_>) {
    const MAKE: &str = "let key = kms.create_key(\"payroll\");\n";
    registry
        .property::<Decision>("allowed")
        .returns("bool")
        .doc("Whether the call may go ahead.")
        .example(&format!("{MAKE}can(kms, \"kms:Decrypt\", key).allowed"))
        .register(|d: &mut Decision| d.0.decision.is_allow());
    registry
        .property::<Decision>("verdict")
        .returns("string")
        .doc("`allow`, `implicit-deny` or `explicit-deny`.")
        .register(|d: &mut Decision| dynamic(&json!(d.0.decision.verdict)));
    registry
        .property::<Decision>("layer")
        .returns("string")
        .doc("The layer that the verdict hangs on, such as `identity` or `resource`; `()` if none.")
        .register(|d: &mut Decision| dynamic(&json!(d.0.decision.decisive)));
    registry
        .property::<Decision>("missing")
        .returns("array")
        .doc("Every layer that stood in the way, the decisive one first.")
        .register(|d: &mut Decision| d.layers(|d| d.missing.iter().map(|l| json!(l)).collect()));
    registry
        .property::<Decision>("steps")
        .returns("array")
        .doc("What each layer said, with every statement and its clauses.")
        .register(|d: &mut Decision| d.layers(|d| d.steps.iter().map(|s| json!(s)).collect()));
    registry
        .method::<Decision>("clauses")
        .returns("Answer")
        .doc("Takes the decision apart: every clause of every statement, with what the policy wants and what the call has.")
        .example(&format!("{MAKE}can(kms, \"kms:Decrypt\", key).clauses()"))
        .register(|d: &mut Decision| Answer(clauses_table(&d.0)));
    registry
        .property::<Decision>("action")
        .returns("string")
        .doc("`service:Operation`.")
        .register(|d: &mut Decision| d.0.decision.action.to_string());
    registry
        .property::<Decision>("resource")
        .returns("string")
        .doc("The resource's ARN.")
        .register(|d: &mut Decision| d.0.decision.resource.to_string());
    registry
        .property::<Decision>("model")
        .returns("string")
        .doc("The model that decided: `exam` or `aws`.")
        .register(|d: &mut Decision| d.0.decision.model.to_string());
    registry
        .property::<Decision>("json")
        .returns("map")
        .doc("Everything about the decision.")
        .register(|d: &mut Decision| dynamic(&json!(&*d.0.decision)));
}

fn fix_members(registry: &mut Registry<'_>) {
    const FAIL: &str = "kms.create_key(\"payroll\").disable();\nlet repair = ();\ntry { kms.key(\"payroll\").encrypt(\"x\"); } catch (e) { repair = e.fix; }\n";
    registry
        .method::<Fix>("apply")
        .returns("string")
        .doc("Applies the smallest repair to the lab, and says what it did.")
        .example(&format!("{FAIL}repair.apply()"))
        .register(|fix: &mut Fix| fix.apply(1));
    registry
        .method::<Fix>("apply")
        .param("number", "int")
        .returns("string")
        .doc("Applies the repair of this number, as the list shows it, from 1.")
        .example(&format!("{FAIL}repair.apply(1)"))
        .register(|fix: &mut Fix, number: i64| fix.apply(number));
    registry
        .method::<Fix>("repairs")
        .returns("array")
        .doc("The repairs: `title`, `script` (lines that do the same) and `changes` (the calls).")
        .example(&format!("{FAIL}repair.repairs()[0].title"))
        .register(|fix: &mut Fix| dynamic(&json!(fix.fixes().repairs)));
    registry
        .property::<Fix>("diff")
        .returns("string")
        .doc("What the first repair does to policy documents, as a unified diff of their JSON.")
        .register(|fix: &mut Fix| {
            let first = fix.fixes().repairs.first();
            first.map(|repair| repair.diff.clone()).unwrap_or_default()
        });
    registry
        .property::<Fix>("advice")
        .returns("array")
        .doc("What to know where no change of a policy, grant or key is the answer.")
        .register(|fix: &mut Fix| dynamic(&json!(fix.fixes().advice)));
}
