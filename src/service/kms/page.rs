//! Lists page by page.

use super::error;
use crate::api::{ApiError, Service};
pub(super) use crate::service::page::Paged;
use crate::service::page::last_place;

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
        let rest = items.into_iter().filter(fresh);
        Ok(Paged::of(rest, limit, &place))
    }

    /// The place of the last item of the page before; that item may be gone.
    fn after(&self) -> Result<Option<String>, ApiError> {
        last_place(self.marker, || {
            error("InvalidMarkerException", "")
                .with_detail("Marker is the NextMarker of the page before, unchanged.")
        })
    }
}
