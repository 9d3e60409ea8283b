use super::*;
use crate::lab::{Lab, LabOptions};
use crate::script::objects::LabObjects;

fn lab() -> (Session, Rc<Captured>) {
    let options = LabOptions {
        seed: Some(5),
        ..LabOptions::default()
    };
    let objects = LabObjects::new(Lab::new(&options).unwrap());
    let output = Rc::new(Captured::default());
    let options = SessionOptions::new(Rc::<Captured>::clone(&output)).with(objects.extension());
    (Session::new(options), output)
}

fn shown(session: &mut Session, code: &str) -> String {
    let shown = session.execute_cell("In[1]", code).unwrap();
    shown.map(|shown| shown.text).unwrap_or_default()
}

fn error(session: &mut Session, code: &str) -> ScriptError {
    *session.execute_cell("In[1]", code).unwrap_err()
}

#[test]
fn a_policy_or_json_becomes_a_variable() {
    let (mut session, _) = lab();
    shown(
        &mut session,
        "%%policy reads\n{ \"Version\": \"2012-10-17\", \"Statement\": [{ \"Effect\": \"Allow\",\n \"Action\": \"s3:GetObject\", \"Resource\": \"*\" }] }",
    );
    assert_eq!(
        shown(&mut session, "reads.Statement[0].Action"),
        "\"s3:GetObject\""
    );
    shown(&mut session, "\n%%json list\n[1, 2.5, null]");
    assert_eq!(shown(&mut session, "list.len()"), "3");
}

#[test]
fn errors_in_json_name_the_line_of_the_cell() {
    let (mut session, _) = lab();
    let broken = error(&mut session, "%%json a\n{\n  \"b\": 1,,\n}");
    assert_eq!(
        (broken.place.line, broken.place.text.as_deref()),
        (Some(3), Some("  \"b\": 1,,"))
    );
    let policy = "%%policy p\n{ \"Version\": \"2012-10-17\",\n  \"Statement\": [{ \"Efect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\" }] }";
    let wrong = error(&mut session, policy);
    assert_eq!(wrong.place.line, Some(3), "{wrong}");
    for nameless in ["%%json\n1", "%%policy 1a\n{}"] {
        assert_eq!(error(&mut session, nameless).place.line, Some(1));
    }
}

#[test]
fn unknown_magics_are_told_with_the_nearest() {
    let (mut session, _) = lab();
    for (code, near) in [
        ("%%polcy a\n{}", "%%policy"),
        ("%tme\n1", "%time"),
        ("%rest", "%reset"),
    ] {
        let hint = error(&mut session, code).hint.unwrap();
        assert!(hint.contains(near), "{hint}");
    }
    assert!(error(&mut session, "%reset all").message.contains("`all`"));
}

#[test]
fn lines_with_a_percent_sign_stand_before_the_code_whose_lines_keep_their_numbers() {
    let (mut session, output) = lab();
    assert_eq!(shown(&mut session, "%time\nlet a = 2;\na * 21"), "42");
    assert!(output.text(Stream::Stdout).trim_end().ends_with('s'));
    assert_eq!(shown(&mut session, "%time a + 1"), "3");
    assert_eq!(error(&mut session, "%model\n\nmissing").place.line, Some(3));
    let timed = error(&mut session, "%time 1 + missing").place;
    assert_eq!((timed.line, timed.column), (Some(1), Some(11)));
    let odd = error(&mut session, "%model \u{7f}");
    assert!(!odd.message.contains("escape"), "{odd}");
    assert_eq!(shown(&mut session, "%model"), "\"exam\"");
    assert_eq!(shown(&mut session, "%model aws"), "\"aws\"");
    assert!(shown(&mut session, "%help").contains("%%policy NAME"));
    shown(&mut session, "kms.create_key(\"a\")");
    assert!(shown(&mut session, "%trail").contains("CreateKey"));
    assert_eq!(shown(&mut session, "7 % 4"), "3");
}

#[test]
fn a_reset_begins_again_and_a_seed_begins_another() {
    let (mut session, _) = lab();
    let key = "let mine = 1; kms.create_key(\"a\").arn";
    let first = shown(&mut session, key);
    shown(&mut session, "%reset");
    assert!(error(&mut session, "mine").message.contains("mine"));
    assert_eq!(shown(&mut session, key), first);
    shown(&mut session, "%seed 99");
    let other = shown(&mut session, key);
    assert_ne!(other, first);
    shown(&mut session, "%seed 99");
    assert_eq!(shown(&mut session, key), other);
    assert!(error(&mut session, "%seed x").message.contains("`x`"));
}

#[test]
fn questions_explain_a_name_in_the_pager() {
    let (mut session, output) = lab();
    for question in ["kms.create_grant?", "?kms.create_grant", "print?"] {
        assert_eq!(shown(&mut session, question), "");
    }
    let Some(Event::Display(page)) = output.events().first().cloned() else {
        panic!("nothing was shown");
    };
    assert!(page.text.contains("GranteePrincipal"), "{}", page.text);
    assert!(
        error(&mut session, "no_such_name?")
            .message
            .contains("no_such_name")
    );
}

#[test]
fn magics_are_completed_and_told_whole() {
    let (session, _) = lab();
    let found = session.complete("%%po", 4);
    assert_eq!((found.start, found.items[0].text.as_str()), (0, "%%policy"));
    assert_eq!(session.is_complete("%time"), Completeness::Complete);
    assert_eq!(session.is_complete("kms?"), Completeness::Complete);
    let half = Completeness::Incomplete {
        indent: String::new(),
    };
    assert_eq!(session.is_complete("%%json a\n{"), half);
    // What the line editor of a prompt asks about when an empty line was entered.
    for whole in ["%%json a\n{}\n", "%%json a\n{}\n\n"] {
        assert_eq!(session.is_complete(whole), Completeness::Complete);
    }
}

#[test]
fn displays_carry_their_own_form_and_are_replaced_by_name() {
    let (mut session, output) = lab();
    let html = session
        .execute_cell("a", "html(\"<b>x</b>\")")
        .unwrap()
        .unwrap();
    assert_eq!(html.html.as_deref(), Some("<b>x</b>"));
    let tree = session
        .execute_cell("a", "json_tree(#{ a: [1] })")
        .unwrap()
        .unwrap();
    assert_eq!(tree.json, Some(serde_json::json!({ "a": [1] })));
    for code in ["latex(\"$a$\")", "svg(\"<svg/>\")", "markdown(\"# t\")"] {
        assert!(session.execute_cell("a", code).unwrap().is_some());
    }
    shown(&mut session, "display(1, \"a\"); update_display(2, \"a\")");
    assert_eq!(output.events().len(), 2);
}

#[test]
fn bars_move_and_end_full() {
    let (mut session, output) = lab();
    let code = "let sum = 0; for n in progress([1, 2, 3], \"adding\") { sum += n; } sum";
    assert_eq!(shown(&mut session, code), "6");
    shown(
        &mut session,
        "let bar = progress(2); bar.advance(); bar.advance(5); bar.finish();",
    );
    let lines: Vec<_> = output
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Display(shown) => Some(shown.text),
            _ => None,
        })
        .collect();
    assert!(
        lines[0].starts_with("adding ") && lines[0].ends_with("0 % (0/3)"),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|line| line.ends_with("100 % (3/3)")),
        "{lines:?}"
    );
    assert!(lines.last().unwrap().ends_with("100 % (2/2)"), "{lines:?}");
}
