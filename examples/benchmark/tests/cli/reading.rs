//! Options for reading videos, and what is said of assumptions about them.

use std::fs;

use crate::helpers::*;
use train::testing::{retag, videos};

const BRISQUE: [&str; 4] = ["--methods", "brisque", "--splits", "1"];

#[test]
fn another_way_of_reading_is_another_result() {
    let bench = Bench::new();
    videos(&bench.data).iter().for_each(|video| retag(video, " Ip", " It"));
    let all = videos(&bench.data).len();
    let run = |name: &str, more: &[&str]| {
        let case = bench.case(name, &[&BRISQUE[..], more].concat());
        let shown = case.run(0);
        let notes = shown.lines().filter(|line| line.starts_with("note: C"));
        assert_eq!(notes.count(), 5, "{shown}");
        assert!(
            shown.contains(&format!("note: {all} videos rest on assumptions: interlaced {all}")),
            "{shown}"
        );
        let read = |file: &str| fs::read_to_string(case.out.join(file)).unwrap();
        [read("predictions/brisque.csv"), read("assumptions.csv"), read("report.html")]
    };
    let first = ["--interlaced", "deinterlace"];
    let [both, noted, page] = run("used", &[]);
    let [one, noted_one, page_one] = run("used", &first);
    assert!(one != both && noted != noted_one && page != page_one);
    assert_eq!(run("fresh", &first)[0], one);
    assert_eq!(run("used", &["--decoder", "auto"])[0], both);
    let words = "\"interlaced: the video is interlaced, both fields are scored as one picture\"\n";
    assert_eq!((noted.matches(words).count(), noted.lines().count()), (all, 1 + all), "{noted}");
    assert!(page_one.contains("<th scope=\"row\">videos</th><td>--interlaced deinterlace</td>"));
    assert!(page.contains(&format!("<th scope=\"row\">interlaced</th><td>{all}</td>")));
}

#[test]
fn strict_refuses_the_video_that_rests_on_an_assumption() {
    let bench = Bench::new();
    let name = bench.tested(1);
    retag(&bench.data.join("videos").join(&name), " XCOLORRANGE=LIMITED", "");
    let network = ["--epochs", "1", "--batch", "4", "--frames", "2", "--no-text"];
    for (method, stage) in [("brisque", "features"), ("opdai", "frames")] {
        let options = [&["--methods", method, "--splits", "1"][..], &network].concat();
        let (free, strict) =
            (bench.case("out", &options), bench.case("out", &[&options[..], &["--strict"]].concat()));
        let written = |file: &str| fs::read_to_string(free.out.join(file)).unwrap();
        let assumed =
            format!("{name},\"range-assumed: the file states no range, limited range is assumed\"\n");
        for _ in 0..2 {
            let shown = free.run(0);
            let note = format!("note: {name}: range-assumed: ");
            assert!(shown.matches("note: ").count() == 1 && shown.contains(&note), "{shown}");
            assert_eq!(written("assumptions.csv"), format!("file,assumption\n{assumed}"));
            assert_eq!(written("failures.csv").lines().count(), 1);
            let shown = strict.run(1);
            assert!(shown.contains("1 failure: ") && !shown.contains("note: "), "{shown}");
            let failures = written("failures.csv");
            let row = format!("{stage},{name},{method},\"{name}: range-assumed: ");
            assert!(failures.contains(&row), "{failures}");
            assert_eq!(written("assumptions.csv"), "file,assumption\n");
        }
    }
}
