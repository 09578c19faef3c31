//! Sets of features, and which frames each of them looks at.

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use dream_features::tlvqm::Tlvqm;
use dream_features::v_bliinds::VBliinds;
use dream_features::videval60::Videval60;
use dream_features::{
    Brisque, GmLog, Higrade, ImageFeatures, Pooled, Pooling, Sampling, Statistic, VideoFeatures,
};
use dream_models::deep::features::FeatureSet;
use serde::{Deserialize, Serialize};

use crate::store::digest::digest;

/// Raise it when the numbers of an extractor change: cached features of the old ones are then computed again.
const EXTRACTION: &str = "2";

/// What is extracted and cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Set {
    /// Natural scene statistics of luma: 72
    Brisque,
    /// Joint statistics of gradient and Laplacian: 80
    GmLog,
    /// Gradient statistics of three colour channels: 432
    Higrade,
    /// Two-level video quality model: 75
    Tlvqm,
    /// Naturalness, spectrum and motion: 46
    VBliinds,
    /// The published selection of VIDEVAL: 60
    #[value(name = "videval60")]
    Videval60,
    /// ResNet-50 of ImageNet: 4096
    #[value(skip)]
    ResNet50,
    /// VGG-Face: 8192
    #[value(skip)]
    VggFace,
    /// The ConvNeXt of the winner of DFGC-2022: 4096
    #[value(skip)]
    Dfgc1st,
}

/// Name, number of features, frames (`None` for one of every so many), and the extractor.
type Entry = (&'static str, usize, Option<&'static str>, fn(u64) -> Result<Box<dyn VideoFeatures>>);

impl Set {
    /// A line for each set.
    const fn entry(self) -> Entry {
        const NEIGHBOURS: &str =
            "all frames: motion is between neighbours, and its own rule picks frames for details";
        const STRIDES: &str = "the last of every stride of 1/6 second, mean and deviation over them";
        const SELECTED: &str = "its own: every second frame, one a second for details";
        match self {
            Self::Brisque => ("brisque", 72, None, |every| pooled(Brisque::default(), every)),
            Self::GmLog => ("gm-log", 80, None, |every| pooled(GmLog, every)),
            Self::Higrade => ("higrade", 432, None, |every| pooled(Higrade, every)),
            Self::Tlvqm => ("tlvqm", 75, Some(NEIGHBOURS), |_| Ok(Box::new(Tlvqm::default()))),
            Self::VBliinds => ("v-bliinds", 46, Some("all frames: differences of neighbours"), |_| {
                Ok(Box::new(VBliinds::default()))
            }),
            Self::Videval60 => ("videval60", 60, Some(SELECTED), |_| Ok(Box::new(Videval60::default()))),
            Self::ResNet50 => (FeatureSet::ResNet50.name(), 4096, Some(STRIDES), |_| by_network()),
            Self::VggFace => (FeatureSet::VggFace.name(), 8192, Some(STRIDES), |_| by_network()),
            Self::Dfgc1st => (FeatureSet::Dfgc1st.name(), 4096, Some(STRIDES), |_| by_network()),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        self.entry().0
    }

    /// The deep feature set that this is.
    pub(crate) const fn deep(self) -> Option<FeatureSet> {
        match self {
            Self::ResNet50 => Some(FeatureSet::ResNet50),
            Self::VggFace => Some(FeatureSet::VggFace),
            Self::Dfgc1st => Some(FeatureSet::Dfgc1st),
            _ => None,
        }
    }

    /// The set of a deep feature set.
    pub(crate) fn of(deep: FeatureSet) -> Result<Self> {
        let all = [Self::ResNet50, Self::VggFace, Self::Dfgc1st];
        all.into_iter().find(|set| set.deep() == Some(deep)).context("a feature set of another version")
    }

    /// How many numbers a clip gives; of a deep set in its published size.
    pub(crate) const fn len(self) -> usize {
        self.entry().1
    }

    /// Which frames count, for `--list-methods` and the report.
    pub(crate) fn frames(self, every: u64) -> String {
        let sampled = || format!("one of every {every} frames, mean and deviation over them");
        self.entry().2.map_or_else(sampled, str::to_owned)
    }

    pub(crate) fn extractor(self, every: u64) -> Result<Box<dyn VideoFeatures>> {
        self.entry().3(every)
    }

    /// Changes with everything but the video that the numbers depend on.
    pub(crate) fn version(self, every: u64) -> Result<String> {
        let extractor = self.extractor(every)?;
        let names = digest(extractor.layout().names());
        Ok(digest([EXTRACTION, env!("CARGO_PKG_VERSION"), self.name(), &self.frames(every), &names]))
    }
}

/// A deep set needs weights: see [`DeepSet`](super::deep::DeepSet).
fn by_network() -> Result<Box<dyn VideoFeatures>> {
    bail!("these features are made by a network")
}

fn pooled<E: ImageFeatures + 'static>(extractor: E, every: u64) -> Result<Box<dyn VideoFeatures>> {
    let pooling = Pooling { sampling: Sampling::Every { step: every }, statistic: Statistic::MeanStd };
    Ok(Box::new(Pooled::new(extractor, pooling)?))
}

#[cfg(test)]
mod tests {
    use dream_models::deep::features::Preparation;

    use super::*;

    #[test]
    fn numbers_of_features_are_those_of_the_paper() {
        let lengths = Set::value_variants().iter().map(|set| {
            assert_eq!(set.extractor(6).unwrap().layout().len(), set.len());
            set.len()
        });
        assert_eq!(lengths.collect::<Vec<_>>(), [72, 80, 432, 75, 46, 60]);
        for deep in FeatureSet::ALL {
            let set = Set::of(deep).unwrap();
            assert_eq!(set.len(), 2 * deep.published(Preparation::Own).tower.width());
            assert_eq!((set.name(), set.deep()), (deep.name(), Some(deep)));
        }
        assert_ne!(Set::Brisque.version(6).unwrap(), Set::Brisque.version(5).unwrap());
        assert_eq!(Set::Tlvqm.version(6).unwrap(), Set::Tlvqm.version(5).unwrap());
    }
}
