//! From frames to the input of a network: resize as Pillow does, cut, scale, normalise. No tensor library.
//!
//! A [`Preprocess`] is part of a checkpoint: a network sees a face only as well as it is prepared in the way that the
//! network was trained with.

mod float;
mod rect;
mod resample;
mod view;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use float::{FloatFilter, resize_planes};
pub use rect::PixelRect;
pub use resample::{Interpolation, MAX_SIDE, Resized, resize};
pub use view::{ImageView, PixelLayout};

use crate::{Error, Result};

/// Which part of an image becomes the square that a network takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResizeRule {
    /// All of it, squeezed into the square: for images that are a face box already.
    SquareResize,
    /// The short side becomes `floor(size / crop_pct)`, the long one `floor` of what keeps the shape, then the middle
    /// is cut out: for whole images, as the published weights were evaluated.
    ShortSideCenterCrop {
        /// The share of the resized short side that is kept: above 0, at most 1.
        crop_pct: f64,
    },
    /// All of it, squeezed into the square in floating point, each pixel from the two nearest ones of each direction:
    /// [`FloatFilter::Bilinear`]. Nothing is widened where an image gets smaller, nothing is rounded to 8 bits, and
    /// [`Preprocess::interpolation`] is not looked at. So do the published scripts for deep features.
    FloatSquare,
    /// The image as it is, of any size: neither [`Preprocess::size`] nor [`Preprocess::interpolation`] is looked at.
    Native,
}

/// How a frame becomes the input of a network: planes of red, green and blue `f32`.
///
/// # Example
/// ```
/// use dream_models::preprocess::{ImageView, Preprocess};
///
/// let gray = vec![128; 40 * 30 * 3];
/// let face = ImageView::rgb(&gray, 40, 30)?;
/// let config = Preprocess::default(); // 256x256 for Swin-V2
/// let mut input = vec![0.0; config.len()];
/// config.apply(&face, &mut input)?;
/// assert!((input[0] - (128.0 / 255.0 - 0.485) / 0.229).abs() < 1e-6);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Reference
/// The evaluation transforms of timm and torchvision.
#[doc(alias("transforms", "Normalize", "CenterCrop"))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocess {
    /// What is kept of an image. Default: all of it.
    pub rule: ResizeRule,
    /// Side of the square in pixels, at most [`Preprocess::MAX_SIZE`]. Default: 256.
    pub size: usize,
    /// Default: bicubic.
    pub interpolation: Interpolation,
    /// Subtracted from red, green and blue after scaling them to 0..=1. Default: [`Preprocess::IMAGENET_MEAN`].
    pub mean: [f32; 3],
    /// What red, green and blue are then divided by. Default: [`Preprocess::IMAGENET_STD`].
    pub std: [f32; 3],
}

impl Default for Preprocess {
    fn default() -> Self {
        Self {
            rule: ResizeRule::SquareResize,
            size: 256,
            interpolation: Interpolation::Bicubic,
            mean: Self::IMAGENET_MEAN,
            std: Self::IMAGENET_STD,
        }
    }
}

impl Preprocess {
    /// Mean of ImageNet.
    pub const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
    /// Standard deviation of ImageNet.
    pub const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];
    /// Mean of the images that CLIP was trained on.
    pub const CLIP_MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
    /// Standard deviation of the images that CLIP was trained on.
    pub const CLIP_STD: [f32; 3] = [0.268_629_54, 0.261_302_58, 0.275_777_11];
    /// Mean of the faces that VGG-Face was trained on, which saw levels from 0 to 255.
    pub const VGG_FACE_MEAN: [f32; 3] = [129.1863 / 255.0, 104.7624 / 255.0, 93.594 / 255.0];
    /// Largest `size`.
    pub const MAX_SIZE: usize = 4096;

    /// 256x256 for `swinv2_large_window12to16_192to256` and its relatives, on whole images: short side to 284, middle.
    /// For face boxes take the default.
    #[must_use]
    pub fn swin_v2_256() -> Self {
        Self { rule: ResizeRule::ShortSideCenterCrop { crop_pct: 0.9 }, ..Self::default() }
    }

    /// 224x224 for the image towers of CLIP: short side to 224, middle.
    #[must_use]
    pub fn clip_224() -> Self {
        Self {
            rule: ResizeRule::ShortSideCenterCrop { crop_pct: 1.0 },
            size: 224,
            mean: Self::CLIP_MEAN,
            std: Self::CLIP_STD,
            ..Self::default()
        }
    }

    /// The same for images that are a face box already: all of the image, squeezed into the square.
    #[must_use]
    pub fn clip_square_224() -> Self {
        Self { rule: ResizeRule::SquareResize, ..Self::clip_224() }
    }

    /// 224x224 for torchvision's ResNet-50: short side to 256 by the triangle, middle.
    ///
    /// ```
    /// use dream_models::preprocess::Preprocess;
    ///
    /// assert_eq!(Preprocess::resnet_224().resized_size(120, 90), (341, 256));
    /// ```
    #[must_use]
    pub fn resnet_224() -> Self {
        Self {
            rule: ResizeRule::ShortSideCenterCrop { crop_pct: 0.875 },
            size: 224,
            interpolation: Interpolation::Bilinear,
            ..Self::default()
        }
    }

    /// 224x224 for VGG-Face, whose weights saw levels without their mean, neither scaled nor divided: the image squeezed into
    /// the square. For other conventions see `deep::backbones::vgg::Config`.
    ///
    /// ```
    /// use dream_models::preprocess::{ImageView, Preprocess};
    ///
    /// let config = Preprocess::vgg_face_224();
    /// let mut input = vec![0.0; config.len()];
    /// config.apply(&ImageView::rgb(&[200, 0, 0], 1, 1)?, &mut input)?;
    /// assert!((input[0] - (200.0 - 129.1863)).abs() < 1e-3);
    /// # Ok::<(), dream_models::Error>(())
    /// ```
    #[must_use]
    pub fn vgg_face_224() -> Self {
        Self {
            size: 224,
            interpolation: Interpolation::Bilinear,
            mean: Self::VGG_FACE_MEAN,
            std: [1.0 / 255.0; 3],
            ..Self::default()
        }
    }

    /// 384x384 for ConvNeXt: the image squeezed into the square.
    #[must_use]
    pub fn squash_384() -> Self {
        Self { size: 384, ..Self::default() }
    }

    /// The same preprocessing for networks that were shown levels from 0 to 1, without mean and deviation.
    #[must_use]
    pub fn unit_range(self) -> Self {
        Self { mean: [0.0; 3], std: [1.0; 3], ..self }
    }

    /// Width and height of what [`Preprocess::apply`] writes for an image of this size.
    ///
    /// ```
    /// use dream_models::preprocess::{Preprocess, ResizeRule};
    ///
    /// let native = Preprocess { rule: ResizeRule::Native, ..Preprocess::default() };
    /// assert_eq!(native.output_size(120, 90), (120, 90));
    /// assert_eq!(Preprocess::resnet_224().output_size(120, 90), (224, 224));
    /// ```
    #[must_use]
    pub fn output_size(&self, width: usize, height: usize) -> (usize, usize) {
        match self.rule {
            ResizeRule::Native => (width, height),
            _ => (self.size, self.size),
        }
    }

    /// Values that [`Preprocess::apply`] writes for an image of this size.
    #[must_use]
    pub fn len_of(&self, width: usize, height: usize) -> usize {
        let (width, height) = self.output_size(width, height);
        width.saturating_mul(height).saturating_mul(3)
    }

    /// Values that [`Preprocess::apply`] writes where the result is a square: `3 * size * size`. With [`ResizeRule::Native`] see
    /// [`Preprocess::len_of`].
    #[must_use]
    pub const fn len(&self) -> usize {
        self.size.saturating_mul(self.size).saturating_mul(3)
    }

    /// Whether nothing is written, which no valid configuration asks for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Checks the fields.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] with the field.
    pub fn validate(&self) -> Result<()> {
        let refuse = |field, value, expected| Err(Error::InvalidConfig { field, value, expected });
        if self.size == 0 || self.size > Self::MAX_SIZE {
            return refuse("size", self.size as f64, "1 to 4096 pixels");
        }
        if let ResizeRule::ShortSideCenterCrop { crop_pct } = self.rule {
            // Also so that the resized short side stays a sensible number of pixels.
            if !(0.01..=1.0).contains(&crop_pct) {
                return refuse("crop_pct", crop_pct, "0.01 to 1");
            }
        }
        for (mean, std) in self.mean.into_iter().zip(self.std) {
            if !(-1e3..=1e3).contains(&mean) {
                return refuse("mean", f64::from(mean), "-1000 to 1000");
            }
            if !(1e-6..=1e6).contains(&std) {
                return refuse("std", f64::from(std), "1e-6 to 1e6");
            }
        }
        Ok(())
    }

    /// Width and height of the whole resized image, of which the square is cut. A side of 0 counts as 1.
    #[must_use]
    pub fn resized_size(&self, width: usize, height: usize) -> (usize, usize) {
        self.geometry(width.max(1), height.max(1)).0
    }

    /// The square before scaling, in the layout of `view`; the whole image with [`ResizeRule::Native`].
    ///
    /// # Errors
    /// As [`Preprocess::validate`]; [`Error::InvalidInput`] with [`ResizeRule::FloatSquare`], whose pixels are no 8-bit ones.
    pub fn resize(&self, view: &ImageView<'_>) -> Result<Resized> {
        self.validate()?;
        if self.rule == ResizeRule::FloatSquare {
            return Err(no_bytes("its pixels are made in floating point: take `Preprocess::apply`"));
        }
        let (full, part) = self.geometry(view.width(), view.height());
        Ok(resample::resize_part(view, full, part, self.interpolation))
    }

    /// Writes the input of the network: all of red, then green, then blue, each row by row.
    ///
    /// # Errors
    /// As [`Preprocess::validate`]; [`Error::LengthMismatch`] when `out` does not have [`Preprocess::len_of`] values;
    /// [`Error::InvalidConfig`] for an image with a side above [`MAX_SIDE`] and [`ResizeRule::FloatSquare`].
    pub fn apply(&self, view: &ImageView<'_>, out: &mut [f32]) -> Result<()> {
        self.validate()?;
        match self.rule {
            ResizeRule::FloatSquare => self.float(view, out),
            ResizeRule::Native => {
                let row = view.width() * view.layout().bytes();
                let rows = (0..view.height()).flat_map(|y| view.row(y).get(..row).unwrap_or_default());
                let pixels: Vec<u8> = rows.copied().collect();
                self.write(&pixels, view.layout(), view.width() * view.height(), out)
            }
            _ => self.write(&self.resize(view)?.data, view.layout(), self.size * self.size, out),
        }
    }

    /// [`ResizeRule::FloatSquare`].
    fn float(&self, view: &ImageView<'_>, out: &mut [f32]) -> Result<()> {
        let (width, height, layout) = (view.width(), view.height(), view.layout());
        let mut planes = Vec::with_capacity(3 * width * height);
        for offset in layout.offsets() {
            for y in 0..height {
                let level = |pixel: &[u8]| f32::from(pixel.get(offset).copied().unwrap_or_default()) / 255.0;
                planes.extend(view.row(y).chunks_exact(layout.bytes()).map(level));
            }
        }
        let square = resize_planes(&planes, (width, height), (self.size, self.size), FloatFilter::Bilinear)?;
        if out.len() != square.len() {
            return Err(Error::LengthMismatch { argument: "out", expected: square.len(), found: out.len() });
        }
        let plane = self.size * self.size;
        let values = self.mean.into_iter().zip(self.std);
        for ((out, square), (mean, std)) in
            out.chunks_exact_mut(plane).zip(square.chunks_exact(plane)).zip(values)
        {
            out.iter_mut().zip(square).for_each(|(out, level)| *out = (level - mean) / std);
        }
        Ok(())
    }

    /// The last step of [`Preprocess::apply`], for a square that was resized before: `square` holds red, green and blue
    /// of each of the `size * size` pixels.
    ///
    /// # Errors
    /// As [`Preprocess::apply`]; [`Error::LengthMismatch`] when `square` does not have [`Preprocess::len`] bytes;
    /// [`Error::InvalidInput`] for a rule that makes no square of 8-bit pixels.
    pub fn normalise(&self, square: &[u8], out: &mut [f32]) -> Result<()> {
        self.validate()?;
        if matches!(self.rule, ResizeRule::FloatSquare | ResizeRule::Native) {
            return Err(no_bytes("it makes no square of 8-bit pixels: take `Preprocess::apply`"));
        }
        if square.len() != self.len() {
            let (expected, found) = (self.len(), square.len());
            return Err(Error::LengthMismatch { argument: "square", expected, found });
        }
        self.write(square, PixelLayout::Rgb, self.size * self.size, out)
    }

    /// The planes of `count` pixels.
    fn write(&self, pixels: &[u8], layout: PixelLayout, count: usize, out: &mut [f32]) -> Result<()> {
        if out.len() != 3 * count {
            return Err(Error::LengthMismatch { argument: "out", expected: 3 * count, found: out.len() });
        }
        let planes = out.chunks_exact_mut(count.max(1));
        for ((plane, offset), (mean, std)) in
            planes.zip(layout.offsets()).zip(self.mean.into_iter().zip(self.std))
        {
            let table: [f32; 256] = std::array::from_fn(|level| (level as f32 / 255.0 - mean) / std);
            for (value, pixel) in plane.iter_mut().zip(pixels.chunks_exact(layout.bytes())) {
                let level = pixel.get(offset).copied().unwrap_or_default();
                *value = table.get(usize::from(level)).copied().unwrap_or_default();
            }
        }
        Ok(())
    }

    /// The size of the whole resized image, and the columns and rows of it that are kept.
    fn geometry(&self, width: usize, height: usize) -> ((usize, usize), (Range<usize>, Range<usize>)) {
        let size = self.size;
        let full = match self.rule {
            ResizeRule::SquareResize | ResizeRule::FloatSquare => (size, size),
            ResizeRule::Native => return ((width, height), (0..width, 0..height)),
            ResizeRule::ShortSideCenterCrop { crop_pct } => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "floor, at most 409600"
                )]
                let short = (size as f64 / crop_pct).floor() as usize;
                let long = |long: usize, other: usize| short.saturating_mul(long) / other.max(1);
                if width <= height { (short, long(height, width)) } else { (long(width, height), short) }
            }
        };
        let middle = |side: usize| {
            // Half a pixel goes to the even side, as Python rounds.
            let room = side.saturating_sub(size);
            let start = room / 2 + usize::from(room % 4 == 3);
            start..start + size
        };
        (full, (middle(full.0), middle(full.1)))
    }
}

fn no_bytes(reason: &str) -> Error {
    Error::InvalidInput { argument: "rule", reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(width: usize, height: usize) -> Vec<u8> {
        (0..width * height * 3).map(|i| u8::try_from(i * 37 % 251).unwrap()).collect()
    }

    #[test]
    fn whole_images_are_cut_in_the_middle() {
        let config = |size, crop_pct| Preprocess {
            size,
            rule: ResizeRule::ShortSideCenterCrop { crop_pct },
            ..Preprocess::default()
        };
        assert_eq!(Preprocess::swin_v2_256().geometry(1920, 1080), ((504, 284), (124..380, 14..270)));
        assert_eq!(config(56, 0.9).geometry(120, 90), ((82, 62), (13..69, 3..59)));
        // Half pixels: 2.5 is 2, 3.5 is 4, 4.5 is 4, 5.5 is 6.
        for (room, start) in [(5, 2), (7, 4), (9, 4), (11, 6), (4, 2), (6, 3)] {
            assert_eq!(config(10, 1.0).geometry(10, 10 + room).1, (0..10, start..start + 10));
        }
        assert_eq!(Preprocess::default().geometry(7, 3), ((256, 256), (0..256, 0..256)));
    }

    #[test]
    fn the_middle_is_what_the_whole_has_there() {
        let image = ramp(61, 23);
        let view = ImageView::rgb(&image, 61, 23).unwrap();
        let config = Preprocess { size: 16, ..Preprocess::swin_v2_256() };
        let part = config.resize(&view).unwrap();
        let (full, (columns, rows)) = config.geometry(61, 23);
        let whole = resize(&view, full.0, full.1, Interpolation::Bicubic).unwrap();
        for (y, row) in rows.zip(part.data.chunks(16 * 3)) {
            let start = (y * full.0 + columns.start) * 3;
            assert_eq!(row, &whole.data[start..start + 48]);
        }
    }

    #[test]
    fn every_layout_gives_red_green_and_blue() {
        let rgb = ramp(9, 8);
        let bgr: Vec<u8> = rgb.chunks(3).flat_map(|p| [p[2], p[1], p[0]]).collect();
        let config = Preprocess { size: 5, ..Preprocess::default() };
        let apply = |data: &[u8], layout: PixelLayout| {
            let mut out = vec![0.0; config.len()];
            let view = ImageView::new(data, 9, 8, 9 * layout.bytes(), layout).unwrap();
            config.apply(&view, &mut out).unwrap();
            out
        };
        assert_eq!(apply(&rgb, PixelLayout::Rgb), apply(&bgr, PixelLayout::Bgr));
        let green: Vec<u8> = rgb.chunks(3).map(|p| p[1]).collect();
        let (all, gray) = (apply(&rgb, PixelLayout::Rgb), apply(&green, PixelLayout::Gray));
        assert_eq!(all[25..50], gray[25..50]);
        assert_ne!(gray[..25], gray[25..50], "each channel has its own mean");
    }

    #[test]
    fn any_size_gives_finite_numbers() {
        for (width, height) in [(1, 1), (1, 400), (400, 1), (3, 2), (300, 17), (5000, 2)] {
            let image = ramp(width, height);
            let view = ImageView::rgb(&image, width, height).unwrap();
            for config in [Preprocess::default(), Preprocess::swin_v2_256(), Preprocess::clip_224()] {
                let mut out = vec![f32::NAN; config.len()];
                config.apply(&view, &mut out).unwrap();
                assert!(out.iter().all(|v| v.is_finite()), "{width}x{height} {config:?}");
            }
        }
    }

    #[test]
    fn the_rules_of_the_published_scripts_round_nothing_and_keep_sizes() {
        let image = ramp(7, 4);
        let bgr: Vec<u8> = image.chunks(3).flat_map(|p| [p[2], p[1], p[0]]).collect();
        let rule = |rule, size| Preprocess { rule, size, ..Preprocess::default() };
        for config in [rule(ResizeRule::Native, 1), rule(ResizeRule::FloatSquare, 5)] {
            let apply = |data: &[u8], layout| {
                let mut out = vec![f32::NAN; config.len_of(7, 4)];
                let view = ImageView::new(data, 7, 4, 21, layout).unwrap();
                config.apply(&view, &mut out).unwrap();
                assert!(config.apply(&view, &mut out[1..]).is_err());
                out
            };
            let found = apply(&image, PixelLayout::Rgb);
            assert_eq!(found, apply(&bgr, PixelLayout::Bgr));
            let scaled = |(c, level): (usize, f32)| (level - config.mean[c]) / config.std[c];
            let expected: Vec<f32> = if config.rule == ResizeRule::Native {
                let levels = (0..3).flat_map(|c| image.iter().skip(c).step_by(3).map(move |v| (c, v)));
                levels.map(|(c, v)| scaled((c, f32::from(*v) / 255.0))).collect()
            } else {
                let planes: Vec<f32> = (0..3)
                    .flat_map(|c| image.iter().skip(c).step_by(3))
                    .map(|v| f32::from(*v) / 255.0)
                    .collect();
                let square = resize_planes(&planes, (7, 4), (5, 5), FloatFilter::Bilinear).unwrap();
                square.into_iter().enumerate().map(|(i, level)| scaled((i / 25, level))).collect()
            };
            assert_eq!(found, expected, "{config:?}");
            assert!(config.normalise(&vec![0; config.len()], &mut vec![0.0; config.len()]).is_err());
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<Preprocess>(&text).unwrap(), config);
        }
        let view = ImageView::rgb(&image, 7, 4).unwrap();
        assert_eq!(rule(ResizeRule::Native, 9).resize(&view).unwrap().data, image);
        let error = rule(ResizeRule::FloatSquare, 9).resize(&view).unwrap_err().to_string();
        assert!(error.contains("Preprocess::apply"), "{error}");
    }

    #[test]
    fn constant_images_stay_constant() {
        for level in [0, 1, 127, 254, 255] {
            let image = vec![level; 33 * 20 * 3];
            let view = ImageView::rgb(&image, 33, 20).unwrap();
            for (width, height) in [(7, 90), (33, 5), (64, 64)] {
                for filter in [Interpolation::Bicubic, Interpolation::Bilinear] {
                    let found = resize(&view, width, height, filter).unwrap();
                    assert!(found.data.iter().all(|v| *v == level), "{level} {width}x{height} {filter:?}");
                }
            }
        }
    }

    #[test]
    fn bad_fields_are_named() {
        let good = Preprocess::default();
        let crop = |crop_pct| ResizeRule::ShortSideCenterCrop { crop_pct };
        for (config, field) in [
            (Preprocess { size: 0, ..good.clone() }, "size"),
            (Preprocess { size: 5000, ..good.clone() }, "size"),
            (Preprocess { rule: crop(0.0), ..good.clone() }, "crop_pct"),
            (Preprocess { rule: crop(1.1), ..good.clone() }, "crop_pct"),
            (Preprocess { rule: crop(f64::NAN), ..good.clone() }, "crop_pct"),
            (Preprocess { mean: [0.0, f32::NAN, 0.0], ..good.clone() }, "mean"),
            (Preprocess { std: [1.0, 1.0, 0.0], ..good.clone() }, "std"),
        ] {
            match config.validate() {
                Err(Error::InvalidConfig { field: found, .. }) => assert_eq!(found, field),
                other => panic!("{field}: {other:?}"),
            }
        }
        let view = ImageView::rgb(&[0; 3], 1, 1).unwrap();
        assert!(matches!(good.apply(&view, &mut [0.0; 5]), Err(Error::LengthMismatch { found: 5, .. })));
        assert!(matches!(
            resize(&view, 1, MAX_SIDE + 1, Interpolation::Bicubic),
            Err(Error::InvalidConfig { field: "height", .. })
        ));
    }

    #[test]
    fn the_configuration_is_a_part_of_a_file() {
        let config = Preprocess::clip_224();
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Preprocess>(&text).unwrap(), config);
        assert!(serde_json::from_str::<Preprocess>(&text.replace("\"size\"", "\"sise\"")).is_err());
    }
}
