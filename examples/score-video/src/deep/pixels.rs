//! Decoded frames as packed RGB.

use anyhow::{Result, bail};
use dream_data::Pixels;
use dream_features::color::rgb8_from_ycbcr;
use dream_models::preprocess::{ImageView, PixelLayout};

/// Shows the frame as a network's preprocessing takes it. `buffer` is used for what is not packed yet.
///
/// Y'CbCr is taken for BT.601 in studio range, as VIDEVAL-60 takes it; every chroma sample counts for its four pixels.
pub(super) fn view<'a>(pixels: Pixels<'a>, buffer: &'a mut Vec<u8>) -> Result<ImageView<'a>> {
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
            let rows = y.data.chunks(y.stride.max(1)).take(y.height).enumerate();
            for (line, luma) in rows {
                let chroma = |plane: dream_data::Plane<'a>| {
                    let row = plane.data.get(line / 2 * plane.stride..).unwrap_or_default();
                    row.iter().flat_map(|&code| [code, code])
                };
                let row = luma.iter().take(y.width).zip(chroma(u)).zip(chroma(v));
                buffer.extend(row.flat_map(|((&y, u), v)| rgb8_from_ycbcr([y, u, v])));
            }
            ImageView::rgb(buffer, y.width, y.height)?
        }
        other => bail!("cannot score this pixel layout: {other:?}"),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a test is a failed test")]
mod tests {
    use super::*;
    use dream_data::Plane;

    #[test]
    fn colours_arrive_at_their_pixels_whatever_the_stride() {
        // 3x3 pixels in rows of 5, chroma 2x2 in rows of 3: red on the right and below, gray elsewhere.
        let luma = [81; 13];
        let (cb, cr) = ([128, 90, 0, 90, 90], [128, 240, 0, 240, 240]);
        let plane = |data, size, stride| Plane::new(data, size, size, stride).unwrap();
        let pixels = Pixels::Yuv420 { y: plane(&luma, 3, 5), u: plane(&cb, 2, 3), v: plane(&cr, 2, 3) };
        let mut buffer = vec![9; 7];
        let view = view(pixels, &mut buffer).unwrap();
        assert_eq!((view.width(), view.height()), (3, 3));
        let (gray, red) = ([76; 3], [254, 0, 0]);
        assert_eq!(view.row(1), [gray, gray, red].concat());
        assert_eq!(view.row(2), [red; 3].concat());
        let mut buffer = Vec::new();
        let gray = super::view(Pixels::Gray(plane(&[16, 235, 9, 235, 16], 2, 3)), &mut buffer).unwrap();
        assert_eq!(gray.row(1), [255, 255, 255, 0, 0, 0]);
    }
}
