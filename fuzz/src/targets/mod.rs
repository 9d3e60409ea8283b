//! One function for each parser: it must not panic, and what it reads must
//! have the properties that are asserted.

mod base;
mod condition;
mod policy;
mod sealed;
mod session;

pub use base::{arn, glob, identifiers, time};
pub use condition::condition;
pub use policy::policy;
pub use sealed::{ciphertext_blob, encryption_context, lab_file, message};
pub use session::{operation, script};

/// The body of a target.
pub type Target = fn(&[u8]);

/// Every target by the name of its folder in `corpus/` and `findings/`.
pub const ALL: [(&str, Target); 12] = [
    ("policy", policy),
    ("arn", arn),
    ("glob", glob),
    ("condition", condition),
    ("identifiers", identifiers),
    ("time", time),
    ("encryption_context", encryption_context),
    ("ciphertext_blob", ciphertext_blob),
    ("message", message),
    ("lab_file", lab_file),
    ("script", script),
    ("operation", operation),
];

/// The bytes as text, if they are text.
fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}

/// Whether `pattern` matches `text`, by the textbook table; `None` where the table is too large.
fn wildcard_match(pattern: &str, text: &str) -> Option<bool> {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    if pattern.len() * text.len() > 1 << 20 {
        return None;
    }
    // row[n]: whether the pattern so far matches the first n characters.
    let mut row = vec![false; text.len() + 1];
    row[0] = true;
    for symbol in pattern {
        let mut next = vec![false; text.len() + 1];
        next[0] = symbol == '*' && row[0];
        for (n, c) in text.iter().enumerate() {
            next[n + 1] = match symbol {
                '*' => next[n] || row[n + 1],
                '?' => row[n],
                literal => row[n] && literal == *c,
            };
        }
        row = next;
    }
    row.last().copied()
}
