//! The values of a frame, and how each becomes features of the video.

/// Values of one processed frame: names and what they mean.
pub(super) const FRAME: [(&str, &str); 50] = [
    (
        "brisque.s1.aggd_h.left_variance",
        "mean square of the negative part of the MSCN products with the left neighbour",
    ),
    (
        "brisque.s1.aggd_v.left_variance",
        "mean square of the negative part of the MSCN products with the upper neighbour",
    ),
    (
        "brisque.s2.aggd_h.left_variance",
        "mean square of the negative part of the MSCN products with the left neighbour, half size",
    ),
    ("brisque.s2.aggd_d1.shape", "AGGD shape of the MSCN products with the upper left neighbour, half size"),
    ("gm_log.gm.p2", "share of pixels whose normalised gradient magnitude is in bin 2 of 10"),
    ("gm_log.gm.p4", "share of pixels whose normalised gradient magnitude is in bin 4 of 10"),
    ("gm_log.gm.p8", "share of pixels whose normalised gradient magnitude is in bin 8 of 10"),
    ("gm_log.log.p8", "share of pixels whose normalised Laplacian of Gaussian is in bin 8 of 10"),
    ("gm_log.log.p10", "share of pixels whose normalised Laplacian of Gaussian is in bin 10 of 10"),
    ("gm_log.gm.q3", "normalised dependency on the Laplacian of Gaussian of gradient magnitude bin 3 of 10"),
    ("gm_log.log.q4", "normalised dependency on the gradient magnitude of Laplacian of Gaussian bin 4 of 10"),
    (
        "gm_log.log.q10",
        "normalised dependency on the gradient magnitude of Laplacian of Gaussian bin 10 of 10",
    ),
    ("gradient.s1.mscn.deviation", "deviation of the MSCN coefficients of the luma gradient"),
    (
        "gradient.s1.cross.deviation",
        "deviation of the log-MSCN differences of the two diagonals of 2x2, luma gradient",
    ),
    (
        "gradient.s1.cross.shape",
        "generalised Gaussian shape of the log-MSCN differences of the two diagonals of 2x2, luma gradient",
    ),
    (
        "gradient.s1.f1.shape",
        "generalised Gaussian shape of the log-MSCN differences of vertical and horizontal neighbours, luma gradient",
    ),
    ("gradient.s2.mscn.deviation", "deviation of the MSCN coefficients of the luma gradient, half size"),
    (
        "gradient.s2.d_d1.shape",
        "generalised Gaussian shape of the MSCN differences with the upper left neighbour, luma gradient, half size",
    ),
    (
        "gradient.s2.d_d2.shape",
        "generalised Gaussian shape of the MSCN differences with the lower left neighbour, luma gradient, half size",
    ),
    (
        "gradient.s2.f1.deviation",
        "deviation of the MSCN differences of vertical and horizontal neighbours, luma gradient, half size",
    ),
    ("luma.s1.pair_h.skewness", "skewness of the MSCN products with the left neighbour"),
    ("luma.s1.aggd_v.mean", "AGGD mean of the MSCN products with the upper neighbour"),
    ("luma.s1.sigma.mean", "mean local deviation"),
    ("luma.s1.aggd_h.shape", "AGGD shape of the MSCN products with the left neighbour"),
    ("luma.s2.sigma.mean", "mean local deviation, half size"),
    ("luma.s2.mscn.skewness", "skewness of the MSCN coefficients, half size"),
    ("luma.dog.rms", "root mean square of the MSCN of the difference of Gaussians of the local deviation"),
    ("luma.dog.kurtosis", "kurtosis of the MSCN of the difference of Gaussians of the local deviation"),
    (
        "luma.dog_sigma.kurtosis",
        "kurtosis of the MSCN of the local deviation of the difference of Gaussians of the local deviation",
    ),
    ("luma.laplacian.shape", "generalised Gaussian shape of the finest band of the Laplacian pyramid"),
    ("luma.laplacian.rms", "root mean square of the finest band of the Laplacian pyramid"),
    (
        "chroma.s1.aggd_h.right_variance",
        "mean square of the positive part of the chroma MSCN products with the left neighbour",
    ),
    ("chroma.s1.aggd_v.shape", "AGGD shape of the chroma MSCN products with the upper neighbour"),
    (
        "chroma.s1.aggd_d1.left_variance",
        "mean square of the negative part of the chroma MSCN products with the upper left neighbour",
    ),
    ("chroma.s1.pair_d2.kurtosis", "kurtosis of the chroma MSCN products with the lower left neighbour"),
    ("chroma.s1.sigma.skewness", "skewness of the local deviation of chroma"),
    ("chroma.s2.pair_v.kurtosis", "kurtosis of the chroma MSCN products with the upper neighbour, half size"),
    ("chroma.s2.sigma.kurtosis", "kurtosis of the local deviation of chroma, half size"),
    ("chroma.s2.sigma.mean", "mean local deviation of chroma, half size"),
    (
        "chroma.dog.rms",
        "root mean square of the MSCN of the difference of Gaussians of the local deviation of chroma",
    ),
    (
        "chroma.dog.skewness",
        "skewness of the MSCN of the difference of Gaussians of the local deviation of chroma",
    ),
    ("chroma.laplacian.skewness", "skewness of the finest band of the Laplacian pyramid of chroma"),
    (
        "lms.short.s2.sigma_mscn.rms",
        "root mean square of the MSCN of the local deviation of the short-wave response, half size",
    ),
    ("tlvqm.motion_intensity", "motion strength of key points"),
    ("tlvqm.std_egomot_intensity", "deviation of the motion strength of key points that follow the camera"),
    ("tlvqm.si", "spatial information: deviation of the gradient"),
    ("tlvqm.jerkiness", "change of motion between the frame before and the frame after"),
    ("tlvqm.ti_mean", "temporal information: mean difference to both neighbours"),
    ("tlvqm.mot_y", "mean motion downwards, 0.5 for none"),
    (
        "tlvqm.static_area_flicker_std",
        "mean deviation of the difference to both neighbours where nothing moves",
    ),
];

/// Values whose mean over time is a feature, from 0.
pub(super) const AVERAGED: [usize; 35] = [
    1, 2, 3, 6, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 24, 26, 28, 29, 31, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47,
];

/// Values whose deviation inside windows is a feature, from 0.
pub(super) const DEVIATING: [usize; 19] =
    [0, 4, 5, 7, 10, 11, 16, 20, 21, 22, 23, 25, 27, 28, 30, 32, 44, 48, 49];

/// Values of the frames analysed in detail, one per second.
pub(super) const HIGH: [(&str, &str); 6] = [
    ("tlvqm.spatial_mean", "mean gradient"),
    ("tlvqm.spatial_std", "deviation of the gradient"),
    ("tlvqm.chroma_rms", "colour: root mean square of chroma"),
    ("tlvqm.sharp_m26", "how slowly edges decay, over six pixels"),
    ("tlvqm.sharp_2", "how slowly edges decay, at two pixels"),
    ("tlvqm.blur_mean", "mean contrast of blocks with weak edges"),
];

/// All features in order: name and meaning.
pub(super) fn features() -> impl Iterator<Item = (String, String)> {
    let of = |indices: &'static [usize]| indices.iter().filter_map(|&i| FRAME.get(i));
    let means =
        of(&AVERAGED).map(|(name, meaning)| (format!("videval60.{name}.mean"), (*meaning).to_owned()));
    let deviations = of(&DEVIATING)
        .map(|(name, meaning)| (format!("videval60.{name}.std"), format!("change over time: {meaning}")));
    let high = HIGH.iter().map(|(name, meaning)| (format!("videval60.{name}"), (*meaning).to_owned()));
    means.chain(deviations).chain(high)
}
