//! Quality control, false negatives and planted truth as text.

use std::fmt::Write;

use anyhow::Result;

use super::{of_agreement, of_parameter, of_screening};
use crate::false_negatives::FalseNegatives;
use crate::quality::{Brief, Quality};
use crate::truth::Recovery;

pub(super) fn of_quality(out: &mut String, quality: &Quality) -> Result<()> {
    let Quality { session_clips, session_checkers, tolerance, attempts, disqualified, .. } = quality;
    let Quality { disqualified_raters, missed_checkers, to_repeat, .. } = quality;
    let sessions = format!("sessions of {session_clips} clips and {session_checkers} checkers");
    writeln!(out, "\nQuality control: {sessions}, an error above {tolerance} disqualifies")?;
    let missed = format!("{} raters, {missed_checkers} missed checkers", disqualified_raters.len());
    let again = format!("{to_repeat} sessions to be annotated again");
    writeln!(out, "  {disqualified} of {attempts} attempts disqualified ({missed}), {again}")?;
    let mut brief = |name: &str, brief: &Brief| -> Result<()> {
        writeln!(out, "  {name}: {} scores of {} raters", brief.scores, brief.raters)?;
        brief.sos_parameter.iter().try_for_each(|fit| writeln!(out, "    {}", of_parameter(fit)))?;
        Ok(())
    };
    brief("before, first attempts", &quality.before)?;
    brief("after, accepted attempts", &quality.after)?;
    match quality.largest_difference_from_descriptions {
        Some(difference) => {
            writeln!(out, "  their MOS differs from that of the descriptions by {difference:.2e} at most")?;
        }
        None => writeln!(out, "  their clips are not those of the descriptions")?,
    }
    of_agreement(out, &quality.agreement)?;
    of_screening(out, &quality.screening)?;
    of_false_negatives(out, &quality.false_negatives)
}

fn of_false_negatives(out: &mut String, found: &FalseNegatives) -> Result<()> {
    let Some(mean) = found.mean else {
        writeln!(out, "\nFalse negatives: no clip is known to be real")?;
        return Ok(());
    };
    let (threshold, raters) = (found.threshold, found.raters.len());
    write!(out, "\nFalse negatives (real clips with a grade up to {threshold}): ")?;
    writeln!(out, "mean rate {mean:.3} over {raters} raters")?;
    for group in &found.groups {
        writeln!(out, "  {}: mean rate {:.3} over {} raters", group.name, group.mean, group.rates.len())?;
    }
    match found.kruskal_wallis {
        Some(test) => {
            let degrees = test.degrees.unwrap_or(0.0);
            writeln!(out, "  Kruskal-Wallis H({degrees}) = {:.3}, p = {:.2e}", test.statistic, test.p)?;
        }
        None => {
            writeln!(out, "  no Kruskal-Wallis test: it needs two groups of raters (--groups) that differ")?
        }
    }
    Ok(())
}

pub(super) fn of_recovery(out: &mut String, recovery: &Recovery) -> Result<()> {
    writeln!(out, "\nPlanted truth: a = {}", recovery.planted_a)?;
    for found in &recovery.sos_parameter {
        let errors = found.standard_errors.map_or(String::new(), |n| format!(", {n:+.2} standard errors"));
        writeln!(out, "  ddof {}  a = {:.4} ({:+.4}{errors})", found.ddof, found.a, found.difference)?;
    }
    if let Some(mos) = &recovery.mos {
        let (clips, plcc, srcc, rmse) = (mos.clips, mos.plcc, mos.srcc, mos.rmse);
        write!(out, "  MOS against the planted realism of {clips} clips: ")?;
        writeln!(out, "PLCC {plcc:.4} SRCC {srcc:.4} RMSE {rmse:.4}")?;
    }
    if let (Some(careless), Some(attentive)) =
        (recovery.careless_raters_caught, recovery.attentive_raters_caught)
    {
        let all = recovery.careless_raters;
        writeln!(
            out,
            "  disqualified at least once: {careless} of {all} careless raters, {attentive} attentive ones"
        )?;
    }
    Ok(())
}
