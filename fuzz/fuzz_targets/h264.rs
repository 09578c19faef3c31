//! Units of H.264 of any bytes in a good mp4 file: pieces of two bytes of length and a unit, the highest bit of the length
//! says that the next unit belongs to the same frame. Parameter sets come from the input as well.
#![no_main]

use dream_data::{FrameSource, H264Reader};
use libfuzzer_sys::fuzz_target;
use std::io::Write;

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&(content.len() as u32 + 8).to_be_bytes(), &kind[..], &content].concat()
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// The frames in the input, with lengths of four bytes in front of the units.
fn frames(mut data: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = vec![Vec::new()];
    while let Some((&[high, low], rest)) = data.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high & 0x7f, low])).min(rest.len());
        let (unit, rest) = rest.split_at(length);
        let frame = frames.last_mut().unwrap();
        frame.extend((length as u32).to_be_bytes());
        frame.extend(unit);
        if high & 0x80 == 0 {
            frames.push(Vec::new());
        }
        data = rest;
    }
    frames.retain(|frame| !frame.is_empty());
    frames
}

fn movie(frames: &[Vec<u8>]) -> Vec<u8> {
    let count = frames.len() as u32;
    let sizes: Vec<u32> = frames.iter().map(|frame| frame.len() as u32).collect();
    let mut visual = vec![0; 78];
    visual[24..28].copy_from_slice(&[0, 64, 0, 48]);
    let entry = boxed(b"avc3", &[&visual, &boxed(b"avcC", &[&[1, 100, 0, 11, 0xff, 0xe0, 0]])]);
    let ftyp = boxed(b"ftyp", &[b"isom"]);
    let index = |offset: u32| {
        let table = [
            boxed(b"stsd", &[&words(&[0, 1]), &entry]),
            boxed(b"stts", &[&words(&[0, 1, count, 1])]),
            boxed(b"stsc", &[&words(&[0, 1, 1, count, 1])]),
            boxed(b"stsz", &[&words(&[0, 0, count]), &words(&sizes)]),
            boxed(b"stco", &[&words(&[0, 1, offset])]),
        ];
        let minf = boxed(b"minf", &[&boxed(b"stbl", &[&table.concat()])]);
        let mdhd = boxed(b"mdhd", &[&words(&[0, 0, 0, 25, 0, 0])]);
        let hdlr = boxed(b"hdlr", &[&[&[0; 8][..], b"vide", &[0; 13]].concat()]);
        let mut tkhd = vec![0; 84];
        (tkhd[3], tkhd[41], tkhd[57], tkhd[72]) = (3, 1, 1, 0x40);
        let trak = boxed(b"trak", &[&boxed(b"tkhd", &[&tkhd]), &boxed(b"mdia", &[&mdhd, &hdlr, &minf])]);
        boxed(b"moov", &[&boxed(b"mvhd", &[&[0; 100]]), &trak])
    };
    let offset = (ftyp.len() + index(0).len() + 8) as u32;
    [ftyp, index(offset), boxed(b"mdat", &[&frames.concat()])].concat()
}

fuzz_target!(|data: &[u8]| {
    let frames = frames(data);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&movie(&frames)).unwrap();
    let Ok(mut reader) = H264Reader::open(file.path()) else { return };
    let mut failed = false;
    for _ in 0..=frames.len() + 1 {
        match reader.next_frame() {
            Ok(Some(frame)) => assert!(!failed && frame.index() < frames.len() as u64),
            Ok(None) => return,
            Err(_) => {
                assert!(!failed, "a second error");
                failed = true;
            }
        }
    }
    panic!("the stream does not end");
});
