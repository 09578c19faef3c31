//! TLVQM of clips: motion tables, rows, windows, chosen frames, and the features.

use std::path::Path;

use anyhow::Result;
use dream_features::VideoSession;
use dream_features::tlvqm::low::LowComplexity;
use dream_features::tlvqm::{Ties, Tlvqm};
use serde_json::Value;

use crate::clip::{self, Clip, Columns, numbers, rows, within};
use crate::report::{Check, Group, Report, Tolerance, say};

const TOLERANCE: Tolerance = within(1e-9);
const TABLE: &str = "tlvqm_canonical_features.csv";

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Tlvqm) {
        return Ok(());
    }
    say(format_args!("# TLVQM of {}", folder.display()));
    let table = Columns::read(folder, TABLE)?;
    for listed in clip::list(folder, &[TABLE])? {
        let name = &listed.name;
        if clip::skip(report, Group::Tlvqm, &listed) {
            continue;
        }
        let Ok(clip) = &listed.clip else { continue };
        match table.as_ref().and_then(|table| table.of(name)) {
            None => report.skip(Group::Tlvqm, &format!("features/{name}"), format_args!("not in {TABLE}")),
            Some(expected) => report.case(Group::Tlvqm, &format!("features/{name}"), TOLERANCE, |check| {
                let mut session = Tlvqm::default().trace(clip.spec())?;
                for frame in clip.frames() {
                    session.push(&frame?)?;
                }
                let (features, _) = session.finish_traced()?;
                check.numbers("feature", features.values(), expected, TOLERANCE);
                Ok(())
            }),
        }
        let steps = listed.steps.as_ref().map_or(&Value::Null, |steps| &steps["tlvqm_canonical"]);
        if steps.is_null() {
            report.skip(Group::Tlvqm, &format!("steps/{name}"), "no intermediate values");
            continue;
        }
        let shown = "tables and frames exact; rel 1e-9 or abs 1e-12";
        report.case(Group::Tlvqm, &format!("motion/{name}"), shown, |check| motion(clip, steps, check));
        report.case(Group::Tlvqm, &format!("steps/{name}"), shown, |check| rest(clip, steps, check));
    }
    Ok(())
}

/// The rows, key points and matches of every processed frame.
fn motion(clip: &Clip, steps: &Value, check: &mut Check) -> Result<()> {
    let indices = numbers(&steps["lc_frame_index"]);
    let expected_rows = rows(&steps["lc"]);
    let uncertain = numbers(&steps["uncertain_count"]);
    let spec = clip.spec();
    let mut engine = LowComplexity::new(spec.width, spec.height, Ties::Canonical)?;
    let mut compared = 0;
    for (t, frame) in clip.frames().enumerate() {
        let frame = frame?;
        let Some(view) = frame.yuv420_view() else { continue };
        let (Some(row), Some(index)) = (engine.push(&view)?, t.checked_sub(1)) else { continue };
        let Some(k) = indices.iter().position(|&i| i == index as f64) else { continue };
        compared += 1;
        let points = steps["keypoint_count"].get(index.to_string()).and_then(Value::as_u64).unwrap_or(0);
        check.equal(format_args!("key points of frame {index}"), &(engine.motions().len() as u64), &points);
        let doubtful = uncertain.get(k).copied().unwrap_or(f64::NAN);
        let found = f64::from(engine.uncertain());
        check.number(format_args!("uncertain of frame {index}"), found, doubtful, Tolerance::EXACT);
        let empty = Vec::new();
        let expected = expected_rows.get(k).unwrap_or(&empty);
        check.numbers(format_args!("row of frame {index}"), &row, expected, TOLERANCE);
        let Some(table) = steps["motion_by_frame"].get(index.to_string()) else { continue };
        let table = rows(table);
        check.equal("rows of the motion table", &engine.motions().len(), &table.len());
        for (r, (motion, expected)) in engine.motions().iter().zip(&table).enumerate() {
            let ((m1, m2), (m3, m4)) = (motion.backward, motion.forward);
            let vectors = [m1, m2, m3, m4].map(f64::from);
            let place = [motion.y as f64 + 1.0, motion.x as f64 + 1.0];
            let what = format!("frame {index}, point {r}");
            let (exact, costs) = expected.split_at_checked(6).unwrap_or_default();
            check.numbers(&what, &[&vectors[..], &place].concat(), exact, Tolerance::EXACT);
            check.numbers(&what, &[motion.backward_costs, motion.forward_costs].concat(), costs, TOLERANCE);
        }
    }
    check.equal("processed frames", &compared, &indices.len());
    Ok(())
}

/// Windows, chosen frames and their values.
fn rest(clip: &Clip, steps: &Value, check: &mut Check) -> Result<()> {
    let mut session = Tlvqm::default().trace(clip.spec())?;
    for frame in clip.frames() {
        session.push(&frame?)?;
    }
    let (_, trace) = session.finish_traced()?;
    let frames: Vec<f64> = trace.picked.iter().map(|(frame, _)| *frame as f64).collect();
    check.numbers("chosen frames", &frames, &numbers(&steps["hc_frame_index"]), Tolerance::EXACT);
    for ((frame, found), expected) in trace.picked.iter().zip(rows(&steps["hc"])) {
        check.numbers(format_args!("high complexity of frame {frame}"), found, &expected, TOLERANCE);
    }
    let means = rows(&steps["window_mean22"]);
    let spreads = rows(&steps["window_std22_corr"]);
    check.equal("windows", &trace.windows.len(), &means.len());
    for (k, (found, (mean, spread))) in trace.windows.iter().zip(means.iter().zip(&spreads)).enumerate() {
        check.numbers(format_args!("means of window {k}"), &found[..22], mean, TOLERANCE);
        check.numbers(format_args!("deviations of window {k}"), &found[22..], spread, TOLERANCE);
    }
    Ok(())
}
