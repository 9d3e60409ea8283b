//! The two rules for KMS.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which rule decides a call on a customer managed KMS key of one's own account.
///
/// The two differ in one row: the key policy names the caller, IAM is silent,
/// and there is no grant. `aws` allows, `exam` denies.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// IAM must allow **and** the key policy must trust: the rule that certifications teach.
    #[default]
    Exam,
    /// What the service does: a key policy that names the caller is enough.
    Aws,
}

impl Model {
    /// The one that is not this one.
    pub fn other(self) -> Self {
        match self {
            Self::Exam => Self::Aws,
            Self::Aws => Self::Exam,
        }
    }

    /// `exam` or `aws`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exam => "exam",
            Self::Aws => "aws",
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Model {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "exam" => Ok(Self::Exam),
            "aws" => Ok(Self::Aws),
            other => Err(format!("`{other}` is not a model: use `exam` or `aws`")),
        }
    }
}
