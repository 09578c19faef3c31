//! GM-LOG of images and clips: the joint histogram and the features.

use std::path::Path;

use anyhow::Result;
use dream_features::{Frame, GmLog, ImageFeatures, JointHistogram, Workspace};
use serde_json::Value;

use crate::image::Gray;
use crate::pooled::Set;
use crate::report::{Group, Report, Tolerance, say};
use crate::table::{Table, array, json_if_there, number_list};

const FEATURES: Tolerance = Tolerance { relative: 0.0, absolute: 1e-12 };

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::GmLog) {
        return Ok(());
    }
    let table = folder.join("gmlog.csv");
    let table = table.is_file().then(|| Table::read(&table)).transpose()?;
    let steps = json_if_there(&folder.join("intermediates.json"))?;
    if table.is_some() {
        say(format_args!("# GM-LOG of {}", folder.display()));
    }
    for name in table.iter().flat_map(Table::names) {
        let path = folder.join("gray").join(format!("{name}.png"));
        let Some(path) = report.input(Group::GmLog, &format!("features/{name}"), &path) else { continue };
        report.case(Group::GmLog, &format!("features/{name}"), FEATURES, |check| {
            let gray = Gray::read(&path)?;
            let mut found = vec![0.0; GmLog::DIM];
            GmLog.extract_into(&Frame::from_luma(gray.view()?), &mut Workspace::new(), &mut found)?;
            let expected = table.as_ref().and_then(|table| table.row(name)).transpose()?.unwrap_or_default();
            check.numbers("feature", &found, &expected, FEATURES);
            Ok(())
        });
        match steps.as_ref().map(|steps| &steps[name]["gmlog_hist"]) {
            None | Some(Value::Null) => {
                report.skip(Group::GmLog, &format!("histogram/{name}"), "not in intermediates.json");
            }
            Some(rows) => {
                report.case(Group::GmLog, &format!("histogram/{name}"), Tolerance::EXACT, |check| {
                    let histogram =
                        JointHistogram::of(&Frame::from_luma(Gray::read(&path)?.view()?).luma_plane());
                    let rows = array(rows)?;
                    check.equal("number of rows", &rows.len(), &histogram.counts().len());
                    for (g, (found, expected)) in histogram.counts().iter().zip(rows).enumerate() {
                        let found = found.map(|count| count as f64);
                        check.numbers(
                            format_args!("bin {g}"),
                            &found,
                            &number_list(expected)?,
                            Tolerance::EXACT,
                        );
                    }
                    Ok(())
                })
            }
        }
    }
    let tolerance = |_| FEATURES;
    Set { group: Group::GmLog, name: "gmlog", extractor: GmLog, tolerance, shown: "abs 1e-12" }
        .clips(folder, report)
}
