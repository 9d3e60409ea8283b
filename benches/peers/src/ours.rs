//! The scenario in IAM's language, asked of keychai.

use std::sync::Arc;

use keychai::authz::{
    Decision, Layers, Model, NamedPolicy, Question, ResourceKind, Subject, Verdict, decide, verdict,
};
use keychai::base::{AccountId, Arn, Clock, UniqueId};
use keychai::policy::{Policy, PolicyKind, Principal, RequestContext};
use serde_json::{Value, json};

use crate::scenario::{Answer, Asked, Resource, Rule, Scenario, Target, When};

/// Everything that the questions borrow.
pub struct Ours {
    account: AccountId,
    subject: Arc<Subject>,
    layers: Layers,
    requests: Vec<(&'static str, String, RequestContext)>,
}

impl Ours {
    /// Compiles the policies and prepares the requests.
    pub fn new(scenario: &Scenario) -> Result<Self, String> {
        let identity: Result<Vec<NamedPolicy>, String> = scenario
            .rules
            .iter()
            .enumerate()
            .map(|(n, rule)| policy(n, rule))
            .collect();
        let arn = Arn::of("iam", "", "111122223333", "user/alice");
        let id = UniqueId::parse("AIDAEXAMPLE000000000").map_err(|e| e.to_string())?;
        Ok(Self {
            account: AccountId::parse("111122223333").map_err(|e| e.to_string())?,
            subject: Arc::new(Subject {
                principal: Principal::user(arn, id),
                in_management_account: false,
                service_linked: false,
            }),
            layers: Layers {
                identity: identity?.into_iter().collect(),
                ..Layers::default()
            },
            requests: scenario
                .asked
                .iter()
                .map(|asked| (asked.action, arn_of(&asked.resource), context(asked)))
                .collect(),
        })
    }

    /// The questions.
    pub fn questions(&self) -> Vec<Question<'_>> {
        let question = |(action, resource, context)| Question {
            model: Model::Aws,
            subject: &self.subject,
            action,
            resource,
            owner: Some(&self.account),
            kind: ResourceKind::Additive,
            context,
            layers: &self.layers,
            grant_tokens: &[],
            now: Clock::SIMULATED_START,
        };
        self.requests
            .iter()
            .map(|(a, r, c)| question((*a, r.as_str(), c)))
            .collect()
    }
}

/// The decision alone.
pub fn untraced(question: &Question<'_>) -> Verdict {
    verdict(question)
}

/// The decision with everything that led to it.
pub fn traced(question: &Question<'_>) -> Decision {
    decide(question)
}

/// The answer to each question.
pub fn answers(questions: &[Question<'_>]) -> Vec<Answer> {
    questions
        .iter()
        .map(|question| match untraced(question) {
            Verdict::Allow => Answer::Allow,
            Verdict::ImplicitDeny => Answer::Implicit,
            Verdict::ExplicitDeny => Answer::Explicit,
        })
        .collect()
}

fn policy(n: usize, rule: &Rule) -> Result<NamedPolicy, String> {
    let actions = match &*rule.actions {
        [] => json!("*"),
        actions => json!(actions),
    };
    let mut statement = json!({
        "Effect": if rule.allows { "Allow" } else { "Deny" },
        "Action": actions,
        "Resource": resource_pattern(&rule.target),
    });
    if let Some(condition) = condition(&rule.when) {
        statement["Condition"] = condition;
    }
    let document = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    Policy::parse(PolicyKind::Managed, &document)
        .map(|policy| NamedPolicy::new(format!("policy-{n}"), policy))
        .map_err(|error| error.to_string())
}

fn resource_pattern(target: &Target) -> String {
    match target {
        Target::Anything => "*".into(),
        Target::Bucket(bucket) => format!("arn:aws:s3:::{bucket}/*"),
        Target::Prefix(bucket, prefix) => format!("arn:aws:s3:::{bucket}/{prefix}*"),
        Target::Table(table) => arn_of(&Resource::Table(table.clone())),
        Target::Queue(queue) => arn_of(&Resource::Queue(queue.clone())),
    }
}

fn condition(when: &When) -> Option<Value> {
    match when {
        When::Always => None,
        When::Team(team) => Some(json!({"StringEquals": {"aws:PrincipalTag/team": team}})),
        When::Secure(secure) => Some(json!({"Bool": {"aws:SecureTransport": secure.to_string()}})),
    }
}

fn arn_of(resource: &Resource) -> String {
    let home = "us-east-1:111122223333";
    match resource {
        Resource::Object(bucket, key) => format!("arn:aws:s3:::{bucket}/{key}"),
        Resource::Table(table) => format!("arn:aws:dynamodb:{home}:table/{table}"),
        Resource::Queue(queue) => format!("arn:aws:sqs:{home}:{queue}"),
    }
}

fn context(asked: &Asked) -> RequestContext {
    let mut context = RequestContext::new();
    context
        .set("aws:PrincipalTag/team", asked.team.as_str())
        .set("aws:SecureTransport", asked.secure.to_string());
    context
}
