use std::fmt;

/// What the scores of the embedded model measure, in the words to print beside them.
pub const SCORE_MEANING: &str =
    "perceived video quality learned from human ratings; not yet face-swap photorealism";

/// The scale of the scores, in the words to print beside them.
pub const SCALE: &str = "1 (bad) to 5 (excellent), a mean opinion score";

/// The five grades of the absolute category rating scale.
///
/// # Reference
///
/// ITU-T Recommendation P.910, absolute category rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// 1
    Bad,
    /// 2
    Poor,
    /// 3
    Fair,
    /// 4
    Good,
    /// 5
    Excellent,
}

impl Grade {
    /// The grade nearest to a score on 1..=5; a half goes up, a score outside is clamped, a NaN has none.
    ///
    /// ```
    /// use dream_models::regression::Grade;
    ///
    /// assert_eq!(Grade::of(3.4), Some(Grade::Fair));
    /// assert_eq!(Grade::of(3.5).map(|grade| grade.to_string()).as_deref(), Some("good"));
    /// ```
    #[must_use]
    pub fn of(score: f64) -> Option<Self> {
        if score.is_nan() {
            None
        } else if score < 1.5 {
            Some(Self::Bad)
        } else if score < 2.5 {
            Some(Self::Poor)
        } else if score < 3.5 {
            Some(Self::Fair)
        } else if score < 4.5 {
            Some(Self::Good)
        } else {
            Some(Self::Excellent)
        }
    }

    /// The word for the grade.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Poor => "poor",
            Self::Fair => "fair",
            Self::Good => "good",
            Self::Excellent => "excellent",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_change_at_the_halves() {
        let words = [1.0, 1.49, 1.5, 2.5, 3.5, 4.49, 4.5, 5.0, 9.0, -1.0]
            .map(|score| Grade::of(score).map_or("none", Grade::word));
        let expected =
            ["bad", "bad", "poor", "fair", "good", "good", "excellent", "excellent", "excellent", "bad"];
        assert_eq!(words, expected);
        assert_eq!(Grade::of(f64::NAN), None);
        assert_eq!(format!("{:>6}", Grade::Poor), "  poor");
    }
}
