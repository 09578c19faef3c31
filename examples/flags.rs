//! Errors of the libraries in words of the command line. Those programs that take the options of `score-video` include this file.

use std::error::Error;

use dream_data::Error as DataError;
use score_video::Error as ScoreError;

use crate::input;

/// What the libraries call an option, and what it is called here.
const FLAGS: [(&str, &str); 15] = [
    ("crop", "--crop"),
    ("expansion", "--expand"),
    ("method", "--method"),
    ("weights", "--weights"),
    ("level", "--level"),
    ("every", "--every"),
    ("per_second", "--per-second"),
    ("model", "--model"),
    ("face_box", "--box"),
    ("boxes", "--boxes"),
    ("expand", "--expand"),
    ("no_face", "--no-face"),
    ("explain", "--explain"),
    ("reference", "--reference"),
    ("head", "--head"),
];

/// Errors of the libraries in words of the command line.
pub(crate) fn typed(cause: &(dyn Error + 'static)) -> Option<String> {
    let option = |error: &DataError| match error {
        DataError::InvalidOption { option, reason } => {
            let known = FLAGS.iter().find(|(name, _)| name == option).map(|(_, flag)| *flag);
            let flag = input::flag(option).or(known);
            Some(flag.map_or_else(|| reason.clone(), |flag| format!("{flag}: {reason}")))
        }
        _ => None,
    };
    match cause.downcast_ref::<ScoreError>() {
        Some(ScoreError::Video(cause)) if option(cause).is_some() => option(cause),
        Some(cause) => {
            let name = |text: String, (name, flag): &(&str, &str)| text.replace(&format!("`{name}`"), flag);
            Some(FLAGS.iter().fold(cause.to_string(), name))
        }
        None => option(cause.downcast_ref()?),
    }
}
