//! Bodies from files, into files and from functions, and messages under one's own key.

use std::path::Path;
use std::rc::Rc;

use super::super::{Keeping, LabObjects};
use crate::lab::{Lab, LabOptions};
use crate::script::files::FileAccess;
use crate::script::{Captured, Session, SessionOptions, Stream};

/// What `code` prints where scripts may use `folder`, which it calls `DIR`.
fn printed(folder: &Path, code: &str) -> Result<String, String> {
    let folders = [folder.to_owned()];
    let keeping = Keeping {
        access: FileAccess::new(&folders, &folders).unwrap(),
        ..Keeping::default()
    };
    let objects = LabObjects::new(Lab::new(&LabOptions::default()).unwrap()).keeping(keeping);
    let output = Rc::new(Captured::default());
    let options = SessionOptions::new(Rc::<Captured>::clone(&output)).with(objects.extension());
    let code = format!(
        "let bucket = s3.create_bucket(\"data\");\n{}",
        code.replace("DIR", folder.to_str().unwrap())
    );
    let done = Session::new(options).execute("cell", &code);
    done.map_err(|error| error.to_string())?;
    Ok(output.text(Stream::Stdout).trim_end().to_owned())
}

#[test]
fn a_file_goes_into_a_bucket_and_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let text: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    std::fs::write(folder.path().join("in"), &text).unwrap();
    let code = r#"
        let put = bucket.upload_file("a", "DIR/in", #{ content_type: "text/csv" });
        bucket.object("a").download_file("DIR/out");
        s3.download_file("data/a", "DIR/again");
        let message = bucket.object("a").message();
        print(`${put.encryption} ${bucket.get("a").content_type} ${message.len() > 200000}`);
    "#;
    assert_eq!(
        printed(folder.path(), code).unwrap(),
        "SSE-S3 text/csv true"
    );
    for name in ["out", "again"] {
        assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), text);
    }
}

#[test]
fn what_cannot_be_read_or_written_leaves_all_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old"), "old").unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let outside = elsewhere.path().join("x");
    let run = |code: &str| printed(folder.path(), code).unwrap_err();
    let denied = run(&format!("bucket.upload_file(\"a\", {outside:?})"));
    assert!(denied.contains("--allow-read"), "{denied}");
    let directory = run("bucket.upload_file(\"a\", \"DIR/../\" + \"DIR\".split(\"/\")[-1])");
    assert!(
        directory.contains("FileAccess") || directory.contains("not"),
        "{directory}"
    );
    let missing = run("bucket.object(\"none\").download_file(\"DIR/old\")");
    assert!(missing.contains("NoSuchKey"), "{missing}");
    let kept = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(
        (kept, std::fs::read(folder.path().join("old")).unwrap()),
        (1, b"old".to_vec())
    );
}

#[test]
fn a_function_gives_a_body_piece_by_piece_and_may_use_the_lab() {
    let folder = tempfile::tempdir().unwrap();
    let code = r#"
        let left = 2;
        bucket.put("short", || { left -= 1; if left < 0 { () } else { "x".to_upper() } });
        let left = 19;
        let piece = "y";
        piece.pad(1000000, "y");
        bucket.put("long", || {
            left -= 1;
            s3.buckets();
            if left < 0 { () } else { piece }
        }, #{ if_none_match: "*" });
        print(`${bucket.get("short").text()} ${bucket.get("long").length} ${bucket.head("long").etag}`);
    "#;
    let printed = printed(folder.path(), code).unwrap();
    let parts: Vec<_> = printed.split(' ').collect();
    assert_eq!(parts[..2], ["XX", "19000000"]);
    // Two parts of 8 MiB and a rest.
    assert!(parts[2].trim_matches('"').ends_with("-3"), "{printed}");
}

#[test]
fn a_function_that_fails_leaves_no_upload_behind() {
    let folder = tempfile::tempdir().unwrap();
    let code = r#"
        let left = 10;
        let piece = "y";
        piece.pad(1000000, "y");
        try {
            bucket.put("long", || { left -= 1; if left < 0 { throw "broken" } piece });
        } catch (why) { print(why); }
        print(s3.list_multipart_uploads(#{ Bucket: "data" }).Uploads.len());
        print(bucket.list().len());
    "#;
    assert_eq!(printed(folder.path(), code).unwrap(), "broken\n0\n0");
}

#[test]
fn messages_are_sealed_and_opened_as_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let code = r#"
        let key = "0123456789abcdef0123456789abcdef";
        let message = envelope.seal("id,amount", key, #{ context: #{ team: "pay" } });
        print(envelope.open(message, key, #{ context: #{ team: "pay" } }).as_string());
        for wrong in [
            || envelope.open(message, "f".to_upper() + "123456789abcdef0123456789abcdef"),
            || envelope.open(message, key, #{ context: #{ team: "other" } }),
            || envelope.open(message, "short"),
            || envelope.open(message, key, #{ contxt: #{} }),
        ] {
            try { wrong.call(); print("opened"); } catch (e) { print(e.code); }
        }
    "#;
    let expected =
        "id,amount\nInvalidCiphertext\nInvalidCiphertext\nInvalidArgument\nUnknownOption";
    assert_eq!(printed(folder.path(), code).unwrap(), expected);
}
