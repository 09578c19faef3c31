//! The values that V-BLIINDS computes from two consecutive frames.

use super::motion::{coherency, mode_and_mean, residual_deviation};
use super::ntss::{BlockSearch, Codes, Vector};
use super::spectral::{COEFFICIENTS, Ratios, Spectral};
use crate::frame::Frame;
use crate::par;
use crate::rows::LumaSource;

/// The searches for the residual and for the motion features.
const RESIDUAL: BlockSearch = BlockSearch { block: 16, reach: 7 };
const MOTION: BlockSearch = BlockSearch { block: 10, reach: 15 };

/// Statistics of two consecutive frames.
#[derive(Debug, Clone, PartialEq)]
pub struct PairStatistics {
    /// Vectors (down, right) of 16x16 blocks from the second frame to the first, row after row.
    pub residual_vectors: Vec<(i32, i32)>,
    /// Vectors of 10x10 blocks.
    pub motion_vectors: Vec<(i32, i32)>,
    /// Deviation over 16x16 blocks of the DC coefficient of the motion-compensated difference.
    pub residual_deviation: f64,
    /// Mean over 5x5 blocks of the DC coefficient of the difference.
    pub mean_dc: f64,
    /// Shapes of the 25 coefficients of 5x5 blocks, in zig-zag order.
    pub shapes: [f64; 25],
    /// The coefficients of all 5x5 blocks, grouped by frequency, row after row of frequencies.
    planes: Vec<f64>,
    /// Band ratios: high to low, high to middle, high and middle to low, high to middle and low, middle to low.
    pub ratios: [f64; 5],
    /// How coherent the motion is around each 10x10 block.
    pub coherency: Vec<f64>,
    /// Most frequent length of the vectors of 10x10 blocks.
    pub mode: f64,
    /// Their mean length.
    pub mean: f64,
}

impl PairStatistics {
    /// The coefficients of one (vertical, horizontal) frequency, 0 to 4 each, of all 5x5 blocks of the difference.
    /// Empty for other frequencies.
    #[must_use]
    pub fn coefficients(&self, vertical: usize, horizontal: usize) -> &[f64] {
        let blocks = self.planes.len() / COEFFICIENTS;
        let place = vertical * 5 + horizontal;
        let inside = vertical < 5 && horizontal < 5;
        self.planes.get(place * blocks..(place + 1) * blocks).filter(|_| inside).unwrap_or_default()
    }
}

/// Two frames and their statistics; the memory is reused between pairs.
#[derive(Debug, Default)]
pub(super) struct Pair {
    previous: Codes,
    current: Codes,
    unit: f64,
    frames: u64,
    residual_vectors: Vec<Vector>,
    motion_vectors: Vec<Vector>,
    spectral: Spectral,
    coherency: Vec<f64>,
    lengths: Vec<u32>,
    /// Residual deviation of the last pair.
    pub(super) residual_deviation: f64,
    pub(super) mode: f64,
    pub(super) mean: f64,
}

impl Pair {
    /// Takes the next frame. Returns whether there is a pair now.
    pub(super) fn push(&mut self, frame: &Frame<'_>) -> bool {
        std::mem::swap(&mut self.previous, &mut self.current);
        self.unit = self.current.take(frame);
        self.frames += 1;
        self.frames > 1
    }

    /// Computes the statistics of the pair, and runs `other` at the same time if threads are available.
    pub(super) fn run(&mut self, other: impl FnOnce() + Send) {
        let Self { previous, current, unit, residual_vectors, motion_vectors, spectral, .. } = self;
        let (previous, current, unit) = (&*previous, &*current, *unit);
        par::join(
            || {
                par::join(
                    || RESIDUAL.run(previous, current, residual_vectors),
                    || MOTION.run(previous, current, motion_vectors),
                )
            },
            || par::join(|| spectral.run(previous, current, unit), other),
        );
        self.residual_deviation =
            residual_deviation(RESIDUAL, previous, current, &self.residual_vectors, unit);
        let (columns, _) = MOTION.blocks(current);
        coherency(&self.motion_vectors, columns, &mut self.coherency);
        // The original allocates this many vectors; those it does not fill are zero.
        let room = current.width * current.height / (MOTION.block * MOTION.block);
        (self.mode, self.mean) = mode_and_mean(&self.motion_vectors, room, &mut self.lengths);
    }

    pub(super) fn ratios(&self) -> Ratios {
        self.spectral.ratios()
    }

    pub(super) fn mean_dc(&self) -> f64 {
        self.spectral.mean_dc
    }

    pub(super) fn mean_coherency(&self) -> f64 {
        self.coherency.iter().sum::<f64>() / self.coherency.len() as f64
    }

    pub(super) fn statistics(&self) -> PairStatistics {
        const _: () = assert!(COEFFICIENTS == 25);
        PairStatistics {
            residual_vectors: self.residual_vectors.clone(),
            motion_vectors: self.motion_vectors.clone(),
            residual_deviation: self.residual_deviation,
            mean_dc: self.spectral.mean_dc,
            shapes: self.spectral.shapes,
            planes: self.spectral.planes.clone(),
            ratios: self.ratios(),
            coherency: self.coherency.clone(),
            mode: self.mode,
            mean: self.mean,
        }
    }
}

impl Codes {
    /// Copies the luma of a frame; returns the number of codes per 8-bit step.
    fn take(&mut self, frame: &Frame<'_>) -> f64 {
        (self.width, self.height) = frame.size();
        self.data.resize(self.width * self.height, 0);
        let rows = self.data.chunks_exact_mut(self.width.max(1)).enumerate();
        let luma = frame.luma_rows();
        if let LumaSource::Deep(view) = luma.source() {
            for (y, out) in rows {
                out.copy_from_slice(view.row(y));
            }
            return view.unit();
        }
        if let Some(codes) = luma.codes() {
            for (y, out) in rows {
                codes.write(y, out);
            }
        }
        1.0
    }
}
