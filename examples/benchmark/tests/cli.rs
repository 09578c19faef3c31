//! The program as people run it, on a small synthetic data set.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use dream_data::synthetic::{Synthetic, SyntheticConfig};

/// 48 clips: 4 identities, 9 methods, 8 frames of 48x40.
fn tree(root: &Path) -> PathBuf {
    let config = SyntheticConfig {
        identities: 4,
        methods: 9,
        frames: 8,
        width: 48,
        height: 40,
        raters: 8,
        session_clips: 20,
        portraits: false,
        seed: 3,
        ..SyntheticConfig::default()
    };
    let data = root.join("data");
    Synthetic::new(config).unwrap().write_tree(&data, 2, &|_| {}).unwrap();
    data
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_benchmark"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs and expects an exit status.
fn expect(code: i32, arguments: &[&str]) -> String {
    let output = run(arguments);
    let all = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{all}");
    all
}

/// All results below a folder by name. Digests of files are remembered with the time of the file, by each machine for itself.
fn results(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if ["tmp", "lock", "cache/seen"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                walk(&path, root, found)
            } else {
                found.extend(fs::read(&path).map(|b| (name, b)))
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

/// Files below a folder.
fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

fn same(first: &Path, second: &Path) {
    let (a, b) = (results(first), results(second));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in &a {
        assert!(b[name] == *bytes, "{name} differs between {} and {}", first.display(), second.display());
    }
}

/// A folder, and the arguments of a run that writes there.
struct Case {
    out: PathBuf,
    arguments: Vec<String>,
}

impl Case {
    fn new(root: &Path, data: &Path, name: &str, more: &[&str]) -> Self {
        let out = root.join(name);
        let mut arguments = vec!["--data", data.to_str().unwrap(), "--out", out.to_str().unwrap()];
        arguments.extend(more);
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        Self { out, arguments }
    }

    fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    fn run(&self, code: i32) -> String {
        expect(code, &self.arguments())
    }
}

const SOME: [&str; 6] = ["--methods", "brisque,gm-log", "--splits", "3", "--loss-ablation", "brisque"];

/// The options of `SOME`, without the ablation where the program has none.
fn some() -> Vec<&'static str> {
    let count = if cfg!(feature = "ablation") { 6 } else { 4 };
    SOME[..count].to_vec()
}

#[test]
fn one_command_gives_tables_predictions_and_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let data = tree(folder.path());
    let case = Case::new(folder.path(), &data, "out", &some());
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
    if cfg!(feature = "ablation") {
        assert!(read("table5.txt").contains("not the paper's video tower"));
        assert_eq!(read("table5.csv").lines().count(), 11);
    }

    let predictions = read("predictions/brisque.csv");
    assert!(predictions.starts_with("split,set,file,mos,prediction\n0,test_set1,C"), "{predictions}");
    let lists = (0..3).flat_map(|split| (1..=3).map(move |set| format!("splits/{split}/test_set{set}.csv")));
    let clips: usize =
        lists.map(|list| fs::read_to_string(data.join(list)).unwrap().lines().count() - 1).sum();
    assert_eq!(predictions.lines().count() - 1, clips);
    let significance = read("significance.csv");
    assert!(
        significance.contains("average,BRISQUE,GM-LOG,")
            && significance.contains("test_set1,Random,Method mean,")
    );
    assert!(!significance.contains("average,Random,Method mean,"));
    assert_eq!(read("failures.csv").lines().count(), 1);

    let page = read("report.html");
    // Three panels a method, but one for the method mean.
    assert_eq!(page.matches("<svg").count(), 3 * 3 + 1);
    for outside in ["src=", "href=", "url(", "<script", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let shown_again = case.run(0);
    assert_eq!(shown_again, shown);

    // Clips of 48x40 have no block of 96x96 in them, which most of V-BLIINDS is made of.
    let small = Case::new(folder.path(), &data, "small", &["--methods", "v-bliinds", "--splits", "1"]);
    let shown = small.run(0);
    assert!(shown.contains("V-BLIINDS: 37.0 of the 46 values of v-bliinds are undefined"), "{shown}");

    // Another choice of methods in the same folder: nothing of the first one may stay in sight.
    let less = Case::new(folder.path(), &data, "out", &["--methods", "gm-log", "--splits", "3"]);
    less.run(0);
    assert!(!case.out.join("predictions/brisque.csv").exists() && !case.out.join("table5.csv").exists());
    assert!(case.out.join("predictions/gm-log.csv").exists());
}

#[test]
fn predictions_of_another_program_stand_in_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let data = tree(folder.path());
    let some = ["--methods", "gm-log", "--splits", "2"];
    let first = Case::new(folder.path(), &data, "first", &some);
    first.run(0);
    let ours = fs::read_to_string(first.out.join("predictions/gm-log.csv")).unwrap();
    // A file for each split, as two trainings leave them.
    let mut options = some.to_vec();
    let given: Vec<String> = ["0", "1"]
        .map(|split| {
            let of = |line: &&str| line.starts_with("split,") || line.starts_with(&format!("{split},"));
            let path = folder.path().join(format!("{split}.csv"));
            fs::write(&path, ours.lines().filter(of).collect::<Vec<_>>().join("\n")).unwrap();
            format!("The same (again)={}", path.display())
        })
        .into();
    for given in &given {
        options.extend(["--predictions", given]);
    }
    let second = Case::new(folder.path(), &data, "second", &options);
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
        let path = folder.path().join("wrong.csv");
        fs::write(&path, text).unwrap();
        let given = format!("{given}={}", path.display());
        let out = folder.path().join("wrong");
        let (out, data) = (out.to_str().unwrap(), data.to_str().unwrap());
        expect(
            2,
            &["--data", data, "--out", out, "--methods", "gm-log", "--splits", "2", "--predictions", &given],
        )
    };
    let row = ours.lines().nth(1).unwrap();
    let head = "split,set,file,mos,prediction";
    for (text, title, expected) in [
        ("split,set,file,mos".to_owned(), "X", "wrong.csv:1: no column prediction"),
        (format!("{head}\n{row}\n{row}"), "X", "wrong.csv:3: a second prediction"),
        (format!("{head}\n0,test_set1,C1/a.y4m,3,NaN"), "X", "wrong.csv:2: `NaN` is no finite number"),
        (format!("{head}\n0,test_set1,C1/a.y4m,3,1"), "X", "C1/a.y4m is not in test_set1 of split 0"),
        (format!("{head}\n{row}"), "BRISQUE", "take another title"),
        (format!("{head}\n{row}"), "X", "clips of test_set1 in split 0 have no prediction"),
    ] {
        let shown = wrong(&text, title);
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
}

#[test]
fn the_number_of_jobs_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let data = tree(folder.path());
    let run = |jobs: &str| {
        let case = Case::new(folder.path(), &data, jobs, &[&some()[..], &["--jobs", jobs]].concat());
        case.run(0);
        case.out
    };
    same(&run("1"), &run("3"));
}

/// What was computed under other settings must not be taken for the result of these.
#[test]
fn another_seed_box_or_score_is_another_result() {
    let folder = tempfile::tempdir().unwrap();
    let data = tree(folder.path());
    let run = |name: &str, seed: &str| {
        let more = ["--methods", "brisque", "--splits", "2", "--seed", seed];
        let case = Case::new(folder.path(), &data, name, &more);
        case.run(0);
        results(&case.out.join("predictions"))
    };
    let first = run("used", "1");
    assert_ne!(run("used", "5"), first);
    assert_eq!(run("used", "5"), run("fresh", "5"));
    assert_eq!(run("used", "1"), first);
    let cropped = |crop: &str, name: &str| {
        let more = ["--methods", "brisque", "--splits", "2", "--seed", "1", "--crop", crop];
        let case = Case::new(folder.path(), &data, name, &more);
        case.run(0);
        results(&case.out.join("predictions"))
    };
    assert_eq!(cropped("0,0,1,1", "used"), first);
    assert_ne!(cropped("0.1,0,0.8,0.9", "used"), first);
    let list = data.join("splits/0/train_set.csv");
    let rows: Vec<String> = fs::read_to_string(&list).unwrap().lines().map(str::to_owned).collect();
    let clip = rows[1].split(',').next().unwrap();
    fs::write(&list, [&rows[..1], &[format!("{clip},4.75")], &rows[2..]].concat().join("\n")).unwrap();
    assert_eq!(run("used", "1"), run("again", "1"));
    assert_ne!(run("used", "1"), first);
}

/// Kills the program in the middle of both stages and lets it go on.
#[test]
fn a_killed_run_goes_on_and_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let data = tree(folder.path());
    let whole = Case::new(folder.path(), &data, "whole", &some());
    whole.run(0);
    let killed = Case::new(folder.path(), &data, "killed", &[&some()[..], &["--jobs", "1"]].concat());
    let count = |part: &str| count(&killed.out.join(part));
    let mut interrupted = 0;
    for (part, wanted) in
        [("cache/features", 3), ("cache/features", 40), ("cache/runs", 2), ("cache/runs", 9)]
    {
        let mut child =
            command(&killed.arguments()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begin = Instant::now();
        while count(part) < wanted && child.try_wait().unwrap().is_none() {
            assert!(begin.elapsed() < Duration::from_secs(100), "{part} does not grow");
            std::thread::sleep(Duration::from_millis(1));
        }
        // SIGKILL: nothing of the program runs after it.
        child.kill().unwrap();
        child.wait().unwrap();
        interrupted += usize::from(!killed.out.join("report.html").exists());
    }
    assert!(interrupted > 0, "every run was over before it could be killed");
    let first = results(&killed.out.join("cache")).into_keys().next().unwrap();
    let written = || fs::metadata(killed.out.join("cache").join(&first)).unwrap().modified().unwrap();
    let before = written();
    fs::write(killed.out.join("tmp/999"), "half a file").unwrap();
    killed.run(0);
    assert_eq!(written(), before, "{first} was computed again");
    assert!(!killed.out.join("tmp/999").exists());
    same(&whole.out, &killed.out);
}

#[test]
fn shards_and_merge_give_the_bytes_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let data = tree(folder.path());
    let whole = Case::new(folder.path(), &data, "whole", &some());
    whole.run(0);
    let shard = |name: &str, part: &str| {
        Case::new(folder.path(), &data, name, &[&some()[..], &["--shard", part]].concat())
    };
    let (one, two) = (shard("s1", "1/2"), shard("s2", "2/2"));
    let [first, second] = [&one, &two].map(|case| case.out.to_str().unwrap().to_owned());
    assert!(one.run(1).contains("48 pairs of clip and feature set are for the other 1"));
    two.run(1);
    let merged = folder.path().join("merged");
    let merge =
        |out: &str| vec!["merge".to_owned(), "--out".into(), out.into(), first.clone(), second.clone()];
    let run_merge = |code: i32, out: &str| {
        let arguments = merge(out);
        expect(code, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert!(run_merge(1, &first).contains("all features are there"));
    run_merge(1, &second);
    assert!(one.run(1).contains("the trainings of this shard are done"));
    two.run(1);
    run_merge(0, merged.to_str().unwrap());
    same(&whole.out, &merged);

    let other = Case::new(folder.path(), &data, "other", &["--methods", "brisque", "--splits", "2"]);
    other.run(0);
    let mixed = expect(2, &["merge", "--out", merged.to_str().unwrap(), &first, other.out.to_str().unwrap()]);
    assert!(mixed.contains("are of different runs: use the same"), "{mixed}");
}

#[test]
fn a_broken_clip_is_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let data = tree(folder.path());
    let list = fs::read_to_string(data.join("splits/0/test_set1.csv")).unwrap();
    let mut names = list.lines().skip(1).map(|line| line.split(',').next().unwrap());
    let (torn, absent) = (names.next().unwrap(), names.next().unwrap());
    let path = data.join("videos").join(torn);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    fs::remove_file(data.join("videos").join(absent)).unwrap();

    let case = Case::new(folder.path(), &data, "out", &["--methods", "brisque,gm-log", "--splits", "2"]);
    let shown = case.run(1);
    assert!(shown.contains("BRISQUE: ") && shown.contains("test clips have no prediction"), "{shown}");
    assert!(shown.contains("4 failures"), "{shown}");
    let failures = fs::read_to_string(case.out.join("failures.csv")).unwrap();
    for (clip, set) in [(torn, "brisque"), (torn, "gm-log"), (absent, "brisque")] {
        assert!(failures.contains(&format!("features,{clip},{set},")), "{failures}");
    }
    // Where the data lie on this machine is nobody else's business.
    assert!(!failures.contains(folder.path().to_str().unwrap()), "{failures}");
    let page = fs::read_to_string(case.out.join("report.html")).unwrap();
    assert!(page.contains(torn) && page.contains("4 failures"));

    fs::write(&path, &bytes).unwrap();
    let repaired = case.run(1);
    assert!(repaired.contains("2 failures"), "{repaired}");
}

#[test]
fn across_data_sets() {
    let folder = tempfile::tempdir().unwrap();
    let data = tree(folder.path());
    let list = data.join("videos/few.csv");
    fs::copy(data.join("splits/1/train_set.csv"), &list).unwrap();
    let out = folder.path().join("out");
    let mut arguments = vec!["cross", "--train", data.to_str().unwrap(), "--test", list.to_str().unwrap()];
    arguments.extend(["--repeats", "3", "--methods", "brisque", "--out", out.to_str().unwrap()]);
    let shown = expect(0, &arguments);
    assert!(
        shown.contains("1 is few") && shown.contains("3 repeats") && !shown.contains("Method mean"),
        "{shown}"
    );
    assert!(fs::read_to_string(out.join("table8.csv")).unwrap().contains("PLCC1 std"));
    let significance = fs::read_to_string(out.join("significance.csv")).unwrap();
    assert!(significance.lines().nth(1).unwrap().starts_with("few,Random,BRISQUE,-"), "{significance}");
}

#[test]
fn wrong_usage_names_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let data = tree(folder.path());
    let out = folder.path().join("out");
    let (data, out) = (data.to_str().unwrap(), out.to_str().unwrap());
    for (arguments, wanted) in [
        (vec!["--data", data, "--out", out, "--methods", "da-clip"], "shown with --predictions"),
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
