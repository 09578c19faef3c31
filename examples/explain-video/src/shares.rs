//! The shares of the features of a score, with words.

use dream_features::FeatureVector;
use dream_models::regression::{Aspect, Explanation, FeatureShare, GroupShare};

use crate::report::{Feature, Group, Shares};

/// The shares as the page shows them.
pub(crate) fn shares(found: &Explanation, features: Option<&FeatureVector>) -> Shares {
    let mut groups: Vec<Group> = found.groups.iter().map(|share| group(share, features)).collect();
    groups.sort_by(|a, b| b.share.abs().total_cmp(&a.share.abs()));
    Shares { reference: found.reference, clamping: found.clamping(), groups }
}

fn group(found: &GroupShare, vector: Option<&FeatureVector>) -> Group {
    let aspect = Aspect::by_name(&found.name).unwrap_or(Aspect::OTHER);
    let words = if found.share < 0.0 { aspect.lowers } else { aspect.raises };
    let mut features: Vec<Feature> = found.features.iter().map(|share| feature(share, vector)).collect();
    features.sort_by(|a, b| b.share.abs().total_cmp(&a.share.abs()));
    Group {
        name: found.name.clone(),
        title: aspect.title.to_owned(),
        measures: aspect.measures.to_owned(),
        words: words.to_owned(),
        share: found.share,
        features,
    }
}

fn feature(found: &FeatureShare, vector: Option<&FeatureVector>) -> Feature {
    let layout = vector.map(FeatureVector::layout);
    let meaning = layout.and_then(|layout| layout.meanings().get(layout.index(&found.name)?));
    Feature {
        name: found.name.clone(),
        meaning: meaning.cloned().unwrap_or_default(),
        value: Some(found.value).filter(|value| value.is_finite()),
        reference: found.reference,
        deviations: found.deviations,
        share: found.share,
    }
}
