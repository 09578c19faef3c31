//! Names and meanings of the 1836 values.

use crate::layout::FeatureLayout;
use crate::nss::LOG_DIFFERENCES;

const FULL: (&str, &str) = ("s1", "full size");
const HALF: (&str, &str) = ("s2", "half size");

/// Maps of luma, at both sizes.
const LUMA: [(&str, &str); 4] = [
    ("y", "luma"),
    ("y_gradient", "gradient magnitude of luma"),
    ("y_laplacian", "Laplacian of Gaussian of luma, magnitude"),
    ("y_detail", "luma minus its blur"),
];
/// Maps of colour, at half size.
const COLOUR: [(&str, &str); 12] = [
    ("o1", "opponent colour O1"),
    ("o2", "opponent colour O2"),
    ("o1_gradient", "gradient magnitude of O1"),
    ("o2_gradient", "gradient magnitude of O2"),
    ("by", "logarithmic blue-yellow"),
    ("rg", "logarithmic red-green"),
    ("by_gradient", "gradient magnitude of blue-yellow"),
    ("rg_gradient", "gradient magnitude of red-green"),
    ("a", "a* of CIELAB"),
    ("b", "b* of CIELAB"),
    ("a_gradient", "gradient magnitude of a*"),
    ("b_gradient", "gradient magnitude of b*"),
];
/// Filters along time.
const TEMPORAL: [(&str, &str); 7] = [
    ("t1", "++++----"),
    ("t2", "++--++--"),
    ("t3", "++----++"),
    ("t4", "+-+-+-+-"),
    ("t5", "+-+--+-+"),
    ("t6", "+--++--+"),
    ("t7", "+--+-++-"),
];
const PRODUCTS: [(&str, &str); 4] =
    [("h", "left"), ("v", "upper"), ("d1", "upper left"), ("d2", "lower left")];
const SIDES: [(&str, &str); 4] = [
    ("shape", "AGGD shape"),
    ("mean", "AGGD mean"),
    ("left", "left AGGD deviation"),
    ("right", "right AGGD deviation"),
];
pub(super) fn layout() -> FeatureLayout {
    let luma = LUMA.iter().flat_map(|map| [(map, FULL), (map, HALF)]);
    let spatial: Vec<_> = luma.chain(COLOUR.iter().map(|map| (map, HALF))).collect();
    let mut features = Vec::new();
    for (pooling, what) in [("mean", "mean of the two frames"), ("change", "difference of the two frames")] {
        for ((map, meaning), (scale, size)) in &spatial {
            add(
                &mut features,
                &format!("rapique.{pooling}.{map}.{scale}"),
                &format!("{meaning}, {size}, {what}"),
            );
        }
    }
    for (filter, signs) in TEMPORAL {
        for (scale, size) in [FULL, HALF] {
            let place = format!("luma through the filter {signs} along time, {size}");
            add(&mut features, &format!("rapique.temporal.{filter}.{scale}"), &place);
        }
    }
    FeatureLayout::from_distinct(features)
}

/// The 34 values of one map.
fn add(features: &mut Vec<(String, String)>, name: &str, place: &str) {
    let mut push = |feature: &str, meaning: String| features.push((format!("{name}.{feature}"), meaning));
    push("mscn.shape", format!("GGD shape of the MSCN coefficients of {place}"));
    push("mscn.deviation", format!("deviation of the MSCN coefficients of {place}"));
    push("sigma.mean", format!("mean of the local deviation of {place}"));
    push("sigma.ratio", format!("squared mean over variance of the local deviation of {place}"));
    for (direction, neighbour) in PRODUCTS {
        for (side, what) in SIDES {
            push(
                &format!("{direction}.{side}"),
                format!("{what} of products with the {neighbour} neighbour of {place}"),
            );
        }
    }
    for (fit, meaning) in LOG_DIFFERENCES {
        push(&format!("{fit}.shape"), format!("GGD shape of the {meaning} of {place}"));
        push(&format!("{fit}.deviation"), format!("deviation of the {meaning} of {place}"));
    }
}
