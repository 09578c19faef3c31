use candle_core::{DType, Device, Tensor};

use super::head::Head;
use super::tower::{Agreement, Tower};
use crate::deep::checkpoint::TensorFile;
use crate::deep::features::PatchFeatures;
use crate::deep::input::Input;
use crate::deep::network::{FrameEncoder, VideoNetwork};
use crate::deep::numeric::on_host;
use crate::deep::pretrained;
use crate::regression::Familiarity;
use crate::{Error, Result};

/// Traces of a pasted face, by a [`Head`] on the patch tokens of a tower that others have published.
///
/// The result is a logit: no grade, no scale with ends, and no verdict. Its level depends on the recording (camera,
/// compression, size of the face), so it ranks versions of one recording and little else.
///
/// On the CPU a frame has the same bits in any batch and with any number of threads.
///
/// # Reference
///
/// The pseudo-fakes that the head learns from follow the idea of K. Shiohara and T. Yamasaki, "Detecting Deepfakes with
/// Self-Blended Images", CVPR 2022; the tower is that of A. Radford et al., "Learning Transferable Visual Models From
/// Natural Language Supervision", ICML 2021.
#[derive(Debug, Clone)]
pub struct FaceBlend {
    features: PatchFeatures,
    head: Head,
    found: Tower,
    agreement: Agreement,
}

/// What the head says about the frames of a video.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// Mean of the traces of the frames: a logit, larger for more traces of a pasted face.
    pub traces: f64,
    /// Share of held-out untouched portraits with fewer traces, 0 to 100: see [`Head::percentile`].
    pub percentile: f64,
    /// Traces of each frame.
    pub frames: Vec<f64>,
    /// Mean distance of the frames from portraits: see [`Head::familiarity`].
    pub familiarity: Familiarity,
}

impl FaceBlend {
    /// The blocks of the tower that the head needs, out of a file under any publisher's names, computing in `dtype` on
    /// `device`.
    ///
    /// # Errors
    ///
    /// [`Error::TensorMismatch`] for a file of another network, [`Error::InvalidModel`] for another model of the same
    /// sizes, and those of [`pretrained::clip_vit`].
    pub fn new(file: &TensorFile, head: Head, dtype: DType, device: &Device) -> Result<Self> {
        let (config, wanted) = (head.config(), &head.parts().tower);
        let tensors = pretrained::clip_vit(file, &config)?.tensors;
        let found = Tower::of(&wanted.name, &wanted.config, &tensors)?;
        let agreement = wanted.compare(&found)?;
        let input = head.parts().input.clone();
        let features = PatchFeatures::new(tensors, &config, input, dtype, device)?;
        Ok(Self { features, head, found, agreement })
    }

    /// The head.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The tower of the file.
    #[must_use]
    pub fn tower(&self) -> &Tower {
        &self.found
    }

    /// How the tower of the file agrees with the one that the head was fitted on.
    #[must_use]
    pub fn agreement(&self) -> Agreement {
        self.agreement
    }

    /// Traces of frames from what [`encode`](FrameEncoder::encode) made of them, `[frames, width]`.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`] for another shape, and those of [`Head::traces`].
    pub fn frame_traces(&self, encoded: &Tensor) -> Result<Vec<f64>> {
        rows(encoded)?.iter().map(|features| self.head.traces(features)).collect()
    }

    /// What the head says about a video, from what [`encode`](FrameEncoder::encode) made of its frames, `[frames, width]`.
    ///
    /// # Errors
    ///
    /// As [`frame_traces`](Self::frame_traces), and [`Error::InvalidInput`] for no frame.
    pub fn read(&self, encoded: &Tensor) -> Result<Reading> {
        let rows = rows(encoded)?;
        let frames = rows.iter().map(|features| self.head.traces(features)).collect::<Result<Vec<f64>>>()?;
        let distances = rows.iter().map(|features| Ok(self.head.familiarity(features)?.distance));
        let distance = mean(&distances.collect::<Result<Vec<f64>>>()?)?;
        let traces = mean(&frames)?;
        let limit = self.head.parts().familiarity.limit;
        Ok(Reading {
            traces,
            percentile: self.head.percentile(traces),
            frames,
            familiarity: Familiarity { distance, limit, missing: 0, most_missing: 0 },
        })
    }
}

impl FrameEncoder for FaceBlend {
    fn input(&self) -> &Input {
        self.features.input()
    }

    fn width(&self) -> usize {
        self.features.width()
    }

    /// The mean of the patch tokens after the block of the head, `[n, width]`.
    fn encode(&self, frames: &Tensor) -> Result<Tensor> {
        self.features.encode(frames)
    }
}

impl VideoNetwork for FaceBlend {
    /// Mean traces. They have no gradient.
    fn score(&self, encoded: &Tensor) -> Result<Tensor> {
        let videos = 0..encoded.dim(0)?;
        let traces = videos.map(|video| mean(&self.frame_traces(&encoded.get(video)?)?));
        #[expect(clippy::cast_possible_truncation, reason = "the trait has single precision")]
        let traces = traces.map(|traces| Ok(traces? as f32)).collect::<Result<Vec<f32>>>()?;
        Ok(Tensor::new(traces, encoded.device())?)
    }

    fn represent(&self, _: &Tensor) -> Result<Option<Tensor>> {
        Ok(None)
    }
}

fn rows(encoded: &Tensor) -> Result<Vec<Vec<f64>>> {
    Ok(on_host(encoded)?.to_vec2::<f64>()?)
}

/// In the order of the frames.
fn mean(values: &[f64]) -> Result<f64> {
    if values.is_empty() {
        let reason = "there is no frame: a video has at least one".to_owned();
        return Err(Error::InvalidInput { argument: "encoded", reason });
    }
    Ok(values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64)
}
