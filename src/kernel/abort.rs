//! Which cells fall with one that failed.
//!
//! "Run all" sends every cell at once, but browsers take their time: some cells
//! are made, and many arrive, only after the failure was reported. A cell falls
//!
//! - if it arrived before the report;
//! - or if its client *made* it before the report. The client's clock is
//!   compared through the fastest message that it has sent;
//! - or if its client made it within [`PAUSE`] of the one before that fell. The
//!   report itself is held back until no cell has come for that long, so a
//!   client that waits for it always pauses longer.
//!
//! Thus a client that waits for the report before it sends the next cell never
//! loses one, whatever its clock says.

use std::collections::HashMap;
use std::time::Duration;

use super::message::Request;
use super::moment::Moment;

/// Cells of one "Run all" are made at shorter intervals than this: 40 ms were
/// the most on a machine with five times more to do than it could.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// [`PAUSE`] in the unit of [`Moment`].
const PAUSE_MICROS: i64 = 100_000;

/// How long after a report dates are looked at, so that a clock that was set
/// anew cannot stop a client for good.
const WINDOW_MICROS: i64 = 10_000_000;

/// Browsers date messages in whole milliseconds.
const PRECISION_MICROS: i64 = 2_000;

/// Remembers the last failure and the clients' clocks.
#[derive(Debug, Default)]
pub(super) struct AbortRule {
    reported: Option<Moment>,
    fastest: HashMap<String, i64>,
    chain: Option<Link>,
}

/// The last cell that fell of those that the failing client sent.
#[derive(Debug)]
struct Link {
    session: String,
    made: Moment,
}

/// A failure that makes other cells fall.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure<'a> {
    /// The request of the cell that failed.
    pub(super) request: &'a Request,
    /// When this was reported.
    pub(super) reported: Moment,
    /// The report was held back until no cell had come for [`PAUSE`].
    pub(super) held_back: bool,
}

impl AbortRule {
    /// Takes note of the clock of the client that sent `request`.
    pub(super) fn observe(&mut self, request: &Request) {
        if let Some(sent) = request.sent() {
            let travel = request.received.micros_since(sent);
            self.fastest
                .entry(request.header.session.clone())
                .and_modify(|least| *least = travel.min(*least))
                .or_insert(travel);
        }
    }

    /// A cell failed.
    pub(super) fn failed(&mut self, failure: Failure<'_>) {
        self.reported = Some(failure.reported);
        self.chain = failure
            .held_back
            .then(|| Link::of(failure.request))
            .flatten();
    }

    /// Whether the cell in `request` falls with the last failure. Cells are
    /// asked about in the order in which they came.
    pub(super) fn fells(&mut self, request: &Request) -> bool {
        let falls = self
            .reported
            .is_some_and(|reported| self.is_behind(request, reported));
        if falls
            && self
                .chain
                .as_ref()
                .is_some_and(|last| last.session == request.header.session)
        {
            self.chain = Link::of(request);
        }
        falls
    }

    fn is_behind(&self, request: &Request, reported: Moment) -> bool {
        let late = request.received.micros_since(reported);
        late <= 0
            || late <= WINDOW_MICROS
                && (self.was_made_before(request, reported) || self.continues(request))
    }

    /// Whether the client made `request` before `moment`, by the kernel's clock.
    fn was_made_before(&self, request: &Request, moment: Moment) -> bool {
        let Some(sent) = request.sent() else {
            return false;
        };
        let travel = self
            .fastest
            .get(&request.header.session)
            .copied()
            .unwrap_or(0);
        sent.plus_micros(travel).plus_micros(PRECISION_MICROS) <= moment
    }

    /// Whether the client made `request` in one go with the last that fell.
    fn continues(&self, request: &Request) -> bool {
        let Some(last) = &self.chain else {
            return false;
        };
        let Some(sent) = request.sent() else {
            return false;
        };
        let pause = sent.micros_since(last.made);
        last.session == request.header.session && pause < PAUSE_MICROS - PRECISION_MICROS
    }
}

impl Link {
    fn of(request: &Request) -> Option<Self> {
        let made = request.sent()?;
        Some(Self {
            session: request.header.session.clone(),
            made,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jupyter_protocol::Header;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const MS: i64 = 1_000;
    /// An hour, so that dates are never the epoch.
    const BASE: i64 = 3_600_000_000;

    /// A cell made at `sent` by the client's clock, arriving at `received` by ours.
    fn cell(sent: i64, received: i64) -> Request {
        let header: Header = serde_json::from_value(json!({
            "msg_id": "m", "username": "", "session": "s", "version": "5.3",
            "msg_type": "execute_request", "date": "1970-01-01T00:00:00Z",
        }))
        .unwrap();
        let date = header.date + Duration::from_micros(sent.unsigned_abs());
        Request {
            identities: Vec::new(),
            header: Arc::new(Header { date, ..header }),
            content: Value::Null,
            received: Moment::from_micros(received),
        }
    }

    /// The rule after `request` failed, which was reported at `reported`.
    fn rule(request: &Request, reported: i64, held_back: bool) -> AbortRule {
        let mut rule = AbortRule::default();
        rule.observe(request);
        rule.failed(Failure {
            request,
            reported: Moment::from_micros(reported),
            held_back,
        });
        rule
    }

    #[test]
    fn the_pause_is_the_same_in_both_units() {
        assert_eq!(PAUSE.as_micros(), u128::try_from(PAUSE_MICROS).unwrap());
    }

    #[test]
    fn nothing_falls_before_a_failure() {
        assert!(!AbortRule::default().fells(&cell(BASE, BASE + MS)));
    }

    #[test]
    fn what_arrived_before_the_report_falls() {
        let mut rule = rule(&cell(BASE, BASE + MS), BASE + 100 * MS, false);
        assert!(rule.fells(&cell(BASE + 99 * MS, BASE + 100 * MS)));
    }

    #[test]
    fn what_was_made_before_the_report_falls_however_late_it_arrives() {
        let mut rule = rule(&cell(BASE, BASE + MS), BASE + 100 * MS, false);
        assert!(rule.fells(&cell(BASE + 5 * MS, BASE + 4_000 * MS)));
        assert!(!rule.fells(&cell(BASE + 101 * MS, BASE + 102 * MS)));
    }

    #[test]
    fn what_was_made_in_one_go_falls_together() {
        let failing = cell(BASE, BASE + MS);
        let mut held = rule(&failing, BASE + 101 * MS, true);
        for number in 1..50 {
            assert!(held.fells(&cell(BASE + number * 40 * MS, BASE + number * 40 * MS + MS)));
        }
        let after_a_pause = cell(BASE + 49 * 40 * MS + 100 * MS, BASE + 5_000 * MS);
        assert!(!held.fells(&after_a_pause));
        let mut prompt = rule(&failing, BASE + 2 * MS, false);
        assert!(!prompt.fells(&cell(BASE + 40 * MS, BASE + 41 * MS)));
    }

    #[test]
    fn dates_count_for_ten_seconds_only() {
        let mut rule = rule(&cell(BASE, BASE + MS), BASE + 100 * MS, true);
        assert!(!rule.fells(&cell(BASE + 5 * MS, BASE + 10_101 * MS)));
    }

    #[test]
    fn a_message_without_a_date_is_judged_by_its_arrival() {
        let mut rule = rule(&cell(BASE, BASE + MS), BASE + 100 * MS, true);
        assert!(rule.fells(&cell(0, BASE + 50 * MS)));
        assert!(!rule.fells(&cell(0, BASE + 101 * MS)));
    }

    proptest! {
        #[test]
        fn a_client_that_waits_for_the_report_loses_nothing(
            skew in -BASE / 2..BASE / 2, there in 1..50 * MS, back in 1..50 * MS,
            again in 0..200 * MS, work in 0..500 * MS, held_back: bool,
        ) {
            let dated = |moment: i64| (moment + skew) / MS * MS;
            let hold = if held_back { PAUSE_MICROS } else { 0 };
            let reported = 2 * BASE + there + work + hold;
            let mut rule = rule(&cell(dated(2 * BASE), 2 * BASE + there), reported, held_back);
            let next = cell(dated(reported + back), reported + back + again);
            rule.observe(&next);
            prop_assert!(!rule.fells(&next));
        }

        #[test]
        fn what_was_sent_with_the_failing_cell_falls_whatever_the_clocks_say(
            skew in -BASE / 2..BASE / 2, there in 0..50 * MS, late in 0..5_000 * MS,
        ) {
            let arrived = 2 * BASE + there;
            let mut rule = rule(&cell(2 * BASE + skew, arrived), arrived + 100 * MS, false);
            prop_assert!(rule.fells(&cell(2 * BASE + skew + 20 * MS, arrived + late)));
        }
    }
}
