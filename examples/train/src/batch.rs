//! From cached bytes and token ids to tensors.

use anyhow::Result;
use dream_models::deep::candle_core::{Device, Tensor};
use dream_models::deep::text::clip::Tokens;
use dream_models::deep::train::augment::changed;
use dream_models::deep::train::draws::Draws;

use crate::data::{Clip, Sentences};
use crate::frames::{Frames, Video};
use crate::methods::{Batch, Taken, Text};
use crate::threads::all;

/// How batches are drawn.
#[derive(Debug)]
pub(crate) struct Drawing<'a> {
    pub(crate) frames: &'a Frames<'a>,
    /// Whether the videos are seen; those of a step that only reads are not opened.
    pub(crate) sees: bool,
    pub(crate) device: &'a Device,
    pub(crate) seed: u64,
    pub(crate) taken: Taken,
    /// Frames of a video, for [`Taken::Drawn`].
    pub(crate) count: usize,
    pub(crate) flip: bool,
    /// Pixels, at most, to each side.
    pub(crate) shift: u8,
    /// Sentences of a video, 0 for all.
    pub(crate) sentences: usize,
}

/// Purposes of draws.
const FRAMES: u64 = 1;
const FLIP: u64 = 2;
const SENTENCES: u64 = 3;
const SHIFT: u64 = 4;
const NETWORK: u64 = 5;

/// A video, which of its frames are seen, and whether they are mirrored.
pub(crate) type Seen = (Video, Vec<usize>, bool);

impl Drawing<'_> {
    /// A batch to learn from; what is drawn depends on seed, epoch and clip alone. `texts` is empty where ids of sentences
    /// are not asked for.
    pub(crate) fn batch(
        &self,
        clips: &[Clip],
        texts: &[Sentences],
        chosen: &[usize],
        epoch: u64,
    ) -> Result<Batch> {
        let mos: Vec<f32> =
            chosen.iter().filter_map(|&at| clips.get(at)).map(|clip| single(clip.mos)).collect();
        let count = mos.len();
        let text = if texts.is_empty() { Text::Nothing } else { self.text(texts, chosen, epoch)? };
        Ok(Batch {
            frames: self.sees.then(|| self.videos(clips, chosen, epoch)).transpose()?,
            mos: Tensor::from_vec(mos, count, self.device)?,
            draws: chosen.iter().map(|&at| self.random(NETWORK, epoch, at)).collect(),
            text,
        })
    }

    fn random(&self, purpose: u64, epoch: u64, at: usize) -> Draws {
        Draws::of(self.seed, &[purpose, epoch, at as u64])
    }

    /// Some frames of every video, `[videos, frames, 3, side, side]`.
    fn videos(&self, clips: &[Clip], chosen: &[usize], epoch: u64) -> Result<Tensor> {
        let one = |&at: &usize| -> Result<Option<Seen>> {
            let Some(clip) = clips.get(at) else { return Ok(None) };
            let video = self.frames.get(clip)?;
            let (all, mut random) = (video.len(), self.random(FRAMES, epoch, at));
            let chosen = match self.taken {
                Taken::All => (0..all).collect(),
                Taken::Drawn => random.some(all, self.count),
                Taken::Clip(length) => {
                    let start = random.below(all.saturating_sub(length) + 1);
                    (start..all.min(start + length)).collect()
                }
            };
            Ok(Some((video, chosen, self.flip && self.random(FLIP, epoch, at).below(2) == 1)))
        };
        let mut videos: Vec<Seen> = all(chosen, one)?.into_iter().flatten().collect();
        // A batch is a block: a video that has too few frames decides, unless clips are filled up.
        let least = videos.iter().map(|(_, chosen, _)| chosen.len()).min().unwrap_or(0);
        let length = if let Taken::Clip(length) = self.taken { length } else { least };
        for (_, chosen, _) in &mut videos {
            chosen.truncate(length);
        }
        block(&videos, length, self.moved(chosen, epoch), self.frames, self.device)
    }

    /// Token ids of some sentences of every video, and how many those are.
    fn text(&self, texts: &[Sentences], chosen: &[usize], epoch: u64) -> Result<Text> {
        let most = if self.sentences == 0 { usize::MAX } else { self.sentences };
        let (mut rows, mut counts) = (Vec::new(), Vec::new());
        for &at in chosen {
            let Some(sentences) = texts.get(at) else { continue };
            let some = self.random(SENTENCES, epoch, at).some(sentences.len(), most);
            counts.push(some.len());
            rows.extend(some.into_iter().filter_map(|k| sentences.get(k)));
        }
        Ok(Text::Ids(Tokens::stack(&rows, self.device)?, counts))
    }

    /// By how many pixels the frames of a batch are moved, all of them alike: they are compared with each other.
    fn moved(&self, chosen: &[usize], epoch: u64) -> [isize; 2] {
        let mut random = self.random(SHIFT, epoch, chosen.first().copied().unwrap_or(0));
        let most = isize::from(self.shift);
        [(); 2].map(|()| random.below(2 * usize::from(self.shift) + 1).cast_signed() - most)
    }
}

/// The bytes of a frame, and whether it is mirrored; `None` for one that the video lacks.
type Picture<'a> = Option<(&'a [u8], bool)>;

fn picture((video, chosen, flip): &Seen, place: usize) -> Picture<'_> {
    Some((video.frame(*chosen.get(place)?), *flip))
}

/// `[videos, count, 3, side, side]`, normalised, every frame moved up and to the left; what comes in repeats the border. What a
/// video lacks of `count` frames is zero.
pub(crate) fn block(
    videos: &[Seen],
    count: usize,
    moved: [isize; 2],
    frames: &Frames<'_>,
    device: &Device,
) -> Result<Tensor> {
    let preprocess = &frames.input.pixels;
    let side = preprocess.size;
    let pictures: Vec<Picture<'_>> =
        videos.iter().flat_map(|seen| (0..count).map(move |place| picture(seen, place))).collect();
    let planes = |picture: &Picture<'_>| -> Result<Vec<f32>> {
        let Some((bytes, flip)) = *picture else { return Ok(vec![0.0; preprocess.len()]) };
        let changed = changed(bytes, side, flip, moved);
        let mut out = vec![0.0; changed.len()];
        preprocess.normalise(&changed, &mut out)?;
        Ok(out)
    };
    let values = all(&pictures, planes)?;
    Ok(Tensor::from_vec(values.concat(), (videos.len(), count, 3, side, side), device)?)
}

#[expect(clippy::cast_possible_truncation, reason = "networks are single precision")]
fn single(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use dream_data::dataset::ClipId;
    use dream_models::deep::input::Input;
    use dream_models::preprocess::Preprocess;

    use super::*;
    use crate::data::about;
    use crate::input::ReadArgs;

    #[test]
    fn a_step_that_only_reads_opens_no_video() {
        let input = Input::default();
        let frames = Frames { folder: None, input: &input, reading: &ReadArgs::default() };
        let clip = |mos: f64| {
            let about = about(ClipId::new("nowhere.mp4").unwrap());
            Clip { about, path: "nowhere.mp4".into(), face: None, mos, sentences: Vec::new() }
        };
        let drawing = Drawing {
            frames: &frames,
            sees: false,
            device: &Device::Cpu,
            seed: 1,
            taken: Taken::Drawn,
            count: 2,
            flip: true,
            shift: 1,
            sentences: 0,
        };
        let (clips, texts) = ([clip(2.0), clip(4.0)], [vec![vec![5; 3]; 2], vec![vec![7; 3]]]);
        let batch = drawing.batch(&clips, &texts, &[1, 0], 0).unwrap();
        assert!(batch.frames.is_none() && matches!(&batch.text, Text::Ids(_, counts) if *counts == [1, 2]));
        assert_eq!(batch.mos.to_vec1::<f32>().unwrap(), [4.0, 2.0]);
        assert!(Drawing { sees: true, ..drawing }.batch(&clips, &texts, &[1, 0], 0).is_err());
    }

    #[test]
    fn what_a_video_lacks_is_zero_behind_the_normalisation() {
        let input = Input { pixels: Preprocess { size: 2, ..Preprocess::default() }, ..Input::default() };
        let frames = Frames { folder: None, input: &input, reading: &ReadArgs::default() };
        let seen = |levels: &[u8]| -> Seen {
            let bytes = levels.iter().flat_map(|&level| [level; 12]).collect();
            (Video::new(bytes, 12, Vec::new()), (0..levels.len()).collect(), false)
        };
        let both = [seen(&[0, 255]), seen(&[9, 8, 7])];
        let found = block(&both, 3, [0; 2], &frames, &Device::Cpu).unwrap();
        assert_eq!(found.dims(), [2, 3, 3, 2, 2]);
        let rows = found.flatten_from(2).unwrap().to_vec3::<f32>().unwrap();
        let zero = |row: &Vec<f32>| row.iter().all(|&value| value == 0.0);
        let zeros: Vec<bool> = rows.iter().flatten().map(zero).collect();
        assert_eq!(zeros, [false, false, true, false, false, false]);
    }
}
