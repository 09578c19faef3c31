//! The reference clips are what their recipes say, to the last byte.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "tests"
)]

use crate::common::clips;
use std::path::Path;

use sha2::{Digest, Sha256};

#[test]
fn every_recipe_gives_the_clip_of_the_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/video");
    let ppm = std::fs::read(folder.join("astronaut_crop_256.ppm")).unwrap();
    let list: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("clips.json")).unwrap()).unwrap();
    assert_eq!(list.as_object().unwrap().len(), 6);
    for (name, clip) in list.as_object().unwrap() {
        let number = |key: &str| clip[key].as_u64().unwrap() as usize;
        let made =
            clips::recipe(name, number("width"), number("height"), number("frames"), Some(&ppm)).unwrap();
        assert_eq!((made.width, made.height), (number("width"), number("height")));
        let digest: String = Sha256::digest(made.bytes()).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(digest, clip["sha256"].as_str().unwrap(), "{name}");
    }
    assert!(
        clips::recipe("face", 4, 4, 1, None).is_none() && clips::recipe("other", 4, 4, 1, None).is_none()
    );
}
