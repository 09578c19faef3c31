//! JPEG and H.264, there and back.

use dream_data::{Pixels, Plane};
use jpeg_encoder::{ColorType, SamplingFactor};
use openh264::OpenH264API;
use openh264::decoder::{Decoder, DecoderConfig};
use openh264::encoder::{Encoder, EncoderConfig, QpRange};
use openh264::formats::{YUVSlices, YUVSource};
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{Error, Result, Rgb};

/// The lowest crf: the encoder has no quantiser below 12.
pub(super) const LEAST_CRF: u8 = 15;
/// The highest crf of x264.
pub(super) const MOST_CRF: u8 = 51;
/// How far the quantiser of x264's intra frames lies below the crf: a factor of 1.4 in the step.
const INTRA: u8 = 3;
/// The encoder takes no picture below a macroblock.
const LEAST_SIDE: usize = 16;

/// JPEG of a quality of 1 to 100, with chroma of half the size.
pub(super) fn jpeg(picture: &Rgb, quality: u8) -> Result<Rgb> {
    let fault = |reason: String| Error::Codec { codec: "JPEG", reason };
    let side =
        |side: usize| u16::try_from(side).map_err(|_| fault(format!("a side of {side} pixels is too long")));
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, quality);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    let (width, height) = (side(picture.width)?, side(picture.height)?);
    encoder.encode(&picture.data, width, height, ColorType::Rgb).map_err(|error| fault(error.to_string()))?;
    // One arithmetic for every processor.
    let options = DecoderOptions::default().set_use_unsafe(false);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(file), options);
    let data = decoder.decode().map_err(|error| fault(error.to_string()))?;
    let decoded = Rgb { data, ..*picture };
    decoded.check()?;
    Ok(decoded)
}

/// An intra frame of H.264 with one quantiser for the whole picture: the one that x264 gives intra frames at this `crf`
/// before it spreads it over the picture. BT.601 of limited range with chroma of half the size, read back as `score-video`
/// reads a video.
pub(super) fn h264(picture: &Rgb, crf: u8) -> Result<Rgb> {
    picture.check()?;
    let padded = Yuv::of(picture);
    let qp = crf.clamp(LEAST_CRF, MOST_CRF) - INTRA;
    let fault = |error: openh264::Error| {
        let reason =
            format!("error {:#x} at {} x {} pixels", error.native_code(), padded.width, padded.height);
        Error::Codec { codec: "H.264", reason }
    };
    let config = EncoderConfig::new().qp(QpRange::new(qp, qp)).num_threads(1);
    let config = config.adaptive_quantization(false).background_detection(false).scene_change_detect(false);
    let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config).map_err(fault)?;
    let (width, height) = (padded.width, padded.height);
    let planes = (padded.y.as_slice(), padded.u.as_slice(), padded.v.as_slice());
    let source = YUVSlices::new(planes, (width, height), (width, width / 2, width / 2));
    let stream = encoder.encode(&source).map_err(fault)?.to_vec();
    let mut decoder =
        Decoder::with_api_config(OpenH264API::from_source(), DecoderConfig::new()).map_err(fault)?;
    let decoded = decoder.decode(&stream).map_err(fault)?.and_then(|decoded| visible(&decoded, picture));
    decoded.ok_or_else(|| Error::Codec { codec: "H.264", reason: "nothing was decoded".to_owned() })
}

/// The pixels of `picture` of what was decoded; `None` when it is too small.
fn visible(decoded: &impl YUVSource, picture: &Rgb) -> Option<Rgb> {
    let (width, height) = (picture.width, picture.height);
    let (across, down) = (width.div_ceil(2), height.div_ceil(2));
    let (stride_y, stride_u, stride_v) = decoded.strides();
    let y = Plane::new(decoded.y(), width, height, stride_y)?;
    let u = Plane::new(decoded.u(), across, down, stride_u)?;
    let v = Plane::new(decoded.v(), across, down, stride_v)?;
    let mut data = Vec::new();
    Pixels::Yuv420 { y, u, v }.write_rgb8(&mut data);
    Some(Rgb { width, height, data })
}

/// A picture of even sides in 4:2:0.
struct Yuv {
    width: usize,
    height: usize,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

impl Yuv {
    /// BT.601 of limited range; each chroma sample is the mean of its four pixels. The last row and column are replicated
    /// where the sides are odd or too short.
    fn of(picture: &Rgb) -> Self {
        let even = |side: usize| side.next_multiple_of(2).max(LEAST_SIDE);
        let (width, height) = (even(picture.width), even(picture.height));
        let pixel = |x: usize, y: usize| {
            let at = 3 * (y.min(picture.height - 1) * picture.width + x.min(picture.width - 1));
            picture
                .data
                .get(at..at + 3)
                .and_then(|rgb| rgb.first_chunk::<3>())
                .map_or([0; 3], |rgb| rgb.map(i32::from))
        };
        let y = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let y = y.map(|(x, y)| weighed([16_829, 33_039, 6_416], pixel(x, y), 1, 16)).collect();
        let chroma = |weights: [i32; 3]| {
            let places = (0..height / 2).flat_map(|y| (0..width / 2).map(move |x| (2 * x, 2 * y)));
            let four = |(x, y)| {
                let around = [pixel(x, y), pixel(x + 1, y), pixel(x, y + 1), pixel(x + 1, y + 1)];
                around
                    .into_iter()
                    .fold([0; 3], |[r, g, b], [red, green, blue]| [r + red, g + green, b + blue])
            };
            places.map(|place| weighed(weights, four(place), 4, 128)).collect()
        };
        let (u, v) = (chroma([-9_714, -19_070, 28_784]), chroma([28_784, -24_103, -4_681]));
        Self { width, height, y, u, v }
    }
}

/// A code from the sum of `count` pixels, with weights of 16 binary places, rounded.
fn weighed(weights: [i32; 3], [r, g, b]: [i32; 3], count: i32, offset: i32) -> u8 {
    let [red, green, blue] = weights;
    let sum = red * r + green * g + blue * b + (((2 * offset + 1) * count) << 15);
    u8::try_from((sum / (count << 16)).clamp(0, 255)).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pseudo::canvas::{byte, single};

    fn picture(width: usize, height: usize) -> Rgb {
        let value = |i: usize| {
            let (x, y) = (i / 3 % width, i / 3 / width);
            let wave = libm::sin(x as f64 / 5.0) + libm::cos(y as f64 / 7.0);
            byte(single(120.0 + 45.0 * wave + 8.0 * (i % 3) as f64))
        };
        Rgb { width, height, data: (0..3 * width * height).map(value).collect() }
    }

    /// Mean square of what changed.
    fn loss(one: &Rgb, other: &Rgb) -> f64 {
        assert_eq!((one.width, one.height), (other.width, other.height));
        let squares = one.data.iter().zip(&other.data).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
        squares.sum::<f64>() / one.data.len() as f64
    }

    #[test]
    fn codes_are_those_of_bt601() {
        let one = |rgb: [u8; 3]| {
            let yuv = Yuv::of(&Rgb { width: 2, height: 2, data: rgb.repeat(4) });
            (yuv.y[0], yuv.u[0], yuv.v[0])
        };
        assert_eq!(one([0; 3]), (16, 128, 128));
        assert_eq!(one([255; 3]), (235, 128, 128));
        assert_eq!(one([255, 0, 0]), (81, 90, 240));
        assert_eq!(one([0, 0, 255]), (41, 240, 110));
    }

    #[test]
    fn stronger_compression_loses_more() {
        let picture = picture(80, 64);
        let jpegs = [95, 70, 30].map(|quality| loss(&picture, &jpeg(&picture, quality).unwrap()));
        assert!(jpegs[0] > 0.0 && jpegs[0] < jpegs[1] && jpegs[1] < jpegs[2] && jpegs[2] < 60.0, "{jpegs:?}");
        // Every crf has a quantiser of its own.
        let videos: Vec<f64> = (18..=36).map(|crf| loss(&picture, &h264(&picture, crf).unwrap())).collect();
        assert!(videos.windows(2).all(|pair| pair[0] != pair[1]), "{videos:?}");
        assert!(videos.windows(4).all(|run| run[0] > 0.0 && run[0] < run[3]), "{videos:?}");
        assert!(videos.iter().all(|video| *video < 120.0), "{videos:?}");
    }

    #[test]
    fn odd_and_tiny_pictures_keep_their_size() {
        for (width, height) in [(81, 63), (17, 16), (5, 3), (1, 1)] {
            let picture = picture(width, height);
            assert!(loss(&picture, &h264(&picture, 18).unwrap()) < 40.0);
            assert!(loss(&picture, &jpeg(&picture, 90).unwrap()) < 40.0);
        }
    }

    #[test]
    fn unusable_pictures_are_refused() {
        let short = Rgb { width: 4, height: 4, data: vec![0; 5] };
        assert!(matches!(h264(&short, 20), Err(Error::Length { .. })));
        assert!(jpeg(&short, 20).is_err());
    }
}
