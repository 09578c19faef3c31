//! Sessions of any bytes: no grade is lost between rows and attempts, and quality control accepts any session.
#![no_main]

use dream_data::annotation::{QualityControl, parse_sessions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(sessions) = parse_sessions(data, "fuzz") else { return };
    for session in &sessions {
        assert!(!session.grades.is_empty() || !session.checkers.is_empty());
        assert!(session.checkers.iter().all(|checker| (1.0..=5.0).contains(&checker.gold)));
        let rules = QualityControl {
            clips: session.grades.len(),
            checkers: session.checkers.len(),
            ..Default::default()
        };
        let _ = rules.judge(session);
    }
    let _ = QualityControl::default().audit(&sessions);
});
