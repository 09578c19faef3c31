//! Which tower a head was fitted on.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor};
use serde::{Deserialize, Serialize};

use crate::deep::backbones::vit;
use crate::deep::pretrained::tensors_sha256;
use crate::{Error, Result};

/// A tensor that no conversion of the weights changes by more than rounding.
const PROBED: &str = "vision_model.embeddings.class_embedding";
/// Numbers of it that a head keeps.
const PROBE: usize = 8;
/// How far they may be apart, as a share of the largest: `bf16` is within half a percent.
const TOLERANCE: f64 = 0.01;

/// The tower of a head: what it is called, its sizes, and what tells it from others of the same sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tower {
    /// For people: the model, who published it, and how the file was made.
    pub name: String,
    /// Its sizes.
    pub config: vit::Config,
    /// [`tensors_sha256`] of the tensors that are used.
    pub sha256: String,
    /// The first numbers of its class token, one to eight: another model of the same sizes has others.
    pub probe: Vec<f64>,
}

/// How the tensors of a file agree with the tower of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Agreement {
    /// The very numbers that the head was fitted on.
    Same,
    /// The same model in other numbers, such as those of another precision: traces differ a little, most of all in
    /// percentiles.
    Rounded,
}

impl Tower {
    /// Describes the tensors of a tower, by this crate's names, and no others than those that are used.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] without a class token, [`Error::Tensor`] for tensors that are not numbers.
    pub fn of(name: &str, config: &vit::Config, tensors: &BTreeMap<String, Tensor>) -> Result<Self> {
        let (name, config) = (name.to_owned(), config.clone());
        Ok(Self { name, config, sha256: tensors_sha256(tensors)?, probe: probe(tensors)? })
    }

    /// Compares it with the tower of a file.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for another model of the same sizes.
    pub fn compare(&self, found: &Self) -> Result<Agreement> {
        if self.sha256 == found.sha256 {
            return Ok(Agreement::Same);
        }
        let largest = self.probe.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let near = |(ours, theirs): (&f64, &f64)| (ours - theirs).abs() <= TOLERANCE * largest;
        if self.probe.iter().zip(&found.probe).all(near) {
            return Ok(Agreement::Rounded);
        }
        let reason = format!(
            "its class token is that of another model of the same sizes; the head was fitted on {} and means nothing on \
             other weights",
            self.name
        );
        Err(Error::invalid("tower", reason))
    }

    pub(super) fn check(&self) -> Result<()> {
        let invalid = |reason: String| Err(Error::invalid("tower", reason));
        self.config.validate().or_else(|error| invalid(error.to_string()))?;
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if self.sha256.len() != 64 || !self.sha256.bytes().all(hex) {
            return invalid("`sha256` is not 64 lower-case hexadecimal digits".to_owned());
        }
        if !(1..=PROBE).contains(&self.probe.len()) || self.probe.iter().any(|number| !number.is_finite()) {
            return invalid(format!("`probe` is not one to {PROBE} numbers"));
        }
        Ok(())
    }
}

fn probe(tensors: &BTreeMap<String, Tensor>) -> Result<Vec<f64>> {
    let missing = || Error::invalid("tower", format!("there is no `{PROBED}`"));
    let values = tensors.get(PROBED).ok_or_else(missing)?.flatten_all()?.to_dtype(DType::F64)?;
    let mut values = values.to_vec1::<f64>()?;
    values.truncate(PROBE);
    Ok(values)
}
