use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

use super::attention::WindowAttention;
use super::config::Config;
use crate::deep::backbones::window::{self, Geometry};
use crate::deep::kernels::Bend;
use crate::deep::layers::{After, LayerNorm, Linear};

/// Attention and a two-layer network, each followed by a norm and added to its input.
#[derive(Debug, Clone)]
pub(super) struct Block {
    attention: WindowAttention,
    norm1: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    norm2: LayerNorm,
}

impl Block {
    pub(super) fn new(
        config: &Config,
        stage: usize,
        geometry: &Geometry,
        odd: bool,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let (width, hidden) = (config.shape().width(stage), config.shape().hidden(stage));
        let mlp = vb.pp("mlp");
        // A fresh block adds nothing: training starts from the identity.
        let norm = |name| LayerNorm::with_weight(width, config.norm_eps, 0.0, &vb.pp(name));
        Ok(Self {
            attention: WindowAttention::new(config, stage, geometry, odd, &vb.pp("attn"))?,
            norm1: norm("norm1")?,
            fc1: Linear::new(width, hidden, &mlp.pp("fc1"))?,
            fc2: Linear::new(hidden, width, &mlp.pp("fc2"))?,
            norm2: norm("norm2")?,
        })
    }

    /// How much attention the tokens get from those of their window, by what enters the block.
    pub(super) fn received(&self, x: &Tensor) -> Result<Tensor> {
        self.attention.received(x)
    }
}

impl window::Block for Block {
    fn position_table(&self) -> Result<Tensor> {
        self.attention.position_table()
    }

    fn position_bias(&self, table: &Tensor) -> Result<Tensor> {
        self.attention.position_bias(table)
    }

    fn forward(&self, x: &Tensor, table: &Tensor) -> Result<Tensor> {
        // The next reader of a product adds the bias to it.
        let proj = &self.attention.proj;
        let mixed = self.attention.forward(x, table)?;
        let x = self.norm1.add_to(x, &proj.product(&mixed)?, proj.bias())?;
        self.norm2.add_to(&x, &self.fc1.then(Bend::Gelu, &self.fc2, &x, After::default())?, self.fc2.bias())
    }
}
