//! Raw score tables.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "../../print_test.rs"]
mod print_test;

use std::fmt::Write;
use std::fs;
use std::process::Command;

use common::{all, failure, names, run, stdout, write};
use print_test::without_reader;

const HEADER: &str = "path,subject,score\n";

/// 24 clips, 30 raters. The odd clips rise in quality; the even ones are a 3 to everybody but rater 29, who jumps.
fn study() -> String {
    let mut csv = HEADER.to_owned();
    for clip in 0..24_i32 {
        for rater in 0..30_i32 {
            let score = match (clip % 4, rater) {
                (0, 29) => 1,
                (2, 29) => 5,
                (0 | 2, _) => 3,
                _ => 1 + (clip * 4 + (clip * 7 + rater * 5) % 9) / 25,
            };
            writeln!(csv, "clips/{clip}.mp4,r{rater},{score}").unwrap();
        }
    }
    csv
}

#[test]
fn numbers_are_those_of_a_calculation_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    // Means 3 and 2, variances 1 and 1 (ddof 0), so a = (4 + 3) / (16 + 9).
    let rows = "a,x,2\na,y,4\nb,x,1\nb,y,3\n";
    let path = write(folder.path(), "two.csv", &format!("{HEADER}{rows}"));
    let said = String::from_utf8(run(&[&path]).stderr).unwrap();
    assert_eq!(said, "analysed 4 scores of 2 clips\n");
    let (text, report, _) = all(folder.path(), &[&path]);
    let close = |value: &serde_json::Value, expected: f64| {
        assert!((value.as_f64().unwrap() - expected).abs() < 1e-15, "{value} {expected}");
    };
    let fits = &report["opinions"]["sos_parameter"];
    close(&fits[0]["a"], 0.28);
    close(&fits[0]["standard_error"], 0.04);
    close(&fits[0]["normal95"][0], 0.28 - 1.96 * 0.04);
    close(&fits[1]["a"], 0.56);
    let clip = &report["opinions"]["clips"][1];
    assert_eq!((clip["clip"].as_str(), clip["mos"].as_f64()), (Some("b"), Some(2.0)));
    close(&clip["sos_ddof0"], 1.0);
    close(&clip["sos_ddof1"], 2.0_f64.sqrt());
    // The raters order the two clips alike.
    assert_eq!(report["agreement"]["curve"][0]["srcc"]["mean"], 1.0);
    assert!(text.contains("two.csv: 2 clips, 4 scores of 2 raters on the scale 1 to 5"), "{text}");
    assert!(text.contains("ddof 0  a = 0.2800  standard error 0.0400"), "{text}");
    assert!(text.contains("split-half (1 per group) 1.000±0.000, whole panel 1.000"), "{text}");
    // The scale (MOS - 0) (6 - MOS): a = (9 + 8) / (81 + 64).
    let wide = all(folder.path(), &[&path, "--scale", "0,6"]).1;
    close(&wide["opinions"]["sos_parameter"][0]["a"], 17.0 / 145.0);
    assert_eq!(wide["scale"], serde_json::json!([0.0, 6.0]));
}

/// The vertical coordinates of the element of a kind that has the most points: not of an axis or the legend.
fn heights(svg: &str, element: &str) -> Vec<i32> {
    let points = svg.split(element).skip(1).map(|rest| {
        let points = rest.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
        points.split_whitespace().map(|point| point.split(',').nth(1).unwrap().parse().unwrap()).collect()
    });
    points.max_by_key(Vec::len).unwrap()
}

#[test]
fn a_study_has_text_json_and_figures() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "study.csv", &study());
    let (text, report, figures) = all(folder.path(), &[&path, "--seed", "3"]);
    assert_eq!(names(&figures), ["consistency", "mos_histogram", "mos_sos", "sos_histogram"]);
    for figure in &figures {
        let labels = fs::read_to_string(figure).unwrap().matches("<text").count();
        assert!(labels > 8, "axes have labels");
    }
    // Every clip and every size of the groups says what it is.
    let named =
        |figure: usize| fs::read_to_string(&figures[figure]).unwrap().matches("</title></circle>").count();
    assert_eq!([0, 1, 2, 3].map(named), [15, 0, 24, 0]);
    // The band lies around the fitted curve.
    let fitted = fs::read_to_string(&figures[2]).unwrap();
    let clip = &report["opinions"]["clips"][0];
    let (name, mos) = (clip["clip"].as_str().unwrap(), clip["mos"].as_f64().unwrap());
    assert!(fitted.contains(&format!("<title>{name}: MOS {mos:.2}, SOS ")), "{name}");
    let (band, curve) = (heights(&fitted, "<polygon"), heights(&fitted, "<polyline"));
    let top = |heights: &[i32]| heights.iter().copied().min().unwrap();
    assert!(top(&band) < top(&curve), "{} {}", top(&band), top(&curve));
    assert!(top(&band[band.len() / 2..]) > top(&curve), "the second half of the band is its lower edge");

    let agreement = &report["agreement"];
    assert_eq!(agreement["groups_of"], "raters");
    assert_eq!(agreement["curve"].as_array().unwrap().len(), 15);
    assert_eq!(report["screening"]["rejected"], serde_json::json!(["r29"]));
    assert!(
        text.contains("1 of 30 raters rejected\n  rater r29: 6 scores far above and 6 far below, of 24"),
        "{text}"
    );
    let a = |fit: &serde_json::Value| fit[0]["a"].as_f64().unwrap();
    let (before, after) =
        (a(&report["opinions"]["sos_parameter"]), a(&report["screening"]["sos_parameter_after"]));
    assert!(after < 0.7 * before, "{before} {after}");
    let counts = &report["opinions"]["mos_histogram"]["counts"];
    assert_eq!(counts.as_array().unwrap().iter().filter_map(|n| n.as_u64()).sum::<u64>(), 24);

    let drawn: Vec<_> = figures.iter().map(|path| fs::read(path).unwrap()).collect();
    let again = all(folder.path(), &[&path, "--seed", "3"]);
    assert_eq!((again.0, again.1), (text, report.clone()));
    assert_eq!(again.2.iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>(), drawn);
    let other = all(folder.path(), &[&path, "--seed", "4"]).1;
    assert_ne!(other["agreement"]["curve"], report["agreement"]["curve"]);
}

#[test]
fn odd_but_sound_tables_are_read() {
    let folder = tempfile::tempdir().unwrap();
    // One clip has one score, one rater scored one clip.
    let rows = "a,x,2\na,y,4\nb,x,1\nb,y,3\nc,z,5\n";
    let path = write(folder.path(), "odd.csv", &format!("{HEADER}{rows}"));
    let (text, report, _) = all(folder.path(), &[&path]);
    assert!(text.contains("1 clips have one score only"), "{text}");
    assert!(report["opinions"]["clips"][2]["sos_ddof1"].is_null());
    assert_eq!(report["opinions"]["sos_parameter"][1]["clips"], 2);
    // Everybody agrees: no spread, and no draw without one.
    let rows = "a,x,2\na,y,2\nb,x,3\nb,y,3\nc,x,5\nc,y,5\n";
    let path = write(folder.path(), "same.csv", &format!("{HEADER}{rows}"));
    let (text, report, _) = all(folder.path(), &[&path]);
    assert!(text.contains("a = 0.0000"), "{text}");
    assert_eq!(report["agreement"]["split_half"]["whole_panel"], 1.0);
}

#[test]
fn faults_name_file_line_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |rows: &str, parts: &[&str]| {
        let path = write(folder.path(), "bad.csv", &format!("{HEADER}{rows}"));
        let message = failure(&[&path]);
        for part in parts.iter().chain(&["bad.csv"]) {
            assert!(message.contains(part), "{message} has no {part}");
        }
    };
    fails("a,x,2\na,y,good\n", &["bad.csv:3", "good"]);
    fails("a,x,2\na,x,3\n", &["bad.csv:3", "rater `x`"]);
    fails("a,x,2\na,y\n", &["bad.csv:3"]);
    fails("a,x,2\na,y,7\n", &["rater `y` gave `a` a 7", "--scale"]);
    fails("", &["no score"]);
    fails("a,x,2\nb,x,3\n", &["no clip has two scores"]);
    fails("a,x,1\na,y,1\nb,x,5\nb,y,5\n", &["end of the scale"]);
    let path = write(folder.path(), "columns.csv", "path,score\na,2\n");
    assert!(failure(&[&path]).contains("subject"));
    let path = folder.path().join("none.csv").to_str().unwrap().to_owned();
    assert!(failure(&[&path]).contains("none.csv"));
    let empty = folder.path().to_str().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(failure(&[elsewhere.path().to_str().unwrap()]).contains("all_descriptions_en.csv"));

    let path = write(folder.path(), "study.csv", &study());
    for wrong in [&["--scale", "5,1"][..], &["--scale", "1"], &["--repeats", "0"], &["--resamples", "5"]] {
        failure(&[&[path.as_str()], wrong].concat());
    }
    // A folder cannot be written as a file.
    assert!(failure(&[&path, "--json", empty]).contains("cannot write"));
    assert!(failure(&[&path, "--figures", &path]).contains("cannot make the folder"));
    let help = stdout(&run(&["--help"]));
    assert!(help.contains("Examples:") && help.contains("--figures <DIR>"), "{help}");
}

#[test]
fn files_are_written_when_nobody_reads_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "two.csv", &format!("{HEADER}a,x,2\na,y,4\nb,x,1\nb,y,3\n"));
    let (json, figures) = (folder.path().join("r.json"), folder.path().join("figures"));
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_analyze-annotations"));
        command.args([&path, "--json", json.to_str().unwrap(), "--figures", figures.to_str().unwrap()]);
        command
    };
    without_reader(0, command, || {
        assert!(fs::read_to_string(&json).unwrap().ends_with("}\n"));
        assert!(figures.join("mos_sos.svg").is_file());
        // Nothing half written is left beside them.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        fs::remove_file(&json).unwrap();
    });
}
