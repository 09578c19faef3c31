use std::collections::{BTreeMap, BTreeSet};

use candle_core::Tensor;

use crate::Result;
use crate::deep::layers::transformer::{inside, thirds};

/// Renames the tensors of a text tower in OpenAI's layout to those of [`TextTower`](super::TextTower).
///
/// Rows of the joint projection of queries, keys and values are cut apart, and `text_projection` is transposed. A map
/// that is in the Hugging Face layout already comes back as it is. Of a file of the whole CLIP, the image encoder, the
/// logit scale and `position_ids` are left out in either layout.
///
/// # Errors
///
/// [`Error::InvalidModel`](crate::Error::InvalidModel) when a joint projection does not have three equal parts.
pub fn from_openai(tensors: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
    let mut out = BTreeMap::new();
    for (name, tensor) in tensors {
        if is_of_other_parts(&name) {
            continue;
        }
        let layer = name.strip_prefix("transformer.resblocks.").and_then(|rest| rest.split_once('.'));
        if let Some((layer, rest)) = layer {
            let to = |inner: &str| format!("text_model.encoder.layers.{layer}.{inner}");
            if let Some(kind) = rest.strip_prefix("attn.in_proj_") {
                for (part, piece) in ["q_proj", "k_proj", "v_proj"].into_iter().zip(thirds(&name, &tensor)?) {
                    out.insert(to(&format!("self_attn.{part}.{kind}")), piece);
                }
            } else {
                out.insert(to(&inside(rest)), tensor);
            }
            continue;
        }
        match name.as_str() {
            "text_projection" => out.insert("text_projection.weight".to_owned(), tensor.t()?.contiguous()?),
            "token_embedding.weight" => out.insert(format!("text_model.embeddings.{name}"), tensor),
            "positional_embedding" => {
                out.insert("text_model.embeddings.position_embedding.weight".to_owned(), tensor)
            }
            "ln_final.weight" => out.insert("text_model.final_layer_norm.weight".to_owned(), tensor),
            "ln_final.bias" => out.insert("text_model.final_layer_norm.bias".to_owned(), tensor),
            _ => out.insert(name, tensor),
        };
    }
    Ok(out)
}

/// Whether a tensor of a CLIP file belongs to no text tower.
pub(crate) fn is_of_other_parts(name: &str) -> bool {
    const WHOLE: [&str; 6] = [
        "logit_scale",
        "input_resolution",
        "context_length",
        "vocab_size",
        "text_model.embeddings.position_ids",
        "attn_mask",
    ];
    const PREFIXES: [&str; 3] = ["visual.", "vision_model.", "visual_projection."];
    WHOLE.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Width and blocks of the text tower whose tensors these are, in either layout, in words; `None` where there is none.
pub(crate) fn sizes<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> Option<String> {
    let (mut width, mut blocks) = (None, BTreeSet::<u32>::new());
    for (name, shape) in tensors {
        if name.ends_with("token_embedding.weight") {
            width = shape.last();
        }
        let mut layers = ["text_model.encoder.layers.", "transformer.resblocks."].iter();
        let layer = layers
            .find_map(|layers| name.split_once(layers))
            .filter(|(before, _)| !before.ends_with("visual."));
        blocks.extend(layer.and_then(|(_, rest)| rest.split('.').next()?.parse::<u32>().ok()));
    }
    width.map(|width| format!("of width {width} with {} blocks", blocks.len()))
}
