//! BambooHR: one row per person. Custom reports use the headings of the screen, the API its field
//! names; both are known here.
//!
//! `Status` says Active or Inactive; `Employment Status` (the latest line of the employment
//! history) says Full-Time, Contractor, Terminated… and so tells the kind, and the status too
//! where there is no `Status` column.

use muster_domain::model::{
    person::{EmploymentStatus, EngagementKind, TerminationType},
    roster::Field,
};

use super::{Column, Format, RowsPerPerson, Target, as_it_is, column, extra};
use crate::options::DateOrder;

pub(super) const FORMAT: Format = Format {
    name: "bamboohr",
    title: "BambooHR",
    signature: &[&["Employee #"], &["EEID"], &["employmentHistoryStatus"], &["supervisorEId"]],
    columns: COLUMNS,
    statuses: &[
        ("Active", EmploymentStatus::Active),
        ("Inactive", EmploymentStatus::Ended),
        ("Terminated", EmploymentStatus::Ended),
        ("Deceased", EmploymentStatus::Ended),
        ("Pending", EmploymentStatus::Pending),
        ("Leave of Absence", EmploymentStatus::OnLeave),
        ("On Leave", EmploymentStatus::OnLeave),
        ("Leave", EmploymentStatus::OnLeave),
        ("Furloughed", EmploymentStatus::OnLeave),
        ("Full-Time", EmploymentStatus::Active),
        ("Part-Time", EmploymentStatus::Active),
        ("Contractor", EmploymentStatus::Active),
        ("Temporary", EmploymentStatus::Active),
        ("Intern", EmploymentStatus::Active),
    ],
    kinds: &[
        ("Full-Time", Some(EngagementKind::Employee)),
        ("Part-Time", Some(EngagementKind::Employee)),
        ("Temporary", Some(EngagementKind::Employee)),
        ("Seasonal", Some(EngagementKind::Employee)),
        ("Employee", Some(EngagementKind::Employee)),
        ("Contractor", Some(EngagementKind::Contractor)),
        ("Freelancer", Some(EngagementKind::Contractor)),
        ("Intern", Some(EngagementKind::Intern)),
        ("Apprentice", Some(EngagementKind::Intern)),
        ("Active", None),
        ("Terminated", None),
        ("Inactive", None),
        ("Deceased", None),
        ("Leave of Absence", None),
        ("On Leave", None),
        ("Furloughed", None),
    ],
    endings: &[
        ("Resignation (Voluntary)", TerminationType::Voluntary),
        ("Voluntary", TerminationType::Voluntary),
        ("Termination (Involuntary)", TerminationType::Involuntary),
        ("Involuntary", TerminationType::Involuntary),
        ("End of Contract", TerminationType::EndOfContract),
    ],
    date_orders: &[DateOrder::DayMonthYear, DateOrder::MonthDayYear],
    rows: RowsPerPerson::One,
    padded: &[],
    lists: None,
    without_leavers: Some("take a report, not the directory, and include inactive people"),
    refine: as_it_is,
};

const COLUMNS: &[Column] = &[
    column(Field::SourceId, &["id", "Employee ID", "EEID", "Employee #"]),
    column(Field::EmployeeNumber, &["Employee #"]),
    column(Field::LegalFirst, &["First Name", "Legal First Name"]),
    column(Field::LegalLast, &["Last Name", "Legal Last Name"]),
    column(Field::PreferredFirst, &["Preferred Name", "Preferred First Name"]),
    column(Field::DisplayName, &["Display Name", "Full Name", "Name", "Employee Name"]),
    column(Field::WorkEmail, &["Work Email"]),
    column(Field::PersonalEmail, &["Home Email", "Personal Email"]),
    column(Field::Kind, &["Employment Status", "employmentHistoryStatus"]),
    column(Field::Status, &["Status", "Employment Status", "employmentHistoryStatus"]),
    column(Field::StartDate, &["Hire Date", "Start Date"]),
    column(Field::OriginalStartDate, &["Original Hire Date"]),
    column(Field::EndDate, &["Termination Date", "Contract End Date"]),
    column(Field::LastWorkingDay, &["Last Day of Work", "Final Day of Work"]),
    column(Field::TerminationType, &["Termination Type"]),
    column(Field::ManagerSourceId, &["supervisorEId", "Supervisor EEID"]),
    extra(Target::ManagerNumber, &["supervisorId", "Supervisor Employee #"]),
    column(Field::ManagerEmail, &["Supervisor Email", "Manager Email", "Reporting to Email"]),
    column(Field::ManagerName, &["Reporting to", "Reports To", "Supervisor", "Manager"]),
    column(Field::JobTitle, &["Job Title"]),
    column(Field::Department, &["Department"]),
    column(Field::Team, &["Team", "Teams"]),
    column(Field::Location, &["Location"]),
    column(Field::Country, &["Country", "Work Country"]),
    column(Field::LegalEntity, &["Legal Entity", "Payroll Company"]),
    column(Field::CostCentre, &["Cost Center", "Cost Centre"]),
];
