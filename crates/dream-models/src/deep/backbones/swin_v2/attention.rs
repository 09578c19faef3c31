use candle_core::{D, DType, Device, Module, Result, Tensor};
use candle_nn::{Init, VarBuilder};

use super::config::Config;
use crate::deep::backbones::window::{Geometry, Similarity, Windows};
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
    windows: Windows,
}

impl WindowAttention {
    pub(super) fn new(
        config: &Config,
        stage: usize,
        geometry: &Geometry,
        odd: bool,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let (width, zero) = (config.shape().width(stage), Init::Const(0.0));
        let bias = |name| vb.get_with_hints(width, name, zero);
        let network = vb.pp("cpb_mlp");
        let scale = Init::Const(std::f64::consts::LN_10);
        let pretrained = config.pretrained_window_sizes.get(stage).copied().unwrap_or(0);
        Ok(Self {
            logit_scale: vb.get_with_hints((geometry.heads, 1, 1), "logit_scale", scale)?,
            biases: if config.qkv_bias { Some([bias("q_bias")?, bias("v_bias")?]) } else { None },
            qkv: Linear::without_bias(width, 3 * width, &vb.pp("qkv"))?,
            proj: Linear::new(width, width, &vb.pp("proj"))?,
            position: [
                Linear::new(2, HIDDEN, &network.pp(0))?,
                Linear::without_bias(HIDDEN, geometry.heads, &network.pp(2))?,
            ],
            coordinates: coordinates(geometry.window, pretrained, vb.device())?.to_dtype(vb.dtype())?,
            windows: Windows::new(geometry, odd, config.windows_per_pass, vb.device())?,
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
        self.windows.position_bias(table)
    }

    /// Everything but the output projection: `[n, rows, columns, width]` to the same shape.
    pub(super) fn forward(&self, x: &Tensor, table: &Tensor) -> Result<Tensor> {
        let (qkv, biases, similarity) = self.scored(x)?;
        self.windows.attend(&qkv, &biases, &similarity, table)
    }

    /// How much attention every token gets within its window: the mean over heads and queries, `[n, rows, columns]`.
    pub(super) fn received(&self, x: &Tensor) -> Result<Tensor> {
        let (qkv, biases, similarity) = self.scored(x)?;
        self.windows.received(&qkv, &biases, &similarity, &self.position_table()?)
    }

    /// Queries, keys and values before their bias, the bias, and how alike they are.
    fn scored(&self, x: &Tensor) -> Result<(Tensor, Tensor, Similarity)> {
        let qkv = self.qkv.product(x)?;
        let scale = self.logit_scale.minimum(100_f64.ln())?.exp()?;
        let biases = match &self.biases {
            Some([query, value]) => Tensor::cat(&[query, &query.zeros_like()?, value], 0)?,
            None => Tensor::zeros(qkv.dim(D::Minus1)?, qkv.dtype(), qkv.device())?,
        };
        Ok((qkv, biases, Similarity::Cosine(scale)))
    }
}

/// Offsets between tokens of a window on a logarithmic scale, by rows.
fn coordinates(window: [usize; 2], pretrained: usize, device: &Device) -> Result<Tensor> {
    let axis = |side: usize| {
        let most = side as f64 - 1.0;
        let divisor = if pretrained > 0 { pretrained as f64 - 1.0 } else { most };
        let values = (0..2 * side - 1).map(move |i| {
            let c = (i as f64 - most) / divisor * 8.0;
            libm::log2(c.abs() + 1.0).copysign(c) / 3.0
        });
        values.map(|c| if c == 0.0 { 0.0 } else { c }).collect::<Vec<f64>>()
    };
    let (rows, columns) = (axis(window[0]), axis(window[1]));
    let pairs: Vec<f64> = rows.iter().flat_map(|&r| columns.iter().flat_map(move |&c| [r, c])).collect();
    // Converted on the host: Metal has no f64.
    let pairs = Tensor::from_vec(pairs, (rows.len() * columns.len(), 2), &Device::Cpu)?;
    pairs.to_dtype(DType::F32)?.to_device(device)
}
