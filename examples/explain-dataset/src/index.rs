//! The sentences of clips with their representations, in a file.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use dream_models::deep::checkpoint::Checkpoint;
use dream_models::deep::explain::index::SentenceIndex;
use dream_models::deep::methods::da_clip::DaClip;
use train::Clip;

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
    let described = clips.iter().filter(|clip| !clip.sentences.is_empty());
    let contents = train::contents(network, checkpoint.sha256(), described);
    ensure!(!contents.clips.is_empty(), "--data: no clip of the split has a description");
    if let Ok(index) = open(path, checkpoint)
        && index.clips() == contents.clips
    {
        return Ok(index);
    }
    let bar = format!("sentences of {what}");
    train::write_index(path, &contents, network, clips, &bar, false).context("--weights")?;
    open(path, checkpoint)
}
