//! The table.

use std::process::ExitCode;

/// What a ratio is held to.
pub enum Bar {
    /// The peer's figure over ours, at least.
    AtLeast(f64),
    /// Our figure over the peer's, at most.
    AtMost(f64),
}

/// One line: a peer's figure, ours, and how they compare.
pub struct Row {
    /// What was measured.
    pub what: String,
    /// The unit of both figures.
    pub unit: &'static str,
    /// The peer's figure.
    pub peer: f64,
    /// Our figure.
    pub ours: f64,
    /// What the ratio is held to; a row without is for information.
    pub bar: Option<Bar>,
}

impl Row {
    fn holds(&self) -> bool {
        match self.bar {
            None => true,
            Some(Bar::AtLeast(least)) => self.peer / self.ours >= least,
            Some(Bar::AtMost(most)) => self.ours / self.peer <= most,
        }
    }

    fn line(&self) -> String {
        let (ratio, bar) = match self.bar {
            None => (self.peer / self.ours, String::new()),
            Some(Bar::AtLeast(least)) => (self.peer / self.ours, format!("at least {least}")),
            Some(Bar::AtMost(most)) => (self.ours / self.peer, format!("at most {most}")),
        };
        let verdict = if self.holds() { "" } else { " **missed**" };
        format!(
            "| {} | {} {unit} | {} {unit} | {} | {bar}{verdict} |",
            self.what,
            figure(self.peer),
            figure(self.ours),
            figure(ratio),
            unit = self.unit,
        )
    }
}

/// Three digits that count.
fn figure(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

/// Prints the table; the exit code is 1 if a bar was missed.
pub fn print(rows: &[Row]) -> ExitCode {
    println!("| median | peer | keychai | ratio | bar |");
    println!("|---|---|---|---|---|");
    rows.iter().for_each(|row| println!("{}", row.line()));
    match rows.iter().all(Row::holds) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
