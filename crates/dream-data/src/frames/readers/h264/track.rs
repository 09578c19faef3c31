//! The one video track that is read: its codec, clock, edit list and tables.

use super::boxes::{BoxRef, Container, name};
use super::fault::Fault;
use super::samples::{ChunkOffsets, SampleTable};
use crate::frames::frame_rate::FrameRate;
use crate::frames::info::Pacing;
use crate::frames::rotation::Rotation;
use re_mp4::{ElstBox, MdhdBox, TkhdBox, TrexBox};

/// A track with H.264 in it.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) id: u32,
    /// Units of time in a second.
    pub(super) timescale: u32,
    pub(super) edit: Edit,
    pub(super) rotation: Rotation,
    /// Width and height as the sample description states them.
    pub(super) stated_size: (u32, u32),
    pub(super) avc: AvcConfig,
    pub(super) table: SampleTable,
    /// Defaults for fragments, in a fragmented file.
    pub(super) fragment_defaults: Option<TrexBox>,
}

/// The decoder configuration record (ISO/IEC 14496-15, 5.3.3).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AvcConfig {
    /// Bytes of the length in front of every NAL unit: 1, 2 or 4 (3 is not used but harmless).
    pub(super) length_size: usize,
    pub(super) sps: Vec<Vec<u8>>,
    pub(super) pps: Vec<Vec<u8>>,
}

/// Which part of the track is shown, and when (ISO/IEC 14496-12, 8.6.6).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edit {
    /// First composition time that is shown, in track units; it is shown at `delay`.
    start: i64,
    /// The first composition time that is no longer shown.
    end: i64,
    /// Seconds before it in which nothing is shown.
    delay: f64,
}

impl Edit {
    const ALL: Self = Self { start: i64::MIN, end: i64::MAX, delay: 0.0 };

    pub(super) fn shows(&self, composition: i64) -> bool {
        (self.start..self.end).contains(&composition)
    }

    /// Presentation time in seconds.
    pub(super) fn seconds(&self, composition: i64, timescale: u32) -> f64 {
        let zero = if self.start == i64::MIN { 0 } else { self.start };
        self.delay + composition.saturating_sub(zero) as f64 / f64::from(timescale)
    }

    /// Moves the first shown frame to the start of the edit. If an edit begins between two frames, the frame before
    /// it is not shown, and the next one is shown at once.
    pub(super) fn start_at(&mut self, first_shown: i64) {
        self.start = if self.start == i64::MIN { self.start } else { self.start.max(first_shown) };
    }

    fn new(list: &ElstBox, timescale: u32, movie_timescale: u32) -> Result<Self, Fault> {
        let (timescale, movie) = (u64::from(timescale), u64::from(movie_timescale));
        let mut edit = Self::ALL;
        let mut found = false;
        for entry in &list.entries {
            let empty = if list.version == 1 { u64::MAX } else { u64::from(u32::MAX) };
            if entry.media_time == empty {
                if !found {
                    edit.delay += entry.segment_duration as f64 / f64::from(movie_timescale.max(1));
                }
                continue;
            }
            if found || (entry.media_rate, entry.media_rate_fraction) != (1, 0) {
                return Err(Fault::Unsupported("an edit list that cuts or changes speed".to_owned()));
            }
            found = true;
            let start = i64::try_from(entry.media_time).ok().filter(|start| *start < i64::MAX / 2);
            edit.start = start.ok_or_else(|| Fault::bad("an edit starts after the end of time"))?;
            if entry.segment_duration > 0 && movie > 0 {
                let length = u128::from(entry.segment_duration) * u128::from(timescale);
                let length = i64::try_from(length.div_ceil(u128::from(movie))).unwrap_or(i64::MAX);
                edit.end = edit.start.saturating_add(length);
            }
        }
        Ok(edit)
    }
}

impl Track {
    /// The first video track inside `moov`.
    pub(super) fn find(file: &mut Container, moov: &BoxRef) -> Result<Self, Fault> {
        let mvhd = file.required(moov, b"mvhd")?;
        let movie_timescale = movie_timescale(&file.content(&mvhd)?)?;
        let mut refused = None;
        for trak in file.children(moov)? {
            if &trak.kind != b"trak" {
                continue;
            }
            let mdia = file.required(&trak, b"mdia")?;
            let hdlr = file.required(&mdia, b"hdlr")?;
            if file.content(&hdlr)?.get(8..12) != Some(b"vide") {
                continue;
            }
            match Self::read(file, moov, &trak, &mdia, movie_timescale) {
                // A cover picture may come before the video.
                Err(fault @ Fault::Unsupported(_)) => refused = refused.or(Some(fault)),
                other => return other,
            }
        }
        Err(refused.unwrap_or_else(|| Fault::bad("there is no video track")))
    }

    fn read(
        file: &mut Container,
        moov: &BoxRef,
        trak: &BoxRef,
        mdia: &BoxRef,
        movie_timescale: u32,
    ) -> Result<Self, Fault> {
        let minf = file.required(mdia, b"minf")?;
        let stbl = file.required(&minf, b"stbl")?;
        let stsd = file.required(&stbl, b"stsd")?;
        let (stated_size, avc) = read_sample_description(&file.content(&stsd)?)?;

        let tkhd = file.required(trak, b"tkhd")?;
        let tkhd: TkhdBox = file.leaf(&tkhd)?;
        let mdhd = file.required(mdia, b"mdhd")?;
        let timescale = file.leaf::<MdhdBox>(&mdhd)?.timescale;
        if timescale == 0 {
            return Err(Fault::bad("the time scale of the track is 0"));
        }
        let mut edit = Edit::ALL;
        if let Some(edts) = file.child(trak, b"edts")?
            && let Some(elst) = file.child(&edts, b"elst")?
        {
            edit = Edit::new(&file.leaf(&elst)?, timescale, movie_timescale)?;
        }
        let mut fragment_defaults = None;
        if let Some(mvex) = file.child(moov, b"mvex")? {
            for child in file.children(&mvex)? {
                if &child.kind == b"trex" {
                    let trex: TrexBox = file.leaf(&child)?;
                    fragment_defaults =
                        fragment_defaults.or((trex.track_id == tkhd.track_id).then_some(trex));
                }
            }
        }
        let table = read_table(file, &stbl)?;
        let m = &tkhd.matrix;
        let rotation = Rotation::from_matrix(m.a, m.b, m.c, m.d);
        Ok(Self { id: tkhd.track_id, timescale, edit, rotation, stated_size, avc, table, fragment_defaults })
    }

    /// Frames per second of the sample table: exact where all durations but the last agree.
    pub(super) fn table_rate(&self) -> Option<FrameRate> {
        let (ticks, samples) = self.table.mean_duration()?;
        FrameRate::from_ratio(u64::from(self.timescale).checked_mul(samples)?, ticks)
    }

    /// Whether all durations but the last agree, and the rate of the commonest one.
    pub(super) fn table_pacing(&self) -> (Pacing, Option<FrameRate>) {
        let nominal = self.table.commonest_duration();
        let nominal = nominal.and_then(|ticks| FrameRate::from_ratio(self.timescale.into(), ticks.into()));
        match self.table.mean_duration() {
            Some((_, 1)) => (Pacing::Constant, nominal),
            Some(_) => (Pacing::Variable, nominal),
            None => (Pacing::Unknown, nominal),
        }
    }
}

fn read_table(file: &mut Container, stbl: &BoxRef) -> Result<SampleTable, Fault> {
    let sizes = file.required(stbl, b"stsz")?;
    let durations = file.required(stbl, b"stts")?;
    let chunks = file.required(stbl, b"stsc")?;
    let offsets = match file.child(stbl, b"stco")? {
        Some(stco) => ChunkOffsets::Short(file.leaf(&stco)?),
        None => {
            let co64 = file.required(stbl, b"co64")?;
            ChunkOffsets::Long(file.leaf(&co64)?)
        }
    };
    let shifts = match file.child(stbl, b"ctts")? {
        Some(ctts) => Some(file.leaf(&ctts)?),
        None => None,
    };
    SampleTable::new(file.leaf(&sizes)?, file.leaf(&durations)?, shifts, file.leaf(&chunks)?, offsets)
}

fn movie_timescale(mvhd: &[u8]) -> Result<u32, Fault> {
    let at = if mvhd.first() == Some(&1) { 20 } else { 12 };
    be32(mvhd, at).ok_or_else(|| Fault::bad("the box `mvhd` is cut off"))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_be_bytes(*chunk))
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_be_bytes(*chunk))
}

/// Size and configuration from `stsd` (ISO/IEC 14496-12, 8.5.2 and 12.1.3).
fn read_sample_description(stsd: &[u8]) -> Result<((u32, u32), AvcConfig), Fault> {
    const ENTRY: usize = 8;
    const VISUAL_ENTRY: usize = 86;
    let cut = || Fault::bad("the box `stsd` is cut off");
    if be32(stsd, 4) != Some(1) {
        return Err(Fault::Unsupported("a track with several sample descriptions".to_owned()));
    }
    let size = usize::try_from(be32(stsd, ENTRY).ok_or_else(cut)?).unwrap_or(usize::MAX);
    let entry = stsd.get(ENTRY..ENTRY.saturating_add(size)).ok_or_else(cut)?;
    let kind: [u8; 4] = *entry.get(4..).and_then(<[u8]>::first_chunk).ok_or_else(cut)?;
    if &kind != b"avc1" && &kind != b"avc3" {
        return Err(Fault::Unsupported(format!("the codec `{}`", name(kind).trim_end())));
    }
    let width = be16(entry, 32).ok_or_else(cut)?;
    let height = be16(entry, 34).ok_or_else(cut)?;
    let mut rest = entry.get(VISUAL_ENTRY..).ok_or_else(cut)?;
    while let Some(size) = be32(rest, 0) {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let child = rest.get(..size).filter(|child| child.len() >= 8).ok_or_else(cut)?;
        if child.get(4..8) == Some(b"avcC") {
            let avc = AvcConfig::parse(child.get(8..).unwrap_or_default());
            let avc = avc.ok_or_else(|| Fault::bad("the box `avcC` is cut off"))?;
            return Ok(((u32::from(width), u32::from(height)), avc));
        }
        rest = rest.get(size..).unwrap_or_default();
    }
    Err(Fault::bad("the sample description has no box `avcC`"))
}

impl AvcConfig {
    fn parse(record: &[u8]) -> Option<Self> {
        let length_size = usize::from(record.get(4)? & 3) + 1;
        let mut rest = record.get(5..)?;
        let sps = Self::parameter_sets(&mut rest, 0x1f)?;
        let pps = Self::parameter_sets(&mut rest, 0xff)?;
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
    use re_mp4::ReadBox;

    /// Pairs of segment duration and media time.
    fn list(entries: &[(u64, u64)]) -> ElstBox {
        // `ElstEntry` cannot be named outside re_mp4, so the box is parsed from bytes.
        let mut bytes = vec![0u8; 8];
        bytes.extend([1, 0, 0, 0]);
        bytes.extend(u32::try_from(entries.len()).unwrap().to_be_bytes());
        for (duration, time) in entries {
            bytes.extend(duration.to_be_bytes());
            bytes.extend(time.to_be_bytes());
            bytes.extend([0, 1, 0, 0]);
        }
        let size = bytes.len() as u64;
        let mut cursor = std::io::Cursor::new(bytes);
        cursor.set_position(8);
        ElstBox::read_box(&mut cursor, size).unwrap()
    }

    #[test]
    fn edits_shift_trim_and_delay() {
        // Half a second of nothing, then 400 ms from composition time 1024 on, at 12800 units a second.
        let edit = Edit::new(&list(&[(500, u64::MAX), (400, 1024)]), 12_800, 1_000).unwrap();
        assert!(!edit.shows(1023) && edit.shows(1024) && edit.shows(6143) && !edit.shows(6144));
        assert!((edit.seconds(1024 + 6400, 12_800) - 1.0).abs() < 1e-12);
        let open = Edit::new(&list(&[(0, 0)]), 12_800, 1_000).unwrap();
        assert!(open.shows(i64::MAX - 1) && !open.shows(-1));
        assert!(matches!(Edit::new(&list(&[(1, 0), (1, 5)]), 12_800, 1_000), Err(Fault::Unsupported(_))));
    }

    #[test]
    fn configuration_records_that_are_cut_are_refused() {
        let record = [1, 100, 0, 30, 0xfd, 0xe1, 0, 2, 0x67, 9, 1, 0, 1, 0x68, 0xfd];
        let whole = AvcConfig { length_size: 2, sps: vec![vec![0x67, 9]], pps: vec![vec![0x68]] };
        assert_eq!(AvcConfig::parse(&record), Some(whole));
        for length in 0..14 {
            assert_eq!(AvcConfig::parse(&record[..length]), None, "{length} bytes");
        }
    }
}
