use candle_core::{Module, Result, Tensor};
use candle_nn::VarBuilder;

use super::attention::WindowAttention;
use super::config::Config;
use crate::deep::backbones::window::{self, Geometry};
use crate::deep::kernels::Bend;
use crate::deep::layers::{LayerNorm, Linear};

/// Attention and a two-layer network, each on the norm of its input and added to it.
#[derive(Debug, Clone)]
pub(super) struct Block {
    norm1: LayerNorm,
    attention: WindowAttention,
    norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
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
        let norm = |name| LayerNorm::new(width, config.norm_eps, &vb.pp(name));
        Ok(Self {
            norm1: norm("norm1")?,
            attention: WindowAttention::new(config, stage, geometry, odd, &vb.pp("attn"))?,
            norm2: norm("norm2")?,
            fc1: Linear::new(width, hidden, &mlp.pp("fc1"))?,
            fc2: Linear::new(hidden, width, &mlp.pp("fc2"))?,
        })
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
        let mixed = self.attention.forward(&self.norm1.forward(x)?, table)?;
        let x = self.attention.proj.add_to(x, &mixed)?;
        self.fc1.then(Bend::Gelu, &self.fc2, &self.norm2.forward(&x)?, self.fc2.after().onto(&x))
    }
}
