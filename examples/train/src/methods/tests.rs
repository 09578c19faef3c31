//! What holds for every method.

use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::input::FaceRule;
use dream_models::deep::train::Params;
use dream_models::deep::train::draws::Draws;

use super::*;
use crate::options::of_words as options;
use crate::recipe::Recipe;

/// Three videos of unlike frames; sentences where the network reads.
fn batch(plan: &dyn Plan, seed: u64) -> Batch {
    let input = plan.input(6, FaceRule::Whole);
    let (videos, side) = (3, input.pixels.size);
    let count = if let Taken::Clip(length) = plan.taken() { length } else { 2 };
    let mut draws = Draws::new(seed);
    let values: Vec<f32> =
        (0..videos * count * 3 * side * side).map(|_| draws.below(4001) as f32 / 1000.0 - 2.0).collect();
    let text = plan.tokens().map(|_| {
        let ids = [49406_u32, 320, 1125, 49407, 49406, 518, 2533, 49407, 49406, 320, 1929, 49407];
        (Tensor::new(&ids, &Device::Cpu).unwrap().reshape((3, 4)).unwrap(), vec![1; 3])
    });
    Batch {
        frames: Some(Tensor::from_vec(values, (videos, count, 3, side, side), &Device::Cpu).unwrap()),
        mos: Tensor::new(&[1.5_f32, 4.5, 2.5], &Device::Cpu).unwrap(),
        draws: (0..3).map(|clip| Draws::of(seed, &[clip])).collect(),
        text: text.map_or(Text::Nothing, |(ids, counts)| Text::Ids(ids, counts)),
    }
}

#[test]
fn every_variable_of_every_method_has_a_gradient() {
    for method in METHODS {
        let options = options("");
        let plan = method.plan(&options);
        let params = Params::seeded(5, DType::F32, &Device::Cpu);
        let input = plan.input(6, FaceRule::Whole);
        let network = plan.build(&params.builder(), &input).unwrap();
        plan.scale(&params).unwrap();
        let loss = Recipe::new(&options, method).loss;
        let terms =
            network.terms(&batch(&*plan, 1), loss, Joint { lambda: 0.2, ..Joint::default() }).unwrap();
        let store = terms.total.backward().unwrap();
        let named = params.named();
        assert!(plan.last_layer().iter().all(|last| named.iter().any(|(name, _)| name == last)));
        for (name, var) in &named {
            let gradient = store.get(var).unwrap_or_else(|| panic!("{}: {name} has none", method.entry.name));
            let norm = gradient.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(norm.is_finite() && norm > 0.0, "{}: {name} {norm}", method.entry.name);
        }
        // The lowest layer is the deepest, the head is the top.
        let depth = |part: &str| {
            let name = named.iter().map(|(name, _)| name).find(|name| name.contains(part));
            plan.depth_of(name.unwrap_or_else(|| panic!("no {part}")))
        };
        let lowest =
            if named.iter().any(|(name, _)| name.contains("patch_embed")) { "patch_embed" } else { "stem" };
        assert_eq!((depth(lowest), plan.depth_of(plan.last_layer()[0])), (4, 0), "{}", method.entry.name);
    }
}

/// What is dropped hangs on the batch alone.
#[test]
fn the_same_batch_has_the_same_loss() {
    for method in METHODS {
        let options = options("");
        let plan = method.plan(&options);
        let params = Params::seeded(5, DType::F32, &Device::Cpu);
        let network = plan.build(&params.builder(), &plan.input(6, FaceRule::Whole)).unwrap();
        plan.scale(&params).unwrap();
        let loss = |batch: &Batch| {
            let terms = network
                .terms(batch, Recipe::new(&options, method).loss, Joint { lambda: 0.2, ..Joint::default() })
                .unwrap();
            terms.total.to_scalar::<f32>().unwrap()
        };
        let (first, mut other) = (batch(&*plan, 1), batch(&*plan, 1));
        assert_eq!(loss(&first).to_bits(), loss(&other).to_bits());
        other.draws = (7..10).map(|clip| Draws::of(1, &[clip])).collect();
        let drops = method.entry.name == "unilj";
        assert_eq!(loss(&first) != loss(&other), drops, "{}", method.entry.name);
    }
}

#[test]
fn each_method_has_its_loss_and_its_frames() {
    let recipe = |name: &str, words: &str| {
        let recipe = Recipe::new(&options(words), &by_name(name).unwrap());
        (recipe.loss.name(), recipe.frames)
    };
    for (name, tiny, large, frames) in [
        ("da-clip", "mae-plcc-rank", "nin-kl", 4),
        ("opdai", "mae-plcc-rank", "nin-kl", 4),
        ("hust", "mae-plcc-rank", "mae-plcc-rank", 1),
        ("unilj", "rmse", "rmse", 4),
    ] {
        assert_eq!(recipe(name, ""), (tiny, frames));
        assert_eq!(recipe(name, "--preset large"), (large, frames));
        assert_eq!(recipe(name, "--loss mse --frames 3"), ("mse", 3));
    }
    assert_eq!(METHODS.len(), 4);
}

/// The sizes and the frames of the paper, which only the large preset has.
#[test]
fn the_large_networks_are_the_papers() {
    let large = options("--preset large");
    for (name, size, frames, plan) in [
        ("hust", "[96,192,384,768]", "centres:20", Taken::Drawn),
        ("unilj", "[256,512,1024,2048]", "clips:10x5/1", Taken::Clip(5)),
    ] {
        let sizes = by_name(name).unwrap().plan(&large);
        let input = sizes.input(6, FaceRule::default());
        assert_eq!((input.pixels.size, input.frames.to_string().as_str()), (384, frames));
        assert!(sizes.config().unwrap().to_string().contains(size));
        assert_eq!(sizes.taken(), plan);
        let square = matches!(&input.face, FaceRule::Face(config) if config.square);
        assert_eq!(square, name == "unilj");
    }
}
