//! Reference numbers and pictures from testdata/.

use approx::abs_diff_eq;
use std::path::{Path, PathBuf};

use dream_features::{
    FeatureLayout, Frame, ImageFeatures, LumaView, Pooled, Pooling, Recipe, Result, RgbView, VideoFeatures,
    VideoSpec, Workspace,
};
use serde_json::Value;

pub(crate) fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// Rows of a reference table: first cell, then numbers.
pub(crate) fn table(name: &str) -> Vec<(String, Vec<f64>)> {
    let text = std::fs::read_to_string(testdata(name)).unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let (name, cells) = line.split_once(',').unwrap();
        (name.to_owned(), cells.split(',').map(|cell| cell.parse().unwrap()).collect())
    });
    rows.collect()
}

pub(crate) fn json(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(testdata(name)).unwrap()).unwrap()
}

/// Within either bound; NaN and infinity equal themselves only.
pub(crate) fn close(found: f64, expected: f64, relative: f64) -> bool {
    found == expected
        || found.is_nan() && expected.is_nan()
        || expected.is_finite()
            && abs_diff_eq!(found, expected, epsilon = (relative * expected.abs()).max(1e-12))
}

/// A picture of 8-bit pixels in three channels.
pub(crate) struct Picture {
    pub(crate) pixels: Vec<u8>,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Picture {
    /// Reads `testdata/image/{folder}/{name}.png`.
    pub(crate) fn load(folder: &str, name: &str) -> Self {
        let path = testdata("image").join(folder).join(format!("{name}.png"));
        let (pixels, width, height) = crate::common::picture::read_png(&path, png::ColorType::Rgb);
        Self { pixels, width, height }
    }

    pub(crate) fn view(&self) -> RgbView<'_> {
        RgbView::new(&self.pixels, self.width, self.height, 3 * self.width).unwrap()
    }

    /// The features as the reference defines them, NaN and infinity included.
    pub(crate) fn raw(&self, extractor: &impl ImageFeatures) -> Vec<f64> {
        let mut out = vec![0.0; extractor.layout().len()];
        extractor.extract_into(&Frame::from_rgb(self.view()), &mut Workspace::new(), &mut out).unwrap();
        out
    }
}

/// Hands out stored rows, one per frame; the frame says which by its first pixel.
struct Stored {
    layout: FeatureLayout,
    rows: Vec<(String, Vec<f64>)>,
}

impl ImageFeatures for Stored {
    fn layout(&self) -> &FeatureLayout {
        &self.layout
    }
    fn recipe(&self) -> Recipe {
        Recipe::new("stored", 1)
    }
    fn extract_into(&self, frame: &Frame<'_>, _: &mut Workspace, out: &mut [f64]) -> Result<()> {
        let index = frame.luma_plane().data()[0];
        // The session also looks at two frames that the end of the clip then rules out.
        match self.rows.iter().find(|(name, _)| name.parse() == Ok(index)) {
            Some((_, row)) => out.copy_from_slice(row),
            None => out.fill(f64::NAN),
        }
        Ok(())
    }
}

/// Asserts that the stored rows of the sampled frames of a clip pool to the stored vector.
pub(crate) fn assert_pooling(extractor: &impl ImageFeatures, set: &str) {
    let rows = table(&format!("pooling/video_96x80_24f_{set}_frames.csv"));
    let text =
        std::fs::read_to_string(testdata(&format!("pooling/video_96x80_24f_{set}_video.csv"))).unwrap();
    let expected: Vec<f64> =
        text.lines().nth(1).unwrap().split(',').map(|cell| cell.parse().unwrap()).collect();
    let layout = extractor.layout().clone();
    let pooled = Pooled::new(Stored { layout, rows }, Pooling::feature_fusion()).unwrap();
    let mut session = pooled.start(VideoSpec::new(1, 1, 8.0)).unwrap();
    for t in 0..24 {
        session.push(&Frame::from_luma(LumaView::new(&[t], 1, 1, 1).unwrap())).unwrap();
    }
    let found = session.finish().unwrap();
    assert_eq!(found.replaced(), 0, "the ruled-out frames do not count");
    assert_eq!((found.values().len(), expected.len()), (2 * extractor.layout().len(), expected.len()));
    for (name, (&f, &e)) in found.layout().names().iter().zip(found.values().iter().zip(&expected)) {
        assert!(close(f, e, 1e-8), "{name}: {f} instead of {e}");
    }
}
