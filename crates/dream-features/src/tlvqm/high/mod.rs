//! TLVQM's high-complexity features: 30 numbers of one full-size frame.

mod blockiness;
mod colour;
mod lab_rows;
mod moments;
mod noise;
mod saturation;
mod sharpness;
mod tally;
mod transform;

use crate::error::{Error, Result};
use crate::view::Yuv420View;
use blockiness::blockiness;
use colour::{Colour, Pass};
use saturation::Saturation;
use sharpness::Sharpness;
use tally::Tally;
use transform::Transform;

/// Names of the values of [`HighComplexity::vector`].
pub const NAMES: [&str; 30] = [
    "spatial_mean",
    "spatial_std",
    "spatial_offset",
    "spatial_wstd",
    "bright_len",
    "bright_num",
    "dark_len",
    "dark_num",
    "noise_density",
    "noise_mean",
    "noise_std",
    "block_strength",
    "block_peakdist",
    "block_peaks",
    "contrast_a",
    "contrast_b",
    "chroma_rms",
    "chroma_std",
    "dct_corr",
    "dct_ratio",
    "dct_sym",
    "sharp_m26",
    "sharp_m24",
    "sharp_2",
    "sharp_maxdist",
    "sharp_mindist",
    "sharp_frac",
    "blur_frac",
    "sharp_mean",
    "blur_mean",
];

/// What the values mean, in the same order.
pub const MEANINGS: [&str; 30] = [
    "mean gradient",
    "deviation of the gradient",
    "distance of the centre of the gradient from the centre of the image",
    "spread of the gradient around its centre",
    "share of the area that is clipped white",
    "mean size of clipped white areas, as a share of the image",
    "share of the area that is clipped black",
    "mean size of clipped black areas, as a share of the image",
    "share of pixels that stand out like noise",
    "mean strength of noisy pixels",
    "deviation of the strength of noisy pixels",
    "strength of periodic edges, as from coding blocks",
    "distance at which edges repeat",
    "number of distances at which edges repeat",
    "skew of the lightness histogram towards dark",
    "skew of the lightness histogram towards bright",
    "colour: root mean square of chroma",
    "deviation of chroma",
    "symmetry of the spectrum: correlation of its quadrants",
    "energy of the highest frequencies over that of the lowest",
    "similarity of horizontal and vertical frequencies",
    "how slowly edges decay, over six pixels",
    "how slowly edges decay, over four pixels",
    "how slowly edges decay, at two pixels",
    "distance of the strongest repeated edge",
    "distance of the strongest opposite edge",
    "share of blocks with strong edges",
    "share of blocks with weak edges",
    "mean contrast of blocks with strong edges",
    "mean contrast of blocks with weak edges",
];

/// The high-complexity features of frames of one size, and their scratch memory: about 40 bytes per pixel (60 up to a
/// width of 1280), allocated at the start and by the first frame.
///
/// | values | content |
/// | --- | --- |
/// | 1-4 | gradient in CIELAB: mean, deviation, distance of its centre from the image centre, spread around it |
/// | 5-8 | share of clipped white, that share divided by the number of areas; the same for clipped black |
/// | 9-11 | noise pixels: their share, and mean and deviation of their colour distance from the columns around them |
/// | 12-14 | block edges: height, distance and number of the peaks in the autocorrelation of gradient profiles |
/// | 15-18 | lightness compared with a uniform distribution (two values), root mean square and deviation of chroma |
/// | 19-21 | DCT: correlation of its quadrants, diagonal against low frequencies, horizontal against vertical |
/// | 22-30 | sharpness: how fast blocks of the gradient decorrelate when shifted, extrema, sharp and blurred blocks |
///
/// # Example
/// ```
/// use dream_features::{LumaView, Yuv420View, tlvqm::high::HighComplexity};
///
/// let luma: Vec<u8> = (0..64u32 * 64).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
/// let chroma = [128u8; 32 * 32];
/// let frame = Yuv420View::new(
///     LumaView::new(&luma, 64, 64, 64)?,
///     LumaView::new(&chroma, 32, 32, 32)?,
///     LumaView::new(&chroma, 32, 32, 32)?,
/// )?;
/// let values = HighComplexity::new(64, 64)?.vector(&frame)?;
/// assert!(values[0] > 0.1, "noise is full of gradients");
/// # Ok::<(), dream_features::Error>(())
/// ```
///
/// # Reference
/// Korhonen, "Two-level approach for no-reference consumer video quality assessment", IEEE Transactions on Image
/// Processing 28(12), 2019, and its MATLAB code, which defines many details that the paper leaves open.
///
/// # Deviations
/// DCT coefficients below 1e-12 are rounding noise and count as 0. L counts as 100 if only rounding keeps it below 100.
#[derive(Debug)]
pub struct HighComplexity {
    width: usize,
    height: usize,
    mask: Vec<u8>,
    saturation: Saturation,
    colour: Colour,
    profiles: [Vec<f64>; 2],
    transform: Transform,
    sharpness: Sharpness,
}

impl HighComplexity {
    /// Values of [`HighComplexity::vector`].
    pub const DIM: usize = NAMES.len();

    /// Allocates memory for frames of this size.
    ///
    /// # Errors
    /// [`Error::TooSmall`] when a side is shorter than 27, which the autocorrelation of rows and columns needs.
    pub fn new(width: usize, height: usize) -> Result<Self> {
        let least = blockiness::SMALLEST;
        if width < least || height < least {
            return Err(Error::TooSmall {
                extractor: "TLVQM high complexity",
                width: least,
                height: least,
                found_width: width,
                found_height: height,
            });
        }
        Ok(Self {
            width,
            height,
            mask: Vec::new(),
            saturation: Saturation::default(),
            colour: Colour::new(width, height),
            profiles: Default::default(),
            transform: Transform::new(width, height)?,
            sharpness: Sharpness::new(),
        })
    }

    /// The 30 values of `frame`.
    ///
    /// # Errors
    /// [`Error::FrameSize`] when the frame does not have the size given to [`HighComplexity::new`].
    pub fn vector(&mut self, frame: &Yuv420View<'_>) -> Result<[f64; 30]> {
        self.check(frame)?;
        let saturation = self.saturation.run(&frame.y(), &mut self.mask);
        let tally = self.colour.run(frame, Pass::Masked(&self.mask));
        let dct = self.transform.run(&frame.y());
        let [rows, columns] = &mut self.profiles;
        self.colour.profiles(rows, columns);
        let blocks = blockiness(rows, columns);
        let sharp = self.sharpness.run(&self.colour);
        let [a, b, c, d] = spatial(&tally);
        let [bright, brights, dark, darks] = saturation;
        let [density, noise, spread] = noise(&tally);
        let [strength, distance, peaks] = blocks;
        let [lower, upper] = contrast(&self.colour.histogram(), &tally);
        let chroma_std = match tally.lightness {
            Some([least, most]) if most > least => 0.01 * (tally.a.deviation() + tally.b.deviation()),
            _ => 0.0,
        };
        let [correlation, ratio, symmetry] = dct;
        Ok([
            a,
            b,
            c,
            d,
            bright,
            brights,
            dark,
            darks,
            density,
            noise,
            spread,
            strength,
            distance,
            peaks,
            lower,
            upper,
            chroma_rms(&tally),
            chroma_std,
            correlation,
            ratio,
            symmetry,
            sharp.far[0],
            sharp.far[1],
            sharp.two,
            sharp.extrema[0],
            sharp.extrema[1],
            sharp.shares[0],
            sharp.shares[1],
            sharp.means[0],
            sharp.means[1],
        ])
    }

    /// The six values that VIDEVAL uses, without a mask of saturated pixels and with faint gradients kept: mean and
    /// deviation of the gradient, root mean square of chroma, `sharp_m26`, `sharp_2`, `blur_mean`.
    ///
    /// # Errors
    /// Same as [`HighComplexity::vector`].
    pub fn videval_vector(&mut self, frame: &Yuv420View<'_>) -> Result<[f64; 6]> {
        self.check(frame)?;
        let tally = self.colour.run(frame, Pass::Plain);
        let sharp = self.sharpness.run(&self.colour);
        let gradient = [tally.gradient.mean(), tally.gradient.deviation()];
        Ok([gradient[0], gradient[1], chroma_rms(&tally), sharp.far[0], sharp.two, sharp.means[1]])
    }

    fn check(&self, frame: &Yuv420View<'_>) -> Result<()> {
        let (found_width, found_height) = (frame.width(), frame.height());
        if (found_width, found_height) != (self.width, self.height) {
            return Err(Error::FrameSize {
                width: self.width,
                height: self.height,
                found_width,
                found_height,
            });
        }
        Ok(())
    }
}

/// Mean and deviation of the gradient, distance of its centre from the centre of the image, and its spread.
fn spatial(tally: &Tally) -> [f64; 4] {
    let [total, y, x] = tally.strength;
    if tally.spread.count() == 0.0 {
        return [0.0; 4];
    }
    let offset = libm::hypot(y / total, x / total);
    [tally.gradient.mean(), tally.gradient.deviation(), offset, (tally.spread.squares() / total).sqrt()]
}

/// Share of noisy pixels, mean and deviation of their values.
fn noise(tally: &Tally) -> [f64; 3] {
    if tally.noisy == 0 {
        return [0.0; 3];
    }
    [tally.noisy as f64 / tally.inspected as f64, tally.noise.mean(), tally.noise.deviation()]
}

/// How the distribution of lightness differs from a uniform one.
fn contrast(histogram: &[u64; 101], tally: &Tally) -> [f64; 2] {
    let pixels: u64 = histogram.iter().sum();
    if pixels == 0 {
        return [1.0, tally.lightness_sum / 50.0];
    }
    let (mut below, mut even, mut excess) = (0, 0.0, 0.0);
    for count in histogram {
        below += count;
        even += 0.01;
        excess += (below as f64 / pixels as f64 - even) / 100.0;
    }
    [(excess + 1.0) / 2.0, (1.0 - excess) / 2.0]
}

/// Root mean square of a and b, each divided by 50.
fn chroma_rms(tally: &Tally) -> f64 {
    ((tally.a.mean_square() + tally.b.mean_square()) / 2500.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::LumaView;

    /// Luma from a function of the pixel, gray or coloured.
    fn vector(
        width: usize,
        height: usize,
        chroma: u8,
        luma: impl Fn(usize, usize) -> u8,
    ) -> ([f64; 30], [f64; 6]) {
        let y: Vec<u8> = (0..width * height).map(|i| luma(i % width, i / width)).collect();
        let (w, h) = (width.div_ceil(2), height.div_ceil(2));
        let c = vec![chroma; w * h];
        let plane = |data, w, h| LumaView::new(data, w, h, w).unwrap();
        let frame = Yuv420View::new(plane(&y, width, height), plane(&c, w, h), plane(&c, w, h)).unwrap();
        let mut high = HighComplexity::new(width, height).unwrap();
        let first = high.vector(&frame).unwrap();
        let six = high.videval_vector(&frame).unwrap();
        assert_eq!(high.vector(&frame).unwrap(), first, "no trace of earlier frames");
        assert!(first.iter().chain(&six).all(|v| v.is_finite()), "{width}x{height} {first:?} {six:?}");
        (first, six)
    }

    fn noise(x: usize, y: usize) -> u8 {
        (((x * 7919 + y * 104_729 + 17) * 2_654_435_761) >> 16) as u8
    }

    #[test]
    fn every_content_at_odd_and_even_sizes_is_finite() {
        for (width, height) in [(27, 27), (28, 41), (64, 27), (33, 64), (53, 131), (1301, 30)] {
            for code in [0, 1, 16, 128, 235, 255] {
                let (values, six) = vector(width, height, 128, |_, _| code);
                assert_eq!(values[..4], [0.0; 4], "{code}: no gradient");
                assert_eq!((values[8], values[18], six[0]), (0.0, 0.0, 0.0), "{code}");
                vector(width, height, 255, |_, _| code);
            }
            vector(width, height, 90, noise);
            vector(width, height, 0, |x, y| if (x / 9 + y / 9) % 2 == 0 { 255 } else { 0 });
            vector(width, height, 128, |x, y| if (x, y) == (9, 9) { 200 } else { 100 });
        }
    }

    #[test]
    fn a_lone_pixel_is_noise_and_a_grid_of_blocks_is_found() {
        let (values, _) = vector(64, 64, 128, |x, y| if (x, y) == (30, 20) { 130 } else { 100 });
        assert_eq!(values[8], 1.0 / (56.0 * 56.0));
        assert!(values[9] > 0.0 && values[10] > 0.0);
        let (values, _) = vector(160, 128, 128, |x, y| 60 + noise(x / 8, y / 8) / 3 + noise(x, y) / 100);
        assert_eq!(values[12], 8.0 / 21.0, "peaks are 8 pixels apart");
    }

    #[test]
    fn sizes_are_checked() {
        assert!(matches!(HighComplexity::new(26, 100), Err(Error::TooSmall { width: 27, .. })));
        assert!(matches!(HighComplexity::new(100, 0), Err(Error::TooSmall { height: 27, .. })));
        let pixels = [0u8; 900];
        let plane = |w, h| LumaView::new(&pixels, w, h, w).unwrap();
        let frame = Yuv420View::new(plane(30, 28), plane(15, 14), plane(15, 14)).unwrap();
        let mut high = HighComplexity::new(28, 30).unwrap();
        assert!(matches!(high.vector(&frame), Err(Error::FrameSize { .. })));
        assert!(matches!(high.videval_vector(&frame), Err(Error::FrameSize { .. })));
    }
}
