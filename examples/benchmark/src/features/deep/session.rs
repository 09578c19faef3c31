//! One video.

use std::sync::Arc;

use anyhow::{Result, ensure};
use dream_data::{Sampler, Sampling};
use dream_features::color::pack_rgb8;
use dream_features::{Frame, VideoSpec};
use dream_models::deep::candle_core::{Device, Tensor};
use dream_models::deep::features::{Warning, over_video};
use dream_models::deep::network::FrameEncoder;
use dream_models::preprocess::ImageView;

/// A video whose frames a network looks at.
pub(crate) struct DeepSession {
    encoder: Arc<dyn FrameEncoder>,
    sampler: Sampler,
    /// Number of the next frame, and whether it is taken.
    next: u64,
    taken: bool,
    /// The first frame, in case that the video ends before another is taken.
    spare: Option<Tensor>,
    rgb: Vec<u8>,
    features: Vec<Tensor>,
}

impl DeepSession {
    pub(super) fn new(encoder: Arc<dyn FrameEncoder>, spec: VideoSpec) -> Result<Self> {
        let plan: Sampling = encoder.input().frames.to_string().parse()?;
        let mut sampler = plan.sampler_at(None, spec.frames_per_second)?;
        let taken = sampler.wants(0, 0.0);
        Ok(Self { encoder, sampler, next: 0, taken, spare: None, rgb: Vec::new(), features: Vec::new() })
    }

    pub(crate) fn wants_next(&self) -> bool {
        self.taken || (self.next == 0 && self.sampler.needs_stand_in())
    }

    pub(crate) fn skip(&mut self) {
        self.next += 1;
        self.taken = self.sampler.wants(self.next, 0.0);
    }

    pub(crate) fn push(&mut self, frame: &Frame<'_>) -> Result<()> {
        let (width, height) = frame.size();
        pack_rgb8(frame, &mut self.rgb);
        let pixels = &self.encoder.input().pixels;
        let mut planes = vec![0.0; pixels.len_of(width, height)];
        pixels.apply(&ImageView::rgb(&self.rgb, width, height)?, &mut planes)?;
        let (width, height) = pixels.output_size(width, height);
        let input = Tensor::from_vec(planes, (1, 3, height, width), &Device::Cpu)?;
        if self.taken {
            // Each for itself, so that numbers do not depend on how many are held.
            self.features.push(self.encoder.encode(&input)?);
            self.spare = None;
        } else {
            self.spare = Some(input);
        }
        self.skip();
        Ok(())
    }

    /// Means and deviations, the number of frames, and what their reader should know.
    pub(crate) fn finish(mut self) -> Result<(Vec<f64>, u64, Option<String>)> {
        let stood_in = self.spare.is_some();
        if let Some(input) = self.spare.take() {
            self.features.push(self.encoder.encode(&input)?);
        }
        ensure!(!self.features.is_empty(), "the video has no frame");
        let found = over_video(&Tensor::cat(&self.features, 0)?)?;
        let values = found.values.to_vec1::<f32>()?.into_iter().map(f64::from).collect();
        let warning = found.warning.as_ref().map(Warning::to_string);
        let short = "it is shorter than a stride, and its first frame stands for it; ";
        let warning = warning.map(|warning| if stood_in { format!("{short}{warning}") } else { warning });
        Ok((values, self.features.len() as u64, warning))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use dream_models::deep::candle_core::DType;
    use dream_models::deep::features::{FeatureSet, Preparation, SetConfig};
    use serde_json::Value;

    use super::*;

    fn resnet() -> Arc<dyn FrameEncoder> {
        let SetConfig { tower, input } = FeatureSet::ResNet50.small(Preparation::Published);
        tower.encoder(tower.seeded(5).unwrap(), input, DType::F32, &Device::Cpu).unwrap()
    }

    fn picture(number: usize) -> Vec<u8> {
        (0..40 * 33 * 3).map(|i| u8::try_from((i * (number + 3) / 5 + i % 40 * 6) % 256).unwrap()).collect()
    }

    fn encoded(encoder: &dyn FrameEncoder, numbers: &[usize]) -> Vec<f64> {
        let one = |number: &usize| {
            let levels = |c: usize| picture(*number).into_iter().skip(c).step_by(3).collect::<Vec<u8>>();
            let planes: Vec<f32> = (0..3).flat_map(levels).map(|level| f32::from(level) / 255.0).collect();
            encoder.encode(&Tensor::from_vec(planes, (1, 3, 33, 40), &Device::Cpu).unwrap()).unwrap()
        };
        let all = Tensor::cat(&numbers.iter().map(one).collect::<Vec<_>>(), 0).unwrap();
        let values = over_video(&all).unwrap().values.to_vec1::<f32>().unwrap();
        values.into_iter().map(f64::from).collect()
    }

    #[test]
    fn a_video_is_the_mean_and_deviation_of_the_last_frames_of_its_strides() {
        let encoder = resnet();
        for (frames, expected) in [(11, &[4, 9][..]), (5, &[4]), (4, &[0]), (1, &[0])] {
            let mut session = DeepSession::new(Arc::clone(&encoder), VideoSpec::new(40, 33, 30.0)).unwrap();
            for number in 0..frames {
                if session.wants_next() {
                    let picture = picture(number);
                    session.push(&Frame::rgb((&picture, 40, 33, 120)).unwrap()).unwrap();
                } else {
                    session.skip();
                }
            }
            let (values, count, warning) = session.finish().unwrap();
            assert_eq!(values, encoded(&*encoder, expected), "{frames} frames");
            assert_eq!(count, expected.len() as u64);
            assert_eq!(warning.is_some(), expected.len() == 1);
            assert_eq!(warning.is_some_and(|text| text.contains("shorter than a stride")), frames < 5);
        }
        let none = DeepSession::new(encoder, VideoSpec::new(40, 33, 30.0)).unwrap();
        assert!(none.finish().unwrap_err().to_string().contains("no frame"));
    }

    /// The frames that the published scripts take.
    #[test]
    fn frames_are_those_of_the_reference() {
        let here = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
        let root = std::env::var_os("DREAM_SHARED").map_or(here, PathBuf::from);
        let path = root.join("golden/models/preprocess/frame_sampling.json");
        let Ok(bytes) = std::fs::read(&path) else {
            assert!(std::env::var("DREAM_REQUIRE_SHARED").is_err(), "{} is missing", path.display());
            return;
        };
        let golden: Value = serde_json::from_slice(&bytes).unwrap();
        let cases = golden["feature_scripts"]["cases"].as_array().unwrap();
        assert!(cases.len() > 10);
        for case in cases {
            let number = |key: &str| case[key].as_f64().unwrap();
            let plan = Sampling::Strides { n: case["rate"].as_u64().unwrap() };
            let mut sampler = plan.sampler_at(None, number("fps")).unwrap();
            let frames = 0..case["frames"].as_u64().unwrap();
            let found: Vec<u64> = frames.filter(|&index| sampler.wants(index, 0.0)).collect();
            let expected = case["zero_based_frames"].as_array().unwrap();
            assert_eq!(found, expected.iter().map(|at| at.as_u64().unwrap()).collect::<Vec<_>>(), "{case}");
        }
    }
}
