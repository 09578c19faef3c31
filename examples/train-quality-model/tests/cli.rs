//! The program as people run it.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../print_test.rs"]
mod print_test;

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;

use dream_eval::bvqa::Database;
use flate2::Compression;
use flate2::write::GzEncoder;

#[test]
fn the_model_is_kept_when_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("m.json"));
    fs::create_dir(&data).unwrap();
    let names: String = (1..=36).map(|k| format!(",f{k}")).collect();
    for database in Database::ALL {
        let file = File::create(data.join(format!("{}_brisque.csv.gz", database.file))).unwrap();
        let mut file = GzEncoder::new(file, Compression::fast());
        writeln!(file, "id,mos{names}").unwrap();
        for row in 0..100_u32 {
            let cells: String =
                (1..=36).map(|k| format!(",{}", 0.1 + f64::from((row * row * k + row * 7) % 23))).collect();
            writeln!(file, "{row},{}{cells}", 1 + row % 4).unwrap();
        }
        file.finish().unwrap();
    }
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_train-quality-model"));
        command.arg("--data").arg(&data).arg("--out").arg(&out).args([
            "--features",
            "brisque",
            "--splits",
            "0",
        ]);
        command
    };
    print_test::without_reader(0, command, || {
        assert!(fs::read_to_string(&out).unwrap().contains("brisque-ugc-1"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        fs::remove_file(&out).unwrap();
    });
}
