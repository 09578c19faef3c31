//! Clips for training a detector: real ones and forged ones, beside the data set.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::artefact::Planted;
use super::blend::Blend;
use super::method::{SyntheticMethod, pasted, planted};
use super::plan::{Scene, Synthetic};
use super::tree::TreeProgress;
use crate::error::{Error, Result};
use crate::files::write_atomic;
use crate::random::SplitMix64;

/// What [`Synthetic::write_detection`] has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DetectionSummary {
    /// Real clips.
    pub real: usize,
    /// Forged clips.
    pub fake: usize,
    /// Clips that existed already.
    pub kept: usize,
}

/// A clip that is in no split.
struct Extra {
    /// Below the folder, with `/`.
    file: String,
    group: u16,
    actor: u16,
    seed: u64,
    planted: Vec<Planted>,
    blend: Option<Blend>,
}

impl Synthetic {
    /// Writes `detection.csv` with the columns `file`, `label` (`real` or `fake`) and `identity` (the number of the
    /// group, as in the names of the clips), and the clips it names, below `detection/`: `per_person` real ones and as
    /// many forged ones of everybody. None of them is in the splits, has opinions, or repeats a clip of the data set;
    /// the methods of the forged ones are those of the data set. `file` is relative to `root`.
    ///
    /// Bytes, interruptions and `progress` are as with [`write_tree`](Self::write_tree). A larger number keeps the
    /// clips of a smaller one.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] if `per_person` is not 1 to 10,000, or `root` has no data set of this configuration;
    /// [`Error::Io`].
    pub fn write_detection(
        &self,
        root: impl AsRef<Path>,
        per_person: usize,
        jobs: usize,
        progress: &(dyn Fn(TreeProgress) + Sync),
    ) -> Result<DetectionSummary> {
        let root = root.as_ref();
        if !(1..=10_000).contains(&per_person) {
            return Err(Error::option("detection", format!("{per_person} must be 1 to 10000")));
        }
        self.claim(root)?;
        let extras = self.extras(per_person);
        let paths: Vec<PathBuf> = extras.iter().map(|extra| root.join(&extra.file)).collect();
        let scene = |i: usize| extras.get(i).map(Extra::scene);
        let kept = self.write_clips(&paths, scene, jobs, progress)?;
        let mut table = String::from("file,label,identity\n");
        let mut summary = DetectionSummary { kept, ..Default::default() };
        for Extra { file, group, planted, blend, .. } in &extras {
            let real = planted.is_empty() && blend.is_none();
            *(if real { &mut summary.real } else { &mut summary.fake }) += 1;
            table.push_str(&format!("{file},{},{group}\n", if real { "real" } else { "fake" }));
        }
        write_atomic(&root.join("detection.csv"), |out| out.write_all(table.as_bytes()))?;
        Ok(summary)
    }

    /// Real, forged, real and so on, person by person.
    fn extras(&self, per_person: usize) -> Vec<Extra> {
        let groups = 1..=u16::try_from(self.config().identities).unwrap_or(u16::MAX);
        let people = groups.flat_map(|group| [(group, 1), (group, 2)]);
        let takes = people.flat_map(|person| (0..per_person).map(move |take| (person, take)));
        takes.flat_map(|((group, actor), take)| self.pair(group, actor, take)).collect()
    }

    fn pair(&self, group: u16, actor: u16, take: usize) -> [Extra; 2] {
        let number = (u64::from(group) * 2 + u64::from(actor)) * 10_000 + take as u64;
        let mut random = SplitMix64::stream(self.config().seed ^ 0xde7ec7, number);
        let (real, fake) = (random.next(), random.next());
        let method: Option<&SyntheticMethod> = self.methods().get(random.below(self.methods().len()));
        let end = method.map_or_else(String::new, |m| format!("{}-{}", m.round, m.submission));
        let name = format!("{group}-{actor}-{}", take + 1);
        let plain = |file, seed| Extra { file, group, actor, seed, planted: Vec::new(), blend: None };
        [
            plain(format!("detection/real/{name}.y4m"), real),
            Extra {
                planted: method.map_or_else(Vec::new, |method| planted(method, fake)),
                blend: method.and_then(|method| pasted(method, fake)),
                ..plain(format!("detection/fake/{name}-{end}.y4m"), fake)
            },
        ]
    }
}

impl Extra {
    fn scene(&self) -> Scene<'_> {
        Scene {
            person: (self.group, self.actor),
            seed: self.seed,
            planted: &self.planted,
            blend: self.blend.as_ref(),
        }
    }
}
