//! Frames that are left out, times that do not fit, sources that are thinned: errors that say what to do.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::contract::{clip, colour_frame, frame, video_extractors};
use dream_features::{
    Brisque, Concat, Error, FeatureVector, Pooled, Pooling, Sampling, Statistic, VideoFeatures, VideoSession,
    VideoSpec,
};

fn brisque(sampling: Sampling) -> Pooled<Brisque> {
    Pooled::new(Brisque::default(), Pooling { sampling, statistic: Statistic::Mean }).unwrap()
}

/// A luma extractor that looks at one frame of ten.
fn sparse() -> Pooled<Brisque> {
    brisque(Sampling::Every { step: 10 })
}

fn spec(frames: u64) -> VideoSpec {
    VideoSpec::new(12, 10, 25.0).with_frames(Some(frames))
}

/// Sends `count` frames, of which those that `pushed` tells are pushed and the others left out, or skipped.
fn send(
    session: &mut dyn VideoSession,
    count: u64,
    pushed: impl Fn(u64, bool) -> bool,
    skipped: bool,
) -> Result<(), Error> {
    let pixels: Vec<u8> = (0..120).map(|i| i * 2).collect();
    for index in 0..count {
        if pushed(index, session.wants_next()) {
            session.push(&frame(&pixels, 12, 10, 12))?;
        } else if skipped {
            session.skip();
        }
    }
    Ok(())
}

#[test]
fn every_second_frame_alone_is_an_error_where_the_number_is_known() {
    let run = |spec: VideoSpec, skipped: bool| -> Result<FeatureVector, Error> {
        let mut session = sparse().start(spec)?;
        send(&mut *session, 100, |index, wanted| index % 2 == 0 || skipped && wanted, skipped)?;
        session.peek()?;
        session.finish()
    };
    assert!(run(spec(100), true).is_ok(), "the others were skipped");
    assert!(run(spec(100).with_frames(None), false).is_ok(), "nobody can know");
    let error = run(spec(100), false).unwrap_err();
    assert_eq!(error, Error::FramesMissing { expected: 100, found: 50 });
    for remedy in ["50 of 100", "`skip`", "`frames`"] {
        assert!(error.to_string().contains(remedy), "{error}");
    }
}

#[test]
fn three_quarters_of_the_frames_are_enough() {
    for (promised, sent, fails) in [
        (100, 75, false),
        (100, 74, true),
        (7, 6, false),
        (7, 5, true),
        (1, 1, false),
        (0, 1, false),
        (10, 30, false),
    ] {
        let mut session = sparse().start(spec(promised)).unwrap();
        send(&mut *session, sent, |_, _| true, false).unwrap();
        let expected = fails.then_some(Error::FramesMissing { expected: promised, found: sent });
        assert_eq!(session.finish().err(), expected, "{sent} of {promised}");
    }
    let mut session = sparse().start(spec(u64::MAX)).unwrap();
    send(&mut *session, 3, |_, _| true, false).unwrap();
    assert_eq!(session.finish().err(), Some(Error::FramesMissing { expected: u64::MAX, found: 3 }));
}

/// Extractors of consecutive frames ignore skipped ones, so a video of which every second is skipped would be another.
#[test]
fn skipping_wanted_frames_is_an_error_where_it_is_more_than_damage() {
    let (width, height) = (64, 64);
    let clip = clip(width, height, 24, "moving");
    let every = Concat::new(vec![Box::new(brisque(Sampling::Every { step: 1 }))]).unwrap();
    let all: Vec<Box<dyn VideoFeatures>> = vec![
        Box::new(dream_features::tlvqm::Tlvqm::default()),
        Box::new(dream_features::v_bliinds::VBliinds::default()),
        Box::new(dream_features::videval60::Videval60::default()),
        Box::new(every),
    ];
    for extractor in all {
        let run = |skipped: fn(usize) -> bool| {
            let mut session = extractor.start(VideoSpec::new(width, height, 4.0)).unwrap();
            for (index, planes) in clip.iter().enumerate() {
                assert!(session.wants_next());
                if skipped(index) {
                    session.skip();
                } else {
                    session.push(&colour_frame(planes, width, height)).unwrap();
                }
            }
            session.finish()
        };
        assert!(run(|index| index % 5 == 3).is_ok(), "a fifth is missing");
        assert!(run(|index| index < 3).is_ok());
        let error = run(|index| index % 2 == 1).unwrap_err();
        assert_eq!(error, Error::FramesMissing { expected: 24, found: 12 });
    }
}

#[test]
fn waiting_for_a_wanted_frame_without_skipping_is_an_error() {
    let joined = Concat::new(vec![Box::new(sparse())]).unwrap();
    for extractor in [&sparse() as &dyn VideoFeatures, &joined] {
        let start = || extractor.start(spec(0)).unwrap();
        let mut session = start();
        send(&mut *session, 60, |_, wanted| wanted, false).unwrap();
        assert!(session.peek().is_ok());
        let error = session.finish().unwrap_err();
        assert_eq!(error, Error::NotSkipped { asked: 59, found: 1 });
        assert!(error.to_string().contains("call `skip`"), "{error}");

        let mut session = start();
        send(&mut *session, 60, |_, wanted| wanted, true).unwrap();
        for _ in 0..16 {
            session.wants_next(); // somebody asks a few times more, and there is no frame left
        }
        assert_eq!(session.finish().unwrap().frames(), 6);
    }
}

#[test]
fn times_are_compared_with_the_rate() {
    let pixels: Vec<u8> = (0..120).collect();
    let frame = frame(&pixels, 12, 10, 12);
    // Frames that come at `seconds` apart, at a spec of 25 a second, one of `step` pushed and the others skipped.
    let run = |seconds: f64, step: u64| -> Result<u64, Error> {
        let mut session = sparse().start(spec(0)).unwrap();
        for index in 0..40u64 {
            if index % step == 0 {
                session.push_at(&frame, 100.0 + seconds * index as f64)?;
            } else {
                session.skip();
            }
        }
        Ok(session.finish()?.frames())
    };
    for step in [1, 10] {
        for (seconds, fits) in
            [(0.04, true), (0.049, true), (0.031, true), (0.051, false), (0.08, false), (0.02, false)]
        {
            match run(seconds, step) {
                Ok(frames) => assert!(fits && frames == 4, "{seconds} {step}"),
                Err(Error::Pacing { expected, found }) => {
                    assert!(!fits && expected == 0.04 && (found - seconds).abs() < 1e-12, "{seconds} {step}");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    let error = run(0.08, 1).unwrap_err().to_string();
    assert!(error.contains("0.0800 s apart") && error.contains("0.0400 s"), "{error}");
}

#[test]
fn the_pace_is_judged_from_the_eighth_frame_on() {
    let pixels: Vec<u8> = (0..120).collect();
    let frame = frame(&pixels, 12, 10, 12);
    let mut session = sparse().start(spec(0)).unwrap();
    session.push(&frame).unwrap();
    for index in 0..7 {
        session.push_at(&frame, 0.2 * f64::from(index)).unwrap();
    }
    let before = session.peek().unwrap();
    assert!(matches!(session.push_at(&frame, 1.4), Err(Error::Pacing { .. })));
    assert_eq!(session.peek().unwrap(), before, "it was not taken");
    for (time, last) in [(1.2, 1.2), (1.1, 1.2), (f64::NAN, 1.2), (f64::INFINITY, 1.2)] {
        match session.push_at(&frame, time) {
            Err(Error::Time { last: found, .. }) => assert!((found - last).abs() < 1e-12, "{time}"),
            other => panic!("{time}: {other:?}"),
        }
    }
    // Frames without a time count for the distance. A frame of another size leaves no time behind.
    for _ in 0..26 {
        session.push(&frame).unwrap();
    }
    let small = frame.crop(0, 0, 11, 10).unwrap();
    assert!(matches!(session.push_at(&small, 1.4), Err(Error::FrameSize { .. })));
    session.push_at(&frame, 1.35).unwrap();
    session.push_at(&frame, 1.36).unwrap();
}

#[test]
fn times_change_no_value() {
    let (width, height) = (64, 64);
    let clip = clip(width, height, 14, "moving");
    for (extractor, ..) in video_extractors() {
        let spec = VideoSpec::new(width, height, 4.0);
        let (mut timed, mut plain) = (extractor.start(spec).unwrap(), extractor.start(spec).unwrap());
        for (index, planes) in clip.iter().enumerate() {
            let frame = colour_frame(planes, width, height);
            timed.push_at(&frame, index as f64 / 4.0).unwrap();
            plain.push(&frame).unwrap();
        }
        assert_eq!(timed.finish().unwrap(), plain.finish().unwrap());
    }
}

#[test]
fn consecutive_frames_cannot_come_from_a_thinned_source() {
    let thinned = VideoSpec::new(64, 64, 4.0).with_thinned(true);
    for (extractor, ..) in video_extractors() {
        let Err(error) = extractor.start(thinned) else { panic!("{}", extractor.recipe()) };
        let Error::Thinned { extractor: name } = &error else { panic!("{error}") };
        assert!(!name.is_empty());
        for remedy in [name.as_str(), "without sampling", "one by one"] {
            assert!(error.to_string().contains(remedy), "{error}");
        }
    }
    let error = dream_features::videval60::Videval60::default().trace(thinned).unwrap_err();
    assert_eq!(error, Error::Thinned { extractor: "videval60".to_owned() });
    for sampling in [Sampling::Every { step: 1 }, Sampling::PerSecond { frames: 1.0 }] {
        assert!(brisque(sampling).start(thinned).is_ok());
    }
}
