//! Which clips train and which test, so that a test clip shows a new person, a new method, or both.
//!
//! [`SplitDesign`] draws splits, [`read_split`] and [`write_split`] keep them on disk, [`check_split`] finds what leaks
//! from train into a test set, and [`Validation`] holds out a part of train.

mod design;
mod files;
mod leakage;
mod partition;
mod validation;

pub use design::SplitDesign;
pub use files::{read_split, write_mos_list, write_split};
pub use leakage::{Leak, LeakReport, NameKind, SetSummary, check_split};
pub use partition::{Partition, Split};
pub use validation::{Validation, ValidationUnit};

use std::collections::BTreeMap;

use crate::dataset::{Clip, ClipId};
use crate::error::{Error, Result};

/// Clips by name, each once.
fn catalogue(clips: &[Clip]) -> Result<BTreeMap<&ClipId, &Clip>> {
    let mut known = BTreeMap::new();
    for clip in clips {
        if known.insert(&clip.id, clip).is_some() {
            return Err(Error::option("clips", format!("`{}` is in the list twice; remove one", clip.id)));
        }
    }
    Ok(known)
}
