//! `keychai lint`.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::arguments::{LintArguments, LintFormat};
use super::{FAILED, USAGE, fail, say};
use crate::policy::lint::{Catalogue, Finding, Severity, lint};
use crate::policy::{Policy, PolicyError, PolicyKind};
use crate::render::counted;

/// Lints one document and prints what was found.
pub(super) fn run(wanted: &LintArguments) -> ExitCode {
    let text = match read(&wanted.file) {
        Ok(text) => text,
        Err(error) => return fail(USAGE, &error),
    };
    let kind = wanted.kind.unwrap_or_else(|| PolicyKind::guess(&text));
    let name = wanted.file.display().to_string();
    match Policy::parse(kind, &text) {
        Ok(policy) => tell(wanted.format, &name, kind, &policy),
        Err(error) => refuse(wanted.format, &name, &error),
    }
}

fn read(file: &Path) -> Result<String, String> {
    if file.as_os_str() != "-" {
        return std::fs::read_to_string(file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()));
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map(|_| text)
        .map_err(|error| format!("cannot read standard input: {error}"))
}

fn tell(format: LintFormat, name: &str, kind: PolicyKind, policy: &Policy) -> ExitCode {
    let findings = lint(policy, Catalogue::bundled());
    let said = match format {
        LintFormat::Json => say(&format!(
            "{:#}",
            json!({ "kind": kind, "findings": findings })
        )),
        LintFormat::Text => say(&text(name, kind, &findings)),
    };
    let wrong = findings.iter().any(|f| f.severity == Severity::Error);
    match wrong {
        true => ExitCode::from(FAILED),
        false => said,
    }
}

fn text(name: &str, kind: PolicyKind, findings: &[Finding]) -> String {
    let mut parts: Vec<String> = findings.iter().map(Finding::excerpt).collect();
    parts.push(format!("{name} ({kind}): {}", counted(findings)));
    parts.join("\n\n")
}

/// A document that AWS would not store is told as AWS's error, with the place.
fn refuse(format: LintFormat, name: &str, error: &PolicyError) -> ExitCode {
    if format == LintFormat::Json {
        say(&format!(
            "{:#}",
            json!({ "kind": error.kind(), "error": error })
        ));
        return ExitCode::from(FAILED);
    }
    let text = format!(
        "{name}: no {} that AWS would store\n\n{}\n\n{} ({}): {}",
        error.kind(),
        error.excerpt(),
        error.code(),
        error.http_status(),
        error.message(),
    );
    fail(FAILED, &text)
}
