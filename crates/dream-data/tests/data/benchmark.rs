//! The published files of the benchmark and of its predecessor, where the shared folder has them.
//!
//! The folder is found through `DREAM_SHARED`, or beside the repository. Without it the tests say `SKIPPED`; with
//! `DREAM_REQUIRE_SHARED=1` they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use crate::common::shared::shared;
use dream_data::annotation::{Bt500, Consistency, Ddof, Histogram, RatingTable};
use dream_data::dataset::{
    Clip, ClipId, Round, VraLabel, parse_mos_list, read_mos_list, read_raw_scores, read_vra_labels,
};
use dream_data::split::{Leak, Partition, Split, SplitDesign, check_split, read_split, write_split};
use std::collections::{BTreeMap, BTreeSet};

fn labels(test: &str) -> Option<Vec<VraLabel>> {
    Some(read_vra_labels(shared(test, "data/dfgc_vra_labels_and_splits.csv")?).unwrap())
}

fn clips<'a>(names: impl IntoIterator<Item = &'a ClipId>) -> Vec<Clip> {
    names.into_iter().map(|name| Clip::from_id(name.clone()).unwrap()).collect()
}

#[test]
fn the_split_of_dfgc_vra_is_leak_free() {
    let Some(labels) = labels("the_split_of_dfgc_vra_is_leak_free") else { return };
    assert_eq!(labels.len(), 1400);
    let split = Split::from_vra(&labels);
    let known = clips(split.clips());
    let report = check_split(&split, &known).unwrap();
    assert!(report.is_clean() && report.unassigned.is_empty(), "{:?}", report.leaks);
    let counts = report.sets.each_ref().map(|set| (set.clips, set.identities.len(), set.methods.len()));
    assert_eq!(counts, [(700, 14, 25), (300, 6, 25), (280, 14, 10), (120, 6, 10)]);
    let all = |sets: [Partition; 2]| {
        let names = sets.map(|set| report.set(set).identities.iter().collect::<BTreeSet<_>>());
        names.iter().flatten().copied().collect::<BTreeSet<_>>().len()
    };
    assert_eq!(
        (all([Partition::Train, Partition::Test2]), all([Partition::Test1, Partition::Test3])),
        (14, 6)
    );
    assert!(
        report
            .set(Partition::Train)
            .identities
            .iter()
            .all(|i| !report.set(Partition::Test3).identities.contains(i))
    );

    // The same through the files of a split.
    let folder = tempfile::tempdir().unwrap();
    write_split(&split, folder.path()).unwrap();
    assert_eq!(read_split(folder.path()).unwrap(), split);

    // And it can fail: one clip of test-3 in train leaks its identity and its method.
    let mut spoiled = split.clone();
    let moved = spoiled.test3.pop().unwrap();
    spoiled.train.push(moved);
    let leaks = check_split(&spoiled, &known).unwrap().leaks;
    let count = |wanted: fn(&Leak) -> bool| leaks.iter().filter(|leak| wanted(leak)).count();
    // 70 clips of its identity in the two sets, and 40 of its method, less the clip itself.
    assert_eq!(count(|leak| matches!(leak, Leak::IdentityInTrain { .. })), 69);
    assert_eq!(count(|leak| matches!(leak, Leak::MethodInTrain { .. })), 39);
}

#[test]
fn means_of_methods_agree_with_the_table() {
    let Some(labels) = labels("means_of_methods_agree_with_the_table") else { return };
    let mut methods: BTreeMap<String, Vec<&VraLabel>> = BTreeMap::new();
    for label in &labels {
        methods.entry(label.clip.parts().unwrap().method()).or_default().push(label);
    }
    assert_eq!(methods.len(), 35);
    for (method, rows) in methods {
        let scores: Vec<f64> = rows.iter().map(|row| row.mos).collect();
        let mean = dream_data::annotation::Opinion::of(&scores, Ddof::Sample).unwrap().mos;
        // Printed to three decimals, and 40 multiples of 0.2 have no more.
        assert!(rows.iter().all(|row| (row.method_mos.unwrap() - mean).abs() < 1e-9), "{method}: {mean}");
        assert_eq!(rows.len(), 40);
    }
}

#[test]
fn fakes_and_real_clips_make_the_benchmark() {
    let test = "fakes_and_real_clips_make_the_benchmark";
    let (Some(labels), Some(path)) = (labels(test), shared(test, "data/dfgc_real_video_names.csv")) else {
        return;
    };
    let real = read_mos_list(path).unwrap();
    assert!(real.len() == 120 && real.iter().all(|row| row.mos.is_none()));
    let all = clips(labels.iter().map(|row| &row.clip).chain(real.iter().map(|row| &row.clip)));
    assert_eq!(all.iter().filter(|clip| clip.real).count(), 120);
    for round in Round::ALL {
        let count = all.iter().filter(|clip| clip.id.parts().unwrap().round == round).count();
        assert_eq!(count, round.published_clips());
    }
    for split in SplitDesign::default().draw_all(&all).unwrap() {
        let report = check_split(&split, &all).unwrap();
        assert!(report.is_clean() && report.unassigned.is_empty());
        let counts = report.sets.each_ref().map(|set| (set.clips, set.identities.len(), set.methods.len()));
        // 38 methods with 40 clips, 2 for every identity.
        assert_eq!(counts, [(784, 14, 28), (336, 6, 28), (280, 14, 10), (120, 6, 10)]);
    }
    // The published split knows nothing of the real clips.
    let report = check_split(&Split::from_vra(&labels), &all).unwrap();
    assert!(report.is_clean() && report.unassigned.len() == 120);
}

#[test]
fn external_lists() {
    for (name, rows) in [("dream_external_ffpp_mos.csv", 100), ("dream_external_qeval_mos.csv", 207)] {
        let Some(path) = shared("external_lists", &format!("data/{name}")) else { return };
        let list = read_mos_list(&path).unwrap();
        assert_eq!(list.len(), rows, "{name}");
        assert!(list.iter().all(|row| row.mos.is_some_and(|mos| (1.0..=5.0).contains(&mos))));
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(bytes.starts_with("\u{feff}".as_bytes()), rows == 207, "{name}");
        let text = String::from_utf8(bytes).unwrap();
        let same = parse_mos_list(text.trim_start_matches('\u{feff}').replace('\n', "\r\n").as_bytes(), name)
            .unwrap();
        assert_eq!(same, list);
    }
}

/// Aggregates of one table of raw scores.
struct Wanted {
    name: &'static str,
    clips: usize,
    raters: usize,
    /// Mean, population deviation, and sum weighted by 1, 2, 3 … of the mean opinions.
    mos: [f64; 3],
    /// Mean and weighted sum of the deviations, `n` and `n - 1`.
    sos: [[f64; 2]; 2],
    /// Outliers above and below, and who is rejected, with `n - 1`.
    bt500: (usize, usize, &'static [&'static str]),
    /// The same with `n`.
    bt500_population: (usize, usize, &'static [&'static str]),
    /// Mean opinions in 8 bins from 1 to 5, deviations (`n`) in 8 bins from 0 to 2.
    histograms: [[usize; 8]; 2],
}

/// NumPy 2.4.6 and SciPy 1.17.1 (`kurtosis(fisher=False, bias=True)`) on the raters x clips matrix, both in the order of
/// the file. The outliers with `n` were also taken from sureal 0.9.0 (`observer_rejected_1st_stats` and `_2nd_stats`),
/// which agrees for every rater once the one clip on which all agree is left out.
const WANTED: [Wanted; 2] = [
    Wanted {
        name: "nflx_public_raw_scores.csv",
        clips: 79,
        raters: 26,
        mos: [3.544_790_652_385_59, 1.183_732_241_710_059, 11_338.384_615_384_615],
        sos: [
            [0.649_331_864_782_915_2, 2_109.795_308_177_730_5],
            [0.662_191_169_865_135_3, 2_151.577_489_216_95],
        ],
        bt500: (26, 26, &[]),
        bt500_population: (26, 32, &["2"]),
        histograms: [[6, 6, 5, 7, 11, 6, 13, 25], [2, 16, 33, 27, 1, 0, 0, 0]],
    },
    Wanted {
        name: "vqeghd3_raw_scores.csv",
        clips: 72,
        raters: 24,
        mos: [3.244_791_666_666_666_5, 1.039_811_716_452_212_5, 8_642.791_666_666_666],
        sos: [
            [0.715_813_234_430_549_8, 1_904.680_075_068_571_6],
            [0.731_208_828_735_058_4, 1_945.645_623_489_822_1],
        ],
        bt500: (21, 26, &["12"]),
        bt500_population: (21, 28, &["12"]),
        histograms: [[2, 11, 9, 7, 7, 10, 20, 6], [0, 4, 39, 27, 2, 0, 0, 0]],
    },
];

fn near(found: f64, wanted: f64, what: &str) {
    assert!((found - wanted).abs() <= 1e-12 * wanted.abs().max(1.0), "{what}: {found} is not {wanted}");
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn weighted(values: &[f64]) -> f64 {
    values.iter().zip(1_u32..).map(|(value, place)| value * f64::from(place)).sum()
}

#[test]
fn opinions_and_screening_of_raw_scores() {
    for wanted in WANTED {
        let name = wanted.name;
        let Some(path) = shared("opinions_and_screening_of_raw_scores", &format!("data/{name}")) else {
            return;
        };
        let table = read_raw_scores(path).unwrap();
        assert_eq!((table.clips().len(), table.raters().len()), (wanted.clips, wanted.raters), "{name}");
        assert_eq!(table.len(), wanted.clips * wanted.raters);
        for (ddof, [sos_mean, sos_weighted]) in [Ddof::Population, Ddof::Sample].into_iter().zip(wanted.sos) {
            let opinions = table.opinions(ddof).unwrap();
            let mos: Vec<f64> = opinions.iter().map(|opinion| opinion.mos).collect();
            let sos: Vec<f64> = opinions.iter().map(|opinion| opinion.sos.unwrap()).collect();
            near(mean(&mos), wanted.mos[0], name);
            let deviation =
                mos.iter().map(|value| (value - mean(&mos)).powi(2)).sum::<f64>() / mos.len() as f64;
            near(deviation.sqrt(), wanted.mos[1], name);
            near(weighted(&mos), wanted.mos[2], name);
            near(mean(&sos), sos_mean, name);
            near(weighted(&sos), sos_weighted, name);
            if ddof == Ddof::Population {
                let counts = [(mos, 1.0, 5.0), (sos, 0.0, 2.0)]
                    .map(|(values, low, high)| Histogram::of(&values, low, high, 8).unwrap().counts);
                assert_eq!(counts, wanted.histograms, "{name}");
            }
        }
        for (ddof, wanted) in [(Ddof::Sample, wanted.bt500), (Ddof::Population, wanted.bt500_population)] {
            let found = Bt500 { ddof, ..Default::default() }.screen(&table).unwrap();
            let (above, below) =
                found.iter().fold((0, 0), |(p, q), rater| (p + rater.above, q + rater.below));
            let rejected: Vec<&str> =
                found.iter().filter(|rater| rater.rejected).map(|rater| rater.rater.as_str()).collect();
            assert_eq!((above, below, rejected.as_slice()), wanted, "{name} {ddof:?}");
            assert_eq!(
                table.without(&rejected).unwrap().raters().len(),
                table.raters().len() - rejected.len()
            );
        }
    }
}

/// Agreement grows with the groups. Plain correlation is enough to see it; the paper's is of ranks.
#[test]
fn larger_groups_agree_better() {
    let Some(path) = shared("larger_groups_agree_better", "data/nflx_public_raw_scores.csv") else { return };
    let table: RatingTable = read_raw_scores(path).unwrap();
    let curve = [1, 3, 6, 13].map(|group_size| {
        let points = Consistency { group_size, ..Default::default() }
            .map(&table, |pair| plcc(&pair.first, &pair.second));
        mean(&points.unwrap())
    });
    assert!(curve.windows(2).all(|two| two[0] < two[1]), "{curve:?}");
    assert!(curve[3] > 0.97, "{curve:?}");
}

fn plcc(a: &[f64], b: &[f64]) -> f64 {
    let (ma, mb) = (mean(a), mean(b));
    let dot = |x: &[f64], mx: f64, y: &[f64], my: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
    };
    dot(a, ma, b, mb) / (dot(a, ma, a, ma) * dot(b, mb, b, mb)).sqrt()
}
