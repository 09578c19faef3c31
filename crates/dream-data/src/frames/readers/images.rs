//! Still images as video: a folder of PNG and JPEG files in natural order, or a single file.

use crate::error::{Error, MAX_DIMENSION, Result, check_size};
use crate::frames::assumption::Assumption;
use crate::frames::color_range::ColorRange;
use crate::frames::frame::{Layout, VideoFrame};
use crate::frames::frame_rate::FrameRate;
use crate::frames::info::VideoInfo;
use crate::frames::kind::images_in;
use crate::frames::readers::still::{MAX_DECODER_BYTES, Samples, Still};
use crate::frames::readers::stream::Progress;
use crate::frames::source::{FrameSource, Step, next_of};
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Images of one size as the frames of a video.
///
/// Every image becomes [`Pixels::Rgb`](crate::Pixels::Rgb), grey ones with three equal samples, so that a picture is the
/// same whatever its colour type. 16-bit samples are rounded to the nearest of 256 levels. An alpha channel is dropped when it is opaque everywhere and refused
/// otherwise, because the colour behind it is unknown. Animated PNG files are refused, and so is a JPEG
/// file that ends before its last pixel. The orientation in Exif data becomes
/// [`VideoInfo::rotation`]; colour profiles are not applied.
#[derive(Debug)]
pub struct ImageSequence {
    paths: Vec<PathBuf>,
    /// The one image, where it is in no file.
    held: Option<Arc<[u8]>>,
    info: VideoInfo,
    frame: VideoFrame,
    /// Samples as the decoder writes them, when they need conversion.
    decoded: Vec<u8>,
    progress: Progress,
}

impl ImageSequence {
    /// All PNG and JPEG files directly in `folder`, `2.png` before `10.png`. Hidden files, other
    /// files and sub-folders are ignored. The first image states the size. Without a rate it is 25 frames per second.
    ///
    /// # Errors
    /// [`Error::Unrecognised`] for a folder without images, or an unreadable first image.
    pub fn open_folder(folder: impl AsRef<Path>, frame_rate: Option<FrameRate>) -> Result<Self> {
        let folder = folder.as_ref();
        Self::new(images_in(folder)?, None, folder, frame_rate)
    }

    /// One image as a video of one frame.
    ///
    /// # Errors
    /// As [`ImageSequence::open_folder`].
    pub fn open_file(path: impl AsRef<Path>, frame_rate: Option<FrameRate>) -> Result<Self> {
        let path = path.as_ref();
        Self::new(vec![path.to_owned()], None, path, frame_rate)
    }

    /// The same for an image in memory; `path` is for messages.
    pub(crate) fn of_bytes(bytes: Vec<u8>, path: &Path, frame_rate: Option<FrameRate>) -> Result<Self> {
        Self::new(vec![path.to_owned()], Some(bytes.into()), path, frame_rate)
    }

    fn new(
        paths: Vec<PathBuf>,
        held: Option<Arc<[u8]>>,
        named: &Path,
        stated: Option<FrameRate>,
    ) -> Result<Self> {
        let Some(first) = paths.first() else {
            return Err(Error::Unrecognised {
                path: named.to_owned(),
                found: "no image in this folder".to_owned(),
                expected: "files ending in .png, .jpg or .jpeg".to_owned(),
            });
        };
        let still = open_still(first, held.as_ref(), 0)?;
        let rate = stated.unwrap_or(FrameRate::PAL);
        let mut info = VideoInfo::new(still.width, still.height, rate, "image");
        // One picture has no rate that could matter.
        if paths.len() > 1 {
            info.assumptions.push(Assumption::FolderAsClip { images: paths.len() });
            if stated.is_none() {
                info.assumptions.push(Assumption::RateAssumed { rate });
            }
        }
        info.frames = Some(paths.len() as u64);
        info.range = ColorRange::Full;
        info.layout = Layout::Rgb;
        info.rotation = still.rotation;
        info.bit_depth = Some(8);
        if let Some(deep) = still.samples.deep_name() {
            info.bit_depth = Some(16);
            info.converted_from = Some(deep.to_owned());
            info.exact = false;
        }
        let progress = Progress::new(named.to_owned());
        Ok(Self { paths, held, info, frame: VideoFrame::default(), decoded: Vec::new(), progress })
    }
}

impl FrameSource for ImageSequence {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        next_of(self, |source| &mut source.frame)
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        let index = self.progress.frames();
        let path = usize::try_from(index).ok().and_then(|index| self.paths.get(index));
        let Some(path) = path.filter(|_| !self.progress.ended()) else {
            self.progress.end();
            return Ok(Step::End);
        };
        let time = self.info.frame_rate.time_of(index);
        if !wants(index, time) {
            self.progress.delivered();
            return Ok(Step::Skipped);
        }
        let still = open_still(path, self.held.as_ref(), index);
        match still.and_then(|still| decode(still, path, index, &self.info, &mut self.decoded, out)) {
            Ok(()) => {
                out.stamp(index, time);
                self.progress.delivered();
                Ok(Step::Taken)
            }
            Err(error) => Err(self.progress.fail(error)),
        }
    }
}

/// A file, or bytes in memory.
trait Input: BufRead + Seek {}
impl<T: BufRead + Seek> Input for T {}

fn open_still(path: &Path, held: Option<&Arc<[u8]>>, index: u64) -> Result<Still<Box<dyn Input>>> {
    let input: Box<dyn Input> = match held {
        Some(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        None => Box::new(BufReader::new(File::open(path).map_err(|e| Error::io(path, e))?)),
    };
    let still = Still::new(input).map_err(|e| Error::io(path, e))?;
    let still = still.map_err(|reason| Error::damaged(path, index, reason))?;
    check_size(path, "image header", still.width, still.height)?;
    if still.pictures > 1 {
        return Err(Error::unsupported(
            path,
            format!("an animated PNG of {} pictures", still.pictures),
            "write them one by one: `ffmpeg -i INPUT FOLDER/%04d.png`",
        ));
    }
    Ok(still)
}

fn decode(
    still: Still<Box<dyn Input>>,
    path: &Path,
    index: u64,
    info: &VideoInfo,
    decoded: &mut Vec<u8>,
    frame: &mut VideoFrame,
) -> Result<()> {
    let (expected, found) = ((info.width, info.height), (still.width, still.height));
    if found != expected {
        return Err(Error::SizeChanged { path: path.to_owned(), expected, found });
    }
    if still.rotation != info.rotation {
        return Err(Error::unsupported(
            path,
            "an image that is turned otherwise than the first one of its folder",
            "save all images upright, without an orientation in their Exif data",
        ));
    }
    let (width, height) = (found.0 as usize, found.1 as usize);
    let damaged = |reason: String| Error::damaged(path, index, reason);
    let samples = still.samples;
    let out = frame.buffer(width, height, Layout::Rgb);
    if samples == Samples::RGB {
        return still.read(out).map_err(damaged);
    }
    decoded.resize(width * height * samples.per_pixel() * samples.bytes, 0);
    still.read(decoded).map_err(damaged)?;
    if convert(decoded, out, samples) {
        return Ok(());
    }
    Err(Error::unsupported(
        path,
        "an image with transparent pixels",
        "flatten it onto a background: `ffmpeg -i INPUT -pix_fmt rgb24 OUTPUT.png`",
    ))
}

/// Triples grey, drops alpha and rounds 16-bit samples to 8 bits. False where alpha is not opaque.
fn convert(decoded: &[u8], out: &mut [u8], samples: Samples) -> bool {
    let sample = |bytes: &[u8]| match *bytes {
        [byte] => byte,
        // Exact rounding of v / 257.
        [high, low] => {
            u8::try_from((u32::from(u16::from_be_bytes([high, low])) + 128) / 257).unwrap_or(u8::MAX)
        }
        _ => 0,
    };
    let mut opaque = true;
    let pixels = decoded.chunks_exact(samples.per_pixel() * samples.bytes);
    for (pixel, out) in pixels.zip(out.as_chunks_mut::<3>().0) {
        let mut all = pixel.chunks_exact(samples.bytes);
        if samples.colours == 1 {
            *out = [all.next().map_or(0, sample); 3];
        } else {
            out.iter_mut().zip(&mut all).for_each(|(out, bytes)| *out = sample(bytes));
        }
        opaque &= all.all(|alpha| alpha.iter().all(|&byte| byte == u8::MAX));
    }
    opaque
}

const _: () = assert!(MAX_DIMENSION as u64 * MAX_DIMENSION as u64 * 3 <= MAX_DECODER_BYTES as u64);
