use serde::{Deserialize, Serialize};

use super::model::Body;
use super::{Kernel, Svr};
use crate::regression::svr_model::{decode, encode};
use crate::{Error, Result};

/// A [`Svr`] as a file holds it; the kernel is with the settings.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SvrFile {
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
    pub(crate) fn to_file(&self) -> SvrFile {
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
    pub(crate) fn from_file(file: &SvrFile, kernel: Kernel, width: usize) -> Result<Self> {
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
