#![doc = include_str!("../README.md")]
//!
//! ## Where to start
//!
//! [`VideoFeatures::start`] and [`ImageFeatures::extract`] are what every extractor has; [`Frame`] is what they take and
//! [`FeatureVector`] what they give, with its [`Recipe`]. [`Pooled`] makes a video extractor of one for images, [`Concat`]
//! one of several. [`LumaRows`] and [`color::RgbRows`] are for extractors of your own.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]
#![cfg_attr(
    test,
    allow(clippy::float_cmp, clippy::cast_possible_wrap, clippy::cast_possible_truncation, reason = "tests")
)]

mod brisque;
pub mod color;
mod concat;
pub mod dct;
mod error;
mod extract;
pub mod filter;
mod frame;
mod gm_log;
mod higrade;
mod intake;
mod layout;
mod math;
mod niqe;
pub mod nss;
mod par;
mod plane;
mod pool;
pub mod pyramid;
pub mod rapique;
mod recipe;
pub mod resize;
mod rows;
mod shared;
mod simd;
mod spec;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tlvqm;
pub mod v_bliinds;
mod videval;
pub mod videval60;
mod view;
mod workspace;
mod yuv;

pub use brisque::Brisque;
pub use concat::Concat;
pub use error::{Error, Result};
pub use extract::{ImageFeatures, VideoFeatures, VideoSession};
pub use frame::Frame;
pub use gm_log::{GmLog, JointHistogram};
pub use higrade::Higrade;
pub use intake::{Channels, Intake};
pub use layout::{FeatureLayout, FeatureVector};
pub use niqe::Niqe;
pub use plane::Plane;
pub use pool::{Pooled, Pooling, Sampling, Statistic};
pub use recipe::{Difference, Recipe};
pub use rows::{LumaCodes, LumaRows};
pub use simd::instruction_set;
pub use spec::VideoSpec;
pub use videval::videval;
pub use view::{
    BiplanarView, CodeScale, Luma16View, LumaView, Packed422View, PackedRgbView, RgbView, Yuv420View,
    Yuv422View, Yuv444View,
};
pub use workspace::Workspace;
