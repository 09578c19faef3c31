//! Quality control, false negatives, and what was planted in synthetic data.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::path::Path;

use common::{all, failure, names, write};
use dream_data::synthetic::{Synthetic, SyntheticConfig};

/// Two raters, two sessions of two clips and one checker (known score 4.5). Rater x fails the first session once.
fn tree(folder: &Path) -> String {
    let sessions = "session,rater,attempt,video_name,opinion_score,checker,gold\n\
        1,x,1,C1/1-1-1-target.mp4,1,0,\n1,x,1,C1/1-1-1-submit-7.mp4,5,0,\n1,x,1,C1/9-1-1-target.mp4,2,1,4.5\n\
        1,x,2,C1/1-1-1-target.mp4,4,0,\n1,x,2,C1/1-1-1-submit-7.mp4,2,0,\n1,x,2,C1/9-1-1-target.mp4,4,1,4.5\n\
        1,y,1,C1/1-1-1-target.mp4,5,0,\n1,y,1,C1/1-1-1-submit-7.mp4,1,0,\n1,y,1,C1/9-1-1-target.mp4,5,1,4.5\n\
        2,x,1,C1/2-1-1-target.mp4,3,0,\n2,x,1,C1/2-1-1-submit-7.mp4,2,0,\n2,x,1,C1/9-1-1-target.mp4,1,1,4.5\n\
        2,y,1,C1/2-1-1-target.mp4,3,0,\n2,y,1,C1/2-1-1-submit-7.mp4,3,0,\n2,y,1,C1/9-1-1-target.mp4,5,1,4.5\n";
    write(folder, "sessions.csv", sessions);
    let descriptions = "C1/1-1-1-target.mp4,4,,Blurry\nC1/1-1-1-target.mp4,5,,\nC1/1-1-1-submit-7.mp4,2,,Blurry\n\
        C1/1-1-1-submit-7.mp4,1,,Blurry\nC1/2-1-1-target.mp4,3,,Blurry\nC1/2-1-1-submit-7.mp4,3,,Blurry\n";
    write(folder, "all_descriptions_en.csv", descriptions);
    folder.to_str().unwrap().to_owned()
}

const SHORT: [&str; 4] = ["--session-clips", "2", "--session-checkers", "1"];

#[test]
fn sessions_are_judged_as_by_hand() {
    let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let root = tree(folder.path());
    let groups = write(out.path(), "groups.csv", "group,rater\nyoung,x\nold,y\n");
    let (text, report, figures) =
        all(out.path(), &[&[&root, "--groups", groups.as_str()], &SHORT[..]].concat());
    let quality = &report["quality_control"];
    assert!(
        text.contains("2 of 5 attempts disqualified (1 raters, 2 missed checkers), 1 sessions to"),
        "{text}"
    );
    assert_eq!((&quality["attempts"], &quality["disqualified"]), (&5.into(), &2.into()));
    assert_eq!(quality["disqualified_raters"], serde_json::json!(["x"]));
    assert_eq!((&quality["before"]["scores"], &quality["after"]["scores"]), (&8.into(), &6.into()));
    // Before: means 3, 3, 3, 2.5, variances 4, 4, 0, 1/4, and x = 4, 4, 4, 15/4.
    let a = |part: &str, ddof: usize| quality[part]["sos_parameter"][ddof]["a"].as_f64().unwrap();
    let before = (16.0 + 16.0 + 15.0 / 16.0) / (48.0 + 225.0 / 16.0);
    assert!((a("before", 0) - before).abs() < 1e-15);
    // After: means 4.5, 1.5 of two raters, 3 and 3 of one; with n - 1 the last two say nothing.
    assert!((a("after", 0) - (7.0 / 8.0) / (2.0 * 49.0 / 16.0 + 32.0)).abs() < 1e-15);
    assert!((a("after", 1) - (7.0 / 4.0) / (2.0 * 49.0 / 16.0)).abs() < 1e-15);
    assert_eq!(quality["largest_difference_from_descriptions"], 0.0);

    // x missed none of one real clip, y one of two.
    let found = &quality["false_negatives"];
    let rates: Vec<_> =
        found["raters"].as_array().unwrap().iter().map(|r| (&r["rater"], &r["rate"])).collect();
    assert_eq!(rates, [(&"x".into(), &0.0.into()), (&"y".into(), &0.5.into())]);
    let names_of: Vec<_> = found["groups"].as_array().unwrap().iter().map(|group| &group["name"]).collect();
    assert_eq!(names_of, ["old", "young"]);
    // Two different values have the ranks 1 and 2: H = 1, and p = erfc(sqrt(1 / 2)).
    assert_eq!(found["kruskal_wallis"]["statistic"], 1.0);
    assert!((found["kruskal_wallis"]["p"].as_f64().unwrap() - 0.317_310_507_862_914).abs() < 1e-12);
    assert!(report["recovery"].is_null());
    assert!(names(&figures).contains(&"false_negatives"));
    let figure = figures.iter().find(|path| path.ends_with("false_negatives.svg")).unwrap();
    let svg = fs::read_to_string(figure).unwrap();
    let [y, x] = ["y: 1 of 2 real clips", "x: 0 of 1 real clips"]
        .map(|name| svg.find(&format!("<title>{name}</title>")).unwrap());
    assert!(y < x, "the points of the old come first");

    // Without groups there is no test, and the figure has one column.
    let (text, report, figures) = all(out.path(), &[&[root.as_str()], &SHORT[..]].concat());
    assert!(report["quality_control"]["false_negatives"]["kruskal_wallis"].is_null());
    assert!(text.contains("no Kruskal-Wallis test"), "{text}");
    let figure = figures.iter().find(|path| path.ends_with("false_negatives.svg")).unwrap();
    let svg = fs::read_to_string(figure).unwrap();
    assert!(svg.contains("all raters (2 raters)"));
    assert_eq!(svg.matches(" real clips</title></circle>").count(), 2, "every rater has a name");
    // A wider tolerance lets everything pass but the attempt that would then come after an accepted one.
    let wide = failure(&[&[&root, "--tolerance", "4"], &SHORT[..]].concat());
    assert!(wide.contains("sessions.csv") && wide.contains("accepted before"), "{wide}");
}

#[test]
fn what_was_planted_is_found_again() {
    let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let config = SyntheticConfig {
        identities: 8,
        methods: 20,
        frames: 1,
        width: 32,
        height: 32,
        raters: 50,
        ..SyntheticConfig::default()
    };
    let planted = config.a;
    let data = Synthetic::new(config).unwrap();
    let summary = data.write_tree(folder.path(), 1, &|_| {}).unwrap();
    let (text, report, figures) = all(out.path(), &[folder.path().to_str().unwrap()]);
    let quality = &report["quality_control"];
    assert_eq!(quality["attempts"], summary.attempts);
    assert_eq!(quality["disqualified"], summary.refused);
    assert_eq!(report["scores"], summary.opinions);
    assert_eq!(quality["largest_difference_from_descriptions"], 0.0);
    assert_eq!(report["contents"]["largest_mos_difference"], 0.0);

    let recovery = &report["recovery"];
    assert_eq!(recovery["planted_a"], planted);
    for ddof in 0..2 {
        let found = &recovery["sos_parameter"][ddof];
        assert!(found["difference"].as_f64().unwrap().abs() < 0.02, "{found}");
        assert!(found["standard_errors"].as_f64().unwrap().abs() < 4.0, "{found}");
    }
    // Random answers spread; without quality control they would count.
    let before = quality["before"]["sos_parameter"][0]["a"].as_f64().unwrap();
    assert!(before > planted + 0.03, "{before}");
    let careless = recovery["careless_raters"].as_u64().unwrap();
    assert_eq!(careless, data.raters().iter().filter(|rater| rater.careless).count() as u64);
    assert!(careless > 3);
    assert_eq!(recovery["careless_raters_caught"], careless);
    assert!(recovery["attentive_raters_caught"].as_u64().unwrap() < 10);
    assert!(recovery["mos"]["srcc"].as_f64().unwrap() > 0.97);
    let names_of: Vec<_> =
        quality["false_negatives"]["groups"].as_array().unwrap().iter().map(|g| &g["name"]).collect();
    assert_eq!(names_of, ["middle", "mild", "strict"]);
    assert!(text.contains("Planted truth: a = 0.18"), "{text}");
    assert_eq!(figures.len(), 8);
}

#[test]
fn faults_name_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let root = tree(folder.path());
    let fails = |extra: &[&str], parts: &[&str]| {
        let message = failure(&[&[root.as_str()], extra, &SHORT[..]].concat());
        for part in parts {
            assert!(message.contains(part), "{message} has no {part}");
        }
    };
    let groups = |text: &str| write(folder.path(), "groups.csv", text);
    fails(&["--groups", &groups("rater,age\nx,3\n")], &["groups.csv:1", "no column `group`"]);
    fails(&["--groups", &groups("rater,group\nx,a\nx,b\n")], &["groups.csv:3", "rater `x`"]);
    fails(&["--groups", &groups("rater,group\nx,\n")], &["groups.csv:2", "empty"]);
    fails(&["--groups", "none.csv"], &["none.csv"]);
    let message = failure(&[&root]);
    assert!(message.contains("sessions.csv") && message.contains("it must have 40 and 5"), "{message}");
    assert!(message.contains("say with --session-clips and --session-checkers"), "{message}");

    write(folder.path(), "truth.json", "{}");
    fails(&[], &["truth.json", "not the truth"]);
    write(folder.path(), "truth.json", r#"{"config": {"a": 0.2}, "raters": []}"#);
    write(folder.path(), "truth.csv", "file,realism\na.mp4,high\n");
    fails(&[], &["truth.csv:2", "realism"]);
    fs::remove_file(folder.path().join("truth.csv")).unwrap();
    let sessions = folder.path().join("sessions.csv");
    let text = fs::read_to_string(&sessions).unwrap().replace("7.mp4,5,0", "7.mp4,9,0");
    fs::write(&sessions, text).unwrap();
    fails(&[], &["sessions.csv:3", "9"]);
}
