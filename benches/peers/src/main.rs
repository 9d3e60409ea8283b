//! keychai's decisions beside Cedar's: one run, one thread, alternating rounds, medians.
//!
//! Both get their policies, facts and requests ready-made; timed is the
//! decision alone. Before anything is timed, both have to answer every question
//! alike. The exit code is 1 if they do not, or if a ratio is below its bar.

mod cedar;
mod measure;
mod memory;
mod ours;
mod report;
mod scenario;
mod stored;

use std::process::ExitCode;

use measure::alternating;
use report::{Bar, Row, print};
use scenario::Scenario;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

fn main() -> ExitCode {
    let rows = decisions(&Scenario::attached(10), Some((8.0, 2.0)))
        .and_then(|few| {
            Ok((
                few,
                decisions(&Scenario::attached(1000), Some((250.0, 0.0)))?,
            ))
        })
        .and_then(|(few, many)| {
            let unindexed = decisions(&Scenario::by_condition_alone(1000), None)?;
            let policies = stored::managed_policies()?;
            let stored = [stored::compiling(&policies)?, stored::memory(&policies)?];
            Ok(few.into_iter().chain(many).chain(unindexed).chain(stored))
        });
    match rows {
        Ok(rows) => print(&rows.collect::<Vec<_>>()),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The rows of one scenario; the bars are for the decision without trace and with it.
fn decisions(scenario: &Scenario, bars: Option<(f64, f64)>) -> Result<Vec<Row>, String> {
    let cedar = cedar::Cedar::new(scenario)?;
    let ours = ours::Ours::new(scenario)?;
    let questions = ours.questions();
    scenario::agree(scenario, &cedar.answers()?, &ours::answers(&questions))?;
    let untraced = alternating(
        || cedar.decide_all(),
        || questions.iter().for_each(|q| kept(ours::untraced(q))),
    );
    let traced = alternating(
        || cedar.decide_all(),
        || questions.iter().for_each(|q| kept(ours::traced(q))),
    );
    let row = |what: &str, medians: measure::Medians, bar: Option<f64>| Row {
        what: format!("{}, {what}", scenario.name),
        unit: "ns",
        peer: medians.peer / questions.len() as f64,
        ours: medians.ours / questions.len() as f64,
        bar: bar.filter(|least| *least > 0.0).map(Bar::AtLeast),
    };
    Ok(vec![
        row("no trace", untraced, bars.map(|b| b.0)),
        row("full trace", traced, bars.map(|b| b.1)),
    ])
}

/// Makes the compiler believe that the answer is used.
fn kept<T>(answer: T) {
    let _ = std::hint::black_box(answer);
}
