//! Muster's own format: the headings are the words of the fields. For hand-made files, and for
//! any export whose columns are mapped by `--map column=field`.

use muster_domain::model::{
    person::{EmploymentStatus, EngagementKind, TerminationType},
    roster::Field,
};

use super::{Column, Format, RowsPerPerson, as_it_is, column};
use crate::options::DateOrder;

pub(super) const FORMAT: Format = Format {
    name: "muster",
    title: "Muster's own format",
    signature: &[&["source_id"]],
    columns: COLUMNS,
    statuses: &[
        ("pending", EmploymentStatus::Pending),
        ("hired", EmploymentStatus::Pending),
        ("onboarding", EmploymentStatus::Pending),
        ("active", EmploymentStatus::Active),
        ("employed", EmploymentStatus::Active),
        ("on_leave", EmploymentStatus::OnLeave),
        ("leave", EmploymentStatus::OnLeave),
        ("parental leave", EmploymentStatus::OnLeave),
        ("garden leave", EmploymentStatus::OnLeave),
        ("ended", EmploymentStatus::Ended),
        ("terminated", EmploymentStatus::Ended),
        ("inactive", EmploymentStatus::Ended),
        ("deceased", EmploymentStatus::Ended),
        ("withdrawn", EmploymentStatus::Withdrawn),
    ],
    kinds: &[
        ("employee", Some(EngagementKind::Employee)),
        ("contractor", Some(EngagementKind::Contractor)),
        ("intern", Some(EngagementKind::Intern)),
        ("other", Some(EngagementKind::Other)),
    ],
    endings: &[
        ("voluntary", TerminationType::Voluntary),
        ("involuntary", TerminationType::Involuntary),
        ("end_of_contract", TerminationType::EndOfContract),
    ],
    date_orders: &[DateOrder::DayMonthYear, DateOrder::MonthDayYear],
    rows: RowsPerPerson::Several,
    padded: &[],
    lists: None,
    without_leavers: None,
    refine: as_it_is,
};

macro_rules! by_word {
    ($($field:ident)+) => { &[$(column(Field::$field, &[Field::$field.word()])),+] };
}

const COLUMNS: &[Column] = by_word![
    SourceId EmployeeNumber LegalFirst LegalLast PreferredFirst PreferredLast DisplayName
    WorkEmail PersonalEmail FormerEmails Position Kind Status StartDate OriginalStartDate EndDate
    LastWorkingDay LeaveStart LeaveReturn ReviewDate TerminationType ManagerSourceId ManagerEmail ManagerName
    JobTitle StaffRole Department Team Location Country TimeZone LegalEntity CostCentre InScope
];
