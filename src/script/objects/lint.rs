//! What the linter says of a document or a policy.

use rhai::{Array, Dynamic, INT};
use serde_json::json;

use super::arguments::{document, dynamic};
use super::client::Fallible;
use super::entities::ManagedPolicy;
use crate::base::nearest;
use crate::policy::lint::{Catalogue, Finding, Severity, lint};
use crate::policy::{Policy, PolicyKind};
use crate::render::{Rendered, counted, findings_report};
use crate::script::{BlobMembers, Registry, Thrown, to_json};

/// What the linter found, in the order of the document.
#[derive(Clone, Debug)]
pub struct Findings(Vec<Finding>);

impl Findings {
    fn of_severity(&self, severity: Severity) -> INT {
        let count = self.0.iter().filter(|f| f.severity == severity).count();
        INT::try_from(count).unwrap_or(INT::MAX)
    }

    fn list(&self) -> Fallible<Array> {
        self.0.iter().map(|f| dynamic(&json!(f))).collect()
    }

    fn text(&self) -> String {
        let excerpts: Vec<String> = self.0.iter().map(Finding::excerpt).collect();
        excerpts.join("\n\n")
    }
}

fn check(value: Dynamic, kind: Option<&str>) -> Fallible<Findings> {
    // A map has no lines of its own; it gets those of its JSON.
    let text = match value.is_map() {
        true => {
            let json = to_json(&value, BlobMembers::none())
                .map_err(|e| Thrown::new("WrongType", e.to_string()))?;
            format!("{json:#}")
        }
        false => document(value, "a policy")?,
    };
    let kind = match kind {
        None => PolicyKind::guess(&text),
        Some(word) => PolicyKind::of_word(word).ok_or_else(|| unknown_kind(word))?,
    };
    let policy = Policy::parse(kind, &text).map_err(|error| {
        Thrown::new(error.code(), error.message()).with("hint", error.excerpt())
    })?;
    Ok(Findings(lint(&policy, Catalogue::bundled())))
}

fn unknown_kind(word: &str) -> Thrown {
    let words = PolicyKind::WORDS.map(|(word, _)| word);
    let hint = match nearest(word, words) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it is one of {}", words.join(", ")),
    };
    Thrown::new("WrongValue", format!("`{word}` is no kind of policy")).with("hint", hint)
}

pub(super) fn register(registry: &mut Registry<'_>) {
    findings(registry);
    registry
        .function("lint")
        .param("policy", "any")
        .returns("Findings")
        .doc("What a policy says and hardly means: names that do not exist, with the nearest that does; actions that cannot act on the resources beside them; conditions that never or always hold. The policy is a map or JSON text; nothing is stored. Whether it is a policy of an identity, a role's trust, a key or a bucket is guessed from its first statement.")
        .example("lint(#{ Version: \"2012-10-17\", Statement: #{\n    Effect: \"Allow\", Action: \"s3:GetObjects\", Resource: \"*\"\n} })")
        .register(|policy: Dynamic| check(policy, None));
    registry
        .function("lint")
        .param("policy", "any")
        .param("kind", "string")
        .returns("Findings")
        .doc("The same for a kind of policy: `identity`, `trust`, `key`, `bucket`, `session`, `scp`, `rcp` or `endpoint`.")
        .example("lint(`{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Deny\", \"Action\": \"s3:*\", \"Resource\": \"*\"}}`, \"scp\")")
        .register(|policy: Dynamic, kind: &str| check(policy, Some(kind)));
    registry
        .method::<ManagedPolicy>("lint")
        .returns("Findings")
        .doc("What the linter says of the default version; see `lint`.")
        .example("policy.lint()")
        .register(|policy: &mut ManagedPolicy| check(policy.document()?, Some("identity")));
}

fn findings(registry: &mut Registry<'_>) {
    const MAKE: &str = "let found = lint(#{ Version: \"2012-10-17\", Statement: #{ Effect: \"Allow\", Action: \"s3:Gets\", Resource: \"*\" } });\n";
    registry
        .type_named::<Findings>("Findings", "What the linter found in a policy.")
        .brief(|found: &Findings| counted(&found.0))
        .renderer(|found: &Findings| Rendered::from(&findings_report(&found.0)));
    registry
        .property::<Findings>("errors")
        .returns("int")
        .doc("How many are errors: what they name does not exist.")
        .example(&format!("{MAKE}found.errors"))
        .register(|found: &mut Findings| found.of_severity(Severity::Error));
    registry
        .property::<Findings>("warnings")
        .returns("int")
        .doc("How many are warnings: probably not what was meant.")
        .example(&format!("{MAKE}found.warnings"))
        .register(|found: &mut Findings| found.of_severity(Severity::Warning));
    registry
        .property::<Findings>("list")
        .returns("array")
        .doc("The findings as maps with `code`, `severity`, `line`, `column`, `message` and `suggestion`.")
        .example(&format!("{MAKE}found.list[0].suggestion"))
        .register(|found: &mut Findings| found.list());
    registry
        .property::<Findings>("text")
        .returns("string")
        .doc("The findings below the lines that they are about.")
        .example(&format!("{MAKE}print(found.text)"))
        .register(|found: &mut Findings| found.text());
}
