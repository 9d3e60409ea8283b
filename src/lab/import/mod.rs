//! An account as the AWS CLI prints it, made into a lab.
//!
//! [`import_folder`] reads every JSON file below a folder and knows by its
//! content what it is (`recognise.rs`); file names matter only where the CLI
//! prints a document without saying whose it is. `iam.rs`, `keys.rs`,
//! `buckets.rs` and `guardrails.rs` build the cloud. What cannot be read is
//! reported with file and place, what is missing to decide is reported, and
//! what can be loaded is. Key material cannot be exported, so it is made new.

mod buckets;
mod documents;
mod guardrails;
mod iam;
mod keys;
mod mask;
mod missing;
mod recognise;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use mask::Mask;
pub use recognise::Export;

use super::{Lab, LabOptions};
use crate::base::AccountId;
use recognise::Found;

/// Longest file that is read, in bytes.
const LONGEST: u64 = 512 << 20;
/// How deep folders are searched.
const DEEPEST: usize = 8;

/// Something about one of the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, below the folder.
    pub file: String,
    /// Where in it: line and column, or a member.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// What was loaded, what could not be, and what is missing to decide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The account that became the lab's home.
    pub account: Option<AccountId>,
    /// How many there are of each kind.
    pub loaded: BTreeMap<String, usize>,
    /// Files, and entries of files, that could not be used.
    pub problems: Vec<Problem>,
    /// What decisions need and the folder does not hold, each with the command that prints it.
    pub missing: Vec<String>,
    /// What is to be known about the result.
    pub notes: Vec<String>,
}

impl Report {
    fn count(&mut self, kind: &str, more: usize) {
        if more > 0 {
            *self.loaded.entry(kind.to_owned()).or_default() += more;
        }
    }

    fn problem(
        &mut self,
        file: &str,
        place: impl Into<String>,
        what: impl Into<String>,
        remedy: &str,
    ) {
        self.problems.push(Problem {
            file: file.to_owned(),
            place: place.into(),
            what: what.into(),
            remedy: remedy.to_owned(),
        });
    }
}

/// A lab made of exports, and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The lab.
    pub lab: Lab,
    /// What was loaded and what is missing.
    pub report: Report,
    /// The pseudonyms, if there are any.
    pub mask: Option<Mask>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The folder cannot be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the file system says.
        error: std::io::Error,
    },
    /// No file of it is an export.
    #[error("{0}")]
    Nothing(String),
}

/// Makes a lab of the exports in `folder`.
///
/// The account is the one that most entities belong to. With `masked`, account
/// numbers and names are replaced by pseudonyms before anything is built, the
/// same one for the same name everywhere.
///
/// # Errors
/// If the folder cannot be read, or holds no export at all.
pub fn import_folder(
    folder: &Path,
    options: &LabOptions,
    masked: bool,
) -> Result<Imported, ImportError> {
    let mut report = Report::default();
    let files = read(folder, &mut report)?;
    let mut exports: Vec<Export> = Vec::new();
    for (name, text) in &files {
        recognise::file(name, text, &mut exports, &mut report);
    }
    if exports.is_empty() {
        return Err(ImportError::Nothing(nothing(folder, &report)));
    }
    let mut pseudonyms = None;
    if masked {
        let mut mask = Mask::of(&exports);
        exports.iter_mut().for_each(|export| mask.apply(export));
        for problem in &mut report.problems {
            for text in [&mut problem.file, &mut problem.what] {
                *text = mask.text(text);
            }
        }
        report.notes.push(
            "Account numbers and names are pseudonyms: the same name is the same pseudonym."
                .to_owned(),
        );
        pseudonyms = Some(mask);
    }
    build(&exports, options, report).map(|imported| Imported {
        mask: pseudonyms,
        ..imported
    })
}

fn build(
    exports: &[Export],
    options: &LabOptions,
    mut report: Report,
) -> Result<Imported, ImportError> {
    let account = home(exports, &mut report)
        .ok_or_else(|| ImportError::Nothing("no export says which account it is of".to_owned()))?;
    let mut lab = Lab::of_account(options, account.clone())
        .map_err(|error| ImportError::Nothing(error.to_string()))?;
    report.account = Some(account);
    iam::load(&mut lab, exports, &mut report);
    keys::load(&mut lab, exports, &mut report);
    buckets::load(&mut lab, exports, &mut report);
    guardrails::load(&mut lab, exports, &mut report);
    iam::bind(&mut lab);
    missing::look(&lab, exports, &mut report);
    Ok(Imported {
        lab,
        report,
        mask: None,
    })
}

/// The account that most exported things belong to; others are reported.
fn home(exports: &[Export], report: &mut Report) -> Option<AccountId> {
    let mut votes: BTreeMap<AccountId, (usize, String)> = BTreeMap::new();
    for export in exports {
        if let Some(account) = export.account() {
            votes.entry(account).or_insert((0, export.file.clone())).0 += 1;
        }
    }
    let home = votes.iter().max_by_key(|(_, (count, _))| *count);
    let home = home.map(|(account, _)| account.clone())?;
    for (other, (count, file)) in votes.iter().filter(|(account, _)| **account != home) {
        report.problem(
            file,
            "",
            format!("{count} entries are of account {other}, the others of {home}"),
            "keep the exports of each account in a folder of their own; those of the other \
             account are loaded beside it as far as they say what they are",
        );
    }
    Some(home)
}

fn nothing(folder: &Path, report: &Report) -> String {
    let mut text = format!(
        "`{}` holds no export of the AWS CLI; begin with \
         `aws iam get-account-authorization-details > {}/iam.json`",
        folder.display(),
        folder.display()
    );
    for problem in report.problems.iter().take(5) {
        text.push_str(&format!(
            "\n  {} {}: {}",
            problem.file, problem.place, problem.what
        ));
    }
    text
}

/// Every file below `folder` that may hold JSON, in the order of names.
fn read(folder: &Path, report: &mut Report) -> Result<Vec<(String, String)>, ImportError> {
    let mut paths = Vec::new();
    walk(folder, 0, &mut paths).map_err(|error| ImportError::Folder {
        path: folder.to_owned(),
        error,
    })?;
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path.strip_prefix(folder).unwrap_or(&path);
        let name = name.display().to_string();
        let short = fs::metadata(&path).is_ok_and(|found| found.len() <= LONGEST);
        match fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) if short => files.push((name, text)),
            Ok(Ok(_)) => report.problem(&name, "", "the file is too large", "split it"),
            Ok(Err(_)) => report.problem(&name, "", "this is no text in UTF-8", "leave it out"),
            Err(error) => report.problem(&name, "", error.to_string(), "check its permissions"),
        }
    }
    Ok(files)
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if kind.is_dir() && depth < DEEPEST && !hidden {
            walk(&path, depth + 1, found)?;
        } else if kind.is_file() && !hidden {
            let ending = path.extension().map(|e| e.to_ascii_lowercase());
            if ending.is_none_or(|ending| ending == "json" || ending == "txt") {
                found.push(path);
            }
        }
    }
    Ok(())
}

/// The exports of one kind.
fn of_kind(exports: &[Export], kind: Found) -> impl Iterator<Item = &Export> {
    exports.iter().filter(move |export| export.kind == kind)
}
