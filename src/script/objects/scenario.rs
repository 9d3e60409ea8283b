//! Scenarios: work under every combination of switches.

use std::cell::RefCell;
use std::rc::Rc;

use rhai::{Dynamic, EvalAltResult, FnPtr, Map, NativeCallContext};

use super::answers::{Answer, Standin, failure_matrix, innermost, is_stop, run};
use super::arguments::{invalid, text};
use super::client::{Fallible, LabHandle};
use super::failure::fix_in;
use crate::base::Arn;
use crate::lab::Lab;
use crate::lab::scenario::{self, Dial, Experiment, Matrix, MatrixError, Outcome, Switch, ready};
use crate::render::{scenario_rows_table, scenario_table};
use crate::script::Registry;

/// Work with switches, run when its matrix is asked for.
#[derive(Clone, Debug)]
pub struct Scenario {
    lab: LabHandle,
    name: Rc<str>,
    work: FnPtr,
    switches: Rc<RefCell<Vec<Turned>>>,
}

/// A switch, and what brings it into its states.
#[derive(Clone, Debug)]
struct Turned {
    dial: Dial,
    turns: Turns,
}

#[derive(Clone, Debug)]
enum Turns {
    /// Closures, one for each state after the first.
    Script(Vec<FnPtr>),
    /// A switch of the lab's own.
    Native(Switch),
}

impl Scenario {
    fn add(&self, dial: Dial, turns: Turns) -> Self {
        self.switches.borrow_mut().push(Turned { dial, turns });
        self.clone()
    }

    fn native(&self, switch: Switch) -> Self {
        self.add(switch.dial().clone(), Turns::Native(switch))
    }

    /// A switch with states of its own, each a name and a closure.
    fn choice(&self, name: &str, built: &str, states: Map) -> Fallible<Self> {
        let mut dial = Dial {
            name: name.to_owned(),
            states: vec![built.to_owned()],
        };
        let mut turns = Vec::new();
        for (state, turn) in states {
            let turn = turn.try_cast::<FnPtr>();
            let turn = turn.ok_or_else(|| {
                invalid(format!(
                    "the state {state} of {name} needs a closure that sets it"
                ))
            })?;
            dial.states.push(state.to_string());
            turns.push(turn);
        }
        Ok(self.add(dial, Turns::Script(turns)))
    }

    fn matrix(&self, context: &NativeCallContext<'_>) -> Fallible<Matrix> {
        let running = Running {
            context,
            lab: &self.lab,
            work: &self.work,
            switches: self.switches.borrow().clone(),
        };
        let start = self.lab.read(Lab::fork);
        scenario::matrix(&self.name, &running, &start, &|_| ()).map_err(|error| match error {
            MatrixError::Stop(stop) => stop,
            MatrixError::Switch(text) | MatrixError::Unequal(text) => invalid(text),
        })
    }
}

/// A scenario while its combinations are run.
struct Running<'a> {
    context: &'a NativeCallContext<'a>,
    lab: &'a LabHandle,
    work: &'a FnPtr,
    switches: Vec<Turned>,
}

impl Running<'_> {
    /// Runs a closure in `fork`; the failure of a call is an answer, a mistake in the
    /// script ends the experiment.
    fn run_in(&self, fork: &mut Lab, closure: &FnPtr) -> Fallible<Result<(), Refused>> {
        let standin = Standin::new(self.lab, fork.fork());
        let result = run(self.context, closure);
        if let Some(after) = standin.end() {
            *fork = after;
        }
        let Err(error) = result else {
            return Ok(Ok(()));
        };
        match refused(&error).filter(|_| !is_stop(&error)) {
            Some(refused) => Ok(Err(refused)),
            None => Err(error),
        }
    }
}

/// A call that was refused: what it came to, and its text.
struct Refused {
    outcome: Outcome,
    text: String,
}

/// The refusal in an error, if a call threw it.
fn refused(error: &EvalAltResult) -> Option<Refused> {
    let EvalAltResult::ErrorRuntime(payload, _) = innermost(error) else {
        return None;
    };
    if let Some(fix) = fix_in(payload) {
        let error = &fix.failure.error;
        return Some(Refused {
            outcome: Outcome::failure(error),
            text: format!("{}: {}", error.code, error.message),
        });
    }
    let thrown = payload.read_lock::<Map>()?;
    // What has no status was answered by no service: it is a mistake in the script.
    let status = thrown.get("status")?.as_int().ok()?;
    let code = thrown.get("code")?.to_string();
    let message = thrown.get("message").map(ToString::to_string);
    let message = message.unwrap_or_default();
    Some(Refused {
        text: format!("{code}: {message}"),
        outcome: Outcome {
            status: u16::try_from(status).unwrap_or(400).max(400),
            code,
            ..Outcome::success()
        },
    })
}

impl Experiment for Running<'_> {
    type Stop = Box<EvalAltResult>;

    fn dials(&self) -> Vec<Dial> {
        self.switches
            .iter()
            .map(|switch| switch.dial.clone())
            .collect()
    }

    fn set(&self, lab: &mut Lab, switch: usize, state: usize) -> Fallible<Result<(), String>> {
        let turned = self.switches.get(switch);
        match turned.map(|turned| &turned.turns) {
            Some(Turns::Native(switch)) => {
                let refused =
                    |error: crate::api::ApiError| format!("{}: {}", error.code, error.message);
                Ok(switch.set(lab, state).map_err(refused))
            }
            Some(Turns::Script(turns)) => match state.checked_sub(1).and_then(|at| turns.get(at)) {
                Some(turn) => Ok(self.run_in(lab, turn)?.map_err(|refused| refused.text)),
                None => Ok(Ok(())),
            },
            None => Ok(Ok(())),
        }
    }

    fn work(&self, lab: &mut Lab, _: &[usize]) -> Fallible<Outcome> {
        Ok(match self.run_in(lab, self.work)? {
            Ok(()) => Outcome::success(),
            Err(refused) => refused.outcome,
        })
    }
}

/// The matrix of a scenario that comes with keychai.
fn of_ready(lab: &LabHandle, name: &str) -> Fallible<Answer> {
    let built = ready::build(name, lab.read(Lab::model));
    let built = built.ok_or_else(|| invalid(ready::unknown(name)))?;
    let built = built.map_err(|error| super::kms::plain_error(&error))?;
    let found = scenario::matrix(name, &built, built.lab(), &|_| ());
    let found = found.map_err(|error| invalid(error.to_string()))?;
    Ok(Answer(scenario_table(&found)))
}

fn arn(value: Dynamic, what: &str) -> Fallible<Arn> {
    let text = text(value, what)?;
    Arn::parse(&text).map_err(|_| invalid(format!("{what} is wanted, not `{text}`")))
}

const START: &str = "let key = kms.create_key(\"payroll\");\nlet role = iam.create_role(\"Worker\", #{ trust: \"glue.amazonaws.com\" });\nrole.allow(\"kms:Encrypt\", key);\nkey.trust(role);\nlet worker = glue.run_as(role);\nlet s = scenario(\"encrypt\", || worker.kms.encrypt(#{ KeyId: key.arn, Plaintext: \"4711\".to_blob() }));\n";

pub(super) fn register(registry: &mut Registry<'_>, lab: &LabHandle) {
    registry
        .type_named::<Scenario>(
            "Scenario",
            "Work with switches; its matrix runs the work under every combination of them.",
        )
        .brief(|s: &Scenario| {
            format!(
                "Scenario({}, {} switches)",
                s.name,
                s.switches.borrow().len()
            )
        });
    functions(registry, lab);
    switches(registry);
    ready_switches(registry);
    registry
        .method::<Scenario>("matrix")
        .returns("Answer")
        .doc("Runs every combination in a fork of its own, and shows the fewest rows and the rule that say what they came to.")
        .example(&format!("{START}s.toggle(\"kms:Encrypt\", || role.remove(\"kms:Encrypt\"));\ns.matrix()"))
        .register(|context: NativeCallContext<'_>, s: &mut Scenario| -> Fallible<Answer> {
            Ok(Answer(scenario_table(&s.matrix(&context)?)))
        });
    registry
        .method::<Scenario>("rows")
        .returns("Answer")
        .doc("Runs every combination in a fork of its own, and shows all of them.")
        .register(
            |context: NativeCallContext<'_>, s: &mut Scenario| -> Fallible<Answer> {
                Ok(Answer(scenario_rows_table(&s.matrix(&context)?)))
            },
        );
}

fn functions(registry: &mut Registry<'_>, lab: &LabHandle) {
    let handle = lab.clone();
    registry
        .function("scenario")
        .param("name", "string")
        .param("work", "function")
        .returns("Scenario")
        .doc("Work whose outcome under combinations of switches is to be found. The lab as it is when the matrix is asked for has every switch in its first state.")
        .example(&format!("{START}s.toggle(\"kms:Encrypt\", || role.remove(\"kms:Encrypt\"));\ns.toggle(\"key policy\", || key.distrust(role));\ns.matrix()"))
        .register(move |name: &str, work: FnPtr| Scenario {
            lab: handle.clone(),
            name: name.into(),
            work,
            switches: Rc::default(),
        });
    let handle = lab.clone();
    registry
        .function("matrix")
        .param("scenario", "string")
        .returns("Answer")
        .doc("When the work of a scenario that comes with keychai succeeds: all combinations of its switches, really run, in the fewest rows; the rule in words, proved equal to them. `keychai matrix --list` names the scenarios.")
        .example("matrix(\"upload\")")
        .register(move |name: &str| of_ready(&handle, name));
    registry
        .function("matrix")
        .param("scenario", "Scenario")
        .returns("Answer")
        .doc("The same for a scenario of your own.")
        .register(
            |context: NativeCallContext<'_>, s: Scenario| -> Fallible<Answer> {
                Ok(Answer(scenario_table(&s.matrix(&context)?)))
            },
        );
    let handle = lab.clone();
    registry
        .function("matrix")
        .returns("Answer")
        .doc("The failure scenarios of the notes: the same as `failure_matrix()`.")
        .register(move || failure_matrix(&handle));
}

fn switches(registry: &mut Registry<'_>) {
    registry
        .method::<Scenario>("toggle")
        .param("name", "string")
        .param("off", "function")
        .returns("Scenario")
        .doc("Adds a switch that is on in the lab as it is; the closure turns it off, in a fork.")
        .example(&format!(
            "{START}s.toggle(\"key policy\", || key.distrust(role)).matrix()"
        ))
        .register(|s: &mut Scenario, name: &str, off: FnPtr| {
            s.add(Dial::on_off(name), Turns::Script(vec![off]))
        });
    registry
        .method::<Scenario>("choice")
        .param("name", "string")
        .param("now", "string")
        .param("others", "map")
        .returns("Scenario")
        .doc("Adds a switch with states of its own: the name of the present one, and a map from the names of the others to closures that set them.")
        .example(&format!("{START}s.choice(\"key\", \"enabled\", #{{ disabled: || key.disable() }}).matrix()"))
        .register(|s: &mut Scenario, name: &str, now: &str, others: Map| s.choice(name, now, others));
}

fn ready_switches(registry: &mut Registry<'_>) {
    registry
        .method::<Scenario>("permission")
        .param("who", "any")
        .param("action", "string")
        .returns("Scenario")
        .doc("Adds a switch that takes an action out of the inline policies of a user or role.")
        .example(&format!(
            "{START}s.permission(role, \"kms:Encrypt\").matrix()"
        ))
        .register(
            |s: &mut Scenario, who: Dynamic, action: &str| -> Fallible<Scenario> {
                Ok(s.native(Switch::permission(&arn(who, "a user or role")?, action)))
            },
        );
    registry
        .method::<Scenario>("boundary")
        .param("who", "any")
        .param("action", "string")
        .returns("Scenario")
        .doc(
            "Adds a switch that sets a permissions boundary which allows everything but an action.",
        )
        .example(&format!(
            "{START}s.boundary(role, \"kms:Encrypt\").matrix()"
        ))
        .register(
            |s: &mut Scenario, who: Dynamic, action: &str| -> Fallible<Scenario> {
                Ok(s.native(Switch::boundary(&arn(who, "a user or role")?, action)))
            },
        );
    registry
        .method::<Scenario>("trust")
        .param("key", "any")
        .param("who", "any")
        .returns("Scenario")
        .doc("Adds a switch that takes a user or role out of a key policy.")
        .example(&format!("{START}s.trust(key, role).matrix()"))
        .register(
            |s: &mut Scenario, key: Dynamic, who: Dynamic| -> Fallible<Scenario> {
                Ok(s.native(Switch::trust(
                    &arn(key, "a key")?,
                    &arn(who, "a user or role")?,
                )))
            },
        );
    registry
        .method::<Scenario>("key_state")
        .param("key", "any")
        .returns("Scenario")
        .doc("Adds a switch of a key's state: enabled, disabled or pending deletion.")
        .example(&format!("{START}s.key_state(key).matrix()"))
        .register(|s: &mut Scenario, key: Dynamic| -> Fallible<Scenario> {
            Ok(s.native(Switch::key_state(&arn(key, "a key")?)))
        });
    registry
        .method::<Scenario>("model")
        .returns("Scenario")
        .doc("Adds a switch between the two models, `exam` and `aws`.")
        .example(&format!("{START}s.model().matrix()"))
        .register(|s: &mut Scenario| {
            let built = s.lab.read(Lab::model);
            s.native(Switch::model(built))
        });
}
