//! The names of condition operators.

use std::fmt;

use crate::base::nearest;

/// A condition operator with its prefix and suffix, such as `ForAnyValue:StringLikeIfExists`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operator {
    /// `ForAllValues:` or `ForAnyValue:`, if it has one.
    pub quantifier: Option<Quantifier>,
    /// The comparison itself, with its negation.
    pub comparison: Comparison,
    /// Whether an absent key lets the condition hold.
    pub if_exists: bool,
}

/// How the values of a multivalued key are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// Each value of the request has to meet the condition.
    ForAllValues,
    /// One value of the request has to meet it.
    ForAnyValue,
}

macro_rules! comparisons {
    ($($name:ident => ($family:expr, $negated:literal)),+ $(,)?) => {
        /// The comparison of an operator.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Comparison {
            $(#[doc = concat!("`", stringify!($name), "`.")] $name),+
        }

        impl Comparison {
            /// Every comparison, in the order of the IAM User Guide.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// AWS's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }

            /// What kind of values it compares.
            pub(super) const fn family(self) -> Family {
                match self { $(Self::$name => $family),+ }
            }

            /// Whether the request's value has to differ from every listed one.
            pub const fn is_negated(self) -> bool {
                match self { $(Self::$name => $negated),+ }
            }

            fn of(name: &str) -> Option<Self> {
                match name { $(stringify!($name) => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

comparisons! {
    StringEquals => (Family::String, false),
    StringNotEquals => (Family::String, true),
    StringEqualsIgnoreCase => (Family::StringIgnoreCase, false),
    StringNotEqualsIgnoreCase => (Family::StringIgnoreCase, true),
    StringLike => (Family::StringLike, false),
    StringNotLike => (Family::StringLike, true),
    NumericEquals => (Family::Numeric(Order::Equal), false),
    NumericNotEquals => (Family::Numeric(Order::Equal), true),
    NumericLessThan => (Family::Numeric(Order::Less), false),
    NumericLessThanEquals => (Family::Numeric(Order::LessOrEqual), false),
    NumericGreaterThan => (Family::Numeric(Order::Greater), false),
    NumericGreaterThanEquals => (Family::Numeric(Order::GreaterOrEqual), false),
    DateEquals => (Family::Date(Order::Equal), false),
    DateNotEquals => (Family::Date(Order::Equal), true),
    DateLessThan => (Family::Date(Order::Less), false),
    DateLessThanEquals => (Family::Date(Order::LessOrEqual), false),
    DateGreaterThan => (Family::Date(Order::Greater), false),
    DateGreaterThanEquals => (Family::Date(Order::GreaterOrEqual), false),
    Bool => (Family::Bool, false),
    BinaryEquals => (Family::Binary, false),
    IpAddress => (Family::Ip, false),
    NotIpAddress => (Family::Ip, true),
    ArnEquals => (Family::Arn, false),
    ArnLike => (Family::Arn, false),
    ArnNotEquals => (Family::Arn, true),
    ArnNotLike => (Family::Arn, true),
    Null => (Family::Null, false),
}

/// The kinds of values that operators compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    String,
    StringIgnoreCase,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    Binary,
    Ip,
    Arn,
    Null,
}

/// Which side of the policy's value the request's value has to be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    /// Whether a value that stands in `ordering` to the policy's value is on the right side.
    pub fn admits(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Operator {
    /// Reads an operator's name; case counts. `Null` has no `IfExists` form.
    pub fn parse(name: &str) -> Option<Self> {
        let (quantifier, rest) = match name.split_once(':') {
            None => (None, name),
            Some(("ForAllValues", rest)) => (Some(Quantifier::ForAllValues), rest),
            Some(("ForAnyValue", rest)) => (Some(Quantifier::ForAnyValue), rest),
            Some(_) => return None,
        };
        let (base, if_exists) = match rest.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let comparison = Comparison::of(base)?;
        if comparison == Comparison::Null && if_exists {
            return None;
        }
        Some(Self {
            quantifier,
            comparison,
            if_exists,
        })
    }

    /// The operator that someone who wrote `name` probably meant.
    pub(super) fn near(name: &str) -> Option<String> {
        let (prefix, rest) = name.rsplit_once(':').map_or(("", name), |(p, r)| (p, r));
        let bare = rest.strip_suffix("IfExists").unwrap_or(rest);
        let suffix = if bare.len() < rest.len() {
            "IfExists"
        } else {
            ""
        };
        let base = nearest(bare, Comparison::ALL.iter().map(|c| c.name()))?;
        let suffix = if base == "Null" { "" } else { suffix };
        match prefix {
            "" => Some(format!("{base}{suffix}")),
            _ => nearest(prefix, ["ForAllValues", "ForAnyValue"])
                .map(|prefix| format!("{prefix}:{base}{suffix}")),
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.quantifier {
            None => "",
            Some(Quantifier::ForAllValues) => "ForAllValues:",
            Some(Quantifier::ForAnyValue) => "ForAnyValue:",
        };
        let suffix = if self.if_exists { "IfExists" } else { "" };
        write!(f, "{prefix}{}{suffix}", self.comparison.name())
    }
}

impl serde::Serialize for Operator {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Operator {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown = || serde::de::Error::custom(format!("`{name}` is not a condition operator"));
        Self::parse(&name).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_reads_back_in_every_form() {
        for comparison in Comparison::ALL {
            for prefix in ["", "ForAllValues:", "ForAnyValue:"] {
                let name = format!("{prefix}{}", comparison.name());
                assert_eq!(
                    Operator::parse(&name).map(|o| o.to_string()),
                    Some(name.clone())
                );
                let exists = format!("{name}IfExists");
                let read = Operator::parse(&exists).map(|o| o.to_string());
                assert_eq!(read, (*comparison != Comparison::Null).then_some(exists));
            }
        }
    }

    #[test]
    fn what_is_no_operator_is_refused_and_the_nearest_named() {
        for (wrong, near) in [
            ("StringEqual", "StringEquals"),
            ("stringlike", "StringLike"),
            (
                "ForAllValue:StringEqalsIfExists",
                "ForAllValues:StringEqualsIfExists",
            ),
            ("NullIfExists", "Null"),
        ] {
            assert_eq!(Operator::parse(wrong), None, "{wrong}");
            assert_eq!(Operator::near(wrong).as_deref(), Some(near));
        }
        assert_eq!(Operator::near("Frobnicate"), None);
    }
}
