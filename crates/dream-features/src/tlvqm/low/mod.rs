//! TLVQM's low-complexity values: 28 numbers for every second frame, computed from it and its two neighbours.

mod corners;
mod full;
mod prepare;
mod search;
mod statistics;

use crate::color::rgb_from_ycbcr;
use crate::error::{Error, Result};
use crate::plane::Plane;
use crate::resize::HalfSize;
use crate::tlvqm::Ties;
use crate::view::Yuv420View;
use corners::Corners;
use full::FullSize;
use prepare::{HalfFrame, half_of_double};
pub use search::Motion;
use search::{BORDER, Frames, Search};
use statistics::{Geometry, MotionStatistics, background};

/// Names of the values and what they mean.
pub const NAMES: [(&str, &str); 28] = [
    ("motion_intensity", "motion strength of key points"),
    ("egomotion_density", "share of the area with key points that follow the camera"),
    ("egomotion_intensity", "motion strength of key points that follow the camera"),
    ("std_mot_intensity", "deviation of the motion strength of key points"),
    ("std_egomot_intensity", "deviation of the motion strength of key points that follow the camera"),
    ("avg_mot_pos", "distance of the centre of motion from the centre of the image"),
    ("avg_mot_sprd", "spread of motion around its centre"),
    ("avg_egomot_pos", "distance of the centre of camera-like motion from the centre of the image"),
    ("avg_egomot_sprd", "spread of camera-like motion around its centre"),
    ("mot_pred_acc", "gain of the matches over zero motion"),
    ("blur", "energy of second over first differences at the strongest edges"),
    ("si", "spatial information: deviation of the gradient"),
    ("interlace", "similarity of the strongest column and row differences"),
    ("motion_uncertainty", "share of searches without a clear match"),
    ("glob_blockiness", "evenness of corner responses"),
    ("jerkiness", "change of motion between the frame before and the frame after"),
    ("jerk_cons", "spread of that change among key points"),
    ("ti_mean", "temporal information: mean difference to both neighbours"),
    ("mot_y", "mean motion downwards, 0.5 for none"),
    ("mot_x", "mean motion to the right, 0.5 for none"),
    ("static_area_flicker", "mean difference to both neighbours where nothing moves"),
    ("static_area_flicker_std", "mean deviation of that difference"),
    ("mot_y_bg", "mean camera-like motion downwards, 0.5 for none"),
    ("mot_x_bg", "mean camera-like motion to the right, 0.5 for none"),
    ("colorfulness", "mean range of R, G, B in the most colourful tenth"),
    ("egomot_pred_acc", "how much better camera-like matches are than standing still"),
    ("motion_density", "share of the area with key points"),
    ("mot_size", "share of the area around moving key points"),
];

/// The low-complexity engine. It takes frames in order and returns a row for frames 1, 3, 5, ... (from 0).
///
/// Memory: three frames at half size, and the search windows. It does not depend on the length of the video.
///
/// # Example
/// ```
/// use dream_features::tlvqm::{Ties, low::LowComplexity};
/// use dream_features::{LumaView, Yuv420View};
///
/// let mut engine = LowComplexity::new(80, 64, Ties::default())?;
/// let chroma = [128u8; 40 * 32];
/// let chroma = LumaView::new(&chroma, 40, 32, 40)?;
/// let mut rows = 0;
/// for t in 0..5usize {
///     let luma: Vec<u8> = (0..80 * 64).map(|i| ((i % 80 + t) / 9 * 40 % 256) as u8).collect();
///     let luma = LumaView::new(&luma, 80, 64, 80)?;
///     rows += usize::from(engine.push(&Yuv420View::new(luma, chroma, chroma)?)?.is_some());
/// }
/// assert_eq!(rows, 2); // frames 1 and 3
/// # Ok::<(), dream_features::Error>(())
/// ```
#[derive(Debug)]
pub struct LowComplexity {
    width: usize,
    height: usize,
    ties: Ties,
    /// Whether blur, interlacing, colourfulness and blockiness are left at 0.
    motion_only: bool,
    /// The previous frame, this one, and the next one once it is there.
    halves: [HalfFrame; 3],
    seen: u64,
    /// Values of this frame that need no other frame.
    alone: Alone,
    still: Still,
    search: Search,
    background: Vec<Motion>,
    resize: HalfSize,
    half: Plane,
}

/// Values of a frame that need no neighbour, and their scratch memory.
#[derive(Debug)]
struct Alone {
    blur: f64,
    interlace: f64,
    colourfulness: f64,
    si: f64,
    blockiness: f64,
    points: Vec<(usize, usize)>,
    full: FullSize,
    corners: Corners,
    chroma: [Plane; 2],
    lines: [Vec<f64>; 2],
    ranges: Vec<u64>,
}

impl Default for Alone {
    fn default() -> Self {
        let plane = || Plane::zeros(1, 1);
        Self {
            blur: 0.0,
            interlace: 0.0,
            colourfulness: 0.0,
            si: 0.0,
            blockiness: 0.0,
            points: Vec::new(),
            full: FullSize::default(),
            corners: Corners::default(),
            chroma: [plane(), plane()],
            lines: Default::default(),
            ranges: Vec::new(),
        }
    }
}

impl LowComplexity {
    /// Number of values in a row.
    pub const DIM: usize = NAMES.len();
    /// Smallest width and height of a video.
    pub const SMALLEST: usize = 64;

    /// An engine for frames of this size.
    ///
    /// # Errors
    /// [`Error::TooSmall`] when a side is shorter than 64.
    pub fn new(width: usize, height: usize, ties: Ties) -> Result<Self> {
        let least = Self::SMALLEST;
        if width < least || height < least {
            return Err(Error::TooSmall {
                extractor: "TLVQM",
                width: least,
                height: least,
                found_width: width,
                found_height: height,
            });
        }
        Ok(Self {
            width,
            height,
            ties,
            motion_only: false,
            halves: Default::default(),
            seen: 0,
            alone: Alone::default(),
            still: Still::default(),
            search: Search::default(),
            background: Vec::new(),
            resize: HalfSize::default(),
            half: Plane::zeros(1, 1),
        })
    }

    /// The same engine, but values that need no key points are 0, except `si`.
    pub(crate) fn motion_only(width: usize, height: usize, ties: Ties) -> Result<Self> {
        Ok(Self { motion_only: true, ..Self::new(width, height, ties)? })
    }

    /// Takes the next frame. When its number is even and not 0, returns the row of the frame before it.
    ///
    /// # Errors
    /// [`Error::FrameSize`] when the frame has another size; it is then not counted.
    pub fn push(&mut self, frame: &Yuv420View<'_>) -> Result<Option<[f64; 28]>> {
        self.push_with(frame, None)
    }

    /// Same as [`LowComplexity::push`], with the half-size luma in codes if it is already known.
    pub(crate) fn push_with(
        &mut self,
        frame: &Yuv420View<'_>,
        half: Option<&Plane>,
    ) -> Result<Option<[f64; 28]>> {
        let (found_width, found_height) = (frame.width(), frame.height());
        if (found_width, found_height) != (self.width, self.height) {
            return Err(Error::FrameSize {
                width: self.width,
                height: self.height,
                found_width,
                found_height,
            });
        }
        let half = match half {
            Some(half) => half,
            None => {
                self.resize.run(&frame.y(), &mut self.half);
                &self.half
            }
        };
        let reach = self.width / 40;
        let index = self.seen;
        self.seen += 1;
        let odd = index % 2 == 1;
        // Frame 1 is `this`, frame 2 is `after` and then becomes `before` of frame 3.
        let slot = if index == 0 {
            0
        } else if odd {
            1
        } else {
            2
        };
        let [before, this, after] = &mut self.halves;
        let target = match slot {
            0 => &mut *before,
            1 => &mut *this,
            _ => &mut *after,
        };
        target.prepare(half);
        if odd {
            if !self.motion_only {
                self.alone.run(frame, half);
            }
            self.alone.key_points(target, reach, self.ties, self.motion_only);
        }
        if slot != 2 {
            return Ok(None);
        }
        let frames = Frames { before, this, after };
        self.search.run(frames, &self.alone.points, reach, self.ties);
        self.still.run(frames, &self.search.table, reach);
        let row = self.row(reach);
        self.halves.swap(0, 2);
        Ok(Some(row))
    }

    /// The motion table of the last row.
    #[must_use]
    pub fn motions(&self) -> &[Motion] {
        &self.search.table
    }

    /// How many searches of the last row had no clear match.
    #[must_use]
    pub const fn uncertain(&self) -> u32 {
        self.search.uncertain
    }

    fn row(&mut self, reach: usize) -> [f64; 28] {
        let (width, height) = (self.width.div_ceil(2) as f64, self.height.div_ceil(2) as f64);
        let block = reach as f64;
        let most_points = (height / block) * (width / block);
        let geometry = Geometry { block, most_points, width, height };
        background(&self.search.table, &mut self.background);
        let all = MotionStatistics::of(&self.search.table, geometry);
        let camera = MotionStatistics::of(&self.background, geometry);
        let (alone, still) = (&self.alone, &self.still);
        [
            all.intensity,
            camera.density,
            camera.intensity,
            all.intensity_deviation,
            camera.intensity_deviation,
            all.position,
            all.spread,
            camera.position,
            camera.spread,
            all.accuracy,
            alone.blur,
            alone.si,
            alone.interlace,
            0.5 * f64::from(self.search.uncertain) / most_points,
            alone.blockiness,
            all.jerkiness,
            all.jerk_consistency,
            still.information,
            all.vertical,
            all.horizontal,
            still.flicker,
            still.flicker_deviation,
            camera.vertical,
            camera.horizontal,
            alone.colourfulness,
            camera.accuracy,
            all.density,
            still.moving_share,
        ]
    }
}

impl Alone {
    /// Computes the values from the full-size frame and its colours.
    fn run(&mut self, frame: &Yuv420View<'_>, half: &Plane) {
        self.interlace = self.full.interlace(&frame.y());
        self.blur = self.full.blur(&frame.y());
        self.colourfulness = self.colourfulness(frame, half);
    }

    /// Computes the values from the half-size frame.
    fn key_points(&mut self, this: &HalfFrame, reach: usize, ties: Ties, points_only: bool) {
        self.si = spatial_information(this);
        self.corners.run(&this.luma, ties);
        if !points_only {
            self.blockiness = self.corners.blockiness();
        }
        self.points.clear();
        self.points.extend_from_slice(self.corners.key_points(reach, reach + 3));
    }

    /// Mean of the largest tenth of the ranges of R, G, B at half size.
    fn colourfulness(&mut self, frame: &Yuv420View<'_>, half: &Plane) -> f64 {
        let [u, v] = &mut self.chroma;
        half_of_double(&frame.u(), &mut self.lines, u);
        half_of_double(&frame.v(), &mut self.lines, v);
        self.ranges.clear();
        for y in 0..half.height() {
            for ((&luma, &u), &v) in half.row(y).iter().zip(u.row(y)).zip(v.row(y)) {
                let [r, g, b] = rgb_from_ycbcr([luma, u, v].map(|code| code / 255.0));
                self.ranges.push((r.max(g).max(b) - r.min(g).min(b)).to_bits());
            }
        }
        let keep = self.ranges.len() / 10;
        let rest = self.ranges.len() - keep;
        if keep == 0 {
            return 0.0;
        }
        // For non-negative numbers, the bits have the same order.
        self.ranges.select_nth_unstable(rest);
        self.ranges.iter().skip(rest).map(|&bits| f64::from_bits(bits)).sum::<f64>() / keep as f64
    }
}

/// Fourth root of the deviation of the gradient, which is zero near the edge.
fn spatial_information(this: &HalfFrame) -> f64 {
    let (n, rows) = (this.vertical.width(), this.vertical.height());
    let count = (n * rows) as f64;
    let inside = BORDER..n.saturating_sub(BORDER);
    let (mut sum, mut squares) = (0.0, 0.0);
    for r in BORDER..rows.saturating_sub(BORDER) {
        let rows = [&this.vertical, &this.horizontal].map(|plane| plane.row(r));
        let [v, h] = rows.map(|row| row.get(inside.clone()).unwrap_or_default());
        let (mut line, mut line_squares) = (0.0, 0.0);
        for (v, h) in v.iter().zip(h) {
            let square = v * v + h * h;
            line += square.sqrt();
            line_squares += square;
        }
        sum += line;
        squares += line_squares;
    }
    let variance = (squares - sum * sum / count) / (count - 1.0);
    libm::pow(variance.max(0.0), 0.125)
}

/// The change over the whole frame, and the change where nothing moves.
#[derive(Debug, Default)]
struct Still {
    information: f64,
    flicker: f64,
    flicker_deviation: f64,
    moving_share: f64,
    /// Transposed, like the planes: whether nothing moves.
    area: Vec<bool>,
}

impl Still {
    fn run(&mut self, frames: Frames<'_>, table: &[Motion], radius: usize) {
        let (n, rows) = (frames.this.luma.width(), frames.this.luma.height());
        self.area.clear();
        self.area.resize(n * rows, true);
        for motion in table.iter().filter(|motion| motion.moved()) {
            let at = |at: usize, by: i32| at.saturating_add_signed(by as isize);
            let ((bw_y, bw_x), (fw_y, fw_x)) = (motion.backward, motion.forward);
            let squares = [
                (motion.y, motion.x),
                (at(motion.y, -bw_y), at(motion.x, -bw_x)),
                (at(motion.y, fw_y), at(motion.x, fw_x)),
            ];
            for (y, x) in squares {
                for r in x.saturating_sub(radius)..rows.min(x + radius + 1) {
                    let span = r * n + y.saturating_sub(radius)..r * n + n.min(y + radius + 1);
                    self.area.get_mut(span).unwrap_or_default().fill(false);
                }
            }
        }
        let still = self.area.iter().filter(|&&still| still).count() as f64;
        let (mut total, mut quiet) = (0.0, 0.0);
        self.each(frames, |before, after, still| {
            total += before + after;
            quiet += if still { before + after } else { 0.0 };
        });
        let count = (n * rows) as f64;
        self.information = libm::pow(total / count / 2.0, 0.25);
        self.moving_share = 1.0 - still / count;
        self.flicker = if still > 0.0 { 0.5 * quiet / still } else { 0.0 };
        let (flicker, mut distance) = (self.flicker, 0.0);
        self.each(frames, |before, after, still| {
            let most = if before > after { before } else { after };
            distance += if still { (most - flicker).abs() } else { 0.0 };
        });
        self.flicker_deviation = if still > 0.0 { distance / still } else { 0.0 };
    }

    /// Calls `visit` with the differences to both neighbours of every pixel, and whether nothing moves there.
    fn each(&self, frames: Frames<'_>, mut visit: impl FnMut(f64, f64, bool)) {
        let [before, this, after] = [frames.before, frames.this, frames.after].map(|half| half.luma.data());
        for (((before, this), after), &still) in before.iter().zip(this).zip(after).zip(&self.area) {
            visit((this - before).abs(), (this - after).abs(), still);
        }
    }
}
