//! A file of any bytes read as mp4: frames, then at most one error, then the end.
#![no_main]

use dream_data::{FrameSource, H264Reader};
use libfuzzer_sys::fuzz_target;
use std::io::Write;

fuzz_target!(|data: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(data).unwrap();
    let Ok(mut reader) = H264Reader::open(file.path()) else { return };
    let mut failed = false;
    // A frame takes at least a byte.
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
