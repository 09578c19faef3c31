//! Pictures made from formulas, stored in every way that frames can be.

use crate::error::Result;
use crate::frame::Frame;
use crate::view::{CodeScale, Luma16View};

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Texture, edges and a little noise, that moves with the number of the frame.
    Scene(usize),
    Noise(u32),
    Flat(u8),
}

/// How the pixels are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Luma,
    /// 10 bits, with fractions of 8-bit codes.
    Deep,
    Yuv420,
    Nv12,
    Rgb,
    Bgra,
}

/// What lies around the picture.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around {
    /// Pixels on all sides that are cropped away; even, so that chroma stays where it is.
    pub(super) margin: usize,
    /// Bytes at the end of each row.
    pub(super) padding: usize,
}

/// A picture in memory.
#[derive(Debug)]
pub(super) struct Picture {
    kind: Kind,
    around: Around,
    width: usize,
    height: usize,
    planes: Vec<Plane>,
    deep: Vec<u16>,
}

#[derive(Debug)]
struct Plane {
    data: Vec<u8>,
    width: usize,
    height: usize,
    stride: usize,
}

impl Plane {
    fn parts(&self) -> (&[u8], usize, usize, usize) {
        (&self.data, self.width, self.height, self.stride)
    }
}

impl Picture {
    pub(super) fn new(content: Content, kind: Kind, (width, height): (usize, usize), around: Around) -> Self {
        let all = (width + 2 * around.margin, height + 2 * around.margin);
        let half = (width.div_ceil(2) + around.margin, height.div_ceil(2) + around.margin);
        let inside = Inside { content, width, height };
        let plane = |(w, h): (usize, usize), margin: usize, channels: &[Channel]| {
            let inner = (w - 2 * margin, h - 2 * margin);
            let mut data = Vec::new();
            for y in 0..h {
                for x in 0..w {
                    for (k, &channel) in channels.iter().enumerate() {
                        let (px, py) = (x.wrapping_sub(margin), y.wrapping_sub(margin));
                        let outside = px >= inner.0 || py >= inner.1;
                        data.push(if outside { hash(7, [x, y, k]) } else { inside.code(channel, px, py) });
                    }
                }
                data.extend((0..around.padding).map(|k| hash(8, [k, y, 0])));
            }
            Plane { data, width: w, height: h, stride: w * channels.len() + around.padding }
        };
        let luma = || plane(all, around.margin, &[Channel::Y]);
        let chroma = |channels: &[Channel]| plane(half, around.margin / 2, channels);
        let planes = match kind {
            Kind::Luma | Kind::Deep => vec![luma()],
            Kind::Yuv420 => vec![luma(), chroma(&[Channel::U]), chroma(&[Channel::V])],
            Kind::Nv12 => vec![luma(), chroma(&[Channel::U, Channel::V])],
            Kind::Rgb => vec![plane(all, around.margin, &[Channel::R, Channel::G, Channel::B])],
            Kind::Bgra => vec![plane(all, around.margin, &[Channel::B, Channel::G, Channel::R, Channel::A])],
        };
        let codes = planes.iter().take(usize::from(kind == Kind::Deep)).flat_map(|plane| &plane.data);
        let deep = codes.map(|&code| 4 * u16::from(code) + u16::from(code % 4)).collect();
        Self { kind, around, width, height, planes, deep }
    }

    /// # Errors
    /// Never, unless this file is wrong.
    pub(super) fn frame(&self) -> Result<Frame<'_>> {
        let frame = match (self.kind, self.planes.as_slice()) {
            (Kind::Deep, [y]) => Frame::from_luma16(Luma16View::new(
                &self.deep,
                y.width,
                y.height,
                y.stride,
                10,
                CodeScale::Video,
            )?),
            (Kind::Rgb, [rgb]) => Frame::rgb(rgb.parts())?,
            (Kind::Bgra, [bgra]) => Frame::bgra(bgra.parts())?,
            (_, [y]) => Frame::luma(y.parts())?,
            (_, [y, uv]) => Frame::nv12(y.parts(), uv.parts())?,
            (_, [y, u, v]) => Frame::yuv420(y.parts(), u.parts(), v.parts())?,
            _ => Frame::luma((&[], 0, 0, 0))?,
        };
        match self.around.margin {
            0 => Ok(frame),
            margin => frame.crop(margin, margin, self.width, self.height),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Channel {
    Y,
    /// At half size.
    U,
    V,
    R,
    G,
    B,
    A,
}

struct Inside {
    content: Content,
    width: usize,
    height: usize,
}

impl Inside {
    fn code(&self, channel: Channel, x: usize, y: usize) -> u8 {
        let k = channel as usize;
        match self.content {
            Content::Flat(code) => code,
            Content::Noise(seed) => hash(seed, [x, y, k]),
            Content::Scene(t) => {
                let (x, y) = (x + 2 * t, y + t);
                // Slopes and a product, different in each channel, a dark box, and four codes of noise.
                let slopes = (x * (3 + k) + y * (2 + k / 2) + x * y / (9 + k)) % 200;
                let boxed = (x / 13 + y / 11).is_multiple_of(5) && 4 * y < 3 * self.height + 4 * self.width;
                let noise = usize::from(hash(u32::try_from(t).unwrap_or(1), [x, y, k]) % 16);
                u8::try_from(16 + if boxed { slopes / 4 } else { slopes } + noise).unwrap_or(u8::MAX)
            }
        }
    }
}

/// Eight bits that look random.
fn hash(seed: u32, place: [usize; 3]) -> u8 {
    let mut state = u64::from(seed) + 1;
    for part in place {
        state = (state ^ part as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        state ^= state >> 29;
    }
    let [.., last] = state.to_le_bytes();
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_picture_whatever_is_around_it() {
        for kind in [Kind::Luma, Kind::Deep, Kind::Yuv420, Kind::Nv12, Kind::Rgb, Kind::Bgra] {
            for size in [(5, 4), (1, 1), (8, 7)] {
                let pixels = |margin, padding| {
                    let picture = Picture::new(Content::Scene(3), kind, size, Around { margin, padding });
                    let (mut rgb, frame) = (Vec::new(), picture.frame().unwrap());
                    crate::color::pack_rgb8(&frame, &mut rgb);
                    (frame.size(), rgb, frame.luma_plane())
                };
                let plain = pixels(0, 0);
                assert_eq!(plain.0, size);
                assert_eq!(pixels(0, 9).1, plain.1, "{kind:?}");
                let cropped = pixels(6, 3);
                assert_eq!((cropped.0, &cropped.1), (plain.0, &plain.1), "{kind:?}");
                assert_eq!(cropped.2, plain.2);
            }
        }
    }
}
