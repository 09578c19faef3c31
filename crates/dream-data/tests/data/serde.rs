//! What is checked when it is made is checked when it is read back.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, reason = "a panic here is a failed test")]

use dream_data::annotation::{Grade, GradeCounts};
use dream_data::dataset::{Clip, ClipId, Labelled};
use dream_data::split::Split;

#[test]
fn values_round_trip_and_bad_ones_are_refused() {
    let id: ClipId = "C1/10-1-1-target.mp4".parse().unwrap();
    let clip = Clip::from_id(id.clone()).unwrap();
    let text = serde_json::to_string(&clip).unwrap();
    assert_eq!(text, r#"{"id":"C1/10-1-1-target.mp4","identity":"10","method":"C1/target","real":true}"#);
    assert_eq!(serde_json::from_str::<Clip>(&text).unwrap(), clip);

    let mut split = Split::default();
    split.test2.push(Labelled { clip: id, mos: Some(0.1 + 0.2) });
    let text = serde_json::to_string(&split).unwrap();
    assert_eq!(serde_json::from_str::<Split>(&text).unwrap(), split);

    let counts: GradeCounts = Grade::ALL.into_iter().collect();
    let text = serde_json::to_string(&counts).unwrap();
    assert_eq!((text.as_str(), serde_json::from_str::<GradeCounts>(&text).unwrap()), ("[1,1,1,1,1]", counts));

    assert_eq!(serde_json::from_str::<Grade>("4").unwrap(), Grade::new(4).unwrap());
    assert!(serde_json::from_str::<Grade>("6").unwrap_err().to_string().contains("grade"));
    assert!(serde_json::from_str::<ClipId>(r#"" a""#).unwrap_err().to_string().contains("blank"));
}
