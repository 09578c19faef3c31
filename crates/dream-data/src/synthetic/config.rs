//! The settings of a synthetic data set.

use crate::error::{Error, Result};
use crate::frames::frame_rate::FrameRate;

/// The settings of a synthetic data set. The same settings give the same bytes.
///
/// The defaults make 760 clips (20 identities, 35 methods, and real clips of each of the three rounds) and 60 raters
/// who see all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticConfig {
    /// Identity groups, 2 to 9999: pairs of people who swap faces with each other.
    pub identities: usize,
    /// Methods of swapping, 2 to 2000. There are also real clips, three for every identity and take.
    pub methods: usize,
    /// Clips of every identity and method, 1 to 100; the two people of a group take turns.
    pub takes: usize,
    /// Frames of a clip, 1 to 100,000.
    pub frames: u32,
    /// Width in pixels, 32 to 1024.
    pub width: u32,
    /// Height in pixels, 32 to 1024.
    pub height: u32,
    /// Frames per second.
    pub frame_rate: FrameRate,
    /// Whether the first persons of groups 1 and 2 are the photographs that come with the crate; all others are drawn.
    pub portraits: bool,
    /// The seed of every draw.
    pub seed: u64,
    /// How much attentive raters disagree, 0.08 to 0.6: the variance of the opinions on a clip is `a (m - 1)(5 - m)`
    /// about its mean opinion `m`. DREAM has 0.18.
    pub a: f64,
    /// Raters, 1 to 10,000. Each sees every clip once (except the clips that do not fill a whole session).
    pub raters: usize,
    /// The share of raters who answer at random until one of their sessions is rejected, 0 to 0.9.
    pub careless_share: f64,
    /// How often an attentive rater presses a wrong key at a checker, 0 to 0.5.
    pub slip: f64,
    /// The part of the disagreement that comes from milder and stricter raters, 0 to 0.9.
    pub bias_share: f64,
    /// Clips in a session.
    pub session_clips: usize,
    /// Checkers in a session.
    pub session_checkers: usize,
    /// How many attempts a session gets, 1 to 10; after the last one it stays rejected.
    pub attempts: usize,
}

impl Default for SyntheticConfig {
    fn default() -> Self {
        Self {
            identities: 20,
            methods: 35,
            takes: 1,
            frames: 24,
            width: 96,
            height: 80,
            frame_rate: FrameRate::PAL,
            portraits: true,
            seed: 7,
            a: 0.18,
            raters: 60,
            careless_share: 0.15,
            slip: 0.003,
            bias_share: 0.1,
            session_clips: 40,
            session_checkers: 5,
            attempts: 3,
        }
    }
}

impl SyntheticConfig {
    /// Clips in all.
    #[must_use]
    pub fn clips(&self) -> usize {
        self.identities.saturating_mul(self.takes).saturating_mul(self.methods.saturating_add(3))
    }

    /// People in all: two in every group.
    #[must_use]
    pub fn people(&self) -> usize {
        self.identities.saturating_mul(2)
    }

    /// # Errors
    /// [`Error::InvalidOption`] for a value out of its range, and if the sessions need more clips than there are.
    pub(super) fn check(&self) -> Result<()> {
        let whole = |option, value: usize, low: usize, high: usize| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(Error::option(option, format!("{value} must be {low} to {high}")))
        };
        whole("identities", self.identities, 2, 9999)?;
        whole("methods", self.methods, 2, 2000)?;
        whole("takes", self.takes, 1, 100)?;
        whole("frames", self.frames as usize, 1, 100_000)?;
        whole("width", self.width as usize, 32, 1024)?;
        whole("height", self.height as usize, 32, 1024)?;
        whole("raters", self.raters, 1, 10_000)?;
        whole("attempts", self.attempts, 1, 10)?;
        whole("session_clips", self.session_clips, 1, 10_000)?;
        whole("session_checkers", self.session_checkers, 1, 100)?;
        let number = |option, value: f64, low: f64, high: f64| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(Error::option(option, format!("{value} must be {low} to {high}")))
        };
        number("a", self.a, 0.08, 0.6)?;
        number("careless_share", self.careless_share, 0.0, 0.9)?;
        number("slip", self.slip, 0.0, 0.5)?;
        number("bias_share", self.bias_share, 0.0, 0.9)?;
        let needed = self.session_clips + self.session_checkers;
        if self.clips() < needed {
            let reason = format!(
                "a session takes {} clips and {} checkers, and there are {} clips; make more identities, methods or \
                 takes, or shorter sessions",
                self.session_clips,
                self.session_checkers,
                self.clips()
            );
            return Err(Error::option("session_clips", reason));
        }
        if self.clips() > 1_000_000 {
            return Err(Error::option("takes", format!("{} clips; at most 1,000,000", self.clips())));
        }
        Ok(())
    }

    /// The range of mean opinions in which grades from 1 to 5 can have the variance of [`a`](Self::a).
    pub(super) fn realism_range(&self) -> (f64, f64) {
        // Whole grades with the mean 1 + f have a variance of at least f (1 - f), and we want a f (4 - f).
        let edge = ((1.0 - 4.0 * self.a) / (1.0 - self.a)).max(0.0);
        (1.05 + edge, 4.95 - edge)
    }

    /// All fields as JSON, to compare before a run resumes in a folder.
    pub(super) fn json(&self) -> String {
        format!(
            "{{\n    \"identities\": {}, \"methods\": {}, \"takes\": {}, \"frames\": {}, \"width\": {}, \"height\": {},\n    \
             \"frame_rate\": \"{}\", \"portraits\": {}, \"seed\": {}, \"a\": {:?}, \"raters\": {}, \"careless_share\": {:?},\n    \
             \"slip\": {:?}, \"bias_share\": {:?}, \"session_clips\": {}, \"session_checkers\": {}, \"attempts\": {}\n  }}",
            self.identities,
            self.methods,
            self.takes,
            self.frames,
            self.width,
            self.height,
            self.frame_rate,
            self.portraits,
            self.seed,
            self.a,
            self.raters,
            self.careless_share,
            self.slip,
            self.bias_share,
            self.session_clips,
            self.session_checkers,
            self.attempts
        )
    }
}
