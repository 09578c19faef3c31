use candle_core::{Module, Result, Tensor};
use candle_nn::VarBuilder;

use super::config::{Activation, Config};
use super::tower::Tap;
use crate::deep::layers::{LayerNorm, Linear, bias_gelu, bias_quick_gelu, gelu, quick_gelu, softmax_last};

/// Multi-head attention and a two-layer network, each on the norm of its input and added to it.
#[derive(Debug, Clone)]
pub(super) struct Block {
    norm1: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    heads: usize,
    activation: Activation,
}

impl Block {
    pub(super) fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        let (width, hidden) = (config.hidden_size, config.intermediate_size);
        // OpenAI's: the narrower, the deeper the tower, so that the sum over its blocks starts near one.
        let attention = (width as f64).powf(-0.5);
        let residual = attention * (2.0 * config.num_hidden_layers as f64).powf(-0.5);
        let expand = (2.0 * width as f64).powf(-0.5);
        let (attn, mlp) = (vb.pp("self_attn"), vb.pp("mlp"));
        Ok(Self {
            norm1: LayerNorm::new(width, config.layer_norm_eps, &vb.pp("layer_norm1"))?,
            query: Linear::with_stdev(width, width, attention, &attn.pp("q_proj"))?,
            key: Linear::with_stdev(width, width, attention, &attn.pp("k_proj"))?,
            value: Linear::with_stdev(width, width, attention, &attn.pp("v_proj"))?,
            out: Linear::with_stdev(width, width, residual, &attn.pp("out_proj"))?,
            norm2: LayerNorm::new(width, config.layer_norm_eps, &vb.pp("layer_norm2"))?,
            fc1: Linear::with_stdev(width, hidden, expand, &mlp.pp("fc1"))?,
            fc2: Linear::with_stdev(hidden, width, residual, &mlp.pp("fc2"))?,
            heads: config.num_attention_heads,
            activation: config.hidden_act,
        })
    }

    /// `[batch, tokens, width]` to the same.
    pub(super) fn forward(
        &self,
        layer: usize,
        x: &Tensor,
        mask: &Tensor,
        tap: &mut dyn Tap,
    ) -> Result<Tensor> {
        let x = tap.input(layer, x)?;
        let x = (&x + self.attend(layer, &self.norm1.forward(&x)?, mask, tap)?)?;
        let hidden = self.fc1.product(&self.norm2.forward(&x)?)?;
        let hidden = match (self.activation, self.fc1.bias()) {
            (Activation::QuickGelu, Some(bias)) => bias_quick_gelu(&hidden, bias)?,
            (Activation::QuickGelu, None) => quick_gelu(&hidden)?,
            (Activation::Gelu, Some(bias)) => bias_gelu(&hidden, bias)?,
            (Activation::Gelu, None) => gelu(&hidden)?,
        };
        &x + self.fc2.forward(&hidden)?
    }

    fn attend(&self, layer: usize, x: &Tensor, mask: &Tensor, tap: &mut dyn Tap) -> Result<Tensor> {
        let (batch, tokens, width) = x.dims3()?;
        let head = width / self.heads;
        let split = |x: &Tensor| x.reshape((batch, tokens, self.heads, head))?.transpose(1, 2)?.contiguous();
        let query = split(&(self.query.forward(x)? * (head as f64).powf(-0.5))?)?;
        let (key, value) = (split(&self.key.forward(x)?)?, split(&self.value.forward(x)?)?);
        let scores = query.matmul(&key.t()?)?.broadcast_add(mask)?;
        let weights = softmax_last(&scores)?;
        tap.attention(layer, &weights)?;
        let mixed = weights.matmul(&value)?.transpose(1, 2)?.reshape((batch, tokens, width))?;
        self.out.forward(&mixed)
    }
}
