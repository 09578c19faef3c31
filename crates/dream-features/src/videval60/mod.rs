//! VIDEVAL: the 60 features that its authors selected.
//!
//! Every second frame gives 50 values from BRISQUE, GM-LOG, HIGRADE, FRIQUEE and TLVQM. One frame per second gives six
//! more.
//!
//! # Reference
//! Tu, Wang, Birkbeck, Adsumilli, Bovik, "UGC-VQA: Benchmarking blind video quality assessment for user generated
//! content", IEEE Transactions on Image Processing 30, 2021; its release for MATLAB.

mod chroma;
mod extractor;
mod frame;
mod gradient;
mod luma;
mod map;
mod names;
mod session;

pub use extractor::Videval60;
pub use session::{Trace, Videval60Session};
