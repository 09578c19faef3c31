//! Features by a network: a published tower, or a checkpoint of `train`.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use dream_features::FeatureLayout;
use score_video::dream_models::deep::features::Preparation;
use score_video::{Encoder, Error as ScoreError, Looks, NetworkOptions, Options, SetLooks};

use crate::args::{Args, NetworkArgs, Set};
use crate::extract::{Extracted, Row, partly};
use crate::print::note;

/// A network, and the names of its features.
pub(crate) struct Network {
    encoder: Encoder,
    layout: FeatureLayout,
}

impl Network {
    pub(crate) fn new(args: &Args) -> Result<Self> {
        ensure!(args.crop.is_none(), "--crop: a network cuts out the face itself; --boxes names faces");
        let NetworkArgs { weights, block, frames, whole_frame, boxes, published, convention } = &args.network;
        let Some(weights) = weights else {
            bail!("--set {}: name the file of its weights with --weights", args.set.name());
        };
        let mut options = Options::default();
        options.open = args.open_options();
        options.network = NetworkOptions { boxes: boxes.clone(), ..NetworkOptions::default() };
        let mut looks = Looks::default();
        looks.whole_frame = *whole_frame;
        looks.block = block.unwrap_or(looks.block);
        looks.frames = frames.unwrap_or(looks.frames);
        ensure!(
            args.set.deep().is_some() || !(*published || convention.is_some()),
            "--published and --convention are for resnet50, vgg-face and dfgc1st"
        );
        let encoder = if let Some(set) = args.set.deep() {
            ensure!(
                block.is_none() && frames.is_none(),
                "--block and --frames are for clip-vit: {} takes the last frames of strides of 1/6 second",
                set.name()
            );
            let mut looks = SetLooks::default();
            looks.preparation = if *published { Preparation::Published } else { Preparation::Own };
            looks.convention = *convention;
            looks.whole_frame = *whole_frame;
            Encoder::feature_set(weights, set, &looks, &options)
        } else if args.set == Set::ClipVit {
            Encoder::clip_vit(weights, &looks, &options)
        } else {
            ensure!(
                block.is_none() && frames.is_none() && !whole_frame,
                "--block, --frames and --whole-frame are for clip-vit: a checkpoint says what its network looks at"
            );
            Encoder::checkpoint(weights, &options)
        };
        let encoder = encoder.map_err(|error| flags(&error))?;
        encoder.notes().iter().for_each(|line| note!("{}: {line}", weights.display()));
        Ok(Self { layout: FeatureLayout::new(encoder.names())?, encoder })
    }

    pub(crate) const fn layout(&self) -> &FeatureLayout {
        &self.layout
    }

    /// The row of a video.
    pub(crate) fn run(&self, path: &Path) -> Result<Extracted> {
        let found = self.encoder.encode_file(path).map_err(|error| flags(&error));
        let found = found.with_context(|| path.display().to_string())?;
        let row = Row {
            frame: None,
            values: self.encoder.pooled(&found)?,
            frames: found.features.len() as u64,
            undefined: 0,
            recipe: self.encoder.recipe().clone(),
        };
        let assumptions = found.video.assumptions.iter().map(ToString::to_string).chain(found.warnings);
        Ok(Extracted {
            rows: vec![row],
            damage: found.damage.as_deref().map(partly),
            assumptions: assumptions.collect(),
        })
    }
}

/// The library's words in those of the command line.
fn flags(error: &ScoreError) -> anyhow::Error {
    const FLAGS: [(&str, &str); 4] = [
        ("weights", "--weights"),
        ("block", "--block"),
        ("boxes", "--boxes"),
        ("convention", "--convention"),
    ];
    if let ScoreError::NoFace { frames, .. } = error {
        return anyhow::anyhow!("no face in {frames} frames: name it with --boxes, or take --whole-frame");
    }
    let words = FLAGS
        .iter()
        .fold(error.to_string(), |text, (option, flag)| text.replace(&format!("`{option}`"), flag));
    anyhow::Error::msg(words)
}
