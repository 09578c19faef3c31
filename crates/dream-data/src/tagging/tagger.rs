//! From the parts of a text to its labels.

use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use super::judge::{Reading, judge};
use super::labels::{Artifact, Extent, Place};
use super::lexicon::{LEXICON, Lexicon};
use super::parts::{Break, Part, items, parts};
use super::set::{ArtifactSet, PlaceSet};

/// The labels of one description. Places and artifacts are never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tags {
    /// Where; [`Place::NotSpecified`] if no place is named.
    pub places: PlaceSet,
    /// What; [`Artifact::None`] if the text says that nothing is wrong, [`Artifact::Others`] if no word is known.
    pub artifacts: ArtifactSet,
    /// How strong; [`Extent::NoArtifact`] only together with [`Artifact::None`].
    pub extent: Extent,
}

/// `places | artifacts | extent`
impl fmt::Display for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {} | {}", self.places, self.artifacts, self.extent)
    }
}

/// The meaning of a stretch of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sign {
    /// Names a place.
    Place(Place),
    /// Names a problem, or a property that has one.
    Artifact(Artifact),
    /// Says how strong.
    Extent(Extent),
    /// Denies its neighbours.
    Denial,
    /// Says that something is all right.
    Praise,
}

/// A stretch of the text and its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// Bytes of the text; always whole characters.
    pub span: Range<usize>,
    /// Its meaning.
    pub sign: Sign,
    /// Whether it led to a label of the result. False for anything denied, compared with, or weaker than another word.
    pub counts: bool,
}

/// Labels and the words that led to them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The labels.
    pub tags: Tags,
    /// In the order of the text. A stretch with two meanings is there twice.
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

/// Reads descriptions by rules: the longest expressions of a [`Lexicon`], denials and parts of sentences. It uses no
/// statistics.
///
/// Any text works, in time linear in its length. Unknown text gives `others`, `not-specified`, `moderate`.
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
/// Labels and words of degree: `Prompts_categorization.md` of the DREAM repository. The method is ours; the project's
/// `docs/tagger.md` reports its accuracy.
#[derive(Debug, Clone, Default)]
pub struct Tagger {
    lexicon: Lexicon,
}

/// A broken text would give an empty lexicon, but a test parses the built-in one.
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
        let mut judged: Vec<(Part, Reading)> =
            parts(&items).into_iter().map(|part| (part, Reading::default())).collect();
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

/// Blur becomes motion blur if its part, or a circumstance next to it, mentions movement.
fn blur_of_motion(judged: &mut [(Part, Reading)]) {
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

fn decide(judged: &[(Part, Reading)]) -> Explanation {
    let mut artifacts: ArtifactSet = union(judged.iter().map(|(_, verdict)| verdict.artifacts));
    let asserted = !artifacts.is_empty();
    let clean = !asserted && judged.iter().any(|(_, verdict)| verdict.positive);
    // A property that only says when, where nothing else is wrong.
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
        // "The face is not blurred but it flickers": the part inherits the place of the part before.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(Tagger::english().tag(text).to_string(), *expected, "{text}");
        }
    }

    #[test]
    fn denials_reach_to_the_end_of_the_part() {
        check(&[
            ("no flickering", "not-specified | none | no-artifact"),
            ("Without any visible seams.", "not-specified | none | no-artifact"),
            ("The mouth is not blurry", "mouth | none | no-artifact"),
            ("There is no obvious flicker but the mouth is slightly blurred", "mouth | blur | mild"),
            ("No flicker, the mouth is blurred", "mouth | blur | moderate"),
            ("No flicker and the mouth is blurred", "mouth | blur | moderate"),
            ("No flicker; blur", "not-specified | blur | moderate"),
            ("No flicker: blur", "not-specified | blur | moderate"),
            ("No flicker however blur", "not-specified | blur | moderate"),
            ("There is no flicker and the mouth is blurred", "mouth | blur | moderate"),
            ("No blur, flicker or seams on the nose", "nose | none | no-artifact"),
            ("No blur, flicker, or seams, but noise", "not-specified | noise | moderate"),
            ("No blur, noise and flicker", "not-specified | none | no-artifact"),
            ("Neither blur nor noise", "not-specified | none | no-artifact"),
            ("Not only blurred but also stiff", "not-specified | blur;stiffness | moderate"),
            ("Blur is absent", "not-specified | none | no-artifact"),
            ("Seams cannot be seen, noise can be seen", "not-specified | noise | moderate"),
            ("The mouth isn’t blurred", "mouth | none | no-artifact"),
        ]);
    }

    #[test]
    fn denied_praise_is_a_problem() {
        check(&[
            ("The eyes are not clear", "eyes | blur | moderate"),
            ("not natural and blurred", "not-specified | blur;unnatural | moderate"),
            ("The nose is not symmetrical", "nose | asymmetry | moderate"),
            ("The mouth is not very natural", "mouth | unnatural | mild"),
            ("The eyes are natural, the mouth is not", "mouth;eyes | none | no-artifact"),
            (
                "It does not look real because the edges are blurred",
                "not-specified | blur;unnatural | moderate",
            ),
        ]);
    }

    #[test]
    fn praised_properties_are_fine_and_others_are_not() {
        check(&[
            ("The colour is natural", "not-specified | none | no-artifact"),
            ("The color of the neck", "neck | color-contrast | moderate"),
            ("The skin color is unnatural", "face | color-contrast | moderate"),
            ("Unnatural flicker", "not-specified | flickering | moderate"),
            ("Unnatural and flickering", "not-specified | flickering;unnatural | moderate"),
            ("When the lighting changes the nose flickers", "nose | flickering | moderate"),
            (
                "The nose flickers while the lighting looks wrong",
                "nose | flickering;lighting-shadow | moderate",
            ),
            ("When the lighting changes", "not-specified | lighting-shadow | moderate"),
            ("A visible edge at the nose", "nose | seam | moderate"),
            ("The edges of the nose are blurred", "nose | blur | moderate"),
            ("Flickering artifacts", "not-specified | flickering | moderate"),
            ("Traces of slight blur", "not-specified | blur | mild"),
            ("Flicker with other artifacts", "not-specified | flickering;artifact | moderate"),
            ("Flicker and other artifacts", "not-specified | flickering;artifact | moderate"),
        ]);
    }

    #[test]
    fn places_are_those_with_a_problem() {
        check(&[
            ("The eyes look natural but the mouth is stiff", "mouth | stiffness | moderate"),
            ("The face is not blurred but it flickers", "face | flickering | moderate"),
            ("The eyes look natural but there is flicker", "not-specified | flickering | moderate"),
            ("The eyes look natural. Flicker.", "not-specified | flickering | moderate"),
            ("The mouth on the face is blurred", "mouth | blur | moderate"),
            ("The mouth and the face are blurred", "face;mouth | blur | moderate"),
            ("The skin of the cheeks is blurred", "cheeks | blur | moderate"),
            ("The skin is blurred", "face | blur | moderate"),
            ("The nose is redder than the cheeks", "nose | color-contrast | moderate"),
            ("eye brows, eye-brows, EYEBROWS: blur", "eye-brows | blur | moderate"),
            ("The centre of the mouth is grey and colourless", "mouth | others | moderate"),
            ("Traces of face swapping", "not-specified | artifact | moderate"),
        ]);
    }

    #[test]
    fn one_extent_per_text() {
        check(&[
            ("very slightly blurred", "not-specified | blur | mild"),
            ("The mouth is slightly blurred, the seam is very visible", "mouth | blur;seam | severe"),
            ("The blur is not very obvious", "not-specified | blur | mild"),
            ("Very realistic, but the mouth is a bit blurred", "mouth | blur | mild"),
            ("slightly obvious blur", "not-specified | blur | mild"),
            ("Stiff lips without obvious blur", "mouth | stiffness | moderate"),
            ("Clearly blurred", "not-specified | blur | moderate"),
            ("Blurred when the head moves very fast", "not-specified | motion-blur | moderate"),
            ("Very realistic", "not-specified | none | no-artifact"),
            ("The mouth is very", "mouth | others | severe"),
        ]);
    }

    #[test]
    fn movement_makes_motion_blur_in_its_sentence_only() {
        check(&[
            ("The face blurs when the head moves", "face | motion-blur | moderate"),
            ("The face is blurred, when the head moves", "face | motion-blur | moderate"),
            ("The face is blurred. When the head moves the nose is fine", "face | blur | moderate"),
            ("When the head moves, the face is blurred", "face | motion-blur | moderate"),
            ("The face is blurred. When the head moves, it flickers", "face | blur;flickering | moderate"),
            ("The head moves. The face is blurred", "face | blur | moderate"),
        ]);
    }

    #[test]
    fn nothing_known_is_others() {
        check(&[
            ("", "not-specified | others | moderate"),
            ("The mouth", "mouth | others | moderate"),
            ("slightly", "not-specified | others | mild"),
        ]);
        let recognised = |text| Tagger::english().explain(text).recognised();
        assert!(!recognised("The mouth") && recognised("parts are missing") && recognised("natural"));
    }

    #[test]
    fn evidence_shows_what_counted() {
        let text = "No blur, but very slight flicker at the nose, not the colour";
        let explanation = Tagger::english().explain(text);
        let found: Vec<(&str, Sign, bool)> =
            explanation.evidence.iter().map(|e| (&text[e.span.clone()], e.sign, e.counts)).collect();
        assert_eq!(
            found,
            [
                ("No", Sign::Denial, false),
                ("blur", Sign::Artifact(Artifact::Blur), false),
                ("very", Sign::Extent(Extent::Severe), false),
                ("slight", Sign::Extent(Extent::Mild), true),
                ("flicker", Sign::Artifact(Artifact::Flickering), true),
                ("nose", Sign::Place(Place::Nose), true),
                ("not", Sign::Denial, false),
                ("colour", Sign::Artifact(Artifact::ColorContrast), false),
            ]
        );
    }

    #[test]
    fn a_lexicon_of_ones_own() {
        let lexicon =
            Lexicon::parse("[place mouth]\nbouche\n[artifact blur]\nflou(e|)\n[negation]\npas\n").unwrap();
        let tagger = Tagger::new(lexicon);
        assert_eq!(tagger.tag("bouche floue").to_string(), "mouth | blur | moderate");
        assert_eq!(tagger.tag("pas flou").to_string(), "not-specified | none | no-artifact");
        assert_eq!(Tagger::default().tag("mouth blur").to_string(), "not-specified | others | moderate");
    }
}
