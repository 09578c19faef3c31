use candle_core::{DType, Device, Module, Tensor};
use candle_nn::{Init, VarBuilder};

use super::config::Config;
use crate::deep::kernels::rows_product;
use crate::deep::layers::LayerNorm;
use crate::deep::layers::transformer::Block;
use crate::deep::tap::{Point, Tap};
use crate::{Error, Result, par};

/// Values of the tokens of one pass on the CPU, four texts of 77 tokens and a width of 512: what a block computes of them stays
/// in the cache, and memory does not grow with the number of texts.
const PASS: usize = 4 * 77 * 512;

/// The text encoder of CLIP.
///
/// Built on a [`VarBuilder`] whose paths are the names in the checkpoints of the Hugging Face library
/// (`text_model.encoder.layers.0.self_attn.q_proj.weight`, ...); [`from_openai`](super::from_openai) renames OpenAI's.
/// Every parameter has a gradient.
///
/// In single precision on the CPU, the result for a text is the same to the last bit in any batch, with any padding and any
/// number of threads; between processors it differs in the last digits, as the matrix products do.
///
/// ```
/// use dream_models::deep::text::clip::{Config, TextTower, Tokenizer};
/// use dream_models::deep::train::Params;
/// use dream_models::deep::candle_core::{DType, Device};
///
/// let params = Params::seeded(1, DType::F32, &Device::Cpu);
/// let tower = TextTower::new(&Config::default(), &params.builder())?;
/// let tokenizer = Tokenizer::clip()?;
/// let tokens = tokenizer.encode_batch(&["The eyes look stiff.", "Natural."])?;
/// let representations = tower.forward(&tokens.ids(&Device::Cpu)?)?;
/// assert_eq!(representations.dims(), [2, 32]);
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Reference
///
/// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021.
#[derive(Debug, Clone)]
pub struct TextTower {
    tokens: Tensor,
    positions: Tensor,
    blocks: Vec<Block>,
    norm: LayerNorm,
    projection: Tensor,
    config: Config,
}

impl TextTower {
    /// Builds the tower on the parameters of `vb`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidConfig`] for a configuration that has no meaning, [`Error::Tensor`] for a parameter that `vb`
    /// lacks or has in another shape.
    pub fn new(config: &Config, vb: &VarBuilder<'_>) -> Result<Self> {
        config.check()?;
        let normal = |stdev| Init::Randn { mean: 0.0, stdev };
        let width = config.hidden_size;
        let model = vb.pp("text_model");
        let embeddings = model.pp("embeddings");
        let layers = model.pp("encoder").pp("layers");
        let projection = (config.projection_dim, width);
        let stdev = (width as f64).powf(-0.5);
        Ok(Self {
            tokens: embeddings.pp("token_embedding").get_with_hints(
                (config.vocab_size, width),
                "weight",
                normal(0.02),
            )?,
            positions: embeddings.pp("position_embedding").get_with_hints(
                (config.max_position_embeddings, width),
                "weight",
                normal(0.01),
            )?,
            blocks: (0..config.num_hidden_layers)
                .map(|layer| Block::new(config.block(), &layers.pp(layer)))
                .collect::<candle_core::Result<_>>()?,
            norm: LayerNorm::new(width, config.layer_norm_eps, &model.pp("final_layer_norm"))?,
            projection: vb.pp("text_projection").get_with_hints(projection, "weight", normal(stdev))?,
            config: config.clone(),
        })
    }

    /// The configuration that the tower was built with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Representations of texts: ids `[texts, tokens]` to `[texts, projection_dim]`, not normalised.
    ///
    /// A text ends at its first end token; what follows changes nothing, so any padding will do, and texts may be
    /// shorter than the tower's context.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for a text without an end token, an unknown id, too many tokens or no text.
    pub fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        let ends = self.ends(ids)?;
        self.forward_embeddings(&self.embed(ids)?, &ends)
    }

    /// Embeddings of tokens without positions, `[texts, tokens]` to `[texts, tokens, hidden_size]`: what
    /// [`forward_embeddings`](Self::forward_embeddings) takes, and where learned vectors of a prompt may be put in.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for an unknown id, too many tokens or no text.
    pub fn embed(&self, ids: &Tensor) -> Result<Tensor> {
        let rows = self.rows(ids)?;
        let (texts, tokens) = ids.dims2()?;
        let flat = Tensor::from_vec(rows.concat(), texts * tokens, self.tokens.device())?;
        Ok(self.tokens.index_select(&flat, 0)?.reshape((texts, tokens, self.config.hidden_size))?)
    }

    /// Representations from embeddings of tokens, `[texts, tokens, hidden_size]`, each text with the position of its
    /// end. Positions are added here.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for an end outside the text or too many tokens, [`Error::Tensor`] for another shape.
    pub fn forward_embeddings(&self, embeddings: &Tensor, ends: &[usize]) -> Result<Tensor> {
        let (texts, tokens, width) = embeddings.dims3()?;
        self.fits(texts, tokens)?;
        check_ends(ends, texts, tokens)?;
        // A device is kept busy by large batches.
        let most = if embeddings.device().is_cpu() { (PASS / (needed(ends) * width)).max(1) } else { texts };
        let size = texts.div_ceil(texts.div_ceil(most));
        let passes = par::map(texts.div_ceil(size), |pass| {
            let (first, count) = (pass * size, size.min(texts - pass * size));
            let ends = ends.get(first..first + count).unwrap_or_default();
            self.pass(&embeddings.narrow(0, first, count)?, ends)
        });
        let pooled = Tensor::cat(&passes.into_iter().collect::<Result<Vec<_>>>()?, 0)?;
        Ok(rows_product(&self.norm.forward(&pooled)?, &self.projection)?)
    }

    /// Hidden states of the ends of some texts before the final norm, `[texts, hidden_size]`.
    fn pass(&self, embeddings: &Tensor, ends: &[usize]) -> Result<Tensor> {
        // No token sees a later one: those behind the last end are left out, and of the last block all but the ends.
        let tokens = needed(ends);
        let positions = self.positions.narrow(0, 0, tokens)?;
        let mut x = embeddings.narrow(1, 0, tokens)?.broadcast_add(&positions)?;
        let Some((last, blocks)) = self.blocks.split_last() else { return pick(&x, ends) };
        for block in blocks {
            x = block.forward(&x)?;
        }
        let rows = end_rows(ends, tokens, x.device())?;
        Ok(last.forward_one(&x, |x| x.flatten_to(1)?.index_select(&rows, 0))?)
    }

    /// [`forward`](Self::forward) with a look inside, up to rounding: attention is computed in another way where its
    /// weights are shown.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward), and those of `tap`.
    pub fn forward_tapped(&self, ids: &Tensor, tap: &mut dyn Tap) -> Result<Tensor> {
        let (ends, embeddings) = (self.ends(ids)?, self.embed(ids)?);
        let positions = self.positions.narrow(0, 0, embeddings.dim(1)?)?;
        let mut x = embeddings.broadcast_add(&positions)?;
        for (block, layer) in self.blocks.iter().enumerate() {
            x = layer.forward_tapped(block, &x, tap)?;
        }
        let states = self.norm.forward(&tap.leave(&x)?)?;
        tap.see(Point::Norm, &states)?;
        let pooled = pick(&states, &ends)?;
        tap.see(Point::Pooled, &pooled)?;
        Ok(rows_product(&pooled, &self.projection)?)
    }

    /// Position of the first end token of each text.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] as for [`forward`](Self::forward).
    pub fn ends(&self, ids: &Tensor) -> Result<Vec<usize>> {
        let end = self.config.eos_token_id;
        let find = |(text, row): (usize, Vec<u32>)| {
            row.iter().position(|&id| id == end).ok_or_else(|| {
                invalid(format!(
                    "text {text} has no end token ({end}): truncation must keep it, as `Tokenizer` does"
                ))
            })
        };
        self.rows(ids)?.into_iter().enumerate().map(find).collect()
    }

    /// Ids on the host, all of them known.
    fn rows(&self, ids: &Tensor) -> Result<Vec<Vec<u32>>> {
        let (texts, tokens) = ids.dims2()?;
        self.fits(texts, tokens)?;
        let known = i64::try_from(self.config.vocab_size).unwrap_or(i64::MAX);
        let id = |id: i64| match u32::try_from(id) {
            Ok(small) if id < known => Ok(small),
            _ => Err(invalid(format!(
                "token id {id} is outside the vocabulary of {known}: use the tower's tokenizer"
            ))),
        };
        let rows = ids.to_device(&Device::Cpu)?.to_dtype(DType::I64)?.to_vec2::<i64>()?;
        rows.into_iter().map(|row| row.into_iter().map(id).collect()).collect()
    }

    fn fits(&self, texts: usize, tokens: usize) -> Result<()> {
        let most = self.config.max_position_embeddings;
        if texts == 0 || tokens == 0 {
            return Err(invalid("there is no text to encode: pass at least one".to_owned()));
        }
        if tokens > most {
            return Err(invalid(format!(
                "{tokens} tokens are more than the {most} of the tower: truncate the texts"
            )));
        }
        Ok(())
    }
}

/// Row `ends[i]` of text `i`: `[texts, tokens, width]` to `[texts, width]`.
fn pick(x: &Tensor, ends: &[usize]) -> Result<Tensor> {
    let (texts, tokens, _) = x.dims3()?;
    check_ends(ends, texts, tokens)?;
    Ok(x.flatten_to(1)?.index_select(&end_rows(ends, tokens, x.device())?, 0)?)
}

/// Where the ends lie in rows of all tokens.
fn end_rows(ends: &[usize], tokens: usize, device: &Device) -> candle_core::Result<Tensor> {
    let row = |(text, end): (usize, &usize)| u32::try_from(text * tokens + end);
    let rows = ends.iter().enumerate().map(row).collect::<std::result::Result<Vec<u32>, _>>();
    Tensor::from_vec(rows.map_err(candle_core::Error::wrap)?, ends.len(), device)
}

fn check_ends(ends: &[usize], texts: usize, tokens: usize) -> Result<()> {
    if ends.len() != texts {
        return Err(Error::LengthMismatch { argument: "ends", expected: texts, found: ends.len() });
    }
    match ends.iter().enumerate().find(|&(_, &end)| end >= tokens) {
        None => Ok(()),
        Some((text, end)) => Err(invalid(format!(
            "the end of text {text} is at {end}, it has {tokens} tokens: positions count from 0"
        ))),
    }
}

/// Tokens up to the last of the ends.
fn needed(ends: &[usize]) -> usize {
    ends.iter().max().map_or(1, |end| end + 1)
}

fn invalid(reason: String) -> Error {
    Error::InvalidInput { argument: "ids", reason }
}
