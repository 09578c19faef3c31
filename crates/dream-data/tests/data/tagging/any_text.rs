//! Texts that no rater writes.

use std::time::Instant;

use dream_data::tagging::{Artifact, Extent, Place, Sign, Tagger};

/// Spans are whole characters in order of appearance, and labels follow from the evidence.
fn check(text: &str) {
    let explanation = Tagger::english().explain(text);
    let tags = explanation.tags;
    assert!(!tags.places.is_empty() && !tags.artifacts.is_empty(), "{text:?}");
    assert_eq!(tags.artifacts.contains(Artifact::None), tags.extent == Extent::NoArtifact, "{text:?}");
    let mut last = 0;
    for evidence in &explanation.evidence {
        assert!(text.get(evidence.span.clone()).is_some_and(|s| !s.is_empty()), "{text:?}: {evidence:?}");
        assert!(evidence.span.start >= last, "{text:?}: {evidence:?}");
        last = evidence.span.start;
        if evidence.counts {
            match evidence.sign {
                Sign::Place(place) => assert!(tags.places.contains(place), "{text:?}: {evidence:?}"),
                Sign::Artifact(artifact) => {
                    assert!(tags.artifacts.contains(artifact), "{text:?}: {evidence:?}");
                }
                Sign::Extent(extent) => assert_eq!(tags.extent, extent, "{text:?}"),
                _ => assert!(tags.artifacts.contains(Artifact::None), "{text:?}"),
            }
        }
    }
    for place in tags.places.iter().filter(|&place| place != Place::NotSpecified) {
        assert!(
            explanation.evidence.iter().any(|e| e.counts && e.sign == Sign::Place(place)),
            "{text:?}: {place}"
        );
    }
}

#[test]
fn texts_without_sense() {
    for text in [
        "",
        " ",
        "\0",
        "'",
        "’",
        "n't",
        "....",
        "\u{202e}rulb",
        "👁️👄👁️",
        "嘴部模糊",
        "ſeam",
        "İ",
        "not",
        "very",
        "and and",
    ] {
        check(text);
        assert!(!Tagger::english().explain(text).recognised(), "{text:?}");
    }
    check("mouth not no never without but but, and or nor the the face of the face");
}

/// Words of the lexicon and marks in random order: every path through the rules.
#[test]
fn random_texts() {
    let words = "the|mouth|eyes|face|skin|of|on|not|no|very|slightly|blurred|natural|colour|lighting|but|and|or|when|\
                 head moves|artifacts|other|unnatural|is|there|it|is absent|than|clear|missing|,|.|;|isn’t|not very|\
                 face swap|ünclear|嘴|flicker|shadow|fine|while|expression|jawline|(|)|-|edge of the face|skin tone";
    let words: Vec<&str> = words.split('|').map(str::trim).collect();
    let mut state: u64 = 7;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..20_000 {
        let length = next(14);
        let chosen: Vec<&str> = (0..length).map(|_| words[next(words.len())]).collect();
        check(&chosen.join(if next(4) == 0 { "" } else { " " }));
    }
}

/// Several shapes of a long text; a quadratic step would take minutes. 16 times the text takes about 16 times as long.
#[test]
fn a_long_text_takes_linear_time() {
    let shapes = [
        "The mouth is slightly blurred and there is no flicker, but the eyes look unnatural. ",
        "no blur, ",
        "not blur and artifacts or ",
        "face of the ",
        "very slightly ",
        "edge of the whole ",
        "a",
        "'",
        "other artifacts ",
    ];
    for shape in shapes {
        let text = |bytes: usize| shape.repeat(bytes / shape.len() + 1);
        // The best of three: what another program takes from the machine is not ours.
        let time = |text: &str| {
            let once = || {
                let start = Instant::now();
                check(text);
                start.elapsed().as_secs_f64()
            };
            (0..3).map(|_| once()).fold(f64::INFINITY, f64::min)
        };
        let (short, long) = (text(1 << 16), text(1 << 20));
        let (short, long) = (time(&short), time(&long));
        eprintln!("{shape:?}: 64 KiB {:.1} ms, 1 MiB {:.1} ms", short * 1e3, long * 1e3);
        // 16 is linear, 256 quadratic; a busy machine needs the room between.
        assert!(long < 100.0 * short.max(1e-3), "{shape:?}: {short} s, then {long} s");
    }
}
