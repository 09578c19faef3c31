//! Published weights in files, under the names that this crate's networks have.
//!
//! The names decide what a file is, never its own name: whether timm or Microsoft wrote a Swin of either version, timm or
//! Facebook a ConvNeXt, OpenAI or the Hugging Face library a text tower. What wrappers put in front of all names, such as `module.` or `model.visual.`, is
//! taken off, and [`Pretrained::notes`] say so. A file may also hold other parts beside the tower, as the checkpoints of this
//! crate do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use candle_core::{DType, Device, Tensor};
use sha2::{Digest, Sha256};

use super::backbones::convnext::{self, ConvNext};
use super::backbones::resnet::{self, ResNet};
use super::backbones::swin::{self, Swin};
use super::backbones::swin_v2::{self, Naming, SwinV2};
use super::backbones::vgg::{self, Vgg16};
use super::backbones::vit::{self, ClipVit};
use super::checkpoint::{TensorFile, check};
use super::text::clip::{self, TextTower};
use super::{Parameter, parameters};
use crate::{Error, Result};

/// The tensors of a tower out of a file.
#[derive(Debug, Clone)]
pub struct Pretrained {
    /// By this crate's names, single precision on the CPU. They fit [`Params::insert`](crate::deep::train::Params::insert)
    /// and a `VarBuilder`.
    pub tensors: BTreeMap<String, Tensor>,
    /// What was done to the names of the file, for people to read.
    pub notes: Vec<Note>,
}

/// Something that was done to the names of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The tensors of the tower had this in front of their names, and it was taken off.
    Prefix {
        /// Such as `module.` or `model.visual.`.
        prefix: String,
    },
    /// Tensors without that prefix belong to other parts, and were left out.
    LeftOut {
        /// How many.
        count: usize,
        /// The name of the first.
        first: String,
    },
    /// The windows of a stage of a Swin-V2 had another size where the weights were trained. They fit windows of any size,
    /// and are best with their own.
    Windows {
        /// Counted from 0.
        stage: usize,
        /// Tokens in the file, `[height, width]`.
        file: [usize; 2],
        /// Tokens in the network.
        network: [usize; 2],
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix { prefix } => write!(f, "`{prefix}` was taken off the names of its tensors"),
            Self::LeftOut { count: 1, first } => {
                write!(f, "one tensor of another part was left out: {first}")
            }
            Self::LeftOut { count, first } => {
                write!(f, "{count} tensors of other parts were left out, the first is {first}")
            }
            Self::Windows { stage, file: [high, wide], network: [rows, columns] } => write!(
                f,
                "stage {stage} was trained with windows of {high}x{wide} tokens, the network has {rows}x{columns}"
            ),
        }
    }
}

/// Tensors of a Swin-V2 out of a file of timm or of Microsoft. Those of a head that the configuration lacks are left out.
///
/// Files in `f16`, `bf16` and `f64` are read as well, and converted to `f32`.
///
/// # Errors
///
/// [`Error::TensorMismatch`] when names or shapes are not those of the configuration, with what the file seems to be,
/// [`Error::InvalidModel`] for a file with several such towers, the state of a training or numbers that are no floating-point
/// numbers, [`Error::NonFiniteTensor`] for a NaN or an infinity, and those of [`TensorFile::read`].
pub fn swin_v2(file: &TensorFile, config: &swin_v2::Config) -> Result<Pretrained> {
    let expected = parameters(|vb| SwinV2::new(config, vb))?;
    let (tower, tensors) = swin_of_any_version(file, &expected, config.num_classes > 0, "Swin-V2")?;
    let shapes: BTreeMap<&str, &[usize]> = tower.shapes().collect();
    // Microsoft's files have tables of offsets, from which the window can be told.
    let window = |(stage, network): (usize, [usize; 2])| {
        let table = format!("layers.{stage}.blocks.0.attn.relative_coords_table");
        let &[_, rows, columns, _] = *shapes.get(table.as_str())? else { return None };
        let file = [rows, columns].map(|offsets| offsets.div_ceil(2));
        (file != network).then_some(Note::Windows { stage, file, network })
    };
    let mut notes = tower.notes();
    notes.extend(config.windows()?.into_iter().enumerate().filter_map(window));
    Ok(Pretrained { tensors, notes })
}

/// Tensors of a Swin of the first version out of a file of timm (before 0.9 or later), of Microsoft or of DFGC-1st. Those of a
/// head that the configuration lacks are left out, and so are derived ones (`relative_position_index`, `attn_mask`).
///
/// Files in `f16`, `bf16` and `f64` are read as well, and converted to `f32`.
///
/// # Errors
///
/// As [`swin_v2()`]; also for weights whose windows have another size than the configuration's, because a table of position
/// biases has a row for every offset in a window.
pub fn swin(file: &TensorFile, config: &swin::Config) -> Result<Pretrained> {
    let expected = parameters(|vb| Swin::new(config, vb))?;
    let (tower, tensors) = swin_of_any_version(file, &expected, config.num_classes > 0, "Swin")?;
    Ok(Pretrained { tensors, notes: tower.notes() })
}

/// The tower of a file and its tensors, which are those `expected`.
fn swin_of_any_version<'a>(
    file: &'a TensorFile,
    expected: &[Parameter],
    with_head: bool,
    wanted: &str,
) -> Result<(Tower<'a>, BTreeMap<String, Tensor>)> {
    let tower = Tower::find(file, &["patch_embed.proj.weight"])?;
    let naming = Naming::of(tower.shapes())?;
    let ours = |name: &str| naming.ours(name).filter(|ours| with_head || !ours.starts_with("head."));
    let tensors = tower.read_as(ours, expected, wanted)?;
    Ok((tower, tensors))
}

/// Tensors of a ConvNeXt out of a file of timm, of any version, or of Facebook. Those of a head that the configuration lacks
/// are left out; the norm below it belongs to the tower.
///
/// Files in `f16`, `bf16` and `f64` are read as well, and converted to `f32`.
///
/// # Errors
///
/// As [`swin_v2()`].
pub fn convnext(file: &TensorFile, config: &convnext::Config) -> Result<Pretrained> {
    let tower = Tower::find(file, &convnext::MARKS)?;
    let naming = convnext::Naming::of(tower.shapes().map(|(name, _)| name));
    let expected = parameters(|vb| ConvNext::new(config, vb))?;
    let wanted = |ours: &String| config.num_classes > 0 || !ours.starts_with("head.fc.");
    let ours = |name: &str| Some(naming.ours(name)).filter(wanted);
    Ok(Pretrained { tensors: tower.read_as(ours, &expected, "ConvNeXt")?, notes: tower.notes() })
}

/// Tensors of a CLIP text tower out of a file of OpenAI or of the Hugging Face library, also of one that holds the
/// whole CLIP, whose image encoder is left out.
///
/// Files in `f16`, `bf16` and `f64` are read as well, and converted to `f32`.
///
/// # Errors
///
/// As [`swin_v2()`].
pub fn clip_text(file: &TensorFile, config: &clip::Config) -> Result<Pretrained> {
    let tower =
        Tower::find(file, &["text_model.embeddings.token_embedding.weight", "token_embedding.weight"])?;
    let expected = parameters(|vb| TextTower::new(config, vb))?;
    let hint = |error| hinted(error, &tower, &expected, "text tower of CLIP");
    if !tower.is_there {
        // Not a tensor is read of a file that has no such tower.
        check(&expected, tower.shapes()).map_err(hint)?;
    }
    let names = tower.shapes().map(|(name, _)| name).filter(|name| !clip::is_of_other_parts(name));
    let tensors = names.map(|name| Ok((name.to_owned(), tower.read(name)?))).collect::<Result<_>>()?;
    let tensors = clip::from_openai(tensors)?;
    check(&expected, tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.dims()))).map_err(hint)?;
    Ok(Pretrained { tensors, notes: tower.notes() })
}

/// Tensors of the image tower of a CLIP out of a file of the Hugging Face library, of OpenAI or of OpenCLIP, also of one that
/// holds the whole CLIP, whose text tower is left out. So are blocks above `config.layers`, and the last norm and the
/// projection where the configuration has none: no number of them is read.
///
/// Files in `f16`, `bf16` and `f64` are read as well, and converted to `f32`. A file does not say which activation its blocks
/// have, see [`vit::Config::activation`].
///
/// # Errors
///
/// As [`swin_v2()`].
pub fn clip_vit(file: &TensorFile, config: &vit::Config) -> Result<Pretrained> {
    let tower = Tower::find(file, &vit::MARKS)?;
    let expected = parameters(|vb| ClipVit::new(config, vb))?;
    let naming = vit::Naming::of(tower.shapes().map(|(name, _)| name))?;
    let places =
        || tower.shapes().filter_map(|(name, shape)| Some((name, shape, naming.place(name, config)?)));
    let found: Vec<_> = places().flat_map(|(_, shape, place)| place.shapes(shape)).collect();
    check(&expected, found.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())))
        .map_err(|error| hinted(error, &tower, &expected, "image tower of CLIP"))?;
    let mut tensors = BTreeMap::new();
    for (name, _, place) in places() {
        place.put(name, tower.read(name)?, &mut tensors)?;
    }
    Ok(Pretrained { tensors, notes: tower.notes() })
}

/// Tensors of a ResNet of bottlenecks, such as ResNet-50, out of a file of torchvision or timm. Those of its last layer and the
/// counts of batches are left out.
///
/// Files in `f16`, `bf16` and `f64` are read as well, and converted to `f32`.
///
/// # Errors
///
/// As [`swin_v2()`].
pub fn resnet50(file: &TensorFile, config: &resnet::Config) -> Result<Pretrained> {
    let tower = Tower::find(file, &resnet::MARKS)?;
    let expected = parameters(|vb| ResNet::new(config, vb))?;
    let ours = |name: &str| resnet::is_of_tower(name).then(|| name.to_owned());
    Ok(Pretrained { tensors: tower.read_as(ours, &expected, "ResNet")?, notes: tower.notes() })
}

/// Tensors of a VGG-16 such as VGG-Face, out of a file with the names `conv_1_1`, `conv1_1` or torchvision's. Those of its last
/// layer are left out.
///
/// Files in `f16`, `bf16` and `f64` are read as well, and converted to `f32`. A file does not say which colour comes first in its
/// kernels, see [`vgg::Config::order`].
///
/// # Errors
///
/// As [`swin_v2()`].
pub fn vgg16(file: &TensorFile, config: &vgg::Config) -> Result<Pretrained> {
    let tower = Tower::find(file, &vgg::MARKS)?;
    let expected = parameters(|vb| Vgg16::new(config, vb))?;
    Ok(Pretrained { tensors: tower.read_as(vgg::ours, &expected, "VGG-16")?, notes: tower.notes() })
}

/// The sizes of the ResNet of bottlenecks in a file, by the shapes of its tensors; those of ResNet-50 where it holds none, so that
/// [`resnet50()`] says what does not fit.
///
/// # Errors
///
/// [`Error::InvalidModel`] for a file with several such towers or the state of a training.
pub fn resnet_config(file: &TensorFile) -> Result<resnet::Config> {
    let tower = Tower::find(file, &resnet::MARKS)?;
    Ok(resnet::config_of(tower.shapes()).unwrap_or_default())
}

/// The sizes of the VGG-16 in a file, by the shapes of its tensors; those of VGG-Face where it holds none, so that [`vgg16()`] says
/// what does not fit.
///
/// # Errors
///
/// As [`resnet_config()`].
pub fn vgg_config(file: &TensorFile) -> Result<vgg::Config> {
    let tower = Tower::find(file, &vgg::MARKS)?;
    Ok(vgg::config_of(tower.shapes()).unwrap_or_default())
}

/// The sizes of the ConvNeXt in a file, by the shapes of its tensors, without a head; those of ConvNeXt-XL where it holds none, so
/// that [`convnext()`] says what does not fit.
///
/// # Errors
///
/// As [`resnet_config()`].
pub fn convnext_config(file: &TensorFile) -> Result<convnext::Config> {
    let tower = Tower::find(file, &convnext::MARKS)?;
    let naming = convnext::Naming::of(tower.shapes().map(|(name, _)| name));
    Ok(convnext::config_of(naming, tower.shapes()).unwrap_or_else(convnext::Config::xlarge))
}

/// The configuration of a published image tower of CLIP, by the sizes of its embeddings: [`b16`](vit::Config::b16),
/// [`b32`](vit::Config::b32), or [`l14`](vit::Config::l14) at 224 or 336 pixels.
///
/// # Errors
///
/// [`Error::InvalidModel`] for a file without such a tower, or with one of another size: build a [`vit::Config`] for it.
pub fn clip_vit_config(file: &TensorFile) -> Result<vit::Config> {
    let tower = Tower::find(file, &vit::MARKS)?;
    let naming = vit::Naming::of(tower.shapes().map(|(name, _)| name))?;
    let published = [
        vit::Config::b16(),
        vit::Config::b32(),
        vit::Config::l14(),
        vit::Config { image_size: 336, ..vit::Config::l14() },
    ];
    let embeddings = |(name, _): &(String, Vec<usize>)| name.starts_with("vision_model.embeddings.");
    let fits = |config: &vit::Config| -> Result<bool> {
        let places = tower.shapes().filter_map(|(name, shape)| Some((shape, naming.place(name, config)?)));
        let found: BTreeSet<_> =
            places.flat_map(|(shape, place)| place.shapes(shape)).filter(embeddings).collect();
        let expected = parameters(|vb| ClipVit::new(&config.up_to(1), vb))?;
        Ok(found == expected.into_iter().filter(embeddings).collect())
    };
    for config in published {
        if fits(&config)? {
            return Ok(config);
        }
    }
    let found = seems(|| tower.shapes()).join(" and ");
    let found = if found.is_empty() { found } else { format!(": it is {found}") };
    Err(Error::invalid(
        "tensors",
        format!("the file is no image tower of CLIP ViT-B/16, B/32 or L/14{found}"),
    ))
}

/// SHA-256 over the names, the sizes and the numbers (`f32`, little endian, row-major) of tensors in the order of their
/// names, so that it does not depend on the file that they were in.
///
/// # Errors
///
/// [`Error::Tensor`] for tensors that are not numbers.
pub fn tensors_sha256(tensors: &BTreeMap<String, Tensor>) -> Result<String> {
    let mut hash = Sha256::new();
    for (name, tensor) in tensors {
        hash.update(name.as_bytes());
        hash.update([0]);
        for size in tensor.dims() {
            hash.update((*size as u64).to_le_bytes());
        }
        for value in tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()? {
            hash.update(value.to_le_bytes());
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The tensors of a file below a prefix, which may be empty.
struct Tower<'a> {
    file: &'a TensorFile,
    prefix: &'a str,
    /// Whether a name that such a tower has was found.
    is_there: bool,
}

impl<'a> Tower<'a> {
    /// Finds the prefix by a name that every such tower has once. The first of `marks` that fits a name counts.
    fn find(file: &'a TensorFile, marks: &[&str]) -> Result<Self> {
        let before = |name: &'a str| {
            let prefix = marks.iter().find_map(|mark| name.strip_suffix(mark))?;
            (prefix.is_empty() || prefix.ends_with('.')).then_some(prefix)
        };
        let names = || file.shapes().map(|(name, _)| name);
        if names().any(|name| name.starts_with("adamw.")) {
            let reason = "it is the state of a training that was interrupted: take the weights of the model that it ends with";
            return Err(Error::invalid("tensors", reason));
        }
        let prefixes: BTreeSet<&str> = names().filter_map(before).collect();
        if prefixes.len() > 1 {
            let list: Vec<String> = prefixes.iter().map(|prefix| format!("`{prefix}`")).collect();
            let reason = format!(
                "there are several towers in it, below {}: write the tensors of one of them to a file",
                list.join(", ")
            );
            return Err(Error::invalid("tensors", reason));
        }
        let prefix = prefixes.first().copied();
        Ok(Self { file, prefix: prefix.unwrap_or_default(), is_there: prefix.is_some() })
    }

    /// Names without the prefix, and shapes.
    fn shapes(&self) -> impl Iterator<Item = (&'a str, &'a [usize])> {
        let prefix = self.prefix;
        self.file.shapes().filter_map(move |(name, shape)| Some((name.strip_prefix(prefix)?, shape)))
    }

    fn read(&self, name: &str) -> Result<Tensor> {
        let name = format!("{}{name}", self.prefix);
        match self.file.dtype(&name) {
            Some(dtype) if dtype.is_int() => {
                let reason = format!(
                    "`{name}` has whole numbers of the type {dtype:?}: take a file that is not quantised, in F32, F16 or BF16"
                );
                Err(Error::invalid("tensors", reason))
            }
            _ => self.file.read_as(&name, DType::F32, &Device::Cpu),
        }
    }

    /// The tensors that have a name in this crate, which are checked before any is read.
    fn read_as(
        &self,
        ours: impl Fn(&str) -> Option<String>,
        expected: &[Parameter],
        wanted: &str,
    ) -> Result<BTreeMap<String, Tensor>> {
        let mut found = BTreeMap::new();
        for (name, shape) in self.shapes() {
            let Some(ours) = ours(name) else { continue };
            if let Some((other, _)) = found.insert(ours, (name, shape)) {
                let reason =
                    format!("`{other}` and `{name}` are the same tensor by the names of two publishers");
                return Err(Error::invalid("tensors", reason));
            }
        }
        check(expected, found.iter().map(|(ours, (_, shape))| (ours.as_str(), *shape)))
            .map_err(|error| hinted(error, self, expected, wanted))?;
        found.into_iter().map(|(ours, (name, _))| Ok((ours, self.read(name)?))).collect()
    }

    fn notes(&self) -> Vec<Note> {
        if self.prefix.is_empty() {
            return Vec::new();
        }
        let mut notes = vec![Note::Prefix { prefix: self.prefix.to_owned() }];
        let mut others =
            self.file.shapes().map(|(name, _)| name).filter(|name| !name.starts_with(self.prefix));
        if let Some(first) = others.next() {
            notes.push(Note::LeftOut { count: 1 + others.count(), first: first.to_owned() });
        }
        notes
    }
}

/// Adds what the file seems to be to an error that says only what does not fit.
fn hinted(error: Error, tower: &Tower<'_>, expected: &[Parameter], wanted: &str) -> Error {
    let Error::TensorMismatch { missing, extra, misshaped, hint } = error else { return error };
    let hint = hint.or_else(|| {
        let found = seems(|| tower.shapes());
        let takes = seems(|| expected.iter().map(|(name, shape)| (name.as_str(), shape.as_slice()))).pop()?;
        let differs = !found.is_empty() && !found.contains(&takes);
        differs.then(|| format!("the file is {}, wanted is {takes}", found.join(" and ")))
    });
    let hint = hint.or_else(|| (!tower.is_there).then(|| format!("the file holds no {wanted}")));
    Error::TensorMismatch { missing, extra, misshaped, hint }
}

/// What tensors are, by their names: one network, or the two towers of a CLIP.
fn seems<'a, T: Iterator<Item = (&'a str, &'a [usize])>>(tensors: impl Fn() -> T) -> Vec<String> {
    let any = |part: &str| tensors().any(|(name, _)| name.contains(part));
    if let Some(sizes) = swin_v2::sizes(tensors()) {
        return vec![format!("a Swin-V2 {sizes}")];
    }
    if let Some(sizes) = convnext::sizes(tensors()) {
        return vec![format!("a ConvNeXt {sizes}")];
    }
    if any("continuous_position_bias_mlp") {
        let theirs = "a Swin-V2 with the names of the Hugging Face library, which are not read (timm's are)";
        return vec![theirs.to_owned()];
    }
    if any("attention.self.relative_position_bias_table") {
        let theirs = "a Swin with the names of the Hugging Face library, which are not read (timm's are)";
        return vec![theirs.to_owned()];
    }
    if let Some(sizes) = swin::sizes(tensors()) {
        return vec![format!("a Swin of the first version {sizes}")];
    }
    if let Some(sizes) = resnet::sizes(tensors()) {
        return vec![format!("a ResNet {sizes}")];
    }
    if let Some(sizes) = vgg::sizes(tensors()) {
        return vec![format!("a VGG-16 {sizes}")];
    }
    let image = vit::sizes(tensors()).map(|sizes| format!("an image tower of CLIP {sizes}"));
    let text = clip::sizes(tensors()).map(|sizes| format!("a text tower of CLIP {sizes}"));
    image.into_iter().chain(text).collect()
}
