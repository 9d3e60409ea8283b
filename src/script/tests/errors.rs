use super::*;

#[test]
fn shows_the_line_with_a_caret() {
    let error = fail(&mut session(), "In [3]", "let key = 1;\nlet b = keyy + 1;");
    let expected = "\
RuntimeError: there is no variable `keyy`
  --> In [3]:2:9
    |
  2 | let b = keyy + 1;
    |         ^
  help: did you mean `key`?";
    assert_eq!(error.report(false), expected);
    assert!(error.report(true).contains("\u{1b}[1;31m^"));
}

#[test]
fn the_caret_stands_under_wide_and_tabbed_text() {
    let error = fail(&mut session(), "In [1]", "\tlet a = \"鍵鍵\" + nope;");
    let report = error.report(false);
    let lines: Vec<_> = report.lines().collect();
    // One blank for the tab, and two columns for each of the wide letters.
    assert_eq!(lines[3], "  1 |  let a = \"鍵鍵\" + nope;");
    assert_eq!(lines[4].len(), "  1 |  let a = \"xxxx\" + n".len());
}

#[test]
fn a_very_long_line_is_cut_round_the_caret() {
    let code = format!("let a = {}nope", "1 + ".repeat(50));
    let error = fail(&mut session(), "In [1]", &code);
    let report = error.report(false);
    let (line, caret) = (
        report.lines().nth(3).unwrap(),
        report.lines().nth(4).unwrap(),
    );
    assert!(line.chars().count() < 120);
    let at = caret.chars().position(|c| c == '^').unwrap();
    assert_eq!(line.chars().skip(at).collect::<String>(), "nope");
}

#[test]
fn an_error_inside_an_older_function_names_that_cell() {
    let mut s = session();
    run(
        &mut s,
        "In [1]",
        "fn outer(n) {\n    inner(n)\n}\nfn inner(n) {\n    n + missing\n}",
    );
    run(&mut s, "In [2]", "fn unrelated() { 0 }");
    let error = fail(&mut s, "In [3]", "let a = 1;\nouter(a)");
    assert_eq!(error.place.to_string(), "In [1]:5:9");
    assert_eq!(error.place.text.as_deref(), Some("    n + missing"));
    let frames: Vec<_> = error
        .frames
        .iter()
        .map(|f| format!("{} {}", f.function, f.called_at))
        .collect();
    assert_eq!(frames, ["inner In [1]:2:5", "outer In [3]:2:1"]);
}

#[test]
fn overloads_in_several_cells_are_told_apart() {
    let mut s = session();
    run(&mut s, "In [1]", "\n\nfn f(a) { a + missing }");
    run(&mut s, "In [2]", "fn f(a, b) { 1 }");
    assert_eq!(
        fail(&mut s, "In [3]", "f(1)").place.to_string(),
        "In [1]:3:15"
    );
}

#[test]
fn an_error_in_a_closure_of_an_older_cell_names_that_cell() {
    let mut s = session();
    run(&mut s, "In [1]", "let f = |x| x + x.lost();");
    let error = fail(&mut s, "In [2]", "\nf.call(1)");
    assert_eq!(error.place.to_string(), "In [1]:1:19");
    assert_eq!(error.frames[0].function, "closure");
}

#[test]
fn names_the_nearest_method_property_and_function() {
    let mut s = session();
    run(
        &mut s,
        "In [1]",
        "let key = kms.create_key(\"a\"); fn encode_row(x) { x }",
    );
    for (code, message, hint) in [
        (
            "key.trsut(1)",
            "`Key` has no method `trsut(int)`",
            "did you mean `trust`?",
        ),
        (
            "key.arm",
            "`Key` has no property `arm`",
            "did you mean `arn`?",
        ),
        ("key.arn()", "`Key` has no method `arn()`", "property"),
        ("key.trust", "`Key` has no property `trust`", "method"),
        (
            "key.trust()",
            "`Key` has no method `trust()`",
            "`Key.trust(role)`",
        ),
        (
            "encode_rov(1)",
            "there is no function `encode_rov(int)`",
            "did you mean `encode_row`?",
        ),
        (
            "encode_row(1, 2)",
            "there is no function `encode_row(int, int)`",
            "number of arguments",
        ),
        (
            "slep(1)",
            "there is no function `slep(int)`",
            "did you mean `sleep`?",
        ),
        (
            "\"abc\".to_uper()",
            "`string` has no method `to_uper()`",
            "`to_upper`",
        ),
        (
            "kmss.create_key(\"a\")",
            "there is no variable `kmss`",
            "did you mean `kms`?",
        ),
        ("display", "there is no variable `display`", "call it"),
        (
            "fn f() { key } f()",
            "there is no variable `key`",
            "pass it as an argument",
        ),
        (
            "let f = |x| x; f(1)",
            "there is no function `f(int)`",
            "`f.call(…)`",
        ),
        (
            "let m = #{}; m.a.b",
            "`()` has no property `b`",
            "before the dot",
        ),
        ("let m = #{}; m.a[1]", "`()` cannot be indexed", ""),
        ("\"a\" * 2", "`*` does not work on string and int", ""),
        (
            "kms.create_key(5)",
            "`Kms` has no method `create_key(int)`",
            "(alias: string)",
        ),
        (
            "let kms = 5; kms.create_key(\"a\")",
            "`int` has no method `create_key(string)`",
            "hides",
        ),
    ] {
        let error = fail(&mut s, "In [2]", code);
        assert_eq!(error.message, message, "{code}");
        assert!(
            error.hint.as_deref().unwrap_or("").contains(hint),
            "{code}: {:?}",
            error.hint
        );
    }
}

#[test]
fn a_thrown_map_can_be_caught_by_its_members() {
    let mut s = session();
    run(&mut s, "In [1]", "let key = kms.create_key(\"a\");");
    let code = "let seen = (); try { key.decrypt() } catch (e) { seen = e; } `${seen.code} ${seen.status}`";
    assert_eq!(run(&mut s, "In [2]", code), "\"AccessDenied 403\"");
}

#[test]
fn an_uncaught_thrown_map_keeps_its_payload_and_the_place_of_the_call() {
    let mut s = session();
    let error = fail(
        &mut s,
        "In [1]",
        "let key = kms.create_key(\"a\");\n  key.decrypt();",
    );
    assert_eq!(error.kind, ErrorKind::Thrown);
    assert_eq!(error.message, "not authorized to perform kms:Decrypt");
    assert_eq!(error.name(), "AccessDenied");
    assert_eq!(error.hint.as_deref(), Some("key.trust(role)"));
    assert_eq!(error.place.to_string(), "In [1]:2:7");
    let payload = error.payload().unwrap();
    assert_eq!(s.render_error(payload).unwrap().text, "denied with 403");
}

#[test]
fn a_thrown_text_is_the_message() {
    let error = fail(&mut session(), "In [1]", "throw \"out of tea\"");
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Thrown, "out of tea")
    );
}

#[test]
fn a_syntax_error_has_its_place() {
    let error = fail(&mut session(), "In [1]", "let a = 1;\nlet b = ;");
    assert_eq!(error.kind, ErrorKind::Parse);
    assert_eq!(error.place.to_string(), "In [1]:2:9");
}

#[test]
fn import_and_eval_are_refused_in_words() {
    for (code, word) in [
        ("import \"x\" as y;", "`import`"),
        ("eval(\"1\")", "`eval`"),
    ] {
        let error = fail(&mut session(), "In [1]", code);
        assert!(
            error.message.contains(word) && error.message.contains("switched off"),
            "{error}"
        );
        assert!(error.hint.is_some());
    }
}

#[test]
fn an_error_in_a_closure_that_a_native_function_calls_has_its_place() {
    struct Trying;
    impl Extension for Trying {
        fn register(&self, registry: &mut Registry<'_>) {
            registry
                .function("trying")
                .param("work", "function")
                .register(|context: rhai::NativeCallContext<'_>, work: rhai::FnPtr| {
                    work.call_within_context::<Dynamic>(&context, ())
                });
        }
    }
    let options = SessionOptions::new(Rc::new(Captured::default()));
    let mut s = Session::new(options.with(Rc::new(SmallLab)).with(Rc::new(Trying)));
    run(&mut s, "In [1]", "let key = kms.create_key(\"a\");");
    assert_eq!(run(&mut s, "In [2]", "trying(|| key.arn.len())"), "19");
    let error = fail(&mut s, "In [3]", "trying(||\n  key.decrypt())");
    assert_eq!(
        (error.name().as_str(), error.place.line),
        ("AccessDenied", Some(2))
    );
    assert_eq!(error.frames[0].function, "closure");
}

#[test]
fn huge_cells_are_answered() {
    let mut s = session();
    let lines = format!("{}nope", "\n".repeat(70_000));
    assert_eq!(fail(&mut s, "In [1]", &lines).kind, ErrorKind::Runtime);
    let columns = format!("let a = \"{}\"; nope", "x".repeat(1 << 20));
    let error = fail(&mut s, "In [2]", &columns);
    assert!(error.report(false).len() < 2000);
    s.is_complete(&lines);
    s.complete(&columns, columns.len());
}

#[test]
fn a_missing_semicolon_is_shown_where_it_is_missing() {
    let error = fail(&mut session(), "In [1]", "let a = 1 // one\n\nlet b = 2;");
    assert_eq!(error.place.to_string(), "In [1]:1:10");
}
