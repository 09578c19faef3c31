use serde::{Deserialize, Serialize};

use crate::deep::layers::Activation;
use crate::deep::layers::transformer::Shape;
use crate::{Error, Result};

/// Shape of a [`TextTower`](super::TextTower), with the field names of the published configuration files.
///
/// [`Config::default`] is a tiny one for tests and examples (with the full vocabulary, so that the tokenizer fits);
/// presets are functions.
///
/// ```
/// use dream_models::deep::text::clip::Config;
///
/// let config = Config::vit_b32();
/// assert_eq!((config.hidden_size, config.max_position_embeddings), (512, 77));
/// let read: Config = serde_json::from_str(r#"{ "hidden_size": 48, "num_attention_heads": 4 }"#)?;
/// assert_eq!(read.projection_dim, Config::default().projection_dim);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Number of token ids.
    pub vocab_size: usize,
    /// Width of a token inside the tower.
    pub hidden_size: usize,
    /// Width of the hidden layer of a block.
    pub intermediate_size: usize,
    /// Width of the representation of a text.
    pub projection_dim: usize,
    /// Blocks.
    pub num_hidden_layers: usize,
    /// Attention heads; divides `hidden_size`.
    pub num_attention_heads: usize,
    /// Tokens of the longest text, with its start and its end.
    pub max_position_embeddings: usize,
    /// Id of the token that ends a text; its first position is the one that is pooled.
    pub eos_token_id: u32,
    /// Added to the variance in every layer norm.
    pub layer_norm_eps: f64,
    /// Activation of the blocks.
    pub hidden_act: Activation,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            vocab_size: 49408,
            hidden_size: 32,
            intermediate_size: 128,
            projection_dim: 32,
            num_hidden_layers: 2,
            num_attention_heads: 4,
            max_position_embeddings: 77,
            eos_token_id: 49407,
            layer_norm_eps: 1e-5,
            hidden_act: Activation::QuickGelu,
        }
    }
}

impl Config {
    /// OpenAI's CLIP with the ViT-B/32 image encoder: 197 tensors, 63,428,096 parameters.
    ///
    /// # Reference
    ///
    /// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021.
    #[must_use]
    pub fn vit_b32() -> Self {
        Self {
            hidden_size: 512,
            intermediate_size: 2048,
            projection_dim: 512,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            ..Self::default()
        }
    }

    /// Blocks between a parameter and the top of the tower, for learning rates that fall towards the tokens: 0 for the
    /// last norm and the projection, 1 for the last block, and the most for the embeddings.
    ///
    /// ```
    /// let config = dream_models::deep::text::clip::Config::vit_b32();
    /// assert_eq!(config.depth_of("text_model.encoder.layers.11.mlp.fc1.weight"), 1);
    /// assert_eq!(config.depth_of("text_model.embeddings.token_embedding.weight"), 13);
    /// ```
    #[must_use]
    pub fn depth_of(&self, parameter: &str) -> u32 {
        let all = self.num_hidden_layers;
        let below = |block: usize| u32::try_from(all.saturating_sub(block)).unwrap_or(u32::MAX);
        if parameter.starts_with("text_model.embeddings.") {
            return below(0).saturating_add(1);
        }
        let layer = parameter.strip_prefix("text_model.encoder.layers.");
        layer.and_then(|rest| rest.split('.').next()?.parse().ok()).map_or(0, below)
    }

    pub(super) fn block(&self) -> Shape {
        Shape {
            width: self.hidden_size,
            hidden: self.intermediate_size,
            heads: self.num_attention_heads,
            layers: self.num_hidden_layers,
            eps: self.layer_norm_eps,
            activation: self.hidden_act,
            causal: true,
        }
    }

    /// Refuses what has no meaning, and sizes that no tower has.
    pub(super) fn check(&self) -> Result<()> {
        let size = |field: &'static str, value: usize, max: usize, expected: &'static str| {
            if (1..=max).contains(&value) { Ok(()) } else { Err(invalid(field, value as f64, expected)) }
        };
        size("vocab_size", self.vocab_size, 1 << 24, "between 1 and 16777216")?;
        for (field, value) in [
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("projection_dim", self.projection_dim),
            ("max_position_embeddings", self.max_position_embeddings),
        ] {
            size(field, value, 1 << 16, "between 1 and 65536")?;
        }
        size("num_hidden_layers", self.num_hidden_layers, 1024, "between 1 and 1024")?;
        size(
            "num_attention_heads",
            self.num_attention_heads,
            self.hidden_size,
            "between 1 and `hidden_size`",
        )?;
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err(invalid(
                "num_attention_heads",
                self.num_attention_heads as f64,
                "a divisor of `hidden_size`",
            ));
        }
        if usize::try_from(self.eos_token_id).is_ok_and(|id| id >= self.vocab_size) {
            return Err(invalid("eos_token_id", f64::from(self.eos_token_id), "below `vocab_size`"));
        }
        if !(self.layer_norm_eps > 0.0 && self.layer_norm_eps < 1.0) {
            return Err(invalid("layer_norm_eps", self.layer_norm_eps, "between 0 and 1"));
        }
        Ok(())
    }
}

fn invalid(field: &'static str, value: f64, expected: &'static str) -> Error {
    Error::InvalidConfig { field, value, expected }
}
