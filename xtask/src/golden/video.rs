//! BRISQUE of a clip: which frames, their features, and the pooled vector.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use dream_features::nss::{FlatAreas, local_statistics};
use dream_features::resize::half_size;
use dream_features::{Brisque, Frame, Plane, Pooled, Pooling, Sampling, VideoFeatures, VideoSpec};
use serde_json::Value;

use crate::image::{Gray, LITERAL, SNAPPED};
use crate::report::{Group, Report, Tolerance};
use crate::table::{Table, json_if_there};

/// The rate of the reference clips, unless the name or `manifest.json` says otherwise.
const FRAMES_PER_SECOND: f64 = 8.0;

/// Features that no rounding noise can reach: the two symmetric fits. 0-based.
const ALWAYS_STABLE: [usize; 4] = [0, 1, 18, 19];

/// The luma of a clip.
struct Clip {
    frames: Vec<Gray>,
    frames_per_second: f64,
}

impl Clip {
    /// Reads planar 8-bit 4:2:0; the name tells size and number of frames.
    fn read(path: &Path, frames_per_second: f64) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (width, height, count) =
            shape(&name).with_context(|| format!("no {{W}}x{{H}}_{{N}}f in {name}"))?;
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let luma = width * height;
        let frame = luma + 2 * width.div_ceil(2) * height.div_ceil(2);
        ensure!(bytes.len() == frame * count, "{name} has {} bytes, not {count} times {frame}", bytes.len());
        let frames =
            bytes.chunks_exact(frame).map(|frame| Gray { pixels: frame[..luma].to_vec(), width, height });
        Ok(Self { frames: frames.collect(), frames_per_second })
    }
}

/// Width, height and number of frames in a name such as `video_96x80_24f.yuv`.
pub(crate) fn shape(name: &str) -> Option<(usize, usize, usize)> {
    let mut parts = name.split(['_', '.']);
    let (width, height) = parts.find_map(|part| {
        let (width, height) = part.split_once('x')?;
        Some((width.parse().ok()?, height.parse().ok()?))
    })?;
    let frames = parts.find_map(|part| part.strip_suffix('f')?.parse().ok())?;
    (width > 0 && height > 0).then_some((width, height, frames))
}

/// The frame rate of a clip: from its name, from `manifest.json`, or that of the reference clips.
pub(crate) fn rate(stem: &str, manifest: Option<&Value>) -> f64 {
    let named = stem.split('_').find_map(|part| part.strip_suffix("fps")?.parse().ok());
    let entries = manifest.and_then(Value::as_array).into_iter().flatten();
    let listed = || entries.filter(|entry| entry["name"] == stem).find_map(|entry| entry["fps"].as_f64());
    named.or_else(listed).unwrap_or(FRAMES_PER_SECOND)
}

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Brisque) {
        return Ok(());
    }
    let names = fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut tables: Vec<String> =
        names.filter(|name| name.starts_with("video_") && name.ends_with(".csv")).collect();
    tables.sort();
    let manifest = json_if_there(&folder.join("manifest.json"))?;
    for table in &tables {
        for (set, flat_areas) in [("brisque", FlatAreas::Literal), ("brisque_snapped", FlatAreas::Snapped)] {
            for (kind, pooled) in [("frames", false), ("video", true)] {
                let Some(stem) = table.strip_suffix(&format!("_{set}_{kind}.csv")) else { continue };
                let case = format!("{kind}/{stem}/{set}");
                let Some(clip) = report.input(Group::Brisque, &case, &folder.join(format!("{stem}.yuv")))
                else {
                    continue;
                };
                let fps = rate(stem, manifest.as_ref());
                let tolerance = if flat_areas == FlatAreas::Snapped { SNAPPED } else { LITERAL };
                let shown = format!("{tolerance}; frame list exact; {fps} fps");
                report.case(Group::Brisque, &case, shown, |check| {
                    let clip = Clip::read(&clip, fps)?;
                    let expected = Table::read(&folder.join(table))?.rows()?;
                    let stable = stable(&clip, flat_areas)?;
                    let found = if pooled { pool(&clip, flat_areas)? } else { rows(&clip, flat_areas)? };
                    check.equal("number of rows", &found.len(), &expected.len());
                    for (r, (found, expected)) in found.iter().zip(&expected).enumerate() {
                        check.equal("number of columns", &found.len(), &expected.len());
                        for (c, (&found, &expected)) in found.iter().zip(expected).enumerate() {
                            // The first column of frame rows is the number of the frame.
                            let feature = if pooled { Some(c) } else { c.checked_sub(1) };
                            let what = format!("row {r}, column {c}");
                            match feature.map(|f| f % Brisque::DIM) {
                                None => check.number(what, found, expected, Tolerance::EXACT),
                                Some(f) if stable.contains(&f) => {
                                    check.number(what, found, expected, tolerance)
                                }
                                Some(_) => {}
                            }
                        }
                    }
                    Ok(())
                });
            }
        }
    }
    Ok(())
}

/// The 0-based features that can be compared. One flat pixel turns the literal form of the others into noise.
fn stable(clip: &Clip, flat_areas: FlatAreas) -> Result<Vec<usize>> {
    let flat = |plane: &Plane| local_statistics(plane, FlatAreas::Snapped).mscn.data().contains(&0.0);
    if flat_areas == FlatAreas::Literal {
        for frame in &clip.frames {
            let full = Plane::from_luma(&frame.view()?);
            if flat(&full) || flat(&half_size(&full)) {
                return Ok(ALWAYS_STABLE.to_vec());
            }
        }
    }
    Ok((0..Brisque::DIM).collect())
}

/// The number and the features of every sampled frame.
fn rows(clip: &Clip, flat_areas: FlatAreas) -> Result<Vec<Vec<f64>>> {
    let sampled = Sampling::FeatureFusion.indices(clip.frames_per_second, clip.frames.len() as u64)?;
    let row = |index: u64| {
        let frame =
            clip.frames.get(usize::try_from(index)?).context("a sampled frame is outside the clip")?;
        Ok([vec![index as f64], frame.brisque(flat_areas)?].concat())
    };
    sampled.into_iter().map(row).collect()
}

/// The features of the clip, as a session gives them.
fn pool(clip: &Clip, flat_areas: FlatAreas) -> Result<Vec<Vec<f64>>> {
    let Some(&Gray { width, height, .. }) = clip.frames.first() else { bail!("the clip has no frames") };
    let pooled = Pooled::new(Brisque { flat_areas }, Pooling::feature_fusion())?;
    let spec = VideoSpec::new(width, height, clip.frames_per_second);
    let mut session = pooled.start(spec)?;
    for frame in &clip.frames {
        session.push(&Frame::from_luma(frame.view()?))?;
    }
    Ok(vec![session.finish()?.values().to_vec()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_say_the_shape_and_maybe_the_rate() {
        assert_eq!(shape("video_96x80_24f.yuv"), Some((96, 80, 24)));
        assert_eq!(shape("video_faces_33x17_30fps_9f.yuv"), Some((33, 17, 9)));
        assert_eq!(shape("video_96x80.yuv"), None);
        assert_eq!(rate("video_96x80_24f", None), 8.0);
        assert_eq!(rate("video_96x80_24f_25fps", None), 25.0);
        let manifest = json!([{ "name": "face" }, { "name": "video_96x80_24f", "fps": 12 }]);
        assert_eq!(rate("video_96x80_24f", Some(&manifest)), 12.0);
    }
}
