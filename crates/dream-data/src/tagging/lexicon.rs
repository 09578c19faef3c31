//! The words that the tagger knows, from a text that people can also read.

use std::collections::HashMap;

use super::labels::{Artifact, Extent, Place};
use super::tokens::{Token, scan};
use crate::error::{Error, Result};

/// The text of the lexicon in this crate. Its head explains the format.
pub const LEXICON: &str = include_str!("../../assets/lexicon.txt");

/// Longest expression in words. A bound here keeps tagging linear in the text.
const LONGEST: usize = 12;
/// Longest expression in bytes as written, so that its spellings stay small.
const LONGEST_BYTES: usize = 500;
/// Most spellings of one expression.
const MOST_SPELLINGS: usize = 1024;
/// Most words over all expressions.
const MOST_NODES: usize = 1 << 20;

/// What an expression means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Meaning {
    Place(Place),
    /// A place if no other is named beside it: skin, head.
    PlaceIfAlone(Place),
    Artifact(Artifact),
    /// A problem if no other is named beside it: edge, junction.
    ArtifactIfAlone(Artifact),
    /// A property that people name when it is wrong, unless they praise it: colour, light.
    Property(Artifact),
    /// Praise; denied, it is the artifact: not clear, not natural.
    Opposite(Artifact),
    /// Praise that means nothing when denied.
    Fine,
    Extent(Extent),
    /// Mild, and a denial of praise: not very.
    Understated,
    /// Denies what follows.
    Negation,
    /// Denies what precedes: is absent.
    Absent,
    /// Starts another part of the sentence: but, however.
    Boundary,
    /// Starts a part that says when: while, during.
    Circumstance,
    /// Movement, the cause of motion blur.
    Motion,
    /// What follows is a comparison and has no problem itself: than, compared with.
    Comparison,
    /// A finite verb; tells a new statement after `and` from a list.
    Verb,
    And,
    Or,
    /// other, further: a generic artifact after it stands for itself.
    Other,
    /// there, somewhere: not the place named before.
    Elsewhere,
    /// Longer expressions whose words mean something else: face swap.
    Skip,
}

impl Meaning {
    fn is_problem(self) -> bool {
        matches!(
            self,
            Self::Artifact(_)
                | Self::ArtifactIfAlone(_)
                | Self::Property(_)
                | Self::Opposite(_)
                | Self::Comparison
        )
    }

    fn is_place_or_degree(self) -> bool {
        matches!(self, Self::Place(_) | Self::PlaceIfAlone(_) | Self::Extent(_) | Self::Understated)
    }
}

/// A set of expressions and their meanings.
///
/// The built-in one is [`LEXICON`]; [`Tagger::english`](super::Tagger::english) uses it. [`parse`](Self::parse) reads a
/// lexicon of your own, for example the built-in text with lines added.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    words: HashMap<Box<str>, u32>,
    /// From a node and a word to the next node. Node 0 is the start.
    edges: HashMap<(u32, u32), u32>,
    meanings: Vec<Vec<Meaning>>,
    expressions: usize,
}

impl Lexicon {
    /// Reads a lexicon.
    ///
    /// A line is empty, a comment (`# ...`), a section (`[artifact blur]`), or expressions separated by commas.
    /// `blur(s|red|)` stands for `blurs`, `blurred` and `blur`. The head of [`LEXICON`] explains the sections.
    ///
    /// # Errors
    /// [`Error::Lexicon`] with the line: an unknown section or label, an expression before the first section, without
    /// words, or longer than 12 words or 500 bytes, brackets that do not match, more than 1024 spellings of one
    /// expression.
    ///
    /// # Example
    /// ```
    /// use dream_data::tagging::{Artifact, LEXICON, Lexicon, Tagger};
    ///
    /// let lexicon = Lexicon::parse(&format!("{LEXICON}\n[artifact blur]\nsoft as butter\n"))?;
    /// let tags = Tagger::new(lexicon).tag("The lips are soft as butter");
    /// assert!(tags.artifacts.contains(Artifact::Blur));
    ///
    /// let error = Lexicon::parse("[artifact smudge]").unwrap_err();
    /// assert!(error.to_string().starts_with("line 1 of the lexicon"));
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        let mut lexicon = Self { meanings: vec![Vec::new()], ..Self::default() };
        let mut section = None;
        let mut long = Vec::new();
        for (i, line) in text.lines().enumerate() {
            let line = line.trim();
            let fault = |reason: String| Error::Lexicon { line: i + 1, reason };
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[') {
                let name = name.strip_suffix(']').ok_or_else(|| fault(format!("`{line}` lacks its `]`")))?;
                section = Some(meaning(name).map_err(fault)?);
                continue;
            }
            let meaning =
                section.ok_or_else(|| fault("an expression before the first [section]".to_owned()))?;
            for expression in line.split(',').map(str::trim).filter(|e| !e.is_empty()) {
                for spelling in spellings(expression).map_err(fault)? {
                    let (words, node) = lexicon.add(&spelling, meaning).map_err(fault)?;
                    if words.len() > 1 && meaning.is_problem() {
                        long.push((words, node));
                    }
                }
            }
        }
        // The shorter ones first: a longer one inherits what they inherited.
        long.sort_by_key(|(words, _)| words.len());
        for (words, node) in long {
            lexicon.keep_places_and_degrees(&words, node);
        }
        Ok(lexicon)
    }

    /// The number of different expressions, every spelling counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.expressions
    }

    /// Whether it has no expression.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expressions == 0
    }

    /// Returns the numbers of the words, and the node that they lead to.
    fn add(&mut self, spelling: &str, meaning: Meaning) -> Result<(Vec<u32>, u32), String> {
        let mut words = Vec::new();
        let mut marks = false;
        scan(spelling, |token, _| match token {
            Token::Word(word) => words.push(word.to_owned()),
            Token::Comma | Token::Stop => marks = true,
        });
        if marks {
            return Err(format!("`{spelling}` has punctuation inside; an expression is words"));
        }
        if words.is_empty() || words.len() > LONGEST {
            return Err(format!("`{spelling}` has {} words; use 1 to {LONGEST}", words.len()));
        }
        let (mut node, mut numbers) = (0, Vec::with_capacity(words.len()));
        for word in words {
            let next = u32::try_from(self.words.len() + 1).unwrap_or(u32::MAX);
            let word = *self.words.entry(word.into_boxed_str()).or_insert(next);
            numbers.push(word);
            node = match self.edges.get(&(node, word)) {
                Some(&next) => next,
                None => self.grow(node, word)?,
            };
        }
        if let Some(meanings) = self.meanings.get_mut(node as usize) {
            self.expressions += usize::from(meanings.is_empty());
            if !meanings.contains(&meaning) {
                meanings.push(meaning);
            }
        }
        Ok((numbers, node))
    }

    /// Adds the places and degrees of the expressions inside an expression to it: the mouth to `forced smile`.
    fn keep_places_and_degrees(&mut self, words: &[u32], node: u32) {
        let mut kept = Vec::new();
        // Not the expression itself, hence without its last word at the start.
        let mut limit = words.len().saturating_sub(1);
        let mut rest = words;
        while !rest.is_empty() {
            let length = match self.longest(rest.iter().copied().take(limit)) {
                Some((length, meanings)) => {
                    kept.extend(meanings.iter().copied().filter(|meaning| meaning.is_place_or_degree()));
                    length
                }
                None => 1,
            };
            rest = rest.get(length..).unwrap_or_default();
            limit = words.len();
        }
        if let Some(meanings) = self.meanings.get_mut(node as usize)
            && !meanings.iter().any(|meaning| meaning.is_place_or_degree())
        {
            for meaning in kept {
                if !meanings.contains(&meaning) {
                    meanings.push(meaning);
                }
            }
        }
    }

    fn grow(&mut self, node: u32, word: u32) -> Result<u32, String> {
        let new = self.meanings.len();
        if new >= MOST_NODES {
            return Err(format!("more than {MOST_NODES} words in all"));
        }
        let new = u32::try_from(new).map_err(|error| error.to_string())?;
        self.meanings.push(Vec::new());
        self.edges.insert((node, word), new);
        Ok(new)
    }

    /// The number of a word in lower case; 0 for one in no expression.
    pub(super) fn word(&self, word: &str) -> u32 {
        self.words.get(word).copied().unwrap_or(0)
    }

    /// The longest expression at the start of `words`: its length and its meaning.
    pub(super) fn longest(&self, words: impl Iterator<Item = u32>) -> Option<(usize, &[Meaning])> {
        let (mut node, mut found) = (0, None);
        for (i, word) in words.enumerate() {
            let Some(&next) = self.edges.get(&(node, word)) else { break };
            node = next;
            match self.meanings.get(node as usize) {
                Some(meanings) if !meanings.is_empty() => found = Some((i + 1, meanings.as_slice())),
                _ => {}
            }
        }
        found
    }
}

/// The meaning of the expressions below `[name]`.
fn meaning(name: &str) -> Result<Meaning, String> {
    let name = name.trim();
    let (kind, label) = name.split_once(char::is_whitespace).unwrap_or((name, ""));
    let label = label.trim();
    let artifact = || match label.parse::<Artifact>() {
        Ok(Artifact::None) => Err("words for `none` belong in the section [fine]".to_owned()),
        other => other.map_err(|error| error.to_string()),
    };
    let place = || match label.parse::<Place>() {
        Ok(Place::NotSpecified) => Err("`not-specified` is for texts without a place".to_owned()),
        other => other.map_err(|error| error.to_string()),
    };
    let plain = match kind {
        "place" => return place().map(Meaning::Place),
        "place-if-alone" => return place().map(Meaning::PlaceIfAlone),
        "artifact" => return artifact().map(Meaning::Artifact),
        "artifact-if-alone" => return artifact().map(Meaning::ArtifactIfAlone),
        "property" => return artifact().map(Meaning::Property),
        "opposite" => return artifact().map(Meaning::Opposite),
        "extent" => {
            return match label.parse::<Extent>() {
                Ok(extent @ (Extent::Mild | Extent::Severe)) => Ok(Meaning::Extent(extent)),
                Ok(other) => Err(format!("`{other}` has no words of its own; only mild and severe do")),
                Err(error) => Err(error.to_string()),
            };
        }
        "fine" => Meaning::Fine,
        "understated" => Meaning::Understated,
        "negation" => Meaning::Negation,
        "absent" => Meaning::Absent,
        "boundary" => Meaning::Boundary,
        "circumstance" => Meaning::Circumstance,
        "motion" => Meaning::Motion,
        "comparison" => Meaning::Comparison,
        "verb" => Meaning::Verb,
        "and" => Meaning::And,
        "or" => Meaning::Or,
        "other" => Meaning::Other,
        "elsewhere" => Meaning::Elsewhere,
        "skip" => Meaning::Skip,
        _ => {
            return Err(format!(
                "[{name}] is no section; there are: place, place-if-alone, artifact, artifact-if-alone, property, opposite, extent (each \
                 with a label), fine, understated, negation, absent, boundary, circumstance, motion, comparison, \
                 verb, and, or, other, elsewhere, skip"
            ));
        }
    };
    if label.is_empty() { Ok(plain) } else { Err(format!("[{kind}] takes no label, found `{label}`")) }
}

/// `eye( |)brow(s|)`: every choice written out.
fn spellings(expression: &str) -> Result<Vec<String>, String> {
    let unmatched = || format!("the brackets of `{expression}` do not match; they cannot be nested");
    if expression.len() > LONGEST_BYTES {
        return Err(format!("an expression has {} bytes; the limit is {LONGEST_BYTES}", expression.len()));
    }
    let mut found = vec![String::new()];
    let mut rest = expression;
    while let Some((before, after)) = rest.split_once('(') {
        let (choices, after) = after.split_once(')').ok_or_else(unmatched)?;
        if before.contains(')') || choices.contains('(') {
            return Err(unmatched());
        }
        let choices: Vec<&str> = choices.split('|').collect();
        if found.len() * choices.len() > MOST_SPELLINGS {
            return Err(format!("`{expression}` has more than {MOST_SPELLINGS} spellings"));
        }
        found = found
            .iter()
            .flat_map(|start| choices.iter().map(move |choice| format!("{start}{before}{choice}")))
            .collect();
        rest = after;
    }
    if rest.contains(')') {
        return Err(unmatched());
    }
    found.iter_mut().for_each(|spelling| spelling.push_str(rest));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(lexicon: &Lexicon, text: &str) -> Option<(usize, Vec<Meaning>)> {
        let mut words = Vec::new();
        scan(text, |token, _| {
            if let Token::Word(word) = token {
                words.push(lexicon.word(word));
            }
        });
        lexicon.longest(words.into_iter()).map(|(length, meanings)| (length, meanings.to_vec()))
    }

    #[test]
    fn the_built_in_lexicon_parses_and_knows_every_label() {
        let lexicon = Lexicon::parse(LEXICON).unwrap();
        let known: Vec<Meaning> = lexicon.meanings.iter().flatten().copied().collect();
        for place in Place::ALL.into_iter().filter(|&place| place != Place::NotSpecified) {
            assert!(known.contains(&Meaning::Place(place)), "{place}");
        }
        for artifact in Artifact::ALL.into_iter().filter(|&artifact| artifact != Artifact::None) {
            assert!(known.contains(&Meaning::Artifact(artifact)), "{artifact}");
        }
        assert!(lexicon.len() > 1000, "{}", lexicon.len());
    }

    #[test]
    fn the_longest_expression_wins() {
        let text =
            "# test\n[artifact blur]\nblur(s|red|), out-of-focus\n[artifact motion-blur]\nmotion blur\n";
        let lexicon = Lexicon::parse(&format!("{text}[motion]\nmotion\n[elsewhere]\nblur\n")).unwrap();
        let blur = Meaning::Artifact(Artifact::Blur);
        assert_eq!(lexicon.len(), 6);
        assert_eq!(
            longest(&lexicon, "motion-blur blur"),
            Some((2, vec![Meaning::Artifact(Artifact::MotionBlur)]))
        );
        assert_eq!(longest(&lexicon, "motion blurs"), Some((1, vec![Meaning::Motion])));
        assert_eq!(longest(&lexicon, "BLUR"), Some((1, vec![blur, Meaning::Elsewhere])));
        assert_eq!(longest(&lexicon, "out of"), None);
        assert_eq!(longest(&lexicon, "out of focus"), Some((3, vec![blur])));
        assert!(Lexicon::default().is_empty() && longest(&Lexicon::default(), "blur").is_none());
    }

    #[test]
    fn spellings_are_written_out() {
        assert_eq!(spellings("a(b|)c( d|e)").unwrap(), ["abc d", "abce", "ac d", "ace"]);
        assert_eq!(spellings("plain").unwrap(), ["plain"]);
        for bad in ["a(b", "a)b", "a(b(c))", "a)(b"] {
            assert!(spellings(bad).is_err(), "{bad}");
        }
        assert!(spellings(&"a".repeat(500)).is_ok() && spellings(&"a".repeat(501)).is_err());
        assert!(spellings(&"(a|b)".repeat(10)).is_ok());
        assert!(spellings(&"(a|b)".repeat(11)).is_err());
    }

    #[test]
    fn a_problem_keeps_the_places_and_degrees_among_its_words() {
        let text =
            "[place mouth]\nsmile, face\n[skip]\nface swap\n[extent severe]\nvery\n[fine]\nvery fine\n";
        let text =
            format!("{text}[artifact stiffness]\nvery forced smile, forced smile, signs of face swap\n");
        let lexicon = Lexicon::parse(&text).unwrap();
        let (stiff, mouth) = (Meaning::Artifact(Artifact::Stiffness), Meaning::Place(Place::Mouth));
        let very = Meaning::Extent(Extent::Severe);
        assert_eq!(longest(&lexicon, "forced smile").unwrap().1, [stiff, mouth]);
        assert_eq!(longest(&lexicon, "very forced smile").unwrap().1, [stiff, very, mouth]);
        assert_eq!(longest(&lexicon, "signs of face swap").unwrap().1, [stiff]);
        assert_eq!(longest(&lexicon, "very fine").unwrap().1, [Meaning::Fine]);
    }

    #[test]
    fn faults_name_their_line() {
        let cases = [
            ("blur", 1, "before the first"),
            ("\n# x\n[artifact blurr]", 3, "blurr"),
            ("[artifact none]", 1, "[fine]"),
            ("[place not-specified]", 1, "without a place"),
            ("[extent moderate]", 1, "no words of its own"),
            ("[fine mild]", 1, "takes no label"),
            ("[fine", 1, "lacks its `]`"),
            ("[adjectives]", 1, "there are: place"),
            ("[fine]\nok, ...", 2, "punctuation"),
            ("[fine]\n''", 2, "0 words"),
            ("[fine]\na a a a a a a a a a a a a", 2, "13 words"),
            ("[fine]\ngood\nbad(", 3, "brackets"),
        ];
        for (text, line, part) in cases {
            match Lexicon::parse(text) {
                Err(Error::Lexicon { line: found, reason }) => {
                    assert!(found == line && reason.contains(part), "{text:?}: {found}: {reason}");
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
        assert!(Lexicon::parse("").unwrap().is_empty());
    }
}
