//! BRISQUE, its intermediate steps and its pooling against the reference (see testdata/PROVENANCE.md).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_possible_truncation, reason = "tests")]

use std::path::{Path, PathBuf};

use crate::common::picture::read_png;
use dream_features::nss::{Aggd, FlatAreas, Ggd, local_statistics};
use dream_features::resize::half_size;
use dream_features::{
    Brisque, FeatureLayout, Frame, ImageFeatures, LumaView, Plane, Pooled, Pooling, Recipe, Result,
    VideoFeatures, VideoSpec, Workspace,
};
use serde_json::Value;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

struct Image {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

impl Image {
    fn load(name: &str) -> Self {
        let path = testdata("brisque").join(format!("{name}.png"));
        let (pixels, width, height) = read_png(&path, png::ColorType::Grayscale);
        Self { pixels, width, height }
    }

    fn view(&self) -> LumaView<'_> {
        LumaView::new(&self.pixels, self.width, self.height, self.width).unwrap()
    }

    fn raw(&self, flat_areas: FlatAreas) -> Vec<f64> {
        let mut out = vec![0.0; Brisque::DIM];
        let frame = Frame::from_luma(self.view());
        Brisque { flat_areas }.extract_into(&frame, &mut Workspace::new(), &mut out).unwrap();
        out
    }
}

/// Rows of a reference table: first cell, then numbers.
fn table(name: &str) -> Vec<(String, Vec<f64>)> {
    let text = std::fs::read_to_string(testdata(name)).unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let (name, cells) = line.split_once(',').unwrap();
        (name.to_owned(), cells.split(',').map(|cell| cell.parse().unwrap()).collect())
    });
    rows.collect()
}

fn json(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(testdata(name)).unwrap()).unwrap()
}

fn close(found: f64, expected: f64, relative: f64) -> bool {
    found.is_nan() && expected.is_nan() || (found - expected).abs() <= (relative * expected.abs()).max(1e-12)
}

#[test]
fn snapped_features_equal_the_reference() {
    let rows = table("brisque/brisque_snapped.csv");
    assert_eq!(rows.len(), 15);
    for (name, expected) in rows {
        let found = Image::load(&name).raw(FlatAreas::Snapped);
        for (i, (&f, &e)) in found.iter().zip(&expected).enumerate() {
            assert!(close(f, e, 1e-8), "{name} f{}: {f} instead of {e}", i + 1);
        }
    }
}

#[test]
fn literal_features_equal_the_reference_where_it_is_stable() {
    let unstable = json("brisque/unstable.json");
    for (name, expected) in table("brisque/brisque.csv") {
        let unstable: Vec<u64> =
            unstable[&name].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
        let found = Image::load(&name).raw(FlatAreas::Literal);
        for (i, (&f, &e)) in found.iter().zip(&expected).enumerate() {
            if !unstable.contains(&(i as u64 + 1)) {
                assert!(close(f, e, 1e-5), "{name} f{}: {f} instead of {e}", i + 1);
            }
        }
    }
}

/// Products of the map with itself moved by (dy, dx), circularly.
fn products(map: &Plane, dy: usize, dx: usize) -> Vec<f64> {
    let (w, h) = (map.width(), map.height());
    let at = |y: usize, x: usize| map.row(y)[x];
    (0..w * h).map(|i| at(i / w, i % w) * at((i / w + h - dy) % h, (i % w + w - dx) % w)).collect()
}

#[test]
fn every_intermediate_step_equals_the_reference() {
    let golden = json("brisque/intermediates.json");
    for (name, scales) in golden.as_object().unwrap() {
        let full = Plane::from_luma(&Image::load(name).view());
        let half = half_size(&full);
        for (image, expected) in [full, half].iter().zip(scales.as_array().unwrap()) {
            let number = |key: &str| expected[key].as_f64().unwrap_or(f64::NAN);
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            let size = (image.height() as u64, image.width() as u64);
            assert_eq!(
                (expected["height"].as_u64(), expected["width"].as_u64()),
                (Some(size.0), Some(size.1))
            );

            let local = local_statistics(image, FlatAreas::Snapped);
            let mscn = local.mscn.data();
            let squares: Vec<f64> = mscn.iter().map(|v| v * v).collect();
            let ggd = Ggd::fit_zero_mean(mscn);
            let steps = [
                ("image_mean", mean(image.data()), 1e-12),
                ("mu_mean", mean(local.mu.data()), 1e-10),
                ("sigma_mean", mean(local.sigma.data()), 1e-6),
                ("mscn_mean", mean(mscn), 1e-8),
                ("mscn_sq_mean", mean(&squares), 1e-8),
                ("ggd_rho", ggd.rho, 1e-8),
            ];
            for (step, found, relative) in steps {
                assert!(close(found, number(step), relative), "{name} {step}: {found} {}", number(step));
            }
            assert_eq!(expected["ggd_index0"].as_u64(), Some(ggd.index as u64), "{name}");

            let last = image.height() - 1; // the shift (-1, 1)
            for (k, (dy, dx)) in [(0, 1), (1, 0), (1, 1), (last, 1)].into_iter().enumerate() {
                let values = products(&local.mscn, dy % image.height(), dx);
                let fit = Aggd::fit(&values);
                assert_eq!(expected["index0"][k].as_u64(), Some(fit.index as u64), "{name} {dy} {dx}");
                let zero = values.len() as u64 - fit.negative - fit.positive;
                let counts: Vec<u64> =
                    expected["counts"][k].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
                assert_eq!(counts, [fit.negative, fit.positive, zero], "{name} {dy} {dx}");
            }
        }
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

#[test]
fn windowed_pooling_equals_the_reference() {
    let rows = table("pooling/video_96x80_24f_brisque_snapped_frames.csv");
    let text =
        std::fs::read_to_string(testdata("pooling/video_96x80_24f_brisque_snapped_video.csv")).unwrap();
    let expected: Vec<f64> =
        text.lines().nth(1).unwrap().split(',').map(|cell| cell.parse().unwrap()).collect();
    let layout = Brisque::default().layout().clone();
    let pooled = Pooled::new(Stored { layout, rows }, Pooling::feature_fusion()).unwrap();
    let mut session = pooled.start(VideoSpec::new(1, 1, 8.0)).unwrap();
    for t in 0..24 {
        session.push(&Frame::from_luma(LumaView::new(&[t], 1, 1, 1).unwrap())).unwrap();
    }
    let found = session.finish().unwrap();
    assert_eq!(found.replaced(), 0, "the ruled-out frames do not count");
    assert_eq!((found.values().len(), expected.len()), (72, 72));
    for (name, (&f, &e)) in found.layout().names().iter().zip(found.values().iter().zip(&expected)) {
        assert!(close(f, e, 1e-8), "{name}: {f} instead of {e}");
    }
}
