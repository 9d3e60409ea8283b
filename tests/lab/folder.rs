//! Bodies in a data folder, read, copied and damaged.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use keychai::base::{Blob, Payload, Sink};
use keychai::service::s3::{GetObject, PutObject};
use keychai::state::folder::Folder;
use serde_json::{from_value, json};

use crate::bench::Bench;

/// Longer than a block, and no whole number of frames.
const LENGTH: usize = 3 * 1024 * 1024 + 77;

struct Kept {
    bench: Bench,
    folder: tempfile::TempDir,
}

impl Kept {
    fn new(workers: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Bench::new();
        bench
            .lab
            .keep_bodies_in(Folder::open(folder.path()).unwrap());
        bench.lab.set_workers(workers);
        bench.bucket("first");
        Self { bench, folder }
    }

    fn put(&mut self, key: &str, body: Payload) -> Result<(), String> {
        let mut put: PutObject = from_value(json!({ "Bucket": "first", "Key": key })).unwrap();
        put.body = body;
        let admin = self.bench.admin.clone();
        let answer = self.bench.lab.run(&admin, put);
        answer.result.map(drop).map_err(|error| error.code)
    }

    fn files(&self) -> Vec<PathBuf> {
        let bucket = self.folder.path().join("first");
        let mut files: Vec<PathBuf> = std::fs::read_dir(bucket)
            .map(|found| found.map(|file| file.unwrap().path()).collect())
            .unwrap_or_default();
        files.sort();
        files
    }
}

fn text() -> Vec<u8> {
    (0..LENGTH).map(|at| (at * 7 + at / 255) as u8).collect()
}

#[derive(Clone, Default)]
struct Collected(Arc<Mutex<Vec<u8>>>);

impl Write for Collected {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives a few bytes and then the error.
struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("the line is cut"));
        }
        let count = self.0.min(buffer.len());
        self.0 -= count;
        Ok(count)
    }
}

#[test]
fn what_streams_in_streams_out_on_any_number_of_threads() {
    for workers in [1, 2, 5] {
        let mut kept = Kept::new(workers);
        kept.put("k", Payload::stream(io::Cursor::new(text())))
            .unwrap();
        let collected = Collected::default();
        let mut get: GetObject = from_value(json!({ "Bucket": "first", "Key": "k" })).unwrap();
        get.sink = Some(Sink::new(collected.clone()));
        let admin = kept.bench.admin.clone();
        let answer = kept.bench.lab.run(&admin, get).result.unwrap();
        assert!(answer.body.is_empty() && answer.head.content_length == LENGTH as u64);
        assert!(*collected.0.lock().unwrap() == text());
        let copy = json!({ "Bucket": "first", "Key": "c", "CopySource": "first/k" });
        kept.bench.ok("s3:CopyObject", copy);
        let range = json!({ "Bucket": "first", "Key": "c", "Range": "bytes=1048570-1048580" });
        let read = kept.bench.ok("s3:GetObject", range);
        let wanted = Blob::from(&text()[1_048_570..=1_048_580]);
        assert_eq!(read["Body"], wanted.to_base64());
        assert_eq!(kept.files().len(), 2);
        kept.bench
            .ok("s3:DeleteObject", json!({ "Bucket": "first", "Key": "k" }));
        assert_eq!(kept.files().len(), 1);
    }
}

#[test]
fn a_body_that_breaks_off_leaves_neither_object_nor_file() {
    let mut kept = Kept::new(1);
    for length in [0, 10, 200_000] {
        let broken = Payload::stream(Broken(length));
        assert_eq!(kept.put("k", broken).unwrap_err(), "IncompleteBody");
        assert_eq!(kept.files(), [] as [PathBuf; 0]);
    }
    let unfinished = kept.folder.path().join(".keychai-unfinished");
    assert_eq!(std::fs::read_dir(unfinished).unwrap().count(), 0);
}

#[test]
fn a_damaged_file_is_the_stores_fault_also_for_a_copy_of_it() {
    let mut kept = Kept::new(2);
    kept.put("k", Payload::from(text())).unwrap();
    let file = kept.files().remove(0);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let get = json!({ "Bucket": "first", "Key": "k" });
    assert_eq!(
        kept.bench.fails("s3:GetObject", get.clone()).code,
        "InternalError"
    );
    let copy = json!({ "Bucket": "first", "Key": "c", "CopySource": "first/k" });
    assert_eq!(
        kept.bench.fails("s3:CopyObject", copy).code,
        "InternalError"
    );
    assert_eq!(kept.files().len(), 1);
    std::fs::remove_file(&file).unwrap();
    let gone = kept.bench.fails("s3:GetObject", get);
    assert_eq!(gone.code, "InternalError");
    assert!(gone.detail.unwrap().contains("first/00000001-k.message"));
}

#[test]
fn a_reader_that_gives_up_is_not_the_stores_fault() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is full"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut kept = Kept::new(1);
    kept.put("k", Payload::from(text())).unwrap();
    let mut get: GetObject = from_value(json!({ "Bucket": "first", "Key": "k" })).unwrap();
    get.sink = Some(Sink::new(Full));
    let admin = kept.bench.admin.clone();
    let error = kept.bench.lab.run(&admin, get).result.unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("RequestTimeout", 400));
    assert!(error.detail.unwrap().contains("the disk is full"));
}
