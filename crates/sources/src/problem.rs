//! Problems (which refuse a file) and warnings (which do not), collected in the order of the file.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many problems, and how many warnings, are listed one by one. A file with more is broken as a
/// whole; the rest is counted in a last line.
const LISTED: usize = 10_000;
/// How many characters of a cell a problem repeats.
const VALUE_CHARS: usize = 80;

/// What sort of problem it is: for programs. People read the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// Not a table at all, or of a kind that is not read, such as `.xls`.
    Unreadable,
    /// The text is neither UTF-8, UTF-16 nor Windows-1252.
    Encoding,
    /// Too many bytes, rows or columns, or too long a cell.
    TooLarge,
    /// Nothing in it, or only headings.
    Empty,
    /// A quote that never closes, or text after a closing quote.
    Quote,
    /// No format, or more than one, fits the columns.
    Format,
    /// A column that the format needs is not there.
    MissingColumn,
    /// Two columns could be the same field.
    DuplicateColumn,
    /// The mapping names a column that is not in the file.
    UnknownColumn,
    /// A row with fewer or more cells than there are headings.
    RowShape,
    /// A row that is no person: totals, or the headings once more.
    NotAPerson,
    /// A character that no name, date or id can contain.
    ControlCharacter,
    /// An error of the spreadsheet, such as `#REF!`.
    SpreadsheetError,
    /// A cell that must not be blank.
    MissingValue,
    /// Not an address, an id, a yes or no…
    InvalidValue,
    /// Not a date, or no such day.
    InvalidDate,
    /// Day first or month first: it cannot be told, or the file mixes both.
    DateOrder,
    /// Dates that contradict each other, such as an end before the start.
    DatesContradict,
    /// Leading zeros that a spreadsheet has removed.
    LostZeros,
    /// Two rows with one id where every person has one row.
    DuplicateId,
    /// Two people with one work address.
    DuplicateEmail,
    /// Rows of one id that describe different people.
    ConflictingRows,
    /// The manager is not in the file.
    UnknownManager,
    /// The manager's name fits several people.
    AmbiguousManager,
    /// People who manage each other in a circle.
    ManagerLoop,
    /// One page or part of an answer that has more.
    Incomplete,
    /// Problems beyond those listed.
    More,
}

/// One reason why a file is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The row as a spreadsheet counts: the first is 1. `None` when it is about the whole file.
    pub row: Option<u32>,
    /// The column's heading; `column F` where it has none.
    pub column: Option<String>,
    /// The cell, shortened.
    pub value: Option<String>,
    /// What sort of problem.
    pub kind: ProblemKind,
    /// What is wrong and what to do about it.
    pub message: String,
    /// The column's place, to sort by.
    #[serde(skip)]
    place: usize,
}

impl Problem {
    /// A problem of the whole file.
    pub(crate) fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { row: None, column: None, value: None, kind, message, place: 0 }
    }

    pub(crate) fn row(mut self, row: u32) -> Self {
        self.row = Some(row);
        self
    }

    /// The column by place (from 0) and heading.
    pub(crate) fn column(mut self, place: usize, heading: &str) -> Self {
        self.place = place + 1;
        self.column = Some(column_name(place, heading));
        self
    }

    pub(crate) fn value(mut self, value: &str) -> Self {
        self.value = Some(clip(value));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, column, value, kind: _, message, place: _ } = self;
        said_at(f, row.as_slice(), (column.as_deref(), value.as_deref()), message)
    }
}

/// `row 7, Hire Date "soon": message`.
fn said_at(
    f: &mut fmt::Formatter<'_>,
    rows: &[u32],
    (column, value): (Option<&str>, Option<&str>),
    message: &str,
) -> fmt::Result {
    let rows = (!rows.is_empty()).then(|| row_list(rows));
    let mut place = [rows.as_deref(), column].into_iter().flatten().collect::<Vec<_>>().join(", ");
    if let Some(value) = value {
        let blank = if place.is_empty() { "" } else { " " };
        place = format!("{place}{blank}{value:?}");
    }
    if place.is_empty() { f.write_str(message) } else { write!(f, "{place}: {message}") }
}

/// What a person should look at, though it does not refuse the file. The same of several rows is
/// said once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    /// The rows as a spreadsheet counts; none when it is about the whole file.
    pub rows: Vec<u32>,
    /// The column's place, to sort by.
    #[serde(skip)]
    place: usize,
    /// The column's heading; `column F` where it has none.
    pub column: Option<String>,
    /// The cell, shortened.
    pub value: Option<String>,
    /// What is doubtful, what was made of it and what to do about it.
    pub message: String,
}

impl Warning {
    /// A warning about the whole file.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { rows: Vec::new(), place: 0, column: None, value: None, message: message.into() }
    }

    pub(crate) fn row(mut self, row: u32) -> Self {
        self.rows.push(row);
        self
    }

    pub(crate) fn rows(mut self, rows: Vec<u32>) -> Self {
        self.rows = rows;
        self
    }

    /// The column by place (from 0) and heading.
    pub(crate) fn column(mut self, place: usize, heading: &str) -> Self {
        self.place = place + 1;
        self.column = Some(column_name(place, heading));
        self
    }

    pub(crate) fn value(mut self, value: &str) -> Self {
        self.value = Some(clip(value));
        self
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, place: _, column, value, message } = self;
        said_at(f, rows, (column.as_deref(), value.as_deref()), message)
    }
}

/// A refused file, with every problem, by row and column; those of the whole file first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The format it was read as, where that was found out.
    pub format: Option<String>,
    /// The problems; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// Problems while they are being found.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    more: usize,
}

impl Problems {
    pub(crate) fn add(&mut self, problem: Problem) {
        if self.list.len() < LISTED {
            self.list.push(problem);
        } else {
            self.more += 1;
        }
    }

    /// By row and column; those of the whole file first.
    pub(crate) fn sorted(self) -> Vec<Problem> {
        let Self { list: mut problems, more } = self;
        problems.sort_by(|a, b| {
            (a.row, a.place, a.kind, &a.message).cmp(&(b.row, b.place, b.kind, &b.message))
        });
        if more > 0 {
            let message = format!("…and {more} more problems; mend these first");
            problems.push(Problem::new(ProblemKind::More, message));
        }
        problems
    }
}

/// Warnings while they are being found.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    list: Vec<Warning>,
    more: usize,
}

impl Warnings {
    pub(crate) fn add(&mut self, warning: Warning) {
        if self.list.len() < LISTED {
            self.list.push(warning);
        } else {
            self.more += 1;
        }
    }

    /// By row and column; those of the whole file first.
    pub(crate) fn sorted(self) -> Vec<Warning> {
        let Self { mut list, more } = self;
        list.sort();
        if more > 0 {
            list.push(Warning::new(format!("…and {more} more warnings; see to these first")));
        }
        list
    }
}

/// The heading, or the letters a spreadsheet shows above the column.
pub(crate) fn column_name(place: usize, heading: &str) -> String {
    let heading = heading.split_whitespace().collect::<Vec<_>>().join(" ");
    if heading.is_empty() { format!("column {}", letters(place)) } else { clip(&heading) }
}

pub(crate) fn letters(place: usize) -> String {
    let mut text = String::new();
    let mut rest = place + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or(0);
        text.insert(0, char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    text
}

/// A text short enough for a message.
pub(crate) fn clip(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// `rows 3, 4, 5 and 12 more`.
pub(crate) fn row_list(rows: &[u32]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = rows.iter().take(SHOWN).map(u32::to_string).collect();
    match (rows, rows.len().saturating_sub(SHOWN)) {
        ([one], _) => format!("row {one}"),
        (_, 0) => format!("rows {}", shown.join(", ")),
        (_, more) => format!("rows {} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_a_spreadsheet_does() {
        let names: Vec<_> = [0, 25, 26, 701, 702].map(letters).to_vec();
        assert_eq!(names, ["A", "Z", "AA", "ZZ", "AAA"]);
        assert_eq!(column_name(2, " Hire\nDate "), "Hire Date");
        assert_eq!(column_name(2, " "), "column C");
    }

    #[test]
    fn problems_are_listed_in_the_order_of_the_file() {
        let mut problems = Problems::default();
        let kind = ProblemKind::InvalidValue;
        problems.add(Problem::new(kind, "d").row(10).column(0, "A"));
        problems.add(Problem::new(kind, "c").row(9).column(3, "D").value("x"));
        problems.add(Problem::new(kind, "b").row(9).column(1, "B"));
        problems.add(Problem::new(kind, "a"));
        let refusal = Refusal { format: None, problems: problems.sorted() };
        insta::assert_snapshot!(refusal, @r#"
        a
        row 9, B: b
        row 9, D "x": c
        row 10, A: d
        "#);
    }

    #[test]
    fn a_flood_of_problems_is_counted() {
        let mut problems = Problems::default();
        for row in 0..LISTED + 5 {
            let row = u32::try_from(row).unwrap();
            problems.add(Problem::new(ProblemKind::InvalidValue, "x").row(row));
        }
        let problems = problems.sorted();
        assert_eq!(problems.len(), LISTED + 1);
        assert!(
            problems.last().unwrap().to_string().ends_with("and 5 more problems; mend these first")
        );
    }
}
