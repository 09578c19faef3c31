//! Why a network gives its score: places in frames, and descriptions of other videos.

use std::sync::Arc;

use anyhow::Result;
use dream_models::deep::candle_core::{Device, Tensor};
use dream_models::deep::explain::map::FrameMap;
use dream_models::deep::methods::da_clip::DaClip;
use dream_models::deep::network::FrameEncoder;
use dream_models::preprocess::{ImageView, ResizeRule};
use score_video::{Details, Score, Scorer};

use crate::explainer::{Open, Settings};
use crate::frames::{Choice, Part, Shown, look, spread};
use crate::known::Known;
use crate::picture::{heat, picture};
use crate::report::{Explained, Frame, Map};

/// How to read the maps.
const MAPS: &str = "Strong colours are places where the network found much of what moved its score. All frames of the video share \
                    one scale of colours. The map is that of attention, activation and gradient (AttCAT): it shows what the \
                    network used, and not what is wrong with the picture.";

/// A network that has more to say than its score.
pub(crate) struct Networks {
    /// Where in frames its score comes from.
    model: Option<Arc<DaClip>>,
    /// What people wrote about other videos.
    known: Known,
    frames: usize,
    sentences: usize,
}

impl Networks {
    /// The network of a scorer; nothing for a model of features.
    pub(crate) fn of(scorer: &Scorer, settings: &Settings) -> Result<Option<Self>> {
        if scorer.about().checkpoint.is_none() {
            return Ok(None);
        }
        let described = scorer.described();
        let known = described.map_or(Ok(Known::NONE), |described| Known::open(described, settings))?;
        let model = described.map(|described| Arc::clone(&described.network));
        let (frames, sentences) = (settings.frames, settings.sentences);
        Ok(Some(Self { model, known, frames, sentences }))
    }

    /// Adds frames with their maps, sentences and labels.
    pub(crate) fn explain(
        &self,
        (name, score): (&str, &Score),
        details: &Details,
        open: &mut Open<'_>,
        found: &mut Explained,
    ) -> Result<()> {
        let features = features(details)?;
        let chosen = spread(&details.times, self.frames);
        let times: Vec<f64> = chosen.iter().filter_map(|at| details.times.get(*at).copied()).collect();
        let part = score.face.and_then(|face| face.part).map_or(Part::Whole, Part::Pixels);
        let (traces, mut maps) = (score.traces.as_ref(), Vec::new());
        if !times.is_empty() {
            look(open()?, &Choice::At(times), part, |shown| {
                let seen =
                    traces.and_then(|traces| traces.frames.iter().find(|frame| frame.time == shown.time));
                let mut frame = self.frame(&shown)?;
                frame.traces = seen.map(|frame| frame.traces);
                found.frames.push(frame);
                let position = details.times.iter().position(|time| *time == shown.time);
                if let (Some(model), Some(features), Some(position)) = (&self.model, &features, position) {
                    maps.push(map(model, &shown, features, position)?);
                }
                Ok(())
            })?;
        }
        // One scale of colours for all frames.
        let all = maps.iter().flatten().flatten();
        let largest = all.fold(0.0_f64, |most, impact| most.max(impact.abs()));
        for (frame, impacts) in found.frames.iter_mut().zip(maps) {
            let (words, png) = (place(&impacts), heat(&impacts, largest)?);
            frame.map = Some(Map { impacts, words, png });
            found.maps = Some(MAPS.to_owned());
        }
        if let (Some(model), Some(features)) = (&self.model, &features) {
            let representation = model.pool(&features.unsqueeze(0)?)?.squeeze(0)?;
            self.known.explain(name, model, &representation, self.sentences, found)?;
        }
        Ok(())
    }

    /// A frame as people see it; as the network sees it where it cuts something off, so that the map fits.
    fn frame(&self, shown: &Shown<'_>) -> Result<Frame> {
        let view = ImageView::rgb(shown.rgb, shown.width, shown.height)?;
        let pixels = self.model.as_ref().map(|model| &model.input().pixels);
        let cut = pixels.filter(|pixels| matches!(pixels.rule, ResizeRule::ShortSideCenterCrop { .. }));
        let picture = match cut {
            Some(pixels) => {
                let square = pixels.resize(&view)?;
                picture(&square.data, square.width, square.height)?
            }
            None => picture(shown.rgb, shown.width, shown.height)?,
        };
        let (size, jpeg) = (picture.size, picture.jpeg);
        Ok(Frame { index: shown.index, time: shown.time, size, jpeg, ..Frame::default() })
    }
}

/// What the network made of all frames, `[frames, features]`.
fn features(details: &Details) -> Result<Option<Tensor>> {
    let Some(width) = details.encoded.first().map(Vec::len) else { return Ok(None) };
    Ok(Some(Tensor::from_vec(details.encoded.concat(), (details.encoded.len(), width), &Device::Cpu)?))
}

/// Signed impacts, row by row.
fn map(model: &DaClip, shown: &Shown<'_>, features: &Tensor, position: usize) -> Result<Vec<Vec<f64>>> {
    let (view, pixels) = (ImageView::rgb(shown.rgb, shown.width, shown.height)?, &model.input().pixels);
    let (width, height) = pixels.output_size(shown.width, shown.height);
    let mut planes = vec![0.0; pixels.len_of(shown.width, shown.height)];
    pixels.apply(&view, &mut planes)?;
    let frame = Tensor::from_vec(planes, (1, 3, height, width), &Device::Cpu)?;
    let found = model.explain_frame(&frame, features, position)?;
    let map = FrameMap::of(&found.total, 0)?;
    let impacts: Vec<f64> = map.cells().map(|(_, impact)| impact).collect();
    Ok(impacts.chunks(map.columns().max(1)).map(<[f64]>::to_vec).collect())
}

/// Where the map lowers the score most, in words.
fn place(impacts: &[Vec<f64>]) -> String {
    let places = impacts.iter().enumerate();
    let places =
        places.flat_map(|(row, line)| line.iter().enumerate().map(move |(at, impact)| (row, at, *impact)));
    let Some((row, column, impact)) = places.min_by(|a, b| a.2.total_cmp(&b.2)) else { return String::new() };
    if impact >= 0.0 {
        return "no place lowers the score".to_owned();
    }
    let third = |at: usize, of: usize, words: [&'static str; 3]| {
        let [first, middle, last] = words;
        match 3 * at / of.max(1) {
            0 => first,
            1 => middle,
            _ => last,
        }
    };
    let width = impacts.first().map_or(0, Vec::len);
    let (down, across) = (
        third(row, impacts.len(), ["upper", "middle", "lower"]),
        third(column, width, ["left", "centre", "right"]),
    );
    format!("the score is lowered most in the {down} {across}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_words() {
        let mut impacts = vec![vec![0.5; 6]; 6];
        assert_eq!(place(&impacts), "no place lowers the score");
        impacts[1][5] = -1.0;
        assert_eq!(place(&impacts), "the score is lowered most in the upper right");
        impacts[3][2] = -2.0;
        assert_eq!(place(&impacts), "the score is lowered most in the middle centre");
        assert_eq!(place(&[]), "");
    }
}
