use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

use super::attention::WindowAttention;
use super::config::{Config, Geometry};
use super::patch::PatchMerging;
use super::window::Cut;
use crate::deep::layers::{LayerNorm, Linear, bias_gelu, gelu};
use crate::deep::tap::{Point, Tap, see};

/// Attention and a two-layer network, each followed by a norm and added to its input.
#[derive(Debug, Clone)]
struct Block {
    attention: WindowAttention,
    norm1: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    norm2: LayerNorm,
    cut: Cut,
    grid: [usize; 2],
}

impl Block {
    fn new(
        config: &Config,
        stage: usize,
        geometry: &Geometry,
        odd: bool,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let (width, hidden) = (config.width(stage), config.hidden(stage));
        let (mlp, attn) = (vb.pp("mlp"), vb.pp("attn"));
        // A fresh block adds nothing: training starts from the identity.
        let norm = |name| LayerNorm::with_weight(width, config.norm_eps, 0.0, &vb.pp(name));
        Ok(Self {
            attention: WindowAttention::new(
                width,
                geometry,
                config.qkv_bias,
                config.windows_per_pass,
                &attn,
            )?,
            norm1: norm("norm1")?,
            fc1: Linear::new(width, hidden, &mlp.pp("fc1"))?,
            fc2: Linear::new(hidden, width, &mlp.pp("fc2"))?,
            norm2: norm("norm2")?,
            cut: Cut::new(geometry, odd),
            grid: geometry.grid,
        })
    }

    fn forward(&self, x: &Tensor, table: &Tensor) -> Result<Tensor> {
        // The next reader of a product adds the bias to it.
        let proj = &self.attention.proj;
        let x = self.norm1.add_to(x, &proj.product(&self.attend(x, table)?)?, proj.bias())?;
        let hidden = self.fc1.product(&x)?;
        let hidden = match self.fc1.bias() {
            Some(bias) => bias_gelu(&hidden, bias)?,
            None => gelu(&hidden)?,
        };
        self.norm2.add_to(&x, &self.fc2.product(&hidden)?, self.fc2.bias())
    }

    fn attend(&self, x: &Tensor, table: &Tensor) -> Result<Tensor> {
        let ([rows, columns], padded) = (self.grid, self.cut.grid);
        if padded == self.grid {
            return self.attention.forward(x, table, &self.cut);
        }
        // Padding comes after the roll in the reference; where there is padding, nothing is rolled.
        let x = x.pad_with_zeros(1, 0, padded[0] - rows)?.pad_with_zeros(2, 0, padded[1] - columns)?;
        let x = self.attention.forward(&x, table, &self.cut)?;
        x.narrow(1, 0, rows)?.narrow(2, 0, columns)?.contiguous()
    }
}

/// Merging (but in the first stage) and blocks.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    number: usize,
    merging: Option<PatchMerging>,
    blocks: Vec<Block>,
}

impl Stage {
    pub(super) fn new(
        config: &Config,
        number: usize,
        geometry: &Geometry,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let before = number.checked_sub(1);
        let merging =
            before.map(|s| PatchMerging::new(config.width(s), config.norm_eps, &vb.pp("downsample")));
        let depth = config.depths.get(number).copied().unwrap_or(0);
        let blocks =
            (0..depth).map(|i| Block::new(config, number, geometry, i % 2 == 1, &vb.pp("blocks").pp(i)));
        Ok(Self { number, merging: merging.transpose()?, blocks: blocks.collect::<Result<_>>()? })
    }

    /// The table of position biases of every block.
    pub(super) fn tables(&self) -> Result<Vec<Tensor>> {
        self.blocks.iter().map(|block| block.attention.position_table()).collect()
    }

    pub(super) fn forward(
        &self,
        x: &Tensor,
        tables: &[Tensor],
        tap: &mut Option<&mut dyn Tap>,
    ) -> Result<Tensor> {
        let mut x = x.clone();
        let stage = self.number;
        if let Some(merging) = &self.merging {
            x = merging.forward(&x)?;
            see(tap, Point::Merged { stage }, &x)?;
        }
        for (block, (layer, table)) in self.blocks.iter().zip(tables).enumerate() {
            if let Some(tap) = tap {
                x = tap.enter(stage, block, &x)?;
                tap.see(Point::PositionBias { stage, block }, &layer.attention.position_bias(table)?)?;
            }
            x = layer.forward(&x, table)?;
            see(tap, Point::Block { stage, block }, &x)?;
        }
        see(tap, Point::Stage { stage }, &x)?;
        Ok(x)
    }

    /// How much attention the tokens of a block get from those of their window, by what enters it.
    pub(super) fn attention_received(&self, block: usize, x: &Tensor) -> Result<Tensor> {
        let Some(block) = self.blocks.get(block) else {
            candle_core::bail!("stage {} has no block {block}", self.number);
        };
        let ([rows, columns], padded) = (block.grid, block.cut.grid);
        let x = x.pad_with_zeros(1, 0, padded[0] - rows)?.pad_with_zeros(2, 0, padded[1] - columns)?;
        block.attention.received(&x, &block.cut)?.narrow(1, 0, rows)?.narrow(2, 0, columns)
    }
}
