//! A classifier of real and swapped faces, trained for its tower: the other trainings start from it through `--visual`.

mod detector;
mod finish;
mod list;
mod sampling;
mod tower;

use anyhow::{Context, Result};
use dream_models::deep::methods::{Entry, Weights};

pub(crate) use sampling::balanced;

use crate::methods::{Goal, Method, Own};
use detector::{Detector, Sizes};
use tower::Tower;

pub use detector::KIND;
pub use list::{divide, is_fake, of_list, of_tree};

/// A detector for each tower, in the order in which programs list them.
const DETECTORS: [(&str, Method); 6] = [
    ("swin-v2", method("detector-swin-v2", |options| Box::new(Sizes::new(Tower::swin_v2, options)))),
    ("swin", method("detector-swin", |options| Box::new(Sizes::new(Tower::swin, options)))),
    ("convnext", method("detector-convnext", |options| Box::new(Sizes::new(Tower::convnext, options)))),
    (
        "convnext-xl",
        method("detector-convnext-xl", |options| Box::new(Sizes::new(Tower::convnext_xl, options))),
    ),
    ("resnet50", method("detector-resnet50", |options| Box::new(Sizes::new(Tower::resnet50, options)))),
    ("vgg16", method("detector-vgg16", |options| Box::new(Sizes::new(Tower::vgg16, options)))),
];

/// The tower where none is named.
pub const DEFAULT: &str = DETECTORS[0].0;

const fn method(name: &'static str, plan: crate::methods::PlanOf) -> Method {
    let load = Weights::Checkpoint(|checkpoint, dtype, device| {
        Ok(Box::new(Detector::load(checkpoint, dtype, device)?))
    });
    let entry = Entry { name, kind: KIND, title: "Detector", weights: load };
    let own = Own { loss: None, frames: 4, goal: Goal::Detection };
    Method::new(entry, "one of every N frames, real or fake", own, plan)
}

/// Names of the towers.
#[must_use]
pub fn names() -> Vec<&'static str> {
    DETECTORS.iter().map(|(name, _)| *name).collect()
}

/// The detector with a tower.
///
/// # Errors
/// For a name that is unknown, with those that are known.
pub fn by_name(name: &str) -> Result<Method> {
    let found = DETECTORS.iter().find(|(known, _)| *known == name).map(|(_, method)| *method);
    found.with_context(|| format!("no backbone {name}: there are {}", names().join(", ")))
}

#[cfg(test)]
mod tests {
    use dream_models::deep::candle_core::{DType, Device, Tensor};
    use dream_models::deep::input::FaceRule;
    use dream_models::deep::layers::is_running_statistic;
    use dream_models::deep::train::Params;
    use dream_models::deep::train::draws::Draws;

    use super::*;
    use crate::methods::{Batch, Joint, Text};
    use crate::options::of_words as options;
    use crate::recipe::Recipe;

    #[test]
    fn every_variable_of_every_detector_has_a_gradient() {
        for name in names() {
            let (method, options) = (by_name(name).unwrap(), options(""));
            let plan = method.plan(&options);
            let input = plan.input(6, FaceRule::Whole);
            let params = Params::seeded(5, DType::F32, &Device::Cpu);
            let network = plan.build(&params.builder(), &input).unwrap();
            plan.scale(&params).unwrap();
            let mut draws = Draws::new(3);
            let values: Vec<f32> =
                (0..4 * 3 * 64 * 64).map(|_| draws.below(4001) as f32 / 1000.0 - 2.0).collect();
            let batch = Batch {
                frames: Some(Tensor::from_vec(values, (2, 2, 3, 64, 64), &Device::Cpu).unwrap()),
                mos: Tensor::new(&[0.0_f32, 1.0], &Device::Cpu).unwrap(),
                draws: Vec::new(),
                text: Text::Nothing,
            };
            let terms = network.terms(&batch, Recipe::new(&options, &method).loss, Joint::default()).unwrap();
            let store = terms.total.backward().unwrap();
            for (variable, var) in params.named().iter().filter(|(name, _)| !is_running_statistic(name)) {
                let gradient = store.get(var).unwrap_or_else(|| panic!("{name}: {variable} has none"));
                let norm = gradient.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap();
                assert!(norm.is_finite() && norm > 0.0, "{name}: {variable} {norm}");
                assert!(variable.starts_with("visual.") || variable.starts_with("head."), "{variable}");
            }
            assert!(plan.last_layer().iter().all(|last| params.named().iter().any(|(name, _)| name == last)));
        }
    }

    #[test]
    fn large_towers_are_the_published_ones() {
        for (name, size, width) in [
            ("swin-v2", 256, 1536),
            ("swin", 384, 1536),
            ("convnext", 384, 768),
            ("convnext-xl", 384, 2048),
            ("resnet50", 224, 2048),
            ("vgg16", 224, 4096),
        ] {
            let plan = by_name(name).unwrap().plan(&options("--preset large"));
            assert_eq!(plan.input(6, FaceRule::Whole).pixels.size, size);
            let tower: Tower = serde_json::from_value(plan.config().unwrap()).unwrap();
            assert_eq!(tower.features(), width, "{name}");
        }
        assert!(by_name("nonesuch").unwrap_err().to_string().contains("swin-v2, swin, convnext"));
    }
}
