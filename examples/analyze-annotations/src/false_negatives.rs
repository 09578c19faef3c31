//! How often groups of raters take a real clip for a fake (Figure 6 of the paper).

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use dream_data::annotation::{Grade, Positive, RateGroup, RatingTable, false_negative_rates, group_rates};
use dream_data::dataset::ClipId;
use dream_data::table::{Column, Once, Spec, Table, names};
use dream_eval::{Test, kruskal_wallis};
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub(crate) struct FalseNegatives {
    /// A real clip with this grade or a lower one was taken for a fake.
    pub(crate) threshold: u8,
    /// Raters who scored a real clip.
    pub(crate) raters: Vec<Rate>,
    /// Mean rate over all raters.
    pub(crate) mean: Option<f64>,
    /// By name; empty if no groups are known.
    pub(crate) groups: Vec<RateGroup>,
    /// A test whether the groups differ; none for fewer than two groups or if all rates are equal.
    pub(crate) kruskal_wallis: Option<Test>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rate {
    pub(crate) rater: String,
    pub(crate) group: Option<String>,
    pub(crate) real: usize,
    pub(crate) missed: usize,
    pub(crate) rate: f64,
}

impl FalseNegatives {
    /// Benchmark names say whether a clip is real; clips with other names count as fakes.
    pub(crate) fn of(table: &RatingTable, groups: &BTreeMap<String, String>) -> Result<Self> {
        // The middle of the scale: only 4 and 5 say that a clip looks real.
        let threshold = Grade::new(3)?;
        let real = |clip: &ClipId| clip.parts().is_ok_and(|parts| parts.is_real());
        let found = false_negative_rates(table, Positive::Real, real, threshold);
        let by_group = group_rates(&found, |rater| groups.get(rater).cloned());
        let rates: Vec<&[f64]> = by_group.iter().map(|group| group.rates.as_slice()).collect();
        let raters: Vec<Rate> = found
            .iter()
            .filter_map(|rater| {
                let (group, name) = (groups.get(&rater.rater).cloned(), rater.rater.clone());
                let (real, missed, rate) = (rater.positives, rater.missed, rater.rate()?);
                Some(Rate { rater: name, group, real, missed, rate })
            })
            .collect();
        let sum: f64 = raters.iter().map(|rater| rater.rate).sum();
        Ok(Self {
            threshold: threshold.get(),
            mean: (!raters.is_empty()).then(|| sum / raters.len() as f64),
            kruskal_wallis: kruskal_wallis(&rates).ok(),
            groups: by_group,
            raters,
        })
    }
}

/// Groups of raters from a file with the columns `rater` and `group`.
pub(crate) fn read_groups(path: &Path) -> Result<BTreeMap<String, String>> {
    let columns = [Column::required(names::RATER).called("rater"), Column::required(&["group"])];
    let spec =
        Spec { what: "groups with the columns rater, group", columns: &columns, may_lack_header: false };
    let mut table = Table::open(path, &spec)?;
    let (mut groups, mut once) = (BTreeMap::new(), Once::default());
    while table.advance()? {
        let (rater, group) = (table.required(0)?.to_owned(), table.required(1)?.to_owned());
        once.check(&table, &rater, "the group of rater")?;
        groups.insert(rater, group);
    }
    Ok(groups)
}
