//! Colour conversions. Each exists in several definitions, and confusing them changes the features. The function name
//! says which definition it uses.

mod frame_rgb;
mod lab;
mod lab8;
mod lms;
mod luma;
mod pack;
mod ycbcr;

pub use frame_rgb::RgbRows;
pub use lab::lab_from_rgb;
pub use lab8::Lab8;
pub(crate) use lms::ShortWave;
pub use lms::lms_cat02;
pub(crate) use luma::{GrayRows, gray_of};
pub use luma::{gray_matlab, luma_bt601_full, luma_bt601_studio};
pub use pack::pack_rgb8;
pub use ycbcr::{rgb_from_ycbcr, rgb8_from_ycbcr, ycbcr8_from_rgb};
