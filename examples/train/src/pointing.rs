//! Whether explanations of a network fall on what is wrong with a clip: clips with one planted artifact, of which the place is
//! known.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_data::dataset::ClipId;
use dream_data::synthetic::{Planted, Synthetic};
use dream_data::tagging::{Artifact, Place};
use dream_data::{PixelRect, RelativeBox};
use dream_eval::PointingGame;
use dream_models::deep::candle_core::{DType, Device};
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::explain::map::FrameMap;
use dream_models::deep::input::{FaceRule, FramePlan, Input};
use dream_models::deep::methods::da_clip::DaClip;
use dream_models::deep::network::FrameEncoder;

use crate::batch::block;
use crate::data::{Clip, about};
use crate::files::write;
use crate::frames::Frames;
use crate::scoring::Scoring;
use crate::threads::{bar, with_threads};

/// How strong the artifacts are.
const STRENGTH: f64 = 1.0;

/// A clip with one artifact, and what the network makes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pointed {
    /// The clip of the data set whose person and movements it has.
    pub clip: String,
    /// The artifact.
    pub planted: Planted,
    /// Scores with the artifact, and of the same clip without any.
    pub scores: [f64; 2],
}

/// The pointing game of a network, with every way to read its signed maps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pointing {
    /// The least value of the map, which lowers the score most: what an artifact should be.
    pub lowers: PointingGame,
    /// The value that is the largest by size, of either sign.
    pub absolute: PointingGame,
    /// The largest value, which raises the score most.
    pub raises: PointingGame,
    /// The least value of the difference to the map of the same clip without the artifact.
    pub change: PointingGame,
    /// The clips.
    pub clips: Vec<Pointed>,
}

/// Renders `count` clips of a generated data set with one local artifact each and without any, and sees where the maps of a
/// checkpoint of DA-CLIP fall. Artifacts, places and clips take turns, so nothing is drawn. The clips stay in `folder`, for those
/// who want to look at them. Of `how` the device, the threads, the reading and the progress bar matter.
///
/// # Errors
/// When the checkpoint cannot be read, looks at detected faces or at other frames than every n-th, or `folder` cannot be
/// written.
pub fn pointing(
    checkpoint: &Path,
    synthetic: &Synthetic,
    count: usize,
    folder: &Path,
    how: &Scoring<'_>,
) -> Result<Pointing> {
    with_threads(how.threads, || {
        let named = || format!("the checkpoint {}", checkpoint.display());
        let file = Checkpoint::open(checkpoint).with_context(named)?;
        let device = how.device.open()?;
        let model = DaClip::load_visual(&file, DType::F32, &device).with_context(named)?;
        let input = FrameEncoder::input(&model);
        let eye = Eye {
            model: &model,
            frames: Frames { folder: None, input, reading: &how.reading },
            device: &device,
        };
        let part = part(input, synthetic).with_context(named)?;
        let FramePlan::Every { n: every } = input.frames else {
            anyhow::bail!("{}: the places of artifacts are known for every n-th frame only", named());
        };
        let mut found = Pointing::default();
        let bar = bar("clips", count, how.quiet)?;
        for (at, planted) in cases(synthetic, &part, every, count)? {
            let id = synthetic.clips().get(at).context("a clip")?.clip.id.clone();
            // One name for each clip and artifact.
            let name = format!("{at}-{}-{}.y4m", planted.place, planted.artifact).replace([' ', '/'], "-");
            let see = |state: &str, planted: &[Planted]| {
                let path = folder.join(state).join(&name);
                render(synthetic, at, planted, &path)?;
                eye.look(&id, &path, [part.width, part.height])
            };
            let (with, score) = see("with", &[planted])?;
            let (without, before) = see("without", &[])?;
            let region = region(synthetic, at, &planted, &part, every)?;
            let size = [part.height, part.width];
            let each = |of: fn((&f64, &f64)) -> f64| with.iter().zip(&without).map(of).collect::<Vec<f64>>();
            found.lowers.add(&each(|(value, _)| -value), &region, size)?;
            found.absolute.add(&each(|(value, _)| value.abs()), &region, size)?;
            found.raises.add(&with, &region, size)?;
            found.change.add(&each(|(value, before)| before - value), &region, size)?;
            found.clips.push(Pointed { clip: id.to_string(), planted, scores: [score, before] });
            bar.inc(1);
        }
        Ok(found)
    })
}

/// A network that looks at clips.
struct Eye<'a> {
    model: &'a DaClip,
    frames: Frames<'a>,
    device: &'a Device,
}

impl Eye<'_> {
    /// The maps of all frames, on as many pixels as the network sees of them, and the score.
    fn look(&self, id: &ClipId, path: &Path, [width, height]: [usize; 2]) -> Result<(Vec<f64>, f64)> {
        let clip = Clip {
            about: about(id.clone()),
            path: path.to_owned(),
            face: None,
            mos: 0.0,
            sentences: Vec::new(),
        };
        let video = self.frames.get(&clip)?;
        let count = video.len();
        let seen = block(&[(video, (0..count).collect(), false)], count, [0; 2], &self.frames, self.device)?;
        let explained = self.model.explain_video(&seen.squeeze(0)?)?;
        let mut pixels = Vec::with_capacity(count * width * height);
        for frame in 0..count {
            pixels.extend(FrameMap::of(&explained.total, frame)?.pixels(width, height)?);
        }
        Ok((pixels, explained.score))
    }
}

/// The pixels of a frame that the network sees, as videos of 4:2:0 are cut.
fn part(input: &Input, synthetic: &Synthetic) -> Result<PixelRect> {
    let [left, top, right, bottom] = match &input.face {
        FaceRule::Whole => [0.0, 0.0, 1.0, 1.0],
        FaceRule::Crop { corners } => *corners,
        _ => anyhow::bail!("it looks at detected faces; generated clips have none: train it with --crop"),
    };
    let (width, height) = (synthetic.config().width as usize, synthetic.config().height as usize);
    Ok(RelativeBox::new(left, top, right, bottom)?.to_even_pixels(width, height))
}

/// Clips and their artifacts: of every kind at every place that is a part of the face and that the network sees.
fn cases(synthetic: &Synthetic, part: &PixelRect, every: u64, count: usize) -> Result<Vec<(usize, Planted)>> {
    let moves = [Artifact::Stiffness, Artifact::FrameDrop];
    let whole = [Place::Face, Place::Contour, Place::NotSpecified];
    let kinds = Planted::kinds().iter().filter(|(artifact, _)| !moves.contains(artifact));
    let pairs = kinds.flat_map(|(artifact, places)| {
        places.iter().map(|place| Planted { place: *place, artifact: *artifact, strength: STRENGTH })
    });
    let pairs: Vec<Planted> = pairs.filter(|planted| !whole.contains(&planted.place)).collect();
    let all = synthetic.clips().len();
    let mut cases = Vec::with_capacity(count);
    // A place that is hardly seen is left out, and another clip takes its turn.
    for (turn, planted) in pairs.iter().cycle().enumerate().take(20 * count) {
        if cases.len() == count {
            break;
        }
        let at = turn * 7919 % all.max(1);
        let seen = region(synthetic, at, planted, part, every)?.into_iter().filter(|inside| *inside).count();
        let whole = frames(synthetic, every).map(|frame| synthetic.region(at, frame, planted));
        let whole =
            whole.collect::<Result<Vec<_>, _>>()?.concat().into_iter().filter(|inside| *inside).count();
        if seen > 0 && 2 * seen >= whole {
            cases.push((at, *planted));
        }
    }
    ensure!(
        cases.len() == count,
        "the network sees too little of the faces: {} of {count} clips",
        cases.len()
    );
    Ok(cases)
}

/// The frames that the network sees.
fn frames(synthetic: &Synthetic, every: u64) -> impl Iterator<Item = u32> {
    let every = usize::try_from(every).unwrap_or(usize::MAX);
    (0..synthetic.config().frames).step_by(every)
}

/// The region of an artifact in the part of each frame that is seen, one frame after the other.
fn region(
    synthetic: &Synthetic,
    clip: usize,
    planted: &Planted,
    part: &PixelRect,
    every: u64,
) -> Result<Vec<bool>> {
    let width = synthetic.config().width as usize;
    let mut seen = Vec::new();
    for frame in frames(synthetic, every) {
        let whole = synthetic.region(clip, frame, planted)?;
        let rows = whole.chunks_exact(width).skip(part.top).take(part.height);
        seen.extend(rows.flat_map(|row| row.iter().skip(part.left).take(part.width).copied()));
    }
    Ok(seen)
}

/// Writes a clip.
fn render(synthetic: &Synthetic, clip: usize, planted: &[Planted], path: &Path) -> Result<()> {
    write(path, &synthetic.render_with(clip, planted, Vec::new())?)
}

#[cfg(test)]
mod tests {
    use dream_data::synthetic::SyntheticConfig;

    use super::*;

    #[test]
    fn regions_are_cut_like_frames() {
        let config = SyntheticConfig { identities: 4, methods: 9, frames: 8, ..SyntheticConfig::default() };
        let synthetic = Synthetic::new(config).unwrap();
        let corners = [0.17, 0.0, 0.83, 0.8];
        let input = Input { face: FaceRule::Crop { corners }, ..Input::default() };
        let part = part(&input, &synthetic).unwrap();
        assert_eq!((part.left, part.top, part.width, part.height), (16, 0, 64, 64));
        let cases = cases(&synthetic, &part, 6, 30).unwrap();
        assert_eq!(cases.len(), 30);
        let places = cases.iter().map(|(_, planted)| planted.place.to_string());
        assert!(places.collect::<std::collections::BTreeSet<_>>().len() >= 6);
        for (clip, planted) in &cases {
            assert!(!matches!(planted.place, Place::Neck | Place::Face | Place::Contour), "{planted:?}");
            let whole = synthetic.region(*clip, 6, planted).unwrap();
            let seen = region(&synthetic, *clip, planted, &part, 6).unwrap();
            assert_eq!(seen.len(), 2 * 64 * 64);
            // The second frame that is seen, at a place of the cut.
            let (x, y) = (30, 41);
            assert_eq!(seen[64 * 64 + y * 64 + x], whole[(y + part.top) * 96 + x + part.left]);
            let inside = |mask: &[bool]| mask.iter().filter(|inside| **inside).count();
            assert!(inside(&seen[64 * 64..]) <= inside(&whole));
        }
    }
}
