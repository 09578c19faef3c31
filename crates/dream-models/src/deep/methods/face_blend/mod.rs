//! Blending traces: a linear head on the patch tokens of a CLIP tower.

mod head;
mod tower;

pub use head::{Head, HeadParts, Reach};
pub use tower::{Agreement, Tower, tensors_sha256};

use crate::deep::backbones::vit;
use crate::deep::input::{FaceRule, FramePlan, Input};
use crate::face::VideoBoxConfig;
use crate::preprocess::{Preprocess, ResizeRule};

/// What the method looks at: the middle frames of eight equal parts; one square for the video, 1.3 times as wide as the
/// detector's box; the pixels as CLIP takes them.
#[must_use]
pub fn input(config: &vit::Config) -> Input {
    let pixels =
        Preprocess { rule: ResizeRule::SquareResize, size: config.image_size, ..Preprocess::clip_224() };
    let face = FaceRule::Face(VideoBoxConfig { square: true, ..VideoBoxConfig::default() });
    Input { frames: FramePlan::Centres { n: 8 }, face, pixels, ..Input::default() }
}
