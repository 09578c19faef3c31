//! A network from a checkpoint, which says what the network looks at: which frames, which part, as which numbers.
//!
//! A video is read up to three times, and no frame is kept: for some choices of frames all are counted first, the one
//! box of a video is known when all faces are found, and only then are faces cut. Memory: one decoded frame and its RGB,
//! a batch of network inputs and what the network needs for as many frames, and the features of every used frame (6 KiB
//! for the large network).

mod loaded;
mod part;
mod session;

use std::sync::Arc;

use dream_features::VideoSpec;
use dream_models::deep::candle_core::{DType, Device};
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::explain::retrieval::Descriptions;
use dream_models::deep::input::FramePlan;
use dream_models::deep::methods;
use serde_json::Value;

use super::{About, CheckpointReport, Method, Session};
use crate::error::{Error, Result};
use crate::options::Options;
use loaded::Network;
use part::Part;
use session::NetworkSession;

pub(super) fn load(options: &Options) -> Result<Arc<dyn Method>> {
    let Some(path) = &options.weights else {
        let name = options.method.as_deref().unwrap_or_default();
        return Err(Error::Options(format!(
            "`method` {name} has no weights of its own: name a checkpoint with `weights`"
        )));
    };
    let named = |cause| Error::Weights { path: path.clone(), cause: Box::new(cause) };
    let checkpoint = Checkpoint::open(path).map_err(|cause| named(cause.into()))?;
    let found = methods::entry(checkpoint.kind()).map_or(checkpoint.kind(), |entry| entry.name).to_owned();
    if let Some(name) = options.method.as_deref().filter(|name| *name != found) {
        return Err(Error::Options(format!(
            "`method` {name}: `weights` {} is of {found}; leave out `method`, or name another checkpoint",
            path.display()
        )));
    }
    Ok(Arc::new(network(&checkpoint, found, options).map_err(named)?))
}

fn network(checkpoint: &Checkpoint, method: String, options: &Options) -> Result<Network> {
    let network = methods::load(checkpoint, DType::F32, &Device::Cpu)?;
    let (input, asked) = (network.input().clone(), &options.network);
    let part = Part::new(&input, options)?;
    let descriptions = asked.explain.map(|_| Descriptions::load(checkpoint)).transpose()?.flatten();
    let explain = asked.explain.map(|k| match &descriptions {
        Some(known) => format!("the {k} closest of {} descriptions, with their cosines", known.len()),
        None => "the checkpoint carries no descriptions".to_owned(),
    });
    let no_face = asked.no_face.unwrap_or_default();
    let report = CheckpointReport {
        short: checkpoint.sha256().get(..12).unwrap_or_default().to_owned(),
        sha256: checkpoint.sha256().to_owned(),
        kind: checkpoint.kind().to_owned(),
        library_version: checkpoint.library_version().to_owned(),
        provenance: checkpoint.provenance()?,
        frames: input.frames.to_string(),
        face: value(&input.face)?,
        preprocessing: value(&input.pixels)?,
        faces: part.to_string(),
        no_face: no_face.to_string(),
        explain,
    };
    Ok(Network {
        frames: input.frames.to_string().parse()?,
        network,
        part,
        no_face,
        luma_only: options.luma_only,
        batch: asked.batch.map_or(1, usize::from),
        explain: asked.explain.map(usize::from),
        descriptions,
        about: Arc::new(about(method, &input.frames, report)),
    })
}

fn about(method: String, frames: &FramePlan, report: CheckpointReport) -> About {
    let sampling = match frames {
        FramePlan::Every { n } => format!("one of every {n} frames"),
        FramePlan::Centres { n } => format!("the middle frames of {n} equal parts"),
        FramePlan::FirstOfSecond => "the first frame of every second".to_owned(),
        other => other.to_string(),
    };
    About {
        method,
        model: format!("{} {}", report.kind, report.short),
        measures: "what the checkpoint was trained on: see its provenance".to_owned(),
        scale: "1 (bad) to 5 (excellent), a mean opinion score; not clamped".to_owned(),
        accuracy: None,
        intervals: None,
        sampling,
        checkpoint: Some(report),
    }
}

fn value(part: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(part).map_err(|cause| Error::Network(cause.to_string()))
}

impl Method for Network {
    fn about(&self) -> &Arc<About> {
        &self.about
    }

    fn refuses_luma(&self) -> bool {
        !self.luma_only
    }

    fn one_pass(&self) -> bool {
        !self.frames.needs_count() && !matches!(self.part, Part::Detected(..))
    }

    fn start(self: Arc<Self>, name: &str, spec: VideoSpec) -> Result<Box<dyn Session>> {
        Ok(Box::new(NetworkSession::new(self, name, spec)?))
    }
}
