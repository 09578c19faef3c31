//! Scores of clips.

use std::path::Path;

use anyhow::{Context, Result};
use dream_models::deep::candle_core::{DType, Device};
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
        let seen = |clip: &Clip| -> Result<Seen> {
            let video = frames.get(clip)?;
            let frames = (0..video.len()).collect();
            Ok((video, frames, false))
        };
        let videos = all(chunk, seen)?;
        for same in videos.chunk_by(|a, b| a.1.len() == b.1.len()) {
            let count = same.first().map_or(0, |(_, chosen, _)| chosen.len());
            let block = block(same, count, [0; 2], frames, device)?;
            let (videos, _, planes, height, width) = block.dims5()?;
            let encoded = network.encode(&block.reshape((videos * count, planes, height, width))?)?;
            let found = network.score(&encoded.reshape((videos, count, ()))?)?;
            scores.extend(found.to_dtype(DType::F64)?.to_vec1::<f64>()?);
        }
        bar.inc(chunk.len() as u64);
    }
    Ok(scores)
}
