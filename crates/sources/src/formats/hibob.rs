//! HiBob: one row per person. An answer of `people/search` that was saved as a file is read too,
//! with paths such as `work.startDate` for headings.
//!
//! The lifecycle status goes before Active and Inactive. Tenants rename its words: `--status` says
//! what they mean. People stay "employed" until the contract ends, so the last day of work is a
//! column of its own. Leavers may be renamed with a plus address. Fields that the export may not
//! see are missing without an error.

use muster_domain::model::{
    person::{EmploymentStatus, EngagementKind, TerminationType},
    roster::Field,
};

use super::{Column, Format, RowsPerPerson, as_it_is, column};
use crate::options::DateOrder;

pub(super) const FORMAT: Format = Format {
    name: "hibob",
    title: "HiBob",
    signature: &[
        &["Lifecycle status"],
        &["internal.lifecycleStatus"],
        &["internal.status"],
        &["root.id"],
        &["Site", "Reports to"],
        &["work.reportsTo.email"],
    ],
    columns: COLUMNS,
    statuses: &[
        ("Hired", EmploymentStatus::Pending),
        ("Pending", EmploymentStatus::Pending),
        ("Employed", EmploymentStatus::Active),
        ("Active", EmploymentStatus::Active),
        ("Garden leave", EmploymentStatus::OnLeave),
        ("Gardening leave", EmploymentStatus::OnLeave),
        ("Leave", EmploymentStatus::OnLeave),
        ("On leave", EmploymentStatus::OnLeave),
        ("Long-term leave", EmploymentStatus::OnLeave),
        ("Parental leave", EmploymentStatus::OnLeave),
        ("Maternity leave", EmploymentStatus::OnLeave),
        ("Paternity leave", EmploymentStatus::OnLeave),
        ("Terminated", EmploymentStatus::Ended),
        ("Inactive", EmploymentStatus::Ended),
    ],
    kinds: &[
        ("Permanent", Some(EngagementKind::Employee)),
        ("Employee", Some(EngagementKind::Employee)),
        ("Full time", Some(EngagementKind::Employee)),
        ("Part time", Some(EngagementKind::Employee)),
        ("Fixed term", Some(EngagementKind::Employee)),
        ("Temporary", Some(EngagementKind::Employee)),
        ("Contractor", Some(EngagementKind::Contractor)),
        ("Freelancer", Some(EngagementKind::Contractor)),
        ("Consultant", Some(EngagementKind::Contractor)),
        ("Intern", Some(EngagementKind::Intern)),
        ("Apprentice", Some(EngagementKind::Intern)),
    ],
    endings: &[
        ("Voluntary", TerminationType::Voluntary),
        ("Resignation", TerminationType::Voluntary),
        ("Involuntary", TerminationType::Involuntary),
        ("Dismissal", TerminationType::Involuntary),
        ("End of contract", TerminationType::EndOfContract),
    ],
    date_orders: &[DateOrder::DayMonthYear, DateOrder::MonthDayYear],
    rows: RowsPerPerson::One,
    padded: &[],
    lists: None,
    without_leavers: Some("include inactive people (showInactive in the API)"),
    refine: as_it_is,
};

const COLUMNS: &[Column] = &[
    column(Field::SourceId, &["root.id", "id", "Employee ID", "Bob ID"]),
    column(Field::EmployeeNumber, &["Employee number", "work.employeeIdInCompany"]),
    column(Field::LegalFirst, &["First name", "root.firstName"]),
    column(Field::LegalLast, &["Last name", "Surname", "root.surname"]),
    column(Field::PreferredFirst, &["Preferred name", "Preferred first name"]),
    column(Field::DisplayName, &["Display name", "root.displayName", "Full name", "Name"]),
    column(Field::WorkEmail, &["Email", "root.email", "Work email"]),
    column(
        Field::PersonalEmail,
        &["Personal email", "Private email", "home.privateEmail", "home.personalEmail"],
    ),
    column(
        Field::Kind,
        &["Employment contract", "Contract type", "Employment type", "payroll.employment.contract"],
    ),
    column(
        Field::Status,
        &["Lifecycle status", "internal.lifecycleStatus", "Status", "internal.status"],
    ),
    column(Field::StartDate, &["Start date", "work.startDate", "Hire date"]),
    column(Field::OriginalStartDate, &["Original start date", "work.originalStartDate"]),
    column(Field::EndDate, &["Termination date", "internal.terminationDate", "End date"]),
    column(
        Field::LastWorkingDay,
        &["Last day of work", "employee.lastDayOfWork", "internal.lastDayOfWork"],
    ),
    column(Field::LeaveStart, &["Leave start date"]),
    column(Field::LeaveReturn, &["Leave end date", "Leave return date"]),
    column(Field::TerminationType, &["Termination type", "internal.terminationType"]),
    column(
        Field::ManagerSourceId,
        &["Reports to ID", "Manager ID", "work.reportsTo.id", "work.manager"],
    ),
    column(Field::ManagerEmail, &["Reports to email", "Manager email", "work.reportsTo.email"]),
    column(
        Field::ManagerName,
        &["Reports to", "Manager", "work.reportsTo.displayName", "work.reportsTo"],
    ),
    column(Field::JobTitle, &["Job title", "Title", "work.title"]),
    column(Field::Department, &["Department", "work.department"]),
    column(Field::Team, &["Team", "work.team"]),
    column(Field::Location, &["Site", "work.site", "Location"]),
    column(Field::Country, &["Country", "Site country", "address.country"]),
    column(Field::LegalEntity, &["Company", "Legal entity", "work.company"]),
];
