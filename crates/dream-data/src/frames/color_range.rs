//! Which sample values represent black and white.

/// Which sample values represent black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ColorRange {
    /// The file does not state it. By convention, such video has limited range.
    #[default]
    Unknown,
    /// Luma from 16 to 235, chroma from 16 to 240.
    Limited,
    /// 0 to 255.
    Full,
}
