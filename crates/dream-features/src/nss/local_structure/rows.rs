//! Sums over one, two or three rows of a map.
//!
//! Groups of eight begin at the second value of a row, so that all left neighbours are in the row. The first value and
//! the remainder at the end are added one by one.

use pulp::Simd;

use super::quantity::{Moments, Quantity, Wanted};
use crate::nss::{Border, GgdMoments, MscnRow};
use crate::simd::{Kernel, LANES, Lanes, dispatch, fits};

/// One row of the quantity that is differenced.
#[derive(Debug, Default)]
pub(super) struct Line(Vec<f64>);

impl Line {
    /// Resets the row to `width` zeros.
    pub(super) fn reset(&mut self, width: usize) {
        self.0.clear();
        self.0.resize(width, 0.0);
    }

    pub(super) fn copy(&mut self, other: &Self) {
        self.0.clone_from(&other.0);
    }

    pub(super) fn values(&self) -> &[f64] {
        &self.0
    }

    /// Computes the quantity from a row of coefficients.
    pub(super) fn fill(&mut self, mscn: &[f64], quantity: Quantity) {
        self.0.resize(mscn.len(), 0.0);
        dispatch(Fill { mscn, quantity, out: &mut self.0 });
    }
}

struct Fill<'a> {
    mscn: &'a [f64],
    quantity: Quantity,
    out: &'a mut [f64],
}

impl Kernel for Fill<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.quantity {
            Quantity::LogMagnitude => {
                for (out, &mscn) in self.out.iter_mut().zip(self.mscn) {
                    *out = Quantity::LogMagnitude.of(mscn);
                }
            }
            Quantity::Mscn => self.out.copy_from_slice(self.mscn),
        }
    }
}

/// Running sums of squares and magnitudes.
pub(super) struct Sums<S: Simd> {
    squares: Lanes<S>,
    absolutes: Lanes<S>,
}

impl<S: Simd> Sums<S> {
    #[inline(always)]
    fn zero(simd: S) -> Self {
        Self { squares: Lanes::zero(simd), absolutes: Lanes::zero(simd) }
    }

    #[inline(always)]
    fn add(&mut self, simd: S, r: usize, v: S::f64s) {
        self.squares.add(simd, r, simd.mul_f64s(v, v));
        self.absolutes.add(simd, r, simd.abs_f64s(v));
    }

    /// Adds the sums of `count` values to `moments`.
    #[inline(always)]
    fn give(self, moments: &mut GgdMoments, count: usize) {
        moments.add_sums(self.squares.sum(), self.absolutes.sum(), count);
    }
}

/// Sums of the first pass.
#[derive(Debug, Default)]
pub(super) struct RowSums {
    /// Sum of the coefficients.
    pub(super) mscn: f64,
    /// One of the local deviations, plus 2^-52. It is subtracted from all of them, so that equal deviations give
    /// exactly 0.
    pub(super) pivot: f64,
    deviations: f64,
    squares: f64,
}

impl RowSums {
    /// Mean and standard deviation (divisor N - 1) of the local deviations, each with 2^-52 added.
    pub(super) fn sigma(&self, count: f64) -> [f64; 2] {
        let mean = self.deviations / count;
        let squares = (self.squares - self.deviations * mean).max(0.0);
        [self.pivot + mean, (squares / (count - 1.0).max(1.0)).sqrt()]
    }
}

/// Adds a row of coefficients and local deviations, and keeps the coefficients.
pub(super) struct AddRow<'a> {
    pub(super) row: &'a MscnRow,
    pub(super) sums: &'a mut RowSums,
    pub(super) keep: &'a mut [f64],
}

impl Kernel for AddRow<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { row, sums, keep } = self;
        let (values, sigma) = (row.values(), row.sigma());
        if !fits(values.len() == keep.len() && sigma.len() == keep.len()) {
            return;
        }
        keep.copy_from_slice(values);
        let (tiny, pivot) = (simd.splat_f64s(f64::EPSILON), simd.splat_f64s(sums.pivot));
        let (mut mscn, mut deviations, mut squares) =
            (Lanes::zero(simd), Lanes::zero(simd), Lanes::zero(simd));
        for (v, s) in Lanes::<S>::groups(values).zip(Lanes::<S>::groups(sigma)) {
            for (r, (&v, &s)) in v.iter().zip(s).enumerate() {
                mscn.add(simd, r, v);
                let s = simd.sub_f64s(simd.add_f64s(s, tiny), pivot);
                deviations.add(simd, r, s);
                squares.add(simd, r, simd.mul_f64s(s, s));
            }
        }
        sums.mscn += mscn.sum();
        sums.deviations += deviations.sum();
        sums.squares += squares.sum();
        let whole = values.len() / LANES * LANES;
        for (v, s) in values[whole..].iter().zip(&sigma[whole..]) {
            let s = (s + f64::EPSILON) - sums.pivot;
            sums.mscn += v;
            sums.deviations += s;
            sums.squares += s * s;
        }
    }
}

/// Adds one value.
#[inline(always)]
fn add(moments: &mut GgdMoments, v: f64) {
    moments.add_sums(v * v, v.abs(), 1);
}

/// How many values, starting at the second one, fill whole groups and leave `margin` values after them.
#[inline(always)]
fn grouped(width: usize, margin: usize) -> usize {
    width.saturating_sub(1 + margin) / LANES * LANES
}

/// Adds the deviations of a row from `mean`.
pub(super) struct Centred<'a> {
    pub(super) values: &'a [f64],
    pub(super) mean: f64,
    pub(super) moments: &'a mut GgdMoments,
}

impl Kernel for Centred<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { values, mean, moments } = self;
        let means = simd.splat_f64s(mean);
        let mut sums = Sums::zero(simd);
        for group in Lanes::<S>::groups(values) {
            for (r, &v) in group.iter().enumerate() {
                sums.add(simd, r, simd.sub_f64s(v, means));
            }
        }
        let whole = values.len() / LANES * LANES;
        sums.give(moments, whole);
        for v in &values[whole..] {
            add(moments, v - mean);
        }
    }
}

/// Adds the differences with the left neighbour.
pub(super) struct Horizontal<'a> {
    pub(super) line: &'a Line,
    pub(super) moments: &'a mut Moments,
}

impl Kernel for Horizontal<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let row = self.line.values();
        let [left, ..] = &mut self.moments.differences;
        let n = row.len();
        if n == 0 {
            return;
        }
        let m = grouped(n, 0);
        let mut sums = Sums::zero(simd);
        for (b, bl) in Lanes::<S>::groups(&row[1.min(n)..1 + m]).zip(Lanes::<S>::groups(&row[..m])) {
            for (r, (&b, &bl)) in b.iter().zip(bl).enumerate() {
                sums.add(simd, r, simd.sub_f64s(b, bl));
            }
        }
        sums.give(left, m);
        add(left, row[0] - row[n - 1]);
        for j in 1 + m..n {
            add(left, row[j] - row[j - 1]);
        }
    }
}

/// Adds the contributions of two rows: vertical, diagonal and cross differences.
pub(super) struct Pair<'a> {
    pub(super) above: &'a Line,
    pub(super) below: &'a Line,
    pub(super) wanted: Wanted,
    pub(super) moments: &'a mut Moments,
}

impl Kernel for Pair<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (above, below) = (self.above.values(), self.below.values());
        let Moments { differences: [_, vertical, diagonal, antidiagonal], cross, .. } = self.moments;
        let n = below.len();
        if n == 0 || !fits(above.len() == n) {
            return;
        }
        let m = grouped(n, 0);
        let groups = |row, from: usize| Lanes::<S>::groups(slice(row, from, m));
        if self.wanted.upper {
            let (mut v, mut d) = (Sums::zero(simd), Sums::zero(simd));
            for ((b, a), al) in groups(below, 1).zip(groups(above, 1)).zip(groups(above, 0)) {
                for (r, ((&b, &a), &al)) in b.iter().zip(a).zip(al).enumerate() {
                    v.add(simd, r, simd.sub_f64s(b, a));
                    d.add(simd, r, simd.sub_f64s(b, al));
                }
            }
            v.give(vertical, m);
            d.give(diagonal, m);
        }
        if self.wanted.cross {
            let (mut e, mut c) = (Sums::zero(simd), Sums::zero(simd));
            for (((b, bl), a), al) in
                groups(below, 1).zip(groups(below, 0)).zip(groups(above, 1)).zip(groups(above, 0))
            {
                for (r, (((&b, &bl), &a), &al)) in b.iter().zip(bl).zip(a).zip(al).enumerate() {
                    e.add(simd, r, simd.sub_f64s(a, bl));
                    c.add(simd, r, simd.sub_f64s(simd.sub_f64s(b, a), simd.sub_f64s(bl, al)));
                }
            }
            e.give(antidiagonal, m);
            c.give(cross, m);
        }
        for j in (0..1).chain(1 + m..n) {
            let left = if j == 0 { n - 1 } else { j - 1 };
            let (b, bl, a, al) = (below[j], below[left], above[j], above[left]);
            if self.wanted.upper {
                add(vertical, b - a);
                add(diagonal, b - al);
            }
            if self.wanted.cross {
                add(antidiagonal, a - bl);
                // In this order, the result is exactly 0 on maps of one row or one column.
                add(cross, (b - a) - (bl - al));
            }
        }
    }
}

/// Adds one row of both filtered maps, around their means.
pub(super) struct Triple<'a> {
    /// Above, middle, below.
    pub(super) lines: [&'a Line; 3],
    pub(super) means: [f64; 2],
    /// What the filters read to the left and right of the rows.
    pub(super) border: Border,
    pub(super) wanted: Wanted,
    pub(super) moments: &'a mut Moments,
}

impl Kernel for Triple<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [above, middle, below] = self.lines.map(Line::values);
        let [first, second] = &mut self.moments.filtered;
        let n = middle.len();
        if !fits(above.len() == n && below.len() == n) {
            return;
        }
        let m = grouped(n, 1);
        let groups = |row, from: usize| Lanes::<S>::groups(slice(row, from, m));
        if self.wanted.filtered[0] {
            let mean = simd.splat_f64s(self.means[0]);
            let mut sums = Sums::zero(simd);
            for (((a, b), l), r) in
                groups(above, 1).zip(groups(below, 1)).zip(groups(middle, 0)).zip(groups(middle, 2))
            {
                for (k, (((&a, &b), &l), &r)) in a.iter().zip(b).zip(l).zip(r).enumerate() {
                    let v = simd.sub_f64s(simd.sub_f64s(simd.add_f64s(a, b), l), r);
                    sums.add(simd, k, simd.sub_f64s(v, mean));
                }
            }
            sums.give(first, m);
        }
        if self.wanted.filtered[1] {
            let mean = simd.splat_f64s(self.means[1]);
            let mut sums = Sums::zero(simd);
            for (((al, ar), bl), br) in
                groups(above, 0).zip(groups(above, 2)).zip(groups(below, 0)).zip(groups(below, 2))
            {
                for (k, (((&al, &ar), &bl), &br)) in al.iter().zip(ar).zip(bl).zip(br).enumerate() {
                    let v = simd.sub_f64s(simd.sub_f64s(al, ar), simd.sub_f64s(bl, br));
                    sums.add(simd, k, simd.sub_f64s(v, mean));
                }
            }
            sums.give(second, m);
        }
        for j in (0..n.min(1)).chain(1 + m..n) {
            let sides = |row: &[f64]| {
                let outside = match self.border {
                    Border::Zero => 0.0,
                    Border::Replicate => row[j],
                };
                let left = j.checked_sub(1).and_then(|l| row.get(l)).copied().unwrap_or(outside);
                (left, row.get(j + 1).copied().unwrap_or(outside))
            };
            let ((al, ar), (l, r), (bl, br)) = (sides(above), sides(middle), sides(below));
            if self.wanted.filtered[0] {
                add(first, (((above[j] + below[j]) - l) - r) - self.means[0]);
            }
            if self.wanted.filtered[1] {
                add(second, ((al - ar) - (bl - br)) - self.means[1]);
            }
        }
    }
}

/// `len` values of `row`, starting at `from`; empty when there are too few.
#[inline(always)]
fn slice(row: &[f64], from: usize, len: usize) -> &[f64] {
    row.get(from..from + len).unwrap_or_default()
}
