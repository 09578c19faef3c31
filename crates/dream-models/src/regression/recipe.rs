//! Recipes: how a feature vector was made, as `key=value` pairs. What a key means is up to the extractor; here they are
//! compared as text.

use super::RecipeDifference;
use crate::{Error, Result};

/// Longer recipes are taken for mistakes.
const MOST_BYTES: usize = 16 << 10;

/// Key and value of each word; a word without `=` is a key without a value.
pub(super) fn pairs(recipe: &str) -> impl Iterator<Item = (&str, &str)> + Clone {
    recipe.split_whitespace().map(|word| word.split_once('=').unwrap_or((word, "")))
}

pub(super) fn value<'a>(recipe: &'a str, key: &str) -> Option<&'a str> {
    pairs(recipe).find(|(other, _)| *other == key).map(|(_, value)| value)
}

/// Checks the recipe of a model: words `key=value` with single spaces between, every key once.
pub(super) fn check(recipe: &str) -> Result<()> {
    const PART: &str = "recipe";
    if recipe.len() > MOST_BYTES {
        return Err(Error::invalid(PART, format!("more than {MOST_BYTES} bytes")));
    }
    let mut keys: Vec<&str> = Vec::new();
    for word in recipe.split(' ') {
        match word.split_once('=') {
            Some((key, value))
                if !key.is_empty() && !value.is_empty() && !word.contains(char::is_whitespace) =>
            {
                if keys.contains(&key) {
                    return Err(Error::invalid(PART, format!("`{key}` occurs twice")));
                }
                keys.push(key);
            }
            _ => {
                return Err(Error::invalid(
                    PART,
                    format!("`{word}` is no key=value, as in the recipe of a feature vector"),
                ));
            }
        }
    }
    Ok(())
}

/// Checks that a vector of the recipe `found` is what a model of the recipe `expected` learned from.
pub(super) fn compare(model: &str, expected: Option<&str>, found: &str) -> Result<()> {
    let Some(expected) = expected else {
        return Err(Error::NoRecipe { model: model.to_owned() });
    };
    let differences = RecipeDifference::between(expected, found);
    if differences.is_empty() {
        return Ok(());
    }
    Err(Error::RecipeMismatch { model: model.to_owned(), differences })
}

/// The recipe of a single image, for that of a video whose frames were averaged; `None` for any other.
pub(super) fn for_images(recipe: &str) -> Option<String> {
    let averaged = value(recipe, "pooling") == Some("mean") && value(recipe, "frames").is_some();
    let words = pairs(recipe).map(|(key, value)| match key {
        "frames" => "frames=one".to_owned(),
        "pooling" => "pooling=none".to_owned(),
        _ => format!("{key}={value}"),
    });
    averaged.then(|| words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "extractor=a version=1 ties=plain frames=own pixels=color source=whole";

    fn message(found: &str) -> String {
        compare("m-1", Some(MODEL), found).unwrap_err().to_string()
    }

    #[test]
    fn the_same_keys_in_another_order_are_the_same_recipe() {
        compare("m-1", Some(MODEL), MODEL).unwrap();
        compare("m-1", Some(MODEL), "version=1 extractor=a ties=plain pixels=color source=whole frames=own")
            .unwrap();
    }

    #[test]
    fn every_key_that_differs_is_named_with_both_values_and_what_to_do() {
        let text =
            message("extractor=a version=1 ties=canonical frames=all pixels=luma source=thinned more=x");
        for part in [
            "`m-1`",
            "made with ties=canonical, but the model was trained on ties=plain (set this option",
            "made with frames=all, but the model was trained on frames=own (let the extractor",
            "made with pixels=luma, but the model was trained on pixels=color (push the chroma too",
            "made with source=thinned, but the model was trained on source=whole (push every frame",
            "made with more=x, which the model does not have",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("version=") && !text.contains("extractor="), "{text}");
        let Err(Error::RecipeMismatch { differences, .. }) = compare("m", Some(MODEL), "extractor=b") else {
            panic!("no mismatch");
        };
        let keys: Vec<&str> = differences.iter().map(|difference| difference.key.as_str()).collect();
        assert_eq!(keys, ["extractor", "version", "ties", "frames", "pixels", "source"]);
        assert_eq!(differences[1].found, None);
        assert!(message("extractor=b").contains("made without `ties`, but"), "{}", message("extractor=b"));
    }

    #[test]
    fn each_known_key_has_its_remedy() {
        for (key, expected, found, remedy) in [
            ("pixels", "luma", "image-luma", "`Frame::with_studio_luma`"),
            ("pixels", "color", "rgb", "as they were decoded"),
            ("pixels", "color", "mixed", "in one form"),
            ("pixels", "color", "luma", "push the chroma too"),
            ("frames", "per-second-1", "all", "`Pooling::one_per_second`"),
            ("frames", "per-second-1", "one", "`for_images`"),
            ("frames", "one", "per-second-1", "the one for videos"),
            ("source", "whole", "thinned", "sampled twice"),
            ("flat_areas", "literal", "snapped", "to literal"),
            ("undefined", "kept", "zero", "`release()`"),
            ("extractor", "a", "b", "take a model of b, or extract a"),
            ("version", "1", "2", "train again"),
        ] {
            let (expected, found) = (format!("{key}={expected}"), format!("{key}={found}"));
            let text = compare("m", Some(&expected), &found).unwrap_err().to_string();
            assert!(text.contains(remedy), "{text}");
        }
    }

    #[test]
    fn a_model_without_a_recipe_says_what_to_do() {
        let text = compare("m-1", None, MODEL).unwrap_err().to_string();
        assert!(text.contains("`m-1`") && text.contains("`predict_raw`"), "{text}");
    }

    #[test]
    fn a_mean_over_one_frame_is_the_frame() {
        let video = "extractor=b frames=per-second-1 pooling=mean pixels=luma source=whole";
        let image = "extractor=b frames=one pooling=none pixels=luma source=whole";
        assert_eq!(for_images(video).as_deref(), Some(image));
        for other in
            ["extractor=b frames=own pooling=own", "frames=all pooling=mean-std", "extractor=b", image]
        {
            assert_eq!(for_images(other), None, "{other}");
        }
    }

    #[test]
    fn a_recipe_is_words_with_an_equals_sign() {
        check(MODEL).unwrap();
        let long = format!("a={}", "b".repeat(MOST_BYTES));
        for bad in ["", "a", "a=", "=b", "a=b  c=d", " a=b", "a=b a=c", "a=b\tc=d", "a=b\nc=d", &long] {
            assert!(matches!(check(bad), Err(Error::InvalidModel { part: "recipe", .. })), "{bad:?}");
        }
    }
}
