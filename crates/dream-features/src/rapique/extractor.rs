//! RAPIQUE as a video extractor: what it is called and configured.

use std::sync::OnceLock;

use super::session::RapiqueSession;
use super::{names, spatial, temporal};
use crate::error::Result;
use crate::extract::{VideoFeatures, VideoSession};
use crate::layout::{self, FeatureLayout};
use crate::recipe::Recipe;
use crate::spec::VideoSpec;

/// RAPIQUE without its network: 1836 features of colour and motion, of two pictures and eight frames each second.
///
/// | features | content |
/// | --- | --- |
/// | 1-680 | 34 statistics of 20 maps (luma, opponent colours, CIELAB, their gradients): mean of two frames |
/// | 681-1360 | how much they differ between these frames |
/// | 1361-1836 | 34 statistics of seven band-pass filters along eight frames, at two scales |
///
/// Each is the mean over chunks of a second; a chunk where it is undefined does not count. A video needs half a second and
/// two frames more. All frames become 4:2:0 first; luma alone has neutral chroma. The release also has 2048 features of a
/// network, which this crate does not compute.
///
/// Memory: two frames, eight to ten planes of luma, and the scratch memory of one picture of `short_side`, for a video of
/// any length. [`VideoSession::peek`] computes the chunks that the end would cut off, which costs as much as a chunk and
/// changes nothing.
///
/// # Example
/// ```
/// use dream_features::{Frame, VideoFeatures, VideoSpec, rapique::Rapique};
///
/// let mut session = Rapique::default().start(VideoSpec::new(32, 24, 10.0))?;
/// for t in 0..12u32 {
///     let luma: Vec<u8> = (0..32 * 24u32).map(|i| ((i % 32 + t) * (i / 32) / 9 % 251) as u8).collect();
///     if session.wants_next() {
///         session.push(&Frame::luma((&luma, 32, 24, 32))?)?;
///     } else {
///         session.skip();
///     }
/// }
/// let features = session.finish()?;
/// assert_eq!(features.values().len(), 1836);
/// assert!(features.get("rapique.mean.y.s1.sigma.mean")? > 0.0);
/// # Ok::<(), dream_features::Error>(())
/// ```
///
/// # Reference
/// Tu, Yu, Wang, Birkbeck, Adsumilli, Bovik, "RAPIQUE: rapid and accurate video quality prediction of user generated
/// content", IEEE Open Journal of Signal Processing 2, 2021, and its release.
#[doc(alias = "RAPIQUE")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rapique {
    /// Frames whose shorter side is longer than this many pixels are made smaller, to this length. At least 1.
    pub short_side: usize,
    /// Keep NaN and infinity where the reference has them, instead of a counted 0.
    pub keep_undefined: bool,
}

impl Default for Rapique {
    fn default() -> Self {
        Self { short_side: 512, keep_undefined: false }
    }
}

impl Rapique {
    /// Number of features.
    pub const DIM: usize = 2 * spatial::DIM + temporal::DIM;

    /// Starts a session that also keeps the values of every chunk. Memory then grows with the length of the video.
    ///
    /// # Errors
    /// Same as [`VideoFeatures::start`].
    pub fn trace(&self, spec: VideoSpec) -> Result<RapiqueSession> {
        RapiqueSession::new(*self, spec, Some(Vec::new()))
    }
}

impl VideoFeatures for Rapique {
    fn layout(&self) -> &FeatureLayout {
        static LAYOUT: OnceLock<FeatureLayout> = OnceLock::new();
        LAYOUT.get_or_init(names::layout)
    }

    fn recipe(&self) -> Recipe {
        let recipe = Recipe::new("rapique", 1).with("short_side", self.short_side);
        let recipe = recipe.with("undefined", layout::undefined(self.keep_undefined));
        recipe.with("frames", "own").with("pooling", "own")
    }

    /// # Errors
    /// Same as [`VideoSpec::consecutive`]; [`Error::Config`](crate::Error::Config) when `short_side` is 0, or a side has
    /// more than a million pixels.
    fn start(&self, spec: VideoSpec) -> Result<Box<dyn VideoSession>> {
        Ok(Box::new(RapiqueSession::new(*self, spec, None)?))
    }
}
