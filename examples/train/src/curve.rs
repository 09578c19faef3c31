//! The learning curve.

use anyhow::Result;
use plotters::prelude::{
    ChartBuilder, Circle, Color, IntoDrawingArea, IntoFont, LineSeries, PathElement, RGBColor, SVGBackend,
    TRANSPARENT, Text, WHITE,
};

use crate::figure::{self, Rgb};
use crate::state::Epoch;

const BLUE: RGBColor = colour(figure::BLUE);
const GREEN: RGBColor = colour(figure::GREEN);
const VERMILION: RGBColor = colour(figure::VERMILION);

const fn colour((red, green, blue): Rgb) -> RGBColor {
    RGBColor(red, green, blue)
}

const LEGEND: [(&str, RGBColor); 3] = [("PLCC", BLUE), ("SRCC", GREEN), ("loss (right axis)", VERMILION)];

/// Where an epoch is.
fn at(epoch: &Epoch) -> i32 {
    i32::try_from(epoch.epoch).unwrap_or(i32::MAX)
}

/// A number beside an axis.
fn tick(value: &f64) -> String {
    let text = format!("{value:.1}");
    if text == "-0.0" { "0.0".to_owned() } else { text.replace('-', "\u{2212}") }
}

/// Loss of training, correlations of validation and the best epoch, as SVG.
pub(crate) fn draw(history: &[Epoch]) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (640, 360)).into_drawing_area();
        root.fill(&WHITE)?;
        // Above the chart, where no curve is.
        for (x, (name, colour)) in (54..).step_by(70).zip(LEGEND) {
            root.draw(&PathElement::new([(x, 16), (x + 16, 16)], colour.stroke_width(2)))?;
            root.draw(&Text::new(name, (x + 22, 11), ("sans-serif", 12).into_font()))?;
        }
        let last = history.last().map_or(1, at).max(2);
        let top = history.iter().map(|epoch| epoch.loss).fold(0.1, f64::max) * 1.05;
        let low = history.iter().flat_map(|epoch| [epoch.plcc, epoch.srcc]).flatten().fold(0.0, f64::min);
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .margin_top(30)
            .x_label_area_size(32)
            .y_label_area_size(44)
            .right_y_label_area_size(44)
            // Whole numbers: there is nothing between two epochs.
            .build_cartesian_2d(1..last, low..1.0)?
            .set_secondary_coord(1..last, 0.0..top);
        let mut mesh = chart.configure_mesh();
        mesh.x_desc("epoch").y_desc("PLCC, SRCC of validation").y_label_formatter(&tick);
        mesh.light_line_style(TRANSPARENT).draw()?;
        chart.configure_secondary_axes().y_desc("loss of training").y_label_formatter(&tick).draw()?;
        type Value = fn(&Epoch) -> Option<f64>;
        let series: [(RGBColor, Value); 2] = [(BLUE, |e| e.plcc), (GREEN, |e| e.srcc)];
        for (colour, value) in series {
            let points = history.iter().filter_map(|epoch| Some((at(epoch), value(epoch)?)));
            chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
        }
        let dot = |epoch: &Epoch| Some(Circle::new((at(epoch), epoch.plcc?), 4, BLUE.filled()));
        chart.draw_series(history.iter().rfind(|epoch| epoch.best).and_then(dot))?;
        let points = history.iter().map(|epoch| (at(epoch), epoch.loss));
        chart.draw_secondary_series(LineSeries::new(points, VERMILION.stroke_width(2)))?;
        root.present()?;
    }
    let best = history.iter().rfind(|epoch| epoch.best);
    let name = |epoch: &Epoch| {
        Some(format!("best epoch {}: PLCC {:.3}, SRCC {:.3}", epoch.epoch, epoch.plcc?, epoch.srcc?))
    };
    let title = "Learning curve: loss of training, PLCC and SRCC of validation, by epoch";
    Ok(figure::named(&figure::titled(&svg, title), best.and_then(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_has_a_title_the_palette_and_a_named_best_epoch() {
        let epoch = |epoch: u64, plcc: f64, best: bool| Epoch {
            epoch,
            steps: 1,
            lr: 0.1,
            loss: 0.5,
            loss_visual: 0.5,
            loss_text: 0.0,
            loss_alignment: 0.0,
            gradient_norm: 1.0,
            plcc: Some(plcc),
            srcc: Some(0.0),
            auc: None,
            best,
            seconds: 1.0,
        };
        let svg = draw(&[epoch(1, 0.25, true), epoch(2, 0.5, true), epoch(3, 0.375, false)]).unwrap();
        assert!(svg.contains("<title>Learning curve: "), "{svg}");
        assert!(svg.contains("<title>best epoch 2: PLCC 0.500, SRCC 0.000</title></circle>"), "{svg}");
        for colour in ["#0072B2", "#009E73", "#D55E00"] {
            assert!(svg.contains(colour), "{colour}: {svg}");
        }
        // Each epoch has one mark, and minus signs are minus signs.
        let svg = draw(&[epoch(1, -0.5, true), epoch(2, 0.5, true), epoch(3, 0.375, false)]).unwrap();
        let texts: Vec<&str> = svg
            .split("<text ")
            .skip(1)
            .filter_map(|part| part.split(['>', '<']).nth(1))
            .map(str::trim)
            .collect();
        for (mark, count) in
            [("1", 1), ("2", 1), ("3", 1), ("0.0", 2), ("\u{2212}0.4", 1), ("loss (right axis)", 1)]
        {
            assert_eq!(texts.iter().filter(|text| **text == mark).count(), count, "{mark}: {texts:?}");
        }
        assert!(
            svg.contains("prefers-color-scheme:dark") && !texts.iter().any(|text| text.starts_with('-')),
            "{texts:?}"
        );
        assert!(!svg.contains("#FF0000") && !svg.contains("#0000FF"), "{svg}");
    }
}
