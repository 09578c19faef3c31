//! One range and one layout for all video samples.

use crate::error::Result;
use crate::frames::color_range::ColorRange;
use crate::frames::frame::{Layout, VideoFrame};
use crate::frames::info::VideoInfo;
use crate::frames::source::{FrameSource, Step, next_of};

/// The 4:2:0 or gray frames of a source as 4:2:0 of one range. Gray frames get neutral chroma, so that luma alone and
/// 4:2:0 without colour are the same picture.
///
/// Between the ranges of 8 bits: full luma `c` is limited luma `16 + 219 c / 255`, full chroma `c` is limited chroma
/// `128 + 224 (c - 128) / 255`, and the reverse; each rounded to the nearest and clamped to 0..255. From limited to full
/// and back changes nothing; the other way loses what 220 codes cannot hold.
///
/// [`open`](crate::open) makes one where it is needed.
///
/// # Reference
/// ITU-R BT.601-7, 2.5.3; ITU-T H.273, 8.3.
#[derive(Debug)]
pub struct Ranged<S> {
    source: S,
    info: VideoInfo,
    tables: Option<Box<Tables>>,
    frame: VideoFrame,
}

#[derive(Debug)]
struct Tables {
    luma: [u8; 256],
    chroma: [u8; 256],
}

impl Tables {
    fn new(to: ColorRange) -> Self {
        // No value falls halfway between two codes: both quotients have an odd denominator.
        let convert = |code: u8, zero: i32, (low, steps): (i32, i32)| {
            let code = i32::from(code);
            let value = match to {
                ColorRange::Full => rounded((code - low) * 255, steps) + zero,
                _ => rounded((code - zero) * steps, 255) + low,
            };
            u8::try_from(value.clamp(0, 255)).unwrap_or_default()
        };
        let mut tables = Self { luma: [0; 256], chroma: [0; 256] };
        for ((code, luma), chroma) in (0..=u8::MAX).zip(&mut tables.luma).zip(&mut tables.chroma) {
            *luma = convert(code, 0, (16, 219));
            *chroma = convert(code, 128, (128, 224));
        }
        tables
    }
}

/// The nearest whole number to `num / den`.
fn rounded(num: i32, den: i32) -> i32 {
    (2 * num + den).div_euclid(2 * den)
}

impl<S: FrameSource> Ranged<S> {
    /// Brings the frames of `source` to the range `to`. Samples of unknown range count as limited.
    /// [`ColorRange::Unknown`] leaves them as they are.
    #[must_use]
    pub fn new(source: S, to: ColorRange) -> Self {
        let mut info = source.info().clone();
        let full = |range| range == ColorRange::Full;
        let tables =
            (to != ColorRange::Unknown && full(info.range) != full(to)).then(|| Box::new(Tables::new(to)));
        if tables.is_some() {
            info.range = to;
        }
        info.layout = Layout::Yuv420;
        Self { source, info, tables, frame: VideoFrame::default() }
    }
}

impl<S: FrameSource> FrameSource for Ranged<S> {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        next_of(self, |ranged| &mut ranged.frame)
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        let step = self.source.take_frame(wants, out);
        self.info.follow(self.source.info());
        if !matches!(step, Ok(Step::Taken)) {
            return step;
        }
        if let (Some(tables), Some((luma, chroma))) = (&self.tables, out.luma_and_chroma()) {
            map(&tables.luma, luma);
            map(&tables.chroma, chroma);
        }
        out.add_neutral_chroma();
        step
    }
}

fn map(table: &[u8; 256], samples: &mut [u8]) {
    for sample in samples {
        // The table has an entry for every byte.
        *sample = table.get(usize::from(*sample)).copied().unwrap_or(*sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::frame::{Pixels, Plane};
    use crate::frames::frame_rate::FrameRate;

    /// The definition in floating point.
    #[test]
    fn tables_are_the_nearest_codes() {
        let (limited, full) = (Tables::new(ColorRange::Limited), Tables::new(ColorRange::Full));
        for code in 0..=255u8 {
            let (at, c) = (usize::from(code), f64::from(code));
            let nearest = |value: f64| value.round().clamp(0.0, 255.0);
            assert_eq!(f64::from(limited.luma[at]), nearest(16.0 + 219.0 * c / 255.0));
            assert_eq!(f64::from(limited.chroma[at]), nearest(128.0 + 224.0 * (c - 128.0) / 255.0));
            assert_eq!(f64::from(full.luma[at]), nearest((c - 16.0) * 255.0 / 219.0));
            assert_eq!(f64::from(full.chroma[at]), nearest(128.0 + (c - 128.0) * 255.0 / 224.0));
            if (16..=235).contains(&code) {
                assert_eq!(limited.luma[usize::from(full.luma[at])], code);
            }
            if (16..=240).contains(&code) {
                assert_eq!(limited.chroma[usize::from(full.chroma[at])], code);
            }
        }
    }

    struct One(VideoInfo, VideoFrame, bool);

    impl FrameSource for One {
        fn info(&self) -> &VideoInfo {
            &self.0
        }

        fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
            let first = !std::mem::replace(&mut self.2, true);
            Ok(first.then_some(&self.1))
        }
    }

    fn first(pixels: Pixels<'_>, from: ColorRange, to: ColorRange) -> (VideoFrame, VideoInfo) {
        let mut info = VideoInfo::new(2, 2, FrameRate::PAL, "test");
        info.range = from;
        let mut frame = VideoFrame::default();
        frame.assign(0, 0.0, pixels);
        let mut ranged = Ranged::new(One(info, frame, false), to);
        let frame = ranged.next_frame().unwrap().unwrap().clone();
        (frame, ranged.info().clone())
    }

    #[test]
    fn gray_gets_neutral_chroma_and_rgb_passes() {
        let luma = [0u8, 255, 128, 1];
        let gray = Pixels::Gray(Plane::new(&luma, 2, 2, 2).unwrap());
        let (frame, info) = first(gray, ColorRange::Full, ColorRange::Limited);
        let Pixels::Yuv420 { y, u, v } = frame.pixels() else { panic!("not 4:2:0") };
        assert_eq!((y.data, u.data, v.data), (&[16, 235, 126, 17][..], &[128][..], &[128][..]));
        assert_eq!((info.range, info.layout), (ColorRange::Limited, Layout::Yuv420));
        for (from, to) in [
            (ColorRange::Limited, ColorRange::Limited),
            (ColorRange::Unknown, ColorRange::Limited),
            (ColorRange::Full, ColorRange::Full),
            (ColorRange::Full, ColorRange::Unknown),
        ] {
            let (frame, info) = first(gray, from, to);
            let Pixels::Yuv420 { y, .. } = frame.pixels() else { panic!("not 4:2:0") };
            assert_eq!((y.data, info.range), (&luma[..], from));
        }
        let rgb = Pixels::Rgb(Plane::rgb(b"abcdefghijkl", 2, 2, 6).unwrap());
        assert_eq!(first(rgb, ColorRange::Full, ColorRange::Limited).0.pixels(), rgb);
    }
}
