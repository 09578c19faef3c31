//! The 680 values of one picture: 20 maps of luma, opponent colours and CIELAB, and of their gradients.

use super::filters::Filters;
use super::picture::{Lab, Picture};
use crate::nss::ScaledStructure;
use crate::par;
use crate::plane::{Plane, Rows};
use crate::resize::HalfSize;

/// Values of a map.
pub(super) const MAP: usize = ScaledStructure::DIM;
/// Values of a picture.
pub(super) const DIM: usize = MAPS * MAP;
const MAPS: usize = 20;

/// One piece of work: two maps at most, whose places in the vector are neighbours or two apart.
#[derive(Debug, Clone, Copy)]
enum Job {
    /// Luma, or what a filter makes of it, at both scales.
    Luma(Option<fn(&mut Filters, &Plane, &mut Plane)>),
    /// A channel and its gradient at half size.
    Opponent([f64; 3]),
    LogOpponent([f64; 3]),
    /// Places in [`Lab`].
    Lab(usize),
}

/// Work, and the places of its two maps.
const JOBS: [(Job, [usize; 2]); 10] = [
    (Job::Luma(None), [0, 1]),
    (Job::Luma(Some(sobel)), [2, 3]),
    (Job::Luma(Some(Filters::laplacian)), [4, 5]),
    (Job::Luma(Some(Filters::detail)), [6, 7]),
    (Job::Opponent([0.30, 0.04, -0.35]), [8, 10]),
    (Job::Opponent([0.34, -0.60, 0.17]), [9, 11]),
    (Job::LogOpponent([SIXTH, SIXTH, -2.0 * SIXTH]), [12, 14]),
    (Job::LogOpponent([HALF, -HALF, 0.0]), [13, 15]),
    (Job::Lab(1), [16, 18]),
    (Job::Lab(2), [17, 19]),
];
/// 1 / sqrt(6).
const SIXTH: f64 = 0.408_248_290_463_863_02;
/// 1 / sqrt(2).
const HALF: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// Pieces processed at the same time. Each needs its own planes.
const TASKS: usize = if cfg!(feature = "rayon") { 4 } else { 1 };

fn sobel(_: &mut Filters, luma: &Plane, out: &mut Plane) {
    crate::filter::sobel_into(luma, out);
}

/// Scratch memory, reused between pictures.
#[derive(Debug, Default)]
pub(super) struct Spatial {
    lab: Lab,
    tasks: [Task; TASKS],
}

/// Scratch memory of one thread.
#[derive(Debug)]
struct Task {
    filters: Filters,
    scan: MapScan,
    channel: Plane,
    filtered: Plane,
    found: Vec<(usize, [f64; MAP])>,
}

impl Default for Task {
    fn default() -> Self {
        Self {
            filters: Filters::default(),
            scan: MapScan::default(),
            channel: Plane::zeros(1, 1),
            filtered: Plane::zeros(1, 1),
            found: Vec::new(),
        }
    }
}

/// The statistics of maps at full or half size.
#[derive(Debug)]
pub(super) struct MapScan {
    scan: ScaledStructure,
    resize: HalfSize,
    half: Plane,
}

impl Default for MapScan {
    fn default() -> Self {
        Self { scan: ScaledStructure::default(), resize: HalfSize::default(), half: Plane::zeros(1, 1) }
    }
}

impl MapScan {
    /// Values at full size.
    pub(super) fn full<R: Rows>(&mut self, map: &R) -> [f64; MAP] {
        self.scan.run(map)
    }

    /// Values at half size.
    pub(super) fn half<R: Rows>(&mut self, map: &R) -> [f64; MAP] {
        self.resize.run(map, &mut self.half);
        self.scan.run(&self.half)
    }
}

impl Spatial {
    /// The values of `picture`, undefined ones as NaN or infinity.
    pub(super) fn run(&mut self, picture: &Picture) -> Vec<f64> {
        let Self { lab, tasks } = self;
        let [Task { filters, channel, .. }, ..] = tasks;
        picture.lab(filters, channel, lab);
        let lab = &*lab;
        par::for_each_mut(tasks, |first, task| {
            task.found.clear();
            for (job, places) in JOBS.iter().skip(first).step_by(TASKS) {
                task.run(*job, *places, picture, lab);
            }
        });
        let mut out = vec![0.0; DIM];
        for (place, values) in tasks.iter().flat_map(|task| &task.found) {
            if let Some(out) = out.chunks_exact_mut(MAP).nth(*place) {
                out.copy_from_slice(values);
            }
        }
        out
    }

    /// CIELAB of `picture` as the maps see it.
    pub(super) fn lab(&mut self, picture: &Picture) -> &[Vec<u8>; 3] {
        let [Task { filters, channel, .. }, ..] = &mut self.tasks;
        picture.lab(filters, channel, &mut self.lab);
        &self.lab.codes
    }
}

impl Task {
    fn run(&mut self, job: Job, [first, second]: [usize; 2], picture: &Picture, lab: &Lab) {
        let Self { filters, scan, channel, filtered, found } = self;
        match job {
            Job::Luma(filter) => {
                picture.luma(channel);
                let map = match filter {
                    Some(filter) => {
                        filter(filters, channel, filtered);
                        &*filtered
                    }
                    None => &*channel,
                };
                found.push((first, scan.full(map)));
                found.push((second, scan.half(map)));
                return;
            }
            Job::Opponent(weights) => picture.opponent(weights, channel),
            Job::LogOpponent(weights) => picture.log_opponent(weights, channel),
            Job::Lab(c) => picture.channel(lab.codes.get(c).map_or(&[][..], Vec::as_slice), channel),
        }
        filters.gradient(channel, filtered);
        found.push((first, scan.half(channel)));
        found.push((second, scan.half(filtered)));
    }
}
