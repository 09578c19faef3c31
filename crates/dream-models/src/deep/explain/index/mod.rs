//! An index of sentences in a file beside a checkpoint: written batch by batch, searched block by block.
//!
//! One safetensors file. Its header names the format, its version and the SHA-256 of the checkpoint; sentences lie in it
//! clip by clip. With N sentences of C clips:
//!
//! | tensor | type | shape | what |
//! |---|---|---|---|
//! | `sentences.representations` | f32 | N, dim | as the text tower gives them, not of length 1 |
//! | `sentences.texts` | u8 | bytes | all sentences in UTF-8, without separators |
//! | `sentences.text_offsets` | i64 | N + 1 | where each begins, and their end |
//! | `clips.names`, `clips.name_offsets` | u8, i64 | bytes, C + 1 | likewise |
//! | `clips.mos` | f64 | C | mean opinion scores |
//! | `clips.sentence_offsets` | i64 | C + 1 | the first sentence of each clip, and N |

mod check;
mod format;
mod read;
pub(super) mod search;
mod write;

pub use format::{Contents, IndexedClip};
pub use read::{Retrieved, SentenceIndex};
pub use search::{Neighbour, Query};
pub use write::Writer;
