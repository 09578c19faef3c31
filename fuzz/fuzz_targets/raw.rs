//! Raw YUV of any bytes, any small size, layout and depth, every frame or every third.
#![no_main]

use dream_data::{FrameRate, FrameSource, RawFormat, RawReader, Sampled, Sampling};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, u16, u32, u32, u8, &[u8])| {
    let (width, height, num, den, kind, data) = input;
    let Ok(rate) = FrameRate::new(num, den) else { return };
    let mut format = RawFormat::new(u32::from(width % 257), u32::from(height % 257), rate);
    let names =
        ["yuv420p", "nv12", "nv21", "gray", "p010le", "yuv420p9le", "yuv420p16le", "gray10le", "gray15le"];
    format.pixels = names[usize::from(kind) % names.len()].parse().unwrap();
    let Ok(reader) = RawReader::new(data, format) else { return };
    let sampling = Sampling::Every { n: if kind > 127 { 3 } else { 1 }, offset: 0 };
    let Ok(mut reader) = Sampled::new(reader, sampling) else { return };
    for _ in 0..=data.len() + 1 {
        if matches!(reader.next_frame(), Ok(None)) {
            return;
        }
    }
    panic!("the stream does not end");
});
