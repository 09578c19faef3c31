use candle_core::{Tensor, Var};

use super::explain::{VideoExplanation, scalar};
use super::model::DaClip;
use crate::deep::explain::attcat::Probe;
use crate::deep::numeric::single;
use crate::{Error, Result};

impl DaClip {
    /// As [`explain_video`](Self::explain_video), for one frame of the video, `[1, 3, height, width]`, with the memory of one
    /// frame. `features` are those of all frames, `[frames, features]`, as [`frame_features`](Self::frame_features) gives
    /// them, and `position` is that of the frame among them.
    ///
    /// The score depends on the frame through its features, so the gradient of the score at the features is all that this
    /// frame has to know of the others. The map is that of [`explain_video`](Self::explain_video) but for rounding.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for a position beyond the frames; [`Error::Tensor`] for frames of another size than the
    /// configuration's, more of them than one, and features of another width.
    pub fn explain_frame(
        &self,
        frame: &Tensor,
        features: &Tensor,
        position: usize,
    ) -> Result<VideoExplanation> {
        let (frames, _) = features.dims2()?;
        if position >= frames {
            let reason = format!("frame {position}, counted from 0, of {frames}");
            return Err(Error::InvalidInput { argument: "position", reason });
        }
        let features = Var::from_tensor(&self.ready(features)?.to_dtype(single(self.dtype()))?)?;
        let score = self.regress(&self.pool(&features.unsqueeze(0)?)?)?;
        let slopes = score.sum_all()?.backward()?;
        let slope = match slopes.get(&features) {
            Some(slopes) => slopes.narrow(0, position, 1)?.detach(),
            None => features.narrow(0, position, 1)?.zeros_like()?,
        };
        let mut probe = Probe::default();
        let own = self.visual.forward_tapped(&self.ready(frame)?, &mut probe)?;
        let own = own.to_dtype(single(own.dtype()))?;
        let store = (own * slope)?.sum_all()?.backward()?;
        let received = |stage, block, entered: &Tensor| self.visual.attention_received(stage, block, entered);
        let (blocks, total) = probe.maps(&store, received)?;
        Ok(VideoExplanation { score: scalar(&score)?, blocks, total })
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::deep::methods::da_clip::Config;
    use crate::deep::train::Params;

    #[test]
    fn a_frame_alone_has_the_map_that_it_has_in_the_video() {
        let params = Params::seeded(5, DType::F32, &Device::Cpu);
        let model = DaClip::new(&Config::default(), &params.builder()).unwrap();
        let values: Vec<f32> = (0u32..3 * 3 * 64 * 64)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 20) as f32 / 2048.0 - 1.0)
            .collect();
        let frames = Tensor::from_vec(values, (3, 3, 64, 64), &Device::Cpu).unwrap();
        let whole = model.explain_video(&frames).unwrap();
        let features = model.frame_features(&frames).unwrap();
        let numbers = |map: &Tensor| map.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for position in 0..3 {
            let frame = frames.narrow(0, position, 1).unwrap();
            let alone = model.explain_frame(&frame, &features, position).unwrap();
            assert!((alone.score - whole.score).abs() < 1e-5);
            let expected = numbers(&whole.total.get(position).unwrap());
            let largest = expected.iter().fold(0f32, |most, value| most.max(value.abs()));
            assert!(largest > 0.0);
            for (found, expected) in numbers(&alone.total).iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 1e-4 * largest,
                    "{position}: {found} {expected} of {largest}"
                );
            }
            assert_eq!(alone.blocks.len(), whole.blocks.len());
        }
        let beyond = model.explain_frame(&frames.narrow(0, 0, 1).unwrap(), &features, 3);
        assert!(matches!(beyond, Err(Error::InvalidInput { argument: "position", .. })));
    }
}
