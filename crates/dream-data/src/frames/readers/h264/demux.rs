//! From file to packets: finds the track, looks over its samples, and hands them out for the decoder.

use super::boxes::{BoxRef, Container};
use super::fault::Fault;
use super::fragments::FragmentCursor;
use super::samples::{Sample, TableCursor};
use super::sps::{Sps, is_b_slice};
use super::survey::Survey;
use super::track::{Choice, Track};
use super::units::{self, Content, Converter, kind};
use crate::error::{Error, Result};
use crate::frames::assumption::Assumption;
use crate::frames::color_range::ColorRange;
use crate::frames::frame_rate::FrameRate;
use crate::frames::info::VideoInfo;
use crate::frames::remedy::OTHER_DECODER;
use std::fs::File;
use std::path::Path;

const INDEX: &str = "mp4 index";
/// The largest compressed frame.
const MAX_SAMPLE: u64 = 256 << 20;
/// Samples of a fragmented file that are looked over before the first is decoded.
const SURVEYED: u64 = 20_000;
/// Samples that are opened to find out whether there are B-frames, and those in which parameter sets are sought.
const PROBED: u64 = 1000;
const PROBED_FOR_PARAMETERS: u64 = 32;
/// Units of a sample that are looked at: no encoder writes dozens before the first slice.
const PROBED_UNITS: usize = 64;
/// Bytes at the start of a unit that are looked at: enough for the kind of a slice and for a parameter set.
const UNIT_START: usize = 1024;

/// One step of the demuxer.
#[derive(Debug)]
pub(super) enum Packet {
    /// The next sample in decoding order; [`Demuxer::data`] has its bytes.
    Data {
        composition: i64,
        content: Content,
    },
    End,
}

/// Reads one H.264 track, one sample at a time.
#[derive(Debug)]
pub(super) struct Demuxer {
    file: Container,
    track: Track,
    sps: Sps,
    converter: Converter,
    table: TableCursor,
    /// Present in fragmented files.
    fragments: Option<FragmentCursor>,
    survey: Survey,
    /// Frames that the edit list shows, if all were looked over.
    shown: Option<u64>,
    first: bool,
    /// The sample as stored. Reused.
    stored: Vec<u8>,
}

impl Demuxer {
    /// Opens the video track `wanted`, from 1, or the one that players show.
    pub(super) fn open(path: &Path, wanted: Option<usize>) -> Result<(Self, VideoInfo)> {
        let mut file = open_file(path)?;
        let moov = find_moov(path, &mut file)?;
        let choice = Choice::new(&mut file, &moov, wanted).map_err(|fault| refuse(path, fault, None))?;
        let opened = Self::begin(file, &moov, &choice).and_then(|mut demuxer| {
            let info = demuxer.look_over()?;
            Ok((demuxer, info))
        });
        let (demuxer, mut info) = opened.map_err(|fault| refuse(path, fault, Some(&choice)))?;
        if choice.several && wanted.is_none() {
            info.assumptions.push(Assumption::OneOfTracks { track: choice.number, tracks: choice.tracks });
        }
        Ok((demuxer, info))
    }

    fn begin(mut file: Container, moov: &BoxRef, choice: &Choice) -> Result<Self, Fault> {
        let track = Track::read(&mut file, moov, choice)?;
        let fragmented = track.fragment_defaults.is_some();
        let mut fragments = fragmented.then(|| FragmentCursor::new(moov.body.end));
        let mut first = None;
        for set in &track.description.avc.sps {
            let sps = units::check(set)?;
            first = first.or(Some(sps));
        }
        let mut table = TableCursor::default();
        let sps = match first {
            Some(sps) => sps,
            None => in_samples(&mut file, &track, &mut table, &mut fragments)?,
        };
        let converter = Converter::new(sps, track.description.avc.length_size);
        Ok(Self {
            file,
            track,
            sps,
            converter,
            table: TableCursor::default(),
            fragments: fragmented.then(|| FragmentCursor::new(moov.body.end)),
            survey: Survey::default(),
            shown: None,
            first: true,
            stored: Vec::new(),
        })
    }

    /// What is known before the first frame.
    fn look_over(&mut self) -> Result<VideoInfo, Fault> {
        let begin = (self.table.clone(), self.fragments.clone());
        self.walk();
        (self.table, self.fragments) = begin.clone();
        let b_frames = self.finds_b_frames()?;
        (self.table, self.fragments) = begin;
        let fragmented = self.fragments.is_some();
        if self.track.table.count() == 0 && !fragmented {
            return Err(Fault::bad("the video track has no frames"));
        }
        if self.survey.tangled() {
            return Err(Fault::Unsupported("H.264 whose frames are shown in an unusual order".to_owned()));
        }
        let (pacing, rate) = self.survey.pacing(self.track.timescale);
        // A single still frame may last indefinitely; any rate is right for it.
        let still = self.track.table.count() == 1 && !fragmented;
        let rate = rate.or(still.then_some(FrameRate::PAL));
        let rate = rate.ok_or_else(|| Fault::bad("no frame has a duration, so the frame rate is unknown"))?;
        let (width, height) = self.visible_size();
        let mut info = VideoInfo::new(width, height, rate, "openh264");
        info.frames = self.shown.filter(|_| !fragmented);
        info.range = self.range();
        info.rotation = self.track.rotation;
        info.exact = !b_frames;
        info.bit_depth = Some(8);
        info.pacing = pacing;
        Ok(info)
    }

    /// Looks over all samples of a table, and over many of a fragmented file. Where the tables are broken, reading will
    /// end as well.
    fn walk(&mut self) {
        let limit = self.fragments.as_ref().map(|_| SURVEYED.max(u64::from(self.track.table.count())));
        let mut shown = 0;
        loop {
            if limit.is_some_and(|limit| self.survey.samples() >= limit) {
                break;
            }
            match self.next_sample() {
                Ok(Some(sample)) => {
                    self.survey.see(&sample);
                    // Players take the times of fragments as they are.
                    if limit.is_none() {
                        self.track.edit.see(sample.composition);
                    }
                    shown += u64::from(self.track.edit.shows(sample.composition));
                }
                Ok(None) => {
                    self.shown = Some(shown);
                    break;
                }
                Err(_) => break,
            }
        }
        self.survey.finish();
    }

    /// Looks at the first slices of the first frames for one of kind B. Where frames are reordered later on, there are
    /// some as well.
    fn finds_b_frames(&mut self) -> Result<bool, Fault> {
        let length_size = self.track.description.avc.length_size;
        let mut started = false;
        for _ in 0..PROBED {
            let Ok(Some(sample)) = self.next_sample() else { return Ok(false) };
            let slice = |unit: &[u8]| {
                matches!(kind(unit), units::SLICE | units::IDR).then(|| (kind(unit), is_b_slice(unit)))
            };
            match probe(&mut self.file, &sample, length_size, slice) {
                // Cut out of a longer stream. OpenH264 waits for an IDR picture.
                Some((units::SLICE, _)) if !started => {
                    return Err(Fault::Unsupported(
                        "H.264 that does not start with an IDR picture".to_owned(),
                    ));
                }
                Some((_, true)) => return Ok(true),
                Some(_) => started = true,
                None => {}
            }
        }
        Ok(self.survey.reordered())
    }

    /// As the stream states it, or else the container. H.264 without a statement is limited (E.2.1).
    fn range(&self) -> ColorRange {
        match (self.sps.range, self.track.description.range) {
            (ColorRange::Unknown, ColorRange::Unknown) => ColorRange::Limited,
            (ColorRange::Unknown, stated) | (stated, _) => stated,
        }
    }

    pub(super) fn shows(&self, composition: i64) -> bool {
        self.track.edit.shows(composition)
    }

    pub(super) fn seconds(&self, composition: i64) -> f64 {
        self.track.edit.seconds(composition, self.track.timescale)
    }

    /// The size that the decoder crops to. If the container states a slightly smaller one that ends in the same
    /// macroblock, it is that one: this is the only way to an odd size in 4:2:0 H.264, and FFmpeg does the same.
    fn visible_size(&self) -> (u32, u32) {
        let (width, height) = self.track.description.size;
        let hides = |stated: u32, coded: u32| {
            stated > 0 && stated <= coded && stated.div_ceil(16) == coded.div_ceil(16)
        };
        let believe = !self.sps.shifted && hides(width, self.sps.width) && hides(height, self.sps.height);
        if believe { (width, height) } else { (self.sps.width, self.sps.height) }
    }

    /// The next sample in decoding order with start codes; the first one with the parameter sets in
    /// front. The error carries the sample's time where it is known.
    pub(super) fn next_packet(&mut self) -> Result<Packet, (Option<i64>, Fault)> {
        let Some(sample) = self.next_sample().map_err(|fault| (None, fault))? else {
            return Ok(Packet::End);
        };
        let composition = sample.composition;
        let content = self.load(&sample).map_err(|fault| (Some(composition), fault))?;
        Ok(Packet::Data { composition, content })
    }

    /// The bytes of the last packet.
    pub(super) fn data(&self) -> &[u8] {
        &self.converter.out
    }

    /// Puts all parameter sets in front of the last packet, for a new decoder.
    pub(super) fn introduce(&mut self) {
        self.converter.introduce();
    }

    fn next_sample(&mut self) -> Result<Option<Sample>, Fault> {
        next_sample(&mut self.file, &self.track, &mut self.table, &mut self.fragments)
    }

    fn load(&mut self, sample: &Sample) -> Result<Content, Fault> {
        let (length, end) = (self.file.length(), sample.offset.saturating_add(sample.size));
        if end > length {
            return Err(Fault::cut(length, self.survey.needed().max(end), "its frames"));
        }
        let size = usize::try_from(sample.size).ok().filter(|_| (1..=MAX_SAMPLE).contains(&sample.size));
        let size = size.ok_or_else(|| Fault::bad(format!("a frame of {} bytes", sample.size)))?;
        self.stored.resize(size, 0);
        self.file.read_at(sample.offset, &mut self.stored)?;
        let avc = &self.track.description.avc;
        let sets = avc.sps.iter().chain(&avc.pps).filter(|_| self.first).map(Vec::as_slice);
        let content = self.converter.convert(sets, &self.stored)?;
        self.first = false;
        Ok(content)
    }
}

fn next_sample(
    file: &mut Container,
    track: &Track,
    table: &mut TableCursor,
    fragments: &mut Option<FragmentCursor>,
) -> Result<Option<Sample>, Fault> {
    if let Some(sample) = table.next(&track.table)? {
        return Ok(Some(sample));
    }
    match fragments {
        Some(fragments) => fragments.next(file, track),
        None => Ok(None),
    }
}

/// Shows `visit` the starts of the units of a sample until it has an answer.
fn probe<T>(
    file: &mut Container,
    sample: &Sample,
    length_size: usize,
    mut visit: impl FnMut(&[u8]) -> Option<T>,
) -> Option<T> {
    let end = sample.offset.checked_add(sample.size)?.min(file.length());
    let mut at = sample.offset;
    let mut start = [0u8; 4 + UNIT_START];
    for _ in 0..PROBED_UNITS {
        let available = usize::try_from(end.checked_sub(at)?).unwrap_or(usize::MAX);
        let known = start.get_mut(..available.min(length_size + UNIT_START))?;
        file.read_at(at, known).ok()?;
        let (length, unit) = known.split_at_checked(length_size)?;
        let length = length.iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        let inside = usize::try_from(length).unwrap_or(usize::MAX).min(unit.len());
        if let Some(answer) = visit(unit.get(..inside)?) {
            return Some(answer);
        }
        at = at.checked_add(length_size as u64 + length)?;
    }
    None
}

/// The parameter set of a track whose description has none: it is in the first samples.
fn in_samples(
    file: &mut Container,
    track: &Track,
    table: &mut TableCursor,
    fragments: &mut Option<FragmentCursor>,
) -> Result<Sps, Fault> {
    let length_size = track.description.avc.length_size;
    for _ in 0..PROBED_FOR_PARAMETERS {
        let Some(sample) = next_sample(file, track, table, fragments)? else { break };
        let set = |unit: &[u8]| (kind(unit) == units::SPS).then(|| units::check(unit));
        if let Some(sps) = probe(file, &sample, length_size, set) {
            return sps;
        }
    }
    Err(Fault::Unsupported("H.264 without parameter sets in the index or the first frames".to_owned()))
}

fn refuse(path: &Path, fault: Fault, choice: Option<&Choice>) -> Error {
    match (fault, choice.filter(|choice| choice.tracks > 1)) {
        (Fault::Bad(reason), _) => Error::malformed(path, INDEX, reason),
        (Fault::NoTrack(0), _) => Error::malformed(path, INDEX, "there is no video track"),
        (Fault::NoTrack(tracks), _) => {
            Error::option("track", format!("{} has {tracks} video tracks, from 1 on", path.display()))
        }
        // Only frames change their size.
        (Fault::SizeChanged((width, height)), _) => {
            Error::malformed(path, INDEX, format!("the size changes to {width}x{height}"))
        }
        (Fault::Unsupported(what), None) => Error::unsupported(path, what, OTHER_DECODER),
        (Fault::Unsupported(what), Some(Choice { number, tracks, .. })) => {
            let what = format!("video track {number} of {tracks}: {what}");
            let remedy = format!("{OTHER_DECODER}; or choose another track (`--track N`)");
            Error::unsupported(path, what, remedy)
        }
    }
}

fn open_file(path: &Path) -> Result<Container> {
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    let metadata = file.metadata().map_err(|e| Error::io(path, e))?;
    if !metadata.is_file() {
        let what = "video that cannot be sought, such as a pipe,";
        return Err(Error::unsupported(path, what, "save it to a file first"));
    }
    Ok(Container::new(file, metadata.len()))
}

/// Walks the top-level boxes to the index.
fn find_moov(path: &Path, file: &mut Container) -> Result<BoxRef> {
    const KNOWN: [&[u8; 4]; 8] = [b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp"];
    let length = file.length();
    let mut at = 0;
    let cut = |what: &str| {
        Error::damaged(path, 0, format!("the file is cut off: it ends at byte {length}, {what}"))
    };
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
