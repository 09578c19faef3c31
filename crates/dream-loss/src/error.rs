use candle_core::DType;

/// A `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a loss has no value for the given batch.
///
/// It converts into [`candle_core::Error`], so `?` works inside a training step that returns candle's result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input is not a vector.
    #[error("`{argument}` has shape {shape:?}, a loss needs [n]: flatten or squeeze it first")]
    NotAVector {
        /// Name of the parameter.
        argument: &'static str,
        /// The shape found.
        shape: Vec<usize>,
    },

    /// An input is not a matrix.
    #[error("`{argument}` has shape {shape:?}, it must be {expected}")]
    NotAMatrix {
        /// Name of the parameter.
        argument: &'static str,
        /// The shape found.
        shape: Vec<usize>,
        /// The shape that works, in words.
        expected: &'static str,
    },

    /// Two matrices that must have one shape have two.
    #[error("`{first}` has shape {first_shape:?} and `{second}` {second_shape:?}: pair them row by row")]
    ShapeMismatch {
        /// Name of one parameter.
        first: &'static str,
        /// Its shape.
        first_shape: Vec<usize>,
        /// Name of the other parameter.
        second: &'static str,
        /// Its shape.
        second_shape: Vec<usize>,
    },

    /// The two inputs do not pair up.
    #[error("`pred` has {pred} values and `target` has {target}: pass one target per prediction")]
    LengthMismatch {
        /// Number of predictions.
        pred: usize,
        /// Number of targets.
        target: usize,
    },

    /// No values at all.
    #[error("the batch is empty: skip it before computing a loss")]
    EmptyBatch,

    /// An input is not a floating point tensor that losses support.
    #[error("`{argument}` is {dtype:?}: convert it to f32, f64, f16 or bf16 with `to_dtype`")]
    UnsupportedDType {
        /// Name of the parameter.
        argument: &'static str,
        /// The type found.
        dtype: DType,
    },

    /// A NaN or an infinity in the input.
    #[error(
        "`{argument}[{index}]` is {value}: the model or the data is broken, stop before the optimiser step"
    )]
    NonFinite {
        /// Name of the parameter.
        argument: &'static str,
        /// Position of the first bad value.
        index: usize,
        /// The bad value.
        value: f64,
    },

    /// The loss of finite input is larger than its type can hold.
    #[error("the {loss} of this batch is larger than {dtype:?} can hold: rescale the scores")]
    Overflow {
        /// Name of the loss.
        loss: &'static str,
        /// Type of the result.
        dtype: DType,
    },

    /// A gradient that would wreck the step of an optimiser.
    #[error(
        "the gradient of the {loss} by `{argument}` has an entry above {limit:e}: rescale the scores, or clip them"
    )]
    Steep {
        /// Name of the loss.
        loss: &'static str,
        /// Name of the parameter that would receive the gradient.
        argument: &'static str,
        /// The largest entry allowed.
        limit: f64,
    },

    /// The loss of a batch on a device was withdrawn; see [`read`](crate::read).
    #[error(
        "the loss is {value}: its batch held NaN, infinity or scores too large. Its gradient was zero, so no step is \
         spoilt; `check_finite` on each input names the culprit"
    )]
    Withdrawn {
        /// The value read.
        value: f64,
    },

    /// Predictions that no rising line brings to the scores; see [`Line::fit`](crate::Line::fit).
    #[error(
        "no rising line leads from the predictions to the scores: {reason}; keep the predictions as they are, or train on"
    )]
    NoLine {
        /// Why there is none.
        reason: &'static str,
    },

    /// A label that is not a distribution over levels, or a level that is not a token.
    #[error("{what}")]
    InvalidLabel {
        /// What is wrong, and where.
        what: String,
    },

    /// A name that no loss has.
    #[error("there is no loss `{name}`: it is one of {known}")]
    UnknownLoss {
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },

    /// A setting outside its range.
    #[error("`{field}` is {value}, it must be {expected}")]
    InvalidConfig {
        /// Name of the field.
        field: &'static str,
        /// The value found.
        value: f64,
        /// The values that work.
        expected: &'static str,
    },

    /// candle could not run an operation, for example on tensors of two devices.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

impl From<Error> for candle_core::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Candle(inner) => inner,
            other => Self::wrap(other),
        }
    }
}
