//! The tests of the crate from outside. One program, because every program of its own links all that is below it.

mod clips;
mod common;
mod contract;
mod foreign_extractor;
mod golden_brisque;
mod golden_gm_log;
mod golden_higrade;
mod golden_niqe;
mod golden_rapique;
mod golden_tlvqm;
mod golden_tlvqm_high;
mod golden_v_bliinds;
mod golden_videval60;
mod misuse;
mod pixels;
mod properties;
mod recipes;
mod sessions;
#[cfg(feature = "testing")]
mod testing;
