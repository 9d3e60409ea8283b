//! A lab in a file goes on as if it had never stopped.

use keychai::base::Entropy;
use keychai::crypto::sealed_file::{self, Lock, OpenFileError};
use keychai::lab::{FileError, Lab, LabOptions};
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::cases;

fn key() -> Lock {
    Lock::parse_key(&Lock::fresh_key_text(&mut Entropy::simulated(1))).unwrap()
}

/// The lab after a way through a file.
fn through_a_file(lab: &Lab) -> Lab {
    let lock = key();
    Lab::from_sealed(&lab.to_sealed(&lock).unwrap(), &lock).unwrap()
}

fn saved(bench: &Bench) -> Bench {
    Bench {
        lab: through_a_file(&bench.lab),
        admin: bench.admin.clone(),
        away: bench.away.clone(),
    }
}

/// All that can be seen of a lab, the words for its decisions included.
///
/// The lines are sorted, and the shape of the maps left out: a tree that was
/// built in another order holds the same.
fn seen(lab: &Lab) -> Vec<String> {
    const SHAPE: [&str; 8] = [
        "color:", "left:", "right:", "root:", "size:", "Node {", "Some(", "None,",
    ];
    let decisions: Vec<Value> = lab
        .cloud()
        .trail
        .iter()
        .map(|e| json!(e.decisions))
        .collect();
    let text = format!("{lab:#?}\n{:#}", Value::from(decisions));
    let lines = text.lines().map(str::trim).filter(|line| {
        line.contains(char::is_alphanumeric) && !SHAPE.iter().any(|s| line.starts_with(s))
    });
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// All that a file would hold.
fn content(lab: &Lab) -> Vec<u8> {
    let lock = key();
    sealed_file::open(&lab.to_sealed(&lock).unwrap(), &lock)
        .unwrap()
        .to_vec()
}

fn assert_same(got: &Lab, want: &Lab, case: &str) {
    let (got_lines, want_lines) = (seen(got), seen(want));
    let differs = got_lines
        .iter()
        .zip(&want_lines)
        .find(|(got, want)| got != want);
    assert_eq!(differs, None, "{case}");
    assert_eq!(got_lines.len(), want_lines.len(), "{case}");
    assert!(content(got) == content(want), "{case}");
}

#[test]
fn every_case_goes_on_as_if_the_lab_had_never_stopped() {
    for case in cases::all() {
        let (mut bench, known) = case.prepared();
        let mut loaded = saved(&bench);
        assert_same(&loaded.lab, &bench.lab, &case.name);
        for _ in 0..2 {
            let want = case.make(&mut bench, &known);
            let got = case.make(&mut loaded, &known);
            assert_eq!(got.request_id, want.request_id, "{}", case.name);
            assert_eq!(got.steps, want.steps, "{}", case.name);
            assert_eq!(
                format!("{:?}", got.result),
                format!("{:?}", want.result),
                "{}",
                case.name
            );
        }
        bench.lab.advance(400 * 86_400).unwrap();
        loaded.lab.advance(400 * 86_400).unwrap();
        let again = saved(&loaded);
        assert_same(&again.lab, &bench.lab, &case.name);
    }
}

#[test]
fn a_statement_that_is_tied_to_a_deleted_entity_stays_dead() {
    let mut bench = Bench::new();
    let reader = bench.user("reader");
    bench.allow("reader", json!(["s3:GetObject"]));
    let key = bench.ok("kms:CreateKey", json!({}))["KeyMetadata"]["KeyId"].clone();
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": crate::bench::user_arn("admin") },
          "Action": "kms:*", "Resource": "*" },
        { "Effect": "Allow", "Principal": { "AWS": crate::bench::user_arn("reader") },
          "Action": "kms:Encrypt", "Resource": "*" },
    ]});
    bench.ok(
        "kms:PutKeyPolicy",
        json!({ "KeyId": key, "Policy": policy.to_string() }),
    );
    bench.allow("reader", json!(["kms:Encrypt"]));
    let mut loaded = saved(&bench);
    let encrypt = json!({ "KeyId": key, "Plaintext": "YQ==" });
    assert!(loaded.call(&reader, "kms:Encrypt", encrypt.clone()).is_ok());
    for step in [
        (
            "iam:DeleteUserPolicy",
            json!({ "UserName": "reader", "PolicyName": "allow" }),
        ),
        (
            "iam:DeleteAccessKey",
            json!({ "UserName": "reader", "AccessKeyId": reader.access_key_id }),
        ),
        ("iam:DeleteUser", json!({ "UserName": "reader" })),
    ] {
        loaded.ok(step.0, step.1);
    }
    let mut loaded = saved(&loaded);
    let second = loaded.user("reader");
    loaded.allow("reader", json!(["kms:Encrypt"]));
    let error = loaded.call(&second, "kms:Encrypt", encrypt).unwrap_err();
    assert!(error.is_denial(), "{error}");
}

#[test]
fn a_lab_of_the_system_stays_one() {
    let lab = Lab::new(&LabOptions::default()).unwrap();
    let loaded = through_a_file(&lab);
    assert!(!loaded.is_simulated());
    assert!(through_a_file(&Bench::new().lab).is_simulated());
}

#[test]
fn secrets_go_into_no_other_format() {
    let mut bench = Bench::new();
    bench.ok("kms:CreateKey", json!({}));
    let error = serde_json::to_string(bench.lab.cloud()).unwrap_err();
    assert!(error.to_string().contains("sealed file"), "{error}");
    assert!(serde_json::to_string(bench.lab.admin().unwrap()).is_err());
    assert!(serde_json::to_string(&Entropy::simulated(1)).is_err());
    let refused = serde_json::from_str::<Entropy>("\"System\"").unwrap_err();
    assert!(refused.to_string().contains("sealed file"), "{refused}");
}

#[test]
fn a_file_shows_nothing_of_what_it_holds() {
    let bench = Bench::new();
    let file = bench.lab.to_sealed(&key()).unwrap();
    let clear = |text: &str| file.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(!clear("admin") && !clear("us-east-1") && !clear(crate::bench::HOME));
}

#[test]
fn a_sealed_file_that_holds_no_lab_is_refused() {
    let lock = key();
    for content in [
        &b""[..],
        b"\xa0",
        b"\xff",
        b"{}",
        b"\xa1clab\xf6",
        &[0x81; 5000],
    ] {
        let file = sealed_file::seal(content, &lock).unwrap();
        let error = Lab::from_sealed(&file, &lock).unwrap_err();
        assert!(matches!(error, FileError::Content(_)), "{error}");
    }
}

#[test]
fn saving_replaces_the_file_at_once_and_a_failure_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("course.lab");
    let (lock, mut bench) = (key(), Bench::new());
    assert!(Lab::load(&path, &lock).unwrap().is_none());
    bench.lab.save(&path, &lock).unwrap();
    let old = std::fs::read(&path).unwrap();
    bench.ok("kms:CreateKey", json!({}));
    let missing = folder.path().join("no").join("course.lab");
    assert!(bench.lab.save(&missing, &lock).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), old);
    bench.lab.save(&path, &lock).unwrap();
    let loaded = Lab::load(&path, &lock).unwrap().unwrap();
    assert_eq!(loaded.cloud().keys.size(), 1);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "no file is left behind");
    assert!(bench.lab.save(folder.path(), &lock).is_err());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("course.lab");
    std::fs::write(&path, "old").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    Bench::new().lab.save(&path, &key()).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn whoever_reads_while_it_is_written_finds_a_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("course.lab");
    let (lock, lab) = (key(), Bench::new().lab);
    lab.save(&path, &lock).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (0..30).for_each(|_| lab.save(&path, &lock).unwrap()));
        while !writer.is_finished() {
            let found = std::fs::read(&path).unwrap();
            assert!(Lab::from_sealed(&found, &lock).is_ok());
        }
    });
}

#[test]
fn another_lock_is_refused_by_name_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("course.lab");
    Bench::new().lab.save(&path, &key()).unwrap();
    let other = Lock::parse_key(&"00".repeat(32)).unwrap();
    let error = Lab::load(&path, &other).unwrap_err();
    assert!(matches!(
        &error,
        FileError::Open {
            error: OpenFileError::WrongKey,
            ..
        }
    ));
    assert!(error.to_string().contains("course.lab"), "{error}");
}
