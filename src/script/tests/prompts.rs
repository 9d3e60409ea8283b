use proptest::prelude::*;

use super::*;

#[test]
fn judges_whole_half_and_broken_cells() {
    let s = session();
    for code in [
        "",
        "1 + 1",
        "let a = 1;",
        "fn f(x) { x }",
        "// note",
        "`a ${1 + 1} b`",
        "/* a */ 1",
    ] {
        assert_eq!(s.is_complete(code), Completeness::Complete, "{code}");
    }
    for (code, depth) in [
        ("fn f(x) {", 1),
        ("if true {", 1),
        ("let a = #{ b: [", 2),
        ("f(1,", 1),
        ("let a =", 0),
        ("1 +", 0),
        ("let", 0),
        ("fn", 0),
        ("fn f", 0),
        ("`open", 0),
        ("`a ${1 +", 1),
        ("/* open", 0),
        ("/* a /* b */", 0),
        ("/// doc", 0),
        ("x.", 0),
        ("let a = \"b \\\n", 0),
        ("try { 1 }", 0),
        ("switch 1 { 1 =>", 1),
    ] {
        let indent = "    ".repeat(depth);
        assert_eq!(
            s.is_complete(code),
            Completeness::Incomplete { indent },
            "{code}"
        );
    }
    for code in [
        "let a = \"open",
        ")",
        "let 1 = 2",
        "1 2 3",
        "f(1;",
        "}",
        "let a = \"b\nc\";",
        "fn f( { } x",
    ] {
        assert_eq!(s.is_complete(code), Completeness::Invalid, "{code}");
    }
}

#[test]
fn judging_runs_nothing() {
    let output = Rc::new(Captured::default());
    let s = session_with(Rc::clone(&output), Limits::default());
    s.is_complete("print(1)");
    assert_eq!(output.events(), []);
}

#[test]
fn no_text_makes_the_prompt_fail() {
    let s = session();
    proptest!(|(code in "\\PC{0,60}", cursor in 0_usize..80)| {
        s.is_complete(&code);
        let found = s.complete(&code, cursor);
        prop_assert!(code.is_char_boundary(found.start) && found.start <= found.end);
        s.inspect(&code, cursor);
    });
}

#[test]
fn no_sequence_of_tokens_makes_the_prompt_fail() {
    let s = session();
    let token = proptest::sample::select(vec![
        "let",
        "a",
        "=",
        "kms",
        ".",
        "?.",
        "create_key",
        "(",
        ")",
        "#{",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        ";",
        "\"",
        "`",
        "${",
        "'",
        "/*",
        "*/",
        "//",
        "\n",
        "\\",
        "fn",
        "|",
        "1.5",
        "#\"",
        "\"#",
        " ",
        "鍵",
    ]);
    proptest!(|(tokens in proptest::collection::vec(token, 0..30), at in 0.0_f64..=1.0)| {
        let code = tokens.concat();
        let cursor = (at * code.len() as f64) as usize;
        s.is_complete(&code);
        s.complete(&code, cursor);
        s.inspect(&code, cursor);
    });
}

#[test]
fn what_runs_is_complete() {
    let s = std::cell::RefCell::new(session());
    proptest!(|(n in 0_i64..1000, name in "[a-z]{1,8}_x")| {
        let code = format!("let {name} = [{n}, #{{ k: \"{name}\" }}];\n{name}[0]");
        prop_assert_eq!(s.borrow().is_complete(&code), Completeness::Complete);
        prop_assert_eq!(run(&mut s.borrow_mut(), "In [1]", &code), n.to_string());
    });
}
