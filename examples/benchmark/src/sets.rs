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

use crate::store::digest;

/// Raise it when the numbers of an extractor change: cached features of the old ones are then computed again.
const EXTRACTION: &str = "1";

/// What is extracted and cached. VIDEVAL's 705 are five of these side by side.
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

impl Set {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Brisque => "brisque",
            Self::GmLog => "gm-log",
            Self::Higrade => "higrade",
            Self::Tlvqm => "tlvqm",
            Self::VBliinds => "v-bliinds",
            Self::Videval60 => "videval60",
        }
    }

    /// How many numbers a clip gives.
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Brisque => 72,
            Self::GmLog => 80,
            Self::Higrade => 432,
            Self::Tlvqm => 75,
            Self::VBliinds => 46,
            Self::Videval60 => 60,
        }
    }

    /// Which frames count, for `--list-methods` and the report.
    pub(crate) fn frames(self, every: u64) -> String {
        match self {
            Self::Brisque | Self::GmLog | Self::Higrade => {
                format!("one of every {every} frames, mean and deviation over them")
            }
            Self::Tlvqm => {
                "all frames: motion is between neighbours, and its own rule picks frames for details".into()
            }
            Self::VBliinds => "all frames: differences of neighbours".into(),
            Self::Videval60 => "its own: every second frame, one a second for details".into(),
        }
    }

    pub(crate) fn extractor(self, every: u64) -> Result<Box<dyn VideoFeatures>> {
        Ok(match self {
            Self::Brisque => pooled(Brisque::default(), every)?,
            Self::GmLog => pooled(GmLog, every)?,
            Self::Higrade => pooled(Higrade, every)?,
            Self::Tlvqm => Box::new(Tlvqm::default()),
            Self::VBliinds => Box::new(VBliinds::default()),
            Self::Videval60 => Box::new(Videval60::default()),
        })
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
