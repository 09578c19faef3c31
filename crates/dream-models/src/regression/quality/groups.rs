//! Features in groups, so that a score can be explained by a few things instead of sixty.

use super::Aspect;
use crate::{Error, Result};

/// The features of a model in groups: every feature in exactly one.
///
/// ```
/// use dream_models::regression::{FeatureGroups, QualityModel};
///
/// # fn main() -> dream_models::Result<()> {
/// let model = QualityModel::embedded()?;
/// let groups = FeatureGroups::by_aspect(model.inputs());
/// let names: Vec<&str> = groups.iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["motion", "sharpness", "steadiness", "colour", "edges", "texture", "naturalness"]);
///
/// // Groups of one's own.
/// let halves = FeatureGroups::new(60, [("first", (0..30).collect()), ("second", (30..60).collect())])?;
/// assert_eq!(halves.iter().len(), 2);
/// assert!(FeatureGroups::new(60, [("first", vec![0, 1])]).is_err()); // 58 are in no group
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureGroups {
    /// Positions of features ascend.
    groups: Vec<(String, Vec<usize>)>,
    inputs: usize,
}

impl FeatureGroups {
    /// Most groups. The time of an explanation doubles with each.
    pub const MOST: usize = 12;

    /// Groups with names, of positions from 0 to `inputs`. The order of the groups is that of an explanation; the order
    /// within a group does not matter.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for more than [`FeatureGroups::MOST`] groups, an empty group, a name that occurs twice, a
    /// position beyond the features, and a feature that is in no group or in two.
    pub fn new<S: Into<String>>(
        inputs: usize,
        groups: impl IntoIterator<Item = (S, Vec<usize>)>,
    ) -> Result<Self> {
        let bad = |reason: String| Err(Error::InvalidInput { argument: "groups", reason });
        let mut known: Vec<(String, Vec<usize>)> = Vec::new();
        let mut seen = vec![false; inputs];
        for (name, mut positions) in groups {
            let name = name.into();
            if known.len() == Self::MOST {
                return bad(format!("more than {}: put some of them together", Self::MOST));
            }
            if positions.is_empty() || known.iter().any(|(other, _)| *other == name) {
                return bad(format!("`{name}` is empty or occurs twice"));
            }
            positions.sort_unstable();
            for position in &positions {
                match seen.get_mut(*position) {
                    Some(seen) if !*seen => *seen = true,
                    Some(_) => return bad(format!("feature {position} is in two groups, or twice in one")),
                    None => {
                        return bad(format!(
                            "`{name}` has feature {position}, and there are {inputs}, from 0"
                        ));
                    }
                }
            }
            known.push((name, positions));
        }
        match seen.iter().position(|seen| !seen) {
            Some(position) => bad(format!("feature {position} is in no group")),
            None => Ok(Self { groups: known, inputs }),
        }
    }

    /// Features by what they look at: see [`Aspect`]. Names that are not those of the embedded models are a group of their
    /// own.
    #[must_use]
    pub fn by_aspect<S: AsRef<str>>(names: &[S]) -> Self {
        let aspects: Vec<Aspect> = names.iter().map(|name| Aspect::of(name.as_ref())).collect();
        let members = |aspect: Aspect| {
            let all = aspects.iter().enumerate();
            all.filter(|(_, found)| found.name == aspect.name)
                .map(|(position, _)| position)
                .collect::<Vec<usize>>()
        };
        // There are no more aspects than groups may be: a test counts them.
        let groups = Aspect::all().map(|aspect| (aspect.name.to_owned(), members(aspect)));
        Self { groups: groups.filter(|(_, members)| !members.is_empty()).collect(), inputs: names.len() }
    }

    /// Names of the groups and positions of their features.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[usize])> {
        self.groups.iter().map(|(name, members)| (name.as_str(), members.as_slice()))
    }

    /// Number of features.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The groups by their first features, so that sums do not depend on the order in which groups were given.
    pub(super) fn canonical(&self) -> Vec<&[usize]> {
        let mut members: Vec<&[usize]> = self.iter().map(|(_, members)| members).collect();
        members.sort_unstable();
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_a_partition() {
        let refused =
            |groups: Vec<(&str, Vec<usize>)>| FeatureGroups::new(3, groups).unwrap_err().to_string();
        assert!(refused(vec![("a", vec![0, 1])]).contains("feature 2 is in no group"));
        assert!(refused(vec![("a", vec![0, 1, 2]), ("b", vec![1])]).contains("feature 1 is in two groups"));
        assert!(refused(vec![("a", vec![0, 1, 1, 2])]).contains("twice in one"));
        assert!(refused(vec![("a", vec![0, 1, 2, 3])]).contains("has feature 3"));
        assert!(refused(vec![("a", vec![0, 1, 2]), ("b", vec![])]).contains("empty"));
        assert!(refused(vec![("a", vec![0]), ("a", vec![1, 2])]).contains("twice"));
        let many = (0..13).map(|i| (i.to_string(), vec![i]));
        assert!(FeatureGroups::new(13, many).unwrap_err().to_string().contains("more than 12"));
        let groups = FeatureGroups::new(3, [("b", vec![2, 1]), ("a", vec![0])]).unwrap();
        assert_eq!(groups.iter().collect::<Vec<_>>(), [("b", &[1, 2][..]), ("a", &[0][..])]);
        assert_eq!(groups.canonical(), [&[0][..], &[1, 2][..]]);
    }

    #[test]
    fn there_is_room_for_all_aspects() {
        assert!(Aspect::all().count() <= FeatureGroups::MOST);
    }
}
