//! `Range` headers.

use std::ops::Range;

use super::error;
use crate::api::ApiError;

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

/// `Content-Range` for `range` of `size` bytes.
pub(super) fn shown(range: &Range<u64>, size: u64) -> String {
    format!(
        "bytes {}-{}/{size}",
        range.start,
        range.end.saturating_sub(1)
    )
}
