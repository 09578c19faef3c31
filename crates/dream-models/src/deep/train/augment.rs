//! Changes of pixels that leave an opinion as it is.

/// Mirrors a square of RGB pixels on request, and moves it up by `moved[0]` and to the left by `moved[1]` pixels; what comes
/// in repeats the border. Videos whose scores are compared in a loss are best moved alike.
///
/// ```
/// use dream_models::deep::train::augment::changed;
///
/// // Two rows of two grey pixels.
/// let square: Vec<u8> = [1, 2, 3, 4].iter().flat_map(|level| [*level; 3]).collect();
/// let levels = |bytes: Vec<u8>| bytes.chunks(3).map(|pixel| pixel[0]).collect::<Vec<u8>>();
/// assert_eq!(levels(changed(&square, 2, true, [0, 0])), [2, 1, 4, 3]);
/// assert_eq!(levels(changed(&square, 2, false, [1, 0])), [3, 4, 3, 4]);
/// assert_eq!(levels(changed(&square, 2, false, [0, -1])), [1, 1, 3, 3]);
/// ```
#[must_use]
pub fn changed(square: &[u8], side: usize, flip: bool, moved: [isize; 2]) -> Vec<u8> {
    let [rows, columns] = moved.map(|by| -> Vec<usize> {
        (0..side).map(|at| at.saturating_add_signed(by).min(side.saturating_sub(1))).collect()
    });
    let mut changed = Vec::with_capacity(square.len());
    for &y in &rows {
        let (pixels, _) = square.get(y * side * 3..(y + 1) * side * 3).unwrap_or_default().as_chunks::<3>();
        let pixels = columns.iter().filter_map(|&x| pixels.get(x));
        if flip { changed.extend(pixels.rev().flatten()) } else { changed.extend(pixels.flatten()) }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_moves_come_back_but_for_the_border() {
        let square: Vec<u8> = (0..4 * 4 * 3).collect();
        assert_eq!(changed(&square, 4, false, [0, 0]), square);
        assert_eq!(changed(&changed(&square, 4, true, [0, 0]), 4, true, [0, 0]), square);
        let back = changed(&changed(&square, 4, false, [1, 0]), 4, false, [-1, 0]);
        assert_eq!(back[12..], square[12..]);
        assert_eq!(back[..12], square[12..24]);
        // A square that is too short gives what there is.
        assert_eq!(changed(&square[..12], 4, false, [0, 0]), square[..12]);
    }
}
