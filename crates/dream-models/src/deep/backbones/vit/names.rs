use std::collections::BTreeMap;

use candle_core::Tensor;

use super::config::{Config, layer};
use crate::deep::layers::transformer::{inside, thirds};
use crate::{Error, Result};

/// A name that the image tower of every CLIP has once, as each publisher spells it: the Hugging Face library; OpenAI and
/// OpenCLIP; the two last where the tower alone was saved.
pub(crate) const MARKS: [&str; 3] =
    ["vision_model.embeddings.class_embedding", "visual.class_embedding", "class_embedding"];

/// Whose names a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    HuggingFace,
    /// OpenAI's, also those of OpenCLIP, with what stands before each of them.
    OpenAi(&'static str),
}

/// What becomes of a tensor of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    As(String),
    /// Transposed.
    Turned(String),
    /// The joint projection of queries, keys and values, by rows.
    Thirds([String; 3]),
}

impl Naming {
    /// Tells by the names of a file. A file without an image tower counts as one of the Hugging Face library.
    pub(crate) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let namings = [Self::HuggingFace, Self::OpenAi("visual."), Self::OpenAi("")];
        let mut found: Vec<(&str, Self)> = Vec::new();
        for name in names {
            found.extend(MARKS.into_iter().zip(namings).find(|(mark, _)| name == *mark));
        }
        match found.as_slice() {
            [] => Ok(Self::HuggingFace),
            [(_, naming)] => Ok(*naming),
            [(one, _), (other, _), ..] => {
                let reason =
                    format!("`{one}` and `{other}` are the same tensor by the names of two publishers");
                Err(Error::invalid("tensors", reason))
            }
        }
    }

    /// The place of a tensor in the network; `None` for one of another part, of a block that the network lacks, and one that
    /// is derived.
    pub(crate) fn place(self, name: &str, config: &Config) -> Option<Place> {
        let place = match self {
            Self::HuggingFace => {
                let is_ours =
                    ["vision_model.", "visual_projection."].iter().any(|part| name.starts_with(part));
                (is_ours && name != "vision_model.embeddings.position_ids")
                    .then(|| Place::As(name.to_owned()))?
            }
            Self::OpenAi(prefix) => openai(name.strip_prefix(prefix)?),
        };
        let (Place::As(ours) | Place::Turned(ours) | Place::Thirds([ours, ..])) = &place;
        let is_top =
            ["vision_model.post_layernorm.", "visual_projection."].iter().any(|top| ours.starts_with(top));
        let is_built = layer(ours).is_none_or(|layer| layer < config.layers);
        (is_built && !(is_top && config.projection.is_none())).then_some(place)
    }
}

fn openai(name: &str) -> Place {
    let to = |inner: &str| format!("vision_model.{inner}");
    let layer = name.strip_prefix("transformer.resblocks.").and_then(|rest| rest.split_once('.'));
    if let Some((layer, rest)) = layer {
        let to = |inner: &str| to(&format!("encoder.layers.{layer}.{inner}"));
        return match rest.strip_prefix("attn.in_proj_") {
            Some(kind) => {
                Place::Thirds(["q", "k", "v"].map(|part| to(&format!("self_attn.{part}_proj.{kind}"))))
            }
            None => Place::As(to(&inside(rest))),
        };
    }
    const PARTS: [(&str, &str); 7] = [
        ("class_embedding", "embeddings.class_embedding"),
        ("positional_embedding", "embeddings.position_embedding.weight"),
        ("conv1.weight", "embeddings.patch_embedding.weight"),
        ("ln_pre.weight", "pre_layrnorm.weight"),
        ("ln_pre.bias", "pre_layrnorm.bias"),
        ("ln_post.weight", "post_layernorm.weight"),
        ("ln_post.bias", "post_layernorm.bias"),
    ];
    match PARTS.iter().find(|(theirs, _)| *theirs == name) {
        Some((_, ours)) => Place::As(to(ours)),
        None if name == "proj" => Place::Turned("visual_projection.weight".to_owned()),
        None => Place::As(to(name)),
    }
}

impl Place {
    /// Names and shapes in the network, for a tensor of this shape in the file.
    pub(crate) fn shapes(&self, shape: &[usize]) -> Vec<(String, Vec<usize>)> {
        let mut shape = shape.to_vec();
        match self {
            Self::As(ours) => vec![(ours.clone(), shape)],
            Self::Turned(ours) => {
                shape.reverse();
                vec![(ours.clone(), shape)]
            }
            Self::Thirds(parts) => {
                if let Some(rows) = shape.first_mut() {
                    *rows /= 3;
                }
                parts.iter().map(|part| (part.clone(), shape.clone())).collect()
            }
        }
    }

    /// Puts a tensor of the file, which is called `name` there, where it belongs.
    pub(crate) fn put(self, name: &str, tensor: Tensor, into: &mut BTreeMap<String, Tensor>) -> Result<()> {
        match self {
            Self::As(ours) => into.extend([(ours, tensor)]),
            Self::Turned(ours) => into.extend([(ours, tensor.t()?.contiguous()?)]),
            Self::Thirds(parts) => into.extend(parts.into_iter().zip(thirds(name, &tensor)?)),
        }
        Ok(())
    }
}

/// Width and patches of the image tower whose tensors these are, under any publisher's names, in words; `None` where there is
/// none.
pub(crate) fn sizes<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> Option<String> {
    let is_embedding = |name: &str| {
        ["vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"]
            .iter()
            .any(|n| name.ends_with(n))
    };
    tensors.into_iter().find_map(|(name, shape)| match shape {
        [width, 3, _, patch] if is_embedding(name) => {
            Some(format!("of width {width} with patches of {patch} pixels"))
        }
        _ => None,
    })
}
