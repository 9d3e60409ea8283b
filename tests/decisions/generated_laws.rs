//! Laws of the engine on generated cases: what may be changed without a change, and
//! what may only take away.

use serde_json::{Value, json};

use crate::engine::engine;
use crate::generate::{self, Dice};
use crate::naive::Verdict;

/// Generated cases for each law.
const CASES: u64 = 1_500;

/// The first number, so that the laws meet other cases than the comparison.
const FIRST: u64 = 1_000_000;

/// Calls `law` with each case, a model, and chance.
fn for_each(law: impl Fn(&Value, &str, &mut Dice)) {
    for number in FIRST..FIRST + CASES {
        let model = if number.is_multiple_of(2) {
            "exam"
        } else {
            "aws"
        };
        law(&generate::case(number), model, &mut Dice::new(number));
    }
}

fn answer(case: &Value, model: &str) -> Verdict {
    engine(case, model).unwrap_or_else(|problem| panic!("{problem}\n{case}"))
}

fn assert_same(case: &Value, changed: &Value, model: &str) {
    let (before, after) = (answer(case, model), answer(changed, model));
    assert_eq!(before, after, "{model}\nbefore {case}\nafter  {changed}");
}

fn assert_no_wider(case: &Value, changed: &Value, model: &str) {
    let wider = answer(changed, model).allows() && !answer(case, model).allows();
    assert!(!wider, "{model}\nbefore {case}\nafter  {changed}");
}

/// Every document of the case, its statements in a list.
fn documents(value: &mut Value) -> Vec<&mut Value> {
    if value.get("Statement").is_some() {
        let statements = &mut value["Statement"];
        if statements.is_object() {
            *statements = json!([statements.take()]);
        }
        return vec![value];
    }
    match value {
        Value::Array(items) => items.iter_mut().flat_map(documents).collect(),
        Value::Object(members) => members.values_mut().flat_map(documents).collect(),
        _ => Vec::new(),
    }
}

fn statements(document: &mut Value) -> &mut Vec<Value> {
    document["Statement"].as_array_mut().unwrap()
}

/// The case after `change` was made to each of its documents.
fn changed(case: &Value, mut change: impl FnMut(&mut Value)) -> Value {
    let mut copy = case.clone();
    for document in documents(&mut copy["policies"]) {
        change(document);
    }
    copy
}

/// The case after `change` was made to the statements of one of its documents.
fn one_changed(
    case: &Value,
    dice: &mut Dice,
    change: impl FnOnce(&mut Vec<Value>, &mut Dice),
) -> Value {
    let mut copy = case.clone();
    let mut all = documents(&mut copy["policies"]);
    if !all.is_empty() {
        let at = dice.below(all.len());
        change(statements(all[at]), dice);
    }
    copy
}

#[test]
fn the_order_of_statements_policies_levels_and_grants_is_irrelevant() {
    for_each(|case, model, _| {
        let mut turned = changed(case, |document| statements(document).reverse());
        for layer in ["identity", "session", "scp", "rcp", "grants"] {
            if let Some(list) = turned["policies"][layer].as_array_mut() {
                list.reverse();
                list.iter_mut()
                    .filter_map(Value::as_array_mut)
                    .for_each(|level| level.reverse());
            }
        }
        assert_same(case, &turned, model);
    });
}

#[test]
fn adding_a_deny_never_widens() {
    for_each(|case, model, dice| {
        let more = one_changed(case, dice, |list, dice| {
            let mut deny = list[dice.below(list.len())].clone();
            deny["Effect"] = json!("Deny");
            if dice.chance(50) {
                deny.as_object_mut().unwrap().remove("Condition");
            }
            list.push(deny);
        });
        assert_no_wider(case, &more, model);
    });
}

#[test]
fn removing_an_allow_never_widens() {
    for_each(|case, model, dice| {
        let fewer = one_changed(case, dice, |list, dice| {
            let at = dice.below(list.len());
            // A document without statements is none.
            if list.len() > 1 && list[at]["Effect"] == "Allow" {
                list.remove(at);
            }
        });
        assert_no_wider(case, &fewer, model);
    });
}

#[test]
fn removing_a_grant_never_widens() {
    for_each(|case, model, _| {
        for at in 0..case["policies"]["grants"].as_array().unwrap().len() {
            let mut fewer = case.clone();
            fewer["policies"]["grants"]
                .as_array_mut()
                .unwrap()
                .remove(at);
            assert_no_wider(case, &fewer, model);
        }
    });
}

#[test]
fn a_statement_twice_is_a_statement_once() {
    for_each(|case, model, _| {
        let doubled = changed(case, |document| {
            let list = statements(document);
            list.extend_from_within(..);
        });
        assert_same(case, &doubled, model);
    });
}

#[test]
fn a_policy_in_pieces_is_the_policy() {
    let in_pieces = |documents: &Value| -> Value {
        let documents = documents.as_array().into_iter().flatten();
        let pieces = documents.flat_map(|document| {
            let mut document = document.clone();
            let list = document["Statement"].take();
            let list = list.as_array().cloned().unwrap_or_else(|| vec![list]);
            list.into_iter().map(move |statement| {
                let mut piece = document.clone();
                piece["Statement"] = json!([statement]);
                piece
            })
        });
        pieces.collect()
    };
    for_each(|case, model, _| {
        let mut split = case.clone();
        let policies = &mut split["policies"];
        for layer in ["identity", "session"] {
            if policies[layer].is_array() {
                policies[layer] = in_pieces(&policies[layer]);
            }
        }
        for layer in ["scp", "rcp"] {
            for level in policies[layer].as_array_mut().into_iter().flatten() {
                *level = in_pieces(level);
            }
        }
        assert_same(case, &split, model);
    });
}

#[test]
fn the_letter_case_of_actions_and_of_condition_keys_is_irrelevant() {
    let loud = |value: &mut Value| match value {
        Value::Array(list) => list
            .iter_mut()
            .for_each(|v| *v = json!(v.as_str().unwrap().to_uppercase())),
        Value::String(text) => *text = text.to_uppercase(),
        _ => {}
    };
    for_each(|case, model, _| {
        let shouted = changed(case, |document| {
            for statement in statements(document) {
                for element in ["Action", "NotAction"] {
                    statement.get_mut(element).into_iter().for_each(loud);
                }
                let conditions = statement
                    .get_mut("Condition")
                    .and_then(Value::as_object_mut);
                for keys in conditions.into_iter().flat_map(|c| c.values_mut()) {
                    *keys = keys_in_upper_case(keys);
                }
            }
        });
        assert_same(case, &shouted, model);
    });
}

/// The keys of one operator; two that become one stay as they are.
fn keys_in_upper_case(keys: &Value) -> Value {
    let members = keys.as_object().unwrap();
    let shouted: serde_json::Map<String, Value> = members
        .iter()
        .map(|(key, values)| (key.to_uppercase(), values.clone()))
        .collect();
    if shouted.len() == members.len() {
        Value::Object(shouted)
    } else {
        keys.clone()
    }
}

#[test]
fn the_exam_model_never_allows_more_than_the_service() {
    let mut differ = 0;
    // They differ in one row of the truth table, so it takes more cases to see it often.
    for number in FIRST..FIRST + 3 * CASES {
        let case = generate::case(number);
        let (exam, aws) = (answer(&case, "exam"), answer(&case, "aws"));
        assert!(!exam.allows() || aws.allows(), "{case}");
        differ += usize::from(exam.allows() != aws.allows());
    }
    assert!(differ > 9, "the models differ in {differ} cases only");
}
