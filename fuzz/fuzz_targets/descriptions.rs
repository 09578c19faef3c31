//! Descriptions of any bytes: rows with increasing line numbers, then at most one error.
#![no_main]

use dream_data::annotation::Tally;
use dream_data::dataset::Descriptions;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(mut rows) = Descriptions::new(data, "fuzz") else { return };
    let (mut tally, mut line) = (Tally::default(), 0);
    // A row takes at least one byte.
    for _ in 0..=data.len() {
        match rows.next_row() {
            Ok(Some(row)) => {
                assert!(row.line > line || line == 0 || data.contains(&b'\r'), "lines go back");
                line = row.line;
                let _ = tally.add(row.clip, row.grade);
            }
            Ok(None) | Err(_) => return,
        }
    }
    panic!("the table does not end");
});
