//! BRISQUE as its authors released it.

use super::model::Body;
use super::{Kernel, ScaledSvr, Svr, SvrModel, SvrParams};
use crate::regression::{Impute, Imputer, MinMax, ModelInfo, OutputRange, Provenance, Rows};
use crate::{Error, Result};

/// Gamma, intercept, smallest and largest values of the features, coefficients, support vectors.
const NUMBERS: &[u8] = include_bytes!("../../../assets/brisque-live.f64");
/// Features of an image.
const WIDTH: usize = 36;
/// The price of errors, which the largest coefficients show.
const C: f64 = 1024.0;

/// The released model of BRISQUE.
impl SvrModel {
    /// BRISQUE of an image, as its authors released it in 2011: 36 features to the score that people gave, learned from
    /// all of the LIVE image quality database. It is what is usually meant by "BRISQUE" as a number; lower is better.
    ///
    /// Scores are about 0 (best) to 100 (worst) and are not limited to that: the release does not clamp them either. The
    /// features are those of `Brisque { flat_areas: FlatAreas::Literal }` in dream-features, of one image whose luma is
    /// MATLAB's `rgb2gray`; vectors of any other recipe are refused.
    ///
    /// Equal to the release within 0.001 on the same features: there the features are rounded to six decimals on their way into the
    /// regression, and here they are not.
    ///
    /// ```
    /// use dream_models::regression::SvrModel;
    ///
    /// # fn main() -> dream_models::Result<()> {
    /// let brisque = SvrModel::brisque_live()?;
    /// assert_eq!(brisque.inputs().len(), 36);
    /// // An image like those in the middle of the training.
    /// let score = brisque.predict_raw(&[0.4; 36])?.score;
    /// assert!((0.0..=200.0).contains(&score), "{score}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidModel`] if the crate was built from a damaged file.
    ///
    /// # Reference
    ///
    /// A. Mittal, A. K. Moorthy, A. C. Bovik, "No-reference image quality assessment in the spatial domain", IEEE
    /// Transactions on Image Processing 21(12), 2012; the LIVE release of 2011. `assets/brisque-live.LICENSE` is its
    /// notice, which must stay with the numbers.
    #[doc(alias = "BRISQUE")]
    pub fn brisque_live() -> Result<Self> {
        let predictor = read(NUMBERS).ok_or_else(|| Error::invalid("brisque-live", "it is damaged"))??;
        let coefficients = match &predictor.svr.body {
            Body::Linear(_) => &[][..],
            Body::Rbf { coefficients, .. } => coefficients,
        };
        let sum = |sign: f64| coefficients.iter().map(|value| (value * sign).max(0.0)).sum::<f64>() * sign;
        let intercept = predictor.svr.intercept;
        // Kernel values are at most 1, so that no score is outside.
        let output = OutputRange {
            min: intercept + sum(-1.0),
            max: intercept + sum(1.0),
            scale: "about 0 (best) to 100 (worst), not limited".to_owned(),
            meaning: "perceived quality of an image with one kind of distortion; lower is better".to_owned(),
        };
        let info = ModelInfo::new("brisque-live-1", names(), output).with_recipe(
            "extractor=brisque version=1 flat_areas=literal frames=one pooling=none pixels=image-luma source=whole",
        );
        Ok(Self::new(info, predictor)?.with_provenance(provenance()))
    }
}

/// The numbers of the file; `None` where there are too few.
fn read(bytes: &[u8]) -> Option<Result<ScaledSvr>> {
    let numbers: Vec<f64> = bytes.as_chunks::<8>().0.iter().map(|word| f64::from_le_bytes(*word)).collect();
    let (&[gamma, intercept], rest) = numbers.split_first_chunk::<2>()?;
    let (ends, rest) = rest.split_at_checked(2 * WIDTH)?;
    let count = rest.len() / (1 + WIDTH);
    let (coefficients, vectors) = rest.split_at_checked(count)?;
    (count > 0 && vectors.len() == count * WIDTH)
        .then(|| assemble((gamma, intercept), ends, coefficients.to_vec(), vectors.to_vec()))
}

fn assemble(
    (gamma, intercept): (f64, f64),
    ends: &[f64],
    coefficients: Vec<f64>,
    vectors: Vec<f64>,
) -> Result<ScaledSvr> {
    let support = coefficients.len();
    let svr = Svr {
        body: Body::rbf(gamma, vectors, coefficients, WIDTH)?,
        width: WIDTH,
        intercept,
        // The release does not tell.
        iterations: 0,
        violation: 0.0,
        converged: true,
        support,
    };
    Ok(ScaledSvr {
        imputer: Imputer::fit(Impute::Error, &[0.0; WIDTH], WIDTH)?,
        columns: (0..WIDTH).collect(),
        scaler: MinMax::fit(&Rows::new(ends, WIDTH)?, -1.0, 1.0)?,
        svr,
        params: SvrParams { c: C, kernel: Kernel::Rbf { gamma }, ..SvrParams::default() },
    })
}

/// The names of the features as dream-features gives them, in the order of the release.
fn names() -> Vec<String> {
    let products = ["h", "v", "d1", "d2"].into_iter().flat_map(|neighbour| {
        ["shape", "mean", "left_variance", "right_variance"].map(|field| format!("aggd_{neighbour}.{field}"))
    });
    let scale: Vec<String> =
        ["ggd.shape", "ggd.variance"].into_iter().map(str::to_owned).chain(products).collect();
    ["s1", "s2"]
        .iter()
        .flat_map(|size| scale.iter().map(move |name| format!("brisque.{size}.{name}")))
        .collect()
}

fn provenance() -> Provenance {
    Provenance {
        features:
            "BRISQUE of the images of the LIVE image quality database, all of them, as the release says"
                .to_owned(),
        command: "none: the numbers are the authors'; see assets/convert_brisque_live.py".to_owned(),
        licence: "the notice of the University of Texas at Austin in assets/brisque-live.LICENSE".to_owned(),
        ..Provenance::default()
    }
}
