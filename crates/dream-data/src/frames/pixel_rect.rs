//! A rectangle of whole pixels.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// A rectangle of whole pixels, written `LEFT,TOP,WIDTH,HEIGHT`.
///
/// # Example
/// ```
/// use dream_data::PixelRect;
///
/// let face = PixelRect { left: 160, top: 36, width: 320, height: 180 };
/// assert_eq!(face.to_string(), "160,36,320,180");
/// assert_eq!("160,36,320,180".parse::<PixelRect>()?, face);
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PixelRect {
    /// Columns to the left of it.
    pub left: usize,
    /// Rows above it.
    pub top: usize,
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
}

impl fmt::Display for PixelRect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{},{}", self.left, self.top, self.width, self.height)
    }
}

/// From `LEFT,TOP,WIDTH,HEIGHT`.
impl FromStr for PixelRect {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers: Option<Vec<usize>> = text.split(',').map(|cell| cell.trim().parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[left, top, width, height]) => Ok(Self { left, top, width, height }),
            _ => {
                let reason = format!("`{text}` is not four whole numbers LEFT,TOP,WIDTH,HEIGHT");
                Err(Error::option("rectangle", reason))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_are_read_and_written() {
        let rect = PixelRect { left: 1, top: 2, width: 3, height: 4 };
        assert_eq!(
            (rect.to_string().as_str(), " 1, 2,3 ,4".parse::<PixelRect>().unwrap()),
            ("1,2,3,4", rect)
        );
        for text in ["", "1,2,3", "1,2,3,4,5", "1,2,3,-4", "1,2,3,4.0", "a,2,3,4"] {
            let error = text.parse::<PixelRect>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}` is not four whole numbers")), "{error}");
        }
    }
}
