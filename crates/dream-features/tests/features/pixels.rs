//! Frames of every arrangement of pixels: the same picture has the same features, bit for bit.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "tests")]

use dream_features::color::{RgbRows, pack_rgb8, ycbcr8_from_rgb};
use dream_features::{CodeScale, Error, Frame, Luma16View, Result};

use crate::contract::{bits, extractors, noise, video_extractors};

const PADDING: usize = 5;

/// A plane with its own stride.
struct Plane {
    data: Vec<u8>,
    width: usize,
    height: usize,
    stride: usize,
}

impl Plane {
    /// `row(y)` for every row, and bytes that belong to no pixel between the rows.
    fn new(width: usize, height: usize, row: impl Fn(usize) -> Vec<u8>) -> Self {
        let mut data = Vec::new();
        let mut stride = 0;
        for y in 0..height {
            let row = row(y);
            stride = row.len() + PADDING;
            data.extend_from_slice(&row);
            data.extend_from_slice(&[170; PADDING]);
        }
        Self { data, width, height, stride }
    }

    fn parts(&self) -> (&[u8], usize, usize, usize) {
        (&self.data, self.width, self.height, self.stride)
    }
}

/// Three samples a pixel, row by row.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// Structure in luma and colour, with noise on it.
    fn new(width: usize, height: usize, t: usize) -> Self {
        let noise = noise(3 * width * height, 7 + t as u32);
        let pixel = |i: usize| {
            let (x, y) = (i % width, i / width);
            let base =
                [(3 * x + 2 * y + 5 * t) % 190 + 20, (x * y / 9 + t) % 200 + 20, (200 - x % 150) + y % 40];
            let pixel = |k: usize| (base[k] + usize::from(noise[3 * i + k] / 16)) as u8;
            [pixel(0), pixel(1), pixel(2)]
        };
        Self { width, height, pixels: (0..width * height).map(pixel).collect() }
    }

    fn map(&self, convert: impl Fn([u8; 3]) -> [u8; 3]) -> Self {
        Self { pixels: self.pixels.iter().map(|&p| convert(p)).collect(), ..*self }
    }

    fn row(&self, y: usize) -> &[[u8; 3]] {
        &self.pixels[y * self.width..(y + 1) * self.width]
    }

    fn packed(&self, bytes: impl Fn([u8; 3]) -> Vec<u8>) -> Plane {
        Plane::new(self.width, self.height, |y| self.row(y).iter().flat_map(|&p| bytes(p)).collect())
    }

    /// One of the three samples in a plane of its own, at `1/across` and `1/down` of the size: the rounded mean of the
    /// samples that there are.
    fn plane(&self, k: usize, across: usize, down: usize) -> Plane {
        let (width, height) = (self.width.div_ceil(across), self.height.div_ceil(down));
        Plane::new(width, height, |y| {
            let sample = |x: usize| {
                let rows = down * y..self.height.min(down * (y + 1));
                let columns = across * x..self.width.min(across * (x + 1));
                let all: Vec<u16> =
                    rows.flat_map(|y| self.row(y)[columns.clone()].iter().map(|p| u16::from(p[k]))).collect();
                let n = all.len() as u16;
                ((all.iter().sum::<u16>() + n / 2) / n) as u8
            };
            (0..width).map(sample).collect()
        })
    }

    /// Luma of each pixel and chroma of every second one, four bytes for two pixels.
    fn packed_422(&self, bytes: impl Fn([u8; 4]) -> [u8; 4]) -> Plane {
        Plane::new(self.width, self.height, |y| {
            let pairs = self.row(y).chunks(2);
            pairs
                .flat_map(|pair| bytes([pair[0][0], pair[0][1], pair[pair.len() - 1][0], pair[0][2]]))
                .collect()
        })
    }

    fn columns(&self, k: usize) -> Plane {
        Plane::new(self.width.div_ceil(2), self.height, |y| {
            self.row(y).iter().step_by(2).map(|p| p[k]).collect()
        })
    }

    /// The mean of the chroma of two rows, of every second column.
    fn halved_columns(&self) -> [Plane; 2] {
        [1, 2].map(|k| {
            Plane::new(self.width.div_ceil(2), self.height.div_ceil(2), |y| {
                let below = (2 * y + 1).min(self.height - 1);
                let pairs = self.row(2 * y).iter().zip(self.row(below)).step_by(2);
                pairs.map(|(a, b)| (u16::from(a[k]) + u16::from(b[k])).div_ceil(2) as u8).collect()
            })
        })
    }
}

/// Planes that make a frame, and how.
struct Stored {
    name: &'static str,
    planes: Vec<Plane>,
    make: for<'a> fn(&'a [Plane]) -> Result<Frame<'a>>,
}

impl Stored {
    fn frame(&self) -> Frame<'_> {
        (self.make)(&self.planes).unwrap()
    }
}

/// The picture as RGB in every order of bytes. The first is the reference.
fn rgb(picture: &Picture) -> Vec<Stored> {
    let one = |name, plane, make| Stored { name, planes: vec![plane], make };
    vec![
        one("rgb", picture.packed(|p| p.to_vec()), |p| Frame::rgb(p[0].parts())),
        one("bgr", picture.packed(|[r, g, b]| vec![b, g, r]), |p| Frame::bgr(p[0].parts())),
        one("rgba", picture.packed(|[r, g, b]| vec![r, g, b, r ^ g]), |p| Frame::rgba(p[0].parts())),
        one("bgra", picture.packed(|[r, g, b]| vec![b, g, r, 0]), |p| Frame::bgra(p[0].parts())),
    ]
}

/// A picture of Y'CbCr at 4:2:0 whose chroma is the mean of 2x2, and everything that is the same.
fn of_444(picture: &Picture) -> Vec<Stored> {
    let [y, u, v] = [(0, 1), (1, 2), (2, 2)].map(|(k, part)| move || picture.plane(k, part, part));
    let pairs = |first: Plane, second: Plane| {
        Plane::new(first.width, first.height, |y| {
            let row = |plane: &Plane| plane.data[y * plane.stride..][..plane.width].to_vec();
            row(&first).into_iter().zip(row(&second)).flat_map(|(a, b)| [a, b]).collect()
        })
    };
    vec![
        Stored {
            name: "yuv420",
            planes: vec![y(), u(), v()],
            make: |p| Frame::yuv420(p[0].parts(), p[1].parts(), p[2].parts()),
        },
        Stored {
            name: "nv12",
            planes: vec![y(), pairs(u(), v())],
            make: |p| Frame::nv12(p[0].parts(), p[1].parts()),
        },
        Stored {
            name: "nv21",
            planes: vec![y(), pairs(v(), u())],
            make: |p| Frame::nv21(p[0].parts(), p[1].parts()),
        },
        Stored {
            name: "yuv444",
            planes: [0, 1, 2].map(|k| picture.plane(k, 1, 1)).into(),
            make: |p| Frame::yuv444(p[0].parts(), p[1].parts(), p[2].parts()),
        },
    ]
}

/// The same for chroma that is the mean of two rows.
fn of_422(picture: &Picture) -> Vec<Stored> {
    let [u, v] = picture.halved_columns();
    let one = |name, plane, make| Stored { name, planes: vec![plane], make };
    vec![
        Stored {
            name: "yuv420",
            planes: vec![picture.plane(0, 1, 1), u, v],
            make: |p| Frame::yuv420(p[0].parts(), p[1].parts(), p[2].parts()),
        },
        one("yuy2", picture.packed_422(|bytes| bytes), |p| Frame::yuy2(p[0].parts())),
        one("uyvy", picture.packed_422(|[a, u, b, v]| [u, a, v, b]), |p| Frame::uyvy(p[0].parts())),
        Stored {
            name: "yuv422",
            planes: vec![picture.plane(0, 1, 1), picture.columns(1), picture.columns(2)],
            make: |p| Frame::yuv422(p[0].parts(), p[1].parts(), p[2].parts()),
        },
    ]
}

fn families(picture: &Picture) -> [Vec<Stored>; 3] {
    [rgb(picture), of_444(picture), of_422(picture)]
}

#[test]
fn images_of_every_arrangement_have_the_features_of_the_plain_one() {
    for (width, height) in [(1, 1), (2, 3), (47, 38), (48, 37)] {
        let picture = Picture::new(width, height, 0);
        for family in families(&picture) {
            for extractor in extractors() {
                let values = |frame: &Frame<'_>| bits(extractor.extract(frame).unwrap().values());
                let expected = values(&family[0].frame());
                let studio = values(&family[0].frame().with_studio_luma());
                for stored in &family[1..] {
                    let frame = stored.frame();
                    assert_eq!(frame.size(), (width, height));
                    assert_eq!(values(&frame), expected, "{} {width}x{height}", stored.name);
                    assert_eq!(values(&frame.with_studio_luma()), studio, "{} {width}x{height}", stored.name);
                }
            }
        }
    }
}

#[test]
fn videos_of_every_arrangement_have_the_features_of_the_plain_one() {
    let (width, height) = (73, 66);
    let clip: Vec<_> = (0..12).map(|t| families(&Picture::new(width, height, t))).collect();
    for (extractor, dim, _) in video_extractors() {
        for family in 0..3 {
            let run = |member: usize| {
                let spec = dream_features::VideoSpec::new(width, height, 4.0);
                let mut session = extractor.start(spec).unwrap();
                for stored in &clip {
                    session.push(&stored[family][member].frame()).unwrap();
                }
                session.finish().unwrap()
            };
            let expected = run(0);
            for member in [1, 2, 3] {
                assert_eq!(run(member), expected, "{dim} {}", clip[0][family][member].name);
            }
        }
    }
}

/// What the readers of a frame give: luma, luma as bytes, RGB with interpolated chroma, RGB with repeated chroma.
fn read(frame: &Frame<'_>) -> (Vec<f64>, Vec<u8>, Vec<[u8; 3]>, Vec<u8>) {
    let (width, height) = frame.size();
    let (rows, codes) = (frame.luma_rows(), frame.luma_rows().codes().unwrap());
    assert_eq!((rows.width(), rows.height(), codes.width(), codes.height()), (width, height, width, height));
    let (mut numbers, mut bytes) = (vec![0.0; width * height], vec![0; width * height]);
    for (y, (numbers, bytes)) in numbers.chunks_mut(width).zip(bytes.chunks_mut(width)).enumerate() {
        rows.read(y, numbers).unwrap();
        codes.read(y, bytes).unwrap();
    }
    assert_eq!(numbers, frame.luma_plane().data());
    let (mut pixels, mut packed) = (Vec::new(), Vec::new());
    RgbRows::default().read(frame, |y, row| {
        assert_eq!((y * width, row.len()), (pixels.len(), width));
        pixels.extend_from_slice(row);
    });
    pack_rgb8(frame, &mut packed);
    (numbers, bytes, pixels, packed)
}

#[test]
fn readers_give_one_picture_whole_and_in_crops() {
    for (width, height) in [(1, 1), (7, 6), (8, 5)] {
        let picture = Picture::new(width, height, 3);
        for (kind, family) in families(&picture).into_iter().enumerate() {
            let expected = read(&family[0].frame());
            if kind > 0 {
                let luma: Vec<u8> = picture.pixels.iter().map(|p| p[0]).collect();
                assert_eq!(expected.1, luma, "luma is the Y samples");
            }
            for stored in &family {
                assert_eq!(read(&stored.frame()), expected, "{} {width}x{height}", stored.name);
            }
            // Corners at even pixels: all chroma falls on the same squares.
            for (x, y) in (0..width).step_by(2).flat_map(|x| (0..height).step_by(2).map(move |y| (x, y))) {
                let crop = |stored: &Stored| read(&stored.frame().crop(x, y, width - x, height - y).unwrap());
                let expected = crop(&family[0]);
                assert_eq!(expected.0[0], f64::from(read(&family[0].frame()).1[y * width + x]));
                for stored in &family[1..] {
                    assert_eq!(crop(stored), expected, "{} at {x},{y} of {width}x{height}", stored.name);
                }
            }
        }
    }
}

#[test]
fn a_crop_of_full_chroma_is_its_copy_at_any_corner() {
    let picture = Picture::new(9, 8, 1);
    let whole = &of_444(&picture)[3];
    for (x, y) in (0..9).flat_map(|x| (0..8).map(move |y| (x, y))) {
        let (width, height) = (9 - x, 8 - y);
        let pixels = (y..8).flat_map(|y| picture.row(y)[x..].to_vec()).collect();
        let copy = Picture { width, height, pixels };
        let expected = read(&of_444(&copy)[3].frame());
        assert_eq!(read(&whole.frame().crop(x, y, width, height).unwrap()), expected, "{x},{y}");
    }
}

#[test]
fn rgb_and_its_own_ycbcr_at_full_chroma_are_one_video() {
    // The rule for chroma of 4:4:4 is the one by which RGB becomes 4:2:0.
    let (width, height) = (67, 65);
    for (extractor, dim, _) in video_extractors() {
        if ![60, 75].contains(&dim) {
            continue; // The others read RGB itself.
        }
        let run = |ycbcr: bool| {
            let spec = dream_features::VideoSpec::new(width, height, 4.0);
            let mut session = extractor.start(spec).unwrap();
            for t in 0..10 {
                let picture = Picture::new(width, height, t);
                let stored = if ycbcr {
                    of_444(&picture.map(ycbcr8_from_rgb)).remove(3)
                } else {
                    rgb(&picture).remove(3)
                };
                session.push(&stored.frame()).unwrap();
            }
            session.finish().unwrap()
        };
        assert_eq!(run(true), run(false), "{dim}");
    }
}

#[test]
fn rows_of_another_length_are_errors_and_rounded_bytes_do_not_exist() {
    let frame = Frame::bgr((&[9; 12], 2, 2, 6)).unwrap();
    let rows = frame.luma_rows();
    let error = rows.read(0, &mut [0.0; 3]).unwrap_err();
    assert_eq!(error, Error::Length { argument: "out", expected: 2, found: 3 });
    let error = rows.codes().unwrap().read(0, &mut [0; 1]).unwrap_err();
    assert_eq!(error, Error::Length { argument: "out", expected: 2, found: 1 });
    let mut row = [0; 2];
    rows.codes().unwrap().read(99, &mut row).unwrap();
    assert_eq!(row, [9; 2], "past the end is the last row");
    let deep = Luma16View::new(&[65, 1023], 2, 1, 2, 10, CodeScale::Video).unwrap();
    let rows = Frame::from_luma16(deep).luma_rows();
    assert!(rows.codes().is_none());
    let mut row = [0.0; 2];
    rows.read(0, &mut row).unwrap();
    assert_eq!(row, [16.25, 255.75]);
}
