//! False negative rates by group of raters (Figure 6 of the paper).

use anyhow::Result;
use dream_data::annotation::RateGroup;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Area, BLUE, DESCRIPTION, FONT, LABEL, VERMILION, chart, legend, tidy_above};
use crate::false_negatives::{FalseNegatives, Rate};

/// Half of the width over which the raters of a group spread, so that equal rates stay apart.
const SPREAD: f64 = 0.25;
/// Places in it.
const LANES: usize = 11;

/// A point for each rater; their names.
pub(super) fn draw(area: &Area<'_>, found: &FalseNegatives) -> Result<Vec<String>> {
    let all: Vec<f64> = found.raters.iter().map(|rater| rater.rate).collect();
    let groups: Vec<(&str, &[f64], f64)> = if found.groups.is_empty() {
        vec![("all raters", &all, found.mean.unwrap_or(0.0))]
    } else {
        found.groups.iter().map(|group| (group.name.as_str(), group.rates.as_slice(), group.mean)).collect()
    };
    let highest = groups.iter().flat_map(|group| group.1).copied().fold(0.05, f64::max);
    // Room for the legend above everything drawn.
    let top = tidy_above(highest) * 1.25;
    let mut chart = chart(area, "Real clips taken for fakes", 64, 0.0..groups.len() as f64, 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(0)
        .y_labels(8)
        .y_desc(format!("false negative rate (grade up to {})", found.threshold))
        .axis_desc_style((FONT, DESCRIPTION))
        .label_style((FONT, LABEL))
        .draw()?;
    let place = |group: usize, rater: usize| {
        let lane = (rater * 4 % LANES) as f64 / (LANES - 1) as f64;
        group as f64 + 0.5 + SPREAD * (2.0 * lane - 1.0)
    };
    let points = groups.iter().enumerate().flat_map(|(group, (_, rates, _))| {
        rates.iter().enumerate().map(move |(rater, rate)| (place(group, rater), *rate))
    });
    chart
        .draw_series(points.map(|point| Circle::new(point, 3, BLUE.mix(0.6).filled())))?
        .label("a rater")
        .legend(|(x, y)| Circle::new((x + 10, y), 4, BLUE.filled()));
    let means = groups.iter().enumerate().map(|(group, (_, _, mean))| {
        let middle = group as f64 + 0.5;
        PathElement::new([(middle - 0.32, *mean), (middle + 0.32, *mean)], VERMILION.stroke_width(3))
    });
    chart
        .draw_series(means)?
        .label("mean of the group")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], VERMILION.stroke_width(3)));
    legend(&mut chart, SeriesLabelPosition::UpperRight, 10)?;
    let names: Vec<(&str, usize)> = groups.iter().map(|(name, rates, _)| (*name, rates.len())).collect();
    let place = |x: f64, y: f64| chart.backend_coord(&(x, y));
    write_texts(area, found, &names, place, top)?;
    Ok(raters(found))
}

/// Every rater, in the order of the points: by group, as the groups have their rates.
fn raters(found: &FalseNegatives) -> Vec<String> {
    let name = |rater: &Rate| format!("{}: {} of {} real clips", rater.rater, rater.missed, rater.real);
    if found.groups.is_empty() {
        return found.raters.iter().map(name).collect();
    }
    let of = |group: &RateGroup| {
        let own = found.raters.iter().filter(|rater| rater.group.as_ref() == Some(&group.name));
        own.map(name).collect::<Vec<_>>()
    };
    found.groups.iter().flat_map(of).collect()
}

/// The names of the groups below the axis, and the test in the upper left corner.
fn write_texts(
    area: &Area<'_>,
    found: &FalseNegatives,
    groups: &[(&str, usize)],
    place: impl Fn(f64, f64) -> (i32, i32),
    top: f64,
) -> Result<()> {
    let (left, up) = area.get_base_pixel();
    let style = (FONT, LABEL).into_text_style(area).pos(Pos::new(HPos::Center, VPos::Top));
    for (group, (name, raters)) in groups.iter().enumerate() {
        let (x, y) = place(group as f64 + 0.5, 0.0);
        area.draw_text(&format!("{name} ({raters} raters)"), &style, (x - left, y - up + 8))?;
    }
    if let Some(test) = found.kruskal_wallis {
        let degrees = test.degrees.unwrap_or(0.0);
        let text = format!("Kruskal-Wallis H({degrees}) = {:.2}, p = {:.2e}", test.statistic, test.p);
        let (x, y) = place(0.0, top);
        let style = (FONT, LABEL).into_text_style(area).pos(Pos::new(HPos::Left, VPos::Top));
        area.draw_text(&text, &style, (x - left + 10, y - up + 14))?;
    }
    Ok(())
}
