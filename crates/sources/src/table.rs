//! Rows to a table: which delimiter, which sheet, which row holds the headings, and which rows
//! below the people are only a footer.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    MAX_ROWS,
    delimited::{self, Row},
    problem::{Problem, ProblemKind, Problems, Warning, Warnings, column_name},
    sheet::Sheet,
    words::{heading_key, word_key},
};

/// The delimiters that are tried; the first wins a tie.
const DELIMITERS: &[u8] = b",;\t";
/// How many filled rows may stand above the headings, notes included.
const HEADER_WITHIN: usize = 50;
/// First words of a row of totals.
const TOTAL_WORDS: &[&str] =
    &["total", "totals", "grand", "subtotal", "sum", "count", "gesamt", "summe", "headcount"];
/// Words by which a footer counts people or rows.
const COUNT_WORDS: &[&str] = &[
    "employees",
    "records",
    "rows",
    "people",
    "persons",
    "workers",
    "headcount",
    "associates",
    "mitarbeiter",
];

/// What a table was made of.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// Delimited text: every row has all its cells.
    Text { delimiter: u8 },
    /// A sheet, which leaves out trailing blanks.
    Sheet { name: String },
    /// Records of JSON.
    Records,
}

/// Records as rows: the number of the record, and a cell for each heading.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) headings: Vec<String>,
    pub(crate) rows: Vec<(u32, Vec<String>)>,
}

/// A table with headings.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    /// The headings as given.
    pub(crate) headings: Vec<String>,
    /// The row of the headings.
    pub(crate) header_row: u32,
    /// The rows of data; none is blank.
    pub(crate) rows: Vec<Row<'a>>,
    /// Rows at the very end that a blank row sets apart: "Total employees: 45".
    footers: Vec<Row<'a>>,
    /// How many cells a row may have: more than there are headings where all have a blank one more.
    widest: usize,
    /// How many rows were found, before any was taken out.
    found: usize,
    /// Rows that can be a person's but are not of the width of the headings.
    pub(crate) lost: Lost,
    /// How the file was laid out, to be shown.
    pub(crate) shape: Shape,
}

/// The headings that some format or the user's mapping knows, as keys.
pub(crate) type Known = BTreeSet<String>;

/// The table in delimited text.
pub(crate) fn from_text<'a>(
    text: &'a str,
    known: &Known,
    problems: &mut Problems,
) -> Option<Table<'a>> {
    let (declared, text) = declared_delimiter(text);
    let delimiter = declared.unwrap_or_else(|| best_delimiter(text, known));
    let mut rows = delimited::parse(text, delimiter, MAX_ROWS + 1, problems);
    if declared.is_some() {
        for row in &mut rows {
            row.number += 1;
        }
    }
    build(rows, known, Shape::Text { delimiter }, problems)
}

/// The table that a list of records is: its headings are given, its rows are the records, counted
/// from 1.
pub(crate) fn from_records<'a>(records: Records, problems: &mut Problems) -> Option<Table<'a>> {
    let Records { headings, rows } = records;
    if rows.is_empty() {
        let message = "the list of people is empty: an empty export is never taken for an empty \
                       company; export it again";
        problems.add(Problem::new(ProblemKind::Empty, message));
        return None;
    }
    let rows: Vec<Row<'a>> = rows
        .into_iter()
        .map(|(number, cells)| Row { number, cells: cells.into_iter().map(Cow::Owned).collect() })
        .collect();
    for row in &rows {
        for (place, cell) in row.cells.iter().enumerate() {
            delimited::check_cell(cell, row.number, place, problems);
        }
    }
    let found = rows.len();
    let widest = headings.len();
    Some(Table {
        headings,
        header_row: 0,
        widest,
        rows,
        footers: Vec::new(),
        shape: Shape::Records,
        found,
        lost: Lost::default(),
    })
}

/// The line `sep=;` that some exports start with for the sake of a spreadsheet.
fn declared_delimiter(text: &str) -> (Option<u8>, &str) {
    let Some((line, rest)) = text.split_once('\n') else { return (None, text) };
    match line.trim_end_matches('\r').strip_prefix("sep=").map(str::as_bytes) {
        Some([byte]) if byte.is_ascii() && *byte != b'"' => (Some(*byte), rest),
        _ => (None, text),
    }
}

/// The delimiter under which most headings are known; else under which the most cells appear.
fn best_delimiter(text: &str, known: &Known) -> u8 {
    let mut best = (0, 0);
    let mut delimiter = b',';
    for &candidate in DELIMITERS {
        let rows = delimited::parse(text, candidate, HEADER_WITHIN, &mut Problems::default());
        let header = header_index(&rows, known);
        // Nothing but delimiters.
        let Some(row) = rows.get(header) else { return candidate };
        let score = (known_cells(row, known), row.cells.len());
        if score > best {
            (best, delimiter) = (score, candidate);
        }
    }
    delimiter
}

/// The table in a workbook: on the one sheet that has known headings, or the only filled one.
pub(crate) fn from_sheets<'a>(
    sheets: &'a [Sheet],
    known: &Known,
    problems: &mut Problems,
) -> Option<Table<'a>> {
    let mut candidates = Vec::new();
    for sheet in sheets.iter().filter(|sheet| !sheet.rows.is_empty()) {
        let rows: Vec<Row<'a>> = sheet
            .rows
            .iter()
            .map(|row| Row {
                number: row.number,
                cells: row.cells.iter().map(|cell| Cow::Borrowed(cell.as_str())).collect(),
            })
            .collect();
        let header = rows.get(header_index(&rows, known));
        let score = header.map_or(0, |row| known_cells(row, known));
        candidates.push((score, sheet.name.as_str(), rows));
    }
    let rosters = candidates.iter().filter(|(score, _, _)| *score >= 3);
    let names: Vec<String> = rosters.map(|(_, name, _)| format!("{name:?}")).collect();
    if names.len() > 1 {
        let message = format!(
            "several sheets look like a roster ({}): keep one and delete or hide the others",
            names.join(", ")
        );
        problems.add(Problem::new(ProblemKind::Format, message));
        return None;
    }
    let best = candidates.into_iter().rev().max_by_key(|(score, _, _)| *score);
    let (name, rows) = best.map(|(_, name, rows)| (name, rows)).unwrap_or_default();
    for row in &rows {
        for (place, cell) in row.cells.iter().enumerate() {
            delimited::check_cell(cell, row.number, place, problems);
        }
    }
    build(rows, known, Shape::Sheet { name: name.to_owned() }, problems)
}

fn build<'a>(
    mut rows: Vec<Row<'a>>,
    known: &Known,
    shape: Shape,
    problems: &mut Problems,
) -> Option<Table<'a>> {
    if rows.is_empty() {
        let message = "the file holds no filled cell: export it again";
        problems.add(Problem::new(ProblemKind::Empty, message));
        return None;
    }
    let header_at = header_index(&rows, known);
    let mut rows = rows.split_off(header_at).into_iter();
    let header = rows.next()?;
    let mut headings: Vec<String> = header.cells.iter().map(ToString::to_string).collect();
    while headings.last().is_some_and(String::is_empty) {
        headings.pop();
    }
    let mut rows: Vec<Row<'a>> = rows.collect();
    if rows.is_empty() {
        let message = "there are headings but no rows below them: an empty export is never taken \
                       for an empty company; export it again";
        problems.add(Problem::new(ProblemKind::Empty, message).row(header.number));
        return None;
    }
    let footers = take_footers(&mut rows, headings.len(), header.number);
    let found = rows.len();
    let narrowest = rows.iter().map(|row| row.cells.len()).min().unwrap_or_default();
    let widest = match shape {
        Shape::Sheet { .. } => usize::MAX,
        Shape::Text { .. } | Shape::Records => header.cells.len().max(narrowest),
    };
    Some(Table {
        headings,
        header_row: header.number,
        widest,
        rows,
        footers,
        shape,
        found,
        lost: Lost::default(),
    })
}

/// The row with the most known headings, the first of equals; without any, the first row of at
/// least two filled cells.
fn header_index(rows: &[Row<'_>], known: &Known) -> usize {
    let mut best = (0, None);
    for (index, row) in rows.iter().take(HEADER_WITHIN).enumerate() {
        let score = known_cells(row, known);
        if score > best.0 {
            best = (score, Some(index));
        }
    }
    let wide = || rows.iter().take(HEADER_WITHIN).position(|row| row.filled().nth(1).is_some());
    best.1.or_else(wide).unwrap_or(0)
}

fn known_cells(row: &Row<'_>, known: &Known) -> usize {
    row.filled().filter(|cell| cell.len() < 100 && known.contains(&heading_key(cell))).count()
}

/// Whether a row can be a note or total below the table: a phrase, or a label and its number. A
/// lone id or name is not taken for one: it may be all that is left of a person.
fn is_footer(row: &Row<'_>) -> bool {
    let mut filled = row.filled();
    let first = filled.next().unwrap_or_default();
    let phrase = first.contains([' ', ':']) && first.starts_with(char::is_alphabetic);
    match (filled.next(), filled.next()) {
        (None, _) => (phrase && !first.contains(',')) || is_total(first),
        (Some(second), None) => (phrase || is_total(first)) && is_number(second),
        _ => false,
    }
}

/// Takes off trailing rows that can be footers and that a blank row sets apart.
fn take_footers<'a>(rows: &mut Vec<Row<'a>>, width: usize, header_row: u32) -> Vec<Row<'a>> {
    let mut start = rows.len();
    let mut apart = rows.len();
    while let Some(row) = start.checked_sub(1).and_then(|last| rows.get(last)) {
        if width < 4 || !is_footer(row) {
            break;
        }
        start -= 1;
        let above = start.checked_sub(1).and_then(|above| rows.get(above));
        if above.map_or(header_row, |above| above.number) + 1 < row.number {
            apart = start;
        }
    }
    rows.split_off(apart)
}

/// Rows that could not be read, by their words.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    rows: usize,
    by_word: BTreeMap<String, BTreeSet<usize>>,
}

impl Lost {
    /// The words of so many rows are kept. Where more are lost, any may hold anything.
    const KEPT: usize = 1_000;

    fn add(&mut self, row: &Row<'_>) {
        let number = self.rows;
        self.rows += 1;
        if number >= Self::KEPT {
            return;
        }
        for cell in row.filled() {
            for word in word_key(cell).split(' ') {
                match self.by_word.get_mut(word) {
                    Some(rows) => _ = rows.insert(number),
                    None => _ = self.by_word.insert(word.to_owned(), BTreeSet::from([number])),
                }
            }
        }
    }

    /// Whether one of them may hold all words of `value`.
    pub(crate) fn may_hold(&self, value: &str) -> bool {
        if self.rows > Self::KEPT {
            return true;
        }
        let key = word_key(value);
        let rows: Option<Vec<_>> = key.split(' ').map(|word| self.by_word.get(word)).collect();
        let Some((fewest, rest)) = rows.and_then(|mut rows| {
            rows.sort_by_key(|rows| rows.len());
            let fewest = *rows.first()?;
            Some((fewest, rows.split_off(1)))
        }) else {
            return false;
        };
        fewest.iter().any(|row| rest.iter().all(|rows| rows.contains(row)))
    }
}

impl Table<'_> {
    /// The heading of a column for messages.
    pub(crate) fn heading(&self, place: usize) -> &str {
        self.headings.get(place).map_or("", String::as_str)
    }

    /// A problem at a cell.
    pub(crate) fn at(
        &self,
        row: &Row<'_>,
        place: usize,
        kind: ProblemKind,
        message: impl Into<String>,
    ) -> Problem {
        Problem::new(kind, message)
            .row(row.number)
            .column(place, self.heading(place))
            .value(row.cell(place))
    }

    /// Reports rows that are no people and rows of the wrong width, and takes them out: what
    /// their cells say would only repeat the problem. Reports control characters anywhere.
    pub(crate) fn check(&mut self, problems: &mut Problems) {
        let mut rows = std::mem::take(&mut self.rows);
        let mut lost = Lost::default();
        rows.retain(|row| {
            self.check_control_characters(row, problems);
            let problem = self.not_a_person(row).or_else(|| self.wrong_width(row));
            if problem.as_ref().is_some_and(|problem| problem.kind == ProblemKind::RowShape) {
                lost.add(row);
            }
            problem.map(|problem| problems.add(problem)).is_none()
        });
        self.lost = lost;
        self.rows = rows;
    }

    fn check_control_characters(&self, row: &Row<'_>, problems: &mut Problems) {
        let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        for (place, cell) in row.cells.iter().enumerate() {
            if cell.contains(bad) {
                let message = "the cell holds a control character, so the file is damaged or of \
                               another encoding: export it again as CSV UTF-8 or .xlsx";
                problems.add(self.at(row, place, ProblemKind::ControlCharacter, message));
            }
        }
    }

    fn not_a_person(&self, row: &Row<'_>) -> Option<Problem> {
        let first = row.filled().next().unwrap_or_default();
        if is_total(first) && row.filled().skip(1).all(is_number) {
            let message = "this row is a total, not a person: export without totals, or delete it";
            return Some(self.not_one(row, first, message));
        }
        let same = row.cells.iter().zip(&self.headings).all(|(cell, heading)| *cell == *heading);
        if same && row.cells.len() >= self.headings.len() {
            let message = "the headings appear once more, so several exports were put into one \
                           file: import them one by one";
            return Some(self.not_one(row, first, message));
        }
        None
    }

    fn not_one(&self, row: &Row<'_>, value: &str, message: &str) -> Problem {
        Problem::new(ProblemKind::NotAPerson, message).row(row.number).value(value)
    }

    fn wrong_width(&self, row: &Row<'_>) -> Option<Problem> {
        let width = self.headings.len();
        let message = if row.cells.len() > self.widest
            || row.cells.iter().skip(width).any(|cell| !cell.is_empty())
        {
            format!(
                "the row has more cells than the {width} headings of row {}, so a cell with a \
                 delimiter may lack its quotes: export the file again",
                self.header_row
            )
        } else if !matches!(self.shape, Shape::Sheet { .. }) && row.cells.len() < width {
            format!(
                "the row has {} of {width} cells, so the file may be cut off or edited: export it \
                 again",
                row.cells.len()
            )
        } else {
            return None;
        };
        Some(Problem::new(ProblemKind::RowShape, message).row(row.number))
    }

    /// Footers are not read, but a count in one must agree: it proves that no row is missing.
    pub(crate) fn check_footers(
        &self,
        people: usize,
        problems: &mut Problems,
        warnings: &mut Warnings,
    ) {
        for row in &self.footers {
            let text = row.filled().collect::<Vec<_>>().join(" ");
            match counted(&text) {
                Some(count) if count != self.found && count != people => {
                    let message = format!(
                        "the footer counts {count}, but what was read is {} rows, {people} people: \
                         the file may be cut off; export it again",
                        self.found
                    );
                    let problem = Problem::new(ProblemKind::NotAPerson, message);
                    problems.add(problem.row(row.number).value(&text));
                }
                Some(_) => {}
                None => {
                    let message = "a note below the table; it was not read";
                    warnings.add(Warning::new(message).row(row.number).value(&text));
                }
            }
        }
    }

    /// The headings for a message.
    pub(crate) fn heading_list(headings: &[String]) -> String {
        let names = headings.iter().enumerate();
        let names: Vec<String> = names.map(|(at, name)| column_name(at, name)).collect();
        clip_list(&names)
    }
}

fn clip_list(names: &[String]) -> String {
    const SHOWN: usize = 40;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn is_total(text: &str) -> bool {
    text.len() < 60
        && text.starts_with(char::is_alphabetic)
        && word_key(text).split(' ').next().is_some_and(|word| TOTAL_WORDS.contains(&word))
}

fn is_number(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || ".,'% ".contains(c))
}

/// The one number in a footer that says it counts people or rows.
fn counted(text: &str) -> Option<usize> {
    let key = word_key(text);
    let mut words = key.split(' ');
    if !words.clone().any(|word| COUNT_WORDS.contains(&word)) {
        return None;
    }
    let number = words.find(|word| word.chars().all(|c| c.is_ascii_digit()))?;
    match words.any(|word| word.chars().all(|c| c.is_ascii_digit())) {
        true => None,
        false => number.parse().ok(),
    }
}
