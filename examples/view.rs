//! Decoded pixels as extractors and networks take them: what every program decides alike. Included as a file, for
//! programs share no crate.
#![allow(unreachable_pub, reason = "`train` is a library too, which gives it away")]

use dream_data::Pixels;
use dream_features::{Frame, Result};

/// Decoded pixels as extractors and networks take them. Luma of RGB is that of video, so that images and videos of one
/// picture have one luma.
///
/// # Errors
/// For planes that do not fit together.
pub fn view(pixels: Pixels<'_>) -> Result<Frame<'_>> {
    match pixels {
        Pixels::Yuv420 { y, u, v } => Frame::yuv420(y.parts(), u.parts(), v.parts()),
        Pixels::Gray(plane) => Frame::luma(plane.parts()),
        Pixels::Rgb(plane) => Ok(Frame::rgb(plane.parts())?.with_studio_luma()),
    }
}
