//! A map that finds every key that a text begins with.

/// Values under texts, found by all texts that begin with them.
///
/// Keys are sorted, and each knows the longest other key that it begins with,
/// so a look-up is one binary search and a walk over the answers.
#[derive(Debug)]
pub(super) struct PrefixMap<V>(Box<[Entry<V>]>);

#[derive(Debug)]
struct Entry<V> {
    key: Box<str>,
    /// The place of the longest other key that this one begins with.
    parent: Option<u32>,
    value: V,
}

impl<V> PrefixMap<V> {
    /// A map of `sorted` entries, whose keys ascend and differ.
    pub(super) fn new(sorted: Vec<(Box<str>, V)>) -> Self {
        let mut entries: Vec<Entry<V>> = Vec::with_capacity(sorted.len());
        // The chain of keys that the last one begins with, itself last.
        let mut chain: Vec<u32> = Vec::new();
        for (at, (key, value)) in sorted.into_iter().enumerate() {
            while let Some(last) = chain.last() {
                let begins = entries
                    .get(*last as usize)
                    .is_some_and(|entry| key.starts_with(&*entry.key));
                if begins {
                    break;
                }
                chain.pop();
            }
            let parent = chain.last().copied();
            entries.push(Entry { key, parent, value });
            chain.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        Self(entries.into_boxed_slice())
    }

    /// Shows `visit` the value of every key that `text` begins with, the longest
    /// first, until it answers `false`; answers whether it never did.
    pub(super) fn prefixes_of<'m>(
        &'m self,
        text: &str,
        visit: &mut impl FnMut(&'m V) -> bool,
    ) -> bool {
        let behind = self.0.partition_point(|entry| *entry.key <= *text);
        let mut next = behind.checked_sub(1);
        while let Some(entry) = next.and_then(|at| self.0.get(at)) {
            if text.starts_with(&*entry.key) && !visit(&entry.value) {
                return false;
            }
            next = entry.parent.map(|at| at as usize);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_exactly_the_keys_that_the_text_begins_with(
            keys in prop::collection::btree_set("[abé]{0,4}", 0..12),
            text in "[abé]{0,6}",
        ) {
            let map = PrefixMap::new(keys.iter().map(|k| (Box::from(&**k), k.clone())).collect());
            let mut found = BTreeSet::new();
            map.prefixes_of(&text, &mut |key| found.insert(key.clone()));
            let expected: BTreeSet<String> =
                keys.iter().filter(|k| text.starts_with(&**k)).cloned().collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_visitor_can_stop() {
        let map = PrefixMap::new(vec![("".into(), 1), ("a".into(), 2), ("ab".into(), 3)]);
        let mut seen = Vec::new();
        let finished = map.prefixes_of("abc", &mut |n| {
            seen.push(*n);
            *n != 2
        });
        assert!(!finished);
        assert_eq!(seen, [3, 2]);
    }
}
