//! What a score was made of.

use dream_features::FeatureVector;
use dream_models::regression::Explanation;

/// What a score was made of, for whoever explains it. What a method has none of is empty.
///
/// ```
/// use score_video::Scorer;
/// use score_video::dream_features::VideoSpec;
///
/// let scorer = Scorer::builder().method("brisque").details(true).build()?;
/// let mut live = scorer.start(VideoSpec::new(96, 64, 25.0))?;
/// let rgb: Vec<u8> = (0..96 * 64 * 3u32).map(|i| (i * i / 7 % 251) as u8).collect();
/// live.push_rgb((&rgb, 96, 64, 3 * 96))?;
/// let score = live.finish()?;
/// let found = score.details.as_deref().and_then(|details| details.explanation.as_ref());
/// let sum: f64 = found.into_iter().flat_map(|found| &found.groups).map(|group| group.share).sum();
/// assert!(found.is_some_and(|found| (found.reference + sum + found.clamping() - score.score).abs() < 1e-9));
/// # Ok::<(), score_video::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Details {
    /// The features of the video, with their names and what they mean, for a method that scores features.
    pub features: Option<FeatureVector>,
    /// What they add to the score.
    pub explanation: Option<Explanation>,
    /// When the frames are shown that a network looked at, in seconds.
    pub times: Vec<f64>,
    /// What it made of each of them.
    pub encoded: Vec<Vec<f32>>,
}
