//! The demonstration: a camera move over a portrait, and degraded versions of it, made frame by frame.

use anyhow::{Context, Error, Result};
use dream_data::{FrameRate, FrameSource, Pixels, Plane, VideoFrame, VideoInfo};
use dream_models::preprocess::{ImageView, Interpolation, PixelRect, resize};
use zune_jpeg::zune_core::bytestream::ZCursor;

/// A NASA portrait in the public domain; see assets/PROVENANCE.md.
const PORTRAIT: &[u8] = include_bytes!("score-video/assets/portrait.png");
const SIDE: usize = 320;
const FRAMES: u64 = 75;
const RATE: u32 = 25;
/// Of the over-compressed look, of 100.
const JPEG_QUALITY: u8 = 6;
/// Middle and radii of the face in the portrait, in pixels.
const FACE: [f64; 2] = [195.0, 128.0];
const FACE_RADII: [f64; 2] = [42.0, 50.0];
/// Factors of red, green and blue in the pasted face.
const TINT: [f64; 3] = [1.12, 0.98, 0.86];

/// How the clip looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// As photographed.
    Clean,
    /// Shrunk to a third and stretched back, as a low-resolution face swap.
    Blurred,
    /// Compressed far too strongly.
    Blocky,
    /// With a copy of the face pasted in, softer and of another colour: nobody else's face.
    Pasted,
}

impl Look {
    /// Those that are shown. The models of quality do not look for a pasted face.
    pub(crate) fn all(with_pasted: bool) -> Vec<Self> {
        let mut all = vec![Self::Clean, Self::Blurred, Self::Blocky];
        all.extend(with_pasted.then_some(Self::Pasted));
        all
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Clean => "demo: portrait",
            Self::Blurred => "demo: portrait, blurred",
            Self::Blocky => "demo: portrait, over-compressed",
            Self::Pasted => "demo: portrait, face pasted",
        }
    }
}

#[derive(Debug)]
struct Portrait {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

impl Portrait {
    fn read() -> Result<Self> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(PORTRAIT)).read_info()?;
        let (width, height) = reader.info().size();
        let mut pixels = vec![0; reader.output_buffer_size().context("it is too large")?];
        reader.next_frame(&mut pixels)?;
        Ok(Self { pixels, width: width as usize, height: height as usize })
    }

    /// A softened and tinted copy of the face, some pixels away, blended in by an ellipse with a soft edge.
    fn pasted(mut self) -> Self {
        let (radius, [middle_x, middle_y], [across, down]) = (3, FACE, FACE_RADII);
        let before = self.pixels.clone();
        let line = 3 * self.width;
        for (y, row) in self.pixels.chunks_exact_mut(line.max(1)).enumerate() {
            for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
                let (a, b) = ((x as f64 - middle_x) / across, (y as f64 - middle_y) / down);
                let mask = ((1.1 - (a * a + b * b).sqrt()) / 0.2).clamp(0.0, 1.0);
                if mask <= 0.0 {
                    continue;
                }
                for (channel, (value, tint)) in pixel.iter_mut().zip(TINT).enumerate() {
                    // The source lies to the right.
                    let around = (0..=2 * radius)
                        .flat_map(|down| (1..=2 * radius + 1).map(move |right| [down, right]));
                    let around = around.filter_map(|[down, right]| {
                        before.get((y + down).checked_sub(radius)? * line + 3 * (x + right) + channel)
                    });
                    let (sum, count) =
                        around.fold((0.0, 0.0), |(sum, count), value| (sum + f64::from(*value), count + 1.0));
                    let source = if count > 0.0 { sum / count * tint } else { f64::from(*value) };
                    *value = byte(source * mask + f64::from(*value) * (1.0 - mask));
                }
            }
        }
        self
    }
}

fn byte(value: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
    let byte = value.round().clamp(0.0, 255.0) as u8;
    byte
}

/// The clip as a source of frames.
#[derive(Debug)]
pub(crate) struct Clip {
    portrait: Portrait,
    look: Look,
    info: VideoInfo,
    frame: VideoFrame,
    next: u64,
}

impl Clip {
    pub(crate) fn new(look: Look) -> dream_data::Result<Self> {
        Self::made(look).map_err(|error| broken(look, 0, format!("{error:#}")))
    }

    fn made(look: Look) -> Result<Self> {
        let mut portrait = Portrait::read().context("the built-in portrait is broken")?;
        if look == Look::Pasted {
            portrait = portrait.pasted();
        }
        let side = u32::try_from(SIDE)?;
        let mut info = VideoInfo::new(side, side, FrameRate::new(RATE, 1)?, "demo");
        info.frames = Some(FRAMES);
        Ok(Self { portrait, look, info, frame: VideoFrame::default(), next: 0 })
    }

    /// Frame `t`: a window that moves over the portrait by a pixel a frame, and what the look does to it.
    fn render(&self, t: u64) -> Result<Vec<u8>> {
        let t = usize::try_from(t)?;
        let Portrait { pixels, width, height } = &self.portrait;
        let window = PixelRect { left: t, top: t / 2, width: SIDE, height: SIDE };
        let window = ImageView::rgb(pixels, *width, *height)?.crop(window)?;
        let sized =
            |view: &ImageView<'_>, side, filter| Ok::<_, Error>(resize(view, side, side, filter)?.data);
        match self.look {
            Look::Clean | Look::Pasted => Ok(copied(&window)),
            Look::Blurred => {
                let small = sized(&window, SIDE / 3, Interpolation::Bilinear)?;
                sized(&ImageView::rgb(&small, SIDE / 3, SIDE / 3)?, SIDE, Interpolation::Bicubic)
            }
            Look::Blocky => {
                let mut file = Vec::new();
                let mut encoder = jpeg_encoder::Encoder::new(&mut file, JPEG_QUALITY);
                encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_4_4);
                let side = u16::try_from(SIDE)?;
                encoder.encode(&copied(&window), side, side, jpeg_encoder::ColorType::Rgb)?;
                Ok(zune_jpeg::JpegDecoder::new(ZCursor::new(file)).decode()?)
            }
        }
    }
}

fn broken(look: Look, frames: u64, reason: String) -> dream_data::Error {
    dream_data::Error::Damaged { path: look.name().into(), frames, reason }
}

fn copied(view: &ImageView<'_>) -> Vec<u8> {
    (0..view.height()).flat_map(|y| view.row(y)).copied().collect()
}

impl FrameSource for Clip {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> dream_data::Result<Option<&VideoFrame>> {
        if self.next == FRAMES {
            return Ok(None);
        }
        let broken = |reason| broken(self.look, self.next, reason);
        let pixels = self.render(self.next).map_err(|error| broken(format!("{error:#}")))?;
        let plane = Plane::rgb(&pixels, SIDE, SIDE, 3 * SIDE);
        let plane = plane.ok_or_else(|| broken("the rendered frame is too small".to_owned()))?;
        self.frame.assign(self.next, self.next as f64 / f64::from(RATE), Pixels::Rgb(plane));
        self.next += 1;
        Ok(Some(&self.frame))
    }
}
