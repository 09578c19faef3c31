//! A name of any bytes: the parts of an accepted name give the same name again.
#![no_main]

use dream_data::dataset::{Clip, ClipId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|name: &str| {
    let Ok(clip) = ClipId::new(name) else { return };
    assert_eq!(clip.as_str(), name);
    if let Ok(parts) = clip.parts() {
        let end = parts.submit.map_or_else(|| "target".to_owned(), |id| format!("submit-{id}"));
        assert_eq!(name, format!("{}/{}-{}-{}-{end}.mp4", parts.round, parts.group, parts.actor, parts.clip));
        assert_eq!(Clip::from_id(clip.clone()).unwrap().method, parts.method());
    }
});
