//! Names of columns and sets, in one place: what every reader of this crate and every program accepts.

use crate::table::alike::fold;

/// The column of clips.
pub const CLIP: &[&str] =
    &["file", "video_name", "video", "filename", "file_name", "path", "clip", "video_file", "name"];

/// The column of mean opinion scores, one per clip.
pub const MOS: &[&str] = &["mos", "mos5", "mean_opinion_score", "score", "label"];

/// The column of single opinions.
pub const OPINION: &[&str] = &["opinion_score", "score", "grade", "opinion", "rating", "vote", "mos"];

/// The column of predicted scores. A column `mos` is not among them: it stands beside predictions in many tables.
pub const PREDICTION: &[&str] = &["prediction", "predicted", "pred", "score"];

/// The column of raters.
pub const RATER: &[&str] = &["subject", "rater", "annotator", "user", "worker"];

/// The column of sets: train, test ...
pub const SET: &[&str] = &["split", "set"];

/// The column of identities.
pub const IDENTITY: &[&str] = &["group", "identity"];

/// The column of methods.
pub const METHOD: &[&str] = &["method"];

/// The column that says how the features of a row were made.
pub const RECIPE: &[&str] = &["recipe"];

/// Words of the names of columns that say what people thought of a clip.
const OPINIONS: [&str; 12] = [
    "mos", "dmos", "mos5", "score", "scores", "rating", "ratings", "vote", "votes", "opinion", "opinions",
    "grade",
];

/// Whole names of such columns.
const WHOLE: [&str; 10] =
    ["std", "sd", "stddev", "label", "target", "prediction", "predicted", "pred", "realism", "ground_truth"];

/// Columns that name, number or place a row, or say how it was made, beside those of clips, raters, sets, identities,
/// methods and recipes.
const PLACES: [&str; 20] = [
    "",
    "id",
    "index",
    "row",
    "line",
    "frame",
    "frames",
    "frame_number",
    "seconds",
    "time",
    "timestamp",
    "duration",
    "undefined",
    "settings",
    "assumptions",
    "fold",
    "round",
    "submit",
    "session",
    "attempt",
];

/// A name as it is compared: without regard to case, to Unicode form, to blanks around it, and to whether words are
/// joined by a blank, `-` or `_`.
///
/// # Example
/// ```
/// use dream_data::table::names::plain;
///
/// assert_eq!(plain(" Video Name"), plain("video-name"));
/// assert_ne!(plain("f1"), plain("f2"));
/// ```
#[must_use]
pub fn plain(name: &str) -> String {
    fold(name.trim()).replace([' ', '-'], "_")
}

/// Whether a column holds opinions, or what follows from them (`mos`, `MOS std`, `num_votes`): never a feature.
///
/// # Example
/// ```
/// use dream_data::table::names::is_opinion;
///
/// assert!(is_opinion("MOS_std") && is_opinion("num_votes") && is_opinion("std"));
/// assert!(!is_opinion("spatial_std") && !is_opinion("mosaic"));
/// ```
#[must_use]
pub fn is_opinion(column: &str) -> bool {
    let name = plain(column);
    WHOLE.contains(&name.as_str()) || name.split(['_', '.']).any(|word| OPINIONS.contains(&word))
}

/// Whether a column says which row it is (`file`, `frame`, `split`, `seconds`) or how it was made (`recipe`, `settings`):
/// never a feature.
///
/// # Example
/// ```
/// use dream_data::table::names::is_place;
///
/// assert!(is_place("Frame") && is_place("Video name") && is_place("recipe") && !is_place("f1"));
/// ```
#[must_use]
pub fn is_place(column: &str) -> bool {
    let name = plain(column);
    let lists = [CLIP, RATER, SET, IDENTITY, METHOD, RECIPE, &PLACES];
    // `unnamed: 0` is the column of row numbers that a table of pandas has after two writings.
    lists.iter().any(|list| list.contains(&name.as_str())) || name.starts_with("unnamed:")
}

/// Whether a set is for training: its name begins with `train`, as [`plain`] compares.
///
/// # Example
/// ```
/// use dream_data::table::names::is_train;
///
/// assert!(is_train("TRAIN") && is_train("Training set") && !is_train("test_train"));
/// ```
#[must_use]
pub fn is_train(set: &str) -> bool {
    plain(set).starts_with("train")
}
