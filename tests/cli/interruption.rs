//! Readers that go away, and Ctrl-C.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use super::{Keychai, Outcome, keychai};

/// Starts the call and gives the first line that it prints; the reader is gone then.
fn first_line(call: &mut Keychai) -> (Child, String) {
    let mut child = call.command.spawn().unwrap();
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    (child, line)
}

/// Starts the call of a script that first prints `started`, and waits for that.
fn started(call: &mut Keychai) -> Child {
    let mut child = call.command.spawn().unwrap();
    let mut line = String::new();
    let stdout = child.stdout.as_mut().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    assert_eq!(line, "started\n");
    child
}

fn end_of(mut child: Child) -> Outcome {
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    let outcome = Outcome {
        code: child.wait().unwrap().code(),
        stdout: String::new(),
        stderr,
    };
    outcome.is_decent();
    outcome
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let calls: [&[&str]; 5] = [
        &["reference"],
        &["matrix", "--format", "json"],
        &["--help"],
        &["run", "scripts/week3.rhai", "--seed", "1"],
        &["run", "endless.rhai"],
    ];
    for args in calls {
        let mut call = keychai(args.iter().copied());
        if args.contains(&"endless.rhai") {
            std::fs::write(call.home.path().join("endless.rhai"), "loop { print(1); }").unwrap();
            call = call.at_home();
        }
        let (child, _) = first_line(&mut call);
        end_of(child).succeeds();
    }
}

#[test]
fn an_endless_script_ends_by_a_signal_and_says_where_it_was() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut call = keychai(["run", "endless.rhai"]).at_home();
        let code = "print(\"started\");\nloop { }";
        std::fs::write(call.home.path().join("endless.rhai"), code).unwrap();
        let child = started(&mut call);
        kill_process(Pid::from_child(&child), signal).unwrap();
        let outcome = end_of(child);
        assert!(
            outcome.fails(1).contains("endless.rhai:2"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_script_that_waits_for_an_answer_ends_when_asked_twice() {
    let mut call = keychai(["run", "asks.rhai"]).at_home();
    let code = "print(\"started\");\ninput();";
    std::fs::write(call.home.path().join("asks.rhai"), code).unwrap();
    let mut child = started(&mut call);
    while child.try_wait().unwrap().is_none() {
        // It may end between the two calls.
        let _ = kill_process(Pid::from_child(&child), Signal::INT);
        std::thread::yield_now();
    }
    assert!(end_of(child).fails(1).contains("stopped"));
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_a_failure() {
    let calls: [&[&str]; 2] = [&["matrix"], &["run", "scripts/week3.rhai", "--seed", "1"]];
    for args in calls {
        let mut call = keychai(args.iter().copied());
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        call.command.stdout(full);
        let outcome = call.run();
        assert!(outcome.fails(1).contains("cannot write the output"));
    }
}
