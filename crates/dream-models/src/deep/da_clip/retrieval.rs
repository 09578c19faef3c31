use candle_core::Tensor;

use crate::deep::on_host;
use crate::{Error, Result};

/// Descriptions that are looked up by a video: the representations of the texts of training videos.
///
/// ```
/// use dream_models::deep::candle_core::{Device, Tensor};
/// use dream_models::deep::da_clip::TextIndex;
///
/// let texts = Tensor::new(&[[1f32, 0.0], [0.0, 2.0], [3.0, 3.0]], &Device::Cpu)?;
/// let index = TextIndex::new(&texts)?;
/// let video = Tensor::new(&[1f32, 0.1], &Device::Cpu)?;
/// let nearest = index.nearest(&video, 2)?;
/// assert_eq!((nearest[0].index, nearest[1].index), (0, 2));
/// # Ok::<(), dream_models::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TextIndex {
    /// Of length 1, or 0 for a representation without direction.
    rows: Vec<Vec<f64>>,
    dim: usize,
}

/// A description that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Its row in the index.
    pub index: usize,
    /// Cosine of the angle between the representations.
    pub cosine: f64,
}

impl TextIndex {
    /// How many neighbours the paper looks at.
    pub const PAPER_K: usize = 11;

    /// An index of representations, `[texts, dim]`.
    ///
    /// # Errors
    ///
    /// [`Error::NonFinite`] for a value that is not finite, [`Error::Tensor`] for another shape.
    pub fn new(representations: &Tensor) -> Result<Self> {
        let (_, dim) = representations.dims2()?;
        let rows = on_host(representations)?.to_vec2::<f64>()?;
        let rows = rows.into_iter().map(unit).collect::<Result<_>>()?;
        Ok(Self { rows, dim })
    }

    /// Number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The `k` texts nearest to a representation `[dim]` of a video or a text, the nearest first, the earlier first
    /// among equals. Fewer when there are fewer.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for another width, [`Error::NonFinite`] for a value that is not finite.
    pub fn nearest(&self, representation: &Tensor, k: usize) -> Result<Vec<Neighbour>> {
        let query = on_host(&representation.flatten_all()?)?.to_vec1::<f64>()?;
        if query.len() != self.dim {
            return Err(Error::LengthMismatch {
                argument: "representation",
                expected: self.dim,
                found: query.len(),
            });
        }
        let query = unit(query)?;
        let cosine = |row: &Vec<f64>| row.iter().zip(&query).map(|(a, b)| a * b).sum::<f64>();
        let all = self.rows.iter().enumerate();
        let mut found: Vec<_> = all.map(|(index, row)| Neighbour { index, cosine: cosine(row) }).collect();
        found.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.index.cmp(&b.index)));
        found.truncate(k);
        Ok(found)
    }
}

fn unit(mut values: Vec<f64>) -> Result<Vec<f64>> {
    if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
        return Err(Error::NonFinite { name: "representation".to_owned(), value });
    }
    // By the largest value first: its square may be out of range.
    let largest = values.iter().fold(0f64, |largest, value| largest.max(value.abs()));
    if largest > 0.0 {
        values.iter_mut().for_each(|value| *value /= largest);
        let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
        values.iter_mut().for_each(|value| *value /= norm);
    }
    Ok(values)
}
