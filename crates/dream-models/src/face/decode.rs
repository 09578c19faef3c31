//! From the numbers of the network to faces: anchors, boxes, scores, suppression.

use super::Face;
use super::network::{NUMBERS, RawFaces, SIDE};

/// Sides of the two grids of anchors, and anchors per position.
const GRIDS: [(usize, usize); 2] = [(16, 2), (8, 6)];
/// Scores before the sigmoid are cut here, so that the exponential stays finite.
const CLIP: f32 = 100.0;

/// A face in the square that the network sees, all relative to its side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// Left, top, right, bottom.
    pub(super) corners: [f32; 4],
    /// Six points, x then y.
    pub(super) points: [[f32; 2]; 6],
    pub(super) score: f32,
}

/// The centres of the 896 anchors, relative to the square: both grids row by row. Their size is the square's.
pub(super) fn anchors() -> impl Iterator<Item = [f32; 2]> {
    GRIDS.into_iter().flat_map(|(side, per)| {
        let centre = move |at: usize| (at as f32 + 0.5) / side as f32;
        (0..side * side * per).map(move |number| {
            let position = number / per;
            [centre(position % side), centre(position / side)]
        })
    })
}

/// Faces of at least `min_score`, overlapping ones merged, best first.
pub(super) fn decode(raw: &RawFaces, min_score: f32, max_overlap: f32) -> Vec<Found> {
    let rows = raw.boxes.chunks_exact(NUMBERS).zip(&raw.scores);
    let candidates = rows.zip(anchors()).filter_map(|((row, score), anchor)| {
        let score = sigmoid(*score);
        let found = if score >= min_score { place(row, anchor, score)? } else { return None };
        let [left, top, right, bottom] = found.corners;
        // Not so for a box without area, and not for NaN.
        (right > left && bottom > top && (right - left).is_finite() && (bottom - top).is_finite())
            .then_some(found)
    });
    merge(candidates.collect(), max_overlap)
}

fn sigmoid(score: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-score.clamp(-CLIP, CLIP)))
}

fn place(row: &[f32], [x, y]: [f32; 2], score: f32) -> Option<Found> {
    let side = SIDE as f32;
    let (pairs, _) = row.as_chunks::<2>();
    let ([centre, size], points) = pairs.split_first_chunk()?;
    let shift = |[dx, dy]: [f32; 2]| [dx / side + x, dy / side + y];
    let ([x, y], [half_width, half_height]) =
        (shift(*centre), size.map(|side_in_pixels| side_in_pixels / side / 2.0));
    let corners = [x - half_width, y - half_height, x + half_width, y + half_height];
    let points: [[f32; 2]; 6] = points.try_into().ok()?;
    let points = points.map(shift);
    points.as_flattened().iter().all(|value| value.is_finite()).then_some(Found { corners, points, score })
}

/// Weighted suppression: the best box and all that overlap it by more than `max_overlap` become their mean, weighted by
/// score, with the best score; then the same among the others.
fn merge(mut rest: Vec<Found>, max_overlap: f32) -> Vec<Found> {
    rest.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut merged = Vec::new();
    while let Some(best) = rest.first().cloned() {
        // The best one goes in any case, or this would not end.
        let mut first = true;
        let (group, others): (Vec<Found>, Vec<Found>) = rest.into_iter().partition(|other| {
            std::mem::take(&mut first) || overlap(&other.corners, &best.corners) > max_overlap
        });
        merged.push(mean(&group, best));
        rest = others;
    }
    merged
}

/// Of faces that several windows found, those with the best scores: each drops all that overlap it by more than
/// `max_overlap`.
pub(super) fn keep_best(mut faces: Vec<Face>, max_overlap: f32) -> Vec<Face> {
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Face> = Vec::new();
    for face in faces {
        if kept.iter().all(|other| other.area.overlap(&face.area) <= f64::from(max_overlap)) {
            kept.push(face);
        }
    }
    kept
}

fn mean(group: &[Found], mut best: Found) -> Found {
    let total: f32 = group.iter().map(|found| found.score).sum();
    if group.len() > 1 && total > 0.0 {
        let average = |value: &dyn Fn(&Found) -> f32| {
            group.iter().map(|found| value(found) * found.score).sum::<f32>() / total
        };
        best.corners = std::array::from_fn(|i| average(&|found| found.corners[i]));
        best.points =
            std::array::from_fn(|i| std::array::from_fn(|axis| average(&|found| found.points[i][axis])));
    }
    best
}

/// Intersection over union.
fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let area = |[left, top, right, bottom]: [f32; 4]| (right - left).max(0.0) * (bottom - top).max(0.0);
    let common = area([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    let union = area(*a) + area(*b) - common;
    if union > 0.0 { common / union } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::network::ANCHORS;
    use super::*;

    fn found(left: f32, score: f32) -> Found {
        Found { corners: [left, 0.0, left + 1.0, 1.0], points: [[left, 0.5]; 6], score }
    }

    #[test]
    fn anchors_lie_row_by_row() {
        let all: Vec<_> = anchors().collect();
        assert_eq!(all.len(), ANCHORS);
        assert_eq!(all[0..3], [[0.03125, 0.03125], [0.03125, 0.03125], [0.09375, 0.03125]]);
        assert_eq!((all[32], all[511]), ([0.03125, 0.09375], [0.96875, 0.96875]));
        assert_eq!((all[512], all[518], all[895]), ([0.0625; 2], [0.1875, 0.0625], [0.9375; 2]));
    }

    #[test]
    fn numbers_are_pixels_from_the_anchor() {
        let mut row = [0.0; 16];
        row[..6].copy_from_slice(&[12.8, -12.8, 64.0, 32.0, 6.4, 0.0]);
        let found = place(&row, [0.5, 0.5], 1.0).unwrap();
        let expected = [0.35, 0.275, 0.85, 0.525];
        assert!(found.corners.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
        assert_eq!(found.points[..2], [[0.55, 0.5], [0.5, 0.5]]);
    }

    #[test]
    fn overlapping_boxes_become_their_weighted_mean() {
        // 0 and 0.25 overlap by 0.6, 0 and 0.75 by a seventh.
        let merged = merge(vec![found(0.75, 0.7), found(0.25, 0.5), found(0.0, 1.0)], 0.3);
        assert_eq!(merged.len(), 2);
        assert!((merged[0].corners[0] - 0.25 / 3.0).abs() < 1e-6 && merged[0].score == 1.0, "{merged:?}");
        assert!((merged[0].points[5][0] - 0.25 / 3.0).abs() < 1e-6);
        assert_eq!(merged[1], found(0.75, 0.7));
        assert!(merge(Vec::new(), 0.3).is_empty());
    }

    #[test]
    fn wild_numbers_are_no_faces() {
        let mut raw = RawFaces { boxes: vec![0.0; ANCHORS * NUMBERS], scores: vec![-1e30; ANCHORS] };
        for (at, (size, score)) in
            [(0.0, 9.0), (-5.0, 9.0), (f32::NAN, 9.0), (f32::INFINITY, 9.0), (5.0, f32::NAN), (5.0, -1.0)]
                .into_iter()
                .enumerate()
        {
            raw.boxes[at * NUMBERS + 2..at * NUMBERS + 4].fill(size);
            raw.scores[at] = score;
        }
        assert_eq!(decode(&raw, 0.5, 0.3), []);
        raw.scores[5] = 1e30;
        assert_eq!(decode(&raw, 0.5, 0.3)[0].score, 1.0);
        raw.boxes[5 * NUMBERS + 7] = f32::INFINITY;
        assert_eq!(decode(&raw, 0.5, 0.3), []);
    }
}
