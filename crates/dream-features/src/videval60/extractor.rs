//! VIDEVAL-60 as a video extractor.

use std::sync::OnceLock;

use super::names;
use super::session::{Trace, Videval60Session};
use crate::error::Result;
use crate::extract::{VideoFeatures, VideoSession};
use crate::layout::{self, FeatureLayout};
use crate::nss::FlatAreas;
use crate::recipe::Recipe;
use crate::spec::VideoSpec;
use crate::tlvqm::Ties;

/// VIDEVAL-60: the published selection of 60 features of naturalness, contrast, colour, motion and sharpness.
///
/// | features | content |
/// | --- | --- |
/// | 1-35 | values of every second frame: mean inside windows of about a second, averaged over the windows (`.mean`) |
/// | 36-54 | deviation inside the same windows, averaged over the windows (`.std`) |
/// | 55-60 | values of one frame per second: mean |
///
/// Names are `videval60.` followed by `brisque.` (MSCN of luma), `gm_log.`, `gradient.` (HIGRADE on the gradient of
/// luma), `luma.` and `chroma.` (FRIQUEE: also the difference of Gaussians of the local deviation, and a Laplacian
/// pyramid), `lms.`, or `tlvqm.`. The set is not a part of the 705 features of [`videval`](crate::videval()), which do
/// not include FRIQUEE.
///
/// Luma and chroma are read as limited-range BT.601, as the original does for every stream. Luma without chroma is
/// treated as gray, luma of more than 8 bits is rounded to 8, and RGB is converted. Skipped frames are ignored.
///
/// Memory: about 65 bytes per pixel and the values of half a second, independent of the length of the video.
///
/// # Short and undefined
/// A video needs four frames. Without a complete window (`2 floor(round(fps) / 2) + 4` frames), the first 54 features
/// are undefined. If the video ends before the middle of the first second, the other six are undefined too.
/// [`FeatureVector::short`] reports this. Some of features 1-54 are also undefined on constant frames. NaN is left out
/// of means and deviations where other frames are defined. Any remaining NaN becomes 0 and is counted in
/// [`FeatureVector::replaced`].
///
/// [`FeatureVector::short`]: crate::FeatureVector::short
/// [`FeatureVector::replaced`]: crate::FeatureVector::replaced
///
/// # Example
/// ```
/// use dream_features::{Frame, LumaView, VideoFeatures, VideoSpec, videval60::Videval60};
///
/// let extractor = Videval60::default();
/// let mut session = extractor.start(VideoSpec::new(80, 64, 4.0))?;
/// for t in 0..12usize {
///     let luma: Vec<u8> = (0..80 * 64).map(|i| ((i % 80 + t) * (i / 80 + 3) / 9 % 256) as u8).collect();
///     session.push(&Frame::from_luma(LumaView::new(&luma, 80, 64, 80)?))?;
/// }
/// let features = session.finish()?;
/// assert_eq!(features.values().len(), 60);
/// assert!(features.get("videval60.luma.s2.sigma.mean.mean")? > 1.0 && !features.short());
/// # Ok::<(), dream_features::Error>(())
/// ```
///
/// # Reference
/// Tu, Wang, Birkbeck, Adsumilli, Bovik, "UGC-VQA: Benchmarking blind video quality assessment for user generated
/// content", IEEE Transactions on Image Processing 30, 2021; its release for MATLAB.
///
/// # Deviations
/// Ties of motion are broken by a rule (see [`Ties`]), and flat areas are snapped (see [`FlatAreas`]). [`Ties::Plain`]
/// and [`FlatAreas::Literal`] reproduce the original: [`Videval60::release`].
#[doc(alias = "VIDEVAL")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Videval60 {
    /// How ties between candidates of the motion search are broken.
    pub ties: Ties,
    /// How areas of exactly flat luma or chroma are treated.
    pub flat_areas: FlatAreas,
    /// Keep NaN where the reference has it, instead of 0: to compare with the reference, or to fill in a column's mean.
    pub keep_undefined: bool,
}

impl Videval60 {
    /// Number of features.
    pub const DIM: usize = names::AVERAGED.len() + names::DEVIATING.len() + names::HIGH.len();

    /// The form of the original code, in which published models take the features: rounding noise and ties as they come,
    /// and NaN for what is undefined.
    ///
    /// # Example
    /// ```
    /// use dream_features::{VideoFeatures, videval60::Videval60};
    ///
    /// let text = "extractor=videval60 version=1 ties=plain flat_areas=literal undefined=kept frames=own pooling=own";
    /// assert_eq!(Videval60::release().recipe().as_str(), text);
    /// ```
    #[must_use]
    pub const fn release() -> Self {
        Self { ties: Ties::Plain, flat_areas: FlatAreas::Literal, keep_undefined: true }
    }

    /// Starts a session that also keeps the values of every frame. Memory then grows with the length of the video.
    ///
    /// # Errors
    /// Same as [`VideoSpec::consecutive`], and [`Error::TooSmall`](crate::Error::TooSmall) when a side is shorter than 64.
    pub fn trace(&self, spec: VideoSpec) -> Result<Videval60Session> {
        Videval60Session::new(spec, *self, Some(Trace::default()))
    }
}

impl VideoFeatures for Videval60 {
    fn layout(&self) -> &FeatureLayout {
        static LAYOUT: OnceLock<FeatureLayout> = OnceLock::new();
        LAYOUT.get_or_init(|| FeatureLayout::from_distinct(names::features()))
    }

    fn recipe(&self) -> Recipe {
        let recipe = Recipe::new("videval60", 1).with("ties", self.ties.word());
        let recipe = recipe.with("flat_areas", self.flat_areas.word());
        let recipe = recipe.with("undefined", layout::undefined(self.keep_undefined));
        recipe.with("frames", "own").with("pooling", "own")
    }

    /// # Errors
    /// Same as [`VideoSpec::consecutive`], and [`Error::TooSmall`](crate::Error::TooSmall) when a side is shorter than 64.
    fn start(&self, spec: VideoSpec) -> Result<Box<dyn VideoSession>> {
        Ok(Box::new(Videval60Session::new(spec, *self, None)?))
    }
}
