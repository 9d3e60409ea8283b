//! `lab.save` and `lab.load` under a passphrase that is asked for.

use std::path::Path;
use std::rc::Rc;

use super::super::{Keeping, LabObjects};
use crate::lab::{Lab, LabOptions};
use crate::script::files::FileAccess;
use crate::script::{Captured, Session, SessionOptions};

/// How `code` ends where `answers` are given and scripts may use `folder`.
fn run(folder: &Path, answers: &[&str], code: &str) -> Result<(), String> {
    let folders = [folder.to_owned()];
    let keeping = Keeping {
        access: FileAccess::new(&folders, &folders).unwrap(),
        ..Keeping::default()
    };
    let lab = Lab::new(&LabOptions::default()).unwrap();
    let objects = LabObjects::new(lab).keeping(keeping);
    let output = Captured::answering(answers.iter().copied());
    let options = SessionOptions::new(Rc::new(output)).with(objects.extension());
    let path = folder.join("a.lab");
    let code = code.replace("FILE", &format!("{:?}", path.to_str().unwrap()));
    let done = Session::new(options).execute("cell", &code);
    done.map(drop).map_err(|error| error.to_string())
}

#[test]
fn the_passphrase_of_a_new_file_is_asked_for_twice_and_of_an_old_one_once() {
    let folder = tempfile::tempdir().unwrap();
    let run = |answers: &[&str], code: &str| run(folder.path(), answers, code);
    let differ = run(&["horse", "house"], "lab.save(FILE)").unwrap_err();
    assert!(differ.contains("the two passphrases differ"), "{differ}");
    assert!(!folder.path().join("a.lab").exists());
    let once = run(&["horse"], "lab.save(FILE)").unwrap_err();
    assert!(!folder.path().join("a.lab").exists(), "{once}");
    let empty = run(&["", ""], "lab.save(FILE)").unwrap_err();
    assert!(empty.contains("the passphrase is empty"), "{empty}");
    run(&["horse", "horse"], "lab.save(FILE)").unwrap();
    run(&["horse"], "lab.save(FILE)").unwrap();
    run(&["horse"], "lab.load(FILE)").unwrap();
}
