//! The demonstration: a camera move over a portrait, and two degraded versions of it, made frame by frame.

use anyhow::{Context, Result};
use dream_data::{FrameRate, FrameSource, Pixels, Plane, VideoFrame, VideoInfo};
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::imageops::{FilterType, crop_imm, resize};
use image::{ImageFormat, RgbImage};

/// A NASA portrait in the public domain; see assets/PROVENANCE.md.
const PORTRAIT: &[u8] = include_bytes!("../assets/portrait.png");
const SIZE: u32 = 320;
const FRAMES: u64 = 75;
const RATE: u32 = 25;

/// How the clip looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// As photographed.
    Clean,
    /// Shrunk to a third and stretched back, as a low-resolution face swap.
    Blurred,
    /// Compressed far too strongly.
    Blocky,
}

impl Look {
    pub(crate) const ALL: [Self; 3] = [Self::Clean, Self::Blurred, Self::Blocky];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Clean => "demo: portrait",
            Self::Blurred => "demo: portrait, blurred",
            Self::Blocky => "demo: portrait, over-compressed",
        }
    }
}

/// The clip as a source of frames.
#[derive(Debug)]
pub(crate) struct Clip {
    portrait: RgbImage,
    look: Look,
    info: VideoInfo,
    frame: VideoFrame,
    next: u64,
}

impl Clip {
    pub(crate) fn new(look: Look) -> Result<Self> {
        let portrait = image::load_from_memory_with_format(PORTRAIT, ImageFormat::Png);
        let portrait = portrait.context("the built-in portrait is broken")?.into_rgb8();
        let mut info = VideoInfo::new(SIZE, SIZE, FrameRate::new(RATE, 1)?, "demo");
        info.frames = Some(FRAMES);
        Ok(Self { portrait, look, info, frame: VideoFrame::default(), next: 0 })
    }

    /// Frame `t`: a window that moves over the portrait by a pixel a frame, and what the look does to it.
    fn render(&self, t: u64) -> image::ImageResult<RgbImage> {
        let t = u32::try_from(t).unwrap_or_default();
        let clean = crop_imm(&self.portrait, t, t / 2, SIZE, SIZE).to_image();
        Ok(match self.look {
            Look::Clean => clean,
            Look::Blurred => {
                let small = resize(&clean, SIZE / 3, SIZE / 3, FilterType::Triangle);
                resize(&small, SIZE, SIZE, FilterType::CatmullRom)
            }
            Look::Blocky => {
                let mut bytes = Vec::new();
                JpegEncoder::new_with_quality(&mut bytes, 6).encode_image(&clean)?;
                let decoder = JpegDecoder::new(std::io::Cursor::new(bytes))?;
                image::DynamicImage::from_decoder(decoder)?.into_rgb8()
            }
        })
    }
}

impl FrameSource for Clip {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> dream_data::Result<Option<&VideoFrame>> {
        if self.next == FRAMES {
            return Ok(None);
        }
        let broken = |reason: String| dream_data::Error::Damaged {
            path: self.look.name().into(),
            frames: self.next,
            reason,
        };
        let image = self.render(self.next).map_err(|error| broken(error.to_string()))?;
        let side = SIZE as usize;
        let plane = Plane::rgb(image.as_raw(), side, side, 3 * side);
        let plane = plane.ok_or_else(|| broken("the rendered frame is too small".to_owned()))?;
        self.frame.assign(self.next, self.next as f64 / f64::from(RATE), Pixels::Rgb(plane));
        self.next += 1;
        Ok(Some(&self.frame))
    }
}
