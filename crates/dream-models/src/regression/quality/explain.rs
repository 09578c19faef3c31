//! Why a model gives a score: what each feature adds, compared with the average video of the training.

use super::{FeatureGroups, QualityModel};
use crate::regression::scored::Scored;
use crate::{Error, Result};

/// A score as a sum: that of the average video, and what each group of features and each feature adds to it.
///
/// `reference + the shares of all groups = unclamped`, and `unclamped + clamping = score`, each to 1e-9 or better; a group's
/// share is the sum of those of its features.
///
/// The *reference* is the row that the scaling turns into zeros: every feature has its mean over the training videos, taken
/// after the logarithm where the model takes one. No video need have these features; it is a fixed point to compare with.
///
/// *Between groups* a share is the Shapley value: the mean, over all orders in which the groups can go from the reference
/// to the video, of what the group changes. *Within a group* it is the Aumann-Shapley value: its features go together. Both
/// are exact for these networks. Other groups give other shares.
///
/// Shares say what the model does. They do not say what was done to the video, and what people would say of it.
///
/// ```
/// use dream_models::regression::{FeatureGroups, QualityModel};
///
/// # fn main() -> dream_models::Result<()> {
/// let model = QualityModel::embedded_brisque()?;
/// let found = model.explain_raw(&[0.5; 36], &FeatureGroups::by_aspect(model.inputs()))?;
/// let sum: f64 = found.groups.iter().map(|group| group.share).sum();
/// assert!((found.reference + sum + found.clamping() - found.score).abs() < 1e-9);
/// assert_eq!(found.groups[0].name, "fine-contrast");
/// # Ok(())
/// # }
/// ```
///
/// # Reference
///
/// L. S. Shapley, "A value for n-person games", 1953; R. J. Aumann and L. S. Shapley, "Values of non-atomic games", 1974.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The score, as [`QualityModel::predict`] gives it.
    pub score: f64,
    /// The score before it was brought into the range of the model: what the shares explain.
    pub unclamped: f64,
    /// The score of the reference, before clamping.
    pub reference: f64,
    /// In the order of the [`FeatureGroups`].
    pub groups: Vec<GroupShare>,
}

impl Explanation {
    /// What the range of the model changed: 0 for a score within it.
    #[must_use]
    pub fn clamping(&self) -> f64 {
        self.score - self.unclamped
    }
}

/// What a group of features adds to a score.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupShare {
    /// Name of the group.
    pub name: String,
    /// Its share of the score: above 0 where it raises the score.
    pub share: f64,
    /// Its features, in the order of the model.
    pub features: Vec<FeatureShare>,
}

/// What one feature adds to a score.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureShare {
    /// Name of the feature.
    pub name: String,
    /// Its value, as given. NaN or infinite where it is missing.
    pub value: f64,
    /// Its value in the reference.
    pub reference: f64,
    /// How far the value is from the reference, in standard deviations of the training, within the clamp of the
    /// scaling; `None` for a feature that the model does not use.
    pub deviations: Option<f64>,
    /// Its share of the score.
    pub share: f64,
}

impl QualityModel {
    /// The score of one video with what its features add to it. `vector` is that of [`QualityModel::predict`].
    ///
    /// Time: `2^G` hyperbolic tangents for each hidden unit of the ensemble and `G` groups. With the seven groups of
    /// [`FeatureGroups::by_aspect`] and the embedded model, a few milliseconds: much less than the features take.
    ///
    /// The same bytes on every machine, and in whatever order groups and their features are given.
    ///
    /// # Errors
    ///
    /// As [`QualityModel::predict`]; [`Error::LengthMismatch`] for groups of another number of features.
    pub fn explain<'a>(
        &self,
        vector: impl Into<(&'a str, &'a [String], &'a [f64])>,
        groups: &FeatureGroups,
    ) -> Result<Explanation> {
        self.explain_raw(self.checked(vector.into())?, groups)
    }

    /// As [`QualityModel::explain`], for a bare row: see [`QualityModel::predict_raw`].
    ///
    /// # Errors
    ///
    /// As [`QualityModel::predict_raw`]; [`Error::LengthMismatch`] for groups of another number of features.
    pub fn explain_raw(&self, row: &[f64], groups: &FeatureGroups) -> Result<Explanation> {
        let score = self.predict_raw(row)?.score;
        if groups.inputs() != row.len() {
            let (expected, found) = (row.len(), groups.inputs());
            return Err(Error::LengthMismatch { argument: "groups", expected, found });
        }
        let scaled = self.predictor.scaled(row)?;
        let (unclamped, _) = self.predictor.evaluate(&scaled)?;
        let (reference, _) = self.predictor.evaluate(&vec![0.0; scaled.len()])?;
        // Where each feature is in the scaled row, which lacks those that are not used.
        let mut places = vec![None; row.len()];
        for (place, position) in self.predictor.scaler.used().enumerate() {
            if let Some(slot) = places.get_mut(position) {
                *slot = Some(place);
            }
        }
        let place = |position: &usize| places.get(*position).copied().flatten();
        let used = |members: &&[usize]| members.iter().filter_map(place).collect::<Vec<usize>>();
        // A group without a used feature would only double the time.
        let columns: Vec<Vec<usize>> =
            groups.canonical().iter().map(used).filter(|columns| !columns.is_empty()).collect();
        let shares = self.predictor.head.shares(&scaled, &columns);
        let typical = self.predictor.scaler.typical();
        let feature = |position: &usize| {
            let at = place(position);
            Some(FeatureShare {
                name: self.info.inputs.get(*position)?.clone(),
                value: *row.get(*position)?,
                reference: *typical.get(*position)?,
                deviations: at.and_then(|at| scaled.get(at).copied()),
                share: at.and_then(|at| shares.get(at).copied()).unwrap_or_default(),
            })
        };
        let group = |(name, members): (&str, &[usize])| {
            let features: Vec<FeatureShare> = members.iter().filter_map(feature).collect();
            let share = features.iter().fold(0.0, |sum, feature| sum + feature.share);
            GroupShare { name: name.to_owned(), share, features }
        };
        Ok(Explanation { score, unclamped, reference, groups: groups.iter().map(group).collect() })
    }
}
