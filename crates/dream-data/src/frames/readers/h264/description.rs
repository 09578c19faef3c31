//! The sample description: codec, size, range and parameter sets.

use super::boxes::name;
use super::fault::Fault;
use super::sps::{PPS, SPS, kind};
use crate::frames::color_range::ColorRange;

/// What `stsd` states about H.264 (ISO/IEC 14496-12, 8.5.2 and 12.1.3).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Description {
    /// Width and height.
    pub(super) size: (u32, u32),
    /// Unknown if it is not stated.
    pub(super) range: ColorRange,
    pub(super) avc: AvcConfig,
}

/// The decoder configuration record (ISO/IEC 14496-15, 5.3.3).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AvcConfig {
    /// Bytes of the length in front of every NAL unit: 1, 2 or 4 (3 is not used but harmless).
    pub(super) length_size: usize,
    /// May be empty: then they are in the samples.
    pub(super) sps: Vec<Vec<u8>>,
    pub(super) pps: Vec<Vec<u8>>,
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_be_bytes(*chunk))
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_be_bytes(*chunk))
}

impl Description {
    pub(super) fn parse(stsd: &[u8]) -> Result<Self, Fault> {
        const ENTRY: usize = 8;
        const VISUAL_ENTRY: usize = 86;
        let cut = || Fault::bad("the box `stsd` is cut off");
        let size = usize::try_from(be32(stsd, ENTRY).ok_or_else(cut)?).unwrap_or(usize::MAX);
        let entry = stsd.get(ENTRY..ENTRY.saturating_add(size)).ok_or_else(cut)?;
        let kind: [u8; 4] = *entry.get(4..).and_then(<[u8]>::first_chunk).ok_or_else(cut)?;
        if &kind != b"avc1" && &kind != b"avc3" {
            return Err(Fault::Unsupported(format!("the codec `{}`", name(kind).trim_end())));
        }
        if be32(stsd, 4) != Some(1) {
            return Err(Fault::Unsupported("a track with several sample descriptions".to_owned()));
        }
        let width = be16(entry, 32).ok_or_else(cut)?;
        let height = be16(entry, 34).ok_or_else(cut)?;
        let (mut range, mut avc) = (ColorRange::Unknown, None);
        let mut rest = entry.get(VISUAL_ENTRY..).ok_or_else(cut)?;
        while let Some(size) = be32(rest, 0) {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            // QuickTime ends some entries with four zero bytes.
            let child = match rest.get(..size).filter(|child| child.len() >= 8) {
                Some(child) => child,
                None if avc.is_some() => break,
                None => return Err(cut()),
            };
            let content = child.get(8..).unwrap_or_default();
            match child.get(4..8) {
                Some(b"avcC") => {
                    let found = AvcConfig::parse(content);
                    avc = Some(found.ok_or_else(|| Fault::bad("the box `avcC` is cut off"))?);
                }
                Some(b"colr") => range = stated_range(content).unwrap_or(range),
                _ => {}
            }
            rest = rest.get(size..).unwrap_or_default();
        }
        let avc = avc.ok_or_else(|| Fault::bad("the sample description has no box `avcC`"))?;
        Ok(Self { size: (u32::from(width), u32::from(height)), range, avc })
    }
}

/// From the box `colr` (ISO/IEC 14496-12, 12.1.5).
fn stated_range(colr: &[u8]) -> Option<ColorRange> {
    let full = colr.strip_prefix(b"nclx")?.get(6)? & 0x80 != 0;
    Some(if full { ColorRange::Full } else { ColorRange::Limited })
}

impl AvcConfig {
    fn parse(record: &[u8]) -> Option<Self> {
        let length_size = usize::from(record.get(4)? & 3) + 1;
        let mut rest = record.get(5..)?;
        let mut sps = Self::parameter_sets(&mut rest, 0x1f)?;
        let mut pps = Self::parameter_sets(&mut rest, 0xff)?;
        // Those of other layers and views may be among them.
        sps.retain(|set| kind(set) == SPS);
        pps.retain(|set| kind(set) == PPS);
        Some(Self { length_size, sps, pps })
    }

    fn parameter_sets(rest: &mut &[u8], mask: u8) -> Option<Vec<Vec<u8>>> {
        let (&count, mut tail) = rest.split_first()?;
        let mut sets = Vec::new();
        for _ in 0..count & mask {
            let length = usize::from(be16(tail, 0)?);
            let (set, after) = tail.get(2..)?.split_at_checked(length)?;
            sets.push(set.to_vec());
            tail = after;
        }
        *rest = tail;
        Some(sets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_records_that_are_cut_are_refused() {
        let record = [1, 100, 0, 30, 0xfd, 0xe1, 0, 2, 0x67, 9, 1, 0, 1, 0x68, 0xfd];
        let whole = AvcConfig { length_size: 2, sps: vec![vec![0x67, 9]], pps: vec![vec![0x68]] };
        assert_eq!(AvcConfig::parse(&record), Some(whole));
        for length in 0..14 {
            assert_eq!(AvcConfig::parse(&record[..length]), None, "{length} bytes");
        }
    }

    /// A sample description with these boxes behind the entry's own fields.
    fn stsd(codec: &[u8; 4], boxes: &[u8]) -> Vec<u8> {
        let mut entry = vec![0; 86];
        entry[4..8].copy_from_slice(codec);
        entry[32..36].copy_from_slice(&[0, 64, 0, 48]);
        entry.extend(boxes);
        let size = u32::try_from(entry.len()).unwrap().to_be_bytes();
        entry[..4].copy_from_slice(&size);
        [&[0, 0, 0, 0, 0, 0, 0, 1][..], &entry].concat()
    }

    #[test]
    fn descriptions_are_read_whole() {
        let avcc = b"\0\0\0\x0f" as &[u8];
        let avcc = [avcc, b"avcC", &[1, 100, 0, 30, 0xff, 0xe0, 0]].concat();
        let colour = |kind: &[u8], full| [b"\0\0\0\x13colr", kind, &[0, 1, 0, 1, 0, 1, full]].concat();
        let read = |boxes: &[&[u8]]| Description::parse(&stsd(b"avc3", &boxes.concat()));
        let found = read(&[&avcc]).unwrap();
        assert_eq!((found.size, found.range, found.avc.length_size), ((64, 48), ColorRange::Unknown, 4));
        assert!(found.avc.sps.is_empty() && found.avc.pps.is_empty());
        assert_eq!(read(&[&avcc, &colour(b"nclx", 0x80)]).unwrap().range, ColorRange::Full);
        assert_eq!(read(&[&colour(b"nclx", 0), &avcc, &[0; 4]]).unwrap().range, ColorRange::Limited);
        assert_eq!(read(&[&colour(b"nclc", 0), &avcc]).unwrap().range, ColorRange::Unknown);
        assert!(matches!(read(&[]), Err(Fault::Bad(_))));
        assert!(matches!(read(&[&[0; 4], &avcc]), Err(Fault::Bad(_))));
        let other = Description::parse(&stsd(b"hvc1", &avcc));
        assert!(matches!(other, Err(Fault::Unsupported(what)) if what.contains("hvc1")));
    }
}
