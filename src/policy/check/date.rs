//! Which dates a condition may be stored with.

use super::super::value;

/// The years that AWS's second parser reads, those of its calendar.
const YEARS: std::ops::RangeInclusive<i64> = -292_275_054..=292_278_993;

/// Whether AWS stores `text` as the value of a date operator.
///
/// It is laxer than what a date can be compared with: a bare year, an hour of
/// one digit or a date without day are stored, and then never equal anything.
/// Source: recorded answers of CreatePolicy.
pub(super) fn is_storable(text: &str) -> bool {
    if value::parse_date(text).is_some() {
        return true;
    }
    let text = text.to_ascii_lowercase();
    match text.split_once('t') {
        Some((date, time)) => is_date(date) && is_time(time),
        None if text.contains('-') => is_date(&text),
        None => text.parse::<i64>().is_ok_and(|seconds| seconds >= 0),
    }
}

fn number(text: &str, range: std::ops::RangeInclusive<i64>) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain && text.parse().is_ok_and(|n: i64| range.contains(&n))
}

/// `year`, `year-month` or `year-month-day`; the year may be negative.
fn is_date(text: &str) -> bool {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let mut parts = rest.split('-');
    let year = parts.next().unwrap_or_default();
    number(&format!("{sign}{year}"), YEARS)
        && parts.next().is_none_or(|month| number(month, 1..=12))
        && parts.next().is_none_or(|day| number(day, 1..=31))
        && parts.next().is_none()
}

/// Nothing, `hour`, `hour:minute` or `hour:minute:seconds` with a zone.
fn is_time(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    let hour = parts.next().unwrap_or_default();
    (hour.is_empty() || number(hour, 0..=23))
        && parts.next().is_none_or(|minute| number(minute, 0..=59))
        && parts.next().is_none_or(is_seconds_and_zone)
}

fn is_seconds_and_zone(text: &str) -> bool {
    let (seconds, zone) = match text.split_once('+') {
        Some((seconds, zone)) => (seconds, Some(zone)),
        None => (text.strip_suffix('z').unwrap_or(text), None),
    };
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    number(whole, 0..=59) && number(fraction, 0..=999_999_999) && zone.is_none_or(is_zone)
}

/// `02` or `02:30`.
fn is_zone(text: &str) -> bool {
    let (hours, minutes) = text.split_once(':').unwrap_or((text, "00"));
    hours.len() == 2 && minutes.len() == 2 && number(hours, 0..=23) && number(minutes, 0..=59)
}

#[cfg(test)]
mod tests {
    use super::is_storable;

    #[test]
    fn what_aws_was_seen_to_store_is_stored_and_the_rest_is_not() {
        for stored in [
            "2017-07-01T00:00:00Z",
            "01T",
            "2019-07-01T13:20:15Z",
            "2016-12-13T21:20:37.593194+00:00",
            "2016-12-13t2:00:00.593194+23",
            "-292275054",
            "9223372036854775807",
            "2026-06-01T12:00Z",
        ] {
            assert!(is_storable(stored), "{stored}");
        }
        for refused in [
            "sdfdsf",
            "234-13",
            "2016-12-13t2:00:00.593194+1",
            "2016-12-13t2:00:00.1999999999+10:59",
            "9223372036854775808",
            "",
            "2016-12-13T24:00:00Z",
            "1-2-3-4",
        ] {
            assert!(!is_storable(refused), "{refused}");
        }
    }
}
