//! Four lists of any bytes, separated by a zero byte: the check names clips that are in the split, and never panics.
#![no_main]

use dream_data::dataset::{Clip, parse_mos_list};
use dream_data::split::{Partition, Split, Validation, check_split};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut split = Split::default();
    for (set, part) in Partition::ALL.into_iter().zip(data.split(|&byte| byte == 0)) {
        let Ok(rows) = parse_mos_list(part, "fuzz") else { return };
        *split.set_mut(set) = rows;
    }
    let mut known: Vec<Clip> = split.clips().filter_map(|clip| Clip::from_id(clip.clone()).ok()).collect();
    known.sort();
    known.dedup();
    let report = check_split(&split, &known).unwrap();
    assert!(report.unassigned.is_empty());
    assert_eq!(report.sets.iter().map(|set| set.clips).sum::<usize>(), split.clips().count());
    if let Ok((fit, held_out)) = Validation::default().divide(&split.train, &known) {
        assert_eq!(fit.len() + held_out.len(), split.train.len());
    }
});
