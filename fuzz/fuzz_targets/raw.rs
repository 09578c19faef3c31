//! Raw YUV of any bytes and any small size.
#![no_main]

use dream_data::{FrameRate, FrameSource, RawFormat, RawReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, u16, u32, u32, &[u8])| {
    let (width, height, num, den, data) = input;
    let Ok(rate) = FrameRate::new(num, den) else { return };
    let format = RawFormat::new(u32::from(width % 257), u32::from(height % 257), rate);
    let Ok(mut reader) = RawReader::new(data, format) else { return };
    for _ in 0..=data.len() + 1 {
        if matches!(reader.next_frame(), Ok(None)) {
            return;
        }
    }
    panic!("the stream does not end");
});
