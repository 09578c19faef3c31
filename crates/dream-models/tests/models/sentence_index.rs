//! The index of sentences in a file: the same as a search in memory, however it is written and read, and no damaged file
//! is taken for a whole one.
#![cfg(feature = "deep")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::path::Path;

use dream_models::Error;
use dream_models::deep::candle_core::{Device, Tensor};
use dream_models::deep::explain::index::{Contents, IndexedClip, Neighbour, Query, SentenceIndex, Writer};
use dream_models::deep::explain::retrieval::TextIndex;

const DIM: usize = 13;
/// Sentences of each clip; one has none.
const COUNTS: [usize; 5] = [300, 0, 1, 417, 282];

fn contents() -> Contents {
    let clip = |(i, &sentences): (usize, &usize)| {
        let mos = 1.0 + i as f64 / 2.0;
        IndexedClip { name: format!("C1/clip-\u{e4}{i}.mp4"), mos, sentences }
    };
    let clips = COUNTS.iter().enumerate().map(clip).collect();
    Contents { checkpoint: "0123456789abcdef".repeat(4), dim: DIM, clips }
}

/// Rows with equal ones among them, of very different lengths, and one without direction.
fn rows() -> Tensor {
    let value = |at: usize| {
        let (row, column) = (at / DIM % 400, at % DIM);
        let length = [1.0, 1e-20, 1e18, 0.0][if row == 7 { 3 } else { at / DIM % 3 }];
        (((row * 31 + column * 17) as f32 * 0.7).sin() + 0.1 * column as f32) * length
    };
    let all = COUNTS.iter().sum::<usize>();
    let values: Vec<f32> = (0..all * DIM).map(value).collect();
    Tensor::from_vec(values, (all, DIM), &Device::Cpu).unwrap()
}

fn sentences() -> Vec<String> {
    let words = ["", "The mouth is blurry.", "a\nb", "\u{5d0}\u{5d1} \u{4f60}\u{597d}", "<b>\"quotes\"</b>"];
    (0..COUNTS.iter().sum()).map(|i| format!("{}{i}", words[i % words.len()])).collect()
}

/// Written in batches of so many sentences.
fn written(folder: &Path, batch: usize) -> (Vec<u8>, String) {
    let path = folder.join(format!("index-{batch}.safetensors"));
    let (rows, sentences) = (rows(), sentences());
    let mut writer = Writer::create(&path, &contents()).unwrap();
    for first in (0..sentences.len()).step_by(batch) {
        let count = batch.min(sentences.len() - first);
        let rows = rows.narrow(0, first, count).unwrap();
        writer.push(&sentences[first..first + count], &rows).unwrap();
    }
    let sha256 = writer.finish().unwrap();
    (std::fs::read(path).unwrap(), sha256)
}

fn index() -> SentenceIndex {
    SentenceIndex::from_bytes(written(tempfile::tempdir().unwrap().path(), 1000).0).unwrap()
}

fn queries() -> Vec<Query> {
    let rows: Vec<f32> = (0..3 * DIM).map(|i| (i as f32 * 0.37).cos()).collect();
    let mut queries = Query::each(&Tensor::from_vec(rows, (3, DIM), &Device::Cpu).unwrap()).unwrap();
    // One that is in the index twice, exactly.
    queries.push(Query::new(&self::rows().get(5).unwrap()).unwrap());
    queries
}

fn same(a: &[Neighbour], b: &[Neighbour]) {
    let key = |found: &[Neighbour]| -> Vec<(usize, u64)> {
        found.iter().map(|found| (found.index, found.cosine.to_bits())).collect()
    };
    assert_eq!(key(a), key(b));
}

#[test]
fn what_is_written_comes_back_whatever_the_batches() {
    let folder = tempfile::tempdir().unwrap();
    let (bytes, sha256) = written(folder.path(), 1000);
    for batch in [1, 7, 300] {
        assert!(written(folder.path(), batch) == (bytes.clone(), sha256.clone()), "batches of {batch}");
    }
    let names = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 4, "an unfinished file was left");
    let index = SentenceIndex::from_bytes(bytes).unwrap();
    index.verify().unwrap();
    assert_eq!((index.sha256().unwrap(), index.len(), index.dim()), (sha256, 1000, DIM));
    assert_eq!((index.clips(), index.checkpoint()), (&contents().clips[..], contents().checkpoint.as_str()));
    for (i, sentence) in sentences().iter().enumerate() {
        assert_eq!(&index.sentence(i).unwrap(), sentence);
    }
    let (found, expected) = (index.representations(298..304).unwrap(), rows().narrow(0, 298, 6).unwrap());
    assert_eq!(found.to_vec2::<f32>().unwrap(), expected.to_vec2::<f32>().unwrap());
    let owners = [0, 299, 300, 301, 717, 718, 999, 1000].map(|sentence| index.clip_of(sentence));
    assert_eq!(owners, [Some(0), Some(0), Some(2), Some(3), Some(3), Some(4), Some(4), None]);
    assert_eq!(
        (index.sentences_of(1), index.sentences_of(2), index.sentences_of(9)),
        (300..300, 300..301, 0..0)
    );
    assert!(index.sentence(1000).is_err() && index.representations(999..1001).is_err());
}

#[test]
fn a_search_in_the_file_is_one_in_memory() {
    let memory = TextIndex::new(&rows()).unwrap();
    let file = index();
    let queries = queries();
    let found = file.nearest(&queries, SentenceIndex::PAPER_K).unwrap();
    assert_eq!(TextIndex::PAPER_K, 11);
    for (i, found) in found.iter().enumerate().take(3) {
        let row: Vec<f32> = (0..DIM).map(|at| ((i * DIM + at) as f32 * 0.37).cos()).collect();
        same(found, &memory.nearest(&Tensor::new(row.as_slice(), &Device::Cpu).unwrap(), 11).unwrap());
    }
    // By hand: every cosine, then the order.
    let rows = rows().to_vec2::<f32>().unwrap();
    let query: Vec<f64> = (0..DIM).map(|at| f64::from((at as f32 * 0.37).cos())).collect();
    let norm = |row: &[f64]| row.iter().map(|v| v * v).sum::<f64>().sqrt();
    let cosine = |row: &Vec<f32>| {
        let row: Vec<f64> = row.iter().map(|&v| f64::from(v)).collect();
        let dot = row.iter().zip(&query).map(|(a, b)| a * b).sum::<f64>();
        if norm(&row) > 0.0 { dot / norm(&row) / norm(&query) } else { 0.0 }
    };
    let mut order: Vec<(usize, f64)> = rows.iter().map(cosine).enumerate().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (found, (_, cosine)) in found[0].iter().zip(&order) {
        assert!((found.cosine - cosine).abs() < 1e-12, "{} instead of {cosine}", found.cosine);
    }
    // Rows 5, 405 and 805 have one direction up to rounding, 5 and 805 exactly if their lengths are equal.
    assert_eq!(found[3][0].index, 5);
    assert!((found[3][0].cosine - 1.0).abs() < 1e-12 && found[3].iter().all(|found| found.cosine <= 1.0));
}

#[test]
fn neither_blocks_nor_threads_nor_company_change_what_is_found() {
    let queries = queries();
    let whole = index().nearest(&queries, 40).unwrap();
    for block in [1, 4 * DIM * 3, 4 * DIM * 257] {
        let found = index().with_block_bytes(block).nearest(&queries, 40).unwrap();
        whole.iter().zip(&found).for_each(|(a, b)| same(a, b));
    }
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found = pool.install(|| index().nearest(&queries, 40)).unwrap();
        whole.iter().zip(&found).for_each(|(a, b)| same(a, b));
    }
    for (query, whole) in queries.iter().zip(&whole) {
        same(&index().nearest(std::slice::from_ref(query), 40).unwrap()[0], whole);
    }
    // Equal ones in the order of their places, and no more than there are.
    let all = index().nearest(&queries[..1], 5000).unwrap();
    assert_eq!(all[0].len(), 1000);
    let falls = |pair: &[Neighbour]| {
        pair[0].cosine > pair[1].cosine || (pair[0].cosine == pair[1].cosine && pair[0].index < pair[1].index)
    };
    assert!(all[0].windows(2).all(falls));
    assert!(index().nearest(&queries, 0).unwrap().iter().all(Vec::is_empty));
}

#[test]
fn a_clip_does_not_find_its_own_sentences() {
    let index = index();
    let all = index.nearest(&queries()[..1], 1000).unwrap().remove(0);
    let query = queries().remove(0).without([3, 1]).without([0]);
    let found = index.nearest(&[query], 1000).unwrap().remove(0);
    let expected: Vec<Neighbour> =
        all.into_iter().filter(|found| found.index == 300 || found.index >= 718).collect();
    same(&found, &expected);
    let unknown = index.nearest(&[queries().remove(0).without([5])], 3);
    assert!(matches!(unknown, Err(Error::InvalidInput { argument: "without", .. })));
    let narrow = Query::new(&Tensor::new(&[1f32, 2.0], &Device::Cpu).unwrap()).unwrap();
    assert!(matches!(
        index.nearest(&[narrow], 3),
        Err(Error::LengthMismatch { expected: DIM, found: 2, .. })
    ));
    assert!(matches!(
        Query::new(&Tensor::new(&[f32::NAN], &Device::Cpu).unwrap()),
        Err(Error::NonFinite { .. })
    ));
}

#[test]
fn random_sentences_are_different_and_even() {
    let index = index();
    assert_eq!(index.random(11, 4, 2, &[]).unwrap(), index.random(11, 4, 2, &[]).unwrap());
    assert_ne!(index.random(11, 4, 2, &[]).unwrap(), index.random(11, 4, 3, &[]).unwrap());
    assert_ne!(index.random(11, 4, 2, &[]).unwrap(), index.random(11, 5, 2, &[]).unwrap());
    let mut counts = vec![0u32; 1000];
    for draw in 0..3000 {
        let drawn = index.random(5, 1, draw, &[0, 4]).unwrap();
        assert_eq!(drawn.iter().collect::<std::collections::BTreeSet<_>>().len(), 5);
        drawn.into_iter().for_each(|one| counts[one] += 1);
    }
    assert!(counts[..300].iter().chain(&counts[718..]).all(|&count| count == 0));
    // 15,000 draws among 418: 36 expected, standard deviation 6.
    assert!(counts[300..718].iter().all(|&count| (10..66).contains(&count)), "{counts:?}");
    let mut all = index.random(9999, 1, 0, &[3]).unwrap();
    all.sort_unstable();
    assert_eq!(all, (0..301).chain(718..1000).collect::<Vec<_>>());
}

#[test]
fn an_index_of_another_checkpoint_is_refused() {
    let index = index();
    index.expect_checkpoint(&contents().checkpoint).unwrap();
    let error = index.expect_checkpoint(&"f".repeat(64)).unwrap_err().to_string();
    assert!(error.contains(&contents().checkpoint) && error.contains(&"f".repeat(64)), "{error}");
}

#[test]
fn what_cannot_be_an_index_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("i.safetensors");
    let with = |change: &dyn Fn(&mut Contents)| {
        let mut contents = contents();
        change(&mut contents);
        Writer::create(&path, &contents).map(drop)
    };
    assert!(matches!(
        with(&|c| c.checkpoint.clear()),
        Err(Error::InvalidInput { argument: "checkpoint", .. })
    ));
    assert!(matches!(with(&|c| c.dim = 0), Err(Error::InvalidConfig { field: "dim", .. })));
    assert!(matches!(with(&|c| c.clips[1].mos = f64::NAN), Err(Error::NonFinite { .. })));
    let twice = with(&|c| c.clips[1].name = c.clips[4].name.clone());
    assert!(matches!(twice, Err(Error::InvalidInput { argument: "clips", .. })));
    for count in [usize::MAX, usize::MAX / 8, 1 << 61] {
        assert!(
            matches!(with(&|c| c.clips[1].sentences = count), Err(Error::InvalidInput { .. })),
            "{count}"
        );
    }

    let mut writer = Writer::create(&path, &contents()).unwrap();
    let one = rows().narrow(0, 0, 1).unwrap();
    let pushed =
        |writer: &mut Writer, sentences: &[&str], rows: &Tensor| writer.push(sentences, rows).unwrap_err();
    let error = pushed(&mut writer, &["a", "b"], &one);
    assert!(matches!(error, Error::LengthMismatch { argument: "sentences", expected: 1, found: 2 }));
    let error = pushed(&mut writer, &["a"], &one.narrow(1, 0, 3).unwrap());
    assert!(matches!(error, Error::LengthMismatch { argument: "representations", .. }));
    let error = pushed(&mut writer, &["a"], &(&one * f64::INFINITY).unwrap());
    assert!(matches!(error, Error::NonFinite { .. }));
    writer.push(&["a"], &one).unwrap();
    let error = writer.finish().unwrap_err();
    assert!(matches!(error, Error::LengthMismatch { argument: "sentences", expected: 1000, found: 1 }));
    let mut writer = Writer::create(&path, &contents()).unwrap();
    let many = Tensor::cat(&[rows(), one], 0).unwrap();
    assert!(writer.push(&vec!["a"; 1001], &many).is_err());
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a file was left");
}

/// A file with its header changed, or with bytes of a tensor changed; positions count from the end of the header.
fn damaged(change: impl Fn(&mut String, &mut Vec<u8>)) -> Result<SentenceIndex, Error> {
    let (bytes, _) = written(tempfile::tempdir().unwrap().path(), 1000);
    let length = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let mut header = String::from_utf8(bytes[8..8 + length].to_vec()).unwrap();
    let mut data = bytes[8 + length..].to_vec();
    change(&mut header, &mut data);
    let length = (header.len() as u64).to_le_bytes();
    SentenceIndex::from_bytes([&length[..], header.as_bytes(), &data].concat())
}

#[test]
fn damaged_files_are_refused() {
    damaged(|_, _| ()).unwrap();
    let swap = |from: &'static str, to: &'static str| {
        damaged(move |header, _| {
            assert!(header.contains(from), "{header}");
            *header = header.replace(from, to);
        })
    };
    assert!(matches!(swap("dream-models.sentence-index", "other"), Err(Error::UnsupportedFormat { .. })));
    let later = swap("\"format_version\":\"1\"", "\"format_version\":\"2\"");
    assert!(matches!(later, Err(Error::UnsupportedFormat { version: 2, .. })));
    let says = |found: Result<SentenceIndex, Error>, part: &str| {
        let error = found.map_or_else(|error| error.to_string(), |_| "no error".to_owned());
        assert!(error.contains(part), "{error}");
    };
    says(swap("0123456789abcdef", "0123456789abcdeF"), "which checkpoint");
    says(swap("\"dtype\":\"F32\"", "\"dtype\":\"U32\""), "`sentences.representations` is U32");
    says(swap("[1000,13]", "[13,1000]"), "where");
    says(swap("[1000,13]", "[13000]"), "rank");
    says(swap("clips.mos", "clips.mus"), "`clips.mos`");
    says(damaged(|_, data| data.truncate(data.len() - 1)), "cut off");
    says(damaged(|_, data| data.push(0)), "follow it");
    // Scores are 40 bytes, offsets of sentences 48, of names 48, of texts 8008.
    says(damaged(|_, data| data[40] = 1), "`clips.sentence_offsets` goes from 0 to 1");
    says(damaged(|_, data| data[40 + 8 + 1] = 9), "`clips.sentence_offsets` goes from");
    says(damaged(|_, data| data[40 + 40 + 2] = 1), "`clips.sentence_offsets` ends with");
    says(damaged(|_, data| data[40 + 48 + 8] = 9), "inside of a letter");
    says(damaged(|_, data| data[136 + 16 + 7] = 0x80), "`sentences.text_offsets` goes from");
    says(damaged(|_, data| data[136 + 8000 + 7] = 1), "`sentences.text_offsets` ends with");
    let nan = damaged(|_, data| data[6..8].copy_from_slice(&[0xf8, 0x7f]));
    assert!(matches!(nan, Err(Error::NonFiniteTensor { tensor, .. }) if tensor == "clips.mos"));

    // What is not looked at when the file is opened.
    let row = 136 + 8008 + 4 * (DIM * 600 + 2);
    let index = damaged(|_, data| data[row..row + 4].copy_from_slice(&f32::NAN.to_le_bytes())).unwrap();
    for found in
        [index.nearest(&queries(), 3).map(drop), index.verify(), index.representations(600..601).map(drop)]
    {
        let place = DIM * 600 + 2;
        assert!(matches!(found, Err(Error::NonFiniteTensor { index, .. }) if index == place), "{found:?}");
    }
    let names: usize = contents().clips.iter().map(|clip| clip.name.len()).sum();
    let texts = 136 + 8008 + 4 * DIM * 1000 + names;
    let index = damaged(|_, data| data[texts] = 0xff).unwrap();
    assert!(index.sentence(0).unwrap_err().to_string().contains("sentence 0 is not UTF-8"));
    assert!(index.verify().is_err() && index.sentence(1).is_ok());
    let name = damaged(|_, data| data[texts - names] = 0xff);
    says(name, "names of the clips are not UTF-8");
}
