//! Condition keys and their values in one request.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

/// The value of a condition key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ContextValue {
    /// The one value of a single-valued key.
    Single(Arc<str>),
    /// The values of a multivalued key; there may be none.
    Multi(Arc<[Arc<str>]>),
}

impl ContextValue {
    /// The values, however many.
    pub fn values(&self) -> &[Arc<str>] {
        match self {
            Self::Single(value) => std::slice::from_ref(value),
            Self::Multi(values) => values,
        }
    }

    /// The value of a single-valued key.
    pub fn as_single(&self) -> Option<&str> {
        match self {
            Self::Single(value) => Some(value),
            Self::Multi(_) => None,
        }
    }
}

/// The condition keys that a request carries.
///
/// Names ignore case, tag keys behind a `/` included, and keep the spelling in
/// which they were set last. A clone costs a reference count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestContext {
    /// Sorted by the folded name.
    entries: Arc<Vec<Entry>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    key: Arc<Key>,
    value: ContextValue,
}

/// The name of a key as it was set, and as it is compared.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    name: Box<str>,
    /// `None` where it is the name.
    folded: Option<Box<str>>,
}

impl Key {
    fn new(name: &str) -> Self {
        let folded = match fold(name) {
            Cow::Borrowed(_) => None,
            Cow::Owned(folded) => Some(folded.into()),
        };
        Self {
            name: name.into(),
            folded,
        }
    }

    /// The key `name`. Requests have few names among them, again and again.
    fn shared(name: &str) -> Arc<Self> {
        KNOWN.with_borrow_mut(|known| {
            if let Some(key) = known.get(name) {
                return Arc::clone(key);
            }
            let key = Arc::new(Self::new(name));
            if known.len() < MOST_KNOWN {
                known.insert(name.into(), Arc::clone(&key));
            }
            key
        })
    }

    fn folded(&self) -> &str {
        self.folded.as_deref().unwrap_or(&self.name)
    }
}

/// How many keys a request usually has at most.
const USUAL: usize = 24;

/// How many names a thread remembers.
const MOST_KNOWN: usize = 512;

thread_local! {
    static KNOWN: RefCell<HashMap<Box<str>, Arc<Key>>> = RefCell::default();
}

impl RequestContext {
    /// A context without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives `key` one value, whatever it had.
    pub fn set(&mut self, key: &str, value: impl Into<Arc<str>>) -> &mut Self {
        self.insert(key, ContextValue::Single(value.into()))
    }

    /// Makes `key` multivalued with these values, whatever it had.
    pub fn set_many<V: Into<Arc<str>>>(
        &mut self,
        key: &str,
        values: impl IntoIterator<Item = V>,
    ) -> &mut Self {
        self.insert(
            key,
            ContextValue::Multi(values.into_iter().map(Into::into).collect()),
        )
    }

    /// Gives `key` a value, whatever it had.
    pub fn insert(&mut self, key: &str, value: ContextValue) -> &mut Self {
        self.put(Key::shared(key), value)
    }

    fn put(&mut self, key: Arc<Key>, value: ContextValue) -> &mut Self {
        let found = self.position(key.folded());
        let entry = Entry { key, value };
        let entries = Arc::make_mut(&mut self.entries);
        if entries.capacity() == 0 {
            entries.reserve_exact(USUAL);
        }
        match found {
            Ok(index) => {
                if let Some(slot) = entries.get_mut(index) {
                    *slot = entry;
                }
            }
            Err(index) => entries.insert(index, entry),
        }
        self
    }

    /// Removes `key`; without it there is nothing to do.
    pub fn remove(&mut self, key: &str) -> &mut Self {
        if let Ok(index) = self.position(&fold(key)) {
            Arc::make_mut(&mut self.entries).remove(index);
        }
        self
    }

    /// Takes over every key of `other`.
    pub fn extend(&mut self, other: &Self) -> &mut Self {
        for entry in other.entries.iter() {
            self.put(Arc::clone(&entry.key), entry.value.clone());
        }
        self
    }

    /// The value of `key`, in whatever case it is written.
    pub fn get(&self, key: &str) -> Option<&ContextValue> {
        self.lookup(&fold(key))
    }

    /// Every key with its value, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        self.entries
            .iter()
            .map(|entry| (&*entry.key.name, &entry.value))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key whose name is in lower case already.
    pub(super) fn lookup(&self, folded: &str) -> Option<&ContextValue> {
        self.position(folded)
            .ok()
            .and_then(|index| self.entries.get(index))
            .map(|e| &e.value)
    }

    fn position(&self, folded: &str) -> Result<usize, usize> {
        self.entries
            .binary_search_by(|entry| entry.key.folded().cmp(folded))
    }
}

impl Serialize for RequestContext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// `text` in lower case, borrowed if it is so already.
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ignore_case_and_the_last_value_counts() {
        let mut context = RequestContext::new();
        context
            .set("aws:SourceIp", "203.0.113.1")
            .set("AWS:sourceip", "203.0.113.2");
        context.set_many("aws:TagKeys", ["team", "cost"]);
        assert_eq!(context.len(), 2);
        assert_eq!(
            context
                .get("aws:SOURCEIP")
                .and_then(ContextValue::as_single),
            Some("203.0.113.2")
        );
        assert_eq!(
            context.get("aws:tagkeys").map(|v| v.values().len()),
            Some(2)
        );
        assert_eq!(
            serde_json::to_string(&context).unwrap(),
            r#"{"AWS:sourceip":"203.0.113.2","aws:TagKeys":["team","cost"]}"#
        );
        assert!(context.remove("aws:sourceIP").get("aws:SourceIp").is_none());
    }
}
