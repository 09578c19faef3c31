//! Sums of the filtered maps before the maps exist.

use super::Quantity;
use crate::plane::Plane;

/// Sums of the quantity after `[0 1 0; -1 0 -1; 0 1 0]` and after `[1 0 -1; 0 0 0; -1 0 1]`, zeros outside.
///
/// The weights of both filters add up to zero, so what is left are the samples whose neighbours lie outside. In the
/// first, a sample counts once for each vertical and minus once for each horizontal neighbour that it has. In the second,
/// the sum down a column is the first minus the last of it, and so is the sum along the row of those.
pub(super) fn filtered_sums(mscn: &Plane, quantity: Quantity) -> [f64; 2] {
    let end = |value: Option<&f64>| quantity.of(value.copied().unwrap_or_default());
    let (top, bottom) = (mscn.row(0), mscn.row(mscn.height()));
    let rows: f64 = top.iter().chain(bottom).map(|&v| quantity.of(v)).sum();
    let columns: f64 = (0..mscn.height()).map(|y| end(mscn.row(y).first()) + end(mscn.row(y).last())).sum();
    let diagonals = (end(top.first()) - end(top.last())) - (end(bottom.first()) - end(bottom.last()));
    [columns - rows, diagonals]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::correlate;

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
            assert_eq!(filtered_sums(&map, Quantity::Mscn), naive, "{width}x{height}");
        }
    }
}
