//! Whether the images of a folder are the frames of a clip.

use std::path::{Path, PathBuf};

/// True for names that differ in one number only, whose values go up in equal steps: `f_0001.png`, `f_0002.png` or
/// `0.jpg`, `6.jpg`, `12.jpg`. One image is no clip.
pub(crate) fn are_frames(paths: &[PathBuf]) -> bool {
    let Some(mut numbers) = paths.iter().map(|path| Numbered::of(path)).collect::<Option<Vec<_>>>() else {
        return false;
    };
    let alike = numbers
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if (&a.before, &a.after) == (&b.before, &b.after)));
    numbers.sort_unstable_by_key(|numbered| numbered.number);
    let step = |pair: &[Numbered]| match pair {
        [a, b] => b.number.checked_sub(a.number).filter(|step| *step > 0),
        _ => None,
    };
    let mut steps = numbers.windows(2).map(step);
    let first = steps.next().flatten();
    alike && first.is_some() && steps.all(|step| step == first)
}

/// A file name around its last number.
struct Numbered {
    before: String,
    number: u64,
    after: String,
}

impl Numbered {
    fn of(path: &Path) -> Option<Self> {
        let (stem, extension) = (path.file_stem()?.to_str()?, path.extension()?.to_str()?);
        let end = stem.rfind(|letter: char| letter.is_ascii_digit())? + 1;
        let (head, after) = stem.split_at_checked(end)?;
        let before = head.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let number = head.strip_prefix(before)?.parse().ok()?;
        let after = format!("{after}.{}", extension.to_ascii_lowercase());
        Some(Self { before: before.to_owned(), number, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_numbered_in_equal_steps() {
        let clip = |names: &[&str]| are_frames(&names.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert!(clip(&["a/f_0001.png", "a/f_0002.png", "a/f_0003.PNG"]));
        assert!(clip(&["12.jpg", "0.jpg", "6.jpg"]) && clip(&["9.png", "10.png"]));
        assert!(clip(&["take2-01b.png", "take2-02b.png"]));
        for photos in [
            &["a.png", "b.png"][..],
            &["1.png"],
            &[],
            &["1.png", "2.jpg"],
            &["1.png", "2.png", "4.png"],
            &["1.png", "01.png"],
            &["beach1.png", "dog2.png"],
            &["1.png", "2.png", "cover.png"],
            &["99999999999999999999999.png", "99999999999999999999998.png"],
        ] {
            assert!(!clip(photos), "{photos:?}");
        }
    }
}
