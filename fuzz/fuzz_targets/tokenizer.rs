//! Any text through CLIP's tokenizer, and any bytes as its file: the tower knows every id; start and end are in place.
#![no_main]

use std::sync::OnceLock;

use dream_models::deep::text::clip::Tokenizer;
use libfuzzer_sys::fuzz_target;

static CLIP: OnceLock<Tokenizer> = OnceLock::new();

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let clip = CLIP.get_or_init(|| Tokenizer::clip().unwrap());
    let tokens = clip.encode_batch(&[&*text, "fine"]).unwrap();
    for (row, &length) in tokens.rows().iter().zip(tokens.lengths()) {
        assert!(row.len() <= 77 && row[0] == 49406 && row[length - 1] == 49407);
        assert!(row.iter().all(|&id| id < 49408));
    }
    if let Ok(other) = Tokenizer::from_json(data) {
        other.encode_batch(&["The eyes look stiff."]).unwrap();
    }
});
