//! Decoded frames as packed RGB.

use anyhow::{Result, bail};
use dream_data::{Pixels, Plane};
use dream_features::color::rgb8_from_ycbcr;
use dream_models::preprocess::{ImageView, PixelLayout};

/// Shows the frame as the preprocessing takes it. `buffer` is used for what is not packed yet.
///
/// Y'CbCr is taken for BT.601 in studio range; every chroma sample counts for its four pixels, as in `score-video`.
pub(crate) fn view<'a>(pixels: Pixels<'a>, buffer: &'a mut Vec<u8>) -> Result<ImageView<'a>> {
    Ok(match pixels {
        Pixels::Rgb(p) => ImageView::new(p.data, p.width, p.height, p.stride, PixelLayout::Rgb)?,
        Pixels::Gray(p) => {
            buffer.clear();
            for row in p.data.chunks(p.stride.max(1)).take(p.height) {
                buffer.extend(row.iter().take(p.width).flat_map(|&y| rgb8_from_ycbcr([y, 128, 128])));
            }
            ImageView::rgb(buffer, p.width, p.height)?
        }
        Pixels::Yuv420 { y, u, v } => {
            buffer.clear();
            for (line, luma) in y.data.chunks(y.stride.max(1)).take(y.height).enumerate() {
                let chroma = |plane: Plane<'a>| {
                    let row = plane.data.get(line / 2 * plane.stride..).unwrap_or_default();
                    row.iter().flat_map(|&code| [code, code])
                };
                let row = luma.iter().take(y.width).zip(chroma(u)).zip(chroma(v));
                buffer.extend(row.flat_map(|((&y, u), v)| rgb8_from_ycbcr([y, u, v])));
            }
            ImageView::rgb(buffer, y.width, y.height)?
        }
        other => bail!("cannot train on this pixel layout: {other:?}"),
    })
}
