//! Where the face is: BlazeFace short range with embedded weights, and one box for a video. No tensor library.
//!
//! The detector is made for faces that fill a good part of the frame, as those of a selfie camera: one narrower than about
//! an eighth of the longer side is missed. [`DetectorConfig::levels`] looks closer where nothing was found.

mod area;
mod decode;
mod kernels;
mod letterbox;
mod network;
mod video;
mod weights;
mod windows;

pub use area::{BoxExpansion, FaceBox, NoFace};
pub use network::RawFaces;
pub use video::{BoxRule, FaceChoice, VideoBoxConfig, VideoFaceBox};

use serde::{Deserialize, Serialize};

use crate::preprocess::{ImageView, PixelRect};
use crate::{Error, Result};

/// The committed weights, see `assets/NOTICE.md`.
const EMBEDDED: &[u8] = include_bytes!("../../assets/blazeface-short-range.safetensors");

/// A face in a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// From the eyebrows to the chin, relative to the frame.
    pub area: FaceBox,
    /// 0..=1.
    pub score: f32,
    /// x and y relative to the frame, left and right as the person has them: right eye, left eye, tip of the nose,
    /// middle of the mouth, right ear, left ear.
    pub points: [[f64; 2]; 6],
}

impl Face {
    /// The same face, relative to the frame that `window` is a part of.
    fn seen_from(mut self, window: &PixelRect, width: usize, height: usize) -> Self {
        let place = |at: f64, start: usize, part: usize, whole: usize| {
            (start as f64 + at * part as f64) / whole as f64
        };
        let point = |[x, y]: [f64; 2]| {
            [place(x, window.left, window.width, width), place(y, window.top, window.height, height)]
        };
        let [left, top, right, bottom] = self.area.corners();
        let ([left, top], [right, bottom]) = (point([left, top]), point([right, bottom]));
        self.area = FaceBox { left, top, right, bottom };
        self.points = self.points.map(point);
        self
    }
}

/// The face with the largest box.
#[must_use]
pub fn largest(faces: &[Face]) -> Option<&Face> {
    faces.iter().reduce(|best, next| if next.area.area() > best.area.area() { next } else { best })
}

/// The face with the best score.
#[must_use]
pub fn best(faces: &[Face]) -> Option<&Face> {
    faces.iter().reduce(|best, next| if next.score > best.score { next } else { best })
}

/// Settings of a [`FaceDetector`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorConfig {
    /// Faces below this score are dropped. 0 to 1; default: 0.5.
    pub min_score: f32,
    /// Boxes that overlap the best one by more than this (intersection over union) are the same face. 0 to 1; default:
    /// 0.3.
    pub max_overlap: f32,
    /// How often to look closer when no face is found: 1 looks at the whole frame, as the original does; 2 then at
    /// overlapping squares of half its longer side, 3 of a quarter, 4 of an eighth. A frame of 16:9 without a face costs 1,
    /// 7, 35 or 155 times the time of one look. Default: 1.
    pub levels: u32,
}

impl Default for DetectorConfig {
    fn default() -> Self {
        Self { min_score: 0.5, max_overlap: 0.3, levels: 1 }
    }
}

/// Finds faces in images of any size.
///
/// # Example
/// ```
/// use dream_models::face::{FaceDetector, largest};
/// use dream_models::preprocess::ImageView;
///
/// let detector = FaceDetector::embedded()?;
/// let wall = vec![90; 160 * 90 * 3];
/// let faces = detector.detect(&ImageView::rgb(&wall, 160, 90)?);
/// assert!(largest(&faces).is_none());
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Reference
/// V. Bazarevsky et al., "BlazeFace: sub-millisecond neural face detection on mobile GPUs", 2019; the short-range model
/// of MediaPipe, whose CPU pipeline this follows step by step.
#[doc(alias("BlazeFace", "mediapipe"))]
#[derive(Debug, Clone)]
pub struct FaceDetector {
    network: network::Network,
    config: DetectorConfig,
}

impl FaceDetector {
    /// The detector that ships in this crate.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] if the crate was built from damaged files.
    pub fn embedded() -> Result<Self> {
        Self::from_bytes(EMBEDDED)
    }

    /// The file that [`FaceDetector::embedded`] reads, for reports that name it by its hash.
    ///
    /// # Example
    /// ```
    /// use dream_models::face::FaceDetector;
    /// assert!(FaceDetector::from_bytes(FaceDetector::embedded_bytes()).is_ok());
    /// ```
    #[must_use]
    pub fn embedded_bytes() -> &'static [u8] {
        EMBEDDED
    }

    /// The same network with other weights, from a safetensors file with the names, shapes and the half precision of the
    /// embedded one.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for anything damaged, missing or superfluous.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let network = network::Network::new(weights::Weights::parse(bytes)?)?;
        Ok(Self { network, config: DetectorConfig::default() })
    }

    /// Replaces the settings.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] for a threshold outside 0 to 1, and for levels other than 1 to 4.
    pub fn with_config(self, config: DetectorConfig) -> Result<Self> {
        for (field, value) in [("min_score", config.min_score), ("max_overlap", config.max_overlap)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::InvalidConfig { field, value: f64::from(value), expected: "0 to 1" });
            }
        }
        if !(1..=4).contains(&config.levels) {
            let value = f64::from(config.levels);
            return Err(Error::InvalidConfig { field: "levels", value, expected: "1 to 4" });
        }
        Ok(Self { config, ..self })
    }

    /// The faces of an image, best first.
    ///
    /// The same image gives the same bytes on every machine.
    #[must_use]
    pub fn detect(&self, view: &ImageView<'_>) -> Vec<Face> {
        let looks = (0..self.config.levels).map(|level| self.look(view, level));
        looks.into_iter().find(|faces| !faces.is_empty()).unwrap_or_default()
    }

    /// The faces in all windows of a level.
    fn look(&self, view: &ImageView<'_>, level: u32) -> Vec<Face> {
        let (width, height) = (view.width(), view.height());
        let mut found = Vec::new();
        for window in windows::windows(width, height, level) {
            let part = view.crop(window);
            found.extend(part.into_iter().flat_map(|part| self.detect_once(&part)).filter_map(|face| {
                let cut = windows::cuts(&window, face.area.corners(), width, height);
                (!cut).then(|| face.seen_from(&window, width, height))
            }));
        }
        if level == 0 { found } else { decode::keep_best(found, self.config.max_overlap) }
    }

    /// The faces of one look.
    fn detect_once(&self, view: &ImageView<'_>) -> Vec<Face> {
        let DetectorConfig { min_score, max_overlap, .. } = self.config;
        // The input is always of the right length and finite.
        let Ok(raw) = self.network.forward(&self.input(view)) else { return Vec::new() };
        let found = decode::decode(&raw, min_score, max_overlap);
        let (width, height) = (view.width() as f64, view.height() as f64);
        let square = width.max(height);
        let project = |[x, y]: [f32; 2]| {
            let along = |at: f32, size: f64| (f64::from(at) * square + (size - square) / 2.0) / size;
            [along(x, width), along(y, height)]
        };
        let face = |found: decode::Found| {
            let [left, top, right, bottom] = found.corners;
            let ([left, top], [right, bottom]) = (project([left, top]), project([right, bottom]));
            let area = FaceBox { left, top, right, bottom };
            Face { area, score: found.score, points: found.points.map(project) }
        };
        found.into_iter().map(face).collect()
    }

    /// What the network sees of an image: 128x128 pixels of red, green and blue, -1 to 1, the image in the middle of a
    /// black square.
    #[must_use]
    pub fn input(&self, view: &ImageView<'_>) -> Vec<f32> {
        letterbox::letterbox(view, network::SIDE)
    }

    /// The raw outputs of the network for such an input.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless `input` has 128 x 128 x 3 values, [`Error::NonFinite`] for a NaN or an infinity.
    pub fn forward(&self, input: &[f32]) -> Result<RawFaces> {
        self.network.forward(input)
    }
}
