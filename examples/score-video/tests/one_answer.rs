//! A network, trained with frames and boxes of its own, has one answer: in `train`, in `benchmark` and here, to the last
//! bit. And the same `--crop` is the same pixels everywhere; `extract-features` sees to that in its own tests.
#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub, reason = "tests")]

#[expect(dead_code, reason = "other tests need more of it")]
mod common;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use common::video;
use dream_data::dataset::{ClipId, Dataset};
use dream_data::split::Partition;
use dream_data::{Cropped, FaceBoxes, FrameSource, OpenOptions, RelativeBox, Y4mWriter, open};
use train::{Clip, Scoring};

/// `benchmark` on the first split, with an epoch of tiny networks; the predictions of each method.
fn benchmark(data: &Path, out: &Path, methods: &[&str], more: &[&str]) -> Vec<String> {
    let methods_list = methods.join(",");
    let (data, folder) = (data.to_str().unwrap(), out.to_str().unwrap());
    let fixed = ["benchmark", "--data", data, "--out", folder, "--splits", "1", "--methods", &methods_list];
    let quick = ["--no-text", "--epochs", "1", "--batch", "4", "--frames", "2", "--jobs", "2"];
    let cli = benchmark::Cli::parse_from([&fixed[..], &quick, more].concat());
    assert!(benchmark::run(&cli).unwrap());
    let read = |name: &&str| fs::read_to_string(out.join(format!("predictions/{name}.csv"))).unwrap();
    methods.iter().map(read).collect()
}

/// The clips of split 0.
fn clips(data: &Path) -> Vec<ClipId> {
    let split = Dataset::open(data).unwrap().split(0).unwrap();
    Partition::ALL.iter().flat_map(|set| split.set(*set)).map(|row| row.clip.clone()).collect()
}

#[test]
fn train_benchmark_and_score_video_give_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let data = train::testing::tree(folder.path());
    // Odd corners, and a box of its own for every clip.
    let mut listed = "file,x1,y1,x2,y2\n".to_owned();
    for (at, clip) in (0_u32..).zip(clips(&data)) {
        let left = 0.21 + 0.007 * f64::from(at % 11);
        listed += &format!("{clip},{left},0.23,{},0.77\n", left + 0.41);
    }
    let boxes = folder.path().join("boxes.csv");
    fs::write(&boxes, &listed).unwrap();
    let (out, networks) = (folder.path().join("out"), ["opdai", "da-clip", "hust", "unilj"]);
    let more = ["--every", "3", "--expand", "1.7", "--boxes", boxes.to_str().unwrap()];
    let predictions = benchmark(&data, &out, &networks, &more);
    let faces = FaceBoxes::read(&boxes).unwrap();
    for (network, predictions) in networks.iter().zip(predictions) {
        let weights = out.join("cache/networks/0").join(network).join("model.json");
        for row in predictions.lines().skip(1).step_by(5) {
            let cells: Vec<&str> = row.split(',').collect();
            let [_, _, name, _, ours] = cells.as_slice() else { panic!("{row}") };
            let ours: f64 = ours.parse().unwrap();
            let path = data.join("videos").join(name);
            let clip = Clip {
                about: train::about(ClipId::new(name).unwrap()),
                path: path.clone(),
                face: faces.get(name),
                mos: 0.0,
                sentences: Vec::new(),
            };
            let trained = train::score(&weights, &[clip], &Scoring::default()).unwrap();
            let [weights, boxes, path] = [&weights, &boxes, &path].map(|path| path.to_str().unwrap());
            let shown = video(&["--weights", weights, "--boxes", boxes, path]);
            let score = shown["score"].as_f64().unwrap_or_else(|| panic!("{shown}"));
            let all = [ours, trained.first().copied().unwrap(), score].map(f64::to_bits);
            assert_eq!(all, [ours.to_bits(); 3], "{network} on {name}: {ours}, {trained:?}, {score}");
        }
    }
}

/// A copy of a data set whose videos are cut already.
fn cut(data: &Path, root: &Path, crop: RelativeBox) -> PathBuf {
    let to = root.join("cut");
    for set in Partition::ALL {
        let name = format!("splits/0/{}", set.file_name());
        fs::create_dir_all(to.join("splits/0")).unwrap();
        fs::copy(data.join(&name), to.join(&name)).unwrap();
    }
    for clip in clips(data) {
        let [from, to] = [data, &to].map(|root| root.join("videos").join(clip.as_str()));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let mut source = Cropped::new(open(&from, &OpenOptions::default()).unwrap(), crop);
        let info = source.info().clone();
        let file = fs::File::create(to).unwrap();
        let mut writer = Y4mWriter::new(file, info.width, info.height, info.frame_rate, info.range).unwrap();
        while let Some(frame) = source.next_frame().unwrap() {
            writer.write(frame.pixels()).unwrap();
        }
        writer.finish().unwrap();
    }
    to
}

#[test]
fn a_crop_is_the_same_pixels_in_every_program() {
    let folder = tempfile::tempdir().unwrap();
    let data = train::testing::tree(folder.path());
    // From an odd pixel to an odd pixel.
    let (corners, crop) = ("0.07,0.03,0.94,0.93", RelativeBox::new(0.07, 0.03, 0.94, 0.93).unwrap());
    let before = cut(&data, folder.path(), crop);
    let methods = ["brisque", "opdai"];
    let [whole, out] = ["whole", "out"].map(|name| folder.path().join(name));
    let expected = benchmark(&before, &whole, &methods, &[]);
    assert_eq!(benchmark(&data, &out, &methods, &["--crop", corners]), expected);

    let name = clips(&data).remove(0);
    let [ours, theirs] = [&before, &data].map(|root| root.join("videos").join(name.as_str()));
    let [ours, theirs] = [&ours, &theirs].map(|path| path.to_str().unwrap());
    let score = |arguments: &[&str]| video(arguments)["score"].as_f64().unwrap().to_bits();
    let brisque = ["--method", "brisque"];
    assert_eq!(
        score(&[&brisque[..], &["--crop", corners, theirs]].concat()),
        score(&[&brisque[..], &[ours]].concat())
    );
    // A network that was trained on the crop cuts it by itself, one that was trained on cut videos takes them whole.
    let [cropped, plain] = [&out, &whole].map(|out| out.join("cache/networks/0/opdai/model.json"));
    let [cropped, plain] = [&cropped, &plain].map(|path| path.to_str().unwrap());
    assert_eq!(score(&["--weights", cropped, theirs]), score(&["--weights", plain, ours]));
}
