//! The scenario in Cedar's language, asked of Cedar.

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use serde_json::{Value, json};

use crate::scenario::{Answer, Asked, Resource, Rule, Scenario, Target, When};

/// Cedar with policies, entities and requests ready.
pub struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    requests: Vec<Request>,
}

impl Cedar {
    /// Parses the policies and prepares entities and requests.
    pub fn new(scenario: &Scenario) -> Result<Self, String> {
        let text: String = scenario.rules.iter().map(policy).collect();
        let policies: PolicySet = text.parse().map_err(|e| format!("Cedar: {e}"))?;
        let entities = Entities::from_json_value(entities(scenario), None)
            .map_err(|e| format!("Cedar: {e}"))?;
        let requests: Result<Vec<Request>, String> = scenario.asked.iter().map(request).collect();
        Ok(Self {
            authorizer: Authorizer::new(),
            policies,
            entities,
            requests: requests?,
        })
    }

    /// Decides every request.
    pub fn decide_all(&self) {
        for request in &self.requests {
            let response = self
                .authorizer
                .is_authorized(request, &self.policies, &self.entities);
            std::hint::black_box(response);
        }
    }

    /// The answer to each request.
    pub fn answers(&self) -> Result<Vec<Answer>, String> {
        let answer = |request| {
            let response = self
                .authorizer
                .is_authorized(request, &self.policies, &self.entities);
            if let Some(error) = response.diagnostics().errors().next() {
                return Err(format!("Cedar: {error}"));
            }
            let denied = response.diagnostics().reason().next().is_some();
            Ok(match response.decision() {
                Decision::Allow => Answer::Allow,
                Decision::Deny if denied => Answer::Explicit,
                Decision::Deny => Answer::Implicit,
            })
        };
        self.requests.iter().map(answer).collect()
    }
}

/// The rule with everything that its scope can say in the scope, which Cedar decides fastest.
fn policy(rule: &Rule) -> String {
    let effect = if rule.allows { "permit" } else { "forbid" };
    let actions: Vec<String> = rule
        .actions
        .iter()
        .map(|a| format!("Action::\"{a}\""))
        .collect();
    let action = match &*actions {
        [] => "action".to_owned(),
        [one] => format!("action == {one}"),
        several => format!("action in [{}]", several.join(", ")),
    };
    let (resource, like) = match &rule.target {
        Target::Anything => ("resource".to_owned(), None),
        Target::Bucket(bucket) => (format!("resource in Bucket::\"{bucket}\""), None),
        Target::Prefix(bucket, prefix) => (
            format!("resource in Bucket::\"{bucket}\""),
            Some(format!("resource.key like \"{prefix}*\"")),
        ),
        Target::Table(table) => (format!("resource == Table::\"{table}\""), None),
        Target::Queue(queue) => (format!("resource == Queue::\"{queue}\""), None),
    };
    let when = match &rule.when {
        When::Always => None,
        When::Team(team) => Some(format!("context.team == \"{team}\"")),
        When::Secure(true) => Some("context.secure".to_owned()),
        When::Secure(false) => Some("!context.secure".to_owned()),
    };
    let conditions: Vec<String> = like.into_iter().chain(when).collect();
    let when = match &*conditions {
        [] => String::new(),
        conditions => format!(" when {{ {} }}", conditions.join(" && ")),
    };
    format!("{effect}(principal == User::\"alice\", {action}, {resource}){when};\n")
}

/// The caller, and every resource that is asked for, with its bucket.
fn entities(scenario: &Scenario) -> Value {
    let uid = |kind: &str, id: &str| json!({"type": kind, "id": id});
    let bare = |kind: &str, id: &str| json!({"uid": uid(kind, id), "attrs": {}, "parents": []});
    let mut all = std::collections::BTreeMap::new();
    all.insert("User alice".to_owned(), bare("User", "alice"));
    for asked in &scenario.asked {
        let (kind, id) = name(&asked.resource);
        let entity = match &asked.resource {
            Resource::Object(bucket, key) => {
                all.insert(format!("Bucket {bucket}"), bare("Bucket", bucket));
                json!({"uid": uid(kind, &id), "attrs": {"key": key},
                       "parents": [uid("Bucket", bucket)]})
            }
            _ => bare(kind, &id),
        };
        all.insert(format!("{kind} {id}"), entity);
    }
    Value::Array(all.into_values().collect())
}

fn name(resource: &Resource) -> (&'static str, String) {
    match resource {
        Resource::Object(bucket, key) => ("Object", format!("{bucket}/{key}")),
        Resource::Table(table) => ("Table", table.clone()),
        Resource::Queue(queue) => ("Queue", queue.clone()),
    }
}

fn request(asked: &Asked) -> Result<Request, String> {
    let uid = |kind: &str, id: &str| -> Result<EntityUid, String> {
        format!("{kind}::\"{id}\"")
            .parse()
            .map_err(|e| format!("Cedar: {e}"))
    };
    let (kind, id) = name(&asked.resource);
    let context = json!({"team": asked.team, "secure": asked.secure});
    let context = Context::from_json_value(context, None).map_err(|e| format!("Cedar: {e}"))?;
    Request::new(
        uid("User", "alice")?,
        uid("Action", asked.action)?,
        uid(kind, &id)?,
        context,
        None,
    )
    .map_err(|e| format!("Cedar: {e}"))
}
