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
