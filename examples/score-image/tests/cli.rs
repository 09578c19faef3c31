//! The program as people run it, and its scores against the releases of the metrics' authors.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "tests")]

#[path = "../../cases_test.rs"]
mod cases_test;
#[path = "../../print_test.rs"]
mod print_test;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A photograph of a NASA astronaut, public domain.
const PORTRAIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../score-video/assets/portrait.png");

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_score-image")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(arguments: &[&str]) -> Vec<Value> {
    let output = run(&[&["--json"], arguments].concat());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["images"].as_array().unwrap().clone()
}

fn score(metric: &str, path: &str) -> f64 {
    json(&["--metric", metric, path])[0]["score"].as_f64().unwrap()
}

fn png(path: &Path, (width, height): (u32, u32), color: png::ColorType, samples: &[u8]) -> String {
    let mut encoder = png::Encoder::new(File::create(path).unwrap(), width, height);
    encoder.set_color(color);
    encoder.write_header().unwrap().write_image_data(samples).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Channel `c` of the formula of the reference (dream-features/testdata/PROVENANCE.md).
fn formula(c: i64) -> Vec<u8> {
    let tri = |v: i64, p: i64| (v.rem_euclid(2 * p) - p).abs();
    let value = |x: i64, y: i64| {
        let noise = (((x * 7919 + y * 104_729 + x * y * 31) * 2_654_435_761) & 0xffff_ffff) >> 28;
        30 + tri(x + 2 * y + 30 * c, 70) + tri(3 * x + 5 * y, 40) + tri(x * y / 50 + 20 * c, 45) + noise
    };
    (0..199)
        .flat_map(|y| (0..213).map(move |x| (x, y)))
        .map(|(x, y)| value(x, y).clamp(0, 255) as u8)
        .collect()
}

/// Gray and colour images of the formula: their paths.
fn formulas(folder: &Path) -> [String; 2] {
    let gray = png(&folder.join("gray.png"), (213, 199), png::ColorType::Grayscale, &formula(0));
    let [r, g, b] = [0, 1, 2].map(formula);
    let rgb: Vec<u8> = r.into_iter().zip(g).zip(b).flat_map(|((r, g), b)| [r, g, b]).collect();
    [gray, png(&folder.join("rgb.png"), (213, 199), png::ColorType::Rgb, &rgb)]
}

/// Scores of the authors' releases under GNU Octave 7.3 and libsvm 3.24: dream-features/testdata/niqe/scores.csv and
/// dream-models/testdata/brisque_live.csv say how they were made. BRISQUE there rounds its features to six decimals. The portrait has some
/// saturated pixels, whose rounding noise counts: 7e-4 of a difference in BRISQUE, of which the other two have 1e-4.
#[test]
fn scores_equal_those_of_the_releases() {
    let folder = tempfile::tempdir().unwrap();
    let [gray, rgb] = formulas(folder.path());
    for (path, brisque, niqe) in [
        (PORTRAIT, -1.807_017_708_649_254_9, 3.370_298_914_018_101_2),
        (&gray, 82.586_718_788_070_243, 14.714_610_733_984_674),
        (&rgb, 92.831_505_684_923_627, 19.202_568_551_849_851),
    ] {
        let found = score("brisque", path);
        assert!((found - brisque).abs() < 1e-3, "{path}: {found} instead of {brisque}");
        let found = score("niqe", path);
        assert!((found - niqe).abs() < 1e-9 * niqe, "{path}: {found} instead of {niqe}");
    }
    let ugc = &json(&["--metric", "ugc", PORTRAIT])[0];
    let number = |key: &str| ugc[key].as_f64().unwrap();
    assert!(number("low") < number("score") && number("score") < number("high"), "{ugc}");
    assert!((1.0..=5.0).contains(&number("score")), "{ugc}");
}

#[test]
fn gray_stored_as_colour_has_the_same_scores() {
    let folder = tempfile::tempdir().unwrap();
    let [gray, _] = formulas(folder.path());
    let colour: Vec<u8> = formula(0).into_iter().flat_map(|code| [code; 3]).collect();
    let colour = png(&folder.path().join("colour.png"), (213, 199), png::ColorType::Rgb, &colour);
    for metric in ["brisque", "niqe", "ugc"] {
        assert_eq!(score(metric, &gray), score(metric, &colour), "{metric}");
    }
}

#[test]
fn every_format_has_the_same_numbers_for_any_number_of_jobs() {
    let folder = tempfile::tempdir().unwrap();
    formulas(folder.path());
    fs::copy(PORTRAIT, folder.path().join("a.png")).unwrap();
    let images = folder.path().to_str().unwrap();
    let outputs = ["1", "3"].map(|jobs| run(&["--metric", "niqe", "--csv", "--jobs", jobs, images]));
    assert_eq!(outputs[0].stdout, outputs[1].stdout);
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(outputs[0].stdout.as_slice()).records().map(Result::unwrap).collect();
    let listed = json(&["--metric", "niqe", images]);
    assert_eq!((rows.len(), listed.len()), (3, 3));
    for (row, image) in rows.iter().zip(&listed) {
        assert_eq!(
            (&row[0], row[1].parse().ok()),
            (image["file"].as_str().unwrap(), image["score"].as_f64())
        );
        assert_eq!((&row[6], &row[9]), ("niqe-live-1", "--metric niqe"));
    }
    let printed = text(&run(&["--metric", "niqe", images]).stdout);
    assert!(printed.contains("   3.370  ") && printed.contains("a.png\n"), "{printed}");
    assert!(printed.contains("lower is better") && printed.ends_with("scored 3 of 3 images\n"), "{printed}");

    // A pattern, the standard input, and a file as destination.
    let pattern = format!("{images}/*g*.png");
    assert_eq!(json(&[&pattern]).len(), 2);
    let mut command = Command::new(env!("CARGO_BIN_EXE_score-image"));
    let output = command.args(["--json", "-"]).stdin(File::open(PORTRAIT).unwrap()).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["images"][0]["score"].as_f64().unwrap(), score("brisque", PORTRAIT));
    assert_eq!(
        (report["metric"].as_str(), report["images"][0]["width"].as_u64()),
        (Some("brisque"), Some(448))
    );
}

#[test]
fn what_has_no_score_says_why_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let flat = png(&path("flat.png"), (100, 100), png::ColorType::Grayscale, &[90; 10_000]);
    let small = png(&path("small.png"), (120, 95), png::ColorType::Grayscale, &[1; 120 * 95]);
    let video = path("video.y4m");
    let mut bytes = b"YUV4MPEG2 W112 H96 F8:1 Ip A1:1 Cmono\n".to_vec();
    for t in 0..2 {
        bytes.extend_from_slice(b"FRAME\n");
        bytes.extend((0..112 * 96u64).map(|i| ((i * i / 31 + i % 40 * 7 + t * 5) % 239) as u8));
    }
    fs::write(&video, bytes).unwrap();
    let missing = path("missing.png");
    let (video, missing) = (video.to_str().unwrap(), missing.to_str().unwrap());
    for (metric, path, words) in [
        ("brisque", &flat[..], "features are undefined, as in an image of one colour"),
        ("ugc", &flat, "features are undefined"),
        ("niqe", &flat, "pixels differ too little"),
        ("niqe", &small, "image of 120x95 is too small for NIQE: at least 96x96 is needed"),
        ("brisque", video, "use score-video for a video"),
        ("ugc", video, "it is a video, and this program scores images: use score-video"),
        ("niqe", missing, "missing.png"),
    ] {
        let output = run(&["--metric", metric, path, PORTRAIT]);
        let printed = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{metric} {path}: {printed}");
        assert!(printed.contains(&format!("{path}  failed: ")) && printed.contains(words), "{printed}");
        assert!(printed.contains("portrait.png") && printed.contains("scored 1 of 2 images"), "{printed}");
    }
    // Where nothing was scored, nothing is said about scores.
    let output = run(&[missing]);
    assert!(!text(&output.stdout).contains("lower is better"), "{}", text(&output.stdout));
    for arguments in [&[][..], &["--metric", "psnr", PORTRAIT], &["--csv", "--json", PORTRAIT]] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_table_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let [gray, rgb] = formulas(folder.path());
    let out = folder.path().join("out.csv");
    let out = out.to_str().unwrap();
    let missing = folder.path().join("late.png");
    let first = run(&["--csv", "-o", out, missing.to_str().unwrap(), &gray]);
    assert_eq!((first.status.code(), first.stdout.len()), (Some(1), 0));
    assert!(
        text(&first.stderr).contains("1 of 2 images failed\nwrote 2 rows of 10 columns to "),
        "{}",
        text(&first.stderr)
    );
    fs::copy(PORTRAIT, &missing).unwrap();
    let all = [missing.to_str().unwrap(), &gray, &rgb];
    let again = run(&[&["--csv", "--resume", "-o", out], &all[..]].concat());
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert!(
        text(&again.stderr).starts_with("resumed at image 2 of 3\nwrote 2 rows of 10 columns to "),
        "{}",
        text(&again.stderr)
    );
    let mut whole: Vec<String> =
        text(&run(&[&["--csv"], &all[..]].concat()).stdout).lines().map(Into::into).collect();
    let mut table: Vec<String> = fs::read_to_string(out).unwrap().lines().map(Into::into).collect();
    whole.sort();
    table.sort();
    assert_eq!(table, whole);
    let other = run(&[&["--metric", "niqe", "--csv", "--resume", "-o", out], &all[..]].concat());
    assert!(other.status.code() == Some(2) && text(&other.stderr).contains("--metric brisque"));
}

#[test]
fn images_are_read_as_the_options_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.y4m");
    // A single frame is an image; it states no range.
    let mut bytes = b"YUV4MPEG2 W112 H96 F8:1 Ip A1:1 Cmono\nFRAME\n".to_vec();
    bytes.extend((0..112 * 96u64).map(|i| ((i * i / 31 + i % 40 * 7) % 239) as u8));
    fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    let printed = text(&run(&["--metric", "ugc", path]).stdout);
    assert!(
        printed.contains("\n          range-assumed: ") && printed.contains("scored 1 of 1"),
        "{printed}"
    );
    let strict = run(&["--metric", "ugc", "--strict", path]);
    let printed = text(&strict.stdout);
    assert_eq!(strict.status.code(), Some(1), "{printed}");
    assert!(printed.contains("strict reading refuses that"), "{printed}");

    let out = folder.path().join("out.csv");
    let table = ["--csv", "-o", out.to_str().unwrap(), "--resume", PORTRAIT];
    let with = |decoder: &str| run(&[&table[..], &["--decoder", decoder]].concat());
    assert_eq!(with("builtin").status.code(), Some(0));
    let row = fs::read_to_string(&out).unwrap();
    assert!(row.ends_with(",--metric brisque --decoder builtin\n"), "{row}");
    for (other, message) in [(run(&table), "`--metric brisque`"), (with("ffmpeg-program"), "ffmpeg-program`")]
    {
        let said = text(&other.stderr);
        assert!(other.status.code() == Some(2) && said.contains(message), "{said}");
    }
    assert_eq!(text(&with("psnr").stderr).matches("--decoder").count(), 1);
}

#[test]
fn help_says_what_the_numbers_mean() {
    let help = text(&run(&["--help"]).stdout);
    for words in
        ["lower is better", "What the numbers mean:", "score-image --metric niqe shots/", "Exit status: 0"]
    {
        assert!(help.contains(words), "{words}: {help}");
    }
}

#[test]
fn nobody_needs_to_read_the_output() {
    let command = |arguments: &'static [&'static str]| {
        move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_score-image"));
            command.args(arguments).arg(PORTRAIT).stdin(Stdio::null());
            command
        }
    };
    print_test::without_reader(0, command(&[]), || {});
    print_test::without_reader(0, command(&["--csv"]), || {});
    std::io::stderr().flush().unwrap();
}

/// The scores of `ugc` there are those that `score-video --method brisque` has in its own list.
#[test]
fn cases_are_answered_as_the_list_says() {
    let Some(folder) = cases_test::folder() else { return };
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases.csv");
    for row in csv::Reader::from_path(list).unwrap().records() {
        let row = row.unwrap();
        let [file, arguments, status, words] = [0, 1, 2, 3].map(|i| row.get(i).unwrap());
        let path = folder.join(file);
        let arguments: Vec<&str> = arguments.split_whitespace().chain(path.to_str()).collect();
        let output = run(&arguments);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), status.parse().ok(), "{arguments:?}: {said}");
        for word in words.split('|') {
            assert!(said.contains(word), "{arguments:?} lacks {word}: {said}");
        }
    }
}
