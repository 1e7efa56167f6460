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
    problem::{Problem, ProblemKind, Problems, Warning, Warnings},
    recognise::{Layout, REQUIRED},
    table::{Shape, Table},
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

/// Providers at which anybody can have an address: never an organisation's own, unless it says so.
const PUBLIC_PROVIDERS: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "yahoo.com",
    "ymail.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "aol.com",
    "proton.me",
    "protonmail.com",
    "gmx.de",
    "gmx.net",
    "gmx.at",
    "gmx.ch",
    "web.de",
    "t-online.de",
    "freenet.de",
    "mail.ru",
    "yandex.ru",
    "qq.com",
    "163.com",
    "orange.fr",
    "wanadoo.fr",
    "libero.it",
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
    /// A last day that counts where there is no end date.
    pub(crate) other_end: Option<Date>,
    /// The latest of all last days of work that were filed.
    pub(crate) last_day: Option<Date>,
    /// From which day on the row is true.
    pub(crate) effective: Option<Date>,
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
    typist.warn_of_any_email();
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
    /// Words that nobody mapped: the column and the word, with the rows.
    unmapped: BTreeMap<(Field, String), Vec<u32>>,
    problems: &'a mut Problems,
    warnings: &'a mut Warnings,
}

/// A filled cell.
#[derive(Clone, Copy)]
struct Cell<'c> {
    row: u32,
    place: usize,
    text: &'c str,
}

impl Typist<'_, '_> {
    fn draft(&mut self, row: &Row<'_>) -> Draft {
        let mut draft = Draft { row: row.number, ..Draft::default() };
        let drafting = self.drafting;
        for &(target, place) in &drafting.layout.columns {
            let cell = Cell { row: row.number, place, text: row.cell(place) };
            if cell.text.is_empty() {
                continue;
            }
            if cell.text.starts_with('#') && SPREADSHEET_ERRORS.contains(&cell.text) {
                let message = "an error of the spreadsheet instead of a value: mend the formula, \
                               or export from the HR system";
                self.problem(cell, ProblemKind::SpreadsheetError, message);
            } else if target.is_date() {
                self.date(&mut draft, target, cell);
            } else {
                let cell = self.first_of_list(&mut draft, target, cell);
                self.fill(&mut draft, target, cell);
            }
        }
        (drafting.layout.format.refine)(&mut draft);
        self.settle_name(&mut draft);
        self.settle_end(&mut draft);
        self.check_required(row);
        draft
    }

    fn problem(&mut self, cell: Cell<'_>, kind: ProblemKind, message: impl Into<String>) {
        let problem = Problem::new(kind, message).row(cell.row).value(cell.text);
        self.problems.add(problem.column(cell.place, self.table.heading(cell.place)));
    }

    fn warn(&mut self, cell: Cell<'_>, message: impl Into<String>) {
        let warning = Warning::new(message).row(cell.row).value(cell.text);
        self.warnings.add(warning.column(cell.place, self.table.heading(cell.place)));
    }

    fn date(&mut self, draft: &mut Draft, target: Target, cell: Cell<'_>) {
        match dates::date(cell.text, self.drafting.order) {
            Ok(date) => {
                if let Some(slot) = draft.date_slot(target) {
                    *slot = date;
                }
            }
            Err(message) => self.problem(cell, ProblemKind::InvalidDate, message),
        }
    }

    /// Where the system writes lists: the first value; further work addresses are former ones.
    fn first_of_list<'c>(&mut self, draft: &mut Draft, target: Target, cell: Cell<'c>) -> Cell<'c> {
        // Lists of an API became such cells too.
        let listed = matches!(self.table.shape, Shape::Records) && names_one(target);
        let mark = self.drafting.layout.format.lists.or_else(|| listed.then_some(';'));
        let several = mark
            .filter(|_| !matches!(target, Target::Field(Field::FormerEmails) | Target::LastDays));
        let Some((first, rest)) = several.and_then(|mark| cell.text.split_once(mark)) else {
            return cell;
        };
        if rest.trim().is_empty() {
            return Cell { text: first.trim(), ..cell };
        }
        if target == Target::Field(Field::WorkEmail) {
            let at = Cell { text: rest, ..cell };
            self.former_emails(draft, at);
        }
        self.warn(cell, "several values, of which the first counts: see that it is the right one");
        Cell { text: first.trim(), ..cell }
    }

    fn fill(&mut self, draft: &mut Draft, target: Target, cell: Cell<'_>) {
        let text = cell.text;
        match target {
            Target::PayrollName => draft.payroll_name = Some(turned(text)),
            Target::ManagerNumber => draft.manager.number = Some(text.to_owned()),
            Target::ManagerPosition => draft.manager.position = Some(text.to_owned()),
            Target::Field(Field::ManagerSourceId) => draft.manager.id = Some(text.to_owned()),
            Target::Field(Field::ManagerName) => draft.manager.name = Some(one_line(text)),
            Target::Field(Field::DisplayName) => draft.profile.display_name = Some(turned(text)),
            Target::Field(Field::SourceId) => self.source_id(draft, cell),
            Target::Field(Field::ManagerEmail) => draft.manager.email = self.email(cell),
            Target::Field(Field::PersonalEmail) => {
                // A private address in the work column may have come first.
                if let Some(email) = self.email(cell) {
                    draft.profile.personal_email = Some(email);
                }
            }
            Target::Field(Field::WorkEmail) => self.work_email(draft, cell),
            Target::AnyEmail => self.any_email(draft, cell),
            Target::Field(Field::FormerEmails) => self.former_emails(draft, cell),
            Target::Field(Field::InScope) => {
                let scope = |yes| if yes { Scope::In } else { Scope::Out };
                draft.profile.in_scope = self.yes_or_no(cell).map(scope);
            }
            Target::Terminated => self.terminated(draft, cell),
            Target::LastDays => self.last_days(draft, cell),
            Target::Field(Field::TimeZone) => self.time_zone(draft, cell),
            Target::Field(field @ (Field::Status | Field::Kind | Field::TerminationType)) => {
                self.word(draft, field, text);
            }
            Target::Field(field) => {
                if let Some(slot) = draft.text_slot(field) {
                    *slot = Some(one_line(text));
                }
            }
            Target::RehireDate | Target::OtherEnd | Target::EffectiveDate => {}
        }
    }

    fn source_id(&mut self, draft: &mut Draft, cell: Cell<'_>) {
        match cell.text.parse() {
            Ok(id) => draft.source_id = Some(id),
            Err(_) => {
                let message = "not an id: it must be at most 200 bytes, without line breaks";
                self.problem(cell, ProblemKind::InvalidValue, message);
            }
        }
    }

    fn email(&mut self, cell: Cell<'_>) -> Option<EmailAddress> {
        let email = cell.text.parse().ok();
        if email.is_none() {
            let message = "not an e-mail address: correct it, or leave the cell blank";
            self.problem(cell, ProblemKind::InvalidValue, message);
        }
        email
    }

    /// The login; but an address of somebody else's domain is kept as a private one.
    fn work_email(&mut self, draft: &mut Draft, cell: Cell<'_>) {
        let Some(email) = self.email(cell) else { return };
        let domain = email.domain();
        let what = if self.own_domains.contains(domain) {
            None
        } else if PUBLIC_PROVIDERS.contains(&domain) {
            Some("of a public mail provider")
        } else {
            (!self.own_domains.is_empty()).then_some("not of your own domains")
        };
        let Some(what) = what else {
            draft.profile.work_email = Some(email);
            return;
        };
        let message = format!(
            "an address in the work column that is {what}, so it is taken for a private one and \
             not for a login; correct it, or add {domain} to your domains"
        );
        self.warn(cell, message);
        draft.profile.personal_email.get_or_insert(email);
    }

    /// A login where it lies in one of the own domains, else a private address.
    fn any_email(&mut self, draft: &mut Draft, cell: Cell<'_>) {
        let Some(email) = self.email(cell) else { return };
        if self.own_domains.contains(email.domain()) {
            draft.profile.work_email.get_or_insert(email);
        } else {
            draft.profile.personal_email.get_or_insert(email);
        }
    }

    fn former_emails(&mut self, draft: &mut Draft, cell: Cell<'_>) {
        let parts = cell.text.split([';', ',', ' ', '\n', '\r', '\t']);
        let parts = parts.filter(|part| !part.is_empty());
        match parts.map(str::parse).collect::<Result<BTreeSet<EmailAddress>, _>>() {
            Ok(emails) => draft.profile.former_emails = Some(emails),
            Err(error) => {
                let message = format!("{error}; separate addresses by ; or blanks");
                self.problem(cell, ProblemKind::InvalidValue, message);
            }
        }
    }

    fn yes_or_no(&mut self, cell: Cell<'_>) -> Option<bool> {
        match &*word_key(cell.text) {
            "yes" | "y" | "true" | "1" | "in" => Some(true),
            "no" | "n" | "false" | "0" | "out" => Some(false),
            _ => {
                self.problem(cell, ProblemKind::InvalidValue, "write yes or no");
                None
            }
        }
    }

    fn terminated(&mut self, draft: &mut Draft, cell: Cell<'_>) {
        let terms = &mut draft.terms;
        match self.yes_or_no(cell) {
            Some(true) => terms.status = Some(EmploymentStatus::Ended),
            Some(false) => {
                terms.status.get_or_insert(EmploymentStatus::Active);
            }
            None => return,
        }
        terms.status_raw.get_or_insert_with(|| format!("terminated: {}", cell.text));
    }

    fn last_days(&mut self, draft: &mut Draft, cell: Cell<'_>) {
        for text in cell.text.split(';') {
            match dates::date(text, self.drafting.order) {
                Ok(day) => draft.last_day = draft.last_day.max(day),
                Err(message) => self.problem(cell, ProblemKind::InvalidDate, message),
            }
        }
    }

    /// Checked by shape only: which zones exist is known to the zone database, which is I/O.
    fn time_zone(&mut self, draft: &mut Draft, cell: Cell<'_>) {
        let text = cell.text;
        let shaped = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
        if shaped && (text.contains('/') || text == "UTC") {
            draft.profile.time_zone = Some(text.to_owned());
        } else {
            let message = "not a time zone: write it like Europe/Berlin";
            self.problem(cell, ProblemKind::InvalidValue, message);
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

    /// An end that is told in another column counts where there is no end date.
    fn settle_end(&mut self, draft: &mut Draft) {
        let terms = &mut draft.terms;
        // One of an earlier time lies before the start of this one.
        let own = draft.last_day.filter(|day| terms.start_date.is_none_or(|start| *day >= start));
        terms.last_working_day = terms.last_working_day.or(own);
        let Some(other) = draft.other_end else { return };
        let end = *draft.terms.end_date.get_or_insert(other);
        if end != other {
            let message = format!("differs from the end date {end}, which counts: see which holds");
            let warning = Warning::new(message).row(draft.row).value(&other.to_string());
            self.warnings.add(self.drafting.layout.remark(warning, Target::OtherEnd));
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
                .filter(|(target, _)| target.field().is_some_and(|field| group.contains(&field)))
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

    fn warn_of_unmapped(&mut self) {
        for ((field, word), rows) in std::mem::take(&mut self.unmapped) {
            let message = match field {
                Field::Status => {
                    "the status is not known, so it counts neither as active nor as ended; say \
                     what it means with --status"
                }
                Field::Kind => "the kind is not known and read as other",
                _ => {
                    "this way of leaving is not known and read as not told, so access ends as for \
                     an ordinary leaver"
                }
            };
            let warning = Warning::new(message).rows(rows).value(&word);
            self.warnings.add(self.drafting.layout.remark(warning, Target::Field(field)));
        }
    }

    /// Where all that is known are addresses of which nobody can say whose they are.
    fn warn_of_any_email(&mut self) {
        let layout = self.drafting.layout;
        let lacks_work = layout.place(Target::Field(Field::WorkEmail)).is_none();
        if layout.place(Target::AnyEmail).is_some() && lacks_work && self.own_domains.is_empty() {
            let message = "these can be private addresses, so none is taken for a login: say which \
                           domains are yours, or, if they are all work addresses, map the column \
                           to work_email";
            self.warnings.add(layout.remark(Warning::new(message), Target::AnyEmail));
        }
    }
}

/// Whether a column names one person, so that a list in it can be none.
const fn names_one(target: Target) -> bool {
    matches!(
        target,
        Target::AnyEmail
            | Target::ManagerNumber
            | Target::ManagerPosition
            | Target::Field(
                Field::WorkEmail
                    | Field::ManagerSourceId
                    | Field::ManagerEmail
                    | Field::ManagerName
            )
    )
}

impl Draft {
    fn date_slot(&mut self, target: Target) -> Option<&mut Option<Date>> {
        let Target::Field(field) = target else {
            return match target {
                Target::RehireDate => Some(&mut self.rehire_date),
                Target::OtherEnd => Some(&mut self.other_end),
                Target::EffectiveDate => Some(&mut self.effective),
                _ => None,
            };
        };
        let terms = &mut self.terms;
        Some(match field {
            Field::StartDate => &mut terms.start_date,
            Field::OriginalStartDate => &mut terms.original_start_date,
            Field::EndDate => &mut terms.end_date,
            Field::LastWorkingDay => &mut terms.last_working_day,
            Field::LeaveStart => &mut terms.leave_start,
            Field::LeaveReturn => &mut terms.leave_return,
            Field::ReviewDate => &mut terms.review_date,
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
