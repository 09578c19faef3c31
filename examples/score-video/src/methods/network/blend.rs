//! Traces of a pasted face, by a head on the tower of a file.

use std::path::Path;

use dream_data::{PixelRect, RelativeBox};
use dream_features::VideoSpec;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::TensorFile;
use dream_models::deep::methods::face_blend::{Agreement, ENTRY, FaceBlend, Head};
use dream_models::face::FaceBox;
use dream_models::regression::Familiarity;

use super::part::relative;
use crate::error::{Error, Result};
use crate::methods::{About, CheckpointReport, ReferenceReport};
use crate::options::Options;
use crate::traces::{Compared, FrameTraces, Traces};

/// Overlap (intersection over union) from which the face of a version is at the place of that of its original.
const SAME_PLACE: f64 = 0.5;

/// What no output may leave out.
const LIMITS: [&str; 4] = [
    "no grade and no verdict: the level depends on the recording (camera, compression, size of the face), so compare versions \
     of one recording only",
    "sees, in single frames, seams and parts of other colour, sharpness or geometry; not motion, flicker, lip movements, or \
     who it is",
    "weakest after strong compression and for small faces",
    "agreement with people about swaps, and differences between groups of people, are not measured: there are no data",
];

/// For the same model in other numbers.
const OTHER_NUMBERS: &str = "the numbers of the tower are not those that the head was fitted on (another precision of the same \
                             model): differences hold, levels and percentiles shift a little";

/// Which weights there must be.
pub(super) const NEEDED: &str =
    "the image tower of OpenAI's CLIP ViT-B/16, a safetensors file (docs/weights.md says where to get it)";

/// Reads traces, and compares them with those of an original.
pub(super) struct Blend {
    pub(super) model: FaceBlend,
    pub(super) reference: Option<ReferenceReport>,
}

/// What is said about a video.
pub(super) struct Read {
    pub(super) traces: Traces,
    pub(super) familiarity: Familiarity,
    pub(super) warnings: Vec<String>,
}

/// The model of the options on the tower of a file, and what to say about it.
pub(super) fn open(path: &Path, options: &Options) -> Result<(FaceBlend, About)> {
    if options.network.explain.is_some() {
        return Err(Error::Options(format!("`explain`: `method` {} has no descriptions", ENTRY.name)));
    }
    let head = match &options.network.head {
        Some(path) => Head::read(path)
            .map_err(|cause| Error::ModelFile { path: path.clone(), cause: Box::new(cause) })?,
        None => Head::embedded()?,
    };
    let model = TensorFile::open(path)
        .and_then(|file| FaceBlend::new(&file, head, DType::F32, &Device::Cpu))
        .map_err(|cause| {
            let words = format!("{}; `method` {} takes {NEEDED}", Error::from(cause), ENTRY.name);
            Error::Weights { path: path.to_owned(), cause: Box::new(Error::Network(words)) }
        })?;
    let about = about(&model)?;
    Ok((model, about))
}

fn about(model: &FaceBlend) -> Result<About> {
    let head = model.head().parts();
    let mut limits: Vec<String> = LIMITS.map(str::to_owned).to_vec();
    if model.agreement() != Agreement::Same {
        limits.push(OTHER_NUMBERS.to_owned());
    }
    let report = CheckpointReport {
        sha256: model.tower().sha256.clone(),
        kind: ENTRY.kind.to_owned(),
        provenance: model.head().provenance()?,
        ..CheckpointReport::default()
    };
    Ok(About {
        method: ENTRY.name.to_owned(),
        measures: "traces of a pasted face; not how good the video looks".to_owned(),
        scale: "a logit without ends: fewer is better, and only differences between versions of one recording mean something"
            .to_owned(),
        model: head.name.clone(),
        accuracy: Some(head.measured.clone()),
        learned_from: Some(head.learned_from.clone()),
        limits,
        checkpoint: Some(report),
        ..About::default()
    })
}

impl Blend {
    /// What the head says of the frames of a video, which are shown at these times.
    pub(super) fn read(&self, encoded: &[Vec<f32>], times: &[f64], frames_per_second: f64) -> Result<Read> {
        let width = encoded.first().map_or(0, Vec::len);
        let all = Tensor::from_vec(encoded.concat(), (encoded.len(), width), &Device::Cpu);
        let all = all.map_err(|cause| Error::from(dream_models::Error::from(cause)))?;
        let reading = self.model.read(&all)?;
        let frames = times.iter().zip(&reading.frames);
        let frames = frames.map(|(&time, &traces)| FrameTraces { time, traces }).collect();
        let mut traces =
            Traces { mean: reading.traces, percentile: reading.percentile, frames, reference: None };
        let mut warnings = Vec::new();
        if !reading.familiarity.is_familiar() {
            let Familiarity { distance, limit, .. } = reading.familiarity;
            warnings.push(format!(
                "unfamiliar: the face is less like the portraits of the training than 99 of 100 others (distance {distance:.2}, \
                 limit {limit:.2}): do not rely on its traces"
            ));
        }
        if let Some(original) = &self.reference {
            warnings.extend(other_moments(&traces, frames_per_second, original));
            traces.reference = Some(Compared::new(&traces, &original.traces));
        }
        Ok(Read { traces, familiarity: reading.familiarity, warnings })
    }

    /// The box of the original, for a version of the same size whose face is nearly at the same place: then both are cut
    /// alike, and a difference between boxes is none between traces.
    pub(super) fn box_of_original(&self, face: &FaceBox, spec: VideoSpec) -> Option<RelativeBox> {
        let ReferenceReport { size: [width, height], face: part, .. } = self.reference.as_ref()?;
        let [left, top, wide, high] = (*part)?;
        if (*width as usize, *height as usize) != (spec.width, spec.height) {
            return None;
        }
        let part = PixelRect { left, top, width: wide, height: high };
        let area = relative(part, spec).ok()?;
        let [left, top, right, bottom] = area.corners();
        (face.overlap(&FaceBox { left, top, right, bottom }) >= SAME_PLACE).then_some(area)
    }
}

/// A word for a version whose frames are shown at other moments than those of the original.
fn other_moments(version: &Traces, frames_per_second: f64, original: &ReferenceReport) -> Option<String> {
    let half = 0.5 / original.frames_per_second.max(frames_per_second);
    let pairs = || version.frames.iter().zip(&original.traces.frames);
    let other_rate = (frames_per_second / original.frames_per_second - 1.0).abs() > 1e-3;
    let other_times = version.frames.len() != original.traces.frames.len()
        || pairs().any(|(ours, theirs)| (ours.time - theirs.time).abs() > half);
    (other_rate || other_times).then(|| {
        "another length or rate than the original: pairs of frames are not the same moments".to_owned()
    })
}
