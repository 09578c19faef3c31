//! Compression blocks: peaks in the autocorrelation of gradients summed along rows and columns.

/// Lags of the autocorrelation.
const LAGS: usize = 23;

/// Smallest width and height: the lags and the border must fit.
pub(super) const SMALLEST: usize = 27;

/// Strength, distance and number of the peaks. The profiles are the mean over each row of vertical minus horizontal
/// gradient, and the mean over each column of horizontal minus vertical gradient.
///
/// Both profiles have the length of the side minus 2, and their first two values are 0.
pub(super) fn blockiness(rows: &[f64], columns: &[f64]) -> [f64; 3] {
    let profiles = [autocorrelation(rows), autocorrelation(columns)];
    let (mut peaks, mut distance) = (0.0, 0.0);
    let mut found = profiles.map(|r| Rise { floor: r[0], best: 0.0, top: 0.0 });
    for lag in 1..LAGS - 1 {
        for (rise, r) in found.iter_mut().zip(&profiles) {
            let (before, here, after) = (r[lag - 1], r[lag], r[lag + 1]);
            if here < before && here < after && here < rise.floor {
                rise.floor = here;
            }
            if here > before && here > after {
                peaks += 1.0 / 42.0;
                if here - rise.floor > rise.best {
                    *rise = Rise { floor: rise.floor, best: here - rise.floor, top: here };
                    distance = lag as f64 / 21.0;
                }
            }
        }
    }
    let mut strength = 0.0;
    if profiles.iter().all(|r| r[0] > 0.0) {
        for (rise, r) in found.iter().zip(&profiles).filter(|(rise, _)| rise.top > 0.0) {
            strength = f64::max(strength, rise.best / r[0]);
        }
    }
    [strength.sqrt(), distance, peaks]
}

/// The lowest minimum so far, and the peak that rises highest above those before it.
struct Rise {
    floor: f64,
    best: f64,
    top: f64,
}

fn autocorrelation(profile: &[f64]) -> [f64; LAGS] {
    std::array::from_fn(|lag| {
        let shifted = profile.iter().skip(lag);
        profile.iter().zip(shifted).fold(0.0, |sum, (a, b)| sum + a * b)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_of_eight_is_found() {
        let wave = |i: i32| libm::cos(std::f64::consts::PI / 4.0 * f64::from(i));
        let grid: Vec<f64> = (0..400).map(wave).collect();
        let [strength, distance, peaks] = blockiness(&grid, &grid);
        // From the minimum at lag 4, -0.99 of lag 0, to 0.98 of it at lag 8.
        assert!((strength * strength - 1.97).abs() < 1e-2, "{strength}");
        assert_eq!(distance, 8.0 / 21.0);
        assert!((peaks - 4.0 / 42.0).abs() < 1e-15, "lags 8 and 16, twice");
        assert_eq!(blockiness(&[0.0; 30], &grid)[0], 0.0);
        assert_eq!(blockiness(&[0.0; 25], &[0.0; 25]), [0.0; 3]);
    }
}
