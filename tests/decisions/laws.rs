//! Laws that hold whatever the policies say.

use std::sync::Arc;

use keychai::authz::{
    Decision, Grant, GrantOperation, Layers, Model, NamedPolicy, Question, ResourceKind, Subject,
    Verdict, decide,
};
use keychai::base::{AccountId, Arn, GrantId, Timestamp, UniqueId};
use keychai::policy::{Policy, PolicyKind, Principal, RequestContext};
use proptest::prelude::*;
use serde_json::{Value, json};

const HOME: &str = "111122223333";
const AWAY: &str = "444455556666";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Everything that a decision hangs on, still to be changed.
#[derive(Clone, Debug)]
struct World {
    model: Model,
    kind: ResourceKind,
    foreign: bool,
    via_s3: bool,
    identity: Vec<Value>,
    resource: Vec<Value>,
    boundary: Option<Vec<Value>>,
    session: Option<Vec<Value>>,
    grants: Vec<(bool, GrantOperation)>,
}

/// A layer that statements can be added to.
#[derive(Clone, Copy, Debug)]
enum Place {
    Identity,
    Resource,
    Boundary,
    Session,
}

fn arn(account: &str, resource: &str) -> String {
    format!("arn:aws:iam::{account}:{resource}")
}

impl World {
    fn account(&self) -> &'static str {
        if self.foreign { AWAY } else { HOME }
    }

    fn caller(&self) -> Principal {
        let user = Arn::parse(&arn(self.account(), "user/ann")).unwrap();
        Principal::user(user, UniqueId::parse("AIDAAAAAAAAAAAAAAAAAA").unwrap())
    }

    fn grant(&self, (own, operation): (bool, GrantOperation)) -> Arc<Grant> {
        let grantee = arn(self.account(), if own { "user/ann" } else { "user/ben" });
        Arc::new(Grant {
            id: GrantId::parse(&"0".repeat(64)).unwrap(),
            name: None,
            grantee: Arn::parse(&grantee).unwrap(),
            grantee_id: None,
            retiring: None,
            operations: [operation].into(),
            constraints: None,
            issuing_account: AccountId::parse(HOME).unwrap(),
            created: Timestamp::from_seconds(0),
            visible_from: Timestamp::from_seconds(0),
            tokens: Vec::new(),
        })
    }

    fn decide(&self) -> Decision {
        let mut context = RequestContext::new();
        if self.via_s3 {
            context.set("kms:ViaService", "s3.us-east-1.amazonaws.com");
        }
        let layers = Layers {
            identity: vec![named(PolicyKind::Inline, &self.identity)].into(),
            resource: Some(named(PolicyKind::Key, &self.resource)),
            boundary: self
                .boundary
                .as_ref()
                .map(|s| named(PolicyKind::Managed, s)),
            session: self
                .session
                .as_ref()
                .map(|s| vec![named(PolicyKind::Session, s)].into()),
            grants: self.grants.iter().map(|g| self.grant(*g)).collect(),
            ..Layers::default()
        };
        let subject = Arc::new(Subject {
            principal: self.caller(),
            in_management_account: false,
            service_linked: false,
        });
        decide(&Question {
            model: self.model,
            subject: &subject,
            action: "kms:Encrypt",
            resource: KEY,
            owner: Some(&AccountId::parse(HOME).unwrap()),
            kind: self.kind,
            context: &context,
            layers: &layers,
            grant_tokens: &[],
            now: Timestamp::from_seconds(1),
        })
    }

    fn allows(&self) -> bool {
        self.decide().is_allow()
    }

    /// The same with `statement` added to a layer; an unset boundary or session policy stays unset.
    fn with(&self, place: Place, statement: Value) -> Self {
        let mut world = self.clone();
        match place {
            Place::Identity => world.identity.push(bare(statement)),
            Place::Resource => world.resource.push(statement),
            Place::Boundary => world
                .boundary
                .iter_mut()
                .for_each(|s| s.push(bare(statement.clone()))),
            Place::Session => world
                .session
                .iter_mut()
                .for_each(|s| s.push(bare(statement.clone()))),
        }
        world
    }
}

/// A statement without its principal, as identity policies have it.
fn bare(mut statement: Value) -> Value {
    statement.as_object_mut().unwrap().remove("Principal");
    statement
}

fn named(kind: PolicyKind, statements: &[Value]) -> NamedPolicy {
    let nothing =
        json!({ "Effect": "Allow", "Action": "sns:Publish", "Resource": "*", "Principal": "*" });
    let mut all = vec![if kind == PolicyKind::Key {
        nothing
    } else {
        bare(nothing)
    }];
    all.extend_from_slice(statements);
    let text = json!({ "Version": "2012-10-17", "Statement": all }).to_string();
    NamedPolicy::new(kind.name(), Policy::load(kind, &text).unwrap())
}

fn statement() -> impl Strategy<Value = Value> {
    let principal = prop_oneof![
        Just(json!("*")),
        Just(json!({ "AWS": arn(HOME, "user/ann") })),
        Just(json!({ "AWS": arn(HOME, "user/ben") })),
        Just(json!({ "AWS": arn(HOME, "root") })),
        Just(json!({ "AWS": arn(AWAY, "user/ann") })),
        Just(json!({ "AWS": arn(AWAY, "root") })),
    ];
    let action = prop::sample::select(vec!["kms:Encrypt", "kms:Enc*", "kms:*", "*", "kms:Decrypt"]);
    let resource = prop::sample::select(vec![
        "*",
        KEY,
        "arn:aws:kms:us-east-1:111122223333:key/other",
    ]);
    let condition = prop::option::of(prop::sample::select(vec![
        "s3.us-east-1.amazonaws.com",
        "glue.us-east-1.amazonaws.com",
    ]));
    (prop::sample::select(vec!["Allow", "Allow", "Allow", "Deny"]), principal, action, resource, condition).prop_map(
        |(effect, principal, action, resource, via)| {
            let mut made = json!({ "Effect": effect, "Principal": principal, "Action": action, "Resource": resource });
            if let Some(via) = via {
                made["Condition"] = json!({ "StringEquals": { "kms:ViaService": via } });
            }
            made
        },
    )
}

fn statements() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(statement(), 0..4)
}

fn bare_statements() -> impl Strategy<Value = Vec<Value>> {
    statements().prop_map(|list| list.into_iter().map(bare).collect())
}

fn world() -> impl Strategy<Value = World> {
    let kind = prop::sample::select(vec![
        ResourceKind::CustomerKey,
        ResourceKind::AwsManagedKey,
        ResourceKind::RoleTrust,
        ResourceKind::Additive,
    ]);
    let grant = (
        any::<bool>(),
        prop::sample::select(vec![GrantOperation::Encrypt, GrantOperation::Decrypt]),
    );
    (
        (
            prop::sample::select(vec![Model::Exam, Model::Aws]),
            kind,
            any::<bool>(),
            any::<bool>(),
        ),
        (
            bare_statements(),
            statements(),
            prop::option::of(bare_statements()),
            prop::option::of(bare_statements()),
        ),
        prop::collection::vec(grant, 0..3),
    )
        .prop_map(
            |((model, kind, foreign, via_s3), (identity, resource, boundary, session), grants)| {
                World {
                    model,
                    kind,
                    foreign,
                    via_s3,
                    identity,
                    resource,
                    boundary,
                    session,
                    grants,
                }
            },
        )
}

fn place() -> impl Strategy<Value = Place> {
    prop::sample::select(vec![
        Place::Identity,
        Place::Resource,
        Place::Boundary,
        Place::Session,
    ])
}

proptest! {
    #[test]
    fn a_deny_that_matches_beats_every_allow(world in world(), place in place()) {
        let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*" });
        let mut world = world;
        world.boundary.get_or_insert_default();
        world.session.get_or_insert_default();
        prop_assert_eq!(world.with(place, deny).decide().verdict, Verdict::ExplicitDeny);
    }

    #[test]
    fn adding_a_deny_never_widens(world in world(), place in place(), statement in statement()) {
        let mut deny = statement;
        deny["Effect"] = json!("Deny");
        prop_assert!(!world.with(place, deny).allows() || world.allows());
    }

    #[test]
    fn adding_an_allow_never_takes_away(world in world(), place in place(), statement in statement()) {
        let mut allow = statement;
        allow["Effect"] = json!("Allow");
        prop_assert!(world.with(place, allow).allows() || !world.allows());
    }

    #[test]
    fn the_order_of_statements_is_irrelevant(world in world()) {
        let mut turned = world.clone();
        for list in [Some(&mut turned.identity), Some(&mut turned.resource), turned.boundary.as_mut(), turned.session.as_mut()] {
            list.into_iter().for_each(|l| l.reverse());
        }
        turned.grants.reverse();
        let (one, two) = (world.decide(), turned.decide());
        prop_assert_eq!((one.verdict, one.decisive, one.missing), (two.verdict, two.decisive, two.missing));
    }

    #[test]
    fn removing_a_grant_never_widens(world in world(), at in any::<prop::sample::Index>()) {
        prop_assume!(!world.grants.is_empty());
        let mut fewer = world.clone();
        fewer.grants.remove(at.index(world.grants.len()));
        prop_assert!(!fewer.allows() || world.allows());
    }

    #[test]
    fn a_boundary_or_session_policy_never_widens(world in world()) {
        let mut open = world.clone();
        (open.boundary, open.session) = (None, None);
        prop_assert!(!world.allows() || open.allows());
    }

    #[test]
    fn the_exam_model_allows_no_more_than_the_service(world in world()) {
        let of = |model| World { model, ..world.clone() }.decide();
        let (exam, aws) = (of(Model::Exam), of(Model::Aws));
        prop_assert!(!exam.is_allow() || aws.is_allow());
        prop_assert_eq!(exam.other_model.map(|o| o.verdict).unwrap_or(exam.verdict), aws.verdict);
        if world.kind != ResourceKind::CustomerKey || world.foreign {
            prop_assert_eq!(exam.verdict, aws.verdict);
        }
    }

    #[test]
    fn a_denial_names_who_stands_in_the_way(world in world()) {
        let decision = world.decide();
        prop_assert_eq!(decision.is_allow(), decision.missing.is_empty());
        prop_assert_eq!(decision.verdict == Verdict::ExplicitDeny, decision.denied_by.is_some());
        if !decision.is_allow() {
            prop_assert_eq!(decision.decisive, decision.missing.first().copied());
        }
    }
}

#[test]
fn the_worlds_hold_every_verdict() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..400 {
        let world = world().new_tree(&mut runner).unwrap().current();
        *seen
            .entry(format!("{:?}", world.decide().verdict))
            .or_insert(0) += 1;
    }
    assert!(
        seen.len() == 3 && seen.values().all(|n| *n > 20),
        "the laws are tried on too few kinds: {seen:?}"
    );
}
