//! The reference clips of the video features, from their integer recipes. Shared by the tests of this crate and by
//! `cargo xtask golden`.
#![allow(dead_code, reason = "each user takes a part")]

/// One frame of 8-bit 4:2:0: luma, Cb, Cr, each row after row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planes {
    pub(crate) y: Vec<u8>,
    pub(crate) u: Vec<u8>,
    pub(crate) v: Vec<u8>,
}

/// A whole clip of even size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clip {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) frames: Vec<Planes>,
}

impl Clip {
    /// The clip as a raw file: Y, U, V of every frame.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.frames.iter().flat_map(|f| [&f.y, &f.u, &f.v].into_iter().flatten().copied()).collect()
    }
}

/// A recipe by the name of its clip: `face` needs the binary PPM of the portrait crop.
pub(crate) fn recipe(
    name: &str,
    width: usize,
    height: usize,
    frames: usize,
    ppm: Option<&[u8]>,
) -> Option<Clip> {
    let motion = match name {
        "black" | "static" => Mode::Still { black: name == "black" },
        "face" => return face(width, height, frames, ppm?),
        _ if name.starts_with("synth_") => Mode::Full,
        _ => return None,
    };
    let frames = (0..frames).map(|t| synthetic(motion, width as i64, height as i64, t as i64)).collect();
    Some(Clip { width, height, frames })
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Full,
    Still { black: bool },
}

fn hash(x: i64, y: i64, s: i64) -> u32 {
    // Two's complement, modulo 2^32.
    let mut h = (x as u32)
        .wrapping_mul(374_761_393)
        .wrapping_add((y as u32).wrapping_mul(668_265_263))
        .wrapping_add((s as u32).wrapping_mul(2_246_822_519));
    h ^= h >> 13;
    h = h.wrapping_mul(1_274_126_177);
    h ^ (h >> 16)
}

/// Value noise on a grid of `2^l` pixels.
fn noise(u: i64, v: i64, l: u32, s: i64) -> i64 {
    let c = 1i64 << l;
    let (i, j, fu, fv) = (u >> l, v >> l, u.rem_euclid(c), v.rem_euclid(c));
    let g = |a: i64, b: i64| i64::from(hash(a, b, s) & 255);
    let top = g(i, j) * (c - fu) + g(i + 1, j) * fu;
    let bottom = g(i, j + 1) * (c - fu) + g(i + 1, j + 1) * fu;
    (top * (c - fv) + bottom * fv) >> (2 * l)
}

fn texture(u: i64, v: i64, s: i64) -> i64 {
    let octaves = 4 * noise(u, v, 5, s) + 2 * noise(u, v, 3, s + 1) + 2 * noise(u, v, 1, s + 2);
    (octaves >> 3) + (((u >> 4) ^ (v >> 4)) & 1) * 40 - 20
}

fn byte(value: i64) -> u8 {
    value.clamp(0, 255) as u8
}

fn synthetic(mode: Mode, w: i64, h: i64, t: i64) -> Planes {
    if mode == (Mode::Still { black: true }) {
        let chroma = vec![128; (w / 2 * (h / 2)) as usize];
        return Planes { y: vec![0; (w * h) as usize], u: chroma.clone(), v: chroma };
    }
    let full = mode == Mode::Full;
    let tt = if full { t } else { 0 };
    let (cx, cy, r) = ((w / 4 + 3 * tt).rem_euclid(w), h / 2, w.min(h) / 5);
    let each = || (0..h).flat_map(|y| (0..w).map(move |x| (x, y)));
    let mut luma: Vec<i64> = each()
        .map(|(x, y)| {
            let inside = (x - cx) * (x - cx) + (y - cy) * (y - cy) <= r * r;
            let value = if inside {
                texture(x - 3 * tt + 500, y + 700, 11)
            } else {
                texture(x + 2 * tt + 64, y + tt + 32, 1)
            };
            if full { value + (5 * t).rem_euclid(7) - 3 } else { value }
        })
        .collect();
    if full && (t / 8) % 2 == 1 {
        let at = |x: i64, y: i64| luma[(y.clamp(0, h - 1) * w + x.clamp(0, w - 1)) as usize];
        let blurred = each().map(|(x, y)| {
            let sum: i64 = (-1..=1)
                .flat_map(|dy| (-1..=1).map(move |dx| (dx, dy)))
                .map(|(dx, dy)| at(x + dx, y + dy))
                .sum();
            (sum + 4).div_euclid(9)
        });
        luma = blurred.collect();
    }
    for ((x, y), value) in each().zip(&mut luma) {
        if full && x >= w - w / 3 {
            *value += i64::from(hash(x, y, 100 + t) % 5) - 2;
        }
        // The README of the reference says 3; its clips were made with 4.
        let q = i64::from(hash(x, y, 300 + t) % 4);
        if x < w / 6 && y < h / 6 {
            *value = if full { 248 + q } else { 250 };
        }
        if x >= w - w / 6 && y >= h - h / 6 {
            *value = if full { 6 + q } else { 6 };
        }
    }
    let chroma = |s: i64| {
        let samples = (0..h / 2).flat_map(|y| (0..w / 2).map(move |x| (x, y)));
        let value = |(x, y)| 128 + ((noise(2 * x + 2 * tt + 64, 2 * y + tt + 32, 5, s) - 128) >> 1);
        samples.map(value).map(byte).collect()
    };
    Planes { y: luma.into_iter().map(byte).collect(), u: chroma(21), v: chroma(22) }
}

/// A slow zoom into the portrait.
fn face(width: usize, height: usize, frames: usize, ppm: &[u8]) -> Option<Clip> {
    let (source_width, pixels) = read_ppm(ppm)?;
    let source_height = pixels.len() / source_width;
    let converted: Vec<[i64; 3]> = pixels
        .iter()
        .map(|&[r, g, b]| {
            [
                ((66 * r + 129 * g + 25 * b + 128) >> 8) + 16,
                ((-38 * r - 74 * g + 112 * b + 128) >> 8) + 128,
                ((112 * r - 94 * g - 18 * b + 128) >> 8) + 128,
            ]
        })
        .collect();
    let frame = |t: usize| {
        let t = t as i64;
        let step = 230 - 2 * t;
        let sample = |x: i64, y: i64, k: usize| {
            let (sx, sy) = (2048 + 160 * t + x * step, 1024 + 96 * t + y * step);
            let (xi, fx, yi, fy) = (sx >> 8, sx & 255, sy >> 8, sy & 255);
            let p = |x: i64, y: i64| {
                let (x, y) = (x.min(source_width as i64 - 1), y.min(source_height as i64 - 1));
                converted[(y * source_width as i64 + x) as usize][k]
            };
            let top = p(xi, yi) * (256 - fx) + p(xi + 1, yi) * fx;
            let bottom = p(xi, yi + 1) * (256 - fx) + p(xi + 1, yi + 1) * fx;
            (top * (256 - fy) + bottom * fy + 32768) >> 16
        };
        let (w, h) = (width as i64, height as i64);
        let flicker = [0, 3, -2, 5, -4, 1][(t % 6) as usize];
        let luma = (0..h).flat_map(|y| (0..w).map(move |x| (x, y)));
        let luma =
            luma.map(|(x, y)| byte(sample(x, y, 0) + flicker + i64::from(hash(x, y, 200 + t) % 3) - 1));
        let chroma = |k: usize| {
            let samples = (0..h / 2).flat_map(|y| (0..w / 2).map(move |x| (2 * x, 2 * y)));
            let value = |(x, y)| {
                sample(x, y, k) + sample(x + 1, y, k) + sample(x, y + 1, k) + sample(x + 1, y + 1, k)
            };
            samples.map(|at| byte((value(at) + 2) >> 2)).collect()
        };
        Planes { y: luma.collect(), u: chroma(1), v: chroma(2) }
    };
    Some(Clip { width, height, frames: (0..frames).map(frame).collect() })
}

/// Width and pixels of a binary PPM of 8 bits.
fn read_ppm(bytes: &[u8]) -> Option<(usize, Vec<[i64; 3]>)> {
    let mut rest = bytes.strip_prefix(b"P6")?;
    let mut numbers = [0usize; 3];
    for number in &mut numbers {
        let start = rest.iter().position(u8::is_ascii_digit)?;
        let len = rest[start..].iter().position(|b| !b.is_ascii_digit())?;
        *number = std::str::from_utf8(&rest[start..start + len]).ok()?.parse().ok()?;
        rest = &rest[start + len..];
    }
    let pixels: Vec<[i64; 3]> = rest.get(1..)?.as_chunks::<3>().0.iter().map(|p| p.map(i64::from)).collect();
    (numbers[0] * numbers[1] == pixels.len() && numbers[0] > 0).then_some((numbers[0], pixels))
}
