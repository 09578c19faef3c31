//! Tables whose columns are found by name.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};

/// Opens a CSV file and finds columns in its header, whatever their order; `all` says which there should be.
pub(crate) fn open<const N: usize>(
    path: &Path,
    names: [&str; N],
    all: &str,
) -> Result<(csv::Reader<File>, [usize; N])> {
    let shown = path.display();
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("cannot read {shown}"))?;
    let header = reader.headers().with_context(|| format!("{shown}:1: no CSV header"))?;
    let mut columns = [0; N];
    for (column, name) in columns.iter_mut().zip(names) {
        let found = header.iter().position(|have| have.trim().trim_start_matches('\u{feff}') == name);
        *column = found.with_context(|| format!("{shown}:1: no column {name}: the columns are {all}"))?;
    }
    Ok((reader, columns))
}
