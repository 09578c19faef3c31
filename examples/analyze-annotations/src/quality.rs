//! Quality control of annotation sessions, and its effect.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use dream_data::annotation::{QualityControl, RatingTable, Session, read_sessions};
use serde::Serialize;

use crate::agreement::Agreement;
use crate::false_negatives::FalseNegatives;
use crate::opinions::{Opinions, Options, SosParameter};
use crate::screening::Screening;

/// The rules, their effect, and the statistics of the accepted attempts.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Quality {
    pub(crate) session_clips: usize,
    pub(crate) session_checkers: usize,
    pub(crate) tolerance: f64,
    pub(crate) attempts: usize,
    pub(crate) disqualified: usize,
    /// Missed checkers in total.
    pub(crate) missed_checkers: usize,
    /// Raters with a disqualified attempt, by name.
    pub(crate) disqualified_raters: BTreeSet<String>,
    /// Sessions without an accepted attempt.
    pub(crate) to_repeat: usize,
    /// The first attempt at every session: the scores without quality control.
    pub(crate) before: Brief,
    /// The accepted attempts.
    pub(crate) after: Brief,
    /// The largest difference of a clip's mean between accepted grades and descriptions; none if the clips differ.
    pub(crate) largest_difference_from_descriptions: Option<f64>,
    /// Of the accepted attempts, by rater.
    pub(crate) agreement: Agreement,
    pub(crate) screening: Screening,
    pub(crate) false_negatives: FalseNegatives,
}

/// The values to compare before and after.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Brief {
    pub(crate) raters: usize,
    pub(crate) scores: usize,
    pub(crate) sos_parameter: [SosParameter; 2],
}

impl Quality {
    pub(crate) fn of(
        path: &Path,
        rules: &QualityControl,
        descriptions: &Opinions,
        groups: &BTreeMap<String, String>,
        repeats: usize,
        options: Options,
    ) -> Result<Self> {
        let context = || path.display().to_string();
        let sessions = read_sessions(path)?;
        let audit = rules.audit(&sessions).with_context(context)?;
        let first = first_attempts(&sessions).with_context(context)?;
        let before = Opinions::of_table(&first, options).with_context(|| format!("{}: before", context()))?;
        let after = Opinions::of_table(&audit.ratings, options)
            .with_context(|| format!("{}: the accepted attempts", context()))?;
        let refused = || audit.verdicts.iter().filter(|verdict| !verdict.accepted());
        let brief = |table: &RatingTable, opinions: &Opinions| Brief {
            raters: table.raters().len(),
            scores: table.len(),
            sos_parameter: opinions.sos_parameter.clone(),
        };
        Ok(Self {
            session_clips: rules.clips,
            session_checkers: rules.checkers,
            tolerance: rules.tolerance,
            attempts: audit.verdicts.len(),
            disqualified: refused().count(),
            missed_checkers: refused().map(|verdict| verdict.failures.len()).sum(),
            disqualified_raters: refused().map(|verdict| verdict.rater.clone()).collect(),
            to_repeat: audit.to_repeat.len(),
            before: brief(&first, &before),
            after: brief(&audit.ratings, &after),
            largest_difference_from_descriptions: difference(&after, descriptions),
            agreement: Agreement::of_table(&audit.ratings, repeats, options.seed)?,
            screening: Screening::of(&audit.ratings, &after, options)?,
            false_negatives: FalseNegatives::of(&audit.ratings, groups)?,
        })
    }
}

/// The grades of every rater's first attempt at every session.
fn first_attempts(sessions: &[Session]) -> Result<RatingTable> {
    let mut table = RatingTable::default();
    let mut seen = BTreeSet::new();
    for session in sessions {
        if seen.insert((&session.id, &session.rater)) {
            for (clip, grade) in &session.grades {
                table.add(&session.rater, clip.clone(), f64::from(*grade))?;
            }
        }
    }
    Ok(table)
}

fn difference(ours: &Opinions, theirs: &Opinions) -> Option<f64> {
    let by_name = |opinions: &Opinions| -> BTreeMap<String, f64> {
        opinions.clips.iter().map(|clip| (clip.clip.clone(), clip.mos)).collect()
    };
    let (ours, theirs) = (by_name(ours), by_name(theirs));
    let same = ours.len() == theirs.len() && ours.keys().eq(theirs.keys());
    let differences = ours.values().zip(theirs.values()).map(|(a, b)| (a - b).abs());
    same.then(|| differences.fold(0.0, f64::max))
}
