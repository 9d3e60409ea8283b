use super::*;

fn small() -> Session {
    let limits = Limits {
        operations: 200_000,
        string_bytes: 10_000,
        array_elements: 1_000,
        map_members: 100,
        ..Limits::default()
    };
    session_with(Rc::new(Captured::default()), limits)
}

#[test]
fn runaway_scripts_end_with_an_error_that_says_which_limit() {
    for (code, hint) in [
        ("loop { }", "200000 operations"),
        ("fn f(n) { f(n + 1) } f(0)", "128 deep"),
        ("let s = \"x\"; loop { s += s; }", "10000 bytes"),
        ("let a = []; loop { a.push(1); }", "1000 elements"),
        ("let a = [1]; loop { a += a; }", "1000 elements"),
        ("let b = blob(500, 1); loop { b += b; }", "1000 elements"),
        (
            "let m = #{}; for i in 0..1000 { m[`k${i}`] = i; m.len(); }",
            "100 members",
        ),
    ] {
        let error = fail(&mut small(), "In [1]", code);
        assert_eq!(error.kind, ErrorKind::Limit, "{code}: {error}");
        assert!(
            error.hint.as_deref().unwrap_or("").contains(hint),
            "{code}: {error}"
        );
    }
}

#[test]
fn a_limit_cannot_be_caught_and_state_stays() {
    let mut s = small();
    run(&mut s, "In [1]", "let a = 7;");
    let code = "try { loop { } } catch (e) { a = 0; }";
    assert_eq!(fail(&mut s, "In [2]", code).kind, ErrorKind::Limit);
    assert_eq!(run(&mut s, "In [3]", "a"), "7");
}

#[test]
fn functions_may_nest_as_deep_in_debug_as_in_release() {
    let code = "fn f(n) { if n == 0 { 0 } else { 1 + f(n - 1) } } f(120)";
    assert_eq!(run(&mut session(), "In [1]", code), "120");
}

#[test]
fn deep_expressions_are_refused_and_moderate_ones_run() {
    let nested = |n: usize| format!("{}1{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(run(&mut session(), "In [1]", &nested(50)), "1");
    assert_eq!(
        fail(&mut session(), "In [1]", &nested(100_000)).kind,
        ErrorKind::Parse
    );
}

#[test]
fn an_interrupt_from_another_thread_stops_any_cell_and_keeps_state() {
    for code in [
        "loop { a += 1; }",
        "try { loop { a += 1; } } catch (e) { }",
        "a += 1; sleep(3600);",
    ] {
        let mut s = session();
        run(&mut s, "In [1]", "let a = 1;");
        let interrupt = s.interrupt();
        let done = Interrupt::default();
        let watched = done.clone();
        let thread = std::thread::spawn(move || {
            // The cell clears a request that comes before it starts, so ask until it ends.
            while !watched.is_requested() {
                interrupt.request();
                std::thread::yield_now();
            }
        });
        let error = fail(&mut s, "In [2]", code);
        done.request();
        thread.join().unwrap();
        assert_eq!(error.kind, ErrorKind::Interrupted, "{code}");
        assert!(s.execute("In [3]", "a").unwrap().unwrap().as_int().unwrap() >= 1);
    }
}

#[test]
fn the_machine_clock_is_out_of_reach() {
    assert!(session().execute("In [1]", "timestamp()").is_err());
}

#[test]
fn the_deepest_script_that_is_allowed_fits_the_stack() {
    let (open, close) = ("[#{ a: ".repeat(30), "}]".repeat(30));
    let code = format!("fn f(n) {{ if n > 0 {{ let x = {open} f(n - 1) {close}; }} n }} f(126)");
    assert_eq!(run(&mut session(), "In [1]", &code), "126");
}

#[test]
fn deeply_nested_data_does_not_leave_the_cell() {
    let mut s = session();
    let error = fail(
        &mut s,
        "In [1]",
        "let a = []; for i in 0..1500 { a = [a]; } a",
    );
    assert_eq!(error.kind, ErrorKind::Limit);
    assert!(!s.complete("a.le", 4).items.is_empty());
    assert!(s.inspect("a", 1).is_some());
    assert_eq!(run(&mut s, "In [2]", "a.len()"), "1");
}
