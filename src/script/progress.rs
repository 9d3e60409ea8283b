//! `progress`: a bar for long work, which is redrawn in its place.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rhai::{Array, Dynamic, INT};

use super::builtins::stopwatch;
use super::output::Output;
use super::registry::Registry;
use crate::render::Rendered;

/// A bar is redrawn at most so often.
const PAUSE: Duration = Duration::from_millis(100);
/// How wide a bar is, in characters.
const WIDTH: u64 = 30;

/// How far some work is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// The name by which it replaces itself.
    pub id: String,
    /// What is being done; may be empty.
    pub what: String,
    /// How many of `total` steps are done.
    pub done: u64,
    /// How many steps there are.
    pub total: u64,
    /// Whether it was shown before.
    pub is_begun: bool,
    /// Seconds that the rest takes if it goes on like this, once that can be told.
    pub seconds_left: Option<u64>,
}

impl Bar {
    /// Whether all is done.
    pub fn is_finished(&self) -> bool {
        self.done >= self.total
    }

    /// One line.
    pub fn line(&self) -> String {
        let total = self.total.max(1);
        let done = self.done.min(total);
        let full = done.saturating_mul(WIDTH) / total;
        let bar: String = (0..WIDTH)
            .map(|at| if at < full { '█' } else { '░' })
            .collect();
        let percent = done.saturating_mul(100) / total;
        let what = match self.what.as_str() {
            "" => String::new(),
            what => format!("{what} "),
        };
        let left = match self.seconds_left {
            Some(seconds) if !self.is_finished() => format!(", {seconds} s left"),
            _ => String::new(),
        };
        format!(
            "{what}{bar} {percent} % ({}/{}{left})",
            self.done, self.total
        )
    }

    /// The line and, in a notebook, a bar.
    pub fn rendered(&self) -> Rendered {
        let line = Rendered::of_text(self.line());
        let label = crate::render::escaped(&line.text);
        let html = format!(
            "<progress value=\"{}\" max=\"{}\" style=\"width:20em\"></progress> {label}",
            self.done.min(self.total),
            self.total.max(1)
        );
        line.with_html(html)
    }
}

/// A bar in a script. All that came from one move together.
#[derive(Clone)]
pub struct Progress(Rc<RefCell<State>>);

struct State {
    bar: Bar,
    output: Rc<dyn Output>,
    begun: Instant,
    shown: Option<Instant>,
}

impl State {
    fn show(&mut self) {
        let now = stopwatch();
        let is_due = self
            .shown
            .is_none_or(|shown| now.duration_since(shown) >= PAUSE);
        if !is_due && !self.bar.is_finished() {
            return;
        }
        let spent = now.duration_since(self.begun).as_secs_f64();
        let left = self.bar.total.saturating_sub(self.bar.done);
        self.bar.seconds_left = (self.bar.done > 0 && spent > 1.0)
            .then(|| (spent * left as f64 / self.bar.done as f64).ceil() as u64);
        self.output.progress(&self.bar);
        self.bar.is_begun = true;
        self.shown = Some(now);
    }
}

/// Makes bars, each with a name of its own.
#[derive(Clone)]
struct Bars {
    output: Rc<dyn Output>,
}

/// How many bars this process has shown: a bar of a session that began again is not to
/// move one that stands already.
static COUNT: AtomicU64 = AtomicU64::new(0);

impl Bars {
    fn begin(&self, total: INT, what: &str) -> Progress {
        let number = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
        let bar = Bar {
            id: format!("progress-{number}"),
            what: what.to_owned(),
            done: 0,
            total: u64::try_from(total).unwrap_or(0),
            is_begun: false,
            seconds_left: None,
        };
        let mut state = State {
            bar,
            output: Rc::clone(&self.output),
            begun: stopwatch(),
            shown: None,
        };
        state.show();
        Progress(Rc::new(RefCell::new(state)))
    }

    fn over(&self, items: Array, what: &str) -> ProgressItems {
        let total = INT::try_from(items.len()).unwrap_or(INT::MAX);
        let progress = self.begin(total, what);
        ProgressItems { items, progress }
    }
}

impl Progress {
    fn set(&self, done: INT) {
        let mut state = self.0.borrow_mut();
        state.bar.done = u64::try_from(done).unwrap_or(0).min(state.bar.total);
        state.show();
    }

    fn advance(&self, steps: INT) {
        let done = self.0.borrow().bar.done;
        self.set(
            INT::try_from(done)
                .unwrap_or(INT::MAX)
                .saturating_add(steps),
        );
    }
}

/// The items of a list; the bar moves as they are taken.
#[derive(Clone)]
pub struct ProgressItems {
    items: Array,
    progress: Progress,
}

impl IntoIterator for ProgressItems {
    type Item = Dynamic;
    type IntoIter = Steps;

    fn into_iter(self) -> Steps {
        Steps {
            items: self.items.into_iter(),
            progress: self.progress,
            taken: 0,
        }
    }
}

/// The walk through [`ProgressItems`].
pub struct Steps {
    items: std::vec::IntoIter<Dynamic>,
    progress: Progress,
    taken: INT,
}

impl Iterator for Steps {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        if self.taken > 0 {
            self.progress.set(self.taken);
        }
        let item = self.items.next()?;
        self.taken += 1;
        Some(item)
    }
}

pub(super) fn register(registry: &mut Registry<'_>) {
    let bars = Bars {
        output: registry.output(),
    };
    registry
        .type_named::<Progress>("Progress", "A bar that shows how far some work is.")
        .brief(|progress: &Progress| progress.0.borrow().bar.line())
        .type_named::<ProgressItems>(
            "ProgressItems",
            "The items of a list, for `for`, with a bar.",
        )
        .brief(|items: &ProgressItems| format!("progress over {} items", items.items.len()));
    registry.engine().register_iterator::<ProgressItems>();
    counted(registry, &bars);
    let own = bars.clone();
    registry
        .function("progress")
        .param("items", "array")
        .returns("ProgressItems")
        .doc("The items for a `for`, with a bar that moves with each.")
        .example("for name in progress([\"a\", \"b\"]) { sleep(0.01) }")
        .register(move |items: Array| own.over(items, ""));
    registry
        .function("progress")
        .param("items", "array")
        .param("what", "string")
        .returns("ProgressItems")
        .doc("The same; `what` stands before the bar.")
        .register(move |items: Array, what: &str| bars.over(items, what));
    registry
        .method::<Progress>("advance")
        .doc("One more step is done.")
        .register(|progress: &mut Progress| progress.advance(1));
    registry
        .method::<Progress>("advance")
        .param("steps", "int")
        .doc("So many more steps are done.")
        .register(|progress: &mut Progress, steps: INT| progress.advance(steps));
    registry
        .method::<Progress>("set")
        .param("done", "int")
        .doc("So many steps are done in all.")
        .register(|progress: &mut Progress, done: INT| progress.set(done));
    registry
        .method::<Progress>("finish")
        .doc("All steps are done.")
        .register(|progress: &mut Progress| progress.set(INT::MAX));
}

fn counted(registry: &mut Registry<'_>, bars: &Bars) {
    let own = bars.clone();
    registry
        .function("progress")
        .param("total", "int")
        .returns("Progress")
        .doc("A bar for work of so many steps, redrawn in its place; a pipe gets none.")
        .example("let bar = progress(3);\nfor step in 0..3 { bar.advance() }")
        .register(move |total: INT| own.begin(total, ""));
    let own = bars.clone();
    registry
        .function("progress")
        .param("total", "int")
        .param("what", "string")
        .returns("Progress")
        .doc("The same; `what` stands before the bar.")
        .register(move |total: INT, what: &str| own.begin(total, what));
}
