//! The sentences of clips with their representations, in a file.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_models::deep::candle_core::Tensor;
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::explain::index::{Contents, IndexedClip, SentenceIndex, Writer};
use dream_models::deep::methods::da_clip::DaClip;
use dream_models::deep::text::clip::{Tokenizer, Tokens};
use train::{Clip, bar};

/// Sentences that are read at a time.
const BATCH: usize = 256;

/// Opens an index, and refuses that of another checkpoint.
pub(crate) fn open(path: &Path, checkpoint: &Checkpoint) -> Result<SentenceIndex> {
    let named = || format!("the index {}", path.display());
    let index = SentenceIndex::open(path).with_context(named)?;
    index.expect_checkpoint(checkpoint.sha256()).with_context(named)?;
    Ok(index)
}

/// The index of clips in a file, which is made where there is none, or one of other clips.
pub(crate) fn kept(
    path: &Path,
    what: &str,
    clips: &[Clip],
    network: &DaClip,
    checkpoint: &Checkpoint,
) -> Result<SentenceIndex> {
    let contents = contents(clips, network, checkpoint)?;
    if let Ok(index) = open(path, checkpoint)
        && index.clips() == contents.clips
    {
        return Ok(index);
    }
    let tower = network.text().context("--weights: the checkpoint was trained without descriptions")?;
    let tokenizer = Tokenizer::clip()?.with_context(tower.config().max_position_embeddings)?;
    let all: usize = contents.clips.iter().map(|clip| clip.sentences).sum();
    let bar = bar(&format!("sentences of {what}"), all, false)?;
    let mut writer = Writer::create(path, &contents)?;
    let sentences: Vec<&String> = clips.iter().flat_map(|clip| &clip.sentences).collect();
    for batch in sentences.chunks(BATCH) {
        writer.push(batch, &representations(network, &tokenizer, batch)?)?;
        bar.inc(batch.len() as u64);
    }
    writer.finish()?;
    open(path, checkpoint)
}

/// Representations of sentences, `[sentences, dim]`.
fn representations(network: &DaClip, tokenizer: &Tokenizer, sentences: &[&String]) -> Result<Tensor> {
    let tokens = tokenizer.encode_batch(sentences)?;
    let rows: Vec<&[u32]> = tokens.unpadded().collect();
    Ok(network.embed_text(&Tokens::stack(&rows, network.device())?, &vec![1; rows.len()])?)
}

fn contents(clips: &[Clip], network: &DaClip, checkpoint: &Checkpoint) -> Result<Contents> {
    let one = |clip: &Clip| IndexedClip {
        name: clip.name().to_owned(),
        mos: clip.mos,
        sentences: clip.sentences.len(),
    };
    let described: Vec<IndexedClip> =
        clips.iter().filter(|clip| !clip.sentences.is_empty()).map(one).collect();
    ensure!(!described.is_empty(), "--data: no clip of the split has a description");
    Ok(Contents { checkpoint: checkpoint.sha256().to_owned(), dim: network.config().dim, clips: described })
}
