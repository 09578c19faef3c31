//! Finds the programs `ffmpeg` and `ffprobe`.

use super::child::{self, Limits};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Names a folder with both programs, instead of the path. If they are not in it, there are none.
const VARIABLE: &str = "DREAM_FFMPEG";

/// Both programs, from one folder.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub(super) ffmpeg: PathBuf,
    pub(super) ffprobe: PathBuf,
    /// Before FFmpeg 5.1.
    pub(super) old: bool,
    /// The line in which the first one states its version.
    pub(super) version: String,
}

impl Programs {
    /// The programs of this machine, looked for once per process. They are asked for their version, so programs that do
    /// not start are none.
    pub(super) fn installed() -> Option<&'static Self> {
        static FOUND: OnceLock<Option<Programs>> = OnceLock::new();
        FOUND.get_or_init(|| candidates().iter().find_map(|folder| Self::in_folder(folder))).as_ref()
    }

    /// Both programs in `folder`, if they are there and the first one tells its version.
    pub(super) fn in_folder(folder: &Path) -> Option<Self> {
        let program = |name: &str| {
            let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            (path.is_absolute() && is_executable(&path)).then_some(path)
        };
        let (ffmpeg, ffprobe) = (program("ffmpeg")?, program("ffprobe")?);
        let mut asked = command(&ffmpeg);
        asked.arg("-version");
        let said = child::capture(asked, &Limits::default()).ok().filter(|said| said.status.success())?;
        let text = String::from_utf8_lossy(&said.output);
        let numbers = utilities_version(&text).filter(|_| text.starts_with("ffmpeg version "))?;
        // FFmpeg 4.2: versions before it do not tell corrupt frames.
        if numbers < (56, 31) {
            return None;
        }
        let version = text.lines().next().unwrap_or_default().trim().to_owned();
        Some(Self { ffmpeg, ffprobe, old: numbers < (57, 28), version })
    }
}

/// Folders to look in. Relative entries of the path and the empty one, which mean the current folder, are left out.
fn candidates() -> Vec<PathBuf> {
    if let Some(folder) = std::env::var_os(VARIABLE) {
        return std::path::absolute(folder).into_iter().collect();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect()
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Major and minor version of the library that has the same number in every build: `libavutil 57. 28.100 / ...`.
fn utilities_version(text: &str) -> Option<(u32, u32)> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("libavutil"))?;
    let mut numbers = line.split('.').map(|number| number.trim().parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// A program that reads nothing but the files named to it: no input, no settings from outside, no colours in messages.
pub(super) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env_remove("FFREPORT").env_remove("AV_LOG_FORCE_COLOR").env_remove("AV_LOG_FORCE_256COLOR");
    command.env("AV_LOG_FORCE_NOCOLOR", "1");
    command
}

/// The file name for FFmpeg: with a protocol, so that a dash in front or a colon inside keep their meaning.
pub(super) fn address(path: &Path) -> OsString {
    let mut address = OsString::from("file:");
    address.push(path);
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let text =
            "ffmpeg version n7.1\nbuilt with\nlibavutil      57. 28.100 / 57. 28.100\nlibavcodec 1.2.3";
        assert_eq!(utilities_version(text), Some((57, 28)));
        assert_eq!(utilities_version("  libavutil 60.1.2"), Some((60, 1)));
        assert_eq!(utilities_version("libavutil x"), None);
        assert_eq!(utilities_version(""), None);
    }

    #[test]
    fn names_keep_their_meaning() {
        assert_eq!(address(Path::new("-i:x.mp4")), "file:-i:x.mp4");
    }
}
