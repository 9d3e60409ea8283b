//! Values that conditions compare: numbers, dates, addresses, binaries.

use std::cmp::Ordering;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base::Timestamp;

/// A decimal number of any length, compared without rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal<'a> {
    negative: bool,
    /// Without leading zeros.
    whole: &'a str,
    /// Without trailing zeros.
    fraction: &'a str,
}

impl<'a> Decimal<'a> {
    /// Reads `12`, `-3`, `+1.50`; no exponent.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = whole
            .bytes()
            .chain(fraction.bytes())
            .all(|b| b.is_ascii_digit());
        if !all_digits || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self {
            negative: negative && !zero,
            whole,
            fraction,
        })
    }

    fn compare_size(&self, other: &Self) -> Ordering {
        self.whole
            .len()
            .cmp(&other.whole.len())
            .then_with(|| self.whole.cmp(other.whole))
            .then_with(|| self.fraction.cmp(other.fraction))
    }
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.compare_size(other),
            (true, true) => other.compare_size(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reads a date: ISO 8601, as short as year and month, or seconds since 1970.
pub(super) fn parse_date(text: &str) -> Option<Timestamp> {
    if let Some((seconds, fraction)) = epoch_parts(text) {
        let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
        let millis: i64 = millis.parse().ok()?;
        let sign = if text.starts_with('-') { -1 } else { 1 };
        return Some(Timestamp::from_millis(
            seconds.checked_mul(1000)?.checked_add(sign * millis)?,
        ));
    }
    let month_only = text.len() == 7 && text.as_bytes().get(4) == Some(&b'-');
    if month_only {
        return Timestamp::parse(&format!("{text}-01")).ok();
    }
    Timestamp::parse(text).ok()
}

fn epoch_parts(text: &str) -> Option<(i64, &str)> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = seconds.strip_prefix('-').unwrap_or(seconds);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !plain || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    seconds.parse().ok().map(|seconds| (seconds, fraction))
}

/// A block of addresses, `203.0.113.0/24`; a bare address is a block of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cidr {
    first: IpAddr,
    prefix: u8,
}

impl Cidr {
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = address.trim().parse().ok()?;
        let longest = if first.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(text) => text.parse().ok().filter(|prefix| *prefix <= longest)?,
        };
        Some(Self { first, prefix })
    }

    /// How many leading bits the addresses have in common.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    pub fn is_v4(&self) -> bool {
        self.first.is_ipv4()
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let differing = u64::from(first.to_bits() ^ address.to_bits());
                differing >> (32 - u32::from(self.prefix)) == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differing = first.to_bits() ^ address.to_bits();
                differing
                    .checked_shr(128 - u32::from(self.prefix))
                    .unwrap_or(0)
                    == 0
            }
            _ => false,
        }
    }
}

/// Reads the address of a request.
pub(super) fn parse_address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// Decodes standard base64 with padding.
pub(super) fn decode_binary(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Reads `true` or `false`, in any case.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_compare_as_numbers_do() {
        let ordered = [
            "-100", "-2.5", "-2.49", "0", "0.09", "0.1", "1.2", "1.25", "9", "10",
        ];
        for pair in ordered.windows(2) {
            assert!(
                Decimal::parse(pair[0]) < Decimal::parse(pair[1]),
                "{pair:?}"
            );
        }
        assert_eq!(Decimal::parse("-0.0"), Decimal::parse("0"));
        assert_eq!(Decimal::parse("007.10"), Decimal::parse("7.1"));
        for wrong in ["", ".", "-", "1e3", "1,5", "0x10", "1.2.3"] {
            assert_eq!(Decimal::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn decimals_agree_with_integers(a in -1000_i64..1000, b in -1000_i64..1000) {
            let (left, right) = (a.to_string(), b.to_string());
            prop_assert_eq!(Decimal::parse(&left).cmp(&Decimal::parse(&right)), a.cmp(&b));
        }
    }

    #[test]
    fn dates_are_iso_8601_or_epoch_seconds() {
        let noon = parse_date("2026-06-01T12:00:00Z");
        assert_eq!(noon, Some(Timestamp::from_seconds(1_780_315_200)));
        assert_eq!(parse_date("1780315200"), noon);
        assert_eq!(
            parse_date("1780315200.5"),
            Some(Timestamp::from_millis(1_780_315_200_500))
        );
        assert_eq!(parse_date("2026-06"), parse_date("2026-06-01T00:00:00Z"));
        assert_eq!(parse_date("2026-06-01T12:00Z"), noon);
        for wrong in ["soon", "", "2026-13-01", "01T", "."] {
            assert_eq!(parse_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn blocks_hold_the_addresses_under_their_prefix() {
        for (block, address, inside) in [
            ("203.0.113.0/24", "203.0.113.77", true),
            ("203.0.113.0/24", "203.0.114.1", false),
            ("203.0.113.0", "203.0.113.0", true),
            ("203.0.113.0", "203.0.113.1", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("0.0.0.0/0", "2001:db8::1", false),
        ] {
            let held = Cidr::parse(block)
                .unwrap()
                .contains(parse_address(address).unwrap());
            assert_eq!(held, inside, "{address} in {block}");
        }
        for wrong in ["203.0.113.0/33", "203.0.113/24", "x", "::/129", "1.2.3.4/"] {
            assert_eq!(Cidr::parse(wrong), None, "{wrong}");
        }
    }
}
