//! YUV4MPEG2 (`.y4m`): a text header, then `FRAME` lines, each followed by raw planes.

use crate::error::{Error, Result, check_size};
use crate::frames::color_range::ColorRange;
use crate::frames::frame::VideoFrame;
use crate::frames::frame_rate::FrameRate;
use crate::frames::info::VideoInfo;
use crate::frames::interlaced::FieldOrder;
use crate::frames::raw_format::RawPixels;
use crate::frames::readers::samples::Samples;
use crate::frames::readers::stream::{Filled, Progress, fill};
use crate::frames::source::{FrameSource, Step, next_of};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub(crate) const SIGNATURE: &[u8] = b"YUV4MPEG2";
const PART: &str = "y4m header";
const MAX_LINE: usize = 4096;
const FRAME: &[u8] = b"FRAME";

/// Reads 4:2:0 and luma-only YUV4MPEG2 from any byte stream.
///
/// Samples of 9 to 16 bits (`C420p10`, `Cmono10` and the like) are rounded to the nearest 8-bit code of the same
/// meaning, by `XCOLORRANGE` if the file has it, else as limited range. [`VideoInfo::converted_from`] and
/// [`VideoInfo::bit_depth`] then say so.
///
/// All `C420*` tags are read alike: they differ in the position of the chroma samples, not in the samples. Interlaced
/// files are delivered as stored, both fields woven, with [`VideoInfo::fields`] set.
///
/// # Example
/// ```
/// use dream_data::{FrameSource, Pixels, Y4mReader};
/// let file = b"YUV4MPEG2 W4 H2 F30000:1001 Ip Cmono\nFRAME\n\x10\x20\x30\x40\x50\x60\x70\x80";
/// let mut video = Y4mReader::new(&file[..])?;
/// assert_eq!(video.info().frame_rate.to_string(), "30000/1001");
/// let frame = video.next_frame()?.expect("one frame");
/// assert!(matches!(frame.pixels(), Pixels::Gray(luma) if luma.data[3] == 0x40));
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug)]
pub struct Y4mReader<R> {
    reader: R,
    /// Reused for every header line.
    line: Vec<u8>,
    samples: Samples,
    info: VideoInfo,
    frame: VideoFrame,
    progress: Progress,
}

impl<R: Read + Send> Y4mReader<R> {
    /// Reads the header. Wrap files in a [`BufReader`](std::io::BufReader); [`open`](crate::open) does.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a broken header, [`Error::Unsupported`] for anything but 4:2:0 or luma,
    /// [`Error::TooLarge`] for a size beyond [`MAX_DIMENSION`](crate::MAX_DIMENSION).
    pub fn new(reader: R) -> Result<Self> {
        Self::open_named(reader, Path::new("<stream>"), None, None)
    }

    /// `rate` is for a file that does not state one.
    pub(crate) fn open_named(
        mut reader: R,
        path: &Path,
        length: Option<u64>,
        rate: Option<FrameRate>,
    ) -> Result<Self> {
        let mut line = Vec::new();
        match read_line(&mut reader, &mut line) {
            Ok(Line::Whole) => {}
            Ok(Line::TooLong) => {
                return Err(Error::malformed(path, PART, format!("longer than {MAX_LINE} bytes")));
            }
            Ok(Line::End | Line::Cut) => return Err(Error::damaged(path, 0, "the y4m header is cut off")),
            Err(e) => return Err(Error::io(path, e)),
        }
        let header = Header::parse(&line, path, rate)?;
        let mut info = VideoInfo::new(header.width, header.height, header.frame_rate, "y4m");
        info.range = header.range;
        info.fields = header.fields;
        info.layout = header.pixels.layout();
        info.bit_depth = Some(header.pixels.bits());
        if header.pixels.bits() > 8 {
            info.converted_from = Some(header.pixels.to_string());
            info.exact = false;
        }
        let samples = Samples::new(&info, header.pixels);
        let bytes = samples.frame_bytes() as u64;
        let body = length.and_then(|length| length.checked_sub(line.len() as u64 + 1));
        let frame_bytes = bytes + FRAME.len() as u64 + 1;
        // Exact if no `FRAME` line has parameters, which is what all common writers produce.
        info.frames = body.filter(|body| body % frame_bytes == 0).map(|body| body / frame_bytes);
        let progress = Progress::new(PathBuf::from(path));
        Ok(Self { reader, line, samples, info, frame: VideoFrame::default(), progress })
    }

    fn read_frame(&mut self, out: &mut VideoFrame) -> Result<Option<()>, String> {
        match read_line(&mut self.reader, &mut self.line).map_err(|e| e.to_string())? {
            Line::End => return Ok(None),
            Line::Whole if without_return(&self.line).split(|&b| b == b' ').next() == Some(FRAME) => {}
            Line::Cut => return Err("a FRAME line is cut off".to_owned()),
            Line::Whole | Line::TooLong => return Err("a FRAME line was expected".to_owned()),
        }
        match self.samples.read(&mut self.reader, out) {
            Filled::Whole => Ok(Some(())),
            Filled::Nothing => Err("the file ends after a FRAME line".to_owned()),
            Filled::Part { got, wanted } => Err(format!("the last frame has {got} of {wanted} bytes")),
            Filled::Failed(e) => Err(e.to_string()),
        }
    }
}

impl<R: Read + Send> FrameSource for Y4mReader<R> {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        next_of(self, |source| &mut source.frame)
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        if self.progress.ended() {
            return Ok(Step::End);
        }
        let read = self.read_frame(out);
        if self.progress.settle(read)?.is_none() {
            return Ok(Step::End);
        }
        let index = self.progress.frames();
        let time = self.info.frame_rate.time_of(index);
        self.progress.delivered();
        if !wants(index, time) {
            return Ok(Step::Skipped);
        }
        self.samples.convert(out);
        out.stamp(index, time);
        Ok(Step::Taken)
    }
}

enum Line {
    Whole,
    /// The stream ended before the line began.
    End,
    /// The stream ended inside the line.
    Cut,
    TooLong,
}

/// Bytes up to the next newline. Byte by byte: the readers underneath are buffered and lines are short.
fn read_line(reader: &mut impl Read, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    loop {
        let mut byte = [0u8];
        match fill(reader, &mut byte) {
            Filled::Whole if byte[0] == b'\n' => return Ok(Line::Whole),
            Filled::Whole if line.len() >= MAX_LINE => return Ok(Line::TooLong),
            Filled::Whole => line.push(byte[0]),
            Filled::Failed(e) => return Err(e),
            Filled::Nothing | Filled::Part { .. } if line.is_empty() => return Ok(Line::End),
            Filled::Nothing | Filled::Part { .. } => return Ok(Line::Cut),
        }
    }
}

/// Some writers end lines as Windows does; FFmpeg reads them.
fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

struct Header {
    width: u32,
    height: u32,
    frame_rate: FrameRate,
    pixels: RawPixels,
    fields: Option<FieldOrder>,
    range: ColorRange,
}

impl Header {
    fn parse(line: &[u8], path: &Path, given: Option<FrameRate>) -> Result<Self> {
        let malformed = |reason: String| Error::malformed(path, PART, reason);
        let mut words = without_return(line).split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        if words.next() != Some(SIGNATURE) {
            return Err(malformed("it must begin with `YUV4MPEG2 `".to_owned()));
        }
        let (mut width, mut height, mut rate) = (None, None, None);
        let (mut pixels, mut fields, mut range) = (RawPixels::YUV420P, None, ColorRange::Unknown);
        for word in words {
            let Some((tag, value)) = word.split_first() else { continue };
            // A comment may be in any encoding.
            let value = &*String::from_utf8_lossy(value);
            let number = |name: &str| {
                let shown = value.escape_debug();
                value.parse::<u32>().map_err(|_| malformed(format!("the {name} `{shown}` is not a number")))
            };
            match tag {
                b'W' => width = Some(number("width")?),
                b'H' => height = Some(number("height")?),
                b'F' => {
                    rate = value.split_once(':').and_then(|(n, d)| Some((n.parse().ok()?, d.parse().ok()?)))
                }
                b'C' => pixels = parse_colour_space(value, path)?,
                b'I' => fields = field_order(value),
                b'X' => match value.strip_prefix("COLORRANGE=") {
                    Some("LIMITED") => range = ColorRange::Limited,
                    Some("FULL") => range = ColorRange::Full,
                    _ => {}
                },
                // A (aspect) and unknown tags do not change the samples.
                _ => {}
            }
        }
        let (Some(width), Some(height)) = (width, height) else {
            return Err(malformed("the width (W) or the height (H) is missing".to_owned()));
        };
        check_size(path, PART, width, height)?;
        let stated = rate.and_then(|(num, den)| FrameRate::from_ratio(num, den));
        let frame_rate = stated.or(given).ok_or_else(|| {
            malformed("the frame rate is missing or 0; state it, or write it as `F25:1`".to_owned())
        })?;
        Ok(Self { width, height, frame_rate, pixels, fields, range })
    }
}

/// The tag I. `p` is progressive, `?` unknown, and frames of `m` say it one by one.
fn field_order(value: &str) -> Option<FieldOrder> {
    match value {
        "t" => Some(FieldOrder::TopFirst),
        "b" => Some(FieldOrder::BottomFirst),
        "m" => Some(FieldOrder::Unknown),
        _ => None,
    }
}

/// The tag C.
fn parse_colour_space(value: &str, path: &Path) -> Result<RawPixels> {
    let name = match (value.strip_prefix("420p"), value.strip_prefix("mono")) {
        _ if matches!(value, "420" | "420jpeg" | "420mpeg2" | "420paldv") => "yuv420p".to_owned(),
        (_, Some("")) => "gray".to_owned(),
        (Some(bits), _) => format!("yuv420p{bits}le"),
        (_, Some(bits)) => format!("gray{bits}le"),
        _ => String::new(),
    };
    name.parse().map_err(|_| {
        let shown = value.escape_debug();
        Error::unsupported(path, format!("y4m colour space `C{shown}`"), crate::frames::remedy::CONVERT)
    })
}
