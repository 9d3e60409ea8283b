//! The context keys that a policy refers to.

use super::{Policy, Statement};

impl Policy {
    /// The context keys that the policy needs a value of, each once, as written:
    /// variables of resources, then keys of conditions and variables of their values.
    pub fn context_keys(&self) -> Vec<&str> {
        let statements = self.statements().iter();
        distinct(statements.flat_map(|statement| self.context_keys_of(statement)))
    }

    /// The same of one of its statements.
    pub fn context_keys_of<'a>(&self, statement: &'a Statement) -> Vec<&'a str> {
        // The old version of the language has no variables.
        let replaced = self.version() == "2012-10-17";
        let of_text = move |text: &'a str| replaced.then(|| variables(text)).into_iter().flatten();
        let resources = statement.resource().entries().iter();
        let in_resources = resources.flat_map(move |pattern| of_text(pattern.as_str()));
        let in_conditions = statement.conditions().iter().flat_map(move |condition| {
            let values = condition.values().flat_map(of_text);
            std::iter::once(condition.key()).chain(values)
        });
        distinct(in_resources.chain(in_conditions))
    }
}

/// The keys of the variables in `text`; `${*}` and the like are characters.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let (inside, _) = rest.split_once('}')?;
        let key = inside.split(',').next().unwrap_or_default().trim();
        (!matches!(key, "" | "*" | "?" | "$")).then_some(key)
    })
}

fn distinct<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for key in keys {
        if !found.iter().any(|known| known.eq_ignore_ascii_case(key)) {
            found.push(key);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::policy::{Policy, PolicyKind};

    fn keys(version: &str) -> Vec<String> {
        let text = r#"{"Version":"VERSION","Statement":{"Effect":"Allow","Action":"s3:GetObject",
            "Resource":["arn:aws:s3:::b/${aws:username}/*","arn:aws:s3:::c/${aws:PrincipalTag/team, 'x'}${*}"],
            "Condition":{"StringEquals":{"AWS:UserName":"x","s3:prefix":["${aws:userid}","a"]},
            "Null":{"aws:SourceIp":"true"}}}}"#
            .replace("VERSION", version);
        let policy = Policy::load(PolicyKind::Inline, &text).unwrap();
        policy
            .context_keys()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn variables_and_condition_keys_are_listed_once() {
        assert_eq!(
            keys("2012-10-17"),
            [
                "aws:username",
                "aws:PrincipalTag/team",
                "s3:prefix",
                "aws:userid",
                "aws:SourceIp"
            ]
        );
        assert_eq!(
            keys("2008-10-17"),
            ["AWS:UserName", "s3:prefix", "aws:SourceIp"]
        );
    }
}
