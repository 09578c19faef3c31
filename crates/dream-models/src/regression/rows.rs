use crate::{Error, Result};

/// A borrowed table of finite numbers, row after row.
///
/// ```
/// use dream_models::regression::Rows;
///
/// # fn main() -> dream_models::Result<()> {
/// let rows = Rows::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2)?;
/// assert_eq!(rows.len(), 3);
/// assert_eq!(rows.iter().nth(1), Some(&[3.0, 4.0][..]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rows<'a> {
    data: &'a [f64],
    width: usize,
}

impl<'a> Rows<'a> {
    /// A view of `data`, shape `[rows, width]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a width of 0, [`Error::LengthMismatch`] where the data does not fill its last
    /// row, [`Error::NonFinite`] for a NaN or an infinity.
    pub fn new(data: &'a [f64], width: usize) -> Result<Self> {
        if width == 0 {
            return Err(Error::InvalidConfig { field: "width", value: 0.0, expected: "at least 1" });
        }
        if !data.len().is_multiple_of(width) {
            let expected = data.len().next_multiple_of(width);
            return Err(Error::LengthMismatch { argument: "data", expected, found: data.len() });
        }
        if let Some((index, &value)) = data.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            let name = format!("data, row {}, column {}", index / width, index % width);
            return Err(Error::NonFinite { name, value });
        }
        Ok(Self { data, width })
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len() / self.width
    }

    /// Whether there is no row at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Number of columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// A row by its position; empty behind the last one.
    pub(super) fn row(&self, position: usize) -> &'a [f64] {
        self.data.chunks_exact(self.width).nth(position).unwrap_or_default()
    }

    /// The rows in order.
    pub fn iter(&self) -> std::slice::ChunksExact<'a, f64> {
        self.data.chunks_exact(self.width)
    }
}

/// Checks that there is one finite target per row and that the targets differ.
pub(super) fn check_targets(rows: &Rows<'_>, targets: &[f64]) -> Result<()> {
    if targets.len() != rows.len() {
        let (expected, found) = (rows.len(), targets.len());
        return Err(Error::LengthMismatch { argument: "targets", expected, found });
    }
    if let Some((index, &value)) = targets.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        return Err(Error::NonFinite { name: format!("targets[{index}]"), value });
    }
    if targets.windows(2).all(|pair| pair.first() == pair.last()) {
        return Err(Error::Constant { what: "`targets`".to_owned() });
    }
    Ok(())
}

/// Checks that a row is `inputs` long and finite.
pub(super) fn check_row(row: &[f64], inputs: usize) -> Result<()> {
    if row.len() != inputs {
        let (expected, found) = (inputs, row.len());
        return Err(Error::LengthMismatch { argument: "row", expected, found });
    }
    if let Some((index, &value)) = row.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        return Err(Error::NonFinite { name: format!("row[{index}]"), value });
    }
    Ok(())
}

/// Mean and population standard deviation in one order, so that the bytes are the same everywhere.
pub(super) fn mean_and_std(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().map(|value| value / count).sum::<f64>();
    let variance = values.map(|value| (value - mean) * (value - mean) / count).sum::<f64>();
    (mean, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_ragged_and_non_finite_tables() {
        assert!(matches!(Rows::new(&[1.0; 5], 2), Err(Error::LengthMismatch { expected: 6, found: 5, .. })));
        assert!(matches!(Rows::new(&[1.0], 0), Err(Error::InvalidConfig { field: "width", .. })));
        let message = Rows::new(&[0.0, 1.0, 2.0, f64::NAN], 2).unwrap_err().to_string();
        assert!(message.contains("row 1, column 1"), "{message}");
    }

    #[test]
    fn refuses_targets_that_teach_nothing() {
        let rows = Rows::new(&[1.0, 2.0, 3.0], 1).unwrap();
        assert!(matches!(check_targets(&rows, &[1.0, 2.0]), Err(Error::LengthMismatch { .. })));
        assert!(matches!(check_targets(&rows, &[1.0, f64::INFINITY, 2.0]), Err(Error::NonFinite { .. })));
        assert!(matches!(check_targets(&rows, &[2.0, 2.0, 2.0]), Err(Error::Constant { .. })));
        check_targets(&rows, &[2.0, 2.0, 2.5]).unwrap();
    }
}
