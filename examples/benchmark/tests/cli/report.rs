//! Tables, predictions and the page.

use std::fs;

use crate::helpers::*;

#[test]
fn one_command_gives_tables_predictions_and_a_page() {
    let bench = Bench::new();
    let case = bench.case("out", &some());
    let shown = case.run(0);
    for row in ["Random", "Method mean", "BRISQUE", "GM-LOG", "Mean ± deviation over 3 splits"] {
        assert!(shown.contains(row), "{row}: {shown}");
    }
    let read = |name: &str| fs::read_to_string(case.out.join(name)).unwrap();
    // Unseen methods have no mean: those cells are empty, and so are the averages.
    let table = read("table4.csv");
    let mean: Vec<&str> =
        table.lines().find(|line| line.contains("Method mean")).unwrap().split(',').collect();
    assert!(mean[2].parse::<f64>().unwrap() > 0.6 && mean[5].is_empty(), "{mean:?}");
    assert!(
        read("table4.tex").starts_with("\\begin{tabular}") && read("table4.md").starts_with("| Method |")
    );
    assert!(read("table5.txt").contains("not the paper's video tower"));
    assert_eq!(read("table5.csv").lines().count(), 11);

    let predictions = read("predictions/brisque.csv");
    assert!(predictions.starts_with("split,set,file,mos,prediction\n0,test_set1,C"), "{predictions}");
    let lists = (0..3).flat_map(|split| (1..=3).map(move |set| format!("splits/{split}/test_set{set}.csv")));
    let clips: usize =
        lists.map(|list| fs::read_to_string(bench.data.join(list)).unwrap().lines().count() - 1).sum();
    assert_eq!(predictions.lines().count() - 1, clips);
    let significance = read("significance.csv");
    assert!(
        significance.contains("average,BRISQUE,GM-LOG,")
            && significance.contains("test_set1,Random,Method mean,")
    );
    assert!(!significance.contains("average,Random,Method mean,"));
    assert_eq!(read("failures.csv").lines().count(), 1);

    assert!(shown.contains("wrote the report of ") && shown.ends_with("report.html\n"), "{shown}");
    let again = command(&case.arguments()).output().unwrap();
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(said.starts_with("resumed: results of ") && said.contains(" trainings are there\n"), "{said}");
    let shown_again = case.run(0);
    assert_eq!(shown_again, shown);

    // Clips of 48x40 have no block of 96x96 in them, which most of V-BLIINDS is made of.
    let small = bench.case("small", &["--methods", "v-bliinds", "--splits", "1"]);
    let shown = small.run(0);
    assert!(shown.contains("V-BLIINDS: 37.0 of the 46 values of v-bliinds are undefined"), "{shown}");

    // Another choice of methods in the same folder: nothing of the first one may stay in sight.
    let less = bench.case("out", &["--methods", "gm-log", "--splits", "3"]);
    less.run(0);
    assert!(!case.out.join("predictions/brisque.csv").exists() && !case.out.join("table5.csv").exists());
    assert!(case.out.join("predictions/gm-log.csv").exists());
}

#[test]
fn predictions_of_another_program_stand_in_the_table() {
    let bench = Bench::new();
    let some = ["--methods", "gm-log", "--splits", "2"];
    let first = bench.case("first", &some);
    first.run(0);
    let ours = fs::read_to_string(first.out.join("predictions/gm-log.csv")).unwrap();
    // A file for each split, as two trainings leave them.
    let mut options = some.to_vec();
    let given: Vec<String> = ["0", "1"]
        .map(|split| {
            let of = |line: &&str| line.starts_with("split,") || line.starts_with(&format!("{split},"));
            let path = bench.root().join(format!("{split}.csv"));
            fs::write(&path, ours.lines().filter(of).collect::<Vec<_>>().join("\n")).unwrap();
            format!("The same (again)={}", path.display())
        })
        .into();
    for given in &given {
        options.extend(["--predictions", given]);
    }
    let second = bench.case("second", &options);
    let shown = second.run(0);
    assert!(shown.contains("Predictions from files"), "{shown}");
    let table = fs::read_to_string(second.out.join("table4.csv")).unwrap();
    let row = |title: &str| {
        let line = table.lines().find(|line| line.contains(title)).unwrap();
        line.split(',').skip(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("The same (again)"), row("GM-LOG"));
    assert!(second.out.join("predictions/the-same-again.csv").exists());

    let wrong = |text: &str, given: &str| {
        let path = bench.root().join("wrong.csv");
        fs::write(&path, text).unwrap();
        let given = format!("{given}={}", path.display());
        bench.case("wrong", &[&some[..], &["--predictions", &given]].concat()).run(2)
    };
    let row = ours.lines().nth(1).unwrap();
    let head = "split,set,file,mos,prediction";
    for (text, title, expected) in [
        ("split,set,file,mos".to_owned(), "X", "wrong.csv:1: no column `prediction`"),
        (format!("{head}\n{row}\n{row}"), "X", "wrong.csv:3: a second prediction"),
        (
            format!("{head}\n0,test_set1,C1/a.y4m,3,NaN"),
            "X",
            "wrong.csv:2: column `prediction` is `NaN`; it must be a finite number",
        ),
        (format!("{head}\n0,test_set1,C1/a.y4m,3,1"), "X", "C1/a.y4m is not in test_set1 of split 0"),
        (format!("{head}\n{row}"), "BRISQUE", "take another title"),
        (format!("{head}\n{row}"), "X", "clips of test_set1 in split 0 have no prediction"),
    ] {
        let shown = wrong(&text, title);
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
}

#[test]
fn across_data_sets() {
    let bench = Bench::new();
    let (out, shown) = bench.across(&["--repeats", "3", "--methods", "brisque"]);
    assert!(
        shown.contains("1 is few") && shown.contains("3 repeats") && !shown.contains("Method mean"),
        "{shown}"
    );
    assert!(fs::read_to_string(out.join("table8.csv")).unwrap().contains("PLCC1 std"));
    let significance = fs::read_to_string(out.join("significance.csv")).unwrap();
    let pair = significance.lines().nth(1).unwrap();
    assert!(pair.starts_with("few,Random,BRISQUE,-"), "{significance}");
    // Drawn with the same clips for both methods.
    let [difference, low, high] =
        [3, 4, 5].map(|at| pair.split(',').nth(at).unwrap().parse::<f64>().unwrap());
    assert!(low < difference && difference < high && high - low < 1.5, "{significance}");
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    let headline = "BRISQUE is the only method; its scores correlate with the opinions of people at 0.";
    assert!(
        page.contains(headline)
            && page.contains(" on average (of PLCC and SRCC on one other data set, over 3 trainings)")
    );
    assert!(
        page.contains("data, 48 clips: a stand-in")
            && page.contains("few, ")
            && page.contains("<h3>On the data set few</h3>")
    );
    assert!(
        page.contains("<td>benchmark cross --train data --test few.csv --repeats 3 --methods brisque</td>")
    );
}
