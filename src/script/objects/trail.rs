//! What happened: the trail, and events chosen from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{Array, Dynamic, INT, Map};

use super::client::{Fallible, LabHandle};
use super::event::{Event, Steps};
use super::trail_filter::{Filter, who};
use crate::render::{Column, Rendered, Table};
use crate::script::{Registry, Thrown};
use crate::state::trail::{Event as Record, log_file};

/// How many events a table shows, the newest.
const MAX_SHOWN: usize = 100;

/// The lab's trail as it grows.
#[derive(Clone, Debug)]
pub struct Trail(LabHandle);

/// Some events of the trail, oldest first.
#[derive(Clone, Debug)]
pub struct Events {
    lab: LabHandle,
    events: Vec<Arc<Record>>,
}

impl Events {
    fn event(&self, record: &Arc<Record>) -> Event {
        Event {
            lab: self.lab.clone(),
            record: Arc::clone(record),
        }
    }

    /// The records of all accounts.
    fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.events
            .iter()
            .flat_map(|event| std::iter::once(event).chain(&event.copies))
    }

    fn last(&self) -> Dynamic {
        self.events
            .last()
            .map_or(Dynamic::UNIT, |record| Dynamic::from(self.event(record)))
    }

    fn newest(&self, count: INT) -> Self {
        let skipped = self
            .events
            .len()
            .saturating_sub(usize::try_from(count).unwrap_or(0));
        Self {
            lab: self.lab.clone(),
            events: self.events.iter().skip(skipped).cloned().collect(),
        }
    }

    fn matching(&self, options: Map) -> Fallible<Self> {
        let filter = Filter::new(options, &self.events)?;
        let events = match filter.names_account() {
            true => self
                .records()
                .filter(|record| filter.admits(record))
                .map(alone)
                .collect(),
            false => self
                .events
                .iter()
                .filter(|record| filter.admits(record))
                .cloned()
                .collect(),
        };
        Ok(Self {
            lab: self.lab.clone(),
            events,
        })
    }

    fn at(&self, index: INT) -> Fallible<Event> {
        let length = self.events.len();
        let from_end = || {
            usize::try_from(index.unsigned_abs())
                .ok()
                .and_then(|n| length.checked_sub(n))
        };
        let at = if index < 0 {
            from_end()
        } else {
            usize::try_from(index).ok()
        };
        let record = at.and_then(|at| self.events.get(at));
        record.map(|record| self.event(record)).ok_or_else(|| {
            Thrown::new(
                "IndexOutOfBounds",
                format!("there is no event {index}; there are {length}"),
            )
            .into()
        })
    }

    fn array(&self) -> Array {
        self.events
            .iter()
            .map(|record| Dynamic::from(self.event(record)))
            .collect()
    }

    fn count(&self) -> INT {
        INT::try_from(self.events.len()).unwrap_or(INT::MAX)
    }

    fn show(&self) -> Rendered {
        if self.events.is_empty() {
            return Rendered::of_text("no events");
        }
        let hidden = self.events.len().saturating_sub(MAX_SHOWN);
        let shown: Vec<Event> = self
            .events
            .iter()
            .skip(hidden)
            .map(|r| self.event(r))
            .collect();
        let days: BTreeSet<String> = shown.iter().map(|event| event.day_and_time().0).collect();
        let names: Vec<String> = shown
            .iter()
            .map(|event| self.indented_name(event))
            .collect();
        let widest = names
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0);
        let mut table = Table::new([
            Column::new("time").detail(),
            Column::new("caller"),
            Column::new("event").essential().at_least(widest),
            Column::new("resource"),
            Column::new("outcome").essential(),
            Column::new("via").detail(),
        ]);
        for (event, name) in shown.iter().zip(names) {
            table.push(event.row(name, days.len() > 1));
        }
        if let (Some(day), 1) = (days.first(), days.len()) {
            table = table.titled(day.as_str());
        }
        if hidden > 0 {
            table = table.note(format!("{hidden} earlier events are not shown"));
        }
        let data = shown.iter().map(Event::json).collect();
        Rendered::from(&table.with_data(data))
    }

    /// `s3:PutObject`, or `└ kms:GenerateDataKey` below the call that led to it.
    fn indented_name(&self, event: &Event) -> String {
        let parent = event.record.caused_by.as_ref();
        let is_child =
            parent.is_some_and(|id| self.events.iter().any(|other| other.event_id == *id));
        let service = event
            .record
            .event_source
            .split('.')
            .next()
            .unwrap_or_default();
        let indent = if is_child { "└ " } else { "" };
        format!("{indent}{service}:{}", event.record.event_name)
    }
}

/// The record without those of other accounts.
fn alone(record: &Arc<Record>) -> Arc<Record> {
    match record.copies.is_empty() {
        true => Arc::clone(record),
        false => Arc::new(Record {
            copies: Vec::new(),
            ..(**record).clone()
        }),
    }
}

impl Trail {
    fn events(&self) -> Events {
        let events = self
            .0
            .read(|lab| lab.cloud().trail.iter().cloned().collect());
        Events {
            lab: self.0.clone(),
            events,
        }
    }
}

/// Registers the trail.
pub(super) fn register(registry: &mut Registry<'_>, lab: &LabHandle) {
    registry
        .type_named::<Trail>("Trail", "Every call that was made, as CloudTrail has it.")
        .type_named::<Events>("Events", "Some events of the trail, oldest first.")
        .type_named::<Event>("Event", "One call, as CloudTrail records it.")
        .type_named::<Steps>("Steps", "What a service did in one call, step by step.")
        .brief(|trail: &Trail| format!("Trail of {} events", trail.events().events.len()))
        .renderer(|trail: &Trail| trail.events().show())
        .brief(|events: &Events| format!("{} events", events.events.len()))
        .renderer(Events::show)
        .brief(|event: &Event| {
            let outcome = event.record.error_code.as_deref().unwrap_or("ok");
            format!(
                "Event {} by {}: {outcome}",
                event.record.event_name,
                who(&event.record)
            )
        })
        .renderer(Event::show)
        .brief(|steps: &Steps| format!("{} steps", steps.0.len()))
        .renderer(Steps::show);
    registry.global(
        "trail",
        Trail(lab.clone()),
        "Every call that was made in the lab.",
    );
    queries::<Trail>(registry, "trail", |trail| trail.events());
    queries::<Events>(registry, "trail.last(5)", Clone::clone);
    lists(registry);
    super::event::register(registry);
}

fn queries<T: Clone + 'static>(registry: &mut Registry<'_>, object: &str, of: fn(&T) -> Events) {
    registry
        .method::<T>("last")
        .returns("Event")
        .doc("The newest event, or `()`.")
        .example(&format!("{object}.last()"))
        .register(move |trail: &mut T| of(trail).last());
    registry
        .method::<T>("last")
        .param("count", "int")
        .returns("Events")
        .doc("The newest events, oldest first.")
        .example(&format!("{object}.last(5)"))
        .register(move |trail: &mut T, count: INT| of(trail).newest(count));
    registry
        .method::<T>("events")
        .returns("array")
        .doc("The events as an array, oldest first.")
        .example(&format!(
            "for event in {object}.events() {{ print(event.name) }}"
        ))
        .register(move |trail: &mut T| of(trail).array());
    registry
        .method::<T>("where")
        .param("options", "map")
        .returns("Events")
        .doc(
            "The events that fit. Options: `name` (of the operation), `service`, `caller` (an \
             object, ARN or name), `outcome` (`ok`, `denied` or `error`), `resource` (an object, \
             ARN or name), `account` (whose trail), `since` and `before` (times), `read_only`, \
             `data` (true: data events; false: management events).",
        )
        .example(&format!(
            "{object}.where(#{{ service: \"iam\", outcome: \"ok\" }})"
        ))
        .register(move |trail: &mut T, options: Map| of(trail).matching(options));
    registry
        .method::<T>("log_file")
        .returns("string")
        .doc(
            "The events as CloudTrail delivers them, JSON text: `{\"Records\": […]}`. A call that \
             concerns two accounts has a record in the trail of each; they share a \
             `sharedEventID`. Whether a service called for the caller is in `invokedBy`; which \
             call led to it is not in CloudTrail's records: see `event.cause`.",
        )
        .example(&format!("{object}.log_file()"))
        .register(move |trail: &mut T| {
            let of = of(trail);
            log_file(of.records()).to_string()
        });
    registry
        .method::<T>("count")
        .returns("int")
        .doc("How many events there are.")
        .example(&format!("{object}.count()"))
        .register(move |trail: &mut T| of(trail).count());
}

impl IntoIterator for Events {
    type Item = Dynamic;
    type IntoIter = std::vec::IntoIter<Dynamic>;

    fn into_iter(self) -> Self::IntoIter {
        self.array().into_iter()
    }
}

fn lists(registry: &mut Registry<'_>) {
    registry
        .engine()
        .register_iterator::<Events>()
        .register_iterator::<Steps>()
        .register_indexer_get(|events: &mut Events, index: INT| events.at(index));
    registry
        .method::<Steps>("lines")
        .returns("array")
        .doc("The steps as an array of texts.")
        .example("trail.last().steps.lines()")
        .register(|steps: &mut Steps| steps.array());
}
