//! A y4m stream of any bytes: frames, then at most one error, then the end.
#![no_main]

use dream_data::{FrameSource, Y4mReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(mut reader) = Y4mReader::new(data) else { return };
    let mut failed = false;
    // A frame takes at least its FRAME line.
    for _ in 0..=data.len() {
        match reader.next_frame() {
            Ok(Some(frame)) => assert!(!failed && frame.index() < data.len() as u64),
            Ok(None) => return,
            Err(_) => {
                assert!(!failed, "a second error");
                failed = true;
            }
        }
    }
    panic!("the stream does not end");
});
