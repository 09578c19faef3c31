//! 600 frames of 1080p take the memory of 60, also sampled, cut and turned. Alone in its binary: the peak belongs to
//! the process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

use dream_data::{Cropped, FrameSource, RelativeBox, Rotation, Sampled, Sampling, VideoFrame, Y4mReader};
use std::io::Read;

/// A y4m stream of 1920x1080 that is never in memory as a whole.
struct Endless {
    header: &'static [u8],
    at: usize,
    frames: usize,
}

const FRAME: usize = 6 + 1920 * 1080 * 3 / 2;

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if let Some((&first, rest)) = self.header.split_first() {
            buffer[0] = first;
            self.header = rest;
            return Ok(1);
        }
        if self.at / FRAME >= self.frames {
            return Ok(0);
        }
        let place = self.at % FRAME;
        if place < 6 {
            buffer[0] = b"FRAME\n"[place];
            self.at += 1;
            return Ok(1);
        }
        let count = buffer.len().min(FRAME - place);
        buffer[..count].fill(u8::try_from(self.at / FRAME % 256).unwrap());
        self.at += count;
        Ok(count)
    }
}

/// Peak resident memory of this process in kB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn play(frames: usize) -> u64 {
    let header = b"YUV4MPEG2 W1920 H1080 F25:1 C420\n";
    let mut source = Y4mReader::new(Endless { header, at: 0, frames }).unwrap();
    let mut count = 0;
    while source.next_frame().unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, frames);
    peak()
}

fn play_parts(frames: usize) -> u64 {
    let header = b"YUV4MPEG2 W1920 H1080 F25:1 C420\n";
    let source = Y4mReader::new(Endless { header, at: 0, frames }).unwrap();
    let clips = Sampling::Clips { k: 3, length: 4, step: 5, seed: 1 };
    let sampled = Sampled::with_count(source, clips, frames as u64).unwrap();
    let mut cropped = Cropped::new(sampled, RelativeBox::new(0.0, 0.0, 1.0, 0.9).unwrap());
    let (mut count, mut turned) = (0, VideoFrame::default());
    while let Some(frame) = cropped.next_frame().unwrap() {
        frame.turn(Rotation::Quarter, &mut turned).unwrap();
        count += 1;
    }
    assert_eq!(count, 12);
    peak()
}

#[test]
fn memory_does_not_grow_with_length() {
    for (name, play) in [("whole", play as fn(usize) -> u64), ("in parts", play_parts)] {
        let short = play(60);
        let long = play(600);
        assert!(long * 100 <= short * 105, "{name}: {short} kB for 60 frames, {long} kB for 600");
    }
}
