//! The fuzz targets on a stable compiler: corpus and findings are replayed,
//! and a fixed number of seeded mutations of them is tried.
//!
//! The files are found by walking `fuzz/corpus` and `fuzz/findings`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a file that cannot be read fails the test, and so does a target that goes astray"
)]

mod linear;
mod mutate;
#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

use std::path::{Path, PathBuf};

use keychai::base::Entropy;
use mutate::mutated;

/// Mutations tried on each target; `cargo fuzz` tries millions.
const MUTATIONS: usize = 2000;

/// The files under `fuzz/<folder>/<target>` with their bytes, in order of their names.
fn inputs(folder: &str, target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join(folder)
        .join(target);
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}

/// What a failing target was fed with, told on the way out.
struct Fed<'a>(&'a str, &'a [u8]);

impl Drop for Fed<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let shown = String::from_utf8_lossy(self.1);
            #[expect(clippy::print_stderr, reason = "the input of a failure has to be seen")]
            {
                eprintln!("{} fails on {:?}, as text {shown:?}", self.0, self.1);
            }
        }
    }
}

fn feed(name: &str, target: targets::Target, bytes: &[u8]) {
    let _fed = Fed(name, bytes);
    target(bytes);
}

#[test]
fn every_target_has_a_corpus_and_every_folder_a_target() {
    for (name, _) in targets::ALL {
        assert!(
            !inputs("corpus", name).is_empty(),
            "fuzz/corpus/{name} is empty"
        );
    }
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    for folder in ["corpus", "findings"] {
        // Without findings there is no folder for them.
        for entry in std::fs::read_dir(fuzz.join(folder)).into_iter().flatten() {
            let name = entry.unwrap().file_name();
            assert!(
                targets::ALL.iter().any(|(target, _)| name == *target),
                "fuzz/{folder}/{} is the folder of no target",
                name.display()
            );
        }
    }
}

#[test]
fn corpus_and_findings_pass() {
    for (name, target) in targets::ALL {
        for folder in ["corpus", "findings"] {
            for (path, bytes) in inputs(folder, name) {
                feed(&path.display().to_string(), target, &bytes);
            }
        }
    }
}

#[test]
fn seeded_mutations_of_the_corpus_pass() {
    for (name, target) in targets::ALL {
        let corpus: Vec<Vec<u8>> = inputs("corpus", name).into_iter().map(|(_, b)| b).collect();
        let mut entropy = Entropy::simulated(20_260_601);
        for _ in 0..MUTATIONS {
            feed(name, target, &mutated(&corpus, &mut entropy));
        }
    }
}
