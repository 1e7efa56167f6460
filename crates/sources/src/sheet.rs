//! `.xlsx` to cells as text: dates as `YYYY-MM-DD`, whole numbers without `.0`.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use crate::{
    MAX_BYTES, MAX_COLUMNS, MAX_ROWS,
    problem::{Problem, ProblemKind},
};

/// One visible sheet of a workbook. Rows without a filled cell are not there.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) rows: Vec<SheetRow>,
}

/// The filled cells of a row.
#[derive(Debug)]
pub(crate) struct SheetRow {
    /// As a spreadsheet counts.
    pub(crate) number: u32,
    pub(crate) cells: Vec<String>,
}

/// Reads the visible sheets.
pub(crate) fn sheets(file_name: &str, bytes: &[u8]) -> Result<Vec<Sheet>, Problem> {
    if unpacked_bytes(bytes) > MAX_BYTES as u64 {
        let message = format!("unpacked, the file is larger than {} MiB", MAX_BYTES >> 20);
        return Err(Problem::new(ProblemKind::TooLarge, message));
    }
    // The library is meant not to panic; were it to, on a damaged file, that must refuse the file
    // and not take the process down.
    match catch_unwind(AssertUnwindSafe(|| workbook(bytes))) {
        Ok(Ok(sheets)) => Ok(sheets),
        Ok(Err(Failure::Cap(problem))) => Err(problem),
        Ok(Err(Failure::Xlsx(error))) => Err(unreadable(file_name, &error.to_string())),
        Err(_) => Err(unreadable(file_name, "it is damaged")),
    }
}

fn unreadable(file_name: &str, cause: &str) -> Problem {
    let message = format!(
        "{file_name}: not a workbook that can be read ({cause}): save it as .xlsx or CSV UTF-8"
    );
    Problem::new(ProblemKind::Unreadable, message)
}

enum Failure {
    Xlsx(XlsxError),
    Cap(Problem),
}

impl From<XlsxError> for Failure {
    fn from(error: XlsxError) -> Self {
        Self::Xlsx(error)
    }
}

fn workbook(bytes: &[u8]) -> Result<Vec<Sheet>, Failure> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let visible: Vec<String> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect();
    let mut sheets = Vec::new();
    for name in visible {
        let rows = rows(&mut workbook, &name)?;
        sheets.push(Sheet { name, rows });
    }
    Ok(sheets)
}

/// Cell by cell, never as a rectangle: one stray cell in the last corner would make that
/// 17 thousand million cells.
fn rows(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<Vec<SheetRow>, Failure> {
    let mut reader = workbook.worksheet_cells_reader(name)?;
    let mut rows: Vec<SheetRow> = Vec::new();
    while let Some(cell) = reader.next_cell()? {
        let text = text(cell.get_value());
        if text.is_empty() {
            continue;
        }
        let (row, place) = cell.get_position();
        let (number, place) = (row.saturating_add(1), place as usize);
        if place >= MAX_COLUMNS {
            return Err(Failure::Cap(cap(name, number, "columns", MAX_COLUMNS)));
        }
        if rows.last().is_none_or(|last| last.number != number) {
            if rows.len() > MAX_ROWS {
                return Err(Failure::Cap(cap(name, number, "rows", MAX_ROWS)));
            }
            rows.push(SheetRow { number, cells: Vec::new() });
        }
        if let Some(last) = rows.last_mut() {
            if last.cells.len() <= place {
                last.cells.resize(place + 1, String::new());
            }
            if let Some(slot) = last.cells.get_mut(place) {
                *slot = text;
            }
        }
    }
    rows.sort_by_key(|row| row.number);
    Ok(rows)
}

fn cap(sheet: &str, row: u32, what: &str, most: usize) -> Problem {
    let message =
        format!("sheet {sheet:?} has more than {most} {what}: delete what is not the roster");
    Problem::new(ProblemKind::TooLarge, message).row(row)
}

fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.trim().to_owned()
        }
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(moment) => date_text(moment),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// Whole numbers as such, so that the id 1042 does not become `1042.0`.
fn number_text(number: f64) -> String {
    // Rust prints no exponent and no ".0" for `{}` of a whole float.
    format!("{number}")
}

/// A serial number shown as a date. Durations and pure times are no dates: they stay numbers and
/// are then refused where a date is expected.
fn date_text(moment: &ExcelDateTime) -> String {
    if moment.is_duration() || moment.as_f64() < 1.0 {
        return number_text(moment.as_f64());
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    if (hour, minute, second) == (0, 0, 0) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

/// The sum of the unpacked sizes that the archive's directory declares: a guard against files
/// that unpack to far more than anybody's roster.
fn unpacked_bytes(bytes: &[u8]) -> u64 {
    const ENTRY: &[u8] = b"PK\x01\x02";
    let mut total = 0_u64;
    for start in places(bytes, ENTRY) {
        let size = bytes.get(start + 24..start + 28).and_then(|size| size.try_into().ok());
        total = total.saturating_add(size.map_or(0, |size| u64::from(u32::from_le_bytes(size))));
    }
    total
}

fn places<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes
        .windows(needle.len())
        .enumerate()
        .filter(move |(_, window)| *window == needle)
        .map(|(at, _)| at)
}
