//! What a test set must not share with train.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::dataset::{Clip, ClipId};
use crate::error::Result;
use crate::split::{Partition, Split, catalogue};
use crate::table::{difference, fold};

/// A clip that breaks the rules of a split.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Leak {
    /// The clip is in two sets, or twice in one.
    Duplicate {
        /// The clip.
        clip: ClipId,
        /// Where it was first.
        first: Partition,
        /// Where it is repeated.
        again: Partition,
    },
    /// The clip is in test-1 or test-3, and its identity is in train.
    IdentityInTrain {
        /// The clip of the test set.
        clip: ClipId,
        /// Its set.
        set: Partition,
        /// The identity.
        identity: String,
    },
    /// The clip is in test-2 or test-3, and its method is in train.
    MethodInTrain {
        /// The clip of the test set.
        clip: ClipId,
        /// Its set.
        set: Partition,
        /// The method.
        method: String,
    },
    /// Perhaps one thing is in both train and a test set (or a clip in any two sets), written in two ways: the names
    /// differ only by case or Unicode form.
    Alike {
        /// The clip of the test set.
        clip: ClipId,
        /// Its set.
        set: Partition,
        /// What is named.
        kind: NameKind,
        /// The name.
        name: String,
        /// The other one.
        other: String,
    },
    /// No clip of that name is known, so it cannot be checked.
    Unknown {
        /// The name.
        clip: ClipId,
        /// Its set.
        set: Partition,
    },
}

/// What a name in [`Leak::Alike`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NameKind {
    /// A clip.
    Clip,
    /// An identity.
    Identity,
    /// A method.
    Method,
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clip => "clip",
            Self::Identity => "identity",
            Self::Method => "method",
        })
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { clip, first, again } if first == again => write!(f, "{clip}: twice in {first}"),
            Self::Duplicate { clip, first, again } => write!(f, "{clip}: in {first} and in {again}"),
            Self::IdentityInTrain { clip, set, identity } => {
                write!(f, "{clip}: in {set}, and identity {identity} is in train_set")
            }
            Self::MethodInTrain { clip, set, method } => {
                write!(f, "{clip}: in {set}, and method {method} is in train_set")
            }
            Self::Alike { clip, set, kind, name, other } => {
                let place = if *kind == NameKind::Clip { "another set" } else { "train_set" };
                let differ = difference(name, other).unwrap_or("nothing");
                write!(
                    f,
                    "{clip}: in {set}, and {kind} `{name}` may be `{other}` of {place}: they differ only in {differ}"
                )
            }
            Self::Unknown { clip, set } => write!(f, "{clip}: in {set}, and not among the known clips"),
        }
    }
}

/// The contents of a set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SetSummary {
    /// Rows, unknown and repeated ones included.
    pub clips: usize,
    /// Real clips among the known ones.
    pub real: usize,
    /// Different identities of known clips, sorted.
    pub identities: Vec<String>,
    /// Different methods of known clips, sorted.
    pub methods: Vec<String>,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeakReport {
    /// Every offending clip, set by set.
    pub leaks: Vec<Leak>,
    /// Known clips that are in no set, sorted. Not a leak, but perhaps forgotten.
    pub unassigned: Vec<ClipId>,
    /// Train, test-1, test-2, test-3.
    pub sets: [SetSummary; 4],
}

impl LeakReport {
    /// Whether there is no leak.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.leaks.is_empty()
    }

    /// The contents of a set.
    #[must_use]
    pub fn set(&self, set: Partition) -> &SetSummary {
        let [train, test1, test2, test3] = &self.sets;
        match set {
            Partition::Train => train,
            Partition::Test1 => test1,
            Partition::Test2 => test2,
            Partition::Test3 => test3,
        }
    }
}

/// Looks for leaks in any split, drawn or read. `known` gives the identity and method of every clip; for names of the
/// benchmark use [`Clip::from_id`].
///
/// # Errors
/// [`Error::InvalidOption`](crate::Error::InvalidOption) if `known` has a clip twice.
#[doc(alias = "leakage")]
pub fn check_split(split: &Split, known: &[Clip]) -> Result<LeakReport> {
    let known = catalogue(known)?;
    let mut seen: BTreeMap<&ClipId, Partition> = BTreeMap::new();
    let mut leaks = Vec::new();
    let in_train = || split.train.iter().filter_map(|row| known.get(&row.clip));
    let identities: BTreeSet<&str> = in_train().map(|clip| clip.identity.as_str()).collect();
    let methods: BTreeSet<&str> = in_train().map(|clip| clip.method.as_str()).collect();
    let (folded_identities, folded_methods) = (folded(&identities), folded(&methods));
    let mut written: BTreeMap<String, (&ClipId, Partition)> = BTreeMap::new();

    let sets = Partition::ALL.map(|set| {
        let mut summary = SetSummary { clips: split.set(set).len(), ..Default::default() };
        let (mut own_identities, mut own_methods) = (BTreeSet::new(), BTreeSet::new());
        for row in split.set(set) {
            let clip = row.clip.clone();
            match seen.get(&row.clip) {
                Some(&first) => leaks.push(Leak::Duplicate { clip: clip.clone(), first, again: set }),
                None => _ = seen.insert(&row.clip, set),
            }
            let (first, place) = *written.entry(fold(clip.as_str())).or_insert((&row.clip, set));
            if *first != clip && place != set {
                let (kind, other) = (NameKind::Clip, first.to_string());
                leaks.push(Leak::Alike { clip: clip.clone(), set, kind, name: clip.to_string(), other });
            }
            let Some(facts) = known.get(&row.clip) else {
                leaks.push(Leak::Unknown { clip, set });
                continue;
            };
            summary.real += usize::from(facts.real);
            own_identities.insert(&facts.identity);
            own_methods.insert(&facts.method);
            let alike = |kind, name: &String, train: &BTreeMap<String, &str>| {
                let (clip, name, other) = (clip.clone(), name.clone(), (*train.get(&fold(name))?).to_owned());
                Some(Leak::Alike { clip, set, kind, name, other })
            };
            if set.has_new_identities() {
                let identity = facts.identity.clone();
                if identities.contains(identity.as_str()) {
                    leaks.push(Leak::IdentityInTrain { clip: clip.clone(), set, identity });
                } else {
                    leaks.extend(alike(NameKind::Identity, &identity, &folded_identities));
                }
            }
            if set.has_new_methods() {
                let method = facts.method.clone();
                if methods.contains(method.as_str()) {
                    leaks.push(Leak::MethodInTrain { clip: clip.clone(), set, method });
                } else {
                    leaks.extend(alike(NameKind::Method, &method, &folded_methods));
                }
            }
        }
        summary.identities = own_identities.into_iter().cloned().collect();
        summary.methods = own_methods.into_iter().cloned().collect();
        summary
    });
    let unassigned =
        known.keys().filter(|clip| !seen.contains_key(**clip)).map(|clip| (*clip).clone()).collect();
    Ok(LeakReport { leaks, unassigned, sets })
}

/// The names by how they are compared.
fn folded<'a>(names: &BTreeSet<&'a str>) -> BTreeMap<String, &'a str> {
    names.iter().map(|name| (fold(name), *name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Labelled;
    use crate::split::SplitDesign;
    use crate::split::design::tests::grid;

    fn clean() -> (Split, Vec<Clip>) {
        let clips = grid(6, 7);
        let design = SplitDesign { test_identities: 2, test_methods: 3, ..Default::default() };
        (design.draw(&clips, 0).unwrap(), clips)
    }

    #[test]
    fn our_own_splits_are_clean() {
        let clips = grid(20, 38);
        for split in SplitDesign::default().draw_all(&clips).unwrap() {
            let report = check_split(&split, &clips).unwrap();
            assert!(report.is_clean() && report.unassigned.is_empty(), "{:?}", report.leaks);
            let counts = report.sets.each_ref().map(|set| (set.identities.len(), set.methods.len()));
            assert_eq!(counts, [(14, 28), (6, 28), (14, 10), (6, 10)]);
            assert_eq!(report.sets.iter().map(|set| set.real).sum::<usize>(), 40);
        }
    }

    #[test]
    fn a_clip_in_two_sets_or_twice_in_one() {
        let (mut split, clips) = clean();
        let row = split.test3[0].clone();
        split.test3.push(row.clone());
        let report = check_split(&split, &clips).unwrap();
        let (first, again) = (Partition::Test3, Partition::Test3);
        assert_eq!(report.leaks, [Leak::Duplicate { clip: row.clip.clone(), first, again }]);
        assert_eq!(report.leaks[0].to_string(), format!("{}: twice in test_set3", row.clip));

        let (mut split, clips) = clean();
        let row = split.train[0].clone();
        split.test2.push(row.clone());
        let report = check_split(&split, &clips).unwrap();
        let (first, again) = (Partition::Train, Partition::Test2);
        assert!(report.leaks.contains(&Leak::Duplicate { clip: row.clip, first, again }));
        assert!(
            report.leaks.iter().any(|leak| matches!(leak, Leak::MethodInTrain { set: Partition::Test2, .. }))
        );
    }

    #[test]
    fn one_moved_clip_is_named_or_spoils_its_peers() {
        // A clip of train with the identity of others in train, moved to each test set.
        for (to, identity, method) in
            [(Partition::Test1, true, false), (Partition::Test2, false, true), (Partition::Test3, true, true)]
        {
            let (mut split, clips) = clean();
            let row = split.train.remove(0);
            split.set_mut(to).push(row.clone());
            let leaks = check_split(&split, &clips).unwrap().leaks;
            let parts = Clip::from_id(row.clip.clone()).unwrap();
            let mut wanted = Vec::new();
            if identity {
                let identity = parts.identity.clone();
                wanted.push(Leak::IdentityInTrain { clip: row.clip.clone(), set: to, identity });
            }
            if method {
                wanted.push(Leak::MethodInTrain {
                    clip: row.clip.clone(),
                    set: to,
                    method: parts.method.clone(),
                });
            }
            assert_eq!(leaks, wanted);
        }
        // A clip of test-1 moved to train: every other clip of its identity in test-1 and test-3 leaks.
        let (mut split, clips) = clean();
        let moved = Clip::from_id(split.test1.remove(0).clip).unwrap();
        split.train.push(Labelled { clip: moved.id.clone(), mos: None });
        let report = check_split(&split, &clips).unwrap();
        let peers = clips.iter().filter(|clip| clip.identity == moved.identity).count() - 1;
        assert_eq!(report.leaks.len(), peers);
        let same = |leak: &Leak| matches!(leak, Leak::IdentityInTrain { identity, .. } if *identity == moved.identity);
        assert!(report.leaks.iter().all(same));
    }

    #[test]
    fn names_written_in_two_ways_are_possible_leaks() {
        let clip = |id: &str, identity: &str, method: &str| Clip {
            id: id.parse().unwrap(),
            identity: identity.to_owned(),
            method: method.to_owned(),
            real: false,
        };
        let known = [
            clip("a.mp4", "Ren\u{e9}e", "swap"),
            clip("b.mp4", "rene\u{301}e", "swap"),
            clip("c.mp4", "Ren\u{e9}e", "SWAP"),
            clip("A.mp4", "ben", "other"),
        ];
        let rows = |at: usize| vec![Labelled { clip: known[at].id.clone(), mos: None }];
        let split = Split { train: rows(0), test1: rows(1), test2: rows(2), test3: rows(3) };
        let leaks = check_split(&split, &known).unwrap().leaks;
        let said: Vec<String> = leaks.iter().map(Leak::to_string).collect();
        assert_eq!(
            said,
            [
                "b.mp4: in test_set1, and identity `rene\u{301}e` may be `Ren\u{e9}e` of train_set: they differ only in \
                 case and Unicode form",
                "c.mp4: in test_set2, and method `SWAP` may be `swap` of train_set: they differ only in case",
                "A.mp4: in test_set3, and clip `A.mp4` may be `a.mp4` of another set: they differ only in case",
            ]
        );
    }

    #[test]
    fn unknown_and_forgotten_clips() {
        let (mut split, clips) = clean();
        let forgotten = split.test1.remove(0).clip;
        split.test1.push(Labelled { clip: "C9/strange.mp4".parse().unwrap(), mos: None });
        let report = check_split(&split, &clips).unwrap();
        let clip: ClipId = "C9/strange.mp4".parse().unwrap();
        assert_eq!(report.leaks, [Leak::Unknown { clip, set: Partition::Test1 }]);
        assert!(report.leaks[0].to_string().contains("not among the known clips"));
        assert_eq!(report.unassigned, [forgotten]);
        assert!(check_split(&split, &[clips.clone(), clips].concat()).is_err());
    }
}
