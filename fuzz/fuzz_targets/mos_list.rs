//! A list of any bytes as all four sets of a split: rows that are read can be written, and read back the same.
#![no_main]

use dream_data::dataset::parse_mos_list;
use dream_data::split::{Split, read_split, write_split};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(rows) = parse_mos_list(data, "fuzz") else { return };
    let split = Split { train: rows.clone(), test1: rows.clone(), test2: rows.clone(), test3: rows };
    let folder = tempfile::tempdir().unwrap();
    write_split(&split, folder.path()).unwrap();
    assert_eq!(read_split(folder.path()).unwrap(), split);
});
