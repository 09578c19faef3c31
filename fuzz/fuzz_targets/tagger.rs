//! The tagger on any text, and any text as a lexicon.
#![no_main]

use dream_data::tagging::{Artifact, Extent, Lexicon, Tagger};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let check = |tagger: &Tagger, text: &str| {
        let explanation = tagger.explain(text);
        let tags = explanation.tags;
        assert!(!tags.places.is_empty() && !tags.artifacts.is_empty());
        assert_eq!(tags.artifacts.contains(Artifact::None), tags.extent == Extent::NoArtifact);
        for evidence in &explanation.evidence {
            assert!(text.get(evidence.span.clone()).is_some_and(|stretch| !stretch.is_empty()));
        }
    };
    check(Tagger::english(), text);
    // A lexicon, an empty line, a text.
    let (lexicon, rest) = text.split_once("\n\n").unwrap_or((text, text));
    if let Ok(lexicon) = Lexicon::parse(lexicon) {
        check(&Tagger::new(lexicon), rest);
    }
});
