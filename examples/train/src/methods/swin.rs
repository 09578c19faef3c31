//! The visual tower that methods share: its sizes and its first values.

use anyhow::Result;
use dream_models::deep::backbones::swin_v2::Config;
use dream_models::deep::pretrained;
use dream_models::deep::train::{Params, first_values};

use super::method::MIDDLE;
use crate::options::{Options, Preset};
use crate::weights::Source;

/// The sizes of a preset.
pub(crate) fn config(preset: Preset) -> Config {
    match preset {
        Preset::Large => Config::large_w12to16_192to256(),
        Preset::Tiny => Config {
            embed_dim: 32,
            depths: vec![1, 1, 1],
            num_heads: vec![2, 4, 8],
            window_size: [4, 4],
            pretrained_window_sizes: vec![0; 3],
            // Small enough for all frames of a batch at once.
            images_per_pass: 64,
            windows_per_pass: 1024,
            ..Config::default()
        },
    }
}

/// Puts the published weights of the file that the options name, if any, under `visual`; a head that the file has is left
/// out. What was done to the names of the file, in lines.
pub(super) fn published(options: &Options, config: &Config, params: &Params) -> Result<Vec<String>> {
    let Some(source) = Source::of(options.visual_option, options.visual.as_ref()) else {
        return Ok(Vec::new());
    };
    let config = Config { num_classes: 0, ..config.clone() };
    source.put(params, "visual", |file| pretrained::swin_v2(file, &config))
}

/// First values for a narrow tower; scores, which have this bias, start at the middle grade.
pub(super) fn scale(params: &Params, heads: &[&str], bias: &str) -> Result<()> {
    Ok(first_values::scale_narrow(params, "visual", heads, (bias, MIDDLE))?)
}
