//! Raw scores of any bytes: as many scores as rows, and only finite numbers computed from them.
#![no_main]

use dream_data::annotation::{Bt500, Ddof};
use dream_data::dataset::parse_raw_scores;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(table) = parse_raw_scores(data, "fuzz") else { return };
    assert_eq!(
        (0..table.clips().len()).map(|clip| table.scores_of(clip).count()).sum::<usize>(),
        table.len()
    );
    if let Ok(opinions) = table.opinions(Ddof::Sample) {
        assert!(
            opinions.iter().all(|opinion| opinion.mos.is_finite() && opinion.sos.is_none_or(f64::is_finite))
        );
    }
    let _ = Bt500::default().screen(&table);
});
