//! Areas clipped to white or black: TLVQM's segmentation. Its handling of labels decides which parts count as one area.

use crate::view::LumaView;

/// Areas with fewer pixels are dropped.
const SMALLEST: u32 = 50;

/// Thresholds in codes: luma below 0.1 is almost black, luma above 0.9 is almost white, and a saturated code is within
/// 0.05 of the extreme. No code is exactly at a bound.
const DARK: u8 = 25;
const BRIGHT: u8 = 230;
const RANGE: u8 = 12;

/// Labels of one frame.
///
/// The reference renumbers pixels all over the image whenever two areas touch. Here each pixel refers to a node, and
/// nodes are joined. A node stores its label and its number of pixels, so no search is needed.
#[derive(Debug, Default)]
pub(super) struct Saturation {
    /// Node of each pixel, 0 for none.
    nodes: Vec<u32>,
    labels: Labels,
    /// 1 where a whole column of three pixels is saturated.
    column: Vec<u8>,
}

impl Saturation {
    /// Sets `mask` (one byte per pixel) to 1 where the image is saturated, to 0 elsewhere. Returns the share of bright
    /// pixels, that share divided by the number of areas, and the same two values for dark pixels.
    pub(super) fn run(&mut self, luma: &LumaView<'_>, mask: &mut Vec<u8>) -> [f64; 4] {
        mask.clear();
        mask.resize(luma.width() * luma.height(), 0);
        let rows = || (0..luma.height()).map(|y| luma.row(y));
        let (mut least, mut most) = (u8::MAX, u8::MIN);
        for row in rows() {
            least = row.iter().fold(least, |a, &b| a.min(b));
            most = row.iter().fold(most, |a, &b| a.max(b));
        }
        let mut out = [0.0; 4];
        if most >= BRIGHT {
            let limit = most - RANGE;
            [out[0], out[1]] = self.segment(luma, mask, |code| code >= limit);
        }
        if least <= DARK {
            let limit = least + RANGE;
            [out[2], out[3]] = self.segment(luma, mask, |code| code <= limit);
        }
        out
    }

    /// Labels the 3x3 windows whose pixels are all saturated, row by row.
    fn segment(&mut self, luma: &LumaView<'_>, mask: &mut [u8], saturated: impl Fn(u8) -> bool) -> [f64; 2] {
        let (width, height) = (luma.width(), luma.height());
        self.nodes.clear();
        self.nodes.resize(width * height, 0);
        self.column.resize(width, 0);
        self.labels.clear();
        for top in 0..height.saturating_sub(2) {
            let rows = [luma.row(top), luma.row(top + 1), luma.row(top + 2)];
            let mut any = 0;
            for (x, flag) in self.column.iter_mut().enumerate() {
                let all = saturated(rows[0][x]) & saturated(rows[1][x]) & saturated(rows[2][x]);
                *flag = u8::from(all);
                any |= *flag;
            }
            if any != 0 {
                self.scan(top, width);
            }
        }
        let Labels { counts, .. } = &self.labels;
        let kept = || counts.iter().filter(|&&count| count >= SMALLEST);
        let areas = kept().count();
        if areas == 0 {
            return [0.0; 2];
        }
        for (mask, node) in mask.iter_mut().zip(&mut self.nodes) {
            if *node != 0 {
                let root = self.labels.root(*node);
                *mask |= u8::from(self.labels.counts[root as usize] >= SMALLEST);
            }
        }
        let pixels: u64 = self.labels.counts.iter().filter(|&&c| c >= SMALLEST).map(|&c| u64::from(c)).sum();
        let share = pixels as f64 / (width * height) as f64;
        [share, share / areas as f64]
    }

    /// Scans the windows whose upper row is `top`.
    fn scan(&mut self, top: usize, width: usize) {
        let Self { nodes, labels, column } = self;
        // The node painted by the window one to the left, if that one was saturated.
        let mut left = 0;
        for (x, window) in column.windows(3).enumerate() {
            if window != [1; 3] {
                left = 0;
                continue;
            }
            let start = top * width + x;
            if left != 0 {
                // Only the right column is new; usually it is unlabelled or has the same label.
                let new = [start + 2, start + width + 2, start + 2 * width + 2];
                if new.iter().all(|&i| nodes[i] == 0 || nodes[i] == left || labels.root(nodes[i]) == left) {
                    for i in new {
                        if nodes[i] == 0 {
                            labels.counts[left as usize] += 1;
                        }
                        nodes[i] = left;
                    }
                    continue;
                }
            }
            left = paint(nodes, labels, start, width);
        }
    }
}

/// Paints the window that starts at `start` with the smallest label in it. All pixels of its largest label take the
/// smallest label too, wherever they are.
fn paint(nodes: &mut [u32], labels: &mut Labels, start: usize, width: usize) -> u32 {
    let pixels: [usize; 9] = std::array::from_fn(|k| start + k / 3 * width + k % 3);
    let roots = pixels.map(|i| labels.root(nodes[i]));
    let labelled = || roots.iter().copied().filter(|&root| root != 0);
    let smallest = labelled().min_by_key(|&root| labels.numbers[root as usize]);
    let largest = labelled().max_by_key(|&root| labels.numbers[root as usize]);
    let paint = match (smallest, largest) {
        (Some(smallest), Some(largest)) => {
            labels.join(largest, smallest);
            smallest
        }
        _ => labels.fresh(),
    };
    for i in pixels {
        let before = labels.root(nodes[i]);
        if before != paint {
            labels.counts[before as usize] = labels.counts[before as usize].saturating_sub(1);
            labels.counts[paint as usize] += 1;
        }
        nodes[i] = paint;
    }
    paint
}

/// Nodes; number 0 stands for "no label" and has no pixels.
#[derive(Debug, Default)]
struct Labels {
    parents: Vec<u32>,
    /// Label and number of pixels of nodes that are their own parents.
    numbers: Vec<u32>,
    counts: Vec<u32>,
    /// The last node that was given label 1, 2, ...
    owners: Vec<u32>,
}

impl Labels {
    fn clear(&mut self) {
        self.parents.clear();
        self.numbers.clear();
        self.counts.clear();
        self.owners.clear();
        self.parents.push(0);
        self.numbers.push(0);
        self.counts.push(0);
    }

    #[inline]
    fn root(&mut self, mut node: u32) -> u32 {
        while self.parents[node as usize] != node {
            let above = self.parents[node as usize];
            self.parents[node as usize] = self.parents[above as usize];
            node = self.parents[node as usize];
        }
        node
    }

    /// Creates a node with the label after the largest in use. Labels that have lost all their pixels are not in use.
    fn fresh(&mut self) -> u32 {
        while self.owners.last().is_some_and(|&node| self.counts[node as usize] == 0) {
            self.owners.pop();
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "there are fewer nodes than pixels, whose indices fit"
        )]
        let node = self.parents.len() as u32;
        self.owners.push(node);
        #[expect(clippy::cast_possible_truncation, reason = "as above")]
        self.numbers.push(self.owners.len() as u32);
        self.parents.push(node);
        self.counts.push(0);
        node
    }

    fn join(&mut self, from: u32, to: u32) {
        if from != to {
            self.parents[from as usize] = to;
            self.counts[to as usize] += std::mem::take(&mut self.counts[from as usize]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, with searches over the whole image. Returns the labels.
    fn naive(flags: &[bool], width: usize, height: usize) -> Vec<u32> {
        let mut labels = vec![0u32; width * height];
        for y in 0..height.saturating_sub(2) {
            for x in 0..width.saturating_sub(2) {
                let window: Vec<usize> = (0..9).map(|k| (y + k / 3) * width + x + k % 3).collect();
                if !window.iter().all(|&i| flags[i]) {
                    continue;
                }
                let inside: Vec<u32> = window.iter().map(|&i| labels[i]).filter(|&l| l > 0).collect();
                let label = match (inside.iter().min(), inside.iter().max()) {
                    (Some(&low), Some(&high)) => {
                        labels.iter_mut().filter(|l| **l == high).for_each(|l| *l = low);
                        low
                    }
                    _ => labels.iter().max().unwrap() + 1,
                };
                window.iter().for_each(|&i| labels[i] = label);
            }
        }
        labels
    }

    #[test]
    fn labels_equal_those_of_the_definition() {
        let mut state = 7u32;
        let mut areas = [0; 8];
        for round in 0..400 {
            let (width, height) = (3 + round % 60, 3 + round / 7 % 50);
            // Large squares with holes: many areas that meet late.
            let mut codes = vec![100u8; width * height];
            let mut next = |n: usize| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as usize % n
            };
            for _ in 0..next(30) {
                let (x0, y0, w, h) = (next(width), next(height), 3 + next(14), 3 + next(14));
                for i in (0..w * h).filter(|i| x0 + i % w < width && y0 + i / w < height) {
                    codes[(y0 + i / w) * width + x0 + i % w] = 250;
                }
            }
            for _ in 0..next(20) {
                codes[next(width * height)] = 20;
            }
            let view = LumaView::new(&codes, width, height, width).unwrap();
            let (mut saturation, mut mask) = (Saturation::default(), Vec::new());
            let found = saturation.run(&view, &mut mask);
            let mut expected = [0.0; 4];
            let mut expected_mask = vec![0; width * height];
            let (least, most) = (*codes.iter().min().unwrap(), *codes.iter().max().unwrap());
            for bright in [true, false] {
                let on = if bright { f64::from(most) / 255.0 > 0.9 } else { f64::from(least) / 255.0 < 0.1 };
                if !on {
                    continue;
                }
                let inside = |&code: &u8| {
                    let code = f64::from(code) / 255.0;
                    if bright {
                        code > f64::from(most) / 255.0 - 0.05
                    } else {
                        code < f64::from(least) / 255.0 + 0.05
                    }
                };
                let labels = naive(&codes.iter().map(inside).collect::<Vec<_>>(), width, height);
                let sizes: Vec<usize> =
                    (1..=labels.len() as u32).map(|l| labels.iter().filter(|&&k| k == l).count()).collect();
                let kept = sizes.iter().filter(|&&n| n >= 50).count();
                areas[kept.min(7)] += 1;
                for (mask, &label) in expected_mask.iter_mut().zip(&labels) {
                    *mask |= u8::from(label > 0 && sizes[label as usize - 1] >= 50);
                }
                if kept > 0 {
                    let pixels: usize = sizes.iter().filter(|&&n| n >= 50).sum();
                    let share = pixels as f64 / labels.len() as f64;
                    let at = if bright { 0 } else { 2 };
                    (expected[at], expected[at + 1]) = (share, share / kept as f64);
                }
            }
            assert_eq!(found, expected, "{round}");
            assert_eq!(mask, expected_mask, "{round}");
        }
        assert!(areas[..4].iter().all(|&n| n > 0), "every number of areas was met: {areas:?}");
    }
}
