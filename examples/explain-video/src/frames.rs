//! The frames that the page shows, out of a second look at the video.

use anyhow::{Result, ensure};
use dream_data::{Cropped, Error as DataError, FrameSource, PixelRect, RelativeBox, Step, VideoFrame};
use dream_features::Frame;
use dream_features::color::pack_rgb8;

use crate::view::view;

/// Which frames.
pub(crate) enum Choice {
    /// So many, spread over so many seconds.
    Spread(usize, f64),
    /// Those that are shown at these times; the same source gives the same times.
    #[cfg_attr(not(feature = "deep"), allow(dead_code, reason = "networks know their frames"))]
    At(Vec<f64>),
}

/// Which part of them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    Whole,
    Box(RelativeBox),
    #[cfg_attr(not(feature = "deep"), allow(dead_code, reason = "networks say what they cut"))]
    Pixels(PixelRect),
}

/// A frame, or the part of it, as packed RGB.
pub(crate) struct Shown<'a> {
    pub(crate) index: u64,
    pub(crate) time: f64,
    pub(crate) rgb: &'a [u8],
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// Shows the chosen frames in their order. What is damaged ends early, as it did for the score.
pub(crate) fn look(
    source: Box<dyn FrameSource>,
    choice: &Choice,
    part: Part,
    mut take: impl FnMut(Shown<'_>) -> Result<()>,
) -> Result<()> {
    let mut source = match part {
        Part::Box(area) => Box::new(Cropped::new(source, area)),
        Part::Whole | Part::Pixels(_) => source,
    };
    let (mut frame, mut rgb) = (VideoFrame::default(), Vec::new());
    let (mut first, mut taken, mut last) = (None, 0, (0, 0.0));
    loop {
        let mut wants = |index: u64, time: f64| {
            let start = *first.get_or_insert(time);
            last = (index, time);
            match choice {
                Choice::At(times) => times.contains(&time),
                Choice::Spread(count, seconds) => {
                    // A little early, since times of frames are rounded.
                    let due = |place: usize| (place as f64 - 1e-3) * seconds / (*count).max(1) as f64;
                    let wanted = taken < *count && time - start >= due(taken);
                    while wanted && taken < *count && time - start >= due(taken) {
                        taken += 1;
                    }
                    wanted
                }
            }
        };
        match source.take_frame(&mut wants, &mut frame) {
            Ok(Step::Taken) => {}
            Ok(Step::Skipped) => continue,
            Ok(Step::End) => return Ok(()),
            Err(DataError::Damaged { frames, .. }) if frames > 0 => return Ok(()),
            Err(cause) => return Err(cause.into()),
        }
        let whole = view(frame.pixels())?;
        let shown = cut(&whole, part)?;
        let (width, height) = shown.size();
        ensure!(width > 0 && height > 0, "frame {} has no pixels", last.0);
        pack_rgb8(&shown, &mut rgb);
        take(Shown { index: last.0, time: last.1, rgb: &rgb, width, height })?;
    }
}

fn cut<'a>(frame: &Frame<'a>, part: Part) -> Result<Frame<'a>> {
    Ok(match part {
        Part::Pixels(PixelRect { left, top, width, height }) => frame.crop(left, top, width, height)?,
        Part::Whole | Part::Box(_) => *frame,
    })
}

/// Up to `count` of the times, spread evenly, in their order.
#[cfg_attr(not(feature = "deep"), allow(dead_code, reason = "networks know their frames"))]
pub(crate) fn spread(times: &[f64], count: usize) -> Vec<usize> {
    let some = count.min(times.len());
    (0..some).map(|place| place * times.len() / some.max(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_of_many_are_spread() {
        let times: Vec<f64> = (0..10).map(f64::from).collect();
        assert_eq!(spread(&times, 3), [0, 3, 6]);
        assert_eq!(spread(&times, 10), (0..10).collect::<Vec<_>>());
        assert_eq!(spread(&times, 99).len(), 10);
        assert!(spread(&times, 0).is_empty() && spread(&[], 4).is_empty());
    }
}
