//! A still image of any bytes, as PNG and as JPEG.
#![no_main]

use std::cell::RefCell;

use dream_data::{FrameSource, ImageSequence};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static FOLDER: RefCell<tempfile::TempDir> = RefCell::new(tempfile::tempdir().expect("a folder"));
}

fuzz_target!(|data: &[u8]| {
    FOLDER.with_borrow(|folder| {
        for name in ["a.png", "a.jpg"] {
            let path = folder.path().join(name);
            std::fs::write(&path, data).expect("room for a file");
            let Ok(mut source) = ImageSequence::open_file(&path, None) else {
                continue;
            };
            while let Ok(Some(frame)) = source.next_frame() {
                assert_eq!(frame.index(), 0);
            }
        }
    });
});
