//! One way to look into a forward pass.

use std::fmt;

use candle_core::{Result, Tensor};

/// Where in a network an intermediate result comes from. Displayed as `stage0.block1` and the like.
///
/// Stages and blocks count from 0. A network without stages has one, number 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Point {
    /// Tokens of frames after the patch embedding, `[n, rows, columns, features]`.
    PatchEmbed,
    /// After the layers before the first stage of a convolutional network, `[n, rows, columns, planes]`.
    Stem,
    /// After the merging of patches at the start of a stage.
    Merged {
        /// The stage.
        stage: usize,
    },
    /// What a block adds to its attention scores, `[heads, tokens, tokens]` of a window.
    PositionBias {
        /// Its stage.
        stage: usize,
        /// The block.
        block: usize,
    },
    /// Attention of a block after the softmax, `[batch, heads, queries, keys]`.
    Attention {
        /// Its stage.
        stage: usize,
        /// The block.
        block: usize,
    },
    /// After a block.
    Block {
        /// Its stage.
        stage: usize,
        /// The block.
        block: usize,
    },
    /// After a stage.
    Stage {
        /// The stage.
        stage: usize,
    },
    /// After a fully connected layer and its activation, by its number in the published names.
    Dense {
        /// Such as 7 for `fc7`.
        layer: usize,
    },
    /// After the last norm.
    Norm,
    /// What stands for a whole input: `[n, features]`.
    Pooled,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PatchEmbed => f.write_str("patch_embed"),
            Self::Stem => f.write_str("stem"),
            Self::Merged { stage } => write!(f, "stage{stage}.downsample"),
            Self::PositionBias { stage, block } => {
                write!(f, "stage{stage}.block{block}.relative_position_bias")
            }
            Self::Attention { stage, block } => write!(f, "stage{stage}.block{block}.attention"),
            Self::Block { stage, block } => write!(f, "stage{stage}.block{block}"),
            Self::Stage { stage } => write!(f, "stage{stage}"),
            Self::Dense { layer } => write!(f, "fc{layer}"),
            Self::Norm => f.write_str("norm"),
            Self::Pooled => f.write_str("pooled"),
        }
    }
}

/// Looks into a forward pass, and may change what enters a block. Every method has a default that changes nothing.
///
/// ```
/// use dream_models::deep::candle_core::{self, DType, Device, Tensor};
/// use dream_models::deep::backbones::swin_v2::{Config, SwinV2};
/// use dream_models::deep::tap::{Point, Tap};
/// use dream_models::deep::train::Params;
///
/// struct Shapes(Vec<String>);
/// impl Tap for Shapes {
///     fn see(&mut self, point: Point, x: &Tensor) -> candle_core::Result<()> {
///         self.0.push(format!("{point} {:?}", x.dims()));
///         Ok(())
///     }
/// }
///
/// let params = Params::seeded(1, DType::F32, &Device::Cpu);
/// let tower = SwinV2::new(&Config::default(), &params.builder())?;
/// let mut shapes = Shapes(Vec::new());
/// tower.forward_tapped(&Tensor::zeros((1, 3, 64, 64), DType::F32, &Device::Cpu)?, &mut shapes)?;
/// assert_eq!(shapes.0.first().map(String::as_str), Some("patch_embed [1, 16, 16, 16]"));
/// # Ok::<(), dream_models::Error>(())
/// ```
pub trait Tap {
    /// What enters a block. What is returned enters in its place.
    ///
    /// # Errors
    ///
    /// Any error ends the pass.
    fn enter(&mut self, _stage: usize, _block: usize, x: &Tensor) -> Result<Tensor> {
        Ok(x.clone())
    }

    /// What the last block gave. What is returned goes on to the last norm.
    ///
    /// # Errors
    ///
    /// Any error ends the pass.
    fn leave(&mut self, x: &Tensor) -> Result<Tensor> {
        Ok(x.clone())
    }

    /// An intermediate result.
    ///
    /// # Errors
    ///
    /// Any error ends the pass.
    fn see(&mut self, _point: Point, _x: &Tensor) -> Result<()> {
        Ok(())
    }
}

/// Keeps every intermediate result, and what entered each block.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// What entered the blocks, in order, and last what the last block gave.
    pub inputs: Vec<Tensor>,
    /// Everything else.
    pub points: Vec<(Point, Tensor)>,
}

impl Record {
    /// The result at a point; `None` where the network has none.
    #[must_use]
    pub fn at(&self, point: Point) -> Option<&Tensor> {
        self.points.iter().find(|(at, _)| *at == point).map(|(_, tensor)| tensor)
    }
}

impl Tap for Record {
    fn enter(&mut self, _: usize, _: usize, x: &Tensor) -> Result<Tensor> {
        self.inputs.push(x.clone());
        Ok(x.clone())
    }

    fn leave(&mut self, x: &Tensor) -> Result<Tensor> {
        self.inputs.push(x.clone());
        Ok(x.clone())
    }

    fn see(&mut self, point: Point, x: &Tensor) -> Result<()> {
        self.points.push((point, x.clone()));
        Ok(())
    }
}

/// Shows an intermediate result to the tap, if there is one.
pub(crate) fn see(tap: &mut Option<&mut dyn Tap>, point: Point, x: &Tensor) -> Result<()> {
    tap.as_mut().map_or(Ok(()), |tap| tap.see(point, x))
}
