//! Results as CSV.

use std::path::Path;

use anyhow::{Context, Result};

use crate::profiles::Table;

/// Writes rows below a heading.
pub(crate) fn csv<const N: usize>(
    path: &Path,
    heading: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Result<()> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(heading)?;
    rows.into_iter().try_for_each(|row| csv.write_record(row))?;
    train::write(path, &csv.into_inner().context("a table")?)
}

/// Table VII of every set.
pub(crate) fn table_vii(path: &Path, tables: &[Table]) -> Result<()> {
    let row = |table: &Table| {
        let set = table.set.clone();
        let clips = table.clips.to_string();
        let of = move |row: &crate::profiles::Row| {
            let [place, artifact, extent, all] = row.rmse.map(|value| value.to_string());
            [set.clone(), clips.clone(), row.name.clone(), place, artifact, extent, all]
        };
        table.rows.iter().map(of).collect::<Vec<_>>()
    };
    let heading = ["set", "clips", "sentences", "place", "artifact", "extent", "all"];
    csv(path, heading, tables.iter().flat_map(row))
}
