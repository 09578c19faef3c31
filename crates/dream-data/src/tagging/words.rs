//! The words that [`phrase`](super::phrase) and [`describe`](super::describe) write; choices are separated by `|`.

use super::labels::{Artifact, Extent, Place};

/// Nouns for a place; plural ones start with `+`.
pub(super) fn places(place: Place) -> &'static str {
    match place {
        Place::Face => "face|whole face|facial region",
        Place::NotSpecified => "picture|video|image",
        Place::Mouth => "mouth|+lips|mouth area",
        Place::Eyes => "+eyes|left eye|+eyelids",
        Place::Teeth => "+teeth",
        Place::Forehead => "forehead",
        Place::Nose => "nose|bridge of the nose|tip of the nose",
        Place::Chin => "chin|lower jaw",
        Place::Contour => "face contour|outline of the face|facial outline|jawline",
        Place::Cheeks => "+cheeks|left cheek|+cheekbones",
        Place::EyeBrows => "+eyebrows|+eye brows|+eye-brows|left eyebrow",
        Place::Hairline => "hairline|hair",
        Place::Neck => "neck",
        Place::Ears => "+ears|left ear",
    }
}

/// Nouns for a problem; plural ones start with `+`.
pub(super) fn nouns(artifact: Artifact) -> &'static str {
    match artifact {
        Artifact::Blur => "blur|blurring|blurriness",
        Artifact::MotionBlur => "motion blur|motion-blur|movement blur",
        Artifact::Flickering => "flicker|flickering|jitter|shaking",
        Artifact::Ghosting => "ghosting|+double images|overlapping",
        Artifact::Stiffness => "stiffness|rigidity",
        Artifact::Unnatural => "unnaturalness|strangeness|+abnormalities",
        Artifact::LightingShadow => "shadow|uneven lighting|uneven illumination",
        Artifact::ColorContrast => {
            "colour difference|color difference|colour deviation|discoloration|color mismatch"
        }
        Artifact::Distortion => "distortion|deformation|warping",
        Artifact::Asymmetry => "asymmetry",
        Artifact::Brightness => "overexposure|glare",
        Artifact::Mosaic => "mosaic|pixelation",
        Artifact::FrameDrop => "stuttering|+frame drops|lag",
        Artifact::Seam => "+seams|+splicing lines|+boundaries",
        Artifact::Noise => "noise|graininess",
        Artifact::Blocking => "blocking|blockiness|+block artifacts",
        Artifact::Artifact => "+traces of forgery|+glitches|+artifacts|+artefacts",
        Artifact::None => "",
        Artifact::Others => "+missing parts|+holes",
    }
}

/// Adjectives for a place with a problem.
pub(super) fn adjectives(artifact: Artifact) -> &'static str {
    match artifact {
        Artifact::Blur => "blurred|blurry|out of focus|fuzzy|unclear",
        Artifact::MotionBlur => "blurred by movement|motion-blurred",
        Artifact::Flickering => "flickering|jittery|unstable|shaking",
        Artifact::Ghosting => "ghosted|doubled",
        Artifact::Stiffness => "stiff|rigid|wooden",
        Artifact::Unnatural => "unnatural|strange|weird|unrealistic",
        Artifact::LightingShadow => "badly lit|shadowed",
        Artifact::ColorContrast => "discoloured|discolored|reddish|greyish|grayish",
        Artifact::Distortion => "distorted|deformed|twisted|warped",
        Artifact::Asymmetry => "asymmetric|asymmetrical",
        Artifact::Brightness => "overexposed|too bright|too dark",
        Artifact::Mosaic => "pixelated|mosaicked",
        Artifact::FrameDrop => "laggy|choppy|stuttering",
        Artifact::Seam => "badly blended|poorly blended",
        Artifact::Noise => "noisy|grainy",
        Artifact::Blocking => "blocky",
        Artifact::Artifact => "flawed|glitchy",
        Artifact::None => "",
        Artifact::Others => "incomplete|cut off",
    }
}

/// Words of degree before a noun. An empty choice is no word.
pub(super) fn before_noun(extent: Extent) -> &'static str {
    match extent {
        Extent::NoArtifact | Extent::Moderate => "||some|visible|noticeable",
        Extent::Mild => "slight|subtle|mild|gentle|a little|a bit of",
        Extent::Severe => "obvious|severe|serious|strong|heavy|extreme",
    }
}

/// Words of degree before an adjective.
pub(super) fn before_adjective(extent: Extent) -> &'static str {
    match extent {
        Extent::NoArtifact | Extent::Moderate => "||clearly|quite",
        Extent::Mild => "slightly|a little|a bit|mildly|subtly",
        Extent::Severe => "very|extremely|severely|seriously|obviously|heavily",
    }
}
