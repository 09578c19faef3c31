//! What feature vectors say about how they were made.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::contract::{bits, clip, colour_frame, noise};
use dream_features::nss::FlatAreas;
use dream_features::rapique::Rapique;
use dream_features::tlvqm::{Ties, Tlvqm};
use dream_features::v_bliinds::VBliinds;
use dream_features::videval60::Videval60;
use dream_features::{
    Brisque, CodeScale, Concat, FeatureVector, Frame, GmLog, Higrade, ImageFeatures, Luma16View, Pooled,
    Pooling, Recipe, Sampling, Statistic, VideoFeatures, VideoSpec, videval,
};

const SIZE: (usize, usize) = (66, 64);

/// The vector of a short clip in colour.
fn of(extractor: &dyn VideoFeatures, spec: VideoSpec) -> FeatureVector {
    let mut session = extractor.start(spec).unwrap();
    for planes in clip(SIZE.0, SIZE.1, 14, "moving") {
        session.push(&colour_frame(&planes, SIZE.0, SIZE.1)).unwrap();
    }
    session.finish().unwrap()
}

fn spec() -> VideoSpec {
    VideoSpec::new(SIZE.0, SIZE.1, 4.0)
}

/// The texts are promised: models state them. A change of one is a new version of the extractor, or breaks models.
#[test]
fn each_extractor_says_all_its_options() {
    let literal = Brisque { flat_areas: FlatAreas::Literal };
    let every = |step| Pooling { sampling: Sampling::Every { step }, statistic: Statistic::MeanStd };
    let often = Pooling { sampling: Sampling::PerSecond { frames: 0.5 }, statistic: Statistic::Mean };
    let kept = VBliinds { flat_areas: FlatAreas::Literal, keep_undefined: true };
    let cases: [(Box<dyn VideoFeatures>, &str); 14] = [
        (
            Box::new(Pooled::new(Brisque::default(), Pooling::one_per_second()).unwrap()),
            "extractor=brisque version=1 flat_areas=snapped frames=per-second-1 pooling=mean pixels=luma source=whole",
        ),
        (
            Box::new(Pooled::new(literal, every(1)).unwrap()),
            "extractor=brisque version=1 flat_areas=literal frames=all pooling=mean-std pixels=luma source=whole",
        ),
        (
            Box::new(Pooled::new(GmLog, every(7)).unwrap()),
            "extractor=gm-log version=1 frames=every-7 pooling=mean-std pixels=luma source=whole",
        ),
        (
            Box::new(Pooled::new(Higrade, often).unwrap()),
            "extractor=higrade version=1 frames=per-second-0.5 pooling=mean pixels=color source=whole",
        ),
        (
            Box::new(Pooled::new(Higrade, Pooling::feature_fusion()).unwrap()),
            "extractor=higrade version=1 frames=feature-fusion pooling=windowed-mean-std pixels=color source=whole",
        ),
        (
            Box::new(Tlvqm::default()),
            "extractor=tlvqm version=1 ties=canonical frames=own pooling=own pixels=color source=whole",
        ),
        (
            Box::new(Tlvqm { ties: Ties::Plain }),
            "extractor=tlvqm version=1 ties=plain frames=own pooling=own pixels=color source=whole",
        ),
        (
            Box::new(VBliinds::default()),
            "extractor=v-bliinds version=1 flat_areas=snapped undefined=zero frames=own pooling=own pixels=luma \
             source=whole",
        ),
        (
            Box::new(kept),
            "extractor=v-bliinds version=1 flat_areas=literal undefined=kept frames=own pooling=own pixels=luma \
             source=whole",
        ),
        (
            Box::new(Rapique::default()),
            "extractor=rapique version=1 short_side=512 undefined=zero frames=own pooling=own pixels=color \
             source=whole",
        ),
        (
            Box::new(Videval60::default()),
            "extractor=videval60 version=1 ties=canonical flat_areas=snapped undefined=zero frames=own pooling=own \
             pixels=color source=whole",
        ),
        (
            Box::new(Videval60::release()),
            "extractor=videval60 version=1 ties=plain flat_areas=literal undefined=kept frames=own pooling=own \
             pixels=color source=whole",
        ),
        (
            Box::new(
                Concat::new(vec![
                    Box::new(Pooled::new(GmLog, every(1)).unwrap()),
                    Box::new(Tlvqm::default()),
                ])
                .unwrap(),
            ),
            "extractor=concat version=1 \
             parts=gm-log/1(frames:all,pooling:mean-std)+tlvqm/1(ties:canonical,frames:own,pooling:own) \
             frames=own pooling=own pixels=luma+color source=whole",
        ),
        (
            Box::new(videval().unwrap()),
            "extractor=concat version=1 \
             parts=brisque/1(flat_areas:snapped,frames:feature-fusion,pooling:windowed-mean-std)\
             +gm-log/1(frames:feature-fusion,pooling:windowed-mean-std)\
             +higrade/1(frames:feature-fusion,pooling:windowed-mean-std)\
             +tlvqm/1(ties:canonical,frames:own,pooling:own)\
             +v-bliinds/1(flat_areas:snapped,undefined:zero,frames:own,pooling:own) \
             frames=own pooling=own pixels=luma+color source=whole",
        ),
    ];
    for (extractor, expected) in cases {
        let found = of(&*extractor, spec());
        assert_eq!(found.recipe().as_str(), expected);
        assert_eq!(expected.parse::<Recipe>().unwrap(), *found.recipe());
        let (recipe, names, values): (&str, &[String], &[f64]) = (&found).into();
        assert_eq!((recipe, names), (expected, extractor.layout().names()));
        assert_eq!(bits(values), bits(found.values()));
        // What is known before the first frame is the same but for the frames.
        let known = extractor.recipe();
        let left: Vec<&str> = known.differences(found.recipe()).iter().map(|found| found.key).collect();
        assert_eq!(left, ["pixels", "source"]);
    }
}

/// Frames of one size in every form, and what a reader of luma and one of colour say about them.
#[test]
fn pixels_are_what_was_pushed() {
    let (width, height) = SIZE;
    let planes = clip(width, height, 1, "moving").remove(0);
    let (luma, rgb) = (&planes[0], noise(3 * width * height, 5));
    let codes: Vec<u16> = luma.iter().map(|&code| u16::from(code) << 2).collect();
    let deep = Luma16View::new(&codes, width, height, width, 10, CodeScale::Video).unwrap();
    let rgb = Frame::rgb((&rgb, width, height, 3 * width)).unwrap();
    let frames = [
        (Frame::luma((luma, width, height, width)).unwrap(), "luma", "luma"),
        (Frame::from_luma16(deep), "luma", "luma"),
        (colour_frame(&planes, width, height), "luma", "color"),
        (rgb, "image-luma", "rgb"),
        (rgb.with_studio_luma(), "luma", "rgb"),
        (rgb.with_studio_luma().crop(0, 0, width, height).unwrap(), "luma", "rgb"),
    ];
    let every = Pooling { sampling: Sampling::Every { step: 1 }, statistic: Statistic::Mean };
    let brisque = Pooled::new(Brisque::default(), every).unwrap();
    let higrade = Pooled::new(Higrade, every).unwrap();
    let said = |extractor: &dyn VideoFeatures, frames: &[Frame<'_>]| {
        let mut session = extractor.start(spec()).unwrap();
        for frame in frames.iter().cycle().take(8) {
            session.push(frame).unwrap();
        }
        session.finish().unwrap().recipe().get("pixels").unwrap().to_owned()
    };
    for (frame, luma, color) in frames {
        for extractor in [&brisque as &dyn VideoFeatures, &VBliinds::default()] {
            assert_eq!(said(extractor, &[frame]), luma);
        }
        for extractor in [&higrade as &dyn VideoFeatures, &Tlvqm::default(), &Videval60::default()] {
            assert_eq!(said(extractor, &[frame]), color);
        }
        let image = "frames=one pooling=none";
        let found = Brisque::default().extract(&frame).unwrap();
        let expected =
            format!("extractor=brisque version=1 flat_areas=snapped {image} pixels={luma} source=whole");
        assert_eq!(found.recipe().as_str(), expected);
        let found = Higrade.extract(&frame).unwrap();
        assert_eq!(
            found.recipe().as_str(),
            format!("extractor=higrade version=1 {image} pixels={color} source=whole")
        );
    }
    let [gray, _, yuv, rgb, studio, _] = frames.map(|(frame, ..)| frame);
    assert_eq!(said(&higrade, &[yuv, gray]), "mixed");
    assert_eq!(said(&brisque, &[yuv, gray, studio]), "luma", "the same to it");
    assert_eq!(said(&brisque, &[yuv, yuv, rgb]), "mixed");
    let both = Concat::new(vec![Box::new(higrade), Box::new(brisque)]).unwrap();
    assert_eq!(said(&both, &[yuv]), "color+luma");
    assert_eq!(said(&both, &[gray]), "luma");
    assert_eq!(said(&both, &[rgb]), "rgb+image-luma");
    assert_eq!(said(&both, &[yuv, gray]), "mixed+luma");
}

#[test]
fn a_thinned_source_is_in_the_recipe_and_an_own_rate_is_not() {
    let pooled = Pooled::new(Brisque::default(), Pooling::one_per_second()).unwrap();
    let whole = of(&pooled, spec());
    let thinned = of(&pooled, spec().with_thinned(true));
    let differences = whole.recipe().differences(thinned.recipe());
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].to_string(), "source is whole, not thinned");
    assert_eq!(whole.values(), thinned.values());
    let slower = VideoSpec { frames_per_second: 3.0, ..spec() }.with_frames(Some(14));
    assert_eq!(of(&pooled, slower).recipe(), whole.recipe());
}
