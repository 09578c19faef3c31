//! Pseudo-fakes: portraits blended with changed copies of themselves.
//!
//! The idea is that of self-blended images (Shiohara and Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR
//! 2022). A [`draw()`] gives four pictures of one portrait: untouched, changed as a whole, and two blends. All four then
//! have the same damage and the same crop, so only the blend tells them apart.
//!
//! The bytes depend on the portrait, the options and the seed, and on nothing else: not on the machine, the order or
//! the threads.

mod canvas;
mod change;
pub(crate) mod clip;
mod codec;
mod damage;
mod draw;
mod error;
mod mask;
mod points;
mod random;
#[cfg(test)]
mod tests;
mod warp;
mod work;

pub(crate) use draw::draw;
pub(crate) use error::{Error, Result};
pub(crate) use random::seed_of;

/// Raised when the same portrait, options and seed give other bytes.
pub(crate) const RECIPE: u32 = 1;

/// A picture with one face.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Portrait {
    /// The whole picture.
    pub(crate) picture: Rgb,
    /// Left, top, right, bottom in pixels.
    pub(crate) face: [f64; 4],
    /// x and y in pixels, left and right as the person has them: right eye, left eye, tip of the nose, middle of the
    /// mouth, right ear, left ear.
    pub(crate) points: Option<[[f64; 2]; 6]>,
}

/// Rows of red, green and blue bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rgb {
    /// Pixels per row.
    pub(crate) width: usize,
    /// Rows.
    pub(crate) height: usize,
    /// `3 * width * height` bytes.
    pub(crate) data: Vec<u8>,
}

/// Rows of weights, 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plane {
    /// Weights per row.
    pub(crate) width: usize,
    /// Rows.
    pub(crate) height: usize,
    /// `width * height` weights.
    pub(crate) data: Vec<f32>,
}

/// What was done to a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Nothing.
    Real,
    /// Changed and warped as a whole: no blend.
    Global,
    /// Blended with a copy that was changed a little.
    Mild,
    /// Blended with a copy that was changed much.
    Gross,
}

/// Four pictures of one portrait.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draw {
    /// Squares round the face (cut at the borders of the picture), before the resize to the input of a network.
    pub(crate) pictures: [(Kind, Rgb); 4],
    /// How much was changed, 0 to 1, in the order of `pictures`.
    pub(crate) severities: [f64; 4],
    /// Where the two blends come from the source, cut as they are.
    pub(crate) masks: [Plane; 2],
}

/// What a [`draw()`] may be told. The default is the recipe.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    /// Side of the crop in widths of the face box. Default: 1.3.
    pub(crate) crop: f64,
    /// Share of draws that become JPEG. Default: 0.35.
    pub(crate) jpeg: f64,
    /// Share of draws that become an H.264 intra frame. Default: 0.40. The others are not compressed.
    pub(crate) h264: f64,
    /// Lowest and highest quality of JPEG. Default: 30 to 95.
    pub(crate) quality: [u8; 2],
    /// Lowest and highest crf of H.264. Default: 18 to 36.
    pub(crate) crf: [u8; 2],
    /// Share of draws whose face becomes 48 to 128 pixels wide, where it is wider. Default: 0.
    pub(crate) small: f64,
    /// This damage and no random one. Default: none, so the damage is random.
    pub(crate) damage: Option<Damage>,
}

/// A stated damage, as in a table of robustness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Damage {
    /// The picture as it is.
    None,
    /// JPEG of this quality, 1 to 100.
    Jpeg(u8),
    /// Half the width and half the height.
    HalfSize,
    /// An H.264 intra frame of this crf, 15 to 51.
    H264(u8),
    /// A crop of so many widths of the face box, in place of that of the options.
    Crop(f64),
}

impl Default for Options {
    fn default() -> Self {
        let (jpeg, h264) = (0.35, 0.40);
        Self { crop: 1.3, jpeg, h264, quality: [30, 95], crf: [18, 36], small: 0.0, damage: None }
    }
}
