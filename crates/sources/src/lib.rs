//! Readers: the bytes of an HR export become a [`Roster`], or *every* problem that was found, with
//! its row and column. A file is believed whole or refused whole: a skipped row would look exactly
//! like somebody who left.
//!
//! Everything here is pure: no I/O, no clock, no randomness. The same bytes and options always
//! give the same answer, and arbitrary bytes never make it panic.
//!
//! The path of a file; each stage is one module:
//!
//! ```text
//! bytes -> decode/sheet -> delimited/json -> table -> recognise -> dates -> draft -> people -> Roster
//! ```
//!
//! What belongs to one HR system lives in one file of [`formats`]; see there how to add one.
//!
//! # Not covered
//!
//! - Comparing with an earlier file (fewer rows, columns gone): that needs history, which is the
//!   importer's.
//! - The number format of `.xlsx` cells: an id shown as `00042` by a number format, but stored as
//!   the number 42, reads as `42`. Where other ids of the column kept their zeros, it is reported.

mod checkup;
mod dates;
mod decode;
mod delimited;
mod draft;
mod effective;
mod formats;
mod json;
mod managers;
mod options;
mod people;
mod problem;
mod recognise;
mod report;
mod sheet;
mod spans;
mod table;
mod words;
mod zeros;

use muster_domain::model::roster::Roster;

pub use crate::{
    checkup::{Checkup, ColumnUse, Container, Counts, Dates, check},
    dates::OrderBy,
    formats::{Column, Format, RowsPerPerson, Target, formats},
    options::{DateOrder, ReadOptions, UnknownDateOrder},
    problem::{Problem, ProblemKind, Refusal, Warning},
};

/// The most rows a file may have.
pub const MAX_ROWS: usize = 1_000_000;
/// The most columns a file may have.
pub const MAX_COLUMNS: usize = 1_000;
/// The longest cell, in bytes; about what a spreadsheet allows.
pub const MAX_CELL_BYTES: usize = 32_767;
/// The largest file, in bytes, before and after unpacking.
pub const MAX_BYTES: usize = 512 * 1024 * 1024;

/// Reads an HR export.
///
/// `file_name` only serves to word problems; what the file is, is found in its bytes.
///
/// # Errors
///
/// Every problem found, by row and column. Where the file is not a table at all, nothing further
/// can be looked at; a file that no format fits is looked at as the nearest would have it.
pub fn read(file_name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Roster, Refusal> {
    check(file_name, bytes, options).into_roster()
}
