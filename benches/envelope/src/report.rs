//! The table of what was measured.

use std::process::ExitCode;

/// What a ratio has to be.
#[derive(Clone, Copy)]
pub enum Bar {
    /// At least this.
    Least(f64),
    /// At most this.
    Most(f64),
    /// No bar.
    None,
}

/// Rows, and whether all bars hold.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 5]>,
    missed: bool,
}

impl Report {
    /// A row: what, two figures, their ratio and its bar.
    pub fn row(&mut self, what: &str, peer: String, ours: String, ratio: f64, bar: Bar) {
        let (text, holds) = match bar {
            Bar::Least(least) => (format!("at least {least}"), ratio >= least),
            Bar::Most(most) => (format!("at most {most}"), ratio <= most),
            Bar::None => (String::new(), true),
        };
        self.missed |= !holds;
        let mark = if holds { "" } else { " MISSED" };
        let ratio = format!("{ratio:.3}{mark}");
        self.rows.push([what.to_owned(), peer, ours, ratio, text]);
    }

    /// Prints the table; a failure if a bar is missed.
    pub fn print(&self) -> ExitCode {
        println!("| median | peer | keychai | ratio | bar |\n|---|---|---|---|---|");
        for row in &self.rows {
            println!("| {} |", row.join(" | "));
        }
        ExitCode::from(u8::from(self.missed))
    }
}
