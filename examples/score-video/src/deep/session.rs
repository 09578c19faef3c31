//! One video, in up to three passes: count, find the face, score.

use anyhow::{Context, Result, bail};
use dream_data::Pixels;
use dream_models::Error as ModelError;
use dream_models::deep::methods::da_clip::opdai_frames;
use dream_models::face::{FaceBox, VideoFaceBox};
use dream_models::regression::Grade;
use rayon::prelude::*;

use super::Deep;
use super::network::Network;
use super::pixels;
use crate::method::{Face, Judgement, Part, Session};

/// What a pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    Count,
    Detect,
    Score,
    /// No face was found, and the choice is to skip the video.
    Skipped,
}

/// Where the face is.
enum Place {
    Unknown,
    Given(Part),
    Found(FaceBox),
    Whole,
}

pub(super) struct Running<'a> {
    of: &'a Deep,
    pass: Pass,
    /// The next frame of the pass.
    at: u64,
    /// The frames that count, where they cannot be told from their number alone.
    chosen: Option<[u64; 3]>,
    faces: VideoFaceBox,
    place: Place,
    part: Option<Part>,
    rgb: Vec<u8>,
    /// Network inputs that wait for the batch to be full, and how often each counts.
    waiting: Vec<(Vec<f32>, usize)>,
    /// What the network made of the frames.
    made: Vec<Vec<f32>>,
    used: u64,
}

impl<'a> Running<'a> {
    pub(super) fn new(of: &'a Deep) -> Result<Self> {
        let place = match of.given {
            Some([left, top, width, height]) => Place::Given((left, top, width, height)),
            None => Place::Unknown,
        };
        let pass = match (&of.network, &place) {
            (Network::Opdai { .. }, _) => Pass::Count,
            (_, Place::Unknown) => Pass::Detect,
            _ => Pass::Score,
        };
        Ok(Self {
            of,
            pass,
            at: 0,
            chosen: None,
            faces: VideoFaceBox::new(of.boxes.clone())?,
            place,
            part: None,
            rgb: Vec::new(),
            waiting: Vec::new(),
            made: Vec::new(),
            used: 0,
        })
    }

    /// How often the next frame counts.
    fn weight(&self) -> usize {
        match (&self.of.network, self.chosen) {
            (Network::DaClip(_), _) => usize::from(self.at.is_multiple_of(self.of.every)),
            (_, Some(chosen)) => chosen.iter().filter(|&&frame| frame == self.at).count(),
            (_, None) => 0,
        }
    }

    /// Runs the waiting frames through the network, each for itself.
    fn compute(&mut self) -> Result<()> {
        let network = &self.of.network;
        let made: Vec<Vec<f32>> =
            self.waiting.par_iter().map(|(input, _)| network.frame(input)).collect::<Result<_>>()?;
        for ((_, weight), made) in self.waiting.drain(..).zip(made) {
            self.made.extend(std::iter::repeat_n(made, weight));
        }
        Ok(())
    }

    /// The face is looked for, and the search is over.
    fn settle(&mut self) -> Result<Pass> {
        let found = self.faces.finish();
        let resolved = match self.of.no_face_choice().resolve(found, self.faces.frames()) {
            Err(error @ ModelError::NoFace { .. }) => {
                return Err(error).context(
                    "no score: give the face with --box, or choose --no-face whole-frame or --no-face skip",
                );
            }
            other => other?,
        };
        self.place = match (resolved, found) {
            (None, _) => return Ok(Pass::Skipped),
            (Some(_), None) => Place::Whole,
            (Some(area), Some(_)) => Place::Found(area),
        };
        Ok(Pass::Score)
    }
}

impl Session for Running<'_> {
    fn wants_next(&self) -> bool {
        matches!(self.pass, Pass::Detect | Pass::Score) && self.weight() > 0
    }

    fn push(&mut self, pixels: Pixels<'_>, _: Part) -> Result<()> {
        let weight = self.weight();
        self.at += 1;
        let view = pixels::view(pixels, &mut self.rgb)?;
        if self.pass == Pass::Detect {
            self.faces.push(&self.of.detector.detect(&view));
            return Ok(());
        }
        let part = match self.place {
            Place::Given(part) => part,
            Place::Found(area) => area.to_pixels(view.width(), view.height()),
            Place::Unknown | Place::Whole => (0, 0, view.width(), view.height()),
        };
        let (left, top, width, height) = part;
        let face = view.crop(left, top, width, height).context("the face box")?;
        let mut input = vec![0.0; self.of.preprocess.len()];
        self.of.preprocess.apply(&face, &mut input)?;
        self.part = Some(part);
        self.used += 1;
        self.waiting.push((input, weight));
        if self.waiting.len() >= self.of.batch { self.compute() } else { Ok(()) }
    }

    fn skip(&mut self) {
        self.at += 1;
    }

    fn again(&mut self) -> Result<bool> {
        let count = std::mem::take(&mut self.at);
        self.pass = match self.pass {
            Pass::Count => {
                let frames = opdai_frames(usize::try_from(count)?)?;
                self.chosen = Some(frames.map(|frame| frame as u64));
                if matches!(self.place, Place::Unknown) { Pass::Detect } else { Pass::Score }
            }
            Pass::Detect => self.settle()?,
            Pass::Score | Pass::Skipped => return Ok(false),
        };
        Ok(self.pass != Pass::Skipped)
    }

    fn finish(mut self: Box<Self>) -> Result<Judgement> {
        self.compute()?;
        let looked = (self.faces.frames() > 0).then(|| (self.faces.found(), self.faces.frames()));
        let mut judgement = Judgement {
            score: None,
            grade: None,
            interval: None,
            familiarity: None,
            frames_used: self.used,
            warnings: Vec::new(),
            face: None,
            nearest: Vec::new(),
        };
        let source = match self.place {
            Place::Given(_) => "given",
            Place::Found(_) => "detected",
            Place::Whole => "whole frame",
            Place::Unknown => "none",
        };
        judgement.face = Some(Face { part: self.part, source, found: looked });
        if self.pass == Pass::Skipped {
            judgement.warnings.push(format!("skipped: no face in {} frames", self.faces.frames()));
            return Ok(judgement);
        }
        if self.made.is_empty() {
            bail!("the video has no frame to score");
        }
        if matches!(self.place, Place::Whole) {
            judgement.warnings.push("no face: the whole frame was scored".to_owned());
        }
        let (score, representation) = self.of.network.video(&self.made)?;
        if !(1.0..=5.0).contains(&score) {
            judgement.warnings.push("the score is outside the scale".to_owned());
        }
        judgement.score = Some(score);
        judgement.grade = Grade::of(score);
        judgement.nearest = self.of.nearest(representation.as_ref())?;
        Ok(judgement)
    }
}
