use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Error, Result};

/// Ends the last token of a word.
pub(super) const END_OF_WORD: &str = "</w>";

/// CLIP's merges in their order, two tokens a line. The vocabulary follows from them.
const CLIP_MERGES: &str = include_str!("../../../../assets/clip-bpe-merges.txt");

pub(super) struct Vocabulary {
    pub(super) ids: BTreeMap<String, u32>,
    pub(super) merges: Vec<(String, String)>,
}

/// 256 bytes, the same at the end of a word, what merges make, start and end.
pub(super) fn clip() -> Result<Vocabulary> {
    let pair = |line: &str| Some(line.split_once(' ')?).map(|(a, b)| (a.to_owned(), b.to_owned()));
    let merges: Option<Vec<_>> = CLIP_MERGES.lines().map(pair).collect();
    let merges = merges.ok_or_else(|| Error::invalid("tokenizer", "a merge is not two tokens"))?;
    let bytes = alphabet();
    let tokens = bytes
        .iter()
        .map(char::to_string)
        .chain(bytes.iter().map(|c| format!("{c}{END_OF_WORD}")))
        .chain(merges.iter().map(|(a, b)| format!("{a}{b}")))
        .chain(["<|startoftext|>".to_owned(), "<|endoftext|>".to_owned()]);
    Ok(Vocabulary { ids: tokens.zip(0..).collect(), merges })
}

/// A visible character for every byte: itself where it is visible in Latin-1, else one of those after U+0100.
fn alphabet() -> Vec<char> {
    let visible = |c: &char| matches!(c, '!'..='~' | '¡'..='¬' | '®'..='ÿ');
    let all = || (0..=u8::MAX).map(char::from);
    let hidden = all().filter(|c| !visible(c)).count();
    let others = ('\u{100}'..).take(hidden);
    all().filter(visible).chain(others).collect()
}

#[derive(Deserialize)]
struct File {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    /// Older files leave it out.
    #[serde(rename = "type")]
    kind: Option<String>,
    end_of_word_suffix: Option<String>,
    vocab: BTreeMap<String, u32>,
    merges: Vec<Merge>,
}

/// A pair in newer files, one string in older ones.
#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Pair(String, String),
    Line(String),
}

/// Reads a `tokenizer.json`.
pub(super) fn parse(json: &[u8]) -> Result<Vocabulary> {
    let invalid = |reason: String| Error::invalid("tokenizer", reason);
    let File { model } = serde_json::from_slice(json).map_err(|error| invalid(error.to_string()))?;
    if model.kind.as_deref().is_some_and(|kind| kind != "BPE") {
        return Err(invalid("its model is not byte pair encoding (`BPE`)".to_owned()));
    }
    if model.end_of_word_suffix.as_deref() != Some(END_OF_WORD) {
        return Err(invalid(format!("its words do not end in `{END_OF_WORD}`, so it is not CLIP's kind")));
    }
    let merge = |merge| match merge {
        Merge::Pair(a, b) => Ok((a, b)),
        Merge::Line(line) => match line.split_once(' ') {
            Some((a, b)) if !b.contains(' ') => Ok((a.to_owned(), b.to_owned())),
            _ => Err(invalid(format!("the merge `{line}` is not two tokens"))),
        },
    };
    let merges = model.merges.into_iter().map(merge).collect::<Result<Vec<_>>>()?;
    let mut seen: Vec<u32> = model.vocab.values().copied().collect();
    seen.sort_unstable();
    if seen.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(invalid("two tokens have the same id".to_owned()));
    }
    // A BPE vocabulary has no gaps; an id far outside would also be one that no tower knows.
    if seen.last().is_some_and(|&id| usize::try_from(id).map_or(true, |id| id >= seen.len())) {
        return Err(invalid("its ids are not 0 to the number of tokens".to_owned()));
    }
    Ok(Vocabulary { ids: model.vocab, merges })
}
