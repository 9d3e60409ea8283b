//! Where each frame of a message lies.

use std::num::NonZeroU32;
use std::ops::Range;

use super::frame::{FINAL_OVERHEAD, Frame, REGULAR_OVERHEAD};

/// The frames of a message of known length: some regular ones, all full, and
/// the final one, which may be empty, short or full.
///
/// Its body fits 2^64 bytes. Offsets count from the end of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    frame_length: NonZeroU32,
    /// At most 2^32 - 2, for the final frame is numbered after them.
    regular_frames: u32,
    /// At most the frame length.
    final_length: u32,
}

/// One frame, where it lies in the body, and what it holds of the plaintext.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Which frame.
    pub frame: Frame,
    /// Head, payload and tag, as offsets from the end of the header.
    pub body: Range<u64>,
    /// The payload, as offsets in the plaintext.
    pub plaintext: Range<u64>,
}

impl Placement {
    /// The part of `range` that this frame holds; where it holds none, an empty range.
    pub fn overlap(&self, range: &Range<u64>) -> Range<u64> {
        let start = self.plaintext.start.max(range.start);
        start..self.plaintext.end.min(range.end).max(start)
    }
}

impl Layout {
    /// How a plaintext of `length` bytes is cut into frames; `None` where that
    /// takes more than 2^32 - 1 frames.
    pub fn of_plaintext(length: u64, frame_length: NonZeroU32) -> Option<Self> {
        let frame = u64::from(frame_length.get());
        let regular = length.saturating_sub(1) / frame;
        Self::checked(frame_length, regular, length - regular * frame)
    }

    /// The frames that a body of `length` bytes must consist of; `None` where
    /// no plaintext gives such a body.
    pub fn of_body(length: u64, frame_length: NonZeroU32) -> Option<Self> {
        let sealed = u64::from(frame_length.get()) + REGULAR_OVERHEAD as u64;
        let rest = length.checked_sub(FINAL_OVERHEAD as u64)?;
        Self::checked(frame_length, rest / sealed, rest % sealed)
    }

    fn checked(frame_length: NonZeroU32, regular: u64, last: u64) -> Option<Self> {
        let regular_frames = u32::try_from(regular)
            .ok()
            .filter(|count| *count < u32::MAX)?;
        let final_length = u32::try_from(last)
            .ok()
            .filter(|last| *last <= frame_length.get())?;
        let layout = Self {
            frame_length,
            regular_frames,
            final_length,
        };
        let sealed = u64::from(frame_length.get()) + REGULAR_OVERHEAD as u64;
        let fits = regular
            .checked_mul(sealed)?
            .checked_add(last)?
            .checked_add(FINAL_OVERHEAD as u64);
        fits.map(|_| layout)
    }

    /// The length of the plaintext in bytes.
    pub fn plaintext_length(self) -> u64 {
        self.last().plaintext.end
    }

    /// The length of all frames in bytes, the header not counted.
    pub fn body_length(self) -> u64 {
        self.last().body.end
    }

    /// How many bytes of plaintext each frame but the final one holds.
    pub fn frame_length(self) -> NonZeroU32 {
        self.frame_length
    }

    /// The final frame.
    pub fn last(self) -> Placement {
        self.placement(self.regular_frames)
    }

    /// The frames that hold `range` of the plaintext, in order.
    pub fn frames(self, range: &Range<u64>) -> impl Iterator<Item = Placement> + use<> {
        let frame = u64::from(self.frame_length.get());
        let range = range.start..range.end.min(self.plaintext_length());
        let first = range.start / frame;
        // An exact multiple may end in an empty final frame or in a full one.
        let end = range.end.div_ceil(frame);
        let count = if range.is_empty() {
            0
        } else {
            end.saturating_sub(first)
        };
        (first..first + count)
            .filter_map(move |index| u32::try_from(index).ok().map(|index| self.placement(index)))
    }

    /// The frames that lie in `range` of the body, in order.
    pub fn frames_at(self, range: &Range<u64>) -> impl Iterator<Item = Placement> + use<> {
        let sealed = u64::from(self.frame_length.get()) + REGULAR_OVERHEAD as u64;
        let end = range.end.min(self.body_length());
        // The final frame is longer than the others by its longer head.
        let first = (range.start / sealed).min(u64::from(self.regular_frames));
        let range = range.start..end;
        (first..=u64::from(self.regular_frames))
            .filter_map(move |index| u32::try_from(index).ok().map(|index| self.placement(index)))
            .skip_while(move |placement| placement.body.end <= range.start)
            .take_while(move |placement| placement.body.start < end)
    }

    /// The frame after `before` regular ones, at most the final one.
    fn placement(self, before: u32) -> Placement {
        let frame = u64::from(self.frame_length.get());
        let before = before.min(self.regular_frames);
        let sequence = before.saturating_add(1);
        let body = u64::from(before) * (frame + REGULAR_OVERHEAD as u64);
        let plaintext = u64::from(before) * frame;
        let (frame, payload, overhead) = match before == self.regular_frames {
            true => (
                Frame::Final { sequence },
                u64::from(self.final_length),
                FINAL_OVERHEAD,
            ),
            false => (Frame::Regular { sequence }, frame, REGULAR_OVERHEAD),
        };
        Placement {
            frame,
            body: body..body + payload + overhead as u64,
            plaintext: plaintext..plaintext + payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn length(value: u32) -> NonZeroU32 {
        NonZeroU32::new(value).unwrap()
    }

    #[test]
    fn the_offset_of_a_frame_is_that_of_the_format() {
        let layout = Layout::of_plaintext(200_000, length(65_536)).unwrap();
        // Offset of frame i = (i - 1) * (frame length + 32).
        let starts: Vec<u64> = layout.frames(&(0..200_000)).map(|p| p.body.start).collect();
        assert_eq!(starts, [0, 65_568, 131_136, 196_704]);
        assert_eq!(layout.last().frame, Frame::Final { sequence: 4 });
        assert_eq!(layout.body_length(), 196_704 + (200_000 - 3 * 65_536) + 40);
    }

    #[test]
    fn a_body_ends_in_an_empty_or_a_full_final_frame() {
        let full = Layout::of_body(100 + 40, length(100)).unwrap();
        let empty = Layout::of_body(100 + 32 + 40, length(100)).unwrap();
        assert_eq!(
            (full.plaintext_length(), full.last().plaintext),
            (100, 0..100)
        );
        assert_eq!(
            (empty.plaintext_length(), empty.last().plaintext),
            (100, 100..100)
        );
        // Between the two, the final frame would be longer than a frame.
        for body in 100 + 40 + 1..100 + 32 + 40 {
            assert_eq!(Layout::of_body(body, length(100)), None, "{body}");
        }
        assert_eq!(Layout::of_body(39, length(100)), None);
    }

    #[test]
    fn the_largest_messages_neither_overflow_nor_pass() {
        let most = u64::from(u32::MAX);
        assert_eq!(
            Layout::of_plaintext(most, length(1)).unwrap().last().frame,
            Frame::Final { sequence: u32::MAX }
        );
        assert_eq!(Layout::of_plaintext(most + 1, length(1)), None);
        assert_eq!(Layout::of_plaintext(u64::MAX, length(u32::MAX)), None);
        for frame in [1, 2, 65_536, u32::MAX] {
            if let Some(layout) = Layout::of_body(u64::MAX, length(frame)) {
                assert_eq!(layout.body_length(), u64::MAX);
            }
        }
    }

    proptest! {
        #[test]
        fn body_and_plaintext_tell_the_same_layout(bytes in 0u64..1 << 40, frame in 1024u32..) {
            let layout = Layout::of_plaintext(bytes, length(frame)).unwrap();
            prop_assert_eq!(layout.plaintext_length(), bytes);
            prop_assert_eq!(Layout::of_body(layout.body_length(), length(frame)), Some(layout));
        }

        #[test]
        fn frames_cover_a_range_and_no_more(total in 0u64..900, frame in 1u32..70, a in 0u64..900, b in 0u64..900) {
            let layout = Layout::of_plaintext(total, length(frame)).unwrap();
            let range = a.min(b).min(total)..a.max(b).min(total);
            let mut next = range.start;
            for placement in layout.frames(&range) {
                let part = placement.overlap(&range);
                prop_assert_eq!(part.start, next);
                prop_assert!(!part.is_empty());
                next = part.end;
            }
            prop_assert_eq!(next, range.end);
        }
    }
}
