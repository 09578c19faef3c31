//! The statistics of a map as RAPIQUE defines them: the border is repeated, fits are around zero, and the products of
//! neighbours count too. One pass.

use super::quantity::{Moments, Quantity, Wanted};
use super::rows::{AddRow, Horizontal, Line, Pair, RowSums, Triple};
use crate::nss::{Border, FlatAreas, Ggd, MscnRow, MscnScan, ProductMoments, ShapeGrid};
use crate::plane::Rows;
use crate::simd::dispatch;

/// Scratch memory for the statistics, reused between maps: a few rows.
#[derive(Debug, Default)]
pub(crate) struct ScaledStructure {
    scan: MscnScan,
    coefficients: Vec<f64>,
    /// First and previous row of coefficients.
    rows: [MscnRow; 2],
    first: Line,
    /// The last three rows of log magnitudes, the newest first.
    recent: [Line; 3],
}

impl ScaledStructure {
    /// Number of values.
    pub(crate) const DIM: usize = 34;

    /// The values of `map`, undefined ones as NaN or infinity: shape and deviation of the coefficients; mean of the local
    /// deviation, and its squared ratio to its own deviation; shape, mean, left and right deviation of the products with
    /// four neighbours; shape and deviation of seven differences of log magnitudes.
    pub(crate) fn run<R: Rows>(&mut self, map: &R) -> [f64; Self::DIM] {
        let Self { scan, coefficients, rows: [first_row, previous], first, recent } = self;
        let (width, height) = (map.width(), map.height());
        coefficients.resize(width, 0.0);
        let (mut sums, mut products, mut moments) =
            (RowSums::default(), ProductMoments::default(), Moments::default());
        let (means, wanted, border) = ([0.0; 2], Wanted::ALL, Border::Replicate);
        scan.run_bordered(map, FlatAreas::Snapped, border, |y, row| {
            if y == 0 {
                sums.pivot = row.sigma().first().copied().unwrap_or_default() + f64::EPSILON;
            }
            dispatch(AddRow { row, sums: &mut sums, keep: coefficients });
            products.add_row(row);
            recent.rotate_right(1);
            let [below, middle, above] = recent;
            below.fill(coefficients, Quantity::LogMagnitude);
            dispatch(Horizontal { line: below, moments: &mut moments });
            if y == 0 {
                first.copy(below);
                first_row.copy_values(row);
            } else {
                products.add_pair(previous, row);
                dispatch(Pair { above: middle, below, wanted, moments: &mut moments });
                let above = if y == 1 { &*middle } else { &*above };
                let lines = [above, middle, below];
                dispatch(Triple { lines, means, border, wanted, moments: &mut moments });
            }
            std::mem::swap(previous, row);
        });
        // The shifts are circular, so that the last row is the neighbour of the first; the filters see it repeated.
        products.add_pair(previous, first_row);
        let [last, before, _] = recent;
        dispatch(Pair { above: last, below: first, wanted, moments: &mut moments });
        let before = if height == 1 { &*last } else { &*before };
        dispatch(Triple { lines: [before, last, last], means, border, wanted, moments: &mut moments });
        values((width * height) as f64, &sums, &products, &moments)
    }
}

fn values(
    count: f64,
    sums: &RowSums,
    products: &ProductMoments,
    moments: &Moments,
) -> [f64; ScaledStructure::DIM] {
    let grid = ShapeGrid::rapique();
    let pair = |fit: Ggd| [fit.shape, fit.variance.sqrt()];
    let [mean, deviation] = sums.sigma(count);
    let ratio = mean / deviation;
    let sigma = [mean, ratio * ratio];
    let neighbours = products.products().map(|moments| {
        let fit = moments.fit_on(grid);
        [fit.shape, fit.mean, fit.left, fit.right]
    });
    let logs = moments.differences.iter().chain([&moments.cross]).chain(&moments.filtered);
    let all = pair(products.coefficients.fit_on(grid)).into_iter().chain(sigma);
    let all = all.chain(neighbours.into_iter().flatten());
    let all = all.chain(logs.flat_map(|moments| pair(moments.fit_on(grid))));
    let mut out = [0.0; ScaledStructure::DIM];
    for (out, value) in out.iter_mut().zip(all) {
        *out = value;
    }
    out
}
