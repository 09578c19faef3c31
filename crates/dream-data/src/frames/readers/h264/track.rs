//! The one video track that is read: its clock, edit list and tables.

use super::boxes::{BoxRef, Container};
use super::description::Description;
use super::edit::Edit;
use super::fault::Fault;
use super::samples::{ChunkOffsets, SampleTable};
use crate::frames::rotation::Rotation;
use re_mp4::{MdhdBox, TkhdBox, TrexBox};

/// A track with H.264 in it.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) id: u32,
    /// Units of time in a second.
    pub(super) timescale: u32,
    pub(super) edit: Edit,
    pub(super) rotation: Rotation,
    pub(super) description: Description,
    pub(super) table: SampleTable,
    /// Defaults for fragments, in a fragmented file.
    pub(super) fragment_defaults: Option<TrexBox>,
}

/// A video track, before its tables are read.
#[derive(Debug)]
struct Candidate {
    trak: BoxRef,
    mdia: BoxRef,
    enabled: bool,
    /// A still picture, such as the cover of a film.
    picture: bool,
}

/// The chosen video track.
#[derive(Debug)]
pub(super) struct Choice {
    chosen: Candidate,
    /// From 1, among all video tracks.
    pub(super) number: usize,
    /// All of them.
    pub(super) tracks: usize,
    /// True if another one is a film as well.
    pub(super) several: bool,
}

impl Choice {
    /// The video track `wanted`, from 1, or the one that players show: the first that is enabled and no picture.
    pub(super) fn new(file: &mut Container, moov: &BoxRef, wanted: Option<usize>) -> Result<Self, Fault> {
        let mut found = Vec::new();
        for trak in file.children(moov)? {
            if &trak.kind == b"trak"
                && let Some(candidate) = Candidate::new(file, trak)?
            {
                found.push(candidate);
            }
        }
        let tracks = found.len();
        let films = found.iter().filter(|candidate| !candidate.picture).count();
        let first = |of: fn(&Candidate) -> bool| found.iter().position(of);
        let index = match wanted {
            Some(wanted) => wanted.checked_sub(1).filter(|index| *index < tracks),
            None => first(|one| one.enabled && !one.picture).or(first(|one| !one.picture)).or(Some(0)),
        };
        let index = index.ok_or(Fault::NoTrack(tracks))?;
        let chosen = found.into_iter().nth(index).ok_or_else(|| Fault::bad("there is no video track"))?;
        let several = films > usize::from(!chosen.picture);
        Ok(Self { chosen, number: index + 1, tracks, several })
    }
}

impl Candidate {
    /// `None` for sound and the like.
    fn new(file: &mut Container, trak: BoxRef) -> Result<Option<Self>, Fault> {
        const ENABLED: u8 = 1;
        let mdia = file.required(&trak, b"mdia")?;
        let hdlr = file.required(&mdia, b"hdlr")?;
        if &file.word(&hdlr, 8)? != b"vide" {
            return Ok(None);
        }
        let tkhd = file.required(&trak, b"tkhd")?;
        let [_, _, _, flags] = file.word(&tkhd, 0)?;
        let minf = file.required(&mdia, b"minf")?;
        let stbl = file.required(&minf, b"stbl")?;
        let stsd = file.required(&stbl, b"stsd")?;
        let codec = file.word(&stsd, 12)?;
        let mut picture = matches!(&codec, b"jpeg" | b"mjpg" | b"png " | b"tiff" | b"gif ");
        if picture {
            let stsz = file.required(&stbl, b"stsz")?;
            picture = u32::from_be_bytes(file.word(&stsz, 8)?) <= 1;
        }
        Ok(Some(Self { trak, mdia, enabled: flags & ENABLED != 0, picture }))
    }
}

impl Track {
    pub(super) fn read(file: &mut Container, moov: &BoxRef, choice: &Choice) -> Result<Self, Fault> {
        let Candidate { trak, mdia, .. } = &choice.chosen;
        let minf = file.required(mdia, b"minf")?;
        let stbl = file.required(&minf, b"stbl")?;
        let stsd = file.required(&stbl, b"stsd")?;
        let description = Description::parse(&file.content(&stsd)?)?;

        let tkhd = file.required(trak, b"tkhd")?;
        let tkhd: TkhdBox = file.leaf(&tkhd)?;
        let mdhd = file.required(mdia, b"mdhd")?;
        let timescale = file.leaf::<MdhdBox>(&mdhd)?.timescale;
        if timescale == 0 {
            return Err(Fault::bad("the time scale of the track is 0"));
        }
        let mut edit = Edit::default();
        if let Some(edts) = file.child(trak, b"edts")?
            && let Some(elst) = file.child(&edts, b"elst")?
        {
            let mvhd = file.required(moov, b"mvhd")?;
            let version = file.word(&mvhd, 0)?;
            let movie_timescale = file.word(&mvhd, if version.first() == Some(&1) { 20 } else { 12 })?;
            edit = Edit::new(&file.leaf(&elst)?, timescale, u32::from_be_bytes(movie_timescale))?;
        }
        let mut fragment_defaults = None;
        if let Some(mvex) = file.child(moov, b"mvex")? {
            for child in file.children(&mvex)? {
                if &child.kind == b"trex" && fragment_defaults.is_none() {
                    let trex: TrexBox = file.leaf(&child)?;
                    fragment_defaults = (trex.track_id == tkhd.track_id).then_some(trex);
                }
            }
        }
        let table = read_table(file, &stbl)?;
        let m = &tkhd.matrix;
        let rotation = Rotation::from_matrix(m.a, m.b, m.c, m.d);
        Ok(Self { id: tkhd.track_id, timescale, edit, rotation, description, table, fragment_defaults })
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
    let (sizes, durations, chunks) = (file.leaf(&sizes)?, file.leaf(&durations)?, file.leaf(&chunks)?);
    SampleTable::new(sizes, durations, shifts, chunks, offsets, file.length())
}
