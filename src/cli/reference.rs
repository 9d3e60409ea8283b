//! `keychai reference`.

use std::process::ExitCode;
use std::rc::Rc;

use super::{FAILED, USAGE, fail, say};
use crate::lab::{Lab, LabOptions};
use crate::script::objects::LabObjects;
use crate::script::{Captured, Session, SessionOptions};

/// Prints the scripting reference, or the entries of one name.
pub(super) fn run(name: Option<&str>) -> ExitCode {
    let options = LabOptions {
        seed: Some(1),
        ..LabOptions::default()
    };
    let lab = match Lab::new(&options) {
        Ok(lab) => lab,
        Err(error) => return fail(FAILED, &error.to_string()),
    };
    let output = Rc::new(Captured::default());
    let session = Session::new(SessionOptions::new(output).with(LabObjects::new(lab).extension()));
    match session.reference_text(name) {
        Ok(text) => say(&text),
        Err(text) => fail(USAGE, &text),
    }
}
