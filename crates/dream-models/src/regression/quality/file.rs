//! The model file: JSON, with the weights as base64.

use serde::{Deserialize, Serialize};

use super::ensemble::MlpEnsembleFile;
use super::{MlpEnsemble, QualityModel, ScaledEnsemble};
use crate::regression::calibration::CalibrationFile;
use crate::regression::format::{check_calibration, check_header, check_info, to_json};
use crate::regression::{Calibration, Imputer, ModelFile, ModelInfo, OutputRange, Provenance, Scaler};
use crate::{Error, Result};

/// Name of the format, the first thing in a file.
const FORMAT: &str = "dream-models.regression";

/// Number of the format. A reader of one number refuses every other one.
const FORMAT_VERSION: u64 = 2;

/// Larger files are refused before they are parsed.
const MAX_BYTES: usize = 1 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    format_version: u64,
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipe: Option<String>,
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

impl ModelFile for QualityModel {
    const MOST_BYTES: usize = MAX_BYTES;

    fn write(&self) -> Result<Vec<u8>> {
        let Self { info, predictor, calibration, provenance } = self;
        let file = File {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            version: info.version.clone(),
            recipe: info.recipe.clone(),
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

    fn read(bytes: &[u8]) -> Result<Self> {
        check_header(bytes, MAX_BYTES, FORMAT, FORMAT_VERSION)?;
        let file: File =
            serde_json::from_slice(bytes).map_err(|error| Error::invalid("JSON", error.to_string()))?;
        let File { version, recipe, inputs, output, .. } = file;
        let info = ModelInfo { version, recipe, inputs, output };
        check_info(&info)?;
        file.impute.check(info.inputs.len())?;
        file.scaler.check(info.inputs.len())?;
        let Head::MlpEnsemble(head) = file.head;
        let width = file.scaler.outputs();
        let head = MlpEnsemble::from_file(&head, width)?;
        let predictor = ScaledEnsemble { imputer: file.impute, scaler: file.scaler, head };
        let calibration = Calibration::from_file(file.calibration, width)?;
        check_calibration(&calibration, &predictor)?;
        Ok(Self { info, predictor, calibration, provenance: file.provenance })
    }
}
