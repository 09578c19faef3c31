//! Random images and videos of random size: finite or a typed error, never a panic, and the same whatever came before.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "tests")]

use dream_features::rapique::Rapique;
use dream_features::tlvqm::Tlvqm;
use dream_features::v_bliinds::VBliinds;
use dream_features::videval60::Videval60;
use dream_features::{
    Brisque, Error, Frame, GmLog, Higrade, ImageFeatures, LumaView, Pooled, Pooling, RgbView, Sampling,
    Statistic, VideoFeatures, VideoSpec, Workspace,
};
use proptest::prelude::*;

fn image() -> impl Strategy<Value = (usize, usize, Vec<u8>)> {
    (1usize..40, 1usize..40).prop_flat_map(|(width, height)| {
        let all = prop::collection::vec(any::<u8>(), width * height * 3);
        let few = prop::collection::vec(prop::sample::select(vec![0u8, 1, 254, 255]), width * height * 3);
        let one = any::<u8>().prop_map(move |v| vec![v; width * height * 3]);
        (Just(width), Just(height), prop_oneof![all, few, one])
    })
}

fn frames<'a>(width: usize, height: usize, data: &'a [u8]) -> [Frame<'a>; 2] {
    [
        Frame::from_luma(LumaView::new(data, width, height, width).unwrap()),
        Frame::from_rgb(RgbView::new(data, width, height, 3 * width).unwrap()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn images((width, height, data) in image()) {
        let extractors: [Box<dyn ImageFeatures>; 3] =
            [Box::new(Brisque::default()), Box::new(GmLog), Box::new(Higrade)];
        for extractor in &extractors {
            let mut used = Workspace::new();
            for frame in frames(width, height, &data) {
                let features = extractor.extract(&frame).unwrap();
                prop_assert!(features.values().iter().all(|v| v.is_finite()));
                let mut raw = vec![0.0; features.values().len()];
                extractor.extract_into(&frame, &mut used, &mut raw).unwrap();
                let undefined = raw.iter().filter(|v| !v.is_finite()).count();
                prop_assert_eq!(undefined, features.replaced());
                for (raw, value) in raw.iter().zip(features.values()) {
                    prop_assert!(!raw.is_finite() || raw.to_bits() == value.to_bits());
                }
            }
        }
    }

    #[test]
    fn videos(
        (width, height, data) in image(),
        large in any::<bool>(),
        count in 0usize..14,
        rate in prop_oneof![Just(0.4), 1.0..12.0],
        step in 1u64..4,
    ) {
        // TLVQM and VIDEVAL-60 need 64x64.
        let (width, height) = if large { (width + 64, height + 64) } else { (width, height) };
        let data: Vec<u8> = data.iter().copied().cycle().take(width * height * 3).collect();
        let pooling = Pooling { sampling: Sampling::Every { step }, statistic: Statistic::WindowedMeanStd };
        let extractors: [Box<dyn VideoFeatures>; 6] = [
            Box::new(Pooled::new(Brisque::default(), pooling).unwrap()),
            Box::new(Pooled::new(GmLog, Pooling::starter_kit()).unwrap()),
            Box::new(Tlvqm::default()),
            Box::new(VBliinds::default()),
            Box::new(Videval60::default()),
            Box::new(Rapique::default()),
        ];
        for extractor in &extractors {
            let mut session = match extractor.start(VideoSpec::new(width, height, rate)) {
                Ok(session) => session,
                Err(error) => {
                    prop_assert!(!large && matches!(error, Error::TooSmall { .. }), "{}", error);
                    continue;
                }
            };
            for t in 0..count {
                let frame = frames(width, height, &data)[t % 2];
                if session.wants_next() { session.push(&frame).unwrap() } else { session.skip() }
            }
            match session.finish() {
                Ok(features) => prop_assert!(features.values().iter().all(|v| v.is_finite())),
                Err(error) => {
                    let short = matches!(error, Error::TooFewFrames { min, .. } if min > count as u64);
                    prop_assert!(short, "{}", error);
                }
            }
        }
    }
}
