//! Means of the filtered maps before the maps exist.

/// Sums over the border of a map. The weights of both filters add up to zero, so what is left of the sum of a filtered
/// map are the samples whose neighbours lie outside.
#[derive(Debug, Default)]
pub(super) struct BorderSums {
    /// First and last row.
    rows: f64,
    /// First and last column.
    columns: f64,
    /// Top left, top right, bottom left, bottom right.
    corners: [f64; 4],
}

impl BorderSums {
    /// Adds a row of the map that is the first, the last, or both.
    pub(super) fn add_row(&mut self, row: &[f64], first: bool, last: bool) {
        let sum: f64 = row.iter().sum();
        let ends = [row.first(), row.last()].map(|end| end.copied().unwrap_or_default());
        if first {
            self.rows += sum;
            [self.corners[0], self.corners[1]] = ends;
        }
        if last {
            self.rows += sum;
            [self.corners[2], self.corners[3]] = ends;
        }
    }

    /// Adds the ends of any row.
    pub(super) fn add_ends(&mut self, [left, right]: [f64; 2]) {
        self.columns += left + right;
    }

    /// Sums of the map after `[0 1 0; -1 0 -1; 0 1 0]` and after `[1 0 -1; 0 0 0; -1 0 1]`.
    ///
    /// In the first, a sample counts once for each vertical and minus once for each horizontal neighbour that it has. In
    /// the second, the sum over a column leaves first minus last, and so does the sum over the row of those.
    pub(super) fn filtered_sums(&self) -> [f64; 2] {
        let [top_left, top_right, bottom_left, bottom_right] = self.corners;
        [self.columns - self.rows, (top_left - top_right) - (bottom_left - bottom_right)]
    }
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
            let mut border = BorderSums::default();
            for y in 0..height {
                let row = map.row(y);
                if y == 0 || y + 1 == height {
                    border.add_row(row, y == 0, y + 1 == height);
                }
                border.add_ends([row[0], row[width - 1]]);
            }
            let naive = kernels.map(|kernel| correlate(&kernel, &map).unwrap().data().iter().sum::<f64>());
            assert_eq!(border.filtered_sums(), naive, "{width}x{height}");
        }
    }
}
