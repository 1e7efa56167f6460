//! A whole look at a file: what it was taken for, what was found in it, and every problem and
//! warning. [`crate::read`] is this look, reduced to its answer.

use std::collections::BTreeMap;

use muster_domain::model::{canonical::Digest, person::EmploymentStatus, roster::Roster};
use serde::Serialize;

use crate::{
    dates::{self, Decided, OrderBy},
    decode::{self, Content},
    draft::{self, Drafting},
    json,
    options::{DateOrder, ReadOptions},
    people::{self, Assembled, File},
    problem::{Problem, Problems, Refusal, Warning, Warnings, letters},
    recognise::{self, Layout},
    table::{self, Shape, Table},
    zeros,
};

/// What a file was taken for and what was found in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkup {
    /// What kind of file it is.
    pub file: Container,
    /// The format it was recognised as, or that was named.
    pub format: Option<String>,
    /// Where none was recognised, the nearest, as which the rows were looked at.
    pub nearest: Option<&'static str>,
    /// The columns, in order, and what each was read as.
    pub columns: Vec<ColumnUse>,
    /// How its dates were read.
    pub dates: Option<Dates>,
    /// How much was found.
    pub counts: Counts,
    /// Why it is refused, by row and column; none when it is believed.
    pub problems: Vec<Problem>,
    /// What a person should look at, by row and column.
    pub warnings: Vec<Warning>,
    #[serde(skip)]
    roster: Option<Roster>,
}

/// What kind of file it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Container {
    /// `text`, `workbook` or `json`; `None` when it is nothing that is read.
    pub kind: Option<&'static str>,
    /// The encoding, of text.
    pub encoding: Option<&'static str>,
    /// What separates the cells, of delimited text.
    pub delimiter: Option<char>,
    /// The sheet that was read, of a workbook.
    pub sheet: Option<String>,
    /// The row of the headings; `None` where the file has no such row.
    pub header_row: Option<u32>,
}

/// A column and what it was read as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnUse {
    /// The letters a spreadsheet shows above it.
    pub letters: String,
    /// The heading as given.
    pub heading: String,
    /// What it was read as; nothing when it was not read.
    pub read_as: Vec<String>,
}

/// How dates such as `03/04/2025` were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dates {
    /// `dmy` or `mdy`; `None` when it could not be told.
    pub order: Option<&'static str>,
    /// Where that is known from.
    pub by: OrderBy,
}

/// How much was found. Of a file that is refused, what could be read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Rows of data.
    pub rows: usize,
    /// People.
    pub people: usize,
    /// Engagements.
    pub engagements: usize,
    /// Engagements by status; `not_told` where there is none.
    pub by_status: BTreeMap<&'static str, usize>,
    /// People without an address at work, who cannot be given an account.
    pub without_work_email: usize,
}

impl Checkup {
    /// The roster, when there is not a single problem.
    ///
    /// # Errors
    ///
    /// The problems.
    pub fn into_roster(self) -> Result<Roster, Refusal> {
        let Self { format, problems, roster, .. } = self;
        roster.ok_or(Refusal { format, problems })
    }
}

/// Looks at an HR export and says all there is to say of it.
#[must_use]
pub fn check(file_name: &str, bytes: &[u8], options: &ReadOptions) -> Checkup {
    let mut look = Look::default();
    let content = decode::decode(file_name, bytes, &mut look.problems, &mut look.warnings);
    if let Some(content) = &content {
        look.content(content, options);
    }
    look.done(bytes, options)
}

/// What was seen so far.
#[derive(Default)]
struct Look {
    file: Container,
    format: Option<String>,
    layout: Option<Layout>,
    headings: Vec<String>,
    dates: Option<Decided>,
    rows: usize,
    assembled: Option<Assembled>,
    problems: Problems,
    warnings: Warnings,
}

impl Look {
    fn content(&mut self, content: &Content<'_>, options: &ReadOptions) {
        let known = recognise::known_headings(options);
        let problems = &mut self.problems;
        let table = match content {
            Content::Text(text, encoding) => {
                self.file.kind = Some("text");
                self.file.encoding = Some(encoding);
                table::from_text(text, &known, problems)
            }
            Content::Json(text, encoding) => {
                self.file.kind = Some("json");
                self.file.encoding = Some(encoding);
                let records = json::records(text, problems);
                records.and_then(|records| table::from_records(records, problems))
            }
            Content::Sheets(sheets) => {
                self.file.kind = Some("workbook");
                table::from_sheets(sheets, &known, problems)
            }
        };
        if let Some(table) = table {
            self.table(table, options);
        }
    }

    /// Goes on after a problem, so that all of them are found in one go.
    fn table(&mut self, mut table: Table<'_>, options: &ReadOptions) {
        match &table.shape {
            Shape::Text { delimiter } => self.file.delimiter = Some(char::from(*delimiter)),
            Shape::Sheet { name } => self.file.sheet = Some(name.clone()),
            Shape::Records => {}
        }
        self.file.header_row = Some(table.header_row).filter(|row| *row > 0);
        let recognised = recognise::recognise(&table.headings, options, &mut self.problems);
        self.format = recognised.format;
        table.check(&mut self.problems);
        self.rows = table.rows.len();
        if let Some(layout) = recognised.layout {
            self.rows_of_people(&table, &layout, options);
            self.layout = Some(layout);
        }
        self.headings = table.headings;
    }

    fn rows_of_people(&mut self, table: &Table<'_>, layout: &Layout, options: &ReadOptions) {
        let (problems, warnings) = (&mut self.problems, &mut self.warnings);
        zeros::check(table, layout, problems, warnings);
        let dates = dates::decide(table, layout, options.day_first, problems);
        let drafting = Drafting { layout, options, order: dates.order };
        let drafts = draft::drafts(table, &drafting, problems, warnings);
        let file = File { layout, lost: &table.lost, today: options.today };
        let assembled = people::assemble(drafts, &file, problems, warnings);
        table.check_footers(assembled.records.len(), problems, warnings);
        self.dates = Some(dates);
        self.assembled = Some(assembled);
    }

    fn done(self, bytes: &[u8], options: &ReadOptions) -> Checkup {
        let Self { file, format, layout, headings, dates, rows, assembled, problems, warnings } =
            self;
        let format = format.or_else(|| options.format.clone());
        let problems = problems.sorted();
        let warnings = warnings.sorted();
        let nearest = layout.as_ref().map(|layout| layout.format.name);
        let nearest = nearest.filter(|name| format.as_deref() != Some(*name));
        let columns = layout.as_ref().map(|layout| uses(&headings, layout)).unwrap_or_default();
        let counts = count(rows, assembled.as_ref());
        let roster = match (problems.is_empty(), layout, assembled) {
            (true, Some(layout), Some(assembled)) => Some(Roster {
                format: layout.format.name.to_owned(),
                digest: Digest::of(bytes),
                fields: layout.fields(),
                headings,
                rows: u32::try_from(rows).unwrap_or(u32::MAX),
                records: assembled.records,
                warnings: warnings.iter().map(ToString::to_string).collect(),
            }),
            _ => None,
        };
        let dates =
            dates.map(|Decided { order, by }| Dates { order: order.map(DateOrder::word), by });
        Checkup { file, format, nearest, columns, dates, counts, problems, warnings, roster }
    }
}

fn uses(headings: &[String], layout: &Layout) -> Vec<ColumnUse> {
    let read_as = |place: usize| {
        let targets = layout.columns.iter().filter(|(_, at)| *at == place);
        targets.map(|(target, _)| target.to_string()).collect()
    };
    headings
        .iter()
        .enumerate()
        .map(|(place, heading)| ColumnUse {
            letters: letters(place),
            heading: heading.clone(),
            read_as: read_as(place),
        })
        .collect()
}

fn count(rows: usize, assembled: Option<&Assembled>) -> Counts {
    let mut counts = Counts { rows, ..Counts::default() };
    for record in assembled.iter().flat_map(|assembled| &assembled.records) {
        counts.people += 1;
        counts.without_work_email += usize::from(record.profile.work_email.is_none());
        for terms in &record.engagements {
            counts.engagements += 1;
            let status = terms.status.map_or("not_told", EmploymentStatus::word);
            *counts.by_status.entry(status).or_default() += 1;
        }
    }
    counts
}
