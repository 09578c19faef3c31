//! What model files of both families have in common.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::scored::Scored;
use super::{Calibration, ModelInfo, OutputRange, recipe};
use crate::{Error, Result};

/// Magnitude up to which numbers in a file are believed; sums of their products stay finite.
pub(super) const MAX_NUMBER: f64 = 1e6;

/// Name and number at the start of every model file. Read first and alone, so that a file of another version is called that, not damaged.
#[derive(Deserialize)]
struct Header {
    format: String,
    format_version: u64,
}

/// Checks the size of a file, and that it is of this format and version.
pub(super) fn check_header(bytes: &[u8], most: usize, known: &'static str, known_version: u64) -> Result<()> {
    check_size(bytes.len(), most)?;
    let header: Header =
        serde_json::from_slice(bytes).map_err(|error| Error::invalid("JSON", error.to_string()))?;
    if header.format == known && header.format_version == known_version {
        return Ok(());
    }
    Err(Error::UnsupportedFormat {
        format: header.format.chars().take(80).collect(),
        version: header.format_version,
        known,
        known_version,
    })
}

/// A file as JSON, at most `most` bytes.
pub(super) fn to_json(file: &impl Serialize, most: usize) -> Result<Vec<u8>> {
    let mut bytes =
        serde_json::to_vec_pretty(file).map_err(|error| Error::invalid("content", error.to_string()))?;
    bytes.push(b'\n');
    check_size(bytes.len(), most)?;
    Ok(bytes)
}

pub(super) fn check_info(info: &ModelInfo) -> Result<()> {
    let inputs = &info.inputs;
    if inputs.is_empty() {
        return Err(Error::invalid("inputs", "there are none"));
    }
    if inputs.iter().any(String::is_empty) {
        return Err(Error::invalid("inputs", "a name is empty"));
    }
    if inputs.iter().collect::<BTreeSet<_>>().len() != inputs.len() {
        return Err(Error::invalid("inputs", "a name occurs twice"));
    }
    if info.version.is_empty() {
        return Err(Error::invalid("version", "it is empty"));
    }
    info.recipe.as_deref().map_or(Ok(()), recipe::check)?;
    let OutputRange { min, max, .. } = info.output;
    if !(min < max && min.abs() <= MAX_NUMBER && max.abs() <= MAX_NUMBER) {
        return Err(Error::invalid("output range", format!("{min} to {max}")));
    }
    Ok(())
}

pub(super) fn check_length(part: &'static str, field: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        Ok(())
    } else {
        Err(Error::invalid(part, format!("{found} values in `{field}` for {expected} inputs")))
    }
}

/// Checks that a calibration is one of such a predictor.
pub(super) fn check_calibration<P: Scored>(calibration: &Calibration, predictor: &P) -> Result<()> {
    check_length("calibration", "whitening", calibration.width(), predictor.width())?;
    if calibration.standard() == P::STANDARD {
        Ok(())
    } else {
        Err(Error::invalid("calibration", "it is one of the other family of models"))
    }
}

pub(super) fn check_size(bytes: usize, most: usize) -> Result<()> {
    if bytes > most {
        return Err(Error::invalid("size", format!("more than {most} bytes")));
    }
    Ok(())
}

pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    crate::files::atomic(path, |file| std::io::Write::write_all(file, bytes))
}

/// Checks that features of these names, in this order, are what a model takes.
pub(super) fn check_names<S: AsRef<str>>(inputs: &[String], names: &[S]) -> Result<()> {
    const NOTHING: &str = "(nothing)";
    let longest = names.len().max(inputs.len());
    for index in 0..longest {
        let expected = inputs.get(index).map_or(NOTHING, String::as_str);
        let found = names.get(index).map_or(NOTHING, AsRef::as_ref);
        if expected != found {
            let (expected, found) = (expected.to_owned(), found.to_owned());
            return Err(Error::LayoutMismatch { index, expected, found });
        }
    }
    Ok(())
}
