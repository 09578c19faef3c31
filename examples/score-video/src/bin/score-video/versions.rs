//! Versions of one recording, ranked by their traces of a pasted face.

use dream_eval::Bca;
use score_video::Traces;

use crate::outcome::{Comparison, Row};

/// How to read the table.
pub(crate) const READ: &str = "a rank among versions of one recording, fewest traces first, and no verdict; the intervals say how \
                               steady a number is over the frames of the video, and nothing about other recordings";

/// Seeded, so that the same videos have the same intervals.
const BOOTSTRAP: Bca = Bca { resamples: 2000, level: 0.95, seed: 17 };

/// The rows with their ranks, fewest traces first; those without a score are last, in their order. Equal traces are in the
/// order of the names.
pub(crate) fn rank(mut rows: Vec<Row>) -> Vec<Row> {
    let mean = |row: &Row| row.traces.as_ref().map_or(f64::INFINITY, |traces| traces.mean);
    rows.sort_by(|a, b| mean(a).total_cmp(&mean(b)).then_with(|| a.file.cmp(&b.file)));
    for (row, rank) in rows.iter_mut().zip(1..) {
        row.comparison = row.traces.as_ref().map(|traces| compare(traces, rank));
    }
    rows
}

fn compare(traces: &Traces, rank: usize) -> Comparison {
    let frames: Vec<f64> = traces.frames.iter().map(|frame| frame.traces).collect();
    let difference = traces.reference.as_ref().and_then(|found| interval(&found.pairs));
    Comparison { rank, level: BOOTSTRAP.level, interval: interval(&frames), difference }
}

/// The interval of a mean over frames; `None` for fewer than two frames. Frames that are all alike leave it without width.
fn interval(values: &[f64]) -> Option<[f64; 2]> {
    let mean = |frames: &[usize]| {
        let drawn = frames.iter().filter_map(|&frame| values.get(frame));
        Ok(drawn.fold(0.0, |sum, value| sum + value) / frames.len() as f64)
    };
    let found = BOOTSTRAP.interval_of(values.len(), mean).ok()?;
    Some([found.low, found.high])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_hold_the_mean_and_are_the_same_again() {
        let values = [0.1, 0.5, 0.3, 0.9, 0.4, 0.2, 0.7, 0.6];
        let [low, high] = interval(&values).unwrap();
        assert!(0.25 < low && low < 0.4625 && 0.4625 < high && high < 0.7, "{low} {high}");
        assert_eq!(interval(&values), Some([low, high]));
        let moved = interval(&values.map(|value| value + 2.0)).unwrap();
        assert!((moved[0] - low - 2.0).abs() < 1e-9, "{moved:?}");
        assert_eq!((interval(&[]), interval(&[1.0])), (None, None));
    }
}
