//! Frames that consist of two fields of different times.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Which field of an interlaced frame comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldOrder {
    /// The rows 0, 2, 4, ... are the earlier ones.
    TopFirst,
    /// The rows 1, 3, 5, ... are the earlier ones.
    BottomFirst,
    /// The file states that frames are interlaced, and not which field comes first, or it differs between frames.
    Unknown,
}

/// What is done about interlaced video. Its text is `weave`, `deinterlace` or `refuse`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Interlaced {
    /// Both fields are one picture, as stored. Where things move, it has combs.
    #[default]
    Weave,
    /// The first field is kept, and every row of the second becomes the mean of the rows above and below it.
    Deinterlace,
    /// Such a video does not open.
    Refuse,
}

impl FromStr for Interlaced {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "weave" => Ok(Self::Weave),
            "deinterlace" => Ok(Self::Deinterlace),
            "refuse" => Ok(Self::Refuse),
            _ => {
                let reason = format!("`{text}` is none of weave, deinterlace, refuse");
                Err(Error::option("interlaced", reason))
            }
        }
    }
}

impl fmt::Display for Interlaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Weave => "weave",
            Self::Deinterlace => "deinterlace",
            Self::Refuse => "refuse",
        })
    }
}
