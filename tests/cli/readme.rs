//! What README.md promises.

use std::collections::BTreeSet;

use super::{Keychai, files_below, keychai, package, text_of};

/// A fenced block: its language, its text, and the language of the block before.
struct Block {
    language: String,
    text: String,
    line: usize,
}

fn blocks() -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open = false;
    for (at, line) in text_of("README.md").lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(language), false) => {
                let language = language.to_owned();
                found.push(Block {
                    language,
                    text: String::new(),
                    line: at + 1,
                });
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let block = found.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    found
}

/// `keychai run denied.rhai --seed 1`, of a script of the README.
fn call(script: &str) -> Keychai {
    let call = keychai(["run", "denied.rhai", "--seed", "1"]).at_home();
    std::fs::write(call.home.path().join("denied.rhai"), script).unwrap();
    call
}

#[test]
fn every_script_block_runs_and_a_text_block_below_it_is_its_error() {
    let blocks = blocks();
    let (mut succeeded, mut failed) = (0, 0);
    for (at, block) in blocks
        .iter()
        .enumerate()
        .filter(|(_, b)| b.language == "rhai")
    {
        let outcome = call(&block.text).run();
        match blocks.get(at + 1).filter(|next| next.language == "text") {
            Some(shown) => {
                assert_eq!(outcome.fails(1), shown.text, "README.md:{}", shown.line);
                failed += 1;
            }
            None => {
                assert_eq!(
                    outcome.code,
                    Some(0),
                    "README.md:{}: {}",
                    block.line,
                    outcome.stderr
                );
                succeeded += 1;
            }
        }
    }
    assert!(succeeded > 0 && failed > 0);
}

#[test]
fn every_command_line_runs() {
    let lines: Vec<String> = blocks()
        .iter()
        .filter(|block| block.language == "sh")
        .flat_map(|block| block.text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert!(lines.len() >= 4);
    for line in lines {
        let command = line.split(" #").next().unwrap().trim();
        let Some(args) = command.strip_prefix("cargo run --release -- ") else {
            let file = command.split(' ').next().unwrap();
            assert!(
                package().join(file).is_file(),
                "README.md names `{command}`"
            );
            continue;
        };
        let mut args: Vec<&str> = args.split_whitespace().collect();
        if args[0] == "lab" {
            args.push("--help");
        }
        keychai(args).run().succeeds();
    }
}

#[test]
fn the_table_of_notebooks_is_the_folder() {
    let readme = text_of("README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| ["));
    let named: Vec<&str> = rows
        .map(|row| row.split_once("](").unwrap().1.split_once(')').unwrap().0)
        .collect();
    let mut there = files_below(&package().join("notebooks"));
    there.retain(|path| {
        let hidden = path
            .components()
            .any(|c| c.as_os_str() == ".ipynb_checkpoints");
        !hidden && path.extension().is_some_and(|e| e == "ipynb")
    });
    let there: Vec<String> = there
        .iter()
        .map(|path| {
            path.strip_prefix(package())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(named, there);
}

#[test]
fn the_title_in_the_table_is_the_notebooks_own() {
    let readme = text_of("README.md");
    for row in readme.lines().filter_map(|line| line.strip_prefix("| [")) {
        let (title, rest) = row.split_once("](").unwrap();
        let notebook: serde_json::Value =
            serde_json::from_str(&text_of(rest.split_once(')').unwrap().0)).unwrap();
        let first = &notebook["cells"][0]["source"];
        let first = first.as_str().or(first[0].as_str()).unwrap();
        let heading = first.lines().next().unwrap().trim_start_matches("# ");
        assert_eq!(heading, title);
    }
}

/// The help of every command.
fn all_help() -> String {
    let commands: [&[&str]; 11] = [
        &[],
        &["lab"],
        &["run"],
        &["repl"],
        &["matrix"],
        &["lint"],
        &["import"],
        &["explain"],
        &["kernel", "install"],
        &["kernel", "start"],
        &["reference"],
    ];
    let help = |args: &&[&str]| {
        keychai(args.iter().copied())
            .args(&["--help"])
            .run()
            .succeeds()
            .to_owned()
    };
    commands.iter().map(help).collect()
}

#[test]
fn every_command_and_flag_that_it_names_exists() {
    let readme = text_of("README.md");
    let is_ours = |line: &&str| !line.starts_with("aws ");
    let ours: Vec<&str> = readme.lines().filter(is_ours).collect();
    let readme = ours.join("\n");
    let help = all_help();
    let words: BTreeSet<&str> = readme
        .split(|c: char| !c.is_alphanumeric() && c != '-')
        .collect();
    let flags = words
        .iter()
        .filter(|word| word.starts_with("--") && word.len() > 2);
    let known = |flag: &str| {
        help.split(|c: char| !c.is_alphanumeric() && c != '-')
            .any(|w| w == flag)
    };
    for flag in flags.filter(|flag| **flag != "--release" && !flag.trim_matches('-').is_empty()) {
        assert!(
            known(flag),
            "README.md names `{flag}`, and no command has it"
        );
    }
    let verbs = readme
        .split("`keychai ")
        .skip(1)
        .map(|rest| rest.split([' ', '`']).next().unwrap());
    for verb in verbs {
        assert!(
            help.contains(&format!("\n  {verb} ")),
            "README.md names `keychai {verb}`"
        );
    }
}

#[test]
fn every_file_that_a_text_links_to_is_there() {
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        let text = text_of(name);
        for link in text
            .split("](")
            .skip(1)
            .map(|rest| rest.split(')').next().unwrap())
        {
            let path = link.split('#').next().unwrap();
            let outside = link.starts_with("http") || path.is_empty();
            assert!(
                outside || package().join(path).exists(),
                "{name} links to `{link}`"
            );
        }
    }
}

#[test]
fn nothing_is_left_to_be_filled_in() {
    assert!(!text_of("README.md").contains("<!--"));
}
