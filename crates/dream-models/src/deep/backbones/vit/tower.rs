use candle_core::{Module, Tensor};
use candle_nn::VarBuilder;

use super::config::Config;
use super::embed::Embed;
use crate::deep::kernels::rows_product;
use crate::deep::layers::LayerNorm;
use crate::deep::layers::transformer::Block;
use crate::deep::numeric::single;
use crate::deep::tap::{Point, Tap, see};
use crate::{Error, Result, par};

/// The image encoder of CLIP, whole or its first blocks.
///
/// Built on a [`VarBuilder`] whose paths are the names in the checkpoints of the Hugging Face library
/// (`vision_model.encoder.layers.0.self_attn.q_proj.weight`, ...). Every parameter has a gradient. Pictures come from
/// [`Preprocess::clip_224`](crate::preprocess::Preprocess::clip_224) or
/// [`clip_square_224`](crate::preprocess::Preprocess::clip_square_224).
///
/// In single precision on the CPU, the result for a picture is the same to the last bit in any batch and with any number of
/// threads; between processors it differs in the last digits, as the matrix products do.
///
/// # Reference
///
/// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021.
#[doc(alias("VisionTransformer", "CLIPVisionModel"))]
#[derive(Debug, Clone)]
pub struct ClipVit {
    embed: Embed,
    blocks: Vec<Block>,
    top: Option<Top>,
    config: Config,
}

/// From the class token behind the last block to the representation of a picture.
#[derive(Debug, Clone)]
struct Top {
    norm: LayerNorm,
    projection: Tensor,
}

impl ClipVit {
    /// Builds the tower on the parameters of `vb`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a configuration that has no meaning, [`Error::Tensor`] for a parameter that `vb` lacks or
    /// has in another shape.
    pub fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        config.validate()?;
        let (model, width) = (vb.pp("vision_model"), config.width);
        let layers = model.pp("encoder").pp("layers");
        let top = |projection: usize| -> Result<Top> {
            let init = candle_nn::Init::Randn { mean: 0.0, stdev: (width as f64).powf(-0.5) };
            let weight = vb.pp("visual_projection").get_with_hints((projection, width), "weight", init)?;
            let norm = LayerNorm::new(width, Config::eps(), &model.pp("post_layernorm"))?;
            Ok(Top { norm, projection: weight })
        };
        Ok(Self {
            embed: Embed::new(config, &model)?,
            blocks: (0..config.layers)
                .map(|layer| Block::new(config.block(), &layers.pp(layer)))
                .collect::<candle_core::Result<_>>()?,
            top: config.projection.map(top).transpose()?,
            config: config.clone(),
        })
    }

    /// The configuration that the tower was built with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Tokens after the last block, the second residual added and no norm: `[n, 3, image_size, image_size]` to
    /// `[n, 1 + patches, width]`, that of the class first.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for pictures of another size or none, [`Error::Tensor`] when the device has no memory left.
    pub fn tokens(&self, pixels: &Tensor) -> Result<Tensor> {
        self.tokens_after(pixels, self.blocks.len())
    }

    /// Tokens after the first `block` blocks; 0 for what enters the first one, after the norm of the embeddings.
    ///
    /// # Errors
    ///
    /// As [`tokens`](Self::tokens), and [`Error::InvalidInput`] for more blocks than the tower has.
    pub fn tokens_after(&self, pixels: &Tensor, block: usize) -> Result<Tensor> {
        let blocks = self.first(block)?;
        self.passes(pixels, |pixels| {
            blocks.iter().try_fold(self.embed.forward(pixels, &mut None)?, |x, block| block.forward(&x))
        })
    }

    /// Tokens after each of some blocks, in the order of `blocks`, which ascend: each as
    /// [`tokens_after`](Self::tokens_after) gives it, in one pass.
    ///
    /// # Errors
    ///
    /// As [`tokens_after`](Self::tokens_after), and [`Error::InvalidInput`] for blocks that do not ascend or none.
    pub fn tokens_after_each(&self, pixels: &Tensor, blocks: &[usize]) -> Result<Vec<Tensor>> {
        let ascends = blocks.iter().zip(blocks.iter().skip(1)).all(|(one, next)| one < next);
        let Some(last) = blocks.last().filter(|_| ascends) else {
            let reason = format!("{blocks:?} are not one or more numbers that ascend");
            return Err(Error::InvalidInput { argument: "blocks", reason });
        };
        let layers = self.first(*last)?;
        let all = self.passes(pixels, |pixels| {
            let mut x = self.embed.forward(pixels, &mut None)?;
            let mut found = Vec::with_capacity(blocks.len());
            found.extend((blocks.first() == Some(&0)).then(|| x.clone()));
            for (block, layer) in layers.iter().enumerate() {
                x = layer.forward(&x)?;
                found.extend(blocks.contains(&(block + 1)).then(|| x.clone()));
            }
            Tensor::stack(&found, 1)
        })?;
        (0..blocks.len()).map(|place| Ok(all.narrow(1, place, 1)?.squeeze(1)?.contiguous()?)).collect()
    }

    /// The first blocks.
    fn first(&self, block: usize) -> Result<&[Block]> {
        self.blocks.get(..block).ok_or_else(|| {
            let reason =
                format!("the tower has {} blocks, there are no tokens after {block}", self.blocks.len());
            Error::InvalidInput { argument: "block", reason }
        })
    }

    /// Representations of pictures: `[n, 3, image_size, image_size]` to `[n, projection]`, not normalised.
    ///
    /// # Errors
    ///
    /// As [`tokens`](Self::tokens), and [`Error::InvalidInput`] for a tower without a projection.
    pub fn forward(&self, pixels: &Tensor) -> Result<Tensor> {
        let top = self.top()?;
        self.passes(pixels, |pixels| {
            let mut x = self.embed.forward(pixels, &mut None)?;
            let Some((last, blocks)) = self.blocks.split_last() else { return top.forward(&class(&x)?) };
            for block in blocks {
                x = block.forward(&x)?;
            }
            // Behind the last attention only the token of the class matters.
            top.forward(&last.forward_one(&x, class)?)
        })
    }

    /// [`forward`](Self::forward), with a look inside where there is a `tap`: then in one pass, and up to rounding, because
    /// attention is computed in another way where its weights are shown.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward), and those of `tap`.
    pub fn forward_with(&self, pixels: &Tensor, tap: Option<&mut dyn Tap>) -> Result<Tensor> {
        let (Some(tap), top) = (tap, self.top()?) else { return self.forward(pixels) };
        self.count(pixels)?;
        let mut x = self.embed.forward(pixels, &mut Some(tap))?;
        for (block, layer) in self.blocks.iter().enumerate() {
            x = layer.forward_tapped(block, &x, tap)?;
        }
        let pooled = top.norm.forward(&class(&tap.leave(&x)?)?)?;
        see(&mut Some(tap), Point::Pooled, &pooled)?;
        Ok(rows_product(&pooled, &top.projection)?)
    }

    fn top(&self) -> Result<&Top> {
        self.top.as_ref().ok_or_else(|| {
            let reason = "this tower has tokens only: build it with a `projection` for representations";
            Error::InvalidInput { argument: "pixels", reason: reason.to_owned() }
        })
    }

    /// Number of pictures, all of the size that the configuration says.
    fn count(&self, pixels: &Tensor) -> Result<usize> {
        let side = self.config.image_size;
        match pixels.dims() {
            [count, 3, height, width] if [*height, *width] == [side; 2] && *count > 0 => Ok(*count),
            found => {
                let reason = format!(
                    "they have the shape {found:?}, this tower takes [n, 3, {side}, {side}] with n > 0"
                );
                Err(Error::InvalidInput { argument: "pixels", reason })
            }
        }
    }

    /// What `pass` makes of the pictures: one by one on the CPU, where what a block computes of a picture stays in the cache
    /// and memory does not grow with the batch; all together elsewhere.
    fn passes(
        &self,
        pixels: &Tensor,
        pass: impl Fn(&Tensor) -> candle_core::Result<Tensor> + Send + Sync,
    ) -> Result<Tensor> {
        let count = self.count(pixels)?;
        if !pixels.device().is_cpu() {
            return Ok(pass(pixels)?);
        }
        let results = par::map(count, |picture| pass(&pixels.narrow(0, picture, 1)?));
        Ok(Tensor::cat(&results.into_iter().collect::<candle_core::Result<Vec<_>>>()?, 0)?)
    }
}

impl Top {
    fn forward(&self, class: &Tensor) -> candle_core::Result<Tensor> {
        rows_product(&self.norm.forward(class)?, &self.projection)
    }
}

/// The token of the class, `[n, tokens, width]` to `[n, width]`.
fn class(tokens: &Tensor) -> candle_core::Result<Tensor> {
    tokens.narrow(1, 0, 1)?.squeeze(1)?.contiguous()
}

/// The mean over the tokens of patches, without that of the class: `[n, 1 + patches, width]` to `[n, width]`, in single
/// precision also for tokens in half precision.
///
/// # Errors
///
/// [`Error::InvalidInput`] for tokens of another shape, or without a patch.
pub fn patch_mean(tokens: &Tensor) -> Result<Tensor> {
    match tokens.dims() {
        [_, all, _] if *all > 1 => {
            let patches = tokens.narrow(1, 1, all - 1)?;
            Ok(patches.to_dtype(single(tokens.dtype()))?.mean(1)?)
        }
        found => {
            let reason = format!("they have the shape {found:?}, expected [n, 1 + patches, width]");
            Err(Error::InvalidInput { argument: "tokens", reason })
        }
    }
}
