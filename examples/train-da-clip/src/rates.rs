//! Learning rates: over time, over layers, and of what stays as it is.

use std::f64::consts::PI;

use crate::args::Schedule;
use dream_models::deep::methods::da_clip::Config;

/// Factor of the learning rate before step `step` of `total`, the first `rise` of which lead up to it.
pub(crate) fn course(schedule: Schedule, rise: usize, step: usize, total: usize) -> f64 {
    let risen = (step + 1) as f64 / rise.max(1) as f64;
    risen.min(1.0)
        * match schedule {
            Schedule::Constant => 1.0,
            Schedule::Cosine => 0.5 + 0.5 * (PI * step as f64 / total.max(1) as f64).cos(),
        }
}

/// Layers between a parameter and the top of its tower. Heads are the top.
pub(crate) fn below_top(name: &str, config: &Config) -> u32 {
    let number =
        |prefix: &str| -> Option<usize> { name.split_once(prefix)?.1.split('.').next()?.parse().ok() };
    let depth = |at: usize, all: usize| u32::try_from(all.saturating_sub(at)).unwrap_or(u32::MAX);
    if name.starts_with("visual.") {
        let all: usize = config.visual.depths.iter().sum();
        if let Some(stage) = number("visual.layers.") {
            let before: usize = config.visual.depths.iter().take(stage).sum();
            return depth(before + number(".blocks.").unwrap_or(0), all);
        }
        return if name.starts_with("visual.patch_embed") { depth(0, all + 1) } else { 0 };
    }
    let all = config.text.as_ref().map_or(0, |text| text.num_hidden_layers);
    if let Some(layer) = number("encoder.layers.") {
        return depth(layer, all);
    }
    if name.contains("embedding") { depth(0, all + 1) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_count_from_the_top() {
        let config = Config::paper();
        for (name, expected) in [
            ("regressor.weight", 0),
            ("visual.norm.weight", 0),
            ("visual.layers.3.blocks.1.mlp.fc1.weight", 1),
            ("visual.layers.3.downsample.norm.weight", 2),
            ("visual.layers.0.blocks.0.attn.qkv.weight", 24),
            ("visual.patch_embed.proj.weight", 25),
            ("text.text_model.encoder.layers.11.mlp.fc1.weight", 1),
            ("text.text_model.embeddings.token_embedding.weight", 13),
            ("text.text_projection.weight", 0),
        ] {
            assert_eq!(below_top(name, &config), expected, "{name}");
        }
    }

    #[test]
    fn the_cosine_ends_at_nothing() {
        assert_eq!(course(Schedule::Cosine, 0, 0, 10), 1.0);
        assert!(course(Schedule::Cosine, 0, 5, 10) < 0.51 && course(Schedule::Cosine, 0, 10, 10) < 1e-12);
        assert_eq!([0, 1, 2].map(|step| course(Schedule::Constant, 2, step, 10)), [0.5, 1.0, 1.0]);
    }
}
