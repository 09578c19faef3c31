//! Which part of the frames a network sees: what its checkpoint says, with a face from where the command line says.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use dream_data::{FaceBoxes, PixelRect, RelativeBox};
use dream_models::deep::input::{FaceRule, Input};
use dream_models::face::{BoxExpansion, FaceDetector, VideoBoxConfig};

use crate::args::Args;

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

    /// The part of the video `file`, or nothing where it has to be looked for.
    pub(super) fn of(&self, file: &str) -> Result<Option<Area>> {
        Ok(Some(match self {
            Self::Whole => Area::Relative(whole()?, "whole frame"),
            Self::Crop(crop) => Area::Relative(*crop, "crop"),
            Self::Given(face) => Area::Given(*face),
            Self::Listed { path, boxes, .. } => {
                let name = Path::new(file).file_name().map_or(file.into(), |name| name.to_string_lossy());
                let face = boxes.get(&name).with_context(|| {
                    format!("{} has no box for {name}: add a row, or leave out --boxes", path.display())
                })?;
                Area::Relative(face, "listed")
            }
            Self::Detected(..) => return Ok(None),
        }))
    }
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

/// A part of one video, and where it comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Area {
    Relative(RelativeBox, &'static str),
    Given(PixelRect),
}

pub(super) fn whole() -> Result<RelativeBox> {
    Ok(RelativeBox::new(0.0, 0.0, 1.0, 1.0)?)
}

impl Area {
    pub(super) fn source(&self) -> &'static str {
        match self {
            Self::Relative(_, source) => source,
            Self::Given(_) => "given",
        }
    }

    /// The part as a share of a frame of `width` x `height` pixels, so that all are cut by one rule.
    pub(super) fn relative(&self, width: usize, height: usize) -> Result<RelativeBox> {
        match *self {
            Self::Relative(part, _) => Ok(part),
            Self::Given(rect) => {
                let (right, bottom) =
                    (rect.left.saturating_add(rect.width), rect.top.saturating_add(rect.height));
                let inside = rect.width > 0 && rect.height > 0 && right <= width && bottom <= height;
                ensure!(inside, "the face box {rect} is not within the {width}x{height} pixels of the frame");
                let (w, h) = (width as f64, height as f64);
                let corners =
                    (rect.left as f64 / w, rect.top as f64 / h, right as f64 / w, bottom as f64 / h);
                Ok(RelativeBox::new(corners.0, corners.1, corners.2, corners.3)?)
            }
        }
    }
}

/// A network sees what it was trained with, or its score means nothing.
fn refuse_contradictions(input: &Input, args: &Args) -> Result<()> {
    let (frames, options) = (input.frames.to_string(), &args.network);
    let trained = match &input.face {
        FaceRule::Whole => "whole frames".to_owned(),
        FaceRule::Crop { corners } => format!("the crop {corners:?}"),
        FaceRule::Face(config) => format!("face boxes expanded {} times", config.expansion.0),
        other => format!("{other:?}"),
    };
    let crop = args.crop.map(|crop| FaceRule::Crop { corners: crop.corners() });
    let (face, expansion) = match &input.face {
        FaceRule::Face(config) => (true, Some(config.expansion)),
        _ => (false, None),
    };
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
