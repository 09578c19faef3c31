//! Which part of the frames a network sees: what its checkpoint says, with a face from where the command line says.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use dream_data::{FaceBoxes, PixelRect, RelativeBox};
use dream_features::VideoSpec;
use dream_models::deep::input::{FaceRule, Input};
use dream_models::face::{BoxExpansion, FaceDetector, VideoBoxConfig};

use crate::args::Args;

/// A part of the frames of one video, and a word for where it comes from.
pub(super) type Area = (RelativeBox, &'static str);

/// Where the part comes from.
pub(super) enum Part {
    Whole,
    /// The crop of the checkpoint.
    Crop(RelativeBox),
    /// `--box`.
    Given(PixelRect),
    /// `--boxes`, expanded as the checkpoint says.
    Listed {
        path: PathBuf,
        boxes: FaceBoxes,
        expansion: f64,
    },
    Detected(Box<FaceDetector>, VideoBoxConfig),
}

impl Part {
    pub(super) fn new(input: &Input, args: &Args) -> Result<Self> {
        refuse_contradictions(input, args)?;
        let config = match &input.face {
            FaceRule::Whole => return Ok(Self::Whole),
            FaceRule::Crop { corners: [x1, y1, x2, y2] } => {
                return Ok(Self::Crop(RelativeBox::new(*x1, *y1, *x2, *y2)?));
            }
            FaceRule::Face(config) => config,
            other => bail!("this program does not know its face rule {other:?}"),
        };
        let BoxExpansion(expansion) = config.expansion;
        Ok(match (args.network.face, &args.network.boxes) {
            (Some(face), _) => Self::Given(face),
            (None, Some(path)) => {
                let boxes = FaceBoxes::read(path)?.expanded(expansion)?;
                Self::Listed { path: path.clone(), boxes, expansion }
            }
            (None, None) => Self::Detected(Box::new(FaceDetector::embedded()?), config.clone()),
        })
    }

    /// The part of the video `file`, and a word for where it comes from; nothing where it has to be looked for.
    pub(super) fn of(&self, file: &str, spec: VideoSpec) -> Result<Option<Area>> {
        Ok(Some(match self {
            Self::Whole => (whole()?, "whole frame"),
            Self::Crop(crop) => (*crop, "crop"),
            Self::Given(face) => (relative(*face, spec)?, "given"),
            Self::Listed { path, boxes, .. } => {
                // A list may name a video with some of its folders, as data sets do: the most of them counts.
                let ends = file.match_indices(['/', '\\']).map(|(at, _)| file.split_at(at + 1).1);
                let face = std::iter::once(file).chain(ends).find_map(|name| boxes.get(name));
                let remedy = || format!("{} has no box for {file}: add a row", path.display());
                (face.with_context(remedy)?, "listed")
            }
            Self::Detected(..) => return Ok(None),
        }))
    }
}

pub(super) fn whole() -> Result<RelativeBox> {
    Ok(RelativeBox::new(0.0, 0.0, 1.0, 1.0)?)
}

/// Pixels as shares of the frame, so that all boxes are cut by one rule.
fn relative(face: PixelRect, VideoSpec { width, height, .. }: VideoSpec) -> Result<RelativeBox> {
    let (right, bottom) = (face.left.saturating_add(face.width), face.top.saturating_add(face.height));
    let inside = face.width > 0 && face.height > 0 && right <= width && bottom <= height;
    ensure!(inside, "the face box {face} is not within the {width}x{height} pixels of the frame");
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
            Self::Listed { path, expansion, .. } => {
                write!(f, "the boxes of {}, {expansion} times as wide and high", path.display())
            }
            Self::Detected(_, config) => {
                let BoxExpansion(expansion) = config.expansion;
                write!(f, "one box per video from BlazeFace, {expansion} times as wide and high")
            }
        }
    }
}

/// A network sees what it was trained with, or its score means nothing.
fn refuse_contradictions(input: &Input, args: &Args) -> Result<()> {
    let (frames, options) = (input.frames.to_string(), &args.network);
    let (trained, expansion) = match &input.face {
        FaceRule::Crop { corners } => (format!("the crop {corners:?}"), None),
        FaceRule::Face(config) => {
            (format!("face boxes expanded {} times", config.expansion.0), Some(config.expansion))
        }
        _ => ("whole frames".to_owned(), None),
    };
    let crop = args.crop.map(|crop| FaceRule::Crop { corners: crop.corners() });
    let face = expansion.is_some();
    let contradictions = [
        ("--every", args.every.is_some_and(|n| format!("every:{n}") != frames)),
        ("--crop", crop.is_some_and(|crop| crop != input.face)),
        ("--expand", options.expand.is_some_and(|factor| Some(BoxExpansion(factor)) != expansion)),
        ("--box", options.face.is_some() && !face),
        ("--boxes", options.boxes.is_some() && !face),
        ("--no-face", options.no_face.is_some() && !face),
    ];
    if let Some((option, _)) = contradictions.into_iter().find(|(_, wrong)| *wrong) {
        bail!("the checkpoint was trained with frames {frames} and {trained}: leave out {option}");
    }
    Ok(())
}
