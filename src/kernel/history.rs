//! The cells of this session, for the client's history.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::Glob;
use crate::base::glob::Case;

/// Number of the running session; earlier ones are not kept.
const SESSION: i64 = 1;

/// The cells that were run, oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: Vec<Entry>,
}

/// One cell that was run.
#[derive(Debug)]
struct Entry {
    line: usize,
    input: String,
    output: Option<String>,
}

/// What a client asks of the history; absent members take the protocol's defaults.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HistoryQuery {
    hist_access_type: String,
    output: bool,
    session: i64,
    start: Option<i64>,
    stop: Option<i64>,
    n: Option<usize>,
    pattern: Option<String>,
    unique: bool,
}

impl History {
    /// Adds a cell and the text of its value.
    pub(super) fn record(&mut self, line: usize, input: &str, output: Option<String>) {
        self.entries.push(Entry {
            line,
            input: input.to_owned(),
            output,
        });
    }

    /// Answers `query` with the entries of a `history_reply`, oldest first.
    pub(super) fn answer(&self, query: &HistoryQuery) -> Value {
        let found = match query.hist_access_type.as_str() {
            "range" => self.range(query),
            "search" => self.search(query),
            _ => last(self.entries.iter().collect(), query.n),
        };
        found
            .into_iter()
            .map(|entry| entry.to_json(query.output))
            .collect()
    }

    /// Lines `start` up to, not including, `stop` of the session asked for.
    fn range(&self, query: &HistoryQuery) -> Vec<&Entry> {
        if query.session != 0 && query.session != SESSION {
            return Vec::new();
        }
        let start = query.start.unwrap_or(0);
        let stop = query.stop.unwrap_or(i64::MAX);
        let inside = |entry: &&Entry| {
            i64::try_from(entry.line).is_ok_and(|line| line >= start && line < stop)
        };
        self.entries.iter().filter(inside).collect()
    }

    /// Cells that match a pattern with `*` and `?`.
    fn search(&self, query: &HistoryQuery) -> Vec<&Entry> {
        let pattern = Glob::new(query.pattern.as_deref().unwrap_or("*"), Case::Sensitive);
        let mut found: Vec<&Entry> = self
            .entries
            .iter()
            .filter(|entry| pattern.matches(&entry.input))
            .collect();
        if query.unique {
            found = newest_of_each(found);
        }
        last(found, query.n)
    }
}

impl Entry {
    fn to_json(&self, with_output: bool) -> Value {
        if with_output {
            json!([SESSION, self.line, [self.input, self.output]])
        } else {
            json!([SESSION, self.line, self.input])
        }
    }
}

/// The last `n` of `entries`, or all of them.
fn last(mut entries: Vec<&Entry>, n: Option<usize>) -> Vec<&Entry> {
    let surplus = n.map_or(0, |n| entries.len().saturating_sub(n));
    entries.split_off(surplus)
}

/// `entries` with only the newest of equal inputs left.
fn newest_of_each(entries: Vec<&Entry>) -> Vec<&Entry> {
    let mut seen = std::collections::HashSet::new();
    let mut kept: Vec<&Entry> = entries
        .into_iter()
        .rev()
        .filter(|entry| seen.insert(entry.input.as_str()))
        .collect();
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        let mut history = History::default();
        for (index, input) in ["let a = 1", "a + 1", "let a = 1", "print(a)"]
            .iter()
            .enumerate()
        {
            history.record(index + 1, input, (index == 1).then(|| "2".to_owned()));
        }
        history
    }

    fn ask(query: Value) -> Value {
        history().answer(&serde_json::from_value(query).unwrap())
    }

    #[test]
    fn tail_gives_the_last_cells_oldest_first() {
        let reply = ask(json!({"hist_access_type": "tail", "n": 2}));
        assert_eq!(reply, json!([[1, 3, "let a = 1"], [1, 4, "print(a)"]]));
    }

    #[test]
    fn outputs_come_on_request() {
        let reply = ask(
            json!({"hist_access_type": "range", "session": 0, "start": 1, "stop": 3, "output": true}),
        );
        assert_eq!(
            reply,
            json!([[1, 1, ["let a = 1", null]], [1, 2, ["a + 1", "2"]]])
        );
    }

    #[test]
    fn other_sessions_are_empty() {
        assert_eq!(
            ask(json!({"hist_access_type": "range", "session": -1})),
            json!([])
        );
    }

    #[test]
    fn search_takes_wildcards_and_needs_neither_n_nor_unique() {
        let reply = ask(json!({"hist_access_type": "search", "pattern": "let*"}));
        assert_eq!(reply, json!([[1, 1, "let a = 1"], [1, 3, "let a = 1"]]));
        let unique = ask(json!({"hist_access_type": "search", "pattern": "let*", "unique": true}));
        assert_eq!(unique, json!([[1, 3, "let a = 1"]]));
        let newest = ask(json!({"hist_access_type": "search", "pattern": "*a*", "n": 1}));
        assert_eq!(newest, json!([[1, 4, "print(a)"]]));
    }
}
