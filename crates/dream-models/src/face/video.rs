//! One box for a whole video.

use serde::{Deserialize, Serialize};

use super::area::{BoxExpansion, FaceBox, NoFace};
use super::{Face, best, largest};
use crate::{Error, Result};

/// Which of several faces in a frame counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaceChoice {
    /// The one that overlaps the last box most; the largest where none does.
    #[default]
    Follow,
    /// The largest.
    Largest,
    /// The one with the best score.
    Best,
    /// Frames with exactly one face count, others do not, as in the published script.
    Only,
}

/// How the boxes of the frames become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BoxRule {
    /// Mean of the centres; the largest width and the largest height, so that the face of every frame fits.
    #[default]
    MeanCentreLargestSize,
    /// The median of each border.
    Median,
}

/// How a [`VideoFaceBox`] works.
///
/// # Reference
/// The crops of DFGC-VRA, whose published script takes the mean centre, the largest size and 1.3 times that. It smooths
/// nothing: its detector is set to miss rather than to err.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VideoBoxConfig {
    /// Default: follow.
    pub choice: FaceChoice,
    /// Every border is first replaced by its median over this many boxes, those found before and after included, so
    /// that a single wild box does not set the size. Odd; 1 smooths nothing. Default: 5.
    pub smoothing: usize,
    /// Default: mean centre, largest size.
    pub rule: BoxRule,
    /// Whether the box becomes the square, in pixels, of its width around its centre before it is expanded. Files leave it
    /// out where it is off, as it was before there was such a choice. Default: off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub square: bool,
    /// Default: 1.3.
    pub expansion: BoxExpansion,
}

impl Default for VideoBoxConfig {
    fn default() -> Self {
        Self {
            choice: FaceChoice::default(),
            smoothing: 5,
            rule: BoxRule::default(),
            square: false,
            expansion: BoxExpansion::default(),
        }
    }
}

impl VideoBoxConfig {
    /// As the published script, see [`VideoBoxConfig`]: frames with exactly one face, no smoothing.
    #[must_use]
    pub fn published() -> Self {
        Self { choice: FaceChoice::Only, smoothing: 1, ..Self::default() }
    }
}

/// Collects the faces of a video's frames and gives one box for all of them.
///
/// Memory: 32 bytes per frame with a face.
///
/// # Example
/// ```
/// use dream_models::face::{Face, FaceBox, NoFace, VideoBoxConfig, VideoFaceBox};
///
/// let face = |left| Face { area: FaceBox { left, top: 0.4, right: left + 0.2, bottom: 0.6 }, score: 0.9, points: [[0.0; 2]; 6] };
/// let mut video = VideoFaceBox::new(VideoBoxConfig::default())?;
/// video.push(&[face(0.3)]);
/// video.push(&[]);
/// video.push(&[face(0.32)]);
/// let head = video.finish().expect("a face was found");
/// assert!((head.left - 0.28).abs() < 1e-12 && (head.right - 0.54).abs() < 1e-12);
/// assert_eq!((video.found(), video.frames()), (2, 3));
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct VideoFaceBox {
    config: VideoBoxConfig,
    boxes: Vec<FaceBox>,
    frames: u64,
}

impl VideoFaceBox {
    /// Starts a video.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] when `smoothing` is even or above 9999, or `expansion` is not 0.1 to 100.
    pub fn new(config: VideoBoxConfig) -> Result<Self> {
        if config.smoothing.is_multiple_of(2) || config.smoothing > 9999 {
            let value = config.smoothing as f64;
            return Err(Error::InvalidConfig {
                field: "smoothing",
                value,
                expected: "an odd number up to 9999",
            });
        }
        let BoxExpansion(value) = config.expansion;
        if !(0.1..=100.0).contains(&value) {
            return Err(Error::InvalidConfig { field: "expansion", value, expected: "0.1 to 100" });
        }
        Ok(Self { config, boxes: Vec::new(), frames: 0 })
    }

    /// The faces of the next frame. Returns the box that counts, before smoothing and expansion.
    pub fn push(&mut self, faces: &[Face]) -> Option<FaceBox> {
        self.frames = self.frames.saturating_add(1);
        let chosen = match self.config.choice {
            FaceChoice::Largest => largest(faces),
            FaceChoice::Best => best(faces),
            FaceChoice::Only if faces.len() == 1 => faces.first(),
            FaceChoice::Only => None,
            FaceChoice::Follow => self.boxes.last().and_then(|last| follow(faces, last)).or(largest(faces)),
        };
        let area = chosen.map(|face| face.area).filter(FaceBox::is_usable)?;
        self.boxes.push(area);
        Some(area)
    }

    /// Frames with a face that counts.
    #[must_use]
    pub fn found(&self) -> usize {
        self.boxes.len()
    }

    /// Frames looked at.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The box of the video so far: smoothed, joined, expanded, cut at the borders of the frame. `None` without a face.
    ///
    /// A square ([`VideoBoxConfig::square`]) is one in frames that are as wide as high; for others take
    /// [`finish_in`](Self::finish_in).
    #[must_use]
    pub fn finish(&self) -> Option<FaceBox> {
        self.finish_in(1, 1)
    }

    /// As [`finish`](Self::finish), in frames of `width` x `height` pixels.
    #[must_use]
    pub fn finish_in(&self, width: usize, height: usize) -> Option<FaceBox> {
        let joined = self.joined()?;
        let joined = if self.config.square { joined.squared(width, height)? } else { joined };
        joined.expanded(self.config.expansion).clamped()
    }

    /// One box of all, smoothed.
    fn joined(&self) -> Option<FaceBox> {
        let smoothed = smooth(&self.boxes, self.config.smoothing / 2);
        match self.config.rule {
            BoxRule::Median => median(&smoothed),
            BoxRule::MeanCentreLargestSize if smoothed.is_empty() => None,
            BoxRule::MeanCentreLargestSize => {
                let count = smoothed.len() as f64;
                let mean = |value: fn(&FaceBox) -> f64| smoothed.iter().map(value).sum::<f64>() / count;
                let most = |value: fn(&FaceBox) -> f64| smoothed.iter().map(value).fold(0.0, f64::max);
                let (x, y) = (mean(|b| b.left / 2.0 + b.right / 2.0), mean(|b| b.top / 2.0 + b.bottom / 2.0));
                let (width, height) = (most(FaceBox::width) / 2.0, most(FaceBox::height) / 2.0);
                Some(FaceBox { left: x - width, top: y - height, right: x + width, bottom: y + height })
            }
        }
    }

    /// As [`VideoFaceBox::finish`], with a choice for videos without a face. `None` means: skip.
    ///
    /// # Errors
    /// [`Error::NoFace`] when no face was found and the choice is [`NoFace::Error`].
    pub fn finish_or(&self, no_face: NoFace) -> Result<Option<FaceBox>> {
        no_face.resolve(self.finish(), self.frames)
    }
}

/// The face that overlaps `last` most, if any does.
fn follow<'a>(faces: &'a [Face], last: &FaceBox) -> Option<&'a Face> {
    let overlaps = faces.iter().map(|face| (face, face.area.overlap(last))).filter(|(_, share)| *share > 0.0);
    overlaps.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(face, _)| face)
}

/// Every box as the median of itself and up to `reach` boxes on both sides.
fn smooth(boxes: &[FaceBox], reach: usize) -> Vec<FaceBox> {
    let around = |at: usize| {
        // The same number on both sides, or the ends would be drawn inwards.
        let reach = reach.min(at).min(boxes.len() - 1 - at);
        median(boxes.get(at - reach..=at + reach).unwrap_or_default())
    };
    (0..boxes.len()).filter_map(around).collect()
}

/// The median of each border; of an even number the mean of the two in the middle.
fn median(boxes: &[FaceBox]) -> Option<FaceBox> {
    let mut borders = [0.0; 4];
    for (at, border) in borders.iter_mut().enumerate() {
        let mut all: Vec<f64> = boxes.iter().filter_map(|found| found.corners().get(at).copied()).collect();
        all.sort_by(f64::total_cmp);
        let middle = |at: usize| all.get(at).copied();
        *border = middle(all.len().checked_sub(1)? / 2)? / 2.0 + middle(all.len() / 2)? / 2.0;
    }
    Some(FaceBox::from_corners(borders))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(left: f64, width: f64, score: f32) -> Face {
        let area = FaceBox { left, top: 0.25, right: left + width, bottom: 0.5 };
        Face { area, score, points: [[0.0; 2]; 6] }
    }

    fn video(config: VideoBoxConfig, frames: &[&[Face]]) -> VideoFaceBox {
        let mut video = VideoFaceBox::new(config).unwrap();
        for faces in frames {
            video.push(faces);
        }
        video
    }

    fn plain() -> VideoBoxConfig {
        VideoBoxConfig { smoothing: 1, expansion: BoxExpansion::NONE, ..VideoBoxConfig::default() }
    }

    #[test]
    fn one_of_several_faces_counts() {
        let (small, large) = (face(0.125, 0.125, 0.9), face(0.5, 0.25, 0.6));
        let both = [small.clone(), large.clone()];
        let lefts = |choice| {
            let mut video = VideoFaceBox::new(VideoBoxConfig { choice, ..plain() }).unwrap();
            let frames: [&[Face]; 3] = [&both[..1], &both, &[]];
            frames.map(|faces| video.push(faces).map_or(-1.0, |area| area.left))
        };
        assert_eq!(lefts(FaceChoice::Follow), [0.125, 0.125, -1.0]);
        assert_eq!(lefts(FaceChoice::Largest), [0.125, 0.5, -1.0]);
        assert_eq!(lefts(FaceChoice::Best), [0.125, 0.125, -1.0]);
        assert_eq!(lefts(FaceChoice::Only), [0.125, -1.0, -1.0]);
        // Nothing near the last box: the largest.
        let elsewhere = video(plain(), &[&[face(0.75, 0.125, 0.5)], &both[..1]]);
        assert_eq!(elsewhere.boxes[1], small.area);
        assert_eq!(large.area.overlap(&small.area), 0.0);
    }

    #[test]
    fn the_published_rule_is_mean_centre_and_largest_size() {
        // Centres 0.25 and 0.5625; widths 0.25 and 0.125.
        let frames = [face(0.125, 0.25, 0.9), face(0.5, 0.125, 0.9)];
        let found = video(plain(), &[&frames[..1], &frames[1..]]).finish().unwrap();
        assert_eq!(found, FaceBox { left: 0.28125, top: 0.25, right: 0.53125, bottom: 0.5 });
        let median = VideoBoxConfig { rule: BoxRule::Median, ..plain() };
        let found = video(median, &[&frames[..1], &frames[1..]]).finish().unwrap();
        assert_eq!(found, FaceBox { left: 0.3125, top: 0.25, right: 0.5, bottom: 0.5 });
    }

    #[test]
    fn a_wild_box_does_not_set_the_size() {
        let steady = [face(0.25, 0.125, 0.9)];
        let wild = [face(0.0, 1.0, 0.9)];
        let mut frames: Vec<&[Face]> = vec![&steady; 9];
        frames[4] = &wild;
        let smoothed = VideoBoxConfig { smoothing: 5, ..plain() };
        let found = video(smoothed, &frames).finish().unwrap();
        assert!((found.width() - 0.125).abs() < 1e-12, "{found:?}");
        assert!(video(plain(), &frames).finish().unwrap().width() > 0.8);
    }

    #[test]
    fn expansion_is_last_and_the_frame_is_the_limit() {
        let frames = [face(0.0, 0.5, 0.9)];
        let found =
            video(VideoBoxConfig { expansion: BoxExpansion(2.0), ..plain() }, &[&frames]).finish().unwrap();
        assert_eq!(found, FaceBox { left: 0.0, top: 0.125, right: 0.75, bottom: 0.625 });
    }

    #[test]
    fn a_square_has_the_pixels_of_the_width() {
        let frames = [face(0.375, 0.25, 0.9)];
        let square =
            VideoBoxConfig { square: true, expansion: BoxExpansion(1.5), ..VideoBoxConfig::default() };
        let found = video(square.clone(), &[&frames]);
        // 160 of 640 pixels wide, so 160 of 320 high; then 1.5 times, around the centre 0.5, 0.375.
        let wide = FaceBox { left: 0.3125, top: 0.0, right: 0.6875, bottom: 0.75 };
        assert_eq!(found.finish_in(640, 320), Some(wide));
        let pixels = wide.to_pixels(640, 320);
        assert_eq!((pixels.width, pixels.height), (240, 240));
        let even = FaceBox { top: 0.1875, bottom: 0.5625, ..wide };
        assert_eq!(found.finish(), Some(even), "frames as wide as high");
        assert_eq!(found.finish_in(0, 320), None);
        assert_eq!(video(plain(), &[&frames]).finish_in(640, 320), video(plain(), &[&frames]).finish());
        let json = serde_json::to_string(&square).unwrap();
        assert!(json.contains("\"square\":true"), "{json}");
        assert_eq!(serde_json::from_str::<VideoBoxConfig>(&json).unwrap(), square);
    }

    #[test]
    fn files_without_a_square_keep_their_bytes() {
        let json = serde_json::to_string(&VideoBoxConfig::default()).unwrap();
        let before = r#"{"choice":"follow","smoothing":5,"rule":"mean_centre_largest_size","expansion":1.3}"#;
        assert_eq!(json, before);
        assert_eq!(serde_json::from_str::<VideoBoxConfig>(before).unwrap(), VideoBoxConfig::default());
    }

    #[test]
    fn videos_without_a_usable_face_have_no_box() {
        let bad = [Face { area: FaceBox { right: f64::NAN, ..FaceBox::WHOLE }, ..face(0.0, 0.5, 0.9) }];
        let outside = [face(1.5, 0.25, 0.9)];
        for frames in [&[][..], &[&[][..]], &[&bad[..]], &[&outside[..]]] {
            let video = video(VideoBoxConfig::default(), frames);
            assert_eq!(video.finish(), None);
            assert!(matches!(video.finish_or(NoFace::Error), Err(Error::NoFace { .. })));
            assert_eq!(video.finish_or(NoFace::WholeFrame).unwrap(), Some(FaceBox::WHOLE));
        }
    }

    #[test]
    fn unusable_settings_are_refused() {
        for (smoothing, expansion) in [(0, 1.0), (4, 1.0), (10001, 1.0), (1, 0.0), (1, f64::NAN), (1, 1e9)] {
            let config =
                VideoBoxConfig { smoothing, expansion: BoxExpansion(expansion), ..VideoBoxConfig::default() };
            assert!(matches!(VideoFaceBox::new(config), Err(Error::InvalidConfig { .. })));
        }
        let text = serde_json::to_string(&VideoBoxConfig::published()).unwrap();
        assert_eq!(serde_json::from_str::<VideoBoxConfig>(&text).unwrap(), VideoBoxConfig::published());
    }
}
