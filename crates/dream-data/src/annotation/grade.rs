//! Grades from 1 to 5, and counts of them.

use std::collections::BTreeMap;
use std::fmt;

use crate::annotation::{Ddof, Opinion};
use crate::dataset::ClipId;
use crate::error::{Error, Result};

/// The sentence in place of a reason for grade 5. Raters who gave a 5 were not asked for a reason.
pub const AUTOMATIC_DESCRIPTION: &str =
    "The photorealism is very high, and there are no detectable signs of forgery";

/// An opinion on photorealism: 1 (bad) to 5 (excellent).
///
/// # Example
/// ```
/// use dream_data::annotation::Grade;
///
/// assert_eq!(Grade::new(4)?.get(), 4);
/// assert!(Grade::new(6).is_err());
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "u8", into = "u8")
)]
pub struct Grade(u8);

impl Grade {
    /// All grades, in order.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// The worst grade.
    pub const MIN: Self = Self(1);

    /// The best grade.
    pub const MAX: Self = Self(5);

    /// A grade from its number.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] unless `1 <= value <= 5`.
    pub fn new(value: u8) -> Result<Self> {
        if (1..=5).contains(&value) {
            return Ok(Self(value));
        }
        Err(Error::option("grade", format!("{value} is not one of 1, 2, 3, 4, 5")))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// From `3` or `3.0`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_suffix(".0").unwrap_or(text);
        Self::ALL.into_iter().find(|grade| digits.len() == 1 && digits.parse() == Ok(grade.0))
    }
}

impl TryFrom<u8> for Grade {
    type Error = Error;

    fn try_from(value: u8) -> Result<Self> {
        Self::new(value)
    }
}

impl From<Grade> for u8 {
    fn from(grade: Grade) -> Self {
        grade.0
    }
}

impl From<Grade> for f64 {
    fn from(grade: Grade) -> Self {
        Self::from(grade.0)
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How often each grade was given. Mean and deviation are exact: they come from integers.
///
/// # Example
/// ```
/// use dream_data::annotation::{Ddof, Grade, GradeCounts};
///
/// let counts: GradeCounts = [2, 4, 4, 5].map(Grade::new).into_iter().collect::<Result<_, _>>()?;
/// let opinion = counts.opinion(Ddof::Population).unwrap();
/// assert_eq!((opinion.mos, opinion.count), (3.75, 4));
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GradeCounts([u32; 5]);

impl GradeCounts {
    /// One more grade.
    pub fn add(&mut self, grade: Grade) {
        if let Some(count) = self.0.get_mut(usize::from(grade.0 - 1)) {
            *count = count.saturating_add(1);
        }
    }

    /// How often `grade` was given.
    #[must_use]
    pub fn of(&self, grade: Grade) -> u32 {
        self.iter().find(|(known, _)| *known == grade).map_or(0, |(_, count)| count)
    }

    /// Every grade and how often it was given, worst first.
    pub fn iter(&self) -> impl Iterator<Item = (Grade, u32)> {
        Grade::ALL.into_iter().zip(self.0)
    }

    /// How many grades there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.into_iter().map(u64::from).sum()
    }

    /// Mean and deviation; `None` without any grade.
    #[must_use]
    pub fn opinion(&self, ddof: Ddof) -> Option<Opinion> {
        let power = |exponent: u32| -> u128 {
            self.iter().map(|(grade, count)| u128::from(grade.0).pow(exponent) * u128::from(count)).sum()
        };
        let (n, sum, squares) = (power(0), power(1), power(2));
        let count = usize::try_from(n).ok().filter(|&n| n > 0)?;
        let free = count.checked_sub(ddof.get()).filter(|&free| free > 0);
        // n Σg² - (Σg)² is exact and not negative (Cauchy and Schwarz).
        let spread = (n * squares).saturating_sub(sum * sum) as f64;
        let sos = free.map(|free| (spread / (n as f64 * free as f64)).sqrt());
        Some(Opinion { mos: sum as f64 / n as f64, sos, count })
    }
}

impl FromIterator<Grade> for GradeCounts {
    fn from_iter<I: IntoIterator<Item = Grade>>(grades: I) -> Self {
        let mut counts = Self::default();
        for grade in grades {
            counts.add(grade);
        }
        counts
    }
}

/// Grades of every clip, counted in one pass; memory depends on the clips only.
///
/// # Example
/// ```
/// use dream_data::annotation::{Ddof, Tally};
/// use dream_data::dataset::Descriptions;
///
/// let file = "C1/1-1-1-target.mp4,5,,fine\nC1/1-1-1-target.mp4,4,,fine\n";
/// let (mut rows, mut tally) = (Descriptions::new(file.as_bytes(), "d.csv")?, Tally::default());
/// while let Some(row) = rows.next_row()? {
///     tally.add(row.clip, row.grade)?;
/// }
/// let counts = tally.get("C1/1-1-1-target.mp4").unwrap();
/// assert_eq!(counts.opinion(Ddof::Sample).unwrap().mos, 4.5);
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    clips: BTreeMap<ClipId, GradeCounts>,
}

impl Tally {
    /// Counts a grade of a clip.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a name that [`ClipId::new`] rejects.
    pub fn add(&mut self, clip: &str, grade: Grade) -> Result<()> {
        if let Some(counts) = self.clips.get_mut(clip) {
            counts.add(grade);
            return Ok(());
        }
        self.clips.entry(ClipId::new(clip)?).or_default().add(grade);
        Ok(())
    }

    /// The counts of a clip.
    #[must_use]
    pub fn get(&self, clip: &str) -> Option<&GradeCounts> {
        self.clips.get(clip)
    }

    /// All clips by name.
    pub fn iter(&self) -> impl Iterator<Item = (&ClipId, &GradeCounts)> {
        self.clips.iter()
    }

    /// Mean and deviation of all clips by name.
    pub fn opinions(&self, ddof: Ddof) -> impl Iterator<Item = (&ClipId, Opinion)> {
        self.iter().filter_map(move |(clip, counts)| Some((clip, counts.opinion(ddof)?)))
    }

    /// How many clips there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.clips.len()
    }

    /// Whether no grade was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clips.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_checked() {
        assert_eq!(Grade::ALL.map(Grade::get), [1, 2, 3, 4, 5]);
        for value in [0, 6, 255] {
            assert!(matches!(Grade::new(value), Err(Error::InvalidOption { option: "grade", .. })));
        }
        let read = ["1", "5", "3.0", "0", "6", "", ".0", "3.00", "+3", "03", "3.5"].map(Grade::parse);
        let number = |grade: Option<Grade>| grade.map(Grade::get);
        assert_eq!(read.map(number)[..3], [Some(1), Some(5), Some(3)]);
        assert!(read[3..].iter().all(Option::is_none), "{read:?}");
    }

    #[test]
    fn counted_opinions_equal_listed_ones() {
        let mut seed = 1_u64;
        for length in 1..200_usize {
            let grades: Vec<Grade> = (0..length)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    Grade::ALL[usize::try_from(seed >> 33).unwrap() % 5]
                })
                .collect();
            let values: Vec<f64> = grades.iter().map(|&grade| f64::from(grade)).collect();
            let counts: GradeCounts = grades.into_iter().collect();
            assert_eq!(counts.total(), length as u64);
            for ddof in [Ddof::Population, Ddof::Sample] {
                let (exact, listed) = (counts.opinion(ddof).unwrap(), Opinion::of(&values, ddof).unwrap());
                assert_eq!(exact.sos.is_some(), length > ddof.get());
                assert!((exact.mos - listed.mos).abs() < 1e-12);
                assert!((exact.sos.unwrap_or(0.0) - listed.sos.unwrap_or(0.0)).abs() < 1e-12);
            }
        }
        assert_eq!(GradeCounts::default().opinion(Ddof::Population), None);
        let many = GradeCounts([u32::MAX; 5]).opinion(Ddof::Sample).unwrap();
        assert!((many.mos - 3.0).abs() < 1e-12 && (many.sos.unwrap() - 2f64.sqrt()).abs() < 1e-9);
    }
}
