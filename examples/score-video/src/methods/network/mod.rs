//! A network from a checkpoint, which says what the network looks at: which frames, which part, as which numbers.
//!
//! A video is read up to three times, and no frame is kept: for some choices of frames all are counted first, the one
//! box of a video is known when all faces are found, and only then are faces cut. Memory: one decoded frame and its RGB,
//! `--batch` network inputs and what the network needs for as many frames, and the features of every used frame (6 KiB
//! for the large network).

mod loaded;
mod part;
mod session;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use dream_features::VideoSpec;
use dream_models::deep::candle_core::{DType, Device};
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::explain::retrieval::Descriptions;
use dream_models::deep::input::FramePlan;
use dream_models::deep::methods;

use super::{About, CheckpointReport, Method, Session};
use crate::args::Args;
use loaded::Network;
use part::Part;
use session::NetworkSession;

pub(super) fn load(args: &Args) -> Result<Box<dyn Method>> {
    let options = &args.network;
    let Some(path) = &options.weights else {
        let name = args.method.as_deref().unwrap_or_default();
        bail!("--method {name} has no weights of its own: name a checkpoint with --weights");
    };
    let named = || format!("--weights {}", path.display());
    let checkpoint = Checkpoint::open(path).with_context(named)?;
    let found = methods::entry(checkpoint.kind()).map_or(checkpoint.kind(), |entry| entry.name);
    if let Some(name) = args.method.as_deref().filter(|name| *name != found) {
        bail!("--method {name}: {} is of {found}; leave out --method, or name another checkpoint", named());
    }
    let network = methods::load(&checkpoint, DType::F32, &Device::Cpu).with_context(named)?;
    let input = network.input().clone();
    let part = Part::new(&input, args).with_context(named)?;
    let descriptions = options.explain.map(|_| Descriptions::load(&checkpoint)).transpose();
    let descriptions = descriptions.with_context(named)?.flatten();
    let explain = options.explain.map(|k| match &descriptions {
        Some(known) => format!("the {k} closest of {} descriptions, with their cosines", known.len()),
        None => "the checkpoint carries no descriptions".to_owned(),
    });
    let no_face = options.no_face.unwrap_or_default();
    let report = CheckpointReport {
        short: checkpoint.sha256().get(..12).unwrap_or_default().to_owned(),
        sha256: checkpoint.sha256().to_owned(),
        kind: checkpoint.kind().to_owned(),
        library_version: checkpoint.library_version().to_owned(),
        provenance: checkpoint.provenance().with_context(named)?,
        frames: input.frames.to_string(),
        face: serde_json::to_value(&input.face)?,
        preprocessing: serde_json::to_value(&input.pixels)?,
        faces: part.to_string(),
        no_face: no_face.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned()),
        explain,
    };
    Ok(Box::new(Network {
        frames: input.frames.to_string().parse()?,
        network,
        part,
        no_face,
        batch: options.batch.map_or(1, usize::from),
        explain: options.explain.map(usize::from),
        descriptions,
        report,
    }))
}

impl Method for Network {
    fn about(&self) -> About {
        let sampling = match self.input().frames {
            FramePlan::Every { n } => format!("one of every {n} frames"),
            FramePlan::Centres { n } => format!("the middle frames of {n} equal parts"),
            FramePlan::FirstOfSecond => "the first frame of every second".to_owned(),
            other => other.to_string(),
        };
        About {
            model: format!("{} {}", self.report.kind, self.report.short),
            measures: "what the checkpoint was trained on: see its provenance".to_owned(),
            scale: "1 (bad) to 5 (excellent), a mean opinion score; not clamped".to_owned(),
            accuracy: None,
            intervals: None,
            sampling,
            checkpoint: Some(self.report.clone()),
        }
    }

    fn settings(&self) -> String {
        format!("--weights sha256:{}", self.report.short)
    }

    fn start(&self, file: &str, spec: VideoSpec) -> Result<Box<dyn Session + '_>> {
        Ok(Box::new(NetworkSession::new(self, file, spec)?))
    }
}
