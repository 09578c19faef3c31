use std::collections::{BTreeMap, BTreeSet};

use super::Config;

/// A name that every ResNet of bottlenecks has once.
pub(crate) const MARKS: [&str; 1] = ["layer1.0.downsample.0.weight"];

/// Whether a tensor belongs to the tower: neither to the last layer nor a count of batches.
pub(crate) fn is_of_tower(name: &str) -> bool {
    !name.starts_with("fc.") && !name.ends_with(".num_batches_tracked")
}

/// Width and blocks of each stage of the ResNet whose tensors these are, in words; `None` where they are of another network.
pub(crate) fn sizes<'a>(names: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> Option<String> {
    let (mut width, mut is, mut stages) = (None, false, BTreeMap::<u32, BTreeSet<u32>>::new());
    for (name, shape) in names {
        let block = || {
            let (stage, rest) = name.strip_prefix("layer")?.split_once('.')?;
            let (block, rest) = rest.split_once('.')?;
            Some((stage.parse().ok()?, block.parse().ok()?, rest))
        };
        match block() {
            Some((stage, block, rest)) => {
                stages.entry(stage).or_default().insert(block);
                is |= rest == "conv3.weight";
            }
            None if name == "conv1.weight" => width = shape.first(),
            None => {}
        }
    }
    let depths: Vec<String> = stages.values().map(|blocks| blocks.len().to_string()).collect();
    width.filter(|_| is).map(|width| format!("of width {width} with {} blocks", depths.join(", ")))
}

/// The configuration of the network whose tensors these are, by their shapes; `None` where they are of another build.
pub(crate) fn config_of<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> Option<Config> {
    let shapes: BTreeMap<&str, &[usize]> = tensors.into_iter().collect();
    let width = |name: &str| shapes.get(name)?.first().copied();
    let (mut widths, mut depths) = (Vec::new(), Vec::new());
    for stage in 1.. {
        let first = |block: usize| width(&format!("layer{stage}.{block}.conv1.weight"));
        let Some(found) = first(0) else { break };
        widths.push(found);
        depths.push((0..).take_while(|&block| first(block).is_some()).count());
    }
    let config = Config { stem: width("conv1.weight")?, widths, depths, ..Config::resnet50() };
    config.validate().is_ok().then_some(config)
}
