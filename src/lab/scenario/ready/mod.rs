//! Scenarios that come with keychai, each a real lab.

mod guardrails;
mod keys;
mod objects;

use super::Scenario;
use crate::api::ApiError;
use crate::authz::Model;
use crate::base::nearest;

/// A scenario that can be built.
#[derive(Clone, Copy, Debug)]
pub struct Ready {
    /// Its name.
    pub name: &'static str,
    /// What it is about, in a few words.
    pub about: &'static str,
    build: fn(Model) -> Result<Scenario, ApiError>,
}

const fn ready(
    name: &'static str,
    about: &'static str,
    build: fn(Model) -> Result<Scenario, ApiError>,
) -> Ready {
    Ready { name, about, build }
}

/// All scenarios, that of the notes first.
pub const ALL: [Ready; 13] = [
    ready(
        "failure",
        "a Glue job reads an encrypted object: the four switches of the notes",
        objects::failure,
    ),
    ready(
        "download",
        "GetObject with SSE-KMS: permissions, key policy or grant, key state, object",
        objects::download,
    ),
    ready(
        "upload",
        "PutObject with SSE-KMS: GenerateDataKey, and not Encrypt",
        objects::upload,
    ),
    ready(
        "multipart",
        "a multipart upload, whose parts need kms:Decrypt",
        objects::multipart,
    ),
    ready(
        "cross-account",
        "reading an encrypted object of another account: four Allows",
        guardrails::cross_account,
    ),
    ready(
        "glue",
        "starting a Glue job that reads: who starts, whom the role trusts, what it may",
        objects::glue,
    ),
    ready(
        "grant",
        "a grant's life: in force or not, its context, beside IAM and key policy",
        keys::grant,
    ),
    ready(
        "key-states",
        "what can be done with a key that is disabled or about to go",
        keys::states,
    ),
    ready(
        "rotation",
        "old objects after rotations and a new target of the alias",
        keys::rotation,
    ),
    ready(
        "bucket-policy",
        "a Deny on headers that also meets uploads without headers",
        objects::bucket_policy,
    ),
    ready(
        "session",
        "temporary credentials: expiry, trust and permissions",
        guardrails::session,
    ),
    ready(
        "models",
        "the exam's rule against what AWS does",
        keys::models,
    ),
    ready(
        "guardrails",
        "boundary, explicit Deny and Allow around one call",
        guardrails::around,
    ),
];

/// Builds the scenario of this name; `None` if there is none.
///
/// # Errors
/// What the lab answered if it could not be built.
pub fn build(name: &str, model: Model) -> Option<Result<Scenario, ApiError>> {
    let found = ALL.iter().find(|ready| ready.name == name)?;
    Some((found.build)(model))
}

/// That there is no scenario of this name, and which one may be meant.
pub fn unknown(name: &str) -> String {
    let known: Vec<&str> = ALL.iter().map(|ready| ready.name).collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    format!("there is no scenario `{name}`; {hint}")
}
