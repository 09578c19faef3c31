//! Writing YUV4MPEG2.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result, check_size};
use crate::frames::color_range::ColorRange;
use crate::frames::frame::{Pixels, Plane};
use crate::frames::frame_rate::FrameRate;

/// Writes 8-bit 4:2:0 or luma-only YUV4MPEG2, one frame after the other; [`Y4mReader`](crate::Y4mReader) reads it.
///
/// All frames have the layout of the first one. Chroma samples of 4:2:0 lie in the middle of four luma samples
/// (`C420jpeg`).
///
/// # Example
/// ```
/// use dream_data::{ColorRange, FrameRate, FrameSource, Pixels, Plane, Y4mReader, Y4mWriter};
///
/// let mut writer = Y4mWriter::new(Vec::new(), 4, 2, FrameRate::new(25, 1)?, ColorRange::Limited)?;
/// let luma = [16, 40, 80, 120, 160, 200, 220, 235];
/// writer.write(Pixels::Gray(Plane::new(&luma, 4, 2, 4).unwrap()))?;
/// let file = writer.finish()?;
///
/// let mut video = Y4mReader::new(&file[..])?;
/// let frame = video.next_frame()?.unwrap();
/// assert!(matches!(frame.pixels(), Pixels::Gray(plane) if plane.data == luma));
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug)]
pub struct Y4mWriter<W> {
    sink: W,
    path: PathBuf,
    width: u32,
    height: u32,
    rate: FrameRate,
    range: ColorRange,
    /// Whether frames are luma only; decided by the first frame, which is when the header is written.
    gray: Option<bool>,
}

impl<W: Write> Y4mWriter<W> {
    /// Nothing is written until the first frame. Wrap files in a [`BufWriter`](std::io::BufWriter).
    ///
    /// # Errors
    /// [`Error::Malformed`] for a side of 0, [`Error::TooLarge`] for a side beyond
    /// [`MAX_DIMENSION`](crate::MAX_DIMENSION).
    pub fn new(sink: W, width: u32, height: u32, rate: FrameRate, range: ColorRange) -> Result<Self> {
        Self::named(sink, Path::new("<stream>"), (width, height), rate, range)
    }

    /// `path` is for messages.
    pub(crate) fn named(
        sink: W,
        path: &Path,
        (width, height): (u32, u32),
        rate: FrameRate,
        range: ColorRange,
    ) -> Result<Self> {
        check_size(path, "size of a y4m file", width, height)?;
        Ok(Self { sink, path: path.to_owned(), width, height, rate, range, gray: None })
    }

    /// Appends a frame.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::SizeChanged`] for a frame of another size; [`Error::Unsupported`] for RGB, and for a
    /// frame with chroma among frames without or the other way round. Nothing of such a frame is written.
    pub fn write(&mut self, pixels: Pixels<'_>) -> Result<()> {
        let (luma, chroma) = match pixels {
            Pixels::Gray(y) => (y, None),
            Pixels::Yuv420 { y, u, v } => (y, Some([u, v])),
            Pixels::Rgb(_) => {
                let remedy = "convert it to 4:2:0 first, with a matrix and range of your choice";
                return Err(Error::unsupported(&self.path, "writing RGB as y4m", remedy));
            }
        };
        let (width, height) = (self.width as usize, self.height as usize);
        self.check(luma, width, height)?;
        for plane in chroma.iter().flatten() {
            self.check(*plane, width.div_ceil(2), height.div_ceil(2))?;
        }
        let gray = chroma.is_none();
        let header = match self.gray {
            Some(known) if known != gray => {
                let what = "mixing frames with and without chroma";
                return Err(Error::unsupported(&self.path, what, "write them to two files"));
            }
            Some(_) => String::new(),
            None => self.header(gray),
        };
        self.gray = Some(gray);
        let planes = std::iter::once(luma).chain(chroma.into_iter().flatten());
        let write = || {
            self.sink.write_all(header.as_bytes())?;
            self.sink.write_all(b"FRAME\n")?;
            for plane in planes {
                plane.rows(plane.width).try_for_each(|row| self.sink.write_all(row))?;
            }
            Ok(())
        };
        write().map_err(|e| Error::io(&self.path, e))
    }

    /// Flushes and returns the sink. A file without frames stays empty, and no reader accepts it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(mut self) -> Result<W> {
        self.sink.flush().map_err(|e| Error::io(&self.path, e))?;
        Ok(self.sink)
    }

    fn check(&self, plane: Plane<'_>, width: usize, height: usize) -> Result<()> {
        // The fields are public: a plane may be shorter than it says.
        let whole = Plane::new(plane.data, plane.width, plane.height, plane.stride).is_some();
        if whole && (plane.width, plane.height) == (width, height) {
            return Ok(());
        }
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        Err(Error::SizeChanged {
            path: self.path.clone(),
            expected: (side(width), side(height)),
            found: (side(plane.width), side(plane.height)),
        })
    }

    fn header(&self, gray: bool) -> String {
        header(self.width, self.height, self.rate, self.range, gray)
    }
}

/// The first line of a file.
pub(crate) fn header(width: u32, height: u32, rate: FrameRate, range: ColorRange, gray: bool) -> String {
    let colour = if gray { "mono" } else { "420jpeg" };
    let range = match range {
        ColorRange::Limited => " XCOLORRANGE=LIMITED",
        ColorRange::Full => " XCOLORRANGE=FULL",
        _ => "",
    };
    format!("YUV4MPEG2 W{width} H{height} F{}:{} Ip A1:1 C{colour}{range}\n", rate.num(), rate.den())
}

#[cfg(test)]
mod tests {
    use super::super::reader::Y4mReader;
    use super::*;
    use crate::frames::source::FrameSource;

    fn writer() -> Y4mWriter<Vec<u8>> {
        Y4mWriter::new(Vec::new(), 5, 3, FrameRate::new(30_000, 1001).unwrap(), ColorRange::Limited).unwrap()
    }

    #[test]
    fn frames_are_read_back_with_rate_and_range() {
        let luma: Vec<u8> = (0..24).map(|i| i * 7).collect();
        let (u, v) = ([1, 2, 3, 4, 5, 6], [9, 8, 7, 6, 5, 4]);
        let plane = |data, width, height, stride| Plane::new(data, width, height, stride).unwrap();
        let mut writer = writer();
        for _ in 0..3 {
            // Rows of eight bytes, of which five count.
            let y = plane(&luma, 5, 3, 8);
            writer.write(Pixels::Yuv420 { y, u: plane(&u, 3, 2, 3), v: plane(&v, 3, 2, 3) }).unwrap();
        }
        let file = writer.finish().unwrap();
        let mut video = Y4mReader::new(&file[..]).unwrap();
        assert_eq!((video.info().width, video.info().height), (5, 3));
        assert_eq!(
            (video.info().frame_rate.to_string().as_str(), video.info().range),
            ("30000/1001", ColorRange::Limited)
        );
        let mut frames = 0;
        while let Some(frame) = video.next_frame().unwrap() {
            let Pixels::Yuv420 { y, u: cb, v: cr } = frame.pixels() else { panic!("no chroma") };
            assert_eq!(y.data, [&luma[..5], &luma[8..13], &luma[16..21]].concat());
            assert_eq!((cb.data, cr.data), (&u[..], &v[..]));
            frames += 1;
        }
        assert_eq!(frames, 3);
    }

    #[test]
    fn odd_frames_are_refused_and_leave_no_trace() {
        let mut writer = writer();
        let bytes = [0; 45];
        let gray = Plane::new(&bytes, 5, 3, 5).unwrap();
        let small = Plane::new(&bytes, 3, 2, 3).unwrap();
        writer.write(Pixels::Gray(gray)).unwrap();
        let short = Plane { data: &bytes[..3], ..gray };
        for (pixels, size) in [
            (Pixels::Gray(small), true),
            (Pixels::Gray(short), true),
            (Pixels::Yuv420 { y: gray, u: gray, v: small }, true),
            (Pixels::Yuv420 { y: gray, u: small, v: small }, false),
            (Pixels::Rgb(Plane::rgb(&bytes, 5, 3, 15).unwrap()), false),
        ] {
            let error = writer.write(pixels).unwrap_err();
            assert_eq!(matches!(error, Error::SizeChanged { .. }), size, "{error}");
        }
        let file = writer.finish().unwrap();
        assert!(file.ends_with(&bytes[..15]) && file.windows(6).filter(|w| w == b"FRAME\n").count() == 1);
        assert!(Y4mWriter::new(Vec::new(), 0, 3, FrameRate::new(25, 1).unwrap(), ColorRange::Full).is_err());
    }
}
