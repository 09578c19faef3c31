//! The learning curve.

use anyhow::Result;
use plotters::prelude::{
    ChartBuilder, Circle, Color, IntoDrawingArea, LineSeries, PathElement, RGBColor, SVGBackend,
    SeriesLabelPosition, WHITE,
};

use crate::figure::{self, Rgb};
use crate::state::Epoch;

const BLUE: RGBColor = colour(figure::BLUE);
const GREEN: RGBColor = colour(figure::GREEN);
const VERMILION: RGBColor = colour(figure::VERMILION);

const fn colour((red, green, blue): Rgb) -> RGBColor {
    RGBColor(red, green, blue)
}

/// Loss of training, correlations of validation and the best epoch, as SVG.
pub(crate) fn draw(history: &[Epoch]) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (640, 360)).into_drawing_area();
        root.fill(&WHITE)?;
        let last = history.last().map_or(1.0, |epoch| epoch.epoch as f64).max(2.0);
        let top = history.iter().map(|epoch| epoch.loss).fold(0.1, f64::max) * 1.05;
        let low = history.iter().flat_map(|epoch| [epoch.plcc, epoch.srcc]).fold(0.0, f64::min);
        let mut chart = ChartBuilder::on(&root)
            .margin(10)
            .x_label_area_size(32)
            .y_label_area_size(44)
            .right_y_label_area_size(44)
            .build_cartesian_2d(1.0..last, low..1.0)?
            .set_secondary_coord(1.0..last, 0.0..top);
        let mut mesh = chart.configure_mesh();
        mesh.x_desc("epoch").y_desc("PLCC, SRCC of validation").x_label_formatter(&|x| format!("{x:.0}"));
        mesh.light_line_style(WHITE).draw()?;
        chart.configure_secondary_axes().y_desc("loss of training").draw()?;
        type Value = fn(&Epoch) -> f64;
        let series: [(&str, RGBColor, Value); 2] = [("PLCC", BLUE, |e| e.plcc), ("SRCC", GREEN, |e| e.srcc)];
        for (name, colour, value) in series {
            let points = history.iter().map(|epoch| (epoch.epoch as f64, value(epoch)));
            let drawn = chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?.label(name);
            drawn.legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
        }
        let dot = |epoch: &Epoch| Circle::new((epoch.epoch as f64, epoch.plcc), 4, BLUE.filled());
        chart.draw_series(history.iter().rfind(|epoch| epoch.best).map(dot))?;
        let points = history.iter().map(|epoch| (epoch.epoch as f64, epoch.loss));
        let drawn =
            chart.draw_secondary_series(LineSeries::new(points, VERMILION.stroke_width(2)))?.label("loss");
        drawn.legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], VERMILION.stroke_width(2)));
        let mut labels = chart.configure_series_labels();
        labels.position(SeriesLabelPosition::LowerRight).background_style(WHITE).draw()?;
        root.present()?;
    }
    let best = history.iter().rfind(|epoch| epoch.best);
    let name =
        |epoch: &Epoch| format!("best epoch {}: PLCC {:.3}, SRCC {:.3}", epoch.epoch, epoch.plcc, epoch.srcc);
    let title = "Learning curve: loss of training, PLCC and SRCC of validation, by epoch";
    Ok(figure::named(&figure::titled(&svg, title), best.map(name)))
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
            plcc,
            srcc: 0.0,
            best,
            seconds: 1.0,
        };
        let svg = draw(&[epoch(1, 0.25, true), epoch(2, 0.5, true), epoch(3, 0.375, false)]).unwrap();
        assert!(svg.contains("<title>Learning curve: "), "{svg}");
        assert!(svg.contains("<title>best epoch 2: PLCC 0.500, SRCC 0.000</title></circle>"), "{svg}");
        for colour in ["#0072B2", "#009E73", "#D55E00"] {
            assert!(svg.contains(colour), "{colour}: {svg}");
        }
        assert!(!svg.contains("#FF0000") && !svg.contains("#0000FF"), "{svg}");
    }
}
