//! The report as text.

mod quality;

use std::fmt::Write;

use anyhow::Result;

use crate::agreement::Agreement;
use crate::labels::{Group, Labels};
use crate::opinions::{SosParameter, Spread};
use crate::report::Report;
use crate::screening::Screening;
use crate::tree::{Contents, Missing};

/// Points of the curve in the text; the figure and the JSON have all.
const CURVE_LINES: usize = 8;
/// Labels of each kind in the text.
const NAMED_LABELS: usize = 5;

pub(crate) fn of(report: &Report) -> Result<String> {
    let mut out = String::new();
    let [low, high] = report.scale;
    let opinions = &report.opinions;
    let raters = report.raters.map_or(String::new(), |raters| format!(" of {raters} raters"));
    let (input, clips, scores) = (&report.input, opinions.clips.len(), report.scores);
    writeln!(out, "{input}: {clips} clips, {scores} scores{raters} on the scale {low} to {high}\n")?;
    if let Some(contents) = &report.contents {
        of_contents(&mut out, contents)?;
    }
    for (name, spread) in
        [("MOS", &opinions.mos), ("SOS, ddof 0", &opinions.sos_ddof0), ("SOS, ddof 1", &opinions.sos_ddof1)]
    {
        writeln!(out, "{name:<14}{}", of_spread(spread))?;
    }
    let single = opinions.clips.iter().filter(|clip| clip.sos_ddof1.is_none()).count();
    if single > 0 {
        writeln!(out, "{single} clips have one score only, so no SOS with ddof 1")?;
    }
    writeln!(out, "\nSOS parameter  a (MOS - {low}) ({high} - MOS) = SOS²")?;
    for fit in &opinions.sos_parameter {
        writeln!(out, "  {}", of_parameter(fit))?;
    }
    of_agreement(&mut out, &report.agreement)?;
    if let Some(screening) = &report.screening {
        of_screening(&mut out, screening)?;
    }
    if let Some(labels) = &report.labels {
        of_labels(&mut out, labels)?;
    }
    if let Some(found) = &report.quality_control {
        quality::of_quality(&mut out, found)?;
    }
    if let Some(recovery) = &report.recovery {
        quality::of_recovery(&mut out, recovery)?;
    }
    Ok(out)
}

fn of_spread(spread: &Spread) -> String {
    let Spread { mean, std_ddof0, min, median, max } = spread;
    format!("mean {mean:.3}  deviation {std_ddof0:.3}  min {min:.3}  median {median:.3}  max {max:.3}")
}

fn of_parameter(fit: &SosParameter) -> String {
    let range = |ends: Option<[f64; 2]>| match ends {
        Some([low, high]) => format!("{low:.4} to {high:.4}"),
        None => "not defined".to_owned(),
    };
    let error = fit.standard_error.map_or("not defined".to_owned(), |error| format!("{error:.4}"));
    let (ddof, a, normal, bootstrap) = (fit.ddof, fit.a, range(fit.normal95), range(fit.bootstrap95));
    format!("ddof {ddof}  a = {a:.4}  standard error {error}  95 %: normal {normal}, bootstrap {bootstrap}")
}

fn of_agreement(out: &mut String, agreement: &Agreement) -> Result<()> {
    let Agreement { groups_of, repeats, seed, curve, undefined, split_half } = agreement;
    writeln!(
        out,
        "\nSRCC of two disjoint groups of {groups_of}, {repeats} draws, seed {seed} (deviation: ddof 0)"
    )?;
    let shown = curve.len().min(CURVE_LINES);
    for line in 1..=shown {
        if let Some(point) = curve.get(line * curve.len() / shown - 1) {
            writeln!(out, "  {:>4} per group  {}", point.raters, point.srcc)?;
        }
    }
    if !undefined.is_empty() {
        let sizes = undefined.len();
        writeln!(out, "  not defined for {sizes} group sizes: no common clips, or all means equal")?;
    }
    match split_half {
        Some(half) => {
            let whole = half.whole_panel.map_or("not defined".to_owned(), |whole| format!("{whole:.3}"));
            let (raters, srcc) = (half.raters, &half.srcc);
            writeln!(out, "  split-half ({raters} per group) {srcc}, whole panel {whole} (Spearman-Brown)")?;
        }
        None => writeln!(out, "  no split-half: it needs at least two {groups_of}")?,
    }
    Ok(())
}

fn of_screening(out: &mut String, screening: &Screening) -> Result<()> {
    let rejected = screening.rejected.len();
    writeln!(out, "\nScreening (BT.500): {rejected} of {} raters rejected", screening.raters.len())?;
    for rater in screening.raters.iter().filter(|rater| rater.rejected) {
        let (name, above, below, scored) = (&rater.rater, rater.above, rater.below, rater.scored);
        writeln!(out, "  rater {name}: {above} scores far above and {below} far below, of {scored}")?;
    }
    if rejected > 0 {
        let change = screening.largest_mos_change;
        writeln!(out, "  without them (the MOS of a clip changes by {change:.3} at most)")?;
        match &screening.sos_parameter_after {
            Some(fits) => fits.iter().try_for_each(|fit| writeln!(out, "  {}", of_parameter(fit)))?,
            None => writeln!(out, "  too few scores are left")?,
        }
    }
    Ok(())
}

fn of_contents(out: &mut String, contents: &Contents) -> Result<()> {
    writeln!(out, "{} videos and {} splits in the folder", contents.videos, contents.splits)?;
    let mut missing = |what: &str, missing: &Missing| -> Result<()> {
        if missing.count > 0 {
            writeln!(out, "{} {what} have no description: {}, ...", missing.count, missing.some.join(", "))?;
        }
        Ok(())
    };
    missing("videos", &contents.videos_without_descriptions)?;
    missing("clips of the splits", &contents.split_clips_without_descriptions)?;
    if let Some(difference) = contents.largest_mos_difference {
        writeln!(out, "scores in the splits differ from the mean of the grades by {difference:.2e} at most")?;
    }
    writeln!(out)?;
    Ok(())
}

fn of_labels(out: &mut String, labels: &Labels) -> Result<()> {
    writeln!(out, "\nLabels: appearances per description")?;
    if labels.without_text > 0 {
        writeln!(out, "  {} rows have no English text and are not counted", labels.without_text)?;
    }
    for group in std::iter::once(&labels.all).chain(&labels.by_mos) {
        writeln!(out, "  {}: {} clips, {} descriptions", group.name, group.clips, group.descriptions)?;
        for kind in ["place", "artifact", "extent"] {
            writeln!(out, "    {kind:<10}{}", most(group, kind))?;
        }
    }
    Ok(())
}

/// The most frequent labels of a kind.
fn most(group: &Group, kind: &str) -> String {
    let mut ratios: Vec<_> = group.ratios.iter().filter(|ratio| ratio.kind == kind).collect();
    // Stable: equal ratios keep the published order.
    ratios.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
    let named = ratios.iter().take(NAMED_LABELS).filter(|ratio| ratio.ratio > 0.0);
    named.map(|ratio| format!("{} {:.3}", ratio.label, ratio.ratio)).collect::<Vec<_>>().join(", ")
}
