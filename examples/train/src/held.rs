//! A text branch that does not learn any more, as what the video branch follows.

use anyhow::{Context, Result};
use dream_models::deep::candle_core::{DType, Device, Tensor};
use dream_models::deep::text::clip::Tokens;

use crate::data::Sentences;

/// Part of the mean variance that is added to every direction, so that one in which clips hardly differ is not blown up.
const RIDGE: f64 = 1e-2;

/// With a smaller mean variance clips do not differ, and nothing is scaled.
const FLAT: f64 = 1e-12;

/// Who learns in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Together,
    TextAlone,
    /// The text branch has learnt and stays as it is.
    TextHeld,
}

impl Stage {
    /// Where the text branch learns alone in the `first` epochs.
    pub(crate) const fn of(epoch: u64, first: u64) -> Self {
        match first {
            0 => Self::Together,
            _ if epoch < first => Self::TextAlone,
            _ => Self::TextHeld,
        }
    }

    /// Whether a parameter stays as it is.
    pub(crate) fn holds(self, parameter: &str) -> bool {
        match self {
            Self::Together => false,
            Self::TextAlone => parameter.starts_with("visual"),
            Self::TextHeld => parameter.starts_with("text."),
        }
    }
}

/// What a text branch makes of all sentences of every clip to learn from, and the scale on which clips differ alike in
/// every direction.
#[derive(Debug)]
pub(crate) struct Held {
    /// `[clips, dim]`
    read: Tensor,
    /// `[1, dim]`
    centre: Tensor,
    /// `[dim, dim]`: by this, rows have the same spread in every direction.
    spread: Tensor,
}

impl Held {
    /// `represent` makes a representation of token ids `[sentences, tokens]` of one clip; `None` if the network does not read.
    pub(crate) fn new(
        represent: impl Fn(&Tensor) -> Result<Option<Tensor>>,
        clips: &[Sentences],
        device: &Device,
    ) -> Result<Self> {
        let one = |sentences: &Sentences| -> Result<Tensor> {
            let ids = Tokens::stack(sentences, device)?;
            let read = represent(&ids)?;
            Ok(read.context("this network cannot represent descriptions")?.detach())
        };
        let read = Tensor::cat(&clips.iter().map(one).collect::<Result<Vec<_>>>()?, 0)?;
        let centre = read.mean_keepdim(0)?;
        let around = read.broadcast_sub(&centre)?.to_dtype(DType::F64)?;
        let count = around.dim(0)? as f64;
        let covariance = (around.t()?.contiguous()?.matmul(&around)? / count)?.to_vec2::<f64>()?;
        let dim = covariance.len();
        let mean =
            covariance.iter().enumerate().filter_map(|(i, row)| row.get(i)).sum::<f64>() / dim.max(1) as f64;
        let spread = whitening(covariance, if mean > FLAT { RIDGE * mean } else { 1.0 });
        let spread = Tensor::from_vec(spread, (dim, dim), device)?.to_dtype(read.dtype())?;
        Ok(Self { read, centre, spread })
    }

    /// Of some clips, `[clips, dim]`.
    pub(crate) fn of(&self, clips: &[usize]) -> Result<Tensor> {
        let at = clips.iter().map(|&at| u32::try_from(at)).collect::<Result<Vec<_>, _>>()?;
        let count = at.len();
        Ok(self.read.index_select(&Tensor::from_vec(at, count, self.read.device())?, 0)?)
    }

    /// Representations without what clips have in common, and with the same spread in every direction.
    pub(crate) fn whiten(&self, rows: &Tensor) -> Result<Tensor> {
        Ok(rows.broadcast_sub(&self.centre)?.matmul(&self.spread)?)
    }
}

/// `w`, row by row, for which `wᵀ c w` is the identity: the inverse of the transposed factor of Cholesky.
fn whitening(mut c: Vec<Vec<f64>>, ridge: f64) -> Vec<f64> {
    let n = c.len();
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| c[i][k] * c[j][k]).sum();
            let rest = c[i][j] - dot;
            c[i][j] = if i == j { (rest + ridge).max(ridge).sqrt() } else { rest / c[j][j] };
        }
    }
    // The inverse of the lower factor, column by column, laid out transposed.
    let mut out = vec![0.0; n * n];
    for column in 0..n {
        for i in column..n {
            let dot: f64 = (column..i).map(|k| c[i][k] * out[column * n + k]).sum();
            let unit = if i == column { 1.0 } else { 0.0 };
            out[column * n + i] = (unit - dot) / c[i][i];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use dream_models::deep::train::draws::Draws;

    use super::*;

    #[test]
    fn whitened_rows_have_no_mean_and_the_same_spread_in_every_direction() {
        // Two directions that hang together, a narrow one, and a large mean that all share.
        let mut draws = Draws::new(5);
        let rows: Vec<f32> = (0..400)
            .flat_map(|_| {
                let [a, b, c] = [(); 3].map(|()| draws.signed_unit());
                [100.0 + 3.0 * a, 50.0 + 2.0 * a + b, 0.4 * c - 7.0]
            })
            .map(single)
            .collect();
        let clips = vec![vec![vec![1_u32]]; 400];
        let at = std::cell::Cell::new(0);
        let represent = |_: &Tensor| {
            let start = 3 * at.replace(at.get() + 1);
            Ok(Some(Tensor::new(&rows[start..start + 3], &Device::Cpu)?.unsqueeze(0)?))
        };
        let held = Held::new(represent, &clips, &Device::Cpu).unwrap();
        let picked = held.of(&[7, 0]).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(picked, [&rows[21..24], &rows[..3]]);
        let white = held.whiten(&held.read).unwrap().to_dtype(DType::F64).unwrap();
        let mean = white.mean(0).unwrap().to_vec1::<f64>().unwrap();
        assert!(mean.iter().all(|m| m.abs() < 1e-3), "{mean:?}");
        let spread = (white.t().unwrap().matmul(&white).unwrap() / 400.0).unwrap().to_vec2::<f64>().unwrap();
        for (i, row) in spread.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((value - expected).abs() < 0.4, "{i} {j}: {value}");
            }
        }
        // The ridge takes from the narrow direction only.
        assert!(spread[0][0] > 0.95 && spread[2][2] > 0.6, "{spread:?}");
    }

    #[test]
    fn clips_that_do_not_differ_give_finite_rows() {
        let clips = vec![vec![vec![1_u32]]; 4];
        let represent = |_: &Tensor| Ok(Some(Tensor::new(&[[2.0_f32, 3.0]], &Device::Cpu)?));
        let held = Held::new(represent, &clips, &Device::Cpu).unwrap();
        let white = held.whiten(&held.read).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(white.iter().all(|value| *value == 0.0), "{white:?}");
    }

    #[test]
    fn who_learns() {
        let stages = [0, 1, 2, 3].map(|epoch| Stage::of(epoch, 2));
        assert_eq!(stages, [Stage::TextAlone, Stage::TextAlone, Stage::TextHeld, Stage::TextHeld]);
        assert_eq!(Stage::of(0, 0), Stage::Together);
        let names = ["visual.norm.weight", "visual_proj.weight", "text.embeddings.weight", "regressor.bias"];
        let held = |stage: Stage| names.map(|name| stage.holds(name));
        assert_eq!(held(Stage::Together), [false; 4]);
        assert_eq!(held(Stage::TextAlone), [true, true, false, false]);
        assert_eq!(held(Stage::TextHeld), [false, false, true, false]);
    }

    #[expect(clippy::cast_possible_truncation, reason = "test values")]
    fn single(value: f64) -> f32 {
        value as f32
    }
}
