//! The ConvNeXt tower of HUST and UNILJ: its sizes and its first values.

use anyhow::Result;
use dream_models::deep::backbones::convnext::Config;
use dream_models::deep::input::Input;
use dream_models::deep::pretrained;
use dream_models::deep::train::{Params, first_values};
use dream_models::preprocess::Preprocess;

use super::method::MIDDLE;
use crate::options::{Options, Preset};
use crate::weights::Source;

/// The side of the frames of the tiny preset, in pixels.
const TINY: usize = 64;

/// The sizes of a preset; `large` is the paper's.
pub(crate) fn config(preset: Preset, large: fn() -> Config) -> Config {
    match preset {
        Preset::Large => large(),
        Preset::Tiny => Config {
            depths: vec![1, 1, 1],
            dims: vec![32, 64, 128],
            // Small enough for all frames of a batch at once.
            images_per_pass: 64,
            ..Config::default()
        },
    }
}

/// The network's input with frames of the size of the preset: the tower takes any.
pub(super) fn sized(input: Input, preset: Preset) -> Input {
    match preset {
        Preset::Large => input,
        Preset::Tiny => Input { pixels: Preprocess { size: TINY, ..input.pixels }, ..input },
    }
}

/// Puts the published weights of the file that the options name, if any, under `prefix`, which may be empty; a head that the
/// file has is left out. What was done to the names of the file, in lines.
pub(super) fn published(
    options: &Options,
    prefix: &str,
    config: &Config,
    params: &Params,
) -> Result<Vec<String>> {
    let Some(source) = Source::of(options.visual_option, options.visual.as_ref()) else {
        return Ok(Vec::new());
    };
    let config = Config { num_classes: 0, ..config.clone() };
    source.put(params, prefix, |file| pretrained::convnext(file, &config))
}

/// First values for a narrow tower, whose names begin with `prefix`; scores, which have this bias, start at the middle grade.
pub(super) fn scale(params: &Params, prefix: &str, bias: &str) -> Result<()> {
    Ok(first_values::scale_narrow_convnext(params, prefix, (bias, MIDDLE))?)
}
