//! The part of the work that one machine does.

use std::str::FromStr;

/// Number `index` of `count` equal parts, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    index: usize,
    pub(crate) count: usize,
}

impl Shard {
    pub(crate) const ALL: Self = Self { index: 0, count: 1 };

    /// Whether piece number `piece` is for this shard. Neighbours go to different shards, so that each has short and
    /// long ones.
    pub(crate) const fn has(self, piece: usize) -> bool {
        piece % self.count == self.index
    }
}

/// `2/3` is the second of three.
impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index: index - 1, count }),
            _ => Err("give I/N with I from 1 to N, such as 2/3 for the second of three machines".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_belongs_to_one_shard() {
        let shards: Vec<Shard> = ["1/3", "2/3", "3/3"].iter().map(|text| text.parse().unwrap()).collect();
        for piece in 0..10 {
            assert_eq!(shards.iter().filter(|shard| shard.has(piece)).count(), 1);
        }
        for bad in ["0/3", "4/3", "1", "a/b", "1/0", ""] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
