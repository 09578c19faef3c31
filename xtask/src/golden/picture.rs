//! Pictures of the reference data.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// 8-bit pixels of one or three channels.
pub(crate) struct Picture {
    pub(crate) samples: Vec<u8>,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Picture {
    /// Reads only 8-bit gray: a conversion here would hide an error.
    pub(crate) fn gray(path: &Path) -> Result<Self> {
        let (picture, colour) = stored(path).with_context(|| format!("cannot read {}", path.display()))?;
        match colour {
            png::ColorType::Grayscale => Ok(picture),
            other => bail!("{} is {other:?}, not 8-bit gray", path.display()),
        }
    }

    /// Three channels: those of the picture, or three times the gray one.
    pub(crate) fn rgb(path: &Path) -> Result<Self> {
        let (picture, colour) = stored(path).with_context(|| format!("cannot read {}", path.display()))?;
        let samples = match colour {
            png::ColorType::Grayscale => picture.samples.iter().flat_map(|&code| [code; 3]).collect(),
            _ => picture.samples,
        };
        Ok(Self { samples, ..picture })
    }

    /// The pixels of three channels.
    pub(crate) fn pixels(&self) -> impl Iterator<Item = [u8; 3]> {
        self.samples.as_chunks().0.iter().copied()
    }

    pub(crate) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }
}

fn stored(path: &Path) -> Result<(Picture, png::ColorType)> {
    let mut reader = png::Decoder::new(BufReader::new(File::open(path)?)).read_info()?;
    let mut samples = vec![0; reader.output_buffer_size().context("it is too large")?];
    let info = reader.next_frame(&mut samples)?;
    if info.bit_depth != png::BitDepth::Eight
        || !matches!(info.color_type, png::ColorType::Grayscale | png::ColorType::Rgb)
    {
        bail!("it holds {:?} of {:?} bits, not 8-bit gray or RGB", info.color_type, info.bit_depth);
    }
    Ok((Picture { samples, width: info.width as usize, height: info.height as usize }, info.color_type))
}
