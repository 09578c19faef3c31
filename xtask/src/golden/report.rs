//! The findings of a case, and the tally over all of them.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Display};
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Cases that one name selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    Brisque,
    HalfSize,
    GmLog,
    Higrade,
    Tlvqm,
    TlvqmHigh,
    VBliinds,
    Videval60,
    Metrics,
    Losses,
    Preprocess,
    Swin,
    SwinV2,
    ClipText,
    DaClip,
    ResNet,
    VggFace,
    ConvNext,
    Hust,
    Unilj,
    Dfgc1st,
    Rapique,
}

impl Group {
    const NAMES: [(&'static str, &'static [Self]); 24] = [
        ("brisque", &[Self::Brisque]),
        ("half-size", &[Self::HalfSize]),
        ("gm-log", &[Self::GmLog]),
        ("higrade", &[Self::Higrade]),
        ("tlvqm", &[Self::Tlvqm]),
        ("tlvqm-high", &[Self::TlvqmHigh]),
        ("v-bliinds", &[Self::VBliinds]),
        ("videval60", &[Self::Videval60]),
        ("metrics", &[Self::Metrics]),
        ("losses", &[Self::Losses]),
        ("preprocess", &[Self::Preprocess]),
        ("swin", &[Self::Swin]),
        ("swinv2", &[Self::SwinV2]),
        ("clip_text", &[Self::ClipText]),
        ("da_clip", &[Self::DaClip]),
        ("resnet", &[Self::ResNet]),
        ("vgg_face", &[Self::VggFace]),
        ("convnext", &[Self::ConvNext]),
        ("hust", &[Self::Hust]),
        ("unilj", &[Self::Unilj]),
        ("dfgc1st", &[Self::Dfgc1st]),
        ("rapique", &[Self::Rapique]),
        ("image-features", &[Self::Brisque, Self::HalfSize, Self::GmLog, Self::Higrade]),
        ("video-features", &[Self::Tlvqm, Self::TlvqmHigh, Self::VBliinds, Self::Videval60]),
    ];

    /// The groups of a list such as `metrics,losses`.
    pub(crate) fn parse_list(list: &str) -> Result<Vec<Self>> {
        let groups = list.split(',').map(|name| {
            let known = Self::NAMES.iter().find(|(known, _)| *known == name.trim());
            let all = Self::NAMES.map(|(known, _)| known).join(", ");
            known.map(|(_, groups)| *groups).with_context(|| format!("there is no group `{name}`: {all}"))
        });
        Ok(groups.collect::<Result<Vec<_>>>()?.concat())
    }
}

impl Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, groups)| *groups == [*self]);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

/// The allowed distance of a value from its reference: within either bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tolerance {
    /// Share of the reference.
    pub(crate) relative: f64,
    /// In the units of the value.
    pub(crate) absolute: f64,
}

impl Tolerance {
    /// Equal to the last bit, except for the sign of zero.
    pub(crate) const EXACT: Self = Self { relative: 0.0, absolute: 0.0 };

    /// The distance of `found` from `expected`, absolutely and as a share of `expected`, and whether it is allowed.
    ///
    /// NaN equals NaN and nothing else; an infinity equals itself only.
    pub(crate) fn compare(self, found: f64, expected: f64) -> Difference {
        if found == expected || found.is_nan() && expected.is_nan() {
            return Difference { absolute: 0.0, relative: 0.0, allowed: true };
        }
        if !found.is_finite() || !expected.is_finite() {
            return Difference { absolute: f64::INFINITY, relative: f64::INFINITY, allowed: false };
        }
        let absolute = (found - expected).abs();
        let relative = absolute / expected.abs();
        Difference { absolute, relative, allowed: absolute <= self.absolute || relative <= self.relative }
    }
}

impl Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.relative > 0.0, self.absolute > 0.0) {
            (true, true) => write!(f, "rel {:e} or abs {:e}", self.relative, self.absolute),
            (true, false) => write!(f, "rel {:e}", self.relative),
            (false, true) => write!(f, "abs {:e}", self.absolute),
            (false, false) => f.write_str("exact"),
        }
    }
}

/// A value and its reference, compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Difference {
    pub(crate) absolute: f64,
    pub(crate) relative: f64,
    pub(crate) allowed: bool,
}

/// The comparisons of one case.
#[derive(Debug, Default)]
pub(crate) struct Check {
    compared: usize,
    refused: usize,
    worst_absolute: f64,
    worst_relative: f64,
    first_fault: Option<String>,
}

impl Check {
    /// Compares a number.
    pub(crate) fn number(&mut self, what: impl Display, found: f64, expected: f64, tolerance: Tolerance) {
        let difference = tolerance.compare(found, expected);
        self.worst_absolute = self.worst_absolute.max(difference.absolute);
        // A tiny reference makes a harmless rounding error look like a large share.
        if expected.is_nan() || expected.abs() > tolerance.absolute {
            self.worst_relative = self.worst_relative.max(difference.relative);
        }
        self.count(difference.allowed, || format!("{what} is {found:?} instead of {expected:?}"));
    }

    /// Compares two rows of numbers.
    pub(crate) fn numbers(
        &mut self,
        what: impl Display,
        found: &[f64],
        expected: &[f64],
        tolerance: Tolerance,
    ) {
        if found.len() != expected.len() {
            let (f, e) = (found.len(), expected.len());
            self.count(false, || format!("{what} has {f} values instead of {e}"));
        }
        for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
            self.number(format_args!("{what}[{i}]"), found, expected, tolerance);
        }
    }

    /// Compares anything else, exactly.
    pub(crate) fn equal<T: PartialEq + Debug>(&mut self, what: impl Display, found: &T, expected: &T) {
        self.count(found == expected, || format!("{what} is {found:?} instead of {expected:?}"));
    }

    /// Records whether a requirement holds.
    pub(crate) fn demand(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        self.count(holds, fault);
    }

    fn count(&mut self, allowed: bool, fault: impl FnOnce() -> String) {
        self.compared += 1;
        if !allowed {
            self.refused += 1;
            self.first_fault.get_or_insert_with(fault);
        }
    }
}

/// Prints a line. If a reader such as `head` closes the pipe, the comparison goes on.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(stdout(), "{line}");
}

/// The tally, printed as it grows.
#[derive(Debug)]
pub(crate) struct Report {
    only: Option<Vec<Group>>,
    /// Passed, failed, skipped.
    tally: BTreeMap<Group, [usize; 3]>,
}

impl Report {
    /// A report on these groups, or on all.
    pub(crate) fn new(only: Option<Vec<Group>>) -> Self {
        Self { only, tally: BTreeMap::new() }
    }

    pub(crate) fn wants(&self, group: Group) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&group))
    }

    /// Runs a case. An error in it is a failure of the case.
    pub(crate) fn case(
        &mut self,
        group: Group,
        name: &str,
        tolerance: impl Display,
        compare: impl FnOnce(&mut Check) -> Result<()>,
    ) {
        if !self.wants(group) {
            return;
        }
        let mut check = Check::default();
        if let Err(error) = compare(&mut check) {
            check.count(false, || format!("{error:#}"));
        }
        if check.compared == 0 {
            check.count(false, || "nothing was compared".to_owned());
        }
        let Check { compared, refused, worst_absolute, worst_relative, first_fault } = check;
        let verdict = if first_fault.is_none() { "PASS" } else { "FAIL" };
        let name = format!("{group}/{name}");
        say(format_args!(
            "{verdict:<8}{name:<58} abs {worst_absolute:<8.1e} rel {worst_relative:<8.1e} {tolerance}"
        ));
        if let Some(fault) = &first_fault {
            say(format_args!("        {refused} of {compared} comparisons; first: {fault}"));
        }
        self.add(group, usize::from(first_fault.is_some()));
    }

    /// Counts a case that cannot run.
    pub(crate) fn skip(&mut self, group: Group, name: &str, reason: impl Display) {
        if self.wants(group) {
            say(format_args!("SKIPPED {:<58} {reason}", format!("{group}/{name}")));
            self.add(group, 2);
        }
    }

    /// `path` if it exists; otherwise skips the case that needs it.
    pub(crate) fn input(&mut self, group: Group, name: &str, path: &Path) -> Option<PathBuf> {
        if path.is_file() {
            return Some(path.to_path_buf());
        }
        self.skip(group, name, format_args!("{} is missing", path.display()));
        None
    }

    fn add(&mut self, group: Group, kind: usize) {
        if let Some(count) = self.tally.entry(group).or_default().get_mut(kind) {
            *count += 1;
        }
    }

    fn sum(&self, kind: usize) -> usize {
        self.tally.values().filter_map(|counts| counts.get(kind)).sum()
    }

    pub(crate) fn passed(&self) -> usize {
        self.sum(0)
    }

    pub(crate) fn failed(&self) -> usize {
        self.sum(1)
    }

    pub(crate) fn skipped(&self) -> usize {
        self.sum(2)
    }

    /// The verdict over all cases.
    pub(crate) fn finish(self, dir: &Path) -> Result<()> {
        for (group, [passed, failed, skipped]) in &self.tally {
            say(format_args!("golden {group}: {passed} PASS, {failed} FAIL, {skipped} SKIPPED"));
        }
        if self.failed() > 0 {
            bail!("golden: {} FAIL, {} PASS, {} SKIPPED", self.failed(), self.passed(), self.skipped());
        }
        let ran =
            |group: &Group| self.tally.get(group).is_some_and(|[passed, failed, _]| passed + failed > 0);
        if self.passed() == 0 {
            bail!("golden: nothing was compared below {}", dir.display());
        }
        if let Some(absent) = self.only.iter().flatten().find(|group| !ran(group)) {
            bail!("golden: no case of group {absent} was compared below {}", dir.display());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Tolerance = Tolerance { relative: 1e-8, absolute: 1e-12 };

    #[test]
    fn either_bound_is_enough() {
        assert!(BOTH.compare(1e9 + 1.0, 1e9).allowed, "relative 1e-9");
        assert!(!BOTH.compare(1e9 + 100.0, 1e9).allowed);
        assert!(BOTH.compare(5e-13, 0.0).allowed, "absolute");
        assert!(!BOTH.compare(2e-12, 0.0).allowed);
        let difference = BOTH.compare(1.5, 2.0);
        assert_eq!((difference.absolute, difference.relative, difference.allowed), (0.5, 0.25, false));
    }

    #[test]
    fn nan_and_infinity_equal_themselves_only() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        let wide = Tolerance { relative: 1.0, absolute: 1e300 };
        for (found, expected, allowed) in [
            (nan, nan, true),
            (inf, inf, true),
            (-inf, inf, false),
            (nan, 1.0, false),
            (1.0, nan, false),
            (inf, 1.0, false),
            (1.0, inf, false),
            (nan, inf, false),
        ] {
            assert_eq!(wide.compare(found, expected).allowed, allowed, "{found} {expected}");
        }
    }

    #[test]
    fn exact_is_exact() {
        assert!(Tolerance::EXACT.compare(0.1 + 0.2, 0.3).absolute > 0.0);
        assert!(!Tolerance::EXACT.compare(0.1 + 0.2, 0.3).allowed);
        assert!(Tolerance::EXACT.compare(0.0, -0.0).allowed);
    }

    #[test]
    fn the_worst_values_are_kept_and_lengths_count() {
        let mut check = Check::default();
        check.numbers("x", &[1.0, 2.5, 1e-20], &[1.0, 2.0, 0.0], BOTH);
        assert_eq!((check.compared, check.refused), (3, 1));
        assert_eq!((check.worst_absolute, check.worst_relative), (0.5, 0.25));
        assert_eq!(check.first_fault.as_deref(), Some("x[1] is 2.5 instead of 2.0"));
        check.numbers("y", &[1.0], &[1.0, 2.0], BOTH);
        assert_eq!((check.compared, check.refused), (5, 2));
    }

    #[test]
    fn a_case_that_compares_nothing_fails() {
        let mut report = Report::new(None);
        report.case(Group::Metrics, "empty", "exact", |_| Ok(()));
        report.case(Group::Metrics, "error", "exact", |_| bail!("broken"));
        assert_eq!((report.passed(), report.failed()), (0, 2));
    }

    #[test]
    fn groups_have_names_and_an_alias() {
        assert_eq!(
            Group::parse_list("image-features,losses").unwrap(),
            [Group::Brisque, Group::HalfSize, Group::GmLog, Group::Higrade, Group::Losses]
        );
        assert_eq!(Group::HalfSize.to_string(), "half-size");
        assert!(Group::parse_list("metric").is_err());
    }
}
