use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::foreign::{self, Wanted};
use super::tensors::{TensorFile, write_tensors};
use super::{FORMAT, MAX_BYTES, atomic};
use crate::deep::input::Input;
use crate::{Error, Result, bounded};

const FORMAT_VERSION: u64 = 2;

/// What a checkpoint says about its weights. `C` and `P` are any types that serde can write.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents<C, P> {
    /// Kind of network, such as `da_clip`.
    pub kind: String,
    /// Its configuration.
    pub config: C,
    /// What it looks at; `None` for weights that are not those of a network that scores videos.
    pub input: Option<Input>,
    /// Where the weights come from: data, settings, first weights, figures.
    pub provenance: P,
}

/// The JSON file, as it is read and, with other types, as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest<C, P> {
    format: String,
    format_version: u64,
    library_version: String,
    kind: String,
    config: C,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Input>,
    provenance: P,
    tensors: Reference,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    file: String,
    sha256: String,
}

/// The fields that every version has.
#[derive(Deserialize)]
struct Head {
    format: String,
    format_version: u64,
}

/// Weights with what is known about them: a JSON file and a safetensors file.
///
/// ```
/// use std::collections::BTreeMap;
/// use dream_models::deep::candle_core::{Device, Tensor};
/// use dream_models::deep::checkpoint::{Checkpoint, Contents};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("tiny.json");
/// let weights = BTreeMap::from([("w".to_owned(), Tensor::new(&[1f32, 2.0], &Device::Cpu)?)]);
/// let contents = Contents { kind: "example".to_owned(), config: 3, input: None, provenance: "by hand" };
/// Checkpoint::save(&path, &contents, &weights)?;
/// let read = Checkpoint::open(&path)?;
/// assert_eq!((read.kind(), read.config::<u32>()?), ("example", 3));
/// assert_eq!(read.tensors().read("w", &Device::Cpu)?.to_vec1::<f32>()?, [1.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Checkpoint {
    manifest: Manifest<Value, Value>,
    tensors: TensorFile,
}

impl Checkpoint {
    /// Writes both files: `path`, and next to it the tensors under a name that holds the start of their SHA-256. Returns
    /// that SHA-256.
    ///
    /// A reader of `path` finds the old checkpoint or the new one, even if the program is killed in between. The
    /// tensors of the old one are removed at the end.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for an input that has no meaning, [`Error::Io`], and [`Error::InvalidModel`] for number
    /// types that are not written and contents that are not JSON.
    pub fn save<C: Serialize, P: Serialize>(
        path: impl AsRef<Path>,
        contents: &Contents<C, P>,
        tensors: &BTreeMap<String, Tensor>,
    ) -> Result<String> {
        let Contents { kind, config, input, provenance } = contents;
        input.iter().try_for_each(Input::validate)?;
        let path = path.as_ref();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let pending = path.with_file_name(format!("{stem}.new.safetensors"));
        let sha256 = write_tensors(&pending, tensors)?;
        let file = format!("{stem}.{}.safetensors", sha256.get(..12).unwrap_or_default());
        let target = path.with_file_name(&file);
        let io = |source| Error::Io { action: "write", path: Some(target.clone()), source };
        std::fs::rename(&pending, &target).map_err(io)?;
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            library_version: crate::VERSION.to_owned(),
            kind: kind.clone(),
            config,
            input: input.clone(),
            provenance,
            tensors: Reference { file: file.clone(), sha256: sha256.clone() },
        };
        let mut json = serde_json::to_vec_pretty(&manifest)
            .map_err(|error| Error::invalid("checkpoint", error.to_string()))?;
        json.push(b'\n');
        atomic(path, |out| std::io::Write::write_all(out, &json))?;
        sweep(path, &stem, &file);
        Ok(sha256)
    }

    /// Reads the JSON file and the header of the tensors, and compares the SHA-256 of the latter.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::Pickle`] and [`Error::OtherFile`] for a file that is something else (such as the weights
    /// without the JSON file), [`Error::UnsupportedFormat`] for a file of another kind or version,
    /// [`Error::InvalidModel`] for one that is too large or damaged, or whose tensors have changed since.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        foreign::refuse(path, Wanted::Manifest)?;
        let manifest = parse(&bounded::read(path, MAX_BYTES)?)?;
        let Reference { file, sha256 } = &manifest.tensors;
        let tensors: PathBuf = path.with_file_name(file);
        let tensors = TensorFile::open(tensors)?;
        let found = tensors.sha256()?;
        if found != *sha256 {
            let reason = format!("{file} has the SHA-256 {found}, the checkpoint was written with {sha256}");
            return Err(Error::invalid("tensors", reason));
        }
        Ok(Self { manifest, tensors })
    }

    /// Kind of network, such as `da_clip`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.manifest.kind
    }

    /// What the network looks at.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] when there is none: the weights are not those of a network that scores videos.
    pub fn input(&self) -> Result<&Input> {
        let reason = "there is none: this checkpoint is not one of a network that scores videos";
        self.manifest.input.as_ref().ok_or_else(|| Error::invalid("input", reason))
    }

    /// The configuration.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] when it is not one of this type.
    pub fn config<C: DeserializeOwned>(&self) -> Result<C> {
        let config = C::deserialize(&self.manifest.config);
        config.map_err(|error| Error::invalid("configuration", error.to_string()))
    }

    /// Where the weights come from.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] when it is not of this type.
    pub fn provenance<P: DeserializeOwned>(&self) -> Result<P> {
        let provenance = P::deserialize(&self.manifest.provenance);
        provenance.map_err(|error| Error::invalid("provenance", error.to_string()))
    }

    /// Refuses another kind of network.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`].
    pub fn expect_kind(&self, kind: &str) -> Result<()> {
        if self.kind() == kind {
            return Ok(());
        }
        Err(Error::invalid("kind", format!("it is `{}`, `{kind}` is needed", self.kind())))
    }

    /// The version of this crate that wrote it.
    #[must_use]
    pub fn library_version(&self) -> &str {
        &self.manifest.library_version
    }

    /// SHA-256 of the tensors, which names the checkpoint.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.manifest.tensors.sha256
    }

    /// The weights.
    #[must_use]
    pub fn tensors(&self) -> &TensorFile {
        &self.tensors
    }

    /// Checks the JSON file alone, without its tensors, and returns the kind of network.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), but for those of the tensors.
    pub fn check_json(json: &[u8]) -> Result<String> {
        if json.len() > MAX_BYTES {
            return Err(Error::invalid("size", format!("it has more than {MAX_BYTES} bytes")));
        }
        Ok(parse(json)?.kind)
    }
}

fn parse(json: &[u8]) -> Result<Manifest<Value, Value>> {
    let invalid = |error: serde_json::Error| Error::invalid("checkpoint", error.to_string());
    let Head { format, format_version: version } = serde_json::from_slice(json).map_err(invalid)?;
    if format == FORMAT && version == 1 {
        // Which frames and which face the network saw is in no file of that version, so nothing can be made up for it.
        let reason = "it is of version 1, which does not say which frames and which face the network looks at: train \
                      again, or save its tensors with `Checkpoint::save` and the `Input` that it was trained with";
        return Err(Error::invalid("version", reason));
    }
    if format != FORMAT || version != FORMAT_VERSION {
        return Err(Error::UnsupportedFormat {
            format: format.chars().take(80).collect(),
            version,
            known: FORMAT,
            known_version: FORMAT_VERSION,
        });
    }
    let manifest: Manifest<Value, Value> = serde_json::from_slice(json).map_err(invalid)?;
    if let Some(input) = &manifest.input {
        input.validate().map_err(|error| Error::invalid("input", error.to_string()))?;
    }
    if !is_plain(&manifest.tensors.file) {
        let reason = format!("`{}` is not the name of a file next to it", manifest.tensors.file);
        return Err(Error::invalid("tensors", reason));
    }
    Ok(manifest)
}

/// Whether a name stays in its folder.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let first = parts.next();
    matches!(first, Some(std::path::Component::Normal(part)) if part.to_str() == Some(name))
        && parts.next().is_none()
        && !name.contains(['/', '\\', ':', '\0'])
}

/// Removes the tensors of earlier checkpoints of this name, those that a killed program left behind included. The new checkpoint
/// is complete, and a file that stays costs room only.
fn sweep(path: &Path, stem: &str, kept: &str) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let digest = name
            .to_str()
            .filter(|name| *name != kept)
            .and_then(|name| name.strip_prefix(stem)?.strip_prefix('.')?.strip_suffix(".safetensors"));
        if digest.is_some_and(|digest| digest.len() == 12 && digest.bytes().all(|b| b.is_ascii_hexdigit())) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
