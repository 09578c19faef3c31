//! A page of pictures, as contact sheets are. Those programs that write one include this file.

use anyhow::Result;

/// A white page of RGB pixels.
pub(crate) struct Page {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

impl Page {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { pixels: vec![u8::MAX; 3 * width * height], width, height }
    }

    /// Puts rows of `width` pixels to column `x` and row `y`; `None` where they are not on the page.
    pub(crate) fn place(&mut self, picture: &[u8], width: usize, x: usize, y: usize) -> Option<()> {
        for (row, source) in picture.chunks(3 * width).enumerate() {
            let start = 3 * ((y + row) * self.width + x);
            self.pixels.get_mut(start..start + 3 * width)?.copy_from_slice(source);
        }
        Some(())
    }

    /// As a PNG file.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let mut png = Vec::new();
        let (width, height) = (u32::try_from(self.width)?, u32::try_from(self.height)?);
        let mut encoder = png::Encoder::new(&mut png, width, height);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        writer.finish()?;
        Ok(png)
    }
}
