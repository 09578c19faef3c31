//! HIGRADE-1, its colours and its steps against the reference (see testdata/PROVENANCE.md).
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::panic, reason = "tests")]

use crate::common::reference::{Picture, assert_pooling, close, json, table};
use dream_features::color::Lab8;
use dream_features::filter::sobel_magnitude;
use dream_features::nss::{Quantity, local_structure};
use dream_features::resize::half_size;
use dream_features::{Frame, Higrade, ImageFeatures, LumaView, Plane, Workspace, Yuv420View};
use serde_json::Value;

/// The first two features of each map at each scale follow the cancellation in sigma.
fn tolerance(feature: usize) -> f64 {
    if feature % 18 < 2 { 2e-5 } else { 1e-8 }
}

#[test]
fn features_equal_the_reference() {
    let rows = table("image/higrade.csv");
    let unstable = json("image/higrade_unstable.json");
    assert_eq!(rows.len(), 16);
    let mut infinite = 0;
    for (name, expected) in rows {
        let unstable: Vec<u64> =
            unstable[&name].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
        let found = Picture::load("rgb", &name).raw(&Higrade);
        assert_eq!(found.len(), expected.len());
        for (i, (&f, &e)) in found.iter().zip(&expected).enumerate() {
            if !unstable.contains(&(i as u64 + 1)) {
                assert!(
                    close(f, e, tolerance(i)),
                    "{name} f{} {}: {f} instead of {e}",
                    i + 1,
                    Higrade.layout().names()[i]
                );
                infinite += usize::from(e.is_infinite());
            }
        }
    }
    assert!(infinite > 0, "the reference has infinite features");
}

#[test]
fn colours_equal_the_reference_exactly() {
    for (name, _) in table("image/higrade.csv") {
        let (rgb, lab) = (Picture::load("rgb", &name), Picture::load("lab", &name));
        for (rgb, lab) in rgb.pixels.as_chunks::<3>().0.iter().zip(lab.pixels.as_chunks::<3>().0) {
            assert_eq!(Lab8::higrade().convert(*rgb), *lab, "{name} {rgb:?}");
        }
    }
}

#[test]
fn every_step_equals_the_reference() {
    let golden = json("image/intermediates.json");
    let mut maps = 0;
    for (name, steps) in golden.as_object().unwrap() {
        let Some(steps) = steps["higrade"].as_array() else { continue };
        let lab = Picture::load("lab", name);
        for (m, expected) in steps.iter().enumerate() {
            let codes: Vec<u8> = lab.pixels.iter().skip(m / 4).step_by(3).copied().collect();
            let mut map = Plane::from_luma(&LumaView::new(&codes, lab.width, lab.height, lab.width).unwrap());
            if expected["map"] == "sobel" {
                map = sobel_magnitude(&map);
            }
            if expected["scale"] == 1 {
                map = half_size(&map);
            }
            assert_eq!(
                (expected["height"].as_u64(), expected["width"].as_u64()),
                (Some(map.height() as u64), Some(map.width() as u64))
            );
            let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
            let mean = map.data().iter().sum::<f64>() / map.data().len() as f64;
            assert!(close(mean, number(&expected["map_mean"]), 1e-12), "{name} {m}");

            let found = local_structure(&map, Quantity::LogMagnitude);
            assert!(close(found.sigma_mean, number(&expected["sigma_mean"]), 2e-5), "{name} {m}");
            assert!(close(found.sigma_deviation, number(&expected["sigma_std"]), 2e-5), "{name} {m}");
            for (fit, expected) in found.fits().zip(expected["ggd"].as_array().unwrap()) {
                let (sigma, rho) = (number(&expected["sigma"]), number(&expected["rho"]));
                if sigma > 1e-12 {
                    let case = format!("{name} map {m} {}", expected["map"]);
                    assert!(
                        close(fit.variance.sqrt(), sigma, 1e-8),
                        "{case}: {} {sigma}",
                        fit.variance.sqrt()
                    );
                    assert!(close(fit.rho, rho, 1e-8), "{case}: {} {rho}", fit.rho);
                    assert_eq!(Some(fit.index as u64), expected["index0"].as_u64(), "{case}");
                }
            }
            maps += 1;
        }
    }
    assert_eq!(maps, 5 * 12);
}

#[test]
fn pooled_rows_equal_the_reference() {
    assert_pooling(&Higrade, "higrade");
}

#[test]
fn luma_is_gray() {
    let codes: Vec<u8> = (0..31 * 17u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let gray = LumaView::new(&codes, 31, 17, 31).unwrap();
    let rgb: Vec<u8> = codes.iter().flat_map(|&c| [c; 3]).collect();
    let rgb = Picture { pixels: rgb, width: 31, height: 17 };
    let expected = Higrade.extract(&Frame::from_rgb(rgb.view())).unwrap();
    assert_eq!(Higrade.extract(&Frame::from_luma(gray)).unwrap().values(), expected.values());
}

#[test]
fn small_frames_are_finite_whatever_the_workspace_held_before() {
    let mut workspace = Workspace::new();
    let bytes = |len: usize, k: usize| (0..len).map(|i| (i * i * k + 31 * i) as u8).collect::<Vec<u8>>();
    for (width, height) in (1..=9).flat_map(|w| (1..=9).rev().map(move |h| (w, h))) {
        let (cw, ch) = (usize::div_ceil(width, 2), usize::div_ceil(height, 2));
        for (y, c) in
            [(bytes(width * height, 91), bytes(cw * ch, 57)), (vec![0; width * height], vec![128; cw * ch])]
        {
            let chroma = LumaView::new(&c, cw, ch, cw).unwrap();
            let luma = LumaView::new(&y, width, height, width).unwrap();
            let frame = Frame::from_yuv420(Yuv420View::new(luma, chroma, chroma).unwrap());
            let fresh = Higrade.extract(&frame).unwrap();
            assert!(fresh.values().iter().all(|v| v.is_finite()), "{width}x{height}");
            let mut used = vec![0.0; Higrade::DIM];
            Higrade.extract_into(&frame, &mut workspace, &mut used).unwrap();
            let used = used.iter().map(|v| if v.is_finite() { *v } else { 0.0 });
            assert!(used.eq(fresh.values().iter().copied()), "{width}x{height}");
        }
    }
}
