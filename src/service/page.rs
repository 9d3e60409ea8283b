//! Lists in pages, for whatever service: the marker of a page is the last item
//! of the page before.

use crate::api::ApiError;
use crate::base::Blob;

/// One page of a list.
#[derive(Debug)]
pub(super) struct Paged<T> {
    pub(super) items: Vec<T>,
    /// The marker of the next page, if there is one.
    pub(super) next_marker: Option<String>,
}

impl<T> Paged<T> {
    /// At most `limit` of `rest`: what the pages before did not have. `place`
    /// tells an item from the others.
    pub(super) fn of(
        mut rest: impl Iterator<Item = T>,
        limit: usize,
        place: impl Fn(&T) -> String,
    ) -> Self {
        let items: Vec<T> = rest.by_ref().take(limit).collect();
        let more = rest.next().is_some();
        let last = items.last().filter(|_| more).map(place);
        Self {
            items,
            next_marker: last.map(|place| Blob::from(place.as_bytes()).to_base64()),
        }
    }
}

/// The place of the last item of the page before, if there was one.
///
/// # Errors
/// `invalid` if no page gave the marker.
pub(super) fn last_place(
    marker: Option<&str>,
    invalid: impl Fn() -> ApiError,
) -> Result<Option<String>, ApiError> {
    let Some(marker) = marker else {
        return Ok(None);
    };
    let decoded = Blob::from_base64(marker).ok();
    let place = decoded.and_then(|blob| String::from_utf8(blob.as_bytes().to_vec()).ok());
    place.map(Some).ok_or_else(invalid)
}

/// How many of `items` the pages before had.
///
/// # Errors
/// `invalid` if no page gave the marker, or if its item is gone.
pub(super) fn shown<T>(
    items: &[T],
    marker: Option<&str>,
    place: impl Fn(&T) -> &str,
    invalid: impl Fn() -> ApiError,
) -> Result<usize, ApiError> {
    let Some(last) = last_place(marker, &invalid)? else {
        return Ok(0);
    };
    let position = items.iter().position(|item| place(item) == last);
    position.map(|at| at.saturating_add(1)).ok_or_else(invalid)
}
