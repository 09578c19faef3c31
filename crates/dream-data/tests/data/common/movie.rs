//! Small mp4 files made of the samples of the committed clips.
#![allow(clippy::unwrap_used, reason = "a panic here is a failed test")]

use super::testdata;

/// Units of time in a second, in the committed clips at 30000/1001 frames a second.
pub(crate) const TIMESCALE: u32 = 30_000;
pub(crate) const FRAME: u32 = 1001;
/// When the first frame of `bframes.mp4` is shown.
pub(crate) const DELAY: u32 = 2 * FRAME;

/// A compressed frame: NAL units, how long it lasts, and how much later than decoded it is shown.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) units: Vec<Vec<u8>>,
    pub(crate) duration: u32,
    pub(crate) shift: u32,
}

#[derive(Clone)]
pub(crate) struct Track {
    pub(crate) codec: [u8; 4],
    pub(crate) enabled: bool,
    pub(crate) sps: Vec<Vec<u8>>,
    pub(crate) pps: Vec<Vec<u8>>,
    pub(crate) samples: Vec<Sample>,
    /// Pairs of length in milliseconds and start in units.
    pub(crate) edits: Vec<(u32, u32)>,
    /// Boxes behind `avcC`.
    pub(crate) more: Vec<u8>,
}

pub(crate) fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
    [&size, &kind[..], &content].concat()
}

pub(crate) fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn word(file: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(file[at..at + 4].try_into().unwrap())
}

/// The content of the first box of this kind.
fn content<'a>(file: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    let at = file.windows(4).position(|found| found == kind)?;
    Some(&file[at + 4..at - 4 + word(file, at - 4) as usize])
}

/// The values of a run-length coded table.
fn runs(table: &[u8]) -> Vec<u32> {
    let runs = table[8..].chunks(8).map(|run| (word(run, 0) as usize, word(run, 4)));
    runs.flat_map(|(count, value)| vec![value; count]).collect()
}

impl Track {
    /// The only track of a clip whose frames lie in one piece.
    pub(crate) fn of(name: &str) -> Self {
        let file = std::fs::read(testdata(name)).unwrap();
        let table = |kind: &[u8; 4]| content(&file, kind).unwrap();
        let avcc = table(b"avcC");
        let set = |at: usize| {
            let length = usize::from(u16::from_be_bytes([avcc[at], avcc[at + 1]]));
            avcc[at + 2..at + 2 + length].to_vec()
        };
        let sps = set(6);
        let pps = set(6 + 2 + sps.len() + 1);
        let durations = runs(table(b"stts"));
        let shifts = content(&file, b"ctts").map_or_else(|| vec![0; durations.len()], runs);
        let mut at = word(table(b"stco"), 8) as usize;
        let samples = table(b"stsz")[12..].chunks(4).zip(durations).zip(shifts);
        let samples = samples
            .map(|((size, duration), shift)| {
                let size = word(size, 0) as usize;
                at += size;
                let (mut rest, mut units) = (&file[at - size..at], Vec::new());
                while !rest.is_empty() {
                    let end = 4 + word(rest, 0) as usize;
                    units.push(rest[4..end].to_vec());
                    rest = &rest[end..];
                }
                Sample { units, duration, shift }
            })
            .collect();
        let (codec, enabled, sps, pps) = (*b"avc1", true, vec![sps], vec![pps]);
        Self { codec, enabled, sps, pps, samples, edits: Vec::new(), more: Vec::new() }
    }

    /// All frames are shown this much later than they are decoded.
    pub(crate) fn shown_after(mut self, shift: u32) -> Self {
        self.samples.iter_mut().for_each(|sample| sample.shift = shift);
        self
    }

    /// Appends the samples of another track, with its parameter sets in front of the first.
    pub(crate) fn then(mut self, other: &Self) -> Self {
        let first = self.samples.len();
        self.samples.extend(other.samples.iter().cloned());
        let sets: Vec<Vec<u8>> = other.sps.iter().chain(&other.pps).cloned().collect();
        self.samples[first].units.splice(0..0, sets);
        self
    }

    /// Moves the parameter sets into the first sample.
    pub(crate) fn in_band(mut self) -> Self {
        let sets: Vec<Vec<u8>> = self.sps.drain(..).chain(self.pps.drain(..)).collect();
        self.samples[0].units.splice(0..0, sets);
        self
    }

    fn data(&self) -> Vec<Vec<u8>> {
        let unit = |unit: &Vec<u8>| [&u32::try_from(unit.len()).unwrap().to_be_bytes()[..], unit].concat();
        self.samples.iter().map(|sample| sample.units.iter().flat_map(unit).collect()).collect()
    }

    fn description(&self) -> Vec<u8> {
        let list = |sets: &[Vec<u8>]| {
            let length = |set: &[u8]| u16::try_from(set.len()).unwrap().to_be_bytes();
            sets.iter().flat_map(|set| [&length(set)[..], set].concat()).collect::<Vec<u8>>()
        };
        let (sps, pps) = (list(&self.sps), list(&self.pps));
        let counts = [0xe0 | u8::try_from(self.sps.len()).unwrap(), u8::try_from(self.pps.len()).unwrap()];
        let avcc = boxed(b"avcC", &[&[1, 100, 0, 11, 0xff], &counts[..1], &sps, &counts[1..], &pps]);
        let mut visual = vec![0; 78];
        visual[24..28].copy_from_slice(&[0, 64, 0, 48]);
        let entry = boxed(&self.codec, &[&visual, &avcc, &self.more]);
        boxed(b"stsd", &[&words(&[0, 1]), &entry])
    }

    fn trak(&self, id: u32, offset: u32) -> Vec<u8> {
        let count = u32::try_from(self.samples.len()).unwrap();
        let mut header = vec![0; 84];
        header[3] = 2 | u8::from(self.enabled);
        header[12..16].copy_from_slice(&id.to_be_bytes());
        for (at, value) in [(40, 65_536u32), (56, 65_536), (72, 0x4000_0000)] {
            header[at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        let each = |value: fn(&Sample) -> u32| {
            let runs = self.samples.iter().flat_map(|sample| [1, value(sample)]);
            words(&[0, count].into_iter().chain(runs).collect::<Vec<_>>())
        };
        let sizes = self.data().iter().map(|sample| u32::try_from(sample.len()).unwrap()).collect::<Vec<_>>();
        let table = boxed(
            b"stbl",
            &[
                &self.description(),
                &boxed(b"stts", &[&each(|sample| sample.duration)]),
                &boxed(b"ctts", &[&each(|sample| sample.shift)]),
                &boxed(b"stsc", &[&words(&[0, 1, 1, count, 1])]),
                &boxed(b"stsz", &[&words(&[0, 0, count]), &words(&sizes)]),
                &boxed(b"stco", &[&words(&[0, 1, offset])]),
            ],
        );
        let handler = [&[0; 8][..], b"vide", &[0; 13]].concat();
        let media = boxed(
            b"mdia",
            &[
                &boxed(b"mdhd", &[&words(&[0, 0, 0, TIMESCALE, 0, 0])]),
                &boxed(b"hdlr", &[&handler]),
                &boxed(b"minf", &[&table]),
            ],
        );
        let edits = self.edits.iter().flat_map(|(length, start)| [*length, *start, 65_536]);
        let count = u32::try_from(self.edits.len()).unwrap();
        let list = words(&[0, count].into_iter().chain(edits).collect::<Vec<_>>());
        let edits =
            if self.edits.is_empty() { Vec::new() } else { boxed(b"edts", &[&boxed(b"elst", &[&list])]) };
        boxed(b"trak", &[&boxed(b"tkhd", &[&header]), &edits, &media])
    }
}

/// A file with these tracks, its index in front.
pub(crate) fn movie(tracks: &[Track]) -> Vec<u8> {
    let mut header = vec![0; 100];
    header[12..16].copy_from_slice(&1000u32.to_be_bytes());
    let mvhd = boxed(b"mvhd", &[&header]);
    let index = |start: usize| {
        let (mut at, mut traks) = (start, Vec::new());
        for (track, id) in tracks.iter().zip(1..) {
            traks.extend(track.trak(id, u32::try_from(at).unwrap()));
            at += track.data().concat().len();
        }
        boxed(b"moov", &[&mvhd, &traks])
    };
    let ftyp = boxed(b"ftyp", &[b"isom\0\0\0\0isom"]);
    let start = ftyp.len() + index(0).len() + 8;
    let data: Vec<u8> = tracks.iter().flat_map(|track| track.data().concat()).collect();
    [ftyp, index(start), boxed(b"mdat", &[&data])].concat()
}
