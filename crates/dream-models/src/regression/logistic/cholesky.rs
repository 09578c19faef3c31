//! Solution of a symmetric system by Cholesky's factors.
//!
//! # Reference
//!
//! Golub and Van Loan, Matrix Computations, section 4.2.

/// Replaces the lower half of `matrix`, shape `[size, size]`, by the factor `L` of `matrix = L Lᵀ`; the upper half is not
/// looked at. `false` where the matrix is not positive definite in this precision, or not finite.
pub(super) fn factor(matrix: &mut [f64], size: usize) -> bool {
    for i in 0..size {
        let (above, rest) = matrix.split_at_mut(i * size);
        let Some(row) = rest.get_mut(..=i) else { return false };
        for (j, other) in above.chunks_exact(size).enumerate() {
            let (Some(left), Some(pivot)) = (other.get(..j), other.get(j)) else { return false };
            let sum = dot(row, left);
            if let Some(cell) = row.get_mut(j) {
                *cell = (*cell - sum) / pivot;
            }
        }
        let Some((diagonal, left)) = row.split_last_mut() else { return false };
        let rest = *diagonal - dot(left, left);
        // Also false for a NaN.
        if !(rest > 0.0 && rest.is_finite()) {
            return false;
        }
        *diagonal = rest.sqrt();
    }
    true
}

/// `x` with `L Lᵀ x = values`, in the place of `values`.
pub(super) fn solve(lower: &[f64], size: usize, values: &mut [f64]) {
    for (i, row) in lower.chunks_exact(size).enumerate() {
        let (before, rest) = values.split_at_mut(i.min(size));
        if let (Some(value), Some(pivot)) = (rest.first_mut(), row.get(i)) {
            *value = (*value - dot(row, before)) / pivot;
        }
    }
    for (i, row) in lower.chunks_exact(size).enumerate().rev() {
        let (before, rest) = values.split_at_mut(i.min(size));
        if let (Some(value), Some(pivot)) = (rest.first_mut(), row.get(i)) {
            *value /= pivot;
            before.iter_mut().zip(row).for_each(|(other, cell)| *other -= cell * *value);
        }
    }
}

/// Sum of products in the order of the shorter slice.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_a_system_worked_out_by_hand() {
        // L = [2 0 0; 1 3 0; -1 2 1], x = (1, -2, 3). The upper half is garbage on purpose.
        let mut matrix = [4.0, 99.0, 99.0, 2.0, 10.0, 99.0, -2.0, 5.0, 6.0];
        assert!(factor(&mut matrix, 3));
        let lower = [matrix[0], matrix[3], matrix[4], matrix[6], matrix[7], matrix[8]];
        assert_eq!(lower, [2.0, 1.0, 3.0, -1.0, 2.0, 1.0]);
        let mut values = [4.0 - 4.0 - 6.0, 2.0 - 20.0 + 15.0, -2.0 - 10.0 + 18.0];
        solve(&matrix, 3, &mut values);
        assert_eq!(values, [1.0, -2.0, 3.0]);
    }

    #[test]
    fn refuses_what_has_no_factor() {
        assert!(!factor(&mut [1.0, 0.0, 2.0, 1.0], 2));
        assert!(!factor(&mut [0.0], 1));
        assert!(!factor(&mut [f64::NAN], 1));
        assert!(!factor(&mut [f64::INFINITY], 1));
    }
}
