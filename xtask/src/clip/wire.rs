//! The wire format of protocol buffers: fields one after the other. Nothing is copied, and nothing is read twice.

use anyhow::{Context, Result, bail};

/// The content of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes.
    Fixed(&'a [u8]),
}

/// The fields of a message, in order, with their numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// A number of at most ten bytes, seven bits in each.
    pub(crate) fn varint(&mut self) -> Result<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().context("it ends in the middle of a number")?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        bail!("a number in it does not fit into 64 bits")
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let taken = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = taken.with_context(|| {
            format!("a field of {length} bytes has only {} left in its message", self.rest.len())
        })?;
        self.rest = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => Value::Fixed(self.take(8)?),
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Fixed(self.take(4)?),
            kind => bail!("a field of the kind {kind}, which no such file has"),
        };
        match key >> 3 {
            0 => bail!("a field with the number 0, which no such file has"),
            number => Ok((number, value)),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.rest.is_empty()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>)>;

    /// After an error there is nothing more.
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// The text of a field.
pub(crate) fn text<'a>(value: Value<'a>) -> Result<&'a str> {
    match value {
        Value::Bytes(bytes) => std::str::from_utf8(bytes).context("a name in it is not UTF-8"),
        _ => bail!("a number where a name should be"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_field_is_read() {
        let message = [0x08, 0x96, 0x01, 0x12, 2, b'h', b'i', 0x1d, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8];
        let fields: Vec<_> = Fields::of(&message).map(Result::unwrap).collect();
        let expected = [
            (1, Value::Number(150)),
            (2, Value::Bytes(b"hi")),
            (3, Value::Fixed(&[1, 2, 3, 4])),
            (4, Value::Fixed(&[1, 2, 3, 4, 5, 6, 7, 8])),
        ];
        assert_eq!(fields, expected);
        assert_eq!(text(fields[1].1).unwrap(), "hi");
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(Fields::of(&most).varint().unwrap(), u64::MAX);
    }

    #[test]
    fn damaged_messages_are_errors_and_end() {
        for (message, part) in [
            (&[0x08][..], "middle of a number"),
            (&[0x12, 200, 1, 0], "a field of 200 bytes has only 1 left"),
            (&[0x0b, 0], "kind 3"),
            (&[0x00, 0], "number 0"),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], "64 bits"),
            (&[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "bytes has only"),
        ] {
            let mut fields = Fields::of(message);
            let error = fields.next().unwrap().unwrap_err().to_string();
            assert!(error.contains(part), "{message:?}: {error}");
            assert!(fields.next().is_none());
        }
    }
}
