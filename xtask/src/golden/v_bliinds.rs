//! V-BLIINDS of clips: vectors, spectra, naturalness, and the features.

use std::path::Path;

use anyhow::Result;
use dream_features::VideoSession;
use dream_features::nss::FlatAreas;
use dream_features::v_bliinds::{Trace, VBliinds};
use serde_json::Value;

use crate::clip::{self, Clip, Columns, is_flat, numbers, rows, within};
use crate::report::{Check, Group, Report, Tolerance, say};

const TABLE: &str = "vbliinds_features.csv";

/// For a feature, counted from 0. In large flat areas the reference follows its rounding noise.
fn tolerance(flat: bool, feature: usize) -> Tolerance {
    within(match feature {
        0..=36 if flat => 0.05,
        0..=35 => 1e-9,
        36 => 1e-6,
        _ => 1e-10,
    })
}

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::VBliinds) {
        return Ok(());
    }
    say(format_args!("# V-BLIINDS of {}", folder.display()));
    let table = Columns::read(folder, TABLE)?;
    for listed in clip::list(folder, &[TABLE])? {
        let name = &listed.name;
        if clip::skip(report, Group::VBliinds, &listed) {
            continue;
        }
        let Ok(clip) = &listed.clip else { continue };
        let flat = is_flat(clip);
        let shown = if flat { "rel 5e-2 (flat), 38-46 1e-10" } else { "rel 1e-9, 37 1e-6, 38-46 1e-10" };
        match table.as_ref().and_then(|table| table.of(name)) {
            None => report.skip(Group::VBliinds, &format!("features/{name}"), format_args!("not in {TABLE}")),
            Some(expected) => report.case(Group::VBliinds, &format!("features/{name}"), shown, |check| {
                let (found, _) = extract(clip, flat)?;
                check.equal("number of features", &found.len(), &expected.len());
                for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
                    check.number(format_args!("f{}", i + 1), found, expected, tolerance(flat, i));
                }
                Ok(())
            }),
        }
        let steps = listed.steps.as_ref().map_or(&Value::Null, |steps| &steps["vbliinds"]);
        if steps.is_null() {
            report.skip(Group::VBliinds, &format!("steps/{name}"), "no intermediate values");
            continue;
        }
        let shown = "vectors exact; rel 1e-10; naturalness as the features";
        report.case(Group::VBliinds, &format!("steps/{name}"), shown, |check| {
            let (_, trace) = extract(clip, flat)?;
            compare(&trace, steps, flat, check);
            Ok(())
        });
    }
    Ok(())
}

/// The features (NaN where the reference is NaN) and the steps to them.
fn extract(clip: &Clip, flat: bool) -> Result<(Vec<f64>, Trace)> {
    // Only the original order of summation reproduces the noise of flat areas.
    let flat_areas = if flat { FlatAreas::Literal } else { FlatAreas::Snapped };
    let mut session = VBliinds { flat_areas, keep_undefined: true }.trace(clip.spec())?;
    for frame in clip.frames() {
        session.push(&frame?)?;
    }
    let (features, trace) = session.finish_traced()?;
    Ok((features.values().to_vec(), trace))
}

fn compare(trace: &Trace, steps: &Value, flat: bool, check: &mut Check) {
    let close = within(1e-10);
    check.numbers("raw", &trace.raw, &numbers(&steps["raw"]), close);
    if let Some(first) = trace.pairs.first() {
        for (key, found) in
            [("mv16_pair0_dy_dx", &first.residual_vectors), ("mv10_pair0_dy_dx", &first.motion_vectors)]
        {
            let expected = rows(&steps[key]);
            // The reference ends with vectors that no block fills.
            check.demand(found.len() <= expected.len(), || format!("{key} has {} vectors", found.len()));
            let all =
                found.iter().map(|&(y, x)| [f64::from(y), f64::from(x)]).chain(std::iter::repeat([0.0; 2]));
            for (k, (found, expected)) in all.zip(&expected).enumerate() {
                check.numbers(format_args!("{key}[{k}]"), &found, expected, Tolerance::EXACT);
            }
        }
        check.numbers("coherency", &first.coherency, &numbers(&steps["coherency_pair0"]), close);
        let planes = rows(&steps["dct5_pair0_first_blocks_rowcoef_colblock"]);
        for (k, expected) in planes.iter().enumerate() {
            // Coefficients count down the columns.
            let found = first.coefficients(k % 5, k / 5);
            let found = found.get(..expected.len()).unwrap_or(found);
            check.numbers(format_args!("coefficient {k}"), found, expected, close);
        }
    }
    let deviations: Vec<f64> = trace.pairs.iter().map(|pair| pair.residual_deviation).collect();
    check.numbers("std_dc", &deviations, &numbers(&steps["std_dc"]), close);
    let changes: Vec<f64> =
        trace.pairs.windows(2).map(|pairs| (pairs[1].mean_dc - pairs[0].mean_dc).abs()).collect();
    check.numbers("dt_dc2_terms", &changes, &numbers(&steps["dt_dc2_terms"]), close);
    let shapes = rows(&steps["gamma_zigzag_per_pair"]);
    check.equal("pairs", &trace.pairs.len(), &shapes.len());
    for (pair, expected) in trace.pairs.iter().zip(&shapes) {
        check.numbers("shape", &pair.shapes, expected, within(0.0));
    }
    for (pair, expected) in trace.pairs.iter().zip(rows(&steps["mode_mean_mv10"])) {
        check.numbers("mode and mean", &[pair.mode, pair.mean], &expected, close);
    }
    for ((frame, found), expected) in trace.niqe.iter().zip(rows(&steps["niqe_per_frame_first5"])) {
        for (i, (&found, &expected)) in found.iter().zip(&expected).enumerate() {
            check.number(
                format_args!("naturalness {} of frame {frame}", i + 1),
                found,
                expected,
                tolerance(flat, i),
            );
        }
    }
}
