//! Reads pictures as they are stored.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// The samples, width and height of an 8-bit PNG file of this colour type.
pub(crate) fn read_png(path: &Path, colour: png::ColorType) -> (Vec<u8>, usize, usize) {
    let mut reader = png::Decoder::new(BufReader::new(File::open(path).unwrap())).read_info().unwrap();
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut samples).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (colour, png::BitDepth::Eight), "{}", path.display());
    (samples, info.width as usize, info.height as usize)
}
