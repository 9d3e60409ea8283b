//! Lists page by page.

use super::error;
use crate::api::{ApiError, Service};
use crate::base::Blob;

/// The page that a request asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page<'a> {
    pub(super) limit: Option<u32>,
    pub(super) marker: Option<&'a str>,
    /// How many items a page has if no limit is given.
    pub(super) default: u32,
    /// The greatest limit.
    pub(super) max: u32,
}

/// One page of a list.
#[derive(Debug)]
pub(super) struct Paged<T> {
    pub(super) items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub(super) next_marker: Option<String>,
}

impl Page<'_> {
    /// Refuses a limit out of range, and a marker that no list has given.
    ///
    /// # Errors
    /// `ValidationException`, `InvalidMarkerException`.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let (max, limit) = (self.max, self.limit.unwrap_or(self.default));
        if !(1..=max).contains(&limit) {
            let text = format!("`{limit}` is not a limit: it is between 1 and {max}");
            return Err(ApiError::validation(Service::Kms, text));
        }
        self.after().map(|_| ())
    }

    /// The items after the marker, as many as the limit allows. `items` are in
    /// the order of `place`, which tells one from the other.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub(super) fn of<T>(
        &self,
        items: Vec<T>,
        place: impl Fn(&T) -> String,
    ) -> Result<Paged<T>, ApiError> {
        let (after, limit) = (self.after()?, self.limit.unwrap_or(self.default) as usize);
        let fresh = |item: &T| after.as_ref().is_none_or(|after| place(item) > *after);
        let mut rest = items.into_iter().filter(fresh);
        let items: Vec<T> = rest.by_ref().take(limit).collect();
        let more = rest.next().is_some();
        let last = items.last().filter(|_| more).map(&place);
        Ok(Paged {
            items,
            next_marker: last.map(|place| Blob::from(place.as_bytes()).to_base64()),
        })
    }

    /// The place of the last item of the page before.
    fn after(&self) -> Result<Option<String>, ApiError> {
        let Some(marker) = self.marker else {
            return Ok(None);
        };
        let decoded = Blob::from_base64(marker).ok();
        let place = decoded.and_then(|blob| String::from_utf8(blob.as_bytes().to_vec()).ok());
        place.map(Some).ok_or_else(|| {
            error("InvalidMarkerException", "")
                .with_detail("Marker is the NextMarker of the page before, unchanged.")
        })
    }
}
