//! Blending traces: a linear head on the patch tokens of a CLIP tower.

mod head;
mod model;
mod tower;

pub use head::{Head, HeadParts, Reach};
pub use model::{FaceBlend, Reading};
pub use tower::{Agreement, Tower};

use super::entry::{Entry, Weights};
use crate::deep::backbones::vit;
use crate::deep::input::{FaceRule, FramePlan, Input};
use crate::face::VideoBoxConfig;
use crate::preprocess::Preprocess;

/// Its line in [`METHODS`](super::METHODS): the embedded head on a tower from a file.
pub const ENTRY: Entry = Entry {
    name: "face-blend",
    kind: "face_blend",
    title: "Face-blend",
    weights: Weights::Tower(|file, dtype, device| {
        Ok(Box::new(FaceBlend::new(file, Head::embedded()?, dtype, device)?))
    }),
};

/// What the method looks at: the middle frames of eight equal parts; one square for the video, 1.3 times as wide as the
/// detector's box; the pixels as CLIP takes them.
#[must_use]
pub fn input(config: &vit::Config) -> Input {
    let pixels = Preprocess { size: config.image_size, ..Preprocess::clip_square_224() };
    let face = FaceRule::Face(VideoBoxConfig { square: true, ..VideoBoxConfig::default() });
    Input { frames: FramePlan::Centres { n: 8 }, face, pixels, ..Input::default() }
}
