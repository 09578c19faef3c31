//! The clips of one table in another: which row belongs to which, and what keeps names apart.

use std::collections::BTreeMap;

use crate::table::alike::{difference, fold};
use crate::table::shorten;

/// Which names of one table are those of another.
///
/// # Example
/// ```
/// use dream_data::table::Join;
///
/// let join = Join::of(&["b.mp4", "c.mp4"], &["clips/a.mp4", "clips/b.mp4"]);
/// assert_eq!((join.found.as_slice(), join.by_file_name), (&[Some(1), None][..], true));
/// assert!(!Join::of(&["a.mp4"], &["a.mp4", "x/a.mp4"]).by_file_name);
/// ```
#[doc(alias = "merge")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// For every wanted name, the place of the given one.
    pub found: Vec<Option<usize>>,
    /// No name is in both tables as it is, and the folders were left out.
    pub by_file_name: bool,
}

impl Join {
    /// Looks for every wanted name among the given ones. Where none is there, the names are compared without their
    /// folders, if no two of a table then become equal.
    #[must_use]
    pub fn of(wanted: &[&str], given: &[&str]) -> Self {
        let places: BTreeMap<&str, usize> = given.iter().copied().zip(0..).collect();
        let found: Vec<_> = wanted.iter().map(|name| places.get(name).copied()).collect();
        if found.iter().any(Option::is_some) {
            return Self { found, by_file_name: false };
        }
        if let (Some(_), Some(places)) = (by_file_name(wanted), by_file_name(given)) {
            let matched: Vec<_> = wanted.iter().map(|name| places.get(file_name(name)).copied()).collect();
            if matched.iter().any(Option::is_some) {
                return Self { found: matched, by_file_name: true };
            }
        }
        Self { found, by_file_name: false }
    }
}

/// The places by file name; `None` if two names have the same.
fn by_file_name<'a>(names: &[&'a str]) -> Option<BTreeMap<&'a str, usize>> {
    let places: BTreeMap<&str, usize> = names.iter().map(|name| file_name(name)).zip(0..).collect();
    (places.len() == names.len()).then_some(places)
}

fn file_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn stem(name: &str) -> &str {
    let name = file_name(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Why a wanted name is not among the given ones: the name that comes nearest with what differs (folder, extension,
/// case, Unicode form), or some names of both sides. `sides` says whose names they are.
///
/// # Example
/// ```
/// use dream_data::table::why_missing;
///
/// let why = |name| why_missing(&[name], &["x/A.mp4", "x/b.mp4"], ["the labels", "p.csv"]);
/// assert_eq!(
///     why("a.avi"),
///     "the labels have `a.avi`, and p.csv has `x/A.mp4`: they differ in folder, extension and case"
/// );
/// assert_eq!(why("c.mp4"), "the labels have `c.mp4`, and p.csv has `x/A.mp4`, `x/b.mp4`: no name is alike");
/// ```
#[must_use]
pub fn why_missing(missing: &[&str], given: &[&str], sides: [&str; 2]) -> String {
    let [ours, theirs] = sides;
    if let Some((name, near)) = nearest(missing, given) {
        return match near.as_slice() {
            [one] => {
                let (what, name, one) = (differ(name, one), shorten(name), shorten(one));
                format!("{ours} have `{name}`, and {theirs} has `{one}`: they differ in {what}")
            }
            several => {
                let some: Vec<_> =
                    several.iter().take(3).map(|near| format!("`{}`", shorten(near))).collect();
                format!("`{}` of {ours} may be {} of {theirs}", shorten(name), some.join(" or "))
            }
        };
    }
    let list = |names: &[&str]| {
        let more = if names.len() > 3 { ", ..." } else { "" };
        let some: Vec<_> = names.iter().take(3).map(|name| format!("`{}`", shorten(name))).collect();
        if some.is_empty() { "no name".to_owned() } else { some.join(", ") + more }
    };
    format!("{ours} have {}, and {theirs} has {}: no name is alike", list(missing), list(given))
}

/// The first missing name that is among the given ones but for its folder, extension, case or Unicode form, and those.
fn nearest<'a>(missing: &[&'a str], given: &[&'a str]) -> Option<(&'a str, Vec<&'a str>)> {
    let mut stems: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in given {
        stems.entry(fold(stem(name))).or_default().push(name);
    }
    missing.iter().find_map(|name| Some((*name, stems.remove(&fold(stem(name)))?)))
}

/// What two names differ in, as words.
fn differ(a: &str, b: &str) -> String {
    let ending = |name| file_name(name).strip_prefix(stem(name)).unwrap_or_default();
    let extension = |name| ending(name).to_lowercase();
    let folder = |name: &str| fold(name.strip_suffix(file_name(name)).unwrap_or_default()).replace('\\', "/");
    let mut what = Vec::new();
    if folder(a) != folder(b) {
        what.push("folder");
    }
    if extension(a) != extension(b) {
        what.push("extension");
    }
    let (same_folder, same_extension) = (folder(a) == folder(b), extension(a) == extension(b));
    // Of parts that differ otherwise, the case does not count.
    let [a, b] = [a, b].map(|name| {
        let name = if same_extension { name } else { name.strip_suffix(ending(name)).unwrap_or(name) };
        if same_folder { name } else { file_name(name) }
    });
    what.extend(difference(a, b));
    match what.as_slice() {
        [] => "the marks between folders".to_owned(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined_as_they_are_or_by_unique_file_names() {
        for (wanted, given, found, by_file_name) in [
            (&["a", "b"][..], &["b", "a", "c"][..], &[Some(1), Some(0)][..], false),
            // One name as it is: the others are missing, and not somewhere else.
            (&["a", "b"], &["a", "x/b"], &[Some(0), None], false),
            (&["a.mp4"], &["C:\\clips\\a.mp4"], &[Some(0)], true),
            (&["x/a", "x/b"], &["y/b"], &[None, Some(0)], true),
            (&["x/a", "y/a"], &["a"], &[None, None], false),
            (&["a"], &["x/a", "y/a"], &[None], false),
            (&["a"], &["b"], &[None], false),
            (&[], &[], &[], false),
        ] {
            assert_eq!(Join::of(wanted, given), Join { found: found.to_vec(), by_file_name }, "{wanted:?}");
        }
    }

    #[test]
    fn hints_show_both_sides() {
        let why = |missing: &[&str], given: &[&str]| why_missing(missing, given, ["labels", "p.csv"]);
        for (missing, given, wanted) in [
            ("a.mp4", "a.MP4", "labels have `a.mp4`, and p.csv has `a.MP4`: they differ in case"),
            ("a.mp4", "a.avi", "they differ in extension"),
            ("a.mp4", "a", "they differ in extension"),
            ("x/a.mp4", "y/a.mp4", "they differ in folder"),
            ("x/A.mp4", "y/a.mkv", "they differ in folder, extension and case"),
            ("caf\u{e9}.mp4", "cafe\u{301}.mp4", "they differ in Unicode form"),
            ("x/a.mp4", "x\\a.mp4", "they differ in the marks between folders"),
            ("a.mp4", "b.mp4", "labels have `a.mp4`, and p.csv has `b.mp4`: no name is alike"),
        ] {
            let found = why(&[missing], &[given]);
            assert!(found.ends_with(wanted), "{missing} {given}: {found}");
        }
        assert_eq!(why(&["a"], &["x/a", "y/a"]), "`a` of labels may be `x/a` or `y/a` of p.csv");
        assert!(
            why(&["a", "b", "c", "d"], &[])
                .starts_with("labels have `a`, `b`, `c`, ..., and p.csv has no name")
        );
    }
}
