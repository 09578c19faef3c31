//! Quality control of annotation sessions by clips with a known grade.

use std::collections::BTreeMap;

use crate::annotation::{Grade, RatingTable};
use crate::dataset::ClipId;
use crate::error::{Error, Result};

/// A clip with a known grade, mixed into a session to test whether the rater pays attention.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Checker {
    /// The clip.
    pub clip: ClipId,
    /// Its known score, from 1 to 5.
    pub gold: f64,
    /// The rater's grade.
    pub given: Grade,
}

/// One attempt of a rater at a session.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Session {
    /// The session; a repeated one has the same name.
    pub id: String,
    /// Who rated.
    pub rater: String,
    /// The clips and their grades, without the checkers.
    pub grades: Vec<(ClipId, Grade)>,
    /// The checkers.
    pub checkers: Vec<Checker>,
}

/// A missed checker.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CheckerFailure {
    /// The checker.
    pub checker: Checker,
    /// Distance of the grade from the known score.
    pub distance: f64,
}

/// The verdict on an attempt.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Verdict {
    /// Which session.
    pub session: String,
    /// Who rated.
    pub rater: String,
    /// Which attempt of this rater at this session, from 1.
    pub attempt: usize,
    /// The missed checkers; one is enough to disqualify the attempt.
    pub failures: Vec<CheckerFailure>,
}

impl Verdict {
    /// Whether the attempt counts.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.failures.is_empty()
    }
}

/// The verdicts on all attempts, and what remains to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// One for every attempt, in order.
    pub verdicts: Vec<Verdict>,
    /// Session and rater of the sessions to repeat: no attempt so far was accepted.
    pub to_repeat: Vec<(String, String)>,
    /// The grades of the accepted attempts, without the checkers.
    pub ratings: RatingTable,
}

/// The rules of a session. The defaults are the paper's: 40 clips and 5 checkers, and a rater repeats a session in
/// which one checker is off by more than 1.
///
/// # Reference
/// The DREAM paper, section on annotation.
///
/// # Example
/// ```
/// use dream_data::annotation::{Checker, Grade, QualityControl, Session};
///
/// let rules = QualityControl { clips: 1, checkers: 1, ..Default::default() };
/// let checker = Checker { clip: "gold.mp4".parse()?, gold: 5.0, given: Grade::new(3)? };
/// let mut session = Session {
///     id: "7".to_owned(),
///     rater: "anna".to_owned(),
///     grades: vec![("a.mp4".parse()?, Grade::new(2)?)],
///     checkers: vec![checker],
/// };
/// let audit = rules.audit(&[session.clone()])?;
/// assert_eq!(audit.verdicts[0].failures[0].distance, 2.0);
/// assert_eq!(audit.to_repeat, [("7".to_owned(), "anna".to_owned())]);
///
/// let mut again = session.clone();
/// again.checkers[0].given = Grade::new(4)?;
/// let audit = rules.audit(&[session, again])?;
/// assert!(audit.to_repeat.is_empty() && audit.verdicts[1].accepted());
/// assert_eq!(audit.ratings.len(), 1);
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct QualityControl {
    /// Clips in a session.
    pub clips: usize,
    /// Checkers in a session.
    pub checkers: usize,
    /// The largest accepted distance from the known score of a checker.
    pub tolerance: f64,
}

impl Default for QualityControl {
    fn default() -> Self {
        Self { clips: 40, checkers: 5, tolerance: 1.0 }
    }
}

impl QualityControl {
    /// The checkers that an attempt missed.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a wrong number of clips or checkers, a clip twice in the session, a known score
    /// outside 1 to 5, and a tolerance that is negative or not finite.
    pub fn judge(&self, session: &Session) -> Result<Vec<CheckerFailure>> {
        if !(self.tolerance.is_finite() && self.tolerance >= 0.0) {
            return Err(Error::option("tolerance", format!("{} must be 0 or more", self.tolerance)));
        }
        let about = |option, reason: String| {
            let Session { id, rater, .. } = session;
            Error::option(option, format!("session `{id}` of rater `{rater}` {reason}"))
        };
        let fault = |reason| about("session", reason);
        let (clips, checkers) = (session.grades.len(), session.checkers.len());
        if (clips, checkers) != (self.clips, self.checkers) {
            let (c, k) = (self.clips, self.checkers);
            let reason = format!("has {clips} clips and {checkers} checkers; it must have {c} and {k}");
            return Err(about("clips", reason));
        }
        let names =
            session.grades.iter().map(|(clip, _)| clip).chain(session.checkers.iter().map(|c| &c.clip));
        let mut names: Vec<&ClipId> = names.collect();
        names.sort_unstable();
        if let Some(twice) = names.iter().zip(names.iter().skip(1)).find_map(|(a, b)| (a == b).then_some(a)) {
            return Err(fault(format!("has the clip `{twice}` twice")));
        }
        let mut failures = Vec::new();
        for checker in &session.checkers {
            if !(1.0..=5.0).contains(&checker.gold) {
                return Err(fault(format!(
                    "has the checker `{}` with the score {}",
                    checker.clip, checker.gold
                )));
            }
            let distance = (f64::from(checker.given) - checker.gold).abs();
            if distance > self.tolerance {
                failures.push(CheckerFailure { checker: checker.clone(), distance });
            }
        }
        Ok(failures)
    }

    /// Judges all attempts, in the order in which they took place.
    ///
    /// # Errors
    /// As [`judge`](Self::judge); also [`Error::InvalidOption`] for an attempt at an already accepted session, and for
    /// a clip that a rater has in two accepted sessions.
    pub fn audit(&self, sessions: &[Session]) -> Result<Audit> {
        let mut states: BTreeMap<(&str, &str), (usize, bool)> = BTreeMap::new();
        let (mut verdicts, mut ratings) = (Vec::with_capacity(sessions.len()), RatingTable::default());
        for session in sessions {
            let failures = self.judge(session)?;
            let (attempts, done) = states.entry((&session.id, &session.rater)).or_default();
            if *done {
                let Session { id, rater, .. } = session;
                let reason =
                    format!("session `{id}` of rater `{rater}` was accepted before; remove one attempt");
                return Err(Error::option("sessions", reason));
            }
            *attempts += 1;
            *done = failures.is_empty();
            if *done {
                for (clip, grade) in &session.grades {
                    ratings.add(&session.rater, clip.clone(), f64::from(*grade))?;
                }
            }
            let (id, rater) = (session.id.clone(), session.rater.clone());
            verdicts.push(Verdict { session: id, rater, attempt: *attempts, failures });
        }
        let open = states.into_iter().filter(|(_, (_, done))| !done);
        let to_repeat = open.map(|((id, rater), _)| (id.to_owned(), rater.to_owned())).collect();
        Ok(Audit { verdicts, to_repeat, ratings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: &str, rater: &str, given: [u8; 5]) -> Session {
        let clip = |name: String| -> ClipId { name.parse().unwrap() };
        let grades = (0..40).map(|i| (clip(format!("{id}/{i}.mp4")), Grade::ALL[i % 5])).collect();
        // Known scores 1, 2, 3, 4 and 4.5.
        let gold = [1.0, 2.0, 3.0, 4.0, 4.5];
        let checker = |(i, gold)| Checker {
            clip: clip(format!("gold/{i}.mp4")),
            gold,
            given: Grade::new(given[i]).unwrap(),
        };
        let checkers = gold.into_iter().enumerate().map(checker).collect();
        Session { id: id.to_owned(), rater: rater.to_owned(), grades, checkers }
    }

    #[test]
    fn off_by_one_passes_and_by_more_does_not() {
        let rules = QualityControl::default();
        for good in [[1, 2, 3, 4, 5], [2, 1, 4, 5, 4], [2, 3, 2, 3, 4]] {
            assert_eq!(rules.judge(&session("s", "r", good)).unwrap(), []);
        }
        for (bad, place, distance) in [
            ([3, 2, 3, 4, 5], 0, 2.0),
            ([1, 2, 5, 4, 5], 2, 2.0),
            ([1, 2, 3, 4, 3], 4, 1.5),
            ([1, 2, 3, 1, 5], 3, 3.0),
        ] {
            let failures = rules.judge(&session("s", "r", bad)).unwrap();
            assert_eq!(failures.len(), 1);
            assert_eq!(failures[0].checker.clip.as_str(), format!("gold/{place}.mp4"));
            assert_eq!(failures[0].distance, distance);
        }
    }

    #[test]
    fn sessions_are_repeated_until_they_pass() {
        let (good, bad) = ([1, 2, 3, 4, 5], [5, 5, 3, 4, 5]);
        let sessions = [
            session("1", "anna", bad),
            session("1", "ben", good),
            session("2", "anna", [1, 2, 3, 2, 5]),
            session("1", "anna", bad),
            session("1", "anna", good),
        ];
        let audit = QualityControl::default().audit(&sessions).unwrap();
        let verdicts: Vec<_> =
            audit.verdicts.iter().map(|v| (v.attempt, v.accepted(), v.failures.len())).collect();
        assert_eq!(verdicts, [(1, false, 2), (1, true, 0), (1, false, 1), (2, false, 2), (3, true, 0)]);
        assert_eq!(audit.to_repeat, [("2".to_owned(), "anna".to_owned())]);
        assert_eq!(
            (audit.ratings.len(), audit.ratings.raters()),
            (80, &["ben".to_owned(), "anna".to_owned()][..])
        );
        let again = [sessions[1].clone(), sessions[1].clone()];
        let error = QualityControl::default().audit(&again).unwrap_err().to_string();
        assert!(error.contains("session `1` of rater `ben` was accepted before"), "{error}");
    }

    #[test]
    fn odd_sessions_are_errors() {
        let rules = QualityControl::default();
        let good = session("s", "r", [1, 2, 3, 4, 5]);
        let fails = |change: &dyn Fn(&mut Session)| {
            let mut odd = good.clone();
            change(&mut odd);
            rules.judge(&odd).unwrap_err().to_string()
        };
        assert!(
            fails(&|s| _ = s.grades.pop()).contains("has 39 clips and 5 checkers; it must have 40 and 5")
        );
        assert!(fails(&|s| _ = s.checkers.pop()).contains("4 checkers"));
        assert!(fails(&|s| s.checkers[1].clip = s.grades[0].0.clone()).contains("twice"));
        for gold in [0.5, 5.1, f64::NAN] {
            assert!(fails(&|s| s.checkers[1].gold = gold).contains("gold/1.mp4"));
        }
        let rules = QualityControl { tolerance: f64::NAN, ..rules };
        assert!(rules.judge(&good).unwrap_err().to_string().contains("tolerance"));
    }
}
