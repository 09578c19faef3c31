//! Clips made for a test.

use std::fs;
use std::path::Path;

/// Luma of a column, a row, a frame and a random byte.
pub type Paint = fn(usize, usize, usize, u8) -> u8;

/// A y4m file of 96x64 pixels at 10 frames a second, gray.
pub fn painted(folder: &Path, name: &str, frames: usize, luma: Paint) -> String {
    let (width, height) = (96, 64);
    let mut bytes = format!("YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n").into_bytes();
    let mut state = 1u32;
    for t in 0..frames {
        bytes.extend_from_slice(b"FRAME\n");
        for i in 0..width * height {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            bytes.push(luma(i % width, i / width, t, (state >> 24) as u8));
        }
        bytes.resize(bytes.len() + width * height / 2, 128);
    }
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

/// Shaded blocks that move, with grain.
pub fn clip(folder: &Path, name: &str, frames: usize) -> String {
    painted(folder, name, frames, |x, y, t, random| {
        let x = x + t;
        (40 + x / 2 + y + (x / 12 + y / 9) % 2 * 40) as u8 + random / 32
    })
}
