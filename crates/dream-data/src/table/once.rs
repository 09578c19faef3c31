//! Rows about the same thing.

use std::collections::BTreeMap;
use std::io::Read;

use crate::error::Result;
use crate::table::Table;

/// Rejects a second row about the same thing, and names both lines.
///
/// # Example
/// ```
/// use dream_data::table::{Column, Once, Spec, Table, names};
///
/// let columns = [Column::required(names::CLIP)];
/// let spec = Spec { what: "a list with the column file", columns: &columns, may_lack_header: false };
/// let mut table = Table::new("video\na.mp4\na.mp4\n".as_bytes(), "l.csv", &spec)?;
/// let mut once = Once::default();
/// table.advance()?;
/// assert!(once.check(&table, table.required(0)?, "the clip").is_ok());
/// table.advance()?;
/// let error = once.check(&table, table.required(0)?, "the clip").unwrap_err().to_string();
/// assert_eq!(error, "l.csv:3: the clip `a.mp4` was on line 2 already; remove one of the two rows");
/// # Ok::<(), dream_data::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Once(BTreeMap<String, u64>);

impl Once {
    /// Notes the current row of the table as the one about `key`. For the message, `what` says what a key is.
    ///
    /// # Errors
    /// [`Error::Row`](crate::Error::Row) if there was one before.
    pub fn check<R: Read>(&mut self, table: &Table<R>, key: &str, what: &str) -> Result<()> {
        self.check_with(table, key, what, "remove one of the two rows")
    }

    /// As [`check`](Self::check), with another remedy.
    ///
    /// # Errors
    /// [`Error::Row`](crate::Error::Row) if there was one before.
    pub fn check_with<R: Read>(
        &mut self,
        table: &Table<R>,
        key: &str,
        what: &str,
        remedy: &str,
    ) -> Result<()> {
        match self.0.insert(key.to_owned(), table.line()) {
            None => Ok(()),
            Some(first) => Err(table.fault(format!("{what} `{key}` was on line {first} already"), remedy)),
        }
    }
}
