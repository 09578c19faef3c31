//! One PNG or JPEG picture: what its header states, then its samples.

use crate::frames::readers::jpeg;
use crate::frames::rotation::Rotation;
use png::{BitDepth, Transformations};
use std::io::{BufRead, Read, Seek};
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// What a decoder may allocate beside our own buffers for one picture.
pub(crate) const MAX_DECODER_BYTES: usize = 1 << 30;

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Start of image, and the first byte of the marker that must follow.
const JPEG_SIGNATURE: &[u8] = b"\xff\xd8\xff";

/// Whether a file starts as a PNG or JPEG picture.
pub(crate) fn is_image(start: &[u8]) -> bool {
    start.starts_with(PNG_SIGNATURE) || start.starts_with(JPEG_SIGNATURE)
}

/// Whether bytes that start as a picture go on with another one, as streams of pictures do. A photo may have a second,
/// smaller picture behind it, which its own header states.
pub(crate) fn are_several(bytes: &[u8]) -> bool {
    let has = |pattern: &[u8]| bytes.windows(pattern.len()).skip(1).any(|part| part == pattern);
    if bytes.starts_with(PNG_SIGNATURE) {
        return has(PNG_SIGNATURE);
    }
    has(b"\xff\xd9\xff\xd8\xff") && !has(b"MPF\0")
}

/// How one pixel is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Samples {
    /// 1 for grey, 3 for red, green and blue.
    pub(crate) colours: usize,
    pub(crate) alpha: bool,
    /// Bytes of a sample, the high one first.
    pub(crate) bytes: usize,
}

impl Samples {
    pub(crate) const RGB: Self = Self { colours: 3, alpha: false, bytes: 1 };

    pub(crate) fn per_pixel(self) -> usize {
        self.colours + usize::from(self.alpha)
    }

    /// FFmpeg's name of a 16-bit sample type.
    pub(crate) fn deep_name(self) -> Option<&'static str> {
        match (self.bytes, self.colours, self.alpha) {
            (2, 1, false) => Some("gray16"),
            (2, 1, true) => Some("ya16"),
            (2, _, false) => Some("rgb48"),
            (2, _, true) => Some("rgba64"),
            _ => None,
        }
    }
}

/// A picture whose header was read. Palettes and samples of less than 8 bits are expanded to 8 bits.
pub(crate) struct Still<R: BufRead + Seek> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) samples: Samples,
    /// Pictures in the file: more than one if it is animated.
    pub(crate) pictures: u32,
    /// What the camera noted in Exif data. A PNG file must have it before its pixels.
    pub(crate) rotation: Rotation,
    decoder: Decoder<R>,
}

enum Decoder<R: BufRead + Seek> {
    Png(Box<png::Reader<R>>),
    Jpeg(Box<zune_jpeg::JpegDecoder<ZCursor<Vec<u8>>>>),
}

impl<R: BufRead + Seek> Still<R> {
    /// Reads the header. The content decides which format it is.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn new(mut reader: R) -> std::io::Result<Result<Self, String>> {
        let mut start = Vec::new();
        (&mut reader).take(PNG_SIGNATURE.len() as u64).read_to_end(&mut start)?;
        reader.rewind()?;
        if start == PNG_SIGNATURE {
            return Ok(Self::png(reader).map_err(|error| error.to_string()));
        }
        if start.starts_with(JPEG_SIGNATURE) {
            let mut file = Vec::new();
            reader.read_to_end(&mut file)?;
            return Ok(Self::jpeg(file));
        }
        Ok(Err("it starts neither as a PNG nor as a JPEG file".to_owned()))
    }

    fn png(reader: R) -> Result<Self, png::DecodingError> {
        let limits = png::Limits { bytes: MAX_DECODER_BYTES };
        let mut decoder = png::Decoder::new_with_limits(reader, limits);
        decoder.set_ignore_text_chunk(true);
        decoder.set_transformations(Transformations::EXPAND);
        let reader = decoder.read_info()?;
        let (width, height) = reader.info().size();
        let (colour, depth) = reader.output_color_type();
        let samples = Samples {
            colours: if colour.samples() < 3 { 1 } else { 3 },
            alpha: colour.samples() % 2 == 0,
            bytes: if depth == BitDepth::Sixteen { 2 } else { 1 },
        };
        let pictures = reader.info().animation_control().map_or(1, |control| control.num_frames);
        let exif = reader.info().exif_metadata.as_deref();
        let rotation = exif.map_or(Rotation::None, Rotation::from_exif);
        Ok(Self { width, height, samples, pictures, rotation, decoder: Decoder::Png(Box::new(reader)) })
    }

    fn jpeg(file: Vec<u8>) -> Result<Self, String> {
        jpeg::check(&file)?;
        // Sizes are the caller's to judge.
        let options = DecoderOptions::default().set_strict_mode(false);
        let options = options.set_max_width(usize::MAX).set_max_height(usize::MAX);
        let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(file), options);
        decoder.decode_headers().map_err(|error| error.to_string())?;
        let (width, height) = decoder.dimensions().unwrap_or_default();
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        let (space, samples) = match decoder.input_colorspace() {
            Some(ColorSpace::Luma) => (ColorSpace::Luma, Samples { colours: 1, ..Samples::RGB }),
            _ => (ColorSpace::RGB, Samples::RGB),
        };
        // From here on: a stray byte between headers is harmless, missing pixels are not.
        decoder.set_options(decoder.options().jpeg_set_out_colorspace(space).set_strict_mode(true));
        let rotation = decoder.exif().map_or(Rotation::None, |exif| Rotation::from_exif(exif));
        let (width, height, decoder) = (side(width), side(height), Decoder::Jpeg(Box::new(decoder)));
        Ok(Self { width, height, samples, pictures: 1, rotation, decoder })
    }

    /// The samples, row by row. `out` must hold exactly all of them.
    ///
    /// # Errors
    /// What is damaged, in words.
    pub(crate) fn read(self, out: &mut [u8]) -> Result<(), String> {
        let held = |needed: Option<usize>| match needed {
            Some(needed) if needed == out.len() => Ok(()),
            _ => Err(format!("{needed:?} bytes of samples where {} were expected", out.len())),
        };
        match self.decoder {
            Decoder::Png(mut reader) => {
                held(reader.output_buffer_size())?;
                reader.next_frame(out).map(|_| ()).map_err(|error| error.to_string())
            }
            Decoder::Jpeg(mut decoder) => {
                held(decoder.output_buffer_size())?;
                decoder.decode_into(out).map_err(|error| error.to_string())
            }
        }
    }
}

/// Width, height and the pixels of a picture of this crate.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn built_in(bytes: &'static [u8]) -> Result<(usize, usize, Vec<u8>), String> {
    let still = Still::new(std::io::Cursor::new(bytes)).map_err(|error| error.to_string())??;
    let (width, height) = (still.width as usize, still.height as usize);
    if still.samples != Samples::RGB {
        return Err(format!("{:?} and not 8-bit RGB", still.samples));
    }
    let mut pixels = vec![0; width * height * 3];
    still.read(&mut pixels)?;
    Ok((width, height, pixels))
}
