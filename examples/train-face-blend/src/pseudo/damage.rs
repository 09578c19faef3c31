//! What happens to real pictures and fakes alike.

use super::canvas::{Canvas, single, within};
use super::change::{Colour, SHARPENED, coarsened};
use super::codec::{LEAST_CRF, MOST_CRF, h264, jpeg};
use super::random::Random;
use super::{Damage, Error, Options, Portrait, Result, Rgb};

/// The damage of a draw. The same `random` gives pictures of one size the same damage.
pub(super) fn worn(canvas: &Canvas, options: &Options, random: &mut Random) -> Result<Rgb> {
    let mut worn = canvas.clone();
    if random.chance(0.5) {
        Colour::drawn(0.7, random).apply(&mut worn);
    }
    if random.chance(0.3) {
        gamma(&mut worn, random.between(0.7, 1.4));
    }
    if random.chance(0.3) {
        worn = worn.blurred(random.between(0.2, 1.3));
    }
    if random.chance(0.25) {
        worn = worn.sharpened(SHARPENED, random.between(0.2, 1.0));
    }
    if random.chance(0.4) {
        let factor = 1.0 / random.between(0.45, 1.0);
        worn = coarsened(&worn, factor, random)?;
    }
    if random.chance(0.35) {
        let sigma = single(random.between(1.0, 7.0));
        worn.data.iter_mut().for_each(|value| *value = within(*value + sigma * random.normal()));
    }
    compressed(worn.to_rgb(), options, random)
}

fn compressed(picture: Rgb, options: &Options, random: &mut Random) -> Result<Rgb> {
    let choice = random.unit();
    if choice < options.jpeg {
        jpeg(&picture, random.whole(options.quality))
    } else if choice < options.jpeg + options.h264 {
        h264(&picture, random.whole(options.crf))
    } else {
        Ok(picture)
    }
}

/// 255 (v / 255)^power, by a table of 4096 steps with straight lines between them.
fn gamma(canvas: &mut Canvas, power: f64) {
    const STEPS: usize = 4096;
    let table: Vec<f32> =
        (0..=STEPS).map(|i| single(255.0 * libm::pow(i as f64 / STEPS as f64, power))).collect();
    for value in &mut canvas.data {
        let at = within(*value) * (STEPS as f32 / 255.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 4096")]
        let step = at as usize;
        let [low, high] = [step, step + 1].map(|step| table.get(step).copied().unwrap_or(255.0));
        *value = low + (high - low) * (at - step as f32);
    }
}

impl Damage {
    /// Damages a whole picture. Box and points follow where its size changes. A crop leaves it as it is:
    /// [`Damage::crop`] says how to cut it.
    ///
    /// # Errors
    /// For a strength that does not exist, and when a codec fails.
    pub(crate) fn apply(self, portrait: &Portrait) -> Result<Portrait> {
        self.check()?;
        let with = |picture| Portrait { picture, ..portrait.clone() };
        match self {
            Self::None | Self::Crop(_) => Ok(portrait.clone()),
            Self::Jpeg(quality) => Ok(with(jpeg(&portrait.picture, quality)?)),
            Self::H264(crf) => Ok(with(h264(&portrait.picture, crf)?)),
            Self::HalfSize => {
                let half = |side: usize| side.div_ceil(2);
                portrait.resized(half(portrait.picture.width), half(portrait.picture.height))
            }
        }
    }

    /// The side of the crop in widths of the face box, where `usual` is that without damage.
    pub(crate) fn crop(self, usual: f64) -> f64 {
        if let Self::Crop(factor) = self { factor } else { usual }
    }

    pub(super) fn check(self) -> Result<()> {
        match self {
            Self::Jpeg(quality) => {
                range("damage: the quality of JPEG", f64::from(quality), 1.0..=100.0, "1 to 100")
            }
            Self::H264(crf) => {
                let least = f64::from(LEAST_CRF);
                range("damage: the crf of H.264", f64::from(crf), least..=f64::from(MOST_CRF), "15 to 51")
            }
            Self::Crop(factor) => range("damage: the crop", factor, 0.1..=10.0, "0.1 to 10"),
            Self::None | Self::HalfSize => Ok(()),
        }
    }
}

/// An option within its range.
pub(super) fn range(
    option: &'static str,
    value: f64,
    allowed: std::ops::RangeInclusive<f64>,
    expected: &'static str,
) -> Result<()> {
    if allowed.contains(&value) { Ok(()) } else { Err(Error::Option { option, value, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas() -> Canvas {
        let data = (0..3 * 40 * 32).map(|i| (60 + i * 7 % 140) as f32).collect();
        Canvas { width: 40, height: 32, data }
    }

    #[test]
    fn gamma_keeps_the_ends_and_1_keeps_everything() {
        let mut kept = canvas();
        gamma(&mut kept, 1.0);
        assert_eq!(kept.to_rgb(), canvas().to_rgb());
        let mut bent = Canvas { width: 1, height: 1, data: vec![0.0, 127.5, 255.0] };
        gamma(&mut bent, 2.0);
        assert!((bent.data[1] - 63.75).abs() < 0.01, "{bent:?}");
        assert_eq!([bent.data[0], bent.data[2]], [0.0, 255.0]);
    }

    #[test]
    fn the_same_stream_gives_the_same_damage() {
        let mut changed = 0;
        for seed in 0..30 {
            let worn = || worn(&canvas(), &Options::default(), &mut Random::stream(seed, 0)).unwrap();
            assert_eq!(worn(), worn());
            changed += usize::from(worn() != canvas().to_rgb());
        }
        assert!((24..=30).contains(&changed), "{changed}");
    }

    #[test]
    fn shares_of_compression_are_those_of_the_options() {
        let options = Options { jpeg: 0.0, h264: 0.0, ..Options::default() };
        let picture = canvas().to_rgb();
        let count = |options: &Options| {
            let kept = |seed: &u64| {
                compressed(picture.clone(), options, &mut Random::stream(*seed, 0)).unwrap() == picture
            };
            (0..60).filter(kept).count()
        };
        assert_eq!(count(&options), 60);
        assert_eq!(count(&Options { jpeg: 1.0, ..options.clone() }), 0);
        assert_eq!(count(&Options { h264: 1.0, ..options }), 0);
        assert!((5..30).contains(&count(&Options::default())));
    }

    #[test]
    fn stated_damage_changes_what_it_says() {
        let points = [[8.0, 6.0]; 6];
        let portrait =
            Portrait { picture: canvas().to_rgb(), face: [8.0, 6.0, 28.0, 26.0], points: Some(points) };
        let half = Damage::HalfSize.apply(&portrait).unwrap();
        assert_eq!((half.picture.width, half.picture.height), (20, 16));
        assert_eq!((half.face, half.points.unwrap()[0]), ([4.0, 3.0, 14.0, 13.0], [4.0, 3.0]));
        assert_eq!(Damage::Crop(1.7).apply(&portrait).unwrap(), portrait);
        assert_eq!((Damage::Crop(1.7).crop(1.3), Damage::Jpeg(40).crop(1.3)), (1.7, 1.3));
        assert_ne!(Damage::Jpeg(40).apply(&portrait).unwrap().picture, portrait.picture);
        assert_ne!(Damage::H264(33).apply(&portrait).unwrap().picture, portrait.picture);
        for damage in
            [Damage::Jpeg(0), Damage::Jpeg(101), Damage::H264(14), Damage::H264(52), Damage::Crop(0.0)]
        {
            assert!(matches!(damage.apply(&portrait), Err(Error::Option { .. })), "{damage:?}");
        }
    }
}
