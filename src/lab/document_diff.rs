//! What a change does to a policy document, line by line.

use serde_json::Value;

use super::facade::Lab;
use super::fix::Change;
use crate::base::{AccountId, Arn};

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// The unified diff of the documents that `changes` put, as they are in `before`
/// and as they will be; nothing for changes that put none.
pub(super) fn unified(before: &Lab, changes: &[Change]) -> String {
    changes
        .iter()
        .filter_map(|change| of_change(before, change))
        .collect()
}

fn of_change(lab: &Lab, change: &Change) -> Option<String> {
    let member = |name: &str| change.input.get(name).and_then(Value::as_str);
    let new = member("PolicyDocument").or_else(|| member("Policy"))?;
    let new: Value = serde_json::from_str(new).ok()?;
    let (label, old) = present(lab, change, &member)?;
    let lines = |document: &Value| -> Vec<String> {
        let text = format!("{document:#}");
        text.lines().map(str::to_owned).collect()
    };
    let old = old.map(|document| lines(&document)).unwrap_or_default();
    let body = hunks(&old, &lines(&new));
    Some(format!("--- {label}\n+++ {label}\n{body}"))
}

/// What people call the document that a change replaces, and its present text.
fn present<'a>(
    lab: &Lab,
    change: &Change,
    member: &impl Fn(&str) -> Option<&'a str>,
) -> Option<(String, Option<Value>)> {
    let account: &AccountId = &change.account;
    let account = lab.cloud().accounts.get(account);
    let inline = |entity: Option<&crate::state::iam::Entity>, who: &str| {
        let name = member("PolicyName")?;
        let found = entity.and_then(|entity| entity.inline.get(name));
        Some((
            format!("{who}/{name}"),
            found.map(|policy| policy.to_value()),
        ))
    };
    match change.operation {
        "PutUserPolicy" => {
            let name = member("UserName")?;
            inline(account?.user(name).map(|u| &u.entity), name)
        }
        "PutRolePolicy" => {
            let name = member("RoleName")?;
            inline(account?.role(name).map(|r| &r.entity), name)
        }
        "UpdateAssumeRolePolicy" => {
            let name = member("RoleName")?;
            let trust = account?.role(name).map(|role| role.trust.to_value());
            Some((format!("{name}/trust policy"), trust))
        }
        "PutKeyPolicy" => {
            let key = lab
                .cloud()
                .key_by_arn(&Arn::parse(member("KeyId")?).ok()?)?;
            Some((
                format!("{}/key policy", lab.cloud().key_label(key)),
                Some(key.policy.to_value()),
            ))
        }
        "PutBucketPolicy" => {
            let name = member("Bucket")?;
            let bucket = lab.cloud().buckets.get(name)?;
            let policy = bucket.policy.as_ref().map(|policy| policy.to_value());
            Some((format!("{name}/bucket policy"), policy))
        }
        _ => None,
    }
}

/// The one hunk between the first and the last line that differ, with context.
/// Documents here are small and changed in one place.
fn hunks(old: &[String], new: &[String]) -> String {
    let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same;
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(rest)
        .take_while(|(a, b)| a == b)
        .count();
    let start = same.saturating_sub(CONTEXT);
    let after = tail.min(CONTEXT);
    let count = |lines: &[String]| lines.len() - start - (tail - after);
    let mut text = format!(
        "@@ -{},{} +{},{} @@\n",
        start + usize::from(!old.is_empty()),
        count(old),
        start + usize::from(!new.is_empty()),
        count(new)
    );
    let mut push = |sign: char, lines: &[String], from: usize, to: usize| {
        for line in lines.iter().take(to).skip(from) {
            text.push(sign);
            text.push_str(line);
            text.push('\n');
        }
    };
    push(' ', old, start, same);
    push('-', old, same, old.len() - tail);
    push('+', new, same, new.len() - tail);
    push(' ', new, new.len() - tail, new.len() - tail + after);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form of `diff -u` for one added line.
    #[test]
    fn a_diff_has_the_lines_around_the_change() {
        let lines = |text: &str| -> Vec<String> { text.chars().map(String::from).collect() };
        let text = hunks(&lines("abcdefgh"), &lines("abcdXefgh"));
        assert_eq!(text, "@@ -2,6 +2,7 @@\n b\n c\n d\n+X\n e\n f\n g\n");
        let text = hunks(&[], &lines("ab"));
        assert_eq!(text, "@@ -0,0 +1,2 @@\n+a\n+b\n");
    }
}
