//! The neutral report: blocks one below the other.

use serde_json::Value;

use super::table::Table;
use super::text::{Text, Tone, harmless};

/// One line of a [`Block::Diff`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiffLine {
    /// Unchanged.
    Context(String),
    /// Only in the new version.
    Added(String),
    /// Only in the old version.
    Removed(String),
}

impl DiffLine {
    /// The sign in front of the line: space, `+` or `-`.
    pub fn sign(&self) -> char {
        match self {
            Self::Context(_) => ' ',
            Self::Added(_) => '+',
            Self::Removed(_) => '-',
        }
    }

    /// The line with its sign, made harmless, in one line.
    pub(crate) fn marked(&self) -> String {
        let (Self::Context(line) | Self::Added(line) | Self::Removed(line)) = self;
        format!("{} {}", self.sign(), harmless(line).replace('\n', "␊"))
    }

    /// The tone of a changed line.
    pub(crate) fn tone(&self) -> Option<Tone> {
        match self {
            Self::Context(_) => None,
            Self::Added(_) => Some(Tone::Good),
            Self::Removed(_) => Some(Tone::Bad),
        }
    }
}

/// One part of a [`Report`].
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// The answer, in one line, with its mark.
    Headline {
        /// What the answer means.
        tone: Tone,
        /// The answer; the writers put the tone's mark in front.
        text: Text,
    },
    /// Running text.
    Paragraph(Text),
    /// A table.
    Table(Table),
    /// Points of equal rank.
    List(Vec<Text>),
    /// Names and their values.
    KeyValue(Vec<(Text, Text)>),
    /// Literal text over several lines.
    Code {
        /// The language's short name, such as `json`; empty where there is none.
        language: String,
        /// The literal text.
        text: String,
    },
    /// Two versions of a text, line by line.
    Diff(Vec<DiffLine>),
    /// Blocks under a summary, which can be opened and closed where the output
    /// allows it.
    Details {
        /// What the blocks are about.
        summary: Text,
        /// Whether they are shown at first.
        open: bool,
        /// The blocks.
        blocks: Vec<Block>,
    },
    /// A line between two parts.
    Rule,
}

impl Block {
    /// The words of a headline, its mark included.
    pub(crate) fn headline(tone: Tone, text: &Text) -> Text {
        Text::toned(tone, "").plain(" ").then(text)
    }
}

/// Blocks one below the other: a denial, an exercise's result, a rule.
///
/// ```
/// use keychai::render::{Report, Text, TextOptions, Tone};
///
/// let report = Report::new()
///     .headline(Tone::Bad, "AccessDenied 403")
///     .details("layers", true, Report::new().list(["key policy: silent"]));
/// assert!(report.text(&TextOptions::default()).starts_with("✗ AccessDenied 403\n"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    blocks: Vec<Block>,
    data: Option<Value>,
}

impl Report {
    /// A report without blocks.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same report with one more block.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.push(block);
        self
    }

    /// The same report with a headline at its end.
    #[must_use]
    pub fn headline(self, tone: Tone, text: impl Into<Text>) -> Self {
        self.block(Block::Headline {
            tone,
            text: text.into(),
        })
    }

    /// The same report with a paragraph at its end.
    #[must_use]
    pub fn paragraph(self, text: impl Into<Text>) -> Self {
        self.block(Block::Paragraph(text.into()))
    }

    /// The same report with a table at its end.
    #[must_use]
    pub fn table(self, table: Table) -> Self {
        self.block(Block::Table(table))
    }

    /// The same report with a list at its end.
    #[must_use]
    pub fn list<T: Into<Text>>(self, items: impl IntoIterator<Item = T>) -> Self {
        self.block(Block::List(items.into_iter().map(Into::into).collect()))
    }

    /// The same report with names and values at its end.
    #[must_use]
    pub fn pairs<K: Into<Text>, V: Into<Text>>(
        self,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pairs = pairs
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()));
        self.block(Block::KeyValue(pairs.collect()))
    }

    /// The same report with literal text at its end.
    #[must_use]
    pub fn code(self, language: &str, text: impl Into<String>) -> Self {
        self.block(Block::Code {
            language: language.to_owned(),
            text: text.into(),
        })
    }

    /// The same report with a comparison at its end.
    #[must_use]
    pub fn diff(self, lines: impl IntoIterator<Item = DiffLine>) -> Self {
        self.block(Block::Diff(lines.into_iter().collect()))
    }

    /// The same report with the blocks of `inner` under a summary at its end.
    #[must_use]
    pub fn details(self, summary: impl Into<Text>, open: bool, inner: Report) -> Self {
        self.block(Block::Details {
            summary: summary.into(),
            open,
            blocks: inner.blocks,
        })
    }

    /// The same report with a line at its end.
    #[must_use]
    pub fn rule(self) -> Self {
        self.block(Block::Rule)
    }

    /// The same report with machine-readable data, which [`Report::json`]
    /// emits unchanged beside the blocks.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// Appends a block.
    pub fn push(&mut self, block: Block) {
        self.blocks.push(block);
    }

    /// The blocks, from top to bottom.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The data that goes into JSON beside the blocks.
    pub fn data(&self) -> Option<&Value> {
        self.data.as_ref()
    }
}
