//! `AttCAT`: attention times hidden state times gradient.
//!
//! # Reference
//!
//! Qiang et al., "`AttCAT`: Explaining Transformers via Attentive Class Activation Tokens", NeurIPS 2022.

use candle_core::backprop::GradStore;
use candle_core::{D, DType, Tensor, Var};
use serde::{Deserialize, Serialize};

use crate::deep::numeric::on_host;
use crate::deep::tap::{Point, Tap};
use crate::deep::text::clip::{Word, WordKind};
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

/// A part of a sentence: a word, or what stands between two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextPart<'a> {
    /// Its letters, as they were written.
    pub text: &'a str,
    /// The impact of a word; `None` for what is no word, and for what the tower does not read.
    pub impact: Option<f64>,
}

impl Impact {
    /// The impact of each word: the sum over its tokens. `words` are those of
    /// [`Tokenizer::words`](crate::deep::text::clip::Tokenizer::words) for this sentence.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for the words of another sentence, or of a tokenizer with another context.
    pub fn of_words(&self, words: &[Word]) -> Result<Vec<f64>> {
        let (expected, found) = (self.tokens.len(), words.last().map_or(0, |word| word.tokens.end));
        if found != expected {
            return Err(Error::LengthMismatch { argument: "words", expected, found });
        }
        let sum = |word: &Word| self.tokens.get(word.tokens.clone()).into_iter().flatten().sum();
        Ok(words.iter().map(sum).collect())
    }

    /// The whole of `text` in parts, one after the other: its words with their impacts, and what stands between, before and behind
    /// them. `words` are those of [`Tokenizer::words`](crate::deep::text::clip::Tokenizer::words) for `text`; what they leave out at
    /// the end, because the tower reads so many tokens and no more, is a part without impact.
    ///
    /// ```
    /// use dream_models::deep::explain::attcat::Impact;
    /// use dream_models::deep::text::clip::Tokenizer;
    ///
    /// let text = "blurry, eyes";
    /// let words = Tokenizer::clip()?.words(text)?;
    /// // Start, three words, end.
    /// let impact = Impact { tokens: vec![9.0, -2.0, 0.5, 1.0, 9.0], layers: Vec::new() };
    /// let parts = impact.of_text(text, &words)?;
    /// let found: Vec<(&str, Option<f64>)> = parts.iter().map(|part| (part.text, part.impact)).collect();
    /// assert_eq!(found, [("blurry", Some(-2.0)), (",", Some(0.5)), (" ", None), ("eyes", Some(1.0))]);
    /// # Ok::<(), dream_models::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`of_words`](Self::of_words).
    pub fn of_text<'a>(&self, text: &'a str, words: &[Word]) -> Result<Vec<TextPart<'a>>> {
        let (mut parts, mut done) = (Vec::with_capacity(2 * words.len()), 0);
        let pairs = words.iter().zip(self.of_words(words)?);
        for (word, impact) in pairs.filter(|(word, _)| word.kind == WordKind::Word) {
            let from = word.bytes.start.max(done);
            let between = text.get(done..from).unwrap_or_default();
            parts.push(TextPart { text: between, impact: None });
            let own = text.get(from..word.bytes.end).unwrap_or_default();
            parts.push(TextPart { text: own, impact: Some(impact) });
            done = word.bytes.end.max(done);
        }
        parts.push(TextPart { text: text.get(done..).unwrap_or_default(), impact: None });
        parts.retain(|part| !part.text.is_empty());
        Ok(parts)
    }
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
/// use dream_models::deep::explain::attcat::{Ranking, most_relevant};
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

/// Keeps hidden states with a zero added to each, whose gradient is theirs: candle keeps gradients of variables only.
#[derive(Default)]
pub(crate) struct Probe {
    /// What entered each block, with its stage and block, and last what the last block gave.
    states: Vec<(usize, usize, Tensor, Var)>,
    attentions: Vec<Tensor>,
    /// Whether what the last block gave is among the states.
    left: bool,
}

impl Tap for Probe {
    fn enter(&mut self, stage: usize, block: usize, x: &Tensor) -> candle_core::Result<Tensor> {
        let zero = Var::zeros(x.shape(), x.dtype(), x.device())?;
        let entered = (x + zero.as_tensor())?;
        self.states.push((stage, block, x.clone(), zero));
        Ok(entered)
    }

    fn leave(&mut self, x: &Tensor) -> candle_core::Result<Tensor> {
        self.left = true;
        self.enter(0, 0, x)
    }

    fn see(&mut self, point: Point, x: &Tensor) -> candle_core::Result<()> {
        if let Point::Attention { .. } = point {
            self.attentions.push(x.detach());
        }
        Ok(())
    }
}

impl Probe {
    /// What the tokens of each sentence do to a score, given its gradients and the position of the end of each sentence.
    pub(crate) fn impacts(&self, store: &GradStore, ends: &[usize], form: AttCat) -> Result<Vec<Impact>> {
        let shift = usize::from(form == AttCat::Outputs);
        let states = self.states.iter().skip(shift);
        let mut layers = Vec::with_capacity(self.attentions.len());
        for ((_, _, state, zero), attention) in states.zip(&self.attentions) {
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
        Ok(ends.iter().enumerate().map(impact).collect())
    }

    /// What the places of frames do to a score, block by block and together. `received` says how much attention the
    /// tokens of a block get, by its stage, its number and what enters it.
    pub(crate) fn maps(
        &self,
        store: &GradStore,
        received: impl Fn(usize, usize, &Tensor) -> candle_core::Result<Tensor>,
    ) -> Result<(Vec<BlockMap>, Tensor)> {
        let entered = self.states.len() - usize::from(self.left);
        let (mut blocks, mut total) = (Vec::with_capacity(entered), None::<Tensor>);
        for (stage, block, state, zero) in self.states.iter().take(entered) {
            let contribution = contribution(state, store.get(zero))?.to_dtype(DType::F32)?;
            let seen = received(*stage, *block, &state.detach())?;
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
        Ok((blocks, total.ok_or_else(reason)?))
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

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
        }
    }

    /// One sentence of three tokens, the second of which ends it, two features, one block, one head. The score is the
    /// sum of weights times what entered, so the weights are its gradient.
    fn probed() -> (Probe, GradStore) {
        let device = &Device::Cpu;
        let state = Tensor::new(&[[[1f32, 2.0], [3.0, -1.0], [5.0, 5.0]]], device).unwrap();
        let output = Tensor::new(&[[[2f32, 0.0], [1.0, 1.0], [9.0, 9.0]]], device).unwrap();
        let weights = Tensor::new(&[[[0.5f32, 1.0], [2.0, 4.0], [1.0, 1.0]]], device).unwrap();
        let attention =
            Tensor::new(&[[[[1f32, 0.0, 0.0], [0.25, 0.75, 0.0], [0.2, 0.2, 0.6]]]], device).unwrap();
        let mut probe = Probe::default();
        let entered = probe.enter(0, 0, &state).unwrap();
        probe.see(Point::Attention { stage: 0, block: 0 }, &attention).unwrap();
        let left = probe.leave(&output).unwrap();
        let twice = (&weights * 2.0).unwrap();
        let score = ((entered * weights).unwrap() + (left * twice).unwrap()).unwrap();
        let store = score.sum_all().unwrap().backward().unwrap();
        (probe, store)
    }

    #[test]
    fn impacts_are_attention_times_state_times_gradient() {
        let (probe, store) = probed();
        let tokens = |form| {
            let impacts = probe.impacts(&store, &[1], form).unwrap();
            assert_eq!((impacts.len(), &impacts[0].tokens), (1, &impacts[0].layers[0]));
            impacts[0].tokens.clone()
        };
        // State times gradient: 1 * 0.5 + 2 * 1 = 2.5 and 3 * 2 - 1 * 4 = 2. The mean attention that a token gets from
        // both up to the end: (1 + 0.25) / 2 and (0 + 0.75) / 2; from the end alone: 0.25 and 0.75.
        close(&tokens(AttCat::WithoutAttention), &[2.5, 2.0]);
        close(&tokens(AttCat::Inputs), &[2.5 * 0.625, 2.0 * 0.375]);
        close(&tokens(AttCat::EndRow), &[2.5 * 0.25, 2.0 * 0.75]);
        // Of what left the block, with gradients twice as large: 2 * 2 * 0.5 = 2 and 2 * (2 + 4) = 12.
        close(&tokens(AttCat::Outputs), &[2.0 * 0.625, 12.0 * 0.375]);
    }

    #[test]
    fn words_have_the_sum_of_their_tokens() {
        let tokenizer = crate::deep::text::clip::Tokenizer::clip().unwrap();
        let text = "ghosting eyes";
        let words = tokenizer.words(text).unwrap();
        // Start, two pieces, one, end.
        let impact = Impact { tokens: vec![1.0, 2.0, -5.0, 4.0, 8.0], layers: Vec::new() };
        assert_eq!(impact.of_words(&words).unwrap(), [1.0, -3.0, 4.0, 8.0]);
        let other = tokenizer.words("eyes").unwrap();
        let error = impact.of_words(&other).unwrap_err();
        assert!(matches!(error, Error::LengthMismatch { argument: "words", expected: 5, found: 3 }));
    }

    #[test]
    fn the_parts_of_a_text_are_the_text() {
        let tokenizer = crate::deep::text::clip::Tokenizer::clip().unwrap();
        for text in [
            "",
            "  ",
            " The  mouth\tis Blurry. ",
            "na\u{ef}ve \u{202e}\u{5d0}\u{5d1}!",
            "\u{1f600}\u{1f600}e\u{301}",
            "cut <|endoftext|> here",
            &"more words than the tower reads ".repeat(20),
        ] {
            let words = tokenizer.words(text).unwrap();
            let tokens: Vec<f64> = (0..words.last().unwrap().tokens.end).map(|i| i as f64).collect();
            let impact = Impact { tokens, layers: Vec::new() };
            let parts = impact.of_text(text, &words).unwrap();
            assert_eq!(parts.iter().map(|part| part.text).collect::<String>(), text);
            assert!(parts.iter().all(|part| !part.text.is_empty()));
            let shown: f64 = parts.iter().filter_map(|part| part.impact).sum();
            let inner: f64 = impact.of_words(&words).unwrap()[1..words.len() - 1].iter().sum();
            assert_eq!(shown, inner, "{text}");
        }
        let impact = Impact { tokens: vec![9.0, 1.0, 1.0, 0.5, 9.0], layers: Vec::new() };
        let text = "ghosting so\n";
        let parts = impact.of_text(text, &tokenizer.words(text).unwrap()).unwrap();
        let found: Vec<_> = parts.iter().map(|part| (part.text, part.impact)).collect();
        assert_eq!(found, [("ghosting", Some(2.0)), (" ", None), ("so", Some(0.5)), ("\n", None)]);
        assert!(impact.of_text("eyes", &tokenizer.words("eyes").unwrap()).is_err());
    }

    #[test]
    fn maps_add_up_on_the_finest_grid() {
        let device = &Device::Cpu;
        let fine = Tensor::new(&[[[[1f32], [2.0]], [[3.0], [4.0]]]], device).unwrap();
        let coarse = Tensor::new(&[[[[10f32]]]], device).unwrap();
        let mut probe = Probe::default();
        let first = probe.enter(0, 0, &fine).unwrap();
        let second = probe.enter(1, 0, &coarse).unwrap();
        let last = probe.leave(&coarse).unwrap();
        // Gradients 2, 3 and 1.
        let score = (((first.sum_all().unwrap() * 2.0).unwrap()
            + (second.sum_all().unwrap() * 3.0).unwrap())
        .unwrap()
            + last.sum_all().unwrap())
        .unwrap();
        let store = score.backward().unwrap();
        // Half the attention everywhere.
        let received = |_, _, x: &Tensor| x.ones_like()?.affine(0.5, 0.0)?.squeeze(3);
        let (blocks, total) = probe.maps(&store, received).unwrap();
        assert_eq!(blocks.iter().map(|map| (map.stage, map.block)).collect::<Vec<_>>(), [(0, 0), (1, 0)]);
        let total: Vec<f64> = on_host(&total).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        close(&total, &[16.0, 17.0, 18.0, 19.0]);
    }
}
