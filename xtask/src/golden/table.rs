//! Reference numbers from files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// Rows of a CSV file with a heading.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a table. Cells hold no commas, quotes or line breaks.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let lines = text.lines().skip(1).filter(|line| !line.trim().is_empty());
        Ok(Self {
            rows: lines.map(|line| line.split(',').map(|cell| cell.trim().to_owned()).collect()).collect(),
        })
    }

    /// The first cell of every row.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(|row| row.first()).map(String::as_str)
    }

    /// The numbers after the name in the row of that name.
    pub(crate) fn row(&self, name: &str) -> Option<Result<Vec<f64>>> {
        let row = self.rows.iter().find(|row| row.first().is_some_and(|cell| cell == name))?;
        Some(numbers(row.get(1..).unwrap_or_default()))
    }

    /// All rows, every cell a number.
    pub(crate) fn rows(&self) -> Result<Vec<Vec<f64>>> {
        self.rows.iter().map(|row| numbers(row)).collect()
    }
}

fn numbers(cells: &[String]) -> Result<Vec<f64>> {
    // `NaN`, `Inf` and `-Inf` are numbers to Rust too.
    cells.iter().map(|cell| cell.parse().with_context(|| format!("`{cell}` is not a number"))).collect()
}

pub(crate) fn json(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

/// The JSON of an optional file.
pub(crate) fn json_if_there(path: &Path) -> Result<Option<Value>> {
    path.is_file().then(|| json(path)).transpose()
}

/// A number, or a string for a value that JSON cannot write.
pub(crate) fn number(value: &Value) -> Result<f64> {
    let text = value.as_str().and_then(|text| text.parse().ok());
    value.as_f64().or(text).with_context(|| format!("`{value}` is not a number"))
}

/// An array of numbers.
pub(crate) fn number_list(value: &Value) -> Result<Vec<f64>> {
    array(value)?.iter().map(number).collect()
}

pub(crate) fn array(value: &Value) -> Result<&[Value]> {
    value.as_array().map(Vec::as_slice).context("an array is missing")
}

/// A text field.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key].as_str().with_context(|| format!("the text `{key}` is missing"))
}

/// A whole number that is not negative.
pub(crate) fn index(value: &Value, key: &str) -> Result<usize> {
    let number = value[key].as_u64().with_context(|| format!("`{key}` is missing"))?;
    Ok(usize::try_from(number)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_spelling_of_a_number_is_read() {
        let found = number_list(&json!([1, 0.1, "nan", "inf", "-inf", "NaN"])).unwrap();
        assert_eq!(found[..2], [1.0, 0.1]);
        assert!(found[2].is_nan() && found[5].is_nan());
        assert_eq!(found[3..5], [f64::INFINITY, f64::NEG_INFINITY]);
        assert!(number(&json!(null)).is_err() && number(&json!("error: ValueError")).is_err());
    }

    #[test]
    fn json_numbers_are_read_to_the_last_bit() {
        let value: Value = serde_json::from_str("[3.000000000004, 0.2686655597686767]").unwrap();
        assert_eq!(number_list(&value).unwrap(), [3.000000000004, 0.268_665_559_768_676_7]);
    }

    #[test]
    fn tables_have_names_and_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        fs::write(&path, "name,f1,f2\na,1.5,NaN\nb,-Inf,2\n").unwrap();
        let table = Table::read(&path).unwrap();
        assert_eq!(table.names().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(table.row("b").unwrap().unwrap(), [f64::NEG_INFINITY, 2.0]);
        assert!(table.row("c").is_none() && table.rows().is_err());
    }
}
