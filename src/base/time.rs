//! The lab's clock.

use std::fmt;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::{Deserialize, Serialize};

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
///
/// Written as ISO 8601 in UTC with whole seconds, as CloudTrail does; a binary
/// format keeps the milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The instant `seconds` seconds after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Parses an ISO 8601 date (`2026-06-01`) or date and time with offset.
    ///
    /// # Errors
    /// A sentence that names the accepted forms.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Ok(Self(instant.as_millisecond()));
        }
        let civil = text
            .parse::<jiff::civil::DateTime>()
            .or_else(|_| text.parse::<jiff::civil::Date>().map(|d| d.at(0, 0, 0, 0)));
        civil
            .and_then(|c| jiff::tz::Offset::UTC.to_timestamp(c))
            .map(|instant| Self(instant.as_millisecond()))
            .map_err(|_| {
                format!("`{text}` is not a date: use `2026-06-01` or `2026-06-01T12:00:00Z`")
            })
    }

    /// This instant moved by `seconds`, kept within the years that can be written.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let limit = jiff::Timestamp::MAX.as_millisecond();
        Self(
            self.0
                .saturating_add(seconds.saturating_mul(1000))
                .clamp(-limit, limit),
        )
    }

    /// This instant moved by `days` of 24 hours.
    pub fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days.saturating_mul(86_400))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.seconds()) {
            Ok(instant) => write!(f, "{instant}"),
            Err(_) => write!(f, "{}s", self.seconds()),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serializer.is_human_readable() {
            true => serializer.collect_str(self),
            false => serializer.serialize_i64(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i64::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}

/// Parses a length of time such as `90d`, `1h 30m`, `15 minutes`, `2 weeks`, into seconds.
///
/// A day has 24 hours and a week 7 days; months and years are refused, because
/// their length depends on where they begin.
///
/// # Errors
/// A sentence that names the accepted forms.
pub fn parse_duration_seconds(text: &str) -> Result<i64, String> {
    let wrong = || {
        format!("`{text}` is not a length of time: use forms such as `90d`, `12h`, `1h 30m`, `45s`")
    };
    let span: Span = text.parse().map_err(|_| wrong())?;
    let duration: SignedDuration = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong())?;
    Ok(duration.as_secs())
}

/// What time it is in the lab.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Clock {
    /// Stands still until it is advanced.
    Simulated {
        /// The present instant.
        now: Timestamp,
    },
    /// Follows the system, plus whatever it was advanced by.
    System {
        /// How far ahead of the system it is, in seconds.
        ahead_seconds: i64,
    },
}

impl Clock {
    /// The instant at which a simulated lab starts: 2026-06-01T12:00:00Z.
    pub const SIMULATED_START: Timestamp = Timestamp::from_seconds(1_780_315_200);

    /// A clock that stands at [`Self::SIMULATED_START`].
    pub fn simulated() -> Self {
        Self::Simulated {
            now: Self::SIMULATED_START,
        }
    }

    /// A clock that follows the system.
    pub fn system() -> Self {
        Self::System { ahead_seconds: 0 }
    }

    /// The present instant.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where time enters"
    )]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Simulated { now } => *now,
            Self::System { ahead_seconds } => {
                let since = std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
                    .plus_seconds(*ahead_seconds)
            }
        }
    }

    /// Moves the clock forward. Time in the lab never runs backwards.
    ///
    /// # Errors
    /// A sentence if `seconds` is negative.
    pub fn advance(&mut self, seconds: i64) -> Result<(), String> {
        if seconds < 0 {
            return Err("the lab's clock only runs forward: give a positive length of time".into());
        }
        match self {
            Self::Simulated { now } => *now = now.plus_seconds(seconds),
            Self::System { ahead_seconds } => {
                *ahead_seconds = ahead_seconds.saturating_add(seconds);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_and_write_as_iso_8601() {
        let noon = Timestamp::parse("2026-06-01T12:00:00Z").unwrap();
        assert_eq!(noon, Clock::SIMULATED_START);
        assert_eq!(noon.to_string(), "2026-06-01T12:00:00Z");
        assert_eq!(
            Timestamp::parse("2026-06-01").unwrap().plus_seconds(43_200),
            noon
        );
        assert_eq!(Timestamp::parse("2026-06-01T14:00:00+02:00").unwrap(), noon);
    }

    #[test]
    fn lengths_of_time_read_as_people_write_them() {
        for (text, seconds) in [
            ("90d", 7_776_000),
            ("1h 30m", 5400),
            ("45s", 45),
            ("2 weeks", 1_209_600),
        ] {
            assert_eq!(parse_duration_seconds(text), Ok(seconds), "{text}");
        }
        assert!(
            parse_duration_seconds("soon")
                .unwrap_err()
                .contains("`90d`")
        );
        assert!(parse_duration_seconds("1 month").is_err());
    }

    #[test]
    fn the_clock_only_runs_forward() {
        let mut clock = Clock::simulated();
        clock.advance(60).unwrap();
        assert_eq!(clock.now(), Clock::SIMULATED_START.plus_seconds(60));
        assert!(clock.advance(-1).is_err());
    }
}
