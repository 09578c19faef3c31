//! A contact sheet: what the pseudo-fakes look like.

use anyhow::{Context, Result};
use dream_models::preprocess::{ImageView, Interpolation, resize};

use crate::page::Page;
use crate::pseudo::{Draw, Plane, Rgb};

/// Pixels of a side of every picture.
const SIDE: usize = 176;
/// Pixels between pictures.
const GAP: usize = 4;
/// Pixels of the caption above every picture.
const CAPTION: usize = 14;

/// A PNG file with a row for each draw: real, changed as a whole, mild blend and its mask, gross blend and its mask. The
/// number above a picture is the severity of its change.
pub(crate) fn encode(draws: &[Draw]) -> Result<Vec<u8>> {
    let mut page = Page::new(6 * (SIDE + GAP) - GAP, draws.len().max(1) * (CAPTION + SIDE + GAP) - GAP);
    for (row, draw) in draws.iter().enumerate() {
        let [(_, real), (_, global), (_, mild), (_, gross)] = &draw.pictures;
        let [of_real, of_global, of_mild, of_gross] = draw.severities;
        let masks = draw.masks.each_ref().map(gray);
        let [mild_mask, gross_mask] = &masks;
        let cells = [
            (real, of_real),
            (global, of_global),
            (mild, of_mild),
            (mild_mask, of_mild),
            (gross, of_gross),
            (gross_mask, of_gross),
        ];
        for (column, (picture, severity)) in cells.into_iter().enumerate() {
            let (x, y) = (column * (SIDE + GAP), row * (CAPTION + SIDE + GAP));
            let sized = sized(picture)?;
            page.place(&sized, SIDE, x, y + CAPTION).context("a picture of the wrong size")?;
            let (caption, width) = caption(severity);
            page.place(&caption, width, x, y + 2).context("a caption that is too wide")?;
        }
    }
    page.encode()
}

fn sized(picture: &Rgb) -> Result<Vec<u8>> {
    let view = ImageView::rgb(&picture.data, picture.width, picture.height)?;
    Ok(resize(&view, SIDE, SIDE, Interpolation::Bicubic)?.data)
}

fn gray(mask: &Plane) -> Rgb {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and that is meant"
    )]
    let byte = |weight: &f32| (255.0 * weight + 0.5) as u8;
    Rgb {
        width: mask.width,
        height: mask.height,
        data: mask.data.iter().flat_map(|m| [byte(m); 3]).collect(),
    }
}

/// Rows of three bits, for the digits and the point of a number between 0 and 1.
fn glyph(letter: char) -> [u8; 5] {
    match letter {
        '0' => [0b111, 0b101, 0b101, 0b101, 0b111],
        '1' => [0b010, 0b110, 0b010, 0b010, 0b111],
        '2' => [0b111, 0b001, 0b111, 0b100, 0b111],
        '3' => [0b111, 0b001, 0b111, 0b001, 0b111],
        '4' => [0b101, 0b101, 0b111, 0b001, 0b001],
        '5' => [0b111, 0b100, 0b111, 0b001, 0b111],
        '6' => [0b111, 0b100, 0b111, 0b101, 0b111],
        '7' => [0b111, 0b001, 0b010, 0b010, 0b010],
        '8' => [0b111, 0b101, 0b111, 0b101, 0b111],
        '9' => [0b111, 0b101, 0b111, 0b001, 0b111],
        _ => [0, 0, 0, 0, 0b010],
    }
}

/// The severity in black on white, each bit as four pixels, and the width of its rows.
fn caption(severity: f64) -> (Vec<u8>, usize) {
    let glyphs: Vec<[u8; 5]> = format!("{severity:.2}").chars().map(glyph).collect();
    let row = |y: usize| {
        let bits = glyphs.iter().flat_map(move |glyph| {
            let row = glyph.get(y).copied().unwrap_or_default();
            [row & 4, row & 2, row & 1, 0]
        });
        bits.flat_map(|bit| [if bit > 0 { 0 } else { u8::MAX }; 6]).collect::<Vec<u8>>()
    };
    let data = (0..5).flat_map(|y| row(y).repeat(2)).collect();
    (data, 8 * glyphs.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pseudo::Kind;

    #[test]
    fn captions_are_read_from_left_to_right() {
        let (data, width) = caption(0.14);
        assert_eq!((width, data.len()), (32, 3 * 32 * 10));
        let dark: Vec<usize> = (0..width).filter(|x| data[3 * x] == 0).collect();
        // The upper rows of 0, of nothing, of 1 and of 4.
        assert_eq!(dark, [0, 1, 2, 3, 4, 5, 18, 19, 24, 25, 28, 29]);
    }

    #[test]
    fn sheets_hold_every_draw() {
        let flat = |value: u8| Rgb { width: 5, height: 7, data: vec![value; 105] };
        let mask = Plane { width: 5, height: 7, data: vec![0.5; 35] };
        let kinds = [Kind::Real, Kind::Global, Kind::Mild, Kind::Gross];
        let mut values = [10, 20, 30, 40].into_iter();
        let pictures = kinds.map(|kind| (kind, flat(values.next().unwrap())));
        let draw = Draw { pictures, severities: [0.0, 0.5, 0.3, 0.9], masks: [mask.clone(), mask] };
        let file = encode(&[draw.clone(), draw]).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (1076, 2 * 194 - 4));
        let at = |column: usize, row: usize| pixels[3 * ((row * 194 + 100) * 1076 + column * 180 + 50)];
        assert_eq!([0, 1, 2, 3, 4, 5].map(|column| at(column, 1)), [10, 20, 30, 128, 40, 128]);
    }
}
