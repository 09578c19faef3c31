//! Where results come from, for whoever reads them or wants to repeat them.

use serde::{Deserialize, Serialize};

use crate::features::videos::Videos;
use crate::plan::{DataSet, Plan, Scored};
use crate::store::digest::digest;

/// Command, data and digests.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// As it was typed, but for what changes no result; empty where nobody typed it.
    pub(crate) command: String,
    pub(crate) data: Vec<DataSet>,
    /// Digest of splits, clips and scores.
    pub(crate) lists: String,
    pub(crate) videos: Read,
}

/// The videos that could be read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Read {
    pub(crate) files: usize,
    /// Digest of their names and contents.
    pub(crate) sha256: String,
}

/// Machines name folders as they like and may have some of the videos only: the lists say whether the data are the same.
impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.lists == other.lists
    }
}

impl Eq for Origin {}

impl Origin {
    pub(crate) fn new(command: &str, plan: &Plan, videos: &Videos) -> Self {
        let clip = |row: &Scored| plan.clip(row.clip).map_or("", |clip| clip.id.as_str());
        let list = |rows: &Vec<Scored>| {
            let rows = rows.iter().map(|row| format!("{} {}", clip(row), row.mos));
            digest(rows)
        };
        let lists = plan.splits.iter().flat_map(|split| {
            let lists = std::iter::once(&split.train).chain(&split.tests).map(list);
            std::iter::once(split.name.clone()).chain(lists).collect::<Vec<_>>()
        });
        let content = |place: usize| Some([plan.unique(place), videos.get(place).ok()?.content.clone()]);
        let contents: Vec<[String; 2]> = (0..plan.clips.len()).filter_map(content).collect();
        let files = contents.len();
        let sha256 = if files > 0 { digest(contents.into_iter().flatten()) } else { String::new() };
        Self {
            command: command.to_owned(),
            data: plan.data(),
            lists: digest(lists),
            videos: Read { files, sha256 },
        }
    }
}
