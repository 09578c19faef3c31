//! What the network makes of videos, kept so that a run that was interrupted goes on.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context, Result};
use dream_models::deep::methods::da_clip::DaClip;
use serde::{Deserialize, Serialize};
use train::{Clip, Scoring, bar};

/// Videos whose frames are in memory at a time.
const BATCH: usize = 8;

/// A score and a representation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Video {
    pub(crate) score: f64,
    pub(crate) representation: Vec<f32>,
}

/// A line of the file: what the result depends on, and the result.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    key: String,
    #[serde(flatten)]
    video: Video,
}

/// Scores and representations of clips, in their order. Those in the file are taken from it, the others are added.
pub(crate) fn represent(
    clips: &[Clip],
    network: &DaClip,
    file: &Path,
    how: &Scoring<'_>,
) -> Result<Vec<Video>> {
    let place = || format!("cannot write {}", file.display());
    let mut known = read(file);
    let keys = clips.iter().map(|clip| key(clip, how)).collect::<Result<Vec<_>>>()?;
    let missing: Vec<(&Clip, &String)> =
        clips.iter().zip(&keys).filter(|(_, key)| !known.contains_key(*key)).collect();
    crate::print::resumed("video", clips.len() - missing.len(), clips.len());
    let mut out = OpenOptions::new().create(true).append(true).open(file).with_context(place)?;
    let bar = bar("videos", missing.len(), false)?;
    for batch in missing.chunks(BATCH) {
        let some: Vec<Clip> = batch.iter().map(|(clip, _)| (*clip).clone()).collect();
        let mut text = String::new();
        for ((clip, key), found) in batch.iter().zip(how.represent(network, &some)?) {
            let missing = || format!("{}: the network has no representation", clip.name());
            let representation = found.representation.with_context(missing)?;
            let line = Line { key: (*key).clone(), video: Video { score: found.score, representation } };
            text.push_str(&serde_json::to_string(&line)?);
            text.push('\n');
            known.insert(line.key, line.video);
        }
        out.write_all(text.as_bytes()).with_context(place)?;
        bar.inc(batch.len() as u64);
    }
    let lost = || "a video was lost: run the same command again".to_owned();
    keys.iter().map(|key| known.get(key).cloned().with_context(lost)).collect()
}

/// The whole lines of a file; none where there is none. A line that a kill has cut off is made again.
fn read(file: &Path) -> BTreeMap<String, Video> {
    let Ok(open) = fs::File::open(file) else { return BTreeMap::new() };
    let lines = BufReader::new(open).lines().map_while(Result::ok);
    let whole = lines.filter_map(|line| serde_json::from_str::<Line>(&line).ok());
    whole.map(|line| (line.key, line.video)).collect()
}

/// What a result depends on beside the checkpoint, which is in the name of the file.
fn key(clip: &Clip, how: &Scoring<'_>) -> Result<String> {
    let stamp = train::stamp(&clip.path).with_context(|| format!("cannot read {}", clip.path.display()))?;
    let reading = how.reading.settings().unwrap_or_default();
    let face = clip.face.map(|face| face.corners());
    Ok(format!("{} {stamp} {face:?} {reading}", clip.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.jsonl");
        let video = Video { score: 0.1 + 0.2, representation: vec![0.1, f32::MIN_POSITIVE] };
        let line = serde_json::to_string(&Line { key: "a b".into(), video: video.clone() }).unwrap();
        fs::write(&path, format!("{line}\n{}", &line[..line.len() - 3])).unwrap();
        assert_eq!(read(&path), BTreeMap::from([("a b".to_owned(), video)]));
        assert!(read(&folder.path().join("none")).is_empty());
    }
}
