//! Descriptions with given labels, for a synthetic stand-in of the data set.

use super::labels::{Artifact, Extent, Place};
use super::words::{adjectives, before_adjective, before_noun, nouns, places};
use crate::error::{Error, Result};

/// The sentence that DREAM's program wrote for raters who gave the highest grade, 5.
pub const NOTHING_DETECTED: &str =
    "The photorealism is very high, and there are no detectable signs of forgery";

/// An English description with one place and one artifact, in the style of the paper's.
///
/// The same arguments give the same text; `seed` chooses words and form.
///
/// # Errors
/// [`Error::InvalidOption`] as for [`describe`].
///
/// # Example
/// ```
/// use dream_data::tagging::{Artifact, Extent, Place, Tagger, phrase};
///
/// for seed in 0..10 {
///     let text = phrase(Place::Nose, Artifact::Seam, Extent::Mild, seed)?;
///     assert_eq!(Tagger::english().tag(&text).to_string(), "nose | seam | mild", "{text}");
/// }
/// # Ok::<(), dream_data::Error>(())
/// ```
pub fn phrase(place: Place, artifact: Artifact, extent: Extent, seed: u64) -> Result<String> {
    describe(&[(place, artifact)], extent, seed)
}

/// An English description of one or more findings, all of one extent.
///
/// [`Tagger::english`](super::Tagger::english) reads the places, the artifacts and the extent back exactly. The text,
/// but not [`Tags`](super::Tags), says which artifact belongs to which place.
///
/// # Errors
/// [`Error::InvalidOption`] without a finding, if [`Artifact::None`] and [`Extent::NoArtifact`] do not come together or
/// `None` comes with another artifact, or if [`Place::NotSpecified`] comes with another place.
///
/// # Example
/// ```
/// use dream_data::tagging::{Artifact, Extent, Place, Tagger, describe};
///
/// let findings = [(Place::Mouth, Artifact::Blur), (Place::Eyes, Artifact::Stiffness)];
/// let tags = Tagger::english().tag(&describe(&findings, Extent::Severe, 7)?);
/// assert_eq!(tags.to_string(), "mouth;eyes | blur;stiffness | severe");
///
/// assert!(describe(&findings, Extent::NoArtifact, 7).is_err());
/// # Ok::<(), dream_data::Error>(())
/// ```
pub fn describe(findings: &[(Place, Artifact)], extent: Extent, seed: u64) -> Result<String> {
    check(findings, extent)?;
    let mut writer = Writer(seed);
    let named = distinct(findings.iter().map(|&(place, _)| place));
    let problems = distinct(findings.iter().map(|&(_, artifact)| artifact));
    let text = if extent == Extent::NoArtifact {
        writer.clean(&named)
    } else if named.len() == 1 || problems.len() == 1 {
        writer.statement(&named, &problems, extent)
    } else {
        let join = writer.pick("; |, and |, |. ");
        let statements: Vec<String> = findings
            .iter()
            .map(|&(place, artifact)| {
                let statement = writer.statement(&[place], &[artifact], extent);
                if join == ". " { capitalised(&statement) } else { statement }
            })
            .collect();
        statements.join(join)
    };
    if text == NOTHING_DETECTED {
        return Ok(text);
    }
    Ok(capitalised(&text) + writer.pick(".|.||!"))
}

fn check(findings: &[(Place, Artifact)], extent: Extent) -> Result<()> {
    let fault = |option, reason: &str| Err(Error::InvalidOption { option, reason: reason.to_owned() });
    if findings.is_empty() {
        return fault("findings", "give at least one; for a clip without faults give (not-specified, none)");
    }
    let clean = findings.iter().filter(|(_, artifact)| *artifact == Artifact::None).count();
    if clean != 0 && clean != findings.len() {
        return fault("findings", "`none` and an artifact exclude each other");
    }
    if (clean != 0) != (extent == Extent::NoArtifact) {
        return fault("extent", "`no-artifact` and the artifact `none` must come together");
    }
    let unnamed = findings.iter().filter(|(place, _)| *place == Place::NotSpecified).count();
    if unnamed != 0 && unnamed != findings.len() {
        return fault("findings", "`not-specified` and a place exclude each other");
    }
    Ok(())
}

/// In order of first appearance.
fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for item in items {
        if !found.contains(&item) {
            found.push(item);
        }
    }
    found
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `a`, `a and b`, `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

/// A word and whether it is plural.
fn number(word: &str) -> (&str, bool) {
    word.strip_prefix('+').map_or((word, false), |word| (word, true))
}

/// Chooses words: SplitMix64 over the seed.
struct Writer(u64);

impl Writer {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of the choices between `|`.
    fn pick(&mut self, choices: &'static str) -> &'static str {
        let count = choices.split('|').count() as u64;
        let at = usize::try_from(self.next() % count).unwrap_or(0);
        choices.split('|').nth(at).unwrap_or_default()
    }

    fn statement(&mut self, named: &[Place], problems: &[Artifact], extent: Extent) -> String {
        match self.next() % 3 {
            0 => self.exists(named, problems, extent),
            1 => self.seen(named, problems, extent),
            _ => self.looks(named, problems, extent),
        }
    }

    /// "there is slight blur around the mouth"
    fn exists(&mut self, named: &[Place], problems: &[Artifact], extent: Extent) -> String {
        let (nouns, several) = self.problems(problems, extent);
        let verb = if several { "are" } else { "is" };
        format!("there {verb} {nouns}{}", self.somewhere(named))
    }

    /// "slight blur can be seen on the mouth"
    fn seen(&mut self, named: &[Place], problems: &[Artifact], extent: Extent) -> String {
        let (nouns, _) = self.problems(problems, extent);
        let verb = self.pick("can be seen|can be noticed|appears|shows up");
        format!("{nouns} {verb}{}", self.somewhere(named))
    }

    /// "the mouth is slightly blurred"
    fn looks(&mut self, named: &[Place], problems: &[Artifact], extent: Extent) -> String {
        let (subject, several) = self.subject(named);
        let verb = self.pick(if several { "are|look|seem|appear" } else { "is|looks|seems|appears" });
        let degree = self.pick(before_adjective(extent));
        let gap = if degree.is_empty() { "" } else { " " };
        let words: Vec<String> =
            problems.iter().map(|&artifact| self.pick(adjectives(artifact)).to_owned()).collect();
        format!("{subject} {verb} {degree}{gap}{}", listed(&words))
    }

    fn problems(&mut self, problems: &[Artifact], extent: Extent) -> (String, bool) {
        let degree = self.pick(before_noun(extent));
        let gap = if degree.is_empty() { "" } else { " " };
        let words: Vec<(&str, bool)> =
            problems.iter().map(|&artifact| number(self.pick(nouns(artifact)))).collect();
        let several = words.first().is_some_and(|&(_, several)| several);
        let words: Vec<String> = words.into_iter().map(|(word, _)| word.to_owned()).collect();
        (format!("{degree}{gap}{}", listed(&words)), several)
    }

    fn subject(&mut self, named: &[Place]) -> (String, bool) {
        let words: Vec<(&str, bool)> = named.iter().map(|&place| number(self.pick(places(place)))).collect();
        let several = words.len() > 1 || words.iter().any(|&(_, several)| several);
        let words: Vec<String> = words.into_iter().map(|(word, _)| format!("the {word}")).collect();
        (listed(&words), several)
    }

    fn somewhere(&mut self, named: &[Place]) -> String {
        if named == [Place::NotSpecified] {
            return self.pick("|| in the video| in many frames").to_owned();
        }
        let preposition = self.pick("on|around|at|near");
        format!(" {preposition} {}", self.subject(named).0)
    }

    fn clean(&mut self, named: &[Place]) -> String {
        if named == [Place::NotSpecified] {
            let fixed = self.pick(
                "automatic|automatic|no flaw can be found|it looks completely real|\
                 there is no visible blur, flicker or seam|no artefacts, and no traces of forgery|\
                 I don't see any problem",
            );
            return if fixed == "automatic" { NOTHING_DETECTED } else { fixed }.to_owned();
        }
        let (subject, several) = self.subject(named);
        let verb = if several { "look" } else { "looks" };
        match self.next() % 4 {
            0 => format!("{subject} {verb} natural"),
            1 => format!("there are no flaws on {subject}"),
            2 => format!("I see no problem with {subject}"),
            _ => format!("no blur, flicker or seams around {subject}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ArtifactSet, PlaceSet, Tagger};
    use super::*;

    fn read_back(findings: &[(Place, Artifact)], extent: Extent, seed: u64) {
        let text = describe(findings, extent, seed).unwrap();
        let tags = Tagger::english().tag(&text);
        let places: PlaceSet = findings.iter().map(|&(place, _)| place).collect();
        let artifacts: ArtifactSet = findings.iter().map(|&(_, artifact)| artifact).collect();
        assert_eq!((tags.places, tags.artifacts, tags.extent), (places, artifacts, extent), "{text}");
    }

    /// Every combination of labels that makes sense.
    fn combinations() -> impl Iterator<Item = (Place, Artifact, Extent)> {
        Place::ALL.into_iter().flat_map(|place| {
            Artifact::ALL.into_iter().flat_map(move |artifact| {
                let clean = artifact == Artifact::None;
                let fits = move |extent: &Extent| (*extent == Extent::NoArtifact) == clean;
                Extent::ALL.into_iter().filter(fits).map(move |extent| (place, artifact, extent))
            })
        })
    }

    #[test]
    fn every_combination_is_read_back() {
        let mut count = 0;
        for (place, artifact, extent) in combinations() {
            for seed in 0..60 {
                read_back(&[(place, artifact)], extent, seed);
            }
            count += 1;
        }
        assert_eq!(count, 14 * (18 * 3 + 1));
    }

    #[test]
    fn every_pair_of_artifacts_and_of_places_is_read_back() {
        let mut seed = 0;
        let mut check = |findings: &[(Place, Artifact)]| {
            for extent in [Extent::Mild, Extent::Moderate, Extent::Severe] {
                for _ in 0..3 {
                    seed += 1;
                    read_back(findings, extent, seed);
                }
            }
        };
        let problems: Vec<Artifact> = Artifact::ALL.into_iter().filter(|&a| a != Artifact::None).collect();
        let named: Vec<Place> = Place::ALL.into_iter().filter(|&p| p != Place::NotSpecified).collect();
        for (i, &a) in problems.iter().enumerate() {
            for (j, &b) in problems.iter().enumerate() {
                check(&[(Place::NotSpecified, a), (Place::NotSpecified, b)]);
                let (p, q) = (named[(i * 7 + j) % 13], named[(i * 5 + j * 3 + 1) % 13]);
                check(&[(p, a), (p, b)]);
                check(&[(p, a), (q, b)]);
                check(&[(p, a), (q, b), (named[(i + j) % 13], problems[(i * j) % 18])]);
            }
        }
        for &p in &named {
            for &q in &named {
                check(&[(p, Artifact::Blur), (q, Artifact::Blur)]);
                for seed in 0..10 {
                    read_back(&[(p, Artifact::None), (q, Artifact::None)], Extent::NoArtifact, seed);
                }
            }
        }
    }

    #[test]
    fn texts_repeat_by_seed_and_vary_between_seeds() {
        let text = |seed| phrase(Place::Mouth, Artifact::Blur, Extent::Mild, seed).unwrap();
        assert_eq!(text(3), text(3));
        let mut texts: Vec<String> = (0..200).map(text).collect();
        texts.sort();
        texts.dedup();
        assert!(texts.len() > 80, "{}", texts.len());
        let clean = |seed| phrase(Place::NotSpecified, Artifact::None, Extent::NoArtifact, seed).unwrap();
        assert!((0..20).any(|seed| clean(seed) == NOTHING_DETECTED));
    }

    #[test]
    fn every_sentence_starts_with_a_capital() {
        let findings = [(Place::Mouth, Artifact::Blur), (Place::Eyes, Artifact::Seam)];
        for seed in 0..40 {
            let text = describe(&findings, Extent::Mild, seed).unwrap();
            let starts = text.split(". ").map(|sentence| sentence.chars().next().unwrap());
            assert!(starts.into_iter().all(char::is_uppercase), "{text}");
        }
    }

    #[test]
    fn labels_that_contradict_each_other_are_refused() {
        let refused = |findings: &[(Place, Artifact)], extent, option| {
            let error = describe(findings, extent, 0).unwrap_err();
            assert!(
                matches!(&error, Error::InvalidOption { option: found, .. } if *found == option),
                "{error}"
            );
        };
        let (blur, none) = ((Place::Mouth, Artifact::Blur), (Place::Mouth, Artifact::None));
        refused(&[], Extent::Mild, "findings");
        refused(&[blur], Extent::NoArtifact, "extent");
        refused(&[none], Extent::Mild, "extent");
        refused(&[blur, none], Extent::Mild, "findings");
        refused(&[blur, (Place::NotSpecified, Artifact::Seam)], Extent::Mild, "findings");
    }
}
