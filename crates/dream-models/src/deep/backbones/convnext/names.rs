use std::collections::{BTreeMap, BTreeSet};

use super::Config;

/// Whose names the tensors of a ConvNeXt have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// timm's, the same in all of its versions. This crate's names.
    Timm,
    /// Those of the authors' files.
    Facebook,
}

/// Names that every such tower has once, one for each naming.
pub(crate) const MARKS: [&str; 2] = ["stem.0.weight", "downsample_layers.0.0.weight"];

impl Naming {
    /// The naming of a file, from the names of its tensors alone.
    #[must_use]
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let is_theirs = names.into_iter().any(|name| name.starts_with("downsample_layers."));
        if is_theirs { Self::Facebook } else { Self::Timm }
    }

    /// This crate's name for a tensor of a file of this naming.
    ///
    /// ```
    /// use dream_models::deep::backbones::convnext::Naming;
    ///
    /// let name = |theirs| Naming::Facebook.ours(theirs);
    /// assert_eq!(name("downsample_layers.0.1.bias"), "stem.1.bias");
    /// assert_eq!(name("stages.2.7.pwconv1.weight"), "stages.2.blocks.7.mlp.fc1.weight");
    /// assert_eq!(name("norm.weight"), "head.norm.weight");
    /// ```
    #[must_use]
    pub fn ours(self, name: &str) -> String {
        match self {
            Self::Timm => name.to_owned(),
            Self::Facebook => facebook(name).unwrap_or_else(|| name.to_owned()),
        }
    }
}

fn facebook(name: &str) -> Option<String> {
    if let Some(rest) = name.strip_prefix("downsample_layers.") {
        let (stage, rest) = rest.split_once('.')?;
        let place = if stage == "0" { "stem".to_owned() } else { format!("stages.{stage}.downsample") };
        return Some(format!("{place}.{rest}"));
    }
    if let Some(rest) = name.strip_prefix("stages.") {
        let (stage, rest) = rest.split_once('.')?;
        let (block, part) = rest.split_once('.')?;
        const PARTS: [(&str, &str); 3] =
            [("dwconv.", "conv_dw."), ("pwconv1.", "mlp.fc1."), ("pwconv2.", "mlp.fc2.")];
        let renamed = |(theirs, ours): &(&str, &str)| Some(format!("{ours}{}", part.strip_prefix(theirs)?));
        let part = PARTS.iter().find_map(renamed).unwrap_or_else(|| part.to_owned());
        return Some(format!("stages.{stage}.blocks.{block}.{part}"));
    }
    let head = name.strip_prefix("head.").map(|rest| format!("head.fc.{rest}"));
    head.or_else(|| name.strip_prefix("norm.").map(|rest| format!("head.norm.{rest}")))
}

/// Width and blocks of each stage of the ConvNeXt whose tensors these are, in words; `None` where they are of another network.
pub(crate) fn sizes<'a>(names: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> Option<String> {
    let (mut width, mut is, mut blocks) = (None, false, BTreeMap::<u32, BTreeSet<u32>>::new());
    for (name, shape) in names {
        is |= name.ends_with(".conv_dw.weight") || name.ends_with(".dwconv.weight");
        if MARKS.iter().any(|mark| name.ends_with(mark)) {
            width = shape.first();
        }
        let block = || {
            let mut numbers = name.split_once("stages.")?.1.split('.');
            let stage = numbers.next()?.parse().ok()?;
            let block = numbers.find(|part| *part != "blocks")?.parse().ok()?;
            Some((stage, block))
        };
        if let Some((stage, block)) = block() {
            blocks.entry(stage).or_default().insert(block);
        }
    }
    let depths: Vec<String> = blocks.values().map(|blocks| blocks.len().to_string()).collect();
    width.filter(|_| is).map(|width| format!("of width {width} with {} blocks", depths.join(", ")))
}

/// The configuration of the network whose tensors these are, by their shapes, without a head; `None` where they are of another
/// build.
pub(crate) fn config_of<'a>(
    naming: Naming,
    tensors: impl IntoIterator<Item = (&'a str, &'a [usize])>,
) -> Option<Config> {
    let shapes: BTreeMap<String, &[usize]> =
        tensors.into_iter().map(|(name, shape)| (naming.ours(name), shape)).collect();
    let (mut dims, mut depths) = (Vec::new(), Vec::new());
    for stage in 0.. {
        let first = |block: usize| shapes.get(&format!("stages.{stage}.blocks.{block}.conv_dw.weight"));
        let Some(&&[width, ..]) = first(0) else { break };
        dims.push(width);
        depths.push((0..).take_while(|&block| first(block).is_some()).count());
    }
    let &&[_, 3, patch_size, _] = shapes.get("stem.0.weight")? else { return None };
    let &&[width, _, kernel_size, _] = shapes.get("stages.0.blocks.0.conv_dw.weight")? else { return None };
    let hidden = shapes.get("stages.0.blocks.0.mlp.fc1.weight")?.first()?;
    let mlp_ratio = hidden.checked_div(width)?;
    let config = Config { patch_size, depths, dims, kernel_size, mlp_ratio, ..Config::xlarge() };
    config.validate().is_ok().then_some(config)
}
