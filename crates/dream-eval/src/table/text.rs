//! The table for people: aligned columns, in blocks below each other where lines have an end.

use std::ops::Range;

use super::Table;
use super::format::{header, shown};

/// Blanks between two columns.
const GAP: usize = 2;

impl Table {
    /// [`Format::Text`](crate::Format::Text) in lines of at most `width` letters: where the whole table is wider, the columns
    /// that have no room form further blocks below, each with the names of the methods. Columns of one coefficient stay
    /// together where they can. A name and one column have a line in any case.
    ///
    /// ```
    /// use dream_eval::{Format, Method, SetScore, Table};
    ///
    /// # fn main() -> dream_eval::Result<()> {
    /// let score = |r| Some(SetScore { plcc: r, srcc: r - 0.01, constant: false });
    /// let splits = vec![vec![score(0.80), score(0.70)], vec![score(0.82), score(0.72)]];
    /// let table = Table::new(2, vec![Method { name: "BRISQUE".into(), family: String::new(), splits }])?;
    /// let text = table.text_within(60);
    /// assert!(text.lines().all(|line| line.chars().count() <= 60));
    /// assert_eq!(text.matches("BRISQUE").count(), 2);
    /// assert_eq!(table.text_within(120), table.format(Format::Text));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn text_within(&self, width: usize) -> String {
        self.text(Some(width))
    }

    pub(super) fn text(&self, width: Option<usize>) -> String {
        let mut lines = vec![header(self)];
        for row in &self.rows {
            let cells = row.cells.iter().map(|cell| shown(cell.as_ref(), 3));
            lines.push(std::iter::once(row.name.clone()).chain(cells).collect());
        }
        let wide = |column: usize| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns().len() + 1).map(wide).collect();
        let blocks = self.blocks(&widths, width.unwrap_or(usize::MAX));
        let blocks: Vec<String> =
            blocks.into_iter().map(|columns| self.block(&lines, &widths, columns)).collect();
        blocks.join("\n")
    }

    /// The columns of each block, besides the first one, which all have.
    fn blocks(&self, widths: &[usize], width: usize) -> Vec<Range<usize>> {
        let room = |columns: Range<usize>| {
            let names = widths.first().copied().unwrap_or(0);
            names + widths.get(columns).unwrap_or_default().iter().map(|width| width + GAP).sum::<usize>()
        };
        let (coefficients, all) = (1 + self.sets, widths.len());
        let mut blocks: Vec<Range<usize>> = Vec::new();
        for group in [1..coefficients, coefficients..coefficients + self.sets, coefficients + self.sets..all]
        {
            let whole = room(group.clone()) <= width;
            let parts = if whole { vec![group] } else { group.map(|column| column..column + 1).collect() };
            for (at, part) in parts.into_iter().enumerate() {
                match blocks.last_mut() {
                    // A coefficient that needs several blocks begins with one of its own.
                    Some(block) if (whole || at > 0) && room(block.start..part.end) <= width => {
                        block.end = part.end;
                    }
                    _ => blocks.push(part),
                }
            }
        }
        blocks
    }

    fn block(&self, lines: &[Vec<String>], widths: &[usize], columns: Range<usize>) -> String {
        let chosen = || std::iter::once(0).chain(columns.clone());
        let line = |cells: &[String]| {
            let padded = chosen().filter_map(|column| {
                let (cell, width) = (cells.get(column)?, widths.get(column)?);
                Some(if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") })
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        let wide: usize = chosen().filter_map(|column| widths.get(column)).map(|width| width + GAP).sum();
        let rule = "-".repeat(wide.saturating_sub(GAP)) + "\n";
        let mut out = String::new();
        let mut families = self.rows.iter().map(|row| row.family.as_str());
        let mut family = "";
        for (index, cells) in lines.iter().enumerate() {
            if index > 0 {
                let next = families.next().unwrap_or_default();
                if index == 1 || next != family {
                    out.push_str(&rule);
                    if !next.is_empty() {
                        out.push_str(next);
                        out.push('\n');
                    }
                }
                family = next;
            }
            out.push_str(&line(cells));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use crate::{Format, Method, SetScore, Table};

    /// Rows of one name each, with `splits` splits.
    fn table(sets: usize, splits: usize, names: [&str; 2]) -> Table {
        let score = |at: usize| {
            let plcc = 0.5 + 0.125 * at as f64;
            Some(SetScore { plcc, srcc: -plcc, constant: false })
        };
        let methods = names.map(|name| Method {
            name: name.into(),
            family: format!("like {name}"),
            splits: (0..splits).map(|split| vec![score(split); sets]).collect(),
        });
        Table::new(sets, methods.into()).unwrap()
    }

    fn widest(text: &str) -> usize {
        text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
    }

    #[test]
    fn what_has_no_room_goes_below() {
        let table = table(3, 2, ["Method mean", "B"]);
        let whole = table.format(Format::Text);
        assert_eq!(table.text_within(widest(&whole)), whole);
        let narrow = table.text_within(80);
        let heads: Vec<&str> = narrow.lines().filter(|line| line.starts_with("Method  ")).collect();
        let columns: Vec<Vec<&str>> = heads.iter().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            columns,
            [
                ["Method", "PLCC1", "PLCC2", "PLCC3"],
                ["Method", "SRCC1", "SRCC2", "SRCC3"],
                ["Method", "PLCC-avr", "SRCC-avr", "avr"]
            ],
            "{narrow}"
        );
        assert!(widest(&narrow) <= 80 && !narrow.contains("\n\n\n") && narrow.ends_with('\n'), "{narrow}");
        for part in ["like B\n", "Method mean  "] {
            assert_eq!(narrow.matches(part).count(), 3, "{narrow}");
        }
        // Two groups have room, and the third has not.
        let wider = table.text_within(120);
        assert!(widest(&wider) > 80 && wider.matches("like B\n").count() == 2, "{wider}");
        for block in narrow.split("\n\n") {
            let last = block.trim_end().lines().last().unwrap();
            let first = last.split_whitespace().nth(1).unwrap();
            assert!(whole.contains(first), "{last}");
        }
    }

    #[test]
    fn every_width_has_a_line_for_each_value() {
        let table = table(9, 2, ["a method with quite a long name", "B"]);
        let numbers = |text: &str| text.matches('±').count();
        let whole = numbers(&table.format(Format::Text));
        for width in 0..300 {
            let text = table.text_within(width);
            assert_eq!(numbers(&text), whole, "{text}");
            assert!(widest(&text) <= width.max(31 + 2 + 12), "{width}: {text}");
        }
    }
}
