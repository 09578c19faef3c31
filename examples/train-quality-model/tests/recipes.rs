//! Vectors of dream-features meet the models of dream-models: what fits is scored, and every way to make them otherwise is
//! an error that says what differs.
#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation, reason = "tests")]

use dream_features::nss::FlatAreas;
use dream_features::tlvqm::Ties;
use dream_features::videval60::Videval60;
use dream_features::{
    Brisque, FeatureVector, Frame, ImageFeatures, Pooled, Pooling, Sampling, Statistic, VideoFeatures,
    VideoSpec,
};
use dream_models::Error;
use dream_models::regression::QualityModel;

const WIDTH: usize = 80;
const HEIGHT: usize = 64;

/// Two seconds of a moving texture in colour.
fn features(extractor: &dyn VideoFeatures, spec: VideoSpec, color: bool) -> FeatureVector {
    let mut session = extractor.start(spec).unwrap();
    for t in 0..16usize {
        let luma: Vec<u8> = (0..WIDTH * HEIGHT)
            .map(|i| {
                let (x, y) = (i % WIDTH + t, i / WIDTH);
                ((x * x / 7 + x * y / 3 + y * y / 5) % 97 + (x / 16 + y / 12) % 2 * 60 + 50) as u8
            })
            .collect();
        let chroma: Vec<u8> =
            (0..WIDTH * HEIGHT / 4).map(|i| (100 + (i % 40 + t) * (i / 40 + 3) % 61) as u8).collect();
        let chroma = (&chroma[..], WIDTH / 2, HEIGHT / 2, WIDTH / 2);
        let luma = (&luma[..], WIDTH, HEIGHT, WIDTH);
        let frame = if color { Frame::yuv420(luma, chroma, chroma) } else { Frame::luma(luma) };
        if session.wants_next() {
            session.push(&frame.unwrap()).unwrap();
        } else {
            session.skip();
        }
    }
    session.finish().unwrap()
}

fn spec() -> VideoSpec {
    VideoSpec::new(WIDTH, HEIGHT, 8.0)
}

fn brisque(pooling: Pooling) -> Pooled<Brisque> {
    Pooled::new(Brisque::default(), pooling).unwrap()
}

/// The keys that differ, and the message.
fn refused(model: &QualityModel, vector: &FeatureVector) -> (Vec<String>, String) {
    let error = model.predict(vector).unwrap_err();
    let text = error.to_string();
    match error {
        Error::RecipeMismatch { differences, .. } => {
            (differences.into_iter().map(|difference| difference.key).collect(), text)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn vectors_made_as_in_the_training_are_scored() {
    let (color, seconds) = (QualityModel::embedded().unwrap(), QualityModel::embedded_brisque().unwrap());
    for (model, vector) in [
        (color, features(&Videval60::release(), spec(), true)),
        (seconds, features(&brisque(Pooling::one_per_second()), spec(), true)),
    ] {
        assert_eq!(model.recipe(), Some(vector.recipe().as_str()));
        let found = model.predict(&vector).unwrap();
        assert_eq!(found, model.predict_raw(vector.values()).unwrap());
    }
    // Luma is all that BRISQUE looks at.
    let gray = features(&brisque(Pooling::one_per_second()), spec(), false);
    QualityModel::embedded_brisque().unwrap().predict(&gray).unwrap();
}

#[test]
fn luma_is_nothing_for_a_model_of_colour() {
    let model = QualityModel::embedded().unwrap();
    let (keys, text) = refused(&model, &features(&Videval60::release(), spec(), false));
    assert!(keys == ["pixels"] && text.contains("made with pixels=luma, but"), "{text}");
    assert!(text.contains("trained on pixels=color") && text.contains("push the chroma too"), "{text}");
}

#[test]
fn every_frame_is_not_one_a_second() {
    let model = QualityModel::embedded_brisque().unwrap();
    let all = Pooling { sampling: Sampling::Every { step: 1 }, statistic: Statistic::Mean };
    let (keys, text) = refused(&model, &features(&brisque(all), spec(), true));
    assert!(
        keys == ["frames"] && text.contains("frames=all, but the model was trained on frames=per-second-1"),
        "{text}"
    );
}

/// One frame a second of a source that gives one frame a second already: other frames than in the training.
#[test]
fn a_video_that_is_sampled_twice_is_refused() {
    let model = QualityModel::embedded_brisque().unwrap();
    let thinned = VideoSpec::new(WIDTH, HEIGHT, 1.0).with_thinned(true);
    let (keys, text) = refused(&model, &features(&brisque(Pooling::one_per_second()), thinned, true));
    assert!(keys == ["source"] && text.contains("sampled twice"), "{text}");
    // An extractor of motion does not even start.
    assert!(Videval60::release().start(spec().with_thinned(true)).is_err());
}

#[test]
fn each_option_of_the_extractor_counts() {
    let model = QualityModel::embedded().unwrap();
    let release = Videval60::release();
    for (extractor, key) in [
        (Videval60 { ties: Ties::Canonical, ..release }, "ties"),
        (Videval60 { flat_areas: FlatAreas::Snapped, ..release }, "flat_areas"),
        (Videval60 { keep_undefined: false, ..release }, "undefined"),
    ] {
        let (keys, text) = refused(&model, &features(&extractor, spec(), true));
        assert!(keys == [key] && text.contains("`release()`"), "{text}");
    }
    let (keys, _) = refused(&model, &features(&Videval60::default(), spec(), true));
    assert_eq!(keys, ["ties", "flat_areas", "undefined"]);
    let literal = Brisque { flat_areas: FlatAreas::Literal };
    let literal = Pooled::new(literal, Pooling::one_per_second()).unwrap();
    let (keys, _) = refused(&QualityModel::embedded_brisque().unwrap(), &features(&literal, spec(), true));
    assert_eq!(keys, ["flat_areas"]);
}

#[test]
fn columns_in_another_order_are_refused() {
    let model = QualityModel::embedded().unwrap();
    let vector = features(&Videval60::release(), spec(), true);
    let (mut names, mut values) = (vector.layout().names().to_vec(), vector.values().to_vec());
    names.swap(3, 8);
    values.swap(3, 8);
    let error = model.predict((vector.recipe().as_str(), &names[..], &values[..])).unwrap_err();
    assert!(matches!(error, Error::LayoutMismatch { index: 3, .. }), "{error}");
}

#[test]
fn one_image_goes_to_the_model_for_images() {
    let videos = QualityModel::embedded_brisque().unwrap();
    let images = videos.clone().for_images().unwrap();
    let rgb: Vec<u8> = (0..WIDTH * HEIGHT * 3).map(|i| ((i * i / 97 + i * 31) % 256) as u8).collect();
    let frame = || Frame::rgb((&rgb, WIDTH, HEIGHT, WIDTH * 3)).unwrap();
    let image = Brisque::default().extract(&frame().with_studio_luma()).unwrap();
    assert_eq!(images.recipe(), Some(image.recipe().as_str()));
    let found = images.predict(&image).unwrap();

    // A video of one frame has the same score.
    let one = Pooling { sampling: Sampling::Every { step: 1 }, statistic: Statistic::Mean };
    let mut session = brisque(one).start(VideoSpec::new(WIDTH, HEIGHT, 1.0)).unwrap();
    session.push(&frame().with_studio_luma()).unwrap();
    assert_eq!(videos.predict_raw(session.finish().unwrap().values()).unwrap(), found);

    let (keys, text) = refused(&videos, &image);
    assert!(keys == ["frames", "pooling"] && text.contains("`for_images`"), "{text}");
    let (keys, text) = refused(&images, &Brisque::default().extract(&frame()).unwrap());
    assert!(
        keys == ["pixels"]
            && text.contains("pixels=image-luma")
            && text.contains("`Frame::with_studio_luma`"),
        "{text}"
    );
}
