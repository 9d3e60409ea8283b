//! Inline text: spans with a style, made harmless when they are made.

use std::fmt;

/// What something means for the reader: shown as a mark and, where possible, a
/// colour. The mark alone is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// It works, it is allowed: `✓`.
    Good,
    /// It fails, it is denied: `✗`.
    Bad,
    /// Nothing was said either way: `–`.
    Neutral,
    /// It works, but look again: `!`.
    Warning,
}

impl Tone {
    /// The mark that stands for this tone in every output.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Neutral => "–",
            Self::Warning => "!",
        }
    }

    /// The tone's name in JSON and in class names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Neutral => "neutral",
            Self::Warning => "warning",
        }
    }
}

/// How a span is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// As it is.
    #[default]
    Plain,
    /// Bold.
    Strong,
    /// Something typed or copied literally: an action, an ARN, a name.
    Code,
    /// Of less weight than its surroundings.
    Muted,
    /// In the colour of a tone; the span's text starts with the tone's mark.
    Tone(Tone),
}

/// A run of characters in one style.
///
/// Invariant: the text holds no control character but `\n`, no escape sequence
/// and no character that reorders its neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    style: Style,
    text: String,
}

impl Span {
    /// `text` in `style`, made harmless; a toned span gets its tone's mark.
    pub fn new(style: Style, text: impl AsRef<str>) -> Self {
        let clean = harmless(text.as_ref());
        let text = match style {
            Style::Tone(tone) if clean.is_empty() => tone.mark().to_owned(),
            Style::Tone(tone) => format!("{} {clean}", tone.mark()),
            _ => clean,
        };
        Self { style, text }
    }

    /// How the span is shown.
    pub fn style(&self) -> Style {
        self.style
    }

    /// What the span says, its mark included.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Inline text: what a cell, a paragraph or a heading holds.
///
/// ```
/// use keychai::render::Text;
///
/// let cell = Text::good("allow").plain(" by ").code("UseKey[0]");
/// assert_eq!(cell.to_string(), "✓ allow by UseKey[0]");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    spans: Vec<Span>,
}

impl Text {
    /// No text at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Text of one toned span, `✓ allow`; an empty `text` gives the mark alone.
    pub fn toned(tone: Tone, text: impl AsRef<str>) -> Self {
        Self::new().with(Style::Tone(tone), text)
    }

    /// Text of one good span.
    pub fn good(text: impl AsRef<str>) -> Self {
        Self::toned(Tone::Good, text)
    }

    /// Text of one bad span.
    pub fn bad(text: impl AsRef<str>) -> Self {
        Self::toned(Tone::Bad, text)
    }

    /// Text of one neutral span.
    pub fn neutral(text: impl AsRef<str>) -> Self {
        Self::toned(Tone::Neutral, text)
    }

    /// Text of one warning span.
    pub fn warning(text: impl AsRef<str>) -> Self {
        Self::toned(Tone::Warning, text)
    }

    /// This text followed by a plain span.
    #[must_use]
    pub fn plain(self, text: impl AsRef<str>) -> Self {
        self.with(Style::Plain, text)
    }

    /// This text followed by a bold span.
    #[must_use]
    pub fn strong(self, text: impl AsRef<str>) -> Self {
        self.with(Style::Strong, text)
    }

    /// This text followed by a literal span.
    #[must_use]
    pub fn code(self, text: impl AsRef<str>) -> Self {
        self.with(Style::Code, text)
    }

    /// This text followed by a muted span.
    #[must_use]
    pub fn muted(self, text: impl AsRef<str>) -> Self {
        self.with(Style::Muted, text)
    }

    /// This text followed by `text` in `style`.
    #[must_use]
    pub fn with(mut self, style: Style, text: impl AsRef<str>) -> Self {
        self.spans.push(Span::new(style, text));
        self
    }

    /// This text followed by `other`.
    #[must_use]
    pub fn then(mut self, other: impl Into<Text>) -> Self {
        self.spans.extend(other.into().spans);
        self
    }

    /// The spans, in order.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.spans.iter().all(|span| span.text.is_empty())
    }

    /// The tone of the first toned span.
    pub fn tone(&self) -> Option<Tone> {
        self.spans.iter().find_map(|span| match span.style {
            Style::Tone(tone) => Some(tone),
            _ => None,
        })
    }

    /// The same text with its plain spans shown in `style`, words unchanged.
    pub(crate) fn restyled(mut self, style: Style) -> Self {
        for span in self
            .spans
            .iter_mut()
            .filter(|span| span.style == Style::Plain)
        {
            span.style = style;
        }
        self
    }

    /// Appends one character that comes from another text's span.
    pub(crate) fn push(&mut self, character: char, style: Style) {
        match self.spans.last_mut() {
            Some(last) if last.style == style => last.text.push(character),
            _ => self.spans.push(Span {
                style,
                text: character.to_string(),
            }),
        }
    }
}

impl fmt::Display for Text {
    /// The words alone, without style.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spans
            .iter()
            .try_for_each(|span| f.write_str(&span.text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new().plain(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new().plain(text)
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self::new().plain(text)
    }
}

impl From<Span> for Text {
    fn from(span: Span) -> Self {
        Self { spans: vec![span] }
    }
}

impl From<&Text> for Text {
    fn from(text: &Text) -> Self {
        text.clone()
    }
}

/// `text` with everything replaced that a terminal or a browser would obey
/// instead of showing.
///
/// Line ends become `\n` and tabs four spaces. A C0 control becomes its picture
/// (`␛` for escape); a C1 control, a line separator and a bidirectional control
/// become `�`. Source: Unicode, UAX #9 §2 and the block Control Pictures.
pub(crate) fn harmless(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.replace("\r\n", "\n").chars() {
        match character {
            '\n' => clean.push('\n'),
            '\t' => clean.push_str("    "),
            '\0'..='\x1f' => clean.push(picture(character)),
            '\x7f' => clean.push('␡'),
            '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => clean.push('\u{fffd}'),
            _ => clean.push(character),
        }
    }
    clean
}

fn picture(control: char) -> char {
    char::from_u32(0x2400 + u32::from(control)).unwrap_or('\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_become_visible_when_text_is_made() {
        assert_eq!(Text::from("\x1b[31mred\x07").to_string(), "␛[31mred␇");
        assert_eq!(Text::from("a\r\nb\tc\rd").to_string(), "a\nb    c␍d");
        assert_eq!(
            Text::from("\u{9b}1m\u{202e}x\x7f").to_string(),
            "\u{fffd}1m\u{fffd}x␡"
        );
    }

    #[test]
    fn a_tone_carries_its_mark_in_its_words() {
        assert_eq!(Text::bad("deny").to_string(), "✗ deny");
        assert_eq!(Text::good("").to_string(), "✓");
        assert_eq!(
            Text::from("a").then(Text::neutral("b")).tone(),
            Some(Tone::Neutral)
        );
    }

    #[test]
    fn restyling_touches_plain_spans_only() {
        let text = Text::from("a").strong("b").restyled(Style::Code);
        let styles: Vec<Style> = text.spans().iter().map(Span::style).collect();
        assert_eq!(styles, [Style::Code, Style::Strong]);
    }
}
