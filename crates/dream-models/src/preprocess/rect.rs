use std::fmt;

/// A rectangle of pixels within an image. Displayed as `LEFT,TOP,WIDTH,HEIGHT`.
///
/// ```
/// use dream_models::preprocess::PixelRect;
///
/// let face = PixelRect { left: 128, top: 18, width: 256, height: 216 };
/// assert_eq!(face.to_string(), "128,18,256,216");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PixelRect {
    /// Columns to the left of it.
    pub left: usize,
    /// Rows above it.
    pub top: usize,
    /// Its columns.
    pub width: usize,
    /// Its rows.
    pub height: usize,
}

impl fmt::Display for PixelRect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{},{}", self.left, self.top, self.width, self.height)
    }
}
