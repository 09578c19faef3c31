//! The program as people run it.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../print_test.rs"]
mod print_test;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use dream_data::dataset::Clip;
use dream_data::split::{check_split, read_split};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_make-splits")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Six groups, eight methods and the real clips, each clip with the opinions 2 and 3; empty videos.
fn tree(root: &Path) {
    fs::create_dir_all(root.join("videos/C1")).unwrap();
    let mut table = String::from("video_name,opinion_score,description_cn,description_en\n");
    for group in 1..=6 {
        for method in 0..=8 {
            let end = if method == 0 { "target".to_owned() } else { format!("submit-{method}") };
            let name = format!("C1/{group}-1-1-{end}.mp4");
            fs::write(root.join("videos").join(&name), "").unwrap();
            table.push_str(&format!("{name},2,,x\n{name},3,,y\n"));
        }
    }
    fs::write(root.join("all_descriptions_en.csv"), table).unwrap();
}

#[test]
fn splits_of_a_tree_do_not_leak_and_have_scores() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    tree(root);
    let data = root.to_str().unwrap();
    let output = run(&["--data", data, "--validation", "method"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let place = root.join("splits");
    assert_eq!(
        text(&output.stderr),
        format!("wrote 10 splits, with validation lists, below {}\n", place.display())
    );
    for index in 0..10 {
        let place = root.join("splits").join(index.to_string());
        let split = read_split(&place).unwrap();
        let clips: Vec<Clip> = split.clips().map(|id| Clip::from_id(id.clone()).unwrap()).collect();
        assert_eq!(clips.len(), 54);
        assert!(check_split(&split, &clips).unwrap().is_clean());
        assert!(split.train.iter().all(|row| row.mos == Some(2.5)));
        let rows = |name: &str| fs::read_to_string(place.join(name)).unwrap().lines().count() - 1;
        assert_eq!(rows("validation_fit.csv") + rows("validation_set.csv"), split.train.len());
    }

    // The same seed draws the same; what is there is not replaced unasked.
    let again = folder.path().join("again");
    let again = again.to_str().unwrap();
    assert_eq!(run(&["--data", data, "--out", again, "--repeats", "1"]).status.code(), Some(0));
    let read = |root: &str, name: &str| fs::read(Path::new(root).join(name)).unwrap();
    assert_eq!(read(again, "0/test_set1.csv"), read(data, "splits/0/test_set1.csv"));
    let output = run(&["--data", data, "--seed", "1"]);
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("--force"));
    assert_eq!(run(&["--data", data, "--seed", "1", "--force"]).status.code(), Some(0));
    assert_ne!(read(again, "0/test_set1.csv"), read(data, "splits/0/test_set1.csv"));
}

#[test]
fn manifests_and_options() {
    let folder = tempfile::tempdir().unwrap();
    let (list, out) = (folder.path().join("m.csv"), folder.path().join("out"));
    let mut rows = String::from("path,mos,group,method\n");
    for group in ["anna", "ben", "cleo"] {
        for method in ["real", "swap-a", "swap-b"] {
            rows.push_str(&format!("{group}/{method}.mp4,,{group},{method}\n"));
        }
    }
    fs::write(&list, rows).unwrap();
    let base = ["--manifest", list.to_str().unwrap(), "--out", out.to_str().unwrap(), "--repeats", "2"];
    let output = run(&[&base[..], &["--test-identities", "1", "--test-methods", "2"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let split = read_split(out.join("1")).unwrap();
    assert_eq!([split.train.len(), split.test1.len(), split.test2.len(), split.test3.len()], [2, 1, 4, 2]);
    assert_eq!(split.train[0].mos, None);

    let output = run(&[&base[..], &["--force", "--test-identities", "3"]].concat());
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("--test-identities"));
    // One identity, and one name written in two ways.
    for (text, wanted) in [
        (
            "path,group,method\na,anna,real\nb,anna,m\n",
            "the clips have 1 identities, and a split needs at least 2",
        ),
        ("path,group,method\na,anna,real\nb,anna,m\n", "no number can be met with these clips\n"),
        ("path,group,method\na,anna,real\nb,ANNA,m\nc,ben,m\n", "identity `ANNA` may be `anna`, a leak"),
        (
            "path,group,method\na,Ren\u{e9},real\nb,Rene\u{301},m\nc,ben,m\n",
            "they differ only in Unicode form",
        ),
    ] {
        fs::write(&list, text).unwrap();
        let output = run(&[&base[..], &["--force"]].concat());
        let said = self::text(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(wanted), "{said}");
    }
    let output = run(&["--data", folder.path().join("none").to_str().unwrap()]);
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("none"));
    assert_eq!(run(&[]).status.code(), Some(2));
    assert!(text(&run(&["--help"]).stdout).contains("Examples:"));
}

#[test]
fn splits_are_written_when_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    tree(root);
    fs::write(root.join("videos/C1/._1-1-1-target.mp4"), "").unwrap();
    let data = root.to_str().unwrap();
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_make-splits"));
        command.args(["--data", data, "--repeats", "2", "--force"]);
        command
    };
    print_test::without_reader(0, command, || {
        assert_eq!(read_split(root.join("splits/1")).unwrap().clips().count(), 54);
        assert_eq!(fs::read_dir(root.join("splits/1")).unwrap().count(), 4);
        fs::remove_dir_all(root.join("splits")).unwrap();
    });
    let odd = run(&["--data", data, "--test-identities", "6"]);
    let error = text(&odd.stderr);
    assert!(odd.status.code() == Some(2) && error.contains("--test-identities: 6 of the 6"), "{error}");
    let none = run(&["--data", root.join("videos").to_str().unwrap()]);
    assert!(text(&none.stderr).contains("--data: "), "{}", text(&none.stderr));
}
