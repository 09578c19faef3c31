//! Statistics of one map: its coefficients, the products of neighbours, its local deviation, and the contrast of the
//! local deviation.

use pulp::Simd;

use crate::nss::{
    AggdMoments, Border, DifferenceScan, FlatAreas, Moments, MscnRow, MscnScan, PairSink, PowerSums,
};
use crate::plane::Rows;
use crate::simd::{Kernel, dispatch};

/// Neighbours that a product is taken with, numbered as places in [`MapSums`].
pub(super) const LEFT: usize = 0;
pub(super) const UPPER: usize = 1;
pub(super) const UPPER_LEFT: usize = 2;
pub(super) const LOWER_LEFT: usize = 3;

/// Scratch memory for the statistics of one map: about thirty rows.
#[derive(Debug)]
pub(super) struct MapScan {
    scan: MscnScan,
    rows: [MscnRow; 2],
    contrast: ContrastScan,
}

impl Default for MapScan {
    fn default() -> Self {
        let scan = MscnScan::normalised_twice();
        Self { scan, rows: Default::default(), contrast: ContrastScan::default() }
    }
}

impl MapScan {
    /// Adds what `sums` asks for from `image`. Returns the contrast of its local deviation if that is wanted.
    pub(super) fn run<R: Rows>(
        &mut self,
        image: &R,
        flat: FlatAreas,
        sums: &mut MapSums,
        contrast: Contrast,
    ) -> [PowerSums; 2] {
        self.start(image.width(), image.height(), flat, contrast);
        for y in 0..image.height() {
            self.push(|out| image.load(y, out), sums);
        }
        self.close(sums)
    }

    /// Starts a map whose rows arrive one by one.
    pub(super) fn start(&mut self, width: usize, height: usize, flat: FlatAreas, contrast: Contrast) {
        self.contrast.start(width, height, contrast);
        self.scan.start(width, height, flat, Border::Zero);
    }

    /// Takes the next row, which `load` writes.
    pub(super) fn push(&mut self, load: impl FnOnce(&mut [f64]), sums: &mut MapSums) {
        let Self { scan, rows, contrast: chain } = self;
        scan.push_pairs(load, rows, &mut Sink { sums, chain });
    }

    /// After the last row: the contrast of the local deviation, if that was wanted.
    pub(super) fn close(&mut self, sums: &mut MapSums) -> [PowerSums; 2] {
        let Self { rows, contrast: chain, .. } = self;
        MscnScan::close_pairs(rows, &mut Sink { sums, chain });
        self.contrast.sums
    }
}

/// The sums of a map. `None` is not computed.
#[derive(Debug, Default)]
pub(super) struct MapSums {
    /// Asymmetric fits of the products with each neighbour.
    pub(super) fits: [Option<AggdMoments>; 4],
    /// Moments of the same products.
    pub(super) powers: [Option<PowerSums>; 4],
    /// Moments of the coefficients.
    pub(super) mscn: Option<PowerSums>,
    /// Moments of the local deviation.
    pub(super) sigma: PowerSums,
}

impl MapSums {
    /// Sums with asymmetric fits and moments of the products with these neighbours.
    pub(super) fn of(fits: &[usize], powers: &[usize]) -> Self {
        Self {
            fits: std::array::from_fn(|i| fits.contains(&i).then(AggdMoments::default)),
            powers: std::array::from_fn(|i| powers.contains(&i).then(PowerSums::around_zero)),
            ..Self::default()
        }
    }

    /// Moments of the products with a neighbour.
    pub(super) fn products(&self, neighbour: usize) -> Moments {
        self.powers.get(neighbour).copied().flatten().unwrap_or_default().moments()
    }

    fn add(&mut self, neighbour: usize, a: &[f64], b: &[f64], count: usize) {
        let (Some(fit), Some(power)) = (self.fits.get_mut(neighbour), self.powers.get_mut(neighbour)) else {
            return;
        };
        if fit.is_some() || power.is_some() {
            dispatch(AddProducts { fit, power, a, b, count });
        }
    }
}

struct Sink<'a> {
    sums: &'a mut MapSums,
    chain: &'a mut ContrastScan,
}

impl PairSink for Sink<'_> {
    fn row(&mut self, row: &MscnRow) {
        self.sums.add(LEFT, row.lanes(), row.shifted_lanes(), row.values().len());
        if let Some(mscn) = &mut self.sums.mscn {
            mscn.add(row.values());
        }
        self.sums.sigma.add(row.sigma());
        self.chain.push(row.sigma());
    }

    fn pair(&mut self, above: &MscnRow, below: &MscnRow) {
        let width = below.values().len();
        self.sums.add(UPPER, below.lanes(), above.lanes(), width);
        self.sums.add(UPPER_LEFT, below.lanes(), above.shifted_lanes(), width);
        self.sums.add(LOWER_LEFT, above.lanes(), below.shifted_lanes(), width);
    }
}

struct AddProducts<'a> {
    fit: &'a mut Option<AggdMoments>,
    power: &'a mut Option<PowerSums>,
    a: &'a [f64],
    b: &'a [f64],
    count: usize,
}

impl Kernel for AddProducts<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if let Some(fit) = self.fit {
            fit.add_products(simd, self.a, self.b, self.count);
        }
        if let Some(power) = self.power {
            power.add_products(simd, self.a, self.b, self.count);
        }
    }
}

/// Which statistics of the difference of Gaussians of the local deviation are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Contrast {
    /// Nothing.
    #[default]
    Off,
    /// Its coefficients.
    Once,
    /// Its coefficients, and those of its own local deviation.
    Twice,
}

/// Local deviation, difference of Gaussians, coefficients, and coefficients again. Each step is a window of seven rows
/// over the rows of the previous step, so that no whole map is needed.
#[derive(Debug, Default)]
struct ContrastScan {
    wanted: Contrast,
    difference: DifferenceScan,
    once: MscnScan,
    twice: MscnScan,
    sums: [PowerSums; 2],
}

impl ContrastScan {
    fn start(&mut self, width: usize, height: usize, wanted: Contrast) {
        self.wanted = wanted;
        self.sums = Default::default();
        if wanted != Contrast::Off {
            self.difference.start(width, height);
            self.once.start(width, height, FlatAreas::Snapped, Border::Zero);
        }
        if wanted == Contrast::Twice {
            self.twice.start(width, height, FlatAreas::Snapped, Border::Zero);
        }
    }

    /// Takes a row of local deviations.
    fn push(&mut self, sigma: &[f64]) {
        if self.wanted == Contrast::Off {
            return;
        }
        let Self { wanted, difference, once, twice, sums: [first, second] } = self;
        difference.push(sigma);
        while let Some((_, row)) = difference.next_row() {
            once.push(|out| out.copy_from_slice(row));
            while let Some((_, row)) = once.next_row() {
                first.add(row.values());
                if *wanted != Contrast::Twice {
                    continue;
                }
                twice.push(|out| out.copy_from_slice(row.sigma()));
                while let Some((_, row)) = twice.next_row() {
                    second.add(row.values());
                }
            }
        }
    }
}

/// Root mean square of the coefficients of the local deviation of an image.
#[derive(Debug, Default)]
pub(super) struct DeviationScan {
    scan: MscnScan,
    again: MscnScan,
}

impl DeviationScan {
    pub(super) fn run<R: Rows>(&mut self, image: &R) -> f64 {
        let Self { scan, again } = self;
        again.start(image.width(), image.height(), FlatAreas::Snapped, Border::Zero);
        let mut sums = PowerSums::around_zero();
        scan.run(image, FlatAreas::Snapped, |_, row| {
            again.push(|out| out.copy_from_slice(row.sigma()));
            while let Some((_, row)) = again.next_row() {
                sums.add(row.values());
            }
        });
        sums.moments().mean_square.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nss::{difference_of_gaussians, local_statistics};
    use crate::plane::Plane;

    #[test]
    fn the_chain_equals_whole_maps() {
        for (width, height) in [(1, 1), (3, 9), (17, 6), (40, 33)] {
            let data = (0..width * height).map(|i| f64::from((i * 2_654_435_761 % 251) as u8)).collect();
            let image = Plane::new(data, width, height).unwrap();
            let snapped = |plane: &Plane| local_statistics(plane, FlatAreas::Snapped);
            let sigma = snapped(&image).sigma;
            let contrast = snapped(&difference_of_gaussians(&sigma));
            let expected = [
                Moments::of(contrast.mscn.data()),
                Moments::of(snapped(&contrast.sigma).mscn.data()),
                Moments::of(sigma.data()),
            ];
            let (mut scan, mut sums) = (MapScan::default(), MapSums::of(&[LEFT], &[UPPER]));
            let [once, twice] = scan.run(&image, FlatAreas::Snapped, &mut sums, Contrast::Twice);
            let found = [once.moments(), twice.moments(), sums.sigma.moments()];
            for (found, expected) in found.into_iter().zip(expected) {
                let near =
                    (found.mean_square - expected.mean_square).abs() < 1e-12 * (1.0 + expected.mean_square);
                assert!(near, "{width}x{height}: {found:?} {expected:?}");
                let near = (found.kurtosis - expected.kurtosis).abs() < 1e-9 * expected.kurtosis;
                assert!(near || width == 1, "{width}x{height}: {found:?} {expected:?}");
            }
            let rms = DeviationScan::default().run(&image);
            let expected = Moments::of(snapped(&sigma).mscn.data()).mean_square.sqrt();
            assert!((rms - expected).abs() < 1e-12);
            scan.run(&image, FlatAreas::Snapped, &mut MapSums::default(), Contrast::Off);
        }
    }
}
