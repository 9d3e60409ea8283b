//! Reading the big-endian, length-prefixed fields of binary formats.

/// The input ends inside a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the input ends at byte {length}, inside the {field}")]
pub struct Truncated {
    /// The field that is cut, such as `message id`.
    pub field: &'static str,
    /// The length of the input in bytes.
    pub length: usize,
}

/// A position in an input, which every read moves forward.
///
/// Nothing is copied, so a claimed length costs nothing until its bytes are
/// known to be there.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self {
            rest: input,
            length: input.len(),
        }
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    /// Whether everything has been read.
    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn bytes(
        &mut self,
        count: usize,
        field: &'static str,
    ) -> Result<&'a [u8], Truncated> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Truncated {
            field,
            length: self.length,
        })?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<[u8; N], Truncated> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Truncated {
            field,
            length: self.length,
        })?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self, field: &'static str) -> Result<u8, Truncated> {
        self.array(field).map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self, field: &'static str) -> Result<u16, Truncated> {
        self.array(field).map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, Truncated> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// A field behind its two-byte length.
    pub(super) fn field(&mut self, field: &'static str) -> Result<&'a [u8], Truncated> {
        let count = self.u16(field)?;
        self.bytes(usize::from(count), field)
    }
}

/// Appends `bytes` behind their two-byte length; `None`, and nothing written,
/// where 65,535 bytes do not hold them.
pub(super) fn push_field(output: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let length = u16::try_from(bytes.len()).ok()?;
    output.extend_from_slice(&length.to_be_bytes());
    output.extend_from_slice(bytes);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_order_and_a_cut_one_is_named() {
        let mut reader = Reader::new(&[0, 2, b'h', b'i', 0, 9, 1]);
        assert_eq!(reader.field("greeting").unwrap(), b"hi");
        assert_eq!(reader.position(), 4);
        let error = reader.field("answer").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the input ends at byte 7, inside the answer"
        );
    }

    #[test]
    fn a_field_longer_than_its_length_prefix_is_not_written() {
        let mut output = Vec::new();
        assert!(push_field(&mut output, &vec![0; 65_536]).is_none());
        assert!(output.is_empty());
        push_field(&mut output, &vec![7; 65_535]).unwrap();
        assert_eq!(output.len(), 65_537);
        assert_eq!(output[..3], [255, 255, 7]);
    }
}
