//! DFGC-VRA labels of any bytes: every clip once, every box inside the frame, the same boxes as from a table of boxes.
#![no_main]

use dream_data::FaceBoxes;
use dream_data::dataset::parse_vra_labels;
use dream_data::split::Split;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let boxes = FaceBoxes::parse(data, "fuzz");
    let Ok(rows) = parse_vra_labels(data, "fuzz") else { return };
    assert!(
        rows.iter()
            .all(|row| row.mos.is_finite() && row.crop.corners().iter().all(|at| (0.0..=1.0).contains(at)))
    );
    assert_eq!(Split::from_vra(&rows).clips().count(), rows.len());
    assert_eq!(boxes.map(|boxes| boxes.len()).ok(), Some(rows.len()));
});
