//! Typed values of conditions: decimals, dates, addresses, bytes.

use std::cmp::Ordering;
use std::net::IpAddr;

use base64::Engine as _;

/// The order of two decimals, digit by digit; nothing if one is none.
pub fn compare_decimals(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (decimal(left)?, decimal(right)?);
    Some(match (left.negative, right.negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => magnitude(&left, &right),
        (true, true) => magnitude(&right, &left),
    })
}

struct Decimal {
    negative: bool,
    whole: String,
    fraction: String,
}

fn decimal(text: &str) -> Option<Decimal> {
    let (minus, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0').to_owned();
    let fraction = fraction.trim_end_matches('0').to_owned();
    let zero = whole.is_empty() && fraction.is_empty();
    Some(Decimal {
        negative: minus && !zero,
        whole,
        fraction,
    })
}

fn magnitude(left: &Decimal, right: &Decimal) -> Ordering {
    // Without leading zeros the longer whole part is the greater one.
    (left.whole.len(), &left.whole, &left.fraction).cmp(&(
        right.whole.len(),
        &right.whole,
        &right.fraction,
    ))
}

/// The order of two moments; nothing if one is none.
pub fn compare_dates(left: &str, right: &str) -> Option<Ordering> {
    Some(moment(left)?.cmp(&moment(right)?))
}

/// Nanoseconds since 1970, from epoch seconds or ISO 8601.
fn moment(text: &str) -> Option<i128> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(i128::from(seconds) * 1_000_000_000);
    }
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let mut parts = date.split('-').map(|p| p.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let (clock, offset) = match time.strip_suffix('Z') {
        Some(clock) => (clock, 0),
        None => {
            let at = time.rfind(['+', '-'])?;
            let (hours, minutes) = time[at + 1..].split_once(':')?;
            let size = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
            let sign = if time[at..].starts_with('-') { -1 } else { 1 };
            (&time[..at], sign * size)
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = clock.split(':').map(|p| p.parse::<i64>().ok());
    let (hour, minute, second) = (
        parts.next()??,
        parts.next()??,
        parts.next().unwrap_or(Some(0))?,
    );
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    let nanos: i128 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Some(i128::from(seconds) * 1_000_000_000 + nanos)
}

/// Days from 1970-01-01 to a date, counted one year and one month at a time.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let leap = |y: i64| (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    let length = |y: i64| if leap(y) { 366 } else { 365 };
    let years: i64 = if year >= 1970 {
        (1970..year).map(length).sum()
    } else {
        -(year..1970).map(length).sum::<i64>()
    };
    let february = if leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before: i64 = (0..month - 1)
        .map(|m| {
            usize::try_from(m)
                .ok()
                .and_then(|m| months.get(m))
                .copied()
                .unwrap_or(0)
        })
        .sum();
    years + before + day - 1
}

/// Whether `address` lies in `range`, a CIDR block or a single address.
pub fn address_within(address: &str, range: &str) -> bool {
    let (network, length) = match range.split_once('/') {
        Some((network, length)) => (network, Some(length)),
        None => (range, None),
    };
    match (address.parse(), network.parse()) {
        (Ok(IpAddr::V4(a)), Ok(IpAddr::V4(n))) => {
            let bits = |x: std::net::Ipv4Addr| bits_of(&x.octets());
            same_start(&bits(a), &bits(n), length)
        }
        (Ok(IpAddr::V6(a)), Ok(IpAddr::V6(n))) => {
            let bits = |x: std::net::Ipv6Addr| bits_of(&x.octets());
            same_start(&bits(a), &bits(n), length)
        }
        _ => false,
    }
}

fn bits_of(bytes: &[u8]) -> Vec<bool> {
    bytes
        .iter()
        .flat_map(|byte| (0..8).map(move |bit| byte & (128 >> bit) != 0))
        .collect()
}

fn same_start(left: &[bool], right: &[bool], length: Option<&str>) -> bool {
    let length = match length.map(str::parse::<usize>) {
        None => left.len(),
        Some(Ok(length)) if length <= left.len() => length,
        Some(_) => return false,
    };
    left[..length] == right[..length]
}

/// Whether two base64 texts stand for the same bytes.
pub fn same_bytes(left: &str, right: &str) -> bool {
    let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).ok();
    decode(left).is_some() && decode(left) == decode(right)
}
