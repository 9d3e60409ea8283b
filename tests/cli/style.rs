//! The letters of the repository's own texts.

use std::path::{Path, PathBuf};

use super::{files_below, package};

/// Words that say that something is unfinished; put together here, so that this file passes.
const UNFINISHED: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!"),
    concat!("place", "holder"),
    concat!("coming", " soon"),
];

/// Where a workplace's folders begin.
const WORKPLACES: [&str; 3] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/tm", "p/"),
];

const KINDS: [&str; 12] = [
    "rs", "rhai", "ipynb", "md", "toml", "py", "mjs", "sh", "txt", "css", "js", "html",
];

/// The texts that people of this project write; test vectors come from elsewhere.
fn texts() -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    for folder in ["src", "tests", "scripts", "notebooks", "benches"] {
        paths.extend(files_below(&package().join(folder)));
    }
    for entry in std::fs::read_dir(package()).unwrap() {
        paths.push(entry.unwrap().path());
    }
    let wanted = |path: &PathBuf| {
        let kind = path
            .extension()
            .is_some_and(|e| KINDS.iter().any(|kind| e == *kind));
        let foreign = [
            "vectors",
            "node_modules",
            "__pycache__",
            ".ipynb_checkpoints",
        ];
        let is_foreign = |path: &Path| path.iter().any(|part| foreign.iter().any(|f| part == *f));
        path.is_file()
            && !is_foreign(path.strip_prefix(package()).unwrap())
            && (kind || path.ends_with("justfile") || path.ends_with("tests/run"))
    };
    paths.retain(wanted);
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.strip_prefix(package()).unwrap().to_owned(), text)
        })
        .collect()
}

/// The lines of all texts for which `complaint` has one.
fn complaints(complaint: impl Fn(&Path, &str) -> Option<String>) -> String {
    let mut found = Vec::new();
    for (path, text) in texts() {
        for (at, line) in text.lines().enumerate() {
            if let Some(why) = complaint(&path, line) {
                found.push(format!("{}:{}: {why}", path.display(), at + 1));
            }
        }
    }
    found.join("\n")
}

/// `word` stands in `line` by itself; short words in capitals count only so.
fn names(line: &str, word: &str) -> bool {
    let shouted = word.chars().all(char::is_uppercase);
    let folded = if shouted {
        line.to_owned()
    } else {
        line.to_lowercase()
    };
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    folded.match_indices(word).any(|(at, _)| {
        let before = folded[..at].chars().next_back();
        let behind = folded[at + word.len()..].chars().next();
        !(before.is_some_and(is_letter) || shouted && behind.is_some_and(is_letter))
    })
}

#[test]
fn the_texts_are_found() {
    let found = texts();
    for name in [
        "README.md",
        "src/main.rs",
        "scripts/week3.rhai",
        "tests/cli/style.rs",
    ] {
        assert!(
            found.iter().any(|(path, _)| path == Path::new(name)),
            "{name}"
        );
    }
    assert!(
        found
            .iter()
            .any(|(path, _)| path.extension().unwrap_or_default() == "ipynb")
    );
}

#[test]
fn nothing_says_that_it_is_unfinished() {
    let found = complaints(|_, line| {
        let word = UNFINISHED.iter().find(|word| names(line, word))?;
        Some(format!("`{word}`"))
    });
    assert_eq!(found, "");
}

#[test]
fn an_unfinished_word_is_told_from_letters_that_look_like_one() {
    let word = UNFINISHED[0];
    assert!(names(&format!("// {word}: more"), word));
    assert!(!names(&format!("MAS{word}N"), word));
    assert!(names(
        &format!("A {}text", UNFINISHED[4].to_uppercase()),
        UNFINISHED[4]
    ));
}

#[test]
fn no_line_ends_in_spaces_and_no_rust_has_tabs() {
    let found = complaints(|path, line| {
        let rust = path.extension().is_some_and(|e| e == "rs");
        match line.ends_with([' ', '\t']) {
            true => Some("spaces at the end".to_owned()),
            false => (rust && line.contains('\t')).then(|| "a tab".to_owned()),
        }
    });
    assert_eq!(found, "");
}

#[test]
fn no_text_knows_where_it_was_written() {
    let found = complaints(|_, line| {
        let place = WORKPLACES.iter().find(|place| {
            line.match_indices(**place).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || "}.-_~".contains(c))
            })
        })?;
        Some(format!("the path `{place}…`"))
    });
    assert_eq!(found, "");
}
