//! `keychai kernel`.

use serde_json::Value;

use super::keychai;

#[test]
fn the_specification_names_this_very_binary() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().to_str().unwrap();
    let outcome = keychai(["kernel", "install", "--prefix", prefix]).run();
    let spec = folder.path().join("share/jupyter/kernels/keychai");
    assert!(outcome.succeeds().contains(spec.to_str().unwrap()));
    let text = std::fs::read_to_string(spec.join("kernel.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["argv"][0], env!("CARGO_BIN_EXE_keychai"));
    assert_eq!(json["argv"][4], "{connection_file}");
    assert_eq!(json["language"], "rhai");
}

#[test]
fn installing_twice_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().to_str().unwrap();
    for _ in 0..2 {
        keychai(["kernel", "install", "--prefix", prefix])
            .run()
            .succeeds();
    }
}

#[test]
fn for_the_user_it_goes_below_the_home_folder() {
    let call = keychai(["kernel", "install", "--user"]);
    let home = call.home.path().to_str().unwrap().to_owned();
    let outcome = call.run();
    assert!(outcome.succeeds().contains(&home), "{}", outcome.stdout);
}

#[test]
fn a_prefix_that_cannot_be_written_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let prefix = file.path().to_str().unwrap();
    let outcome = keychai(["kernel", "install", "--prefix", prefix]).run();
    let text = outcome.fails(1);
    assert!(text.contains(prefix) && text.contains("--prefix"), "{text}");
}

#[test]
fn two_places_at_once_are_a_usage_error() {
    let outcome = keychai(["kernel", "install", "--user", "--prefix", "x"]).run();
    assert!(outcome.fails(2).contains("--prefix"));
}

#[test]
fn a_kernel_without_a_connection_file_says_who_writes_it() {
    let outcome = keychai(["kernel", "start", "-f", "nowhere.json"]).run();
    let text = outcome.fails(1);
    assert!(
        text.contains("`nowhere.json`") && text.contains("Jupyter"),
        "{text}"
    );
}
