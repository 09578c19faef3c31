//! Writing the data set as a folder of the benchmark.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::photograph::Photograph;
use super::plan::{Scene, Synthetic};
use crate::annotation::{Ddof, Tally};
use crate::dataset::{Clip, DESCRIPTIONS};
use crate::error::{Error, Result};
use crate::files::{Atomic, part_of, write_atomic};
use crate::frames::color_range::ColorRange;
use crate::frames::readers::y4m::header;
use crate::split::{SplitDesign, write_split};
use crate::table::quoted;

/// Finished steps, for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeProgress {
    /// One clip exists: rendered now, or `kept` from an earlier run.
    Clip {
        /// Whether it existed already.
        kept: bool,
    },
    /// The grades of one rater are written.
    Rater,
    /// One split is written.
    Split,
}

/// The contents of a finished folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TreeSummary {
    /// Clips in all.
    pub clips: usize,
    /// Clips that existed already.
    pub kept: usize,
    /// Attempts at sessions.
    pub attempts: usize,
    /// Attempts that quality control rejects.
    pub refused: usize,
    /// Accepted opinions: the rows of `all_descriptions_en.csv`.
    pub opinions: usize,
}

const TRUTH: &str = "truth.json";

impl Synthetic {
    /// How the splits of this data set are drawn: they hold out three of ten identities, and the same share of methods
    /// as DFGC-VRA.
    #[must_use]
    pub fn split_design(&self) -> SplitDesign {
        let (identities, methods) = (self.config().identities, self.method_names());
        SplitDesign {
            test_identities: ((3 * identities + 5) / 10).clamp(1, identities.saturating_sub(1)),
            test_methods: ((10 * methods + 19) / 38).clamp(1, methods.saturating_sub(1)),
            repeats: 10,
            seed: self.config().seed,
        }
    }

    fn method_names(&self) -> usize {
        let names: std::collections::BTreeSet<&str> =
            self.clips().iter().map(|clip| clip.clip.method.as_str()).collect();
        names.len()
    }

    /// Writes the whole folder: `truth.json`, `truth.csv`, `videos`, `sessions.csv`, `all_descriptions_en.csv`,
    /// `splits`.
    ///
    /// It writes every file under another name first, so an existing file is complete. After an interruption, call it
    /// again: it keeps the existing videos. The bytes do not depend on `jobs`, the number of rendering threads. These
    /// threads call `progress` for every step.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] if the folder holds a data set of another configuration, or a clip has no accepted
    /// opinion; [`Error::Io`].
    pub fn write_tree(
        &self,
        root: impl AsRef<Path>,
        jobs: usize,
        progress: &(dyn Fn(TreeProgress) + Sync),
    ) -> Result<TreeSummary> {
        let root = root.as_ref();
        fs::create_dir_all(root).map_err(|e| Error::io(root, e))?;
        self.claim(root)?;
        write_atomic(&root.join("truth.csv"), |out| out.write_all(self.truth_table().as_bytes()))?;
        let mut summary = TreeSummary { clips: self.clips().len(), ..Default::default() };
        summary.kept = self.write_videos(&root.join("videos"), jobs, progress)?;
        let tally = self.write_opinions(root, &mut summary, progress)?;
        self.write_splits(root, &tally, progress)?;
        Ok(summary)
    }

    /// Rejects a folder that was started with another configuration, and marks a new one.
    pub(super) fn claim(&self, root: &Path) -> Result<()> {
        let path = root.join(TRUTH);
        let text = self.truth();
        if path.exists() {
            let found = fs::read(&path).map_err(|e| Error::io(&path, e))?;
            if found == text.as_bytes() {
                return Ok(());
            }
            let reason = format!(
                "{} has another configuration; choose another folder, or remove this one",
                path.display()
            );
            return Err(Error::option("root", reason));
        }
        let others = ["videos", "splits", DESCRIPTIONS, "sessions.csv"];
        if let Some(other) = others.iter().find(|name| root.join(name).exists()) {
            let reason = format!("{} has `{other}` and no {TRUTH}; choose another folder", root.display());
            return Err(Error::option("root", reason));
        }
        write_atomic(&path, |out| out.write_all(text.as_bytes()))
    }

    /// Configuration, planted `a`, methods and raters.
    fn truth(&self) -> String {
        let mut text = format!(
            "{{\n  \"format\": 1,\n  \"config\": {},\n{}  \"raters\": [\n",
            self.config().json(),
            self.people()
        );
        let raters: Vec<String> = self
            .raters()
            .into_iter()
            .map(|r| {
                format!(
                    "    {{\"name\": \"{}\", \"bias\": {:?}, \"careless\": {}}}",
                    r.name, r.bias, r.careless
                )
            })
            .collect();
        text.push_str(&raters.join(",\n"));
        text.push_str("\n  ]\n}\n");
        text
    }

    /// The photographs of the people; nothing where faces are drawn.
    fn people(&self) -> String {
        if self.photographs().is_empty() {
            return String::new();
        }
        let person = |(i, photograph): (usize, &Photograph)| {
            let name = escaped(photograph.name());
            let sum = photograph.fingerprint();
            format!(
                "    {{\"person\": \"{}-{}\", \"photograph\": \"{name}\", \"pixels\": \"{sum:016x}\"}}",
                i / 2 + 1,
                i % 2 + 1
            )
        };
        let people: Vec<String> = self.photographs().iter().enumerate().map(person).collect();
        format!("  \"people\": [\n{}\n  ],\n", people.join(",\n"))
    }

    /// Realism and artifacts of every clip; those of photographs also have their blend.
    fn truth_table(&self) -> String {
        let blends = !self.photographs().is_empty();
        let mut text = String::from("file,identity,method,real,realism,artifacts");
        text.push_str(if blends { ",blend\n" } else { "\n" });
        for clip in self.clips() {
            let planted: Vec<String> = clip
                .visible()
                .iter()
                .map(|p| format!("{} {} {} {:?}", p.place, p.artifact, p.extent(), p.strength))
                .collect();
            let Clip { id, identity, method, real } = &clip.clip;
            let (real, planted) = (u8::from(*real), quoted(&planted.join("; ")));
            text.push_str(&format!("{id},{identity},{method},{real},{:?},{planted}", clip.realism));
            let blend = clip.blend.map(|blend| blend.to_string()).unwrap_or_default();
            text.push_str(&if blends { format!(",{blend}\n") } else { "\n".to_owned() });
        }
        text
    }

    /// Renders the missing videos; returns how many existed.
    fn write_videos(
        &self,
        folder: &Path,
        jobs: usize,
        progress: &(dyn Fn(TreeProgress) + Sync),
    ) -> Result<usize> {
        let paths: Vec<PathBuf> =
            self.clips().iter().map(|clip| folder.join(clip.clip.id.as_str())).collect();
        self.write_clips(&paths, |i| self.scene(i), jobs, progress)
    }

    /// Renders what is not there of a list of clips; returns how many were.
    pub(super) fn write_clips<'a>(
        &self,
        paths: &[PathBuf],
        scene: impl Fn(usize) -> Option<Scene<'a>> + Sync,
        jobs: usize,
        progress: &(dyn Fn(TreeProgress) + Sync),
    ) -> Result<usize> {
        let mut made = None;
        for parent in paths.iter().filter_map(|path| path.parent()) {
            // Most clips lie in the folder of the one before.
            if made != Some(parent) {
                fs::create_dir_all(parent).map_err(|e| Error::io(parent, e))?;
                made = Some(parent);
            }
        }
        let (next, kept, stop) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
        // Ordered by number, so the error does not depend on which thread is first.
        let faults: Mutex<BTreeMap<usize, Error>> = Mutex::new(BTreeMap::new());
        let work = || {
            while !stop.load(Ordering::Relaxed) {
                let i = next.fetch_add(1, Ordering::Relaxed);
                let (Some(path), Some(scene)) = (paths.get(i), scene(i)) else { break };
                let there = fs::metadata(path).is_ok_and(|file| file.len() == self.video_bytes());
                let done = if there {
                    kept.fetch_add(1, Ordering::Relaxed);
                    Ok(())
                } else {
                    self.write_video(scene, path)
                };
                match done {
                    Ok(()) => progress(TreeProgress::Clip { kept: there }),
                    Err(error) => {
                        stop.store(true, Ordering::Relaxed);
                        faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(i, error);
                    }
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..jobs.clamp(1, 256).min(paths.len()) {
                scope.spawn(work);
            }
            work();
        });
        let faults = faults.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        match faults.into_iter().next() {
            Some((_, error)) => Err(error),
            None => Ok(kept.into_inner()),
        }
    }

    fn write_video(&self, scene: Scene<'_>, path: &Path) -> Result<()> {
        let part = part_of(path);
        let file = File::create(&part).map_err(|e| Error::io(&part, e))?;
        self.render_named(scene, BufWriter::new(file), &part)?;
        fs::rename(&part, path).map_err(|e| Error::io(path, e))
    }

    /// The size of every video.
    fn video_bytes(&self) -> u64 {
        let config = self.config();
        let head = header(config.width, config.height, config.frame_rate, ColorRange::Limited, false);
        let (width, height) = (u64::from(config.width), u64::from(config.height));
        let frame = width * height + 2 * width.div_ceil(2) * height.div_ceil(2);
        head.len() as u64 + u64::from(config.frames) * (frame + "FRAME\n".len() as u64)
    }

    /// Sessions and descriptions, rater by rater.
    fn write_opinions(
        &self,
        root: &Path,
        summary: &mut TreeSummary,
        progress: &(dyn Fn(TreeProgress) + Sync),
    ) -> Result<Tally> {
        let (sessions, descriptions) = (root.join("sessions.csv"), root.join(DESCRIPTIONS));
        let mut session_table = Atomic::create(&sessions)?;
        let mut description_table = Atomic::create(&descriptions)?;
        session_table.write("session,rater,attempt,video_name,opinion_score,checker,gold\n")?;
        description_table.write("video_name,opinion_score,description_cn,description_en\n")?;
        let clips: BTreeMap<&str, usize> =
            self.clips().iter().enumerate().map(|(i, clip)| (clip.clip.id.as_str(), i)).collect();
        let mut tally = Tally::default();
        for rater in 0..self.config().raters {
            for attempt in self.attempts(rater)? {
                let (session, number) = (&attempt.session, attempt.number);
                let start = format!("{},{},{number}", session.id, session.rater);
                for (clip, grade) in &session.grades {
                    session_table.write(&format!("{start},{clip},{grade},0,\n"))?;
                }
                for checker in &session.checkers {
                    let (clip, given, gold) = (&checker.clip, checker.given, checker.gold);
                    session_table.write(&format!("{start},{clip},{given},1,{gold:?}\n"))?;
                }
                summary.attempts += 1;
                if !attempt.accepted {
                    summary.refused += 1;
                    continue;
                }
                for (clip, grade) in &session.grades {
                    let Some(&i) = clips.get(clip.as_str()) else { continue };
                    let Some(truth) = self.clips().get(i) else { continue };
                    let seed = self.config().seed ^ ((rater as u64) << 32 | i as u64);
                    let remark = truth.remark(*grade, seed)?;
                    let (chinese, english) = (quoted(&remark.chinese), quoted(&remark.english));
                    description_table.write(&format!("{clip},{grade},{chinese},{english}\n"))?;
                    tally.add(clip.as_str(), *grade)?;
                    summary.opinions += 1;
                }
            }
            progress(TreeProgress::Rater);
        }
        session_table.finish()?;
        description_table.finish()?;
        Ok(tally)
    }

    fn write_splits(
        &self,
        root: &Path,
        tally: &Tally,
        progress: &(dyn Fn(TreeProgress) + Sync),
    ) -> Result<()> {
        let mut opinions = BTreeMap::new();
        for clip in self.clips() {
            let id = &clip.clip.id;
            let opinion = tally.get(id.as_str()).and_then(|counts| counts.opinion(Ddof::Population));
            let fault =
                || Error::option("raters", format!("`{id}` has no accepted opinion; use more raters"));
            opinions.insert(id, opinion.ok_or_else(fault)?.mos);
        }
        let clips: Vec<Clip> = self.clips().iter().map(|clip| clip.clip.clone()).collect();
        let design = self.split_design();
        for index in 0..design.repeats {
            let split = design.draw(&clips, index)?.with_mos(|clip| opinions.get(clip).copied());
            let folder = root.join("splits").join(index.to_string());
            let part = part_of(&folder);
            write_split(&split, &part)?;
            if folder.exists() {
                fs::remove_dir_all(&folder).map_err(|e| Error::io(&folder, e))?;
            }
            fs::rename(&part, &folder).map_err(|e| Error::io(&folder, e))?;
            progress(TreeProgress::Split);
        }
        Ok(())
    }
}

/// For a string of JSON.
fn escaped(text: &str) -> String {
    let one = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if u32::from(c) < 0x20 => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}
