//! Rows to typed values, each cell on its own; then what one row can contradict within itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use muster_domain::model::{
    email::EmailAddress,
    id::SourceId,
    person::{EmploymentStatus, EngagementKind, Profile, Scope, TerminationType, Terms},
    roster::Field,
};

use crate::{
    dates,
    delimited::Row,
    formats::{Format, Target},
    options::{DateOrder, ReadOptions},
    problem::{Problem, ProblemKind, Problems, Warnings, row_list},
    recognise::{Layout, REQUIRED},
    table::Table,
    words::{turned_round, word_key},
};

/// The errors that spreadsheets write into cells.
const SPREADSHEET_ERRORS: &[&str] = &[
    "#REF!",
    "#N/A",
    "#NAME?",
    "#VALUE!",
    "#DIV/0!",
    "#NULL!",
    "#NUM!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#GETTING_DATA",
];

/// One row, typed.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) row: u32,
    pub(crate) source_id: Option<SourceId>,
    pub(crate) profile: Profile,
    pub(crate) terms: Terms,
    pub(crate) payroll_name: Option<String>,
    pub(crate) rehire_date: Option<Date>,
    pub(crate) manager: ManagerHints,
}

/// What a row says of the manager, by how it says it.
#[derive(Debug, Default)]
pub(crate) struct ManagerHints {
    pub(crate) id: Option<String>,
    pub(crate) number: Option<String>,
    pub(crate) position: Option<String>,
    pub(crate) email: Option<EmailAddress>,
    pub(crate) name: Option<String>,
}

/// What stays the same for every row.
pub(crate) struct Drafting<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) options: &'a ReadOptions,
    /// `None` when the file's order could not be told, which is already a problem.
    pub(crate) order: Option<DateOrder>,
}

/// Types every row, in the order of the file.
pub(crate) fn drafts(
    table: &Table<'_>,
    drafting: &Drafting<'_>,
    problems: &mut Problems,
    warnings: &mut Warnings,
) -> Vec<Draft> {
    let mut typist = Typist {
        table,
        drafting,
        vocabulary: Vocabulary::new(drafting.layout.format, drafting.options),
        own_domains: drafting.options.own_domains.iter().map(|d| d.to_lowercase()).collect(),
        unmapped: BTreeMap::new(),
        problems,
        warnings,
    };
    let drafts = table.rows.iter().map(|row| typist.draft(row)).collect();
    typist.warn_of_unmapped();
    drafts
}

/// The words of the format and the user, by key.
struct Vocabulary {
    statuses: BTreeMap<String, EmploymentStatus>,
    kinds: BTreeMap<String, Option<EngagementKind>>,
    endings: BTreeMap<String, TerminationType>,
}

impl Vocabulary {
    fn new(format: &Format, options: &ReadOptions) -> Self {
        let own = format.statuses.iter().map(|(word, status)| (word_key(word), *status));
        let told = options.status_words.iter().map(|(word, status)| (word_key(word), *status));
        Self {
            statuses: own.chain(told).collect(),
            kinds: format.kinds.iter().map(|(word, kind)| (word_key(word), *kind)).collect(),
            endings: format.endings.iter().map(|(word, why)| (word_key(word), *why)).collect(),
        }
    }
}

struct Typist<'a, 't> {
    table: &'a Table<'t>,
    drafting: &'a Drafting<'a>,
    vocabulary: Vocabulary,
    own_domains: BTreeSet<String>,
    /// Words that nobody mapped: the field and the word, with the rows.
    unmapped: BTreeMap<(Field, String), Vec<u32>>,
    problems: &'a mut Problems,
    warnings: &'a mut Warnings,
}

impl Typist<'_, '_> {
    fn draft(&mut self, row: &Row<'_>) -> Draft {
        let mut draft = Draft { row: row.number, ..Draft::default() };
        let drafting = self.drafting;
        for &(target, place) in &drafting.layout.columns {
            let cell = row.cell(place);
            if cell.is_empty() {
                continue;
            }
            if cell.starts_with('#') && SPREADSHEET_ERRORS.contains(&cell) {
                let message = "an error of the spreadsheet instead of a value: mend the formula, \
                               or export from the HR system";
                self.problem(row, place, ProblemKind::SpreadsheetError, message);
            } else if target.is_date() {
                self.date(&mut draft, row, target, place);
            } else {
                self.fill(&mut draft, row, target, place);
            }
        }
        (drafting.layout.format.refine)(&mut draft);
        self.settle_name(&mut draft);
        self.check_required(row);
        self.check_dates(&mut draft);
        draft
    }

    fn problem(
        &mut self,
        row: &Row<'_>,
        place: usize,
        kind: ProblemKind,
        message: impl Into<String>,
    ) {
        self.problems.add(self.table.at(row, place, kind, message));
    }

    fn date(&mut self, draft: &mut Draft, row: &Row<'_>, target: Target, place: usize) {
        match dates::date(row.cell(place), self.drafting.order) {
            Ok(date) => {
                if let Some(slot) = draft.date_slot(target) {
                    *slot = date;
                }
            }
            Err(message) => self.problem(row, place, ProblemKind::InvalidDate, message),
        }
    }

    fn fill(&mut self, draft: &mut Draft, row: &Row<'_>, target: Target, place: usize) {
        let cell = row.cell(place);
        match target {
            Target::PayrollName => draft.payroll_name = Some(turned(cell)),
            Target::ManagerNumber => draft.manager.number = Some(cell.to_owned()),
            Target::ManagerPosition => draft.manager.position = Some(cell.to_owned()),
            Target::Field(Field::ManagerSourceId) => draft.manager.id = Some(cell.to_owned()),
            Target::Field(Field::ManagerName) => draft.manager.name = Some(one_line(cell)),
            Target::Field(Field::DisplayName) => draft.profile.display_name = Some(turned(cell)),
            Target::Field(Field::SourceId) => self.source_id(draft, row, place),
            Target::Field(Field::ManagerEmail) => draft.manager.email = self.email(row, place),
            Target::Field(Field::PersonalEmail) => {
                // A private address in the work column may have come first.
                if let Some(email) = self.email(row, place) {
                    draft.profile.personal_email = Some(email);
                }
            }
            Target::Field(Field::WorkEmail) => self.work_email(draft, row, place),
            Target::Field(Field::FormerEmails) => self.former_emails(draft, row, place),
            Target::Field(Field::InScope) => self.in_scope(draft, row, place),
            Target::Field(Field::TimeZone) => self.time_zone(draft, row, place),
            Target::Field(field @ (Field::Status | Field::Kind | Field::TerminationType)) => {
                self.word(draft, field, cell);
            }
            Target::Field(field) => {
                if let Some(slot) = draft.text_slot(field) {
                    *slot = Some(one_line(cell));
                }
            }
            Target::RehireDate => {}
        }
    }

    fn source_id(&mut self, draft: &mut Draft, row: &Row<'_>, place: usize) {
        match row.cell(place).parse() {
            Ok(id) => draft.source_id = Some(id),
            Err(_) => {
                let message = "not an id: it must be at most 200 bytes, without line breaks";
                self.problem(row, place, ProblemKind::InvalidValue, message);
            }
        }
    }

    fn email(&mut self, row: &Row<'_>, place: usize) -> Option<EmailAddress> {
        let email = row.cell(place).parse().ok();
        if email.is_none() {
            let message = "not an e-mail address: correct it, or leave the cell blank";
            self.problem(row, place, ProblemKind::InvalidValue, message);
        }
        email
    }

    /// The login; but an address of somebody else's domain is kept as a private one.
    fn work_email(&mut self, draft: &mut Draft, row: &Row<'_>, place: usize) {
        let Some(email) = self.email(row, place) else { return };
        if self.own_domains.is_empty() || self.own_domains.contains(email.domain()) {
            draft.profile.work_email = Some(email);
            return;
        }
        let message = format!(
            "{email} in the work column is not of your own domains, so it is not taken for a \
             login; correct it, or add {} to your domains",
            email.domain()
        );
        self.warnings.row(row.number, &message);
        draft.profile.personal_email.get_or_insert(email);
    }

    fn former_emails(&mut self, draft: &mut Draft, row: &Row<'_>, place: usize) {
        let parts = row.cell(place).split([';', ',', ' ', '\n', '\r', '\t']);
        let parts = parts.filter(|part| !part.is_empty());
        match parts.map(str::parse).collect::<Result<BTreeSet<EmailAddress>, _>>() {
            Ok(emails) => draft.profile.former_emails = Some(emails),
            Err(error) => {
                let message = format!("{error}; separate addresses by ; or blanks");
                self.problem(row, place, ProblemKind::InvalidValue, message);
            }
        }
    }

    fn in_scope(&mut self, draft: &mut Draft, row: &Row<'_>, place: usize) {
        draft.profile.in_scope = match &*word_key(row.cell(place)) {
            "yes" | "y" | "true" | "1" | "in" => Some(Scope::In),
            "no" | "n" | "false" | "0" | "out" => Some(Scope::Out),
            _ => {
                let message = "write yes or no";
                return self.problem(row, place, ProblemKind::InvalidValue, message);
            }
        };
    }

    /// Checked by shape only: which zones exist is known to the zone database, which is I/O.
    fn time_zone(&mut self, draft: &mut Draft, row: &Row<'_>, place: usize) {
        let cell = row.cell(place);
        let shaped = cell.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
        if shaped && (cell.contains('/') || cell == "UTC") {
            draft.profile.time_zone = Some(cell.to_owned());
        } else {
            let message = "not a time zone: write it like Europe/Berlin";
            self.problem(row, place, ProblemKind::InvalidValue, message);
        }
    }

    fn word(&mut self, draft: &mut Draft, field: Field, cell: &str) {
        let key = word_key(cell);
        let known = match field {
            Field::Status => {
                let status = self.vocabulary.statuses.get(&key).copied();
                draft.terms.status = Some(status.unwrap_or(EmploymentStatus::Unknown));
                draft.terms.status_raw = Some(one_line(cell));
                status.is_some()
            }
            Field::Kind => {
                let kind = self.vocabulary.kinds.get(&key).copied();
                draft.terms.kind = kind.unwrap_or(Some(EngagementKind::Other));
                kind.is_some()
            }
            _ => {
                draft.terms.termination = self.vocabulary.endings.get(&key).copied();
                draft.terms.termination.is_some()
            }
        };
        if !known {
            self.unmapped.entry((field, one_line(cell))).or_default().push(draft.row);
        }
    }

    /// The payroll's name is shown only when there is no preferred one that it would hide.
    fn settle_name(&self, draft: &mut Draft) {
        let Profile { legal_last, preferred_first, preferred_last, display_name, .. } =
            &mut draft.profile;
        let preferred = preferred_last.is_some() || preferred_first.is_some();
        let whole = preferred_last.is_some() || legal_last.is_some();
        if display_name.is_none() && !(preferred && whole) {
            display_name.clone_from(&draft.payroll_name);
        }
    }

    /// Every row must say who, and whether she works here or since when.
    fn check_required(&mut self, row: &Row<'_>) {
        let columns = &self.drafting.layout.columns;
        for group in REQUIRED {
            let mut places = columns
                .iter()
                .filter(|(target, _)| group.contains(&target.field()))
                .map(|&(_, place)| place);
            let first = places.clone().next();
            if let Some(first) = first.filter(|_| places.all(|place| row.cell(place).is_empty())) {
                let words: Vec<&str> = group.iter().map(|field| field.word()).collect();
                let message = match words.as_slice() {
                    [one] => format!("the {one} is blank; fill it in or delete the row"),
                    several => format!("the row has none of {}: fill one in", several.join(", ")),
                };
                let kind = ProblemKind::MissingValue;
                let problem = Problem::new(kind, message).row(row.number);
                self.problems.add(problem.column(first, self.table.heading(first)));
            }
        }
    }

    /// Dates of one row that contradict each other.
    fn check_dates(&mut self, draft: &mut Draft) {
        let row = draft.row;
        let ended = matches!(
            draft.terms.status,
            Some(EmploymentStatus::Ended | EmploymentStatus::Unknown) | None
        );
        let terms = &mut draft.terms;
        if let Some(start) = terms.start_date {
            for (field, slot) in [
                (Field::EndDate, &mut terms.end_date),
                (Field::LastWorkingDay, &mut terms.last_working_day),
            ] {
                let Some(end) = slot.filter(|end| *end < start) else { continue };
                if ended {
                    let message = format!("the end {end} lies before the start {start}");
                    self.contradiction(row, field, &message);
                } else {
                    let message = format!(
                        "the {field} {end} lies before the start {start} and belongs to an \
                         earlier time; it was left out"
                    );
                    self.warnings.row(row, &message);
                    *slot = None;
                }
            }
            if let Some(first) = terms.original_start_date.filter(|first| *first > start) {
                let message = format!("the original start {first} is later than the start {start}");
                self.warnings.row(row, &message);
            }
        }
        if let (Some(start), Some(back)) = (terms.leave_start, terms.leave_return)
            && back < start
        {
            let message = format!("the return {back} lies before the start of the leave {start}");
            self.contradiction(row, Field::LeaveReturn, &message);
        }
        if let (Some(last), Some(end)) = (terms.last_working_day, terms.end_date)
            && last > end
        {
            let message = format!("the last working day {last} is later than the end {end}");
            self.warnings.row(row, &message);
        }
    }

    fn contradiction(&mut self, row: u32, field: Field, message: &str) {
        let message = format!("{message}: correct one of them in the HR system");
        let problem = Problem::new(ProblemKind::DatesContradict, message).row(row);
        self.problems.add(self.drafting.layout.mark(problem, Target::Field(field)));
    }

    fn warn_of_unmapped(&mut self) {
        for ((field, word), rows) in std::mem::take(&mut self.unmapped) {
            let rows = row_list(&rows);
            self.warnings.file(match field {
                Field::Status => format!(
                    "{rows}: the status {word:?} is not known, so these people count neither as \
                     active nor as ended; say what it means with a status word"
                ),
                Field::Kind => format!("{rows}: the kind {word:?} is not known and read as other"),
                _ => format!(
                    "{rows}: the {field} {word:?} is not known and read as not told, so access \
                     ends as for an ordinary leaver"
                ),
            });
        }
    }
}

impl Draft {
    fn date_slot(&mut self, target: Target) -> Option<&mut Option<Date>> {
        let Target::Field(field) = target else {
            return (target == Target::RehireDate).then_some(&mut self.rehire_date);
        };
        let terms = &mut self.terms;
        Some(match field {
            Field::StartDate => &mut terms.start_date,
            Field::OriginalStartDate => &mut terms.original_start_date,
            Field::EndDate => &mut terms.end_date,
            Field::LastWorkingDay => &mut terms.last_working_day,
            Field::LeaveStart => &mut terms.leave_start,
            Field::LeaveReturn => &mut terms.leave_return,
            _ => return None,
        })
    }

    /// Where a field of plain text goes. `None` for those that are typed.
    fn text_slot(&mut self, field: Field) -> Option<&mut Option<String>> {
        let Self { profile, terms, .. } = self;
        Some(match field {
            Field::EmployeeNumber => &mut profile.employee_number,
            Field::LegalFirst => &mut profile.legal_first,
            Field::LegalLast => &mut profile.legal_last,
            Field::PreferredFirst => &mut profile.preferred_first,
            Field::PreferredLast => &mut profile.preferred_last,
            Field::Position => &mut terms.position,
            Field::JobTitle => &mut terms.title,
            Field::StaffRole => &mut terms.staff_role,
            Field::Department => &mut terms.department,
            Field::Team => &mut terms.team,
            Field::Location => &mut terms.location,
            Field::Country => &mut terms.country,
            Field::LegalEntity => &mut terms.legal_entity,
            Field::CostCentre => &mut terms.cost_centre,
            _ => return None,
        })
    }
}

/// Line breaks and tabs inside a cell become a blank; nothing else changes.
fn one_line(cell: &str) -> String {
    if cell.contains(['\n', '\r', '\t']) {
        cell.split(['\n', '\r', '\t']).map(str::trim).collect::<Vec<_>>().join(" ")
    } else {
        cell.to_owned()
    }
}

fn turned(cell: &str) -> String {
    turned_round(&one_line(cell)).into_owned()
}
