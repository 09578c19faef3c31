use std::collections::BTreeMap;

use super::{Config, DEPTHS};

/// A name that every VGG-16 has once, as each publisher spells it: with this crate's names, Caffe's, torchvision's.
pub(crate) const MARKS: [&str; 3] = ["conv_1_1.weight", "conv1_1.weight", "features.0.weight"];

/// Numbers of the convolutions in torchvision's list of layers, which also counts activations and pools.
const FEATURES: [usize; 13] = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28];

/// This crate's name for a tensor of a file, or `None` for one of the last layer.
pub(crate) fn ours(name: &str) -> Option<String> {
    let (layer, kind) = name.rsplit_once('.').unwrap_or((name, ""));
    let layer = match layer {
        "fc8" | "classifier.6" => return None,
        "classifier.0" => "fc6".to_owned(),
        "classifier.3" => "fc7".to_owned(),
        _ => convolution(layer)?,
    };
    Some(format!("{layer}.{kind}"))
}

/// `conv_2_1` for `conv2_1` and `features.5`; another layer keeps its name.
fn convolution(layer: &str) -> Option<String> {
    let number = layer.strip_prefix("features.").and_then(|number| number.parse::<usize>().ok());
    if let Some(at) = number.and_then(|number| FEATURES.iter().position(|n| *n == number)) {
        let names = (1..).zip(DEPTHS).flat_map(|(block, depth)| (1..=depth).map(move |conv| (block, conv)));
        return names.map(|(block, conv)| format!("conv_{block}_{conv}")).nth(at);
    }
    let place = layer.strip_prefix("conv").filter(|place| place.starts_with(|c: char| c.is_ascii_digit()));
    Some(place.map_or_else(|| layer.to_owned(), |place| format!("conv_{place}")))
}

/// Widths of the VGG-16 whose tensors these are, in words; `None` where they are of another network.
pub(crate) fn sizes<'a>(names: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> Option<String> {
    let (mut first, mut last, mut deep) = (None, None, false);
    for (name, shape) in names {
        match ours(name).as_deref() {
            Some("conv_1_1.weight") => first = shape.first(),
            Some("conv_5_3.weight") => deep = true,
            Some("fc7.weight") => last = shape.first(),
            _ => {}
        }
    }
    first.zip(last).filter(|_| deep).map(|(first, last)| format!("of width {first} with {last} features"))
}

/// The configuration of the network whose tensors these are, by their shapes; `None` where they are of another build.
pub(crate) fn config_of<'a>(tensors: impl IntoIterator<Item = (&'a str, &'a [usize])>) -> Option<Config> {
    let shapes: BTreeMap<String, &[usize]> =
        tensors.into_iter().filter_map(|(name, shape)| Some((ours(name)?, shape))).collect();
    let mut widths = [0; DEPTHS.len()];
    for (block, width) in (1..).zip(&mut widths) {
        *width = *shapes.get(&format!("conv_{block}_1.weight"))?.first()?;
    }
    let &[features, inputs] = *shapes.get("fc6.weight")? else { return None };
    let side = inputs.checked_div(*widths.last()?)?.isqrt();
    let config = Config { image_size: side.checked_mul(32)?, widths, features, ..Config::vgg_face() };
    config.validate().is_ok().then_some(config)
}
