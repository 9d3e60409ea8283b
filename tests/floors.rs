//! A floor uses only the floors below it, and a file holds one idea.
#![expect(
    clippy::unwrap_used,
    reason = "a source that cannot be read fails the test"
)]

use std::path::{Path, PathBuf};

/// Every folder of `src` with its floor.
const FLOORS: [(&str, u8); 15] = [
    ("base", 0),
    ("crypto", 1),
    ("policy", 1),
    ("authz", 2),
    ("state", 3),
    ("api", 4),
    ("service", 5),
    ("lab", 6),
    ("render", 7),
    ("script", 8),
    ("kernel", 9),
    ("simulate", 9),
    ("grade", 9),
    ("cli", 9),
    ("http", 9),
];

/// The longest file, in lines.
const LONGEST: usize = 450;

fn floor(module: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == module)
        .map(|(_, floor)| *floor)
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The first names of the paths that begin with `crate::`, the members of a list included.
fn modules_used(source: &str) -> Vec<String> {
    let code: String = source
        .lines()
        .map(|line| {
            if line.trim_start().starts_with("//") {
                ""
            } else {
                line
            }
        })
        .collect::<Vec<_>>()
        .join("\n");
    let mut used = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        let glued = code
            .get(..at)
            .and_then(|before| before.chars().next_back())
            .is_some_and(is_name);
        let rest = code.get(at + path.len()..).unwrap_or_default();
        if glued {
            continue;
        }
        match rest.strip_prefix('{') {
            Some(list) => used.extend(members(list)),
            None => used.push(rest.chars().take_while(|c| is_name(*c)).collect()),
        }
    }
    used
}

/// The first name of every member of a list that `list` opens.
fn members(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut name, mut whole) = (1, Vec::new(), String::new(), false);
    for letter in list.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && letter == ',') {
            names.push(std::mem::take(&mut name));
            whole = false;
            if depth == 0 {
                break;
            }
        } else if is_name(letter) && !whole {
            name.push(letter);
        } else if !name.is_empty() {
            whole = true;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The upward uses in a file of `module`.
fn upward(module: &str, source: &str) -> Vec<String> {
    let own = floor(module);
    let mut found = modules_used(source);
    found.retain(|used| used != module && floor(used).is_some_and(|floor| Some(floor) >= own));
    found
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// The folder of `src` that a source lies in; `None` for `lib.rs` and `main.rs`.
fn module_of(path: &Path) -> Option<String> {
    let inside = path
        .strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .unwrap();
    let first = inside.components().next()?.as_os_str().to_str()?.to_owned();
    (!first.ends_with(".rs")).then_some(first)
}

/// Front ends share one floor and may use each other.
fn is_front_end(module: &str) -> bool {
    floor(module) == Some(9)
}

#[test]
fn no_file_uses_a_floor_above_or_beside_its_own() {
    let mut wrong = Vec::new();
    for path in sources() {
        let Some(module) = module_of(&path) else {
            continue;
        };
        let source = std::fs::read_to_string(&path).unwrap();
        for used in upward(&module, &source) {
            if !(is_front_end(&module) && is_front_end(&used)) {
                wrong.push(format!("{} uses crate::{used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_has_a_floor() {
    for path in sources() {
        if let Some(module) = module_of(&path) {
            assert!(
                floor(&module).is_some(),
                "src/{module} has no floor: add it to FLOORS"
            );
        }
    }
}

#[test]
fn no_file_is_longer_than_one_idea() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|path| {
            (
                std::fs::read_to_string(&path).unwrap().lines().count(),
                path,
            )
        })
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, path)| format!("{lines} lines: {}", path.display()))
        .collect();
    assert!(
        long.is_empty(),
        "split these, they may have {LONGEST} lines:\n{}",
        long.join("\n")
    );
}

#[test]
fn an_upward_use_is_found_however_it_is_written() {
    assert_eq!(upward("authz", "use crate::state::Cloud;"), ["state"]);
    assert_eq!(
        upward("base", "fn f() -> crate::crypto::Key {}"),
        ["crypto"]
    );
    assert_eq!(
        upward(
            "policy",
            "pub(super) use crate::{base::Arn, crypto::{A, B}, api};"
        ),
        ["crypto", "api"]
    );
    assert_eq!(
        upward(
            "authz",
            "use crate::{\n    base::{Arn, Glob},\n    lab,\n};"
        ),
        ["lab"]
    );
    assert_eq!(
        upward(
            "service",
            "use crate::api::{A, B}; use crate::service::kms; use other_crate::lab;"
        ),
        [""; 0]
    );
    assert_eq!(
        upward("api", "// use crate::lab::Lab;\nuse crate::state::Cloud;"),
        [""; 0]
    );
}
