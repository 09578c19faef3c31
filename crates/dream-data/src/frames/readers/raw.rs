//! Raw planar YUV 4:2:0 (`I420`, or deeper): planes one after the other, no header, so the size must be stated.

use crate::error::{Error, Result, check_size};
use crate::frames::frame::{Layout, VideoFrame};
use crate::frames::info::{RawFormat, VideoInfo};
use crate::frames::readers::samples::{Samples, deep_name};
use crate::frames::readers::stream::{Filled, Progress};
use crate::frames::source::{FrameSource, Step, next_of};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Reads raw planar 4:2:0 frames from any byte stream.
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
    /// [`Error::InvalidOption`] for an unusable depth.
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
    /// [`Error::Malformed`] or [`Error::TooLarge`] for an unusable size; [`Error::InvalidOption`] for an
    /// unusable depth.
    pub fn new(reader: R, format: RawFormat) -> Result<Self> {
        Self::named(reader, format, PathBuf::from("<stream>"))
    }

    fn named(reader: R, format: RawFormat, path: PathBuf) -> Result<Self> {
        check_size(&path, "raw format", format.width, format.height)?;
        let mut info = VideoInfo::new(format.width, format.height, format.frame_rate, "raw");
        info.range = format.range;
        info.bit_depth = Some(format.bit_depth);
        if !(8..=16).contains(&format.bit_depth) {
            let reason = format!("raw samples of {} bits; 8 to 16 are read", format.bit_depth);
            return Err(Error::InvalidOption { option: "bit_depth", reason });
        }
        if format.bit_depth > 8 {
            info.converted_from = Some(deep_name(Layout::Yuv420, format.bit_depth));
            info.exact = false;
        }
        let samples = Samples::new(&info, Layout::Yuv420, format.bit_depth);
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
