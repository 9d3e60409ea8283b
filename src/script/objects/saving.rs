//! `lab.save` and `lab.load`.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::client::{Fallible, LabHandle};
use super::clock::LabSettings;
use crate::crypto::sealed_file::Lock;
use crate::lab::{Lab, LabOptions};
use crate::script::files::FileAccess;
use crate::script::{Output, Registry, Thrown};
use crate::state::folder::Folder;

/// Where labs may be kept, and under what.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    /// Which files scripts may touch.
    pub access: FileAccess,
    /// What files are sealed under; a passphrase is asked for where there is none.
    pub lock: Option<Lock>,
    /// The file that `--lab` keeps, which is written when the run ends and not before.
    pub own: Option<PathBuf>,
    /// Where bodies of objects are kept; memory without one.
    pub data: Option<Arc<Folder>>,
}

fn refused(code: &str, message: impl Into<String>) -> Box<rhai::EvalAltResult> {
    Thrown::new(code, message).into()
}

/// What became of the file that a lab is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptLab {
    /// There is none.
    None,
    /// It was written.
    Saved,
    /// It was left as it was.
    AsItWas,
}

impl Keeping {
    /// Has `lab` keep the bodies of new objects in the data folder, if there is one,
    /// and seal large ones on all processors.
    pub fn adopt(&self, lab: &mut Lab) {
        if let Some(folder) = &self.data {
            lab.keep_bodies_in(Arc::clone(folder));
            let processors = std::thread::available_parallelism();
            lab.set_workers(processors.map_or(1, usize::from));
        }
    }

    /// The process ends: files of bodies stay, as far as the lab that was saved names
    /// them, or all where none is kept.
    pub fn end_bodies(&self, kept: KeptLab) {
        let Some(folder) = &self.data else {
            return;
        };
        match kept {
            KeptLab::None => folder.keep(),
            KeptLab::Saved => {
                folder.saved();
                folder.keep();
            }
            // What the run wrote goes with its lab; what the old file names stays.
            KeptLab::AsItWas => {}
        }
    }

    /// Puts a fresh lab in place of the present one, of the same model, and of the
    /// same seed unless another is given.
    pub(super) fn renew(&self, lab: &LabHandle, seed: Option<u64>) -> Result<(), String> {
        let options = lab.read(|lab| LabOptions {
            model: lab.model(),
            seed: seed.or_else(|| lab.seed()),
        });
        let mut fresh = Lab::new(&options).map_err(|error| error.to_string())?;
        self.adopt(&mut fresh);
        fresh.narrow(&lab.read(|lab| lab.cloud().stand_ins.clone()));
        lab.swap(fresh);
        Ok(())
    }

    /// What `file`, which scripts name `path`, is sealed under; the passphrase of a
    /// new file is asked for twice.
    fn lock(&self, output: &dyn Output, path: &str, file: &Path) -> Fallible<Lock> {
        if let Some(lock) = &self.lock {
            return Ok(lock.clone());
        }
        let no = |why: String| refused("NoPassphrase", why);
        let ask = |prompt: &str| output.input(prompt, true).map(Zeroizing::new).map_err(no);
        let answer = ask(&format!("Passphrase for {path}: "))?;
        if answer.is_empty() {
            return Err(no("the passphrase is empty".to_owned()));
        }
        if !file.exists() && *ask("The same again, because the file is new: ")? != *answer {
            return Err(no("the two passphrases differ".to_owned()));
        }
        Ok(Lock::passphrase(&answer))
    }

    fn save(&self, lab: &LabSettings, output: &dyn Output, path: &str) -> Fallible<()> {
        let file = self
            .access
            .writable(path)
            .map_err(|error| refused("FileAccess", error))?;
        if self.own.as_ref() == Some(&file) {
            let why = format!("`{path}` is kept by `--lab`: it is written when the run ends");
            return Err(refused("FileAccess", why));
        }
        let lock = self.lock(output, path, &file)?;
        lab.handle()
            .read(|lab| lab.save(&file, &lock))
            .map_err(|error| refused("LabFile", error.to_string()))?;
        // This file is not written again: what it names is not to go.
        if let Some(folder) = &self.data {
            folder.keep();
        }
        Ok(())
    }

    fn load(&self, lab: &LabSettings, output: &dyn Output, path: &str) -> Fallible<()> {
        let file = self
            .access
            .readable(path)
            .map_err(|error| refused("FileAccess", error))?;
        let lock = self.lock(output, path, &file)?;
        let mut loaded = Lab::load(&file, &lock)
            .map_err(|error| refused("LabFile", error.to_string()))?
            .ok_or_else(|| refused("LabFile", format!("there is no file `{path}`")))?;
        self.adopt(&mut loaded);
        lab.handle().swap(loaded);
        Ok(())
    }
}

pub(super) fn register(registry: &mut Registry<'_>, keeping: &Keeping) {
    let (own, output) = (Rc::new(keeping.clone()), registry.output());
    registry
        .method::<LabSettings>("save")
        .param("path", "string")
        .doc(
            "Keeps the whole lab in a file, sealed under the passphrase or key that keychai was \
             started with, or one that is asked for. The file has to lie in a folder that \
             keychai was given with `--allow-write`.",
        )
        .example("try { lab.save(\"labs/course.lab\") } catch (e) { print(e.message) }")
        .register(move |lab: &mut LabSettings, path: &str| own.save(lab, &*output, path));
    let (own, output) = (Rc::new(keeping.clone()), registry.output());
    registry
        .method::<LabSettings>("load")
        .param("path", "string")
        .doc(
            "Puts the lab that `lab.save` kept in place of this one: nothing of this one remains. \
             The file has to lie in a folder that keychai was given with `--allow-read`.",
        )
        .example("try { lab.load(\"labs/course.lab\") } catch (e) { print(e.message) }")
        .register(move |lab: &mut LabSettings, path: &str| own.load(lab, &*output, path));
}
