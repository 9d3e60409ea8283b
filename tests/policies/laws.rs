//! Laws that hold for whatever policy and request.

use keychai::base::{Arn, UniqueId};
use keychai::policy::{Effect, Policy, PolicyKind, Principal, Request, RequestContext};
use proptest::prelude::*;
use serde_json::{Value, json};

const KINDS: [PolicyKind; 9] = [
    PolicyKind::Managed,
    PolicyKind::Inline,
    PolicyKind::Trust,
    PolicyKind::Key,
    PolicyKind::Bucket,
    PolicyKind::Session,
    PolicyKind::ServiceControl,
    PolicyKind::ResourceControl,
    PolicyKind::Endpoint,
];

fn action_pattern() -> impl Strategy<Value = String> {
    prop_oneof![
        "(s3|kms)(:)[ab*?]{1,3}",
        Just("*".to_owned()),
        "[ab:*]{0,3}"
    ]
}

fn resource_pattern() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_owned()),
        "arn:(aws|\\*|a\\?s):(s3|k\\*):[r*?]{0,2}:[1*]{0,2}:[ab*?/:]{0,5}",
        "arn:aws:s3:::[ab]{0,1}\\$\\{(aws:username|lab:none|lab:none, 'a'|\\*)\\}[b*]{0,1}",
        "arn:aws(:[s3*]{0,2}){0,3}",
    ]
}

fn resource() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_owned()),
        "arn:aws:(s3|k):[r]{0,2}:[1]{0,2}:[ab*/:]{0,5}"
    ]
}

fn condition() -> impl Strategy<Value = Value> {
    let operator = prop_oneof![
        "(|ForAllValues:|ForAnyValue:)String(Equals|NotEquals|Like|NotLike|EqualsIgnoreCase)(|IfExists)",
        "(|ForAnyValue:)Numeric(Equals|LessThan|GreaterThanEquals|NotEquals)(|IfExists)",
        "(|ForAllValues:)Arn(Like|NotEquals)(|IfExists)",
        "(Bool|IpAddress|NotIpAddress|BinaryEquals|Null)",
    ];
    let key = "(lab:one|LAB:Many|lab:none|aws:username)";
    let value = prop_oneof![
        "[aA*?1]{0,2}",
        "\\$\\{(lab:one|lab:none)\\}",
        "(true|false|10.0.0.0/8)"
    ];
    prop::collection::vec((operator, key, prop::collection::vec(value, 0..3)), 0..3).prop_map(
        |entries| {
            let mut operators = serde_json::Map::new();
            for (operator, key, values) in entries {
                operators.insert(operator, json!({key: values}));
            }
            operators.into()
        },
    )
}

fn statement() -> impl Strategy<Value = Value> {
    let principal = prop_oneof![
        Just(json!("*")),
        Just(json!({"AWS": "111122223333"})),
        Just(json!({"AWS": ["arn:aws:iam::111122223333:user/a", "AIDAEXAMPLEALICE0001A"]})),
        Just(json!({"Service": "glue.amazonaws.com"})),
    ];
    (
        "(Allow|Deny)",
        (any::<bool>(), principal),
        (any::<bool>(), prop::collection::vec(action_pattern(), 0..3)),
        (
            any::<bool>(),
            prop::collection::vec(resource_pattern(), 0..3),
        ),
        condition(),
    )
        .prop_map(
            |(effect, (not_p, principal), (not_a, actions), (not_r, resources), when)| {
                let name = |negated: bool, name: &str| {
                    if negated {
                        format!("Not{name}")
                    } else {
                        name.to_owned()
                    }
                };
                json!({
                    "Effect": effect,
                    name(not_p, "Principal"): principal,
                    name(not_a, "Action"): actions,
                    name(not_r, "Resource"): resources,
                    "Condition": when,
                })
            },
        )
}

fn context() -> impl Strategy<Value = RequestContext> {
    let value = prop_oneof!["[aA*?1]{0,2}", "(true|10.1.2.3|arn:aws:s3:::a)"];
    (
        prop::option::of(value.clone()),
        prop::option::of(prop::collection::vec(value.clone(), 0..3)),
        prop::option::of(value),
    )
        .prop_map(|(one, many, name)| {
            let mut context = RequestContext::new();
            if let Some(value) = one {
                context.set("lab:one", value);
            }
            if let Some(values) = many {
                context.set_many("lab:many", values);
            }
            if let Some(value) = name {
                context.set("aws:username", value);
            }
            context
        })
}

fn caller() -> impl Strategy<Value = Principal> {
    let arn = Arn::parse("arn:aws:iam::111122223333:user/a").unwrap();
    let alice = Principal::user(arn, UniqueId::parse("AIDAEXAMPLEALICE0001A").unwrap());
    prop_oneof![
        Just(Principal {
            has_boundary: true,
            ..alice.clone()
        }),
        Just(alice),
        Just(Principal::anonymous()),
        Just(Principal::service("glue.amazonaws.com")),
    ]
}

fn load(statements: &[Value]) -> Policy {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    Policy::load(PolicyKind::Bucket, &text).unwrap()
}

/// Deny beats allow, and neither is neither.
fn verdict(policy: &Policy, request: &Request<'_>) -> Option<Effect> {
    let covering = policy
        .statements()
        .iter()
        .filter(|s| s.matches(request).is_some());
    covering.map(|s| s.effect()).max()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn an_explanation_agrees_with_the_answer(
        statement in statement(), action in "(s3|KMS):[ab]{1,3}",
        resource in resource(), context in context(), caller in caller(),
    ) {
        let policy = load(&[statement]);
        let request = Request::new(&action, &resource, &caller, &context);
        let statement = &policy.statements()[0];
        let clauses = statement.explain(&request);
        let all = clauses.iter().all(|clause| clause.holds());
        prop_assert_eq!(statement.matches(&request).is_some(), all, "{:?}", clauses);
    }

    #[test]
    fn the_order_of_statements_is_irrelevant(
        statements in prop::collection::vec(statement(), 1..5), action in "(s3|kms):[ab]{1,3}",
        resource in resource(), context in context(), caller in caller(), turn in 0_usize..5,
    ) {
        let mut turned = statements.clone();
        turned.rotate_left(turn % statements.len());
        turned.reverse();
        let request = Request::new(&action, &resource, &caller, &context);
        prop_assert_eq!(
            verdict(&load(&statements), &request),
            verdict(&load(&turned), &request)
        );
    }

    #[test]
    fn a_naive_matcher_agrees_on_resources(
        pattern in resource_pattern(), resource in resource(), context in context(),
    ) {
        let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": pattern});
        let (policy, caller) = (load(&[statement]), Principal::anonymous());
        let found = policy.statements()[0].matches(&Request::new("s3:a", &resource, &caller, &context));
        prop_assert_eq!(found.is_some(), naive::resource(&pattern, &resource, &context));
    }

    #[test]
    fn a_naive_matcher_agrees_on_actions(pattern in action_pattern(), action in "(S3|kms):[abAB]{1,3}") {
        let statement = json!({"Effect": "Allow", "Principal": "*", "Action": pattern, "Resource": "*"});
        let (policy, caller, context) = (load(&[statement]), Principal::anonymous(), RequestContext::new());
        let found = policy.statements()[0].matches(&Request::new(&action, "*", &caller, &context));
        prop_assert_eq!(found.is_some(), naive::action(&pattern, &action));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,60}", kind in 0_usize..9) {
        let _ = Policy::parse(KINDS[kind], &text).map_err(|error| error.excerpt());
    }

    #[test]
    fn no_damage_to_a_policy_makes_the_reader_panic(
        statement in statement(), at in any::<prop::sample::Index>(), kind in 0_usize..9,
        damage in prop_oneof!["[\\[\\]{}:,\"\\\\é0\n]{0,2}", Just("null".to_owned())],
        width in 0_usize..4,
    ) {
        let text = format!("{:#}", json!({"Version": "2012-10-17", "Statement": [statement]}));
        let chars: Vec<char> = text.chars().collect();
        let start = at.index(chars.len());
        let end = (start + width).min(chars.len());
        let damaged: String =
            chars[..start].iter().chain(&damage.chars().collect::<Vec<_>>()).chain(&chars[end..]).collect();
        match Policy::parse(KINDS[kind], &damaged) {
            Ok(policy) => prop_assert_eq!(policy.text(), damaged),
            Err(error) => {
                let lines = u32::try_from(damaged.split('\n').count()).unwrap();
                prop_assert!((1..=lines).contains(&error.line()) && error.column() >= 1);
                prop_assert!(error.excerpt().contains('^'));
            }
        }
    }
}

/// Matching written straight from the definition, without compiling anything.
mod naive {
    use super::*;

    /// A character of a pattern, and whether it is a wildcard.
    type Symbols = Vec<(char, bool)>;

    fn glob(pattern: &[(char, bool)], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((('*', true), rest)) => (0..=text.len()).any(|n| glob(rest, &text[n..])),
            Some((('?', true), rest)) => !text.is_empty() && glob(rest, &text[1..]),
            Some(((c, _), rest)) => text.first() == Some(c) && glob(rest, &text[1..]),
        }
    }

    fn symbols(text: &str) -> Symbols {
        text.chars().map(|c| (c, matches!(c, '*' | '?'))).collect()
    }

    fn matches(pattern: &str, text: &str) -> bool {
        glob(&symbols(pattern), &text.chars().collect::<Vec<_>>())
    }

    /// Replaces the variables that the strategies make.
    fn substitute(text: &str, context: &RequestContext) -> Option<Symbols> {
        let Some((before, rest)) = text.split_once("${") else {
            return Some(symbols(text));
        };
        let (body, after) = rest.split_once('}')?;
        let value = match body {
            "*" => "*".to_owned(),
            "lab:none, 'a'" => "a".to_owned(),
            key => context.get(key)?.as_single()?.to_owned(),
        };
        let literal = value.chars().map(|c| (c, false));
        Some(
            symbols(before)
                .into_iter()
                .chain(literal)
                .chain(symbols(after))
                .collect(),
        )
    }

    pub fn resource(pattern: &str, resource: &str, context: &RequestContext) -> bool {
        if pattern == "*" {
            return true;
        }
        let mut wanted: Vec<&str> = pattern.splitn(6, ':').collect();
        let found: Vec<&str> = resource.splitn(6, ':').collect();
        if wanted.len() < 6 && wanted.get(2) == Some(&"s3") || found.len() < 6 || wanted.len() < 3 {
            return false;
        }
        wanted.resize(6, "*");
        if wanted[2].contains(['*', '?']) {
            return false;
        }
        let head = (0..5).all(|part| matches(wanted[part], found[part]));
        let tail = substitute(wanted[5], context)
            .is_some_and(|s| glob(&s, &found[5].chars().collect::<Vec<_>>()));
        head && tail
    }

    pub fn action(pattern: &str, action: &str) -> bool {
        if pattern == "*" {
            return true;
        }
        match pattern.split_once(':') {
            Some((service, _)) if !service.is_empty() && !service.contains(['*', '?']) => {
                matches(&pattern.to_lowercase(), &action.to_lowercase())
            }
            _ => false,
        }
    }
}
