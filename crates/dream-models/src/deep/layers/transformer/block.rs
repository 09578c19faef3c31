use candle_core::{Module, Result, Tensor};
use candle_nn::VarBuilder;

use super::attention::attend;
use super::{Activation, fused};
use crate::deep::kernels::{Bend, applies};
use crate::deep::layers::{LayerNorm, Linear};
use crate::deep::tap::{Point, Tap};

/// What the blocks of a tower have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) width: usize,
    /// Width of the hidden layer.
    pub(crate) hidden: usize,
    pub(crate) heads: usize,
    /// Blocks of the tower.
    pub(crate) layers: usize,
    pub(crate) eps: f64,
    pub(crate) activation: Activation,
    /// Whether a token sees only itself and those before it.
    pub(crate) causal: bool,
}

/// Multi-head attention and a two-layer network, each on the norm of its input and added to it.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    norm1: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    shape: Shape,
}

impl Block {
    pub(crate) fn new(shape: Shape, vb: &VarBuilder<'_>) -> Result<Self> {
        let Shape { width, hidden, layers, eps, .. } = shape;
        // OpenAI's: the narrower, the deeper the tower, so that the sum over its blocks starts near one.
        let attention = (width as f64).powf(-0.5);
        let residual = attention * (2.0 * layers as f64).powf(-0.5);
        let expand = (2.0 * width as f64).powf(-0.5);
        let (attn, mlp) = (vb.pp("self_attn"), vb.pp("mlp"));
        Ok(Self {
            norm1: LayerNorm::new(width, eps, &vb.pp("layer_norm1"))?,
            query: Linear::with_stdev(width, width, attention, &attn.pp("q_proj"))?,
            key: Linear::with_stdev(width, width, attention, &attn.pp("k_proj"))?,
            value: Linear::with_stdev(width, width, attention, &attn.pp("v_proj"))?,
            out: Linear::with_stdev(width, width, residual, &attn.pp("out_proj"))?,
            norm2: LayerNorm::new(width, eps, &vb.pp("layer_norm2"))?,
            fc1: Linear::with_stdev(width, hidden, expand, &mlp.pp("fc1"))?,
            fc2: Linear::with_stdev(hidden, width, residual, &mlp.pp("fc2"))?,
            shape,
        })
    }

    /// `[n, tokens, width]` to the same.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.finish(x, &self.attend(&self.norm1.forward(x)?)?)
    }

    /// The same for one token of each input, as `pick` takes it from `[n, tokens, width]`, giving `[n, width]`.
    pub(crate) fn forward_one(&self, x: &Tensor, pick: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
        self.finish(&pick(x)?, &pick(&self.attend(&self.norm1.forward(x)?)?)?)
    }

    /// [`forward`](Self::forward) with a look at the attention.
    pub(crate) fn forward_tapped(&self, block: usize, x: &Tensor, tap: &mut dyn Tap) -> Result<Tensor> {
        let x = tap.enter(0, block, x)?;
        let (weights, mixed) = self.compose(&self.norm1.forward(&x)?)?;
        tap.see(Point::Attention { stage: 0, block }, &weights)?;
        let x = self.finish(&x, &mixed)?;
        tap.see(Point::Block { stage: 0, block }, &x)?;
        Ok(x)
    }

    /// What follows the attention, whose result is `mixed`, for every row by itself.
    fn finish(&self, x: &Tensor, mixed: &Tensor) -> Result<Tensor> {
        let x = self.out.add_to(x, mixed)?;
        let bend = match self.shape.activation {
            Activation::QuickGelu => Bend::QuickGelu,
            Activation::Gelu => Bend::Gelu,
        };
        self.fc1.then(bend, &self.fc2, &self.norm2.forward(&x)?, self.fc2.after().onto(&x))
    }

    /// Attention without its output projection.
    fn attend(&self, x: &Tensor) -> Result<Tensor> {
        let layers = [&self.query, &self.key, &self.value];
        if let (true, [Some(query), Some(key), Some(value)]) = (applies(x), layers.map(Linear::bias)) {
            let [q, k, v] = [layers[0].product(x)?, layers[1].product(x)?, layers[2].product(x)?];
            let biases = Tensor::cat(&[query, key, value], 0)?;
            let qkv = Tensor::stack(&[q, k, v], 0)?;
            return fused::attention(&qkv, &biases, self.shape.heads, self.shape.causal);
        }
        Ok(self.compose(x)?.1)
    }

    fn compose(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
        let (query, key, value) = (self.query.forward(x)?, self.key.forward(x)?, self.value.forward(x)?);
        attend([&query, &key, &value], self.shape.heads, self.shape.causal)
    }
}
