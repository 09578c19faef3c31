//! The recipe as a whole, on pictures made here.

use sha2::{Digest, Sha256};

use super::canvas::{byte, single};
use super::clip::{Clip, ClipOptions};
use super::*;

/// An oval with eyes and a mouth before a patterned wall.
pub(crate) fn portrait(width: usize, height: usize) -> Portrait {
    let (cx, cy, radius) = (width as f64 / 2.0, height as f64 / 2.0, width.min(height) as f64 / 5.0);
    let pixel = |x: usize, y: usize| {
        let (dx, dy) = ((x as f64 - cx) / radius, (y as f64 - cy) / (1.3 * radius));
        let wave = 8.0 * libm::sin(x as f64 * 0.9) * libm::cos(y as f64 * 0.7);
        let shade = wave + 20.0 * dx;
        let eye = (dx.abs() - 0.45).powi(2) + (dy + 0.2).powi(2) < 0.02;
        let mouth = dx.abs() < 0.35 && (dy - 0.5).abs() < 0.06;
        match dx * dx + dy * dy < 1.0 {
            true if eye => [40.0, 30.0, 25.0],
            true if mouth => [150.0, 60.0, 60.0],
            true => [200.0 + shade, 150.0 + shade, 120.0 + shade],
            false => [70.0 + 3.0 * wave, 90.0 + 2.0 * wave, 110.0 + wave],
        }
    };
    let bytes = |value: f64| byte(single(value));
    let data = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).map(bytes).collect();
    let at = |x: f64, y: f64| [cx + x * radius, cy + 1.3 * y * radius];
    let points =
        [at(-0.45, -0.2), at(0.45, -0.2), at(0.0, 0.15), at(0.0, 0.5), at(-0.95, -0.1), at(0.95, -0.1)];
    let face = [cx - radius, cy - radius, cx + radius, cy + radius];
    Portrait { picture: Rgb { width, height, data }, face, points: Some(points) }
}

fn hash(draw: &Draw) -> String {
    let mut hash = Sha256::new();
    for (_, picture) in &draw.pictures {
        hash.update([picture.width, picture.height].map(|side| side.to_le_bytes()).concat());
        hash.update(&picture.data);
    }
    for mask in &draw.masks {
        mask.data.iter().for_each(|weight| hash.update(weight.to_le_bytes()));
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Mean of absolute differences.
fn difference(one: &Rgb, other: &Rgb) -> f64 {
    assert_eq!((one.width, one.height), (other.width, other.height));
    let sum: f64 = one.data.iter().zip(&other.data).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    sum / one.data.len() as f64
}

/// When this fails the recipe has other bytes: raise [`RECIPE`], and train the committed head again.
#[test]
fn the_bytes_of_the_recipe() {
    let portrait = portrait(171, 140);
    let hashes = [1, 2, 3, 4].map(|seed| hash(&draw(&portrait, &Options::default(), seed).unwrap()));
    assert_eq!(
        (RECIPE, hashes.join(" ").as_str()),
        (1, "68e3b9021695ce56 f67f473fb73779dc 8c1ad5a1d21b7d42 0d4979282fa1542f")
    );
}

#[test]
fn draws_depend_on_nothing_but_their_seed() {
    let portrait = portrait(120, 130);
    let made = |seed: u64| hash(&draw(&portrait, &Options::default(), seed).unwrap());
    let forward: Vec<String> = (0..12).map(made).collect();
    let mut backward: Vec<String> = (0..12).rev().map(made).collect();
    backward.reverse();
    assert_eq!(forward, backward);
    let at_once: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..12).map(|seed| scope.spawn(move || made(seed))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(forward, at_once);
    let unique: std::collections::BTreeSet<&String> = forward.iter().collect();
    assert_eq!(unique.len(), forward.len());
}

#[test]
fn without_damage_only_the_face_of_a_blend_changes() {
    let options = Options { damage: Some(Damage::None), ..Options::default() };
    let (mut outside_kept, mut order) = (0, 0);
    for seed in 0..30 {
        let draw = draw(&portrait(160, 160), &options, seed).unwrap();
        let [(_, real), (_, global), (_, mild), (_, gross)] = &draw.pictures;
        assert!(difference(real, global) > 0.5 && difference(real, gross) > 0.2, "seed {seed}");
        order += usize::from(difference(real, mild) < difference(real, gross));
        let [s, t, u, v] = draw.severities;
        assert!(s == 0.0 && (0.1..1.0).contains(&t) && (0.1..0.5).contains(&u) && (0.5..1.0).contains(&v));
        // Where the mask is 0 a blend is its target: in about half of the draws the portrait itself.
        let [mask, _] = &draw.masks;
        let pixels = real.data.as_chunks::<3>().0.iter().zip(mild.data.as_chunks::<3>().0).zip(&mask.data);
        outside_kept += usize::from(pixels.filter(|(_, m)| **m == 0.0).all(|((a, b), _)| a == b));
    }
    assert!((8..=22).contains(&outside_kept), "{outside_kept}");
    assert!(order > 18, "{order}");
}

#[test]
fn kinds_and_sizes_are_stated() {
    for (width, height) in [(90, 101), (61, 50), (800, 300)] {
        let draw = draw(&portrait(width, height), &Options::default(), 9).unwrap();
        let kinds = draw.pictures.each_ref().map(|(kind, _)| *kind);
        assert_eq!(kinds, [Kind::Real, Kind::Global, Kind::Mild, Kind::Gross]);
        let sizes = draw.pictures.each_ref().map(|(_, picture)| (picture.width, picture.height));
        assert_eq!(sizes, [sizes[0]; 4]);
        assert_eq!(sizes[0], (draw.masks[0].width, draw.masks[0].height));
        draw.pictures.iter().for_each(|(_, picture)| picture.check().unwrap());
    }
}

#[test]
fn other_damage_leaves_the_blends_as_they_were() {
    let with = |damage| {
        let options = Options { damage: Some(damage), ..Options::default() };
        draw(&portrait(200, 200), &options, 5).unwrap()
    };
    let (none, jpeg) = (with(Damage::None), with(Damage::Jpeg(90)));
    assert_eq!(none.masks, jpeg.masks);
    let [(_, clean), ..] = &none.pictures;
    let [(_, damaged), ..] = &jpeg.pictures;
    assert!((0.1..8.0).contains(&difference(clean, damaged)), "{}", difference(clean, damaged));
    let [(_, half), ..] = &with(Damage::HalfSize).pictures;
    assert!(half.width.abs_diff(clean.width / 2) <= 1, "{} of {}", half.width, clean.width);
    let [(_, wide), ..] = &with(Damage::Crop(1.7)).pictures;
    assert!(((wide.width as f64 / clean.width as f64) - 1.7 / 1.3).abs() < 0.03);
}

#[test]
fn small_faces_are_small() {
    let options = Options { small: 1.0, ..Options::default() };
    let mut sides = Vec::new();
    for seed in 0..12 {
        let draw = draw(&portrait(600, 600), &options, seed).unwrap();
        sides.push(draw.pictures[0].1.width as f64 / 1.3);
    }
    assert!(sides.iter().all(|side| (44.0..137.0).contains(side)), "{sides:?}");
}

#[test]
fn unusable_portraits_and_options_are_refused() {
    let with = |change: fn(&mut Portrait)| {
        let mut portrait = portrait(90, 90);
        change(&mut portrait);
        draw(&portrait, &Options::default(), 1).map(|_| ())
    };
    assert!(matches!(with(|p| p.face = [50.0, 20.0, 40.0, 60.0]), Err(Error::Box { .. })));
    assert!(matches!(with(|p| p.face = [f64::INFINITY; 4]), Err(Error::Box { .. })));
    assert!(matches!(with(|p| p.face = [85.0, 0.0, 195.0, 80.0]), Err(Error::Outside { .. })));
    assert!(matches!(with(|p| p.face = [40.0, 40.0, 50.0, 50.0]), Err(Error::Small { .. })));
    assert!(matches!(with(|p| p.picture.data.truncate(7)), Err(Error::Length { found: 7, .. })));
    assert!(with(|p| p.points = Some([[f64::NAN; 2]; 6])).is_ok(), "an ellipse then");
    let options = |options: Options| draw(&portrait(90, 90), &options, 1).map(|_| ());
    let usual = Options::default;
    for bad in [
        Options { crop: f64::NAN, ..usual() },
        Options { jpeg: 0.7, h264: 0.4, ..usual() },
        Options { quality: [0, 50], ..usual() },
        Options { crf: [18, 60], ..usual() },
        Options { small: -0.1, ..usual() },
        Options { damage: Some(Damage::Jpeg(0)), ..usual() },
    ] {
        assert!(matches!(options(bad.clone()), Err(Error::Option { .. })), "{bad:?}");
    }
}

#[test]
fn clips_move_smoothly_and_differ_where_they_are_blended() {
    let clip = Clip::new(&portrait(131, 120), &ClipOptions::default(), 3).unwrap();
    assert_eq!(clip.size(), (130, 120));
    let frames: Vec<_> = (0..24).map(|t| clip.frame(t)).collect();
    assert_eq!(clip.frame(7), frames[7]);
    for pair in frames.windows(2) {
        assert!(difference(&pair[0].original, &pair[1].original) < 12.0);
    }
    let moved = difference(&frames[0].original, &frames[20].original);
    assert!(moved > 2.0, "{moved}");
    for frame in &frames {
        let found = difference(&frame.original, &frame.fake);
        assert!((0.1..20.0).contains(&found), "{found}");
        assert_eq!(frame.original.data[..30], frame.fake.data[..30], "the corner is no face");
    }
    let still = ClipOptions { motion: 0.0, ..ClipOptions::default() };
    let still = Clip::new(&portrait(131, 120), &still, 3).unwrap();
    assert_eq!(still.frame(0).original, still.frame(9).original);
    let bad = ClipOptions { severity: 1.5, ..ClipOptions::default() };
    assert!(matches!(Clip::new(&portrait(131, 120), &bad, 3), Err(Error::Option { option: "severity", .. })));
}
