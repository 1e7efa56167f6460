//! Gusto: one row per person; employees and contractors are separate lists. An answer of the API
//! that was saved as a file is read too.
//!
//! Gusto's date of a termination is the last day *of work*; it processes the end at midnight,
//! Pacific time, of the day after. The API lists every termination ever filed, those of earlier
//! times and of the future too. `email` may be the private address with which people sign in to
//! Gusto, so it is a login only where it lies in one of the organisation's own domains.

use muster_domain::model::{
    person::{EmploymentStatus, EngagementKind, TerminationType},
    roster::Field,
};

use super::{Column, Format, RowsPerPerson, Target, as_it_is, column, extra};
use crate::options::DateOrder;

pub(super) const FORMAT: Format = Format {
    name: "gusto",
    title: "Gusto",
    signature: &[
        &["Dismissal date"],
        &["Employment type", "Employment status", "Job title", "Preferred name"],
        &["Gusto ID"],
        &["manager_uuid"],
        &["current_employment_status"],
        &["uuid", "Terminated"],
    ],
    columns: COLUMNS,
    statuses: &[
        ("Onboarding", EmploymentStatus::Pending),
        ("Onboarding incomplete", EmploymentStatus::Pending),
        ("Pending", EmploymentStatus::Pending),
        ("Hired", EmploymentStatus::Pending),
        ("Rehire pending", EmploymentStatus::Pending),
        ("Active", EmploymentStatus::Active),
        ("Dismissal scheduled", EmploymentStatus::Active),
        ("On leave", EmploymentStatus::OnLeave),
        ("Leave of absence", EmploymentStatus::OnLeave),
        ("Dismissed", EmploymentStatus::Ended),
        ("Terminated", EmploymentStatus::Ended),
        ("Inactive", EmploymentStatus::Ended),
        ("Deceased", EmploymentStatus::Ended),
        ("Hire cancelled", EmploymentStatus::Withdrawn),
    ],
    kinds: &[
        ("Employee", Some(EngagementKind::Employee)),
        ("Full time", Some(EngagementKind::Employee)),
        ("Part time", Some(EngagementKind::Employee)),
        ("part_time_under_twenty_hours", Some(EngagementKind::Employee)),
        ("part_time_twenty_plus_hours", Some(EngagementKind::Employee)),
        ("Variable", Some(EngagementKind::Employee)),
        ("Seasonal", Some(EngagementKind::Employee)),
        ("Owner", Some(EngagementKind::Employee)),
        ("Salaried", Some(EngagementKind::Employee)),
        ("Hourly", Some(EngagementKind::Employee)),
        ("Salary/No overtime", Some(EngagementKind::Employee)),
        ("Salary/Eligible for overtime", Some(EngagementKind::Employee)),
        ("Paid by the hour", Some(EngagementKind::Employee)),
        ("Contractor", Some(EngagementKind::Contractor)),
        ("Individual contractor", Some(EngagementKind::Contractor)),
        ("Individual", Some(EngagementKind::Contractor)),
        ("Business", Some(EngagementKind::Contractor)),
        ("1099", Some(EngagementKind::Contractor)),
        ("Intern", Some(EngagementKind::Intern)),
    ],
    endings: &[
        ("Voluntary", TerminationType::Voluntary),
        ("Resigned", TerminationType::Voluntary),
        ("Involuntary", TerminationType::Involuntary),
        ("Dismissed", TerminationType::Involuntary),
        ("End of contract", TerminationType::EndOfContract),
    ],
    date_orders: &[DateOrder::MonthDayYear],
    rows: RowsPerPerson::One,
    padded: &[],
    lists: None,
    without_leavers: Some("include dismissed people in the report"),
    refine: as_it_is,
};

const COLUMNS: &[Column] = &[
    column(Field::SourceId, &["Gusto ID", "uuid", "Employee ID", "Employee UUID", "ID"]),
    column(Field::EmployeeNumber, &["Employee number", "employee_code"]),
    column(Field::LegalFirst, &["Legal first name", "First name"]),
    column(Field::LegalLast, &["Legal last name", "Last name"]),
    column(Field::PreferredFirst, &["Preferred name", "Preferred first name"]),
    column(Field::DisplayName, &["Full name", "Employee name", "Name", "Employee"]),
    column(Field::WorkEmail, &["Work email"]),
    extra(Target::AnyEmail, &["Email"]),
    column(Field::PersonalEmail, &["Personal email"]),
    column(Field::Kind, &["Employment type", "current_employment_status", "Worker type"]),
    column(Field::Status, &["Employment status", "Status"]),
    extra(Target::Terminated, &["Terminated"]),
    column(Field::StartDate, &["Start date", "Hire date", "jobs.hire_date"]),
    column(Field::OriginalStartDate, &["Original hire date", "Original start date"]),
    column(
        Field::LastWorkingDay,
        &[
            "Last day of work",
            "Last day",
            "Termination date",
            "Dismissal date",
            "effective_date",
            "End date",
        ],
    ),
    extra(Target::LastDays, &["terminations.effective_date"]),
    column(Field::LeaveStart, &["Leave start date"]),
    column(Field::LeaveReturn, &["Leave end date", "Leave return date"]),
    column(Field::TerminationType, &["Termination type", "Dismissal type"]),
    column(Field::ManagerSourceId, &["Manager ID", "manager_uuid"]),
    column(Field::ManagerEmail, &["Manager email", "Manager work email"]),
    column(Field::ManagerName, &["Manager", "Manager name"]),
    column(Field::JobTitle, &["Job title", "Title", "jobs.title"]),
    column(Field::Department, &["Department"]),
    column(Field::Team, &["Team"]),
    column(Field::Location, &["Work location", "Work address", "Location"]),
    column(Field::Country, &["Work country", "Country"]),
    column(Field::LegalEntity, &["Company", "Legal entity"]),
];
