//! How often each label appears.

use std::collections::BTreeMap;

use super::labels::{Artifact, Extent, Label, LabelKind, Place};
use super::tagger::Tags;
use crate::error::{Error, Result};

/// A label, and how often descriptions have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelRatio {
    /// Whether it is a place, an artifact or an extent.
    pub kind: LabelKind,
    /// Its published spelling.
    pub label: &'static str,
    /// Share of the descriptions with it, from 0 to 1.
    pub ratio: f64,
}

/// Appearances of each of the 37 labels, divided by the number of descriptions.
///
/// A description may have several places and artifacts, so those ratios can sum to more than 1; the four extents sum
/// to 1.
///
/// # Example
/// ```
/// use dream_data::tagging::{Artifact, Extent, Profile, Tagger};
///
/// let texts = ["Slight blur at the mouth", "The eyes flicker and are blurred", "Looks real", "Blurred"];
/// let profile = Profile::from_tags(texts.map(|text| Tagger::english().tag(text)))?;
/// assert_eq!(profile.artifact(Artifact::Blur), 0.75);
/// assert_eq!(profile.extent(Extent::Moderate), 0.5);
/// assert_eq!(profile.iter().count(), 37);
///
/// assert!(Profile::from_tags([]).is_err());
/// # Ok::<(), dream_data::Error>(())
/// ```
///
/// # Reference
/// Figure 7 of the DREAM paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    descriptions: u64,
    places: [u64; Place::ALL.len()],
    artifacts: [u64; Artifact::ALL.len()],
    extents: [u64; Extent::ALL.len()],
}

impl Profile {
    const EMPTY: Self = Self {
        descriptions: 0,
        places: [0; Place::ALL.len()],
        artifacts: [0; Artifact::ALL.len()],
        extents: [0; Extent::ALL.len()],
    };

    /// The profile of some descriptions: of one clip, or of a whole set.
    ///
    /// # Errors
    /// [`Error::NoDescriptions`] if there is none.
    pub fn from_tags(tags: impl IntoIterator<Item = Tags>) -> Result<Self> {
        let mut profile = Self::EMPTY;
        tags.into_iter().for_each(|tags| profile.add(tags));
        if profile.descriptions == 0 { Err(Error::NoDescriptions) } else { Ok(profile) }
    }

    /// The profile of every clip, from pairs of its name and the labels of one description, in any order.
    ///
    /// The profile of the whole set is the [`sum`](Self::sum) of these.
    ///
    /// # Errors
    /// [`Error::NoDescriptions`] if there is no pair.
    pub fn per_clip<S: Into<String>>(
        tags: impl IntoIterator<Item = (S, Tags)>,
    ) -> Result<BTreeMap<String, Self>> {
        let mut clips: BTreeMap<String, Self> = BTreeMap::new();
        for (clip, tags) in tags {
            clips.entry(clip.into()).or_insert(Self::EMPTY).add(tags);
        }
        if clips.is_empty() { Err(Error::NoDescriptions) } else { Ok(clips) }
    }

    /// The profile of all descriptions together: every description has the same weight, whatever its clip.
    ///
    /// # Errors
    /// [`Error::NoDescriptions`] if there is no profile.
    pub fn sum<'a>(profiles: impl IntoIterator<Item = &'a Self>) -> Result<Self> {
        let mut total = Self::EMPTY;
        for profile in profiles {
            total.descriptions += profile.descriptions;
            let theirs = profile.places.iter().chain(&profile.artifacts).chain(&profile.extents);
            let ours = total.places.iter_mut().chain(&mut total.artifacts).chain(&mut total.extents);
            ours.zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        }
        if total.descriptions == 0 { Err(Error::NoDescriptions) } else { Ok(total) }
    }

    fn add(&mut self, tags: Tags) {
        self.descriptions += 1;
        tags.places.iter().for_each(|place| count(&mut self.places, place));
        tags.artifacts.iter().for_each(|artifact| count(&mut self.artifacts, artifact));
        count(&mut self.extents, tags.extent);
    }

    /// The number of descriptions; at least 1.
    #[must_use]
    pub fn descriptions(&self) -> u64 {
        self.descriptions
    }

    /// Share of descriptions with this place, from 0 to 1.
    #[must_use]
    pub fn place(&self, place: Place) -> f64 {
        self.ratio(&self.places, place)
    }

    /// Share of descriptions with this artifact, from 0 to 1.
    #[must_use]
    pub fn artifact(&self, artifact: Artifact) -> f64 {
        self.ratio(&self.artifacts, artifact)
    }

    /// Share of descriptions with this extent, from 0 to 1.
    #[must_use]
    pub fn extent(&self, extent: Extent) -> f64 {
        self.ratio(&self.extents, extent)
    }

    /// The 37 labels and their ratios: places, artifacts, extents, each in published order. All labels differ.
    pub fn iter(&self) -> impl Iterator<Item = LabelRatio> {
        let places = self.ratios::<Place>(&self.places);
        places.chain(self.ratios::<Artifact>(&self.artifacts)).chain(self.ratios::<Extent>(&self.extents))
    }

    fn ratios<L: Label>(&self, counts: &[u64]) -> impl Iterator<Item = LabelRatio> {
        let of = move |&label: &L| LabelRatio {
            kind: L::KIND,
            label: label.label(),
            ratio: self.ratio(counts, label),
        };
        L::all().iter().map(of)
    }

    fn ratio<L: Label>(&self, counts: &[u64], label: L) -> f64 {
        let count = counts.get(label.index()).copied().unwrap_or(0);
        count as f64 / self.descriptions as f64
    }
}

fn count<L: Label>(counts: &mut [u64], label: L) {
    if let Some(count) = counts.get_mut(label.index()) {
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(places: &str, artifacts: &str, extent: Extent) -> Tags {
        Tags { places: places.parse().unwrap(), artifacts: artifacts.parse().unwrap(), extent }
    }

    #[test]
    fn ratios_count_every_label_once_per_description() {
        let all = [
            ("b", tags("mouth;teeth", "blur", Extent::Mild)),
            ("a", tags("mouth", "blur;seam", Extent::Severe)),
            ("b", tags("not-specified", "none", Extent::NoArtifact)),
            ("b", tags("eyes", "others", Extent::Mild)),
        ];
        let whole = Profile::from_tags(all.map(|(_, tags)| tags)).unwrap();
        assert_eq!((whole.descriptions(), whole.place(Place::Mouth)), (4, 0.5));
        let expected =
            [("mouth", 0.5), ("teeth", 0.25), ("eyes", 0.25), ("not-specified", 0.25), ("blur", 0.5)];
        for (label, ratio) in expected {
            assert!(whole.iter().any(|entry| (entry.label, entry.ratio) == (label, ratio)), "{label}");
        }
        let kinds: Vec<LabelKind> = whole.iter().map(|entry| entry.kind).collect();
        let of = |kind| kinds.iter().filter(|found| **found == kind).count();
        assert!(kinds.is_sorted() && LabelKind::ALL.map(of) == [14, 19, 4]);
        assert_eq!(whole.iter().find(|entry| entry.label == "blur").unwrap().kind, LabelKind::Artifact);
        let extents: f64 = Extent::ALL.into_iter().map(|extent| whole.extent(extent)).sum();
        assert_eq!((whole.iter().count(), extents), (37, 1.0));

        let clips = Profile::per_clip(all).unwrap();
        assert_eq!(clips.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((clips["b"].descriptions(), clips["a"].artifact(Artifact::Seam)), (3, 1.0));
        assert_eq!(Profile::sum(clips.values()).unwrap(), whole);
    }

    #[test]
    fn no_descriptions_are_an_error() {
        assert!(matches!(Profile::from_tags([]), Err(Error::NoDescriptions)));
        assert!(matches!(Profile::per_clip::<&str>([]), Err(Error::NoDescriptions)));
        assert!(matches!(Profile::sum([]), Err(Error::NoDescriptions)));
    }
}
