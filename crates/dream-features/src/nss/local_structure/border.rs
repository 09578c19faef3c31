//! Sums of the filtered maps, computed without the maps.

use super::quantity::Quantity;

/// Sums of the quantity after the filters `[0 1 0; -1 0 -1; 0 1 0]` and `[1 0 -1; 0 0 0; -1 0 1]`, with zeros outside.
/// `mscn` holds the coefficients in rows of `width`.
///
/// The weights of each filter add up to zero, so only samples with neighbours outside the image contribute. In the
/// first, a sample counts once for each vertical and minus once for each horizontal neighbour that it has. In the
/// second, the sum down a column is its first minus its last sample. The sum of these along the row follows the same
/// rule.
pub(super) fn filtered_sums(mscn: &[f64], width: usize, quantity: Quantity) -> [f64; 2] {
    let end = |value: Option<&f64>| quantity.of(value.copied().unwrap_or_default());
    let ends = |row: &[f64]| [end(row.first()), end(row.last())];
    let rows = || mscn.chunks_exact(width);
    let (top, bottom) = (rows().next().unwrap_or_default(), rows().next_back().unwrap_or_default());
    let horizontal: f64 = top.iter().chain(bottom).map(|&v| quantity.of(v)).sum();
    let vertical: f64 = rows().map(ends).map(|[left, right]| left + right).sum();
    let [[top_left, top_right], [bottom_left, bottom_right]] = [ends(top), ends(bottom)];
    [vertical - horizontal, (top_left - top_right) - (bottom_left - bottom_right)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::correlate;
    use crate::plane::Plane;

    #[test]
    fn the_border_gives_the_sum_of_the_filtered_map_at_every_small_size() {
        let kernels = [
            [0.0, 1.0, 0.0, -1.0, 0.0, -1.0, 0.0, 1.0, 0.0],
            [1.0, 0.0, -1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 1.0],
        ];
        for (width, height) in (1..=5).flat_map(|w| (1..=5).map(move |h| (w, h))) {
            let data: Vec<f64> = (0..width * height).map(|i| f64::from((i * i * 7 + 3 * i) as u8)).collect();
            let map = Plane::new(data, width, height).unwrap();
            let naive = kernels.map(|kernel| correlate(&kernel, &map).unwrap().data().iter().sum::<f64>());
            assert_eq!(filtered_sums(map.data(), width, Quantity::Mscn), naive, "{width}x{height}");
        }
    }
}
