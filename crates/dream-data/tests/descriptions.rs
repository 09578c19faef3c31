//! A table of the size of `all_descriptions_en.csv`, streamed: time and memory. Alone in its binary: the peak belongs to
//! the process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use dream_data::annotation::{AUTOMATIC_DESCRIPTION, Ddof, Tally};
use dream_data::dataset::Descriptions;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

const ROWS: usize = 140_000;
const CLIPS: usize = 1520;

/// Writes rows of the length that sentences have: about 250 bytes, some quoted.
fn generate(path: &Path) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    writeln!(file, "video_name,opinion_score,description_cn,description_en").unwrap();
    for row in 0..ROWS {
        let clip = row % CLIPS;
        let (group, method) = (clip % 20 + 1, clip / 40);
        let grade = (row / CLIPS + clip) % 5 + 1;
        let english = match grade {
            5 => format!("\"{AUTOMATIC_DESCRIPTION}\""),
            _ => format!(
                "\"The mouth is a little blurry, the \"\"skin\"\" of cheek {row} flickers when the head turns\""
            ),
        };
        let chinese = "嘴部有些模糊，转头时脸颊的皮肤闪烁，整体真实感一般，边缘有明显的接缝";
        writeln!(file, "C1/{group}-1-{clip}-submit-{method}.mp4,{grade},{chinese},{english}").unwrap();
    }
    file.flush().unwrap();
}

/// Peak resident memory of this process in kB.
#[cfg(target_os = "linux")]
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    Some(line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap())
}

#[cfg(not(target_os = "linux"))]
fn peak() -> Option<u64> {
    None
}

#[test]
fn the_whole_table_in_a_third_of_a_second_and_50_mb() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all_descriptions_en.csv");
    generate(&path);

    let run = || {
        let start = Instant::now();
        let (mut rows, mut tally, mut count, mut automatic) =
            (Descriptions::open(&path).unwrap(), Tally::default(), 0, 0);
        while let Some(row) = rows.next_row().unwrap() {
            tally.add(row.clip, row.grade).unwrap();
            automatic += usize::from(row.english == AUTOMATIC_DESCRIPTION);
            count += 1;
        }
        assert_eq!((count, automatic, tally.len()), (ROWS, ROWS / 5, CLIPS));
        let counts = tally.iter().map(|(_, counts)| counts.total());
        assert_eq!(counts.sum::<u64>(), ROWS as u64);
        let opinions: Vec<_> = tally.opinions(Ddof::Sample).map(|(_, opinion)| opinion).collect();
        assert!(opinions.iter().all(|opinion| (2.5..3.5).contains(&opinion.mos) && opinion.sos.is_some()));
        start.elapsed().as_secs_f64()
    };
    // The best of a few: the machine may be busy with something else.
    let seconds = (0..5).map(|_| run()).fold(f64::INFINITY, f64::min);
    let mut past = std::io::stderr();
    writeln!(past, "descriptions: {ROWS} rows in {seconds:.3} s, peak {:?} kB", peak()).unwrap();
    if !cfg!(debug_assertions) {
        assert!(seconds < 0.3, "{seconds} s");
    }
    assert!(peak().is_none_or(|peak| peak < 50_000), "{:?} kB", peak());
}
