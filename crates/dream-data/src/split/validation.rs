//! A part of train held out to choose between models.

use std::collections::BTreeSet;

use crate::dataset::{Clip, Labelled};
use crate::error::{Error, Result};
use crate::random::SplitMix64;
use crate::split::catalogue;

/// What is held out as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ValidationUnit {
    /// Single clips: validation then shares all identities and methods with train.
    #[default]
    Clip,
    /// All clips of an identity: validation resembles test-1.
    Identity,
    /// All clips of a method: validation resembles test-2.
    Method,
}

/// Divides train into a part to fit on and a part to choose by.
///
/// # Example
/// ```
/// use dream_data::dataset::{Clip, Labelled};
/// use dream_data::split::{Validation, ValidationUnit};
///
/// let names = (1..=10).map(|group| format!("C1/{group}-1-1-target.mp4"));
/// let clips: Vec<Clip> = names.map(|name| Clip::from_id(name.parse()?)).collect::<Result<_, _>>()?;
/// let train: Vec<Labelled> = clips.iter().map(|c| Labelled { clip: c.id.clone(), mos: None }).collect();
/// let validation = Validation { unit: ValidationUnit::Identity, ..Default::default() };
/// let (fit, held_out) = validation.divide(&train, &clips)?;
/// assert_eq!((fit.len(), held_out.len()), (8, 2));
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// The share of the units to hold out, rounded to whole units, at least one.
    pub share: f64,
    /// What is held out as a whole.
    pub unit: ValidationUnit,
    /// The seed of the draw.
    pub seed: u64,
}

impl Default for Validation {
    fn default() -> Self {
        Self { share: 0.2, unit: ValidationUnit::default(), seed: 0 }
    }
}

impl Validation {
    /// The rows to fit on and the rows held out, both in the order of `train`. The share counts units; if identities or
    /// methods differ in size, the share of clips differs.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a share not between 0 and 1, a clip that `known` lacks or that is twice in either
    /// list, and a train set with fewer than two units.
    pub fn divide(&self, train: &[Labelled], known: &[Clip]) -> Result<(Vec<Labelled>, Vec<Labelled>)> {
        if !(self.share > 0.0 && self.share < 1.0) {
            return Err(Error::option("share", format!("{} must be above 0 and below 1", self.share)));
        }
        let known = catalogue(known)?;
        let mut seen = BTreeSet::new();
        let mut units = Vec::with_capacity(train.len());
        for row in train {
            let unknown =
                || Error::option("known", format!("`{}` of train is not among the known clips", row.clip));
            let clip = known.get(&row.clip).ok_or_else(unknown)?;
            if !seen.insert(&row.clip) {
                return Err(Error::option("train", format!("`{}` is listed twice; remove one", row.clip)));
            }
            units.push(match self.unit {
                ValidationUnit::Clip => clip.id.as_str(),
                ValidationUnit::Identity => clip.identity.as_str(),
                ValidationUnit::Method => clip.method.as_str(),
            });
        }
        let mut names: Vec<&str> = units.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        if names.len() < 2 {
            let reason = format!("cannot divide {} units of {:?}; give at least two", names.len(), self.unit);
            return Err(Error::option("train", reason));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=len")]
        let count = (self.share * names.len() as f64).round() as usize;
        let count = count.clamp(1, names.len() - 1);
        SplitMix64::stream(self.seed, 0).shuffle(&mut names);
        names.truncate(count);
        let held: BTreeSet<&str> = names.into_iter().collect();
        let (out, fit): (Vec<_>, Vec<_>) =
            train.iter().zip(&units).partition(|(_, unit)| held.contains(**unit));
        let rows = |part: Vec<(&Labelled, &&str)>| part.into_iter().map(|(row, _)| row.clone()).collect();
        Ok((rows(fit), rows(out)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::design::tests::grid;

    fn rows(clips: &[Clip]) -> Vec<Labelled> {
        clips.iter().map(|clip| Labelled { clip: clip.id.clone(), mos: Some(3.0) }).collect()
    }

    #[test]
    fn units_stay_whole() {
        let clips = grid(14, 25);
        let train = rows(&clips);
        for (unit, held_out) in [
            (ValidationUnit::Clip, 140),
            (ValidationUnit::Identity, 3 * 50),
            (ValidationUnit::Method, 5 * 28),
        ] {
            let validation = Validation { unit, ..Default::default() };
            let (fit, out) = validation.divide(&train, &clips).unwrap();
            assert_eq!((fit.len() + out.len(), out.len()), (700, held_out), "{unit:?}");
            let names = |rows: &[Labelled]| -> BTreeSet<String> {
                let clips = rows.iter().map(|row| Clip::from_id(row.clip.clone()).unwrap());
                let name = |clip: Clip| match unit {
                    ValidationUnit::Clip => clip.id.to_string(),
                    ValidationUnit::Identity => clip.identity,
                    ValidationUnit::Method => clip.method,
                };
                clips.map(name).collect()
            };
            assert!(names(&fit).is_disjoint(&names(&out)), "{unit:?}");
            assert_eq!(validation.divide(&train, &clips).unwrap(), (fit, out.clone()));
            assert_ne!(Validation { seed: 1, ..validation }.divide(&train, &clips).unwrap().1, out);
        }
    }

    #[test]
    fn impossible_divisions_are_errors() {
        let clips = grid(3, 1);
        let train = rows(&clips);
        let fails = |validation: Validation, train: &[Labelled], clips: &[Clip]| {
            validation.divide(train, clips).unwrap_err().to_string()
        };
        for share in [0.0, 1.0, f64::NAN, -1.0] {
            assert!(fails(Validation { share, ..Default::default() }, &train, &clips).contains("share"));
        }
        let by_method = Validation { unit: ValidationUnit::Method, ..Default::default() };
        assert!(fails(by_method, &train, &clips).contains("1 units of Method"));
        assert!(fails(Validation::default(), &[], &clips).contains("0 units"));
        assert!(fails(Validation::default(), &train, &clips[1..]).contains("not among the known"));
        assert!(
            fails(Validation::default(), &[train.clone(), train.clone()].concat(), &clips).contains("twice")
        );
        let least = Validation { share: 1e-9, ..Default::default() }.divide(&train, &clips).unwrap();
        assert_eq!(least.1.len(), 1);
    }
}
