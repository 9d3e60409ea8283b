//! `keychai repl` without a terminal.

use super::{holds_in_order, keychai};

#[test]
fn lines_from_a_pipe_are_evaluated_in_turn() {
    let input = "1+1\nfn double(x) {\n  x * 2\n}\ndouble(21)\nlet a = [1,\n2, 3];\na.len\n";
    let outcome = keychai(["repl", "--seed", "1"]).input(input).run();
    assert_eq!(outcome.succeeds(), "2\n42\n3\n");
}

#[test]
fn an_error_is_told_and_the_prompt_goes_on() {
    let outcome = keychai(["repl", "--seed", "1"])
        .input("let balance = 1;\nbalnce\nbalance + 1\n")
        .run();
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), "2\n"));
    holds_in_order(
        &outcome.stderr,
        &["`balnce`", "[2]:1:1", "did you mean `balance`?"],
    );
}

#[test]
fn exit_ends_it_and_so_does_the_end_of_input() {
    assert_eq!(
        keychai(["repl"]).input("1\nexit\n2\n").run().succeeds(),
        "1\n"
    );
    assert_eq!(keychai(["repl"]).input("40 + 2").run().succeeds(), "42\n");
    assert_eq!(keychai(["repl"]).run().succeeds(), "");
}

#[test]
fn an_unfinished_line_at_the_end_of_input_is_told() {
    let outcome = keychai(["repl", "--seed", "1"]).input("fn f( {\n").run();
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.stderr.contains("SyntaxError"), "{}", outcome.stderr);
}

#[test]
fn a_question_mark_explains_a_name() {
    let outcome = keychai(["repl", "--seed", "1"])
        .input("kms?\nnosuch?\n40 + 2 // really?\n")
        .run();
    assert!(outcome.stderr.contains("nothing is known of `nosuch`"));
    assert_eq!(outcome.code, Some(0));
    holds_in_order(&outcome.stdout, &["KMS", "42"]);
}

#[test]
fn the_lab_keeps_its_state_and_replays_from_a_seed() {
    let input = "let key = kms.create_key(\"k\");\nkey.trust_account();\nkey.arn\n";
    let call = || keychai(["repl", "--seed", "7"]).input(input).run();
    assert!(call().succeeds().contains("arn:aws:kms:"));
    assert_eq!(call().stdout, call().stdout);
}
