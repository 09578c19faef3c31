use std::fmt;

use super::recipe::{pairs, value};

/// A key whose value differs between the recipe of a vector and that of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecipeDifference {
    /// The key, such as `pixels`.
    pub key: String,
    /// What the model was trained on; `None` where its recipe lacks the key.
    pub expected: Option<String>,
    /// How the vector was made; `None` where its recipe lacks the key.
    pub found: Option<String>,
}

impl RecipeDifference {
    /// Every key whose value differs between two recipes: first the keys of `expected`, then those that only `found` has.
    /// None where both say the same, in whatever order.
    ///
    /// ```
    /// use dream_models::regression::RecipeDifference;
    ///
    /// let found = RecipeDifference::between("extractor=own frames=all", "frames=one extractor=own");
    /// assert_eq!((found.len(), found[0].key.as_str()), (1, "frames"));
    /// ```
    #[must_use]
    pub fn between(expected: &str, found: &str) -> Vec<Self> {
        let more = pairs(found).filter(|(key, _)| value(expected, key).is_none());
        let keys = pairs(expected).chain(more).map(|(key, _)| key);
        keys.map(|key| (key, value(expected, key), value(found, key)))
            .filter(|(_, expected, found)| expected != found)
            .map(|(key, expected, found)| Self {
                key: key.to_owned(),
                expected: expected.map(str::to_owned),
                found: found.map(str::to_owned),
            })
            .collect()
    }

    /// What to do about it, for the keys that extractors share.
    fn remedy(&self) -> Option<String> {
        let (expected, found) = (self.expected.as_deref()?, self.found.as_deref()?);
        let pair = (expected, found);
        let words = match self.key.as_str() {
            "extractor" => format!("take a model of {found}, or extract {expected}"),
            "version" => "the extractor gives other values now: take the version of it that the model learned from, or \
                          train again"
                .to_owned(),
            "pixels" => match pair {
                ("luma", "image-luma") => {
                    "call `Frame::with_studio_luma` on frames of RGB, which gives them the luma of video".to_owned()
                }
                (_, "luma" | "image-luma") => {
                    "push the chroma too, as `Frame::yuv420` does; for a gray source take a model of luma".to_owned()
                }
                (_, "rgb") => "push the planes of the video as they were decoded, not by way of RGB".to_owned(),
                (_, "mixed") => "push every frame of a video in one form".to_owned(),
                _ => format!("push frames of {expected}"),
            },
            "frames" => match pair {
                ("one", _) => "this form of the model is for single images: take the one for videos".to_owned(),
                (_, "one") => "`for_images` gives the form of the model for single images".to_owned(),
                ("per-second-1", _) => {
                    "look at one frame per second, as `Pooling::one_per_second` does".to_owned()
                }
                _ => "let the extractor look at the same frames as in training".to_owned(),
            },
            "source" => match pair {
                (_, "thinned") => "push every frame of the source and let the extractor choose: a selection of it would be \
                                   sampled twice"
                    .to_owned(),
                _ => "select frames of the source as in training".to_owned(),
            },
            "flat_areas" | "ties" | "undefined" => format!(
                "set this option of the extractor to {expected}; a `release()` of the extractor sets the options of the \
                 original"
            ),
            _ => return None,
        };
        Some(words)
    }
}

impl fmt::Display for RecipeDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, expected, found } = self;
        match found {
            Some(found) => write!(f, "made with {key}={found}, ")?,
            None => write!(f, "made without `{key}`, ")?,
        }
        match expected {
            Some(expected) => write!(f, "but the model was trained on {key}={expected}")?,
            None => write!(f, "which the model does not have")?,
        }
        match self.remedy() {
            Some(remedy) => write!(f, " ({remedy})"),
            None => Ok(()),
        }
    }
}
