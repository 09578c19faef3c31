/// A score, how sure it is, and how well the model knows such videos.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The score, within the range of the model.
    pub score: f64,
    /// Where the score that people would give is expected.
    pub interval: Interval,
    /// Distance of the row from those of training.
    pub familiarity: Familiarity,
}

/// A score, and how sure it is where the model was calibrated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The score, within the range of the model.
    pub score: f64,
    /// Where the score that people would give is expected; `None` for a model without a calibration.
    pub interval: Option<Interval>,
    /// Distance of the row from those of training; `None` for a model without a calibration.
    pub familiarity: Option<Familiarity>,
}

/// A range that holds the score of people with a stated probability.
///
/// The probability is an average over videos like those of training. It says nothing about others; see
/// [`Familiarity`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Nominal probability, such as 0.9.
    pub level: f64,
    /// Lower end, within the range of the model.
    pub low: f64,
    /// Upper end, within the range of the model.
    pub high: f64,
}

/// How far the features of a video are from those that the model was trained on.
///
/// ```
/// use dream_models::regression::Familiarity;
///
/// let near = Familiarity { distance: 1.1, limit: 2.0, missing: 1, most_missing: 3 };
/// assert!(near.is_familiar());
/// assert!(!Familiarity { distance: 2.5, ..near }.is_familiar());
/// assert!(!Familiarity { missing: 4, ..near }.is_familiar());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Familiarity {
    /// Mahalanobis distance from the mean of the training rows, divided by the root of the number of features: the root
    /// mean square over the training rows is about 1.
    pub distance: f64,
    /// Distance that a stated share of unseen rows from the same databases keeps below.
    pub limit: f64,
    /// Features that were missing, and filled with the mean of the training rows.
    pub missing: usize,
    /// Most features that a row of training missed.
    pub most_missing: usize,
}

impl Familiarity {
    /// Whether the row is as near to those of training as they are to each other, and misses no more than one of them.
    /// Where it is not, neither the score nor the interval can be relied on.
    #[must_use]
    pub fn is_familiar(&self) -> bool {
        self.distance <= self.limit && self.missing <= self.most_missing
    }
}
