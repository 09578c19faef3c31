//! Where in a face the score comes from, on average (Figure 13b).

use anyhow::Result;
use dream_models::deep::candle_core::DType;
use dream_models::deep::methods::da_clip::DaClip;
use dream_models::face::{FaceDetector, best};
use dream_models::preprocess::ImageView;
use train::{Clip, Scoring, all, bar};

use crate::draw::Heat;

/// Side of the average map.
const SIDE: usize = 48;
/// Clips whose maps are in memory at a time.
const BATCH: usize = 8;

/// Where the points of the detector lie in an aligned face: right eye, left eye, nose, mouth, right ear, left ear.
pub(crate) const POINTS: [[f64; 2]; 6] =
    [[0.36, 0.40], [0.64, 0.40], [0.5, 0.57], [0.5, 0.72], [0.17, 0.45], [0.83, 0.45]];

/// The sum of maps on aligned faces.
#[derive(Debug, Clone)]
pub(crate) struct Average {
    sums: Vec<f64>,
    counts: Vec<f64>,
    pub(crate) faces: usize,
    pub(crate) frames: usize,
}

/// The rotation, scale and shift that bring points of the aligned face to those of a frame, with the least squares.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Similarity {
    /// Real and imaginary part of what directions are multiplied by.
    turn: [f64; 2],
    from: [f64; 2],
    to: [f64; 2],
}

impl Similarity {
    /// None where the points are all in one place.
    fn new(from: &[[f64; 2]], to: &[[f64; 2]]) -> Option<Self> {
        let count = from.len().min(to.len()) as f64;
        let mean = |points: &[[f64; 2]]| {
            let [x, y] = points.iter().fold([0.0; 2], |[a, b], [x, y]| [a + x, b + y]);
            [x / count, y / count]
        };
        let (middle, other) = (mean(from), mean(to));
        let (mut turn, mut size) = ([0.0; 2], 0.0);
        for ([x, y], [u, v]) in from.iter().zip(to) {
            let ([x, y], [u, v]) = ([x - middle[0], y - middle[1]], [u - other[0], v - other[1]]);
            turn = [turn[0] + x * u + y * v, turn[1] + x * v - y * u];
            size += x * x + y * y;
        }
        let turn = turn.map(|part| part / size);
        let usable = turn.iter().all(|part| part.is_finite()) && turn != [0.0; 2];
        usable.then_some(Self { turn, from: middle, to: other })
    }

    fn place(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let ([a, b], [x, y]) = (self.turn, [x - self.from[0], y - self.from[1]]);
        [self.to[0] + a * x - b * y, self.to[1] + a * y + b * x]
    }
}

impl Default for Average {
    fn default() -> Self {
        Self { sums: vec![0.0; SIDE * SIDE], counts: vec![0.0; SIDE * SIDE], faces: 0, frames: 0 }
    }
}

/// The map of a frame, rows of cells, and the points of its face.
type Seen = (Vec<Vec<f64>>, Option<[[f64; 2]; 6]>);

impl Average {
    /// Of all frames of some clips in which the detector finds a face.
    pub(crate) fn of(clips: &[&Clip], network: &DaClip, how: &Scoring<'_>) -> Result<Self> {
        let bar = bar("faces", clips.len(), false)?;
        let (detector, mut average) = (FaceDetector::embedded()?, Self::default());
        for batch in clips.chunks(BATCH) {
            for (map, points) in all(batch, |clip| seen(clip, network, &detector, how))?.iter().flatten() {
                average.frames += 1;
                if let Some(way) = points.and_then(|points| Similarity::new(&POINTS, &points)) {
                    average.add(map, way);
                }
            }
            bar.inc(batch.len() as u64);
        }
        Ok(average)
    }

    fn add(&mut self, map: &[Vec<f64>], way: Similarity) {
        self.faces += 1;
        let cells = self.sums.iter_mut().zip(&mut self.counts);
        for ((sum, count), at) in cells.zip(0..) {
            let middle = |cell: usize| (cell as f64 + 0.5) / SIDE as f64;
            let [x, y] = way.place([middle(at % SIDE), middle(at / SIDE)]);
            if let Some(value) = value_at(map, x, y) {
                *sum += value;
                *count += 1.0;
            }
        }
    }

    /// The mean of what was seen at each place; 0 where nothing was.
    pub(crate) fn heat(&self) -> Heat {
        let mean = |(sum, count): (&f64, &f64)| if *count > 0.0 { sum / count } else { 0.0 };
        Heat { side: SIDE, values: self.sums.iter().zip(&self.counts).map(mean).collect() }
    }
}

/// The value of the cell around a place, from 0 to 1 both ways.
fn value_at(map: &[Vec<f64>], x: f64, y: f64) -> Option<f64> {
    let cell = |at: f64, cells: usize| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the cells")]
        (0.0..1.0).contains(&at).then_some((at * cells as f64) as usize)
    };
    let row = map.get(cell(y, map.len())?)?;
    row.get(cell(x, row.len())?).copied()
}

fn seen(clip: &Clip, network: &DaClip, detector: &FaceDetector, how: &Scoring<'_>) -> Result<Vec<Seen>> {
    let (frames, bytes) = how.frames(network, clip)?;
    let maps = network.explain_video(&frames)?.total.to_dtype(DType::F64)?.to_vec3::<f64>()?;
    let (_, _, height, width) = frames.dims4()?;
    let face = |bytes: &Vec<u8>| -> Result<Option<[[f64; 2]; 6]>> {
        let faces = detector.detect(&ImageView::rgb(bytes, width, height)?);
        Ok(best(&faces).map(|face| face.points))
    };
    maps.into_iter().zip(&bytes).map(|(map, bytes)| Ok((map, face(bytes)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_face_is_brought_back() {
        // A quarter turn, half the size, elsewhere.
        let turned = POINTS.map(|[x, y]| [0.7 - 0.5 * y, 0.1 + 0.5 * x]);
        let way = Similarity::new(&POINTS, &turned).unwrap();
        for (from, to) in POINTS.iter().zip(turned) {
            let [x, y] = way.place(*from);
            assert!((x - to[0]).abs() < 1e-12 && (y - to[1]).abs() < 1e-12);
        }
        assert_eq!(Similarity::new(&[[0.5; 2]; 6], &turned), None);
        assert_eq!(Similarity::new(&POINTS, &[[0.5; 2]; 6]), None);
    }

    #[test]
    fn the_mean_is_over_what_was_seen() {
        let whole = Similarity::new(&POINTS, &POINTS).unwrap();
        let mut average = Average::default();
        average.add(&[vec![1.0, -3.0], vec![0.0, 2.0]], whole);
        average.add(&[vec![3.0, -1.0], vec![0.0, 2.0]], whole);
        let heat = average.heat();
        let at = |x: usize, y: usize| heat.values[y * SIDE + x];
        assert_eq!([at(0, 0), at(47, 0), at(0, 47), at(47, 47)], [2.0, -2.0, 0.0, 2.0]);
        assert_eq!(
            (average.faces, value_at(&[vec![1.0]], 1.0, 0.5), value_at(&[], 0.5, 0.5)),
            (2, None, None)
        );
    }
}
