//! A manifest of any bytes: every path occurs once, and every accepted clip has an identity and a method.
#![no_main]

use std::collections::BTreeSet;

use dream_data::dataset::parse_manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(rows) = parse_manifest(data, "fuzz") else { return };
    assert_eq!(rows.iter().map(|row| &row.clip).collect::<BTreeSet<_>>().len(), rows.len());
    for clip in rows.iter().filter_map(|row| row.to_clip().ok()) {
        assert!(!clip.identity.is_empty() && !clip.method.is_empty());
    }
});
