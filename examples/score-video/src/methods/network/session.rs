//! One video, in up to three passes: count, find the face, score.

use std::sync::Arc;

use dream_data::{Layout, PixelRect, Sampler};
use dream_features::color::pack_rgb8;
use dream_features::{Frame, VideoSpec};
use dream_models::face::{Face as Found, VideoBoxConfig, VideoFaceBox};
use dream_models::preprocess::ImageView;
use dream_models::regression::Grade;
use rayon::prelude::*;

use super::loaded::Network;
use super::part::{Area, Part, relative_box, whole};
use crate::details::Details;
use crate::encoded::Encoded;
use crate::error::{Error, Result};
use crate::methods::{Judgement, Session, Shown, part_of};
use crate::options::NoFace;
use crate::score::{Face, Video};

/// What a pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    Count,
    Detect,
    Score,
}

/// The input of a network.
struct Prepared {
    pixels: Vec<f32>,
    /// Height and width.
    size: [usize; 2],
}

pub(super) struct NetworkSession {
    method: Arc<Network>,
    pass: Pass,
    /// Which frames of the pass are looked at: none while they are counted.
    sampler: Option<Sampler>,
    /// Frames of the video, where they have to be counted.
    count: Option<u64>,
    faces: VideoFaceBox,
    area: Option<Area>,
    /// The part that was cut.
    part: Option<PixelRect>,
    rgb: Vec<u8>,
    /// Network inputs that wait for the batch to be full.
    waiting: Vec<Prepared>,
    /// The next frame is looked at only in case that the video ends before the plan takes one.
    spare: bool,
    /// That frame, while the face is looked for and when it is scored.
    spare_faces: Option<Vec<Found>>,
    spare_input: Option<(Prepared, f64)>,
    /// What was encoded so far is that frame.
    stood_in: bool,
    /// What the network made of the frames.
    encoded: Vec<Vec<f32>>,
    /// When those frames are shown, and the frame that was asked about last.
    times: Vec<f64>,
    now: f64,
    spec: VideoSpec,
    /// Luma was pushed.
    without_color: bool,
}

impl NetworkSession {
    pub(super) fn new(method: Arc<Network>, name: &str, spec: VideoSpec) -> Result<Self> {
        let area = method.part.of(name, spec)?;
        let counted = method.frames.needs_count();
        let sampler =
            if counted { None } else { Some(method.frames.sampler_at(None, spec.frames_per_second)?) };
        let pass = match (counted, &area) {
            (true, _) => Pass::Count,
            (false, None) => Pass::Detect,
            (false, Some(_)) => Pass::Score,
        };
        let boxes = match &method.part {
            Part::Detected(_, config) => config.clone(),
            _ => VideoBoxConfig::default(),
        };
        Ok(Self {
            method,
            pass,
            sampler,
            count: counted.then_some(0),
            faces: VideoFaceBox::new(boxes)?,
            area,
            part: None,
            rgb: Vec::new(),
            waiting: Vec::new(),
            spare: false,
            spare_faces: None,
            spare_input: None,
            stood_in: false,
            encoded: Vec::new(),
            times: Vec::new(),
            now: 0.0,
            spec,
            without_color: false,
        })
    }

    /// Packs a frame and shows it as preprocessing and the detector take it.
    fn packed(&mut self, frame: &Frame<'_>) -> Result<ImageView<'_>> {
        let (width, height) = frame.size();
        pack_rgb8(frame, &mut self.rgb);
        Ok(ImageView::rgb(&self.rgb, width, height)?)
    }

    /// Runs the waiting frames through the network, each for itself.
    fn encode(&mut self) -> Result<()> {
        let encoded =
            self.waiting.par_iter().map(|Prepared { pixels, size }| self.method.encode(pixels, *size));
        self.encoded.extend(encoded.collect::<Result<Vec<_>>>()?);
        self.waiting.clear();
        Ok(())
    }

    /// The face was looked for in all frames: what is scored?
    fn choose_face(&mut self) -> Result<Pass> {
        if let Some(found) = self.spare_faces.take().filter(|_| self.faces.frames() == 0) {
            self.faces.push(&found);
        }
        let face = self.faces.finish_in(self.spec.width, self.spec.height);
        let original = |face| self.method.blend.as_ref()?.box_of_original(face, self.spec);
        self.area = Some(match (face, self.method.no_face) {
            (Some(face), _) => match original(&face) {
                Some(area) => (area, "reference"),
                None => (relative_box(face)?, "detected"),
            },
            (None, NoFace::WholeFrame) => (whole()?, "whole frame"),
            (None, NoFace::Error | NoFace::Skip) => {
                let (frames, video) = (self.faces.frames(), Box::<Video>::default());
                return Err(Error::NoFace { frames, video });
            }
        });
        Ok(Pass::Score)
    }

    /// Runs what still waits. Which part was looked at, and what speaks against it.
    fn close(&mut self) -> Result<(Face, Vec<String>)> {
        self.encode()?;
        if self.encoded.is_empty()
            && let Some((input, time)) = self.spare_input.take()
        {
            self.waiting.push(input);
            self.times.push(time);
            self.stood_in = true;
            self.encode()?;
        }
        if self.encoded.is_empty() {
            return Err(Error::Network("the video has no frame to score".to_owned()));
        }
        let looked = self.faces.frames();
        let source = self.area.map_or("none", |(_, source)| source);
        let found = (looked > 0).then(|| (self.faces.found(), looked));
        let mut warnings = Vec::new();
        if self.without_color {
            warnings.push(
                "scored from luma alone, as if it were gray: the network looks at colour too".to_owned(),
            );
        }
        if self.stood_in {
            warnings.push(format!(
                "too short for the frames {}: the first frame stands for the video",
                self.method.frames
            ));
        }
        if looked > 0 && source == "whole frame" {
            warnings.push("no face: the whole frame was scored".to_owned());
        }
        Ok((Face { part: self.part, source, found }, warnings))
    }

    fn judge(&mut self) -> Result<Judgement> {
        let (face, mut warnings) = self.close()?;
        let (frames_used, face) = (self.encoded.len() as u64, Some(face));
        let details = self.method.details.then(|| {
            let (times, encoded) = (self.times.clone(), self.encoded.clone());
            Box::new(Details { times, encoded, ..Details::default() })
        });
        let judgement = Judgement { frames_used, face, details, ..Judgement::default() };
        if let Some(blend) = &self.method.blend {
            let read = blend.read(&self.encoded, &self.times, self.spec.frames_per_second)?;
            warnings.extend(read.warnings);
            let (score, traces, familiarity) = (read.traces.mean, Some(read.traces), Some(read.familiarity));
            return Ok(Judgement { score, traces, familiarity, warnings, ..judgement });
        }
        let (score, nearest) = self.method.score(&self.encoded)?;
        if !(1.0..=5.0).contains(&score) {
            warnings.push("the score is outside the scale".to_owned());
        }
        Ok(Judgement { score, grade: Grade::of(score), nearest, warnings, ..judgement })
    }
}

impl Session for NetworkSession {
    fn wants(&mut self, index: u64, time: f64) -> bool {
        if let (Pass::Count, Some(count)) = (self.pass, &mut self.count) {
            *count += 1;
        }
        self.now = time;
        let Some(sampler) = &mut self.sampler else { return false };
        let taken = sampler.wants(index, time);
        self.spare = !taken && index == 0 && sampler.needs_stand_in();
        taken || self.spare
    }

    fn push(&mut self, frame: &Frame<'_>, Shown { layout, .. }: Shown) -> Result<()> {
        let method = Arc::clone(&self.method);
        self.without_color |= layout == Layout::Gray;
        let Some((area, _)) = self.area else {
            if let Part::Detected(detector, _) = &method.part {
                let found = detector.detect(&self.packed(frame)?);
                if self.spare {
                    self.spare_faces = Some(found);
                } else {
                    self.faces.push(&found);
                }
            }
            return Ok(());
        };
        let part = part_of(&area, frame, layout);
        let face = frame.crop(part.left, part.top, part.width, part.height)?;
        let preprocess = &method.input().pixels;
        let (width, height) = preprocess.output_size(part.width, part.height);
        let mut pixels = vec![0.0; preprocess.len_of(part.width, part.height)];
        preprocess.apply(&self.packed(&face)?, &mut pixels)?;
        self.part = Some(part);
        let input = Prepared { pixels, size: [height, width] };
        if self.spare {
            self.spare_input = Some((input, self.now));
            return Ok(());
        }
        if std::mem::take(&mut self.stood_in) {
            self.encoded.clear();
            self.times.clear();
        }
        self.waiting.push(input);
        self.times.push(self.now);
        if self.waiting.len() >= method.batch { self.encode() } else { Ok(()) }
    }

    fn next_pass(&mut self) -> Result<bool> {
        self.pass = match self.pass {
            Pass::Count if self.area.is_none() => Pass::Detect,
            Pass::Count => Pass::Score,
            Pass::Detect => self.choose_face()?,
            Pass::Score => return Ok(false),
        };
        self.sampler = Some(self.method.frames.sampler_at(self.count, self.spec.frames_per_second)?);
        Ok(true)
    }

    fn peek(&mut self) -> Result<Judgement> {
        self.judge()
    }

    fn finish(mut self: Box<Self>) -> Result<Judgement> {
        self.judge()
    }

    fn encoded(mut self: Box<Self>) -> Result<Encoded> {
        let (face, warnings) = self.close()?;
        let (features, times) = (self.encoded, self.times);
        Ok(Encoded { features, times, face, warnings, video: Video::default(), damage: None })
    }
}
