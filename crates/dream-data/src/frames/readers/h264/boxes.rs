//! Walking the boxes of an mp4 or mov file without loading it.
//!
//! re_mp4 parses the tables inside leaf boxes. Its own walk over a whole file trusts the sizes and counts in it (it
//! panics or allocates without bound on hostile ones) and wants the file in memory. So this module walks the boxes
//! itself and checks every range against the enclosing box.

use super::fault::Fault;
use re_mp4::ReadBox;
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;

/// The largest leaf box that is read into memory: the sample sizes of 16 million frames.
pub(super) const MAX_LEAF: u64 = 64 << 20;

/// A file with random access.
#[derive(Debug)]
pub(super) struct Container {
    file: File,
    length: u64,
}

/// A box found in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BoxRef {
    pub(super) kind: [u8; 4],
    /// Position of the header.
    pub(super) start: u64,
    /// Position and end of the content. At top level the end may lie beyond the file.
    pub(super) body: Range<u64>,
}

impl Container {
    pub(super) fn new(file: File, length: u64) -> Self {
        Self { file, length }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Fills `buffer` from `offset`. The caller has checked the range.
    pub(super) fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), Fault> {
        self.file.seek(SeekFrom::Start(offset))?;
        Ok(self.file.read_exact(buffer)?)
    }

    /// The box whose header is at `at` and which must not reach beyond `limit`; `None` when `at` is
    /// the limit.
    pub(super) fn box_at(&mut self, at: u64, limit: u64) -> Result<Option<BoxRef>, Fault> {
        if at >= limit {
            return Ok(None);
        }
        let cut = || Fault::bad("a box header is cut off");
        let readable = limit.min(self.length);
        let mut header = [0u8; 16];
        let available = usize::try_from(readable.saturating_sub(at).min(16)).unwrap_or(0);
        let header_part = header.get_mut(..available).ok_or_else(cut)?;
        if available < 8 {
            return Err(cut());
        }
        self.read_at(at, header_part)?;
        let [s0, s1, s2, s3, k0, k1, k2, k3, large @ ..] = header;
        let (size, header_size) = match u32::from_be_bytes([s0, s1, s2, s3]) {
            0 => (limit - at, 8),
            1 if available < 16 => return Err(cut()),
            1 => (u64::from_be_bytes(large), 16),
            size => (u64::from(size), 8),
        };
        let kind = [k0, k1, k2, k3];
        let end = at.checked_add(size).filter(|_| size >= header_size);
        let end = end.ok_or_else(|| Fault::bad(format!("the box `{}` has the size {size}", name(kind))))?;
        Ok(Some(BoxRef { kind, start: at, body: at + header_size..end }))
    }

    /// The boxes inside `parent`.
    pub(super) fn children(&mut self, parent: &BoxRef) -> Result<Vec<BoxRef>, Fault> {
        let mut found = Vec::new();
        let mut at = parent.body.start;
        // QuickTime ends some containers with four zero bytes.
        while at.saturating_add(8) <= parent.body.end {
            let Some(child) = self.box_at(at, parent.body.end)? else { break };
            if child.body.end > parent.body.end || child.body.end > self.length {
                let (inner, outer) = (name(child.kind), name(parent.kind));
                return Err(Fault::bad(format!("the box `{inner}` reaches beyond its parent `{outer}`")));
            }
            at = child.body.end;
            found.push(child);
        }
        Ok(found)
    }

    /// The first box of this kind inside `parent`.
    pub(super) fn child(&mut self, parent: &BoxRef, kind: &[u8; 4]) -> Result<Option<BoxRef>, Fault> {
        Ok(self.children(parent)?.into_iter().find(|child| &child.kind == kind))
    }

    /// The same, for a required box.
    pub(super) fn required(&mut self, parent: &BoxRef, kind: &[u8; 4]) -> Result<BoxRef, Fault> {
        let found = self.child(parent, kind)?;
        found.ok_or_else(|| Fault::bad(format!("the box `{}` has no `{}`", name(parent.kind), name(*kind))))
    }

    /// Four bytes at `at` in a leaf box, which may be long.
    pub(super) fn word(&mut self, leaf: &BoxRef, at: u64) -> Result<[u8; 4], Fault> {
        let offset = leaf.body.start.saturating_add(at);
        let mut bytes = [0; 4];
        if offset.saturating_add(4) > leaf.body.end.min(self.length) {
            return Err(Fault::bad(format!("the box `{}` is cut off", name(leaf.kind))));
        }
        self.read_at(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// The content of a leaf box, after eight bytes where re_mp4 expects its header.
    fn leaf_bytes(&mut self, leaf: &BoxRef) -> Result<Vec<u8>, Fault> {
        let length = leaf.body.end.saturating_sub(leaf.body.start);
        let sized = usize::try_from(length).ok().filter(|_| length <= MAX_LEAF);
        let sized = sized.filter(|_| leaf.body.end <= self.length);
        let Some(length) = sized else {
            return Err(Fault::bad(format!("the box `{}` is {length} bytes long", name(leaf.kind))));
        };
        let mut bytes = vec![0; 8 + length];
        self.read_at(leaf.body.start, bytes.get_mut(8..).unwrap_or_default())?;
        Ok(bytes)
    }

    /// The content of a leaf box.
    pub(super) fn content(&mut self, leaf: &BoxRef) -> Result<Vec<u8>, Fault> {
        let mut bytes = self.leaf_bytes(leaf)?;
        bytes.drain(..8);
        Ok(bytes)
    }

    /// A leaf box, parsed by re_mp4.
    pub(super) fn leaf<T>(&mut self, leaf: &BoxRef) -> Result<T, Fault>
    where
        T: for<'a> ReadBox<&'a mut Cursor<Vec<u8>>>,
    {
        let bytes = self.leaf_bytes(leaf)?;
        let size = bytes.len() as u64;
        let mut cursor = Cursor::new(bytes);
        cursor.set_position(8);
        T::read_box(&mut cursor, size)
            .map_err(|e| Fault::bad(format!("the box `{}` cannot be read: {e}", name(leaf.kind))))
    }
}

/// A box kind for messages.
pub(super) fn name(kind: [u8; 4]) -> String {
    kind.iter().flat_map(|&byte| std::ascii::escape_default(byte)).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A box with this content.
    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
        [&size, &kind[..], content].concat()
    }

    fn container(bytes: &[u8]) -> Container {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Container::new(file, bytes.len() as u64)
    }

    fn kinds(bytes: &[u8]) -> Result<Vec<String>, Fault> {
        let mut file = container(bytes);
        let parent = file.box_at(0, bytes.len() as u64)?.unwrap();
        Ok(file.children(&parent)?.into_iter().map(|child| name(child.kind)).collect())
    }

    #[test]
    fn children_of_every_header_form() {
        let large = [&[0, 0, 0, 1][..], b"wide", &17u64.to_be_bytes(), &[9]].concat();
        let last = [&[0, 0, 0, 0][..], b"rest", &[1, 2, 3]].concat();
        let content = [boxed(b"free", &[1]), large, last].concat();
        assert_eq!(kinds(&boxed(b"moov", &content)).unwrap(), ["free", "wide", "rest"]);
        // QuickTime's four zero bytes at the end.
        assert_eq!(kinds(&boxed(b"udta", &[&boxed(b"name", &[])[..], &[0; 4]].concat())).unwrap(), ["name"]);
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        let mut reaching = boxed(b"moov", &boxed(b"trak", &[0; 8]));
        reaching[11] += 1;
        reaching.extend([0; 64]); // the file is long enough, the parent is not
        assert!(matches!(kinds(&reaching), Err(Fault::Bad(reason)) if reason.contains("`trak`")));
        for size in [2u32, 7] {
            let mut small = boxed(b"moov", &boxed(b"trak", &[0; 8]));
            small[8..12].copy_from_slice(&size.to_be_bytes());
            assert!(kinds(&small).is_err(), "{size}");
        }
        let huge = [&[0, 0, 0, 1][..], b"trak", &u64::MAX.to_be_bytes()].concat();
        assert!(kinds(&boxed(b"moov", &huge)).is_err());
    }

    #[test]
    fn leaves_beyond_the_file_or_the_limit_are_not_read() {
        let mut file = container(&[0; 32]);
        let leaf = |end: u64| BoxRef { kind: *b"stsz", start: 0, body: 8..end };
        assert_eq!(file.content(&leaf(32)).unwrap(), [0; 24]);
        assert!(file.content(&leaf(33)).is_err());
        assert!(file.content(&leaf(8 + MAX_LEAF + 1)).is_err());
        assert!(file.leaf::<re_mp4::StszBox>(&leaf(12)).is_err());
        assert_eq!(file.word(&leaf(12), 0).unwrap(), [0; 4]);
        assert!(file.word(&leaf(12), 1).is_err() && file.word(&leaf(64), 22).is_err());
    }
}
