//! The same bytes for any number of jobs, after a kill and from shards; other bytes for other settings.

use std::fs;

use crate::helpers::*;

#[test]
fn the_number_of_jobs_does_not_matter() {
    let bench = Bench::new();
    let run = |jobs: &str| {
        let case = bench.case(jobs, &[&some()[..], &["--jobs", jobs]].concat());
        case.run(0);
        case.out
    };
    same(&run("1"), &run("3"));
}

/// What was computed under other settings must not be taken for the result of these.
#[test]
fn another_seed_box_or_score_is_another_result() {
    let bench = Bench::new();
    let run_with = |name: &str, seed: &str, more: &[&str]| {
        let common = ["--methods", "brisque", "--splits", "2", "--seed", seed];
        let case = bench.case(name, &[&common[..], more].concat());
        case.run(0);
        results(&case.out.join("predictions"))
    };
    let run = |name: &str, seed: &str| run_with(name, seed, &[]);
    let first = run("used", "1");
    assert_ne!(run("used", "5"), first);
    assert_eq!(run("used", "5"), run("fresh", "5"));
    assert_eq!(run("used", "1"), first);
    assert_eq!(run_with("used", "1", &["--crop", "0,0,1,1"]), first);
    assert_ne!(run_with("used", "1", &["--crop", "0.1,0,0.8,0.9"]), first);
    let list = bench.data.join("splits/0/train_set.csv");
    let rows: Vec<String> = fs::read_to_string(&list).unwrap().lines().map(str::to_owned).collect();
    let clip = rows[1].split(',').next().unwrap();
    fs::write(&list, [&rows[..1], &[format!("{clip},4.75")], &rows[2..]].concat().join("\n")).unwrap();
    assert_eq!(run("used", "1"), run("again", "1"));
    assert_ne!(run("used", "1"), first);
}

/// Kills the program in the middle of both stages and lets it go on.
#[test]
fn a_killed_run_goes_on_and_ends_with_the_same_bytes() {
    let bench = Bench::new();
    let whole = bench.case("whole", &some());
    whole.run(0);
    let killed = bench.case("killed", &[&some()[..], &["--jobs", "1"]].concat());
    let count = |part: &str| results(&killed.out.join(part)).len();
    let mut interrupted = 0;
    for (part, wanted) in
        [("cache/features", 3), ("cache/features", 40), ("cache/runs", 2), ("cache/runs", 9)]
    {
        kill_when(&mut command(&killed.arguments()), || count(part) >= wanted);
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
    let bench = Bench::new();
    let whole = bench.case("whole", &some());
    whole.run(0);
    let shard = |name: &str, part: &str| bench.case(name, &[&some()[..], &["--shard", part]].concat());
    // However the second one was typed: the results are those of one run.
    let turned =
        ["--splits", "3", "--shard", "2/2", "--loss-ablation=brisque", "--methods", "gm-log,brisque"];
    let (one, two) = (shard("s1", "1/2"), bench.case("s2", &turned));
    let [first, second] = [&one, &two].map(|case| case.out.to_str().unwrap().to_owned());
    assert!(one.run(1).contains("48 pairs of clip and feature set are for the other 1"));
    two.run(1);
    let merged = bench.root().join("merged");
    let run_merge = |code: i32, out: &str| expect(code, &["merge", "--out", out, &first, &second]);
    assert!(run_merge(1, &first).contains("all features are there"));
    run_merge(1, &second);
    assert!(one.run(1).contains("the trainings of this shard are done"));
    two.run(1);
    run_merge(0, merged.to_str().unwrap());
    same(&whole.out, &merged);

    let other = bench.case("other", &["--methods", "brisque", "--splits", "2"]);
    other.run(0);
    let mixed = expect(2, &["merge", "--out", merged.to_str().unwrap(), &first, other.out.to_str().unwrap()]);
    assert!(mixed.contains("are of different runs: use the same"), "{mixed}");
}
