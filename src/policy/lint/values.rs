//! Rules on the values of conditions.

use super::super::arn_pattern::ArnPattern;
use super::super::operator::Family;
use super::super::raw::{RawCondition, Text, Variables};
use super::super::template::has_variables;
use super::super::value::{self, Cidr, Decimal};
use super::Linter;
use super::catalogue::KeyInfo;
use super::catalogue::KeyType;

/// An operator that compares something else than what the key holds.
pub(super) fn operator(linter: &mut Linter<'_>, condition: &RawCondition<'_>, key: &KeyInfo) {
    let comparison = condition.operator.comparison;
    let family = comparison.family();
    let text = matches!(
        family,
        Family::String | Family::StringIgnoreCase | Family::StringLike
    );
    let fits = match key.key_type {
        _ if family == Family::Null => true,
        KeyType::String => text || family == Family::Arn,
        KeyType::Arn => text || family == Family::Arn,
        KeyType::Bool => text || family == Family::Bool,
        KeyType::Numeric => matches!(family, Family::Numeric(_)),
        KeyType::Date => matches!(family, Family::Date(_) | Family::Numeric(_)),
        KeyType::IpAddress => family == Family::Ip,
    };
    if fits {
        return;
    }
    let message = format!(
        "`{}` holds {}, which {} does not compare",
        condition.key.text,
        key.key_type.noun(),
        comparison.name()
    );
    linter
        .found
        .warning("wrong-operator-type", condition.key.at, message);
    let better = match key.key_type {
        KeyType::String => "StringEquals",
        KeyType::Arn => "ArnLike",
        KeyType::Bool => "Bool",
        KeyType::Numeric => "NumericEquals",
        KeyType::Date => "DateLessThan",
        KeyType::IpAddress => "IpAddress",
    };
    linter
        .found
        .suggest(Some(format!("use `{better}` or one like it")));
}

/// A value that the operator cannot read equals nothing.
pub(super) fn listed(linter: &mut Linter<'_>, condition: &RawCondition<'_>) {
    let family = condition.operator.comparison.family();
    for value in &condition.values {
        if is_replaced(linter, family, value) || is_readable(family, &value.text) {
            continue;
        }
        let message = format!(
            "`{}` is nothing that {} can compare, so it never equals",
            value.text,
            condition.operator.comparison.name()
        );
        linter.found.warning("unreadable-value", value.at, message);
        linter.found.suggest(Some(wanted(family).to_owned()));
    }
}

/// Whether the value holds a variable that is replaced before it is compared.
fn is_replaced(linter: &Linter<'_>, family: Family, value: &Text<'_>) -> bool {
    let takes = matches!(family, Family::Arn | Family::Bool);
    takes && linter.variables == Variables::Replaced && has_variables(&value.text)
}

fn is_readable(family: Family, text: &str) -> bool {
    match family {
        Family::String | Family::StringIgnoreCase | Family::StringLike => true,
        Family::Numeric(_) => Decimal::parse(text).is_some(),
        Family::Date(_) => value::parse_date(text).is_some(),
        Family::Bool | Family::Null => value::parse_bool(text).is_some(),
        Family::Binary => value::decode_binary(text).is_some(),
        Family::Ip => Cidr::parse(text).is_some(),
        Family::Arn => text == "*" || ArnPattern::from_text(text).is_some(),
    }
}

fn wanted(family: Family) -> &'static str {
    match family {
        Family::Numeric(_) => "give a number such as `10` or `2.5`",
        Family::Date(_) => "give a date such as `2026-06-01T12:00:00Z`",
        Family::Bool | Family::Null => "give `true` or `false`",
        Family::Binary => "give base64",
        Family::Ip => "give a block such as `203.0.113.0/24`",
        Family::Arn => "give an ARN of six parts, wildcards allowed in each",
        Family::String | Family::StringIgnoreCase | Family::StringLike => "give text",
    }
}
