//! Clips of a set of image features: `video_*_{set}_{frames,video}.csv` beside `video_*.yuv`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_features::{
    Frame, ImageFeatures, LumaView, Pooled, Pooling, Sampling, VideoFeatures, VideoSpec, Workspace,
    Yuv420View,
};

use crate::report::{Check, Group, Report, Tolerance};
use crate::table::{Table, json_if_there};
use crate::video::{rate, shape};

/// The quantities to compare, and their tolerance.
pub(crate) struct Set<'a, E> {
    pub(crate) group: Group,
    /// As in the file names.
    pub(crate) name: &'a str,
    pub(crate) extractor: E,
    /// For a feature, counted from 0.
    pub(crate) tolerance: fn(usize) -> Tolerance,
    /// The tolerance in words.
    pub(crate) shown: &'a str,
}

impl<E: ImageFeatures + Copy + 'static> Set<'_, E> {
    /// Compares the sampled frames and the pooled vector of every clip of the folder.
    pub(crate) fn clips(&self, folder: &Path, report: &mut Report) -> Result<()> {
        let names = fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut tables: Vec<String> = names.filter(|name| name.starts_with("video_")).collect();
        tables.sort();
        let manifest = json_if_there(&folder.join("manifest.json"))?;
        for table in &tables {
            for (kind, pooled) in [("frames", false), ("video", true)] {
                let Some(stem) = table.strip_suffix(&format!("_{}_{kind}.csv", self.name)) else { continue };
                let case = format!("{kind}/{stem}");
                let clip = folder.join(format!("{stem}.yuv"));
                let Some(clip) = report.input(self.group, &case, &clip) else { continue };
                let fps = rate(stem, manifest.as_ref());
                let shown = format!("{}; frame list exact; {fps} fps", self.shown);
                report.case(self.group, &case, shown, |check| {
                    let clip = Clip::read(&clip, fps)?;
                    let expected = Table::read(&folder.join(table))?.rows()?;
                    let found = if pooled { self.pool(&clip)? } else { self.rows(&clip)? };
                    self.compare(&found, &expected, usize::from(!pooled), check);
                    Ok(())
                });
            }
        }
        Ok(())
    }

    /// Compares rows of features behind `leading` columns that must be equal.
    fn compare(&self, found: &[Vec<f64>], expected: &[Vec<f64>], leading: usize, check: &mut Check) {
        check.equal("number of rows", &found.len(), &expected.len());
        let dim = self.extractor.layout().len();
        for (r, (found, expected)) in found.iter().zip(expected).enumerate() {
            check.equal("number of columns", &found.len(), &expected.len());
            for (c, (&found, &expected)) in found.iter().zip(expected).enumerate() {
                let tolerance =
                    c.checked_sub(leading).map_or(Tolerance::EXACT, |f| (self.tolerance)(f % dim));
                check.number(format_args!("row {r}, column {c}"), found, expected, tolerance);
            }
        }
    }

    /// The number and the raw features of every sampled frame.
    fn rows(&self, clip: &Clip) -> Result<Vec<Vec<f64>>> {
        let sampled = Sampling::FeatureFusion.indices(clip.frames_per_second, clip.frames.len() as u64)?;
        let mut workspace = Workspace::new();
        let row = |index: u64| {
            let bytes =
                clip.frames.get(usize::try_from(index)?).context("a sampled frame is outside the clip")?;
            let mut row = vec![0.0; self.extractor.layout().len()];
            self.extractor.extract_into(&clip.frame(bytes)?, &mut workspace, &mut row)?;
            Ok([vec![index as f64], row].concat())
        };
        sampled.into_iter().map(row).collect()
    }

    /// The features of the clip, as a session gives them.
    fn pool(&self, clip: &Clip) -> Result<Vec<Vec<f64>>> {
        let pooled = Pooled::new(self.extractor, Pooling::feature_fusion())?;
        let Clip { width, height, frames_per_second, .. } = *clip;
        let mut session = pooled.start(VideoSpec::new(width, height, frames_per_second))?;
        for bytes in &clip.frames {
            session.push(&clip.frame(bytes)?)?;
        }
        Ok(vec![session.finish()?.values().to_vec()])
    }
}

/// Planar 8-bit 4:2:0.
struct Clip {
    frames: Vec<Vec<u8>>,
    width: usize,
    height: usize,
    frames_per_second: f64,
}

impl Clip {
    /// Reads a clip; its name tells size and number of frames.
    fn read(path: &Path, frames_per_second: f64) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (width, height, count) =
            shape(&name).with_context(|| format!("no {{W}}x{{H}}_{{N}}f in {name}"))?;
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let frame = width * height + 2 * width.div_ceil(2) * height.div_ceil(2);
        ensure!(bytes.len() == frame * count, "{name} has {} bytes, not {count} times {frame}", bytes.len());
        let frames = bytes.chunks_exact(frame).map(<[u8]>::to_vec).collect();
        Ok(Self { frames, width, height, frames_per_second })
    }

    fn frame<'a>(&self, bytes: &'a [u8]) -> Result<Frame<'a>> {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let (y, chroma) = bytes.split_at(self.width * self.height);
        let (u, v) = chroma.split_at(width * height);
        let y = LumaView::new(y, self.width, self.height, self.width)?;
        let (u, v) = (LumaView::new(u, width, height, width)?, LumaView::new(v, width, height, width)?);
        Ok(Frame::from_yuv420(Yuv420View::new(y, u, v)?))
    }
}
