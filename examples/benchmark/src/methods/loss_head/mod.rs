//! Losses against each other on equal terms (Table V): the same small head on the same features, trained with each.
//!
//! The paper trains its whole video tower with each loss, see [`variants`](super::variants). A head on features says which loss suits the scores and
//! the batch, and nothing of what a loss does to a backbone.

mod head;

use anyhow::Result;
use dream_loss::PaperLoss;

use super::method::{About, Method, Predicted, Task};
use crate::features::sets::Set;
use head::{Head, HeadParams};

/// The losses of Table V, which has no mean squared error.
pub(super) fn losses() -> impl Iterator<Item = PaperLoss> {
    PaperLoss::ALL.into_iter().filter(|loss| *loss != PaperLoss::Mse)
}

/// A head for every loss.
pub(crate) fn heads(set: Set) -> Vec<Box<dyn Method>> {
    losses().map(|loss| -> Box<dyn Method> { Box::new(LossHead { set, loss }) }).collect()
}

/// The head on one set of features, trained with one loss.
#[derive(Debug)]
struct LossHead {
    set: Set,
    loss: PaperLoss,
}

impl Method for LossHead {
    fn about(&self, _: u64) -> About {
        let (set, params) = (self.set, HeadParams::default());
        let (width, set_name) = (set.len(), set.name());
        About {
            name: format!("loss-{set_name}-{}", self.loss),
            title: self.loss.title().into(),
            family: format!(
                "a head {width}-{}-1 on {set_name} features, not the paper's video tower",
                params.hidden
            ),
            about: format!("{params:?}"),
            sets: vec![set],
        }
    }

    fn version(&self) -> String {
        format!("head-2 {} {:?}", env!("CARGO_PKG_VERSION"), HeadParams::default())
    }

    fn predict(&self, task: &Task<'_>) -> Result<Predicted> {
        let (train, mos) = task.training(&[self.set])?;
        let params = HeadParams { seed: task.split.seed, ..HeadParams::default() };
        let (head, last) = Head::fit(&params, &train, &mos, self.loss)?;
        let sets = task.predicted(&[self.set], |rows| head.predict(rows))?;
        Ok(Predicted {
            sets,
            note: format!("loss {last:.4} in the last epoch, {} clips", mos.len()),
            ..Predicted::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use dream_eval::srcc;

    use super::*;
    use crate::methods::method::Rows;

    /// Each loss has to find the direction that the scores follow.
    #[test]
    fn every_loss_learns_the_order() {
        let data: Vec<f64> = (0..240_u32).map(|k| f64::from(k * k * 7 % 101) / 101.0).collect();
        let rows = Rows { data, width: 3, places: (0..80).collect() };
        let mos: Vec<f64> = rows.data.chunks_exact(3).map(|row| 1.0 + 2.0 * row[0] + row[1]).collect();
        for loss in losses() {
            let params = HeadParams { seed: 5, ..HeadParams::default() };
            let (head, last) = Head::fit(&params, &rows, &mos, loss).unwrap();
            let found = srcc(&head.predict(&rows).unwrap(), &mos).unwrap();
            assert!(found > 0.9 && last.is_finite(), "{loss}: {found}");
        }
    }

    #[test]
    fn the_seed_decides() {
        let data: Vec<f64> = (0..60_u32).map(|k| f64::from(k * 13 % 17)).collect();
        let rows = Rows { data, width: 2, places: (0..30).collect() };
        let mos: Vec<f64> = rows.data.chunks_exact(2).map(|row| row[0] - row[1]).collect();
        let fit = |seed| {
            let params = HeadParams { seed, epochs: 3, ..HeadParams::default() };
            Head::fit(&params, &rows, &mos, PaperLoss::Rmse).unwrap().0.predict(&rows).unwrap()
        };
        assert_eq!(fit(1), fit(1));
        assert_ne!(fit(1), fit(2));
    }
}
