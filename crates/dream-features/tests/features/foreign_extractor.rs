//! An extractor as another crate would write it: its own features, its own scratch memory in the workspace, joined to
//! BRISQUE. An integration test sees the public API alone, as another crate does.
#![allow(clippy::unwrap_used, clippy::float_cmp, reason = "a panic in a test is a failed test")]

use std::sync::atomic::{AtomicUsize, Ordering};

use dream_features::{
    Brisque, Channels, Concat, Error, FeatureLayout, Frame, ImageFeatures, Pooled, Pooling, Recipe, Result,
    Sampling, Statistic, VideoFeatures, VideoSpec, Workspace,
};

/// How often scratch memory was made, in this test alone.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// Two buffers that are borrowed at the same time.
struct Scratch {
    columns: Vec<f64>,
    rows: Vec<f64>,
}

impl Default for Scratch {
    fn default() -> Self {
        MADE.fetch_add(1, Ordering::Relaxed);
        Self { columns: Vec::new(), rows: Vec::new() }
    }
}

/// How far the means of columns, and of rows, spread: largest less smallest.
struct Spread(FeatureLayout);

impl Spread {
    fn new() -> Result<Self> {
        Ok(Self(FeatureLayout::new(["spread.columns".to_owned(), "spread.rows".to_owned()])?))
    }
}

impl ImageFeatures for Spread {
    fn layout(&self) -> &FeatureLayout {
        &self.0
    }

    fn recipe(&self) -> Recipe {
        Recipe::new("spread", 1)
    }

    fn channels(&self) -> Channels {
        Channels::Luma
    }

    fn extract_into(&self, frame: &Frame<'_>, workspace: &mut Workspace, out: &mut [f64]) -> Result<()> {
        let [across, down] = out else {
            return Err(Error::Length { argument: "out", expected: 2, found: out.len() });
        };
        let luma = frame.luma_plane();
        let Scratch { columns, rows } = workspace.slot::<Scratch>();
        columns.clear();
        columns.resize(luma.width(), 0.0);
        rows.clear();
        for line in luma.data().chunks_exact(luma.width()) {
            rows.push(line.iter().sum::<f64>() / line.len() as f64);
            columns.iter_mut().zip(line).for_each(|(sum, value)| *sum += value / luma.height() as f64);
        }
        let spread = |means: &[f64]| {
            let ends = means.iter().fold((f64::MAX, f64::MIN), |(low, high), &m| (low.min(m), high.max(m)));
            ends.1 - ends.0
        };
        (*across, *down) = (spread(columns), spread(rows));
        Ok(())
    }
}

/// A ramp across the image, `slope` codes a pixel.
fn ramp(slope: u8) -> Vec<u8> {
    (0..48).flat_map(|_| (0..64).map(move |x| slope * x)).collect()
}

#[test]
fn it_stands_beside_brisque_and_keeps_its_memory() {
    let every = Pooling { sampling: Sampling::Every { step: 1 }, statistic: Statistic::Mean };
    let pooled = || Pooled::new(Spread::new().unwrap(), every).unwrap();
    let brisque = || Pooled::new(Brisque::default(), every).unwrap();
    let joined = Concat::new(vec![Box::new(brisque()), Box::new(pooled())]).unwrap();
    assert_eq!(joined.layout().len(), Brisque::DIM + 2);

    let spec = VideoSpec::new(64, 48, 25.0);
    let run = |extractor: &dyn VideoFeatures| {
        let mut session = extractor.start(spec).unwrap();
        for slope in [1, 2, 3, 2] {
            session.push(&Frame::luma((&ramp(slope), 64, 48, 64)).unwrap()).unwrap();
        }
        session.finish().unwrap()
    };
    let found = run(&joined);
    assert_eq!(MADE.load(Ordering::Relaxed), 1, "four frames, one set of buffers");
    // 63 pixels of 1, 2, 3 and 2 codes; nothing changes down the image.
    assert!((found.get("spread.columns.mean").unwrap() - 126.0).abs() < 1e-9);
    assert_eq!(found.get("spread.rows.mean").unwrap(), 0.0);
    assert_eq!(found.values()[..Brisque::DIM], *run(&brisque()).values(), "neighbours change nothing");

    // One workspace serves both in turn.
    let (pixels, mut workspace) = (ramp(2), Workspace::new());
    let frame = Frame::luma((&pixels, 64, 48, 64)).unwrap();
    let (mut ours, mut theirs) = ([0.0; 2], [0.0; Brisque::DIM]);
    for _ in 0..2 {
        Spread::new().unwrap().extract_into(&frame, &mut workspace, &mut ours).unwrap();
        Brisque::default().extract_into(&frame, &mut workspace, &mut theirs).unwrap();
    }
    let mut fresh = [0.0; Brisque::DIM];
    Brisque::default().extract_into(&frame, &mut Workspace::new(), &mut fresh).unwrap();
    let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&theirs), bits(&fresh));
    assert!((ours[0] - 126.0).abs() < 1e-9 && ours[1] == 0.0);
}
