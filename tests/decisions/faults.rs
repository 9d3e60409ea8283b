//! The generated cases are sharp: an evaluator with any of these mistakes in it is found out.

use crate::generate;
use crate::naive::{Fault, judge, judge_with};

/// A mistake must show within as many cases.
const ENOUGH: u64 = 20_000;

#[test]
fn every_fault_shows_among_the_generated_cases() {
    let mut hidden: Vec<Fault> = Fault::ALL.to_vec();
    for number in 0..ENOUGH {
        if hidden.is_empty() {
            break;
        }
        let case = generate::case(number);
        for model in ["exam", "aws"] {
            let right = judge(&case, model);
            hidden.retain(|fault| judge_with(&case, model, *fault) == right);
        }
    }
    assert!(hidden.is_empty(), "{ENOUGH} cases do not show {hidden:?}");
}
