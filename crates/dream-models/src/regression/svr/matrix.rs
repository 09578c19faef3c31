//! The kernel matrix of a training: all of it where it fits into the memory that is allowed, else the rows last used.

use super::Kernel;
use super::kernel::{Gram, Points, TILE, values};
use crate::par;

/// Values of a row are stored in single precision, as libsvm stores them: half the memory and memory traffic, and the
/// same rounded matrix gives the same steps, which is what equal predictions at a loose tolerance need.
type Value = f32;

/// Rows are filled up to a multiple of it, so that the solver's loops have no rest.
pub(super) const BLOCK: usize = 16;

/// Multiplications worth a second thread.
const PARALLEL: usize = 1 << 18;

#[derive(Debug)]
pub(super) struct KernelMatrix<'a> {
    rows: Storage<'a>,
    /// Values of a row with its filling.
    stride: usize,
    /// Kernel of each row with itself, in double precision.
    diagonal: Vec<f64>,
}

#[derive(Debug)]
enum Storage<'a> {
    Full(Vec<Value>),
    Recent(Recent<'a>),
}

/// The rows last used.
#[derive(Debug)]
struct Recent<'a> {
    points: &'a Points,
    kernel: Kernel,
    slots: Vec<Value>,
    /// Slot of each row.
    slot_of: Vec<Option<usize>>,
    /// Row and last use of each slot.
    held: Vec<(usize, u64)>,
    capacity: usize,
    clock: u64,
    scratch: Vec<f64>,
}

impl<'a> KernelMatrix<'a> {
    /// The matrix of `points`, in at most `bytes` or two rows, whichever is more.
    pub(super) fn new(points: &'a Points, kernel: Kernel, bytes: usize) -> Self {
        let count = points.len();
        let stride = count.next_multiple_of(BLOCK);
        let capacity = (bytes / size_of::<Value>() / stride.max(1)).max(2);
        let rows = if capacity >= count {
            Storage::Full(full(points, kernel, stride))
        } else {
            Storage::Recent(Recent {
                points,
                kernel,
                slots: Vec::new(),
                slot_of: vec![None; count],
                held: Vec::new(),
                capacity,
                clock: 0,
                scratch: vec![0.0; count],
            })
        };
        Self { rows, stride, diagonal: diagonal(kernel, points.norms()) }
    }

    /// The matrix of the rows of `subset`, from the dot products of all rows.
    pub(super) fn of_subset(gram: &Gram, kernel: Kernel, subset: &[usize]) -> KernelMatrix<'static> {
        let count = subset.len();
        let stride = count.next_multiple_of(BLOCK);
        let norms = gram.norms_of(subset);
        let mut all = vec![0.0; count * stride];
        let mut scratch = Vec::with_capacity(count);
        for (i, (line, &row)) in all.chunks_exact_mut(stride).zip(subset).enumerate() {
            let (rest, rest_norms) =
                (subset.get(i..).unwrap_or_default(), norms.get(i..).unwrap_or_default());
            gram.row_of(kernel, row, rest, &mut scratch, rest_norms);
            narrow(&scratch, line.get_mut(i..).unwrap_or_default());
        }
        mirror(&mut all, count, stride);
        KernelMatrix { rows: Storage::Full(all), stride, diagonal: diagonal(kernel, &norms) }
    }

    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    pub(super) fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    /// Makes `row` available; the row loaded just before stays so.
    pub(super) fn load(&mut self, row: usize) {
        if let Storage::Recent(recent) = &mut self.rows {
            recent.load(row, self.stride);
        }
    }

    /// A row that was loaded.
    pub(super) fn row(&self, row: usize) -> &[Value] {
        let (values, slot) = match &self.rows {
            Storage::Full(values) => (values, row),
            Storage::Recent(recent) => (
                &recent.slots,
                recent.slot_of.get(row).copied().flatten().unwrap_or(usize::MAX / self.stride - 1),
            ),
        };
        values.get(slot * self.stride..(slot + 1) * self.stride).unwrap_or_default()
    }
}

impl Recent<'_> {
    fn load(&mut self, row: usize, stride: usize) {
        self.clock += 1;
        if let Some(held) = self.slot_of.get(row).copied().flatten().and_then(|slot| self.held.get_mut(slot))
        {
            held.1 = self.clock;
            return;
        }
        let slot = if self.held.len() < self.capacity {
            self.held.push((row, self.clock));
            self.slots.resize(self.held.len() * stride, 0.0);
            self.held.len() - 1
        } else {
            let oldest =
                self.held.iter().enumerate().min_by_key(|(_, held)| held.1).map_or(0, |(slot, _)| slot);
            if let Some(held) = self.held.get_mut(oldest) {
                if let Some(place) = self.slot_of.get_mut(held.0) {
                    *place = None;
                }
                *held = (row, self.clock);
            }
            oldest
        };
        if let Some(place) = self.slot_of.get_mut(row) {
            *place = Some(slot);
        }
        self.points.dots(row, self.points, 0, &mut self.scratch);
        let norms = self.points.norms();
        values(self.kernel, norms.get(row).copied().unwrap_or_default(), norms, &mut self.scratch);
        narrow(&self.scratch, self.slots.get_mut(slot * stride..(slot + 1) * stride).unwrap_or_default());
    }
}

fn diagonal(kernel: Kernel, norms: &[f64]) -> Vec<f64> {
    match kernel {
        Kernel::Linear => norms.to_vec(),
        Kernel::Rbf { .. } => vec![1.0; norms.len()],
    }
}

fn full(points: &Points, kernel: Kernel, stride: usize) -> Vec<Value> {
    let count = points.len();
    let mut all = vec![0.0; count * stride];
    let work = |tile: usize, lines: &mut [Value]| {
        let first = tile * TILE;
        // Values before the diagonal are mirrored later.
        let length = count - first;
        let mut dots = vec![0.0; lines.len() / stride * length];
        points.dots(first, points, first, &mut dots);
        for (i, (line, dots)) in lines.chunks_exact_mut(stride).zip(dots.chunks_exact_mut(length)).enumerate()
        {
            let norms = points.norms();
            let norm = norms.get(first + i).copied().unwrap_or_default();
            values(kernel, norm, norms.get(first..).unwrap_or_default(), dots);
            narrow(dots, line.get_mut(first..).unwrap_or_default());
        }
    };
    if count * count < PARALLEL {
        all.chunks_mut(TILE * stride).enumerate().for_each(|(tile, lines)| work(tile, lines));
    } else {
        par::for_each_chunk(&mut all, TILE * stride, work);
    }
    mirror(&mut all, count, stride);
    all
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what is meant")]
fn narrow(from: &[f64], to: &mut [Value]) {
    debug_assert!(from.len() <= to.len());
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from as Value);
}

/// Copies the upper triangle to the lower one, in squares that fit the cache.
fn mirror(all: &mut [Value], count: usize, stride: usize) {
    const SQUARE: usize = 32;
    for top in (0..count).step_by(SQUARE) {
        for left in (0..=top).step_by(SQUARE) {
            for i in top..(top + SQUARE).min(count) {
                for j in left..(left + SQUARE).min(i) {
                    all[i * stride + j] = all[j * stride + i];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;
    use crate::regression::Rows;

    #[test]
    fn every_storage_holds_the_same_values() {
        let mut random = SplitMix64::new(6);
        let data: Vec<f64> = (0..37 * 5).map(|_| random.signed_unit()).collect();
        let rows = Rows::new(&data, 5).unwrap();
        let points = Points::new(&rows).unwrap();
        let gram = Gram::new(&points);
        let everything: Vec<usize> = (0..37).collect();
        for kernel in [Kernel::Linear, Kernel::Rbf { gamma: 0.8 }] {
            let full = KernelMatrix::new(&points, kernel, usize::MAX);
            let mut few = KernelMatrix::new(&points, kernel, 3 * 48 * 4);
            let subset = KernelMatrix::of_subset(&gram, kernel, &everything);
            let mut pair = random.clone();
            for _ in 0..200 {
                let (i, j) = ((pair.next_u64() % 37) as usize, (pair.next_u64() % 37) as usize);
                few.load(i);
                few.load(j);
                assert_eq!(few.row(i), full.row(i));
                assert_eq!(few.row(j), full.row(j));
                assert_eq!(subset.row(i), full.row(i));
            }
            let Storage::Recent(recent) = &few.rows else { panic!("all rows fit") };
            assert_eq!((recent.held.len(), recent.slots.len()), (3, 3 * 48));
            // A value by hand.
            let (a, b) = (rows.iter().next().unwrap(), rows.iter().nth(9).unwrap());
            let expected = match kernel {
                Kernel::Linear => a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>(),
                Kernel::Rbf { gamma } => {
                    libm::exp(-gamma * a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>())
                }
            };
            assert!((f64::from(full.row(0)[9]) - expected).abs() < 1e-7);
            assert_eq!(full.row(0)[9], full.row(9)[0]);
        }
    }
}
