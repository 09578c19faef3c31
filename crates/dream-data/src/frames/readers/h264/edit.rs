//! Edit lists: which frames of a track are shown, and when.

use super::fault::Fault;
use re_mp4::ElstBox;

/// Which parts of the track are shown, and when (ISO/IEC 14496-12, 8.6.6). Parts come in the order of the track, so
/// every frame is shown once at most.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Edit {
    /// Empty if there is no edit list: everything is shown at its own time.
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    /// First composition time that is shown, in track units, and the first one that is no longer shown.
    start: i64,
    end: i64,
    /// The composition time of its first frame. If a part begins between two frames, the frame before it is not
    /// shown, and the next one is shown at once.
    first: i64,
    /// When it begins, in track units.
    at: i64,
}

impl Edit {
    pub(super) fn new(list: &ElstBox, timescale: u32, movie_timescale: u32) -> Result<Self, Fault> {
        let unsupported = |what: &str| Err(Fault::Unsupported(format!("an edit list that {what}")));
        // Rounded as FFmpeg does: the clock of the movie is often coarse.
        let ticks = |duration: u64| {
            let (timescale, movie) = (u128::from(timescale), u128::from(movie_timescale.max(1)));
            i64::try_from((u128::from(duration) * timescale + movie / 2) / movie).unwrap_or(i64::MAX)
        };
        let empty = if list.version == 1 { u64::MAX } else { u64::from(u32::MAX) };
        let (mut parts, mut at) = (Vec::<Part>::new(), 0i64);
        for entry in &list.entries {
            let length = ticks(entry.segment_duration);
            if entry.media_time == empty {
                if !parts.is_empty() && length > 0 {
                    return unsupported("pauses");
                }
                at = at.saturating_add(length);
                continue;
            }
            if (entry.media_rate, entry.media_rate_fraction) != (1, 0) {
                return unsupported("changes speed");
            }
            let start = i64::try_from(entry.media_time).ok().filter(|start| *start < i64::MAX / 2);
            let start = start.ok_or_else(|| Fault::bad("an edit starts after the end of time"))?;
            if parts.last().is_some_and(|last| start < last.end) {
                return unsupported("repeats a part or changes the order");
            }
            // A part without length lasts to the end.
            let end = if length > 0 { start.saturating_add(length) } else { i64::MAX };
            parts.push(Part { start, end, first: i64::MAX, at });
            at = at.saturating_add(length);
        }
        Ok(Self { parts })
    }

    fn part(&self, composition: i64) -> Option<usize> {
        let place = self.parts.partition_point(|part| part.start <= composition).checked_sub(1)?;
        self.parts.get(place).filter(|part| composition < part.end).map(|_| place)
    }

    pub(super) fn shows(&self, composition: i64) -> bool {
        self.parts.is_empty() || self.part(composition).is_some()
    }

    /// Takes note of a frame, before any time is asked for.
    pub(super) fn see(&mut self, composition: i64) {
        if let Some(part) = self.part(composition).and_then(|place| self.parts.get_mut(place)) {
            part.first = part.first.min(composition);
        }
    }

    /// Presentation time in seconds.
    pub(super) fn seconds(&self, composition: i64, timescale: u32) -> f64 {
        let part = self.part(composition).and_then(|place| self.parts.get(place));
        let ticks = part.map_or(composition, |part| {
            let zero = if part.first == i64::MAX { part.start } else { part.first };
            composition.saturating_sub(zero).saturating_add(part.at)
        });
        ticks as f64 / f64::from(timescale)
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

    fn edit(entries: &[(u64, u64)]) -> Result<Edit, Fault> {
        Edit::new(&list(entries), 12_800, 1_000)
    }

    #[test]
    fn edits_shift_trim_and_delay() {
        // Half a second of nothing, then 400 ms from composition time 1024 on, at 12800 units a second.
        let shifted = edit(&[(500, u64::MAX), (400, 1024)]).unwrap();
        assert!(!shifted.shows(1023) && shifted.shows(1024) && shifted.shows(6143) && !shifted.shows(6144));
        assert!((shifted.seconds(1024 + 2560, 12_800) - 0.7).abs() < 1e-12);
        let open = edit(&[(0, 0)]).unwrap();
        assert!(open.shows(i64::MAX - 1) && !open.shows(-1));
        let none = Edit::default();
        assert!(none.shows(-5) && (none.seconds(6400, 12_800) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn parts_follow_each_other() {
        // 100 ms from 0 on, then 100 ms from 5000 on, where the first frame is at 5100.
        let mut cut = edit(&[(100, 0), (100, 5000)]).unwrap();
        assert!(
            cut.shows(1279) && !cut.shows(1280) && !cut.shows(4999) && cut.shows(6279) && !cut.shows(6280)
        );
        for time in [0, 512, 5100, 5612] {
            cut.see(time);
        }
        let seconds = [0, 512, 5100, 5612].map(|time| cut.seconds(time, 12_800));
        assert_eq!(seconds, [0.0, 0.04, 0.1, 0.14]);
    }

    #[test]
    fn what_a_single_pass_cannot_show_is_refused() {
        for entries in
            [&[(1, 0), (1, 5)][..], &[(10, 5000), (10, 0)], &[(0, 0), (5, 9000)], &[(10, 0), (1, u64::MAX)]]
        {
            assert!(matches!(edit(entries), Err(Fault::Unsupported(_))), "{entries:?}");
        }
        let mut slow = list(&[(1, 0)]);
        slow.entries[0].media_rate_fraction = 1;
        assert!(matches!(Edit::new(&slow, 12_800, 1_000), Err(Fault::Unsupported(_))));
        assert!(matches!(edit(&[(1, u64::MAX - 1)]), Err(Fault::Bad(_))));
    }
}
