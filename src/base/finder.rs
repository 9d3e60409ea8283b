//! The search for a piece with `?` in a text, in one pass.

use super::glob::Symbol;

/// Where a piece of literals and `?` may stand, as bits.
///
/// The search keeps a bit for each symbol: whether the symbols up to it match
/// the characters just read. A character shifts the bits by one and clears
/// those whose symbol does not admit it (Shift-And; R. Baeza-Yates and
/// G. Gonnet, "A new approach to text searching", 1992). So each character
/// costs one step for every 64 symbols, whatever came before, and no character
/// is read twice. Memory grows with the piece, not with its alphabet.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Finder {
    /// For each 64 symbols, which of them are `?`.
    any: Box<[u64]>,
    /// Which symbols are this character, where any of the 64 is; sorted.
    literals: Box<[Row]>,
    /// The bit of the last symbol, in the last word.
    last: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Row {
    character: char,
    word: u32,
    bits: u64,
}

impl Finder {
    /// Prepares for `symbols`, of which there is at least one and none is `*`.
    pub(super) fn new(symbols: &[Symbol]) -> Self {
        let (mut any, mut literals) = (Vec::new(), Vec::<Row>::new());
        for (word, symbols) in (0..).zip(symbols.chunks(64)) {
            let mut wild = 0;
            for (bit, symbol) in symbols.iter().enumerate() {
                match *symbol {
                    Symbol::Literal(character) => literals.push(Row {
                        character,
                        word,
                        bits: 1 << bit,
                    }),
                    Symbol::AnyOne | Symbol::AnyRun => wild |= 1 << bit,
                }
            }
            any.push(wild);
        }
        literals.sort_by_key(|row| (row.character, row.word));
        literals.dedup_by(|row, kept| {
            let same = (row.character, row.word) == (kept.character, kept.word);
            kept.bits |= if same { row.bits } else { 0 };
            same
        });
        Self {
            any: any.into(),
            literals: literals.into(),
            last: 1 << (symbols.len().saturating_sub(1) % 64),
        }
    }

    /// Byte offset behind the first place in `text` where the piece stands.
    pub(super) fn find_end(&self, text: &str) -> Option<usize> {
        match self.any.len() {
            1 => self.run(&mut [0], text),
            words => self.run(&mut vec![0; words], text),
        }
    }

    fn run(&self, state: &mut [u64], text: &str) -> Option<usize> {
        text.char_indices().find_map(|(at, c)| {
            self.read(c, state);
            let ends = state.last().is_some_and(|word| word & self.last != 0);
            ends.then(|| at + c.len_utf8())
        })
    }

    fn read(&self, c: char, state: &mut [u64]) {
        let first = self.literals.partition_point(|row| row.character < c);
        let rows = self.literals.get(first..).unwrap_or_default();
        let mut rows = rows.iter().take_while(|row| row.character == c).peekable();
        // A match may begin at any character.
        let mut carried = 1;
        for (word, (bits, any)) in (0..).zip(state.iter_mut().zip(&self.any)) {
            let own = rows
                .next_if(|row| row.word == word)
                .map_or(0, |row| row.bits);
            let shifted = *bits << 1 | carried;
            carried = *bits >> 63;
            *bits = shifted & (any | own);
            #[cfg(test)]
            steps::count();
        }
    }
}

/// How many steps searches take, for tests of their cost.
#[cfg(test)]
pub(super) mod steps {
    use std::cell::Cell;

    thread_local! {
        static STEPS: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        STEPS.set(STEPS.get() + 1);
    }

    /// The steps that `work` takes in this thread.
    pub fn steps_of<T>(work: impl FnOnce() -> T) -> usize {
        STEPS.set(0);
        work();
        STEPS.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finder(piece: &str) -> Finder {
        let symbols: Vec<Symbol> = piece
            .chars()
            .map(|c| match c {
                '?' => Symbol::AnyOne,
                other => Symbol::Literal(other),
            })
            .collect();
        Finder::new(&symbols)
    }

    #[test]
    fn the_first_place_is_found() {
        for (piece, text, end) in [
            ("a?c", "xabcabc", Some(4)),
            ("?", "é", Some(2)),
            ("?é?", "éaé", None),
            ("a?", "ba", None),
            ("??", "", None),
        ] {
            assert_eq!(finder(piece).find_end(text), end, "{piece} in {text}");
        }
    }

    #[test]
    fn pieces_longer_than_a_word_carry_over() {
        for length in [63, 64, 65, 128, 129, 200] {
            let piece = format!("{}?b", "a".repeat(length - 2));
            let text = format!("{}xb", "a".repeat(length + 5));
            assert_eq!(finder(&piece).find_end(&text), Some(text.len()), "{length}");
            assert_eq!(finder(&piece).find_end(text.trim_end_matches('b')), None);
        }
    }

    #[test]
    fn memory_grows_with_the_piece_not_with_its_alphabet() {
        let piece: String = ('\u{4e00}'..'\u{8000}').chain(['?']).collect();
        let finder = finder(&piece);
        assert_eq!(finder.literals.len(), piece.chars().count() - 1);
        assert_eq!(finder.any.len(), piece.chars().count().div_ceil(64));
    }
}
