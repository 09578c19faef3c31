//! The clips, their artifacts and their looks.

use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

use super::artefact::{Moment, Planted, Scratch, apply, frozen, shown};
use super::blend::Blend;
use super::canvas::{Canvas, hash, yuv420};
use super::config::SyntheticConfig;
use super::face::{Look, single};
use super::method::{SyntheticMethod, damage, draw, pasted, planted};
use super::photograph::Photograph;
use super::portrait::Portrait;
use super::pose::{Pose, Rest, weight};
use crate::dataset::{Clip, ClipId, Round};
use crate::error::{Error, Result};
use crate::frames::color_range::ColorRange;
use crate::frames::readers::y4m::Y4mWriter;
use crate::random::SplitMix64;
use crate::tagging::Place;

/// A clip, and the truth about it.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticClip {
    /// Name, identity and method.
    pub clip: Clip,
    /// The mean opinion of attentive raters, 1 to 5.
    pub realism: f64,
    /// Its artifacts, in the order of the method; none for a real clip.
    pub planted: Vec<Planted>,
    /// The copy of the face that is pasted over it.
    pub blend: Option<Blend>,
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

    /// What people may see: the planted artifacts and the traces of the blend, each kind of artifact once for a place.
    #[must_use]
    pub fn visible(&self) -> Vec<Planted> {
        seen(&self.planted, self.blend.as_ref())
    }

    fn scene(&self) -> Scene<'_> {
        Scene { person: self.person, seed: self.seed, planted: &self.planted, blend: self.blend.as_ref() }
    }
}

fn seen(planted: &[Planted], blend: Option<&Blend>) -> Vec<Planted> {
    let mut all = planted.to_vec();
    for trace in blend.map(Blend::traces).unwrap_or_default() {
        match all.iter_mut().find(|p| (p.place, p.artifact) == (trace.place, trace.artifact)) {
            Some(same) => same.strength = same.strength.max(trace.strength),
            None => all.push(trace),
        }
    }
    all
}

/// What is rendered: who, how they move, and what is wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) person: (u16, u16),
    pub(super) seed: u64,
    pub(super) planted: &'a [Planted],
    pub(super) blend: Option<&'a Blend>,
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
    /// Two of every group, or none.
    photographs: Vec<Photograph>,
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
        let portraits = config.portraits.then(Portrait::built_in).transpose()?.unwrap_or_default();
        Self::of(config, portraits, Vec::new())
    }

    /// The same with photographs instead of drawn faces, and with blends among the artifacts. The first two photographs
    /// are the people of group 1, the next two those of group 2, and so on; further ones are not used.
    /// [`SyntheticConfig::portraits`] has no meaning here.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::InvalidOption`] for fewer photographs than people.
    ///
    /// # Example
    /// ```
    /// use dream_data::synthetic::{Photograph, Synthetic, SyntheticConfig};
    ///
    /// let gray = |shade: u8| {
    ///     let pixels = vec![shade; 3 * 100 * 120];
    ///     Photograph::new("gray", (100, 120), pixels, [[35.0, 50.0], [65.0, 50.0]], [50.0, 80.0])
    /// };
    /// let people = (0..4).map(|i| gray(100 + i)).collect::<Result<Vec<_>, _>>()?;
    /// let config = SyntheticConfig { identities: 2, session_clips: 20, ..Default::default() };
    /// let synthetic = Synthetic::with_photographs(config.clone(), people)?;
    /// assert!(synthetic.clips().iter().any(|clip| clip.blend.is_some()));
    /// assert!(Synthetic::with_photographs(config, vec![gray(1)?]).is_err());
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    pub fn with_photographs(config: SyntheticConfig, mut photographs: Vec<Photograph>) -> Result<Self> {
        let (people, found) = (config.people(), photographs.len());
        if found < people {
            let reason = format!("{people} people need a photograph each, and there are {found}");
            return Err(Error::option("photographs", reason));
        }
        photographs.truncate(people);
        Self::of(config, Vec::new(), photographs)
    }

    fn of(config: SyntheticConfig, portraits: Vec<Portrait>, photographs: Vec<Photograph>) -> Result<Self> {
        config.check()?;
        let methods = draw(config.methods, config.seed, !photographs.is_empty());
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
                    let blend = method.and_then(|method| pasted(method, seed));
                    // Nobody finds every real clip perfect.
                    let doubt = 0.05 + 0.05 * f64::from(hash(seed, 43, 0));
                    let loss = if method.is_some() { damage(&seen(&planted, blend.as_ref())) } else { doubt };
                    clips.push(SyntheticClip {
                        clip: Clip::from_id(ClipId::new(&name)?)?,
                        realism: high - (high - low) * loss.clamp(0.0, 1.0),
                        planted,
                        blend,
                        person: (group, if actor == 1 { 1 } else { 2 }),
                        seed,
                    });
                }
            }
        }
        let biases = super::raters::biases(&config);
        Ok(Self { config, portraits, photographs, methods, clips, biases })
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

    /// The photographs of the people, two of every group; none where faces are drawn.
    #[must_use]
    pub fn photographs(&self) -> &[Photograph] {
        &self.photographs
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
        self.render_named(self.clip(clip)?.scene(), sink, Path::new(&name))
    }

    /// The same clip with other artifacts and without a blend: the same person and movements, so that two of them differ
    /// where the artifacts differ, and nowhere else but for [`Artifact::Stiffness`](crate::tagging::Artifact::Stiffness) and
    /// [`Artifact::FrameDrop`](crate::tagging::Artifact::FrameDrop).
    ///
    /// # Errors
    /// As [`render`](Self::render) and [`still_with`](Self::still_with).
    pub fn render_with<W: Write>(&self, clip: usize, planted: &[Planted], sink: W) -> Result<W> {
        planted.iter().try_for_each(Planted::check)?;
        let clip = self.clip(clip)?;
        let scene = Scene { planted, blend: None, ..clip.scene() };
        self.render_named(scene, sink, Path::new(clip.clip.id.as_str()))
    }

    /// Which pixels of a frame belong to the place of an artifact, where it alone is planted: those that are at least half
    /// inside of the soft edge of the place, row by row.
    ///
    /// # Errors
    /// As [`still_with`](Self::still_with).
    ///
    /// # Example
    /// ```
    /// use dream_data::synthetic::{Planted, Synthetic, SyntheticConfig};
    /// use dream_data::tagging::{Artifact, Place};
    ///
    /// let config = SyntheticConfig { identities: 4, methods: 9, frames: 3, ..Default::default() };
    /// let synthetic = Synthetic::new(config)?;
    /// let blurred = Planted { place: Place::Mouth, artifact: Artifact::Blur, strength: 0.9 };
    /// let region = synthetic.region(0, 2, &blurred)?;
    /// let share = region.iter().filter(|inside| **inside).count() as f64 / region.len() as f64;
    /// assert!((0.005..0.05).contains(&share), "{share}");
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    pub fn region(&self, clip: usize, frame: u32, planted: &Planted) -> Result<Vec<bool>> {
        planted.check()?;
        self.expect_frame(frame)?;
        let film = self.film(Scene { planted: &[], blend: None, ..self.clip(clip)?.scene() });
        let planted = std::slice::from_ref(planted);
        let time = shown(planted, u64::from(frame)) as f32 / film.rate;
        let pose = Pose::at(&film.rest, film.seed, time, frozen(planted));
        let place = planted.first().map_or(Place::NotSpecified, |planted| planted.place);
        let (width, height) = (film.canvas.width(), film.canvas.height());
        let centres = (0..height).flat_map(|y| (0..width).map(move |x| (x as f32 + 0.5, y as f32 + 0.5)));
        Ok(centres.map(|(x, y)| weight(place, pose.to_head(x, y)) >= 0.5).collect())
    }

    /// `path` is for messages.
    pub(super) fn render_named<W: Write>(&self, scene: Scene<'_>, sink: W, path: &Path) -> Result<W> {
        let size = (self.config.width, self.config.height);
        let mut writer = Y4mWriter::named(sink, path, size, self.config.frame_rate, ColorRange::Limited)?;
        let mut film = self.film(scene);
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
        self.still_of(self.clip(clip)?.scene(), frame)
    }

    /// The same frame of a clip with other artifacts and without a blend.
    ///
    /// # Errors
    /// As [`still`](Self::still), and [`Error::InvalidOption`] for artifacts that cannot be rendered
    /// ([`Planted::kinds`]).
    pub fn still_with(&self, clip: usize, frame: u32, planted: &[Planted]) -> Result<Vec<u8>> {
        planted.iter().try_for_each(Planted::check)?;
        self.still_of(Scene { planted, blend: None, ..self.clip(clip)?.scene() }, frame)
    }

    /// The same frame of a clip with a blend and without other artifacts.
    ///
    /// # Errors
    /// As [`still`](Self::still), and [`Error::InvalidOption`] for a number of the blend outside 0 to 1.
    pub fn still_blended(&self, clip: usize, frame: u32, blend: &Blend) -> Result<Vec<u8>> {
        blend.check()?;
        self.still_of(Scene { planted: &[], blend: Some(blend), ..self.clip(clip)?.scene() }, frame)
    }

    fn still_of(&self, scene: Scene<'_>, frame: u32) -> Result<Vec<u8>> {
        self.expect_frame(frame)?;
        Ok(film_still(self.film(scene), frame))
    }

    fn expect_frame(&self, frame: u32) -> Result<()> {
        if frame < self.config.frames {
            return Ok(());
        }
        Err(Error::option("frame", format!("{frame} of {}; count from 0", self.config.frames)))
    }

    /// What is rendered for a clip.
    pub(super) fn scene(&self, clip: usize) -> Option<Scene<'_>> {
        self.clips.get(clip).map(SyntheticClip::scene)
    }

    fn clip(&self, clip: usize) -> Result<&SyntheticClip> {
        let fault = || Error::option("clip", format!("{clip} of {}; count from 0", self.clips.len()));
        self.clips.get(clip).ok_or_else(fault)
    }

    fn film<'a>(&'a self, scene: Scene<'a>) -> Film<'a> {
        let (width, height) = (self.config.width as usize, self.config.height as usize);
        let (group, actor) = scene.person;
        // The first actors of the first groups are photographs; all others are drawn.
        let photograph = (actor == 1).then(|| (group as usize).saturating_sub(1));
        let built_in = photograph.and_then(|index| self.portraits.get(index)).map(Cow::Borrowed);
        let index = 2 * (group as usize).saturating_sub(1) + usize::from(actor != 1);
        let own = self.photographs.get(index).map(|own| Cow::Owned(Portrait::of(own, width, height)));
        let portrait = own.or(built_in);
        let person = u64::from(group) * 2 + u64::from(actor);
        let look = Look::new(SplitMix64::stream(self.config.seed, 2_000_000_000 + person).next());
        let rest = portrait
            .as_ref()
            .map_or_else(|| look.rest(width, height), |portrait| portrait.rest(width, height));
        Film {
            rest,
            look,
            portrait,
            planted: scene.planted,
            blend: scene.blend,
            seed: scene.seed,
            rate: single(self.config.frame_rate.as_f64()),
            canvas: Canvas::new(width, height),
            scratch: Scratch::default(),
        }
    }
}

/// A clip during rendering.
struct Film<'a> {
    rest: Rest,
    look: Look,
    portrait: Option<Cow<'a, Portrait>>,
    planted: &'a [Planted],
    blend: Option<&'a Blend>,
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
        match &self.portrait {
            Some(portrait) => portrait.paint(&mut self.canvas, &self.rest, &pose),
            None => self.look.paint(&mut self.canvas, &pose),
        }
        let moment = Moment { pose: &pose, frame: shown, time, seed: self.seed };
        if let Some(blend) = self.blend {
            blend.paste(&moment, &mut self.canvas);
        }
        // Camera grain, so that no area is quite flat.
        let (seed, mut number) = (self.seed ^ shown.wrapping_mul(0x2545_f491_4f6c_dd1d), 0);
        self.canvas.each(|_, _, pixel| {
            number += 1;
            let grain = 1.6 * hash(seed, 5, number);
            *pixel = pixel.map(|c| c * pose.light + grain);
        });
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
    use crate::synthetic::pose::{Frozen, radius, region};
    use crate::tagging::Artifact;

    /// The artifact changes the place and nothing else.
    #[test]
    fn artifacts_stay_where_they_are_planted() {
        let config = SyntheticConfig { width: 96, height: 80, frames: 8, ..Default::default() };
        let synthetic = Synthetic::new(config).unwrap();
        for clip in [0, 1] {
            let film = synthetic.film(synthetic.scene(clip).unwrap());
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

    /// Two clips of the same person differ in the region of the artifact, and hardly anywhere else.
    #[test]
    fn a_region_is_where_the_artifact_is() {
        let config = SyntheticConfig { width: 96, height: 80, frames: 8, ..Default::default() };
        let synthetic = Synthetic::new(config).unwrap();
        for (clip, place) in [(0, Place::Mouth), (1, Place::Eyes), (2, Place::Cheeks)] {
            let artifact = if place == Place::Cheeks { Artifact::Noise } else { Artifact::Mosaic };
            let planted = Planted { place, artifact, strength: 1.0 };
            let frame = |planted: &[Planted]| synthetic.still_with(clip, 7, planted).unwrap();
            let (with, without) = (frame(&[planted]), frame(&[]));
            let region = synthetic.region(clip, 7, &planted).unwrap();
            let changes = with
                .chunks(3)
                .zip(without.chunks(3))
                .map(|(a, b)| a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>());
            let (mut inside, mut outside) = (0.0, 0.0);
            for (change, region) in changes.zip(&region) {
                *(if *region { &mut inside } else { &mut outside }) += change;
            }
            assert!(inside > 3.0 * outside && inside > 0.0, "{place}: {inside} inside, {outside} outside");
            let pixels = region.iter().filter(|inside| **inside).count();
            assert!((40..1200).contains(&pixels), "{place}: {pixels}");
        }
        let drop = Planted { place: Place::NotSpecified, artifact: Artifact::FrameDrop, strength: 1.0 };
        assert!(synthetic.region(0, 0, &drop).unwrap().into_iter().all(|inside| inside));
        let odd = Planted { place: Place::Ears, artifact: Artifact::Blur, strength: 1.0 };
        assert!(synthetic.region(0, 0, &odd).is_err() && synthetic.region(0, 8, &drop).is_err());
    }

    #[test]
    fn a_clip_with_its_own_artifacts_is_itself() {
        let synthetic = Synthetic::new(SyntheticConfig { frames: 4, ..Default::default() }).unwrap();
        let clip = synthetic.clips().iter().position(|clip| !clip.planted.is_empty()).unwrap();
        let planted = synthetic.clips()[clip].planted.clone();
        let own = synthetic.render(clip, Vec::new()).unwrap();
        assert!(own == synthetic.render_with(clip, &planted, Vec::new()).unwrap());
        let clean = synthetic.render_with(clip, &[], Vec::new()).unwrap();
        assert!(clean != own && clean.len() == own.len());
        let odd = Planted { strength: 2.0, ..planted[0] };
        assert!(synthetic.render_with(clip, &[odd], Vec::new()).is_err());
    }
}
