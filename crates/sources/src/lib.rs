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
//! bytes -> decode/sheet -> delimited -> table -> recognise -> dates -> draft -> people -> Roster
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

mod dates;
mod decode;
mod delimited;
mod draft;
mod formats;
mod managers;
mod options;
mod people;
mod problem;
mod recognise;
mod sheet;
mod table;
mod words;
mod zeros;

use muster_domain::model::{canonical::Digest, roster::Roster};

use crate::{
    decode::Content,
    draft::Drafting,
    people::{Assembled, Rows},
    problem::{Problems, Warnings},
    recognise::Layout,
    table::Table,
};

pub use crate::{
    formats::{Column, Format, RowsPerPerson, Target, formats},
    options::{DateOrder, ReadOptions, UnknownDateOrder},
    problem::{Problem, ProblemKind, Refusal},
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
/// Every problem found, by row and column. Where an early stage fails (the file is not a table,
/// no format fits), later stages cannot look, so mending these may bring up others.
pub fn read(file_name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Roster, Refusal> {
    let mut problems = Problems::default();
    let mut warnings = Warnings::default();
    let content = decode::decode(file_name, bytes, &mut warnings).map_err(|p| p.refuse(None))?;
    let known = recognise::known_headings(options);
    let table = match &content {
        Content::Text(text) => table::from_text(text, &known, &mut problems),
        Content::Sheets(sheets) => table::from_sheets(sheets, &known, &mut problems),
    };
    let Some(mut table) = table else { return Err(problems.refuse(options.format.clone())) };
    let layout = match recognise::recognise(&table.headings, options) {
        Ok(layout) => layout,
        Err(found) => {
            problems.append(found);
            return Err(problems.refuse(options.format.clone()));
        }
    };
    let assembled = assemble(&mut table, &layout, options, &mut problems, &mut warnings);
    if !problems.is_empty() {
        return Err(problems.refuse(Some(layout.format.name.to_owned())));
    }
    Ok(Roster {
        format: layout.format.name.to_owned(),
        digest: Digest::of(bytes),
        headings: table.headings.clone(),
        fields: layout.fields(),
        rows: u32::try_from(table.rows.len()).unwrap_or(u32::MAX),
        records: assembled.records,
        warnings: warnings.into_lines(),
    })
}

/// Rows to people. Goes on after a problem, so that all of them are found in one go.
fn assemble(
    table: &mut Table<'_>,
    layout: &Layout,
    options: &ReadOptions,
    problems: &mut Problems,
    warnings: &mut Warnings,
) -> Assembled {
    table.check(problems);
    zeros::check(table, layout, problems, warnings);
    let order = dates::decide(table, layout, options.day_first, problems);
    let drafting = Drafting { layout, options, order };
    let drafts = draft::drafts(table, &drafting, problems, warnings);
    // Where rows cannot be read, managers would be missing only because of that.
    let rows = if table.is_whole() { Rows::All } else { Rows::Some };
    let assembled = people::assemble(drafts, rows, layout, problems, warnings);
    table.check_footers(assembled.records.len(), problems, warnings);
    assembled
}
