//! Which statements can cover a request, by the beginnings of its action and resource.

use super::prefix_map::PrefixMap;
use crate::policy::{Listing, Statement};

/// More pairs of action and resource than this in one statement are not all
/// entered, so that an index stays of the order of the text.
const MOST_PAIRS: usize = 64;

/// A statement: which policy of the set, and where in it.
pub(super) type Position = (u32, u32);

/// From the beginning of an action, in lower case, to that of a resource.
#[derive(Debug)]
pub(super) struct StatementIndex(PrefixMap<PrefixMap<Box<[Position]>>>);

type Row<'s> = (Box<str>, &'s str, Position);

impl StatementIndex {
    /// An index of these statements.
    pub(super) fn new<'s>(statements: impl Iterator<Item = (Position, &'s Statement)>) -> Self {
        let mut rows: Vec<Row<'s>> = Vec::new();
        for (position, statement) in statements {
            enter(statement, position, &mut rows);
        }
        rows.sort_unstable();
        rows.dedup();
        let by_action = rows
            .chunk_by(|a, b| a.0 == b.0)
            .filter_map(|rows| Some((rows.first()?.0.clone(), by_resource(rows))))
            .collect();
        Self(PrefixMap::new(by_action))
    }

    /// Shows `visit` every statement that may cover `action`, in lower case, on
    /// `resource`, until it answers `false`.
    ///
    /// A statement may come more than once.
    pub(super) fn look_up(
        &self,
        action: &str,
        resource: &str,
        visit: &mut impl FnMut(Position) -> bool,
    ) {
        self.0.prefixes_of(action, &mut |resources| {
            resources.prefixes_of(resource, &mut |positions| {
                positions.iter().all(|position| visit(*position))
            })
        });
    }
}

fn by_resource(rows: &[Row<'_>]) -> PrefixMap<Box<[Position]>> {
    let entry = |rows: &[Row<'_>]| {
        let positions = rows.iter().map(|(_, _, position)| *position).collect();
        Some((Box::from(rows.first()?.1), positions))
    };
    PrefixMap::new(rows.chunk_by(|a, b| a.1 == b.1).filter_map(entry).collect())
}

fn enter<'s>(statement: &'s Statement, position: Position, rows: &mut Vec<Row<'s>>) {
    let mut actions = beginnings(statement.action(), |pattern| pattern.literal_prefix());
    let mut resources = beginnings(statement.resource(), |pattern| pattern.literal_prefix());
    if actions.len() * resources.len() > MOST_PAIRS {
        let shorter = if actions.len() < resources.len() {
            &mut actions
        } else {
            &mut resources
        };
        *shorter = vec![common(shorter)];
    }
    for action in &actions {
        let action = action.to_ascii_lowercase().into_boxed_str();
        rows.extend(resources.iter().map(|r| (action.clone(), *r, position)));
    }
}

/// What the texts that an element covers can begin with; nothing where it covers none.
fn beginnings<'s, T>(listing: &'s Listing<T>, of: impl Fn(&'s T) -> &'s str) -> Vec<&'s str> {
    match listing {
        Listing::Any(entries) => entries.iter().map(of).collect(),
        Listing::NoneOf(_) | Listing::NotNeeded => vec![""],
        Listing::Missing => Vec::new(),
    }
}

/// The longest text that all of `texts` begin with; for actions it may differ in case.
fn common<'s>(texts: &[&'s str]) -> &'s str {
    let Some((first, others)) = texts.split_first() else {
        return "";
    };
    let mut length = first.len();
    for other in others {
        let same = first.bytes().zip(other.bytes());
        let same = same.take_while(|(a, b)| a == b).count();
        length = length.min(same);
    }
    while !first.is_char_boundary(length) {
        length -= 1;
    }
    first.get(..length).unwrap_or_default()
}
