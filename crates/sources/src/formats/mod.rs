//! What the HR systems call things. One file per format; this list is the only other place that
//! knows of it.
//!
//! # Adding a format
//!
//! 1. Write `formats/<name>.rs` with one `pub(super) const FORMAT: Format`. It is data: for each
//!    field the headings that mean it, best first (compared loosely: case, blanks, punctuation and
//!    word order do not count), the system's status and kind words, and how it writes dates.
//! 2. Only what data cannot say goes into the small function `refine`, which sees one row after
//!    it was typed and before it is checked.
//! 3. Add one line to `ALL` below.
//! 4. Put a good file and a broken one under `examples/rosters/<name>/`.
//!
//! The tests of this module walk the list, so a new entry is checked as soon as it is listed.

mod adp;
mod bamboohr;
mod gusto;
mod hibob;
mod muster;
mod personio;
mod rippling;
mod workday;

use std::fmt;

use muster_domain::model::{
    person::{EmploymentStatus, EngagementKind, TerminationType},
    roster::Field,
};

use crate::{draft::Draft, options::DateOrder};

/// Every format. The first is taken where no other fits but the mapping gives what is needed.
const ALL: &[Format] = &[
    muster::FORMAT,
    bamboohr::FORMAT,
    adp::FORMAT,
    rippling::FORMAT,
    gusto::FORMAT,
    workday::FORMAT,
    hibob::FORMAT,
    personio::FORMAT,
];

/// Every format that is read.
#[must_use]
pub fn formats() -> &'static [Format] {
    ALL
}

/// How one HR system writes its exports.
#[derive(Debug)]
pub struct Format {
    /// The word for it, as in `--format adp`.
    pub name: &'static str,
    /// Its name in texts.
    pub title: &'static str,
    /// Sets of headings; one set must be there whole to recognise the format unasked.
    pub signature: &'static [&'static [&'static str]],
    /// Which headings hold what.
    pub columns: &'static [Column],
    /// The system's status words.
    pub statuses: &'static [(&'static str, EmploymentStatus)],
    /// The system's words for the kind of work; `None` for one that says nothing of it.
    pub kinds: &'static [(&'static str, Option<EngagementKind>)],
    /// The system's words for why somebody leaves.
    pub endings: &'static [(&'static str, TerminationType)],
    /// How it may write dates beside ISO. One: declared. Two: the file's values decide.
    pub date_orders: &'static [DateOrder],
    /// Whether a person can have several rows.
    pub rows: RowsPerPerson,
    /// Fields whose numbers the system pads with zeros to one width.
    pub padded: &'static [Field],
    /// What separates the values of a cell that holds a list, where the system writes lists.
    pub lists: Option<char>,
    /// What to do where a file lists no leaver, for systems whose exports often leave them out.
    pub without_leavers: Option<&'static str>,
    /// What data cannot say.
    pub(crate) refine: fn(&mut Draft),
}

/// Whether a person can have several rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsPerPerson {
    /// One: a second row with the same id is a problem.
    One,
    /// One for each position or period of work.
    Several,
}

/// A column of a format.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What it holds.
    pub target: Target,
    /// What it may be called, best first.
    pub headings: &'static [&'static str],
}

/// What a column holds: a field of the roster, or something a field is worked out from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A canonical field.
    Field(Field),
    /// The name in the payroll: shown only where no better one is known.
    PayrollName,
    /// First day after having left before; goes before the start date.
    RehireDate,
    /// A last day that counts where there is no end date.
    OtherEnd,
    /// Yes or no: whether the person has left.
    Terminated,
    /// Every last day of work that was ever filed: the latest counts, if it lies after the start.
    LastDays,
    /// From which day on the row is true.
    EffectiveDate,
    /// An address that may be the private one: a login only in one of your own domains.
    AnyEmail,
    /// The manager by employee number.
    ManagerNumber,
    /// The manager by the id of her position.
    ManagerPosition,
}

impl Target {
    /// The canonical field that the column tells something about, if any.
    #[must_use]
    pub const fn field(self) -> Option<Field> {
        Some(match self {
            Self::Field(field) => field,
            Self::PayrollName => Field::DisplayName,
            Self::RehireDate => Field::StartDate,
            Self::OtherEnd => Field::EndDate,
            Self::Terminated => Field::Status,
            Self::LastDays => Field::LastWorkingDay,
            Self::AnyEmail => Field::PersonalEmail,
            Self::ManagerNumber | Self::ManagerPosition => Field::ManagerSourceId,
            Self::EffectiveDate => return None,
        })
    }

    /// Whether the column holds dates.
    #[must_use]
    pub const fn is_date(self) -> bool {
        match self {
            Self::RehireDate | Self::OtherEnd | Self::EffectiveDate => true,
            Self::Field(field) => matches!(
                field,
                Field::StartDate
                    | Field::OriginalStartDate
                    | Field::EndDate
                    | Field::LastWorkingDay
                    | Field::LeaveStart
                    | Field::LeaveReturn
                    | Field::ReviewDate
            ),
            Self::PayrollName
            | Self::Terminated
            | Self::LastDays
            | Self::AnyEmail
            | Self::ManagerNumber
            | Self::ManagerPosition => false,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Field(field) => field.word(),
            Self::PayrollName => "name in the payroll",
            Self::RehireDate => "start after having left",
            Self::OtherEnd => "end where there is no end date",
            Self::Terminated => "whether the person has left",
            Self::LastDays => "last days of work, now and earlier",
            Self::EffectiveDate => "from which day on the row is true",
            Self::AnyEmail => "address at work or private",
            Self::ManagerNumber => "manager by employee number",
            Self::ManagerPosition => "manager by position",
        })
    }
}

/// A column that holds a canonical field.
const fn column(field: Field, headings: &'static [&'static str]) -> Column {
    Column { target: Target::Field(field), headings }
}

/// A column that a field is worked out from.
const fn extra(target: Target, headings: &'static [&'static str]) -> Column {
    Column { target, headings }
}

/// Nothing to refine.
fn as_it_is(_: &mut Draft) {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::words::{heading_key, word_key};

    #[test]
    fn every_format_is_sound() {
        let names: BTreeSet<_> = ALL.iter().map(|format| format.name).collect();
        assert_eq!(names.len(), ALL.len(), "two formats have one name");
        for format in ALL {
            let name = format.name;
            let known: BTreeSet<_> =
                format.columns.iter().flat_map(|c| c.headings).map(|h| heading_key(h)).collect();
            for heading in format.signature.iter().copied().flatten() {
                assert!(known.contains(&heading_key(heading)), "{name}: {heading} is no column");
            }
            let targets: BTreeSet<_> = format.columns.iter().map(|c| c.target).collect();
            assert_eq!(targets.len(), format.columns.len(), "{name}: a target is listed twice");
            assert!(targets.contains(&Target::Field(Field::SourceId)), "{name} has no id");
            assert!(!format.date_orders.is_empty(), "{name} has no order of dates");
            let statuses: BTreeSet<_> = format.statuses.iter().map(|(w, _)| word_key(w)).collect();
            assert_eq!(statuses.len(), format.statuses.len(), "{name}: a status word twice");
            let kinds: BTreeSet<_> = format.kinds.iter().map(|(w, _)| word_key(w)).collect();
            assert_eq!(kinds.len(), format.kinds.len(), "{name}: a kind word twice");
        }
    }

    #[test]
    fn musters_own_format_has_every_field_under_its_word() {
        for &field in Field::ALL {
            let target = Target::Field(field);
            let column = muster::FORMAT.columns.iter().find(|column| column.target == target);
            assert_eq!(column.map(|column| column.headings), Some([field.word()].as_slice()));
        }
    }
}
