//! The clips, their artifacts and their looks.

use std::io::Write;
use std::path::Path;

use super::artefact::{Moment, Planted, Scratch, apply, frozen, shown};
use super::canvas::{Canvas, hash, yuv420};
use super::config::SyntheticConfig;
use super::face::{Look, single};
use super::method::{SyntheticMethod, damage, draw, planted};
use super::portrait::Portrait;
use super::pose::{Pose, Rest};
use crate::dataset::{Clip, ClipId, Round};
use crate::error::{Error, Result};
use crate::frames::color_range::ColorRange;
use crate::frames::readers::y4m::Y4mWriter;
use crate::random::SplitMix64;

/// A clip, and the truth about it.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticClip {
    /// Name, identity and method.
    pub clip: Clip,
    /// The mean opinion of attentive raters, 1 to 5.
    pub realism: f64,
    /// Its artifacts, in the order of the method; none for a real clip.
    pub planted: Vec<Planted>,
    /// Group, actor.
    person: (u16, u16),
    /// The seed of its movements and of everything else that differs between clips.
    seed: u64,
}

impl SyntheticClip {
    /// Who is visible: group and actor.
    #[must_use]
    pub const fn person(&self) -> (u16, u16) {
        self.person
    }
}

/// A data set that is made on request: its [`SyntheticConfig`] determines everything about it.
///
/// # Example
/// ```
/// use dream_data::synthetic::{Synthetic, SyntheticConfig};
///
/// let config = SyntheticConfig { identities: 4, methods: 9, frames: 3, ..Default::default() };
/// let synthetic = Synthetic::new(config)?;
/// let clip = &synthetic.clips()[0];
/// assert_eq!((clip.clip.id.as_str(), clip.clip.real), ("C1/1-1-1-target.y4m", true));
/// assert!(synthetic.clips().iter().all(|clip| (1.0..=5.0).contains(&clip.realism)));
///
/// let file = synthetic.render(0, Vec::new())?;
/// assert!(file.starts_with(b"YUV4MPEG2 W96 H80 F25:1"));
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Synthetic {
    config: SyntheticConfig,
    portraits: Vec<Portrait>,
    methods: Vec<SyntheticMethod>,
    clips: Vec<SyntheticClip>,
    biases: Vec<(f64, bool)>,
}

impl Synthetic {
    /// Determines names, methods, artifacts and raters, and renders nothing.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a value out of its range, and if the sessions need more clips than there are.
    pub fn new(config: SyntheticConfig) -> Result<Self> {
        config.check()?;
        let portraits = config.portraits.then(Portrait::built_in).transpose()?.unwrap_or_default();
        let methods = draw(config.methods, config.seed);
        let (low, high) = config.realism_range();
        let mut clips = Vec::with_capacity(config.clips());
        // Real clips of a round, then its fakes; `None` is the method of the real ones.
        let of_round = |round: Round| {
            let fakes = methods.iter().filter(move |method| method.round == round).map(Some);
            std::iter::once(None).chain(fakes).map(move |method| (round, method))
        };
        for (column, (round, method)) in Round::ALL.into_iter().flat_map(of_round).enumerate() {
            for identity in 0..config.identities {
                for take in 0..config.takes {
                    let actor = 1 + (identity + column + take) % 2;
                    let group = u16::try_from(identity + 1).unwrap_or(u16::MAX);
                    let end =
                        method.map_or_else(|| "target".to_owned(), |m| format!("submit-{}", m.submission));
                    let name = format!("{round}/{group}-{actor}-{}-{end}.y4m", 1 + take / 2);
                    let seed = SplitMix64::stream(config.seed, 1_000_000 + clips.len() as u64).next();
                    let planted = method.map_or_else(Vec::new, |method| planted(method, seed));
                    // Nobody finds every real clip perfect.
                    let doubt = 0.05 + 0.05 * f64::from(hash(seed, 43, 0));
                    let loss = if method.is_some() { damage(&planted) } else { doubt };
                    clips.push(SyntheticClip {
                        clip: Clip::from_id(ClipId::new(&name)?)?,
                        realism: high - (high - low) * loss.clamp(0.0, 1.0),
                        planted,
                        person: (group, if actor == 1 { 1 } else { 2 }),
                        seed,
                    });
                }
            }
        }
        let biases = super::raters::biases(&config);
        Ok(Self { config, portraits, methods, clips, biases })
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &SyntheticConfig {
        &self.config
    }

    /// The methods of the fakes.
    #[must_use]
    pub fn methods(&self) -> &[SyntheticMethod] {
        &self.methods
    }

    /// All clips: round by round, the real ones first.
    #[must_use]
    pub fn clips(&self) -> &[SyntheticClip] {
        &self.clips
    }

    /// Bias and carelessness of every rater.
    pub(super) fn biases(&self) -> &[(f64, bool)] {
        &self.biases
    }

    /// Writes a clip as YUV4MPEG2, 4:2:0 of limited range (Rec. 601), and returns the sink. Memory does not depend on
    /// the number of frames.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] if there is no such clip, [`Error::Io`] of the sink.
    pub fn render<W: Write>(&self, clip: usize, sink: W) -> Result<W> {
        let name = self.clip(clip)?.clip.id.as_str().to_owned();
        self.render_named(clip, sink, Path::new(&name))
    }

    /// `path` is for messages.
    pub(super) fn render_named<W: Write>(&self, clip: usize, sink: W, path: &Path) -> Result<W> {
        let size = (self.config.width, self.config.height);
        let mut writer = Y4mWriter::named(sink, path, size, self.config.frame_rate, ColorRange::Limited)?;
        let mut film = self.film(clip)?;
        let mut planes = Vec::new();
        for frame in 0..u64::from(self.config.frames) {
            let canvas = film.frame(frame);
            canvas.to_yuv420(&mut planes);
            if let Some(pixels) = yuv420(&planes, canvas.width(), canvas.height()) {
                writer.write(pixels)?;
            }
        }
        writer.finish()
    }

    /// One frame of a clip as packed 8-bit R, G, B. It renders the frames before it too, because some artifacts depend
    /// on them.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] if there is no such clip or frame.
    pub fn still(&self, clip: usize, frame: u32) -> Result<Vec<u8>> {
        if frame >= self.config.frames {
            return Err(Error::option("frame", format!("{frame} of {}; count from 0", self.config.frames)));
        }
        Ok(film_still(self.film(clip)?, frame))
    }

    /// The same frame of a clip with other artifacts.
    ///
    /// # Errors
    /// As [`still`](Self::still), and [`Error::InvalidOption`] for artifacts that cannot be rendered
    /// ([`Planted::kinds`]).
    pub fn still_with(&self, clip: usize, frame: u32, planted: &[Planted]) -> Result<Vec<u8>> {
        planted.iter().try_for_each(Planted::check)?;
        if frame >= self.config.frames {
            return Err(Error::option("frame", format!("{frame} of {}; count from 0", self.config.frames)));
        }
        let mut film = self.film(clip)?;
        film.planted = planted;
        Ok(film_still(film, frame))
    }

    fn clip(&self, clip: usize) -> Result<&SyntheticClip> {
        let fault = || Error::option("clip", format!("{clip} of {}; count from 0", self.clips.len()));
        self.clips.get(clip).ok_or_else(fault)
    }

    fn film(&self, clip: usize) -> Result<Film<'_>> {
        let clip = self.clip(clip)?;
        let (width, height) = (self.config.width as usize, self.config.height as usize);
        let (group, actor) = clip.person;
        // The first actors of the first groups are photographs; all others are drawn.
        let photograph = (actor == 1).then(|| (group as usize).saturating_sub(1));
        let portrait = photograph.and_then(|index| self.portraits.get(index));
        let person = u64::from(group) * 2 + u64::from(actor);
        let look = Look::new(SplitMix64::stream(self.config.seed, 2_000_000_000 + person).next());
        let rest = portrait.map_or_else(|| look.rest(width, height), |portrait| portrait.rest(width, height));
        Ok(Film {
            rest,
            look,
            portrait,
            planted: &clip.planted,
            seed: clip.seed,
            rate: single(self.config.frame_rate.as_f64()),
            canvas: Canvas::new(width, height),
            scratch: Scratch::default(),
        })
    }
}

/// A clip during rendering.
struct Film<'a> {
    rest: Rest,
    look: Look,
    portrait: Option<&'a Portrait>,
    planted: &'a [Planted],
    seed: u64,
    rate: f32,
    canvas: Canvas,
    scratch: Scratch,
}

impl Film<'_> {
    /// Ask for frames in order.
    fn frame(&mut self, frame: u64) -> &Canvas {
        let shown = shown(self.planted, frame);
        // A held frame repeats every pixel.
        if shown != frame {
            return &self.canvas;
        }
        let time = shown as f32 / self.rate;
        let pose = Pose::at(&self.rest, self.seed, time, frozen(self.planted));
        match self.portrait {
            Some(portrait) => portrait.paint(&mut self.canvas, &self.rest, &pose),
            None => self.look.paint(&mut self.canvas, &pose),
        }
        // Camera grain, so that no area is quite flat.
        let (seed, mut number) = (self.seed ^ shown.wrapping_mul(0x2545_f491_4f6c_dd1d), 0);
        self.canvas.each(|_, _, pixel| {
            number += 1;
            let grain = 1.6 * hash(seed, 5, number);
            *pixel = pixel.map(|c| c + grain);
        });
        let moment = Moment { pose: &pose, frame: shown, time, seed: self.seed };
        apply(self.planted, &moment, &mut self.canvas, &mut self.scratch);
        &self.canvas
    }
}

fn film_still(mut film: Film<'_>, frame: u32) -> Vec<u8> {
    for before in 0..u64::from(frame) {
        film.frame(before);
    }
    film.frame(u64::from(frame)).to_rgb()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::pose::{Frozen, radius, region, weight};
    use crate::tagging::{Artifact, Place};

    /// The artifact changes the place and nothing else.
    #[test]
    fn artifacts_stay_where_they_are_planted() {
        let config = SyntheticConfig { width: 96, height: 80, frames: 8, ..Default::default() };
        let synthetic = Synthetic::new(config).unwrap();
        for clip in [0, 1] {
            let film = synthetic.film(clip).unwrap();
            let pose = Pose::at(&film.rest, film.seed, 7.0 / film.rate, Frozen::default());
            let plain = synthetic.still(clip, 7).unwrap();
            let everywhere = [Artifact::Stiffness, Artifact::FrameDrop];
            for (artifact, places) in Planted::kinds().iter().filter(|(kind, _)| !everywhere.contains(kind)) {
                for &place in *places {
                    assert!(!region(place).is_empty());
                    let planted = [Planted { place, artifact: *artifact, strength: 1.0 }];
                    let changed = synthetic.still_with(clip, 7, &planted).unwrap();
                    let (mut inside, mut touched) = (0, 0);
                    for (i, (a, b)) in plain.chunks(3).zip(changed.chunks(3)).enumerate() {
                        let head = pose.to_head((i % 96) as f32 + 0.5, (i / 96) as f32 + 0.5);
                        if radius(place, head) > 1.7 {
                            assert_eq!(a, b, "{clip}: {artifact} at {place} changes {head:?}");
                        } else if weight(place, head) > 0.9 || place == Place::Contour {
                            inside += 1;
                            touched += usize::from(a != b);
                        }
                    }
                    // A shift of a flat area changes nothing.
                    assert!(5 * touched > inside, "{clip}: {artifact} at {place}: {touched} of {inside}");
                }
            }
        }
    }
}
