//! DA-CLIP and OPDAI: a network from a checkpoint, and the face in some of the frames.
//!
//! A video is read more than once, and no frame is kept: OPDAI's three frames are known when all are counted, the one
//! box of a video when all faces are found, and only then are faces cut. Memory: one decoded frame and its RGB,
//! `--batch` network inputs and what the network needs for as many frames, and the features of every used frame (6 KiB
//! for the large network).

mod network;
mod pixels;
mod session;

use anyhow::{Context, Result, bail};
use dream_features::VideoSpec;
use dream_models::deep::candle_core::Tensor;
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::methods::da_clip::{Descriptions, KIND, OPDAI_KIND};
use dream_models::face::{BoxExpansion, FaceDetector, NoFace, VideoBoxConfig};
use dream_models::preprocess::Preprocess;

use crate::args::{Args, PixelBox, WithoutFace};
use crate::method::{About, CheckpointWords, Method, MethodName, Session};
use network::Network;

/// One of every so many frames, as in the paper.
const EVERY: u64 = 6;

pub(crate) struct Deep {
    network: Network,
    preprocess: Preprocess,
    detector: FaceDetector,
    boxes: VideoBoxConfig,
    given: Option<PixelBox>,
    no_face: WithoutFace,
    every: u64,
    batch: usize,
    /// How many descriptions are asked for.
    explain: Option<usize>,
    descriptions: Option<Descriptions>,
    words: CheckpointWords,
    sampling: String,
}

impl Deep {
    pub(crate) fn load(args: &Args) -> Result<Self> {
        let path = args.deep.weights.as_deref().context("name a checkpoint with --weights")?;
        let named = || format!("the checkpoint {}", path.display());
        let checkpoint = Checkpoint::open(path).with_context(named)?;
        let kind = if args.method == MethodName::Opdai { OPDAI_KIND } else { KIND };
        checkpoint.expect_kind(kind).with_context(|| {
            format!("{}: choose the --method that it was trained for, da-clip or opdai", named())
        })?;
        let preprocess: Preprocess = checkpoint.preprocessing().with_context(named)?;
        preprocess.validate().with_context(named)?;
        let network = Network::load(&checkpoint).with_context(named)?;
        let [height, width] = network.input();
        if (height, width) != (preprocess.size, preprocess.size) {
            bail!(
                "{}: the network takes {width}x{height} pixels, the preprocessing makes {1}x{1}",
                named(),
                preprocess.size
            );
        }
        let detector = FaceDetector::embedded()?;
        let expansion = args.deep.expand.map_or(BoxExpansion::default(), BoxExpansion);
        let BoxExpansion(factor) = expansion;
        let faces = match args.deep.face {
            Some(_) => "the given box".to_owned(),
            None => format!("one box per video from BlazeFace, {factor} times as wide and high"),
        };
        let descriptions = args
            .deep
            .explain
            .map(|_| Descriptions::load(&checkpoint))
            .transpose()
            .with_context(named)?
            .flatten();
        let explain = args.deep.explain.map(|k| match &descriptions {
            Some(known) => format!("the {k} closest of {} descriptions, with their cosines", known.len()),
            None => "the checkpoint carries no descriptions".to_owned(),
        });
        let contents = checkpoint.contents();
        let words = CheckpointWords {
            short: checkpoint.sha256().get(..12).unwrap_or_default().to_owned(),
            sha256: checkpoint.sha256().to_owned(),
            kind: contents.kind.clone(),
            library_version: checkpoint.library_version().to_owned(),
            provenance: contents.provenance.clone(),
            preprocessing: contents.preprocessing.clone(),
            faces,
            no_face: args.deep.no_face().word(),
            explain,
        };
        let every = args.every.unwrap_or(EVERY);
        let sampling = match args.method {
            MethodName::Opdai => "the middle frames of three equal parts".to_owned(),
            _ => format!("one of every {every} frames"),
        };
        Ok(Self {
            network,
            preprocess,
            detector,
            boxes: VideoBoxConfig { expansion, ..VideoBoxConfig::default() },
            given: args.deep.face,
            no_face: args.deep.no_face(),
            every,
            batch: args.deep.batch.map_or(1, usize::from),
            explain: args.deep.explain.map(usize::from),
            descriptions,
            words,
            sampling,
        })
    }

    fn no_face_choice(&self) -> NoFace {
        match self.no_face {
            WithoutFace::Error => NoFace::Error,
            WithoutFace::WholeFrame => NoFace::WholeFrame,
            WithoutFace::Skip => NoFace::Skip,
        }
    }
}

impl Deep {
    /// The closest descriptions, where they are asked for and known.
    fn nearest(&self, representation: Option<&Tensor>) -> Result<Vec<(f64, String)>> {
        let (Some(known), Some(k), Some(of)) = (&self.descriptions, self.explain, representation) else {
            return Ok(Vec::new());
        };
        let found = known.nearest(of, k)?;
        Ok(found.into_iter().map(|(cosine, text)| (cosine, text.to_owned())).collect())
    }
}

impl Method for Deep {
    fn about(&self) -> About {
        About {
            model: format!("{} {}", self.words.kind, self.words.short),
            measures: "what the checkpoint was trained on: see its provenance".to_owned(),
            scale: "1 (bad) to 5 (excellent), a mean opinion score; not clamped".to_owned(),
            accuracy: None,
            intervals: None,
            sampling: self.sampling.clone(),
            checkpoint: Some(self.words.clone()),
        }
    }

    fn start(&self, _: VideoSpec) -> Result<Box<dyn Session + '_>> {
        Ok(Box::new(session::Running::new(self)?))
    }
}
