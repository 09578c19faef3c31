//! From cached bytes and token ids to tensors.

use anyhow::Result;
use dream_models::deep::candle_core::{Device, Tensor};
use dream_models::deep::methods::da_clip::opdai_frames;
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::args::MethodName;
use crate::data::Item;
use crate::frames::{Frames, Video};
use crate::model::{Batch, Network};
use crate::random::Random;

/// How batches are drawn.
#[derive(Debug)]
pub(crate) struct Drawing<'a> {
    pub(crate) frames: &'a Frames,
    pub(crate) device: &'a Device,
    pub(crate) method: MethodName,
    pub(crate) seed: u64,
    /// Frames of a video.
    pub(crate) count: usize,
    pub(crate) flip: bool,
    /// Pixels, at most, to each side.
    pub(crate) shift: u8,
    /// Sentences of a video: `None` for no text, 0 for all.
    pub(crate) sentences: Option<usize>,
}

/// Purposes of draws.
const FRAMES: u64 = 1;
const FLIP: u64 = 2;
const SENTENCES: u64 = 3;
const SHIFT: u64 = 4;

impl Drawing<'_> {
    /// A batch to learn from; what is drawn depends on seed, epoch and clip alone.
    pub(crate) fn batch(&self, items: &[Item], chosen: &[usize], epoch: u64) -> Result<Batch> {
        let random = |purpose: u64, at: usize| Random::of(self.seed, &[purpose, epoch, at as u64]);
        let one = |&at: &usize| -> Result<Option<(Video, Vec<usize>, bool)>> {
            let Some(item) = items.get(at) else { return Ok(None) };
            let video = item.video(self.frames)?;
            let chosen = match self.method {
                MethodName::Opdai => opdai_frames(video.len())?.to_vec(),
                MethodName::DaClip => random(FRAMES, at).some(video.len(), self.count),
            };
            Ok(Some((video, chosen, self.flip && random(FLIP, at).below(2) == 1)))
        };
        let mut videos: Vec<_> =
            chosen.par_iter().map(one).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        // A batch is a block: a video that has too few frames decides.
        let least = videos.iter().map(|(_, chosen, _)| chosen.len()).min().unwrap_or(0);
        for (_, chosen, _) in &mut videos {
            chosen.truncate(least);
        }
        let picked: Vec<&Item> = chosen.iter().filter_map(|&at| items.get(at)).collect();
        let mos: Vec<f32> = picked.iter().map(|item| single(item.mos)).collect();
        let text = match self.sentences {
            None => None,
            Some(count) => {
                let count = if count == 0 { usize::MAX } else { count };
                let (mut rows, mut counts) = (Vec::new(), Vec::new());
                for (item, &at) in picked.iter().zip(chosen) {
                    let some = random(SENTENCES, at).some(item.sentences.len(), count);
                    counts.push(some.len());
                    rows.extend(some.into_iter().filter_map(|k| item.sentences.get(k)));
                }
                Some((tokens(&rows, self.device)?, counts))
            }
        };
        let videos: Vec<_> = videos.iter().map(|(v, chosen, flip)| (v, chosen.as_slice(), *flip)).collect();
        Ok(Batch {
            frames: block(&videos, self.moved(chosen, epoch), self.frames, self.device)?,
            mos: Tensor::from_vec(mos, picked.len(), self.device)?,
            text,
        })
    }

    /// By how many pixels the frames of a batch are moved, all of them alike: they are compared with each other.
    fn moved(&self, chosen: &[usize], epoch: u64) -> [isize; 2] {
        let first = chosen.first().map_or(0, |&at| at as u64);
        let mut random = Random::of(self.seed, &[SHIFT, epoch, first]);
        let most = isize::from(self.shift);
        [(); 2].map(|()| random.below(2 * usize::from(self.shift) + 1).cast_signed() - most)
    }
}

/// Token ids of sentences, `[sentences, tokens]`.
pub(crate) fn tokens(rows: &[&Vec<u32>], device: &Device) -> Result<Tensor> {
    let width = rows.iter().map(|row| row.len()).max().unwrap_or(0);
    // The first end token is what is pooled, so more of them change nothing.
    let padded = |row: &Vec<u32>| {
        let end = row.last().copied().unwrap_or(0);
        row.iter().copied().chain(std::iter::repeat(end)).take(width).collect::<Vec<u32>>()
    };
    let ids: Vec<u32> = rows.iter().flat_map(|row| padded(row)).collect();
    Ok(Tensor::from_vec(ids, (rows.len(), width), device)?)
}

/// Scores of clips from all of their frames.
pub(crate) fn score(
    network: &Network,
    items: &[Item],
    frames: &Frames,
    device: &Device,
    most: usize,
) -> Result<Vec<f64>> {
    let mut scores = Vec::with_capacity(items.len());
    for chunk in items.chunks(most.max(1)) {
        let videos = chunk.par_iter().map(|item| item.video(frames)).collect::<Result<Vec<_>>>()?;
        let picked = |video: &Video| -> Result<Vec<usize>> {
            Ok(match network {
                Network::Opdai(_) => opdai_frames(video.len())?.to_vec(),
                Network::DaClip(_) => (0..video.len()).collect(),
            })
        };
        let picked = videos.iter().map(picked).collect::<Result<Vec<_>>>()?;
        let all: Vec<_> = videos.iter().zip(&picked).map(|(v, p)| (v, p.as_slice(), false)).collect();
        for same in all.chunk_by(|a, b| a.1.len() == b.1.len()) {
            scores.extend(network.score(&block(same, [0; 2], frames, device)?)?);
        }
    }
    Ok(scores)
}

/// `[videos, frames, 3, side, side]`, normalised, every frame moved up and to the left; what comes in repeats the border.
fn block(
    videos: &[(&Video, &[usize], bool)],
    moved: [isize; 2],
    frames: &Frames,
    device: &Device,
) -> Result<Tensor> {
    let side = frames.preprocess.size;
    let count = videos.first().map_or(0, |(_, chosen, _)| chosen.len());
    let all: Vec<(&[u8], bool)> = videos
        .iter()
        .flat_map(|(video, chosen, flip)| chosen.iter().map(|&at| (video.frame(at), *flip)))
        .collect();
    let tables: Vec<Vec<f32>> = frames
        .preprocess
        .mean
        .into_iter()
        .zip(frames.preprocess.std)
        .map(|(mean, std)| (0..=255_u8).map(|level| (f32::from(level) / 255.0 - mean) / std).collect())
        .collect();
    let [rows, columns] = moved.map(|by| -> Vec<usize> {
        (0..side).map(|at| at.saturating_add_signed(by).min(side.saturating_sub(1))).collect()
    });
    let planes = |(bytes, flip): (&[u8], bool)| -> Vec<f32> {
        let mut out = Vec::with_capacity(bytes.len());
        for (colour, table) in tables.iter().enumerate() {
            let value = |pixel: &[u8; 3]| pixel.get(colour).and_then(|&level| table.get(usize::from(level)));
            for &y in &rows {
                let row = bytes.get(y * side * 3..(y + 1) * side * 3).unwrap_or_default();
                let (pixels, _) = row.as_chunks::<3>();
                let pixels = columns.iter().filter_map(|&x| pixels.get(x));
                if flip {
                    out.extend(pixels.rev().filter_map(value));
                } else {
                    out.extend(pixels.filter_map(value));
                }
            }
        }
        out
    };
    let values: Vec<Vec<f32>> = all.into_par_iter().map(planes).collect();
    Ok(Tensor::from_vec(values.concat(), (videos.len(), count, 3, side, side), device)?)
}

#[expect(clippy::cast_possible_truncation, reason = "networks are single precision")]
fn single(value: f64) -> f32 {
    value as f32
}
