//! What a method is to the benchmark, and which ones there are.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::baseline::{MethodMean, Random};
use crate::extract::Features;
use crate::plan::{Plan, Scored, Split};
use crate::sets::Set;
use crate::svr::FeatureSvr;

/// A method of the benchmark.
///
/// Methods on features name their sets and find them in the task, extracted and cached. A method that sees the videos
/// itself names none, and opens [`Plan::video`] for the clips of its lists.
pub(crate) trait Method: Send + Sync {
    /// As `--methods` names it, and its files.
    fn name(&self) -> String;

    /// As the tables name it.
    fn title(&self) -> String;

    /// Heading of the block of the table.
    fn family(&self) -> String;

    /// What it looks at and how it is trained, in a line.
    fn about(&self, every: u64) -> String;

    /// Changes when its predictions may: cached ones of another version are not used.
    fn version(&self) -> String;

    /// The features that it needs.
    fn sets(&self) -> &[Set] {
        &[]
    }

    /// Trains on the training list of a split and predicts its test sets. It must not depend on anything but the task,
    /// nor on the number of threads.
    fn predict(&self, task: &Task<'_>) -> Result<Predicted>;
}

/// A split to train and to predict.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) split: &'a Split,
    pub(crate) features: &'a Features,
}

/// What a method says of the test sets of a split.
#[derive(Debug)]
pub(crate) struct Predicted {
    /// For each test set the predictions of its clips in order: `None` for a set that the method has nothing to say
    /// of, and for a clip whose features failed.
    pub(crate) sets: Vec<Option<Vec<Option<f64>>>>,
    /// What was chosen in training.
    pub(crate) note: String,
}

/// Features of some clips of a list, row after row.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) data: Vec<f64>,
    pub(crate) width: usize,
    /// Positions in the list of the clips that have all features.
    pub(crate) places: Vec<usize>,
}

impl Task<'_> {
    /// The features of `sets`, side by side, for the clips of a list that have them all.
    pub(crate) fn rows(&self, sets: &[Set], list: &[Scored]) -> Rows {
        let width = sets.iter().map(|set| set.len()).sum();
        let mut rows = Rows { data: Vec::new(), width, places: Vec::new() };
        for (place, row) in list.iter().enumerate() {
            let values: Option<Vec<&[f64]>> =
                sets.iter().map(|set| self.features.values(*set, row.clip)).collect();
            if let Some(values) = values {
                rows.data.extend(values.into_iter().flatten());
                rows.places.push(place);
            }
        }
        rows
    }
}

/// What the report says of a method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) family: String,
    pub(crate) about: String,
    pub(crate) sets: Vec<Set>,
}

impl About {
    pub(crate) fn of(method: &dyn Method, every: u64) -> Self {
        Self {
            name: method.name(),
            title: method.title(),
            family: method.family(),
            about: method.about(every),
            sets: method.sets().to_vec(),
        }
    }
}

/// The baselines, which stand beside every choice of methods.
pub(crate) fn baselines(across: bool) -> Vec<Box<dyn Method>> {
    let random: Box<dyn Method> = Box::new(Random);
    // Methods of one data set are not those of another.
    if across { vec![random] } else { vec![random, Box::new(MethodMean)] }
}

/// Every method on features.
pub(crate) fn all() -> Vec<Box<dyn Method>> {
    let plain = |set, title| -> Box<dyn Method> { Box::new(FeatureSvr::plain(set, title)) };
    vec![
        plain(Set::Brisque, "BRISQUE"),
        plain(Set::GmLog, "GM-LOG"),
        plain(Set::Higrade, "HIGRADE"),
        plain(Set::VBliinds, "V-BLIINDS"),
        plain(Set::Tlvqm, "TLVQM"),
        Box::new(FeatureSvr::videval()),
        plain(Set::Videval60, "VIDEVAL-60"),
    ]
}

/// The methods of a list such as `brisque,gm-log`, or `all`.
pub(crate) fn choose(names: &[String]) -> Result<Vec<Box<dyn Method>>> {
    if names.iter().any(|name| name == "all") {
        return Ok(all());
    }
    let wanted: BTreeSet<&str> = names.iter().map(|name| name.trim()).collect();
    let known: Vec<String> = all().iter().map(|method| method.name()).collect();
    if let Some(unknown) = wanted.iter().find(|name| !known.iter().any(|have| have == *name)) {
        bail!(
            "--methods: there is no method `{unknown}`; there are {}, and `all` (--list-methods says what they are). Networks \
             are trained by train-da-clip and shown with --predictions",
            known.join(", ")
        );
    }
    Ok(all().into_iter().filter(|method| wanted.contains(method.name().as_str())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_chosen_by_name() {
        let names = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
        let chosen = |text: &str| -> Vec<String> {
            choose(&names(text)).unwrap().iter().map(|method| method.name()).collect()
        };
        // In the order of the table, whatever the order of the list.
        assert_eq!(chosen("tlvqm,brisque,tlvqm"), ["brisque", "tlvqm"]);
        assert_eq!(chosen("all").len(), 7);
        let error = choose(&names("brisque,da-clip")).err().unwrap().to_string();
        assert!(error.contains("no method `da-clip`; ") && error.contains("v-bliinds"), "{error}");
        let sum: usize = FeatureSvr::videval().sets().iter().map(|set| set.len()).sum();
        assert_eq!(sum, 705);
    }
}
