//! Sums over MSCN coefficients and over the products of neighbours in four directions.

use pulp::Simd;

use super::{AggdMoments, GgdMoments, MscnRow};
use crate::simd::{Kernel, dispatch};

/// Sums for the fits of the coefficients of a map and of the products of its neighbours.
#[derive(Debug, Default)]
pub(crate) struct ProductMoments {
    /// The coefficients themselves.
    pub(crate) coefficients: GgdMoments,
    horizontal: AggdMoments,
    vertical: AggdMoments,
    diagonal: AggdMoments,
    antidiagonal: AggdMoments,
}

impl ProductMoments {
    /// Adds a row and the products of its horizontal neighbours.
    pub(crate) fn add_row(&mut self, row: &MscnRow) {
        dispatch(AddRow { moments: self, row });
    }

    /// Adds the products of neighbours in two rows; `below` is the row under `above`.
    pub(crate) fn add_pair(&mut self, above: &MscnRow, below: &MscnRow) {
        dispatch(AddPair { moments: self, above, below });
    }

    /// Products with the left, upper, upper left and lower left neighbour.
    pub(crate) const fn products(&self) -> [AggdMoments; 4] {
        [self.horizontal, self.vertical, self.diagonal, self.antidiagonal]
    }
}

struct AddRow<'a> {
    moments: &'a mut ProductMoments,
    row: &'a MscnRow,
}

impl Kernel for AddRow<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (row, width) = (self.row, self.row.values().len());
        self.moments.coefficients.add_row(simd, row.lanes(), width);
        self.moments.horizontal.add_products(simd, row.lanes(), row.shifted_lanes(), width);
    }
}

struct AddPair<'a> {
    moments: &'a mut ProductMoments,
    above: &'a MscnRow,
    below: &'a MscnRow,
}

impl Kernel for AddPair<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { moments, above, below } = self;
        let width = below.values().len();
        moments.vertical.add_products(simd, below.lanes(), above.lanes(), width);
        moments.diagonal.add_products(simd, below.lanes(), above.shifted_lanes(), width);
        moments.antidiagonal.add_products(simd, above.lanes(), below.shifted_lanes(), width);
    }
}
