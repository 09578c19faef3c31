//! How the features of a table were made. The model states it, so all rows must say the same.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use dream_models::regression::RecipeDifference;

/// The recipe of all rows, which are given by their lines and what they say; `None` where no row says anything.
pub(crate) fn shared<'a>(
    path: &Path,
    rows: impl IntoIterator<Item = (u64, Option<&'a str>)>,
) -> Result<Option<String>> {
    let mut rows = rows.into_iter();
    let Some((first, expected)) = rows.next() else { return Ok(None) };
    for (line, found) in rows {
        let place = format!("{}:{line}", path.display());
        let remedy =
            "extract all rows in one way, or --ignore the column `recipe` for a model that states none";
        match (expected, found) {
            (Some(expected), Some(found)) => {
                let differs = difference(expected, found);
                ensure!(
                    differs.is_empty(),
                    "{place}: the features are not made as those of line {first}: {differs}; {remedy}"
                );
            }
            (None, None) => {}
            _ => bail!("{place}: of this line and line {first}, only one has a recipe; {remedy}"),
        }
    }
    Ok(expected.map(str::to_owned))
}

/// The recipe of the model: the one of --recipe or that of the table. Where there are both, they must say the same.
pub(crate) fn stated(typed: Option<&str>, table: Option<&str>) -> Result<Option<String>> {
    if let (Some(typed), Some(table)) = (typed, table) {
        let differs = difference(table, typed);
        ensure!(
            differs.is_empty(),
            "--recipe does not say what the column `recipe` of the table says: {differs}; leave --recipe out"
        );
    }
    Ok(typed.or(table).map(str::to_owned))
}

/// What differs, such as `frames=all instead of frames=own`; empty where nothing does.
fn difference(expected: &str, found: &str) -> String {
    let word = |key: &str, value: &Option<String>| match value {
        Some(value) => format!("{key}={value}"),
        None => format!("no {key}"),
    };
    let differences = RecipeDifference::between(expected, found);
    let words = differences.iter().map(|RecipeDifference { key, expected, found, .. }| {
        format!("{} instead of {}", word(key, found), word(key, expected))
    });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEAN: &str = "extractor=own version=1 frames=all pooling=mean pixels=luma source=whole";

    #[test]
    fn rows_that_say_the_same_in_any_order_have_one_recipe() {
        let other = "version=1 extractor=own source=whole pixels=luma pooling=mean frames=all";
        let read = |rows: &[Option<&str>]| {
            let rows = rows.iter().zip(2..).map(|(row, line)| (line, *row));
            shared(Path::new("f.csv"), rows).map_err(|error| error.to_string())
        };
        assert_eq!(read(&[Some(MEAN), Some(other)]), Ok(Some(MEAN.to_owned())));
        assert_eq!((read(&[None, None]), read(&[])), (Ok(None), Ok(None)));
        let color = MEAN.replace("pixels=luma", "pixels=color").replace(" source=whole", "");
        let error = read(&[Some(MEAN), Some(MEAN), Some(&color)]).unwrap_err();
        assert!(
            error.starts_with("f.csv:4: the features are not made as those of line 2: pixels=color"),
            "{error}"
        );
        assert!(
            error.contains("instead of pixels=luma, no source instead of source=whole; extract all"),
            "{error}"
        );
        for rows in [[Some(MEAN), None], [None, Some(MEAN)]] {
            assert!(read(&rows).unwrap_err().starts_with("f.csv:3: of this line and line 2, only one"));
        }
    }

    #[test]
    fn what_is_typed_must_be_what_the_table_says() {
        assert_eq!(stated(None, None).unwrap(), None);
        for (typed, table) in [(Some(MEAN), None), (None, Some(MEAN)), (Some(MEAN), Some(MEAN))] {
            assert_eq!(stated(typed, table).unwrap().as_deref(), Some(MEAN));
        }
        let error = stated(Some(&MEAN.replace("=all", "=own")), Some(MEAN)).unwrap_err().to_string();
        assert!(error.contains("frames=own instead of frames=all; leave --recipe out"), "{error}");
    }
}
