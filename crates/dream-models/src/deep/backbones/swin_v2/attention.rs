use candle_core::{D, DType, Device, Module, Result, Tensor};
use candle_nn::{Init, VarBuilder};

use super::config::Geometry;
use super::fused;
use super::window::{Cut, attend, attention, spread};
use crate::deep::kernels;
use crate::deep::layers::Linear;

/// Hidden units of the network behind the position bias.
const HIDDEN: usize = 512;

/// Attention of a block: cosine similarity in windows, with a position bias from a small network.
#[derive(Debug, Clone)]
pub(super) struct WindowAttention {
    logit_scale: Tensor,
    /// Of queries and values.
    biases: Option<[Tensor; 2]>,
    qkv: Linear,
    pub(super) proj: Linear,
    position: [Linear; 2],
    /// `[offsets, 2]`
    coordinates: Tensor,
    /// The row of `coordinates` of every pair of tokens, `[area, area]`.
    index: Tensor,
    chunk: usize,
}

impl WindowAttention {
    pub(super) fn new(
        width: usize,
        geometry: &Geometry,
        with_bias: bool,
        chunk: usize,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let zero = Init::Const(0.0);
        let bias = |name| vb.get_with_hints(width, name, zero);
        let network = vb.pp("cpb_mlp");
        let scale = Init::Const(std::f64::consts::LN_10);
        Ok(Self {
            logit_scale: vb.get_with_hints((geometry.heads, 1, 1), "logit_scale", scale)?,
            biases: if with_bias { Some([bias("q_bias")?, bias("v_bias")?]) } else { None },
            qkv: Linear::without_bias(width, 3 * width, &vb.pp("qkv"))?,
            proj: Linear::new(width, width, &vb.pp("proj"))?,
            position: [
                Linear::new(2, HIDDEN, &network.pp(0))?,
                Linear::without_bias(HIDDEN, geometry.heads, &network.pp(2))?,
            ],
            coordinates: coordinates(geometry, vb.device())?.to_dtype(vb.dtype())?,
            index: index(geometry.window, vb.device())?,
            chunk,
        })
    }

    /// `16 sigmoid` of the network's answer for every offset, `[heads, offsets]`. Depends on parameters only.
    pub(super) fn position_table(&self) -> Result<Tensor> {
        let [first, second] = &self.position;
        let table = second.forward(&first.forward(&self.coordinates)?.relu()?)?;
        let table = (candle_nn::ops::sigmoid(&table)? * 16.0)?;
        table.t()?.contiguous()
    }

    /// The table spread over all pairs of tokens, `[heads, area, area]`.
    pub(super) fn position_bias(&self, table: &Tensor) -> Result<Tensor> {
        spread(table, &self.index)
    }

    /// Everything but the output projection: `[n, rows, columns, width]` to the same shape, the grid in whole windows.
    pub(super) fn forward(&self, x: &Tensor, table: &Tensor, cut: &Cut) -> Result<Tensor> {
        let (qkv, scale, biases) = self.scored(x)?;
        if kernels::applies(&qkv) {
            return fused::attention(&qkv, &scale, &biases, table, *cut, &self.index, self.chunk);
        }
        let windows = cut.split(&qkv.broadcast_add(&biases)?)?;
        cut.join(&attend(&windows, &scale, &self.position_bias(table)?, cut, 0, self.chunk)?)
    }

    /// How much attention every token gets within its window: the mean over heads and queries, `[n, rows, columns]`.
    pub(super) fn received(&self, x: &Tensor, cut: &Cut) -> Result<Tensor> {
        let (qkv, scale, biases) = self.scored(x)?;
        let windows = cut.split(&qkv.broadcast_add(&biases)?)?;
        let weights = attention(&windows, &scale, &self.position_bias(&self.position_table()?)?, cut)?;
        cut.join(&weights.mean(1)?.mean(1)?.unsqueeze(2)?)?.squeeze(3)
    }

    /// Queries, keys and values before their bias, the scale of their product, and the bias.
    fn scored(&self, x: &Tensor) -> Result<(Tensor, Tensor, Tensor)> {
        let qkv = self.qkv.product(x)?;
        let scale = self.logit_scale.minimum(100_f64.ln())?.exp()?;
        let biases = match &self.biases {
            Some([query, value]) => Tensor::cat(&[query, &query.zeros_like()?, value], 0)?,
            None => Tensor::zeros(qkv.dim(D::Minus1)?, qkv.dtype(), qkv.device())?,
        };
        Ok((qkv, scale, biases))
    }
}

/// Offsets between tokens on a logarithmic scale, rows in the order of [`index`].
fn coordinates(geometry: &Geometry, device: &Device) -> Result<Tensor> {
    let axis = |side: usize| {
        let most = side as f64 - 1.0;
        let divisor = if geometry.pretrained > 0 { geometry.pretrained as f64 - 1.0 } else { most };
        let values = (0..2 * side - 1).map(move |i| {
            let c = (i as f64 - most) / divisor * 8.0;
            libm::log2(c.abs() + 1.0).copysign(c) / 3.0
        });
        values.map(|c| if c == 0.0 { 0.0 } else { c }).collect::<Vec<f64>>()
    };
    let (rows, columns) = (axis(geometry.window[0]), axis(geometry.window[1]));
    let pairs: Vec<f64> = rows.iter().flat_map(|&r| columns.iter().flat_map(move |&c| [r, c])).collect();
    // Converted on the host: Metal has no f64.
    let pairs = Tensor::from_vec(pairs, (rows.len() * columns.len(), 2), &Device::Cpu)?;
    pairs.to_dtype(DType::F32)?.to_device(device)
}

fn index([high, wide]: [usize; 2], device: &Device) -> Result<Tensor> {
    let tokens: Vec<(usize, usize)> = (0..high * wide).map(|i| (i / wide, i % wide)).collect();
    let of = |a: &(usize, usize), b: &(usize, usize)| {
        u32::try_from((a.0 + high - 1 - b.0) * (2 * wide - 1) + a.1 + wide - 1 - b.1)
    };
    let index = tokens.iter().flat_map(|a| tokens.iter().map(move |b| of(a, b)));
    let index = index.collect::<std::result::Result<Vec<u32>, _>>().map_err(candle_core::Error::wrap)?;
    Tensor::from_vec(index, (high * wide, high * wide), device)
}
