//! `--lab`: what is kept, under what, and what is refused.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::{Outcome, keychai};

/// A folder with a key file `k` and a script `t.rhai`.
fn folder(script: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("k"), "ab".repeat(32)).unwrap();
    write(&folder, script);
    folder
}

fn write(folder: &TempDir, script: &str) {
    std::fs::write(folder.path().join("t.rhai"), script).unwrap();
}

fn in_folder(folder: &Path, args: &[&str], passphrase: Option<&str>) -> Outcome {
    let mut call = keychai(["run", "t.rhai"]).args(args);
    call.command.current_dir(folder);
    call.command.env_remove("KEYCHAI_PASSPHRASE");
    match passphrase {
        Some(passphrase) => call.env("KEYCHAI_PASSPHRASE", passphrase).run(),
        None => call.run(),
    }
}

const KEY: [&str; 4] = ["--lab", "x.lab", "--key-file", "k"];

#[test]
fn a_lab_goes_on_where_the_last_run_ended() {
    let folder = folder(
        "let key = kms.create_key(\"pay\"); s3.create_bucket(\"pay-data\", #{ encryption: key }); \
         s3.put_object(\"pay-data/a\", \"hello\");",
    );
    let run = |args: &[&str]| in_folder(folder.path(), args, None);
    let seeded = [&KEY[..], &["--seed", "3"]].concat();
    run(&seeded).succeeds();
    write(
        &folder,
        "print(s3.get_object(\"pay-data/a\").text()); print(lab.is_simulated);",
    );
    assert_eq!(run(&KEY).succeeds(), "hello\ntrue\n");
    assert_eq!(
        run(&seeded).succeeds(),
        "hello\ntrue\n",
        "the same seed is no contradiction"
    );
    let error = run(&[&KEY[..], &["--seed", "4"]].concat());
    assert!(error.fails(2).contains("begun with seed 3"));
}

#[test]
fn a_failed_run_and_a_wrong_lock_leave_the_file_as_it_was() {
    let folder = folder("kms.create_key(\"pay\");");
    let path = folder.path().join("x.lab");
    let run = |args: &[&str], passphrase| in_folder(folder.path(), args, passphrase);
    run(&["--lab", "x.lab", "--seed", "1"], Some("correct horse")).succeeds();
    let old = std::fs::read(&path).unwrap();
    let wrong = run(&["--lab", "x.lab"], Some("battery"));
    assert!(wrong.fails(2).contains("passphrase or key is not the one"));
    let wrong = run(&KEY, None);
    assert!(
        wrong
            .fails(2)
            .contains("sealed under a passphrase, and a key was given")
    );
    let nothing = run(&["--lab", "x.lab"], Some(""));
    assert!(nothing.fails(2).contains("the passphrase is empty"));
    write(&folder, "kms.create_key(\"pay2\"); throw \"no\";");
    run(&["--lab", "x.lab"], Some("correct horse")).fails(1);
    assert_eq!(std::fs::read(&path).unwrap(), old);
    std::fs::write(folder.path().join("p"), "correct horse\n").unwrap();
    write(&folder, "print(kms.list_keys(#{}).Keys.len());");
    assert_eq!(
        run(&["--lab", "x.lab", "--passphrase-file", "p"], None).succeeds(),
        "1\n"
    );
}

#[test]
fn what_is_no_lab_is_refused_and_kept() {
    let folder = folder("1");
    let path = folder.path().join("x.lab");
    for (bytes, why) in [
        (&b"hello"[..], "not a sealed file of keychai"),
        (b"", "not a sealed file of keychai"),
        (b"keychai\x1a\x00\x02", "use a newer keychai"),
        (b"keychai\x1a\x00\x01\x02", "the file is cut"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let outcome = in_folder(folder.path(), &KEY, None);
        assert!(outcome.fails(2).contains(why), "{}", outcome.stderr);
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
    std::fs::write(folder.path().join("k"), "hunter2").unwrap();
    let outcome = in_folder(folder.path(), &KEY, None);
    assert!(outcome.fails(2).contains("64 hexadecimal digits"));
}

#[test]
fn a_key_is_made_once_and_for_its_owner() {
    let folder = folder("1");
    let new = || {
        let mut call = keychai(["new-key", "fresh"]);
        call.command.current_dir(folder.path());
        call.run()
    };
    new().succeeds();
    let key = std::fs::read(folder.path().join("fresh")).unwrap();
    assert!(new().fails(1).contains("cannot make"));
    assert_eq!(std::fs::read(folder.path().join("fresh")).unwrap(), key);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let found = std::fs::metadata(folder.path().join("fresh")).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
    }
    in_folder(
        folder.path(),
        &["--lab", "x.lab", "--key-file", "fresh"],
        None,
    )
    .succeeds();
}

#[test]
fn scripts_save_and_load_where_they_may() {
    let folder = folder(
        "kms.create_key(\"pay\"); lab.save(\"labs/a.lab\"); kms.create_key(\"two\"); \
         lab.load(\"labs/a.lab\"); print(kms.list_keys(#{}).Keys.len());",
    );
    std::fs::create_dir(folder.path().join("labs")).unwrap();
    let run = |args: &[&str]| in_folder(folder.path(), args, None);
    assert!(
        run(&["--key-file", "k"])
            .fails(1)
            .contains("--allow-write DIR")
    );
    let write_only = ["--key-file", "k", "--allow-write", "labs"];
    assert!(run(&write_only).fails(1).contains("--allow-read DIR"));
    let both = [&write_only[..], &["--allow-read", "labs"]].concat();
    assert_eq!(run(&both).succeeds(), "1\n");
    write(&folder, "lab.save(\"labs/../b.lab\")");
    assert!(run(&both).fails(1).contains("--allow-write DIR"));
    write(&folder, "lab.save(\"k\")");
    let key = std::fs::read(folder.path().join("k")).unwrap();
    assert!(run(&both).fails(1).contains("--allow-write DIR"));
    assert_eq!(std::fs::read(folder.path().join("k")).unwrap(), key);
    assert!(
        run(&["--key-file", "k", "--allow-write", "none"])
            .fails(2)
            .contains("is not a folder")
    );
}

/// The lab that is loaded has an administrator of its own, whose credentials are others.
#[test]
fn what_scripts_hold_works_in_a_lab_that_began_with_another_seed() {
    let folder = folder("kms.create_key(\"pay\"); lab.save(\"a.lab\");");
    let run = |args: &[&str]| in_folder(folder.path(), args, None);
    run(&["--key-file", "k", "--seed", "1", "--allow-write", "."]).succeeds();
    write(
        &folder,
        "lab.load(\"a.lab\"); print(kms.key(\"alias/pay\").alias); \
         print(iam.create_user(\"ann\").name);",
    );
    let loaded = run(&["--key-file", "k", "--seed", "2", "--allow-read", "."]);
    assert_eq!(loaded.succeeds(), "alias/pay\nann\n");
}

#[test]
fn a_script_does_not_save_over_the_file_that_the_run_keeps() {
    let script = "kms.create_key(#{}); \
                  try { lab.save(\"x.lab\"); } catch (e) { print(e.message); } \
                  try { lab.save(\"./../\" + FOLDER + \"/x.lab\"); } catch (e) { print(e.code); } \
                  lab.save(\"copy.lab\");";
    let folder = folder("");
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    write(&folder, &script.replace("FOLDER", &format!("{name:?}")));
    let args = [&KEY[..], &["--allow-write", "."]].concat();
    for _ in ["a new file", "one that exists"] {
        let said = in_folder(folder.path(), &args, None);
        assert_eq!(
            said.succeeds(),
            "`x.lab` is kept by `--lab`: it is written when the run ends\nFileAccess\n"
        );
    }
    write(&folder, "print(kms.list_keys(#{}).Keys.len());");
    assert_eq!(in_folder(folder.path(), &KEY, None).succeeds(), "2\n");
}

#[test]
fn a_process_that_is_killed_leaves_the_old_file_or_the_new_one() {
    let script = "for i in 0..20 { s3.create_bucket(`b-${lab.home.id}-${trail.count()}`); }";
    let folder = folder(script);
    in_folder(folder.path(), &KEY, None).succeeds();
    let mut kept = 20;
    for delay in 0..12 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_keychai"))
            .args(["run", "t.rhai"])
            .args(KEY)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(30 * delay));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(folder.path().join("x.lab").is_file());
        write(&folder, "print(s3.list_buckets(#{}).Buckets.len())");
        let seen = in_folder(folder.path(), &KEY, None);
        let buckets: usize = seen.succeeds().trim().parse().unwrap();
        assert!(buckets >= kept, "{buckets} buckets, and {kept} before");
        assert_eq!(buckets % 20, 0, "half a run was kept");
        kept = buckets;
        write(&folder, script);
    }
}
