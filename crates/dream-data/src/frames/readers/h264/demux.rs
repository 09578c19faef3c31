//! From file to packets: finds the track, checks that OpenH264 can decode it, and turns samples into
//! the byte stream format (ITU-T H.264, annex B).

use super::boxes::{BoxRef, Container};
use super::fault::Fault;
use super::fragments::FragmentCursor;
use super::samples::{Sample, TableCursor};
use super::sps::{Sps, is_b_slice};
use super::track::Track;
use crate::error::{Error, Result};
use crate::frames::color_range::ColorRange;
use crate::frames::frame_rate::FrameRate;
use crate::frames::info::Pacing;
use crate::frames::remedy::OTHER_DECODER;
use crate::frames::rotation::Rotation;
use std::fs::File;
use std::path::Path;

const INDEX: &str = "mp4 index";
const START_CODE: [u8; 4] = [0, 0, 0, 1];
/// The largest compressed frame.
const MAX_SAMPLE: u64 = 256 << 20;
/// Samples of the first fragment from which the frame rate is taken.
const RATE_SAMPLES: u64 = 256;

/// Bytes at the start of a slice that are enough to read its kind.
const SLICE_START: usize = 16;

/// One step of the demuxer.
#[derive(Debug)]
pub(super) enum Packet<'a> {
    Data { composition: i64, data: &'a [u8] },
    End,
}

/// Reads one H.264 track, one sample at a time.
#[derive(Debug)]
pub(super) struct Demuxer {
    file: Container,
    track: Track,
    sps: Sps,
    table: TableCursor,
    /// Present in fragmented files.
    fragments: Option<FragmentCursor>,
    frame_rate: FrameRate,
    frame_count: Option<u64>,
    exact: bool,
    /// The sample as stored, and with start codes. Both are reused.
    stored: Vec<u8>,
    converted: Vec<u8>,
}

impl Demuxer {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io(path, e))?;
        let mut file = Container::new(file).map_err(|fault| refuse(path, fault))?;
        let moov = find_moov(path, &mut file)?;
        let track = Track::find(&mut file, &moov).map_err(|fault| refuse(path, fault))?;
        let sps = check_stream(&track).map_err(|fault| refuse(path, fault))?;
        let fragmented = track.fragment_defaults.is_some();
        let (table_rate, count) = (track.table_rate(), track.table.count());
        let fragments = fragmented.then(|| FragmentCursor::new(moov.body.end));
        let mut demuxer = Self {
            file,
            track,
            sps,
            table: TableCursor::default(),
            fragments,
            frame_rate: FrameRate::PAL,
            frame_count: None,
            exact: true,
            stored: Vec::new(),
            converted: Vec::new(),
        };
        if !fragmented {
            demuxer.survey_table();
        }
        demuxer.exact = !demuxer.has_b_frames();
        if count == 0 && !fragmented {
            return Err(Error::malformed(path, INDEX, "the video track has no frames"));
        }
        let rate = table_rate.filter(|_| count > 0).or_else(|| demuxer.fragment_rate(moov.body.end));
        // A single still frame may last indefinitely; any rate is right for it.
        let rate = rate.or((count == 1 && !fragmented).then_some(FrameRate::PAL));
        let missing =
            || Error::malformed(path, INDEX, "no frame has a duration, so the frame rate is unknown");
        demuxer.frame_rate = rate.ok_or_else(missing)?;
        Ok(demuxer)
    }

    /// Counts the frames that the edit list shows; none where the tables are broken.
    fn survey_table(&mut self) {
        let mut cursor = TableCursor::default();
        let (mut shown, mut first) = (0, i64::MAX);
        loop {
            match cursor.next(&self.track.table) {
                Ok(Some(sample)) if self.track.edit.shows(sample.composition) => {
                    shown += 1;
                    first = first.min(sample.composition);
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
        self.frame_count = Some(shown);
        if shown > 0 {
            self.track.edit.start_at(first);
        }
    }

    /// Looks at the first slice of every frame.
    fn has_b_frames(&mut self) -> bool {
        const BASELINE: u8 = 66;
        if self.sps.profile == BASELINE {
            return false;
        }
        let begin = (self.table.clone(), self.fragments.clone());
        let mut found = false;
        while !found && let Ok(Some(sample)) = self.next_sample() {
            found = self.first_slice(&sample).is_some_and(|slice| is_b_slice(&slice));
        }
        (self.table, self.fragments) = begin;
        found
    }

    /// The start of the first slice of a sample.
    fn first_slice(&mut self, sample: &Sample) -> Option<[u8; SLICE_START]> {
        let length_size = self.track.avc.length_size;
        let end = sample.offset.checked_add(sample.size)?;
        let mut at = sample.offset;
        // Parameter sets and messages come first; no encoder writes dozens.
        for _ in 0..64 {
            let mut start = [0u8; 4 + SLICE_START];
            let available = usize::try_from(end.min(self.file.length()).checked_sub(at)?).ok()?;
            let available = available.min(length_size + SLICE_START);
            self.file.read_at(at, start.get_mut(..available)?).ok()?;
            let (length, unit) = start.split_at_checked(length_size)?;
            let length = length.iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
            let kind = unit.first()? & 0x1f;
            if matches!(kind, 1 | 5) {
                return unit.first_chunk().copied();
            }
            at = at.checked_add(length_size as u64 + length)?;
        }
        None
    }

    /// Frames per second at the start of a fragmented file.
    fn fragment_rate(&mut self, from: u64) -> Option<FrameRate> {
        let mut cursor = FragmentCursor::new(from);
        let (mut ticks, mut samples) = (0u64, 0u64);
        while samples < RATE_SAMPLES
            && let Ok(Some(sample)) = cursor.next(&mut self.file, &self.track)
        {
            ticks += u64::from(sample.duration);
            samples += 1;
        }
        FrameRate::from_ratio(samples * u64::from(self.track.timescale), ticks)
    }

    pub(super) fn frame_rate(&self) -> FrameRate {
        self.frame_rate
    }

    /// Pacing and rate from the table of durations; a fragmented file has none for the whole video.
    pub(super) fn pacing(&self) -> (Pacing, Option<FrameRate>) {
        if self.fragments.is_some() { (Pacing::Unknown, None) } else { self.track.table_pacing() }
    }

    pub(super) fn frame_count(&self) -> Option<u64> {
        self.frame_count
    }

    /// False when the stream has B-frames, which OpenH264 does not always decode exactly.
    pub(super) fn exact(&self) -> bool {
        self.exact
    }

    pub(super) fn range(&self) -> ColorRange {
        self.sps.range
    }

    pub(super) fn rotation(&self) -> Rotation {
        self.track.rotation
    }

    pub(super) fn shows(&self, composition: i64) -> bool {
        self.track.edit.shows(composition)
    }

    pub(super) fn seconds(&self, composition: i64) -> f64 {
        self.track.edit.seconds(composition, self.track.timescale)
    }

    /// The size that the decoder crops to. If the container states a slightly smaller one that ends in the same
    /// macroblock, it is that one: this is the only way to an odd size in 4:2:0 H.264, and FFmpeg does the same.
    pub(super) fn visible_size(&self) -> (u32, u32) {
        let (width, height) = self.track.stated_size;
        let hides = |stated: u32, coded: u32| {
            stated > 0 && stated <= coded && stated.div_ceil(16) == coded.div_ceil(16)
        };
        let believe = !self.sps.shifted && hides(width, self.sps.width) && hides(height, self.sps.height);
        if believe { (width, height) } else { (self.sps.width, self.sps.height) }
    }

    /// The next sample in decoding order with start codes; the first one with the parameter sets in
    /// front. The error carries the sample's time where it is known.
    pub(super) fn next_packet(&mut self) -> Result<Packet<'_>, (Option<i64>, Fault)> {
        let first = self.converted.is_empty();
        let Some(sample) = self.next_sample().map_err(|fault| (None, fault))? else {
            return Ok(Packet::End);
        };
        let composition = sample.composition;
        self.load(&sample, first).map_err(|fault| (Some(composition), fault))?;
        Ok(Packet::Data { composition, data: &self.converted })
    }

    fn next_sample(&mut self) -> Result<Option<Sample>, Fault> {
        if let Some(sample) = self.table.next(&self.track.table)? {
            return Ok(Some(sample));
        }
        match &mut self.fragments {
            Some(fragments) => fragments.next(&mut self.file, &self.track),
            None => Ok(None),
        }
    }

    fn load(&mut self, sample: &Sample, first: bool) -> Result<(), Fault> {
        let end = sample.offset.checked_add(sample.size).filter(|end| *end <= self.file.length());
        if end.is_none() {
            return Err(Fault::bad("the file ends before the next frame"));
        }
        let size = usize::try_from(sample.size).ok().filter(|_| (1..=MAX_SAMPLE).contains(&sample.size));
        let size = size.ok_or_else(|| Fault::bad(format!("a frame of {} bytes", sample.size)))?;
        self.stored.resize(size, 0);
        self.file.read_at(sample.offset, &mut self.stored)?;
        self.converted.clear();
        if first {
            for set in self.track.avc.sps.iter().chain(&self.track.avc.pps) {
                push_unit(&mut self.converted, set);
            }
        }
        add_start_codes(&self.stored, self.track.avc.length_size, &self.sps, &mut self.converted)
    }
}

/// Replaces the length in front of every NAL unit by a start code (ISO/IEC 14496-15, 5.2.3).
fn add_start_codes(stored: &[u8], length_size: usize, sps: &Sps, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut rest = stored;
    while !rest.is_empty() {
        let unit = rest.split_at_checked(length_size).and_then(|(length, tail)| {
            let length = length.iter().fold(0usize, |value, &byte| value << 8 | usize::from(byte));
            tail.split_at_checked(length)
        });
        let (unit, tail) = unit.ok_or_else(|| Fault::bad("a NAL unit reaches beyond its frame"))?;
        check_unit(unit, sps)?;
        push_unit(out, unit);
        rest = tail;
    }
    Ok(())
}

fn push_unit(out: &mut Vec<u8>, unit: &[u8]) {
    if !unit.is_empty() {
        out.extend_from_slice(&START_CODE);
        out.extend_from_slice(unit);
    }
}

/// A parameter set inside the stream must agree with the one that the file was opened with.
fn check_unit(unit: &[u8], expected: &Sps) -> Result<(), Fault> {
    const SPS: u8 = 7;
    if unit.first().is_none_or(|header| header & 0x1f != SPS) {
        return Ok(());
    }
    let sps = Sps::parse(unit).ok_or_else(|| Fault::bad("a sequence parameter set is broken"))?;
    if (sps.width, sps.height) != (expected.width, expected.height) {
        return Err(Fault::bad(format!("the size changes to {}x{} in the stream", sps.width, sps.height)));
    }
    Ok(())
}

/// The first parameter set, if OpenH264 can decode such a stream.
fn check_stream(track: &Track) -> Result<Sps, Fault> {
    let unsupported = |what: String| Err(Fault::Unsupported(what));
    let mut first = None;
    for set in &track.avc.sps {
        let sps = Sps::parse(set).ok_or_else(|| Fault::bad("the sequence parameter set is broken"))?;
        if sps.chroma_format != 1 {
            let name = ["luma-only", "4:2:0", "4:2:2", "4:4:4"];
            let name = name.get(sps.chroma_format as usize).copied().unwrap_or("chroma format");
            return unsupported(format!("{name} H.264"));
        }
        if (sps.luma_bits, sps.chroma_bits) != (8, 8) {
            return unsupported(format!("{}-bit H.264", sps.luma_bits.max(sps.chroma_bits)));
        }
        if !sps.progressive {
            return unsupported("interlaced H.264".to_owned());
        }
        if !matches!(sps.profile, 66 | 77 | 100) {
            return unsupported(format!("H.264 profile {}", sps.profile));
        }
        first = first.or(Some(sps));
    }
    match first {
        Some(sps) => Ok(sps),
        None => unsupported("H.264 without parameter sets in the index".to_owned()),
    }
}

fn refuse(path: &Path, fault: Fault) -> Error {
    match fault {
        Fault::Bad(reason) => Error::malformed(path, INDEX, reason),
        Fault::Unsupported(what) => Error::unsupported(path, what, OTHER_DECODER),
    }
}

/// Walks the top-level boxes to the index.
fn find_moov(path: &Path, file: &mut Container) -> Result<BoxRef> {
    const KNOWN: [&[u8; 4]; 8] = [b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp"];
    let length = file.length();
    let mut at = 0;
    let cut = |what: &str| Error::damaged(path, 0, format!("the file ends {what}"));
    loop {
        let found = file.box_at(at, length);
        if at == 0 && !matches!(&found, Ok(Some(first)) if KNOWN.contains(&&first.kind)) {
            return Err(Error::unsupported(path, "a file that is not mp4 or mov", OTHER_DECODER));
        }
        match found {
            Ok(Some(moov)) if &moov.kind == b"moov" => {
                if moov.body.end > length {
                    return Err(cut("inside its index (the box `moov`)"));
                }
                return Ok(moov);
            }
            Ok(Some(other)) => at = other.body.end,
            Ok(None) | Err(_) => return Err(cut("before its index (the box `moov`)")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: [u8; 8] = [0x67, 66, 0, 11, 0b1101_1010, 0b0000_1011, 0b0001_0011, 0b1001_0000];

    fn converted(stored: &[u8], length_size: usize) -> Result<Vec<u8>, Fault> {
        let sps = Sps::parse(&SPS).unwrap();
        let mut out = Vec::new();
        add_start_codes(stored, length_size, &sps, &mut out).map(|()| out)
    }

    #[test]
    fn lengths_of_every_size_become_start_codes() {
        let expected = [0, 0, 0, 1, 0x65, 7, 8, 0, 0, 0, 1, 0x41];
        assert_eq!(converted(&[3, 0x65, 7, 8, 1, 0x41], 1).unwrap(), expected);
        assert_eq!(converted(&[0, 3, 0x65, 7, 8, 0, 1, 0x41], 2).unwrap(), expected);
        assert_eq!(converted(&[0, 0, 0, 3, 0x65, 7, 8, 0, 0, 0, 1, 0x41], 4).unwrap(), expected);
        // An empty unit leaves nothing.
        assert_eq!(converted(&[0, 1, 0x41], 1).unwrap(), [0, 0, 0, 1, 0x41]);
    }

    #[test]
    fn units_beyond_their_frame_are_refused() {
        assert!(converted(&[4, 0x65, 7, 8], 1).is_err());
        assert!(converted(&[0, 0, 1], 4).is_err());
        assert!(converted(&[0xff, 0xff, 0xff, 0xff, 0x65], 4).is_err());
    }

    #[test]
    fn another_size_in_the_stream_is_refused() {
        let mut other = SPS;
        let same = [&[8u8][..], &SPS].concat();
        assert!(converted(&same, 1).is_ok());
        other[5] ^= 0b0000_0010; // another width
        assert_ne!(Sps::parse(&other).map(|sps| sps.width), Some(176));
        assert!(converted(&[&[8u8][..], &other].concat(), 1).is_err());
    }
}
