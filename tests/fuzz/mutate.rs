//! Small changes of known inputs.

use keychai::base::Entropy;

/// Pieces that mean something to one parser or another.
const WORDS: [&str; 22] = [
    "${",
    "}",
    "${aws:username}",
    "*",
    "?",
    "arn:",
    ":",
    "\"",
    "\\u",
    "\\ud83d",
    "'",
    ",",
    "[",
    "{",
    "\n",
    "\t",
    "/",
    "é",
    "\u{0}",
    "-1",
    "99999999999999999999",
    "#",
];

/// The longest input made; costs stay small.
const LONGEST: usize = 4096;

fn below(limit: usize, entropy: &mut Entropy) -> usize {
    u32::from_le_bytes(entropy.bytes()) as usize % limit.max(1)
}

/// One of `corpus` with one to four changes.
pub fn mutated(corpus: &[Vec<u8>], entropy: &mut Entropy) -> Vec<u8> {
    let mut bytes = corpus[below(corpus.len(), entropy)].clone();
    for _ in 0..=below(4, entropy) {
        change(&mut bytes, corpus, entropy);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], entropy: &mut Entropy) {
    let at = below(bytes.len() + 1, entropy);
    let end = (at + 1 + below(16, entropy)).min(bytes.len()).max(at);
    match below(6, entropy) {
        0 => drop(bytes.drain(at..end)),
        1 => bytes[at..end].fill(entropy.bytes::<1>()[0]),
        2 => bytes
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|b| *b ^= 1 << below(8, entropy)),
        3 => insert(bytes, at, WORDS[below(WORDS.len(), entropy)].as_bytes()),
        4 => {
            let again = bytes[at..end].to_vec();
            insert(bytes, at, &again);
        }
        _ => {
            let other = &corpus[below(corpus.len(), entropy)];
            let from = below(other.len() + 1, entropy);
            let to = (from + below(64, entropy)).min(other.len());
            insert(bytes, at, &other[from..to]);
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}
