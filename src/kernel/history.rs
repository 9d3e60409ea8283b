//! The cells of this session and of those before it, for the client's history.
//!
//! Earlier sessions come from a file of lines, one a cell, which is read once, before the
//! first cell is added. Values of cells are not kept in it, and what is kept only
//! its owner may read.

use std::cell::OnceCell;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::Glob;
use crate::base::files::replace;
use crate::base::glob::Case;

/// So many cells of earlier sessions are kept.
const KEPT: usize = 5_000;
/// A file of more bytes is cut down to [`KEPT`] cells when it is read.
const LONG_FILE: u64 = 4 << 20;

/// The cells that were run, oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: Vec<Entry>,
    file: Option<PathBuf>,
    earlier: OnceCell<Vec<Entry>>,
}

/// One cell that was run.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(rename = "s")]
    session: i64,
    #[serde(rename = "n")]
    line: usize,
    #[serde(rename = "i")]
    input: String,
    #[serde(skip)]
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
    /// The history that `file` keeps; of this session alone without one.
    pub(super) fn kept_in(file: Option<PathBuf>) -> Self {
        Self {
            file,
            ..Self::default()
        }
    }

    /// Adds a cell and the text of its value.
    pub(super) fn record(&mut self, line: usize, input: &str, output: Option<String>) {
        let entry = Entry {
            session: self.session(),
            line,
            input: input.to_owned(),
            output,
        };
        if let Some(file) = &self.file {
            // A history that cannot be kept is no reason to fail.
            let _ = append(file, &entry);
        }
        self.entries.push(entry);
    }

    /// Answers `query` with the entries of a `history_reply`, oldest first.
    pub(super) fn answer(&self, query: &HistoryQuery) -> Value {
        let found = match query.hist_access_type.as_str() {
            "range" => self.range(query),
            "search" => self.search(query),
            _ => last(self.all().collect(), query.n),
        };
        found
            .into_iter()
            .map(|entry| entry.to_json(query.output))
            .collect()
    }

    /// The number of this session: one more than that of the last.
    fn session(&self) -> i64 {
        self.earlier().last().map_or(1, |entry| entry.session + 1)
    }

    fn earlier(&self) -> &[Entry] {
        self.earlier
            .get_or_init(|| self.file.as_deref().map(read).unwrap_or_default())
    }

    fn all(&self) -> impl Iterator<Item = &Entry> {
        self.earlier().iter().chain(&self.entries)
    }

    /// Lines `start` up to, not including, `stop` of the session asked for: by its
    /// number, or counted back from this one, which is 0.
    fn range(&self, query: &HistoryQuery) -> Vec<&Entry> {
        let session = match query.session {
            back if back <= 0 => self.session() + back,
            number => number,
        };
        let start = query.start.unwrap_or(0);
        let stop = query.stop.unwrap_or(i64::MAX);
        let inside = |entry: &&Entry| {
            entry.session == session
                && i64::try_from(entry.line).is_ok_and(|line| line >= start && line < stop)
        };
        self.all().filter(inside).collect()
    }

    /// Cells that match a pattern with `*` and `?`.
    fn search(&self, query: &HistoryQuery) -> Vec<&Entry> {
        let pattern = Glob::new(query.pattern.as_deref().unwrap_or("*"), Case::Sensitive);
        let mut found: Vec<&Entry> = self
            .all()
            .filter(|entry| pattern.matches(&entry.input))
            .collect();
        if query.unique {
            found = newest_of_each(found);
        }
        last(found, query.n)
    }
}

fn append(file: &Path, entry: &Entry) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // In one piece, so that kernels that run at once do not mix their lines.
    let line = format!("{}\n", serde_json::to_string(entry)?);
    options.open(file)?.write_all(line.as_bytes())
}

/// The cells in a file, in the order of their sessions; lines that are none are passed over.
fn read(file: &Path) -> Vec<Entry> {
    let bytes = fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let entries = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let mut entries: Vec<Entry> = entries.collect();
    // Sessions that ran at once lie mixed.
    entries.sort_by_key(|entry| entry.session);
    let surplus = entries.len().saturating_sub(KEPT);
    let entries = entries.split_off(surplus);
    if bytes.len() as u64 > LONG_FILE {
        let lines = entries
            .iter()
            .filter_map(|entry| serde_json::to_string(entry).ok());
        let text: String = lines.map(|line| line + "\n").collect();
        // A file that cannot be cut down is read whole the next time.
        let _ = replace(file, text.as_bytes());
    }
    entries
}

impl Entry {
    fn to_json(&self, with_output: bool) -> Value {
        if with_output {
            json!([self.session, self.line, [self.input, self.output]])
        } else {
            json!([self.session, self.line, self.input])
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

    #[test]
    fn earlier_sessions_come_from_the_file_by_number_or_counted_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep").join("history.jsonl");
        for session in ["one", "two"] {
            let mut history = History::kept_in(Some(file.clone()));
            history.record(1, session, Some("value".to_owned()));
        }
        fs::write(&file, fs::read_to_string(&file).unwrap() + "no entry\n").unwrap();
        let mut history = History::kept_in(Some(file.clone()));
        history.record(1, "three", None);
        let ask = |query: Value| history.answer(&serde_json::from_value(query).unwrap());
        let tail = ask(json!({"hist_access_type": "tail", "n": 2}));
        assert_eq!(tail, json!([[2, 1, "two"], [3, 1, "three"]]));
        for session in [-1, 2] {
            let range =
                ask(json!({"hist_access_type": "range", "session": session, "output": true}));
            assert_eq!(range, json!([[2, 1, ["two", null]]]));
        }
        let found = ask(json!({"hist_access_type": "search", "pattern": "o*"}));
        assert_eq!(found, json!([[1, 1, "one"]]));
        assert!(!fs::read_to_string(&file).unwrap().contains("value"));
    }
}
