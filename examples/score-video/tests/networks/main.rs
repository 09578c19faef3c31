//! Networks: tiny ones of random weights, in checkpoints that say what they look at.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    unreachable_pub,
    reason = "tests"
)]

#[path = "../common/mod.rs"]
mod common;

mod blend;
mod checkpoints;
mod inputs;
mod real_tower;
mod scores;
mod versions;

use std::collections::BTreeMap;
use std::fs;

use dream_data::{OpenOptions, Pixels};
use dream_models::deep::backbones::swin_v2;
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::checkpoint::{Checkpoint, Contents};
use dream_models::deep::input::Input;
use dream_models::deep::methods::{da_clip, opdai};
use dream_models::deep::train::Params;

/// A folder of checkpoints and clips.
struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// A checkpoint of a DA-CLIP without text tower.
    fn da_clip(&self, name: &str, input: &Input) -> String {
        self.save(name, da_clip::KIND, da_clip_config(), input, &da_clip_tensors(&da_clip_config()))
    }

    fn opdai(&self, name: &str, input: &Input) -> String {
        let config = swin_v2::Config::default();
        let params = Params::seeded(1, DType::F32, &Device::Cpu);
        opdai::Opdai::new(&config, &params.builder()).unwrap();
        self.save(name, opdai::KIND, config, input, &params.tensors().unwrap())
    }

    fn save(
        &self,
        name: &str,
        kind: &str,
        config: impl serde::Serialize,
        input: &Input,
        tensors: &BTreeMap<String, Tensor>,
    ) -> String {
        let (kind, input) = (kind.to_owned(), Some(input.clone()));
        let contents = Contents { kind, config, input, provenance: "random weights of a test" };
        Checkpoint::save(self.path(name), &contents, tensors).unwrap();
        self.path(name)
    }

    /// A folder of frames: the portrait of the demonstration, moved by two pixels a frame. Of every `step`-th frame.
    fn portrait(&self, name: &str, frames: usize, step: usize) -> String {
        let asset = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/portrait.png");
        let mut asset = dream_data::open(asset, &OpenOptions::default()).unwrap();
        let Pixels::Rgb(whole) = asset.next_frame().unwrap().unwrap().pixels() else { panic!("no RGB") };
        fs::create_dir(self.path(name)).unwrap();
        for t in (0..frames).step_by(step) {
            let rows = (t..t + 320).flat_map(|y| &whole.data[y * whole.stride + 6 * t..][..960]).copied();
            let file = fs::File::create(self.path(&format!("{name}/{t:03}.png"))).unwrap();
            let mut encoder = png::Encoder::new(file, 320, 320);
            encoder.set_color(png::ColorType::Rgb);
            encoder.write_header().unwrap().write_image_data(&rows.collect::<Vec<_>>()).unwrap();
        }
        self.path(name)
    }

    /// A y4m file without a face, whose brightness grows to the right.
    fn wall(&self, frames: usize) -> String {
        let mut bytes = b"YUV4MPEG2 W96 H64 F10:1 Ip A1:1 C420jpeg\n".to_vec();
        for t in 0..frames {
            bytes.extend_from_slice(b"FRAME\n");
            bytes.extend((0..96 * 64).map(|i| (60 + i % 96 + (i + t) % 7) as u8));
            bytes.extend((0..96 * 64 / 2).map(|i| (90 + i % 48) as u8));
        }
        fs::write(self.path("wall.y4m"), bytes).unwrap();
        self.path("wall.y4m")
    }
}

fn da_clip_config() -> da_clip::Config {
    da_clip::Config { text: None, ..da_clip::Config::default() }
}

fn da_clip_tensors(config: &da_clip::Config) -> BTreeMap<String, Tensor> {
    let params = Params::seeded(1, DType::F32, &Device::Cpu);
    da_clip::DaClip::new(config, &params.builder()).unwrap();
    params.tensors().unwrap()
}

/// What DA-CLIP looks at in its paper, at the size of the tiny network.
fn usual() -> Input {
    da_clip_config().input()
}
