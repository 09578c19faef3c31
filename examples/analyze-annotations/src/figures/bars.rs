//! Ratios of the 37 labels (Figure 7 of the paper).

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Area, BLUE, DESCRIPTION, FONT, GREEN, LABEL, TITLE, VERMILION, tidy_above};
use crate::labels::{Group, Ratio};

/// Rows between two kinds of label: room for the name of the kind.
const GAP: f64 = 1.5;
/// Pixels for the names of the labels.
const NAMES: u32 = 120;

/// All descriptions in one chart.
pub(super) fn profile(area: &Area<'_>, group: &Group) -> Result<Vec<String>> {
    let title = format!("Labels of {} descriptions of {} clips", group.descriptions, group.clips);
    let area = area.margin(10, 0, 0, 0).titled(&title, (FONT, TITLE))?;
    panel(&area, group, end([group]), true)?;
    Ok(Vec::new())
}

/// One chart per group, side by side, on one axis.
pub(super) fn profiles(area: &Area<'_>, groups: &[Group]) -> Result<Vec<String>> {
    let area = area.margin(10, 0, 0, 0).titled("Labels by mean opinion of the clip", (FONT, TITLE))?;
    let (width, _) = area.dim_in_pixel();
    // The names appear once, left of the first chart.
    let each = (width - NAMES) / u32::try_from(groups.len().max(1))?;
    let mut rest = area;
    for (place, group) in groups.iter().enumerate() {
        let first = place == 0;
        let (own, others) = rest.split_horizontally(each + if first { NAMES } else { 0 });
        panel(&own, group, end(groups), first)?;
        rest = others;
    }
    Ok(Vec::new())
}

fn end<'a>(groups: impl IntoIterator<Item = &'a Group>) -> f64 {
    let ratios = groups.into_iter().flat_map(|group| &group.ratios).map(|ratio| ratio.ratio);
    tidy_above(ratios.fold(0.01, f64::max))
}

fn panel(area: &Area<'_>, group: &Group, end: f64, names: bool) -> Result<()> {
    let rows = rows(&group.ratios);
    let bottom = rows.last().map_or(1.0, |(row, _)| row + 1.0);
    let caption = format!("{}, {} descriptions", group.name, group.descriptions);
    let mut builder = ChartBuilder::on(area);
    builder.margin(8).margin_right(16).x_label_area_size(44).y_label_area_size(if names { NAMES } else { 6 });
    if group.name != "all" {
        builder.caption(caption, (FONT, DESCRIPTION));
    }
    // Rows count downwards.
    let mut chart = builder.build_cartesian_2d(0.0..end, bottom..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(TRANSPARENT)
        .y_labels(0)
        .x_labels(if names && group.name == "all" { 10 } else { 5 })
        .x_desc("share of descriptions")
        .axis_desc_style((FONT, DESCRIPTION))
        .label_style((FONT, LABEL))
        .draw()?;
    let bar = |(row, ratio): &(f64, &Ratio)| {
        Rectangle::new([(0.0, row + 0.12), (ratio.ratio, row + 0.88)], colour(ratio.kind).filled())
    };
    chart.draw_series(rows.iter().filter(|(_, ratio)| ratio.ratio > 0.0).map(bar))?;

    let at = |value: f64, row: f64| chart.backend_coord(&(value, row));
    let style = |size: i32, h: HPos| (FONT, size).into_text_style(area).pos(Pos::new(h, VPos::Center));
    // Coordinates of the chart are those of the whole figure; texts are placed relative to the area.
    let (left, top) = area.get_base_pixel();
    let mut kind = "";
    for (row, ratio) in &rows {
        let (x, y) = at(0.0, row + 0.5);
        let (x, y) = (x - left, y - top);
        if names {
            area.draw_text(ratio.label, &style(LABEL, HPos::Right), (x - 8, y))?;
        }
        if ratio.kind != kind {
            kind = ratio.kind;
            let above = at(0.0, row - 0.45).1 - top;
            let colour = colour(kind);
            area.draw_text(kind, &style(LABEL, HPos::Left).color(&colour), (x + 4, above))?;
        }
    }
    Ok(())
}

/// The row of every label, from the top.
fn rows(ratios: &[Ratio]) -> Vec<(f64, &Ratio)> {
    let (mut row, mut kind) = (0.0, "");
    let mut place = |ratio: &Ratio| {
        if ratio.kind != kind {
            kind = ratio.kind;
            row += if row > 0.0 { GAP } else { 1.0 };
        }
        row += 1.0;
        row - 1.0
    };
    ratios.iter().map(|ratio| (place(ratio), ratio)).collect()
}

fn colour(kind: &str) -> RGBColor {
    match kind {
        "place" => BLUE,
        "artifact" => VERMILION,
        _ => GREEN,
    }
}
