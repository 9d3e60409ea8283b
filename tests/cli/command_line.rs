//! Exit codes, streams, help and suggestions.

use super::{holds_in_order, keychai, run_script};

#[test]
fn alone_it_says_what_to_do_first() {
    let outcome = keychai([]).run();
    let greeting = outcome.succeeds();
    holds_in_order(
        greeting,
        &["keychai lab", "keychai run", "keychai matrix", "--help"],
    );
}

#[test]
fn help_and_version_go_to_stdout() {
    let version = keychai(["--version"]).run();
    assert_eq!(
        version.succeeds(),
        concat!("keychai ", env!("CARGO_PKG_VERSION"), "\n")
    );
    assert!(
        keychai(["--help"])
            .run()
            .succeeds()
            .contains("Usage: keychai")
    );
}

#[test]
fn an_encryption_context_names_nothing_twice() {
    for verb in ["seal", "open"] {
        let twice = ["--context", "a=1", "--context", "b=1", "--context", "a=2"];
        let call = keychai(["envelope", verb, "--key-file", "k"]).at_home();
        std::fs::write(call.home.path().join("k"), "ab".repeat(32)).unwrap();
        let outcome = call.args(&twice).input("x").run();
        assert!(outcome.fails(2).contains("gives `a` twice"), "{verb}");
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn every_command_shows_an_example_in_its_help() {
    let commands: [&[&str]; 7] = [
        &["lab"],
        &["run"],
        &["repl"],
        &["matrix"],
        &["lint"],
        &["kernel", "install"],
        &["reference"],
    ];
    for command in commands {
        let outcome = keychai(command.iter().copied()).args(&["--help"]).run();
        let line = format!("  keychai {}", command.join(" "));
        assert!(outcome.succeeds().contains("Example"), "{command:?}");
        assert!(outcome.succeeds().contains(&line), "{command:?}");
    }
}

#[test]
fn a_mistyped_command_is_met_with_the_nearest() {
    for (typed, meant) in [
        ("rnu", "run"),
        ("matrx", "matrix"),
        ("referense", "reference"),
    ] {
        let outcome = keychai([typed]).run();
        holds_in_order(
            outcome.fails(2),
            &[&format!("'{typed}'"), &format!("'{meant}'")],
        );
    }
    let outcome = keychai(["abracadabra"]).run();
    assert!(outcome.fails(2).contains("--help"));
}

#[test]
fn a_wrong_value_or_flag_is_a_usage_error_that_names_it() {
    let wrong: [(&[&str], &[&str]); 6] = [
        (&["run", "x.rhai", "--seed", "x"], &["'x'", "--seed"]),
        (&["run", "x.rhai", "--seed", "-1"], &["-1"]),
        (
            &["run", "x.rhai", "--model", "nope"],
            &["nope", "exam", "aws"],
        ),
        (
            &["matrix", "--format", "nope"],
            &["nope", "text", "markdown", "html", "json"],
        ),
        (&["matrix", "--frmat", "json"], &["--frmat", "--format"]),
        (&["run"], &["<FILE>", "Usage"]),
    ];
    for (args, parts) in wrong {
        let outcome = keychai(args.iter().copied()).run();
        for part in parts {
            assert!(
                outcome.fails(2).contains(part),
                "{args:?}: {}",
                outcome.stderr
            );
        }
    }
}

#[test]
fn a_script_sees_its_arguments_even_those_like_flags() {
    let outcome = run_script(
        "print(json(args));",
        &["one", "two words", "--seed", "--", "ü"],
    );
    let words: Vec<String> = serde_json::from_str(outcome.succeeds()).unwrap();
    assert_eq!(words, ["one", "two words", "--seed", "--", "ü"]);
    assert_eq!(run_script("print(args.len)", &[]).succeeds(), "0\n");
}

#[test]
fn what_a_script_prints_stays_when_it_fails_later() {
    let outcome = run_script("print(\"before\");\nthrow \"enough\";", &[]);
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (Some(1), "before\n")
    );
    holds_in_order(&outcome.stderr, &["enough", "t.rhai:2:1"]);
}

#[test]
fn debug_goes_to_stderr_and_print_to_stdout() {
    let outcome = run_script("print(\"said\"); debug(\"looked at\");", &[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), "said\n"));
    assert!(outcome.stderr.contains("looked at") && !outcome.stderr.contains("said"));
}

#[test]
fn no_color_and_a_narrow_terminal_change_no_word_of_a_pipe() {
    let plain = keychai(["matrix"]).run();
    let asked = keychai(["matrix"]).env("NO_COLOR", "1").run();
    assert_eq!(plain.succeeds(), asked.succeeds());
}
