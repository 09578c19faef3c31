//! The model file: JSON, with the weights as base64.

use serde::{Deserialize, Serialize};

use super::calibration::CalibrationFile;
use super::ensemble::MlpEnsembleFile;
use super::{Calibration, MlpEnsemble, ScaledEnsemble, Scaler};
use crate::regression::format::{check_header, check_info, to_json};
use crate::regression::{Imputer, ModelInfo, OutputRange, Provenance};
use crate::{Error, Result};

/// Name of the format, the first thing in a file.
pub(super) const FORMAT: &str = "dream-models.regression";

/// Number of the format. A reader of one number refuses every other one.
pub(super) const FORMAT_VERSION: u64 = 2;

/// Larger files are refused before they are parsed.
pub(super) const MAX_BYTES: usize = 1 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    format_version: u64,
    version: String,
    output: OutputRange,
    inputs: Vec<String>,
    impute: Imputer,
    scaler: Scaler,
    head: Head,
    calibration: CalibrationFile,
    provenance: Provenance,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Head {
    MlpEnsemble(MlpEnsembleFile),
}

/// The checked content of a file.
pub(super) type Parts = (ModelInfo, ScaledEnsemble, Calibration, Provenance);

pub(super) fn write(
    info: &ModelInfo,
    predictor: &ScaledEnsemble,
    calibration: &Calibration,
    provenance: &Provenance,
) -> Result<Vec<u8>> {
    let file = File {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        version: info.version.clone(),
        output: info.output.clone(),
        inputs: info.inputs.clone(),
        impute: predictor.imputer.clone(),
        scaler: predictor.scaler.clone(),
        head: Head::MlpEnsemble(predictor.head.to_file()),
        calibration: calibration.to_file(),
        provenance: provenance.clone(),
    };
    to_json(&file, MAX_BYTES)
}

pub(super) fn read(bytes: &[u8]) -> Result<Parts> {
    check_header(bytes, MAX_BYTES, FORMAT, FORMAT_VERSION)?;
    let file: File =
        serde_json::from_slice(bytes).map_err(|error| Error::invalid("JSON", error.to_string()))?;
    let info = ModelInfo { version: file.version, inputs: file.inputs, output: file.output };
    check_info(&info)?;
    file.impute.check(info.inputs.len())?;
    file.scaler.check(info.inputs.len())?;
    let Head::MlpEnsemble(head) = file.head;
    let width = file.scaler.outputs();
    let head = MlpEnsemble::from_file(&head, width)?;
    let calibration = Calibration::from_file(file.calibration, width)?;
    let predictor = ScaledEnsemble { imputer: file.impute, scaler: file.scaler, head };
    Ok((info, predictor, calibration, file.provenance))
}
