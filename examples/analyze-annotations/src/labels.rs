//! How often descriptions have each of the 37 labels: all together, and by mean opinion of the clip.

use std::collections::BTreeMap;

use anyhow::Result;
use dream_data::tagging::{LabelRatio, Profile};
use dream_eval::mos_group;
use serde::Serialize;

use crate::opinions::ClipOpinion;
use crate::tree::Descriptions;

/// Groups of mean opinions: below 2, 2 to 3, 3 to 4, 4 and above.
const EDGES: [f64; 3] = [2.0, 3.0, 4.0];
const GROUPS: [&str; 4] = ["MOS below 2", "MOS 2 to 3", "MOS 3 to 4", "MOS 4 and above"];

/// The ratio profile of the paper's Figure 7.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Labels {
    /// Rows without English text; they are not counted.
    pub(crate) without_text: u64,
    pub(crate) all: Group,
    /// By mean opinion of the clip, worst first; groups without a description are left out.
    pub(crate) by_mos: Vec<Group>,
}

/// The profile of some clips.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) clips: usize,
    pub(crate) descriptions: u64,
    pub(crate) ratios: Vec<Ratio>,
}

/// Appearances of a label, divided by the number of descriptions.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ratio {
    /// `place`, `artifact` or `extent`.
    pub(crate) kind: &'static str,
    pub(crate) label: &'static str,
    pub(crate) ratio: f64,
}

impl Labels {
    /// None if no description has English text.
    pub(crate) fn of(descriptions: &Descriptions, clips: &[ClipOpinion]) -> Result<Option<Self>> {
        if descriptions.profiles.is_empty() {
            return Ok(None);
        }
        let mut groups: BTreeMap<usize, Vec<&Profile>> = BTreeMap::new();
        for clip in clips {
            if let Some(profile) = descriptions.profiles.get(&clip.clip) {
                groups.entry(mos_group(clip.mos, &EDGES)).or_default().push(profile);
            }
        }
        let by_mos = groups
            .into_iter()
            .map(|(group, profiles)| Group::of(GROUPS.get(group).copied().unwrap_or_default(), profiles));
        let all: Vec<&Profile> = descriptions.profiles.values().collect();
        Ok(Some(Self {
            without_text: descriptions.without_text,
            all: Group::of("all", all)?,
            by_mos: by_mos.collect::<Result<_>>()?,
        }))
    }
}

impl Group {
    fn of(name: &str, profiles: Vec<&Profile>) -> Result<Self> {
        let clips = profiles.len();
        let sum = Profile::sum(profiles)?;
        let ratios =
            sum.iter().map(|LabelRatio { kind, label, ratio }| Ratio { kind: kind.name(), label, ratio });
        Ok(Self { name: name.to_owned(), clips, descriptions: sum.descriptions(), ratios: ratios.collect() })
    }
}
