//! An index of sentences with bytes changed anywhere, or cut: an error, or an index whose search, draws and sentences hold
//! together.
//!
//! Two bytes say where a change is, one what stands there then. A last lone byte cuts the file.
#![no_main]

use std::sync::LazyLock;

use dream_models::deep::candle_core::{Device, Tensor};
use dream_models::deep::explain::index::{Contents, IndexedClip, Query, SentenceIndex, Writer};
use libfuzzer_sys::fuzz_target;

const DIM: usize = 3;

static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("dream-fuzz-index-{}", std::process::id()));
    let clip = |(i, sentences)| IndexedClip { name: format!("c{i}"), mos: 2.5, sentences };
    let clips = [2, 0, 3].into_iter().enumerate().map(clip).collect();
    let contents = Contents { checkpoint: "0123456789abcdef".repeat(4), dim: DIM, clips };
    let mut writer = Writer::create(&path, &contents).expect("a file");
    let rows = Tensor::arange(0f32, 15.0, &Device::Cpu).and_then(|rows| rows.reshape((5, DIM))).expect("rows");
    writer.push(&["a", "", "\u{4f60}\u{597d}", "b c", "d"], &rows).expect("sentences");
    writer.finish().expect("the file");
    let file = std::fs::read(&path).expect("its bytes");
    drop(std::fs::remove_file(&path));
    file
});

// The first input is not to pay for the making of what is read.
fuzz_target!(
    init: {
        LazyLock::force(&FILE);
    },
    |data: &[u8]| {
        let mut bytes = FILE.clone();
        let chunks = data.chunks_exact(3);
        if let &[cut] = chunks.remainder() {
            bytes.truncate(bytes.len() * usize::from(cut) / 256);
        }
        for change in chunks {
            let at = usize::from(change[0]) << 8 | usize::from(change[1]);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = change[2];
            }
        }
        let Ok(index) = SentenceIndex::from_bytes(bytes) else { return };
        let all: usize = index.clips().iter().map(|clip| clip.sentences).sum();
        assert_eq!(all, index.len());
        assert!(index.clips().iter().all(|clip| clip.mos.is_finite()));
        assert!((0..all).all(|sentence| index.clip_of(sentence).is_some()));
        let whole = index.verify().is_ok();
        let query = Tensor::new(vec![1f32; index.dim()], &Device::Cpu).and_then(|query| query.reshape((1, ())));
        let query = Query::each(&query.expect("a row")).expect("a query");
        if let Ok(found) = index.nearest(&query, 4) {
            assert!(found.iter().flatten().all(|found| found.cosine.abs() <= 1.0 && found.index < all));
            assert_eq!(found.first().map(Vec::len), Some(all.min(4)));
            let words = found.iter().flatten().map(|found| index.look_up(found));
            assert!(words.into_iter().all(|found| found.is_ok()) || !whole);
        } else {
            assert!(!whole);
        }
        let drawn = index.random(4, 1, 2, &[]).expect("sentences");
        assert!(drawn.len() == all.min(4) && drawn.iter().all(|&sentence| sentence < all));
    }
);
