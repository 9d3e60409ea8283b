//! Condition values, listed and found.

use std::net::IpAddr;

use keychai::policy::{
    Clause, Comparison, Operator, Policy, PolicyKind, Principal, Quantifier, Request,
    RequestContext,
};
use serde_json::json;

use super::{text, wildcard_match};

/// Lines: the comparison, the listed values, the found values, both separated
/// by tabs. Every form of the operator is tried.
pub fn condition(bytes: &[u8]) {
    let mut lines = text(bytes).unwrap_or_default().split('\n');
    let Some(operator) = lines.next().and_then(Operator::parse) else {
        return;
    };
    let listed: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let found: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let comparison = operator.comparison;
    if comparison == Comparison::Null {
        return null(&listed, &found);
    }
    let Some(plain) = Asked::new(comparison, &listed) else {
        return;
    };
    let each: Vec<bool> = found.iter().map(|value| plain.one(None, value)).collect();
    for (value, holds) in found.iter().zip(&each) {
        assert_eq!(plain.one(Some(Quantifier::ForAllValues), value), *holds);
        assert_eq!(plain.one(Some(Quantifier::ForAnyValue), value), *holds);
        if let Some(expected) = by_definition(comparison, &listed, value) {
            assert_eq!(*holds, expected, "{comparison:?} {listed:?} {value:?}");
        }
    }
    assert_eq!(
        plain.many(Some(Quantifier::ForAllValues), &found),
        each.iter().all(|h| *h)
    );
    assert_eq!(
        plain.many(Some(Quantifier::ForAnyValue), &found),
        each.iter().any(|h| *h)
    );
    assert!(
        !plain.many(None, &found),
        "a multivalued key needs a set operator"
    );
}

fn null(listed: &[&str], found: &[&str]) {
    let Some(plain) = Asked::new(Comparison::Null, listed) else {
        return;
    };
    let says = |word: &str| listed.iter().any(|l| l.eq_ignore_ascii_case(word));
    assert_eq!(plain.holds(None, &RequestContext::new()), says("true"));
    assert_eq!(plain.many(None, found), says("false"));
}

/// One condition in every form that its operator has.
struct Asked {
    comparison: Comparison,
    policy: Policy,
}

const FORMS: [Option<Quantifier>; 3] = [
    None,
    Some(Quantifier::ForAllValues),
    Some(Quantifier::ForAnyValue),
];

impl Asked {
    fn new(comparison: Comparison, listed: &[&str]) -> Option<Self> {
        let statement = |operator: String| {
            json!({"Effect": "Allow", "Action": "*", "Resource": "*",
                   "Condition": {operator: {"lab:Key": listed}}})
        };
        let name = |quantifier, if_exists| {
            Operator {
                quantifier,
                comparison,
                if_exists,
            }
            .to_string()
        };
        let mut statements: Vec<_> = FORMS.map(|form| statement(name(form, false))).into();
        if comparison != Comparison::Null {
            statements.extend(FORMS.map(|form| statement(name(form, true))));
        }
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        let policy = Policy::load(PolicyKind::Managed, &document.to_string()).unwrap();
        Some(Self { comparison, policy })
    }

    /// Whether the form holds; the form with `IfExists` says the same of a key that is there.
    fn holds(&self, form: Option<Quantifier>, context: &RequestContext) -> bool {
        let caller = Principal::anonymous();
        let request = Request::new("s3:GetObject", "*", &caller, context);
        let index = FORMS.iter().position(|f| *f == form).unwrap();
        let answers = |index: usize| {
            let statement = self.policy.statements().get(index)?;
            let clauses = statement.explain(&request);
            let holds = statement.matches(&request).is_some();
            assert_eq!(holds, clauses.iter().all(Clause::holds), "{clauses:?}");
            Some(holds)
        };
        let holds = answers(index).unwrap();
        if self.comparison != Comparison::Null {
            let if_exists = answers(index + FORMS.len()).unwrap();
            assert_eq!(if_exists, holds || context.is_empty());
        }
        holds
    }

    fn one(&self, form: Option<Quantifier>, value: &str) -> bool {
        let mut context = RequestContext::new();
        self.holds(form, context.set("lab:key", value))
    }

    fn many(&self, form: Option<Quantifier>, values: &[&str]) -> bool {
        let mut context = RequestContext::new();
        self.holds(form, context.set_many("LAB:KEY", values.iter().copied()))
    }
}

/// The answer of the definition, where it is short; `None` where variables or notations are.
fn by_definition(comparison: Comparison, listed: &[&str], value: &str) -> Option<bool> {
    if listed.iter().any(|l| l.contains("${")) {
        return None;
    }
    let mut equal = false;
    for listed in listed {
        equal |= match comparison {
            Comparison::StringEquals | Comparison::StringNotEquals => *listed == value,
            Comparison::StringEqualsIgnoreCase | Comparison::StringNotEqualsIgnoreCase => {
                listed.eq_ignore_ascii_case(value)
            }
            Comparison::StringLike | Comparison::StringNotLike => wildcard_match(listed, value)?,
            Comparison::Bool => {
                listed.eq_ignore_ascii_case(value)
                    && ["true", "false"]
                        .iter()
                        .any(|b| b.eq_ignore_ascii_case(value))
            }
            Comparison::NumericEquals | Comparison::NumericNotEquals => {
                short_number(listed)? == short_number(value)?
            }
            Comparison::NumericLessThan => short_number(value)? < short_number(listed)?,
            Comparison::NumericLessThanEquals => short_number(value)? <= short_number(listed)?,
            Comparison::NumericGreaterThan => short_number(value)? > short_number(listed)?,
            Comparison::NumericGreaterThanEquals => short_number(value)? >= short_number(listed)?,
            Comparison::IpAddress | Comparison::NotIpAddress => in_block(listed, value)?,
            Comparison::ArnEquals
            | Comparison::ArnLike
            | Comparison::ArnNotEquals
            | Comparison::ArnNotLike => same_arn(listed, value)?,
            _ => return None,
        };
    }
    Some(equal != comparison.is_negated())
}

/// A decimal short enough for `f64` to keep every digit.
fn short_number(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    (plain && text.len() <= 15).then(|| text.parse().ok())?
}

/// Whether the address shares the block's leading bits, as texts of bits.
fn in_block(block: &str, address: &str) -> Option<bool> {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(a) => format!("{:032b}", a.to_bits()),
        IpAddr::V6(a) => format!("{:0128b}", a.to_bits()),
    };
    let (first, prefix) = block.split_once('/')?;
    let (first, address) = (bits(first.parse().ok()?), bits(address.parse().ok()?));
    let prefix = first.get(..prefix.parse().ok()?)?;
    Some(first.len() == address.len() && address.starts_with(prefix))
}

/// Whether each of the six parts matches.
fn same_arn(pattern: &str, arn: &str) -> Option<bool> {
    let pattern: Vec<&str> = pattern.splitn(6, ':').collect();
    let arn: Vec<&str> = arn.splitn(6, ':').collect();
    if pattern.len() < 6 || arn.len() < 6 || pattern[0] != "arn" || arn[0] != "arn" {
        return None;
    }
    pattern
        .iter()
        .zip(arn)
        .try_fold(true, |all, (p, a)| Some(all && wildcard_match(p, a)?))
}
