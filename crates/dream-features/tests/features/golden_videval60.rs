//! VIDEVAL-60 against the reference: the values of every frame, the features (see testdata/PROVENANCE.md).
#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation, reason = "tests")]
#![allow(clippy::cast_sign_loss, clippy::cast_possible_wrap, reason = "tests")]

use crate::common::golden;
use crate::common::golden::{clip, frames, numbers, reference, steps};
use dream_features::color::{lms_cat02, rgb8_from_ycbcr};
use dream_features::nss::{Aggd, FlatAreas, Ggd, Moments, local_statistics};
use dream_features::pyramid::laplacian_band;
use dream_features::tlvqm::Ties;
use dream_features::videval60::{Trace, Videval60};
use dream_features::{Error, FeatureVector, Plane, VideoSession, VideoSpec};

const CLIPS: [&str; 6] = ["synth_small", "synth_halfodd", "synth_a", "face", "static", "black"];
/// As the release: what it counts in flat areas is its rounding noise, and NaN stays NaN.
const RELEASE: Videval60 =
    Videval60 { ties: Ties::Canonical, flat_areas: FlatAreas::Literal, keep_undefined: true };

fn run(name: &str, options: Videval60, count: usize) -> Result<(FeatureVector, Trace), Error> {
    let clip = clip(name);
    let spec = VideoSpec::new(clip.width, clip.height, 10.0);
    let mut session = options.trace(spec).unwrap();
    for frame in frames(&clip).take(count) {
        session.push(&frame).unwrap();
    }
    session.finish_traced()
}

fn is_flat(name: &str) -> bool {
    name == "static" || name == "black"
}

/// The finest band of constant chroma is 0. The release has rounding noise there, and its skewness.
fn is_noise(name: &str, what: &str) -> bool {
    name == "black" && what.contains("chroma.laplacian.skewness")
}

fn is_close(found: f64, expected: f64, relative: f64) -> bool {
    found.is_nan() && expected.is_nan() || (found - expected).abs() <= 1e-12 + relative * expected.abs()
}

#[track_caller]
fn assert_close(found: f64, expected: f64, relative: f64, what: &str) {
    assert!(is_close(found, expected, relative), "{what}: {found} instead of {expected}");
}

#[test]
fn values_of_every_frame() {
    for name in CLIPS {
        let Some(steps) = steps(name) else { continue };
        let rows = |key: &str| -> Vec<Vec<f64>> {
            steps["videval"][key].as_array().unwrap().iter().map(numbers).collect()
        };
        let (_, trace) = run(name, RELEASE, 99).unwrap();
        let (values, motion) = (rows("frames"), rows("tlvqm_lcf_canonical"));
        assert_eq!((trace.rows.len(), motion.len()), (values.len(), values.len()), "{name}");
        for (k, (frame, found)) in trace.rows.iter().enumerate() {
            assert_eq!(*frame, 1 + 2 * k as u64);
            let expected = [&values[k][..43], &motion[k]].concat();
            for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
                if name == "black" && i == 41 {
                    assert!(found.is_nan(), "the band is constant");
                    continue;
                }
                assert_close(*found, expected, 1e-8, &format!("{name} frame {frame} value {}", i + 1));
            }
        }
        let frames: Vec<u64> = trace.high.iter().map(|(frame, _)| *frame).collect();
        assert_eq!(frames, [4, 14, 24], "{name}");
        for ((frame, found), expected) in trace.high.iter().zip(rows("hcf")) {
            for (found, expected) in found.iter().zip(expected) {
                assert_close(*found, expected, 1e-8, &format!("{name} frame {frame}"));
            }
        }
    }
}

#[test]
fn features_of_every_clip() {
    for name in CLIPS {
        let (features, _) = run(name, RELEASE, 99).unwrap();
        let expected = reference("videval_canonical_features.csv", name);
        assert_eq!((features.values().len(), expected.len()), (60, 60));
        assert!(!features.short());
        for ((found, expected), what) in features.values().iter().zip(expected).zip(features.layout().names())
        {
            if !is_noise(name, what) {
                assert_close(*found, expected, 1e-8, &format!("{name} {what}"));
            }
        }
        let (finite, _) = run(name, Videval60 { keep_undefined: false, ..RELEASE }, 99).unwrap();
        assert!(finite.values().iter().all(|v| v.is_finite()));
        let undefined = features.values().iter().filter(|v| !v.is_finite()).count();
        assert_eq!((finite.replaced(), features.replaced()), (undefined, 0));
        assert_eq!(undefined > 0, name == "black");
    }
}

#[test]
fn snapped_flat_areas_change_what_counts_signs_and_nothing_else() {
    for name in CLIPS {
        let options = Videval60 { flat_areas: FlatAreas::Snapped, ..RELEASE };
        let (features, _) = run(name, options, 99).unwrap();
        let expected = reference("videval_canonical_features.csv", name);
        for ((found, expected), what) in features.values().iter().zip(expected).zip(features.layout().names())
        {
            let signs = what.contains("aggd");
            // All of black chroma but its border is flat.
            if is_noise(name, what) || name == "black" && signs {
                continue;
            }
            let relative = match (signs, is_flat(name)) {
                (true, _) => 0.005,
                (_, true) => 1e-6,
                _ => 1e-8,
            };
            assert_close(*found, expected, relative, &format!("{name} {what}"));
        }
    }
}

#[test]
fn plain_ties_differ_in_motion_only() {
    for name in CLIPS {
        let (features, _) = run(name, Videval60 { ties: Ties::Plain, ..RELEASE }, 99).unwrap();
        let expected = reference("videval_plain_features.csv", name);
        for (i, ((found, expected), what)) in
            features.values().iter().zip(expected).zip(features.layout().names()).enumerate()
        {
            // On exact ties the release follows its rounding noise, which moves these by tens of percents at most.
            let tied = [30, 31, 33, 51, 52, 53].contains(&i);
            assert_eq!(
                tied,
                what.contains("mot") || what.contains("jerk") || what.contains("flicker"),
                "{what}"
            );
            if !is_noise(name, what) {
                let relative = if tied { 0.2 } else { 1e-8 };
                assert_close(*found, expected, relative, &format!("{name} {what}"));
            }
        }
    }
}

#[test]
fn short_videos_say_what_they_lack() {
    for count in 0..4 {
        let found = u64::try_from(count).unwrap();
        let error = run("synth_small", Videval60::default(), count).unwrap_err();
        assert_eq!(error, Error::TooFewFrames { min: 4, found });
    }
    for count in 4..=16 {
        let (features, trace) = run("synth_small", Videval60::default(), count).unwrap();
        assert_eq!(trace.rows.len(), count / 2 - 1);
        // A window is six rows, up to frame 11, and two frames after it; the first second has its middle at frame 4.
        let (window, high) = (count >= 14, count >= 8);
        assert_eq!(features.short(), !window, "{count}");
        assert_eq!(features.replaced(), usize::from(!window) * 54 + usize::from(!high) * 6, "{count}");
        assert!(features.values().iter().all(|v| v.is_finite()));
        assert_eq!(features.values()[0] > 0.0, window);
        assert_eq!(features.values()[54] > 0.0, high);
        let (kept, _) =
            run("synth_small", Videval60 { keep_undefined: true, ..Videval60::default() }, count).unwrap();
        assert_eq!(kept.values().iter().filter(|v| v.is_nan()).count(), features.replaced());
    }
}

#[test]
fn building_blocks_equal_the_reference() {
    let all = golden::json(&golden::testdata().join("primitives.json"));
    let data = |name: &str| numbers(&all[name]["data_row_major"]);
    let plane = |name: &str| {
        let size = |key: &str| all[name][key].as_u64().unwrap() as usize;
        Plane::new(data(name), size("cols"), size("rows")).unwrap()
    };
    let close = |name: &str, found: &[f64]| {
        let expected = data(name);
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(expected) {
            assert_close(*found, expected, 1e-11, name);
        }
    };
    let local = local_statistics(&plane("B"), FlatAreas::Snapped);
    close("mscn_B_zero_pad", local.mscn.data());
    close("sd_B_zero_pad", local.sigma.data());
    close("lpyr_band1_B", laplacian_band(&plane("B")).data());
    // B is flat in places, and the asymmetric fit counts signs: of the coefficients of the reference.
    let s = plane("mscn_B_zero_pad");
    let left = |i: usize| if i.is_multiple_of(s.width()) { i + s.width() - 1 } else { i - 1 };
    let products: Vec<f64> = s.data().iter().enumerate().map(|(i, v)| v * s.data()[left(i)]).collect();
    let fit = Aggd::fit(&products);
    close("aggd_alpha_ls_rs_of_S_times_shift01", &[fit.shape, fit.left, fit.right]);
    let fit = Ggd::fit_zero_mean(s.data());
    close("ggd_alpha_sigma_of_S", &[fit.shape, fit.variance.sqrt()]);
    let moments = Moments::of(s.data());
    close("skew_kurt_of_S", &[moments.skewness, moments.kurtosis]);
    let codes = |name: &str| -> Vec<[u8; 3]> {
        data(name).as_chunks::<3>().0.iter().map(|row| row.map(|v| v as u8)).collect()
    };
    let rgb: Vec<[u8; 3]> = codes("yuv8").into_iter().map(rgb8_from_ycbcr).collect();
    assert_eq!(rgb, codes("ycbcr2rgb_uint8"));
    close("cat02_lms", &rgb.into_iter().flat_map(lms_cat02).collect::<Vec<f64>>());
}
