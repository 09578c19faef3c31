//! The benchmark's files: names, tables and folders, in their published form.
//!
//! Every table has two readers: `read_…(path)` for a file, and `parse_…(input, path)` for any byte stream, where the
//! path only names the stream in messages. Tables are UTF-8, with or without a byte order mark, with any line
//! endings. Columns may come in any order, their names ignore case, and extra columns are ignored. A row longer than
//! [`MAX_ROW_BYTES`] is rejected before it is held in memory. `docs/data-format.md` lists the columns of every table.

mod clip;
mod descriptions;
mod labels;
mod manifest;
mod raw_scores;
mod tree;

pub use clip::{Clip, ClipId, ClipParts, Round};
pub use descriptions::{Description, Descriptions};
pub use labels::{Labelled, VraLabel, parse_mos_list, parse_vra_labels, read_mos_list, read_vra_labels};
pub use manifest::{ManifestRow, parse_manifest, read_manifest};
pub use raw_scores::{parse_raw_scores, read_raw_scores};
pub(crate) use tree::DESCRIPTIONS;
pub use tree::{Dataset, Inventory};

pub use crate::table::MAX_ROW_BYTES;
