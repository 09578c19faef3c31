//! Raw YUV 4:2:0: planes one after the other, no header, so the size must be stated.

use crate::error::{Error, Result, check_size};
use crate::frames::frame::VideoFrame;
use crate::frames::info::VideoInfo;
use crate::frames::raw_format::{RawFormat, RawPixels};
use crate::frames::readers::samples::Samples;
use crate::frames::readers::stream::{Filled, Progress};
use crate::frames::source::{FrameSource, Step, next_of};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Reads raw 4:2:0 or gray frames from any byte stream.
#[derive(Debug)]
pub struct RawReader<R> {
    reader: R,
    samples: Samples,
    info: VideoInfo,
    frame: VideoFrame,
    progress: Progress,
}

impl RawReader<BufReader<File>> {
    /// Opens a raw file. If its length is not a whole number of frames, it ends with [`Error::Damaged`] after the
    /// last whole frame.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Malformed`] or [`Error::TooLarge`] for an unusable size;
    /// [`Error::InvalidOption`] without a frame rate.
    pub fn open(path: impl AsRef<Path>, format: RawFormat) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|e| Error::io(path, e))?;
        let length = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|m| m.len());
        let mut source = Self::named(BufReader::with_capacity(1 << 16, file), format, path.to_owned())?;
        let bytes = source.samples.frame_bytes() as u64;
        source.info.frames = length.map(|length| length / bytes.max(1));
        Ok(source)
    }
}

impl<R: Read + Send> RawReader<R> {
    /// Reads from any byte stream.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::TooLarge`] for an unusable size; [`Error::InvalidOption`] without a frame
    /// rate.
    pub fn new(reader: R, format: RawFormat) -> Result<Self> {
        Self::named(reader, format, PathBuf::from("<stream>"))
    }

    pub(crate) fn named(reader: R, format: RawFormat, path: PathBuf) -> Result<Self> {
        check_size(&path, "raw format", format.width, format.height)?;
        let rate = format.frame_rate.ok_or_else(|| {
            let reason = format!("{} is raw video: state its frames per second", path.display());
            Error::option("frame_rate", reason)
        })?;
        let mut info = VideoInfo::new(format.width, format.height, rate, "raw");
        info.range = format.range;
        info.bit_depth = Some(format.pixels.bits());
        info.layout = format.pixels.layout();
        if format.pixels.bits() > RawPixels::YUV420P.bits() {
            info.converted_from = Some(format.pixels.to_string());
            info.exact = false;
        }
        let samples = Samples::new(&info, format.pixels);
        Ok(Self { reader, samples, info, frame: VideoFrame::default(), progress: Progress::new(path) })
    }
}

impl<R: Read + Send> FrameSource for RawReader<R> {
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
        let read = match self.samples.read(&mut self.reader, out) {
            Filled::Whole => Ok(Some(())),
            Filled::Nothing => Ok(None),
            Filled::Part { got, wanted } => Err(format!("the last frame has {got} of {wanted} bytes")),
            Filled::Failed(e) => Err(e.to_string()),
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::frame::Pixels;
    use crate::frames::frame_rate::FrameRate;

    fn format(width: u32, height: u32) -> RawFormat {
        RawFormat::new(width, height, FrameRate::new(10, 1).unwrap())
    }

    #[test]
    fn planes_come_in_order_and_a_partial_frame_is_damage() {
        // 3x3: 9 + 4 + 4 = 17 bytes a frame; two frames and 5 bytes.
        let bytes: Vec<u8> = (0..39).collect();
        let mut source = RawReader::new(&bytes[..], format(3, 3)).unwrap();
        for index in 0..2u8 {
            let frame = source.next_frame().unwrap().unwrap();
            assert_eq!(frame.index(), u64::from(index));
            assert!((frame.timestamp() - f64::from(index) / 10.0).abs() < 1e-12);
            let Pixels::Yuv420 { y, u, v } = frame.pixels() else { panic!("not 4:2:0") };
            let base = 17 * index as usize;
            assert_eq!(y.data, &bytes[base..base + 9]);
            assert_eq!(u.data, &bytes[base + 9..base + 13]);
            assert_eq!(v.data, &bytes[base + 13..base + 17]);
            assert_eq!((u.width, u.height), (2, 2));
        }
        let error = source.next_frame().unwrap_err();
        assert!(matches!(error, Error::Damaged { frames: 2, .. }), "{error}");
        assert!(error.to_string().contains("5 of 17 bytes"), "{error}");
        assert!(source.next_frame().unwrap().is_none());
        assert!(source.next_frame().unwrap().is_none());
    }

    #[test]
    fn whole_files_end_quietly_and_count_their_frames() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yuv");
        std::fs::write(&path, vec![1u8; 6 * 3]).unwrap();
        let mut source = RawReader::open(&path, format(2, 2)).unwrap();
        assert_eq!(source.info().frames, Some(3));
        let mut frames = 0;
        while source.next_frame().unwrap().is_some() {
            frames += 1;
        }
        assert_eq!(frames, 3);
    }

    #[test]
    fn sizes_are_checked_before_memory_is_taken() {
        assert!(matches!(RawReader::new(&[][..], format(0, 2)), Err(Error::Malformed { .. })));
        assert!(matches!(RawReader::new(&[][..], format(2, 16_385)), Err(Error::TooLarge { .. })));
    }
}
