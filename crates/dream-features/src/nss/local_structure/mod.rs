//! How normalised coefficients differ from their neighbours: differences along four directions, a cross difference and
//! two Laplacian-like filters, each fitted with a generalised Gaussian.

mod border;
mod quantity;
mod rows;
mod scaled;

use super::{Border, FlatAreas, Ggd, MscnScan};
use crate::plane::{Plane, Rows};
use crate::simd::dispatch;
use quantity::Moments;
pub use quantity::Quantity;
pub(crate) use quantity::Wanted;
use rows::{AddRow, Centred, Horizontal, Line, Pair, RowSums, Triple};
pub(crate) use scaled::ScaledStructure;

/// The seven differences of log magnitudes in the order of their values: names, and what they are.
pub(crate) const LOG_DIFFERENCES: [(&str, &str); 7] = [
    ("d_h", "log-MSCN differences with the left neighbour"),
    ("d_v", "log-MSCN differences with the upper neighbour"),
    ("d_d1", "log-MSCN differences with the upper left neighbour"),
    ("d_d2", "log-MSCN differences with the lower left neighbour"),
    ("cross", "log-MSCN differences of the two diagonals of 2x2"),
    ("f1", "log-MSCN differences of vertical and horizontal neighbours"),
    ("f2", "log-MSCN differences of the two diagonals of 3x3"),
];

/// Statistics of one map at one scale. Fits are centred on the mean of the fitted values; the variance has divisor N.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalStructure {
    /// Mean of the local deviation plus 2^-52.
    pub sigma_mean: f64,
    /// Standard deviation of the local deviation, with divisor N - 1; 0 for a single pixel.
    pub sigma_deviation: f64,
    /// Fit of the MSCN coefficients.
    pub mscn: Ggd,
    /// Fits of the differences with the left, upper, upper left and lower left neighbour, circular.
    pub differences: [Ggd; 4],
    /// Fit of the difference of the two diagonals of 2x2, circular.
    pub cross: Ggd,
    /// Fits after the filters `[0 1 0; -1 0 -1; 0 1 0]` and `[1 0 -1; 0 0 0; -1 0 1]`, zeros outside.
    pub filtered: [Ggd; 2],
}

impl LocalStructure {
    /// Number of features.
    pub const DIM: usize = 18;

    /// The features of HIGRADE: mean of the deviation, squared ratio of its mean to its deviation (infinite where all
    /// deviations are equal), then deviation and shape of the eight fits.
    #[must_use]
    pub fn features(&self) -> [f64; Self::DIM] {
        let mut out = [0.0; Self::DIM];
        let ratio = self.sigma_mean / self.sigma_deviation;
        let (deviation, fits) = out.split_at_mut(2);
        deviation.copy_from_slice(&[self.sigma_mean, ratio * ratio]);
        for (pair, fit) in fits.as_chunks_mut::<2>().0.iter_mut().zip(self.fits()) {
            *pair = [fit.variance.sqrt(), fit.shape];
        }
        out
    }

    /// The eight fits, in the order of the features.
    pub fn fits(&self) -> impl Iterator<Item = &Ggd> {
        [&self.mscn].into_iter().chain(&self.differences).chain([&self.cross]).chain(&self.filtered)
    }
}

/// Computes the statistics of `map`, whose values are codes 0..=255 or of that order.
///
/// # Example
/// ```
/// use dream_features::{Plane, nss::{Quantity, local_structure}};
///
/// let pixels = (0..32u32 * 24).map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 24)).collect();
/// let structure = local_structure(&Plane::new(pixels, 32, 24)?, Quantity::LogMagnitude);
/// assert!(structure.sigma_mean > 50.0 && structure.cross.shape > 0.2);
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Reference
/// Kundu, Ghadiyaram, Bovik, Evans, "No-reference quality assessment of tone-mapped HDR pictures", IEEE Transactions on
/// Image Processing 26(6), 2017; the HIGRADE release.
#[must_use]
pub fn local_structure(map: &Plane, quantity: Quantity) -> LocalStructure {
    StructureScan::default().run(map, quantity, Wanted::ALL)
}

/// Scratch memory for [`local_structure`], reused between maps.
#[derive(Debug, Default)]
pub(crate) struct StructureScan {
    scan: MscnScan,
    /// The coefficients of the whole map, row by row. Reading them again is cheaper than computing them again. The
    /// buffer never shrinks; otherwise it would have to be cleared for a map that follows a smaller one.
    mscn: Vec<f64>,
    first: Line,
    /// The last three rows, the newest first.
    recent: [Line; 3],
}

impl StructureScan {
    /// Makes two passes over the rows. The first normalises and finds the means; the second sums around them.
    pub(crate) fn run<R: Rows>(&mut self, map: &R, quantity: Quantity, wanted: Wanted) -> LocalStructure {
        let (width, height) = (map.width(), map.height());
        let Self { scan, mscn, first, recent } = self;

        let count = width * height;
        if mscn.len() < count {
            mscn.resize(count, 0.0);
        }
        let mscn = mscn.get_mut(..count).unwrap_or_default();
        let mut keep = mscn.chunks_exact_mut(width);
        let mut sums = RowSums::default();
        scan.run(map, FlatAreas::Snapped, |y, row| {
            if y == 0 {
                sums.pivot = row.sigma().first().copied().unwrap_or_default() + f64::EPSILON;
            }
            dispatch(AddRow { row, sums: &mut sums, keep: keep.next().unwrap_or_default() });
        });
        let count = count as f64;
        let mscn_mean = sums.mscn / count;
        let means = border::filtered_sums(mscn, width, quantity).map(|sum| sum / count);
        let border = Border::Zero;

        let mut moments = Moments::default();
        for line in recent.iter_mut() {
            line.reset(width);
        }
        for (y, values) in mscn.chunks_exact(width).enumerate() {
            dispatch(Centred { values, mean: mscn_mean, moments: &mut moments.mscn });
            recent.rotate_right(1);
            let [below, middle, above] = recent;
            below.fill(values, quantity);
            if wanted.left {
                dispatch(Horizontal { line: below, moments: &mut moments });
            }
            if y == 0 {
                first.copy(below);
            } else {
                dispatch(Pair { above: middle, below, wanted, moments: &mut moments });
                let lines = [&*above, middle, below];
                dispatch(Triple { lines, means, border, wanted, moments: &mut moments });
            }
        }
        // The circular shift makes the last row the neighbour of the first; the filters see zeros below it.
        let [last, before, outside] = recent;
        dispatch(Pair { above: last, below: first, wanted, moments: &mut moments });
        outside.reset(width);
        let lines = [&*before, last, outside];
        dispatch(Triple { lines, means, border, wanted, moments: &mut moments });

        let [sigma_mean, sigma_deviation] = sums.sigma(count);
        LocalStructure {
            sigma_mean,
            sigma_deviation,
            mscn: moments.mscn.fit(),
            differences: moments.differences.map(|moments| moments.fit()),
            cross: moments.cross.fit(),
            filtered: moments.filtered.map(|moments| moments.fit()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::correlate;
    use crate::nss::local_statistics;

    /// The definition, with whole planes: the eight maps that are fitted.
    fn naive(map: &Plane, quantity: Quantity) -> Vec<Vec<f64>> {
        let (width, height) = (map.width(), map.height());
        let mscn = local_statistics(map, FlatAreas::Snapped).mscn;
        let of = |v: &f64| match quantity {
            Quantity::LogMagnitude => libm::log(v.abs() + 0.1),
            Quantity::Mscn => *v,
        };
        let q = Plane::new(mscn.data().iter().map(of).collect(), width, height).unwrap();
        let shifted = |dy: usize, dx: usize| {
            let at = |i: usize| {
                q.row((i / width + height - dy % height) % height)[(i % width + width - dx % width) % width]
            };
            (0..width * height).map(at).collect::<Vec<f64>>()
        };
        let minus = |other: Vec<f64>| q.data().iter().zip(other).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let mut maps = vec![mscn.data().to_vec()];
        maps.extend([(0, 1), (1, 0), (1, 1), (height - 1, 1)].map(|(dy, dx)| minus(shifted(dy, dx))));
        let others = minus(shifted(1, 0)).into_iter().zip(shifted(1, 1).into_iter().zip(shifted(0, 1)));
        maps.push(
            others.map(|(vertical, (diagonal, horizontal))| vertical + (diagonal - horizontal)).collect(),
        );
        let kernels = [
            [0.0, 1.0, 0.0, -1.0, 0.0, -1.0, 0.0, 1.0, 0.0],
            [1.0, 0.0, -1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 1.0],
        ];
        maps.extend(kernels.map(|kernel| correlate(&kernel, &q).unwrap().data().to_vec()));
        maps
    }

    #[test]
    fn equals_the_definition_at_every_small_size() {
        let mut state = 5u32;
        let mut scan = StructureScan::default();
        for (width, height) in (1..=21).flat_map(|w| (1..=6).map(move |h| (w, h))) {
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f64::from(state >> 24)
            };
            let map = Plane::new((0..width * height).map(|_| next()).collect(), width, height).unwrap();
            let sigma: Vec<f64> = local_statistics(&map, FlatAreas::Snapped)
                .sigma
                .data()
                .iter()
                .map(|s| s + f64::EPSILON)
                .collect();
            let count = sigma.len() as f64;
            let mean = sigma.iter().sum::<f64>() / count;
            let variance =
                sigma.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / (count - 1.0).max(1.0);
            for quantity in [Quantity::LogMagnitude, Quantity::Mscn] {
                let found = scan.run(&map, quantity, Wanted::ALL);
                assert!((found.sigma_mean - mean).abs() < 1e-12 * mean, "{width}x{height}");
                assert!((found.sigma_deviation - variance.sqrt()).abs() < 1e-9 * mean, "{width}x{height}");
                for (k, (fit, values)) in found.fits().zip(naive(&map, quantity)).enumerate() {
                    let expected = Ggd::fit_centred(&values);
                    let case = format!("{width}x{height} {quantity:?} {k}: {fit:?} {expected:?}");
                    assert!((fit.variance - expected.variance).abs() < 1e-12, "{case}");
                    if expected.variance > 1e-12 {
                        assert!((fit.rho - expected.rho).abs() < 1e-9 * expected.rho, "{case}");
                        assert_eq!(fit.index, expected.index, "{case}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_single_pixel_and_a_black_map_have_an_infinite_ratio() {
        for map in [Plane::new(vec![93.0], 1, 1).unwrap(), Plane::zeros(37, 19)] {
            let structure = local_structure(&map, Quantity::LogMagnitude);
            assert_eq!(structure.sigma_deviation, 0.0);
            assert_eq!(structure.features()[1], f64::INFINITY);
            assert!(structure.mscn.rho.is_nan() && structure.mscn.shape == 0.2);
        }
    }
}
