//! From a text to its cases.

use serde_json::Value;

/// The cases of `text`: an object with `cases`, an array, one case, or one case a line.
///
/// What cannot be read stands in its place as the sentence that says so.
///
/// # Errors
/// A sentence, if there is no case at all.
pub fn read_cases(text: &str) -> Result<Vec<Result<Value, String>>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let cases = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(mut members)) => match members.remove("cases") {
            Some(Value::Array(cases)) => cases.into_iter().map(Ok).collect(),
            Some(_) => return Err("`cases` is not a list: give an array of cases".to_owned()),
            None => vec![Ok(Value::Object(members))],
        },
        Ok(Value::Array(cases)) => cases.into_iter().map(Ok).collect(),
        Ok(_) => return Err("this is JSON, but no case: a case is an object".to_owned()),
        Err(whole) => by_line(text, &whole)?,
    };
    if cases.is_empty() {
        return Err(
            "there is no case: give an object with `cases`, an array, or one case a line"
                .to_owned(),
        );
    }
    Ok(cases)
}

fn by_line(text: &str, whole: &serde_json::Error) -> Result<Vec<Result<Value, String>>, String> {
    let lines = text.lines().enumerate();
    let read: Vec<_> = lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| {
            serde_json::from_str::<Value>(line).map_err(|error| format!("line {}: {error}", at + 1))
        })
        .collect();
    match read.iter().any(Result::is_ok) || read.is_empty() {
        true => Ok(read),
        false => Err(format!("this is not JSON: {whole}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_holds_its_cases() {
        for (text, count) in [
            (r#"{"format": 1, "cases": [{"id": "A"}, {"id": "B"}]}"#, 2),
            (r#"[{"id": "A"}]"#, 1),
            (r#"{"id": "A"}"#, 1),
            ("{\"id\": \"A\"}\n\n{\"id\": \"B\"}\n{\"id\": \"C\"}\n", 3),
        ] {
            assert_eq!(read_cases(text).unwrap().len(), count, "{text}");
        }
    }

    #[test]
    fn a_broken_line_is_answered_in_its_place() {
        let cases = read_cases("{\"id\": \"A\"}\n{\"id\": \n{\"id\": \"C\"}").unwrap();
        let broken = cases.get(1).unwrap().as_ref().unwrap_err();
        assert!(broken.starts_with("line 2: "), "{broken}");
        assert!(cases.get(2).unwrap().is_ok());
    }

    #[test]
    fn a_text_without_a_case_is_refused() {
        for text in [
            "",
            "[]",
            "7",
            "{\"cases\": 7}",
            "not json",
            "{\"cases\": []}",
        ] {
            assert!(read_cases(text).is_err(), "{text}");
        }
    }
}
