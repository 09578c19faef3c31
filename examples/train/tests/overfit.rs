//! A tiny network of each kind learns sixteen clips by heart: loss, gradients, optimiser and frames fit together.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::time::Instant;

use clap::Parser;
use dream_data::RelativeBox;
use dream_data::dataset::Dataset;
use dream_data::split::Partition;
use dream_eval::SetScore;
use dream_models::deep::input::FaceRule;
use train::testing::tree;
use train::{Clip, Job, Options, Sets, View, methods};

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    view: View,
    #[command(flatten)]
    options: Options,
}

/// Clips of split 0 with what people wrote about them.
fn clips(data: &Path, count: usize) -> Vec<Clip> {
    let dataset = Dataset::open(data).unwrap();
    let split = dataset.split(0).unwrap();
    let rows = Partition::ALL.into_iter().flat_map(|set| split.set(set));
    let clip = |row: &dream_data::dataset::Labelled| Clip {
        about: train::about(row.clip.clone()),
        path: dataset.video_path(&row.clip).unwrap(),
        face: None,
        mos: row.mos.unwrap(),
        sentences: Vec::new(),
    };
    let mut clips: Vec<Clip> = rows.map(clip).take(count).collect();
    train::describe(&dataset, clips.iter_mut()).unwrap();
    clips
}

/// The correlation on the clips that were learnt from.
fn by_heart(name: &str, more: &str) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let clips = clips(&tree(folder.path()), 16);
    let words = format!("train --no-flip --group-by none --batch 8 --accumulate 1 --validation clip {more}");
    let cli = Cli::parse_from(words.split_whitespace());
    let sets = Sets {
        // Several times, with draws of their own: a pass through them is worth its validation.
        fit: [(); 4].iter().flat_map(|()| clips.clone()).collect(),
        validation: clips.clone(),
        tests: vec![("learnt".to_owned(), clips.clone())],
    };
    let start = Instant::now();
    let outcome = Job {
        method: methods::by_name(name).unwrap(),
        options: &cli.options,
        seed: 0,
        split: 0,
        every: 3,
        face: FaceRule::Crop { corners: RelativeBox::new(0.17, 0.0, 0.83, 0.8).unwrap().corners() },
        reading: &cli.view.reading,
        sets: &sets,
        out: &folder.path().join("out"),
        cache: &folder.path().join("frames"),
        threads: 1,
        quiet: true,
        assumed: |_| (),
        resumed: |_, _| (),
    }
    .run()
    .unwrap();
    let truth: Vec<f64> = clips.iter().map(|clip| clip.mos).collect();
    let plcc = SetScore::of(&outcome.tests[0].scores, &truth).unwrap().plcc;
    println!("{name}: PLCC {plcc:.4}, {:.1} s", start.elapsed().as_secs_f64());
    plcc
}

#[test]
fn da_clip_learns_sixteen_clips() {
    assert!(by_heart("da-clip", "--epochs 7 --lr 2e-3 --sentences 1 --frames 2") > 0.95);
}

#[test]
fn opdai_learns_sixteen_clips() {
    assert!(by_heart("opdai", "--epochs 6 --lr 2e-3") > 0.95);
}

#[test]
fn hust_learns_sixteen_clips() {
    assert!(by_heart("hust", "--epochs 14 --lr 2e-3") > 0.95);
}

#[test]
fn unilj_learns_sixteen_clips() {
    assert!(by_heart("unilj", "--epochs 12 --lr 2e-3") > 0.95);
}
