//! Sets of features, and which frames each of them looks at.

use anyhow::Result;
use clap::ValueEnum;
use dream_features::tlvqm::Tlvqm;
use dream_features::v_bliinds::VBliinds;
use dream_features::videval60::Videval60;
use dream_features::{
    Brisque, GmLog, Higrade, ImageFeatures, Pooled, Pooling, Sampling, Statistic, VideoFeatures,
};
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
}

/// Name, number of features, frames (`None` for one of every so many), and the extractor.
type Entry = (&'static str, usize, Option<&'static str>, fn(u64) -> Result<Box<dyn VideoFeatures>>);

impl Set {
    /// A line for each set.
    const fn entry(self) -> Entry {
        const NEIGHBOURS: &str =
            "all frames: motion is between neighbours, and its own rule picks frames for details";
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
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        self.entry().0
    }

    /// How many numbers a clip gives.
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

fn pooled<E: ImageFeatures + 'static>(extractor: E, every: u64) -> Result<Box<dyn VideoFeatures>> {
    let pooling = Pooling { sampling: Sampling::Every { step: every }, statistic: Statistic::MeanStd };
    Ok(Box::new(Pooled::new(extractor, pooling)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_features_are_those_of_the_paper() {
        let lengths = Set::value_variants().iter().map(|set| {
            assert_eq!(set.extractor(6).unwrap().layout().len(), set.len());
            set.len()
        });
        assert_eq!(lengths.collect::<Vec<_>>(), [72, 80, 432, 75, 46, 60]);
        assert_ne!(Set::Brisque.version(6).unwrap(), Set::Brisque.version(5).unwrap());
        assert_eq!(Set::Tlvqm.version(6).unwrap(), Set::Tlvqm.version(5).unwrap());
    }
}
