//! Boxes relative to a frame.

use serde::{Deserialize, Serialize};

use crate::preprocess::PixelRect;
use crate::{Error, Result};

/// A box relative to a frame: `0, 0` is its top left, `1, 1` its bottom right. A detector's box may reach beyond.
///
/// # Example
/// ```
/// use dream_models::face::{BoxExpansion, FaceBox};
/// use dream_models::preprocess::PixelRect;
///
/// let face = FaceBox { left: 0.3, top: 0.2, right: 0.5, bottom: 0.5 };
/// let head = face.expanded(BoxExpansion(2.0)).clamped().expect("it is in the frame");
/// let part = PixelRect { left: 128, top: 18, width: 256, height: 216 };
/// assert_eq!(head.to_pixels(640, 360), part);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceBox {
    /// Left border.
    pub left: f64,
    /// Top border.
    pub top: f64,
    /// Right border, larger than `left`.
    pub right: f64,
    /// Bottom border, larger than `top`.
    pub bottom: f64,
}

impl FaceBox {
    /// The whole frame.
    pub const WHOLE: Self = Self { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0 };

    /// Left, top, right, bottom.
    #[must_use]
    pub const fn corners(&self) -> [f64; 4] {
        [self.left, self.top, self.right, self.bottom]
    }

    pub(super) const fn from_corners([left, top, right, bottom]: [f64; 4]) -> Self {
        Self { left, top, right, bottom }
    }

    /// Width as a share of the frame's.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Height as a share of the frame's.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Share of the frame that the box would cover.
    #[must_use]
    pub fn area(&self) -> f64 {
        self.width() * self.height()
    }

    /// Whether the borders are numbers and in order.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        // Wide enough for any detector, and products of such numbers are finite.
        let sane = self.corners().iter().all(|corner| corner.abs() <= 1e6);
        sane && self.width() > 0.0 && self.height() > 0.0
    }

    /// Intersection over union, 0..=1.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f64 {
        let side = |from: f64, to: f64| (to - from).max(0.0);
        let common = side(self.left.max(other.left), self.right.min(other.right))
            * side(self.top.max(other.top), self.bottom.min(other.bottom));
        let union = self.area() + other.area() - common;
        if common > 0.0 && union > 0.0 { (common / union).min(1.0) } else { 0.0 }
    }

    /// The box around the same centre, wider and higher by a factor.
    #[must_use]
    pub fn expanded(&self, BoxExpansion(factor): BoxExpansion) -> Self {
        let (dx, dy) = ((factor - 1.0) * self.width() / 2.0, (factor - 1.0) * self.height() / 2.0);
        Self { left: self.left - dx, top: self.top - dy, right: self.right + dx, bottom: self.bottom + dy }
    }

    /// The square of the box's width around the same centre, in pixels of a frame of `width` x `height`; `None` when the
    /// frame has no pixels.
    #[must_use]
    pub fn squared(&self, width: usize, height: usize) -> Option<Self> {
        let half = self.width() * width as f64 / height as f64 / 2.0;
        let middle = self.top / 2.0 + self.bottom / 2.0;
        let square = Self { top: middle - half, bottom: middle + half, ..*self };
        square.is_usable().then_some(square)
    }

    /// The part within the frame; `None` when nothing of the box is.
    #[must_use]
    pub fn clamped(&self) -> Option<Self> {
        let clamped = Self::from_corners(self.corners().map(|corner| corner.clamp(0.0, 1.0)));
        clamped.is_usable().then_some(clamped)
    }

    /// The pixels of the box in a frame of `width` x `height`: borders rounded to the nearest pixel
    /// border, at least one pixel, within the frame. A frame without pixels gives an empty box.
    #[must_use]
    pub fn to_pixels(&self, width: usize, height: usize) -> PixelRect {
        let side = |from: f64, to: f64, size: usize| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=size")]
            let pixel = |at: f64| ((at.clamp(0.0, 1.0) * size as f64).round() as usize).min(size);
            let start = pixel(from).min(size.saturating_sub(1));
            (start, pixel(to).max(start + 1).min(size).saturating_sub(start))
        };
        let ((left, width), (top, height)) =
            (side(self.left, self.right, width), side(self.top, self.bottom, height));
        PixelRect { left, top, width, height }
    }
}

/// How many times as wide and as high as the detector's box the cut is: positive.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BoxExpansion(pub f64);

impl BoxExpansion {
    /// As the crops of DFGC-VRA, "to include the whole head": 1.3.
    pub const PUBLISHED: Self = Self(1.3);
    /// The box as it is.
    pub const NONE: Self = Self(1.0);
}

impl Default for BoxExpansion {
    fn default() -> Self {
        Self::PUBLISHED
    }
}

/// What happens to a video in which no face is found. There is no default: a score of a whole frame and a score of a
/// face are different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoFace {
    /// [`Error::NoFace`].
    Error,
    /// The whole frame is taken for the face.
    WholeFrame,
    /// The video has no box and gets no score.
    Skip,
}

impl NoFace {
    /// What to cut by, given what was found in `frames` frames; `None` means: skip.
    ///
    /// # Errors
    /// [`Error::NoFace`] when nothing was found and the choice is [`NoFace::Error`].
    pub fn resolve(self, found: Option<FaceBox>, frames: u64) -> Result<Option<FaceBox>> {
        match (found, self) {
            (Some(found), _) => Ok(Some(found)),
            (None, Self::WholeFrame) => Ok(Some(FaceBox::WHOLE)),
            (None, Self::Skip) => Ok(None),
            (None, Self::Error) => Err(Error::NoFace { frames }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: FaceBox = FaceBox { left: 0.4, top: 0.2, right: 0.6, bottom: 0.8 };

    #[test]
    fn expansion_keeps_the_centre_and_clamping_cuts() {
        let close = |found: FaceBox, expected: [f64; 4]| {
            let near = found.corners().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(near, "{found:?} is not {expected:?}");
        };
        close(FACE.expanded(BoxExpansion::PUBLISHED), [0.37, 0.11, 0.63, 0.89]);
        close(FACE.expanded(BoxExpansion(2.0)), [0.3, -0.1, 0.7, 1.1]);
        close(FACE.expanded(BoxExpansion(2.0)).clamped().unwrap(), [0.3, 0.0, 0.7, 1.0]);
        assert_eq!(FACE.expanded(BoxExpansion::NONE), FACE);
        assert_eq!(FaceBox { left: 1.1, right: 1.3, ..FACE }.clamped(), None);
    }

    #[test]
    fn every_box_has_a_pixel_inside_the_frame() {
        for corners in
            [[0.0, 0.0, 1.0, 1.0], [0.99, 0.99, 1.0, 1.0], [-3.0, -1.0, 9.0, 9.0], [0.5, 0.5, 0.5, 0.5]]
        {
            for size in [1, 2, 7, 1920] {
                let part = FaceBox::from_corners(corners).to_pixels(size, size);
                let inside = part.left + part.width <= size && part.top + part.height <= size;
                assert!(part.width >= 1 && part.height >= 1 && inside, "{corners:?} {size}");
            }
        }
        for (width, height) in [(0, 0), (7, 5)] {
            let whole = PixelRect { left: 0, top: 0, width, height };
            assert_eq!(FaceBox::WHOLE.to_pixels(width, height), whole);
        }
    }

    #[test]
    fn overlap_is_between_nothing_and_all() {
        assert!((FACE.overlap(&FACE) - 1.0).abs() < 1e-12);
        assert_eq!(FACE.overlap(&FaceBox { left: 0.6, right: 0.9, ..FACE }), 0.0);
        let half = FaceBox { left: 0.5, right: 0.7, ..FACE };
        assert!((FACE.overlap(&half) - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn unusable_boxes_are_recognised() {
        assert!(FACE.is_usable());
        for bad in [f64::NAN, f64::INFINITY, 1e9, 0.3] {
            assert!(!FaceBox { right: bad, ..FACE }.is_usable(), "{bad}");
        }
    }

    #[test]
    fn without_a_face_the_caller_decides() {
        assert_eq!(NoFace::WholeFrame.resolve(None, 3).unwrap(), Some(FaceBox::WHOLE));
        assert_eq!(NoFace::Skip.resolve(None, 3).unwrap(), None);
        assert!(matches!(NoFace::Error.resolve(None, 3), Err(Error::NoFace { frames: 3 })));
        for choice in [NoFace::Error, NoFace::WholeFrame, NoFace::Skip] {
            assert_eq!(choice.resolve(Some(FACE), 3).unwrap(), Some(FACE));
        }
    }
}
