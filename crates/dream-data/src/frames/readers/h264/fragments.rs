//! Where each compressed frame of a fragmented file lies and when it is shown.

use super::boxes::{BoxRef, Container};
use super::fault::Fault;
use super::samples::Sample;
use super::track::Track;
use re_mp4::{TfdtBox, TfhdBox, TrexBox, TrunBox};
use std::collections::VecDeque;

/// One run of samples of one fragment (ISO/IEC 14496-12, 8.8.8).
#[derive(Debug, Clone)]
struct Run {
    trun: TrunBox,
    done: u32,
    default_duration: u32,
    default_size: u32,
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
}

impl FragmentCursor {
    pub(super) fn new(at: u64) -> Self {
        Self { at, runs: VecDeque::new(), base: 0, offset: 0, decode_time: 0 }
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
                    return Err(Fault::bad("the index of a fragment is cut off"));
                }
                self.enter_fragment(file, track, &top)?;
            }
        }
    }

    fn enter_fragment(&mut self, file: &mut Container, track: &Track, moof: &BoxRef) -> Result<(), Fault> {
        for traf in file.children(moof)? {
            if &traf.kind != b"traf" {
                continue;
            }
            let tfhd = file.required(&traf, b"tfhd")?;
            let tfhd: TfhdBox = file.leaf(&tfhd)?;
            if tfhd.track_id != track.id {
                continue;
            }
            if let Some(tfdt) = file.child(&traf, b"tfdt")? {
                let time = file.leaf::<TfdtBox>(&tfdt)?.base_media_decode_time;
                self.decode_time =
                    i64::try_from(time).map_err(|_| Fault::bad("a fragment starts too late"))?;
            }
            self.base = tfhd.base_data_offset.unwrap_or(moof.start);
            self.offset = self.base;
            let defaults: Option<&TrexBox> = track.fragment_defaults.as_ref();
            for child in file.children(&traf)? {
                if &child.kind == b"trun" {
                    let duration = defaults.map(|trex| trex.default_sample_duration);
                    let size = defaults.map(|trex| trex.default_sample_size);
                    self.runs.push_back(Run {
                        trun: file.leaf(&child)?,
                        done: 0,
                        default_duration: tfhd.default_sample_duration.or(duration).unwrap_or(0),
                        default_size: tfhd.default_sample_size.or(size).unwrap_or(0),
                    });
                }
            }
        }
        Ok(())
    }

    fn next_of_fragment(&mut self) -> Option<Sample> {
        loop {
            let run = self.runs.front_mut()?;
            if run.done >= run.trun.sample_count {
                self.runs.pop_front();
                continue;
            }
            if run.done == 0
                && let Some(shift) = run.trun.data_offset
            {
                self.offset = self.base.saturating_add_signed(i64::from(shift));
            }
            let index = usize::try_from(run.done).unwrap_or(usize::MAX);
            run.done += 1;
            let duration = run.trun.sample_durations.get(index).copied().unwrap_or(run.default_duration);
            let size = run.trun.sample_sizes.get(index).copied().unwrap_or(run.default_size);
            // Signed in version 1; version 0 never needs the top bit.
            let shift = run.trun.sample_cts.get(index).map_or(0, |cts| cts.cast_signed());
            let composition = self.decode_time.saturating_add(i64::from(shift));
            let sample = Sample { offset: self.offset, size: u64::from(size), composition, duration };
            self.offset = self.offset.saturating_add(u64::from(size));
            self.decode_time = self.decode_time.saturating_add(i64::from(duration));
            return Some(sample);
        }
    }
}
