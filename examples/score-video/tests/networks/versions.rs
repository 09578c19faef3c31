//! Versions of one recording: their difference to the original, and their order.

use score_video::Scorer;
use serde_json::Value;

use crate::Scene;
use crate::blend::{Files, frames, square, traces, version};
use crate::common::{holds, json, run, text, video};

#[test]
fn versions_are_compared_with_their_original() {
    let scene = Scene::new();
    let (files, original) = (Files::new(&scene), scene.portrait("original", 20, 1));
    // Darker below the middle, by another amount in each frame.
    let shade = |t: usize, pixels: &mut Vec<u8>| {
        for value in &mut pixels[960 * 170..] {
            *value -= *value / (4 + (t % 3) as u8);
        }
    };
    let swap = version(&scene, &original, "swap", shade);
    let short = version(&scene, &scene.portrait("half", 12, 1), "short", shade);
    let (report, code) = json(&files.arguments(&["--reference", &original, &swap, &original, &short]));
    assert_eq!(code, Some(0), "{report}");
    let alone = video(&files.arguments(&[&swap]));
    assert_eq!(report["reference"]["traces"]["mean"], report["videos"][1]["traces"]["mean"]);
    assert!(report["reference"]["file"].as_str().unwrap().ends_with("original"), "{report}");

    let found = &report["videos"][0];
    assert_eq!((&found["face_source"], &alone["face_source"]), (&"reference".into(), &"detected".into()));
    let box_of = |video: &Value| ["face_left", "face_top", "face_width"].map(|key| video[key].clone());
    assert_eq!(box_of(found), box_of(&report["videos"][1]), "the box of the original");
    let (ours, theirs) = (frames(found), frames(&report["videos"][1]));
    let pairs: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours - theirs).collect();
    let more = pairs.iter().filter(|pair| **pair > 0.0).count();
    let reference = &found["traces"]["reference"];
    assert_eq!((&reference["pairs"], &reference["more"]), (&pairs.into(), &more.into()));
    assert_eq!(reference["difference"], traces(found) - traces(&report["videos"][1]));
    assert!(found["warning"].is_null(), "{found}");
    let itself = &report["videos"][1]["traces"]["reference"];
    assert_eq!((&itself["difference"], &itself["more"]), (&0.0.into(), &0.into()));
    let other = report["videos"][2]["warning"].as_str().unwrap();
    assert!(other.contains("another length or rate than the original"), "{other}");

    let table = text(&run(&files.arguments(&["--reference", &original, &swap])).stdout);
    holds(&table, &format!("to the original|more in|{more} of 8|against|original: traces"));
    let scorer = Scorer::builder().method("face-blend").weights(&files.tower).head(&files.head);
    let score = scorer.reference(&original).build().unwrap().score_file(&swap).unwrap();
    assert_eq!(serde_json::to_value(score.traces.unwrap()).unwrap(), found["traces"]);
}

/// A face at another place, or frames of another size, are cut where the face is.
#[test]
fn a_version_that_was_moved_has_a_box_of_its_own() {
    let scene = Scene::new();
    let (files, original) = (Files::new(&scene), scene.portrait("original", 8, 1));
    let moved = version(&scene, &original, "moved", |_, pixels| {
        let before = pixels.to_vec();
        for (row, line) in pixels.chunks_exact_mut(960).enumerate() {
            let from = &before[960 * row..][..960];
            line[..180].copy_from_slice(&from[..180]);
            line[180..].copy_from_slice(&from[..780]);
        }
    });
    let found = video(&files.arguments(&["--reference", &original, &moved]));
    assert_eq!(found["face_source"], "detected", "{found}");
    let before = video(&files.arguments(&[&moved]));
    assert_eq!((&found["face_left"], traces(&found)), (&before["face_left"], traces(&before)));
    // A taller frame: the same picture above a strip.
    let tall = version(&scene, &original, "tall", |_, pixels| pixels.resize(960 * 352, 90));
    let found = video(&files.arguments(&["--reference", &original, &tall]));
    assert_eq!(found["face_source"], "detected");
    square(&found);
}

#[test]
fn versions_are_ranked_with_intervals() {
    let scene = Scene::new();
    let (files, original) = (Files::new(&scene), scene.portrait("original", 16, 1));
    let paint = |by: u8| {
        move |t: usize, pixels: &mut Vec<u8>| {
            for value in &mut pixels[960 * 150..960 * (180 + t)] {
                *value = value.saturating_add(by);
            }
        }
    };
    let (one, two) =
        (version(&scene, &original, "one", paint(20)), version(&scene, &original, "two", paint(45)));
    let wall = scene.wall(9);
    let compare = |more: &[&str]| {
        let base = files.arguments(&["--compare-versions", &wall, &two, &original, &one]);
        run(&[&base[..], more].concat())
    };
    let output = compare(&["--json", "--reference", &original]);
    assert_eq!(output.status.code(), Some(1), "the wall has no face");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let videos = report["videos"].as_array().unwrap();
    let order: Vec<f64> = videos[..3].iter().map(traces).collect();
    assert!(order[0] <= order[1] && order[1] <= order[2] && order[0] < order[2], "{order:?}");
    for (at, video) in videos[..3].iter().enumerate() {
        let comparison = &video["comparison"];
        assert_eq!((&comparison["rank"], &comparison["level"]), (&(at + 1).into(), &0.95.into()));
        let ends = [0, 1].map(|end| comparison["interval"][end].as_f64().unwrap());
        assert!(ends[0] < order[at] && order[at] < ends[1], "{video}");
        let itself = video["file"].as_str().unwrap().ends_with("original");
        let difference = [0, 1].map(|end| comparison["difference"][end].as_f64().unwrap());
        assert_eq!(difference == [0.0; 2], itself, "{video}");
    }
    assert!(videos[3]["error"].as_str().unwrap().contains("no face") && videos[3]["comparison"].is_null());
    let table = text(&compare(&["--reference", &original]).stdout);
    holds(&table, "rank    a rank among versions of one recording|no verdict|95 %|to the original");
    let place = |name: &str| table.find(&format!("/{name} ")).unwrap_or_else(|| panic!("{name}: {table}"));
    let names: Vec<String> = videos[..3]
        .iter()
        .map(|v| v["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        .collect();
    assert!(place(&names[0]) < place(&names[1]) && place(&names[1]) < place(&names[2]), "{table}");
    let csv = text(&compare(&["--csv", "--reference", &original]).stdout);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let header = rows.headers().unwrap().clone();
    let cell = |row: &csv::StringRecord, name: &str| {
        row[header.iter().position(|have| have == name).unwrap()].to_owned()
    };
    let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.iter().map(|row| cell(row, "rank")).collect::<Vec<_>>(), ["1", "2", "3", ""]);
    let low: f64 = cell(&rows[0], "traces_low").parse().unwrap();
    assert_eq!(low, videos[0]["comparison"]["interval"][0].as_f64().unwrap());
    let low = cell(&rows[0], "above_reference_low").parse::<f64>().unwrap();
    assert_eq!(low, videos[0]["comparison"]["difference"][0].as_f64().unwrap());
}
