//! Names of files as text, so that no two files have the same and every file can be found again.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The name of a file as text, for tables and JSON: two names never become the same text, and [`path_of`] reads the text
/// back.
///
/// A name that is UTF-8 stands as it is. In a name that is not, every byte that is no part of UTF-8 becomes `\xHH`, with
/// two digits from `80` to `FF`, and every backslash is doubled. The same is done to a name that has such an `\xHH` as its
/// letters, so that a text with one is always a changed name. On Windows, where names are UTF-16, half of a pair of
/// surrogates stands for its three bytes (`\xED\xA0\x80` is the unit D800).
///
/// # Example
/// ```
/// use std::path::Path;
/// use dream_data::{name_of, path_of};
///
/// assert_eq!(name_of(Path::new("clips/été.mp4")), "clips/été.mp4");
/// assert_eq!(name_of(Path::new(r"clips\a.mp4")), r"clips\a.mp4");
/// # #[cfg(unix)] {
/// use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
///
/// let latin1 = Path::new(OsStr::from_bytes(b"\xE9t\xE9.mp4"));
/// assert_eq!(name_of(latin1), r"\xE9t\xE9.mp4");
/// assert_eq!(path_of(r"\xE9t\xE9.mp4"), latin1);
/// # }
/// // The letters themselves.
/// assert_eq!(name_of(Path::new(r"\xE9t\xE9.mp4")), r"\\xE9t\\xE9.mp4");
/// assert_eq!(path_of(r"\\xE9t\\xE9.mp4"), Path::new(r"\xE9t\xE9.mp4"));
/// ```
#[must_use]
pub fn name_of(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    match path.to_str() {
        Some(text) if !has_escape(text) => text.to_owned(),
        _ => escaped(&bytes_of(path)),
    }
}

/// The file that a text of [`name_of`] stands for. Any other text stands for the file of that very name.
///
/// # Example
/// ```
/// use std::path::Path;
///
/// assert_eq!(dream_data::path_of(r"clips\xyz.mp4"), Path::new(r"clips\xyz.mp4"));
/// ```
#[must_use]
pub fn path_of(name: &str) -> PathBuf {
    let read = || {
        let path = path_from(&bytes_behind(name)?)?;
        (name_of(&path) == name).then_some(path)
    };
    if has_escape(name) { read().unwrap_or_else(|| name.into()) } else { name.into() }
}

/// Whether a text has an `\xHH` in it.
fn has_escape(text: &str) -> bool {
    text.as_bytes().windows(4).any(|bytes| escape(bytes).is_some())
}

/// The byte that an `\xHH` at the start stands for.
fn escape(bytes: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    let [b'\\', b'x', high, low, ..] = bytes else { return None };
    Some(16 * digit(high)? + digit(low)?).filter(|byte| *byte >= 0x80)
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', r"\\"));
        for byte in chunk.invalid() {
            // Writing to a string does not fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

fn bytes_behind(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    loop {
        rest = match rest {
            [] => return Some(bytes),
            [b'\\', b'\\', rest @ ..] => {
                bytes.push(b'\\');
                rest
            }
            [b'\\', ..] => {
                bytes.push(escape(rest)?);
                rest.get(4..)?
            }
            [byte, rest @ ..] => {
                bytes.push(*byte);
                rest
            }
        };
    }
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_owned()
}

#[cfg(unix)]
fn path_from(bytes: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(std::ffi::OsStr::from_bytes(bytes).into())
}

#[cfg(windows)]
fn bytes_of(path: &Path) -> Vec<u8> {
    use std::os::windows::ffi::OsStrExt;
    bytes_of_units(path.as_os_str().encode_wide())
}

#[cfg(windows)]
fn path_from(bytes: &[u8]) -> Option<PathBuf> {
    use std::os::windows::ffi::OsStringExt;
    Some(std::ffi::OsString::from_wide(&units_of_bytes(bytes)?).into())
}

#[cfg(not(any(unix, windows)))]
fn bytes_of(path: &Path) -> Vec<u8> {
    path.as_os_str().as_encoded_bytes().to_owned()
}

#[cfg(not(any(unix, windows)))]
fn path_from(bytes: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}

/// UTF-16 as UTF-8, in which halves of pairs are written as if they were characters.
#[cfg(any(windows, test))]
fn bytes_of_units(units: impl Iterator<Item = u16>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => bytes.extend(character.encode_utf8(&mut [0; 4]).bytes()),
            Err(half) => {
                let [high, low] = half.unpaired_surrogate().to_be_bytes();
                bytes.extend([0xED, 0x80 | (high & 0x0F) << 2 | low >> 6, 0x80 | low & 0x3F]);
            }
        }
    }
    bytes
}

#[cfg(any(windows, test))]
fn units_of_bytes(mut bytes: &[u8]) -> Option<Vec<u16>> {
    let mut units = Vec::new();
    loop {
        let valid = match std::str::from_utf8(bytes) {
            Ok(text) => {
                units.extend(text.encode_utf16());
                return Some(units);
            }
            Err(error) => error.valid_up_to(),
        };
        let (text, rest) = bytes.split_at_checked(valid)?;
        units.extend(std::str::from_utf8(text).ok()?.encode_utf16());
        let [0xED, middle @ 0xA0..=0xBF, last @ 0x80..=0xBF, rest @ ..] = rest else { return None };
        units.push(0xD000 | u16::from(middle & 0x3F) << 6 | u16::from(last & 0x3F));
        bytes = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_changed_name_stand_for_themselves() {
        for text in ["", "a\\b", r"\x41", r"\xE", r"\xe9", r"\\x", r"C:\xAB\clip", r"a\xC3\xA9", "-", "a\nb"]
        {
            assert_eq!(path_of(text), Path::new(text), "{text}");
            let name = name_of(Path::new(text));
            assert_eq!(path_of(&name), Path::new(text), "{name}");
            assert_eq!(name == text, !has_escape(text), "{name}");
        }
        assert_eq!(name_of(r"C:\xAB\clip"), r"C:\\xAB\\clip");
    }

    #[cfg(unix)]
    #[test]
    fn any_bytes_are_read_back_and_no_two_become_one() {
        use std::os::unix::ffi::OsStrExt;
        let parts: [&[u8]; 8] =
            [b"\\", b"x", b"E9", b"\xE9", b"\xFF", b"\xC3\xA9", b"\xED\xA0\x80", b"\\xE9"];
        let mut found = std::collections::BTreeMap::new();
        for number in 0..8usize.pow(4) {
            let bytes: Vec<u8> =
                (0..4).flat_map(|place| parts[number / 8usize.pow(place) % 8]).copied().collect();
            let path = Path::new(std::ffi::OsStr::from_bytes(&bytes)).to_owned();
            let name = name_of(&path);
            assert_eq!(path_of(&name), path, "{name}");
            let before = found.insert(name, path.clone());
            assert!(before.is_none_or(|before| before == path), "{path:?}");
        }
    }

    #[test]
    fn halves_of_pairs_have_three_bytes() {
        for (units, bytes) in [
            (&[0x61, 0xD800][..], &b"a\xED\xA0\x80"[..]),
            (&[0xDFFF, 0xE9], b"\xED\xBF\xBF\xC3\xA9"),
            (&[0xD83D, 0xDE00, 0xDABC], b"\xF0\x9F\x98\x80\xED\xAA\xBC"),
        ] {
            assert_eq!(bytes_of_units(units.iter().copied()), bytes);
            assert_eq!(units_of_bytes(bytes).unwrap(), units);
        }
        assert_eq!(units_of_bytes(b"\xFF"), None);
    }
}
