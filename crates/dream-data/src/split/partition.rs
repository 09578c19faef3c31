//! The four sets.

use std::fmt;

use crate::dataset::{ClipId, Labelled, VraLabel};
use crate::table::names::plain;

/// One of the four sets of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Partition {
    /// Train.
    Train,
    /// New identities, methods of train.
    Test1,
    /// New methods, identities of train.
    Test2,
    /// New identities and new methods.
    Test3,
}

impl Partition {
    /// All sets, in order.
    pub const ALL: [Self; 4] = [Self::Train, Self::Test1, Self::Test2, Self::Test3];

    /// The test sets, in order.
    pub const TESTS: [Self; 3] = [Self::Test1, Self::Test2, Self::Test3];

    /// 0 for train, otherwise the number of the test set.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name in tables: `train_set`, `test_set1` …
    #[must_use]
    pub const fn file_stem(self) -> &'static str {
        match self {
            Self::Train => "train_set",
            Self::Test1 => "test_set1",
            Self::Test2 => "test_set2",
            Self::Test3 => "test_set3",
        }
    }

    /// The name of its file: `train_set.csv` …
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Train => "train_set.csv",
            Self::Test1 => "test_set1.csv",
            Self::Test2 => "test_set2.csv",
            Self::Test3 => "test_set3.csv",
        }
    }

    /// The set of a name as tables have it: `train_set`, `Train`, `training`; `test_set1`, `test 1`, `TEST-1` …
    ///
    /// # Example
    /// ```
    /// use dream_data::split::Partition;
    ///
    /// assert_eq!(Partition::from_name("Test-1"), Some(Partition::Test1));
    /// assert_eq!(Partition::from_name("TRAIN"), Some(Partition::Train));
    /// assert_eq!(Partition::from_name("test"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match plain(name).replace('_', "").as_str() {
            "train" | "training" | "trainset" | "trainingset" => Some(Self::Train),
            "test1" | "testset1" => Some(Self::Test1),
            "test2" | "testset2" => Some(Self::Test2),
            "test3" | "testset3" => Some(Self::Test3),
            _ => None,
        }
    }

    /// Whether its identities must be absent from train.
    #[must_use]
    pub const fn has_new_identities(self) -> bool {
        matches!(self, Self::Test1 | Self::Test3)
    }

    /// Whether its methods must be absent from train.
    #[must_use]
    pub const fn has_new_methods(self) -> bool {
        matches!(self, Self::Test2 | Self::Test3)
    }

    /// The set of a clip with a new identity or a new method.
    #[must_use]
    pub const fn of(new_identity: bool, new_method: bool) -> Self {
        match (new_identity, new_method) {
            (false, false) => Self::Train,
            (true, false) => Self::Test1,
            (false, true) => Self::Test2,
            (true, true) => Self::Test3,
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file_stem())
    }
}

/// Clips in four sets, possibly with leaks; [`check_split`](super::check_split) finds them.
#[doc(alias = "train_test_split")]
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Split {
    /// Train.
    pub train: Vec<Labelled>,
    /// New identities.
    pub test1: Vec<Labelled>,
    /// New methods.
    pub test2: Vec<Labelled>,
    /// New identities and new methods.
    pub test3: Vec<Labelled>,
}

impl Split {
    /// The split of DFGC-VRA, from its labels.
    #[must_use]
    pub fn from_vra(labels: &[VraLabel]) -> Self {
        let mut split = Self::default();
        for label in labels {
            split.set_mut(label.set).push(Labelled { clip: label.clip.clone(), mos: Some(label.mos) });
        }
        split
    }

    /// The clips of a set.
    #[must_use]
    pub fn set(&self, set: Partition) -> &[Labelled] {
        match set {
            Partition::Train => &self.train,
            Partition::Test1 => &self.test1,
            Partition::Test2 => &self.test2,
            Partition::Test3 => &self.test3,
        }
    }

    /// The clips of a set, for changes.
    pub fn set_mut(&mut self, set: Partition) -> &mut Vec<Labelled> {
        match set {
            Partition::Train => &mut self.train,
            Partition::Test1 => &mut self.test1,
            Partition::Test2 => &mut self.test2,
            Partition::Test3 => &mut self.test3,
        }
    }

    /// All clips, set by set.
    pub fn clips(&self) -> impl Iterator<Item = &ClipId> {
        Partition::ALL.into_iter().flat_map(|set| self.set(set)).map(|row| &row.clip)
    }

    /// The same sets with the scores in `mos`; a clip without an entry gets none.
    #[must_use]
    pub fn with_mos(mut self, mos: impl Fn(&ClipId) -> Option<f64>) -> Self {
        for set in Partition::ALL {
            for row in self.set_mut(set) {
                row.mos = mos(&row.clip);
            }
        }
        self
    }
}
