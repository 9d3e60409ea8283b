//! The scripts that come with keychai.

use std::path::PathBuf;

use super::{Outcome, files_below, keychai, package};

pub(super) fn scripts() -> Vec<PathBuf> {
    let mut found = files_below(&package().join("scripts"));
    found.retain(|path| path.extension().is_some_and(|e| e == "rhai"));
    assert!(!found.is_empty(), "there are no scripts");
    found
}

fn run(path: &std::path::Path, settings: &[&str]) -> Outcome {
    let path = path.to_str().unwrap();
    keychai(["run", path]).args(settings).run()
}

#[test]
fn every_script_replays_byte_by_byte_from_its_seed() {
    for script in scripts() {
        let first = run(&script, &["--seed", "1"]);
        let second = run(&script, &["--seed", "1"]);
        assert!(!first.succeeds().is_empty(), "{}", script.display());
        assert_eq!(first.stdout, second.stdout, "{}", script.display());
    }
}

#[test]
fn another_seed_gives_other_keys() {
    for script in scripts() {
        let first = run(&script, &["--seed", "1"]);
        let second = run(&script, &["--seed", "2"]);
        assert_ne!(first.succeeds(), second.succeeds(), "{}", script.display());
    }
}

#[test]
fn every_script_runs_whatever_model_is_asked_for() {
    for script in scripts() {
        for model in ["exam", "aws"] {
            run(&script, &["--seed", "1", "--model", model]).succeeds();
        }
    }
}

#[test]
fn every_script_runs_on_the_systems_clock_and_randomness() {
    for script in scripts() {
        let first = run(&script, &[]);
        let second = run(&script, &[]);
        assert_ne!(first.succeeds(), second.succeeds(), "{}", script.display());
    }
}
