//! Digests that cached results are known by, and numbers drawn by a name.

use sha2::{Digest, Sha256};

/// Digest of parts, none of which can run into the next.
pub(crate) fn digest<S: AsRef<str>>(parts: impl IntoIterator<Item = S>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.as_ref().len() as u64).to_le_bytes());
        digest.update(part.as_ref());
    }
    format!("{:x}", digest.finalize())
}

/// A number in 0..1 that is drawn by a name: the same for the same name, on every machine.
pub(crate) fn drawn_by(name: &str) -> f64 {
    let bytes = Sha256::digest(name);
    let whole = bytes.iter().take(8).fold(0_u64, |whole, &byte| whole << 8 | u64::from(byte));
    (whole >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stay_apart_and_draws_are_uniform() {
        assert_ne!(digest(["ab", "c"]), digest(["a", "bc"]));
        let draws: Vec<f64> = (0..1000).map(|k| drawn_by(&k.to_string())).collect();
        let mean = draws.iter().sum::<f64>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.03 && draws.iter().all(|draw| (0.0..1.0).contains(draw)), "{mean}");
    }
}
