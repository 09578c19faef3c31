use candle_core::{D, DType, Tensor, Var};
use serde::{Deserialize, Serialize};

use super::model::{DaClip, means};
use crate::deep::clip_text::Tap;
use crate::deep::{on_host, single};
use crate::{Error, Result};

/// Which form of AttCAT explains a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttCat {
    /// Inputs of the blocks, and attention as the mean over heads and queries: the published code.
    #[default]
    Inputs,
    /// Inputs of the blocks, and the attention of the end token, which is what is pooled.
    EndRow,
    /// Outputs of the blocks.
    Outputs,
    /// Inputs of the blocks without attention.
    WithoutAttention,
}

/// What the tokens of one sentence do to the score of the text branch.
#[derive(Debug, Clone, PartialEq)]
pub struct Impact {
    /// Signed impact of each token up to and with the end token.
    pub tokens: Vec<f64>,
    /// Its parts, one row per block.
    pub layers: Vec<Vec<f64>>,
}

/// An explanation of the text branch.
#[derive(Debug, Clone, PartialEq)]
pub struct TextExplanation {
    /// Score of the mean of the sentences.
    pub score: f64,
    /// One for each sentence; gradients carry one over the number of sentences.
    pub sentences: Vec<Impact>,
}

/// What the tokens of one block of the visual tower do to the score.
#[derive(Debug, Clone)]
pub struct BlockMap {
    /// Stage, counted from 0.
    pub stage: usize,
    /// Block in the stage, counted from 0.
    pub block: usize,
    /// Signed impact, `[frames, rows, columns]` of the stage's grid, on the CPU.
    pub map: Tensor,
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

/// Order of tokens when the most relevant ones are asked for. The paper does not say which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ranking {
    /// By size: in a regression both signs matter.
    #[default]
    Absolute,
    /// The largest positive impact first.
    Signed,
}

/// Positions of the `share` of tokens with the most impact, and of those with the least; at least one each.
///
/// ```
/// use dream_models::deep::da_clip::{Ranking, most_relevant};
///
/// let (most, least) = most_relevant(&[0.1, -3.0, 0.0, 2.0], 0.25, Ranking::Absolute)?;
/// assert_eq!((most, least), (vec![1], vec![2]));
/// # Ok::<(), dream_models::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::InvalidConfig`] for a share outside 0 to 1, [`Error::NonFinite`].
pub fn most_relevant(impact: &[f64], share: f64, ranking: Ranking) -> Result<(Vec<usize>, Vec<usize>)> {
    if !(share > 0.0 && share <= 1.0) {
        return Err(Error::InvalidConfig { field: "share", value: share, expected: "above 0, at most 1" });
    }
    if let Some(&value) = impact.iter().find(|value| !value.is_finite()) {
        return Err(Error::NonFinite { name: "impact".to_owned(), value });
    }
    let key = |i: &usize| {
        let value = impact.get(*i).copied().unwrap_or(0.0);
        if ranking == Ranking::Absolute { value.abs() } else { value }
    };
    let mut order: Vec<usize> = (0..impact.len()).collect();
    order.sort_by(|a, b| key(b).total_cmp(&key(a)));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the length")]
    let count = ((impact.len() as f64 * share).round() as usize).max(1).min(impact.len());
    let least = order.iter().rev().take(count).copied().collect();
    order.truncate(count);
    Ok((order, least))
}

impl DaClip {
    /// Explains the score of the text branch by the tokens of the sentences of one video, `[sentences, tokens]`.
    ///
    /// Impacts are signed and not scaled: the sum over blocks of attention times hidden state times gradient.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] as [`embed_text`](Self::embed_text).
    ///
    /// # Reference
    ///
    /// Qiang et al., "`AttCAT`: Explaining Transformers via Attentive Class Activation Tokens", NeurIPS 2022.
    pub fn explain_text(&self, ids: &Tensor, form: AttCat) -> Result<TextExplanation> {
        let tower = self.tower()?;
        let ends = tower.ends(ids)?;
        let mut probe = Probe::default();
        let sentences = tower.forward_tapped(&tower.embed(ids)?, &ends, &mut probe)?;
        let sentences = sentences.to_dtype(single(sentences.dtype()))?;
        let score = self.regress(&means(&[ends.len()], &sentences)?)?;
        let store = score.sum_all()?.backward()?;
        let shift = usize::from(form == AttCat::Outputs);
        let states = probe.states.iter().skip(shift);
        let mut layers = Vec::with_capacity(probe.attentions.len());
        for ((state, zero), attention) in states.zip(&probe.attentions) {
            let contribution = contribution(state, store.get(zero))?.to_vec2::<f64>()?;
            let attention = on_host(&attention.mean(1)?)?.to_vec3::<f64>()?;
            layers.push((contribution, attention));
        }
        let impact = |(sentence, &end): (usize, &usize)| {
            let layer = |(contribution, attention): &(Vec<Vec<f64>>, Vec<Vec<Vec<f64>>>)| -> Vec<f64> {
                let contribution = contribution.get(sentence).into_iter().flatten().take(end + 1);
                let rows: &[Vec<f64>] = attention.get(sentence).map_or(&[], Vec::as_slice);
                let seen = |token: usize| weight(rows, token, end, form);
                contribution.enumerate().map(|(token, c)| c * seen(token)).collect()
            };
            let layers: Vec<Vec<f64>> = layers.iter().map(layer).collect();
            let tokens = (0..=end).map(|i| layers.iter().filter_map(|layer| layer.get(i)).sum()).collect();
            Impact { tokens, layers }
        };
        let sentences = ends.iter().enumerate().map(impact).collect();
        Ok(TextExplanation { score: scalar(&score)?, sentences })
    }

    /// Explains the score of a video, `[frames, 3, height, width]`, by places in its frames.
    ///
    /// As for texts, within the windows of the tower. No attention relates windows to each other, so the map is a sum of
    /// local terms.
    ///
    /// # Errors
    ///
    /// [`Error::Tensor`] for frames of another size than the configuration's.
    ///
    /// # Reference
    ///
    /// Qiang et al., "`AttCAT`: Explaining Transformers via Attentive Class Activation Tokens", NeurIPS 2022.
    pub fn explain_video(&self, frames: &Tensor) -> Result<VideoExplanation> {
        let mut states = Vec::new();
        let features = self.visual.forward_probed(&self.ready(frames)?, &mut |stage, block, x| {
            let zero = Var::zeros(x.shape(), x.dtype(), x.device())?;
            let entered = (x + zero.as_tensor())?;
            states.push((stage, block, x.clone(), zero));
            Ok(entered)
        })?;
        let features = features.to_dtype(single(features.dtype()))?;
        let score = self.regress(&self.pool(&features.unsqueeze(0)?)?)?;
        let store = score.sum_all()?.backward()?;
        let (mut blocks, mut total) = (Vec::with_capacity(states.len()), None::<Tensor>);
        for (stage, block, state, zero) in &states {
            let contribution = contribution(state, store.get(zero))?.to_dtype(DType::F32)?;
            let seen = self.visual.attention_received(*stage, *block, &state.detach())?;
            let map = (contribution * on_host(&seen)?.to_dtype(DType::F32)?)?;
            let sum = match total {
                // The grid of the first block is the finest.
                None => map.clone(),
                Some(sum) => {
                    let (_, rows, columns) = sum.dims3()?;
                    let fine = map.unsqueeze(1)?.upsample_nearest2d(rows, columns)?.squeeze(1)?;
                    (sum + fine)?
                }
            };
            total = Some(sum);
            blocks.push(BlockMap { stage: *stage, block: *block, map });
        }
        let reason =
            || Error::InvalidInput { argument: "frames", reason: "the tower has no block".to_owned() };
        Ok(VideoExplanation { score: scalar(&score)?, blocks, total: total.ok_or_else(reason)? })
    }
}

/// What token `token` gets from the attention of one sentence.
fn weight(rows: &[Vec<f64>], token: usize, end: usize, form: AttCat) -> f64 {
    let column = |row: &Vec<f64>| row.get(token).copied().unwrap_or(0.0);
    match form {
        AttCat::WithoutAttention => 1.0,
        AttCat::EndRow => rows.get(end).map_or(0.0, column),
        AttCat::Inputs | AttCat::Outputs => {
            rows.iter().take(end + 1).map(column).sum::<f64>() / (end + 1) as f64
        }
    }
}

/// Sum over features of state times gradient.
fn contribution(state: &Tensor, gradient: Option<&Tensor>) -> Result<Tensor> {
    let state = on_host(state)?;
    Ok(match gradient {
        Some(gradient) => (state * on_host(gradient)?)?.sum(D::Minus1)?,
        // Nothing depends on it: the input of a last block whose tokens are not pooled, for one.
        None => state.zeros_like()?.sum(D::Minus1)?,
    })
}

fn scalar(score: &Tensor) -> Result<f64> {
    Ok(on_host(&score.sum_all()?)?.to_scalar()?)
}

/// Keeps hidden states with a zero added to each, whose gradient is theirs: candle keeps gradients of variables only.
#[derive(Default)]
struct Probe {
    states: Vec<(Tensor, Var)>,
    attentions: Vec<Tensor>,
}

impl Tap for Probe {
    fn input(&mut self, _: usize, x: &Tensor) -> candle_core::Result<Tensor> {
        let zero = Var::zeros(x.shape(), x.dtype(), x.device())?;
        let entered = (x + zero.as_tensor())?;
        self.states.push((x.clone(), zero));
        Ok(entered)
    }

    fn output(&mut self, x: &Tensor) -> candle_core::Result<Tensor> {
        self.input(0, x)
    }

    fn attention(&mut self, _: usize, weights: &Tensor) -> candle_core::Result<()> {
        self.attentions.push(weights.detach());
        Ok(())
    }
}
