//! Names of clips, and the information in them.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::table::shorten;

/// The name of a clip as the tables write it: `C1/3-1-2-submit-73549.mp4`, or any other relative name.
///
/// # Example
/// ```
/// use dream_data::dataset::{ClipId, Round};
///
/// let clip: ClipId = "C1/3-1-2-submit-73549.mp4".parse()?;
/// let parts = clip.parts()?;
/// assert_eq!((parts.round, parts.group, parts.actor, parts.clip), (Round::C1, 3, 1, 2));
/// assert_eq!((parts.method(), parts.is_real()), ("C1/73549".to_owned(), false));
/// assert!("C1/10-1-1-target.mp4".parse::<ClipId>()?.parts()?.is_real());
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct ClipId(Box<str>);

impl ClipId {
    /// The longest accepted name in bytes.
    pub const MAX_BYTES: usize = 1024;

    /// Takes a name as it is.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a name that is empty, longer than [`MAX_BYTES`](Self::MAX_BYTES), begins or ends
    /// with a blank, or has control characters.
    pub fn new(name: &str) -> Result<Self> {
        let fault = if name.is_empty() {
            "is empty"
        } else if name.len() > Self::MAX_BYTES {
            "is longer than 1024 bytes"
        } else if name.trim() != name {
            "begins or ends with a blank"
        } else if name.chars().any(char::is_control) {
            "has control characters"
        } else {
            return Ok(Self(name.into()));
        };
        Err(Error::option("clip", format!("the name `{}` {fault}", shorten(name))))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The information in a benchmark name.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] unless the name reads `C1|C2|C3` `/` group `-` actor `-` clip `-submit-` id, or
    /// `-target`, with `.mp4` at the end, or `.y4m` as in synthetic data.
    pub fn parts(&self) -> Result<ClipParts<'_>> {
        let expected = "expected C1|C2|C3/GROUP-ACTOR-CLIP-submit-ID.mp4 or …-target.mp4 (or .y4m)";
        ClipParts::parse(&self.0).ok_or_else(|| {
            Error::option("clip", format!("`{}` is not a benchmark name; {expected}", shorten(&self.0)))
        })
    }
}

impl fmt::Display for ClipId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ClipId {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

/// Orders and compares like its text, so maps of clips accept text as a key.
impl Borrow<str> for ClipId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClipId {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        Self::new(&name)
    }
}

impl From<ClipId> for String {
    fn from(clip: ClipId) -> Self {
        clip.0.into()
    }
}

/// One of the three rounds of the face-swapping contest that the clips come from. Each is a folder below `videos/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Round {
    /// 240 fakes of 6 methods, 40 real clips.
    C1,
    /// 520 fakes of 13 methods, 40 real clips.
    C2,
    /// 640 fakes of 16 methods, 40 real clips.
    C3,
}

impl Round {
    /// All rounds, in order.
    pub const ALL: [Self; 3] = [Self::C1, Self::C2, Self::C3];

    /// The name of its folder.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::C1 => "C1",
            Self::C2 => "C2",
            Self::C3 => "C3",
        }
    }

    /// How many clips of it the published benchmark has.
    #[must_use]
    pub const fn published_clips(self) -> usize {
        match self {
            Self::C1 => 280,
            Self::C2 => 560,
            Self::C3 => 680,
        }
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The information in a benchmark name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipParts<'a> {
    /// Round of the contest.
    pub round: Round,
    /// The pair of people whose faces are swapped. A group is the unit of identity: both actors of a group appear in
    /// each other's fakes.
    pub group: u16,
    /// Whose body is visible: 1 or 2.
    pub actor: u16,
    /// Which recording of the actor.
    pub clip: u16,
    /// The contestant's submission; `None` for a real clip.
    pub submit: Option<&'a str>,
}

impl<'a> ClipParts<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        let (folder, file) = name.split_once('/')?;
        let round = Round::ALL.into_iter().find(|round| round.name() == folder)?;
        let stem = file.strip_suffix(".mp4").or_else(|| file.strip_suffix(".y4m"))?;
        let mut fields = stem.splitn(4, '-');
        let (group, actor, clip) =
            (number(fields.next()?)?, number(fields.next()?)?, number(fields.next()?)?);
        let submit = match fields.next()? {
            "target" => None,
            rest => {
                let id = rest.strip_prefix("submit-")?;
                let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
                Some(plain.then_some(id)?)
            }
        };
        Some(Self { round, group, actor, clip, submit })
    }

    /// Whether the clip is an original recording, without a swap.
    #[must_use]
    pub const fn is_real(&self) -> bool {
        self.submit.is_none()
    }

    /// Round and submission, `C1/73549`; `C1/target` for a real clip. The submission alone is ambiguous: `00000` took
    /// part in every round.
    #[must_use]
    pub fn method(&self) -> String {
        format!("{}/{}", self.round, self.submit.unwrap_or("target"))
    }
}

/// Digits without a sign or a leading zero, so that one clip has one name.
fn number(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// A clip and what splits need to know about it.
///
/// # Example
/// ```
/// use dream_data::dataset::Clip;
///
/// let clip = Clip::from_id("C2/7-2-1-target.mp4".parse()?)?;
/// assert_eq!((clip.identity.as_str(), clip.method.as_str(), clip.real), ("7", "C2/target", true));
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Clip {
    /// Its name.
    pub id: ClipId,
    /// Who is visible: clips of one identity must not be in both train and test-1 or test-3.
    pub identity: String,
    /// How it was made: clips of one method must not be in both train and test-2 or test-3.
    pub method: String,
    /// Whether it is a recording without manipulation.
    pub real: bool,
}

impl Clip {
    /// Identity group and method from a name of the benchmark.
    ///
    /// # Errors
    /// As [`ClipId::parts`].
    pub fn from_id(id: ClipId) -> Result<Self> {
        let parts = id.parts()?;
        let (identity, method, real) = (parts.group.to_string(), parts.method(), parts.is_real());
        Ok(Self { id, identity, method, real })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_benchmark_and_others() {
        let id = ClipId::new("C3/22-2-17-submit-00000.mp4").unwrap();
        let parts = id.parts().unwrap();
        assert_eq!((parts.round, parts.group, parts.actor, parts.clip), (Round::C3, 22, 2, 17));
        assert_eq!((parts.submit, parts.method().as_str()), (Some("00000"), "C3/00000"));
        let raw = ClipId::new("C2/4-1-1-submit-7.y4m").unwrap();
        assert_eq!(raw.parts().unwrap().method(), "C2/7");
        for odd in [
            "C4/1-1-1-target.mp4",
            "1-1-1-target.mp4",
            "C1/1-1-target.mp4",
            "C1/1-1-1-target.avi",
            "C1/1-1-1-target-2.mp4",
            "C1/1-1-1-submit-.mp4",
            "C1/1-1-1-submit-a/b.mp4",
            "C1/01-1-1-target.mp4",
            "C1/+1-1-1-target.mp4",
            "C1/70000-1-1-target.mp4",
            "C1/-1-1-target.mp4",
            "Face2Face/093_121.mp4",
        ] {
            let error = ClipId::new(odd).unwrap().parts().unwrap_err().to_string();
            assert!(error.contains(odd) && error.contains("expected C1|C2|C3"), "{error}");
        }
    }

    #[test]
    fn unusable_names_are_refused() {
        for odd in ["", " a", "a\n", "a\u{0}b", &"x".repeat(1025)] {
            assert!(matches!(ClipId::new(odd), Err(Error::InvalidOption { option: "clip", .. })), "{odd:?}");
        }
    }
}
