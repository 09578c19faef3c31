//! All that is reported, before it is written.

use ::train::Assumptions;
use anyhow::Result;

use super::headline::headline;
use super::protocol::{Failure, Kind, Protocol};
use super::results::{MethodResults, results};
use super::significance::{self, Comparison};
use super::tables::ResultTable;
use crate::store::Store;

/// All that is reported.
#[derive(Debug)]
pub(super) struct Report {
    /// The result in plain words.
    pub(super) headline: Vec<String>,
    pub(super) protocol: Protocol,
    pub(super) methods: Vec<MethodResults>,
    /// Trainings of further tables.
    pub(super) more: Vec<MethodResults>,
    pub(super) tables: Vec<ResultTable>,
    pub(super) comparisons: Vec<Comparison>,
    pub(super) failures: Vec<Failure>,
    pub(super) assumptions: Assumptions,
}

impl Report {
    /// Evaluates the runs of a complete folder.
    pub(super) fn new(store: &Store, protocol: Protocol) -> Result<Self> {
        let methods = results(store, &protocol, &protocol.methods)?;
        let (file, title) = match protocol.kind {
            Kind::Splits => ("table4", "Table IV: correlations with mean opinion scores"),
            Kind::Across => ("table8", "Table VIII: trained on one data set, tested on others"),
        };
        let undefined = protocol.undefined(store);
        let mut tables = vec![ResultTable::new(file, title, &methods, &protocol, &undefined)?];
        let mut more: Vec<MethodResults> = Vec::new();
        for (file, title, rows) in [
            ("table5", "Table V: losses", &protocol.losses),
            ("table6", "Table VI: first weights", &protocol.pretraining),
        ] {
            let rows = results(store, &protocol, rows)?;
            if !rows.is_empty() {
                tables.push(ResultTable::new(file, title, &rows, &protocol, &undefined)?);
            }
            for row in rows {
                if !methods.iter().chain(&more).any(|other| other.about.name == row.about.name) {
                    more.push(row);
                }
            }
        }
        let comparisons = match protocol.kind {
            Kind::Splits => significance::compare(&methods, &protocol.test_sets)?,
            Kind::Across => significance::compare_clips(&methods, &protocol.test_sets)?,
        };
        let headline = headline(&protocol, &methods, &tables, &comparisons);
        let (failures, assumptions) = (protocol.failures(store), protocol.assumptions(store));
        Ok(Self { headline, protocol, methods, more, tables, comparisons, failures, assumptions })
    }

    /// All trainings, once.
    pub(super) fn trained(&self) -> impl Iterator<Item = &MethodResults> {
        self.methods.iter().chain(&self.more)
    }
}
