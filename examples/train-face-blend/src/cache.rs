//! Numbers of finished pictures, by what they were computed from.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::save::save;

/// A folder with a file for each key. A file that is damaged counts as missing.
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub(crate) fn open(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// The numbers of a key, `length` of them.
    pub(crate) fn get(&self, key: &str, length: usize) -> Option<Vec<f32>> {
        let bytes = fs::read(self.path(key)).ok()?;
        let (data, sum) = bytes.split_at_checked(4 * length)?;
        let whole = sum == Sha256::digest(data).as_slice();
        whole.then(|| data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    pub(crate) fn put(&self, key: &str, numbers: &[f32]) -> Result<()> {
        let data: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        save(&self.path(key), |out| {
            out.write_all(&data)?;
            Ok(out.write_all(&Sha256::digest(&data))?)
        })
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.f32"))
    }
}

/// The name of what is described by a text.
pub(crate) fn key(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_numbers_are_missing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path().join("deep/er")).unwrap();
        let name = key("a picture");
        assert_eq!(cache.get(&name, 2), None);
        cache.put(&name, &[1.5, -2.0]).unwrap();
        assert_eq!(cache.get(&name, 2), Some(vec![1.5, -2.0]));
        assert_eq!((cache.get(&name, 1), cache.get(&name, 3)), (None, None));
        let mut bytes = fs::read(cache.path(&name)).unwrap();
        bytes[1] ^= 1;
        fs::write(cache.path(&name), bytes).unwrap();
        assert_eq!(cache.get(&name, 2), None);
    }
}
