//! The 37 published labels.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Which of the three kinds a label is of, in published order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LabelKind {
    /// A [`Place`].
    Place,
    /// An [`Artifact`].
    Artifact,
    /// An [`Extent`].
    Extent,
}

impl LabelKind {
    /// Every kind, in published order.
    pub const ALL: [Self; 3] = [Self::Place, Self::Artifact, Self::Extent];

    /// `place`, `artifact` or `extent`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Artifact => "artifact",
            Self::Extent => "extent",
        }
    }

    /// Position in [`ALL`](Self::ALL), from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for LabelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

mod sealed {
    pub trait Sealed {}
}

/// One of the three kinds of label: [`Place`], [`Artifact`] or [`Extent`]. The trait is sealed.
pub trait Label: sealed::Sealed + Copy + Eq + Ord + fmt::Debug + Sized + 'static {
    /// Which of the three.
    const KIND: LabelKind;

    /// Every label of the kind, in published order.
    fn all() -> &'static [Self];

    /// The published spelling.
    fn label(self) -> &'static str;

    /// Position in [`all`](Self::all), from 0.
    fn index(self) -> usize;
}

macro_rules! labels {
    (
        $(#[$meta:meta])*
        $name:ident, $count:literal:
        $($(#[$variant_meta:meta])* $variant:ident = $label:literal,)+
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every label, in published order.
            pub const ALL: [Self; $count] = [$(Self::$variant,)+];

            /// The published spelling.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)+
                }
            }
        }

        impl sealed::Sealed for $name {}

        impl Label for $name {
            const KIND: LabelKind = LabelKind::$name;

            fn all() -> &'static [Self] {
                &Self::ALL
            }

            fn label(self) -> &'static str {
                self.label()
            }

            fn index(self) -> usize {
                self as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.label())
            }
        }

        /// The published spelling; surrounding white space and upper case do not matter.
        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                parse(text)
            }
        }
    };
}

labels! {
    /// Where the problem is: a region of the face, or no region named.
    ///
    /// # Example
    /// ```
    /// use dream_data::tagging::Place;
    ///
    /// assert_eq!("eye-brows".parse::<Place>()?, Place::EyeBrows);
    /// assert_eq!(Place::NotSpecified.to_string(), "not-specified");
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    Place, 14:
    /// The face as a whole, or its skin.
    Face = "face",
    /// No region is named.
    NotSpecified = "not-specified",
    /// Mouth and lips.
    Mouth = "mouth",
    /// Eyes, lids, pupils, gaze.
    Eyes = "eyes",
    /// Teeth.
    Teeth = "teeth",
    /// Forehead.
    Forehead = "forehead",
    /// Nose.
    Nose = "nose",
    /// Chin, jaw, beard.
    Chin = "chin",
    /// Outline of the face.
    Contour = "contour",
    /// Cheeks.
    Cheeks = "cheeks",
    /// Eyebrows.
    EyeBrows = "eye-brows",
    /// Hair and hairline.
    Hairline = "hairline",
    /// Neck.
    Neck = "neck",
    /// Ears.
    Ears = "ears",
}

labels! {
    /// What the problem is.
    ///
    /// # Example
    /// ```
    /// use dream_data::tagging::Artifact;
    ///
    /// assert_eq!("Motion-Blur".parse::<Artifact>()?, Artifact::MotionBlur);
    /// assert!("smudge".parse::<Artifact>().is_err());
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    Artifact, 19:
    /// Loss of detail, out of focus.
    Blur = "blur",
    /// Blur that comes with movement.
    MotionBlur = "motion-blur",
    /// Flicker, jitter, jumps.
    Flickering = "flickering",
    /// Double images, overlaps.
    Ghosting = "ghosting",
    /// Rigid or odd expressions and movements.
    Stiffness = "stiffness",
    /// Looks fake or odd, without saying how.
    Unnatural = "unnatural",
    /// Light, shading and shadows that do not fit.
    LightingShadow = "lighting-shadow",
    /// Colour and contrast that do not fit.
    ColorContrast = "color-contrast",
    /// Deformed or misplaced parts.
    Distortion = "distortion",
    /// Sides that do not match.
    Asymmetry = "asymmetry",
    /// Too dark, too bright, glare.
    Brightness = "brightness",
    /// Coarse pixels.
    Mosaic = "mosaic",
    /// Stutter, lag, missing frames.
    FrameDrop = "frame-drop",
    /// A visible edge or splice.
    Seam = "seam",
    /// Noise, grain.
    Noise = "noise",
    /// Blocks of compression.
    Blocking = "blocking",
    /// A trace or flaw that is not described.
    Artifact = "artifact",
    /// Nothing is wrong.
    None = "none",
    /// Something that fits no other label.
    Others = "others",
}

labels! {
    /// How strong the problem is.
    ///
    /// # Example
    /// ```
    /// use dream_data::tagging::Extent;
    ///
    /// assert!(Extent::Mild < Extent::Severe);
    /// assert_eq!("no-artifact".parse::<Extent>()?, Extent::NoArtifact);
    /// # Ok::<(), dream_data::Error>(())
    /// ```
    Extent, 4:
    /// Nothing is wrong.
    NoArtifact = "no-artifact",
    /// A little, a bit, slight, subtle, ...
    Mild = "mild",
    /// No word of degree.
    Moderate = "moderate",
    /// Obvious, severe, serious, strong, heavy, very, extreme.
    Severe = "severe",
}

fn parse<L: Label>(text: &str) -> Result<L> {
    let trimmed = text.trim();
    L::all().iter().find(|label| label.label().eq_ignore_ascii_case(trimmed)).copied().ok_or_else(|| {
        Error::UnknownLabel { kind: L::KIND.name(), found: trimmed.to_owned(), known: known::<L>() }
    })
}

fn known<L: Label>() -> String {
    let labels: Vec<&str> = L::all().iter().map(|label| label.label()).collect();
    labels.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<L: Label + FromStr<Err = Error> + fmt::Display>() -> usize {
        for (i, &label) in L::all().iter().enumerate() {
            assert_eq!(label.index(), i);
            assert_eq!(label.to_string().parse::<L>().unwrap(), label);
            assert_eq!(format!(" {label}\n").to_uppercase().parse::<L>().unwrap(), label);
        }
        L::all().len()
    }

    #[test]
    fn thirty_seven_labels_that_differ() {
        assert_eq!(round_trip::<Place>() + round_trip::<Artifact>() + round_trip::<Extent>(), 37);
        let places = Place::ALL.map(Place::label);
        let artifacts = Artifact::ALL.map(Artifact::label);
        let extents = Extent::ALL.map(Extent::label);
        let mut all: Vec<&str> = [&places[..], &artifacts[..], &extents[..]].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 37);
    }

    #[test]
    fn a_wrong_label_is_named_with_the_right_ones() {
        let message = "eyebrows".parse::<Place>().unwrap_err().to_string();
        assert!(message.contains("`eyebrows`") && message.contains("eye-brows, hairline"), "{message}");
        assert!("".parse::<Extent>().is_err());
        assert_eq!(format!("[{:>6}]", Extent::Mild), "[  mild]");
    }
}
