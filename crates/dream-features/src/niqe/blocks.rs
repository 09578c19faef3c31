//! Fits to the coefficients of each block of an image, row by row.

use pulp::Simd;

use super::border::Borders;
use crate::frame::Frame;
use crate::nss::{AggdMoments, Border, FlatAreas, MscnScan};
use crate::plane::{Plane, Rows};
use crate::simd::{Kernel, dispatch};

/// Values of a block at one scale.
pub(super) const VALUES: usize = 18;
/// The coefficients themselves, and four products of neighbours.
const FITS: usize = 5;

/// Scratch memory for the fits, reused between frames.
#[derive(Debug, Default)]
pub(super) struct BlockFits {
    scan: MscnScan,
    borders: Borders,
    blocks: Blocks,
}

/// The state of the blocks that contain the most recent row.
#[derive(Debug, Default)]
struct Blocks {
    /// The row, and the row above, each with copies whose blocks are rotated right and left by one.
    now: Turned,
    above: Turned,
    /// The first row of the blocks.
    first: Vec<f64>,
    ones: Vec<f64>,
    moments: Vec<[AggdMoments; FITS]>,
}

/// A row of coefficients, and copies in which every block is rotated (circularly) by one place.
#[derive(Debug, Default)]
struct Turned {
    row: Vec<f64>,
    right: Vec<f64>,
    left: Vec<f64>,
}

impl Turned {
    fn take(&mut self, row: &[f64], side: usize) {
        self.row.clear();
        self.row.extend_from_slice(row);
        self.right.resize(row.len(), 0.0);
        self.left.resize(row.len(), 0.0);
        let turned = self.right.chunks_exact_mut(side).zip(self.left.chunks_exact_mut(side));
        for (block, (right, left)) in row.chunks_exact(side).zip(turned) {
            right.copy_from_slice(block);
            right.rotate_right(1);
            left.copy_from_slice(block);
            left.rotate_left(1);
        }
    }
}

impl BlockFits {
    /// Calls `sink` with the block (row, column) and its 18 values, for every block of `side` pixels. `side` is a
    /// multiple of eight and divides the size of the image.
    pub(super) fn run<R: Rows>(
        &mut self,
        image: &R,
        side: usize,
        flat: FlatAreas,
        mut sink: impl FnMut(usize, usize, [f64; VALUES]),
    ) {
        let Self { scan, blocks, .. } = self;
        blocks.start(image.width(), side);
        scan.run_bordered(image, flat, Border::Replicate, |y, row| {
            blocks.row(y, row.values(), side, &mut sink)
        });
    }

    /// Same as [`BlockFits::run`] with [`FlatAreas::Snapped`] on the luma of `frame`, whose coefficients are known
    /// except near its border. They are those of an image that contains the frame in its upper left corner, with zeros
    /// outside.
    pub(super) fn run_within(
        &mut self,
        mscn: &Plane,
        frame: &Frame<'_>,
        side: usize,
        mut sink: impl FnMut(usize, usize, [f64; VALUES]),
    ) {
        let Self { scan, borders, blocks } = self;
        let (width, height) = frame.size();
        borders.fill(frame, scan);
        blocks.start(width, side);
        for y in 0..height {
            blocks.row(y, borders.row(y, mscn), side, &mut sink);
        }
    }
}

impl Blocks {
    fn start(&mut self, width: usize, side: usize) {
        self.ones.clear();
        self.ones.resize(side, 1.0);
        self.moments.clear();
        self.moments.resize(width / side, [AggdMoments::default(); FITS]);
    }

    fn row(
        &mut self,
        y: usize,
        coefficients: &[f64],
        side: usize,
        sink: &mut impl FnMut(usize, usize, [f64; VALUES]),
    ) {
        let Self { now, above, first, ones, moments } = self;
        now.take(coefficients, side);
        dispatch(AddRow { now, ones, side, moments });
        if y.is_multiple_of(side) {
            first.clone_from(&now.row);
        } else {
            dispatch(AddPair { below: &now.row, above, side, moments });
        }
        if y % side == side - 1 {
            // Rows wrap around inside the block.
            dispatch(AddPair { below: first, above: now, side, moments });
            for (column, moments) in moments.iter_mut().enumerate() {
                sink(y / side, column, values(moments));
                *moments = [AggdMoments::default(); FITS];
            }
        }
        std::mem::swap(now, above);
    }
}

/// The 18 values of a block.
fn values(moments: &[AggdMoments; FITS]) -> [f64; VALUES] {
    let fits = moments.map(|moments| moments.fit());
    let mut out = [0.0; VALUES];
    let (own, products) = out.split_at_mut(2);
    let [fit, rest @ ..] = &fits;
    let [left, right] = fit.beta();
    own.copy_from_slice(&[fit.shape, (left + right) / 2.0]);
    for (out, fit) in products.chunks_exact_mut(4).zip(rest) {
        let [left, right] = fit.beta();
        let gamma = |k: f64| libm::tgamma(k / fit.shape);
        let mean = (right - left) * (gamma(2.0) / gamma(1.0));
        out.copy_from_slice(&[fit.shape, mean, left, right]);
    }
    out
}

/// Adds a row and the products with the left neighbours.
struct AddRow<'a> {
    now: &'a Turned,
    ones: &'a [f64],
    side: usize,
    moments: &'a mut [[AggdMoments; FITS]],
}

impl Kernel for AddRow<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let side = self.side;
        let rows = self.now.row.chunks_exact(side).zip(self.now.right.chunks_exact(side));
        for ([own, left, ..], (row, right)) in self.moments.iter_mut().zip(rows) {
            own.add_products(simd, row, self.ones, side);
            left.add_products(simd, row, right, side);
        }
    }
}

/// Adds the products of a row with its upper neighbours.
struct AddPair<'a> {
    below: &'a [f64],
    above: &'a Turned,
    side: usize,
    moments: &'a mut [[AggdMoments; FITS]],
}

impl Kernel for AddPair<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (side, above) = (self.side, self.above);
        let rows = above.row.chunks_exact(side).zip(above.right.chunks_exact(side));
        let rows = rows.zip(above.left.chunks_exact(side)).zip(self.below.chunks_exact(side));
        for ([_, _, upper, upper_left, upper_right], (((row, right), left), below)) in
            self.moments.iter_mut().zip(rows)
        {
            upper.add_products(simd, below, row, side);
            upper_left.add_products(simd, below, right, side);
            upper_right.add_products(simd, below, left, side);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nss::{Aggd, local_statistics_bordered};
    use crate::plane::Plane;

    #[test]
    fn known_coefficients_lead_to_the_same_bits() {
        use crate::nss::local_statistics;
        use crate::view::LumaView;

        let (width, height, side) = (61, 53, 16);
        let codes: Vec<u8> = (0..width * height).map(|i| (i * i / 7 % 251) as u8).collect();
        let whole = Frame::from_luma(LumaView::new(&codes, width, height, width).unwrap());
        let mscn = local_statistics(&whole.luma_plane(), FlatAreas::Snapped).mscn;
        let crop = whole.crop(0, 0, 48, 48).unwrap();
        let (mut alone, mut within) = (Vec::new(), Vec::new());
        let mut fits = BlockFits::default();
        for _ in 0..2 {
            alone.clear();
            within.clear();
            fits.run(&crop.luma_rows(), side, FlatAreas::Snapped, |y, x, values| alone.push((y, x, values)));
            fits.run_within(&mscn, &crop, side, |y, x, values| within.push((y, x, values)));
            assert!(alone.len() == 9 && alone == within);
        }
    }

    #[test]
    fn blocks_are_fitted_one_by_one() {
        let (width, height, side) = (48, 32, 16);
        let mut state = 5u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 24)
        };
        let image = Plane::new((0..width * height).map(|_| next()).collect(), width, height).unwrap();
        let map = local_statistics_bordered(&image, FlatAreas::Snapped, Border::Replicate).mscn;
        let mut seen = 0;
        BlockFits::default().run(&image, side, FlatAreas::Snapped, |row, column, found| {
            seen += 1;
            let at = |y: usize, x: usize| map.row(row * side + y % side)[column * side + x % side];
            let places = || (0..side).flat_map(|y| (0..side).map(move |x| (y, x)));
            let shifts = [(0, 1), (1, 0), (1, 1), (1, side - 1)];
            for (k, (dy, dx)) in shifts.into_iter().enumerate() {
                // B(i, j) = A(i - dy, j - dx).
                let products = places().map(|(y, x)| at(y, x) * at(y + side - dy, x + side - dx));
                let fit = Aggd::fit(&products.collect::<Vec<_>>());
                let [left, right] = fit.beta();
                let expected = [fit.shape, left, right];
                let found = [found[2 + 4 * k], found[4 + 4 * k], found[5 + 4 * k]];
                for (f, e) in found.into_iter().zip(expected) {
                    assert!((f - e).abs() < 1e-12, "{row} {column} {k}");
                }
            }
            let own = Aggd::fit(&places().map(|(y, x)| at(y, x)).collect::<Vec<_>>());
            assert_eq!(found[0], own.shape);
        });
        assert_eq!(seen, 6);
    }
}
