use candle_core::Tensor;

use super::model::{DaClip, means};
use crate::Result;
use crate::deep::explain::attcat::{AttCat, BlockMap, Impact, Probe};
use crate::deep::numeric::{on_host, single};

/// An explanation of the text branch.
#[derive(Debug, Clone, PartialEq)]
pub struct TextExplanation {
    /// Score of the mean of the sentences.
    pub score: f64,
    /// One for each sentence; gradients carry one over the number of sentences.
    pub sentences: Vec<Impact>,
}

/// An explanation of the visual branch.
#[derive(Debug, Clone)]
pub struct VideoExplanation {
    /// Score of the video.
    pub score: f64,
    /// Every block's part, on its own grid.
    pub blocks: Vec<BlockMap>,
    /// Their sum on the grid of the first stage, `[frames, rows, columns]`, on the CPU.
    pub total: Tensor,
}

impl DaClip {
    /// Explains the score of the text branch by the tokens of the sentences of one video, `[sentences, tokens]`.
    ///
    /// Impacts are signed and not scaled: the sum over blocks of attention times hidden state times gradient.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) as [`embed_text`](Self::embed_text).
    ///
    /// # Reference
    ///
    /// Qiang et al., "`AttCAT`: Explaining Transformers via Attentive Class Activation Tokens", NeurIPS 2022.
    pub fn explain_text(&self, ids: &Tensor, form: AttCat) -> Result<TextExplanation> {
        let tower = self.tower()?;
        let ends = tower.ends(ids)?;
        let mut probe = Probe::default();
        let sentences = tower.forward_tapped(ids, &mut probe)?;
        let sentences = sentences.to_dtype(single(sentences.dtype()))?;
        let score = self.regress(&means(&[ends.len()], &sentences)?)?;
        let store = score.sum_all()?.backward()?;
        Ok(TextExplanation { score: scalar(&score)?, sentences: probe.impacts(&store, &ends, form)? })
    }

    /// Explains the score of a video, `[frames, 3, height, width]`, by places in its frames.
    ///
    /// As for texts, within the windows of the tower. No attention relates windows to each other, so the map is a sum of
    /// local terms.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`](crate::Error::Tensor) for frames of another size than the configuration's.
    ///
    /// # Reference
    ///
    /// Qiang et al., "`AttCAT`: Explaining Transformers via Attentive Class Activation Tokens", NeurIPS 2022.
    pub fn explain_video(&self, frames: &Tensor) -> Result<VideoExplanation> {
        let mut probe = Probe::default();
        let features = self.visual.forward_tapped(&self.ready(frames)?, &mut probe)?;
        let features = features.to_dtype(single(features.dtype()))?;
        let score = self.regress(&self.pool(&features.unsqueeze(0)?)?)?;
        let store = score.sum_all()?.backward()?;
        let received = |stage, block, entered: &Tensor| self.visual.attention_received(stage, block, entered);
        let (blocks, total) = probe.maps(&store, received)?;
        Ok(VideoExplanation { score: scalar(&score)?, blocks, total })
    }
}

pub(super) fn scalar(score: &Tensor) -> Result<f64> {
    Ok(on_host(&score.sum_all()?)?.to_scalar()?)
}
