//! Breaking styled text into lines of a terminal.

use unicode_width::UnicodeWidthChar;

use super::text::{Style, Text};

/// Narrowest line the wrapper works with: the widest single character fits.
pub(crate) const NARROWEST: usize = 4;

/// Terminal columns that `text` takes at most, without line ends.
///
/// Counted by character, which is never less than the width of the whole:
/// sequences only ever shrink, but for the emoji selector, which is counted.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(cost).sum()
}

/// Terminal columns of the widest line of `text`.
pub(crate) fn widest_line(text: &str) -> usize {
    text.lines().map(width).max().unwrap_or(0)
}

/// Terminal columns of the longest word of `text`.
pub(crate) fn longest_word(text: &str) -> usize {
    text.split([' ', '\n']).map(width).max().unwrap_or(0)
}

fn cost(character: char) -> usize {
    match character {
        '\u{fe0f}' => 1,
        _ => character.width().unwrap_or(1),
    }
}

/// `text` in lines of at most `columns` (at least [`NARROWEST`]).
///
/// Breaks at spaces; a word longer than a line is broken where the line ends.
/// Line ends in `text` and the indentation after them are kept.
pub(crate) fn wrap(text: &Text, columns: usize) -> Vec<Text> {
    let mut wrapper = Wrapper {
        columns: columns.max(NARROWEST),
        ..Wrapper::default()
    };
    for span in text.spans() {
        for character in span.text().chars() {
            wrapper.take(character, span.style());
        }
    }
    wrapper.end_word();
    wrapper.end_line();
    wrapper.lines
}

/// A wrapped text's lines so far, the open line, and the open word.
#[derive(Default)]
struct Wrapper {
    columns: usize,
    lines: Vec<Text>,
    line: Text,
    line_width: usize,
    word: Text,
    word_width: usize,
    gap: Vec<Style>,
}

impl Wrapper {
    fn take(&mut self, character: char, style: Style) {
        match character {
            '\n' => {
                self.end_word();
                self.end_line();
            }
            ' ' => {
                self.end_word();
                self.gap.push(style);
            }
            _ => {
                if self.word_width + cost(character) > self.columns {
                    self.end_word();
                }
                self.word.push(character, style);
                self.word_width += cost(character);
            }
        }
    }

    /// Moves the open word to the open line, or to a new one if it must.
    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        if self.line_width + self.gap.len() + self.word_width > self.columns {
            self.break_line();
        }
        for style in self.gap.drain(..) {
            self.line.push(' ', style);
            self.line_width += 1;
        }
        for span in std::mem::take(&mut self.word).spans() {
            span.text()
                .chars()
                .for_each(|character| self.line.push(character, span.style()));
        }
        self.line_width += std::mem::take(&mut self.word_width);
    }

    /// Ends a line that ran full: the spaces at the break vanish.
    fn break_line(&mut self) {
        self.gap.clear();
        if self.line_width > 0 {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.gap.clear();
        self.lines.push(std::mem::take(&mut self.line));
        self.line_width = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, columns: usize) -> Vec<String> {
        wrap(&Text::from(text), columns)
            .iter()
            .map(Text::to_string)
            .collect()
    }

    #[test]
    fn breaks_at_spaces_and_keeps_line_ends() {
        assert_eq!(lines("one two three", 8), ["one two", "three"]);
        assert_eq!(lines("a\n\n  b c", 8), ["a", "", "  b c"]);
        assert_eq!(lines("", 8), [""]);
    }

    #[test]
    fn breaks_a_long_word_where_the_line_ends() {
        assert_eq!(lines("x abcdefghij", 4), ["x", "abcd", "efgh", "ij"]);
        assert_eq!(lines("鍵鍵鍵", 5), ["鍵鍵", "鍵"]);
    }

    #[test]
    fn keeps_each_style_on_its_own_words() {
        let wrapped = wrap(&Text::from("aa ").code("bb cc"), 5);
        let last = wrapped.last().unwrap().spans();
        assert_eq!(
            (last[0].text(), last[0].style(), last.len()),
            ("cc", Style::Code, 1)
        );
    }
}
