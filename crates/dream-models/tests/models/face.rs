//! Faces against MediaPipe, and input that is no portrait. See `testdata/PROVENANCE.md`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a test is a failed test")]

use dream_models::Error;
use dream_models::face::{
    DetectorConfig, Face, FaceBox, FaceDetector, VideoBoxConfig, VideoFaceBox, largest,
};
use dream_models::preprocess::{ImageView, PixelLayout};
use serde_json::Value;

const WEIGHTS: &[u8] = include_bytes!("../../assets/blazeface-short-range.safetensors");
/// Coordinates, in pixels of the 128x128 input. The sums run in another order.
const PIXELS: f64 = 1e-3;
/// The same where the longer side is no multiple of 4: sample positions then lie half-way between the steps that the
/// original rounds them to, and rounding noise of its matrix inversion decides.
const TIED_PIXELS: f64 = 0.5;
/// Raw outputs, up to 409.
const RAW: f32 = 1e-3;

#[derive(Clone)]
struct Image {
    data: Vec<u8>,
    width: usize,
    height: usize,
}

impl Image {
    fn read(png: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut data = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut data).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        Self { data, width: info.width as usize, height: info.height as usize }
    }

    /// The portraits, by the names that the reference uses.
    fn portrait(name: &str) -> Self {
        Self::read(match name {
            "hopper" => include_bytes!("../../testdata/face_hopper.png"),
            "collins" => include_bytes!("../../testdata/face_collins.png"),
            other => panic!("{other}"),
        })
    }

    fn view(&self) -> ImageView<'_> {
        ImageView::rgb(&self.data, self.width, self.height).unwrap()
    }

    /// An image of this size; `from` says where its pixels lie in this one.
    fn build(
        &self,
        width: usize,
        height: usize,
        from: impl Fn(usize, usize) -> Option<(usize, usize)>,
    ) -> Self {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixel = |(x, y)| match from(x, y) {
            Some((x, y)) => <[u8; 3]>::try_from(&self.view().row(y)[3 * x..3 * x + 3]).unwrap(),
            None => [128; 3],
        };
        Self { data: places.flat_map(pixel).collect(), width, height }
    }

    /// A step of `make_face_reference.py`.
    fn step(&self, name: &str, n: &[usize]) -> Self {
        let (w, h) = (self.width, self.height);
        match name {
            "flip" => self.build(w, h, |x, y| Some((w - 1 - x, y))),
            "turn" => self.build(h, w, |x, y| Some((y, x))),
            "mirrored" => self.build(2 * w, h, |x, y| Some((if x < w { x } else { 2 * w - 1 - x }, y))),
            "nearest" => self.build(w * n[0], h * n[0], |x, y| Some((x / n[0], y / n[0]))),
            "every" => self.build(w.div_ceil(n[0]), h.div_ceil(n[0]), |x, y| Some((x * n[0], y * n[0]))),
            "crop" => {
                let (right, bottom) = ((n[0] + n[2]).min(w), (n[1] + n[3]).min(h));
                self.build(right - n[0], bottom - n[1], |x, y| Some((x + n[0], y + n[1])))
            }
            "pad" => self.build(w + n[0] + n[2], h + n[1] + n[3], |x, y| {
                let (x, y) = (x.checked_sub(n[0])?, y.checked_sub(n[1])?);
                (x < w && y < h).then_some((x, y))
            }),
            "dim" => {
                let data = self.data.iter().map(|v| v / u8::try_from(n[0]).unwrap()).collect();
                Self { data, ..self.clone() }
            }
            other => panic!("{other}"),
        }
    }

    fn of_case(case: &str) -> Self {
        let words: Vec<&str> = case.split(' ').collect();
        let mut image = Self::portrait(words[0]);
        let mut at = 1;
        while at < words.len() {
            let numbers: Vec<usize> = words[at + 1..].iter().map_while(|word| word.parse().ok()).collect();
            image = image.step(words[at], &numbers);
            at += 1 + numbers.len();
        }
        image
    }
}

fn detector() -> FaceDetector {
    FaceDetector::embedded().unwrap()
}

#[test]
fn the_network_equals_the_original_runtime() {
    let file = include_bytes!("../../testdata/face_raw.bin");
    let values: Vec<f32> = file.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let (boxes, scores) = (896 * 16, 896);
    assert_eq!(values.len(), 2 * (boxes + scores));
    for (name, expected) in ["hopper", "collins"].into_iter().zip(values.chunks(boxes + scores)) {
        let corner = Image::portrait(name).step("crop", &[0, 0, 128, 128]);
        let input = detector().input(&corner.view());
        let found = detector().forward(&input).unwrap();
        let worst = |found: &[f32], expected: &[f32]| {
            assert_eq!(found.len(), expected.len());
            found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        let worst = worst(&found.boxes, &expected[..boxes]).max(worst(&found.scores, &expected[boxes..]));
        assert!(worst < RAW, "{name}: {worst}");
    }
}

#[test]
fn faces_equal_those_of_mediapipe() {
    let file: Value = serde_json::from_slice(include_bytes!("../../testdata/face_reference.json")).unwrap();
    let detector = detector();
    let (mut faces, mut without) = (0, 0);
    for row in file["cases"].as_array().unwrap() {
        let (case, expected) = row.as_array().unwrap().split_first().unwrap();
        let case = case.as_str().unwrap();
        let image = Image::of_case(case);
        let found = detector.detect(&image.view());
        assert_eq!(found.len(), expected.len(), "{case}: {found:?}");
        without += usize::from(found.is_empty());
        for (found, expected) in found.iter().zip(expected) {
            let expected: Vec<f64> =
                expected.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
            let numbers = [&found.area.corners()[..], found.points.as_flattened()].concat();
            let others = expected[..4].iter().chain(&expected[5..]);
            let longer = image.width.max(image.height);
            let (scale, tied) = (128.0 / longer as f64, !longer.is_multiple_of(4));
            let (limit, score_limit) = if tied { (TIED_PIXELS, 0.02) } else { (PIXELS, 1e-5) };
            for (at, (a, b)) in numbers.iter().zip(others).enumerate() {
                let side = if at % 2 == 0 { image.width } else { image.height };
                let pixels = (a - b).abs() * side as f64 * scale;
                assert!(pixels < limit, "{case}: number {at} is {a}, not {b}: {pixels} pixels");
            }
            assert!((f64::from(found.score) - expected[4]).abs() < score_limit, "{case}: {}", found.score);
            faces += 1;
        }
    }
    assert!(faces >= 20 && without >= 4, "{faces} {without}");
}

#[test]
fn layouts_and_strides_change_nothing() {
    let image = Image::portrait("hopper");
    let (width, height) = (image.width, image.height);
    let expected = detector().detect(&image.view());
    assert_eq!(expected.len(), 1);
    assert_eq!(detector().detect(&image.view()), expected, "the same again");
    let bgr: Vec<u8> = image.data.chunks(3).flat_map(|p| [p[2], p[1], p[0]]).collect();
    let view = ImageView::new(&bgr, width, height, 3 * width, PixelLayout::Bgr).unwrap();
    assert_eq!(detector().detect(&view), expected);
    let padded: Vec<u8> = image.data.chunks(3 * width).flat_map(|row| [row, &[77; 5]].concat()).collect();
    let view = ImageView::new(&padded, width, height, 3 * width + 5, PixelLayout::Rgb).unwrap();
    assert_eq!(detector().detect(&view), expected);
    let gray: Vec<u8> = image.data.chunks(3).map(|p| p[1]).collect();
    let view = ImageView::new(&gray, width, height, width, PixelLayout::Gray).unwrap();
    let gray = detector().detect(&view);
    assert!(gray.len() == 1 && gray[0].area.overlap(&expected[0].area) > 0.9);
}

#[test]
fn a_small_face_is_found_by_looking_closer() {
    let portrait = Image::portrait("hopper");
    let small = portrait.step("pad", &[300, 201, 244, 320]);
    let looking = |levels| {
        let config = DetectorConfig { levels, ..DetectorConfig::default() };
        detector().with_config(config).unwrap().detect(&small.view())
    };
    assert_eq!(looking(1), []);
    let expected = {
        let near = detector().detect(&portrait.view())[0].area;
        let (w, h) = (small.width as f64, small.height as f64);
        let x = |at: f64| (300.0 + at * portrait.width as f64) / w;
        let y = |at: f64| (201.0 + at * portrait.height as f64) / h;
        FaceBox { left: x(near.left), top: y(near.top), right: x(near.right), bottom: y(near.bottom) }
    };
    for levels in [2, 3, 4] {
        let found = looking(levels);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].area.overlap(&expected) > 0.8, "{found:?} {expected:?}");
        let [eye, other] = [found[0].points[0], found[0].points[1]];
        assert!(eye[0] < other[0] && eye[0] > expected.left && other[0] < expected.right);
    }
    for (config, field) in [
        (DetectorConfig { levels: 0, ..DetectorConfig::default() }, "levels"),
        (DetectorConfig { levels: 5, ..DetectorConfig::default() }, "levels"),
        (DetectorConfig { min_score: f32::NAN, ..DetectorConfig::default() }, "min_score"),
        (DetectorConfig { max_overlap: 1.5, ..DetectorConfig::default() }, "max_overlap"),
    ] {
        match detector().with_config(config) {
            Err(Error::InvalidConfig { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn images_of_nothing_have_no_face() {
    let detector = detector();
    for (width, height) in [(1, 1), (1, 300), (300, 1), (128, 128), (20_000, 3), (3, 20_000), (2000, 1500)] {
        for level in [0, 128, 255] {
            let data = vec![level; width * height];
            let view = ImageView::new(&data, width, height, width, PixelLayout::Gray).unwrap();
            assert_eq!(detector.detect(&view), [], "{width}x{height} {level}");
        }
    }
    // Noise may look like anything; it must not look like numbers that are none.
    let mut state = 1u32;
    let mut noise = |count: usize| -> Vec<u8> {
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        std::iter::repeat_with(next).take(count).collect()
    };
    for (width, height) in [(128, 128), (37, 91), (500, 20)] {
        let data = noise(width * height * 3);
        let faces = detector.detect(&ImageView::rgb(&data, width, height).unwrap());
        assert!(faces.iter().all(|face| face.area.is_usable()), "{faces:?}");
    }
    assert!(matches!(detector.forward(&[0.0; 7]), Err(Error::LengthMismatch { found: 7, .. })));
    assert!(matches!(detector.forward(&[f32::NAN; 128 * 128 * 3]), Err(Error::NonFinite { .. })));
}

#[test]
fn a_video_gets_one_box_around_its_face() {
    let portrait = Image::portrait("hopper");
    let mut video = VideoFaceBox::new(VideoBoxConfig::default()).unwrap();
    let mut faces: Vec<Face> = Vec::new();
    for shift in 0..8 {
        let frame = portrait.step("pad", &[40 + shift, 20, 48 - shift, 20]);
        let found = detector().detect(&frame.view());
        video.push(&found);
        faces.extend(largest(&found).cloned());
    }
    let area = video.finish().unwrap();
    assert_eq!((video.found(), faces.len()), (8, 8));
    for face in &faces {
        let (inner, outer) = (face.area.corners(), area.corners());
        assert!(outer[0] < inner[0] && outer[1] < inner[1] && outer[2] > inner[2] && outer[3] > inner[3]);
    }
    let width = faces.iter().map(|face| face.area.width()).fold(0.0, f64::max);
    assert!((area.width() / width - 1.3).abs() < 0.05, "{} {width}", area.width());
}

#[test]
fn damaged_weights_are_errors() {
    let error = |bytes: &[u8]| FaceDetector::from_bytes(bytes).err().map(|error| error.to_string());
    assert_eq!(error(WEIGHTS), None);
    for length in (0..200).chain((200..WEIGHTS.len()).step_by(997)) {
        assert!(error(&WEIGHTS[..length]).is_some(), "{length} bytes");
    }
    let header = 8 + usize::try_from(u64::from_le_bytes(WEIGHTS[..8].try_into().unwrap())).unwrap();
    let text = std::str::from_utf8(&WEIGHTS[8..header]).unwrap();
    let with = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let text = text.replacen(from, to, 1);
        error(&[&WEIGHTS[..8], text.as_bytes(), &WEIGHTS[header..]].concat()).unwrap()
    };
    assert!(
        with("\"blocks.3.pointwise.bias\"", "\"blocks.3.pointwise.bios\"")
            .contains("blocks.3.pointwise.bias")
    );
    assert!(with("[96,96]", "[96,95]").contains("[96, 95]"));
    assert!(with("F16", "F32").contains("F32"));
    assert!(with("\"data_offsets\":[0,48]", "\"data_offsets\":[0,49]").contains("49 bytes"));
    // Any byte of the header, and a weight that is no number.
    for at in (0..header).step_by(2) {
        let mut bytes = WEIGHTS.to_vec();
        bytes[at] ^= [1, 0x20, 0x80][at % 3];
        // A changed comment or number may still fit; nothing may panic.
        let _ = FaceDetector::from_bytes(&bytes);
    }
    let mut bytes = WEIGHTS.to_vec();
    bytes[header + 1] = 0x7C;
    bytes[header] = 0;
    assert!(error(&bytes).unwrap().contains("inf"));
}
