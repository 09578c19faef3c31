//! Whether maps fall on what is wrong: clips of a generated data set with one planted artifact, of which the place is known.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use dream_data::synthetic::{Synthetic, SyntheticConfig};
use dream_eval::PointingGame;
use dream_models::deep::input::{FaceRule, FramePlan, Input};
use dream_models::deep::network::FrameEncoder;
use serde::Deserialize;
use serde_json::Value;
use train::Pointing;

use crate::explained::Explained;
use crate::print::note;

/// What came of the pointing game.
#[derive(Debug, Clone)]
pub(crate) enum Pointed {
    /// Why it could not be played.
    LeftOut(String),
    Played {
        clips: usize,
        /// Clips whose score the artifact lowers.
        fell: usize,
        /// The first is the one that is meant.
        rows: Vec<Row>,
    },
}

/// A way to read a map: how often it falls on the artifact, and how often what needs no map does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    /// For the page, and for the table.
    pub(crate) what: &'static str,
    pub(crate) name: &'static str,
    pub(crate) accuracy: f64,
    /// The share of the artifact in all that is seen.
    pub(crate) random: f64,
    /// The middle of a frame.
    pub(crate) centre: f64,
}

/// Plays it with as many clips as were asked for, where the data set says where an artifact is; nothing for none.
pub(crate) fn play(of: &Explained<'_>) -> Result<Option<Pointed>> {
    let count = usize::from(of.args.pointing_clips);
    if count == 0 {
        return Ok(None);
    }
    let names: BTreeSet<&str> = of.clips.iter().map(|clip| clip.name()).collect();
    let found = seen(of.network.input()).and_then(|()| planted(&of.args.data, &names));
    let synthetic = match found {
        Ok(synthetic) => synthetic,
        Err(why) => {
            note!("note: no pointing game: {why}");
            return Ok(Some(Pointed::LeftOut(why)));
        }
    };
    let folder = of.args.out.join("cache").join("pointing");
    let played = train::pointing(&of.args.weights, &synthetic, count, &folder, &of.how());
    let played = played.context("the pointing game, which --pointing-clips 0 leaves out")?;
    Ok(Some(told(&played)?))
}

fn told(played: &Pointing) -> Result<Pointed> {
    let row = |name, what, game: &PointingGame| -> Result<Row> {
        let (accuracy, random, centre) = (game.accuracy()?, game.random()?, game.centre()?);
        Ok(Row { what, name, accuracy, random, centre })
    };
    let rows = vec![
        row("lowers", "where it lowers the score most", &played.lowers)?,
        row("absolute", "the largest value of either sign", &played.absolute)?,
        row("raises", "where it raises the score most", &played.raises)?,
        row("change", "what the artifact lowers most, against the clip without it", &played.change)?,
    ];
    let fell = played.clips.iter().filter(|clip| clip.scores[0] < clip.scores[1]).count();
    Ok(Pointed::Played { clips: played.clips.len(), fell, rows })
}

/// Whether it is known where the frames that a network sees were cut.
fn seen(input: &Input) -> Result<(), String> {
    let because = |why: &str| Err(format!("{why}, and clips that are drawn have none of their own"));
    match (&input.face, &input.frames) {
        (FaceRule::Whole | FaceRule::Crop { .. }, FramePlan::Every { .. }) => Ok(()),
        (FaceRule::Whole | FaceRule::Crop { .. }, _) => {
            Err("the network looks at other frames than every n-th".to_owned())
        }
        _ => because("the network looks at detected faces"),
    }
}

/// The generated data set of a folder, all of whose clips are among its own; why there is none.
fn planted(data: &Path, names: &BTreeSet<&str>) -> Result<Synthetic, String> {
    let Ok(bytes) = fs::read(data.join("truth.json")) else {
        return Err("the data set does not say where its artifacts are".to_owned());
    };
    let damaged = |cause: &dyn std::fmt::Display| {
        format!("truth.json of the data set is not that of this version: {cause}")
    };
    let truth: Value = serde_json::from_slice(&bytes).map_err(|cause| damaged(&cause))?;
    if truth.get("people").is_some() {
        return Err("the people of the data set are photographs, which lie elsewhere".to_owned());
    }
    let config = truth.get("config").cloned().unwrap_or_default();
    let config = Config::deserialize(config).map_err(|cause| damaged(&cause))?;
    let synthetic = Synthetic::new(config.into_config()?).map_err(|cause| damaged(&cause))?;
    let own: BTreeSet<&str> = synthetic.clips().iter().map(|clip| clip.clip.id.as_str()).collect();
    match names.iter().find(|name| !own.contains(*name)) {
        Some(_) => Err("the data set has clips that are not those of its truth.json".to_owned()),
        None => Ok(synthetic),
    }
}

/// The settings as `synthesize-dataset` writes them down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    identities: usize,
    methods: usize,
    takes: usize,
    frames: u32,
    width: u32,
    height: u32,
    frame_rate: String,
    portraits: bool,
    seed: u64,
    a: f64,
    raters: usize,
    careless_share: f64,
    slip: f64,
    bias_share: f64,
    session_clips: usize,
    session_checkers: usize,
    attempts: usize,
}

impl Config {
    fn into_config(self) -> Result<SyntheticConfig, String> {
        let rate = self.frame_rate.parse();
        Ok(SyntheticConfig {
            frame_rate: rate.map_err(|cause: dream_data::Error| cause.to_string())?,
            identities: self.identities,
            methods: self.methods,
            takes: self.takes,
            frames: self.frames,
            width: self.width,
            height: self.height,
            portraits: self.portraits,
            seed: self.seed,
            a: self.a,
            raters: self.raters,
            careless_share: self.careless_share,
            slip: self.slip,
            bias_share: self.bias_share,
            session_clips: self.session_clips,
            session_checkers: self.session_checkers,
            attempts: self.attempts,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_set_is_the_one_that_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let none = planted(folder.path(), &BTreeSet::new()).unwrap_err();
        assert!(none.contains("does not say"), "{none}");
        let data = train::testing::tree(folder.path());
        let known = planted(&data, &BTreeSet::from(["C1/nowhere.y4m"])).unwrap_err();
        assert!(known.contains("not those"), "{known}");
        let found = planted(&data, &BTreeSet::new()).unwrap();
        // The same bytes as in the folder.
        let clip = &found.clips()[5];
        let path = data.join("videos").join(clip.clip.id.as_str());
        let rendered = found.render_with(5, &clip.visible(), Vec::new()).unwrap();
        assert_eq!((found.config().identities, found.config().seed), (4, 3));
        assert!(fs::read(path).unwrap() == rendered);

        let truth = data.join("truth.json");
        let text = fs::read_to_string(&truth).unwrap();
        fs::write(&truth, text.replace("\"raters\": [", "\"people\": [], \"raters\": [")).unwrap();
        assert!(planted(&data, &BTreeSet::new()).unwrap_err().contains("photographs"));
        fs::write(&truth, "{}").unwrap();
        assert!(planted(&data, &BTreeSet::new()).unwrap_err().contains("truth.json"));
    }

    #[test]
    fn detected_faces_are_not_planted() {
        let input = |face| Input { face, frames: FramePlan::Every { n: 4 }, ..Input::default() };
        assert!(seen(&input(FaceRule::Whole)).is_ok());
        assert!(seen(&input(FaceRule::Face(Default::default()))).unwrap_err().contains("detected"));
        let other = Input { frames: FramePlan::Centres { n: 3 }, ..input(FaceRule::Whole) };
        assert!(seen(&other).unwrap_err().contains("n-th"));
    }
}
