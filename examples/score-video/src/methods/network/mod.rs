//! A network from a checkpoint (or, with `face-blend`, on a published tower), which says what the network looks at: which frames, which part, as which numbers.
//!
//! A video is read up to three times, and no frame is kept: for some choices of frames all are counted first, the one
//! box of a video is known when all faces are found, and only then are faces cut. Memory: one decoded frame and its RGB,
//! a batch of network inputs and what the network needs for as many frames, and the features of every used frame (6 KiB
//! for the large network).

mod blend;
mod loaded;
mod part;
mod session;
pub(crate) mod towers;

use std::path::Path;
use std::sync::Arc;

use dream_features::VideoSpec;
use dream_models::deep::candle_core::{DType, Device};
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::explain::retrieval::Descriptions;
use dream_models::deep::input::FramePlan;
use dream_models::deep::methods::{self, Weights, da_clip};
use dream_models::deep::network::{FrameEncoder, VideoNetwork};
use serde_json::Value;

use super::{About, CheckpointReport, Method, NO_REFERENCE, ReferenceReport, Session};
use crate::described::Described;
use crate::error::{Error, Result};
use crate::options::Options;
use blend::Blend;
use loaded::Network;
use part::Part;
use session::NetworkSession;

pub(super) fn load(options: &Options) -> Result<Arc<dyn Method>> {
    let entry = options.method.as_deref().and_then(methods::by_name);
    let tower = matches!(entry.map(|entry| entry.weights), Some(Weights::Tower(_)));
    let Some(path) = &options.weights else {
        let name = options.method.as_deref().unwrap_or_default();
        let needed = if tower { blend::NEEDED } else { "a checkpoint" };
        return Err(Error::Options(format!(
            "`method` {name} has no weights of its own: name {needed} with `weights`"
        )));
    };
    if tower {
        return Ok(Arc::new(on_tower(path, options)?));
    }
    let named = |cause| Error::Weights { path: path.clone(), cause: Box::new(cause) };
    let checkpoint = Checkpoint::open(path).map_err(|cause| {
        let alone = path.extension().is_some_and(|ending| ending == "safetensors");
        named(match Error::from(cause) {
            cause if alone => {
                Error::Network(format!("{cause}; a tower of CLIP goes with `method` face-blend"))
            }
            cause => cause,
        })
    })?;
    let found = methods::entry(checkpoint.kind()).map_or(checkpoint.kind(), |entry| entry.name).to_owned();
    if let Some(name) = options.method.as_deref().filter(|name| *name != found) {
        return Err(Error::Options(format!(
            "`method` {name}: `weights` {} is of {found}; leave out `method`, or name another checkpoint",
            path.display()
        )));
    }
    Ok(Arc::new(network(&Arc::new(checkpoint), path, found, options).map_err(named)?))
}

fn network(checkpoint: &Arc<Checkpoint>, path: &Path, method: String, options: &Options) -> Result<Network> {
    let explained = options.details && checkpoint.kind() == da_clip::KIND;
    let described = explained.then(|| Described::load(checkpoint, path)).transpose()?;
    let scores: Arc<dyn VideoNetwork> = match &described {
        Some(described) => Arc::clone(&described.network) as Arc<dyn VideoNetwork>,
        None => Arc::from(methods::load(checkpoint, DType::F32, &Device::Cpu)?),
    };
    let (part, asked) = (Part::new(scores.input(), options)?, &options.network);
    let descriptions = asked.explain.map(|_| Descriptions::load(checkpoint)).transpose()?.flatten();
    let explain = asked.explain.map(|k| match &descriptions {
        Some(known) => format!("the {k} closest of {} descriptions, with their cosines", known.len()),
        None => "the checkpoint carries no descriptions".to_owned(),
    });
    let report = CheckpointReport {
        sha256: checkpoint.sha256().to_owned(),
        kind: checkpoint.kind().to_owned(),
        library_version: checkpoint.library_version().to_owned(),
        provenance: checkpoint.provenance()?,
        explain,
        ..CheckpointReport::default()
    };
    let about = About {
        method,
        model: format!("{} {}", report.kind, report.sha256.get(..12).unwrap_or_default()),
        measures: "what the checkpoint was trained on: see its provenance".to_owned(),
        scale: "1 (bad) to 5 (excellent), a mean opinion score; not clamped".to_owned(),
        checkpoint: Some(report),
        ..About::default()
    };
    let network = assembled(Arc::<dyn VideoNetwork>::clone(&scores), part, about, options)?;
    let explain = asked.explain.map(usize::from);
    Ok(Network { scores: Some(scores), explain, descriptions, described, ..network })
}

/// A head on the tower of a file.
fn on_tower(path: &Path, options: &Options) -> Result<Network> {
    let (model, about) = blend::open(path, options)?;
    let part = Part::new(model.input(), options)?;
    let network = assembled(Arc::new(model.clone()), part, about, options)?;
    Ok(Network { blend: Some(Blend { model, reference: None }), ..network })
}

/// What all networks have in common, and what to say about it.
fn assembled(
    encoder: Arc<dyn FrameEncoder>,
    part: Part,
    mut about: About,
    options: &Options,
) -> Result<Network> {
    let (input, asked) = (encoder.input().clone(), &options.network);
    let no_face = asked.no_face.unwrap_or_default();
    about.sampling = sampling(&input.frames);
    if let Some(report) = &mut about.checkpoint {
        report.short = report.sha256.get(..12).unwrap_or_default().to_owned();
        report.frames = input.frames.to_string();
        (report.face, report.preprocessing) = (value(&input.face)?, value(&input.pixels)?);
        (report.faces, report.no_face) = (part.to_string(), no_face.to_string());
    }
    Ok(Network {
        frames: input.frames.to_string().parse()?,
        encoder,
        scores: None,
        blend: None,
        part,
        no_face,
        luma_only: options.luma_only,
        batch: asked.batch.map_or(1, usize::from),
        explain: None,
        descriptions: None,
        details: options.details,
        described: None,
        about: Arc::new(about),
    })
}

fn sampling(frames: &FramePlan) -> String {
    match frames {
        FramePlan::Every { n } => format!("one of every {n} frames"),
        FramePlan::Centres { n } => format!("the middle frames of {n} equal parts"),
        FramePlan::FirstOfSecond => "the first frame of every second".to_owned(),
        FramePlan::Strides { n } => format!("the last of every stride of 1/{n} second"),
        other => other.to_string(),
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

    fn described(&self) -> Option<&Described> {
        self.described.as_ref()
    }

    fn compared(self: Arc<Self>, original: ReferenceReport) -> Result<Arc<dyn Method>> {
        let shared = || Error::Network("the method is in use already".to_owned());
        let mut network = Arc::into_inner(self).ok_or_else(shared)?;
        let blend = network.blend.as_mut();
        let blend = blend.ok_or_else(|| Error::Options(NO_REFERENCE.to_owned()))?;
        network.about = Arc::new(About { reference: Some(original.clone()), ..About::clone(&network.about) });
        blend.reference = Some(original);
        Ok(Arc::new(network))
    }

    fn start(self: Arc<Self>, name: &str, spec: VideoSpec) -> Result<Box<dyn Session>> {
        Ok(Box::new(NetworkSession::new(self, name, spec)?))
    }
}
