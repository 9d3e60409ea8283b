//! Conditions: one operator, one key, its values.

use std::net::IpAddr;

use crate::base::glob::Case;
use crate::base::{Glob, Timestamp};

use super::arn_pattern::{ArnParts, ArnPattern};
use super::context::fold;
use super::operator::{Family, Operator, Order, Quantifier};
use super::raw::Variables;
use super::template::{Template, first_wildcard, has_variables};
use super::value::{self, Cidr, Decimal};
use super::{ContextValue, Outcome, RequestContext};

/// One key under one operator, with the values that the policy lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    operator: Operator,
    key: Box<str>,
    /// The key in lower case, where it is not written so.
    folded: Option<Box<str>>,
    values: Box<[Listed]>,
}

/// One value that the policy lists.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    text: Box<str>,
    test: Test,
}

/// What a listed value was compiled to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    /// The text itself, read where needed.
    Text,
    /// A text other than the one written, because of `${*}` and the like.
    Unescaped(Box<str>),
    Like(Box<Glob>),
    Arn(Box<ArnPattern>),
    Date(Timestamp),
    Binary(Box<[u8]>),
    Ip(Cidr),
    Bool(bool),
    Variables(Template),
    /// Not a value of the operator's kind; equals nothing.
    Invalid,
}

impl Condition {
    /// Compiles a condition.
    pub(super) fn new<'t>(
        operator: Operator,
        key: &str,
        values: impl IntoIterator<Item = &'t str>,
        variables: Variables,
    ) -> Self {
        let family = operator.comparison.family();
        let folded = key.bytes().any(|b| b.is_ascii_uppercase());
        Self {
            operator,
            key: key.into(),
            folded: folded.then(|| fold(key).into()),
            values: values
                .into_iter()
                .map(|text| Listed {
                    text: text.into(),
                    test: Test::new(family, text, variables),
                })
                .collect(),
        }
    }

    /// The operator.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// The condition key as written.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The listed values as written.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|listed| &*listed.text)
    }

    /// The request's value of the key.
    pub fn found<'c>(&self, context: &'c RequestContext) -> Option<&'c ContextValue> {
        context.lookup(self.folded.as_deref().unwrap_or(&self.key))
    }

    /// Whether the condition holds, and if not, why not in broad terms.
    ///
    /// Source: IAM User Guide, "Conditions with multiple context keys or
    /// values" and "Single-valued vs. multivalued context keys".
    pub(super) fn outcome(&self, context: &RequestContext) -> Outcome {
        let found = self.found(context);
        let present = found.filter(|value| !value.values().is_empty());
        if self.operator.comparison.family() == Family::Null {
            let wanted = Test::Bool(present.is_none());
            return matched(self.values.iter().any(|listed| listed.test == wanted));
        }
        match (present, self.operator.quantifier) {
            (None, None) if found.is_some() => Outcome::Multivalued,
            (None, _) => self.absent(),
            (Some(ContextValue::Multi(_)), None) => Outcome::Multivalued,
            (Some(ContextValue::Single(value)), _) => matched(self.meets(value, context)),
            (Some(ContextValue::Multi(values)), Some(Quantifier::ForAllValues)) => {
                matched(values.iter().all(|value| self.meets(value, context)))
            }
            (Some(ContextValue::Multi(values)), Some(Quantifier::ForAnyValue)) => {
                matched(values.iter().any(|value| self.meets(value, context)))
            }
        }
    }

    fn absent(&self) -> Outcome {
        let holds = self.operator.if_exists
            || match self.operator.quantifier {
                Some(Quantifier::ForAllValues) => true,
                Some(Quantifier::ForAnyValue) => false,
                None => self.operator.comparison.is_negated(),
            };
        if holds {
            Outcome::HoldsWithoutKey
        } else {
            Outcome::KeyAbsent
        }
    }

    /// Whether one value of the request meets the operator against the whole list.
    fn meets(&self, value: &str, context: &RequestContext) -> bool {
        let family = self.operator.comparison.family();
        let equal = self
            .values
            .iter()
            .any(|listed| listed.admits(family, value, context));
        equal != self.operator.comparison.is_negated()
    }

    /// Why a condition that does not hold does not, in finer terms than [`Self::outcome`].
    pub(super) fn diagnosis(&self, context: &RequestContext) -> Outcome {
        let outcome = self.outcome(context);
        if outcome != Outcome::NotMatched {
            return outcome;
        }
        let unresolved = self.values.iter().any(|listed| match &listed.test {
            Test::Variables(template) => template.unresolved(context).is_some(),
            _ => false,
        });
        if unresolved {
            return Outcome::Unresolved;
        }
        let family = self.operator.comparison.family();
        let listed_invalid =
            !self.values.is_empty() && self.values.iter().all(|l| l.test == Test::Invalid);
        let found_invalid = family != Family::Null
            && self
                .found(context)
                .is_some_and(|found| found.values().iter().any(|v| !is_readable(family, v)));
        if listed_invalid || found_invalid {
            Outcome::Invalid
        } else {
            Outcome::NotMatched
        }
    }

    /// The listed value that a value of the request equals, or the variable without a value.
    pub(super) fn because(&self, context: &RequestContext) -> Option<String> {
        let family = self.operator.comparison.family();
        let found = self.found(context).filter(|_| family != Family::Null)?;
        let equal = self.values.iter().find(|listed| {
            found
                .values()
                .iter()
                .any(|v| listed.admits(family, v, context))
        });
        let unresolved = || {
            self.values.iter().find_map(|listed| match &listed.test {
                Test::Variables(template) => template.unresolved(context),
                _ => None,
            })
        };
        match equal {
            Some(listed) => Some(listed.text.to_string()),
            None => unresolved().map(|variable| format!("${{{variable}}}")),
        }
    }
}

fn matched(holds: bool) -> Outcome {
    if holds {
        Outcome::Matched
    } else {
        Outcome::NotMatched
    }
}

impl Test {
    fn new(family: Family, text: &str, variables: Variables) -> Self {
        let takes_variables = matches!(
            family,
            Family::String
                | Family::StringIgnoreCase
                | Family::StringLike
                | Family::Arn
                | Family::Bool
        );
        if takes_variables && variables == Variables::Replaced && has_variables(text) {
            let template = Template::parse(text);
            return if template.is_constant() {
                Self::constant(family, &template)
            } else {
                Self::Variables(template)
            };
        }
        match family {
            Family::String | Family::StringIgnoreCase => Self::Text,
            Family::Numeric(_) => Decimal::parse(text).map_or(Self::Invalid, |_| Self::Text),
            Family::StringLike if first_wildcard(text).is_none() => Self::Text,
            Family::StringLike => Self::Like(Box::new(Glob::new(text, Case::Sensitive))),
            Family::Arn if text == "*" => Self::Arn(Box::new(ArnPattern::any())),
            Family::Arn => Self::arn(ArnPattern::from_text(text)),
            Family::Date(_) => value::parse_date(text).map_or(Self::Invalid, Self::Date),
            Family::Binary => value::decode_binary(text).map_or(Self::Invalid, |bytes| {
                Self::Binary(bytes.into_boxed_slice())
            }),
            Family::Ip => Cidr::parse(text).map_or(Self::Invalid, Self::Ip),
            Family::Bool | Family::Null => {
                value::parse_bool(text).map_or(Self::Invalid, Self::Bool)
            }
        }
    }

    /// The test of a text that has escapes but no variable.
    fn constant(family: Family, template: &Template) -> Self {
        let nothing = RequestContext::new();
        match family {
            Family::StringLike => template
                .symbols(&nothing, usize::MAX)
                .map_or(Self::Invalid, |symbols| {
                    Self::Like(Box::new(Glob::from_symbols(symbols, Case::Sensitive)))
                }),
            Family::Arn => Self::arn(
                template
                    .symbols(&nothing, usize::MAX)
                    .and_then(|s| ArnPattern::from_symbols(&s)),
            ),
            _ => template
                .text(&nothing, usize::MAX)
                .map_or(Self::Invalid, |text| Self::Unescaped(text.into_boxed_str())),
        }
    }

    fn arn(pattern: Option<ArnPattern>) -> Self {
        pattern.map_or(Self::Invalid, |pattern| Self::Arn(Box::new(pattern)))
    }
}

impl Listed {
    /// Whether the request's value equals this one, in the sense of the operator's family.
    fn admits(&self, family: Family, value: &str, context: &RequestContext) -> bool {
        match &self.test {
            Test::Text => same_text(family, &self.text, value),
            Test::Unescaped(text) => same_text(family, text, value),
            Test::Like(glob) => glob.matches(value),
            Test::Arn(pattern) => ArnParts::split(value).is_some_and(|arn| pattern.matches(&arn)),
            Test::Date(date) => value::parse_date(value)
                .is_some_and(|found| order_of(family).admits(found.cmp(date))),
            Test::Binary(bytes) => value::decode_binary(value).is_some_and(|v| *v == **bytes),
            Test::Ip(block) => {
                value::parse_address(value).is_some_and(|address: IpAddr| block.contains(address))
            }
            Test::Bool(wanted) => value::parse_bool(value) == Some(*wanted),
            Test::Variables(template) => admits_template(template, family, value, context),
            Test::Invalid => false,
        }
    }
}

fn same_text(family: Family, listed: &str, value: &str) -> bool {
    match family {
        Family::StringIgnoreCase => listed.eq_ignore_ascii_case(value),
        Family::Numeric(order) => match (Decimal::parse(value), Decimal::parse(listed)) {
            (Some(found), Some(listed)) => order.admits(found.cmp(&listed)),
            _ => false,
        },
        Family::Bool => {
            value::parse_bool(listed).is_some_and(|b| value::parse_bool(value) == Some(b))
        }
        _ => listed == value,
    }
}

fn admits_template(
    template: &Template,
    family: Family,
    value: &str,
    context: &RequestContext,
) -> bool {
    match family {
        Family::StringLike => template
            .symbols(context, value.len())
            .is_some_and(|symbols| Glob::from_symbols(symbols, Case::Sensitive).matches(value)),
        Family::Arn => template
            .symbols(context, value.len())
            .is_some_and(|symbols| {
                match (ArnPattern::from_symbols(&symbols), ArnParts::split(value)) {
                    (Some(pattern), Some(arn)) => pattern.matches(&arn),
                    _ => false,
                }
            }),
        _ => template
            .text(context, value.len())
            .is_some_and(|text| same_text(family, &text, value)),
    }
}

fn order_of(family: Family) -> Order {
    match family {
        Family::Numeric(order) | Family::Date(order) => order,
        _ => Order::Equal,
    }
}

/// Whether `value` is of the kind that the family compares.
fn is_readable(family: Family, value: &str) -> bool {
    match family {
        Family::String | Family::StringIgnoreCase | Family::StringLike | Family::Null => true,
        Family::Numeric(_) => Decimal::parse(value).is_some(),
        Family::Date(_) => value::parse_date(value).is_some(),
        Family::Bool => value::parse_bool(value).is_some(),
        Family::Binary => value::decode_binary(value).is_some(),
        Family::Ip => value::parse_address(value).is_some(),
        Family::Arn => ArnParts::split(value).is_some(),
    }
}
