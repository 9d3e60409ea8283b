//! `Range` headers, and parts by number.

use std::ops::Range;

use super::error;
use crate::api::ApiError;
use crate::state::s3::Object;

/// The bytes that `text` asks for of an object of `size` bytes; `None` for all
/// of it, which is also the answer to what is no single range.
///
/// Source: RFC 9110, sections 14.1.2 and 14.2: a header that cannot be read is ignored.
///
/// # Errors
/// `InvalidRange` 416 if there is no such byte.
pub(super) fn parse(text: &str, size: u64) -> Result<Option<Range<u64>>, ApiError> {
    let Some((from, to)) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Ok(None);
    };
    let range = match (number(from), number(to)) {
        (None, Some(last)) if from.is_empty() => size.saturating_sub(last)..size,
        (Some(first), None) if to.is_empty() => first..size,
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        _ => return Ok(None),
    };
    if range.start < range.end {
        return Ok(Some(range));
    }
    let message = "The requested range is not satisfiable";
    let detail = format!("`{text}` does not fit an object of {size} bytes");
    Err(error("InvalidRange", 416, message).with_detail(detail))
}

/// Digits alone; too many of them are beyond every object.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// A part that a read asks for.
#[derive(Debug)]
pub(super) struct AskedPart {
    /// Its number.
    pub(super) number: u16,
    /// Where its bytes are.
    pub(super) range: Range<u64>,
    /// How many parts there are; `None` for an object that was put at once.
    pub(super) of: Option<usize>,
}

impl AskedPart {
    /// The range of the object that it is; `None` for all of it.
    pub(super) fn within(&self) -> Option<Range<u64>> {
        self.of.map(|_| self.range.clone())
    }
}

/// Checks that a read names a part or a range, not both.
///
/// # Errors
/// `InvalidRequest`, `InvalidArgument` 400.
pub(super) fn check_part(number: Option<i64>, range: Option<&str>) -> Result<(), ApiError> {
    match (number, range) {
        (Some(_), Some(_)) => {
            let text = "Cannot specify both Range header and partNumber query parameter";
            Err(error("InvalidRequest", 400, text))
        }
        (Some(number), None) if !(1..=10_000).contains(&number) => {
            let text = "Part number must be an integer between 1 and 10000, inclusive";
            Err(error("InvalidArgument", 400, text))
        }
        _ => Ok(()),
    }
}

/// The part that is asked for. An object that was put at once is its own first.
///
/// # Errors
/// `InvalidPartNumber` 416.
pub(super) fn part(number: Option<i64>, object: &Object) -> Result<Option<AskedPart>, ApiError> {
    let Some(number) = number.and_then(|number| u16::try_from(number).ok()) else {
        return Ok(None);
    };
    let parts = &object.checksum.parts;
    if parts.is_empty() && number == 1 {
        let range = 0..object.size;
        let of = None;
        return Ok(Some(AskedPart { number, range, of }));
    }
    let mut start = 0;
    for part in parts.iter() {
        let range = start..start + part.size;
        if part.number == number {
            let of = Some(parts.len());
            return Ok(Some(AskedPart { number, range, of }));
        }
        start = range.end;
    }
    let text = "The requested partnumber is not satisfiable";
    let detail = format!("The object has {} parts.", parts.len().max(1));
    Err(error("InvalidPartNumber", 416, text).with_detail(detail))
}

/// `Content-Range` for `range` of `size` bytes.
pub(super) fn shown(range: &Range<u64>, size: u64) -> String {
    format!(
        "bytes {}-{}/{size}",
        range.start,
        range.end.saturating_sub(1)
    )
}
