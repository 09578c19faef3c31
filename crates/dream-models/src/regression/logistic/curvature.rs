//! The matrix of second derivatives, which takes nearly all of the time of a fit.

use crate::par;
use crate::simd::{Kernel, dispatch};

/// Rows of the result that one thread makes at a time. They stay in the cache while all points pass by.
const TILE: usize = 8;

/// Points that pass by together.
const POINTS: usize = 4;

/// The lower half of `Σ curvature · point · pointᵀ`, shape `[size, size]`; the upper half is partly zero. Every cell is a sum
/// over the points in their order, whatever the number of threads and the width of the registers.
pub(super) fn weighted_gram(points: &[f64], size: usize, curvature: &[f64]) -> Vec<f64> {
    let mut gram = vec![0.0; size * size];
    par::for_each_chunk(&mut gram, TILE * size, |tile, out| {
        dispatch(Tile { points, size, curvature, first: tile * TILE, out });
    });
    gram
}

/// Some rows of the result, from row `first` on.
struct Tile<'a> {
    points: &'a [f64],
    size: usize,
    curvature: &'a [f64],
    first: usize,
    out: &'a mut [f64],
}

impl Kernel for Tile<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { points, size, curvature, first, out } = self;
        // Columns behind the diagonal of the last row are not needed.
        let columns = (first + TILE).min(size);
        for (group, weights) in points.chunks(POINTS * size).zip(curvature.chunks(POINTS)) {
            for (place, line) in out.chunks_exact_mut(size).enumerate() {
                let line = &mut line[..columns];
                match (group.len() / size, weights) {
                    (POINTS, &[a, b, c, d]) => {
                        let (p, rest) = group.split_at(size);
                        let (q, rest) = rest.split_at(size);
                        let (r, s) = rest.split_at(size);
                        let at = first + place;
                        let factors = [a * p[at], b * q[at], c * r[at], d * s[at]];
                        add4(line, [&p[..columns], &q[..columns], &r[..columns], &s[..columns]], factors);
                    }
                    _ => {
                        for (point, weight) in group.chunks_exact(size).zip(weights) {
                            let factor = weight * point[first + place];
                            for (cell, value) in line.iter_mut().zip(point) {
                                *cell += factor * value;
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Adds four multiples of rows, one after the other: the same sum as in four passes, with a quarter of the loads and stores.
#[inline(always)]
fn add4(line: &mut [f64], [p, q, r, s]: [&[f64]; POINTS], [a, b, c, d]: [f64; POINTS]) {
    let points = p.iter().zip(q).zip(r.iter().zip(s));
    for (cell, ((p, q), (r, s))) in line.iter_mut().zip(points) {
        *cell = (((*cell + a * p) + b * q) + c * r) + d * s;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    #[test]
    fn every_cell_is_a_sum_in_the_order_of_the_points() {
        let mut random = SplitMix64::new(5);
        for (count, size) in [(1, 1), (4, 3), (7, 9), (33, 21)] {
            let points: Vec<f64> = (0..count * size).map(|_| random.signed_unit()).collect();
            let curvature: Vec<f64> = (0..count).map(|_| random.signed_unit()).collect();
            let gram = weighted_gram(&points, size, &curvature);
            for i in 0..size {
                for j in 0..=i {
                    let mut sum = 0.0;
                    for (point, weight) in points.chunks_exact(size).zip(&curvature) {
                        sum += weight * point[i] * point[j];
                    }
                    assert_eq!(gram[i * size + j], sum, "{count} points, cell {i} {j}");
                }
            }
        }
    }
}
