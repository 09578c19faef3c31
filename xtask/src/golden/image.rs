//! BRISQUE of images: the gray plane, the features, and the steps to them.

use std::path::Path;

use anyhow::{Context, Result};
use dream_features::nss::FlatAreas;
use dream_features::{Brisque, Frame, ImageFeatures, LumaView, RgbView, Workspace, color};
use serde_json::Value;

use crate::picture::Picture;
use crate::report::{Group, Report, Tolerance, say};
use crate::steps;
use crate::table::{Table, array, json_if_there, number};

/// Required by the specification.
pub(crate) const SNAPPED: Tolerance = Tolerance { relative: 1e-8, absolute: 1e-12 };
/// In flat areas the literal form follows rounding noise, more or less.
pub(crate) const LITERAL: Tolerance = Tolerance { relative: 1e-5, absolute: 1e-12 };

/// Pixels of a gray image.
pub(crate) struct Gray {
    pub(crate) pixels: Vec<u8>,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Gray {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let Picture { samples: pixels, width, height } = Picture::gray(path)?;
        Ok(Self { pixels, width, height })
    }

    pub(crate) fn view(&self) -> Result<LumaView<'_>> {
        Ok(LumaView::new(&self.pixels, self.width, self.height, self.width)?)
    }

    /// The features as the reference defines them, NaN included.
    pub(crate) fn brisque(&self, flat_areas: FlatAreas) -> Result<Vec<f64>> {
        let mut out = vec![0.0; Brisque::DIM];
        let frame = Frame::from_luma(self.view()?);
        Brisque { flat_areas }.extract_into(&frame, &mut Workspace::new(), &mut out)?;
        Ok(out)
    }
}

/// The existing reference files of a folder.
struct References {
    snapped: Option<Table>,
    literal: Option<Table>,
    unstable: Option<Value>,
    intermediates: Option<Value>,
    manifest: Option<Value>,
}

impl References {
    fn read(folder: &Path) -> Result<Self> {
        let table = |name: &str| {
            let path = folder.join(name);
            path.is_file().then(|| Table::read(&path)).transpose()
        };
        let json = |name: &str| json_if_there(&folder.join(name));
        Ok(Self {
            snapped: table("brisque_snapped.csv")?,
            literal: table("brisque.csv")?,
            unstable: json("unstable.json")?,
            intermediates: json("intermediates.json")?,
            manifest: json("manifest.json")?,
        })
    }

    /// Every image that any of the files names.
    fn names(&self) -> Vec<String> {
        let listed = self.manifest.iter().filter_map(Value::as_array).flatten();
        let listed = listed.filter_map(|entry| entry["name"].as_str());
        let tables = [&self.snapped, &self.literal].into_iter().flatten().flat_map(Table::names);
        let steps = self.intermediates.iter().filter_map(Value::as_object).flat_map(|map| map.keys());
        let mut names: Vec<String> = Vec::new();
        for name in listed.chain(tables).chain(steps.map(String::as_str)) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// The two scales of `intermediates.json`.
    fn scales(&self, name: &str) -> Option<&[Value]> {
        self.intermediates.as_ref()?.get(name)?["brisque"].as_array().map(Vec::as_slice)
    }

    /// 0-based features of the literal form that depend on rounding noise.
    fn unstable(&self, name: &str) -> Result<Option<Vec<usize>>> {
        let Some(unstable) = &self.unstable else { return Ok(None) };
        let listed =
            unstable.get(name).map(|entry| array(&entry["brisque"])).transpose()?.unwrap_or_default();
        let index = |v: &Value| {
            let one_based = v.as_u64().and_then(|i| usize::try_from(i).ok()?.checked_sub(1));
            one_based.with_context(|| format!("unstable.json: {name} lists {v}"))
        };
        Ok(Some(listed.iter().map(index).collect::<Result<_>>()?))
    }
}

pub(crate) fn run(folder: &Path, report: &mut Report) -> Result<()> {
    if !report.wants(Group::Brisque) && !report.wants(Group::HalfSize) {
        return Ok(());
    }
    say(format_args!("# images of {}", folder.display()));
    let references = References::read(folder)?;
    for name in references.names() {
        let path = folder.join("gray").join(format!("{name}.png"));
        let colour = folder.join("images").join(format!("{name}.png"));
        gray_plane(&name, &colour, &path, &references, report);
        let Some(path) = report.input(Group::Brisque, &name, &path) else { continue };
        let gray = match Gray::read(&path) {
            Ok(gray) => gray,
            Err(error) => {
                report.case(Group::Brisque, &name, "-", |_| Err(error));
                continue;
            }
        };
        features(&name, &gray, &references, report)?;
        match references.scales(&name) {
            Some(scales) => steps::image(&name, &gray, scales, report),
            None => report.skip(Group::Brisque, &format!("steps/{name}"), "not in intermediates.json"),
        }
    }
    Ok(())
}

/// The gray plane from the colour image, pixel by pixel.
fn gray_plane(name: &str, colour: &Path, gray: &Path, references: &References, report: &mut Report) {
    let case = format!("gray/{name}");
    let Some(colour) = report.input(Group::Brisque, &case, colour) else { return };
    let Some(gray) = gray.is_file().then_some(gray) else { return };
    report.case(Group::Brisque, &case, Tolerance::EXACT, |check| {
        let expected = Gray::read(gray)?;
        let rgb = Picture::rgb(&colour)?;
        let (width, height) = rgb.size();
        check.equal("size", &(width, height), &(expected.width, expected.height));
        let found = color::gray_matlab(&RgbView::new(&rgb.samples, width, height, 3 * width)?);
        let numbers = |codes: &[u8]| codes.iter().copied().map(f64::from).collect::<Vec<_>>();
        check.numbers("pixel", &numbers(&found), &numbers(&expected.pixels), Tolerance::EXACT);
        if let Some(steps) = references.intermediates.as_ref().and_then(|all| all.get(name)) {
            let sum: f64 = found.iter().copied().map(f64::from).sum();
            check.number("gray_sum", sum, number(&steps["gray_sum"])?, Tolerance::EXACT);
        }
        Ok(())
    });
}

fn features(name: &str, gray: &Gray, references: &References, report: &mut Report) -> Result<()> {
    let case = format!("snapped/{name}");
    match references.snapped.as_ref().and_then(|table| table.row(name)) {
        None => report.skip(Group::Brisque, &case, "not in brisque_snapped.csv"),
        Some(expected) => report.case(Group::Brisque, &case, SNAPPED, |check| {
            let (found, expected) = (gray.brisque(FlatAreas::Snapped)?, expected?);
            check.equal("number of features", &found.len(), &expected.len());
            for (i, (&found, &expected)) in found.iter().zip(&expected).enumerate() {
                check.number(format_args!("f{}", i + 1), found, expected, SNAPPED);
            }
            Ok(())
        }),
    }

    let case = format!("literal/{name}");
    let expected = references.literal.as_ref().and_then(|table| table.row(name));
    match (expected, references.unstable(name)?) {
        (None, _) => report.skip(Group::Brisque, &case, "not in brisque.csv"),
        (_, None) => report.skip(Group::Brisque, &case, "unstable.json is missing"),
        (Some(expected), Some(unstable)) => {
            let flat = |scale: &Value| scale["flat_fraction"].as_f64() != Some(0.0);
            let no_flat_pixel = references.scales(name).is_some_and(|scales| !scales.iter().any(flat));
            let tolerance = if no_flat_pixel { SNAPPED } else { LITERAL };
            let shown = format!("{tolerance}; {} of 36 unstable, not compared", unstable.len());
            report.case(Group::Brisque, &case, shown, |check| {
                let (found, expected) = (gray.brisque(FlatAreas::Literal)?, expected?);
                check.equal("number of features", &found.len(), &expected.len());
                for (i, (&found, &expected)) in found.iter().zip(&expected).enumerate() {
                    if !unstable.contains(&i) {
                        check.number(format_args!("f{}", i + 1), found, expected, tolerance);
                    }
                }
                Ok(())
            });
        }
    }
    Ok(())
}
