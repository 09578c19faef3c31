//! Sessions own what they need, tell a running result, and can move to another thread.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::contract::{bits, clip, colour_frame, video_extractors};
use dream_features::tlvqm::TlvqmSession;
use dream_features::v_bliinds::VBliindsSession;
use dream_features::videval60::Videval60Session;
use dream_features::{
    Brisque, FeatureVector, Pooled, Pooling, Result, Sampling, Statistic, VideoFeatures, VideoSession,
    VideoSpec,
};

const SIZE: (usize, usize) = (98, 96);

/// The extractors of the contract, and poolings that it does not have.
fn extractors() -> Vec<Box<dyn VideoFeatures>> {
    let samplings = [Sampling::PerSecond { frames: 1.0 }, Sampling::Every { step: 3 }];
    let statistics = [Statistic::Mean, Statistic::MeanStd, Statistic::WindowedMeanStd];
    let poolings = samplings
        .into_iter()
        .flat_map(|sampling| statistics.into_iter().map(move |statistic| Pooling { sampling, statistic }));
    let pooled = poolings.map(|pooling| {
        let pooled = Pooled::new(Brisque::default(), pooling).unwrap();
        Box::new(pooled) as Box<dyn VideoFeatures>
    });
    video_extractors().into_iter().map(|(extractor, ..)| extractor).chain(pooled).collect()
}

fn push(session: &mut dyn VideoSession, planes: &[Vec<u8>; 3]) {
    if session.wants_next() {
        session.push(&colour_frame(planes, SIZE.0, SIZE.1)).unwrap();
    } else {
        session.skip();
    }
}

/// Bits of the values and all else, to compare without the rules of floating point.
fn all(result: Result<FeatureVector>) -> Result<(String, Vec<u64>, usize, u64, bool)> {
    let found = result?;
    let recipe = found.recipe().to_string();
    Ok((recipe, bits(found.values()), found.replaced(), found.frames(), found.short()))
}

#[test]
fn a_look_in_the_middle_is_the_end_there_and_changes_nothing() {
    let clip = clip(SIZE.0, SIZE.1, 14, "moving");
    let spec = VideoSpec::new(SIZE.0, SIZE.1, 4.0);
    for extractor in extractors() {
        let name = extractor.recipe().to_string();
        let ended = |count: usize| {
            let mut session = extractor.start(spec).unwrap();
            clip.iter().take(count).for_each(|planes| push(&mut *session, planes));
            all(session.finish())
        };
        let mut session = extractor.start(spec).unwrap();
        let mut defined = 0;
        for (count, planes) in clip.iter().enumerate() {
            let (now, again) = (all(session.peek()), all(session.peek()));
            assert_eq!(now, again, "{name} at {count}");
            assert_eq!(now, ended(count), "{name} at {count}");
            defined += usize::from(now.is_ok());
            push(&mut *session, planes);
        }
        assert!(defined > 3, "{name}");
        assert_eq!(all(session.finish()), ended(clip.len()), "{name}");
    }
}

#[test]
fn a_session_outlives_its_extractor_and_moves_to_another_thread() {
    let clip = clip(SIZE.0, SIZE.1, 14, "noise");
    let spec = VideoSpec::new(SIZE.0, SIZE.1, 4.0);
    for (place, extractor) in extractors().into_iter().enumerate() {
        let mut session = extractor.start(spec).unwrap();
        clip.iter().for_each(|planes| push(&mut *session, planes));
        let expected = all(session.finish());
        let mut session = extractor.start(spec).unwrap();
        drop(extractor);
        let (first, rest) = clip.split_at(place % clip.len());
        first.iter().for_each(|planes| push(&mut *session, planes));
        let rest = rest.to_vec();
        let moved = std::thread::spawn(move || {
            rest.iter().for_each(|planes| push(&mut *session, planes));
            all(session.finish())
        });
        assert_eq!(moved.join().unwrap(), expected);
    }
}

/// Compiles only where all of them are owned and can be sent.
#[test]
fn sessions_are_owned_and_can_be_sent() {
    const fn sent<T: Send + 'static + ?Sized>() {}
    const {
        sent::<dyn VideoSession>();
        sent::<Box<dyn VideoSession>>();
        sent::<TlvqmSession>();
        sent::<VBliindsSession>();
        sent::<Videval60Session>();
    }
}
