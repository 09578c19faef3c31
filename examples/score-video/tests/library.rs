//! The library: what it gives is what the program prints, to the last bit, and what it refuses.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    dead_code,
    unreachable_pub,
    reason = "tests"
)]

#[path = "common/clips.rs"]
mod clips;
mod common;

use dream_data::{FrameSource, OpenOptions, Pixels, Sampled, open};
use score_video::dream_features::VideoSpec;
use score_video::{Error, Live, Score, Scorer};
use serde_json::Value;

use clips::{clip, painted};
use common::{holds, json, video};

const SIZE: (usize, usize) = (96, 64);

fn spec() -> VideoSpec {
    VideoSpec::new(SIZE.0, SIZE.1, 10.0)
}

/// The frames of a clip: luma, Cb and Cr without padding.
fn frames(path: &str) -> Vec<[Vec<u8>; 3]> {
    let mut source = open(path, &OpenOptions::default()).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = source.next_frame().unwrap() {
        let Pixels::Yuv420 { y, u, v } = frame.pixels() else { panic!("no 4:2:0") };
        frames.push([y.data.to_vec(), u.data.to_vec(), v.data.to_vec()]);
    }
    frames
}

/// A live session that is given all frames in one way.
fn live(scorer: &Scorer, frames: &[[Vec<u8>; 3]], mut push: impl FnMut(&mut Live, &[Vec<u8>; 3])) -> Score {
    let mut live = scorer.start(spec()).unwrap();
    frames.iter().for_each(|frame| push(&mut live, frame));
    live.finish().unwrap()
}

fn yuv420(live: &mut Live, [y, u, v]: &[Vec<u8>; 3]) -> Result<(), Error> {
    let (width, height) = SIZE;
    let (half_width, half_height) = (width / 2, height / 2);
    let [u, v] = [u, v].map(|plane| (&plane[..], half_width, half_height, half_width));
    live.push_yuv420((y, width, height, width), u, v)
}

#[test]
fn a_file_has_the_score_of_the_program_to_the_last_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", 25);
    for method in ["videval60", "brisque"] {
        let (report, code) = json(&["--method", method, &path]);
        assert_eq!(code, Some(0));
        let score = Scorer::builder().method(method).build().unwrap().score_file(&path).unwrap();
        let Value::Object(ours) = serde_json::to_value(&score).unwrap() else { panic!("no object") };
        for (key, value) in &ours {
            assert_eq!(*value, report["videos"][0][key], "{key}");
        }
        assert!(ours.len() > 25 && ours["score"].is_f64(), "{ours:?}");
        let line = score.to_string();
        assert!(!line.contains('\n'), "{line}");
        holds(&line, &format!("{:.2} (|at 90 %|{}|range-assumed", score.score, score.about.model));
        assert_eq!(format!("{score:.6}").split(' ').next(), Some(&*format!("{:.6}", score.score)));
        let source = open(&path, &OpenOptions::default()).unwrap();
        let again = Scorer::builder().method(method).build().unwrap().score_source(source).unwrap();
        assert_eq!(again, score);
    }
}

#[test]
fn pushed_frames_have_the_score_of_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", 25);
    let frames = frames(&path);
    let (width, height) = SIZE;
    for crop in [None, Some("0.135,0,0.9,1")] {
        for method in ["videval60", "brisque"] {
            let mut builder = Scorer::builder().method(method);
            if let Some(crop) = crop {
                builder = builder.crop(crop.parse().unwrap());
            }
            let scorer = builder.build().unwrap();
            let file = scorer.score_file(&path).unwrap();
            let planes = live(&scorer, &frames, |live, frame| yuv420(live, frame).unwrap());
            let nv12 = live(&scorer, &frames, |live, [y, u, v]| {
                let uv: Vec<u8> = u.iter().zip(v).flat_map(|(u, v)| [*u, *v]).collect();
                live.push_nv12((y, width, height, width), (&uv, width / 2, height / 2, width)).unwrap();
            });
            for pushed in [&planes, &nv12] {
                assert_eq!(
                    (pushed.score, pushed.interval, pushed.frames_used, pushed.video.seconds),
                    (file.score, file.interval, file.frames_used, file.video.seconds)
                );
                assert_eq!((pushed.video.decoder, &pushed.warnings), ("live", &file.warnings));
            }
            let program = match crop {
                Some(crop) => video(&["--method", method, "--crop", crop, &path]),
                None => video(&["--method", method, &path]),
            };
            assert_eq!(program["score"].as_f64(), Some(planes.score));
        }
    }
}

#[test]
fn rgb_in_any_order_is_one_picture_and_a_running_score_ends_as_the_last() {
    let scorer = Scorer::embedded().unwrap();
    let (width, height) = SIZE;
    let (mut rgb_session, mut bgra_session) = (scorer.start(spec()).unwrap(), scorer.start(spec()).unwrap());
    let mut running = Vec::new();
    for t in 0..25usize {
        let pixel = |i: usize| {
            let (x, y) = (i % width + t, i / width);
            let code = (40 + x / 2 + y + (x / 12 + y / 9) % 2 * 40) as u8;
            [code, code / 2 + 40, 200 - code / 2]
        };
        let rgb: Vec<u8> = (0..width * height).flat_map(pixel).collect();
        let bgra: Vec<u8> = (0..width * height).map(pixel).flat_map(|[r, g, b]| [b, g, r, 7]).collect();
        rgb_session.push_rgb((&rgb, width, height, 3 * width)).unwrap();
        bgra_session.at(t as f64 / 10.0).push_bgra((&bgra, width, height, 4 * width)).unwrap();
        running.extend(rgb_session.peek().ok());
        // A look changes nothing.
        running.extend(rgb_session.peek().ok());
    }
    let last = running.last().unwrap().clone();
    assert!(running.len() > 10 && running.first().unwrap().score != last.score);
    let (rgb, bgra) = (rgb_session.finish().unwrap(), bgra_session.finish().unwrap());
    assert_eq!((last.score, rgb.score, rgb.frames_used), (rgb.score, bgra.score, bgra.frames_used));
    assert_eq!(last, rgb);
    // The session can move to a thread, and outlives its scorer.
    let moved = { Scorer::embedded().unwrap().start(spec()).unwrap() };
    let seen = std::thread::spawn(move || moved.seen()).join().unwrap();
    assert_eq!(seen, 0);
}

#[test]
fn luma_alone_is_refused_or_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = painted(folder.path(), "a.y4m", 20, |x, y, t, random| {
        let x = x + t;
        (40 + x / 2 + y + (x / 12 + y / 9) % 2 * 40) as u8 + random / 32
    });
    let (frames, (width, height)) = (frames(&path), SIZE);
    let gray = |live: &mut Live, y: &[u8]| live.push_gray((y, width, height, width));
    let mut refused = Scorer::embedded().unwrap().start(spec()).unwrap();
    let error = gray(&mut refused, &frames[0][0]).unwrap_err();
    assert!(matches!(error, Error::LumaOnly { .. }) && error.to_string().contains("`luma_only`"), "{error}");
    assert_eq!(refused.seen(), 0);

    let allowed = Scorer::builder().luma_only(true).build().unwrap();
    let score = live(&allowed, &frames, |live, [y, ..]| gray(live, y).unwrap());
    holds(&score.to_string(), "luma alone");
    assert!(!score.is_firm());
    // With colour nothing is said, although it would be allowed.
    let colored = live(&allowed, &frames, |live, frame| yuv420(live, frame).unwrap());
    assert!(!colored.to_string().contains("luma alone"));
    // BRISQUE never looks at colour.
    let brisque = Scorer::builder().method("brisque").build().unwrap();
    let same = live(&brisque, &frames, |live, [y, ..]| gray(live, y).unwrap());
    assert_eq!(same.score, brisque.score_file(&path).unwrap().score);
    assert!(!same.to_string().contains("luma alone"));
}

#[test]
fn frames_that_are_missing_or_come_at_other_times_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let frames = frames(&clip(folder.path(), "a.y4m", 40));
    let scorer = Scorer::embedded().unwrap();
    // Every second frame, at its true time.
    let mut half = scorer.start(spec()).unwrap();
    let pushed = frames
        .iter()
        .enumerate()
        .step_by(2)
        .try_for_each(|(t, frame)| yuv420(half.at(t as f64 / 10.0), frame));
    holds(&pushed.unwrap_err().to_string(), "frames are|apart");
    // Every second frame, of a stated number.
    let mut half = scorer.start(spec().with_frames(Some(40))).unwrap();
    frames.iter().step_by(2).for_each(|frame| yuv420(&mut half, frame).unwrap());
    holds(&half.finish().unwrap_err().to_string(), "20 of 40 frames");
    // A frame of another size, and a slice that is too short.
    let mut session = scorer.start(spec()).unwrap();
    assert!(session.push_rgb((&[0; 300], 10, 10, 30)).unwrap_err().to_string().contains("10x10"));
    assert!(matches!(session.push_rgb((&[0; 300], 96, 64, 288)), Err(Error::Frame(_))));
    assert_eq!(session.seen(), 0);
    // Too short, with the way out.
    holds(&session.peek().unwrap_err().to_string(), "14 frames at this rate|brisque");
    holds(&scorer.start(VideoSpec::new(40, 40, 10.0)).unwrap_err().to_string(), "64x64|brisque");
}

#[test]
fn frames_that_are_not_wanted_need_not_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let frames = frames(&clip(folder.path(), "a.y4m", 25));
    for method in ["videval60", "brisque"] {
        let scorer = Scorer::builder().method(method).build().unwrap();
        let all = live(&scorer, &frames, |live, frame| yuv420(live, frame).unwrap());
        let mut made = 0;
        let some = live(&scorer, &frames, |live, frame| {
            if live.wants_next() {
                made += 1;
                yuv420(live, frame).unwrap();
            } else {
                live.skip();
            }
        });
        assert_eq!(some, all);
        // VIDEVAL-60 compares neighbours, and wants them all.
        assert_eq!(made < 6, method == "brisque", "{made}");
        // A wanted frame that is skipped is lost, and the score another one.
        let lost = live(&scorer, &frames, |live, frame| {
            if live.seen() % 5 == 3 { live.skip() } else { yuv420(live, frame).unwrap() }
        });
        assert_eq!(lost.video.seconds, all.video.seconds);
        assert!(method == "brisque" || lost.score != all.score);
    }
}

#[test]
fn options_that_do_not_fit_are_named_as_the_builder_names_them() {
    let refused = |builder: score_video::ScorerBuilder| builder.build().unwrap_err().to_string();
    holds(&refused(Scorer::builder().method("guess")), "`method` guess|videval60, brisque");
    holds(&refused(Scorer::builder().every(2)), "`every`|`method` brisque");
    holds(&refused(Scorer::builder().level(0.2)), "`level` 0.2");
    holds(&refused(Scorer::builder().weights("m.json").method("brisque")), "`weights` is for networks");
    holds(&refused(Scorer::builder().model("no-such-model.json")), "no-such-model.json");
    assert!(Scorer::builder().method("brisque").every(3).level(0.6).build().is_ok());
}

/// What a model was not trained on.
#[test]
fn a_selection_of_frames_is_no_video() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "a.y4m", 60);
    let brisque = Scorer::builder().method("brisque").build().unwrap();
    for scorer in [Scorer::embedded().unwrap(), brisque] {
        let thinned = scorer.start(spec().with_thinned(true));
        let error = thinned.and_then(|mut live| {
            frames(&path).iter().try_for_each(|frame| yuv420(&mut live, frame))?;
            live.finish()
        });
        let file = open(&path, &OpenOptions::default()).unwrap();
        let sampled = Sampled::new(file, "every:2".parse().unwrap()).unwrap();
        for error in [error.unwrap_err(), scorer.score_source(Box::new(sampled)).unwrap_err()] {
            let told = error.to_string();
            assert!(told.contains("source=thinned") || told.contains("a selection of them"), "{told}");
        }
    }
}
