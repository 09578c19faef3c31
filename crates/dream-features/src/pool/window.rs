//! Mean and standard deviation inside windows of about a second.

/// The windows of a video as it is processed. Holds the rows of one window. NaN is ignored wherever there are other
/// values.
#[derive(Debug, Clone)]
pub(crate) struct Windows {
    dim: usize,
    /// Rows in a window; the last row is also the first of the next window.
    len: usize,
    /// Rows of the window that is being filled, one after the other.
    rows: Vec<f64>,
    /// Sums over the finished windows: the means, then the deviations.
    sums: Vec<f64>,
    /// Windows in which a value is defined.
    defined: Vec<u64>,
    /// The last window: the means, then the deviations.
    last: Vec<f64>,
    windows: u64,
    frames: u64,
}

impl Windows {
    pub(crate) fn new(dim: usize, frames_per_second: f64) -> Self {
        // MATLAB rounds halves away from zero, as Rust does.
        let half = (frames_per_second.round() / 2.0).floor().max(1.0);
        #[expect(clippy::cast_possible_truncation, reason = "the rate is at most 1e6")]
        let len = half as usize + 1;
        Self {
            dim,
            len,
            rows: Vec::new(),
            sums: vec![0.0; 2 * dim],
            defined: vec![0; dim],
            last: vec![0.0; 2 * dim],
            windows: 0,
            frames: 0,
        }
    }

    pub(crate) const fn frames(&self) -> u64 {
        // Every window but the first adds one row less. Rows that fill no window do not count, unless there is no
        // window at all.
        if self.windows == 0 { self.frames } else { self.windows * (self.len as u64 - 1) + 1 }
    }

    /// Windows that were filled.
    pub(crate) const fn windows(&self) -> u64 {
        self.windows
    }

    /// Means and deviations of the last window.
    pub(crate) fn last(&self) -> &[f64] {
        &self.last
    }

    /// Rows seen.
    pub(crate) const fn rows(&self) -> u64 {
        self.frames
    }

    pub(crate) fn add(&mut self, values: &[f64]) {
        self.frames += 1;
        self.rows.extend_from_slice(values);
        if self.rows.len() == self.len * self.dim {
            self.close();
            self.rows.drain(..(self.len - 1) * self.dim);
        }
    }

    /// Adds mean and deviation of the rows to the sums.
    fn close(&mut self) {
        let (means, deviations) = self.last.split_at_mut(self.dim);
        for (i, (mean_out, deviation_out)) in means.iter_mut().zip(deviations).enumerate() {
            let column = || self.rows.iter().skip(i).step_by(self.dim).filter(|v| !v.is_nan());
            let n = column().count() as f64;
            let mean = column().sum::<f64>() / n;
            let squares: f64 = column().map(|v| (v - mean) * (v - mean)).sum();
            *mean_out = mean;
            let deviation = (squares / (n - 1.0).max(1.0)).sqrt();
            *deviation_out = if n > 0.0 { deviation } else { f64::NAN };
        }
        for (count, mean) in self.defined.iter_mut().zip(&self.last) {
            *count += u64::from(!mean.is_nan());
        }
        for (sum, value) in self.sums.iter_mut().zip(&self.last).filter(|(_, value)| !value.is_nan()) {
            *sum += value;
        }
        self.windows += 1;
    }

    /// The averages over the windows.
    pub(crate) fn finish(&self) -> Vec<f64> {
        if self.windows == 0 {
            let mut one = self.clone();
            one.close();
            return one.finish();
        }
        let counts = self.defined.iter().chain(&self.defined);
        self.sums.iter().zip(counts).map(|(sum, &count)| sum / count as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_values_are_left_out_where_there_are_others() {
        let nan = f64::NAN;
        let mut windows = Windows::new(3, 4.0); // windows of three rows
        for row in [[1.0, nan, nan], [5.0, 2.0, nan], [6.0, nan, nan], [7.0, nan, nan], [8.0, nan, nan]] {
            windows.add(&row);
        }
        assert_eq!((windows.windows(), windows.frames()), (2, 5));
        let found = windows.finish();
        assert_eq!(found[..2], [(4.0 + 7.0) / 2.0, 2.0]);
        assert_eq!(found[3..5], [(7f64.sqrt() + 1.0) / 2.0, 0.0], "of one value the deviation is 0");
        assert!(found[2].is_nan() && found[5].is_nan());
    }
}
