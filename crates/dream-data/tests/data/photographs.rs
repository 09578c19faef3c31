//! A synthetic data set of photographs. The photographs are drawn faces, whose eyes and mouths are known.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use dream_data::annotation::Grade;
use dream_data::dataset::Dataset;
use dream_data::synthetic::{
    Blend, BlendDetail, BlendPart, Photograph, Synthetic, SyntheticConfig, TreeProgress,
};
use dream_data::tagging::{ArtifactSet, PlaceSet, Tagger};
use dream_data::{Error, OpenOptions, open};

use crate::synthetic::files;

fn config() -> SyntheticConfig {
    SyntheticConfig {
        identities: 3,
        methods: 12,
        frames: 3,
        width: 48,
        height: 40,
        raters: 4,
        session_clips: 40,
        ..Default::default()
    }
}

/// Six people. A drawn head has its middle in that of the frame and a half height of 0.335 of it.
fn people() -> Vec<Photograph> {
    let drawn = SyntheticConfig { width: 120, height: 100, portraits: false, ..config() };
    let drawn = Synthetic::new(drawn).unwrap();
    let mut seen = BTreeSet::new();
    let clips =
        drawn.clips().iter().enumerate().filter(|(_, clip)| clip.clip.real && seen.insert(clip.person()));
    let photograph = |(i, _)| {
        let pixels = drawn.still(i, 0).unwrap();
        Photograph::new(&format!("{i}.png"), (120, 100), pixels, [[48.4, 44.0], [71.6, 44.0]], [60.0, 66.8])
            .unwrap()
    };
    clips.map(photograph).collect()
}

fn made() -> Synthetic {
    Synthetic::with_photographs(config(), people()).unwrap()
}

const BLEND: Blend = Blend {
    part: BlendPart::Whole,
    detail: BlendDetail::Soft,
    strength: 0.5,
    colour: 1.0,
    warp: 1.0,
    hard: false,
    flickering: false,
    reversed: false,
};

/// Mean absolute difference of a frame with a blend from the frame without.
fn change(synthetic: &Synthetic, blend: &Blend) -> f64 {
    let plain = synthetic.still_with(0, 1, &[]).unwrap();
    let changed = synthetic.still_blended(0, 1, blend).unwrap();
    let sum: u64 = plain.iter().zip(&changed).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / plain.len() as f64
}

#[test]
fn blends_change_faces_and_the_more_the_stronger() {
    let synthetic = made();
    for part in [BlendPart::Whole, BlendPart::Face, BlendPart::Inner, BlendPart::Lower] {
        for detail in [BlendDetail::Soft, BlendDetail::Coarse, BlendDetail::Sharp, BlendDetail::Kept] {
            for (hard, reversed) in [(false, false), (true, false), (false, true)] {
                let blend = Blend { part, detail, hard, reversed, ..BLEND };
                let changes =
                    [0.0, 0.15, 0.5, 1.0].map(|strength| change(&synthetic, &Blend { strength, ..blend }));
                assert!(
                    changes[0] == 0.0 && changes.is_sorted() && changes[1] > 0.05,
                    "{blend}: {changes:?}"
                );
                assert!(changes[1] < 0.5 * changes[3], "{blend}: {changes:?}");
            }
        }
    }
    let odd = Blend { strength: 1.5, ..BLEND };
    assert!(matches!(synthetic.still_blended(0, 1, &odd), Err(Error::InvalidOption { option: "blend", .. })));
    assert!(synthetic.still_blended(0, 3, &BLEND).is_err());
}

/// The corners are no face, whatever is blended.
#[test]
fn blends_stay_on_the_face() {
    let synthetic = made();
    let plain = synthetic.still_with(0, 1, &[]).unwrap();
    let changed = synthetic.still_blended(0, 1, &Blend { strength: 1.0, hard: true, ..BLEND }).unwrap();
    let (mut inside, mut touched) = (0, 0);
    for (i, (a, b)) in plain.chunks(3).zip(changed.chunks(3)).enumerate() {
        let (u, v) = ((i % 48) as f64 + 0.5 - 24.0, (i / 48) as f64 + 0.5 - 17.2);
        let r = ((u / 10.0).powi(2) + (v / 12.8).powi(2)).sqrt();
        if r > 1.5 {
            assert_eq!(a, b, "{u} {v}");
        } else if r < 0.5 {
            inside += 1;
            touched += usize::from(a != b);
        }
    }
    assert!(inside > 50 && 10 * touched > 9 * inside, "{touched} of {inside}");
}

#[test]
fn methods_have_blends_and_clips_say_what_is_seen_of_them() {
    let config = SyntheticConfig { methods: 60, ..config() };
    let synthetic = Synthetic::with_photographs(config, people()).unwrap();
    let count = |of: fn(&&dream_data::synthetic::SyntheticMethod) -> bool| {
        synthetic.methods().iter().filter(of).count()
    };
    let (alone, without) = (count(|m| m.artifacts.is_empty()), count(|m| m.blend.is_none()));
    assert!((12..35).contains(&alone) && (6..25).contains(&without), "{alone} {without}");

    let tagger = Tagger::english();
    for clip in synthetic.clips() {
        let visible = clip.visible();
        assert_eq!(visible.is_empty(), clip.clip.real);
        let kinds: BTreeSet<String> = visible.iter().map(|p| format!("{} {}", p.place, p.artifact)).collect();
        assert_eq!(kinds.len(), visible.len());
        if let Some(blend) = &clip.blend {
            // A stronger blend is never more realistic.
            let total = |strength| {
                let traces = Blend { strength, ..*blend }.traces();
                traces.iter().map(|p| p.strength).sum::<f64>()
            };
            assert!(total(0.9) > total(0.3), "{blend}");
        }
        for seed in 0..4 {
            let remark = clip.remark(Grade::new(2).unwrap(), seed).unwrap();
            let read = tagger.tag(&remark.english);
            let places: PlaceSet = remark.findings.iter().map(|(place, _)| *place).collect();
            let artifacts: ArtifactSet = remark.findings.iter().map(|(_, artifact)| *artifact).collect();
            assert_eq!(
                (read.places, read.artifacts, read.extent),
                (places, artifacts, remark.extent),
                "{remark:?}"
            );
            assert!(!remark.chinese.is_empty());
        }
    }
    let severe = synthetic.clips().iter().filter(|clip| clip.realism < 2.0).count();
    let mild = synthetic.clips().iter().filter(|clip| !clip.clip.real && clip.realism > 4.0).count();
    assert!(severe > 10 && mild > 10, "{severe} {mild}");
}

#[test]
fn a_tree_with_clips_for_detection() {
    let folder = tempfile::tempdir().unwrap();
    let (one, many) = (folder.path().join("one"), folder.path().join("many"));
    let synthetic = made();
    let write = |root: &std::path::Path, jobs| {
        synthetic.write_tree(root, jobs, &|_| {}).unwrap();
        synthetic.write_detection(root, 2, jobs, &|_: TreeProgress| {}).unwrap()
    };
    let summary = write(&one, 1);
    assert_eq!((summary.real, summary.fake, summary.kept), (12, 12, 0));
    write(&many, 5);
    let whole = files(&one);
    assert_eq!(whole, files(&many));
    // A second run keeps everything, and a longer list keeps what there is.
    assert_eq!(write(&many, 2).kept, 24);
    assert_eq!(synthetic.write_detection(&many, 3, 2, &|_| {}).unwrap().kept, 24);
    assert!(synthetic.write_detection(&many, 0, 2, &|_| {}).is_err());

    let table = fs::read_to_string(one.join("detection.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["file", "label", "identity"]);
    assert_eq!(rows.len(), 25);
    let mut groups: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for row in &rows[1..] {
        assert!(row[0].starts_with(&format!("detection/{}/{}-", row[1], row[2])), "{row:?}");
        let mut video = open(one.join(row[0]), &OpenOptions::default()).unwrap();
        assert_eq!((video.info().width, video.info().height, video.info().frames), (48, 40, Some(3)));
        while video.next_frame().unwrap().is_some() {}
        groups.entry(row[2]).or_default()[usize::from(row[1] == "real")] += 1;
    }
    assert_eq!(groups.into_iter().collect::<Vec<_>>(), [("1", [4, 4]), ("2", [4, 4]), ("3", [4, 4])]);

    // No clip for detection is in the data set, by name or by content.
    let dataset = Dataset::open(&one).unwrap();
    assert_eq!(dataset.videos().unwrap().len(), synthetic.clips().len());
    for index in 0..10 {
        assert!(dataset.split(index).unwrap().clips().all(|clip| !clip.as_str().contains("detection")));
    }
    let clips = |part: &'static str| whole.iter().filter(move |(name, _)| name.starts_with(part));
    let known: BTreeSet<&Vec<u8>> = clips("videos/").map(|(_, bytes)| bytes).collect();
    assert_eq!(clips("detection/").filter(|(_, bytes)| known.contains(bytes)).count(), 0);

    let truth: serde_json::Value = serde_json::from_slice(&whole["truth.json"]).unwrap();
    assert_eq!(truth["people"][3]["person"], "2-2");
    let table = String::from_utf8(whole["truth.csv"].clone()).unwrap();
    assert!(table.starts_with("file,identity,method,real,realism,artifacts,blend\n"));
    // Other people are another data set.
    let others = Synthetic::with_photographs(config(), people().into_iter().rev().collect()).unwrap();
    assert!(others.write_detection(&one, 2, 1, &|_| {}).is_err());
}

#[test]
fn photographs_fill_frames_of_any_size_and_move() {
    for (width, height) in [(32, 32), (33, 47), (128, 72), (320, 240)] {
        let synthetic =
            Synthetic::with_photographs(SyntheticConfig { width, height, ..config() }, people()).unwrap();
        let frames = [0, 2].map(|frame| synthetic.still(0, frame).unwrap());
        assert_eq!(frames[0].len(), (3 * width * height) as usize);
        assert_ne!(frames[0], frames[1]);
    }
    let few = people().into_iter().take(5).collect();
    let error = Synthetic::with_photographs(config(), few).unwrap_err();
    assert!(error.to_string().contains("6 people need a photograph each, and there are 5"), "{error}");
}

/// No reference: what this code wrote when it was written, on one machine. Another machine must write it too.
#[test]
fn photographs_give_the_same_bytes_on_every_machine() {
    let synthetic = made();
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    for clip in (0..synthetic.clips().len()).step_by(3) {
        for byte in synthetic.render(clip, Vec::new()).unwrap() {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    assert_eq!(format!("{sum:016x}"), PINNED);
}

const PINNED: &str = "b0f4cafafb03f858";
