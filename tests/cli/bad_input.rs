//! What a user gets wrong is told with its place and with what to do.

use super::{holds_in_order, keychai, run_script};

#[test]
fn a_file_that_is_no_script_is_a_usage_error() {
    let missing = keychai(["run", "nowhere.rhai"]).run();
    holds_in_order(
        missing.fails(2),
        &["`nowhere.rhai`", "No such file", "scripts/week3.rhai"],
    );
    let folder = keychai(["run", "src"]).run();
    holds_in_order(folder.fails(2), &["`src`", "directory"]);
    let bytes = run_script(b"let x = \"\xff\xfe\";", &[]);
    holds_in_order(bytes.fails(2), &["`t.rhai`", "UTF-8"]);
}

#[test]
fn an_empty_script_succeeds_silently() {
    assert_eq!(run_script("", &[]).succeeds(), "");
    assert_eq!(run_script("// nothing\n", &[]).succeeds(), "");
}

#[test]
fn a_script_error_shows_its_place_and_the_nearest_name() {
    let outcome = run_script("let key = kms.create_key(\"k\");\n  kye.enable();", &[]);
    let expected = [
        "RuntimeError: there is no variable `kye`",
        "  --> t.rhai:2:3",
        "    |",
        "  2 |   kye.enable();",
        "    |   ^",
        "  help: did you mean `key`?",
        "",
    ];
    assert_eq!(outcome.fails(1), expected.join("\n"));
}

#[test]
fn the_caret_stands_under_the_place_also_behind_wide_letters() {
    let outcome = run_script("let a = \"日本ü\"; nope;", &[]);
    let lines: Vec<&str> = outcome.fails(1).lines().collect();
    let columns = unicode_width::UnicodeWidthStr::width;
    let before = lines[3].split("nope").next().unwrap();
    assert_eq!(columns(lines[4].trim_end_matches('^')), columns(before));
}

#[test]
fn a_syntax_error_shows_its_place_and_nothing_ran() {
    let outcome = run_script("print(\"ran\");\nlet x = ;", &[]);
    holds_in_order(
        outcome.fails(1),
        &["SyntaxError", "t.rhai:2:9", "2 | let x = ;", "^"],
    );
}

#[test]
fn a_method_or_property_that_is_not_there_names_the_nearest() {
    let outcome = run_script("kms.create_key(\"k\").turst(1)", &[]);
    holds_in_order(
        outcome.fails(1),
        &["`Key`", "`turst", "did you mean `trust`?"],
    );
    let outcome = run_script("kms.create_key(\"k\").anr", &[]);
    holds_in_order(
        outcome.fails(1),
        &["`Key` has no property `anr`", "did you mean `arn`?"],
    );
    let outcome = run_script("let k = kms.create_key(\"k\"); k.policy = \"{}\";", &[]);
    holds_in_order(
        outcome.fails(1),
        &["no property `policy` that can be set", "`set_policy(…)`"],
    );
}

/// The excerpt of a policy: its line, and a caret under the character.
#[track_caller]
fn points_at(text: &str, number: usize, character: &str) {
    let lines: Vec<&str> = text.lines().collect();
    let start = format!("{number} | ");
    let at = lines
        .iter()
        .rposition(|line| line.contains(&start))
        .unwrap();
    let column = |line: &str, part: &str| {
        let byte = line.find(part).unwrap();
        line[..byte].chars().count()
    };
    assert_eq!(
        column(lines[at + 1], "^"),
        column(lines[at], character),
        "{text}"
    );
}

#[test]
fn a_malformed_policy_is_refused_in_awss_words_with_the_place_in_it() {
    let policy = r#"{"Version": "2012-10-17",
 "Statement": [{"Effect": "Alow", "Action": "s3:*", "Resource": "*"}]}"#;
    let code = format!(
        "let r = iam.create_role(\"R\", #{{ trust: \"glue.amazonaws.com\" }});\n\
         iam.put_role_policy(#{{ RoleName: \"R\", PolicyName: \"p\", PolicyDocument: `{policy}` }});"
    );
    let outcome = run_script(code, &[]);
    let text = outcome.fails(1);
    holds_in_order(
        text,
        &[
            "t.rhai:2:5",
            "MalformedPolicyDocument 400",
            "not `Alow`",
            "did you mean `Allow`?",
        ],
    );
    points_at(text, 2, "\"Alow\"");
}

#[test]
fn a_policy_that_is_no_json_is_pointed_at_too() {
    let code = "let k = kms.create_key(\"k\");\nk.set_policy(`{\n  \"Statement\" []\n}`);";
    let outcome = run_script(code, &[]);
    let text = outcome.fails(1);
    holds_in_order(
        text,
        &["t.rhai:2:3", "MalformedPolicyDocument", "expected `:`"],
    );
    points_at(text, 2, "[]");
}

#[test]
fn a_wrong_arn_says_what_an_arn_looks_like() {
    let outcome = run_script("kms.describe_key(#{ KeyId: \"arn:aws:kms:nope\" })", &[]);
    holds_in_order(
        outcome.fails(1),
        &[
            "InvalidArnException 400",
            "`arn:aws:kms:nope`",
            "arn:partition:service:region:account:resource",
        ],
    );
}

#[test]
fn a_ciphertext_of_something_else_is_refused() {
    let outcome = run_script(
        "kms.decrypt(#{ CiphertextBlob: \"nonsense\".to_blob() })",
        &[],
    );
    holds_in_order(
        outcome.fails(1),
        &["InvalidCiphertextException 400", "not a ciphertext"],
    );
}

#[test]
fn a_call_that_fails_without_a_message_leaves_no_dangling_colon() {
    let code = "try { kms.decrypt(#{ CiphertextBlob: \"x\".to_blob() }) } catch (e) { throw e; }";
    let outcome = run_script(code, &[]);
    for line in outcome.fails(1).lines() {
        assert_eq!(line, line.trim_end());
        assert!(!line.ends_with("Exception:"), "{line}");
    }
}

#[test]
fn a_name_that_exists_is_refused_and_what_was_there_is_untouched() {
    let twice = [
        ("iam.create_user(\"ann\")", "EntityAlreadyExists"),
        (
            "iam.create_role(\"R\", #{ trust: \"glue.amazonaws.com\" })",
            "EntityAlreadyExists",
        ),
        ("kms.create_key(\"k\")", "AlreadyExistsException"),
        (
            "s3.create_bucket(\"some-bucket\")",
            "BucketAlreadyOwnedByYou",
        ),
    ];
    for (call, code) in twice {
        let outcome = run_script(format!("{call};\n{call};"), &[]);
        holds_in_order(
            outcome.fails(1),
            &["t.rhai:2:", code, "Choose another name"],
        );
    }
    let code = "kms.create_key(\"k\"); let n = kms.list_keys(#{}).Keys.len;\n\
                try { kms.create_key(\"k\"); } catch {}\n\
                print(kms.list_keys(#{}).Keys.len - n);";
    assert_eq!(run_script(code, &[]).succeeds(), "0\n");
}

#[test]
fn an_expired_session_says_when_it_ended_and_what_to_do() {
    let code = "let ann = iam.create_user(\"ann\");\n\
                let role = iam.create_role(\"R\", #{ trust: ann });\n\
                let session = ann.assume(role, #{ duration: \"1h\" });\n\
                clock.advance(\"61m\");\n\
                session.s3.list_buckets()";
    let outcome = run_script(code, &[]);
    holds_in_order(
        outcome.fails(1),
        &["t.rhai:5:12", "ExpiredToken", "Assume", "again"],
    );
}

#[test]
fn an_uncaught_denial_is_told_once() {
    let code = "let ann = iam.create_user(\"ann\");\nann.s3.list_buckets()";
    let outcome = run_script(code, &[]);
    let text = outcome.fails(1);
    holds_in_order(
        text,
        &["t.rhai:2:8", "AccessDenied 403", "model: exam", "Repair"],
    );
    let words: Vec<&str> = text.split_whitespace().collect();
    assert_eq!(
        words
            .join(" ")
            .matches("is not authorized to perform")
            .count(),
        1,
        "{text}"
    );
}

#[test]
fn what_takes_too_much_ends_with_the_limits_message() {
    let greedy = [
        (
            "fn f(n) { f(n + 1) } f(0)",
            "does a function call itself without end?",
        ),
        (
            "let a = []; a.pad(100000000000, 1);",
            "an array or blob may have",
        ),
        ("let a = blob(100000000000);", "an array or blob may have"),
        (
            "let a = \"\"; a.pad(100000000000, \"x\");",
            "a string may have",
        ),
        ("let a = \"x\"; loop { a += a; }", "a string may have"),
    ];
    for (code, hint) in greedy {
        let outcome = run_script(code, &[]);
        holds_in_order(
            outcome.fails(1),
            &["LimitError", "t.rhai:1:", "help: ", hint],
        );
    }
    let nested = format!("let a = {}1{};", "(".repeat(10_000), ")".repeat(10_000));
    assert!(run_script(nested, &[]).fails(1).contains("t.rhai:1:"));
}
