//! Pictures inside the page: JPEG for frames, PNG for heat maps, both as base64.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dream_models::preprocess::{ImageView, Interpolation, resize};

/// Longest side of a picture in pixels.
const SIDE: usize = 480;
/// Most bytes of its file. As base64 a third more; twelve of them and their maps stay below 3 MB.
const MOST: usize = 150_000;
/// What is tried until a picture is small enough.
const QUALITIES: [u8; 5] = [82, 65, 45, 25, 8];
/// Red, green and blue of what raises a score, and of what lowers it.
#[cfg_attr(not(feature = "deep"), allow(dead_code, reason = "networks have maps"))]
const TINTS: [crate::figure::Rgb; 2] = [crate::figure::SKY, crate::figure::VERMILION];

/// A picture that can be shown.
pub(crate) struct Picture {
    pub(crate) size: [usize; 2],
    pub(crate) jpeg: String,
}

/// A frame of packed RGB, not larger than needed.
pub(crate) fn picture(rgb: &[u8], width: usize, height: usize) -> Result<Picture> {
    let view = ImageView::rgb(rgb, width, height)?;
    let longest = width.max(height).max(1);
    let scaled = |side: usize| if longest > SIDE { (side * SIDE / longest).max(1) } else { side };
    let small = resize(&view, scaled(width), scaled(height), Interpolation::Bilinear)?;
    let (w, h) = (u16::try_from(small.width)?, u16::try_from(small.height)?);
    let mut file = Vec::new();
    for quality in QUALITIES {
        file.clear();
        let encoder = jpeg_encoder::Encoder::new(&mut file, quality);
        encoder
            .encode(&small.data, w, h, jpeg_encoder::ColorType::Rgb)
            .context("a frame has no JPEG file")?;
        if file.len() <= MOST {
            break;
        }
    }
    Ok(Picture { size: [small.width, small.height], jpeg: STANDARD.encode(file) })
}

/// A heat map: a pixel for each impact, as opaque as the impact is large; `largest` is fully shown.
#[cfg_attr(not(feature = "deep"), allow(dead_code, reason = "networks have maps"))]
pub(crate) fn heat(impacts: &[Vec<f64>], largest: f64) -> Result<String> {
    /// How opaque, of 255.
    const OPAQUE: f64 = 205.0;
    let width = impacts.first().map_or(0, Vec::len);
    let mut pixels = Vec::with_capacity(4 * width * impacts.len());
    for impact in impacts.iter().flatten() {
        let [raises, lowers] = TINTS;
        let (red, green, blue) = if *impact < 0.0 { lowers } else { raises };
        let share = if largest > 0.0 { (impact.abs() / largest).clamp(0.0, 1.0) } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
        let alpha = (share * OPAQUE).round() as u8;
        pixels.extend([red, green, blue, alpha]);
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, u32::try_from(width)?, u32::try_from(impacts.len())?);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(STANDARD.encode(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_small_enough_too() {
        let mut state = 1u32;
        let noise: Vec<u8> = (0..1280 * 720 * 3)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_le_bytes()[3]
            })
            .collect();
        let Picture { size, jpeg } = picture(&noise, 1280, 720).unwrap();
        assert_eq!(size, [480, 270]);
        assert!(jpeg.len() <= MOST * 4 / 3 + 4, "{}", jpeg.len());
        assert_eq!(picture(&noise[..3 * 2000], 2000, 1).unwrap().size, [480, 1]);
    }

    #[test]
    fn maps_are_as_opaque_as_impacts_are_large() {
        let file = STANDARD.decode(heat(&[vec![1.0, -2.0], vec![0.0, 0.5]], 2.0).unwrap()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; 16];
        reader.next_frame(&mut pixels).unwrap();
        let alphas: Vec<u8> = pixels.chunks(4).map(|pixel| pixel[3]).collect();
        assert_eq!(alphas, [103, 205, 0, 51]);
        assert_eq!([pixels[0], pixels[4]], [86, 213]);
        assert!(heat(&[vec![0.0]], 0.0).is_ok());
    }
}
