//! The head: a linear function of 768 numbers, with what is needed to read its result.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tower::Tower;
use crate::deep::backbones::vit;
use crate::deep::input::Input;
use crate::regression::Familiarity;
use crate::{Error, Result, bounded, files};

/// What the file says that it is.
const FORMAT: &str = "dream-models.face-blend-head";
const FORMAT_VERSION: u64 = 1;
/// Bytes of the largest file that is read.
const MAX_BYTES: usize = 4 << 20;
/// Percentiles of held-out portraits: 0 to 100.
const PERCENTILES: usize = 101;
/// Magnitude up to which numbers in a file are believed.
const MAX_NUMBER: f64 = 1e6;
/// The smallest deviation of a feature that says something.
const MIN_DEVIATION: f64 = 1e-9;

/// The trained head of this crate, as `train-face-blend` wrote it: `assets/NOTICE.md` says from what.
const EMBEDDED: &[u8] = include_bytes!("../../../../assets/face-blend-1.json");

/// What a [`Head`] is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadParts {
    /// Its name and number, such as `face-blend-1`.
    pub name: String,
    /// One sentence for people: what it was learned from.
    pub learned_from: String,
    /// One sentence for people: what was measured, and on what.
    pub measured: String,
    /// The tower whose tokens it reads.
    pub tower: Tower,
    /// The block after which it reads them, counted from 1.
    pub block: usize,
    /// Which frames, which part of them, which pixels.
    pub input: Input,
    /// One for each feature, for features as the tower gives them: the scaling is in them.
    pub weights: Vec<f64>,
    /// Added to the weighted sum.
    pub bias: f64,
    /// The 0 %, 1 %, …, 100 % points of the traces of held-out untouched portraits: 101 increasing numbers.
    pub percentiles: Vec<f64>,
    /// What the features of real pictures under the damage of training (blur, noise, compression) are like.
    pub familiarity: Reach,
}

/// How features of real pictures spread, when they are damaged as in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// Mean of each feature.
    pub mean: Vec<f64>,
    /// Standard deviation of each feature, at least 1e-9.
    pub deviation: Vec<f64>,
    /// Distance below which 99 of 100 such pictures of people held out are: see [`Head::familiarity`].
    pub limit: f64,
}

/// A linear head on the mean of patch tokens: more traces of a pasted face give a larger number.
///
/// A head is a JSON file. Reading one checks everything, and what was read is written with the same bytes.
///
/// ```
/// use dream_models::deep::backbones::vit;
/// use dream_models::deep::input::Input;
/// use dream_models::deep::methods::face_blend::{Head, HeadParts, Reach, Tower, input};
///
/// let config = vit::Config { image_size: 32, width: 64, layers: 2, heads: 1, mlp_width: 64, ..vit::Config::b16() };
/// let head = Head::new(
///     HeadParts {
///         name: "example".to_owned(),
///         learned_from: "nothing".to_owned(),
///         measured: "nothing".to_owned(),
///         input: input(&config),
///         tower: Tower { name: "tiny".to_owned(), config, sha256: "0".repeat(64), probe: vec![0.5] },
///         block: 1,
///         weights: vec![0.25; 64],
///         bias: -1.0,
///         percentiles: (0..=100).map(f64::from).collect(),
///         familiarity: Reach { mean: vec![0.0; 64], deviation: vec![1.0; 64], limit: 2.0 },
///     },
///     &"by hand",
/// )?;
/// assert_eq!(head.traces(&[0.5; 64])?, 7.0);
/// assert_eq!(head.percentile(7.5), 7.5);
/// assert!(head.familiarity(&[0.5; 64])?.is_familiar());
/// assert_eq!(Head::from_json(&head.to_json()?)?, head);
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    parts: HeadParts,
    provenance: Value,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<P, V> {
    format: String,
    format_version: u64,
    head: P,
    provenance: V,
}

/// The fields that every version has.
#[derive(Deserialize)]
struct Header {
    format: String,
    format_version: u64,
}

impl Head {
    /// Checks the parts. The provenance is any record of where the head comes from.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] with the field that is not valid.
    pub fn new(parts: HeadParts, provenance: &impl Serialize) -> Result<Self> {
        let provenance = serde_json::to_value(provenance)
            .map_err(|error| Error::invalid("provenance", error.to_string()))?;
        parts.check()?;
        Ok(Self { parts, provenance })
    }

    /// The head that ships in this crate, `face-blend-1`. It reads OpenAI's CLIP ViT-B/16.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] if the crate was built from damaged files.
    pub fn embedded() -> Result<Self> {
        Self::from_json(EMBEDDED)
    }

    /// The file that [`Head::embedded`] reads, for reports that name it by its hash.
    #[must_use]
    pub fn embedded_bytes() -> &'static [u8] {
        EMBEDDED
    }

    /// Reads a file, at most 4 MiB.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and those of [`from_json`](Self::from_json).
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_json(&bounded::read(path.as_ref(), MAX_BYTES)?)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedFormat`] for a file of another kind or version, [`Error::InvalidModel`] with the field that is
    /// not valid.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let invalid = |error: serde_json::Error| Error::invalid("head", error.to_string());
        check_size(bytes)?;
        let Header { format, format_version: version } = serde_json::from_slice(bytes).map_err(invalid)?;
        if format != FORMAT || version != FORMAT_VERSION {
            return Err(Error::UnsupportedFormat {
                format: format.chars().take(80).collect(),
                version,
                known: FORMAT,
                known_version: FORMAT_VERSION,
            });
        }
        let File { head: parts, provenance, .. }: File<HeadParts, Value> =
            serde_json::from_slice(bytes).map_err(invalid)?;
        parts.check()?;
        Ok(Self { parts, provenance })
    }

    /// The bytes of the file.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] for more than 4 MiB.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let file = File {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            head: &self.parts,
            provenance: &self.provenance,
        };
        let mut bytes =
            serde_json::to_vec_pretty(&file).map_err(|error| Error::invalid("head", error.to_string()))?;
        bytes.push(b'\n');
        check_size(&bytes)?;
        Ok(bytes)
    }

    /// Writes the file, which appears complete or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and those of [`to_json`](Self::to_json).
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let bytes = self.to_json()?;
        files::atomic(path.as_ref(), |file| std::io::Write::write_all(file, &bytes))
    }

    /// The configuration of what it needs of the tower: the blocks up to its own.
    #[must_use]
    pub fn config(&self) -> vit::Config {
        self.parts.tower.config.up_to(self.parts.block)
    }

    /// What it is made of.
    #[must_use]
    pub fn parts(&self) -> &HeadParts {
        &self.parts
    }

    /// Where it comes from.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] when that is not of this type.
    pub fn provenance<P: DeserializeOwned>(&self) -> Result<P> {
        let provenance = P::deserialize(&self.provenance);
        provenance.map_err(|error| Error::invalid("provenance", error.to_string()))
    }

    /// Traces of a pasted face in a frame: the logit of the features `[width]` of the frame, from minus to plus
    /// infinity. It is added up in the order of the features.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for another number of features, [`Error::NonFinite`] for a NaN or an infinity.
    pub fn traces(&self, features: &[f64]) -> Result<f64> {
        let HeadParts { weights, bias, .. } = &self.parts;
        check_features(features, weights.len())?;
        Ok(weights.iter().zip(features).fold(0.0, |sum, (weight, feature)| sum + weight * feature) + bias)
    }

    /// Share of held-out untouched portraits with fewer traces, 0 to 100; between two of the 101 points on a line. A
    /// portrait is one picture, so this is no share of videos.
    #[must_use]
    pub fn percentile(&self, traces: f64) -> f64 {
        let points = &self.parts.percentiles;
        let below = points.partition_point(|point| *point < traces);
        let around = below.checked_sub(1).and_then(|at| Some((points.get(at)?, points.get(below))));
        match around {
            None => 0.0,
            Some((_, None)) => 100.0,
            Some((low, Some(high))) => (below - 1) as f64 + (traces - low) / (high - low),
        }
    }

    /// How far the features `[width]` of a frame are from those of real portraits under the damage of training: the root
    /// mean square, over the features, of the distance from their mean in standard deviations.
    ///
    /// # Errors
    ///
    /// As [`traces`](Self::traces).
    pub fn familiarity(&self, features: &[f64]) -> Result<Familiarity> {
        let Reach { mean, deviation, limit } = &self.parts.familiarity;
        check_features(features, mean.len())?;
        let squares = features.iter().zip(mean.iter().zip(deviation)).map(|(feature, (mean, deviation))| {
            let away = (feature - mean) / deviation;
            away * away
        });
        let distance = (squares.fold(0.0, |sum, square| sum + square) / mean.len() as f64).sqrt();
        Ok(Familiarity { distance, limit: *limit, missing: 0, most_missing: 0 })
    }
}

impl HeadParts {
    fn check(&self) -> Result<()> {
        let Self { weights, percentiles, familiarity: Reach { mean, deviation, limit }, .. } = self;
        if self.name.is_empty() {
            return Err(Error::invalid("name", "it is empty"));
        }
        self.tower.check()?;
        let (config, block) = (&self.tower.config, self.block);
        if !(1..=config.layers).contains(&block) {
            return Err(Error::invalid(
                "block",
                format!("it is {block}, the tower has 1 to {}", config.layers),
            ));
        }
        let input = self.input.validate().and_then(|()| self.input.expect_size([config.image_size; 2]));
        input.map_err(|error| Error::invalid("input", error.to_string()))?;
        for (field, numbers) in [("weights", weights), ("mean", mean), ("deviation", deviation)] {
            check_numbers(field, numbers, config.width)?;
        }
        check_numbers("percentiles", percentiles, PERCENTILES)?;
        check_numbers("bias", &[self.bias], 1)?;
        check_numbers("limit", &[*limit], 1)?;
        if let Some(at) = deviation.iter().position(|deviation| *deviation < MIN_DEVIATION) {
            return Err(Error::invalid("deviation", format!("number {at} is not above {MIN_DEVIATION:e}")));
        }
        if *limit <= 0.0 {
            return Err(Error::invalid("limit", format!("it is {limit}, not above 0")));
        }
        let pairs = percentiles.iter().zip(percentiles.iter().skip(1));
        match pairs.enumerate().find(|(_, (low, high))| low >= high) {
            Some((at, (low, high))) => {
                let reason = format!("they do not increase: {low} at {at} %, then {high}");
                Err(Error::invalid("percentiles", reason))
            }
            None => Ok(()),
        }
    }
}

fn check_size(bytes: &[u8]) -> Result<()> {
    if bytes.len() > MAX_BYTES {
        return Err(Error::invalid("size", format!("the head has more than {MAX_BYTES} bytes")));
    }
    Ok(())
}

fn check_numbers(field: &'static str, numbers: &[f64], expected: usize) -> Result<()> {
    if numbers.len() != expected {
        let reason = format!("there are {} numbers, {expected} are needed", numbers.len());
        return Err(Error::invalid(field, reason));
    }
    let believed = |number: &f64| number.abs() <= MAX_NUMBER;
    match numbers.iter().enumerate().find(|(_, number)| !believed(number)) {
        Some((at, number)) => Err(Error::invalid(field, format!("number {at} is {number}"))),
        None => Ok(()),
    }
}

fn check_features(features: &[f64], expected: usize) -> Result<()> {
    if features.len() != expected {
        return Err(Error::LengthMismatch { argument: "features", expected, found: features.len() });
    }
    match features.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((at, &value)) => Err(Error::NonFinite { name: format!("feature {at}"), value }),
        None => Ok(()),
    }
}
