//! Amazon Resource Names.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// An Amazon Resource Name, `arn:partition:service:region:account:resource`.
///
/// The text is kept once and shared; the parts are offsets into it, so a clone
/// costs a reference count. The resource part may hold any character, further
/// colons included. Source: IAM User Guide, "Amazon Resource Names (ARNs)".
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Arn {
    text: Arc<str>,
    colons: [u32; 5],
}

/// Why a text is not an ARN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    /// The text does not start with `arn:`.
    #[error("`{0}` is not an ARN: it should start with `arn:`")]
    Prefix(String),
    /// Fewer than six parts.
    #[error(
        "`{text}` is not an ARN: it has {found} of 6 parts; the form is `arn:partition:service:region:account:resource`"
    )]
    Parts {
        /// The text as given.
        text: String,
        /// How many colon-separated parts it has.
        found: usize,
    },
    /// The text is longer than any ARN may be.
    #[error("an ARN has at most 2048 characters; this one has {0}")]
    Length(usize),
}

impl Arn {
    /// The longest ARN accepted, in bytes (AWS: 2048).
    pub const MAX_LENGTH: usize = 2048;

    /// Parses `text`.
    ///
    /// # Errors
    /// [`ArnError`] if the prefix or a part is missing, or the text is too long.
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        if text.len() > Self::MAX_LENGTH {
            return Err(ArnError::Length(text.len()));
        }
        if !text.starts_with("arn:") {
            return Err(ArnError::Prefix(text.to_owned()));
        }
        let mut colons = [0_u32; 5];
        let mut found = 0;
        for (position, _) in text.match_indices(':').take(5) {
            if let (Some(slot), Ok(position)) = (colons.get_mut(found), u32::try_from(position)) {
                *slot = position;
                found += 1;
            }
        }
        if found < 5 {
            return Err(ArnError::Parts {
                text: text.to_owned(),
                found: found + 1,
            });
        }
        Ok(Self {
            text: Arc::from(text),
            colons,
        })
    }

    /// Assembles an ARN in the `aws` partition.
    pub fn of(service: &str, region: &str, account: &str, resource: &str) -> Self {
        let text = ["arn:aws", service, region, account, resource].join(":");
        let mut colons = [0_u32; 5];
        for (slot, (position, _)) in colons.iter_mut().zip(text.match_indices(':')) {
            *slot = u32::try_from(position).unwrap_or(u32::MAX);
        }
        Self {
            text: Arc::from(text),
            colons,
        }
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The partition, such as `aws`.
    pub fn partition(&self) -> &str {
        self.part(0)
    }

    /// The service namespace, such as `s3`.
    pub fn service(&self) -> &str {
        self.part(1)
    }

    /// The Region, empty for global services.
    pub fn region(&self) -> &str {
        self.part(2)
    }

    /// The account, empty where the ARN has none (S3 buckets).
    pub fn account(&self) -> &str {
        self.part(3)
    }

    /// Everything after the fifth colon.
    pub fn resource(&self) -> &str {
        let start = self.colons.last().map_or(0, |c| *c as usize + 1);
        self.text.get(start..).unwrap_or_default()
    }

    /// The resource type, the text before the first `/` or `:` of the resource.
    pub fn resource_type(&self) -> &str {
        self.resource().split(['/', ':']).next().unwrap_or_default()
    }

    /// The resource without its type: `Admins/alice` of `user/Admins/alice`.
    pub fn resource_name(&self) -> &str {
        self.resource()
            .split_once(['/', ':'])
            .map_or("", |(_, name)| name)
    }

    /// The last segment of the resource, the name without its path.
    pub fn base_name(&self) -> &str {
        self.resource().rsplit('/').next().unwrap_or_default()
    }

    fn part(&self, index: usize) -> &str {
        let start = self.colons.get(index).map_or(0, |c| *c as usize + 1);
        let end = self
            .colons
            .get(index + 1)
            .map_or(self.text.len(), |c| *c as usize);
        self.text.get(start..end).unwrap_or_default()
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arn({})", self.text)
    }
}

impl FromStr for Arn {
    type Err = ArnError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Arn {
    type Error = ArnError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Arn> for String {
    fn from(arn: Arn) -> Self {
        arn.text.to_string()
    }
}

impl schemars::JsonSchema for Arn {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Arn".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "arn"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_at_the_first_five_colons() {
        let arn = Arn::parse("arn:aws:logs:eu-west-1:111122223333:log-group:a:*").unwrap();
        assert_eq!(
            [
                arn.partition(),
                arn.service(),
                arn.region(),
                arn.account(),
                arn.resource()
            ],
            ["aws", "logs", "eu-west-1", "111122223333", "log-group:a:*"]
        );
    }

    #[test]
    fn an_assembled_arn_equals_the_parsed_one() {
        let made = Arn::of("iam", "", "111122223333", "user/Admins/alice");
        assert_eq!(
            made,
            Arn::parse("arn:aws:iam::111122223333:user/Admins/alice").unwrap()
        );
        assert_eq!((made.resource_type(), made.base_name()), ("user", "alice"));
        assert_eq!(made.resource_name(), "Admins/alice");
    }

    #[test]
    fn what_is_not_an_arn_is_refused_with_the_reason() {
        assert!(
            Arn::parse("alias/payroll")
                .unwrap_err()
                .to_string()
                .contains("start with `arn:`")
        );
        assert!(
            Arn::parse("arn:aws:s3")
                .unwrap_err()
                .to_string()
                .contains("3 of 6 parts")
        );
    }
}
