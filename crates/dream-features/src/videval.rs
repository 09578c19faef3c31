//! VIDEVAL as the DREAM paper counts it: 705 features, five sets side by side.

use crate::brisque::Brisque;
use crate::concat::Concat;
use crate::error::Result;
use crate::gm_log::GmLog;
use crate::higrade::Higrade;
use crate::pool::{Pooled, Pooling};
use crate::tlvqm::Tlvqm;
use crate::v_bliinds::VBliinds;

/// The 705 features from which VIDEVAL's recipe selects: BRISQUE (72), GM-LOG (80), HIGRADE (432), TLVQM (75) and
/// V-BLIINDS (46), in this order, the first three with [`Pooling::feature_fusion`].
///
/// The paper gives the number but not the parts. These five are its other rows, and their sum is 705. The order only
/// matters for ties in a selection. All five process each frame once and share its half-size luma. V-BLIINDS reuses the
/// normalised coefficients of BRISQUE where both process the frame. (Only HIGRADE needs Lab.)
///
/// # Example
/// ```
/// use dream_features::{VideoFeatures, videval};
///
/// let extractor = videval()?;
/// assert_eq!(extractor.layout().len(), 705);
/// assert_eq!(extractor.layout().index("tlvqm.motion_intensity.mean"), Some(72 + 80 + 432));
/// # Ok::<(), dream_features::Error>(())
/// ```
/// # Errors
/// None in practice: the names of the five are distinct.
///
/// # Reference
/// Tu et al., "UGC-VQA: Benchmarking blind video quality assessment for user generated content", TIP 2021 (the recipe);
/// DREAM, arXiv 2510.10053, Table III (the number).
pub fn videval() -> Result<Concat> {
    let pooling = Pooling::feature_fusion();
    Concat::new(vec![
        Box::new(Pooled::new(Brisque::default(), pooling)?),
        Box::new(Pooled::new(GmLog, pooling)?),
        Box::new(Pooled::new(Higrade, pooling)?),
        Box::new(Tlvqm::default()),
        Box::new(VBliinds::default()),
    ])
}
