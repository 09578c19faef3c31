//! VIDEVAL-60 of clips: the values of every frame, and the features with both rules for ties.

use std::path::Path;

use anyhow::Result;
use dream_features::nss::FlatAreas;
use dream_features::tlvqm::Ties;
use dream_features::videval60::{Trace, Videval60};
use dream_features::{FeatureVector, VideoSession};
use serde_json::Value;

use crate::clip::{self, Clip, Columns, is_flat, numbers, rows, within};
use crate::report::{Check, Group, Report, Tolerance, say};

const TABLES: [(&str, &str, Ties); 2] = [
    ("features", "videval_canonical_features.csv", Ties::Canonical),
    ("plain", "videval_plain_features.csv", Ties::Plain),
];

/// Features, from 0, in which the release follows the rounding noise of exact ties.
const TIED: [usize; 6] = [30, 31, 33, 51, 52, 53];
/// Skewness of the finest band of chroma, as a feature and as a value of a frame. For constant chroma the release
/// reports that of rounding noise; we report none.
const BAND: (usize, usize) = (28, 41);

/// In large flat areas the reference follows its rounding noise.
fn tolerance(clip: &Clip) -> Tolerance {
    within(if is_flat(clip) { 0.05 } else { 1e-8 })
}

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Videval60) {
        return Ok(());
    }
    say(format_args!("# VIDEVAL-60 of {}", folder.display()));
    let names = TABLES.map(|(_, file, _)| file);
    for listed in clip::list(folder, &names)? {
        let name = &listed.name;
        if clip::skip(report, Group::Videval60, &listed) {
            continue;
        }
        let Ok(clip) = &listed.clip else { continue };
        let tolerance = tolerance(clip);
        for (kind, file, ties) in TABLES {
            let case = format!("{kind}/{name}");
            let table = Columns::read(folder, file)?;
            let Some(expected) = table.as_ref().and_then(|table| table.of(name)) else {
                report.skip(Group::Videval60, &case, format_args!("not in {file}"));
                continue;
            };
            let plain = ties == Ties::Plain;
            let shown = if plain { format!("{tolerance}; motion 2e-1") } else { tolerance.to_string() };
            report.case(Group::Videval60, &case, shown, |check| {
                let (features, _) = extract(clip, ties)?;
                check.equal("number of features", &features.values().len(), &expected.len());
                for (i, (&found, &expected)) in features.values().iter().zip(expected).enumerate() {
                    let tolerance = if plain && TIED.contains(&i) { within(0.2) } else { tolerance };
                    if i != BAND.0 || found.is_finite() {
                        check.number(format_args!("f{}", i + 1), found, expected, tolerance);
                    }
                }
                Ok(())
            });
        }
        let steps = listed.steps.as_ref().map_or(&Value::Null, |steps| &steps["videval"]);
        if steps.is_null() {
            report.skip(Group::Videval60, &format!("steps/{name}"), "no intermediate values");
            continue;
        }
        let shown = format!("frames exact; {tolerance}");
        report.case(Group::Videval60, &format!("steps/{name}"), shown, |check| {
            let (_, trace) = extract(clip, Ties::Canonical)?;
            compare(&trace, steps, tolerance, check);
            Ok(())
        });
    }
    Ok(())
}

/// The features (NaN where the reference is NaN) and the steps to them. Only the release's order of summation
/// reproduces its counts in flat areas.
fn extract(clip: &Clip, ties: Ties) -> Result<(FeatureVector, Trace)> {
    let options = Videval60 { ties, flat_areas: FlatAreas::Literal, keep_undefined: true };
    let mut session = options.trace(clip.spec())?;
    for frame in clip.frames() {
        session.push(&frame?)?;
    }
    Ok(session.finish_traced()?)
}

fn compare(trace: &Trace, steps: &Value, tolerance: Tolerance, check: &mut Check) {
    let (values, motion) = (rows(&steps["frames"]), rows(&steps["tlvqm_lcf_canonical"]));
    check.equal("processed frames", &trace.rows.len(), &values.len());
    check.equal("frames with ties by rule", &motion.len(), &values.len());
    for ((frame, found), (mut expected, motion)) in trace.rows.iter().zip(values.into_iter().zip(motion)) {
        // The frame's motion values are the release's.
        expected.truncate(expected.len().saturating_sub(motion.len()));
        expected.extend(motion);
        check.equal("values of a frame", &found.len(), &expected.len());
        for (i, (&found, expected)) in found.iter().zip(expected).enumerate() {
            if i != BAND.1 || found.is_finite() {
                check.number(format_args!("frame {frame}, value {}", i + 1), found, expected, tolerance);
            }
        }
    }
    let high: Vec<Vec<f64>> = steps["hcf"].as_array().into_iter().flatten().map(numbers).collect();
    check.equal("frames looked at more closely", &trace.high.len(), &high.len());
    for ((frame, found), expected) in trace.high.iter().zip(&high) {
        check.numbers(format_args!("high complexity of frame {frame}"), found, expected, within(1e-8));
    }
}
