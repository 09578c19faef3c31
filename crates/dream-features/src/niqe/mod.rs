//! NIQE: how far an image is from pristine photographs, without any score of a person. Its parts serve V-BLIINDS too.

mod blocks;
mod border;
mod engine;
mod model;

pub(crate) use engine::{Naturalness, features};
pub(crate) use model::Model;

use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::extract::ImageFeatures;
use crate::frame::Frame;
use crate::intake::Channels;
use crate::layout::FeatureLayout;
use crate::nss::FlatAreas;
use crate::recipe::Recipe;
use crate::workspace::Workspace;
use engine::SIDE;
use model::N;

/// NIQE of one image: the score that its authors released, and the 36 features it is made from.
///
/// The image is cut into blocks of 96x96 pixels from the top left; what is left over at the right and below is not
/// looked at, and at least one block is needed. The features of a block, at full and at half size, are fits to its
/// normalised luma and to products of neighbours. The score is the distance of their mean and covariance from those of
/// 125 pristine photographs: 0 is as natural as those, and more is worse.
///
/// | features | content (`s1`: full size; 18 more for `s2`, half size) |
/// | --- | --- |
/// | 1, 2 | `mscn`: shape and scale of the coefficients |
/// | 3-18 | `h`, `v`, `d1`, `d2`: shape, mean, left and right scale of products with the left, upper, upper left and upper right neighbour |
/// | 37 | `distance`: the score |
///
/// [`v_bliinds`](crate::v_bliinds) has the same features of video frames, and measures from another model. Luma of RGB
/// is MATLAB's `rgb2gray`, as in the release. An image of one block has no covariance; it counts as 0.
///
/// # Example
/// ```
/// use dream_features::{Frame, LumaView, Niqe};
///
/// let pixels: Vec<u8> = (0..192u32 * 96).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
/// let noise = Frame::from_luma(LumaView::new(&pixels, 192, 96, 192)?);
/// assert!(Niqe::default().score(&noise)? > 10.0);
/// # Ok::<(), dream_features::Error>(())
/// ```
///
/// # Reference
/// Mittal, Soundararajan, Bovik, "Making a completely blind image quality analyzer", IEEE Signal Processing Letters
/// 20(3), 2013; the LIVE release of 2012. It chooses sharp blocks (threshold 0.75) only in training: a score is made
/// from all blocks.
#[doc(alias("NIQE", "Natural Image Quality Evaluator"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Niqe {
    /// How exactly flat areas are treated. [`FlatAreas::Literal`] by default, as the scores of others are made.
    pub flat_areas: FlatAreas,
}

impl Default for Niqe {
    fn default() -> Self {
        Self { flat_areas: FlatAreas::Literal }
    }
}

impl Niqe {
    /// Number of features.
    pub const DIM: usize = N + 1;

    /// The score: 0 or more, lower is better.
    ///
    /// # Errors
    /// [`Error::TooSmall`] below 96x96 pixels, [`Error::Undefined`] where a feature is defined in no block, as in an
    /// image of one colour.
    pub fn score(&self, frame: &Frame<'_>) -> Result<f64> {
        let (found_width, found_height) = frame.size();
        if found_width < SIDE || found_height < SIDE {
            let (width, height) = (SIDE, SIDE);
            return Err(Error::TooSmall { extractor: "NIQE", width, height, found_width, found_height });
        }
        let mut values = [0.0; Self::DIM];
        self.extract_into(frame, &mut Workspace::new(), &mut values)?;
        let [.., score] = values;
        if score.is_finite() { Ok(score) } else { Err(Error::Undefined { extractor: "NIQE" }) }
    }
}

impl ImageFeatures for Niqe {
    fn layout(&self) -> &FeatureLayout {
        static LAYOUT: OnceLock<FeatureLayout> = OnceLock::new();
        LAYOUT.get_or_init(|| {
            let meaning = "the score: distance of these 36 from those of pristine photographs";
            let score = ("niqe.distance".to_owned(), meaning.to_owned());
            FeatureLayout::from_distinct(features("", "blocks").into_iter().chain([score]))
        })
    }

    fn recipe(&self) -> Recipe {
        Recipe::new("niqe", 1).with("flat_areas", self.flat_areas.word())
    }

    fn channels(&self) -> Channels {
        Channels::Luma
    }

    /// All 37 values are NaN below 96x96 pixels.
    fn extract_into(&self, frame: &Frame<'_>, workspace: &mut Workspace, out: &mut [f64]) -> Result<()> {
        if out.len() != Self::DIM {
            return Err(Error::Length { argument: "out", expected: Self::DIM, found: out.len() });
        }
        let wanted = (*self, frame.size());
        let Scratch { made_for, blocks } = workspace.slot::<Scratch>();
        if *made_for != Some(wanted) {
            *blocks = None;
            *made_for = Some(wanted);
        }
        let blocks = blocks
            .get_or_insert_with(|| Naturalness::new(Model::photographs(), frame.size(), self.flat_areas));
        out.copy_from_slice(&blocks.frame(frame));
        Ok(())
    }
}

/// What is kept from frame to frame of one size.
#[derive(Debug, Default)]
struct Scratch {
    made_for: Option<(Niqe, (usize, usize))>,
    blocks: Option<Naturalness>,
}
