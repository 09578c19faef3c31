//! A loaded network and its settings.

use std::sync::Arc;

use dream_data::Sampling;
use dream_models::Error as ModelError;
use dream_models::deep::candle_core::{Device, Error as TensorError, Tensor};
use dream_models::deep::explain::retrieval::Descriptions;
use dream_models::deep::input::Input;
use dream_models::deep::network::{FrameEncoder, VideoNetwork};

use super::blend::Blend;
use super::part::Part;
use crate::described::Described;
use crate::error::{Error, Result};
use crate::methods::About;
use crate::options::NoFace;

pub(super) struct Network {
    pub(super) encoder: Arc<dyn FrameEncoder>,
    /// What scores; nothing for a tower that makes features only.
    pub(super) scores: Option<Arc<dyn VideoNetwork>>,
    /// What reads traces instead of a score.
    pub(super) blend: Option<Blend>,
    /// Which frames it looks at.
    pub(super) frames: Sampling,
    /// Which part of them.
    pub(super) part: Part,
    pub(super) no_face: NoFace,
    /// Luma is taken as gray.
    pub(super) luma_only: bool,
    pub(super) batch: usize,
    /// How many descriptions are asked for.
    pub(super) explain: Option<usize>,
    pub(super) descriptions: Option<Descriptions>,
    /// Scores come with their details.
    pub(super) details: bool,
    /// The network once more by its own type, where its scores are to be explained.
    pub(super) described: Option<Described>,
    pub(super) about: Arc<About>,
}

impl Network {
    pub(super) fn input(&self) -> &Input {
        self.encoder.input()
    }

    /// What the network makes of one frame.
    ///
    /// One at a time, however many are held: the order of the sums in a matrix product may depend on its size, and the
    /// score must not.
    pub(super) fn encode(&self, pixels: &[f32], [height, width]: [usize; 2]) -> Result<Vec<f32>> {
        let frame = Tensor::from_slice(pixels, (1, 3, height, width), &Device::Cpu).map_err(tensor)?;
        let encoded = self.encoder.encode(&frame)?;
        encoded.flatten_all().and_then(|all| all.to_vec1()).map_err(tensor)
    }

    /// The score of a video from all its encoded frames, and the closest descriptions, where they are asked for and known.
    pub(super) fn score(&self, encoded: &[Vec<f32>]) -> Result<(f64, Vec<(f64, String)>)> {
        let Some(network) = &self.scores else {
            return Err(Error::Network("this network makes features of frames, and no score".to_owned()));
        };
        let width = encoded.first().map_or(0, Vec::len);
        let all = Tensor::from_vec(encoded.concat(), (1, encoded.len(), width), &Device::Cpu);
        let all = all.map_err(tensor)?;
        let score = network.score(&all)?;
        let score = f64::from(score.squeeze(0).and_then(|one| one.to_scalar::<f32>()).map_err(tensor)?);
        if !score.is_finite() {
            return Err(Error::Network(format!(
                "the network's score is {score}: its weights are not those of a trained network"
            )));
        }
        let mut nearest = Vec::new();
        if let (Some(known), Some(k)) = (&self.descriptions, self.explain)
            && let Some(representation) = network.represent(&all)?
        {
            let found = known.nearest(&representation, k)?;
            nearest.extend(found.into_iter().map(|(cosine, text)| (cosine, text.to_owned())));
        }
        Ok((score, nearest))
    }
}

fn tensor(cause: TensorError) -> Error {
    ModelError::from(cause).into()
}
