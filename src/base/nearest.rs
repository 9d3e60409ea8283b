//! "Did you mean …?"

/// The candidate nearest to `word`, if one is near enough to be worth naming.
///
/// Case does not count. Near enough means at most a third of the letters differ,
/// so only candidates of about its length are compared at all.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    let length = folded.chars().count();
    let limit = (length / 3).max(1);
    candidates
        .into_iter()
        .map(|c| (c.to_lowercase(), c))
        .filter(|(lower, _)| lower.chars().count().abs_diff(length) <= limit)
        .map(|(lower, c)| (strsim::damerau_levenshtein(&folded, &lower), c))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, candidate)| (*distance, *candidate))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_nearest_and_keeps_silent_when_none_is_near() {
        let words = ["Encrypt", "Decrypt", "GenerateDataKey"];
        assert_eq!(nearest("decript", words), Some("Decrypt"));
        assert_eq!(nearest("PutObject", words), None);
    }
}
