//! Windows on a frame, so that a small face is large in one of them.

use crate::preprocess::PixelRect;

/// The windows of a level: the frame itself at level 0, then squares of a half, a quarter, ... of the longer side. They
/// overlap by at least a half, so a face up to half as wide as a square is whole in one of them.
pub(super) fn windows(width: usize, height: usize, level: u32) -> Vec<PixelRect> {
    if level == 0 {
        return vec![PixelRect { left: 0, top: 0, width, height }];
    }
    let side = (width.max(height) >> level).max(1);
    let (columns, rows) = (starts(width, side), starts(height, side));
    let (width, height) = (side.min(width), side.min(height));
    let window = |top| columns.iter().map(move |&left| PixelRect { left, top, width, height });
    rows.iter().flat_map(|&top| window(top)).collect()
}

/// Where windows of `side` begin on `size` pixels: evenly, from one end to the other.
fn starts(size: usize, side: usize) -> Vec<usize> {
    let room = size.saturating_sub(side);
    let steps = room.div_ceil((side / 2).max(1));
    (0..=steps).map(|step| room * step / steps.max(1)).collect()
}

/// Whether a box in a window (relative to it) crosses a border that is none of the frame's: another window sees all of
/// it.
pub(super) fn cuts(
    window: &PixelRect,
    [left, top, right, bottom]: [f64; 4],
    width: usize,
    height: usize,
) -> bool {
    left < 0.0 && window.left > 0
        || top < 0.0 && window.top > 0
        || right > 1.0 && window.left + window.width < width
        || bottom > 1.0 && window.top + window.height < height
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_the_frame_and_overlap_by_half() {
        assert_eq!(windows(1920, 1080, 0), [PixelRect { left: 0, top: 0, width: 1920, height: 1080 }]);
        assert_eq!(starts(1920, 960), [0, 480, 960]);
        assert_eq!(starts(1080, 960), [0, 120]);
        assert_eq!(starts(360, 960), [0]);
        for (width, height) in [(1920, 1080), (640, 361), (7, 500), (3, 2), (1, 1)] {
            for level in 1..4 {
                let all = windows(width, height, level);
                let side = (width.max(height) >> level).max(1);
                for (at, size) in [(0, width), (1, height)] {
                    let mut from: Vec<usize> =
                        all.iter().map(|w| if at == 0 { w.left } else { w.top }).collect();
                    from.sort_unstable();
                    from.dedup();
                    assert_eq!((from[0], from[from.len() - 1] + side.min(size)), (0, size));
                    assert!(from.windows(2).all(|pair| pair[1] - pair[0] <= (side / 2).max(1)));
                }
            }
        }
    }

    #[test]
    fn inner_borders_cut_and_outer_ones_do_not() {
        let window = PixelRect { left: 0, top: 10, width: 50, height: 50 };
        assert!(!cuts(&window, [-0.1, 0.1, 0.5, 0.5], 100, 60), "the left border is the frame's");
        assert!(cuts(&window, [0.1, -0.1, 0.5, 0.5], 100, 60));
        assert!(cuts(&window, [0.6, 0.1, 1.1, 0.5], 100, 60));
        assert!(!cuts(&window, [0.1, 0.6, 0.5, 1.1], 100, 60));
    }
}
