use super::*;

#[test]
fn everything_registered_is_in_the_reference_with_its_signature() {
    let s = session();
    let signatures: Vec<_> = s.reference().entries.iter().map(Entry::signature).collect();
    for expected in [
        "kms: Kms",
        "Kms.create_key(alias: string) -> Key",
        "Key.arn: string",
        "Key.trust(role)",
        "Key",
        "sleep(seconds: int)",
        "input(prompt: string) -> string",
    ] {
        assert!(
            signatures.iter().any(|s| s == expected),
            "{expected} in {signatures:?}"
        );
    }
}

#[test]
fn the_language_itself_is_known_apart_from_the_lab() {
    let s = session();
    assert!(s.language().iter().all(|entry| entry.is_language));
    assert!(
        s.language()
            .iter()
            .any(|e| e.signature().starts_with("string.to_upper()"))
    );
    assert!(!s.language().iter().any(|entry| entry.name == "timestamp"));
}

#[test]
fn the_text_is_an_overview_or_one_entry() {
    let s = session();
    let overview = s.reference_text(None).unwrap();
    assert!(overview.contains("- `kms: Kms`: The key service of the lab."));
    assert!(overview.contains("- `Kms.create_key(alias: string) -> Key`: Creates a key.\n"));
    let entry = s.reference_text(Some("Kms.create_key")).unwrap();
    assert!(entry.contains("It trusts nobody yet.") && entry.contains("```rhai\nlet key"));
    let object = s.reference_text(Some("kms")).unwrap();
    assert!(object.contains("create_key"));
    assert!(
        s.reference_text(Some("to_upper"))
            .unwrap()
            .contains("string.to_upper()")
    );
    let error = s.reference_text(Some("create_kei")).unwrap_err();
    assert!(error.contains("did you mean `create_key`?"), "{error}");
}

#[test]
#[should_panic(expected = "documents the parameters that it takes")]
fn a_wrong_documentation_is_a_programmers_error() {
    struct Wrong;
    impl Extension for Wrong {
        fn register(&self, registry: &mut Registry<'_>) {
            registry.function("wrong").register(|a: i64| a);
        }
    }
    Session::new(SessionOptions::new(Rc::new(Captured::default())).with(Rc::new(Wrong)));
}
