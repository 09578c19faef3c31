//! The size of frames, as written on a command line.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Width and height of frames in pixels, written `640x360`.
///
/// # Example
/// ```
/// let size: dream_data::FrameSize = "640x360".parse()?;
/// assert_eq!((size.width, size.height), (640, 360));
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameSize {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl fmt::Display for FrameSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// From `WIDTHxHEIGHT`, both at least 1.
impl FromStr for FrameSize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let side = |text: &str| text.parse().ok().filter(|&side: &u32| side > 0);
        let sides = text.split_once('x').and_then(|(width, height)| side(width).zip(side(height)));
        let (width, height) = sides.ok_or_else(|| {
            Error::option("size", format!("`{text}` is no size; give WIDTHxHEIGHT, such as 640x360"))
        })?;
        Ok(Self { width, height })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        let size: FrameSize = "1920x1080".parse().unwrap();
        assert_eq!((size, size.to_string().as_str()), (FrameSize { width: 1920, height: 1080 }, "1920x1080"));
        for text in
            ["", "640", "640x", "x360", "0x360", "640x0", "-1x2", "640X360", "640x360x1", "5000000000x1"]
        {
            let error = text.parse::<FrameSize>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}` is no size")), "{error}");
        }
    }
}
