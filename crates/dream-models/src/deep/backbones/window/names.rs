use std::collections::{BTreeMap, BTreeSet};

use crate::{Error, Result};

/// Whose names the tensors of a Swin of either version have. They differ in the head, and in the stage that a merging of
/// patches is counted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Naming {
    /// Those of timm 0.9 and later: a merging begins the stage whose blocks come after it. This crate's names.
    Timm,
    /// Microsoft's original files, and those of early versions of timm: a merging ends the stage before it.
    Microsoft,
}

impl Naming {
    /// The naming of a file, from the names and shapes of its tensors alone.
    ///
    /// A merging doubles the width, and the blocks of its stage have the width before it or the width after it. Where no
    /// width says which, the first stage does: only Microsoft's has a merging.
    ///
    /// ```
    /// use dream_models::deep::backbones::swin_v2::Naming;
    ///
    /// let merging = ("layers.1.downsample.reduction.weight", &[64, 128][..]);
    /// let (before, after) = ([32].as_slice(), [64].as_slice());
    /// let naming = |width| Naming::of([merging, ("layers.1.blocks.0.norm1.weight", width)]);
    /// assert_eq!(naming(after)?, Naming::Timm);
    /// assert_eq!(naming(before)?, Naming::Microsoft);
    /// # Ok::<(), dream_models::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] when some stages are of one naming and some of the other.
    pub fn of<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> Result<Self> {
        let shapes: BTreeMap<&str, &[usize]> = tensors.into_iter().collect();
        let stages: BTreeMap<u32, [usize; 2]> = shapes
            .iter()
            .filter_map(|(name, shape)| Some((merging(name)?, shape)))
            .filter_map(|((stage, rest), shape)| match (rest, *shape) {
                ("reduction.weight", &[outputs, inputs]) => Some((stage, [outputs, inputs])),
                _ => None,
            })
            .collect();
        let by_width = |(stage, [outputs, inputs]): (&u32, &[usize; 2])| {
            let width = shapes.get(format!("layers.{stage}.blocks.0.norm1.weight").as_str())?;
            match **width {
                [width] if width == *outputs => Some(Self::Timm),
                [width] if width.saturating_mul(4) == *inputs => Some(Self::Microsoft),
                _ => None,
            }
        };
        let found: BTreeSet<Self> = stages.iter().filter_map(by_width).collect();
        match (found.first(), found.len()) {
            (Some(naming), 1) => Ok(*naming),
            (Some(_), _) => {
                let reason = "some of its `downsample` layers come before the blocks of their stage, as timm has them, and \
                              some after, as Microsoft has them";
                Err(Error::invalid("tensors", reason))
            }
            (None, _) if shapes.keys().any(|name| merging(name).is_some_and(|(stage, _)| stage == 0)) => {
                Ok(Self::Microsoft)
            }
            (None, _) => Ok(Self::Timm),
        }
    }

    /// This crate's name for a tensor of a file of this naming, or `None` for one that is derived and must be skipped.
    ///
    /// ```
    /// use dream_models::deep::backbones::swin_v2::Naming;
    ///
    /// let name = |naming: Naming, theirs| naming.ours(theirs);
    /// let ours = Some("layers.1.downsample.norm.weight".to_owned());
    /// assert_eq!(name(Naming::Microsoft, "layers.0.downsample.norm.weight"), ours);
    /// assert_eq!(name(Naming::Timm, "layers.1.downsample.norm.weight"), ours);
    /// assert_eq!(name(Naming::Microsoft, "head.bias").as_deref(), Some("head.fc.bias"));
    /// assert_eq!(name(Naming::Timm, "layers.0.blocks.1.attn_mask"), None);
    /// ```
    #[must_use]
    pub fn ours(self, name: &str) -> Option<String> {
        const DERIVED: [&str; 4] =
            ["relative_coords_table", "relative_position_index", "attn_mask", "k_bias"];
        if name.rsplit('.').next().is_some_and(|last| DERIVED.contains(&last)) {
            return None;
        }
        if let Some(rest @ ("weight" | "bias")) = name.strip_prefix("head.") {
            return Some(format!("head.fc.{rest}"));
        }
        Some(match (self, merging(name)) {
            (Self::Microsoft, Some((stage, rest))) => {
                format!("layers.{}.downsample.{rest}", stage.saturating_add(1))
            }
            _ => name.to_owned(),
        })
    }
}

/// Stage and inner name of a tensor of a merging.
fn merging(name: &str) -> Option<(u32, &str)> {
    let (stage, rest) = name.strip_prefix("layers.")?.split_once(".downsample.")?;
    Some((stage.parse().ok()?, rest))
}

/// Width and blocks of each stage of the Swin whose tensors these are, in words; `None` where no name has `mark` in it or
/// they are of another network.
pub(crate) fn sizes<'a>(
    names: impl IntoIterator<Item = (&'a str, &'a [usize])>,
    mark: &str,
) -> Option<String> {
    let (mut width, mut is, mut blocks) = (None, false, BTreeMap::<u32, BTreeSet<u32>>::new());
    for (name, shape) in names {
        is |= name.contains(mark);
        // Those of videos have one more axis.
        if let (true, [outputs, _, _, _]) = (name.ends_with("patch_embed.proj.weight"), shape) {
            width = Some(outputs);
        }
        let block = || {
            let (stage, rest) = name.split_once("layers.")?.1.split_once(".blocks.")?;
            Some((stage.parse().ok()?, rest.split('.').next()?.parse().ok()?))
        };
        if let Some((stage, block)) = block() {
            blocks.entry(stage).or_default().insert(block);
        }
    }
    let depths: Vec<String> = blocks.values().map(|blocks| blocks.len().to_string()).collect();
    width.filter(|_| is).map(|width| format!("of width {width} with {} blocks", depths.join(", ")))
}
