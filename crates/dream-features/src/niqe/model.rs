//! The models of what is pristine, and the distance of a frame from one.

/// Features of a frame.
pub(crate) const N: usize = 36;

/// A square matrix, row after row.
type Matrix = [[f64; N]; N];

/// Mean and covariance of the features of pristine frames.
#[derive(Debug)]
pub(crate) struct Model {
    mean: [f64; N],
    covariance: Matrix,
}

impl Model {
    /// Frames of pristine videos: the model of the V-BLIINDS release (see `assets/niqe-pristine.LICENSE`).
    pub(crate) fn frames() -> Self {
        Self::read(include_bytes!("../../assets/niqe-pristine.f64"))
    }

    /// 125 pristine photographs: the model of the NIQE release (see `assets/niqe-photographs.LICENSE`).
    pub(super) fn photographs() -> Self {
        Self::read(include_bytes!("../../assets/niqe-photographs.f64"))
    }

    fn read(bytes: &[u8]) -> Self {
        let mut numbers = bytes.as_chunks::<8>().0.iter().map(|&b| f64::from_le_bytes(b));
        let mut row = || [(); N].map(|()| numbers.next().unwrap_or_default());
        let mean = row();
        Self { mean, covariance: [(); N].map(|()| row()) }
    }

    /// `sqrt(d' pinv((C0 + C) / 2) d)`, where `d` is the difference of the means.
    pub(super) fn distance(&self, mean: &[f64; N], covariance: &Matrix) -> f64 {
        let mut pooled = self.covariance;
        for (row, other) in pooled.iter_mut().zip(covariance) {
            for (value, other) in row.iter_mut().zip(other) {
                *value = (*value + other) / 2.0;
            }
        }
        let mut difference = self.mean;
        for (value, mean) in difference.iter_mut().zip(mean) {
            *value -= mean;
        }
        if difference.iter().any(|v| v.is_nan()) {
            return f64::NAN;
        }
        let (values, vectors) = eigen(pooled);
        let largest = values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        let tolerance = N as f64 * spacing(largest);
        let mut sum = 0.0;
        for (value, vector) in values.iter().zip(&vectors) {
            if value.abs() > tolerance {
                let along: f64 = vector.iter().zip(&difference).map(|(v, d)| v * d).sum();
                sum += along * along / value;
            }
        }
        sum.max(0.0).sqrt()
    }
}

/// Distance from a number to the next larger one.
fn spacing(value: f64) -> f64 {
    f64::from_bits(value.to_bits() + 1) - value
}

/// Eigenvalues and eigenvectors (as rows) of a symmetric matrix, by cyclic Jacobi rotations.
///
/// # Reference
/// Golub, Van Loan, "Matrix Computations", section on Jacobi methods.
fn eigen(mut a: Matrix) -> ([f64; N], Matrix) {
    let mut vectors = [[0.0; N]; N];
    for (i, row) in vectors.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    for _ in 0..60 {
        let mut off = 0.0;
        for (i, row) in a.iter().enumerate() {
            off += row[i + 1..].iter().map(|v| v * v).sum::<f64>();
        }
        if off == 0.0 {
            break;
        }
        for p in 0..N {
            for q in p + 1..N {
                let apq = a[p][q];
                // Too small to change either eigenvalue.
                if apq.abs() <= f64::EPSILON * 1e-3 * (a[p][p].abs() * a[q][q].abs()).sqrt() {
                    (a[p][q], a[q][p]) = (0.0, 0.0);
                    continue;
                }
                let theta = (a[q][q] - a[p][p]) / (2.0 * apq);
                let sign = if theta < 0.0 { -1.0 } else { 1.0 };
                let t = sign / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for row in &mut a {
                    let (x, y) = (row[p], row[q]);
                    (row[p], row[q]) = (c * x - s * y, s * x + c * y);
                }
                rotate(&mut a, (p, q), (c, s));
                rotate(&mut vectors, (p, q), (c, s));
            }
        }
    }
    let mut values = [0.0; N];
    for (i, value) in values.iter_mut().enumerate() {
        *value = a[i][i];
    }
    (values, vectors)
}

/// Rotates two rows of a matrix, `p` before `q`.
fn rotate(matrix: &mut Matrix, (p, q): (usize, usize), (c, s): (f64, f64)) {
    let (before, after) = matrix.split_at_mut(q);
    for (x, y) in before[p].iter_mut().zip(&mut after[0]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvectors_rebuild_the_matrix() {
        let model = Model::frames();
        let (values, vectors) = eigen(model.covariance);
        for (i, row) in model.covariance.iter().enumerate() {
            for (j, expected) in row.iter().enumerate() {
                let found: f64 = (0..N).map(|k| values[k] * vectors[k][i] * vectors[k][j]).sum();
                assert!((found - expected).abs() < 1e-13, "{i} {j}: {found} {expected}");
                let product: f64 = (0..N).map(|k| vectors[i][k] * vectors[j][k]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-13);
            }
        }
        assert!(values.iter().all(|&v| v > 0.0), "a covariance: {values:?}");
    }

    #[test]
    fn the_model_itself_has_no_distance() {
        let model = Model::frames();
        assert_eq!(model.distance(&model.mean, &model.covariance), 0.0);
        let mut other = model.mean;
        other[3] += 0.5;
        assert!(model.distance(&other, &model.covariance) > 0.1);
        other[3] = f64::NAN;
        assert!(model.distance(&other, &model.covariance).is_nan());
    }
}
