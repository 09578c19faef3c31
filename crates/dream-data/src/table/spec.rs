//! What a kind of table looks like.

use crate::table::names::plain;

/// A column that a table has or may have.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Accepted names, the documented one first. If several are present, the first one counts.
    pub names: &'a [&'a str],
    /// Whether a table without it is rejected.
    pub required: bool,
    /// The name in messages about a table that does not name it; otherwise the first one of `names`.
    pub called: Option<&'a str>,
}

impl<'a> Column<'a> {
    /// A column that must be there.
    #[must_use]
    pub const fn required(names: &'a [&'a str]) -> Self {
        Self { names, required: true, called: None }
    }

    /// A column that may be absent.
    #[must_use]
    pub const fn optional(names: &'a [&'a str]) -> Self {
        Self { names, required: false, called: None }
    }

    /// The same column with its documented name, where that is not the first one.
    #[must_use]
    pub const fn called(self, name: &'a str) -> Self {
        Self { called: Some(name), ..self }
    }
}

/// The layout of a kind of table.
#[derive(Debug, Clone, Copy)]
pub struct Spec<'a> {
    /// For messages: "predictions with the columns split, file, score".
    pub what: &'a str,
    /// The columns; accessors of [`Table`](crate::table::Table) take the position in this list.
    pub columns: &'a [Column<'a>],
    /// The first row may be data already; columns are then in the order of `columns`.
    pub may_lack_header: bool,
}

impl Spec<'_> {
    /// Whether the fields make a first row of such a table.
    pub(super) fn fits(&self, fields: &[String]) -> bool {
        let there = |column: &Column<'_>| {
            column.names.iter().any(|name| fields.iter().any(|field| plain(field) == plain(name)))
        };
        self.columns.iter().filter(|column| column.required).all(there)
            || (self.may_lack_header && is_data(fields.iter().map(String::as_str)))
    }
}

/// A file name in the first field, or a number in the second.
pub(super) fn is_data<'a>(mut fields: impl Iterator<Item = &'a str>) -> bool {
    let (first, second) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
    first.contains(['.', '/']) || second.trim().replacen(',', ".", 1).parse::<f64>().is_ok()
}
