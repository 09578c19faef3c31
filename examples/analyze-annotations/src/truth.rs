//! The planted truth of a synthetic data set (`truth.json`, `truth.csv`), and how well the analysis recovers it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_data::table::{Column, Once, Spec, Table, names};
use dream_eval::{SetScore, rmse};
use serde::{Deserialize, Serialize};

use crate::opinions::{Opinions, SosParameter};
use crate::quality::Quality;

/// Least distance from 0 of a strict or mild rater's bias, in standard deviations.
const MILD: f64 = 0.5;

/// The part of `truth.json` that is used here.
#[derive(Debug, Deserialize)]
pub(crate) struct Planted {
    config: Config,
    raters: Vec<Rater>,
}

#[derive(Debug, Deserialize)]
struct Config {
    a: f64,
}

#[derive(Debug, Deserialize)]
struct Rater {
    name: String,
    bias: f64,
    careless: bool,
}

/// Recovered values against planted ones.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Recovery {
    pub(crate) planted_a: f64,
    /// For `ddof` 0 and 1.
    pub(crate) sos_parameter: [Recovered; 2],
    /// Mean opinions against the planted realism.
    pub(crate) mos: Option<MosRecovery>,
    /// Raters who answer at random, and those of them with a disqualified session.
    pub(crate) careless_raters: usize,
    pub(crate) careless_raters_caught: Option<usize>,
    /// Other raters with a disqualified session.
    pub(crate) attentive_raters_caught: Option<usize>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Recovered {
    pub(crate) ddof: usize,
    pub(crate) a: f64,
    pub(crate) difference: f64,
    /// The difference in standard errors of `a`.
    pub(crate) standard_errors: Option<f64>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct MosRecovery {
    pub(crate) clips: usize,
    pub(crate) plcc: f64,
    pub(crate) srcc: f64,
    pub(crate) rmse: f64,
}

impl Planted {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text)
            .with_context(|| format!("{}: not the truth of a synthetic data set", path.display()))
    }

    /// Raters by planted mildness.
    pub(crate) fn groups(&self) -> BTreeMap<String, String> {
        let group = |bias: f64| match bias {
            bias if bias < -MILD => "strict",
            bias if bias > MILD => "mild",
            _ => "middle",
        };
        self.raters.iter().map(|rater| (rater.name.clone(), group(rater.bias).to_owned())).collect()
    }

    pub(crate) fn recovery(
        &self,
        opinions: &Opinions,
        quality: Option<&Quality>,
        realism: Option<&BTreeMap<String, f64>>,
    ) -> Result<Recovery> {
        let planted = self.config.a;
        let of = |fit: &SosParameter| {
            let difference = fit.a - planted;
            let errors = fit.standard_error.filter(|error| *error > 0.0).map(|error| difference / error);
            Recovered { ddof: fit.ddof, a: fit.a, difference, standard_errors: errors }
        };
        let [zero, one] = &opinions.sos_parameter;
        let careless: BTreeSet<&str> =
            self.raters.iter().filter(|rater| rater.careless).map(|rater| rater.name.as_str()).collect();
        let caught = |wanted: bool| {
            let raters = &quality?.disqualified_raters;
            Some(raters.iter().filter(|rater| careless.contains(rater.as_str()) == wanted).count())
        };
        Ok(Recovery {
            planted_a: planted,
            sos_parameter: [of(zero), of(one)],
            mos: realism.map(|realism| MosRecovery::of(opinions, realism)).transpose()?,
            careless_raters: careless.len(),
            careless_raters_caught: caught(true),
            attentive_raters_caught: caught(false),
        })
    }
}

impl MosRecovery {
    fn of(opinions: &Opinions, realism: &BTreeMap<String, f64>) -> Result<Self> {
        let pairs = opinions.clips.iter().filter_map(|clip| Some((clip.mos, *realism.get(&clip.clip)?)));
        let (mos, truth): (Vec<f64>, Vec<f64>) = pairs.unzip();
        let score = SetScore::of(&mos, &truth).context("mean opinions against truth.csv")?;
        Ok(Self { clips: mos.len(), plcc: score.plcc, srcc: score.srcc, rmse: rmse(&mos, &truth)? })
    }
}

/// The planted realism of every clip, from the columns `file` and `realism` of `truth.csv`.
pub(crate) fn read_realism(path: &Path) -> Result<BTreeMap<String, f64>> {
    let columns = [Column::required(names::CLIP), Column::required(&["realism"])];
    let spec = Spec {
        what: "a planted truth with the columns file, realism",
        columns: &columns,
        may_lack_header: false,
    };
    let mut table = Table::open(path, &spec)?;
    let (mut found, mut once) = (BTreeMap::new(), Once::default());
    while table.advance()? {
        let clip = table.required(0)?.to_owned();
        once.check(&table, &clip, "the clip")?;
        found.insert(clip, table.number(1)?);
    }
    ensure!(!found.is_empty(), "{}: no row below the header", path.display());
    Ok(found)
}
