//! Cutting faces out of frames: one box for a video, or a detector's boxes smoothed over time.

use std::collections::VecDeque;

use crate::error::{Error, Result};
use crate::frames::frame::{Pixels, Plane, VideoFrame};
use crate::frames::info::VideoInfo;
use crate::frames::relative_box::RelativeBox;
use crate::frames::source::{FrameSource, Step, next_of};

impl VideoFrame {
    /// Writes the part of this frame inside `area` into `out`, whose memory is reused; position and time stay.
    ///
    /// The part is [`RelativeBox::to_even_pixels`] in every layout, so that the same box cuts the same pixels out of
    /// a video and out of its frames as images.
    ///
    /// # Example
    /// ```
    /// use dream_data::{Pixels, Plane, VideoFrame};
    ///
    /// let (mut frame, mut face) = (VideoFrame::default(), VideoFrame::default());
    /// frame.assign(0, 0.0, Pixels::Gray(Plane::new(b"abcdefgh", 4, 2, 4).expect("eight bytes")));
    /// frame.crop(&"0.5,0,1,1".parse()?, &mut face);
    /// assert_eq!(face.pixels(), Pixels::Gray(Plane::new(b"cdgh", 2, 2, 2).expect("four bytes")));
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    pub fn crop(&self, area: &RelativeBox, out: &mut VideoFrame) {
        let (width, height, _) = self.shape();
        let (x, y, w, h) = area.to_even_pixels(width, height);
        let part = |plane, bytes| window(plane, (x, y, w, h), bytes);
        let half = |plane| window(plane, (x / 2, y / 2, w.div_ceil(2), h.div_ceil(2)), 1);
        let pixels = match self.pixels() {
            Pixels::Gray(plane) => Pixels::Gray(part(plane, 1)),
            Pixels::Rgb(plane) => Pixels::Rgb(part(plane, 3)),
            Pixels::Yuv420 { y, u, v } => Pixels::Yuv420 { y: part(y, 1), u: half(u), v: half(v) },
        };
        out.assign(self.index(), self.timestamp(), pixels);
    }
}

fn window(plane: Plane<'_>, (x, y, width, height): (usize, usize, usize, usize), bytes: usize) -> Plane<'_> {
    let data = plane.data.get(y * plane.stride + x * bytes..).unwrap_or_default();
    Plane { data, width, height, stride: plane.stride }
}

/// What happens in a frame in which the detector finds no box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Missing {
    /// [`Error::NoBox`].
    #[default]
    Error,
    /// The frame is cut by the last box. Before the first box there is none to keep: [`Error::NoBox`].
    KeepLast,
    /// The frame is left out.
    Skip,
}

/// How boxes are smoothed over time. Only boxes of this frame and of frames before it count, so frames stream.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Smoothing {
    /// Every frame is cut by its own box.
    #[default]
    None,
    /// The box moves `weight` of the way to every new box; the first box is taken as it is.
    Exponential {
        /// Above 0 and at most 1. At 1 nothing is smoothed.
        weight: f64,
    },
    /// [`RelativeBox::median`] of the last boxes, this one included; of fewer at the start.
    MovingMedian {
        /// Of how many boxes; at least 1.
        boxes: usize,
    },
}

/// How a [`Cropper`] uses the boxes of its detector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CropOptions {
    /// How many times as wide and as high as the smoothed box the crop is, see [`RelativeBox::expanded`]. Default: 1.
    pub expansion: f64,
    /// Default: none.
    pub smoothing: Smoothing,
    /// Default: an error.
    pub missing: Missing,
}

impl CropOptions {
    /// The factor by which the field's public crops are wider than the detector's box.
    pub const FACE_EXPANSION: f64 = 1.3;
}

impl Default for CropOptions {
    fn default() -> Self {
        Self { expansion: 1.0, smoothing: Smoothing::None, missing: Missing::Error }
    }
}

/// Cuts frames by the boxes of a detector: any closure from a frame to a box, or to `None` where it finds none.
///
/// First the box is smoothed, then expanded, then cut at the border of the frame, then laid on even pixels. Crops of
/// one video may differ in size from frame to frame. Memory: one frame, and the boxes of a moving median.
///
/// # Example
/// ```
/// use dream_data::{CropOptions, Cropper, FrameSource, Missing, RelativeBox, VideoFrame, Y4mReader};
///
/// let file = b"YUV4MPEG2 W4 H2 F25:1 Cmono\nFRAME\nabcdefghFRAME\nABCDEFGH";
/// let mut video = Y4mReader::new(&file[..])?;
/// let right_half = RelativeBox::new(0.5, 0.0, 1.0, 1.0)?;
/// // A detector that finds a face in the first frame only.
/// let detector = |frame: &VideoFrame| (frame.index() == 0).then_some(right_half);
/// let options = CropOptions { missing: Missing::KeepLast, ..Default::default() };
/// let (mut cropper, mut face) = (Cropper::new(detector, options)?, VideoFrame::default());
/// while let Some(frame) = video.next_frame()? {
///     assert_eq!(cropper.crop(frame, &mut face)?, Some(right_half));
/// }
/// # Ok::<(), dream_data::Error>(())
/// ```
pub struct Cropper<D> {
    detector: D,
    options: CropOptions,
    /// The last smoothed box.
    current: Option<RelativeBox>,
    /// For the moving median.
    recent: VecDeque<RelativeBox>,
}

impl<D> std::fmt::Debug for Cropper<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cropper")
            .field("options", &self.options)
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

impl<D: FnMut(&VideoFrame) -> Option<RelativeBox>> Cropper<D> {
    /// # Errors
    /// [`Error::InvalidOption`] when `expansion` is not positive and finite, the weight not above 0 and at most 1,
    /// or the median is of no boxes.
    pub fn new(detector: D, options: CropOptions) -> Result<Self> {
        let refuse = |option, reason: String| Err(Error::InvalidOption { option, reason });
        if !(options.expansion > 0.0 && options.expansion.is_finite()) {
            return refuse("expansion", format!("{} must be positive and finite", options.expansion));
        }
        match options.smoothing {
            Smoothing::Exponential { weight } if !(weight > 0.0 && weight <= 1.0) => {
                return refuse("weight", format!("{weight} must be above 0 and at most 1"));
            }
            Smoothing::MovingMedian { boxes: 0 } => {
                return refuse("boxes", "a median of no boxes; it must be at least 1".to_owned());
            }
            _ => {}
        }
        Ok(Self { detector, options, current: None, recent: VecDeque::new() })
    }

    /// Cuts `frame` into `out` and gives the box that was cut, before it was laid on pixels; `None` when the frame
    /// is to be left out, and then `out` is as it was. Frames in order, of one video.
    ///
    /// # Errors
    /// [`Error::NoBox`] as [`Missing`] says; [`Error::InvalidOption`] when an `expansion` below 1 leaves nothing of
    /// the box.
    pub fn crop(&mut self, frame: &VideoFrame, out: &mut VideoFrame) -> Result<Option<RelativeBox>> {
        let smoothed = match ((self.detector)(frame), self.options.missing) {
            (Some(found), _) => self.smooth(found)?,
            (None, Missing::Skip) => return Ok(None),
            (None, Missing::KeepLast) => self.current.ok_or(Error::NoBox { frame: frame.index() })?,
            (None, Missing::Error) => return Err(Error::NoBox { frame: frame.index() }),
        };
        self.current = Some(smoothed);
        let area = smoothed.expanded(self.options.expansion)?;
        frame.crop(&area, out);
        Ok(Some(area))
    }

    /// Forgets the boxes so far: another video begins, or another shot.
    pub fn reset(&mut self) {
        self.current = None;
        self.recent.clear();
    }

    fn smooth(&mut self, found: RelativeBox) -> Result<RelativeBox> {
        match (self.options.smoothing, self.current) {
            (Smoothing::None, _) | (Smoothing::Exponential { .. }, None) => Ok(found),
            (Smoothing::Exponential { weight }, Some(current)) => current.towards(&found, weight),
            (Smoothing::MovingMedian { boxes }, _) => {
                if self.recent.len() >= boxes {
                    self.recent.pop_front();
                }
                self.recent.push_back(found);
                Ok(RelativeBox::median(&self.recent).unwrap_or(found))
            }
        }
    }
}

/// One box for a whole video, in two passes: push what the detector finds in each frame (or in sampled ones), then
/// cut the video, opened anew, with [`Cropped`]. Memory: 32 bytes for each frame with a box.
///
/// # Example
/// ```
/// use dream_data::{BoxPlan, RelativeBox};
///
/// let mut plan = BoxPlan::default();
/// for left in [0.2, 0.3, 0.9] {
///     plan.push(Some(RelativeBox::new(left, 0.2, 1.0, 0.8)?));
/// }
/// plan.push(None);
/// assert_eq!((plan.found(), plan.frames()), (3, 4));
/// assert_eq!(plan.finish(1.0)?, RelativeBox::new(0.3, 0.2, 1.0, 0.8)?);
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct BoxPlan {
    boxes: Vec<RelativeBox>,
    frames: u64,
}

impl BoxPlan {
    /// What was found in the next frame.
    pub fn push(&mut self, found: Option<RelativeBox>) {
        self.boxes.extend(found);
        self.frames = self.frames.saturating_add(1);
    }

    /// Frames with a box.
    #[must_use]
    pub fn found(&self) -> usize {
        self.boxes.len()
    }

    /// Frames looked at.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// [`RelativeBox::median`] of all boxes, then [`RelativeBox::expanded`]. Frames without a box do not count.
    ///
    /// # Errors
    /// [`Error::NoBoxes`] when no frame had one; [`Error::InvalidOption`] for an unusable `expansion`.
    pub fn finish(&self, expansion: f64) -> Result<RelativeBox> {
        let median = RelativeBox::median(&self.boxes).ok_or(Error::NoBoxes { frames: self.frames })?;
        median.expanded(expansion)
    }
}

/// The frames of a source, all cut by one box as [`VideoFrame::crop`] does. [`VideoInfo`] states the size of the
/// crops.
///
/// [`VideoInfo::rotation`] is passed on: the box lies on frames as they are stored. For a box on upright frames, open
/// the video with [`OpenOptions::apply_rotation`](crate::OpenOptions::apply_rotation).
#[derive(Debug)]
pub struct Cropped<S> {
    source: S,
    area: RelativeBox,
    info: VideoInfo,
    whole: VideoFrame,
    frame: VideoFrame,
}

impl<S: FrameSource> Cropped<S> {
    /// Cuts every frame of `source` by `area`.
    #[must_use]
    pub fn new(source: S, area: RelativeBox) -> Self {
        let mut info = source.info().clone();
        let (_, _, width, height) = area.to_even_pixels(info.width as usize, info.height as usize);
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        (info.width, info.height) = (side(width), side(height));
        Self { source, area, info, whole: VideoFrame::default(), frame: VideoFrame::default() }
    }
}

impl<S: FrameSource> FrameSource for Cropped<S> {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn next_frame(&mut self) -> Result<Option<&VideoFrame>> {
        next_of(self, |cropped| &mut cropped.frame)
    }

    fn take_frame(&mut self, wants: &mut dyn FnMut(u64, f64) -> bool, out: &mut VideoFrame) -> Result<Step> {
        let step = self.source.take_frame(wants, &mut self.whole)?;
        if step == Step::Taken {
            self.whole.crop(&self.area, out);
        }
        Ok(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(left: f64) -> RelativeBox {
        RelativeBox::new(left, 0.0, left + 0.25, 0.5).unwrap()
    }

    /// The left sides that a cropper cuts at, given what the detector finds; -1 where the frame is left out.
    fn lefts(found: &[Option<f64>], options: CropOptions) -> Result<Vec<f64>> {
        let data = [0; 64 * 64];
        let (mut frame, mut out) = (VideoFrame::default(), VideoFrame::default());
        let detector = |frame: &VideoFrame| found[usize::try_from(frame.index()).unwrap()].map(at);
        let mut cropper = Cropper::new(detector, options).unwrap();
        let mut lefts = Vec::new();
        for index in 0..found.len() {
            frame.assign(index as u64, 0.0, Pixels::Gray(Plane::new(&data, 64, 64, 64).unwrap()));
            lefts.push(cropper.crop(&frame, &mut out)?.map_or(-1.0, |area| area.corners()[0]));
        }
        Ok(lefts)
    }

    #[test]
    fn chroma_is_cut_at_even_places_and_odd_ends_are_kept() {
        // 7x5: luma 100 + column + 10 row; chroma 4x3.
        let luma: Vec<u8> = (0..35).map(|i| 100 + i % 7 + 10 * (i / 7)).collect();
        let u: Vec<u8> = (0..12).map(|i| i % 4 + 10 * (i / 4)).collect();
        let v: Vec<u8> = u.iter().map(|value| value + 50).collect();
        let plane = |data, width, height| Plane::new(data, width, height, width).unwrap();
        let (mut frame, mut out) = (VideoFrame::default(), VideoFrame::default());
        let pixels = Pixels::Yuv420 { y: plane(&luma, 7, 5), u: plane(&u, 4, 3), v: plane(&v, 4, 3) };
        frame.assign(9, 1.5, pixels);
        // Columns 3..7 begin at 2, rows 1..4 begin at 0.
        frame.crop(&RelativeBox::new(3.0 / 7.0, 0.2, 1.0, 0.8).unwrap(), &mut out);
        let Pixels::Yuv420 { y, u, v } = out.pixels() else { panic!("not 4:2:0") };
        assert_eq!((out.index(), out.timestamp(), y.width, y.height), (9, 1.5, 5, 4));
        assert_eq!(y.data[..5], [102, 103, 104, 105, 106]);
        assert_eq!(y.data[15..], [132, 133, 134, 135, 136]);
        assert_eq!((u.width, u.height, u.data), (3, 2, &[1, 2, 3, 11, 12, 13][..]));
        assert_eq!(v.data, [51, 52, 53, 61, 62, 63]);
        // The last pixel alone, and everything.
        frame.crop(&RelativeBox::new(0.99, 0.99, 1.0, 1.0).unwrap(), &mut out);
        let Pixels::Yuv420 { y, u, .. } = out.pixels() else { panic!("not 4:2:0") };
        assert_eq!((y.data, u.data), (&[146][..], &[23][..]));
        frame.crop(&RelativeBox::new(0.0, 0.0, 1.0, 1.0).unwrap(), &mut out);
        assert_eq!(out.pixels(), frame.pixels());
        VideoFrame::default().crop(&at(0.5), &mut out);
        assert_eq!(out.pixels(), VideoFrame::default().pixels());
    }

    #[test]
    fn what_happens_without_a_box_is_a_choice() {
        let found = [Some(0.25), None, Some(0.5)];
        let with = |missing| CropOptions { missing, ..Default::default() };
        assert_eq!(lefts(&found, with(Missing::KeepLast)).unwrap(), [0.25, 0.25, 0.5]);
        assert_eq!(lefts(&found, with(Missing::Skip)).unwrap(), [0.25, -1.0, 0.5]);
        assert!(matches!(lefts(&found, with(Missing::Error)), Err(Error::NoBox { frame: 1 })));
        assert!(matches!(lefts(&[None], with(Missing::KeepLast)), Err(Error::NoBox { frame: 0 })));
        assert_eq!(lefts(&[None, Some(0.5)], with(Missing::Skip)).unwrap(), [-1.0, 0.5]);
    }

    #[test]
    fn smoothing_looks_back_only() {
        let found = [0.0, 0.5, 0.5, 0.0].map(Some);
        let with = |smoothing| CropOptions { smoothing, ..Default::default() };
        let half = Smoothing::Exponential { weight: 0.5 };
        assert_eq!(lefts(&found, with(half)).unwrap(), [0.0, 0.25, 0.375, 0.1875]);
        let median = Smoothing::MovingMedian { boxes: 3 };
        assert_eq!(lefts(&found, with(median)).unwrap(), [0.0, 0.25, 0.5, 0.5]);
        for none in
            [Smoothing::None, Smoothing::Exponential { weight: 1.0 }, Smoothing::MovingMedian { boxes: 1 }]
        {
            assert_eq!(lefts(&found, with(none)).unwrap(), [0.0, 0.5, 0.5, 0.0], "{none:?}");
        }
        // A frame without a box does not move the average.
        let gap = [Some(0.0), None, Some(0.5)];
        let keep = CropOptions { missing: Missing::KeepLast, ..with(half) };
        assert_eq!(lefts(&gap, keep).unwrap(), [0.0, 0.0, 0.25]);
    }

    #[test]
    fn expansion_comes_after_smoothing() {
        let options = CropOptions {
            expansion: 2.0,
            smoothing: Smoothing::Exponential { weight: 0.5 },
            missing: Missing::KeepLast,
        };
        // Smoothed: 0.25, then 0.375. Expanded by half a width of 0.25 to each side.
        assert_eq!(lefts(&[Some(0.25), Some(0.5), None], options).unwrap(), [0.125, 0.25, 0.25]);
    }

    #[test]
    fn a_reset_forgets() {
        let (frame, mut out) = (VideoFrame::default(), VideoFrame::default());
        for smoothing in [Smoothing::Exponential { weight: 0.5 }, Smoothing::MovingMedian { boxes: 2 }] {
            let mut found = [Some(at(0.0)), Some(at(0.5)), None].into_iter();
            let options = CropOptions { smoothing, missing: Missing::KeepLast, ..Default::default() };
            let mut cropper = Cropper::new(|_: &VideoFrame| found.next().flatten(), options).unwrap();
            cropper.crop(&frame, &mut out).unwrap();
            cropper.reset();
            assert_eq!(cropper.crop(&frame, &mut out).unwrap(), Some(at(0.5)), "{smoothing:?}");
            cropper.reset();
            assert!(matches!(cropper.crop(&frame, &mut out), Err(Error::NoBox { .. })));
        }
    }

    #[test]
    fn unusable_options_are_refused() {
        for (expansion, smoothing) in [
            (0.0, Smoothing::None),
            (f64::NAN, Smoothing::None),
            (f64::INFINITY, Smoothing::None),
            (1.0, Smoothing::Exponential { weight: 0.0 }),
            (1.0, Smoothing::Exponential { weight: 1.1 }),
            (1.0, Smoothing::Exponential { weight: f64::NAN }),
            (1.0, Smoothing::MovingMedian { boxes: 0 }),
        ] {
            let options = CropOptions { expansion, smoothing, ..Default::default() };
            let refused = Cropper::new(|_: &VideoFrame| None, options).unwrap_err();
            assert!(matches!(refused, Error::InvalidOption { .. }), "{refused}");
        }
        assert!(matches!(BoxPlan::default().finish(1.0), Err(Error::NoBoxes { frames: 0 })));
    }
}
