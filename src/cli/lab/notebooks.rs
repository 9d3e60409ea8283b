//! Which folder of notebooks the lab opens.

use std::fs;
use std::path::{Path, PathBuf};

use super::environment::write;
use super::error::at;
use super::places::Places;
use super::{LabError, LabOptions};

/// The kernel that a notebook of ours names in its metadata.
const KERNEL: &str = "\"keychai\"";

/// The folder that was named; else the nearest `notebooks/` of ours, from the
/// current folder or from the program upward; else a copy of the embedded ones.
///
/// # Errors
///
/// [`LabError::NotAFolder`], [`LabError::NoNotebooks`], or
/// [`LabError::File`] if the copy cannot be written.
pub(super) fn choose(options: &LabOptions, places: &Places) -> Result<PathBuf, LabError> {
    if let Some(named) = &options.dir {
        let folder = places.current.join(named);
        return if folder.is_dir() {
            Ok(folder)
        } else {
            Err(LabError::NotAFolder(named.clone()))
        };
    }
    let program = places.program.as_deref();
    std::iter::once(places.current.as_path())
        .chain(program)
        .find_map(nearest)
        .map_or_else(
            || copy(options.embedded, &places.data.join("notebooks")),
            Ok,
        )
}

/// The first `notebooks/` with a notebook for our kernel, from `start` upward.
fn nearest(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .map(|folder| folder.join("notebooks"))
        .find(|folder| is_ours(folder))
}

fn is_ours(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "ipynb")
        })
        .any(|path| fs::read_to_string(path).is_ok_and(|text| text.contains(KERNEL)))
}

/// Writes the notebooks that `folder` lacks; what is there belongs to the user.
fn copy(notebooks: &[(&str, &str)], folder: &Path) -> Result<PathBuf, LabError> {
    if notebooks.is_empty() {
        return Err(LabError::NoNotebooks);
    }
    for (name, text) in notebooks {
        let path = folder.join(name);
        if path.exists() {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(at("make", parent))?;
        }
        write(&path, text)?;
    }
    Ok(folder.to_owned())
}

/// The notebooks in `folder` that are as they came with keychai.
pub(super) fn as_shipped(notebooks: &[(&str, &str)], folder: &Path) -> Vec<PathBuf> {
    let paths = notebooks
        .iter()
        .map(|(name, text)| (folder.join(name), *text));
    paths
        .filter(|(path, text)| fs::read_to_string(path).is_ok_and(|found| found == *text))
        .map(|(path, _)| path)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = r#"{"metadata": {"kernelspec": {"name": "keychai"}}}"#;
    const FOREIGN: &str = r#"{"metadata": {"kernelspec": {"name": "python3"}}}"#;

    /// Places in `root`, with the command given in a folder two levels below `root`.
    fn places(root: &Path) -> Places {
        let current = root.join("work").join("deep");
        fs::create_dir_all(&current).unwrap();
        Places {
            data: root.join("data"),
            jupyter_data: root.join("jupyter"),
            path: Vec::new(),
            current,
            program: None,
        }
    }

    fn put(path: &Path, text: &str) -> PathBuf {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        path.parent().unwrap().to_owned()
    }

    #[test]
    fn a_named_folder_is_taken_and_a_file_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let places = places(root.path());
        let named = |dir: &str| LabOptions {
            dir: Some(dir.into()),
            ..LabOptions::default()
        };
        assert_eq!(
            choose(&named(".."), &places).unwrap(),
            places.current.join("..")
        );
        put(&places.current.join("file"), "");
        assert!(matches!(
            choose(&named("file"), &places),
            Err(LabError::NotAFolder(_))
        ));
    }

    #[test]
    fn the_nearest_notebooks_of_ours_are_found_upward_past_those_of_others() {
        let root = tempfile::tempdir().unwrap();
        let places = places(root.path());
        put(&root.path().join("work/notebooks/theirs.ipynb"), FOREIGN);
        let ours = put(&root.path().join("notebooks/ours.ipynb"), OURS);
        assert_eq!(choose(&LabOptions::default(), &places).unwrap(), ours);
    }

    #[test]
    fn notebooks_beside_the_program_come_after_those_of_the_current_folder() {
        let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut places = places(root.path());
        places.program = Some(other.path().join("target").join("release"));
        let beside = put(&other.path().join("notebooks/a.ipynb"), OURS);
        assert_eq!(choose(&LabOptions::default(), &places).unwrap(), beside);
        let here = put(&places.current.join("notebooks/a.ipynb"), OURS);
        assert_eq!(choose(&LabOptions::default(), &places).unwrap(), here);
    }

    #[test]
    fn the_embedded_ones_are_copied_without_touching_what_the_user_changed() {
        let root = tempfile::tempdir().unwrap();
        let places = places(root.path());
        let embedded = &[("a.ipynb", "new a"), ("more/b.ipynb", "new b")];
        let options = LabOptions {
            embedded,
            ..LabOptions::default()
        };
        put(&places.data.join("notebooks/a.ipynb"), "changed");
        let folder = choose(&options, &places).unwrap();
        assert_eq!(
            fs::read_to_string(folder.join("a.ipynb")).unwrap(),
            "changed"
        );
        assert_eq!(
            fs::read_to_string(folder.join("more/b.ipynb")).unwrap(),
            "new b"
        );
    }

    #[test]
    fn what_the_user_changed_is_not_as_it_was_shipped() {
        let folder = tempfile::tempdir().unwrap();
        let embedded = [("a.ipynb", OURS), ("b.ipynb", OURS), ("c.ipynb", OURS)];
        put(&folder.path().join("a.ipynb"), OURS);
        put(&folder.path().join("b.ipynb"), FOREIGN);
        let kept = folder.path().join("a.ipynb");
        assert_eq!(as_shipped(&embedded, folder.path()), [kept]);
    }

    #[test]
    fn without_any_the_error_says_what_to_give() {
        let root = tempfile::tempdir().unwrap();
        let error = choose(&LabOptions::default(), &places(root.path())).unwrap_err();
        assert!(error.to_string().contains("keychai lab DIR"), "{error}");
    }
}
