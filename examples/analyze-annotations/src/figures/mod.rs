//! The figures, as SVG.

mod bars;
mod curve;
mod histogram;
mod rates;
mod scatter;

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::figure::{self, Rgb};
use crate::report::Report;
use crate::save::save;

/// Of the figures of agreement.
const CONSISTENCY: &str = "Agreement of two disjoint groups by their size";

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

const BLUE: RGBColor = colour(figure::BLUE);
const VERMILION: RGBColor = colour(figure::VERMILION);
const GREEN: RGBColor = colour(figure::GREEN);

const fn colour((red, green, blue): Rgb) -> RGBColor {
    RGBColor(red, green, blue)
}

const FONT: &str = "sans-serif";
const TITLE: i32 = 20;
const DESCRIPTION: i32 = 16;
const LABEL: i32 = 14;

/// Draws every figure that the report has data for, and returns the names of the files.
pub(crate) fn write(report: &Report, folder: &Path) -> Result<Vec<String>> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mut files = Files { folder, names: Vec::new() };
    let opinions = &report.opinions;
    let clips = opinions.clips.len();
    let title = format!("Mean opinion scores of {clips} clips");
    files.save("mos_histogram", (640, 420), &title, |area| {
        histogram::draw(area, &opinions.mos_histogram, BLUE, &title, "MOS (mean of the scores)")
    })?;
    let title = format!("Deviations of opinion scores of {clips} clips");
    files.save("sos_histogram", (640, 420), &title, |area| {
        let x = "SOS (standard deviation of the scores, ddof 0)";
        histogram::draw(area, &opinions.sos_histogram, GREEN, &title, x)
    })?;
    let title = "Spread of opinions against their mean, a point for each clip";
    files.save("mos_sos", (640, 480), title, |area| scatter::draw(area, opinions, report.scale))?;
    if report.agreement.curve.len() > 1 {
        files.save("consistency", (640, 440), CONSISTENCY, |area| curve::draw(area, &report.agreement))?;
    }
    if let Some(labels) = &report.labels {
        let title = "Labels of descriptions";
        files.save("labels", (760, 860), title, |area| bars::profile(area, &labels.all))?;
        let title = "Labels of descriptions by mean opinion of the clip";
        files.save("labels_by_mos", (1160, 860), title, |area| bars::profiles(area, &labels.by_mos))?;
    }
    if let Some(quality) = &report.quality_control {
        let (agreement, rates) = (&quality.agreement, &quality.false_negatives);
        if agreement.curve.len() > 1 {
            files.save("consistency_of_raters", (640, 440), CONSISTENCY, |area| {
                curve::draw(area, agreement)
            })?;
        }
        if !rates.raters.is_empty() {
            let width = 640.max(100 + 120 * u32::try_from(rates.groups.len())?);
            let title = "Real clips taken for fakes, a point for each rater";
            files.save("false_negatives", (width, 460), title, |area| rates::draw(area, rates))?;
        }
    }
    Ok(files.names)
}

struct Files<'a> {
    folder: &'a Path,
    names: Vec<String>,
}

impl Files<'_> {
    /// What draws returns the names of its circles, which a browser shows under the pointer.
    fn save(
        &mut self,
        name: &str,
        size: (u32, u32),
        title: &str,
        draw: impl FnOnce(&Area<'_>) -> Result<Vec<String>>,
    ) -> Result<()> {
        let mut svg = String::new();
        let circles = {
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            area.fill(&WHITE)?;
            let circles = draw(&area).with_context(|| format!("the figure {name}"))?;
            area.present()?;
            circles
        };
        let svg = figure::named(&figure::titled(&svg, title), circles);
        let name = format!("{name}.svg");
        let path = self.folder.join(&name);
        save(&path, |out| Ok(out.write_all(svg.as_bytes())?))?;
        self.names.push(name);
        Ok(())
    }
}

/// A chart with room for its axes: `left` pixels beside the vertical one.
fn chart<'a, 'b: 'a>(
    area: &Area<'b>,
    title: &str,
    left: u32,
    x: Range<f64>,
    y: Range<f64>,
) -> Result<Chart<'a, 'b>> {
    let mut builder = ChartBuilder::on(area);
    builder.margin(14).caption(title, (FONT, TITLE)).x_label_area_size(46).y_label_area_size(left);
    Ok(builder.build_cartesian_2d(x, y)?)
}

/// Draws the legend of every series with a label.
fn legend<'a, 'b: 'a>(chart: &mut Chart<'a, 'b>, position: SeriesLabelPosition, margin: i32) -> Result<()> {
    let mut labels = chart.configure_series_labels();
    labels.position(position).margin(margin).legend_area_size(28).label_font((FONT, LABEL));
    Ok(labels.background_style(WHITE.mix(0.9)).border_style(BLACK.mix(0.3)).draw()?)
}

/// The next larger value that ends an axis well: 1, 2, 4, 6 or 8 times a power of ten.
fn tidy_above(value: f64) -> f64 {
    let mut power = 1.0;
    while power < value {
        power *= 10.0;
    }
    while power >= 10.0 * value && power > 1e-9 {
        power /= 10.0;
    }
    let ends = [0.1, 0.2, 0.4, 0.6, 0.8, 1.0].map(|step| step * power);
    ends.into_iter().find(|end| *end >= value).unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::tidy_above;

    #[test]
    fn ends_of_axes_are_tidy() {
        for (value, end) in
            [(0.0, 1e-10), (0.07, 0.08), (0.13, 0.2), (1.0, 1.0), (3.0, 4.0), (23.0, 40.0), (601.0, 800.0)]
        {
            let found = tidy_above(value);
            assert!(found >= value && (found - end).abs() <= 1e-9, "{value}: {found}");
        }
    }
}
