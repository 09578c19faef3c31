//! The image towers of CLIP: Vision Transformers ViT-B/16, ViT-B/32, ViT-L/14 and of any other size.
//!
//! Paths of the [`VarBuilder`](candle_nn::VarBuilder) are the names in the checkpoints of the Hugging Face library;
//! [`pretrained::clip_vit`](crate::deep::pretrained::clip_vit) also reads OpenAI's and OpenCLIP's.
//!
//! ```
//! use dream_models::deep::backbones::vit::{ClipVit, Config, patch_mean};
//! use dream_models::deep::candle_core::{DType, Device, Tensor};
//! use dream_models::deep::train::Params;
//!
//! let tiny = Config { image_size: 32, width: 24, layers: 3, heads: 2, mlp_width: 48, ..Config::b16() };
//! let params = Params::seeded(1, DType::F32, &Device::Cpu);
//! let tower = ClipVit::new(&tiny.up_to(2), &params.builder())?;
//! let pictures = Tensor::zeros((5, 3, 32, 32), DType::F32, &Device::Cpu)?;
//! let tokens = tower.tokens(&pictures)?;
//! assert_eq!(tokens.dims(), [5, 1 + 4, 24]);
//! assert_eq!(patch_mean(&tokens)?.dims(), [5, 24]);
//! # Ok::<(), dream_models::Error>(())
//! ```
//!
//! # Reference
//!
//! Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021; Dosovitskiy et al., "An
//! Image is Worth 16x16 Words", ICLR 2021.

mod config;
mod embed;
mod names;
mod tower;

pub use config::Config;
pub(crate) use names::{MARKS, Naming, sizes};
pub use tower::{ClipVit, patch_mean};
