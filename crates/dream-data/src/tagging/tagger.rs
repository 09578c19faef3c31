//! From the parts of a text to its labels.

use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use super::judge::{Judged, judge};
use super::labels::{Artifact, Extent, Place};
use super::lexicon::{LEXICON, Lexicon};
use super::parts::{Break, Part, items, parts};
use super::set::{ArtifactSet, PlaceSet};

/// The labels of one description. Places and artifacts are never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tags {
    /// Where; [`Place::NotSpecified`] when no place is named.
    pub places: PlaceSet,
    /// What; [`Artifact::None`] when the text says that nothing is wrong, [`Artifact::Others`] when no word is known.
    pub artifacts: ArtifactSet,
    /// How strong; [`Extent::NoArtifact`] together with [`Artifact::None`] only.
    pub extent: Extent,
}

/// `places | artifacts | extent`
impl fmt::Display for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {} | {}", self.places, self.artifacts, self.extent)
    }
}

/// What a stretch of the text was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sign {
    /// Names a place.
    Place(Place),
    /// Names a problem, or a property that has one.
    Artifact(Artifact),
    /// Says how strong.
    Extent(Extent),
    /// Denies what stands beside it.
    Denial,
    /// Says that something is as it should be.
    Praise,
}

/// A stretch of the text and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// Bytes of the text; always whole characters.
    pub span: Range<usize>,
    /// What it was taken for.
    pub sign: Sign,
    /// Whether it led to a label of the result. False for what is denied, compared with, or weaker than another word.
    pub counts: bool,
}

/// Labels and the words that led to them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The labels.
    pub tags: Tags,
    /// In the order of the text. A stretch that means two things is there twice.
    pub evidence: Vec<Evidence>,
}

impl Explanation {
    /// Whether the artifacts come from words, and not from the lack of any: [`Artifact::Others`] may be either.
    #[must_use]
    pub fn recognised(&self) -> bool {
        self.tags.artifacts.contains(Artifact::None)
            || self.evidence.iter().any(|e| e.counts && matches!(e.sign, Sign::Artifact(_)))
    }
}

/// Reads descriptions: longest expressions of a [`Lexicon`], denials and parts of sentences, no statistics.
///
/// Any text works, in time linear in its length. What it does not know is `others`, `not-specified`, `moderate`.
///
/// # Example
/// ```
/// use dream_data::tagging::{Sign, Tagger};
///
/// let text = "There is no obvious flicker, but the mouth is slightly blurred";
/// let explanation = Tagger::english().explain(text);
/// assert_eq!(explanation.tags.to_string(), "mouth | blur | mild");
///
/// let why: Vec<&str> = explanation.evidence.iter().filter(|e| e.counts).map(|e| &text[e.span.clone()]).collect();
/// assert_eq!(why, ["mouth", "slightly", "blurred"]);
/// ```
///
/// # Reference
/// Labels and words of degree: `Prompts_categorization.md` of the DREAM repository. The method is ours; how well it
/// does is in the project's `docs/tagger.md`.
#[derive(Debug, Clone, Default)]
pub struct Tagger {
    lexicon: Lexicon,
}

/// A test parses the built-in text; an empty lexicon would be the answer to a broken one.
static ENGLISH: LazyLock<Tagger> = LazyLock::new(|| Tagger::new(Lexicon::parse(LEXICON).unwrap_or_default()));

impl Tagger {
    /// A tagger with a lexicon of your own.
    #[must_use]
    pub fn new(lexicon: Lexicon) -> Self {
        Self { lexicon }
    }

    /// The tagger with the built-in lexicon, parsed at the first call.
    #[must_use]
    pub fn english() -> &'static Self {
        &ENGLISH
    }

    /// The labels of a description.
    #[must_use]
    pub fn tag(&self, text: &str) -> Tags {
        self.explain(text).tags
    }

    /// The labels of a description, and why.
    #[must_use]
    pub fn explain(&self, text: &str) -> Explanation {
        let items = items(&self.lexicon, text);
        let mut judged: Vec<(Part, Judged)> =
            parts(&items).into_iter().map(|part| (part, Judged::default())).collect();
        let mut denying = false;
        for (part, verdict) in &mut judged {
            let inside = items.get(part.items.clone()).unwrap_or_default();
            *verdict = judge(inside, part.circumstance, part.goes_on && denying);
            denying = verdict.denying;
        }
        blur_of_motion(&mut judged);
        decide(&judged)
    }
}

/// Blur whose part, or a circumstance next to it, speaks of movement.
fn blur_of_motion(judged: &mut [(Part, Judged)]) {
    let motion_around = |i: usize| {
        let same_sentence = |j: usize| judged.get(j).is_some_and(|(part, _)| part.before != Break::Stop);
        let says_when = |j: usize| {
            judged.get(j).is_some_and(|(part, verdict)| {
                part.circumstance && verdict.motion && verdict.artifacts.is_empty()
            })
        };
        judged.get(i).is_some_and(|(_, verdict)| verdict.motion)
            || same_sentence(i + 1) && says_when(i + 1)
            || i > 0 && same_sentence(i) && says_when(i - 1)
    };
    let moved: Vec<bool> = (0..judged.len()).map(motion_around).collect();
    for ((_, verdict), _) in judged.iter_mut().zip(moved).filter(|(_, moved)| *moved) {
        if verdict.artifacts.remove(Artifact::Blur) {
            verdict.artifacts.insert(Artifact::MotionBlur);
        }
        for evidence in &mut verdict.evidence {
            if evidence.counts && evidence.sign == Sign::Artifact(Artifact::Blur) {
                evidence.sign = Sign::Artifact(Artifact::MotionBlur);
            }
        }
    }
}

fn decide(judged: &[(Part, Judged)]) -> Explanation {
    let mut artifacts: ArtifactSet = union(judged.iter().map(|(_, verdict)| verdict.artifacts));
    let asserted = !artifacts.is_empty();
    let clean = !asserted && judged.iter().any(|(_, verdict)| verdict.positive);
    // A property that was only named to say when, where nothing else is wrong.
    let properties = !asserted && !clean;
    if properties {
        artifacts = union(judged.iter().map(|(_, verdict)| verdict.fallback));
    }
    if artifacts.is_empty() {
        artifacts.insert(if clean { Artifact::None } else { Artifact::Others });
    }

    let mut evidence = Vec::new();
    let mut places = PlaceSet::new();
    let (mut mild, mut severe) = (false, false);
    let mut before = PlaceSet::new();
    for (part, verdict) in judged {
        let wrong = !verdict.artifacts.is_empty();
        let aside = !wrong && (verdict.positive || part.circumstance);
        let counts = !asserted || !aside;
        if counts {
            places = places.union(verdict.places);
            mild |= verdict.mild;
            severe |= verdict.severe;
        }
        // "The face is not blurred but it flickers": the place is that of the part before.
        if wrong && verdict.places.is_empty() && part.before != Break::Stop && !verdict.elsewhere {
            places = places.union(before);
        }
        before =
            if verdict.places.is_empty() && part.before != Break::Stop { before } else { verdict.places };
        evidence.extend(verdict.evidence.iter().cloned().map(|mut e| {
            e.counts = match e.sign {
                Sign::Artifact(artifact) if properties => verdict.fallback.contains(artifact),
                Sign::Artifact(_) | Sign::Place(_) | Sign::Denial | Sign::Praise => e.counts,
                Sign::Extent(_) => e.counts && counts && !clean,
            };
            e
        }));
    }
    if places.is_empty() {
        places.insert(Place::NotSpecified);
    }
    let extent = match (clean, severe, mild) {
        (true, ..) => Extent::NoArtifact,
        (false, true, _) => Extent::Severe,
        (false, false, true) => Extent::Mild,
        (false, false, false) => Extent::Moderate,
    };
    for e in &mut evidence {
        match e.sign {
            // Praise and denials explain the result only where nothing is wrong.
            Sign::Denial | Sign::Praise => e.counts = clean,
            Sign::Extent(level) => e.counts &= level == extent,
            Sign::Place(place) => e.counts &= places.contains(place),
            Sign::Artifact(_) => {}
        }
    }
    Explanation { tags: Tags { places, artifacts, extent }, evidence }
}

fn union(sets: impl Iterator<Item = ArtifactSet>) -> ArtifactSet {
    sets.fold(ArtifactSet::new(), ArtifactSet::union)
}
