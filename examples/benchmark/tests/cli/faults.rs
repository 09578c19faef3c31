//! What goes wrong, and what the program says.

use std::fs;

use crate::helpers::*;
use crate::print_test;

#[test]
fn a_broken_clip_is_a_row() {
    let bench = Bench::new();
    let ((torn, path, bytes), absent) = (bench.tear(1), bench.tested(2));
    fs::remove_file(bench.data.join("videos").join(&absent)).unwrap();

    let case = bench.case("out", &["--methods", "brisque,gm-log", "--splits", "2"]);
    let shown = case.run(1);
    assert!(shown.contains("BRISQUE: ") && shown.contains("test clips have no prediction"), "{shown}");
    assert!(shown.contains("4 failures"), "{shown}");
    let failures = fs::read_to_string(case.out.join("failures.csv")).unwrap();
    for (clip, set) in [(&torn, "brisque"), (&torn, "gm-log"), (&absent, "brisque")] {
        assert!(failures.contains(&format!("features,{clip},{set},")), "{failures}");
    }
    // Where the data lie on this machine is nobody else's business.
    assert!(!failures.contains(bench.root().to_str().unwrap()), "{failures}");
    let page = fs::read_to_string(case.out.join("report.html")).unwrap();
    assert!(page.contains(&torn) && page.contains("4 failures"));

    fs::write(&path, &bytes).unwrap();
    let repaired = case.run(1);
    assert!(repaired.contains("2 failures"), "{repaired}");
}

#[test]
fn wrong_usage_names_the_remedy() {
    let bench = Bench::new();
    let out = bench.root().join("out");
    let (data, out) = (bench.data.to_str().unwrap(), out.to_str().unwrap());
    for (arguments, wanted) in [
        (vec!["--data", data, "--out", out, "--methods", "nonesuch"], "or `networks`"),
        (vec!["--data", data, "--out", out, "--splits", "11"], "has 10 splits, and 11 are asked for"),
        (vec!["--data", out, "--out", out], "out"),
        (vec!["--out", out], "--data"),
        (vec!["--data", data, "--shard", "3/2"], "give I/N"),
        (vec!["merge", "--out", out, data], "pass folders that `benchmark --shard` wrote"),
        (vec!["--data", data, "--out", out, "--crop", "0,0,1"], "crop"),
    ] {
        let shown = expect(2, &arguments);
        assert!(shown.contains(wanted), "{arguments:?}: {shown}");
    }
    let list = expect(0, &["--list-methods"]);
    assert!(
        list.contains("videval") && list.contains("705 features") && list.contains("one of every 6 frames")
    );
    assert!(expect(0, &["--help"]).contains("benchmark --data DREAM"));
}

#[test]
fn results_are_kept_when_nobody_reads() {
    let bench = Bench::new();
    let case = bench.case("out", &["--methods", "brisque", "--splits", "1"]);
    print_test::without_reader(
        0,
        || command(&case.arguments()),
        || {
            for name in ["report.html", "table4.txt", "predictions/brisque.csv"] {
                assert!(case.out.join(name).is_file(), "{name}");
            }
            fs::remove_file(case.out.join("table4.txt")).unwrap();
        },
    );
    print_test::without_reader(0, || command(&["--list-methods"]), || {});
}
