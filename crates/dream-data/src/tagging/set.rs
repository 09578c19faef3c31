//! Small sets of labels.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use super::labels::{Artifact, Label, Place};
use crate::error::{Error, Result};

/// A set of labels of one kind: four bytes, iterated in published order.
///
/// As text, the labels are joined by `;`, as in the published tables.
///
/// # Example
/// ```
/// use dream_data::tagging::{Place, PlaceSet};
///
/// let places: PlaceSet = "teeth;mouth".parse()?;
/// assert!(places.contains(Place::Mouth) && places.len() == 2);
/// assert_eq!(places.to_string(), "mouth;teeth");
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LabelSet<L> {
    bits: u32,
    kind: PhantomData<L>,
}

/// Places of one description.
pub type PlaceSet = LabelSet<Place>;
/// Artifacts of one description.
pub type ArtifactSet = LabelSet<Artifact>;

impl<L: Label> LabelSet<L> {
    /// No label.
    #[must_use]
    pub const fn new() -> Self {
        Self { bits: 0, kind: PhantomData }
    }

    /// Adds a label; true if it was not there.
    pub fn insert(&mut self, label: L) -> bool {
        let before = self.bits;
        self.bits |= bit(label);
        before != self.bits
    }

    /// Removes a label; true if it was there.
    pub fn remove(&mut self, label: L) -> bool {
        let before = self.bits;
        self.bits &= !bit(label);
        before != self.bits
    }

    /// Whether the label is there.
    #[must_use]
    pub fn contains(self, label: L) -> bool {
        self.bits & bit(label) != 0
    }

    /// The number of labels.
    #[must_use]
    pub const fn len(self) -> usize {
        self.bits.count_ones() as usize
    }

    /// Whether there is no label.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// The union of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits, kind: PhantomData }
    }

    /// The labels, in published order.
    pub fn iter(self) -> impl Iterator<Item = L> {
        L::all().iter().copied().filter(move |&label| self.contains(label))
    }
}

/// The largest kind has 19 labels.
fn bit<L: Label>(label: L) -> u32 {
    1 << (label.index() & 31)
}

impl<L: Label> Default for LabelSet<L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: Label> From<L> for LabelSet<L> {
    fn from(label: L) -> Self {
        Self { bits: bit(label), kind: PhantomData }
    }
}

impl<L: Label> FromIterator<L> for LabelSet<L> {
    fn from_iter<I: IntoIterator<Item = L>>(labels: I) -> Self {
        let mut set = Self::new();
        set.extend(labels);
        set
    }
}

impl<L: Label> Extend<L> for LabelSet<L> {
    fn extend<I: IntoIterator<Item = L>>(&mut self, labels: I) {
        for label in labels {
            self.insert(label);
        }
    }
}

impl<L: Label> fmt::Display for LabelSet<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, label) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(";")?;
            }
            f.write_str(label.label())?;
        }
        Ok(())
    }
}

impl<L: Label> fmt::Debug for LabelSet<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// One or more labels joined by `;`.
impl<L: Label + FromStr<Err = Error>> FromStr for LabelSet<L> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.split(';').map(str::parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_behaves_like_one() {
        let mut set = ArtifactSet::new();
        assert!(set.is_empty() && set.to_string().is_empty());
        assert!(set.insert(Artifact::Others) && !set.insert(Artifact::Others));
        assert!(set.insert(Artifact::Blur));
        assert_eq!(set.iter().collect::<Vec<_>>(), [Artifact::Blur, Artifact::Others]);
        assert_eq!(set.to_string().parse::<ArtifactSet>().unwrap(), set);
        assert!(set.remove(Artifact::Blur) && !set.remove(Artifact::Blur));
        assert_eq!(set, ArtifactSet::from(Artifact::Others));
        assert_eq!(format!("{set:?}"), "{Others}");
        assert_eq!(ArtifactSet::from_iter(Artifact::ALL).len(), 19);
        assert_eq!(set.union(Artifact::Seam.into()).len(), 2);
    }

    #[test]
    fn text_that_is_no_set() {
        assert!("mouth;".parse::<PlaceSet>().is_err());
        assert!("".parse::<PlaceSet>().is_err());
        assert!("mouth,teeth".parse::<PlaceSet>().is_err());
        assert_eq!(" Mouth ; teeth".parse::<PlaceSet>().unwrap().len(), 2);
    }
}
