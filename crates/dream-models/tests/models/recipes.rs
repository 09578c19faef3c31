//! What the embedded models say about their features, and how vectors of other recipes are refused.

use dream_models::Error;
use dream_models::regression::{Prediction, QualityModel};

const VIDEVAL60: &str = "extractor=videval60 version=1 ties=plain flat_areas=literal undefined=kept frames=own pooling=own \
                         pixels=color source=whole";
const BRISQUE: &str = "extractor=brisque version=1 flat_areas=snapped frames=per-second-1 pooling=mean pixels=luma source=whole";

/// A made-up row with the right names.
fn predict(model: &QualityModel, recipe: &str) -> Result<Prediction, Error> {
    model.predict((recipe, model.inputs(), &vec![0.3; model.inputs().len()][..]))
}

/// The keys that differ, and the message.
fn differences(model: &QualityModel, recipe: &str) -> (Vec<String>, String) {
    let error = predict(model, recipe).unwrap_err();
    let text = error.to_string();
    match error {
        Error::RecipeMismatch { differences, .. } => {
            (differences.into_iter().map(|difference| difference.key).collect(), text)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn embedded_models_take_vectors_of_their_recipes() {
    for (model, recipe) in
        [(QualityModel::embedded().unwrap(), VIDEVAL60), (QualityModel::embedded_brisque().unwrap(), BRISQUE)]
    {
        assert_eq!(model.recipe(), Some(recipe));
        let row = vec![0.3; model.inputs().len()];
        assert_eq!(predict(&model, recipe).unwrap(), model.predict_raw(&row).unwrap());
        assert_eq!(
            model.predict_at((recipe, model.inputs(), &row[..]), 0.5).unwrap(),
            model.predict_raw_at(&row, 0.5).unwrap()
        );
    }
}

#[test]
fn each_misuse_is_an_error_that_says_what_to_do() {
    let color = QualityModel::embedded().unwrap();
    let seconds = QualityModel::embedded_brisque().unwrap();
    for (model, from, to, remedy) in [
        (&color, "pixels=color", "pixels=luma", "push the chroma too"),
        (&color, "ties=plain", "ties=canonical", "`release()`"),
        (&color, "flat_areas=literal", "flat_areas=snapped", "`release()`"),
        (&color, "undefined=kept", "undefined=zero", "`release()`"),
        (&color, "source=whole", "source=thinned", "sampled twice"),
        (&seconds, "frames=per-second-1", "frames=all", "`Pooling::one_per_second`"),
        (&seconds, "source=whole", "source=thinned", "sampled twice"),
        (&seconds, "pixels=luma", "pixels=image-luma", "`Frame::with_studio_luma`"),
    ] {
        let recipe = model.recipe().unwrap().replace(from, to);
        let (keys, text) = differences(model, &recipe);
        assert_eq!(keys, [from.split('=').next().unwrap()], "{text}");
        assert!(text.contains(to) && text.contains(from) && text.contains(remedy), "{text}");
    }
    let (keys, text) = differences(&color, BRISQUE);
    assert_eq!(keys, ["extractor", "ties", "flat_areas", "undefined", "frames", "pooling", "pixels"]);
    assert!(text.contains("take a model of brisque, or extract videval60"), "{text}");
}

/// The recipe is the first check, then the names, then the row.
#[test]
fn names_are_checked_after_the_recipe() {
    let model = QualityModel::embedded_brisque().unwrap();
    let mut names = model.inputs().to_vec();
    names.swap(3, 7);
    let other = BRISQUE.replace("mean", "mean-std");
    let error = model.predict((&other[..], &names[..], &[0.3][..])).unwrap_err();
    assert!(matches!(error, Error::RecipeMismatch { .. }), "{error}");
    let error = model.predict((BRISQUE, &names[..], &[0.3][..])).unwrap_err();
    assert!(matches!(error, Error::LayoutMismatch { index: 3, .. }), "{error}");
    let error = model.predict((BRISQUE, model.inputs(), &[0.3][..])).unwrap_err();
    assert!(matches!(error, Error::LengthMismatch { expected: 36, found: 1, .. }), "{error}");
}

#[test]
fn one_image_has_the_weights_of_videos_and_a_recipe_of_its_own() {
    let videos = QualityModel::embedded_brisque().unwrap();
    let images = videos.clone().for_images().unwrap();
    let recipe = BRISQUE.replace("frames=per-second-1 pooling=mean", "frames=one pooling=none");
    assert_eq!(
        (images.recipe(), images.inputs()[1].as_str()),
        (Some(&recipe[..]), "brisque.s1.ggd.variance")
    );
    assert_eq!(images.inputs()[3], "brisque.s1.aggd_h.mean");
    let row = [0.4; 36];
    let found = images.predict((&recipe[..], images.inputs(), &row[..])).unwrap();
    assert_eq!(found, videos.predict_raw(&row).unwrap());
    // A vector of a video for the images, and of an image for the videos.
    let (keys, text) = differences(&images, BRISQUE);
    assert!(keys == ["frames", "pooling"] && text.contains("take the one for videos"), "{text}");
    let (keys, text) = differences(&videos, &recipe);
    assert!(keys == ["frames", "pooling"] && text.contains("`for_images`"), "{text}");
    let (keys, text) = differences(&images, &recipe.replace("=luma", "=image-luma"));
    assert!(keys == ["pixels"] && text.contains("`Frame::with_studio_luma`"), "{text}");
    // It is a model like any other, but not once more.
    assert_eq!(QualityModel::from_bytes(&images.to_bytes().unwrap()).unwrap(), images);
    for model in [images, QualityModel::embedded().unwrap()] {
        let error = model.for_images().unwrap_err();
        assert!(matches!(&error, Error::InvalidInput { argument: "model", .. }), "{error}");
    }
}
