//! Partial whitening: the inputs of the head, decorrelated by a power of their covariance.
//!
//! BRISQUE's 36 values are strongly correlated: the first direction holds 60 % of the variance, the last
//! twenty together less than 1 %, and yet the small directions (differences between orientations and between
//! scales) tell compression from blur. `C^(−p/2)` with `p` between 0 and 1 lifts them; `p = 0` changes
//! nothing, `p = 1` whitens fully and lifts noise as well.

use super::Rows;

/// Eigenvalues below this are lifted no further. The inputs have unit variance.
const EIGENVALUE_FLOOR: f64 = 1e-3;

/// The symmetric matrix `s V max(Λ, floor)^(−p/2) Vᵀ`, shape `[width, width]`, where `V Λ Vᵀ` is the covariance
/// of `rows` and `s` makes the mean output variance 1.
pub(super) fn whitening(rows: &Rows<'_>, power: f64) -> Vec<f64> {
    let width = rows.width();
    let (values, vectors) = eigen(covariance(rows), width);
    let gains: Vec<f64> =
        values.iter().map(|&value| libm::pow(value.max(EIGENVALUE_FLOOR), -power / 2.0)).collect();
    let variance: f64 = values.iter().zip(&gains).map(|(value, gain)| value.max(0.0) * gain * gain).sum();
    let scale = if variance > 0.0 { (width as f64 / variance).sqrt() } else { 1.0 };
    let mut matrix = Vec::with_capacity(width * width);
    for row in vectors.chunks_exact(width) {
        for column in vectors.chunks_exact(width) {
            let terms = row.iter().zip(column).zip(&gains);
            matrix.push(scale * terms.map(|((a, b), gain)| a * b * gain).sum::<f64>());
        }
    }
    matrix
}

/// `out = rows × matrix` for a symmetric matrix.
pub(super) fn project(rows: &Rows<'_>, matrix: &[f64]) -> Vec<f64> {
    let width = rows.width();
    let mut out = Vec::with_capacity(rows.len() * width);
    for row in rows.iter() {
        for column in matrix.chunks_exact(width) {
            out.push(row.iter().zip(column).map(|(a, b)| a * b).sum());
        }
    }
    out
}

fn covariance(rows: &Rows<'_>) -> Vec<f64> {
    let (width, count) = (rows.width(), rows.len() as f64);
    let mut mean = vec![0.0; width];
    for row in rows.iter() {
        mean.iter_mut().zip(row).for_each(|(m, x)| *m += x / count);
    }
    let mut matrix = vec![0.0; width * width];
    let mut centred = vec![0.0; width];
    for row in rows.iter() {
        centred.iter_mut().zip(row.iter().zip(&mean)).for_each(|(c, (x, m))| *c = x - m);
        for (line, a) in matrix.chunks_exact_mut(width).zip(&centred) {
            line.iter_mut().zip(&centred).for_each(|(cell, b)| *cell += a * b / count);
        }
    }
    matrix
}

/// Eigenvalues and eigenvectors (one per column) of a symmetric matrix, by cyclic Jacobi rotations.
///
/// # Reference
///
/// Golub and Van Loan, Matrix Computations, section 8.5.
fn eigen(mut matrix: Vec<f64>, width: usize) -> (Vec<f64>, Vec<f64>) {
    let mut vectors = vec![0.0; width * width];
    vectors.iter_mut().step_by(width + 1).for_each(|cell| *cell = 1.0);
    let total: f64 = matrix.iter().map(|x| x * x).sum();
    // Ten sweeps are plenty: convergence is quadratic. The bound makes the loop end for any input.
    for _ in 0..50 {
        let off: f64 = (0..width)
            .flat_map(|row| (0..width).map(move |column| (row, column)))
            .filter(|(row, column)| row != column)
            .filter_map(|(row, column)| matrix.get(row * width + column))
            .map(|x| x * x)
            .sum();
        if off <= total * 1e-30 {
            break;
        }
        for p in 0..width {
            for q in p + 1..width {
                if let Some((cos, sin)) = rotation(&matrix, width, p, q) {
                    for k in 0..width {
                        rotate(&mut matrix, k * width + p, k * width + q, cos, sin);
                    }
                    for k in 0..width {
                        rotate(&mut matrix, p * width + k, q * width + k, cos, sin);
                        rotate(&mut vectors, k * width + p, k * width + q, cos, sin);
                    }
                }
            }
        }
    }
    (matrix.iter().step_by(width + 1).copied().collect(), vectors)
}

/// Cosine and sine that make the cell `(p, q)` zero; `None` where it is zero already.
fn rotation(matrix: &[f64], width: usize, p: usize, q: usize) -> Option<(f64, f64)> {
    let cell = |row: usize, column: usize| matrix.get(row * width + column).copied();
    let off = cell(p, q)?;
    if off == 0.0 {
        return None;
    }
    let tau = (cell(q, q)? - cell(p, p)?) / (2.0 * off);
    let tan = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
    let cos = 1.0 / (1.0 + tan * tan).sqrt();
    Some((cos, tan * cos))
}

fn rotate(cells: &mut [f64], first: usize, second: usize, cos: f64, sin: f64) {
    if let (Some(&a), Some(&b)) = (cells.get(first), cells.get(second)) {
        if let Some(cell) = cells.get_mut(first) {
            *cell = cos * a - sin * b;
        }
        if let Some(cell) = cells.get_mut(second) {
            *cell = sin * a + cos * b;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    /// 500 rows of 5 correlated columns.
    fn correlated() -> Vec<f64> {
        let mut random = SplitMix64::new(11);
        let mut data = Vec::new();
        for _ in 0..500 {
            let base = random.signed_unit();
            data.extend((0..5).map(|k| base + f64::from(k) * 0.3 * random.signed_unit() + f64::from(k)));
        }
        data
    }

    #[test]
    fn eigenvectors_rebuild_the_covariance() {
        let data = correlated();
        let matrix = covariance(&Rows::new(&data, 5).unwrap());
        let (values, vectors) = eigen(matrix.clone(), 5);
        for row in 0..5 {
            for column in 0..5 {
                let terms = (0..5).map(|k| vectors[row * 5 + k] * values[k] * vectors[column * 5 + k]);
                let product = (0..5).map(|k| vectors[row * 5 + k] * vectors[column * 5 + k]).sum::<f64>();
                assert!((terms.sum::<f64>() - matrix[row * 5 + column]).abs() < 1e-14);
                assert!((product - f64::from(u8::from(row == column))).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn full_power_gives_the_identity_as_covariance() {
        let data = correlated();
        let rows = Rows::new(&data, 5).unwrap();
        let white = project(&rows, &whitening(&rows, 1.0));
        let matrix = covariance(&Rows::new(&white, 5).unwrap());
        for (index, value) in matrix.iter().enumerate() {
            let expected = f64::from(u8::from(index % 6 == 0));
            assert!((value - expected).abs() < 1e-12, "cell {index}: {value}");
        }
    }

    #[test]
    fn no_power_only_rescales() {
        let data = correlated();
        let rows = Rows::new(&data, 5).unwrap();
        let matrix = whitening(&rows, 0.0);
        let diagonal = matrix[0];
        assert!(diagonal > 0.5);
        for (index, value) in matrix.iter().enumerate() {
            let expected = if index % 6 == 0 { diagonal } else { 0.0 };
            assert!((value - expected).abs() < 1e-13, "cell {index}: {value}");
        }
    }

    #[test]
    fn half_power_applied_twice_is_full_power() {
        let data = correlated();
        let rows = Rows::new(&data, 5).unwrap();
        let half = whitening(&rows, 0.5);
        let full = whitening(&rows, 1.0);
        let square = project(&Rows::new(&half, 5).unwrap(), &half);
        let ratio = square[0] / full[0];
        for (a, b) in square.iter().zip(&full) {
            assert!((a - ratio * b).abs() < 1e-12, "{a} {b}");
        }
    }
}
