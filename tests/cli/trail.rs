//! `keychai run --trail`: what happened, as a file.

use serde_json::Value;

use super::keychai;

#[test]
fn what_happened_is_written_also_if_the_script_fails() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("s.rhai");
    let trail = folder.path().join("trail.json");
    std::fs::write(&script, "iam.create_user(\"alice\");\nthrow \"no\";").unwrap();
    std::fs::write(&trail, "old").unwrap();
    let (script, path) = (script.to_str().unwrap(), trail.to_str().unwrap());
    let outcome = keychai(["run", script, "--seed", "1", "--trail", path]).run();
    outcome.fails(1);
    let file: Value = serde_json::from_str(&std::fs::read_to_string(&trail).unwrap()).unwrap();
    assert_eq!(file["Records"][0]["eventName"], "CreateUser");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_and_no_script_leaves_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("s.rhai");
    std::fs::write(&script, "1 + 1").unwrap();
    let nowhere = folder.path().join("none").join("trail.json");
    let (script, nowhere) = (script.to_str().unwrap(), nowhere.to_str().unwrap());
    let outcome = keychai(["run", script, "--trail", nowhere]).run();
    assert!(outcome.fails(1).contains("the trail cannot be written"));
    let old = folder.path().join("old.json");
    std::fs::write(&old, "old").unwrap();
    keychai(["run", "nowhere.rhai", "--trail", old.to_str().unwrap()])
        .run()
        .fails(2);
    assert_eq!(std::fs::read_to_string(&old).unwrap(), "old");
}

#[test]
fn the_trail_goes_over_nothing_that_the_run_needs_and_into_what_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("s.rhai"), "kms.create_key(\"a\");").unwrap();
    std::fs::write(at("k"), "ab".repeat(32)).unwrap();
    let (script, key, lab) = (at("s.rhai"), at("k"), at("x.lab"));
    for taken in [&script, &key, &lab] {
        let args = ["run", &script, "--lab", &lab, "--key-file", &key];
        let call = keychai(args.into_iter().chain(["--trail", taken]));
        let outcome = call.run();
        assert!(outcome.fails(2).contains("is used by this run itself"));
    }
    let notebook = at("n.ipynb");
    std::fs::write(&notebook, r#"{"cells": [], "nbformat": 4}"#).unwrap();
    for taken in [&key, &lab] {
        let args = ["run", &notebook, "--lab", &lab, "--key-file", &key];
        let call = keychai(args.into_iter().chain(["--output", taken]));
        let outcome = call.run();
        assert!(outcome.fails(2).contains("is used by this run itself"));
    }
    let both = ["run", &notebook, "--output", &at("o"), "--trail", &at("o")];
    assert!(keychai(both).run().fails(2).contains("--trail"));
    assert_eq!(std::fs::read_to_string(&key).unwrap().len(), 64);
    #[cfg(unix)]
    {
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(at("there.json"), &link).unwrap();
        std::fs::write(at("there.json"), "old").unwrap();
        let link = link.to_str().unwrap();
        keychai(["run", &script, "--trail", link]).run().succeeds();
        let written = std::fs::read_to_string(at("there.json")).unwrap();
        assert!(written.starts_with("{\"Records\":["), "{written}");
        let shown = keychai(["run", &script, "--trail", "/dev/stdout"]).run();
        assert!(shown.succeeds().contains("CreateKey"));
    }
}
