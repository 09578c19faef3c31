use std::ops::{Deref, DerefMut};

/// Bytes of the widest register and of a line of the cache.
const LINE: usize = 64;

/// Numbers that begin with a line of the cache: a vector that lies in two lines takes two reads.
#[derive(Debug, Default)]
pub(super) struct Aligned {
    values: Vec<f32>,
    start: usize,
}

impl Aligned {
    pub(super) fn zeros(len: usize) -> Self {
        let values = vec![0.0; len + LINE / size_of::<f32>()];
        // Where no offset is known, 0 is as good.
        let start = values.as_ptr().align_offset(LINE);
        let mut aligned = Self { start: if start * size_of::<f32>() < LINE { start } else { 0 }, values };
        aligned.values.truncate(aligned.start + len);
        aligned
    }

    /// At least so many; what they are is not said.
    pub(super) fn grow(&mut self, len: usize) {
        if self.len() < len {
            *self = Self::zeros(len);
        }
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.values.get(self.start..).unwrap_or_default()
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        self.values.get_mut(self.start..).unwrap_or_default()
    }
}
