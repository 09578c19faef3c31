//! One network trained in several ways: by loss (Table V) and by first weights (Table VI).

use std::fs;
use std::path::{Path, PathBuf};

use dream_models::deep::checkpoint::write_tensors;
use dream_models::deep::features::{FeatureSet, Preparation};

use crate::helpers::*;

/// One split, an epoch of the tiny networks.
fn quick<'a>(methods: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let quick = ["--splits", "1", "--epochs", "1", "--batch", "4", "--crop", "0.17,0,0.83,0.8"];
    [&["--methods", methods][..], &quick, more].concat()
}

/// Family, title and numbers of the rows of a table.
fn rows(out: &Path, table: &str) -> Vec<[String; 3]> {
    let text = fs::read_to_string(out.join(table)).unwrap();
    let row = |line: &str| {
        // Only a family has commas, and stands in quotes then.
        let (family, rest) = match line.strip_prefix('"') {
            Some(quoted) => quoted.split_once("\",").unwrap(),
            None => line.split_once(',').unwrap(),
        };
        let (title, numbers) = rest.split_once(',').unwrap();
        [family, title, numbers].map(str::to_owned)
    };
    text.lines().skip(1).map(row).collect()
}

fn trainings(out: &Path) -> Vec<String> {
    let folders = fs::read_dir(out.join("cache/networks/0")).unwrap();
    let mut names: Vec<String> =
        folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The tensors of a training.
fn tensors(out: &Path, network: &str) -> PathBuf {
    let files = fs::read_dir(out.join("cache/networks/0").join(network)).unwrap();
    let mut paths = files.map(|file| file.unwrap().path());
    paths.find(|path| path.extension().is_some_and(|ending| ending == "safetensors")).unwrap()
}

#[test]
fn every_loss_trains_the_whole_network_and_the_usual_one_is_not_trained_twice() {
    let bench = Bench::new();
    let case = bench.case("out", &quick("opdai", &["--loss-ablation", "opdai"]));
    let shown = case.run(0);
    let (usual, losses) = (rows(&case.out, "table4.csv"), rows(&case.out, "table5.csv"));
    assert_eq!(losses.len(), 10);
    assert!(losses.iter().all(|row| row[0] == "OPDAI, the whole network: Swin-V2 of the tiny preset"));
    let numbers = |rows: &[[String; 3]], title: &str| {
        rows.iter().find(|row| row[1] == title).map(|row| row[2].clone()).unwrap()
    };
    assert_eq!(numbers(&losses, "MAE + PLCC + Rank"), numbers(&usual, "OPDAI"));
    assert_ne!(numbers(&losses, "Norm-in-norm"), numbers(&usual, "OPDAI"));
    let found = trainings(&case.out);
    assert!(found.len() == 10 && found[0] == "opdai" && found[1] == "opdai-loss-kl", "{found:?}");
    for name in &found {
        assert!(case.out.join(format!("predictions/{name}.csv")).is_file(), "{name}");
    }
    let page = fs::read_to_string(case.out.join("report.html")).unwrap();
    assert!(page.contains("href=\"predictions/opdai-loss-mae.csv\"") && page.contains("href=\"table5.tex\""));
    assert!(page.contains("trained with Norm-in-norm + KL; a linear head"));

    // Without the row of Table IV, and with the loss by its name: still the same trainings.
    let model = case.out.join("cache/networks/0/opdai/model.json");
    let before = fs::metadata(&model).unwrap().modified().unwrap();
    assert_eq!(case.run(0), shown);
    let named = ["--loss-ablation", "opdai", "--loss", "mae-plcc-rank"];
    let alone = bench.case("out", &quick("gm-log", &named));
    alone.run(0);
    assert_eq!(fs::metadata(&model).unwrap().modified().unwrap(), before, "trained again");
    assert_eq!(rows(&case.out, "table5.csv"), losses);
    assert!(case.out.join("predictions/opdai.csv").is_file());
}

#[test]
fn first_weights_have_rows_by_network_and_shards_give_the_same_bytes() {
    let bench = Bench::new();
    let first = bench.case("first", &quick("opdai,unilj", &[]));
    first.run(0);
    let file = |name: &str, network| format!("{name}={}", tensors(&first.out, network).display());
    let (swin, convnext) = (file("Our scores", "opdai"), file("Our scores", "unilj"));
    let again = file("unilj:again", "unilj");
    let given = format!("{swin},{convnext}");
    let options = ["--pretraining", "none", "--pretraining", &given, "--pretraining", &again];
    let case = |name: &str, more: &[&str]| bench.case(name, &quick("opdai", &[&options, more].concat()));
    let whole = case("whole", &[]);
    let shown = whole.run(0);
    assert!(shown.contains("note: --pretraining ") && shown.contains("`backbone.` was taken off"), "{shown}");
    assert!(shown.contains("UNILJ (again): the same training as UNILJ (Our scores)"), "{shown}");
    let found = rows(&whole.out, "table6.csv");
    let heads: Vec<[&str; 2]> = found.iter().map(|[family, title, _]| [&**family, &**title]).collect();
    let (opdai, unilj) = ("OPDAI: Swin-V2 of the tiny preset", "UNILJ: ConvNeXt of the tiny preset");
    assert_eq!(
        heads,
        [
            [opdai, "OPDAI (none)"],
            [opdai, "OPDAI (Our scores)"],
            [unilj, "UNILJ (none)"],
            [unilj, "UNILJ (Our scores)"],
            [unilj, "UNILJ (again)"],
        ]
    );
    let usual = rows(&whole.out, "table4.csv").into_iter().find(|row| row[1] == "OPDAI").unwrap();
    assert_eq!(found[0][2], usual[2], "the same network, the same clips");
    assert!(found[1][2] != found[0][2] && found[3][2] != found[2][2] && found[4][2] == found[3][2]);
    assert_eq!(trainings(&whole.out), ["opdai", "opdai-from-our-scores", "unilj", "unilj-from-our-scores"]);
    assert_eq!(rows(&first.out, "table4.csv")[3][2], found[2][2], "UNILJ from nothing");
    let page = fs::read_to_string(whole.out.join("report.html")).unwrap();
    for words in [
        "Table VI: first weights",
        "href=\"table6.md\"",
        "href=\"predictions/unilj-from-our-scores.csv\"",
        "first weights of the tower from model.",
        "--pretraining none --pretraining &#39;Our scores=model.",
    ] {
        let plain = page.replace('\'', "&#39;").replace("&#x27;", "&#39;").replace("&apos;", "&#39;");
        assert!(plain.contains(words), "{words}");
    }
    assert!(!page.contains(bench.root().to_str().unwrap()), "where the files lie is nobody's business");

    let shards = ["1/2", "2/2"].map(|part| case(&part.replace('/', "of"), &["--shard", part]));
    for shard in &shards {
        assert!(shard.run(1).contains("the trainings of this shard are done"));
        assert_eq!(trainings(&shard.out).len(), 2, "each does a half");
    }
    let merged = bench.root().join("merged");
    let [one, two, out] = [&shards[0].out, &shards[1].out, &merged].map(|path| path.to_str().unwrap());
    expect(0, &["merge", "--out", out, one, two]);
    same(&whole.out, &merged);

    bench.case("whole", &quick("opdai", &[])).run(0);
    for gone in ["table6.txt", "predictions/opdai-from-our-scores.csv"] {
        assert!(!whole.out.join(gone).exists(), "{gone}");
    }
}

#[test]
fn one_network_of_table_iv_starts_from_a_file_of_its_own() {
    let bench = Bench::new();
    let first = bench.case("first", &quick("opdai", &[]));
    first.run(0);
    let file = tensors(&first.out, "opdai");
    let [own, named] = ["opdai", "scores"].map(|name| format!("{name}={}", file.display()));
    let options = ["--visual-of", &own, "--pretraining", &named, "--pretraining", "none"];
    let case = bench.case("own", &quick("opdai,hust", &options));
    case.run(0);
    assert_eq!(trainings(&case.out), ["hust", "opdai", "opdai-from-none", "unilj"]);
    let of = |out: &Path, table: &str, title: &str| {
        rows(out, table).into_iter().find(|row| row[1] == title).unwrap()[2].clone()
    };
    let usual = of(&case.out, "table4.csv", "OPDAI");
    assert_eq!(usual, of(&case.out, "table6.csv", "OPDAI (scores)"), "one training for both tables");
    let nothing = of(&first.out, "table4.csv", "OPDAI");
    assert_eq!(nothing, of(&case.out, "table6.csv", "OPDAI (none)"));
    assert_ne!(usual, nothing);
}

#[test]
fn a_file_that_does_not_fit_is_refused_before_the_work_begins() {
    let bench = Bench::new();
    let convnext = bench.root().join("convnext.safetensors");
    let tower = FeatureSet::Dfgc1st.small(Preparation::Own).tower.seeded(1).unwrap();
    write_tensors(&convnext, &tower).unwrap();
    let convnext = convnext.to_str().unwrap();
    let asset = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../crates/dream-models/assets/blazeface-short-range.safetensors"
    );
    let given = |name: &str, file: &str| format!("{name}={file}");
    for (start, words) in [
        (given("opdai:x", convnext), vec!["opdai: --pretraining ", "is a ConvNeXt", "wanted is a Swin-V2"]),
        (
            given("x", asset),
            vec![
                "fits neither network",
                "for opdai, the file holds no Swin-V2; for unilj, the file holds no",
            ],
        ),
        (given("x", "nowhere.safetensors"), vec!["--pretraining", "nowhere.safetensors"]),
        ("none,opdai:none".to_owned(), vec!["OPDAI starts twice from `none`"]),
        ("hust:none".to_owned(), vec!["no network of Table VI"]),
        ("imagenet".to_owned(), vec!["give a name and a file"]),
    ] {
        let case = bench.case("out", &quick("brisque", &["--pretraining", &start]));
        let shown = case.run(2);
        assert!(words.iter().all(|words| shown.contains(words)) && !case.out.exists(), "{start}: {shown}");
    }
    for (file, words) in [
        (given("opdai", convnext), "opdai: --visual-of "),
        (given("hust", convnext), "--visual-of: hust is not among --methods"),
        (format!("opdai={convnext},opdai={convnext}"), "opdai is named twice"),
        (given("swin", convnext), "give a network (da-clip, "),
    ] {
        let case = bench.case("out", &quick("opdai", &["--visual-of", &file]));
        let shown = case.run(2);
        assert!(shown.contains(words) && !case.out.exists(), "{file}: {shown}");
    }
}

#[test]
fn the_list_of_methods_has_the_rows_that_are_asked_for() {
    let listed = expect(0, &["--list-methods", "--loss-ablation", "opdai", "--pretraining", "none"]);
    let (_, more) = listed.split_once("Table V:\n").unwrap();
    let (losses, starts) = more.split_once("Table VI:\n").unwrap();
    assert!(losses.lines().count() == 10 && losses.contains("opdai-loss-nin-kl    Norm-in-norm + KL "));
    assert!(
        starts.starts_with("opdai OPDAI (none) ") && starts.contains("\nunilj UNILJ (none) "),
        "{starts}"
    );
    assert!(!expect(0, &["--list-methods"]).contains("Table V"));
}
