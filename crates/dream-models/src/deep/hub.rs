//! Published weights from a model hub (feature `hub`). Every function here may download; nothing else does.
//!
//! Files are kept in the hub's own cache, shared with its Python programs, and are not asked for again. The environment
//! is honoured as there: `HF_HOME` moves the cache, `HF_ENDPOINT` names another server, and with `HF_HUB_OFFLINE=1`
//! nothing leaves the machine.
//!
//! VGG-Face is on no list here: the files in circulation are conversions that say neither their colour order nor the mean that
//! their pixels lacked. [`pretrained::vgg16`] reads one that you have.

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use hf_hub::api::sync::ApiBuilder;
use hf_hub::{Cache, Repo, RepoType};

use super::backbones::{convnext, resnet, swin, swin_v2, vit};
use super::checkpoint::TensorFile;
use super::pretrained::{self, Pretrained};
use super::text::clip;
use crate::{Error, Result};

/// A file of a hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// `owner/name`.
    pub repository: String,
    /// Commit, tag or branch.
    pub revision: String,
    /// Path in the repository.
    pub file: String,
}

impl Remote {
    /// timm's large Swin-V2, the visual encoder of DA-CLIP and OPDAI (MIT).
    ///
    /// The branch, not a commit: replace `revision` with the commit that you have verified.
    #[must_use]
    pub fn swin_v2_large() -> Self {
        Self::timm("swinv2_large_window12to16_192to256.ms_in22k_ft_in1k")
    }

    /// timm's large Swin of the first version at 384 pixels (MIT), one of the three networks of DFGC-1st. Its head is of
    /// ImageNet-22k.
    ///
    /// The branch, not a commit: replace `revision` with the commit that you have verified.
    #[must_use]
    pub fn swin_large() -> Self {
        Self::timm("swin_large_patch4_window12_384.ms_in22k")
    }

    /// timm's ConvNeXt-T at 384 pixels (Apache-2.0), the network of HUST.
    ///
    /// The branch, not a commit: replace `revision` with the commit that you have verified.
    #[must_use]
    pub fn convnext_tiny() -> Self {
        Self::timm("convnext_tiny.fb_in22k_ft_in1k_384")
    }

    /// timm's ConvNeXt-XL at 384 pixels (Apache-2.0), the network of UNILJ and of the other two of DFGC-1st.
    ///
    /// The branch, not a commit: replace `revision` with the commit that you have verified.
    #[must_use]
    pub fn convnext_xlarge() -> Self {
        Self::timm("convnext_xlarge.fb_in22k_ft_in1k_384")
    }

    /// torchvision's ResNet-50, its first weights (BSD-3-Clause), in timm's repository; the second ones, which were made for
    /// other sizes of pictures, are in `timm/resnet50.tv2_in1k`.
    ///
    /// The branch, not a commit: replace `revision` with the commit that you have verified.
    #[must_use]
    pub fn resnet50() -> Self {
        Self::timm("resnet50.tv_in1k")
    }

    /// OpenAI's CLIP ViT-B/32 (MIT), at the commit of its safetensors file: the main branch has pickles only.
    #[must_use]
    pub fn clip_vit_b32() -> Self {
        Self {
            repository: "openai/clip-vit-base-patch32".to_owned(),
            revision: "d15b5f29721ca72dac15f8526b284be910de18be".to_owned(),
            file: "model.safetensors".to_owned(),
        }
    }

    /// OpenAI's CLIP ViT-B/16 (weights MIT, in this repository under Apache-2.0) with OpenCLIP's names, both towers.
    ///
    /// The branch, not a commit: replace `revision` with the commit that you have verified. OpenAI's own repository has pickles
    /// on its main branch.
    #[must_use]
    pub fn clip_vit_b16() -> Self {
        Self {
            repository: "timm/vit_base_patch16_clip_224.openai".to_owned(),
            revision: "main".to_owned(),
            file: "open_clip_model.safetensors".to_owned(),
        }
    }

    /// The main branch of a model of timm.
    fn timm(name: &str) -> Self {
        Self {
            repository: format!("timm/{name}"),
            revision: "main".to_owned(),
            file: "model.safetensors".to_owned(),
        }
    }

    fn failed(&self, reason: impl Into<String>) -> Error {
        let Self { repository, revision, file } = self.clone();
        Error::Hub { repository, revision, file, reason: reason.into() }
    }
}

/// Where files are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// Folder of the cache, or `None` for `HF_HOME` and its default.
    pub cache: Option<PathBuf>,
    /// Address of the server, or `None` for `HF_ENDPOINT` and its default.
    pub endpoint: Option<String>,
    /// Whether to look into the cache only.
    pub offline: bool,
}

impl Hub {
    /// As the environment says, `HF_HUB_OFFLINE` included.
    #[must_use]
    pub fn from_env() -> Self {
        let on = |value: String| matches!(value.to_ascii_uppercase().as_str(), "1" | "ON" | "YES" | "TRUE");
        Self { cache: None, endpoint: None, offline: std::env::var("HF_HUB_OFFLINE").is_ok_and(on) }
    }

    /// The path of a file: in the cache, or downloaded into it.
    ///
    /// # Errors
    ///
    /// [`Error::Hub`] for a file that is not in the cache while offline, or that the server does not give.
    pub fn get(&self, remote: &Remote) -> Result<PathBuf> {
        let parts = [&remote.repository, &remote.revision, &remote.file];
        let unsafe_part = |part: &&&String| {
            part.is_empty()
                || part.starts_with('/')
                || part.split('/').any(|piece| piece == "..")
                || part.contains('\\')
        };
        if let Some(part) = parts.iter().find(unsafe_part) {
            return Err(remote.failed(format!("`{part}` leads out of the cache")));
        }
        let cache = self.cache.clone().map_or_else(Cache::from_env, Cache::new);
        let Remote { repository, revision, file } = remote.clone();
        let repo = Repo::with_revision(repository.clone(), RepoType::Model, revision.clone());
        // Python's programs keep a commit without a reference to it, which the library looks for.
        let folder = format!("models--{}", repository.replace('/', "--"));
        let by_commit = cache.path().join(folder).join("snapshots").join(&revision).join(&file);
        if by_commit.is_file() {
            return Ok(by_commit);
        }
        if let Some(path) = cache.repo(repo.clone()).get(&file) {
            return Ok(path);
        }
        if self.offline {
            let place = cache.path().display();
            let reason =
                format!("it is not in {place}, and HF_HUB_OFFLINE forbids asking: get it once while online");
            return Err(remote.failed(reason));
        }
        let endpoint = self.endpoint.clone().or_else(|| std::env::var("HF_ENDPOINT").ok());
        let mut builder = ApiBuilder::from_cache(cache).with_progress(false);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_owned());
        }
        let api = builder.build().map_err(|error| remote.failed(error.to_string()))?;
        api.repo(repo).get(&file).map_err(|error| remote.failed(error.to_string()))
    }

    /// Tensors of a Swin-V2, named and shaped as its configuration says; a head that it lacks is left out.
    ///
    /// # Errors
    ///
    /// [`Error::Hub`], [`Error::TensorMismatch`], and those of [`TensorFile`].
    pub fn swin_v2(
        &self,
        remote: &Remote,
        config: &swin_v2::Config,
        dtype: DType,
        device: &Device,
    ) -> Result<BTreeMap<String, Tensor>> {
        self.read(remote, |file| pretrained::swin_v2(file, config), dtype, device)
    }

    /// Tensors of a Swin of the first version, named and shaped as its configuration says; a head that it lacks is left out.
    ///
    /// # Errors
    ///
    /// As [`swin_v2`](Self::swin_v2).
    pub fn swin(
        &self,
        remote: &Remote,
        config: &swin::Config,
        dtype: DType,
        device: &Device,
    ) -> Result<BTreeMap<String, Tensor>> {
        self.read(remote, |file| pretrained::swin(file, config), dtype, device)
    }

    /// Tensors of a ConvNeXt, named and shaped as its configuration says; a head that it lacks is left out.
    ///
    /// # Errors
    ///
    /// As [`swin_v2`](Self::swin_v2).
    pub fn convnext(
        &self,
        remote: &Remote,
        config: &convnext::Config,
        dtype: DType,
        device: &Device,
    ) -> Result<BTreeMap<String, Tensor>> {
        self.read(remote, |file| pretrained::convnext(file, config), dtype, device)
    }

    /// Tensors of a ResNet of bottlenecks without its last layer.
    ///
    /// # Errors
    ///
    /// As [`swin_v2`](Self::swin_v2).
    pub fn resnet50(
        &self,
        remote: &Remote,
        config: &resnet::Config,
        dtype: DType,
        device: &Device,
    ) -> Result<BTreeMap<String, Tensor>> {
        self.read(remote, |file| pretrained::resnet50(file, config), dtype, device)
    }

    /// Tensors of an image tower of CLIP, under the names of any publisher, also out of a file of the whole CLIP.
    ///
    /// # Errors
    ///
    /// As [`swin_v2`](Self::swin_v2).
    pub fn clip_vit(
        &self,
        remote: &Remote,
        config: &vit::Config,
        dtype: DType,
        device: &Device,
    ) -> Result<BTreeMap<String, Tensor>> {
        self.read(remote, |file| pretrained::clip_vit(file, config), dtype, device)
    }

    /// Tensors of a text tower, in either layout, also out of a file of the whole CLIP.
    ///
    /// # Errors
    ///
    /// As [`swin_v2`](Self::swin_v2).
    pub fn clip_text(
        &self,
        remote: &Remote,
        config: &clip::Config,
        dtype: DType,
        device: &Device,
    ) -> Result<BTreeMap<String, Tensor>> {
        self.read(remote, |file| pretrained::clip_text(file, config), dtype, device)
    }

    fn read(
        &self,
        remote: &Remote,
        tower: impl FnOnce(&TensorFile) -> Result<Pretrained>,
        dtype: DType,
        device: &Device,
    ) -> Result<BTreeMap<String, Tensor>> {
        let file = TensorFile::open(self.get(remote)?)?;
        let moved = |(name, tensor): (String, Tensor)| Ok((name, tensor.to_dtype(dtype)?.to_device(device)?));
        tower(&file)?.tensors.into_iter().map(moved).collect()
    }
}

/// timm's large Swin-V2 without its head, for [`Params::insert`](crate::deep::train::Params::insert) or a `VarBuilder`.
///
/// # Errors
///
/// As [`Hub::swin_v2`].
pub fn swin_v2_large(dtype: DType, device: &Device) -> Result<BTreeMap<String, Tensor>> {
    let config = swin_v2::Config::large_w12to16_192to256();
    Hub::from_env().swin_v2(&Remote::swin_v2_large(), &config, dtype, device)
}

/// The text tower of OpenAI's CLIP ViT-B/32.
///
/// # Errors
///
/// As [`Hub::clip_text`].
pub fn clip_vit_b32(dtype: DType, device: &Device) -> Result<BTreeMap<String, Tensor>> {
    Hub::from_env().clip_text(&Remote::clip_vit_b32(), &clip::Config::vit_b32(), dtype, device)
}
