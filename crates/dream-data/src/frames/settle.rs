//! What a picture is: orientation, fields, range and layout, settled in one place for every reader.

use crate::error::{Error, Result};
use crate::frames::assumption::Assumption;
use crate::frames::color_range::ColorRange;
use crate::frames::filters::deinterlace::Deinterlaced;
use crate::frames::filters::range::Ranged;
use crate::frames::filters::rotate::Rotated;
use crate::frames::filters::watch::Watched;
use crate::frames::frame::Layout;
use crate::frames::interlaced::Interlaced;
use crate::frames::options::OpenOptions;
use crate::frames::rotation::Rotation;
use crate::frames::source::FrameSource;
use std::path::Path;

type Source = Box<dyn FrameSource>;

/// Puts the filters behind a reader that `options` ask for, and writes down what was assumed.
///
/// # Errors
/// [`Error::Assumed`] where assumptions are errors, [`Error::Unsupported`] for interlaced video that is refused, and as
/// [`Rotated::new`].
pub(super) fn settle(path: &Path, stored: Source, options: &OpenOptions) -> Result<Source> {
    let stated = stored.info().clone();
    let mut source = stored;
    let mut assumptions = stated.assumptions;
    if stated.fields.is_some() {
        match options.interlaced {
            Interlaced::Weave => {}
            Interlaced::Deinterlace => source = Box::new(Deinterlaced::new(source)),
            Interlaced::Refuse => {
                return Err(Error::unsupported(path, "interlaced video", "deinterlace it, or allow it"));
            }
        }
        assumptions.push(Assumption::Interlaced { treatment: options.interlaced });
    }
    if options.apply_rotation && stated.rotation != Rotation::None {
        source = Box::new(Rotated::new(source)?);
        assumptions.push(Assumption::Rotated { rotation: stated.rotation });
    }
    if stated.layout != Layout::Rgb {
        let ranged = Ranged::new(source, options.range);
        if ranged.info().range != stated.range {
            assumptions.push(Assumption::RangeConverted { from: stated.range });
        } else if (stated.range, options.range) == (ColorRange::Unknown, ColorRange::Limited) {
            assumptions.push(Assumption::RangeAssumed);
        }
        source = Box::new(ranged);
    }
    match stated.converted_from {
        Some(from) => assumptions.push(Assumption::Converted { from }),
        None if !stated.exact => assumptions.push(Assumption::Inexact),
        None => {}
    }
    let watched = Watched::new(source, assumptions, options.strict.then(|| path.to_owned()));
    watched.info().check_strict()?;
    Ok(Box::new(watched))
}
