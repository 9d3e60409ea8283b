use super::*;

#[test]
fn variables_and_functions_stay_and_functions_can_be_redefined() {
    let mut s = session();
    run(&mut s, "In [1]", "let x = 20; fn double(n) { n * 2 }");
    assert_eq!(run(&mut s, "In [2]", "double(x) + 2"), "42");
    run(&mut s, "In [3]", "fn double(n) { n * 2 + 1 }");
    assert_eq!(run(&mut s, "In [4]", "double(x)"), "41");
}

#[test]
fn a_function_of_an_older_cell_calls_the_newest_definition() {
    let mut s = session();
    run(
        &mut s,
        "In [1]",
        "fn price() { 1 } fn total() { price() * 10 }",
    );
    run(&mut s, "In [2]", "fn price() { 7 }");
    assert_eq!(run(&mut s, "In [3]", "total()"), "70");
}

#[test]
fn closures_in_variables_and_containers_keep_working() {
    let mut s = session();
    run(
        &mut s,
        "In [1]",
        "let n = 10; let add = |x| x + n; let more = [|x| x + 1, |x| x + 2];",
    );
    run(&mut s, "In [2]", "fn other() { 1 } let f = |x| x * 3;");
    assert_eq!(run(&mut s, "In [3]", "add.call(5) + f.call(1)"), "18");
    assert_eq!(
        run(&mut s, "In [4]", "more[0].call(1) + more[1].call(1)"),
        "5"
    );
    run(&mut s, "In [5]", "n = 100;");
    assert_eq!(run(&mut s, "In [6]", "add.call(5)"), "105");
    assert_eq!(run(&mut s, "In [7]", "[1, 2].map(|x| x * n)"), "[100, 200]");
}

#[test]
fn a_failed_cell_keeps_its_functions_and_the_variables_before_the_error() {
    let mut s = session();
    let error = fail(&mut s, "In [1]", "let a = 1; fn f() { 5 } nope; let b = 2;");
    assert_eq!(error.kind, ErrorKind::Runtime);
    assert_eq!(run(&mut s, "In [2]", "a + f()"), "6");
    assert!(fail(&mut s, "In [3]", "b").message.contains("`b`"));
}

#[test]
fn nothing_of_a_cell_that_does_not_parse_happens() {
    let mut s = session();
    run(&mut s, "In [1]", "let a = 1;");
    assert_eq!(
        fail(&mut s, "In [2]", "a = 2; fn g() { 1 } let = 3;").kind,
        ErrorKind::Parse
    );
    assert_eq!(run(&mut s, "In [3]", "a"), "1");
    assert!(s.execute("In [4]", "g()").is_err());
}

#[test]
fn a_repeated_let_does_not_grow_the_scope() {
    let mut s = session();
    run(
        &mut s,
        "In [0]",
        "const c = 1; let other = 9; let n = 0; let f = || n;",
    );
    for round in 0..50 {
        run(
            &mut s,
            "In [1]",
            &format!("let x = {round}; let y = x; let x = x + 1;"),
        );
    }
    assert_eq!(s.variables().count(), 6);
    assert_eq!(
        run(&mut s, "In [2]", "n = 3; x + y + other + f.call()"),
        "111"
    );
    assert!(s.execute("In [3]", "c = 2").is_err());
}

#[test]
fn leaves_no_variable_of_a_failed_block_behind() {
    let mut s = session();
    fail(
        &mut s,
        "In [1]",
        "let a = 1; for i in 0..3 { let inner = i; throw \"stop\"; }",
    );
    let names: Vec<_> = s.variables().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, ["a"]);
}

#[test]
fn global_objects_are_visible_inside_functions_and_closures() {
    let mut s = session();
    run(
        &mut s,
        "In [1]",
        "fn make(name) { kms.create_key(name).arn }",
    );
    assert_eq!(
        run(&mut s, "In [2]", "make(\"a\")"),
        "\"arn:aws:kms:::key/a\""
    );
    assert_eq!(
        run(
            &mut s,
            "In [3]",
            "(|| kms.create_key(\"b\").arn).call().len()"
        ),
        "19"
    );
}

#[test]
fn a_variable_hides_a_global_object_only_where_it_is_seen() {
    let mut s = session();
    assert_eq!(
        run(
            &mut s,
            "In [1]",
            "let kms = 5; let f = || kms + 1; f.call()"
        ),
        "6"
    );
    run(&mut s, "In [2]", "fn make() { kms.create_key(\"a\") }");
    assert_eq!(run(&mut s, "In [3]", "make()"), "Key a");
    assert_eq!(
        run(&mut s, "In [4]", "let r = { let kms = 7; kms } + kms; r"),
        "12"
    );
}

#[test]
fn a_global_object_cannot_be_assigned_to() {
    let error = fail(&mut session(), "In [1]", "kms = 5;");
    assert_eq!(error.kind, ErrorKind::Runtime);
}

#[test]
fn native_names_cannot_be_defined_again() {
    let mut s = session();
    for code in [
        "fn kms() { 1 }",
        "fn sleep(x) { 1 }",
        "fn trust(role) { 1 }",
    ] {
        let error = fail(&mut s, "In [1]", code);
        assert!(error.message.contains("belongs to the lab"), "{error}");
        assert_eq!(
            (error.place.line, error.place.column),
            (Some(1), Some(4)),
            "{code}"
        );
    }
    // With another number of parameters it can never be taken for the method.
    run(&mut s, "In [2]", "fn trust(key, role, more) { 1 }");
}

#[test]
fn a_file_gets_its_arguments_and_may_begin_with_a_shebang() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.rhai");
    std::fs::write(&path, "#!/usr/bin/env keychai\nargs.len() + args[1].len()").unwrap();
    let value = session()
        .run_file(&path, &["x".into(), "four".into()])
        .unwrap()
        .unwrap();
    assert_eq!(value.as_int(), Ok(6));
    let error = session()
        .run_file(&folder.path().join("b.rhai"), &[])
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::File);
    assert!(error.message.contains("b.rhai"));
}

#[test]
fn a_panic_of_a_native_function_ends_the_cell_and_not_the_session() {
    struct Faulty;
    impl Extension for Faulty {
        fn register(&self, registry: &mut Registry<'_>) {
            registry
                .function("faulty")
                .register(|| -> i64 { panic!("on purpose") });
        }
    }
    let options = SessionOptions::new(Rc::new(Captured::default())).with(Rc::new(Faulty));
    let mut s = Session::new(options);
    run(&mut s, "In [1]", "let a = 4;");
    assert_eq!(fail(&mut s, "In [2]", "faulty()").kind, ErrorKind::Internal);
    assert_eq!(run(&mut s, "In [3]", "a"), "4");
}
