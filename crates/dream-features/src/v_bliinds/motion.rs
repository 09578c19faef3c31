//! Statistics of the motion vectors of two frames: their coherency, their size, and the residual after motion
//! compensation.

use super::ntss::{BlockSearch, Codes, Vector};
use crate::filter::gaussian;

/// Mean coherency: how much the vectors around a block point the same way, from the structure tensor of the field.
///
/// # Reference
/// Saad, Bovik, Charrier, "Blind prediction of natural video quality", TIP 2014, section on motion coherency.
pub(super) fn coherency(vectors: &[Vector], columns: usize, out: &mut Vec<f64>) {
    out.clear();
    let rows = vectors.len().checked_div(columns).unwrap_or(0);
    let window = gaussian(5, 0.5);
    let mirror = |at: usize, k: usize, n: usize| crate::resize::mirror(at + k, 2, n);
    for row in 0..rows {
        for column in 0..columns {
            let mut tensor = [0.0; 3];
            for (i, weight) in window.iter().enumerate() {
                let place = mirror(row, i / 5, rows) * columns + mirror(column, i % 5, columns);
                let (dy, dx) = vectors.get(place).copied().unwrap_or_default();
                let (dy, dx) = (f64::from(dy), f64::from(dx));
                for (sum, product) in tensor.iter_mut().zip([dy * dy, dx * dx, dy * dx]) {
                    *sum += weight * product;
                }
            }
            let [a, c, b] = tensor;
            let energy = (a + c) * (a + c);
            let likeness = (a - c) * (a - c) + 4.0 * b * b;
            out.push(if a + c > 0.0 { likeness / energy } else { 0.0 });
        }
    }
}

/// Most frequent length of the vectors (the smallest of equally frequent ones), and their mean. Both are over `count`
/// vectors; missing ones count as zero.
pub(super) fn mode_and_mean(vectors: &[Vector], count: usize, lengths: &mut Vec<u32>) -> (f64, f64) {
    lengths.clear();
    let square = |&(dy, dx): &Vector| usize::try_from(dy * dy + dx * dx).unwrap_or(0);
    let longest = vectors.iter().map(square).max().unwrap_or(0);
    lengths.resize(longest + 1, 0);
    for vector in vectors {
        if let Some(count) = lengths.get_mut(square(vector)) {
            *count += 1;
        }
    }
    if let Some(zeros) = lengths.first_mut() {
        *zeros += u32::try_from(count.saturating_sub(vectors.len())).unwrap_or(u32::MAX);
    }
    let (mut mode, mut most) = (0, 0);
    for (length, &count) in lengths.iter().enumerate() {
        if count > most {
            (mode, most) = (length, count);
        }
    }
    let sum: f64 = vectors.iter().map(|vector| (square(vector) as f64).sqrt()).sum();
    ((mode as f64).sqrt(), sum / count as f64)
}

/// Deviation (N - 1) over blocks of the DC coefficient of the motion-compensated difference.
pub(super) fn residual_deviation(
    search: BlockSearch,
    previous: &Codes,
    current: &Codes,
    vectors: &[Vector],
    unit: f64,
) -> f64 {
    let (columns, _) = search.blocks(current);
    let block = search.block;
    let sum = |codes: &Codes, y: usize, x: usize| -> u64 {
        let rows = codes.data.chunks(codes.width.max(1)).skip(y).take(block);
        rows.flat_map(|row| row.iter().skip(x).take(block)).map(|&code| u64::from(code)).sum()
    };
    let constants = || {
        vectors.iter().enumerate().map(move |(i, &(dy, dx))| {
            let (top, left) = (i / columns * block, i % columns * block);
            let shifted = |at: usize, by: i32| at.saturating_add_signed(by as isize);
            let now = sum(current, top, left) as f64;
            let before = sum(previous, shifted(top, dy), shifted(left, dx)) as f64;
            (now - before) / unit / block as f64
        })
    };
    let n = vectors.len() as f64;
    let mean = constants().sum::<f64>() / n;
    let squares: f64 = constants().map(|v| (v - mean) * (v - mean)).sum();
    // As in the original, a single block has deviation 0, and without blocks it is undefined.
    if vectors.is_empty() { f64::NAN } else { (squares / (n - 1.0).max(1.0)).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parallel_vectors_are_coherent() {
        let mut out = Vec::new();
        coherency(&[(2, 1); 12], 4, &mut out);
        assert!(out.len() == 12 && out.iter().all(|c| (c - 1.0).abs() < 1e-12));
        coherency(&[(0, 0); 12], 4, &mut out);
        assert_eq!(out, [0.0; 12]);
        coherency(&[], 0, &mut out);
        assert!(out.is_empty());
    }

    #[test]
    fn missing_vectors_count_as_zero() {
        let mut lengths = Vec::new();
        let vectors = [(3, 4), (4, 3), (0, 1), (1, 0)];
        assert_eq!(mode_and_mean(&vectors, 4, &mut lengths), (1.0, 3.0));
        assert_eq!(mode_and_mean(&vectors, 6, &mut lengths), (0.0, 2.0));
    }
}
