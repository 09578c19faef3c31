//! What one part of a sentence says.

use std::ops::Range;

use super::labels::{Artifact, Extent, Place};
use super::lexicon::Meaning;
use super::parts::Item;
use super::set::{ArtifactSet, PlaceSet};
use super::tagger::{Evidence, Sign};

/// What one part says: labels, and words that change them.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// Asserted, not denied.
    pub(super) artifacts: ArtifactSet,
    /// Properties named in a circumstance.
    pub(super) fallback: ArtifactSet,
    pub(super) places: PlaceSet,
    pub(super) mild: bool,
    pub(super) severe: bool,
    /// Something is denied or praised, and nothing asserted.
    pub(super) positive: bool,
    pub(super) motion: bool,
    pub(super) elsewhere: bool,
    /// A denial reaches to the end.
    pub(super) denying: bool,
    pub(super) evidence: Vec<Evidence>,
}

/// How far a denial reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denial {
    No,
    /// "not very natural and blurred": praise only.
    Praise,
    All,
}

/// How strongly a word means that something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Problem,
    /// A problem unless the part names another.
    IfAlone,
    /// A problem unless the part praises it.
    Property,
}

/// A problem that may still be denied or give way.
#[derive(Debug)]
struct Candidate {
    artifact: Artifact,
    weight: Weight,
    /// Follows `other`, so it does not give way.
    other: bool,
    first: usize,
    end: usize,
    evidence: usize,
}

impl Candidate {
    fn is_property(&self) -> bool {
        self.weight == Weight::Property
    }
}

struct Judge {
    result: Reading,
    denial: Denial,
    praised: bool,
    denied: bool,
    candidates: Vec<Candidate>,
    /// Number in `evidence` and extent, with first and end token.
    extents: Vec<(usize, Extent, usize, usize)>,
    alone: Option<(usize, Place)>,
    compared: bool,
    /// The token after the previous place.
    last_place: Option<usize>,
    /// End of the last `other`, and of the last `and` or `or`.
    other_end: Option<usize>,
    joined_at: Vec<usize>,
}

/// Judges the items of one part. `denying`: it continues a denied list.
pub(super) fn judge(items: &[Item<'_>], circumstance: bool, denying: bool) -> Reading {
    let mut judge = Judge {
        result: Reading::default(),
        denial: if denying { Denial::All } else { Denial::No },
        praised: false,
        denied: false,
        candidates: Vec::new(),
        extents: Vec::new(),
        alone: None,
        compared: false,
        last_place: None,
        other_end: None,
        joined_at: Vec::new(),
    };
    for item in items {
        for &meaning in item.meanings() {
            judge.take(item, meaning);
        }
    }
    judge.finish(circumstance)
}

impl Judge {
    fn take(&mut self, item: &Item<'_>, meaning: Meaning) {
        match meaning {
            Meaning::Place(place) => self.place(item, place),
            Meaning::PlaceIfAlone(place) => {
                let number = self.note(item, Sign::Place(place), false);
                self.alone.get_or_insert((number, place));
            }
            Meaning::Artifact(artifact) => self.problem(item, artifact, Weight::Problem),
            Meaning::ArtifactIfAlone(artifact) => self.problem(item, artifact, Weight::IfAlone),
            Meaning::Property(artifact) => self.problem(item, artifact, Weight::Property),
            Meaning::Opposite(artifact) => {
                if self.denial == Denial::No {
                    self.praise(item);
                } else {
                    // "not clear and blurred": the denial is used up.
                    self.denial = Denial::Praise;
                    self.candidate(item, artifact, Weight::Problem);
                }
            }
            Meaning::Fine if self.denial == Denial::No => self.praise(item),
            Meaning::Extent(extent) => {
                let counts = self.denial != Denial::All;
                let number = self.note(item, Sign::Extent(extent), counts);
                if counts {
                    self.extents.push((number, extent, item.tokens.start, item.tokens.end));
                }
            }
            Meaning::Understated => {
                self.denial = self.stronger(Denial::Praise);
                let number = self.note(item, Sign::Extent(Extent::Mild), true);
                self.extents.push((number, Extent::Mild, item.tokens.start, item.tokens.end));
            }
            Meaning::Negation => {
                self.denial = Denial::All;
                self.note(item, Sign::Denial, true);
            }
            Meaning::Absent => self.absent(item),
            Meaning::Motion => self.result.motion = true,
            Meaning::Comparison => self.compared = !self.result.places.is_empty() || self.alone.is_some(),
            Meaning::Other => self.other_end = Some(item.tokens.end),
            Meaning::Elsewhere => self.result.elsewhere = true,
            Meaning::And | Meaning::Or => self.joined_at.push(item.tokens.start),
            Meaning::Fine | Meaning::Boundary | Meaning::Circumstance | Meaning::Verb | Meaning::Skip => {}
        }
    }

    fn stronger(&self, denial: Denial) -> Denial {
        if self.denial == Denial::All { Denial::All } else { denial }
    }

    /// Notes a stretch of the text and returns its number.
    fn note(&mut self, item: &Item<'_>, sign: Sign, counts: bool) -> usize {
        self.result.evidence.push(Evidence { span: item.span.clone(), sign, counts });
        self.result.evidence.len() - 1
    }

    fn praise(&mut self, item: &Item<'_>) {
        self.praised = true;
        self.note(item, Sign::Praise, true);
    }

    fn place(&mut self, item: &Item<'_>, place: Place) {
        // "the mouth on the face"
        let gap = self.last_place.and_then(|end| item.tokens.start.checked_sub(end));
        let owner = place == Place::Face && matches!(gap, Some(1 | 2)) && !self.joined_after(self.last_place);
        let counts = !owner && !self.compared;
        self.note(item, Sign::Place(place), counts);
        if counts {
            self.result.places.insert(place);
            self.last_place = Some(item.tokens.end);
        }
    }

    /// Whether `and` or `or` stands after that token.
    fn joined_after(&self, token: Option<usize>) -> bool {
        self.joined_at.last().copied() >= token && token.is_some()
    }

    fn problem(&mut self, item: &Item<'_>, artifact: Artifact, weight: Weight) {
        if self.denial == Denial::All {
            self.denied = true;
            self.note(item, Sign::Artifact(artifact), false);
        } else {
            self.candidate(item, artifact, weight);
        }
    }

    fn candidate(&mut self, item: &Item<'_>, artifact: Artifact, weight: Weight) {
        let evidence = self.note(item, Sign::Artifact(artifact), true);
        let other = self.other_end == Some(item.tokens.start);
        let (first, end) = (item.tokens.start, item.tokens.end);
        self.candidates.push(Candidate { artifact, weight, other, first, end, evidence });
    }

    fn absent(&mut self, item: &Item<'_>) {
        self.note(item, Sign::Denial, true);
        self.denied |= !self.candidates.is_empty();
        for candidate in std::mem::take(&mut self.candidates) {
            self.discount(candidate.evidence);
        }
    }

    fn discount(&mut self, number: usize) {
        if let Some(evidence) = self.result.evidence.get_mut(number) {
            evidence.counts = false;
        }
    }

    fn finish(mut self, circumstance: bool) -> Reading {
        let candidates = self.without_weak_ones();
        let problem = candidates.iter().any(|candidate| !candidate.is_property());
        // "a natural colour": praise takes a property out, "the colour looks fake" keeps it.
        let properties =
            candidates.iter().any(|candidate| candidate.is_property()) && (problem || !self.praised);
        // "when the light changes, the nose flickers" blames the nose, "while the light looks wrong" the light.
        let vague =
            |candidate: &Candidate| matches!(candidate.artifact, Artifact::Unnatural | Artifact::Artifact);
        let blamed =
            problem && candidates.iter().all(|candidate| candidate.is_property() || vague(candidate));
        for (i, candidate) in candidates.iter().enumerate() {
            let before = i.checked_sub(1).and_then(|i| candidates.get(i));
            let after = candidates.get(i + 1);
            let kept = if candidate.is_property() {
                properties && (blamed || !circumstance)
            } else {
                match candidate.artifact {
                    Artifact::Unnatural => !properties && !self.qualifies(candidate, before, after),
                    Artifact::Artifact => !self.stands_for(candidate, before, after),
                    _ => true,
                }
            };
            if kept {
                self.result.artifacts.insert(candidate.artifact);
                continue;
            }
            if candidate.is_property() && circumstance && !self.praised {
                self.result.fallback.insert(candidate.artifact);
            }
            self.denied |= candidate.is_property() && self.praised;
            self.discount(candidate.evidence);
        }
        self.lone_place();
        self.degrees();
        self.result.positive = self.result.artifacts.is_empty() && (self.praised || self.denied);
        self.result.denying = self.denial == Denial::All;
        self.result
    }

    /// "blur at the edge": the edge only says where. "A visible edge" stays.
    fn without_weak_ones(&mut self) -> Vec<Candidate> {
        let all = std::mem::take(&mut self.candidates);
        if all.iter().all(|candidate| candidate.weight == Weight::IfAlone) {
            return all;
        }
        let (weak, strong) = all.into_iter().partition(|candidate| candidate.weight == Weight::IfAlone);
        let weak: Vec<Candidate> = weak;
        weak.iter().for_each(|candidate| self.discount(candidate.evidence));
        strong
    }

    /// "unnatural flicker", "the shadow looks fake": the word says how the named problem is.
    fn qualifies(&self, vague: &Candidate, before: Option<&Candidate>, after: Option<&Candidate>) -> bool {
        let named = |other: &Candidate| {
            matches!(other.artifact, Artifact::LightingShadow | Artifact::ColorContrast)
                && !self.joined_between(vague, other)
        };
        after.is_some_and(|after| after.first == vague.end || named(after)) || before.is_some_and(named)
    }

    /// "flickering artifacts", but not "flickering and other artifacts".
    fn stands_for(&self, vague: &Candidate, before: Option<&Candidate>, after: Option<&Candidate>) -> bool {
        !vague.other && [before, after].into_iter().flatten().any(|other| self.together(vague, other))
    }

    /// Skin or head count only if no more exact place is named.
    fn lone_place(&mut self) {
        if self.result.places.is_empty()
            && let Some((number, place)) = self.alone
        {
            self.result.places.insert(place);
            if let Some(evidence) = self.result.evidence.get_mut(number) {
                evidence.counts = true;
            }
        }
    }

    /// "traces of slight blur", "flickering artifacts": at most two words between, and no `and`.
    fn together(&self, generic: &Candidate, other: &Candidate) -> bool {
        let between = between(generic, other);
        other.artifact != Artifact::Artifact && between.len() <= 2 && !self.joined_between(generic, other)
    }

    /// Whether `and` or `or` stands between the two.
    fn joined_between(&self, a: &Candidate, b: &Candidate) -> bool {
        let between = between(a, b);
        // Sorted; the first one from there on decides, so a long list costs little.
        let next = self.joined_at.partition_point(|&at| at < between.start);
        self.joined_at.get(next).is_some_and(|at| between.contains(at))
    }

    /// "very slightly" is mild; otherwise both count.
    fn degrees(&mut self) {
        let extents = std::mem::take(&mut self.extents);
        for (i, &(number, extent, first, end)) in extents.iter().enumerate() {
            let beside_mild = |other: Option<&(usize, Extent, usize, usize)>| {
                other.is_some_and(|&(_, level, other_first, other_end)| {
                    level == Extent::Mild && (other_end == first || end == other_first)
                })
            };
            let before = i.checked_sub(1).and_then(|i| extents.get(i));
            if extent == Extent::Mild {
                self.result.mild = true;
            } else if beside_mild(before) || beside_mild(extents.get(i + 1)) {
                self.discount(number);
            } else {
                self.result.severe = true;
            }
        }
    }
}

/// The tokens between two candidates, in either order.
fn between(a: &Candidate, b: &Candidate) -> Range<usize> {
    if a.first < b.first { a.end..b.first } else { b.end..a.first }
}
