//! The cases of `tests/cases/operations`, found by walking the folder.
//!
//! A case is `setup` (calls; a name stands for a shared list of the file's
//! `setups`), the `call`, and what is expected: members of the `output` by
//! JSON pointer (`null`: absent), or an `error` (a `null` message: any). In
//! inputs and expectations `${name/pointer}` is a member of the answer that a
//! step saved under `name`, `{"$text": …}` is text as a blob, `{"$wrapped": …}` is
//! key material under the wrapping key that was saved as `under`, and a policy
//! may be written as an object. A step `{"token": {"issuer", "claims"}, "save"}`
//! has an OpenID Connect issuer sign a token. A step with `"fails": true` is refused
//! and saves `Message` and `Encoded`, the message that EC2's denials carry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use keychai::api::{ApiError, Response, encoded_message};
use keychai::base::{Blob, Entropy};
use keychai::crypto::import::wrap;
use keychai::crypto::key_spec::{AwsName as _, WrappingAlgorithm};
use keychai::service::operations;
use keychai::state::credential::Credentials;
use serde_json::{Map, Value};

use crate::bench::{Bench, blob, credentials};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/operations");
const POLICIES: [&str; 4] = [
    "Policy",
    "PolicyDocument",
    "AssumeRolePolicyDocument",
    "Content",
];

/// One case with its shared steps spelled out.
pub struct Case {
    pub name: String,
    pub setup: Vec<Value>,
    pub call: Value,
    pub body: Value,
}

impl Case {
    pub fn operation(&self) -> &str {
        self.call["do"].as_str().unwrap()
    }

    pub fn succeeds(&self) -> bool {
        self.body.get("output").is_some()
    }

    /// Makes the call of the case.
    pub fn make(&self, bench: &mut Bench, saved: &Saved) -> Response<Value> {
        respond(bench, saved, &self.call)
    }

    /// A bench after the setup, with what it saved.
    pub fn prepared(&self) -> (Bench, Saved) {
        let mut bench = Bench::new();
        let mut saved = Saved::default();
        for step in &self.setup {
            if let Some(token) = step.get("token") {
                let name = step["save"].as_str().unwrap().to_owned();
                saved.0.insert(name, issued(&mut bench, token));
                continue;
            }
            match step.get("advance").and_then(Value::as_i64) {
                Some(seconds) => {
                    bench.lab.advance(seconds).unwrap();
                }
                None => {
                    let answer = match make(&mut bench, &saved, step) {
                        Err(error) if step["fails"] == true => refusal(&error),
                        Err(error) => panic!("{}: {step}: {error}", self.name),
                        Ok(answer) => answer,
                    };
                    if let Some(name) = step["save"].as_str() {
                        saved.0.insert(name.to_owned(), answer);
                    }
                }
            }
        }
        // What takes a moment, such as the making of a replica, is over.
        bench.lab.advance(0).unwrap();
        (bench, saved)
    }
}

#[derive(Default)]
pub struct Saved(BTreeMap<String, Value>);

impl Saved {
    /// `value` with everything that the format adds to JSON resolved.
    pub fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.fill(text),
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Value::Object(members) if members.contains_key("$wrapped") => self.wrapped(value),
            Value::Object(members) => match members.get("$text") {
                Some(text) => Value::String(blob(text.as_str().unwrap())),
                None => Value::Object(
                    members
                        .iter()
                        .map(|(k, v)| (k.clone(), self.member(k, v)))
                        .collect::<Map<_, _>>(),
                ),
            },
            other => other.clone(),
        }
    }

    fn member(&self, name: &str, value: &Value) -> Value {
        let resolved = self.resolve(value);
        if POLICIES.contains(&name) && resolved.is_object() {
            return Value::String(resolved.to_string());
        }
        resolved
    }

    /// Key material, wrapped as its owner does it before importing it.
    fn wrapped(&self, wish: &Value) -> Value {
        let given = self.resolve(&wish["$wrapped"]);
        let material = match wish["base64"] == true {
            true => Blob::from_base64(given.as_str().unwrap()).unwrap(),
            false => Blob::from(given.as_str().unwrap().as_bytes()),
        };
        let public_key = self.0[wish["under"].as_str().unwrap()]["PublicKey"].as_str();
        let public_key = Blob::from_base64(public_key.unwrap()).unwrap();
        let algorithm = wish["with"].as_str().unwrap_or("RSAES_OAEP_SHA_256");
        let algorithm = WrappingAlgorithm::named(algorithm).unwrap();
        let entropy = &mut Entropy::simulated(1);
        let wrapped = wrap(
            algorithm,
            public_key.as_bytes(),
            material.as_bytes(),
            entropy,
        );
        Value::String(Blob::from(wrapped.unwrap()).to_base64())
    }

    fn fill(&self, text: &str) -> Value {
        let mut rest = text;
        let mut filled = String::new();
        while let Some((before, reference)) = rest.split_once("${") {
            let (reference, after) = reference.split_once('}').unwrap();
            let (name, pointer) = reference.split_once('/').unwrap();
            let known = self
                .0
                .get(name)
                .unwrap_or_else(|| panic!("nothing is saved as `{name}`"));
            filled.push_str(before);
            filled.push_str(
                known
                    .pointer(&format!("/{pointer}"))
                    .and_then(Value::as_str)
                    .unwrap(),
            );
            rest = after;
        }
        Value::String(filled + rest)
    }

    fn caller(&self, bench: &mut Bench, name: Option<&str>) -> Credentials {
        let home = bench.lab.home().clone();
        match name {
            None => bench.admin.clone(),
            Some("away") => bench.away.clone(),
            Some("anonymous") => Credentials::anonymous(),
            Some("root") => bench.lab.root_credentials(&home).unwrap(),
            Some(name) => {
                let answer = &self.0[name];
                credentials(
                    answer
                        .get("AccessKey")
                        .or_else(|| answer.get("Credentials"))
                        .unwrap(),
                )
            }
        }
    }
}

/// What a step that fails saves: the message, and what it carries encoded.
fn refusal(error: &ApiError) -> Value {
    let encoded = encoded_message(&error.message);
    serde_json::json!({ "Message": error.message, "Encoded": encoded })
}

/// A token of the issuer that `asked` names, which is opened if need be.
fn issued(bench: &mut Bench, asked: &Value) -> Value {
    let issuer = asked["issuer"].as_str().unwrap();
    let algorithm = asked["algorithm"].as_str().unwrap_or("RS256");
    bench.lab.open_issuer(issuer, algorithm.parse().unwrap());
    let claims = asked["claims"].as_object().unwrap().clone();
    let token = bench.lab.issue_token(issuer, claims, 300).unwrap();
    serde_json::json!({ "Token": token.reveal() })
}

fn make(bench: &mut Bench, saved: &Saved, step: &Value) -> Result<Value, ApiError> {
    respond(bench, saved, step).result
}

fn respond(bench: &mut Bench, saved: &Saved, step: &Value) -> Response<Value> {
    let who = saved.caller(bench, step["as"].as_str());
    respond_as(bench, saved, step, &who)
}

/// Makes the call of `step` as `who`, in the Region that the step names.
fn respond_as(
    bench: &mut Bench,
    saved: &Saved,
    step: &Value,
    who: &Credentials,
) -> Response<Value> {
    let input = step
        .get("with")
        .map_or(Value::Null, |with| saved.resolve(with));
    let region = step["region"].as_str();
    bench.respond_in(region, who, step["do"].as_str().unwrap(), input)
}

/// Every case of every file.
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        cases.extend(in_file(&entry.unwrap().path()));
    }
    cases
}

fn in_file(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap();
    let file: Value =
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let spell_out = |steps: &Value| -> Vec<Value> {
        let steps = steps.as_array().cloned().unwrap_or_default();
        steps
            .into_iter()
            .flat_map(|step| match step.as_str() {
                Some(name) => file["setups"][name]
                    .as_array()
                    .unwrap_or_else(|| panic!("no setup `{name}`"))
                    .clone(),
                None => vec![step],
            })
            .collect()
    };
    file["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| Case {
            name: format!(
                "{}: {}",
                path.file_name().unwrap().display(),
                case["id"].as_str().unwrap()
            ),
            setup: spell_out(&case["setup"]),
            call: case["call"].clone(),
            body: case.clone(),
        })
        .collect()
}

/// What differs from the expectation.
fn mismatch(case: &Case) -> Option<String> {
    let (mut bench, saved) = case.prepared();
    let answer = make(&mut bench, &saved, &case.call);
    match (answer, case.body.get("output"), case.body.get("error")) {
        (Ok(output), Some(expected), _) => {
            expected
                .as_object()
                .unwrap()
                .iter()
                .find_map(|(pointer, want)| {
                    let want = saved.resolve(want);
                    let got = output.pointer(pointer).unwrap_or(&Value::Null);
                    (*got != want).then(|| format!("{pointer}: want {want}, got {got} in {output}"))
                })
        }
        (Err(error), None, Some(expected)) => {
            let want = saved.resolve(expected);
            let same = want["code"] == error.code
                && want["status"] == error.status
                && (want["message"].is_null() || want["message"] == error.message);
            (!same).then(|| {
                format!(
                    "want {want}, got {} {}: {:?}",
                    error.code, error.status, error.message
                )
            })
        }
        (answer, ..) => Some(format!("got {answer:?}")),
    }
}

#[test]
fn every_case_agrees() {
    let wrong: Vec<String> = all()
        .iter()
        .filter_map(|case| Some(format!("{}: {}", case.name, mismatch(case)?)))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_operation_has_a_case_of_each_kind_and_every_case_a_source() {
    let cases = all();
    let covered: BTreeSet<&str> = cases
        .iter()
        .filter(|c| c.succeeds())
        .map(Case::operation)
        .collect();
    let without: Vec<String> = operations()
        .iter()
        .map(|e| e.spec.action())
        .filter(|o| !covered.contains(o.as_str()))
        .collect();
    assert!(
        without.is_empty(),
        "without a case that succeeds (add one with `output` to tests/cases/operations/<service>.json): \
         {without:?}"
    );
    let refused: BTreeSet<&str> = cases
        .iter()
        .filter(|c| !c.succeeds())
        .map(Case::operation)
        .collect();
    // GetCallerIdentity needs no permission and has no member that could be wrong.
    let without: Vec<String> = operations()
        .iter()
        .map(|e| e.spec.action())
        .filter(|o| o != "sts:GetCallerIdentity" && !refused.contains(o.as_str()))
        .collect();
    assert!(
        without.is_empty(),
        "without a case that fails (add one with `error` to tests/cases/operations/<service>.json): \
         {without:?}"
    );
    for case in &cases {
        assert!(
            case.body["source"].as_str().is_some_and(|s| s.len() > 5),
            "{} has no source",
            case.name
        );
    }
    let names: BTreeSet<&str> = cases.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases bear the same name");
}

/// A user without permissions, added to what the case prepared.
fn nobody(bench: &mut Bench) -> Credentials {
    bench.user("nobody-in-particular")
}

#[test]
fn nobody_in_particular_is_refused_and_changes_nothing() {
    // `DeleteObjects` answers for each object: `lists.rs` shows that it deletes none.
    let free = [
        "sts:GetCallerIdentity",
        "sts:GetSessionToken",
        "s3:DeleteObjects",
        "sts:AssumeRoleWithWebIdentity",
    ];
    for case in all()
        .iter()
        .filter(|c| c.succeeds() && !free.contains(&c.operation()))
        // What nobody needs to sign for, somebody may do.
        .filter(|c| c.call["as"] != "anonymous")
    {
        let (mut bench, saved) = case.prepared();
        let who = nobody(&mut bench);
        let (before, events) = (bench.state(), bench.event_count());
        let answer = respond_as(&mut bench, &saved, &case.call, &who);
        let error = answer.result.unwrap_err();
        let head = case.operation() == "s3:HeadObject" || case.operation() == "s3:HeadBucket";
        assert!(error.is_denial(), "{}: {error}", case.name);
        assert_eq!(head, error.code == "403", "{}: {error}", case.name);
        assert_eq!(bench.state(), before, "{}", case.name);
        assert_eq!(bench.event_count(), events + 1, "{}", case.name);
        let event = bench.events().pop().unwrap();
        assert!(
            event
                .error_code
                .is_some_and(|code| code.starts_with("AccessDenied")
                    || code == "Client.UnauthorizedOperation"),
            "{}",
            case.name
        );
    }
}

#[test]
fn a_call_that_fails_changes_nothing_but_the_trail() {
    for case in all().iter().filter(|c| !c.succeeds()) {
        let (mut bench, saved) = case.prepared();
        // The root user's key is made on demand, so it is made before the snapshot.
        if case.call["as"] == "root" {
            continue;
        }
        let before = bench.state();
        make(&mut bench, &saved, &case.call).unwrap_err();
        assert_eq!(bench.state(), before, "{}", case.name);
    }
}

#[test]
fn a_call_that_reads_changes_nothing_and_leaves_one_event() {
    let reads = |action: &str| {
        operations()
            .iter()
            .any(|e| e.spec.action() == action && e.spec.read_only)
    };
    for case in all()
        .iter()
        .filter(|c| c.succeeds() && reads(c.operation()))
    {
        if case.operation() == "sts:AssumeRole" || case.operation() == "sts:GetSessionToken" {
            continue;
        }
        let (mut bench, saved) = case.prepared();
        let (before, events) = (bench.state(), bench.event_count());
        make(&mut bench, &saved, &case.call).unwrap();
        assert_eq!(bench.state(), before, "{}", case.name);
        assert!(bench.event_count() > events, "{}", case.name);
    }
}
