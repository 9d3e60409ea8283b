//! Conditions: operators, their prefixes and suffix, and what an absent key means.

use std::cmp::Ordering;

use serde_json::Value;

use super::context::{Context, Held};
use super::glob::{arn_fits, as_text, expand, fits, pattern};
use super::value::{address_within, compare_dates, compare_decimals, same_bytes};
use super::{Fault, strings};

/// What a condition is judged with.
pub struct Scene<'a> {
    pub context: &'a Context,
    /// Whether the policy's version has variables.
    pub variables: bool,
    pub fault: Fault,
}

impl Scene<'_> {
    /// Whether every key of every operator holds.
    pub fn holds(&self, conditions: &Value) -> bool {
        let mut all = conditions
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(operator, keys)| {
                let keys = keys.as_object().into_iter().flatten();
                keys.map(move |(key, values)| (operator, key, strings(values)))
            });
        let mut one = |(operator, key, values): (&String, &String, Vec<String>)| {
            self.key_holds(operator, key, &values)
        };
        if self.fault == Fault::ConditionKeysAsOr {
            let all: Vec<_> = all.collect();
            return all.is_empty() || all.into_iter().any(&mut one);
        }
        all.all(one)
    }

    fn key_holds(&self, operator: &str, key: &str, values: &[String]) -> bool {
        let held = self.context.find(key);
        if operator == "Null" {
            let absent = match held {
                None => true,
                Some(Held::Many(list)) => list.is_empty(),
                Some(Held::One(_)) => false,
            };
            return values.contains(&absent.to_string());
        }
        let (set, operator) = match operator.split_once(':') {
            Some((set, operator)) => (Some(set), operator),
            None => (None, operator),
        };
        let (operator, if_exists) = match operator.strip_suffix("IfExists") {
            Some(operator) => (operator, self.fault != Fault::IfExistsIgnored),
            None => (operator, false),
        };
        let Some(held) = held else {
            return if_exists || self.absent(set, operator);
        };
        let value_holds = |value: &String| self.value_holds(operator, value, values);
        match (set, held) {
            (None, Held::One(value)) => value_holds(value),
            (None, Held::Many(list)) => {
                self.fault == Fault::ListAsSingleValue && list.iter().any(value_holds)
            }
            (Some("ForAllValues"), held) => {
                let list = all_of(held);
                let wrong = self.fault == Fault::ForAllValuesOfNothingIsFalse && list.is_empty();
                !wrong && list.iter().all(value_holds)
            }
            (Some("ForAnyValue"), held) if self.fault == Fault::ForAnyValueAsForAllValues => {
                all_of(held).iter().all(value_holds)
            }
            (Some("ForAnyValue"), held) => all_of(held).iter().any(value_holds),
            (Some(other), _) => panic!("no such set operator: {other}"),
        }
    }

    fn absent(&self, set: Option<&str>, operator: &str) -> bool {
        match set {
            Some("ForAllValues") => self.fault != Fault::ForAllValuesOfNothingIsFalse,
            Some(_) => false,
            None => operator.contains("Not") && self.fault != Fault::AbsentNegatedIsFalse,
        }
    }

    /// One value of the request against the list of the policy.
    fn value_holds(&self, operator: &str, value: &str, listed: &[String]) -> bool {
        let positive = operator.replace("Not", "");
        let mut same = listed
            .iter()
            .map(|entry| self.compare(&positive, value, entry));
        match (operator.contains("Not"), self.fault) {
            (true, Fault::NorAsOr) => same.any(|s| !s),
            (true, _) => !same.any(|s| s),
            (false, _) => same.any(|s| s),
        }
    }

    fn compare(&self, operator: &str, given: &str, entry: &str) -> bool {
        let as_text_order = given.cmp(entry);
        if let Some(name) = operator.strip_prefix("Numeric") {
            if self.fault == Fault::NumbersAsText {
                return ordered(name, as_text_order);
            }
            return compare_decimals(given, entry).is_some_and(|order| ordered(name, order));
        }
        if let Some(name) = operator.strip_prefix("Date") {
            if self.fault == Fault::DatesAsText {
                return ordered(name, as_text_order);
            }
            return compare_dates(given, entry).is_some_and(|order| ordered(name, order));
        }
        match operator {
            "IpAddress" if self.fault == Fault::AddressWithoutRange => return given == entry,
            "IpAddress" => return address_within(given, entry),
            "BinaryEquals" => return same_bytes(given, entry),
            _ => {}
        }
        let signs = if self.variables && self.fault != Fault::VariablesLiteral {
            match expand(entry, self.context) {
                Some(signs) => signs,
                None => return false,
            }
        } else {
            pattern(entry)
        };
        let letters: Vec<char> = given.chars().collect();
        match (operator, self.fault) {
            ("StringEquals", Fault::WildcardsInStringEquals) => fits(&signs, &letters),
            ("ArnEquals" | "ArnLike", Fault::ArnAsOneText) => fits(&signs, &letters),
            ("StringEquals" | "Bool", _) => as_text(&signs) == given,
            ("StringEqualsIgnoreCase", _) => as_text(&signs).to_lowercase() == given.to_lowercase(),
            ("StringLike", _) => fits(&signs, &letters),
            ("ArnEquals" | "ArnLike", _) => arn_fits(&signs, given),
            (other, _) => panic!("no such operator: {other}"),
        }
    }
}

fn all_of(held: &Held) -> Vec<String> {
    match held {
        Held::One(value) => vec![value.clone()],
        Held::Many(list) => list.clone(),
    }
}

fn ordered(name: &str, order: Ordering) -> bool {
    match name {
        "Equals" => order.is_eq(),
        "LessThan" => order.is_lt(),
        "LessThanEquals" => order.is_le(),
        "GreaterThan" => order.is_gt(),
        "GreaterThanEquals" => order.is_ge(),
        other => panic!("no such comparison: {other}"),
    }
}
