use std::collections::{BTreeMap, BTreeSet};

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
