//! The three databases: one row of features and one human score per video.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_data::table::{self, Spec};
use dream_eval::bvqa::Database;
use flate2::read::GzDecoder;

/// The form of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// End of the names of the tables.
    pub(crate) tables: &'static str,
    /// Values per video.
    pub(crate) width: usize,
    /// Most values that a row may lack; rows that lack more are left out.
    pub(crate) most_missing: usize,
}

/// The rows of one database that have enough values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// Features, row after row; NaN for a missing one.
    pub(crate) features: Vec<f64>,
    /// Aligned scores.
    pub(crate) scores: Vec<f64>,
    /// Rows left out because too many values are missing.
    pub(crate) dropped: usize,
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.scores.len()
    }
}

/// Reads the databases of `dir` in the order of [`Database::ALL`].
pub(crate) fn read_all(dir: &Path, layout: Layout) -> Result<Vec<Table>> {
    let path = |database: &Database| dir.join(format!("{}_{}.csv.gz", database.file, layout.tables));
    Database::ALL.iter().map(|one| read(&path(one), layout, |score| one.align(score))).collect()
}

fn read(path: &Path, layout: Layout, align: impl Fn(f64) -> f64) -> Result<Table> {
    let file = File::open(path).with_context(|| {
        let (path, tables) = (path.display(), layout.tables);
        format!("cannot open {path}: pass the folder of the *_{tables}.csv.gz files with --data")
    })?;
    let damaged =
        || format!("{}: cannot read the table: correct it, or fetch the file again", path.display());
    let spec = Spec { what: "a table of the benchmark", columns: &[], may_lack_header: false };
    let mut rows = table::Table::new(GzDecoder::new(file), path, &spec).with_context(damaged)?;
    check_header(rows.header(), path, layout.width)?;
    let score = rows.add(1);
    let columns: Vec<usize> = (2..layout.width + 2).map(|place| rows.add(place)).collect();
    let mut table = Table::default();
    while rows.advance().with_context(damaged)? {
        let score = rows.measured(score).with_context(damaged)?;
        let cell = |&column: &usize| rows.measured(column).with_context(damaged);
        let row: Vec<Option<f64>> = columns.iter().map(cell).collect::<Result<_>>()?;
        let missing = row.iter().filter(|value| value.is_none()).count();
        match score {
            Some(score) if missing <= layout.most_missing => {
                table.features.extend(row.into_iter().map(|value| value.unwrap_or(f64::NAN)));
                table.scores.push(align(score));
            }
            _ => table.dropped += 1,
        }
    }
    ensure!(table.len() > 0, "{} has no usable row: fetch the file again", path.display());
    Ok(table)
}

fn check_header(header: &[String], path: &Path, width: usize) -> Result<()> {
    let expected = ["id", "mos"].map(str::to_owned).into_iter().chain((1..=width).map(|k| format!("f{k}")));
    ensure!(
        header.iter().cloned().eq(expected),
        "{}:1: the columns are not id,mos,f1..f{width}: pass the tables of --features, not those of another extractor",
        path.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const FEATURES: usize = 36;
    const LAYOUT: Layout = Layout { tables: "brisque", width: FEATURES, most_missing: 0 };

    fn zipped(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    /// Reads what is in a file, with doubled scores.
    fn read_bytes(bytes: &[u8], layout: Layout) -> Result<Table> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.csv.gz");
        std::fs::write(&path, bytes).unwrap();
        read(&path, layout, |y| 2.0 * y)
    }

    fn table(lines: &[String]) -> Result<Table> {
        read_bytes(&zipped(&(lines.join("\n") + "\n")), LAYOUT)
    }

    fn header() -> String {
        let names: Vec<String> = (1..=FEATURES).map(|k| format!("f{k}")).collect();
        format!("id,mos,{}", names.join(","))
    }

    fn row(id: &str, score: &str, first: &str) -> String {
        format!("{id},{score},{first}{}", ",0.5".repeat(FEATURES - 1))
    }

    #[test]
    fn drops_and_counts_rows_with_missing_values() {
        let lines =
            [header(), row("a", "1.5", "2"), row("b", "2.5", ""), row("c", "", "1"), row("d", "3", "4")];
        let table = table(&lines).unwrap();
        assert_eq!((table.len(), table.dropped), (2, 2));
        assert_eq!(table.scores, [3.0, 6.0]);
        assert_eq!((table.features[0], table.features[FEATURES]), (2.0, 4.0));
        assert_eq!(table.features.len(), 2 * FEATURES);
    }

    #[test]
    fn keeps_rows_that_miss_no_more_than_allowed() {
        let layout = Layout { tables: "", width: 3, most_missing: 1 };
        let table = read_bytes(&zipped("id,mos,f1,f2,f3\na,1,2,,4\nb,2,,,4\nc,,1,2,3\n"), layout).unwrap();
        assert_eq!((table.len(), table.dropped), (1, 2));
        assert!(table.features[0] == 2.0 && table.features[1].is_nan() && table.features[2] == 4.0);
    }

    #[test]
    fn errors_name_the_file_and_the_line() {
        let bad = |lines: &[String]| format!("{:#}", table(lines).unwrap_err());
        let message = bad(&[header(), row("a", "1", "2"), row("b", "1", "x")]);
        assert!(message.contains("table.csv.gz:3: column `f1` is `x`"), "{message}");
        let message = bad(&[header(), row("a", "1", "inf")]);
        assert!(message.contains("table.csv.gz:2: column `f1` is `inf`"), "{message}");
        let message = bad(&[header(), "a,1,2".to_owned()]);
        assert!(message.contains("table.csv.gz:2"), "{message}");
        let message = bad(&["id,mos,f1".to_owned()]);
        assert!(message.contains("table.csv.gz:1") && message.contains("f36"), "{message}");
        let message = bad(&[header(), row("a", "1", "")]);
        assert!(message.contains("no usable row"), "{message}");
        let message = format!("{:#}", read_all(Path::new("nowhere"), LAYOUT).unwrap_err());
        assert!(message.contains("konvid_1k_brisque.csv.gz") && message.contains("--data"), "{message}");
    }

    #[test]
    fn a_truncated_archive_is_an_error() {
        let lines: Vec<String> = (0..500).map(|k| row(&k.to_string(), "1", &k.to_string())).collect();
        let bytes = zipped(&format!("{}\n{}\n", header(), lines.join("\n")));
        let message = format!("{:#}", read_bytes(&bytes[..bytes.len() / 2], LAYOUT).unwrap_err());
        assert!(message.contains("fetch the file again"), "{message}");
    }
}
