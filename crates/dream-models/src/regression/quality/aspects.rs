//! What the features of the embedded models look at, in plain words.

/// What a group of features looks at, and what it means that the group moves a score: words to print beside a
/// [`GroupShare`](super::GroupShare).
///
/// The words say what the features measure, and what they are to the model. They name what else changes such features, and
/// no cause: the model knows none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aspect {
    /// Name of the group.
    pub name: &'static str,
    /// A heading.
    pub title: &'static str,
    /// What the features measure.
    pub measures: &'static str,
    /// What it means that the group raises a score above that of the reference.
    pub raises: &'static str,
    /// What it means that the group lowers it.
    pub lowers: &'static str,
}

impl Aspect {
    /// The aspects that features of these names may belong to, in the order in which they are tried and shown.
    ///
    /// ```
    /// use dream_models::regression::Aspect;
    ///
    /// assert_eq!(Aspect::of("videval60.tlvqm.jerkiness.mean").name, "motion");
    /// assert_eq!(Aspect::of("videval60.chroma.dog.rms.mean").title, "Colour");
    /// assert_eq!(Aspect::of("brisque.s2.ggd.shape.mean").name, "coarse-contrast");
    /// assert_eq!(Aspect::of("pupil.size"), Aspect::OTHER);
    /// ```
    #[must_use]
    pub fn of(feature: &str) -> Self {
        let found = RULES.iter().find(|(_, rule)| rule(feature));
        found.map_or(Self::OTHER, |(aspect, _)| *aspect)
    }

    /// The aspect of this [`name`](Self::name), if there is one.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().find(|aspect| aspect.name == name)
    }

    /// All aspects, [`Aspect::OTHER`] last.
    pub fn all() -> impl Iterator<Item = Self> {
        RULES.iter().map(|(aspect, _)| *aspect).chain([Self::OTHER])
    }

    /// Features whose names are not those of the embedded models.
    pub const OTHER: Self = Self {
        name: "other",
        title: "Other features",
        measures: "features that have no description here",
        raises: "These features speak for a better rating, to this model, than average ones would.",
        lowers: "These features speak for a worse rating, to this model, than average ones would.",
    };
}

type Rule = fn(&str) -> bool;

/// The first rule that holds counts, so what changes over time comes before what it changes.
const RULES: [(Aspect, Rule); 11] = [
    (
        Aspect {
            name: "motion",
            title: "Motion",
            measures: "how strongly and how evenly things and the camera move, and how much changes from frame to frame",
            raises: "The motion speaks for a better rating, to this model, than average motion would.",
            lowers: "The motion speaks for a worse rating, to this model, than average motion would. Strong or jerky \
                     motion changes these values.",
        },
        |name| {
            let values = ["motion_intensity", "std_egomot_intensity", "jerkiness", "ti_mean", "mot_y"];
            tlvqm(name, &values)
        },
    ),
    (
        Aspect {
            name: "sharpness",
            title: "Sharpness",
            measures: "how fast edges fall off, and the contrast of the places with weak edges",
            raises: "The edges speak for a better rating, to this model, than average edges would.",
            lowers: "The edges speak for a worse rating, to this model, than average edges would. Blur and stretched \
                     small originals change these values.",
        },
        |name| tlvqm(name, &["sharp_m26", "sharp_2", "blur_mean"]),
    ),
    (
        Aspect {
            name: "steadiness",
            title: "Steadiness over time",
            measures: "how much brightness patterns, edges, colour and still places change within about a second",
            raises: "How the picture changes over time speaks for a better rating, to this model, than average change \
                     would.",
            lowers: "How the picture changes over time speaks for a worse rating, to this model, than average change \
                     would. Flicker, pumping compression, refocusing and cuts change these values.",
        },
        |name| name.starts_with("videval60.") && name.ends_with(".std"),
    ),
    (
        Aspect {
            name: "colour",
            title: "Colour",
            measures: "how strong colours are, and how they differ between neighbouring pixels",
            raises: "The colours speak for a better rating, to this model, than average colours would.",
            lowers: "The colours speak for a worse rating, to this model, than average colours would. Faded or gray \
                     pictures, very strong colours and strongly compressed colour change these values.",
        },
        |name| {
            let parts = ["videval60.chroma.", "videval60.lms."];
            parts.iter().any(|part| name.starts_with(part)) || tlvqm(name, &["chroma_rms"])
        },
    ),
    (
        Aspect {
            name: "edges",
            title: "Edges and outlines",
            measures: "how gradients are distributed, and how those of neighbouring pixels depend on each other",
            raises: "The outlines speak for a better rating, to this model, than average outlines would.",
            lowers: "The outlines speak for a worse rating, to this model, than average outlines would. Blur, blocks \
                     and ringing change these values.",
        },
        |name| ["videval60.gm_log.", "videval60.gradient."].iter().any(|part| name.starts_with(part)),
    ),
    (
        Aspect {
            name: "texture",
            title: "Contrast and texture",
            measures: "how much brightness varies within small neighbourhoods, and where",
            raises: "The amount of detail speaks for a better rating, to this model, than the average amount would.",
            lowers: "The amount of detail speaks for a worse rating, to this model, than the average amount would. \
                     Flat, smoothed and noisy pictures differ in these values.",
        },
        |name| {
            let parts = ["dog.", "dog_sigma.", "laplacian.", "s1.sigma.", "s2.sigma."];
            let luma = name.strip_prefix("videval60.luma.");
            luma.is_some_and(|rest| parts.iter().any(|part| rest.starts_with(part)))
                || tlvqm(name, &["si", "spatial_mean", "spatial_std"])
        },
    ),
    (
        Aspect {
            name: "naturalness",
            title: "Fine brightness patterns",
            measures: "how brightness differs between neighbouring pixels once local contrast is taken out; clean pictures \
                       share a pattern there",
            raises: "The fine pattern speaks for a better rating, to this model, than the average pattern would.",
            lowers: "The fine pattern speaks for a worse rating, to this model, than the average pattern would. Blur, \
                     noise and compression change it.",
        },
        |name| ["videval60.brisque.", "videval60.luma."].iter().any(|part| name.starts_with(part)),
    ),
    (
        Aspect {
            name: "fine-contrast",
            title: "Fine detail: spread",
            measures: "how brightness spreads around its local mean, at full size",
            raises: "The spread of fine detail speaks for a better rating, to this model, than the average spread \
                     would.",
            lowers: "The spread of fine detail speaks for a worse rating, to this model, than the average spread \
                     would. Blur and noise change these values.",
        },
        |name| name.starts_with("brisque.s1.ggd."),
    ),
    (
        Aspect {
            name: "fine-neighbours",
            title: "Fine detail: neighbours",
            measures: "how a pixel goes together with the pixels beside, above and diagonal to it, at full size",
            raises: "The neighbours in fine detail speak for a better rating, to this model, than average ones would.",
            lowers: "The neighbours in fine detail speak for a worse rating, to this model, than average ones would. \
                     Coding blocks, blur and noise change these values.",
        },
        |name| name.starts_with("brisque.s1.aggd_"),
    ),
    (
        Aspect {
            name: "coarse-contrast",
            title: "Coarse detail: spread",
            measures: "how brightness spreads around its local mean, at half size",
            raises: "The spread of coarse detail speaks for a better rating, to this model, than the average spread \
                     would.",
            lowers: "The spread of coarse detail speaks for a worse rating, to this model, than the average spread \
                     would. Strong blur and compression change these values.",
        },
        |name| name.starts_with("brisque.s2.ggd."),
    ),
    (
        Aspect {
            name: "coarse-neighbours",
            title: "Coarse detail: neighbours",
            measures: "how a pixel goes together with the pixels beside, above and diagonal to it, at half size",
            raises: "The neighbours in coarse detail speak for a better rating, to this model, than average ones \
                     would.",
            lowers: "The neighbours in coarse detail speak for a worse rating, to this model, than average ones \
                     would. Strong compression and blur change these values.",
        },
        |name| name.starts_with("brisque.s2.aggd_"),
    ),
];

/// Whether a feature is one of these values of TLVQM, however it was pooled.
fn tlvqm(name: &str, values: &[&str]) -> bool {
    let value = name.strip_prefix("videval60.tlvqm.").map(|rest| rest.split('.').next().unwrap_or(rest));
    value.is_some_and(|value| values.contains(&value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regression::QualityModel;

    /// A feature that fell into another group would be explained with the words of that one.
    #[test]
    fn every_feature_of_the_embedded_models_has_its_aspect() {
        let count = |model: &QualityModel, name: &str| {
            model.inputs().iter().filter(|feature| Aspect::of(feature).name == name).count()
        };
        let videval60 = QualityModel::embedded().unwrap();
        let expected = [
            ("motion", 6),
            ("sharpness", 3),
            ("steadiness", 17),
            ("colour", 12),
            ("edges", 12),
            ("texture", 7),
            ("naturalness", 3),
            ("other", 0),
        ];
        let found = expected.map(|(name, _)| (name, count(&videval60, name)));
        assert_eq!(found, expected);
        assert_eq!(found.iter().map(|(_, features)| features).sum::<usize>(), 60);
        let brisque = QualityModel::embedded_brisque().unwrap();
        let names = ["contrast", "neighbours"];
        let found =
            ["fine", "coarse"].map(|size| names.map(|part| count(&brisque, &format!("{size}-{part}"))));
        assert_eq!(found, [[2, 16]; 2]);
    }

    #[test]
    fn names_are_distinct_and_words_are_sentences() {
        let all: Vec<Aspect> = Aspect::all().collect();
        for (at, aspect) in all.iter().enumerate() {
            assert!(all[..at].iter().all(|other| other.name != aspect.name && other.title != aspect.title));
            assert!(aspect.raises.ends_with('.') && aspect.lowers.ends_with('.'), "{}", aspect.name);
            assert_eq!(Aspect::by_name(aspect.name), Some(*aspect));
        }
    }
}
