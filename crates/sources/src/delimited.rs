//! Delimited text to rows of cells. Written here rather than taken from a library because rows
//! must be counted as a spreadsheet does (blank lines count, line breaks inside quotes do not) and
//! because a quote that never closes must be a problem, not a very long cell.

use std::borrow::Cow;

use crate::{
    MAX_CELL_BYTES, MAX_COLUMNS, MAX_ROWS,
    problem::{Problem, ProblemKind, Problems},
};

/// One row that is not blank.
#[derive(Debug, Clone)]
pub(crate) struct Row<'a> {
    /// As a spreadsheet counts.
    pub(crate) number: u32,
    /// The cells without surrounding blanks.
    pub(crate) cells: Vec<Cow<'a, str>>,
}

impl Row<'_> {
    /// The cell in a column; blank where the row is shorter.
    pub(crate) fn cell(&self, place: usize) -> &str {
        self.cells.get(place).map_or("", |cell| cell)
    }

    /// The cells that hold something.
    pub(crate) fn filled(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|cell| &**cell).filter(|cell| !cell.is_empty())
    }
}

/// What ended a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Cell,
    Row,
    File,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    delimiter: u8,
    open_quote: bool,
    stray: bool,
}

/// Up to `limit` rows of `text`.
pub(crate) fn parse<'a>(
    text: &'a str,
    delimiter: u8,
    limit: usize,
    problems: &mut Problems,
) -> Vec<Row<'a>> {
    let mut reader = Reader { text, at: 0, delimiter, open_quote: false, stray: false };
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut number = 0;
    let mut end = End::Row;
    while end != End::File && rows.len() < limit {
        number += 1;
        let width = rows.last().map_or(8, |row| row.cells.len());
        let mut cells = Vec::with_capacity(width);
        loop {
            let cell;
            (cell, end) = reader.cell();
            check_cell(&cell, number, cells.len(), problems);
            cells.push(cell);
            if end != End::Cell {
                break;
            }
        }
        reader.report_quotes(number, problems);
        if cells.iter().any(|cell| !cell.is_empty()) {
            let wide = cells.len() > MAX_COLUMNS;
            rows.push(Row { number, cells });
            if wide || rows.len() > MAX_ROWS {
                problems.add(too_large(wide));
                return rows;
            }
        }
    }
    rows
}

fn too_large(wide: bool) -> Problem {
    let message = if wide {
        format!("more than {MAX_COLUMNS} columns: export only the columns that are needed")
    } else {
        format!("more than {MAX_ROWS} rows: split the file by legal entity, or remove old leavers")
    };
    Problem::new(ProblemKind::TooLarge, message)
}

pub(crate) fn check_cell(cell: &str, row: u32, place: usize, problems: &mut Problems) {
    if cell.len() > MAX_CELL_BYTES {
        let message = format!(
            "the cell is longer than {MAX_CELL_BYTES} bytes; a quote may be missing near here"
        );
        problems.add(
            Problem::new(ProblemKind::TooLarge, message).row(row).column(place, "").value(cell),
        );
    }
}

impl<'a> Reader<'a> {
    fn report_quotes(&mut self, row: u32, problems: &mut Problems) {
        if std::mem::take(&mut self.open_quote) {
            let message = "a quote opened in this row never closes, so the rest of the file went \
                           into one cell; the file may be cut off: export it again";
            problems.add(Problem::new(ProblemKind::Quote, message).row(row));
        }
        if std::mem::take(&mut self.stray) {
            let message = "there is text after a closing quote; quotes inside a cell must be \
                           doubled: export the file again rather than editing it as text";
            problems.add(Problem::new(ProblemKind::Quote, message).row(row));
        }
    }

    fn cell(&mut self) -> (Cow<'a, str>, End) {
        if self.text.as_bytes().get(self.at) == Some(&b'"') { self.quoted() } else { self.plain() }
    }

    /// Moves past the next delimiter or line end; returns where it stood and what it was.
    fn advance(&mut self) -> (usize, End) {
        let bytes = self.text.as_bytes();
        let delimiter = self.delimiter;
        let rest = bytes.get(self.at..).unwrap_or_default();
        let found = rest.iter().position(|&b| b == delimiter || b == b'\n' || b == b'\r');
        let Some(offset) = found else {
            self.at = bytes.len();
            return (bytes.len(), End::File);
        };
        let stop = self.at + offset;
        let byte = bytes.get(stop).copied().unwrap_or_default();
        self.at = stop + 1;
        if byte == delimiter {
            return (stop, End::Cell);
        }
        if byte == b'\r' && bytes.get(self.at) == Some(&b'\n') {
            self.at += 1;
        }
        // A line end that closes the file opens no further row.
        let end = if self.at >= bytes.len() { End::File } else { End::Row };
        (stop, end)
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn plain(&mut self) -> (Cow<'a, str>, End) {
        let start = self.at;
        let (stop, end) = self.advance();
        (Cow::Borrowed(self.slice(start, stop).trim()), end)
    }

    fn quoted(&mut self) -> (Cow<'a, str>, End) {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        let mut doubled = false;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(offset) = rest.iter().position(|&b| b == b'"') else {
                self.open_quote = true;
                self.at = bytes.len();
                return (Cow::Borrowed(self.slice(start, bytes.len()).trim()), End::File);
            };
            at += offset;
            if bytes.get(at + 1) != Some(&b'"') {
                break;
            }
            doubled = true;
            at += 2;
        }
        let inner = self.slice(start, at).trim();
        self.at = at + 1;
        let after = self.at;
        let (stop, end) = self.advance();
        self.stray |= !self.slice(after, stop).trim().is_empty();
        let cell = if doubled { Cow::Owned(inner.replace("\"\"", "\"")) } else { inner.into() };
        (cell, end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(text: &str, delimiter: u8) -> String {
        let mut problems = Problems::default();
        let rows = parse(text, delimiter, MAX_ROWS + 1, &mut problems);
        let mut lines: Vec<String> =
            rows.iter().map(|row| format!("{} {}", row.number, row.cells.join("|"))).collect();
        lines.extend(problems.sorted().iter().map(ToString::to_string));
        lines.join("\n")
    }

    #[test]
    fn rows_are_counted_as_a_spreadsheet_does() {
        let text = "a,b\r\n\r\n\"x\ny\", 2 \r\n,\r\"say \"\"hi\"\"\",\n";
        insta::assert_snapshot!(table(text, b','), @r#"
        1 a|b
        3 x
        y|2
        5 say "hi"|
        "#);
    }

    #[test]
    fn quotes_that_are_wrong_are_problems() {
        insta::assert_snapshot!(table("a;b\n\"x\"y;2\n\"z;3\n4;5\n", b';'), @r"
        1 a|b
        2 x|2
        3 z;3
        4;5
        row 2: there is text after a closing quote; quotes inside a cell must be doubled: export the file again rather than editing it as text
        row 3: a quote opened in this row never closes, so the rest of the file went into one cell; the file may be cut off: export it again
        ");
    }

    proptest! {
        /// The witness is the writer of the `csv` crate, which is not ours.
        #[test]
        fn what_another_library_writes_is_read_back(
            rows in prop::collection::vec(prop::collection::vec("[ -~é\n\"]{0,6}", 3), 1..8),
            delimiter in prop::sample::select(vec![b',', b';', b'\t']),
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let mut problems = Problems::default();
            let read = parse(&text, delimiter, MAX_ROWS + 1, &mut problems);
            prop_assert!(problems.sorted().is_empty());
            let trimmed = |row: &Vec<String>| -> Vec<String> {
                row.iter().map(|cell| cell.trim().to_owned()).collect()
            };
            let expected: Vec<Vec<String>> = rows
                .iter()
                .map(trimmed)
                .filter(|row| row.iter().any(|cell| !cell.is_empty()))
                .collect();
            let cells: Vec<Vec<String>> = read
                .iter()
                .map(|row| row.cells.iter().map(ToString::to_string).collect())
                .collect();
            prop_assert_eq!(cells, expected);
        }
    }
}
