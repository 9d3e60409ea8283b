use super::*;

#[test]
fn shows_values_in_a_form_that_can_be_read() {
    let mut s = session();
    run(&mut s, "In [1]", "let key = kms.create_key(\"a\");");
    for (code, expected) in [
        ("()", ""),
        ("41 + 1", "42"),
        ("1.5", "1.5"),
        ("true", "true"),
        ("'x'", "'x'"),
        ("\"a\"", "\"a\""),
        ("\"a\\nb\"", "a\nb"),
        ("[1, \"b\", ()]", "[1, \"b\", ()]"),
        ("#{ b: 1, \"c-d\": #{} }", "#{ b: 1, \"c-d\": #{} }"),
        ("blob(3, 255)", "blob(3 bytes: ffffff)"),
        ("blob(32, 1)", "blob(32 bytes: 0101010101010101…)"),
        ("blob(0)", "blob(0 bytes)"),
        ("[blob(32, 1)]", "[blob(32 bytes: 0101010101010101…)]"),
        ("key", "Key a"),
        ("[key]", "[Key a]"),
        ("#{ k: key }", "#{ k: Key a }"),
        ("`${key}`", "\"Key a\""),
        ("kms", "the key service"),
        ("`a ${[kms]}`", "\"a [the key service]\""),
        ("\"a \" + key", "\"a Key a\""),
        ("|x| x", "closure"),
        ("1..3", "1..3"),
    ] {
        assert_eq!(run(&mut s, "In [2]", code), expected, "{code}");
    }
}

#[test]
fn large_values_are_broken_into_lines_and_bounded() {
    let text = run(
        &mut session(),
        "In [1]",
        "let a = []; for i in 0..1000 { a.push(i); } a",
    );
    assert_eq!(text.lines().count(), 103);
    assert!(text.ends_with("    99,\n    … 900 more\n]"));
    let code = "let a = 1; for i in 0..50 { a = [a]; } a";
    assert!(run(&mut session(), "In [1]", code).contains("[… 1 elements]"));
}

#[test]
fn print_and_debug_use_the_same_text() {
    let output = Rc::new(Captured::default());
    let mut s = session_with(Rc::clone(&output), Limits::default());
    run(
        &mut s,
        "c",
        "print(\"a\"); print(1); print([1, \"x\"]); print(#{ a: 1 }); print(true);",
    );
    run(
        &mut s,
        "c",
        "print(kms.create_key(\"k\")); print(blob(40, 9)); print(); print(1.5);",
    );
    let expected =
        "a\n1\n[1, \"x\"]\n#{ a: 1 }\ntrue\nKey k\nblob(40 bytes: 0909090909090909…)\n\n1.5\n";
    assert_eq!(output.text(Stream::Stdout), expected);
    run(&mut s, "c", "debug(\"a\");\ndebug(#{ a: 1 });");
    assert_eq!(output.text(Stream::Stderr), "c:1: \"a\"\nc:2: #{ a: 1 }\n");
}

#[test]
fn display_and_clear_reach_the_front_end_in_order() {
    let output = Rc::new(Captured::default());
    let mut s = session_with(Rc::clone(&output), Limits::default());
    run(
        &mut s,
        "c",
        "clear_output(); display(kms.create_key(\"k\")); clear_output(true);",
    );
    let key = Rendered::plain("Key k").with_html("<b>key</b>");
    assert_eq!(
        output.events(),
        [Event::Clear(false), Event::Display(key), Event::Clear(true)]
    );
}

#[test]
fn input_asks_the_front_end() {
    let output = Rc::new(Captured::answering(["Ann", "secret"]));
    let mut s = session_with(output, Limits::default());
    assert_eq!(
        run(
            &mut s,
            "c",
            "input(\"name: \") + password(\"word: \").len()"
        ),
        "\"Ann6\""
    );
    let error = fail(&mut s, "c", "input()");
    assert!(error.message.contains("nobody"), "{error}");
    assert_eq!(
        run(&mut s, "c", "let n = 4; try { input() } catch { n = 5; } n"),
        "5"
    );
}
