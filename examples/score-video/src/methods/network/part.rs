//! Which part of the frames a network sees: what its checkpoint says, with a face from where the options say.

use std::fmt;
use std::path::PathBuf;

use dream_data::{FaceBoxes, PixelRect, RelativeBox};
use dream_features::VideoSpec;
use dream_models::deep::input::{FaceRule, Input};
use dream_models::face::{BoxExpansion, FaceBox, FaceDetector, VideoBoxConfig};

use crate::error::{Error, Result};
use crate::options::Options;

/// A part of the frames of one video, and a word for where it comes from.
pub(super) type Area = (RelativeBox, &'static str);

/// Where the part comes from.
pub(super) enum Part {
    Whole,
    /// The crop of the checkpoint.
    Crop(RelativeBox),
    /// A given box.
    Given(PixelRect),
    /// From a list, expanded as the checkpoint says.
    Listed {
        path: PathBuf,
        boxes: FaceBoxes,
        config: VideoBoxConfig,
    },
    Detected(Box<FaceDetector>, VideoBoxConfig),
}

impl Part {
    pub(super) fn new(input: &Input, options: &Options) -> Result<Self> {
        refuse_contradictions(input, options)?;
        let config = match &input.face {
            FaceRule::Whole => return Ok(Self::Whole),
            FaceRule::Crop { corners: [x1, y1, x2, y2] } => {
                return Ok(Self::Crop(RelativeBox::new(*x1, *y1, *x2, *y2)?));
            }
            FaceRule::Face(config) => config,
            other => return Err(Error::Network(format!("its face rule {other:?} is not known here"))),
        };
        Ok(match (options.network.face_box, &options.network.boxes) {
            (Some(face), _) => Self::Given(face),
            (None, Some(path)) => {
                let boxes = FaceBoxes::read(path)?;
                let boxes = if config.square { boxes } else { boxes.expanded(config.expansion.0)? };
                Self::Listed { path: path.clone(), boxes, config: config.clone() }
            }
            (None, None) => Self::Detected(Box::new(FaceDetector::embedded()?), config.clone()),
        })
    }

    /// The part of the video `name`, and a word for where it comes from; nothing where it has to be looked for.
    pub(super) fn of(&self, name: &str, spec: VideoSpec) -> Result<Option<Area>> {
        Ok(Some(match self {
            Self::Whole => (whole()?, "whole frame"),
            Self::Crop(crop) => (*crop, "crop"),
            Self::Given(face) => (relative(*face, spec)?, "given"),
            Self::Listed { path, boxes, config } => {
                // A list may name a video with some of its folders, as data sets do: the most of them counts.
                let ends = name.match_indices(['/', '\\']).map(|(at, _)| name.split_at(at + 1).1);
                let face = std::iter::once(name).chain(ends).find_map(|name| boxes.get(name));
                let remedy = || format!("{} has no box for {name}: add a row", path.display());
                let face = face.ok_or_else(|| Error::FaceBox(remedy()))?;
                (if config.square { square(face, config.expansion, spec)? } else { face }, "listed")
            }
            Self::Detected(..) => return Ok(None),
        }))
    }
}

pub(super) fn whole() -> Result<RelativeBox> {
    Ok(RelativeBox::new(0.0, 0.0, 1.0, 1.0)?)
}

/// The square of a listed box, expanded as the rule of the network says.
fn square(face: RelativeBox, expansion: BoxExpansion, spec: VideoSpec) -> Result<RelativeBox> {
    let [left, top, right, bottom] = face.corners();
    let square = FaceBox { left, top, right, bottom }.squared(spec.width, spec.height);
    let square = square.and_then(|square| square.expanded(expansion).clamped());
    let square = square.ok_or_else(|| Error::FaceBox("the frames have no pixels".to_owned()))?;
    relative_box(square)
}

/// A box of one crate as that of another.
pub(super) fn relative_box(face: FaceBox) -> Result<RelativeBox> {
    let [left, top, right, bottom] = face.corners();
    Ok(RelativeBox::new(left, top, right, bottom)?)
}

/// Pixels as shares of the frame, so that all boxes are cut by one rule.
pub(super) fn relative(face: PixelRect, VideoSpec { width, height, .. }: VideoSpec) -> Result<RelativeBox> {
    let (right, bottom) = (face.left.saturating_add(face.width), face.top.saturating_add(face.height));
    let inside = face.width > 0 && face.height > 0 && right <= width && bottom <= height;
    if !inside {
        let reason = format!("the face box {face} is not within the {width}x{height} pixels of the frame");
        return Err(Error::FaceBox(reason));
    }
    let (x, y) = (|at: usize| at as f64 / width as f64, |at: usize| at as f64 / height as f64);
    Ok(RelativeBox::new(x(face.left), y(face.top), x(right), y(bottom))?)
}

/// For reports.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole frames"),
            Self::Crop(crop) => write!(f, "the crop {:?}", crop.corners()),
            Self::Given(_) => f.write_str("the given box"),
            Self::Listed { path, config, .. } => {
                write!(f, "the boxes of {}, {}", path.display(), widened(config))
            }
            Self::Detected(_, config) => write!(f, "one box per video from BlazeFace, {}", widened(config)),
        }
    }
}

fn widened(config: &VideoBoxConfig) -> String {
    let (BoxExpansion(expansion), square) = (config.expansion, config.square);
    if square {
        format!("made a square {expansion} times as wide")
    } else {
        format!("{expansion} times as wide and high")
    }
}

/// A network sees what it was trained with, or its score means nothing.
fn refuse_contradictions(input: &Input, options: &Options) -> Result<()> {
    let (frames, network) = (input.frames.to_string(), &options.network);
    let (trained, expansion) = match &input.face {
        FaceRule::Crop { corners } => (format!("the crop {corners:?}"), None),
        FaceRule::Face(config) => {
            (format!("face boxes expanded {} times", config.expansion.0), Some(config.expansion))
        }
        _ => ("whole frames".to_owned(), None),
    };
    let crop = options.crop.map(|crop| FaceRule::Crop { corners: crop.corners() });
    let face = expansion.is_some();
    let contradictions = [
        ("every", options.every.is_some_and(|n| format!("every:{n}") != frames)),
        ("crop", crop.is_some_and(|crop| crop != input.face)),
        ("expand", network.expand.is_some_and(|factor| Some(BoxExpansion(factor)) != expansion)),
        ("face_box", network.face_box.is_some() && !face),
        ("boxes", network.boxes.is_some() && !face),
        ("no_face", network.no_face.is_some() && !face),
        ("per_second", options.per_second.is_some()),
        ("model", options.model.is_some()),
        ("level", options.level.is_some()),
    ];
    match contradictions.into_iter().find(|(_, wrong)| *wrong) {
        Some((option, _)) => Err(Error::Options(format!(
            "the network was trained with frames {frames} and {trained}: leave out `{option}`"
        ))),
        None => Ok(()),
    }
}
