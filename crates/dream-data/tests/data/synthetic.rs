//! What is planted in a synthetic data set can be found in it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use dream_data::annotation::{Ddof, Grade, RatingTable, Session, Tally, read_sessions};
use dream_data::dataset::{Clip, Dataset};
use dream_data::split::check_split;
use dream_data::synthetic::{Attempt, Planted, Synthetic, SyntheticConfig, TreeProgress};
use dream_data::tagging::{Artifact, ArtifactSet, NOTHING_DETECTED, Place, PlaceSet, Profile, Tagger};
use dream_data::{Error, OpenOptions, open};

fn small() -> SyntheticConfig {
    SyntheticConfig {
        identities: 4,
        methods: 9,
        frames: 3,
        width: 64,
        height: 48,
        raters: 5,
        ..Default::default()
    }
}

fn attempts(synthetic: &Synthetic) -> Vec<Attempt> {
    (0..synthetic.config().raters).flat_map(|rater| synthetic.attempts(rater).unwrap()).collect()
}

/// Mean and population variance of every clip.
fn opinions<'a>(sessions: impl Iterator<Item = &'a Session>) -> BTreeMap<String, (f64, f64)> {
    let mut table = RatingTable::default();
    for session in sessions {
        for (clip, grade) in &session.grades {
            table.add(&session.rater, clip.clone(), f64::from(*grade)).unwrap();
        }
    }
    let found = table.opinions(Ddof::Population).unwrap();
    let names = table.clips().iter().map(ToString::to_string);
    names.zip(found).map(|(clip, o)| (clip, (o.mos, o.sos.unwrap().powi(2)))).collect()
}

/// Least squares through the origin of the variance over (m - 1)(5 - m).
fn fitted_a(opinions: &BTreeMap<String, (f64, f64)>) -> f64 {
    let (mut above, mut below) = (0.0, 0.0);
    for (mos, variance) in opinions.values() {
        let x = (mos - 1.0) * (5.0 - mos);
        above += x * variance;
        below += x * x;
    }
    above / below
}

/// Before the quality control, that is after first attempts, and after it.
fn before_and_after(config: SyntheticConfig) -> (f64, f64) {
    let attempts = attempts(&Synthetic::new(config).unwrap());
    let first = attempts.iter().filter(|a| a.number == 1).map(|a| &a.session);
    let accepted = attempts.iter().filter(|a| a.accepted).map(|a| &a.session);
    (fitted_a(&opinions(first)), fitted_a(&opinions(accepted)))
}

#[test]
fn the_planted_disagreement_is_recovered_and_careless_raters_hide_it() {
    for seed in 0..4 {
        let (before, after) = before_and_after(SyntheticConfig { seed, ..Default::default() });
        assert!((0.235..0.27).contains(&before), "seed {seed}: {before}");
        assert!((after / 0.18 - 1.0).abs() < 0.05, "seed {seed}: {after}");
    }
    for a in [0.1, 0.25, 0.4] {
        let (_, after) = before_and_after(SyntheticConfig { a, ..Default::default() });
        assert!((after / a - 1.0).abs() < 0.05, "{a}: {after}");
    }
    let (before, after) =
        before_and_after(SyntheticConfig { careless_share: 0.0, slip: 0.0, ..Default::default() });
    assert_eq!(before, after);
}

#[test]
fn opinions_follow_realism_and_realism_follows_artifacts() {
    let synthetic = Synthetic::new(SyntheticConfig::default()).unwrap();
    let attempts = attempts(&synthetic);
    let opinions = opinions(attempts.iter().filter(|a| a.accepted).map(|a| &a.session));
    assert_eq!(opinions.len(), 760);
    let mut errors = Vec::new();
    for clip in synthetic.clips() {
        errors.push(opinions[clip.clip.id.as_str()].0 - clip.realism);
    }
    // 60 opinions with a deviation of at most 0.85: 0.11 is one standard error.
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let spread = (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt();
    assert!(mean.abs() < 0.02 && spread < 0.12, "{mean} {spread}");
    let realism = |real: bool| {
        let of: Vec<f64> =
            synthetic.clips().iter().filter(|c| c.clip.real == real).map(|c| c.realism).collect();
        (of.iter().copied().fold(f64::MAX, f64::min), of.iter().copied().fold(f64::MIN, f64::max))
    };
    assert!(realism(true).0 > 4.0);
    assert!(realism(false).0 < 2.0 && realism(false).1 > 4.0);
    for clip in synthetic.clips() {
        assert_eq!(clip.planted.is_empty(), clip.clip.real);
        let severe = clip.planted.iter().all(|planted| planted.strength > 0.7);
        assert!(clip.clip.real || !severe || clip.realism < 2.5, "{clip:?}");
    }
}

#[test]
fn quality_control_finds_the_careless_sessions() {
    let synthetic = Synthetic::new(SyntheticConfig::default()).unwrap();
    let attempts = attempts(&synthetic);
    let careless = attempts.iter().filter(|a| a.careless).count();
    let refused = attempts.iter().filter(|a| !a.accepted).count();
    let found = attempts.iter().filter(|a| a.careless && !a.accepted).count();
    let (recall, precision) = (found as f64 / careless as f64, found as f64 / refused as f64);
    assert!(careless == 9 * 19 && recall > 0.95 && precision > 0.85, "{careless} {recall} {precision}");

    // The control itself comes to the same verdicts, and every session is accepted in the end.
    let sessions: Vec<Session> = attempts.iter().map(|a| a.session.clone()).collect();
    let audit = synthetic.quality_control().audit(&sessions).unwrap();
    let verdicts: Vec<bool> = audit.verdicts.iter().map(|verdict| verdict.accepted()).collect();
    assert_eq!(verdicts, attempts.iter().map(|a| a.accepted).collect::<Vec<_>>());
    assert!(audit.to_repeat.is_empty() && audit.ratings.len() == 760 * 60);

    let careless: BTreeSet<String> =
        synthetic.raters().into_iter().filter(|rater| rater.careless).map(|rater| rater.name).collect();
    assert!(attempts.iter().all(|a| !a.careless || careless.contains(&a.session.rater)));
}

#[test]
fn the_tagger_reads_the_planted_labels_back() {
    let synthetic = Synthetic::new(SyntheticConfig { identities: 5, ..Default::default() }).unwrap();
    let tagger = Tagger::english();
    for clip in synthetic.clips() {
        let mut tags = Vec::new();
        for seed in 0..12 {
            let grade = Grade::new(1 + (seed % 4) as u8).unwrap();
            let remark = clip.remark(grade, seed).unwrap();
            let read = tagger.tag(&remark.english);
            let places: PlaceSet = remark.findings.iter().map(|(place, _)| *place).collect();
            let artifacts: ArtifactSet = remark.findings.iter().map(|(_, artifact)| *artifact).collect();
            assert_eq!(
                (read.places, read.artifacts, read.extent),
                (places, artifacts, remark.extent),
                "{remark:?}"
            );
            for finding in &remark.findings {
                let planted = clip.planted.iter().any(|p| (p.place, p.artifact) == *finding);
                assert!(planted || clip.clip.real, "{remark:?}");
            }
            tags.push(read);
        }
        // Explanation: the profile of a clip has what is in it and nothing else.
        let profile = Profile::from_tags(tags).unwrap();
        for artifact in Artifact::ALL {
            let planted = clip.planted.iter().any(|p| p.artifact == artifact);
            assert!(planted || clip.clip.real || profile.artifact(artifact) == 0.0);
        }
        assert_eq!(clip.remark(Grade::MAX, 3).unwrap().english, NOTHING_DETECTED);
    }
}

pub(crate) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_tree_is_read_as_the_benchmark_is() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    let synthetic = Synthetic::new(small()).unwrap();
    let summary = synthetic.write_tree(&root, 2, &|_| {}).unwrap();
    assert_eq!((summary.clips, summary.kept), (48, 0));

    let dataset = Dataset::open(&root).unwrap();
    let videos = dataset.videos().unwrap();
    let clips: Vec<Clip> = synthetic.clips().iter().map(|clip| clip.clip.clone()).collect();
    let names: BTreeSet<_> = clips.iter().map(|clip| &clip.id).collect();
    assert_eq!(videos.iter().collect::<BTreeSet<_>>(), names);
    let inventory = dataset.inventory().unwrap();
    assert_eq!((inventory.rounds.map(|round| round.1), inventory.unknown.len()), ([12, 16, 20], 0));
    for clip in &videos {
        let mut video = open(dataset.video_path(clip).unwrap(), &OpenOptions::default()).unwrap();
        assert_eq!((video.info().width, video.info().height, video.info().frames), (64, 48, Some(3)));
        while video.next_frame().unwrap().is_some() {}
        assert_eq!(Clip::from_id(clip.clone()).unwrap().id, *clip);
    }

    let mut tally = Tally::default();
    let mut rows = dataset.descriptions().unwrap();
    let mut count = 0;
    while let Some(row) = rows.next_row().unwrap() {
        assert!(!row.chinese.is_empty() && !row.english.is_empty());
        tally.add(row.clip, row.grade).unwrap();
        count += 1;
    }
    assert_eq!(count, summary.opinions);
    assert_eq!(dataset.splits().unwrap(), (0..10).collect::<Vec<_>>());
    for index in 0..10 {
        let split = dataset.split(index).unwrap();
        let report = check_split(&split, &clips).unwrap();
        assert!(report.is_clean() && report.unassigned.is_empty(), "{:?}", report.leaks);
        assert!(dataset.missing(split.clips()).is_empty());
        for row in [&split.train, &split.test1, &split.test2, &split.test3].into_iter().flatten() {
            let opinion = tally.get(row.clip.as_str()).unwrap().opinion(Ddof::Population).unwrap();
            assert_eq!(row.mos, Some(opinion.mos));
        }
    }

    // The sessions are those of the simulation, and quality control accepts what was described.
    let sessions = read_sessions(root.join("sessions.csv")).unwrap();
    let made: Vec<Session> = attempts(&synthetic).into_iter().map(|attempt| attempt.session).collect();
    assert_eq!(sessions, made);
    let audit = synthetic.quality_control().audit(&sessions).unwrap();
    assert_eq!(audit.ratings.len(), count);
    let refused = audit.verdicts.iter().filter(|verdict| !verdict.accepted()).count();
    assert_eq!((sessions.len(), refused), (summary.attempts, summary.refused));

    // The truth can be read.
    let truth: serde_json::Value =
        serde_json::from_slice(&fs::read(root.join("truth.json")).unwrap()).unwrap();
    assert_eq!((&truth["config"]["a"], &truth["config"]["seed"]), (&0.18.into(), &7.into()));
    assert_eq!(truth["raters"].as_array().unwrap().len(), 5);
    assert_eq!(fs::read_to_string(root.join("truth.csv")).unwrap().lines().count(), 49);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_an_interrupted_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (one, many) = (folder.path().join("one"), folder.path().join("many"));
    let synthetic = Synthetic::new(small()).unwrap();
    let write = |root: &Path, jobs| synthetic.write_tree(root, jobs, &|_| {}).unwrap();
    write(&one, 1);
    write(&many, 5);
    let whole = files(&one);
    assert_eq!(whole, files(&many));

    let cut = many.join("videos").join(synthetic.clips()[7].clip.id.as_str());
    fs::write(&cut, &fs::read(&cut).unwrap()[..1000]).unwrap();
    fs::remove_file(many.join("videos").join(synthetic.clips()[9].clip.id.as_str())).unwrap();
    fs::remove_file(many.join("all_descriptions_en.csv")).unwrap();
    fs::remove_dir_all(many.join("splits/4")).unwrap();
    let kept = std::sync::atomic::AtomicUsize::new(0);
    let count = |step| {
        if step == (TreeProgress::Clip { kept: true }) {
            kept.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let summary = synthetic.write_tree(&many, 2, &count).unwrap();
    assert_eq!((summary.kept, kept.into_inner()), (46, 46));
    assert_eq!(whole, files(&many));

    // Another configuration is not mixed in, and a folder of someone else's is left alone.
    let other = Synthetic::new(SyntheticConfig { seed: 8, ..small() }).unwrap();
    let error = other.write_tree(&many, 1, &|_| {}).unwrap_err();
    assert!(matches!(error, Error::InvalidOption { option: "root", .. }), "{error}");
    fs::remove_file(many.join("truth.json")).unwrap();
    assert!(synthetic.write_tree(&many, 1, &|_| {}).unwrap_err().to_string().contains("truth.json"));
    assert_ne!(other.render(3, Vec::new()).unwrap(), synthetic.render(3, Vec::new()).unwrap());
}

/// No reference: what this code wrote when it was written, on one machine. Another machine must write it too.
#[test]
fn the_bytes_are_the_same_on_every_machine() {
    let config = SyntheticConfig { identities: 3, frames: 8, ..Default::default() };
    let synthetic = Synthetic::new(config).unwrap();
    // Fowler, Noll and Vo, variant 1a, over a clip of every method; together they have every kind of artifact.
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    let mut kinds = BTreeSet::new();
    for clip in (0..synthetic.clips().len()).step_by(3) {
        kinds.extend(synthetic.clips()[clip].planted.iter().map(|planted| planted.artifact));
        for byte in synthetic.render(clip, Vec::new()).unwrap() {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    assert_eq!(kinds.len(), Planted::kinds().len());
    assert_eq!(format!("{sum:016x}"), PINNED);
}

const PINNED: &str = "b3e37fbc693ecaf4";

/// Every artifact changes the frames, in its place more than elsewhere, and the more the stronger it is.
#[test]
fn artifacts_are_where_they_are_said_to_be() {
    let synthetic = Synthetic::new(SyntheticConfig { width: 72, height: 60, ..small() }).unwrap();
    let config = SyntheticConfig { frames: 20, ..synthetic.config().clone() };
    let synthetic = Synthetic::new(config).unwrap();
    // A photograph, and a drawn face.
    for clip in [0, 1] {
        assert!(synthetic.clips()[clip].clip.real);
        for &(artifact, places) in Planted::kinds() {
            for &place in places {
                let changes = [0.1, 0.5, 1.0].map(|strength| {
                    let planted = [Planted { place, artifact, strength }];
                    // Single frames may happen to change little; movement is seen over time.
                    [3, 7, 11].map(|frame| change(&synthetic, clip, frame, &planted)).into_iter().sum::<f64>()
                });
                assert!(
                    changes[0] > 0.0 && changes[2] > changes[0],
                    "{clip}: {artifact} at {place}: {changes:?}"
                );
            }
        }
    }
}

/// Mean absolute difference that the artifacts make.
fn change(synthetic: &Synthetic, clip: usize, frame: u32, planted: &[Planted]) -> f64 {
    let (plain, changed) =
        (synthetic.still(clip, frame).unwrap(), synthetic.still_with(clip, frame, planted).unwrap());
    let sum: u64 = plain.iter().zip(&changed).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / plain.len() as f64
}

#[test]
fn impossible_configurations_are_errors() {
    let default = SyntheticConfig::default;
    let fails = |config: SyntheticConfig, wanted: &str| match Synthetic::new(config) {
        Err(Error::InvalidOption { option, reason }) => assert_eq!(option, wanted, "{reason}"),
        other => panic!("{wanted}: {other:?}"),
    };
    fails(SyntheticConfig { identities: 1, ..default() }, "identities");
    fails(SyntheticConfig { identities: 70_000, ..default() }, "identities");
    fails(SyntheticConfig { methods: 0, ..default() }, "methods");
    fails(SyntheticConfig { takes: 0, ..default() }, "takes");
    fails(SyntheticConfig { identities: 9999, methods: 2000, ..default() }, "takes");
    fails(SyntheticConfig { frames: 0, ..default() }, "frames");
    fails(SyntheticConfig { width: 31, ..default() }, "width");
    fails(SyntheticConfig { height: 5000, ..default() }, "height");
    fails(SyntheticConfig { raters: 0, ..default() }, "raters");
    fails(SyntheticConfig { attempts: 0, ..default() }, "attempts");
    fails(SyntheticConfig { session_clips: 0, ..default() }, "session_clips");
    fails(SyntheticConfig { session_checkers: 0, ..default() }, "session_checkers");
    fails(SyntheticConfig { identities: 2, methods: 2, ..default() }, "session_clips");
    for odd in [f64::NAN, f64::INFINITY, -0.1, 1.0] {
        fails(SyntheticConfig { a: odd, ..default() }, "a");
        fails(SyntheticConfig { careless_share: odd, ..default() }, "careless_share");
        fails(SyntheticConfig { slip: odd, ..default() }, "slip");
        fails(SyntheticConfig { bias_share: odd, ..default() }, "bias_share");
    }
    let synthetic = Synthetic::new(small()).unwrap();
    assert!(synthetic.render(48, Vec::new()).is_err() && synthetic.still(0, 3).is_err());
    assert!(synthetic.attempts(5).is_err());
    let odd = Planted { place: Place::Ears, artifact: Artifact::None, strength: 0.5 };
    assert!(synthetic.still_with(0, 0, &[odd]).is_err());
    // One rater who is never accepted leaves clips without opinion: said, not divided by zero.
    let config = SyntheticConfig { raters: 1, slip: 0.5, attempts: 1, frames: 1, ..small() };
    let folder = tempfile::tempdir().unwrap();
    let error = Synthetic::new(config).unwrap().write_tree(folder.path(), 1, &|_| {}).unwrap_err();
    assert!(matches!(error, Error::InvalidOption { option: "raters", .. }), "{error}");
}

#[test]
fn the_smallest_tree_and_odd_sizes() {
    let config = SyntheticConfig {
        identities: 2,
        methods: 2,
        frames: 1,
        width: 33,
        height: 35,
        session_clips: 5,
        session_checkers: 5,
        raters: 12,
        ..Default::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let synthetic = Synthetic::new(config).unwrap();
    assert_eq!(synthetic.clips().len(), 10);
    synthetic.write_tree(folder.path(), 1, &|_| {}).unwrap();
    let dataset = Dataset::open(folder.path()).unwrap();
    let mut video =
        open(dataset.video_path(&dataset.videos().unwrap()[0]).unwrap(), &OpenOptions::default()).unwrap();
    assert!(video.next_frame().unwrap().is_some());
}
