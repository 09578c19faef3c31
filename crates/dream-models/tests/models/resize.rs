//! Resized images against Pillow, bit by bit. See `testdata/PROVENANCE.md`.
#![allow(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use dream_models::preprocess::{ImageView, Interpolation, PixelLayout, resize};
use serde_json::Value;

/// Number `at` of Steele, Lea and Flood's generator, counted from 0.
fn mixed(seed: u64, at: usize) -> u64 {
    let mut z = seed.wrapping_add((at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn image(seed: u64, kind: &str, count: usize) -> Vec<u8> {
    let value = |at: usize| match kind {
        "noise" => mixed(seed, at) >> 56,
        "edges" => (mixed(seed, at) >> 63) * 255,
        _ => (at as u64 * 255 / count as u64 + (mixed(seed, at) >> 62)).min(255),
    };
    (0..count).map(|at| u8::try_from(value(at)).unwrap()).collect()
}

fn checksum(data: &[u8]) -> u64 {
    let term = |(at, value): (usize, &u8)| (u64::from(*value) + 1).wrapping_mul(mixed(7, at));
    data.iter().enumerate().map(term).fold(0, u64::wrapping_add)
}

#[test]
fn equals_pillow_bit_by_bit() {
    // Another file of the same script, for a longer comparison.
    let longer =
        std::env::var_os("DREAM_RESIZE_REFERENCE").map(|path| std::fs::read_to_string(path).unwrap());
    let text = longer.as_deref().unwrap_or(include_str!("../../testdata/resize_reference.json"));
    let file: Value = serde_json::from_str(text).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() >= 300);
    for (seed, case) in cases.iter().enumerate() {
        let number = |at: usize| usize::try_from(case[at].as_u64().unwrap()).unwrap();
        let (width, height, channels) = (number(0), number(1), number(4));
        let layout = if channels == 1 { PixelLayout::Gray } else { PixelLayout::Rgb };
        let data = image(seed as u64, case[5].as_str().unwrap(), width * height * channels);
        let view = ImageView::new(&data, width, height, width * channels, layout).unwrap();
        for (filter, column) in [(Interpolation::Bilinear, 6), (Interpolation::Bicubic, 7)] {
            let found = resize(&view, number(2), number(3), filter).unwrap();
            let expected: u64 = case[column].as_str().unwrap().parse().unwrap();
            assert_eq!(checksum(&found.data), expected, "case {seed} {filter:?}: {case}");
        }
    }
}

#[test]
fn padding_between_rows_changes_nothing() {
    let (width, height) = (37, 23);
    let tight = image(3, "noise", width * height * 3);
    let padded: Vec<u8> = tight.chunks(width * 3).flat_map(|row| [row, &[9; 14]].concat()).collect();
    let resized = |data: &[u8], stride| {
        let view = ImageView::new(data, width, height, stride, PixelLayout::Rgb).unwrap();
        resize(&view, 50, 9, Interpolation::Bicubic).unwrap()
    };
    assert_eq!(resized(&tight, width * 3), resized(&padded, width * 3 + 14));
}
