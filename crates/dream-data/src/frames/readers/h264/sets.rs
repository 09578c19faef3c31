//! The parameter sets of a stream by their numbers, and which one a picture uses.

use super::fault::Fault;
use super::sps::{SPS, kind, pps_ids, slice_pps, sps_id};

/// Far more than the longest set with all its lists.
const LONGEST: usize = 1 << 16;

/// One parameter set.
#[derive(Debug)]
struct Set {
    kind: u8,
    id: u32,
    /// Of a picture parameter set: the sequence parameter set that it belongs to.
    belongs: u32,
    unit: Vec<u8>,
}

/// The latest parameter set of every number.
#[derive(Debug, Default)]
pub(super) struct ParameterSets {
    /// At most 32 sequence and 256 picture parameter sets.
    sets: Vec<Set>,
    /// The sequence parameter set of the latest picture that started anew.
    active: Vec<u8>,
}

impl ParameterSets {
    /// Keeps a unit of kind 7 or 8.
    pub(super) fn insert(&mut self, unit: &[u8]) -> Result<(), Fault> {
        let ids = if kind(unit) == SPS {
            sps_id(unit).map(|id| (id, 0)).filter(|(id, _)| *id < 32)
        } else {
            pps_ids(unit).filter(|(id, belongs)| *id < 256 && *belongs < 32)
        };
        let ids = ids.filter(|_| unit.len() <= LONGEST);
        let (id, belongs) = ids.ok_or_else(|| Fault::bad("a parameter set is broken"))?;
        let kind = kind(unit);
        match self.sets.iter_mut().find(|set| (set.kind, set.id) == (kind, id)) {
            Some(set) => {
                set.belongs = belongs;
                set.unit.clear();
                set.unit.extend_from_slice(unit);
            }
            None => self.sets.push(Set { kind, id, belongs, unit: unit.to_vec() }),
        }
        Ok(())
    }

    /// The sequence parameter set that this slice of a picture that starts anew brings into use, if it is not in use
    /// already, and whether another one was.
    pub(super) fn activate(&mut self, slice: &[u8]) -> Option<(&[u8], bool)> {
        let pps = slice_pps(slice)?;
        let pps = self.sets.iter().find(|set| set.kind != SPS && set.id == pps)?;
        let sps = self.sets.iter().find(|set| set.kind == SPS && set.id == pps.belongs)?;
        if sps.unit == self.active {
            return None;
        }
        let another = !self.active.is_empty();
        self.active.clone_from(&sps.unit);
        Some((&self.active, another))
    }

    /// All of them, in an order in which a decoder can take them.
    pub(super) fn all(&self) -> impl Iterator<Item = &[u8]> {
        let of = |sps: bool| self.sets.iter().filter(move |set| (set.kind == SPS) == sps);
        of(true).chain(of(false)).map(|set| set.unit.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The number is the code behind three bytes: ue(0) = 1, ue(1) = 010.
    const FIRST: [u8; 5] = [0x67, 66, 0, 11, 0b1000_0000];
    const OTHER: [u8; 5] = [0x67, 66, 0, 12, 0b1000_0000];
    const SECOND: [u8; 5] = [0x67, 66, 0, 11, 0b0100_0000];
    // Its own number, then that of the sequence parameter set.
    const PPS_OF_FIRST: [u8; 2] = [0x68, 0b1100_0000];
    const PPS_OF_SECOND: [u8; 2] = [0x68, 0b0100_1000];
    // First macroblock ue(0), slice type ue(7) = 0001000, number of the picture parameter set.
    const SLICE_OF_FIRST: [u8; 3] = [0x65, 0b1000_1000, 0b1000_0000];
    const SLICE_OF_SECOND: [u8; 3] = [0x65, 0b1000_1000, 0b0100_0000];

    #[test]
    fn pictures_bring_their_sets_into_use() {
        let mut sets = ParameterSets::default();
        assert_eq!(sets.activate(&SLICE_OF_FIRST), None);
        for unit in [&FIRST[..], &PPS_OF_FIRST, &PPS_OF_SECOND, &SECOND] {
            sets.insert(unit).unwrap();
        }
        assert_eq!(sets.activate(&SLICE_OF_FIRST), Some((&FIRST[..], false)));
        assert_eq!(sets.activate(&SLICE_OF_FIRST), None);
        assert_eq!(sets.activate(&SLICE_OF_SECOND), Some((&SECOND[..], true)));
        sets.insert(&OTHER).unwrap();
        assert_eq!(sets.activate(&SLICE_OF_SECOND), None);
        assert_eq!(sets.activate(&SLICE_OF_FIRST), Some((&OTHER[..], true)));
        let all: Vec<&[u8]> = sets.all().collect();
        assert_eq!(all, [&OTHER[..], &SECOND, &PPS_OF_FIRST, &PPS_OF_SECOND]);
    }

    #[test]
    fn broken_sets_are_refused() {
        let mut sets = ParameterSets::default();
        // ue(32) = 00000100001
        for unit in [&[0x67][..], &[0x68], &[0x67, 66, 0, 11, 0b0000_0100, 0b0010_0000], &[0x68, 0, 0, 0]] {
            assert!(sets.insert(unit).is_err(), "{unit:?}");
        }
        let mut long = FIRST.to_vec();
        long.resize(LONGEST + 1, 1);
        assert!(sets.insert(&long).is_err());
    }
}
