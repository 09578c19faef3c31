use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::model::Body;
use super::{Kernel, Svr};
use crate::{Error, Result};

/// A [`Svr`] as a file holds it; the kernel is with the settings.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SvrFile {
    intercept: f64,
    iterations: u64,
    violation: f64,
    converged: bool,
    support_vectors: usize,
    /// Weights of the columns for a linear kernel, support vectors one after the other for the Gaussian one.
    vectors: String,
    /// Coefficients of the support vectors; empty for a linear kernel.
    coefficients: String,
}

/// Numbers up to which sums of products stay finite.
const MAX_COEFFICIENT: f64 = 1e100;
const MAX_VALUE: f64 = 1e18;

impl Svr {
    pub(super) fn to_file(&self) -> SvrFile {
        let (vectors, coefficients) = match &self.body {
            Body::Linear(weights) => (encode(weights), String::new()),
            Body::Rbf { vectors, coefficients, .. } => (encode(vectors), encode(coefficients)),
        };
        SvrFile {
            intercept: self.intercept,
            iterations: self.iterations,
            violation: self.violation,
            converged: self.converged,
            support_vectors: self.support,
            vectors,
            coefficients,
        }
    }

    /// Checks and decodes what a file holds.
    pub(super) fn from_file(file: &SvrFile, kernel: Kernel, width: usize) -> Result<Self> {
        const PART: &str = "svr";
        if width == 0 || !(file.intercept.abs() <= MAX_COEFFICIENT && file.violation.is_finite()) {
            return Err(Error::invalid(PART, "there is no column, or a number is out of range"));
        }
        let body = match kernel {
            Kernel::Linear => {
                decode(&file.coefficients, "svr.coefficients", Some(0), 0.0)?;
                Body::Linear(decode(&file.vectors, "svr.vectors", Some(width), MAX_COEFFICIENT)?)
            }
            Kernel::Rbf { gamma } => {
                let count = file.support_vectors;
                let coefficients =
                    decode(&file.coefficients, "svr.coefficients", Some(count), MAX_COEFFICIENT)?;
                let vectors = decode(&file.vectors, "svr.vectors", count.checked_mul(width), MAX_VALUE)?;
                Body::rbf(gamma, vectors, coefficients, width)?
            }
        };
        Ok(Self {
            body,
            width,
            intercept: file.intercept,
            iterations: file.iterations,
            violation: file.violation,
            converged: file.converged,
            support: file.support_vectors,
        })
    }
}

/// Numbers as base64 of little-endian 64-bit words: exact, and a third of their size in decimal.
fn encode(values: &[f64]) -> String {
    STANDARD.encode(values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

/// Finite numbers of at most `largest` in magnitude, `count` of them.
fn decode(text: &str, part: &'static str, count: Option<usize>, largest: f64) -> Result<Vec<f64>> {
    let bytes = STANDARD.decode(text).map_err(|error| Error::invalid(part, error.to_string()))?;
    if count.and_then(|count| count.checked_mul(8)) != Some(bytes.len()) {
        return Err(Error::invalid(part, format!("{} bytes do not fit the rest of the file", bytes.len())));
    }
    let values: Vec<f64> = bytes.as_chunks::<8>().0.iter().map(|word| f64::from_le_bytes(*word)).collect();
    if values.iter().all(|value| value.abs() <= largest) {
        Ok(values)
    } else {
        Err(Error::invalid(part, format!("a value is not between -{largest} and {largest}")))
    }
}
