//! Losses against each other on equal terms (Table V): the same small head on the same features, trained with each.
//!
//! The paper trains its whole video tower with each loss. A head on features says which loss suits the scores and
//! the batch, and nothing of what a loss does to a backbone.

mod adam_w;
mod head;

use anyhow::{Result, ensure};
use dream_loss::candle_core::Tensor;
use dream_loss::{Kl, NormInNorm, Plcc, Rank};

use crate::method::{Method, Predicted, Task};
use crate::sets::Set;
use head::{Head, HeadParams};

type Loss = fn(&Tensor, &Tensor) -> dream_loss::Result<Tensor>;

/// The losses by name and title: single terms, then the sums that the paper compares.
const LOSSES: [(&str, &str, Loss); 10] = [
    ("mae", "MAE", dream_loss::mae),
    ("rmse", "RMSE", dream_loss::rmse),
    ("plcc", "PLCC", |pred, mos| Plcc::FastVqa.forward(pred, mos)),
    ("rank", "Rank", |pred, mos| Rank::Margin.forward(pred, mos)),
    ("nin", "Norm-in-norm", |pred, mos| NormInNorm::paper().forward(pred, mos)),
    ("kl", "KL", |pred, mos| Kl::Printed.forward(pred, mos)),
    ("rmse-rank", "RMSE + Rank", dream_loss::rmse_rank),
    ("rmse-plcc", "RMSE + PLCC", dream_loss::rmse_plcc),
    ("mae-plcc-rank", "MAE + PLCC + Rank", dream_loss::mae_plcc_rank),
    ("nin-kl", "Norm-in-norm + KL", dream_loss::nin_kl),
];

/// A head for every loss.
pub(crate) fn heads(set: Set) -> Vec<Box<dyn Method>> {
    let head =
        |(name, title, loss)| -> Box<dyn Method> { Box::new(LossHead { set: [set], name, title, loss }) };
    LOSSES.map(head).into()
}

/// The head on one set of features, trained with one loss.
#[derive(Debug)]
struct LossHead {
    set: [Set; 1],
    name: &'static str,
    title: &'static str,
    loss: Loss,
}

impl LossHead {
    fn set(&self) -> Set {
        let [set] = self.set;
        set
    }
}

impl Method for LossHead {
    fn name(&self) -> String {
        format!("loss-{}-{}", self.set().name(), self.name)
    }

    fn title(&self) -> String {
        self.title.into()
    }

    fn family(&self) -> String {
        let (set, params) = (self.set(), HeadParams::default());
        format!(
            "a head {}-{}-1 on {} features, not the paper's video tower",
            set.len(),
            params.hidden,
            set.name()
        )
    }

    fn about(&self, _: u64) -> String {
        format!("{:?}", HeadParams::default())
    }

    fn version(&self) -> String {
        format!("head-1 {} {:?}", env!("CARGO_PKG_VERSION"), HeadParams::default())
    }

    fn sets(&self) -> &[Set] {
        &self.set
    }

    fn predict(&self, task: &Task<'_>) -> Result<Predicted> {
        let train = task.rows(&self.set, &task.split.train);
        let mos: Vec<f64> =
            train.places.iter().filter_map(|&place| task.split.train.get(place)).map(|row| row.mos).collect();
        ensure!(mos.len() >= 10, "{} training clips have features, 10 are needed", mos.len());
        let params = HeadParams { seed: task.split.seed, ..HeadParams::default() };
        let (head, last) = Head::fit(&params, &train, &mos, self.loss)?;
        let mut sets = Vec::new();
        for list in &task.split.tests {
            let rows = task.rows(&self.set, list);
            let mut found = vec![None; list.len()];
            if !rows.places.is_empty() {
                for (&place, score) in rows.places.iter().zip(head.predict(&rows)?) {
                    if let Some(slot) = found.get_mut(place) {
                        *slot = Some(score);
                    }
                }
            }
            sets.push(Some(found));
        }
        Ok(Predicted { sets, note: format!("loss {last:.4} in the last epoch, {} clips", mos.len()) })
    }
}

#[cfg(test)]
mod tests {
    use dream_eval::srcc;

    use super::*;
    use crate::method::Rows;

    /// Each loss has to find the direction that the scores follow.
    #[test]
    fn every_loss_learns_the_order() {
        let data: Vec<f64> = (0..240_u32).map(|k| f64::from(k * k * 7 % 101) / 101.0).collect();
        let rows = Rows { data, width: 3, places: (0..80).collect() };
        let mos: Vec<f64> = rows.data.chunks_exact(3).map(|row| 1.0 + 2.0 * row[0] + row[1]).collect();
        for (name, _, loss) in LOSSES {
            let params = HeadParams { seed: 5, ..HeadParams::default() };
            let (head, last) = Head::fit(&params, &rows, &mos, loss).unwrap();
            let found = srcc(&head.predict(&rows).unwrap(), &mos).unwrap();
            assert!(found > 0.9 && last.is_finite(), "{name}: {found}");
        }
    }

    #[test]
    fn the_seed_decides() {
        let data: Vec<f64> = (0..60_u32).map(|k| f64::from(k * 13 % 17)).collect();
        let rows = Rows { data, width: 2, places: (0..30).collect() };
        let mos: Vec<f64> = rows.data.chunks_exact(2).map(|row| row[0] - row[1]).collect();
        let fit = |seed| {
            let params = HeadParams { seed, epochs: 3, ..HeadParams::default() };
            Head::fit(&params, &rows, &mos, dream_loss::rmse).unwrap().0.predict(&rows).unwrap()
        };
        assert_eq!(fit(1), fit(1));
        assert_ne!(fit(1), fit(2));
    }
}
