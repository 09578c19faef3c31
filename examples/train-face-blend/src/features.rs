//! From portraits to rows of numbers.

use anyhow::{Context, Result, anyhow};
use dream_data::in_order;
use dream_models::face::{BoxExpansion, FaceBox};
use dream_models::preprocess::ImageView;

use crate::bar::bar;
use crate::cache::{Cache, key};
use crate::portraits::Person;
use crate::print::note;
use crate::pseudo::{self, Damage, Options, Portrait, RECIPE, seed_of};
use crate::tower::Eye;

/// Pictures of a draw: real, global, mild, gross.
pub(crate) const KINDS: usize = 4;

/// What is made of a portrait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    /// Four pictures with random damage.
    Draw(u64),
    /// Four pictures of the first draw with a stated damage.
    Damaged(Damage),
    /// The portrait as it is, cut as `score-video` cuts it.
    Untouched,
}

impl What {
    /// Pictures.
    fn rows(self) -> usize {
        if self == Self::Untouched { 1 } else { KINDS }
    }
}

/// Makes pictures and looks at them, or finds in the cache what came of it.
pub(crate) struct Maker<'a> {
    pub(crate) eye: &'a Eye,
    pub(crate) cache: Cache,
    pub(crate) options: Options,
    pub(crate) seed: u64,
    pub(crate) jobs: usize,
}

/// The numbers of pictures after each block, as [`Eye::look`] gives them.
pub(crate) type Blocks = Vec<Vec<f32>>;

impl Maker<'_> {
    /// The numbers of every task, in their order, whatever the number of threads.
    pub(crate) fn make(&self, title: &str, tasks: &[(&Person, What)]) -> Result<Vec<Blocks>> {
        let (mut all, mut known) = (Vec::with_capacity(tasks.len()), 0);
        let bar = bar(title, tasks.len())?;
        in_order(
            self.jobs,
            tasks,
            |(person, what)| self.one(person, *what),
            |_, made| -> Result<()> {
                let (blocks, cached) = made?;
                known += usize::from(cached);
                all.push(blocks);
                bar.inc(1);
                Ok(())
            },
        )?;
        bar.finish_and_clear();
        if known > 0 {
            note!("note: {title}: {known} of {} were in the cache", tasks.len());
        }
        Ok(all)
    }

    /// The numbers of a task, and whether they were known.
    fn one(&self, person: &Person, what: What) -> Result<(Blocks, bool)> {
        let length = what.rows() * self.eye.width();
        let keys: Vec<String> = self.eye.blocks.iter().map(|block| self.key(person, what, *block)).collect();
        let known: Option<Blocks> = keys.iter().map(|key| self.cache.get(key, length)).collect();
        if let Some(blocks) = known {
            return Ok((blocks, true));
        }
        // The threads of this program work on a portrait each.
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
        let blocks = alone.install(|| self.look(person, what))?;
        for (key, numbers) in keys.iter().zip(&blocks) {
            self.cache.put(key, numbers)?;
        }
        Ok((blocks, false))
    }

    /// The pictures of a draw.
    pub(crate) fn draw(&self, person: &Person, what: What) -> Result<pseudo::Draw> {
        let drawn = pseudo::draw(&person.portrait()?, &self.options(what), self.seed(person, what));
        drawn.with_context(|| person.path.display().to_string())
    }

    fn look(&self, person: &Person, what: What) -> Result<Blocks> {
        if what == What::Untouched {
            let portrait = person.portrait()?;
            let square = untouched(&portrait, self.options.crop);
            return self.eye.look(&[square.with_context(|| person.path.display().to_string())?]);
        }
        let drawn = self.draw(person, what)?;
        let views = drawn
            .pictures
            .iter()
            .map(|(_, picture)| Ok(ImageView::rgb(&picture.data, picture.width, picture.height)?));
        self.eye.look(&views.collect::<Result<Vec<_>>>()?)
    }

    fn options(&self, what: What) -> Options {
        match what {
            // The options of random damage change nothing then: heads of other recipes are measured on the same pictures.
            What::Damaged(damage) => {
                Options { damage: Some(damage), crop: self.options.crop, ..Options::default() }
            }
            What::Draw(_) | What::Untouched => self.options.clone(),
        }
    }

    /// A portrait has a stream of its own, whatever else is in the folder.
    fn seed(&self, person: &Person, what: What) -> u64 {
        seed_of(self.seed, &person.sha256, if let What::Draw(draw) = what { draw } else { 0 })
    }

    /// Names everything that the numbers depend on.
    fn key(&self, person: &Person, what: What, block: usize) -> String {
        let Person { sha256, face, points, .. } = person;
        let place = format!("tower {} block {block} picture {sha256} face {face:?}", self.eye.sha256);
        key(&match what {
            What::Untouched => format!("{place} untouched {}", self.options.crop),
            What::Draw(_) | What::Damaged(_) => format!(
                "{place} points {points:?} recipe {RECIPE} {:?} seed {}",
                self.options(what),
                self.seed(person, what)
            ),
        })
    }
}

/// The square round the face, as the rule of the head for frames of a video has it.
fn untouched(portrait: &Portrait, crop: f64) -> Result<ImageView<'_>> {
    let (picture, [left, top, right, bottom]) = (&portrait.picture, portrait.face);
    let (width, height) = (picture.width as f64, picture.height as f64);
    let face =
        FaceBox { left: left / width, top: top / height, right: right / width, bottom: bottom / height };
    let square = face.squared(picture.width, picture.height);
    let part = square.and_then(|square| square.expanded(BoxExpansion(crop)).clamped());
    let part = part.ok_or_else(|| anyhow!("its face is outside of the picture"))?;
    let view = ImageView::rgb(&picture.data, picture.width, picture.height)?;
    Ok(view.crop(part.to_pixels(picture.width, picture.height))?)
}
