//! Errors of the libraries in words of the command line.

use std::error::Error;

use crate::input;

/// What an error of a library says about an option of [`Options`](crate::Options) or [`View`](crate::View), with the name
/// that was typed; `None` for other errors.
#[must_use]
pub fn in_words(cause: &(dyn Error + 'static)) -> Option<String> {
    if let Some(dream_data::Error::InvalidOption { option, reason }) = cause.downcast_ref() {
        if let Some(flag) = input::flag(option) {
            return Some(format!("{flag}: {reason}"));
        }
        return Some(match *option {
            "crop" => format!("--crop or --boxes: {reason}"),
            "expansion" => format!("--expand {reason}"),
            _ => reason.clone(),
        });
    }
    let (field, value, expected) = match (cause.downcast_ref(), cause.downcast_ref()) {
        (Some(dream_models::Error::InvalidConfig { field, value, expected }), _) => (field, value, expected),
        (_, Some(dream_loss::Error::InvalidConfig { field, value, expected })) => (field, value, expected),
        _ => return None,
    };
    let flag = match *field {
        "lr" => "--lr",
        "weight_decay" => "--decay",
        "clip_norm" => "--clip-norm",
        "rate" => "--layer-decay",
        "lambda" => "--lambda",
        "expansion" => "--expand",
        "n" => "--every",
        _ => return None,
    };
    Some(format!("{flag} is {value}, it must be {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_the_names_that_were_typed() {
        let field = |field| {
            let error = dream_models::Error::InvalidConfig { field, value: -1.0, expected: "above 0" };
            in_words(&error)
        };
        assert_eq!(field("weight_decay").as_deref(), Some("--decay is -1, it must be above 0"));
        assert_eq!(field("dim"), None);
        let error = dream_data::RelativeBox::new(0.1, 0.0, 0.9, 1.0).unwrap().expanded(0.0).unwrap_err();
        assert_eq!(in_words(&error).as_deref(), Some("--expand 0 must be positive and finite"));
        assert_eq!(in_words(&std::fmt::Error), None);
    }
}
