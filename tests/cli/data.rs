//! `--data`: bodies in files of a folder, each a whole message, whatever happens.

use std::fs::File;
use std::path::Path;

use keychai::crypto::{DataKey, message};
use keychai::state::folder::Folder;
use zeroize::Zeroizing;

use super::{Outcome, files_below, keychai, run_script};

/// The key of the SSE-C objects, which is their data key as well.
const MINE: &str = "0123456789abcdef0123456789abcdef";

/// The messages in a data folder, which holds nothing else but its lock.
fn messages(folder: &Path) -> Vec<Vec<u8>> {
    let mut found = files_below(folder);
    found.retain(|path| !path.ends_with(".keychai-lock"));
    let read = |path: &std::path::PathBuf| {
        assert_eq!(path.extension().unwrap(), "message", "{}", path.display());
        std::fs::read(path).unwrap()
    };
    found.iter().map(read).collect()
}

fn with_data(code: &str, folder: &Path) -> Outcome {
    run_script(code, &["--data", folder.to_str().unwrap()])
}

#[test]
fn the_folder_holds_one_message_for_each_object_that_exists() {
    let folder = tempfile::tempdir().unwrap();
    let script = "let b = s3.create_bucket(\"data\"); b.put(\"a\", \"hello world\"); \
                  b.put(\"b\", \"hello again\"); b.put(\"gone\", \"hello gone\"); \
                  b.remove(\"gone\"); b.put(\"a\", \"hello anew\"); print(b.get(\"a\").text());";
    assert_eq!(with_data(script, folder.path()).succeeds(), "hello anew\n");
    let found = messages(folder.path());
    assert_eq!(found.len(), 2);
    for message in found {
        assert_eq!(message[0], 2, "the version of an Encryption SDK message");
        assert!(!message.windows(5).any(|bytes| bytes == b"hello"));
    }
}

#[test]
fn a_lab_in_a_file_has_its_new_bodies_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("k"), "ab".repeat(32)).unwrap();
    let (lab, key, data) = (at("x.lab"), at("k"), at("data"));
    let args = ["--lab", &lab, "--key-file", &key, "--data", &data];
    let make = "s3.create_bucket(\"data\").put(\"a\", \"hello\");";
    run_script(make, &args).succeeds();
    assert_eq!(messages(Path::new(&data)).len(), 1);
    let go_on = "let b = s3.bucket(\"data\"); b.put(\"b\", \"new\"); \
                 print(b.get(\"a\").text() + b.get(\"b\").text());";
    assert_eq!(run_script(go_on, &args).succeeds(), "hellonew\n");
    assert_eq!(messages(Path::new(&data)).len(), 2);
    // A run that fails leaves the lab and every body that it names.
    let broken = "let b = s3.bucket(\"data\"); b.put(\"c\", \"lost\"); b.remove(\"a\"); throw 1;";
    run_script(broken, &args).fails(1);
    assert_eq!(messages(Path::new(&data)).len(), 2);
    // What the lab no longer names goes when it is saved.
    let less = "let b = s3.bucket(\"data\"); print(b.get(\"a\").text()); b.remove(\"a\");";
    assert_eq!(run_script(less, &args).succeeds(), "hello\n");
    assert_eq!(messages(Path::new(&data)).len(), 1);
    // The lab itself does not hold the bodies.
    let without = &args[..4];
    let error = run_script("print(s3.bucket(\"data\").get(\"b\").text());", without);
    let error = error.fails(1);
    assert!(
        error.contains("data folder, which `--data` names"),
        "{error}"
    );
    let list = "print(s3.bucket(\"data\").list().len());";
    assert_eq!(run_script(list, without).succeeds(), "1\n");
}

#[test]
fn versions_and_parts_are_found_again_and_kept_files_are_not_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("k"), "ab".repeat(32)).unwrap();
    let (lab, key, data) = (at("x.lab"), at("k"), at("data"));
    let args = ["--lab", &lab, "--key-file", &key, "--data", &data];
    // Files of somebody else's, one of which looks unfinished.
    let other = Path::new(&data).join("films");
    std::fs::create_dir_all(&other).unwrap();
    for name in ["2024-film.partial", "18446744073709551615-x.message"] {
        std::fs::write(other.join(name), "mine").unwrap();
    }
    let make = r#"
        let b = s3.create_bucket("data");
        s3.put_bucket_versioning(#{ Bucket: "data", VersioningConfiguration: #{ Status: "Enabled" } });
        b.put("a", "one"); b.put("a", "two");
        let up = s3.create_multipart_upload(#{ Bucket: "data", Key: "m" });
        let done = s3.upload_part(#{ Bucket: "data", Key: "m", UploadId: up.UploadId, PartNumber: 1, Body: blob(9, 65) });
        s3.complete_multipart_upload(#{ Bucket: "data", Key: "m", UploadId: up.UploadId,
            MultipartUpload: #{ Parts: [#{ PartNumber: 1, ETag: done.ETag }] } });
    "#;
    run_script(make, &args).succeeds();
    let read = "let b = s3.bucket(\"data\"); print(b.get(\"a\").text() + b.get(\"m\").text()); \
                b.remove(\"a\"); let old = s3.list_object_versions(#{ Bucket: \"data\" }).Versions; \
                print(old.len());";
    assert_eq!(run_script(read, &args).succeeds(), "twoAAAAAAAAA\n3\n");
    for name in ["2024-film.partial", "18446744073709551615-x.message"] {
        assert_eq!(std::fs::read(other.join(name)).unwrap(), b"mine");
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let held = Folder::open(folder.path()).unwrap();
    let error = with_data("1", folder.path());
    let error = error.fails(2);
    assert!(
        error.contains("--data: ") && error.contains("is in use by another keychai"),
        "{error}"
    );
    drop(held);
    with_data("1", folder.path()).succeeds();
    let file = folder.path().join("file");
    File::create(&file).unwrap();
    let error = with_data("1", &file);
    assert!(error.fails(2).contains(file.to_str().unwrap()));
}

#[test]
fn a_process_that_is_killed_leaves_whole_messages_only() {
    let script = format!(
        "let b = s3.create_bucket(\"data\"); let n = 0; let body = blob(200000, 65); \
         loop {{ b.put(`o${{n}}`, body, #{{ customer_key: \"{MINE}\" }}); n += 1; }}"
    );
    let key = DataKey::from_bytes(Zeroizing::new(MINE.as_bytes().to_vec())).unwrap();
    let mut whole = 0;
    for round in 0..6_u64 {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_str().unwrap();
        let mut call = keychai(["run", "t.rhai", "--data", data]).at_home();
        std::fs::write(call.home.path().join("t.rhai"), &script).unwrap();
        let mut child = call.command.spawn().unwrap();
        // Moments that differ from run to run, from before the first body to among many.
        let wait = 150 + 170 * round + u64::from(std::process::id() % 97);
        std::thread::sleep(std::time::Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        drop(Folder::open(folder.path()).unwrap());
        for stored in messages(folder.path()) {
            let opened = message::open(&stored, &key).unwrap();
            assert!(opened.len() == 200_000 && opened.iter().all(|byte| *byte == 65));
            whole += 1;
        }
    }
    assert!(whole > 0, "no process came as far as one object");
}
