//! Scores of clips.

use std::path::Path;

use anyhow::{Context, Result};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::methods;
use dream_models::deep::network::VideoNetwork;
use indicatif::ProgressBar;

use crate::batch::{Seen, block};
use crate::data::Clip;
use crate::frames::Frames;
use crate::input::ReadArgs;
use crate::options::DeviceName;
use crate::threads::{all, bar, with_threads};

/// How clips are scored.
#[derive(Debug, Default)]
pub struct Scoring<'a> {
    /// What computes.
    pub device: DeviceName,
    /// Where decoded frames are kept, if they are to be kept.
    pub cache: Option<&'a Path>,
    /// 0: one per processor.
    pub threads: usize,
    /// How the videos are read.
    pub reading: ReadArgs,
    /// Videos at a time, 0: eight. Scores do not depend on it.
    pub batch: usize,
    /// No progress bar.
    pub quiet: bool,
}

/// Scores of clips by a checkpoint of any method, from the frames, boxes and pixels that it says it looks at.
///
/// # Errors
/// When the checkpoint or a video cannot be read, and when a clip has no box although the network looks at faces.
pub fn score(checkpoint: &Path, clips: &[Clip], how: &Scoring<'_>) -> Result<Vec<f64>> {
    with_threads(how.threads, || {
        let device = how.device.open()?;
        let named = || format!("the checkpoint {}", checkpoint.display());
        let file = Checkpoint::open(checkpoint).with_context(named)?;
        let network = methods::load(&file, DType::F32, &device).with_context(named)?;
        let frames = Frames { folder: how.cache, input: network.input(), reading: &how.reading };
        let bar = bar("scores", clips.len(), how.quiet)?;
        let batch = if how.batch == 0 { 8 } else { how.batch };
        scores(&*network, clips, &frames, &device, batch, &bar)
    })
}

/// Scores of clips from all frames that the network looks at, `most` clips at a time.
pub(crate) fn scores(
    network: &dyn VideoNetwork,
    clips: &[Clip],
    frames: &Frames<'_>,
    device: &Device,
    most: usize,
    bar: &ProgressBar,
) -> Result<Vec<f64>> {
    let mut scores = Vec::with_capacity(clips.len());
    for chunk in clips.chunks(most.max(1)) {
        encoded(network, chunk, frames, device, |encoded| {
            scores.extend(network.score(&encoded)?.to_dtype(DType::F64)?.to_vec1::<f64>()?);
            Ok(())
        })?;
        bar.inc(chunk.len() as u64);
    }
    Ok(scores)
}

/// What the network sees in the frames of some clips, in their order: `[videos, frames, width]` for those that follow each
/// other and have equally many frames.
fn encoded(
    network: &dyn VideoNetwork,
    clips: &[Clip],
    frames: &Frames<'_>,
    device: &Device,
    mut take: impl FnMut(Tensor) -> Result<()>,
) -> Result<()> {
    let videos = all(clips, |clip| whole(clip, frames))?;
    for same in videos.chunk_by(|a, b| a.1.len() == b.1.len()) {
        let count = same.first().map_or(0, |(_, chosen, _)| chosen.len());
        let block = block(same, count, [0; 2], frames, device)?;
        let (videos, _, planes, height, width) = block.dims5()?;
        let encoded = network.encode(&block.reshape((videos * count, planes, height, width))?)?;
        take(encoded.reshape((videos, count, ()))?)?;
    }
    Ok(())
}

/// A clip with all frames that the network looks at.
fn whole(clip: &Clip, frames: &Frames<'_>) -> Result<Seen> {
    let video = frames.get(clip)?;
    let chosen = (0..video.len()).collect();
    Ok((video, chosen, false))
}

/// What a network makes of a clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Represented {
    /// Its score.
    pub score: f64,
    /// Its representation, where the network has some.
    pub representation: Option<Vec<f32>>,
}

impl Scoring<'_> {
    /// Scores and representations of a few clips, which are all read at once. Called on [threads](crate::with_threads)
    /// with large stacks.
    ///
    /// # Errors
    /// As [`score`].
    pub fn represent(&self, network: &dyn VideoNetwork, clips: &[Clip]) -> Result<Vec<Represented>> {
        let frames = Frames { folder: self.cache, input: network.input(), reading: &self.reading };
        let mut found = Vec::with_capacity(clips.len());
        encoded(network, clips, &frames, &self.device.open()?, |encoded| {
            let scores = network.score(&encoded)?.to_dtype(DType::F64)?.to_vec1::<f64>()?;
            let rows = network.represent(&encoded)?;
            let rows = rows.map(|rows| rows.to_dtype(DType::F32)?.to_vec2::<f32>()).transpose()?;
            let mut rows = rows.into_iter().flatten();
            found.extend(scores.into_iter().map(|score| Represented { score, representation: rows.next() }));
            Ok(())
        })?;
        Ok(found)
    }

    /// All frames of a clip that a network looks at, as it takes them, `[frames, 3, side, side]`, and as bytes of RGB.
    ///
    /// # Errors
    /// As [`score`].
    pub fn frames(&self, network: &dyn VideoNetwork, clip: &Clip) -> Result<(Tensor, Vec<Vec<u8>>)> {
        let frames = Frames { folder: self.cache, input: network.input(), reading: &self.reading };
        let seen = whole(clip, &frames)?;
        let count = seen.1.len();
        let bytes = (0..count).map(|at| seen.0.frame(at).to_vec()).collect();
        Ok((block(&[seen], count, [0; 2], &frames, &self.device.open()?)?.squeeze(0)?, bytes))
    }
}
