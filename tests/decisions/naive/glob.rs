//! Patterns: letters, `?` and `*`, and the variables that may stand between them.

use super::Context;

/// One place of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// This character, and no other.
    Letter(char),
    /// `?`: one character.
    One,
    /// `*`: any run of characters.
    Run,
}

/// A text in which `?` and `*` are wildcards.
pub fn pattern(text: &str) -> Vec<Sign> {
    text.chars()
        .map(|c| match c {
            '*' => Sign::Run,
            '?' => Sign::One,
            other => Sign::Letter(other),
        })
        .collect()
}

fn letters(text: &str) -> Vec<Sign> {
    text.chars().map(Sign::Letter).collect()
}

/// Whether the whole of `text` fits.
pub fn fits(pattern: &[Sign], text: &[char]) -> bool {
    // reached[n]: the signs so far can have used up n characters.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for sign in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match sign {
                Sign::Run => reached[..=at].contains(&true),
                Sign::One => at > 0 && reached[at - 1],
                Sign::Letter(c) => at > 0 && reached[at - 1] && text[at - 1] == *c,
            };
        }
        reached = next;
    }
    reached[text.len()]
}

/// Whether the whole of `text` fits, wildcards in `pattern_text` and nothing else.
pub fn fits_text(pattern_text: &str, text: &str) -> bool {
    fits(&pattern(pattern_text), &text.chars().collect::<Vec<_>>())
}

/// The pattern after its variables got their values; nothing if one has none.
pub fn expand(text: &str, context: &Context) -> Option<Vec<Sign>> {
    let mut signs = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        signs.extend(pattern(&rest[..start]));
        let Some(length) = rest[start..].find('}') else {
            break;
        };
        signs.extend(variable(&rest[start + 2..start + length], context)?);
        rest = &rest[start + length + 1..];
    }
    signs.extend(pattern(rest));
    Some(signs)
}

/// What stands for the inside of `${…}`.
fn variable(inside: &str, context: &Context) -> Option<Vec<Sign>> {
    if ["*", "?", "$"].contains(&inside) {
        return Some(letters(inside));
    }
    let (key, default) = match inside.split_once(',') {
        Some((key, default)) => (key.trim(), Some(default.trim().trim_matches('\''))),
        None => (inside.trim(), None),
    };
    match context.find(key) {
        None => default.map(letters),
        Some(held) => held.single().map(letters),
    }
}

/// The text of signs whose wildcards are ordinary characters.
pub fn as_text(signs: &[Sign]) -> String {
    signs
        .iter()
        .map(|sign| match sign {
            Sign::Letter(c) => *c,
            Sign::One => '?',
            Sign::Run => '*',
        })
        .collect()
}

/// Two ARNs compared part by part: six parts, wildcards in each.
pub fn arn_fits(pattern: &[Sign], arn: &str) -> bool {
    let wanted: Vec<&[Sign]> = pattern.splitn(6, |s| *s == Sign::Letter(':')).collect();
    let given: Vec<&str> = arn.splitn(6, ':').collect();
    wanted.len() == 6
        && given.len() == 6
        && wanted
            .iter()
            .zip(given)
            .all(|(part, text)| fits(part, &text.chars().collect::<Vec<_>>()))
}
