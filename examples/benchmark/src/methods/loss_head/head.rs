//! A perceptron with one hidden layer, on rows of features.

use anyhow::{Context, Result};
use dream_loss::PaperLoss;
use dream_loss::candle_core::{DType, Device, Tensor, Var};
use dream_models::deep::train::draws::Draws;
use dream_models::deep::train::optim::{AdamW, AdamWConfig};
use dream_models::regression::{self, MinMax};

use crate::methods::method::Rows;

/// How the head is trained.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HeadParams {
    /// Width of the hidden layer.
    pub(super) hidden: usize,
    /// Passes over the training rows.
    pub(super) epochs: usize,
    /// Rows of a step; losses that compare rows compare these.
    pub(super) batch: usize,
    /// Step width of AdamW.
    pub(super) rate: f64,
    /// Decay of AdamW.
    pub(super) decay: f64,
    /// Of the first weights and of the order of the rows.
    pub(super) seed: u64,
}

impl Default for HeadParams {
    fn default() -> Self {
        Self { hidden: 64, epochs: 60, batch: 64, rate: 2e-3, decay: 1e-2, seed: 0 }
    }
}

/// Scaling to -1..1 and two layers with a rectifier between them.
#[derive(Debug)]
pub(super) struct Head {
    scaler: MinMax,
    layers: [Var; 4],
}

impl Head {
    /// Trains on rows and scores; also gives the mean loss of the last epoch.
    pub(super) fn fit(params: &HeadParams, rows: &Rows, mos: &[f64], loss: PaperLoss) -> Result<(Self, f64)> {
        let mut random = Draws::new(params.seed);
        let scaler = MinMax::fit(&regression::Rows::new(&rows.data, rows.width)?, -1.0, 1.0)?;
        // The last offset begins at the mean score, so that losses with a scale need not travel there first.
        let mean = mos.iter().sum::<f64>() / mos.len().max(1) as f64;
        let layers = [
            weights(&mut random, rows.width, params.hidden)?,
            Var::from_tensor(&Tensor::zeros(params.hidden, DType::F64, &Device::Cpu)?)?,
            weights(&mut random, params.hidden, 1)?,
            Var::new(&[mean], &Device::Cpu)?,
        ];
        let head = Self { scaler, layers };
        let (x, y) = (head.scaled(rows)?, Tensor::new(mos, &Device::Cpu)?);
        let config = AdamWConfig { lr: params.rate, weight_decay: params.decay, ..AdamWConfig::default() };
        let names = ["first.weight", "first.bias", "second.weight", "second.bias"].map(str::to_owned);
        let mut adam = AdamW::new(config, names.into_iter().zip(head.layers.clone()).collect())?;
        let mut order: Vec<u32> = (0..u32::try_from(mos.len())?).collect();
        let mut last = 0.0;
        for _ in 0..params.epochs {
            shuffle(&mut random, &mut order);
            last = 0.0;
            for batch in order.chunks(params.batch.max(1)) {
                let at = Tensor::new(batch, &Device::Cpu)?;
                let scores = head.forward(&x.index_select(&at, 0)?)?;
                let loss = loss.forward(&scores, &y.index_select(&at, 0)?)?;
                adam.step(&loss.backward()?)?;
                last += loss.to_scalar::<f64>()? * batch.len() as f64 / mos.len() as f64;
            }
        }
        Ok((head, last))
    }

    /// One score per row.
    pub(super) fn predict(&self, rows: &Rows) -> Result<Vec<f64>> {
        Ok(self.forward(&self.scaled(rows)?)?.to_vec1()?)
    }

    fn scaled(&self, rows: &Rows) -> Result<Tensor> {
        let scaled = self.scaler.apply_rows(&regression::Rows::new(&rows.data, rows.width)?)?;
        Ok(Tensor::from_vec(scaled, (rows.places.len(), rows.width), &Device::Cpu)?)
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let [first, first_offset, second, second_offset] = &self.layers;
        let hidden = x.matmul(first)?.broadcast_add(first_offset)?.relu()?;
        let out = hidden.matmul(second)?.broadcast_add(second_offset)?;
        out.squeeze(1).context("the output of the head")
    }
}

/// Uniform weights as far out as the fan-in allows.
fn weights(draws: &mut Draws, inputs: usize, outputs: usize) -> Result<Var> {
    let bound = 1.0 / (inputs.max(1) as f64).sqrt();
    let weights = (0..inputs * outputs).map(|_| bound * draws.signed_unit()).collect();
    Ok(Var::from_tensor(&Tensor::from_vec(weights, (inputs, outputs), &Device::Cpu)?)?)
}

/// Fisher and Yates; the bias of the remainder is far below what a shuffle of a few thousand shows.
fn shuffle(draws: &mut Draws, values: &mut [u32]) {
    for last in (1..values.len()).rev() {
        let other = usize::try_from(draws.bits() % (last as u64 + 1)).unwrap_or(0);
        values.swap(last, other);
    }
}
