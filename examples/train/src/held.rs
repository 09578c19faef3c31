//! A text branch that does not learn any more, as what the video branch follows.

use anyhow::{Context, Result};
use dream_models::deep::candle_core::{Device, Tensor};
use dream_models::deep::text::clip::Tokens;

use crate::data::Sentences;

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

/// What a text branch makes of all sentences of every clip to learn from.
#[derive(Debug)]
pub(crate) struct Held {
    /// `[clips, dim]`
    read: Tensor,
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
        Ok(Self { read: Tensor::cat(&clips.iter().map(one).collect::<Result<Vec<_>>>()?, 0)? })
    }

    /// Of some clips, `[clips, dim]`.
    pub(crate) fn of(&self, clips: &[usize]) -> Result<Tensor> {
        let at = clips.iter().map(|&at| u32::try_from(at)).collect::<Result<Vec<_>, _>>()?;
        let count = at.len();
        Ok(self.read.index_select(&Tensor::from_vec(at, count, self.read.device())?, 0)?)
    }
}

#[cfg(test)]
mod tests {
    use dream_models::deep::candle_core::DType;

    use super::*;

    #[test]
    fn rows_are_picked_by_their_clips() {
        let clips: Vec<Sentences> = (0..4).map(|clip| vec![vec![clip; 2]]).collect();
        let represent = |ids: &Tensor| Ok(Some(ids.to_dtype(DType::F32)?));
        let held = Held::new(represent, &clips, &Device::Cpu).unwrap();
        assert_eq!(held.of(&[3, 0]).unwrap().to_vec2::<f32>().unwrap(), [[3.0; 2], [0.0; 2]]);
        assert!(Held::new(|_| Ok(None), &clips, &Device::Cpu).is_err());
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
}
