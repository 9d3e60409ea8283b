//! A sealed file keeps the data of an organization; the guardrails follow from it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Organization, Tree, guardrails};

impl Serialize for Organization {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.tree.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Organization {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = Tree::deserialize(deserializer)?;
        let guardrails = guardrails(&tree);
        Ok(Self { tree, guardrails })
    }
}
