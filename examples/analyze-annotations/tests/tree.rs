//! A folder as DREAM has it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::Path;

use common::{all, failure, names, write};

/// Two fakes and a real clip with four opinions each, videos of two of them, and one split.
fn tree(folder: &Path) -> String {
    let rows = [
        (
            "C1/1-1-1-submit-7.mp4",
            [(1, "The mouth is very blurry"), (2, "The eyes are a bit stiff"), (1, "Blurry mouth"), (2, "")],
        ),
        (
            "C1/1-2-1-submit-7.mp4",
            [
                (3, "The mouth is blurry"),
                (4, "The nose is slightly blurry"),
                (4, "Flickering"),
                (3, "Blurry"),
            ],
        ),
        (
            "C1/1-1-1-target.mp4",
            [
                (5, ""),
                (5, "The photorealism is very high, and there are no detectable signs of forgery"),
                (4, "The face is a little blurry"),
                (5, ""),
            ],
        ),
    ];
    let mut csv = "video_name,opinion_score,description_cn,description_en\n".to_owned();
    for (clip, opinions) in rows {
        for (grade, text) in opinions {
            csv += &format!("{clip},{grade},,\"{text}\"\n");
        }
    }
    write(folder, "all_descriptions_en.csv", &csv);
    fs::create_dir_all(folder.join("videos/C1")).unwrap();
    for name in ["1-1-1-submit-7.mp4", "9-1-1-target.mp4"] {
        fs::write(folder.join("videos/C1").join(name), "").unwrap();
    }
    let split = folder.join("splits/0");
    fs::create_dir_all(&split).unwrap();
    write(&split, "train_set.csv", "C1/1-1-1-submit-7.mp4,1.5\n");
    write(&split, "test_set1.csv", "C1/1-2-1-submit-7.mp4,3.25\n");
    write(&split, "test_set2.csv", "C1/1-1-1-target.mp4,4.75\n");
    write(&split, "test_set3.csv", "C1/8-1-1-submit-7.mp4,2\n");
    folder.to_str().unwrap().to_owned()
}

#[test]
fn descriptions_give_opinions_labels_and_figures() {
    let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let root = tree(folder.path());
    let (text, report, figures) = all(out.path(), &[&root]);
    assert!(text.contains("3 clips, 12 scores on the scale 1 to 5"), "{text}");
    let mos: Vec<_> =
        report["opinions"]["clips"].as_array().unwrap().iter().map(|c| c["mos"].as_f64()).collect();
    // By name.
    assert_eq!(mos, [Some(1.5), Some(4.75), Some(3.5)]);
    assert!(report["raters"].is_null() && report["screening"].is_null());
    assert_eq!(report["agreement"]["groups_of"], "opinions");
    // Each clip has opinions of two neighbouring grades only, so that every draw orders the clips alike.
    let alike = serde_json::json!({"mean": 1.0, "std": 0.0, "count": 10, "ddof": 0});
    assert_eq!(report["agreement"]["curve"][1]["srcc"], alike);
    assert_eq!(report["agreement"]["split_half"]["raters"], 2);

    let contents = &report["contents"];
    assert_eq!((&contents["videos"], &contents["splits"]), (&2.into(), &1.into()));
    assert_eq!(contents["videos_without_descriptions"]["some"][0], "C1/9-1-1-target.mp4");
    assert_eq!(contents["split_clips_without_descriptions"]["some"][0], "C1/8-1-1-submit-7.mp4");
    assert_eq!(contents["largest_mos_difference"], 0.25);

    let labels = &report["labels"];
    assert_eq!((&labels["without_text"], &labels["all"]["descriptions"]), (&3.into(), &9.into()));
    let ratios = labels["all"]["ratios"].as_array().unwrap();
    assert_eq!(ratios.len(), 37);
    let of = |kind: &str, label: &str| {
        let found = ratios.iter().find(|ratio| ratio["kind"] == kind && ratio["label"] == label);
        found.unwrap()["ratio"].as_f64().unwrap()
    };
    assert_eq!(of("place", "mouth"), 3.0 / 9.0);
    assert_eq!(of("artifact", "blur"), 6.0 / 9.0);
    assert_eq!(of("extent", "no-artifact"), 1.0 / 9.0);
    assert_eq!(of("extent", "severe"), 1.0 / 9.0);
    let groups: Vec<_> = labels["by_mos"].as_array().unwrap().iter().map(|group| &group["name"]).collect();
    assert_eq!(groups, ["MOS below 2", "MOS 3 to 4", "MOS 4 and above"]);
    assert!(text.contains("MOS below 2: 1 clips, 3 descriptions"), "{text}");

    let drawn = ["consistency", "labels", "labels_by_mos", "mos_histogram", "mos_sos", "sos_histogram"];
    assert_eq!(names(&figures), drawn);
    let svg = fs::read_to_string(&figures[1]).unwrap();
    assert!(["eye-brows", "lighting-shadow", "severe"].iter().all(|label| svg.contains(label)));
}

#[test]
fn faults_name_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    let fails = |text: &str, parts: &[&str]| {
        write(folder.path(), "all_descriptions_en.csv", text);
        let message = failure(&[root]);
        for part in parts.iter().chain(&["all_descriptions_en.csv"]) {
            assert!(message.contains(part), "{message} has no {part}");
        }
    };
    fails("a.mp4,3,,Blurry\na.mp4,6,,Blurry\n", &["en.csv:2", "6"]);
    fails("a.mp4,3,,Blurry\n\u{7}.mp4,3,,Blurry\n", &["en.csv:2", "control characters"]);
    fails("video_name,opinion_score,description_cn,description_en\n", &["no row below"]);
    fs::remove_file(folder.path().join("all_descriptions_en.csv")).unwrap();
    fs::create_dir(folder.path().join("videos")).unwrap();
    assert!(failure(&[root]).contains("all_descriptions_en.csv"));
}
