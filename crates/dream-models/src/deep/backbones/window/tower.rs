use candle_core::{Module, Result, Tensor, bail};
use candle_nn::VarBuilder;

use super::patch::{Order, PatchEmbed, PatchMerging};
use super::stages::{Geometry, Shape};
use crate::deep::layers::{LayerNorm, Linear};
use crate::deep::tap::{Point, Tap, see};

/// A block of a version of Swin.
pub(crate) trait Block {
    /// The table of its position biases, `[heads, offsets]`. Depends on parameters only.
    fn position_table(&self) -> Result<Tensor>;

    /// The table spread over all pairs of tokens of a window, `[heads, area, area]`.
    fn position_bias(&self, table: &Tensor) -> Result<Tensor>;

    /// `[n, rows, columns, width]` to the same.
    fn forward(&self, x: &Tensor, table: &Tensor) -> Result<Tensor>;
}

/// From frames to the mean over the tokens of the last stage.
#[derive(Debug, Clone)]
pub(crate) struct Tower<B> {
    embed: PatchEmbed,
    stages: Vec<Stage<B>>,
    norm: LayerNorm,
    head: Option<Linear>,
    /// Planes, height and width.
    frame: [usize; 3],
    chunk: usize,
}

impl<B: Block> Tower<B> {
    /// Reads the parameters from `vb`, by timm's names. `block` makes a block, of the stage of this number, odd or even, from
    /// its own parameters.
    pub(crate) fn new(
        shape: &Shape<'_>,
        stages: &[Geometry],
        order: Order,
        block: impl Fn(usize, &Geometry, bool, &VarBuilder<'_>) -> Result<B>,
        vb: &VarBuilder<'_>,
    ) -> Result<Self> {
        let (eps, features, layers) = (shape.norm_eps, shape.features(), vb.pp("layers"));
        let stage = |(number, geometry): (usize, &Geometry)| {
            let vb = layers.pp(number);
            let before = number.checked_sub(1).map(|before| shape.width(before));
            let merging = before.map(|width| PatchMerging::new(width, eps, order, &vb.pp("downsample")));
            let depth = shape.depths.get(number).copied().unwrap_or(0);
            let (merging, vb) = (merging.transpose()?, vb.pp("blocks"));
            let blocks = (0..depth).map(|i| block(number, geometry, i % 2 == 1, &vb.pp(i)));
            Ok(Stage { number, merging, blocks: blocks.collect::<Result<_>>()? })
        };
        let embed = vb.pp("patch_embed");
        let head = |classes| Linear::new(features, classes, &vb.pp("head").pp("fc"));
        let [height, width] = shape.img_size;
        Ok(Self {
            embed: PatchEmbed::new(shape.in_chans, shape.patch_size, shape.embed_dim, eps, &embed)?,
            stages: stages.iter().enumerate().map(stage).collect::<Result<_>>()?,
            norm: LayerNorm::new(features, eps, &vb.pp("norm"))?,
            head: (shape.num_classes > 0).then(|| head(shape.num_classes)).transpose()?,
            frame: [shape.in_chans, height, width],
            chunk: shape.images_per_pass,
        })
    }

    /// `[n, planes, height, width]` to `[n, features]`, some frames at a time.
    pub(crate) fn features(&self, frames: &Tensor) -> Result<Tensor> {
        let (count, chunk, tables) = (self.count(frames)?, self.chunk, self.tables()?);
        let pass = |start| self.pass(&frames.narrow(0, start, chunk.min(count - start))?, &tables, None);
        let pooled = (0..count).step_by(chunk).map(pass).collect::<Result<Vec<_>>>()?;
        Tensor::cat(&pooled, 0)
    }

    /// The same in one pass, with a look inside.
    pub(crate) fn tapped(&self, frames: &Tensor, tap: &mut dyn Tap) -> Result<Tensor> {
        self.count(frames)?;
        self.pass(frames, &self.tables()?, Some(tap))
    }

    /// Features and the head, where there is one.
    pub(crate) fn classes(&self, frames: &Tensor) -> Result<Tensor> {
        let features = self.features(frames)?;
        self.head.as_ref().map_or(Ok(features.clone()), |head| head.forward(&features))
    }

    /// A block.
    pub(crate) fn block(&self, stage: usize, block: usize) -> Result<&B> {
        let Some(layers) = self.stages.get(stage) else { bail!("there is no stage {stage}") };
        let Some(layer) = layers.blocks.get(block) else { bail!("stage {stage} has no block {block}") };
        Ok(layer)
    }

    /// Number of frames, all of the size that the configuration says.
    fn count(&self, frames: &Tensor) -> Result<usize> {
        let expected = self.frame;
        match frames.dims() {
            [count, rest @ ..] if rest == expected.as_slice() && *count > 0 => Ok(*count),
            found => {
                bail!("`frames` has the shape {found:?}, this network takes [n, {expected:?}] with n > 0")
            }
        }
    }

    /// The table of position biases of every block of every stage.
    fn tables(&self) -> Result<Vec<Vec<Tensor>>> {
        self.stages.iter().map(|stage| stage.blocks.iter().map(Block::position_table).collect()).collect()
    }

    fn pass(&self, frames: &Tensor, tables: &[Vec<Tensor>], mut tap: Option<&mut dyn Tap>) -> Result<Tensor> {
        let mut x = self.embed.forward(frames)?;
        see(&mut tap, Point::PatchEmbed, &x)?;
        for (stage, tables) in self.stages.iter().zip(tables) {
            x = stage.forward(&x, tables, &mut tap)?;
        }
        if let Some(tap) = &mut tap {
            x = tap.leave(&x)?;
        }
        x = self.norm.forward(&x)?;
        see(&mut tap, Point::Norm, &x)?;
        x = x.mean((1, 2))?;
        see(&mut tap, Point::Pooled, &x)?;
        Ok(x)
    }
}

/// Merging (but in the first stage) and blocks.
#[derive(Debug, Clone)]
struct Stage<B> {
    number: usize,
    merging: Option<PatchMerging>,
    blocks: Vec<B>,
}

impl<B: Block> Stage<B> {
    fn forward(&self, x: &Tensor, tables: &[Tensor], tap: &mut Option<&mut dyn Tap>) -> Result<Tensor> {
        let mut x = x.clone();
        let stage = self.number;
        if let Some(merging) = &self.merging {
            x = merging.forward(&x)?;
            see(tap, Point::Merged { stage }, &x)?;
        }
        for (block, (layer, table)) in self.blocks.iter().zip(tables).enumerate() {
            if let Some(tap) = tap {
                x = tap.enter(stage, block, &x)?;
                tap.see(Point::PositionBias { stage, block }, &layer.position_bias(table)?)?;
            }
            x = layer.forward(&x, table)?;
            see(tap, Point::Block { stage, block }, &x)?;
        }
        see(tap, Point::Stage { stage }, &x)?;
        Ok(x)
    }
}
