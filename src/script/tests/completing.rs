use super::*;

fn texts(s: &Session, code: &str) -> Vec<String> {
    s.complete(code, code.len())
        .items
        .into_iter()
        .map(|item| item.text)
        .collect()
}

#[test]
fn offers_members_of_the_type_that_is_known_without_running() {
    let mut s = session();
    run(
        &mut s,
        "In [1]",
        "let key = kms.create_key(\"a\"); let m = #{ alpha: #{ beta: 1 } };",
    );
    for (code, expected) in [
        ("key.", vec!["arn", "decrypt", "trust"]),
        ("key.tr", vec!["trust"]),
        ("kms.", vec!["create_key"]),
        ("kms.create_key(\"b\").ar", vec!["arn"]),
        ("let k = kms.create_key(\"b\");\nk.tr", vec!["trust"]),
        (
            "let k = kms.create_key(\"b\"); let l = k; l.tr",
            vec!["trust"],
        ),
        ("key.arn.to_upp", vec!["to_upper"]),
        ("\"text\".to_upp", vec!["to_upper"]),
        ("m.al", vec!["alpha"]),
        ("m.alpha.be", vec!["beta"]),
        ("unknown.tru", vec!["trust"]),
        ("fn f(x) { x.cre", vec!["create_key"]),
        ("key . /* a note */ tr", vec!["trust"]),
        ("key?.tr", vec!["trust"]),
    ] {
        assert_eq!(texts(&s, code), expected, "{code}");
    }
}

#[test]
fn offers_variables_functions_objects_and_keywords() {
    let mut s = session();
    run(
        &mut s,
        "In [1]",
        "let total = 1; /// Adds tax.\nfn tax(x) { x }",
    );
    assert_eq!(texts(&s, "tot"), ["total"]);
    assert_eq!(texts(&s, "1 + km"), ["kms"]);
    assert_eq!(texts(&s, "whil"), ["while"]);
    assert_eq!(texts(&s, "let mine = 1; min"), ["mine"]);
    assert_eq!(texts(&s, "`x ${tot"), ["total"]);
    let tax = s.complete("ta", 2).items.into_iter().next().unwrap();
    assert_eq!(
        (tax.detail.as_str(), tax.doc.as_str()),
        ("tax(x)", "Adds tax.")
    );
    assert!(texts(&s, "").contains(&"kms".to_owned()));
}

#[test]
fn offers_nothing_in_comments_and_numbers() {
    let s = session();
    for code in ["// km", "/* km", "1"] {
        assert_eq!(texts(&s, code), [""; 0], "{code}");
    }
}

#[test]
fn asks_the_lab_for_members_and_texts() {
    let s = session();
    assert_eq!(texts(&s, "kms.create_key(\"a\", #{ "), ["create_key_1_"]);
    assert_eq!(texts(&s, "kms.create_key(#{ a: 1, "), ["create_key_0_"]);
    assert_eq!(
        texts(&s, "kms.create_key(#{ tags: [#{ "),
        ["create_key_0_tags"]
    );
    assert_eq!(
        texts(&s, "role.allow(\"kms:"),
        ["kms:Decrypt", "kms:Encrypt"]
    );
    let code = "role.put(#{ Statement: [#{ Action: [\"kms:E";
    assert_eq!(
        s.complete(code, code.len()).items[0].kind,
        "put Statement Action"
    );
    let found = s.complete("role.allow([\"s3:x\", \"kms:D", 26);
    assert_eq!((found.start, found.end), (21, 26));
    assert_eq!(
        (found.items[0].text.as_str(), found.items[0].kind.as_str()),
        ("kms:Decrypt", "allow")
    );
}

#[test]
fn replaces_the_word_before_the_cursor() {
    let s = session();
    let found = s.complete("let é = km + 1", 11);
    assert_eq!((found.start, found.end), (9, 11));
    assert_eq!(byte_offset("é.km", 4), 5);
    assert_eq!(char_offset("é.km", 5), 4);
}

#[test]
fn inspects_methods_objects_variables_and_own_functions() {
    let mut s = session();
    run(
        &mut s,
        "In [1]",
        "let key = kms.create_key(\"a\"); /// Adds tax.\nfn tax(x) { x }",
    );
    for (code, cursor, expected) in [
        (
            "kms.create_key(\"x\")",
            6,
            "Creates a key. It trusts nobody yet.",
        ),
        (
            "kms.create_key(\"x\")",
            6,
            "```rhai\nlet key = kms.create_key(\"payroll\");",
        ),
        (
            "kms.create_key(\"x\", ",
            19,
            "Kms.create_key(alias: string) -> Key",
        ),
        ("kms", 1, "The key service of the lab."),
        ("key", 3, "`key: Key`"),
        ("key", 3, "Key a"),
        ("tax(1)", 2, "Adds tax."),
        ("display(1)", 3, "display(value)"),
        ("\"a\".to_upper()", 8, "to_upper"),
    ] {
        let text = s
            .inspect(code, cursor)
            .map(|shown| shown.text)
            .unwrap_or_default();
        assert!(text.contains(expected), "{code}: {text}");
    }
    assert_eq!(s.inspect("nonsense", 3), None);
}
