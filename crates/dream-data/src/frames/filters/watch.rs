//! What only the frames themselves show: irregular pacing and black bars.

use crate::error::Result;
use crate::frames::assumption::Assumption;
use crate::frames::color_range::ColorRange;
use crate::frames::frame::{Pixels, Plane, VideoFrame};
use crate::frames::info::VideoInfo;
use crate::frames::pixel_rect::PixelRect;
use crate::frames::source::{FrameSource, Step, next_of};
use std::path::PathBuf;

/// A time between two frames is irregular beyond these multiples of the nominal one.
const REGULAR: std::ops::RangeInclusive<f64> = 0.5..=1.5;
/// A bar is at least this part of its side, and at least `THINNEST` pixels. Many codecs leave thinner black edges.
const THIN: f64 = 0.02;
const THINNEST: usize = 4;
/// Levels above black that a coded bar may have.
const BLACK_NOISE: u8 = 6;

/// Passes frames on unchanged and adds to [`VideoInfo::assumptions`] what it sees in them.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    source: S,
    info: VideoInfo,
    /// How many assumptions were known before the first frame.
    known: usize,
    last_time: Option<f64>,
    longest: f64,
    irregular: bool,
    bars: Option<Bars>,
    ended: bool,
    frame: VideoFrame,
}

impl<S: FrameSource> Watched<S> {
    /// `known` is assumed before the first frame. With a name in `strict`, assumptions are errors.
    pub(crate) fn new(source: S, known: Vec<Assumption>, strict: Option<PathBuf>) -> Self {
        let mut info = source.info().clone();
        (info.assumptions, info.strict) = (known, strict);
        let known = info.assumptions.len();
        let (last_time, longest, irregular) = (None, 0.0, false);
        let frame = VideoFrame::default();
        Self { source, info, known, last_time, longest, irregular, bars: None, ended: false, frame }
    }

    fn see_time(&mut self, time: f64) {
        let Some(step) = self.last_time.replace(time).map(|last| time - last) else { return };
        self.longest = self.longest.max(step);
        self.irregular |= !REGULAR.contains(&(step * self.info.frame_rate.as_f64()));
    }

    /// States anew what the frames so far show.
    fn conclude(&mut self) {
        let (nominal, longest) = (self.info.frame_rate, self.longest);
        let pacing = self.irregular.then_some(Assumption::PacingIrregular { nominal, longest });
        let picture = self.bars.and_then(|bars| bars.picture(&self.info));
        let bars = picture.map(|picture| Assumption::Bars { picture });
        let seen: Vec<Assumption> = pacing.into_iter().chain(bars).collect();
        if self.info.assumptions.get(self.known..) != Some(&seen) {
            self.info.assumptions.truncate(self.known);
            self.info.assumptions.extend(seen);
        }
    }
}

impl<S: FrameSource> FrameSource for Watched<S> {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        next_of(self, |watched| &mut watched.frame)
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        let mut shown = None;
        let step = self.source.take_frame(
            &mut |index, time| {
                shown = Some(time);
                wants(index, time)
            },
            out,
        )?;
        if let Some(time) = shown {
            self.see_time(time);
        }
        if step == Step::Taken {
            let black = if self.info.range == ColorRange::Full { 0 } else { 16 };
            let found = Bars::of(out, black + BLACK_NOISE);
            self.bars = match (self.bars, found) {
                (Some(all), Some(one)) => Some(all.thinner(one)),
                (all, one) => all.or(one),
            };
        }
        self.conclude();
        if step == Step::End && !std::mem::replace(&mut self.ended, true) {
            self.info.check_strict()?;
        }
        Ok(step)
    }
}

/// Black rows and columns at the edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bars {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl Bars {
    /// `None` for a frame that is black everywhere. Luma is looked at, or all three colours of RGB.
    fn of(frame: &VideoFrame, brightest: u8) -> Option<Self> {
        let (plane, pixel, brightest) = match frame.pixels() {
            Pixels::Yuv420 { y, .. } | Pixels::Gray(y) => (y, 1, brightest),
            Pixels::Rgb(plane) => (plane, 3, BLACK_NOISE),
        };
        let Plane { width, height, .. } = plane;
        let rows: Vec<&[u8]> = plane.rows(width * pixel).collect();
        let black = |samples: &[u8]| samples.iter().all(|&sample| sample <= brightest);
        let top = rows.iter().take_while(|row| black(row)).count();
        if top == rows.len() {
            return None;
        }
        let bottom = rows.iter().rev().take_while(|row| black(row)).count();
        let column = |x: usize| {
            let samples = x * pixel..(x + 1) * pixel;
            rows.iter().take(height - bottom).skip(top).all(|row| row.get(samples.clone()).is_some_and(black))
        };
        let left = (0..width).take_while(|&x| column(x)).count();
        let right = (0..width).rev().take_while(|&x| column(x)).count();
        Some(Self { left, top, right, bottom })
    }

    fn thinner(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    /// The picture between bars that are thick enough to be some.
    fn picture(self, info: &VideoInfo) -> Option<PixelRect> {
        let (width, height) = (info.width as usize, info.height as usize);
        let bar = |pixels: usize, side: usize| {
            let thick = pixels >= THINNEST && pixels as f64 >= THIN * side as f64;
            if thick { pixels } else { 0 }
        };
        let (left, right) = (bar(self.left, width), bar(self.right, width));
        let (top, bottom) = (bar(self.top, height), bar(self.bottom, height));
        let (width, height) = (width.checked_sub(left + right)?, height.checked_sub(top + bottom)?);
        (left + right + top + bottom > 0).then_some(PixelRect { left, top, width, height })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::frame_rate::FrameRate;

    /// Gray frames of 100x50 with these bars, at these times.
    struct Frames(VideoInfo, Vec<(f64, Bars)>, VideoFrame);

    impl FrameSource for Frames {
        fn info(&self) -> &VideoInfo {
            &self.0
        }

        fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
            if self.1.is_empty() {
                return Ok(None);
            }
            let (time, bars) = self.1.remove(0);
            let inside = |x: usize, y: usize| {
                (bars.left..100 - bars.right).contains(&x) && (bars.top..50 - bars.bottom).contains(&y)
            };
            let noisy = |x, y| if inside(x, y) { 90 } else { 16 + b"0123456"[x % 7] - b'0' };
            let luma: Vec<u8> = (0..5000).map(|i| noisy(i % 100, i / 100)).collect();
            self.2.assign(0, time, Pixels::Gray(Plane::new(&luma, 100, 50, 100).unwrap()));
            Ok(Some(&self.2))
        }
    }

    fn seen(frames: &[(f64, [usize; 4])]) -> Vec<String> {
        let info = VideoInfo::new(100, 50, FrameRate::new(10, 1).unwrap(), "test");
        let frames = frames
            .iter()
            .map(|&(time, [left, top, right, bottom])| (time, Bars { left, top, right, bottom }))
            .collect();
        let mut watched = Watched::new(Frames(info, frames, VideoFrame::default()), Vec::new(), None);
        while watched.next_frame().unwrap().is_some() {}
        watched.info().assumptions.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn bars_are_what_is_black_in_every_frame() {
        let of = |bars: &[[usize; 4]]| {
            let frames: Vec<_> = bars.iter().zip(0..).map(|(&bars, i)| (f64::from(i) / 10.0, bars)).collect();
            seen(&frames)
        };
        let black = [100, 0, 0, 0];
        let letterbox = "bars: black bars are part of the score; the picture is 100x38 at 0,6";
        assert_eq!(of(&[[0, 6, 0, 6]]), [letterbox]);
        assert_eq!(of(&[black, [0, 9, 0, 6], [5, 6, 5, 20], black]), [letterbox]);
        assert_eq!(
            of(&[[10, 0, 3, 1]]),
            ["bars: black bars are part of the score; the picture is 90x50 at 10,0"]
        );
        for none in [&[][..], &[black], &[[1, 3, 1, 3]], &[[0, 9, 0, 9], [0; 4]]] {
            assert!(of(none).is_empty(), "{none:?}");
        }
    }

    #[test]
    fn irregular_times_are_noted() {
        let of = |times: &[f64]| seen(&times.iter().map(|&time| (time, [0; 4])).collect::<Vec<_>>());
        for regular in [&[][..], &[5.0], &[3.0, 3.1, 3.2, 3.3], &[0.0, 0.06, 0.2, 0.3]] {
            assert!(of(regular).is_empty(), "{regular:?}");
        }
        let note = |longest| {
            format!("pacing-irregular: frames last up to {longest} s; windows count 10.00 frames as a second")
        };
        assert_eq!(of(&[0.0, 0.1, 2.1, 2.2]), [note("2.00")]);
        assert_eq!(of(&[0.0, 0.1, 0.1]), [note("0.10")]);
        assert_eq!(of(&[0.0, f64::NAN]), [note("0.00")]);
    }
}
