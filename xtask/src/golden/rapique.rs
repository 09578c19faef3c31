//! RAPIQUE: the statistics of one map, one picture with its CIELAB, and the chunks of two clips.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use dream_features::rapique::{self, Chunk, Rapique};
use dream_features::{Frame, LumaView, Plane, RgbView, VideoSession, VideoSpec, Yuv420View};
use dream_models::deep::candle_core::Tensor;
use serde_json::Value;

use crate::report::{Check, Group, Report, Tolerance, say};
use crate::table::{array, index, json};
use crate::tensors;

const FILE: &str = "rapique";
/// The specification allows a shape one step of its grid, and the maps of CIELAB one level; ours are the same.
const VALUES: Tolerance = Tolerance { relative: 1e-6, absolute: 1e-12 };
/// Values of the two frames; the rest is temporal.
const SPATIAL: usize = 680;

/// Runs `rapique.json`.
pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    let description = folder.join(format!("{FILE}.json"));
    if !report.wants(Group::Rapique) || !description.is_file() {
        return Ok(());
    }
    say(format_args!("# rapique of {}", folder.display()));
    let file = folder.join(format!("{FILE}.safetensors"));
    let Some(file) = report.input(Group::Rapique, FILE, &file) else { return Ok(()) };
    let all = tensors::load(&file)?;
    for settings in array(&json(&description)?["cases"])? {
        let case = Case { number: index(settings, "case")?, settings, all: &all };
        report.case(Group::Rapique, &format!("picture/{}", case.number), VALUES, |check| case.picture(check));
        report.case(Group::Rapique, &format!("clip/{}", case.number), VALUES, |check| case.clip(check));
    }
    Ok(())
}

struct Case<'a> {
    number: usize,
    settings: &'a Value,
    all: &'a BTreeMap<String, Tensor>,
}

impl Case<'_> {
    fn of(&self, what: &str) -> Result<&Tensor> {
        self.all.get(&format!("{}.{what}", self.number)).with_context(|| format!("there is no `{what}`"))
    }

    fn bytes(&self, what: &str) -> Result<Vec<u8>> {
        Ok(self.of(what)?.flatten_all()?.to_vec1()?)
    }

    /// A reference of one vector, or of one for each chunk.
    fn numbers(&self, what: &str) -> Result<Vec<f64>> {
        tensors::values(self.of(what)?)
    }

    /// One picture: its green plane as a map, its CIELAB, its spatial values.
    fn picture(&self, check: &mut Check) -> Result<()> {
        let &[height, width, 3] = self.of("rgb")?.dims() else { bail!("rgb is not a colour image") };
        let rgb = self.bytes("rgb")?;
        let green = rgb.iter().skip(1).step_by(3).copied().map(f64::from).collect();
        let values = rapique::map_statistics(&Plane::new(green, width, height)?);
        check.numbers("map of green", &values, &self.numbers("green_basic_34")?, VALUES);
        let view = RgbView::new(&rgb, width, height, 3 * width)?;
        let lab = rapique::blurred_lab(&view);
        let pixels = (0..width * height).flat_map(|i| lab.iter().filter_map(move |plane| plane.get(i)));
        let codes: Vec<f64> = pixels.copied().map(f64::from).collect();
        check.numbers("CIELAB", &codes, &self.numbers("rgb_lab_u8_encoded")?, Tolerance::EXACT);
        let values = rapique::spatial_values(&view);
        check.numbers("spatial", &values, &self.numbers("rgb_spatial_680")?, VALUES);
        Ok(())
    }

    /// A clip: which frames its chunks are made of, their values, and the mean over chunks.
    fn clip(&self, check: &mut Check) -> Result<()> {
        let size = |key: &str| index(self.settings, key);
        let (width, height, rate) = (size("width")?, size("height")?, size("fps")?);
        let spec = VideoSpec::new(width, height, rate as f64);
        let options = Rapique { short_side: size("minside")?, keep_undefined: true };
        let mut session = options.trace(spec)?;
        let bytes = self.bytes("yuv420")?;
        for frame in bytes.chunks_exact(width * height * 3 / 2) {
            let (luma, chroma) = frame.split_at(width * height);
            let (u, v) = chroma.split_at(chroma.len() / 2);
            let half = |plane| LumaView::new(plane, width / 2, height / 2, width / 2);
            let luma = LumaView::new(luma, width, height, width)?;
            session.push(&Frame::from_yuv420(Yuv420View::new(luma, half(u)?, half(v)?)?))?;
        }
        let (features, chunks) = session.finish_traced()?;
        let expected = array(&self.settings["frame_indices"])?;
        check.equal("the number of chunks", &chunks.len(), &expected.len());
        for (k, (chunk, expected)) in chunks.iter().zip(expected).enumerate() {
            let window: Vec<usize> = serde_json::from_value(expected["temporal"].clone())?;
            let named =
                (index(expected, "this")?, index(expected, "prev")?, index(expected, "next")?, window);
            check.equal(format_args!("the frames of chunk {k}"), &frames(chunk)?, &named);
            let Some((spatial, temporal)) = chunk.values.split_at_checked(2 * SPATIAL) else {
                bail!("a chunk has {} values", chunk.values.len())
            };
            let (mean, change) = spatial.split_at(SPATIAL);
            let parts = [("spatial_mean", mean), ("spatial_absdiff", change), ("temporal", temporal)];
            for (name, found) in parts {
                let all = self.numbers(name)?;
                let row = all.chunks_exact(found.len()).nth(k).context("a chunk is missing")?;
                check.numbers(format_args!("{name} of chunk {k}"), found, row, VALUES);
            }
        }
        let undefined: usize =
            chunks.iter().map(|chunk| chunk.values.iter().filter(|v| v.is_nan()).count()).sum();
        check.equal("the number of undefined values", &undefined, &size("nan_count")?);
        let mean: Vec<f64> = (0..Rapique::DIM).map(|i| self.mean(i)).collect::<Result<_>>()?;
        check.numbers("mean over chunks", features.values(), &mean, VALUES);
        Ok(())
    }

    /// The mean of feature `i` over the chunks of the reference where it is a number.
    fn mean(&self, i: usize) -> Result<f64> {
        let (name, i, dim) = match i {
            0..SPATIAL => ("spatial_mean", i, SPATIAL),
            SPATIAL..1360 => ("spatial_absdiff", i - SPATIAL, SPATIAL),
            _ => ("temporal", i - 2 * SPATIAL, Rapique::DIM - 2 * SPATIAL),
        };
        let all = self.numbers(name)?;
        let there: Vec<f64> = all.iter().skip(i).step_by(dim).copied().filter(|v| !v.is_nan()).collect();
        Ok(there.iter().sum::<f64>() / there.len() as f64)
    }
}

/// Middle, previous, next and the frames of the window.
fn frames(chunk: &Chunk) -> Result<(usize, usize, usize, Vec<usize>)> {
    let Chunk { middle, pictures: [previous, next], window: [first, count], .. } = chunk;
    let [middle, previous, next] = [*middle, *previous, *next].map(usize::try_from);
    let window = (*first..first + count).map(usize::try_from).collect::<Result<_, _>>()?;
    Ok((middle?, previous?, next?, window))
}
