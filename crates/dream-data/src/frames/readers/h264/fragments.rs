//! Where each compressed frame of a fragmented file lies and when it is shown.

use super::boxes::{BoxRef, Container, MAX_LEAF};
use super::fault::Fault;
use super::samples::Sample;
use super::track::Track;
use re_mp4::{TfdtBox, TfhdBox};
use std::collections::VecDeque;

/// One run of samples of one fragment (ISO/IEC 14496-12, 8.8.8), as stored: re_mp4 steps through runs of four thousand
/// million samples without a byte each.
#[derive(Debug, Clone)]
struct Run {
    content: Vec<u8>,
    /// Where the fields of the next sample begin, their length, and the place in them of those that are stated.
    at: usize,
    stride: usize,
    duration: Option<usize>,
    size: Option<usize>,
    shift: Option<usize>,
    /// Samples left.
    left: u32,
    /// Where the run begins, from the base, until its first sample is taken.
    data_offset: Option<i32>,
    default_duration: u32,
    default_size: u32,
}

impl Run {
    /// `defaults`: duration and size.
    fn parse(content: Vec<u8>, defaults: (u32, u32)) -> Option<Self> {
        let word = |at: usize| content.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        let flags = word(0)?;
        let left = word(4)?;
        let mut at = 8;
        let mut data_offset = None;
        if flags & 0x1 != 0 {
            data_offset = Some(word(at)?.cast_signed());
            at += 4;
        }
        if flags & 0x4 != 0 {
            at += 4; // flags of the first sample
        }
        let mut stride = 0;
        let mut field = |flag: u32| {
            (flags & flag != 0).then(|| {
                stride += 4;
                stride - 4
            })
        };
        let (duration, size, _flags, shift) = (field(0x100), field(0x200), field(0x400), field(0x800));
        let room = content.len().checked_sub(at)?;
        if u64::from(left) * stride as u64 > room as u64 {
            return None;
        }
        let (default_duration, default_size) = defaults;
        Some(Self {
            content,
            at,
            stride,
            duration,
            size,
            shift,
            left,
            data_offset,
            default_duration,
            default_size,
        })
    }

    /// Duration, size and shift of the next sample.
    fn next(&mut self) -> Option<(u32, u32, i32)> {
        self.left = self.left.checked_sub(1)?;
        let field = |place: usize| {
            let bytes = self.content.get(self.at + place..)?.first_chunk()?;
            Some(u32::from_be_bytes(*bytes))
        };
        let duration = self.duration.map_or(Some(self.default_duration), field)?;
        let size = self.size.map_or(Some(self.default_size), field)?;
        // Signed in version 1; version 0 never needs the top bit.
        let shift = self.shift.map_or(Some(0), field)?.cast_signed();
        self.at += self.stride;
        Some((duration, size, shift))
    }
}

/// Walks the fragments behind `moov`, one at a time.
#[derive(Debug, Clone)]
pub(super) struct FragmentCursor {
    /// Where the next top-level box begins.
    at: u64,
    runs: VecDeque<Run>,
    /// Base for runs that state their position, and end of the previous sample for those that do not.
    base: u64,
    offset: u64,
    decode_time: i64,
    /// Samples whose size no byte of the file states.
    implied: u64,
}

impl FragmentCursor {
    pub(super) fn new(at: u64) -> Self {
        Self { at, runs: VecDeque::new(), base: 0, offset: 0, decode_time: 0, implied: 0 }
    }

    pub(super) fn next(&mut self, file: &mut Container, track: &Track) -> Result<Option<Sample>, Fault> {
        loop {
            if let Some(sample) = self.next_of_fragment() {
                return Ok(Some(sample));
            }
            let length = file.length();
            let Some(top) = file.box_at(self.at, length)? else { return Ok(None) };
            self.at = top.body.end;
            if &top.kind == b"moof" {
                if top.body.end > length {
                    return Err(Fault::cut(length, top.body.end, "the index of a fragment"));
                }
                self.enter_fragment(file, track, &top)?;
            }
        }
    }

    fn enter_fragment(&mut self, file: &mut Container, track: &Track, moof: &BoxRef) -> Result<(), Fault> {
        if moof.body.end - moof.body.start > MAX_LEAF {
            return Err(Fault::bad("the index of a fragment is larger than the limit"));
        }
        for traf in file.children(moof)? {
            if &traf.kind != b"traf" {
                continue;
            }
            let parts = file.children(&traf)?;
            let part = |kind: &[u8; 4]| parts.iter().find(|part| &part.kind == kind);
            let tfhd = part(b"tfhd").ok_or_else(|| Fault::bad("the box `traf` has no `tfhd`"))?;
            let tfhd: TfhdBox = file.leaf(tfhd)?;
            if tfhd.track_id != track.id {
                continue;
            }
            if let Some(tfdt) = part(b"tfdt") {
                let time = file.leaf::<TfdtBox>(tfdt)?.base_media_decode_time;
                self.decode_time =
                    i64::try_from(time).map_err(|_| Fault::bad("a fragment starts too late"))?;
            }
            self.base = tfhd.base_data_offset.unwrap_or(moof.start);
            self.offset = self.base;
            let defaults = track.fragment_defaults.as_ref();
            let duration = tfhd.default_sample_duration.or(defaults.map(|trex| trex.default_sample_duration));
            let size = tfhd.default_sample_size.or(defaults.map(|trex| trex.default_sample_size));
            let defaults = (duration.unwrap_or(0), size.unwrap_or(0));
            for child in parts.iter().filter(|part| &part.kind == b"trun") {
                let run = Run::parse(file.content(child)?, defaults);
                let run = run.ok_or_else(|| Fault::bad("the box `trun` has fewer samples than it states"))?;
                self.check(&run, file.length())?;
                self.runs.push_back(run);
            }
        }
        Ok(())
    }

    /// Every frame has a byte, so a file cannot have more frames than bytes.
    fn check(&mut self, run: &Run, available: u64) -> Result<(), Fault> {
        if run.size.is_some() || run.left == 0 {
            return Ok(());
        }
        self.implied = self.implied.saturating_add(u64::from(run.left));
        if run.default_size == 0 || self.implied > available {
            let (count, size) = (run.left, run.default_size);
            return Err(Fault::bad(format!(
                "{count} frames of {size} bytes in a fragment of a file of {available} bytes"
            )));
        }
        Ok(())
    }

    fn next_of_fragment(&mut self) -> Option<Sample> {
        loop {
            let run = self.runs.front_mut()?;
            if let Some(shift) = run.data_offset.take() {
                self.offset = self.base.saturating_add_signed(i64::from(shift));
            }
            let Some((duration, size, shift)) = run.next() else {
                self.runs.pop_front();
                continue;
            };
            let composition = self.decode_time.saturating_add(i64::from(shift));
            let sample = Sample { offset: self.offset, size: u64::from(size), composition, duration };
            self.offset = self.offset.saturating_add(u64::from(size));
            self.decode_time = self.decode_time.saturating_add(i64::from(duration));
            return Some(sample);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[u32]) -> Option<Run> {
        Run::parse(words.iter().flat_map(|word| word.to_be_bytes()).collect(), (7, 9))
    }

    #[test]
    fn runs_are_read_as_written() {
        let mut all = run(&[0xf05, 2, 100, 1, 10, 20, 0, 5, 11, 21, 0, (-5i32).cast_unsigned()]).unwrap();
        assert_eq!(all.data_offset, Some(100));
        assert_eq!([all.next(), all.next(), all.next()], [Some((10, 20, 5)), Some((11, 21, -5)), None]);
        let mut none = run(&[0, 2]).unwrap();
        assert_eq!([none.next(), none.next(), none.next()], [Some((7, 9, 0)), Some((7, 9, 0)), None]);
    }

    #[test]
    fn runs_that_claim_more_than_there_is_are_refused() {
        assert!(run(&[0x200, 2, 20]).is_none() && run(&[0x1, 2]).is_none() && run(&[0]).is_none());
        let mut cursor = FragmentCursor::new(0);
        let check = |cursor: &mut FragmentCursor, run: Option<Run>| cursor.check(&run.unwrap(), 100);
        assert!(check(&mut cursor, run(&[0, u32::MAX])).is_err());
        let mut cursor = FragmentCursor::new(0);
        // All runs of a file share its bytes.
        assert!(check(&mut cursor, run(&[0, 60])).is_ok() && check(&mut cursor, run(&[0, 60])).is_err());
        let mut empty = run(&[0, 1]).unwrap();
        empty.default_size = 0;
        assert!(FragmentCursor::new(0).check(&empty, 100).is_err());
        assert!(FragmentCursor::new(0).check(&run(&[0x200, 1, 0]).unwrap(), 0).is_ok());
    }
}
