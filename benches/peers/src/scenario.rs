//! What both sides are asked: policies and requests that both languages can express.

/// The answers that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Something allows and nothing denies.
    Allow,
    /// Nothing allows.
    Implicit,
    /// Something denies.
    Explicit,
}

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Everything.
    Anything,
    /// Every object of the bucket.
    Bucket(String),
    /// The objects of the bucket whose keys begin so.
    Prefix(String, &'static str),
    /// One table.
    Table(String),
    /// One queue.
    Queue(String),
}

/// What has to be so for a rule to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing more.
    Always,
    /// The caller's tag `team` has this value.
    Team(String),
    /// The call came over TLS, or did not.
    Secure(bool),
}

/// One policy with one statement.
pub struct Rule {
    /// Whether it allows.
    pub allows: bool,
    /// The actions; none for all.
    pub actions: Vec<&'static str>,
    /// The resources.
    pub target: Target,
    /// The condition.
    pub when: When,
}

/// One question.
pub struct Asked {
    /// The action.
    pub action: &'static str,
    /// The resource: one object, table or queue.
    pub resource: Resource,
    /// The caller's tag.
    pub team: String,
    /// Whether it came over TLS.
    pub secure: bool,
}

/// What is acted on.
#[derive(Clone, Debug)]
pub enum Resource {
    /// Bucket and key.
    Object(String, String),
    /// A table.
    Table(String),
    /// A queue.
    Queue(String),
}

/// Policies, all attached to one caller, and what the caller asks for.
pub struct Scenario {
    /// For the table.
    pub name: String,
    /// The policies.
    pub rules: Vec<Rule>,
    /// The requests, all different.
    pub asked: Vec<Asked>,
}

/// How many requests there are.
const REQUESTS: usize = 64;

impl Scenario {
    /// Policies of the usual kind: few actions, one bucket, prefix, table or queue each.
    pub fn attached(count: usize) -> Self {
        let rules: Vec<Rule> = (0..count).map(usual).collect();
        let asked = (0..REQUESTS)
            .map(|n| about(n, n * 7919 % count, &rules))
            .collect();
        Self {
            name: format!("{count} policies"),
            rules,
            asked,
        }
    }

    /// Policies on every action and resource, told apart by a condition only.
    pub fn by_condition_alone(count: usize) -> Self {
        let rule = |n| Rule {
            allows: n % 5 != 4,
            actions: Vec::new(),
            target: Target::Anything,
            when: When::Team(format!("team-{n}")),
        };
        let asked = |n: usize| Asked {
            action: "s3:GetObject",
            resource: Resource::Object(format!("data-{n}"), "reports/q1.csv".into()),
            team: format!(
                "team-{}",
                if n % 2 == 0 {
                    n * 7919 % count
                } else {
                    count + n
                }
            ),
            secure: true,
        };
        Self {
            name: format!("{count} policies on `*`"),
            rules: (0..count).map(rule).collect(),
            asked: (0..REQUESTS).map(asked).collect(),
        }
    }
}

fn usual(n: usize) -> Rule {
    let each = n / 4;
    let (actions, target) = match n % 4 {
        0 => (
            vec!["s3:GetObject", "s3:PutObject"],
            Target::Bucket(format!("data-{each}")),
        ),
        1 => (
            vec!["dynamodb:GetItem"],
            Target::Table(format!("orders-{each}")),
        ),
        2 => (
            vec!["s3:GetObject"],
            Target::Prefix(format!("logs-{each}"), "reports/"),
        ),
        _ => (
            vec!["sqs:SendMessage"],
            Target::Queue(format!("jobs-{each}")),
        ),
    };
    let allows = n % 5 != 4;
    let when = match n % 3 {
        _ if !allows => When::Secure(false),
        0 => When::Always,
        1 => When::Team(format!("team-{}", n % 7)),
        _ => When::Secure(true),
    };
    Rule {
        allows,
        actions,
        target,
        when,
    }
}

/// Question `n`, about rule `at`: it meets the rule, or misses it in one respect.
fn about(n: usize, at: usize, rules: &[Rule]) -> Asked {
    let rule = &rules[at];
    let other = |name: &str| {
        if n % 8 == 5 {
            format!("{name}-other")
        } else {
            name.to_owned()
        }
    };
    let key = if n % 8 == 6 { "drafts" } else { "reports" };
    let resource = match &rule.target {
        Target::Anything => Resource::Queue("any".into()),
        Target::Bucket(bucket) | Target::Prefix(bucket, _) => {
            Resource::Object(other(bucket), format!("{key}/{n}.csv"))
        }
        Target::Table(table) => Resource::Table(other(table)),
        Target::Queue(queue) => Resource::Queue(other(queue)),
    };
    let meets = n % 8 != 7;
    Asked {
        action: if n % 8 == 3 {
            "s3:DeleteObject"
        } else {
            rule.actions[n % rule.actions.len()]
        },
        resource,
        team: match &rule.when {
            When::Team(team) if meets => team.clone(),
            _ => format!("team-of-{n}"),
        },
        secure: match rule.when {
            When::Secure(secure) => secure == meets,
            _ => true,
        },
    }
}

/// Checks that both answer alike, and that the questions are a fair mix.
pub fn agree(scenario: &Scenario, cedar: &[Answer], ours: &[Answer]) -> Result<(), String> {
    let name = &scenario.name;
    for (n, (theirs, own)) in cedar.iter().zip(ours).enumerate() {
        if theirs != own {
            return Err(format!(
                "{name}: question {n}: Cedar says {theirs:?}, keychai {own:?}"
            ));
        }
    }
    let count = |answer| ours.iter().filter(|own| **own == answer).count();
    let (allows, denies) = (count(Answer::Allow), count(Answer::Explicit));
    let half = REQUESTS * 2 / 5..=REQUESTS * 3 / 5;
    if ours.len() != REQUESTS || cedar.len() != REQUESTS || !half.contains(&allows) || denies < 3 {
        return Err(format!(
            "{name}: {allows} allows and {denies} explicit denies are no fair mix"
        ));
    }
    Ok(())
}
