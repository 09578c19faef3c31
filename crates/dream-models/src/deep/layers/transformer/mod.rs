//! The blocks of CLIP's towers, of texts and of pictures: a norm before attention and before the network behind it.

mod attention;
mod block;
mod fused;
mod openai;

use serde::{Deserialize, Serialize};

pub(crate) use block::{Block, Shape};
pub(crate) use openai::{inside, thirds};

/// Activation of the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `x sigmoid(1.702 x)`, of OpenAI's models.
    #[default]
    QuickGelu,
    /// `x Φ(x)`, of most models trained with OpenCLIP.
    Gelu,
}
