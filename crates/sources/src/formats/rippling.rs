//! Rippling: one row per person. Reports use the headings of the screen, the API its field names;
//! an answer of the API that was saved as a file (`results[]`) is read too.
//!
//! Somebody hired for a later day has the status "hired" or "pending". In the API, department,
//! type and location are ids unless they were asked for expanded; an id is not read as a name. The
//! older list of employees holds active people only.

use muster_domain::model::{
    person::{EmploymentStatus, EngagementKind, TerminationType},
    roster::Field,
};

use super::{Column, Format, RowsPerPerson, as_it_is, column};
use crate::options::DateOrder;

pub(super) const FORMAT: Format = Format {
    name: "rippling",
    title: "Rippling",
    signature: &[
        &["Employment type", "Employment status", "Title"],
        &["Rippling ID"],
        &["roleState"],
        &["work_email", "manager_id", "number"],
    ],
    columns: COLUMNS,
    statuses: &[
        ("Hired", EmploymentStatus::Pending),
        ("Pending", EmploymentStatus::Pending),
        ("Accepted", EmploymentStatus::Pending),
        ("Onboarding", EmploymentStatus::Pending),
        ("Active", EmploymentStatus::Active),
        ("Employed", EmploymentStatus::Active),
        ("Leave", EmploymentStatus::OnLeave),
        ("On leave", EmploymentStatus::OnLeave),
        ("Leave of absence", EmploymentStatus::OnLeave),
        ("Garden leave", EmploymentStatus::OnLeave),
        ("Inactive", EmploymentStatus::Ended),
        ("Terminated", EmploymentStatus::Ended),
        ("Deceased", EmploymentStatus::Ended),
        ("Offer rescinded", EmploymentStatus::Withdrawn),
        ("Rescinded", EmploymentStatus::Withdrawn),
    ],
    kinds: &[
        ("Employee", Some(EngagementKind::Employee)),
        ("Salaried, full-time", Some(EngagementKind::Employee)),
        ("Salaried, part-time", Some(EngagementKind::Employee)),
        ("Hourly, full-time", Some(EngagementKind::Employee)),
        ("Hourly, part-time", Some(EngagementKind::Employee)),
        ("SALARIED_FT", Some(EngagementKind::Employee)),
        ("SALARIED_PT", Some(EngagementKind::Employee)),
        ("HOURLY_FT", Some(EngagementKind::Employee)),
        ("HOURLY_PT", Some(EngagementKind::Employee)),
        ("Full-time", Some(EngagementKind::Employee)),
        ("Part-time", Some(EngagementKind::Employee)),
        ("Temp", Some(EngagementKind::Employee)),
        ("Temporary", Some(EngagementKind::Employee)),
        ("Contractor", Some(EngagementKind::Contractor)),
        ("Consultant", Some(EngagementKind::Contractor)),
        ("Freelancer", Some(EngagementKind::Contractor)),
        ("Intern", Some(EngagementKind::Intern)),
    ],
    endings: &[
        ("Voluntary", TerminationType::Voluntary),
        ("Resignation", TerminationType::Voluntary),
        ("Involuntary", TerminationType::Involuntary),
        ("Terminated", TerminationType::Involuntary),
        ("End of contract", TerminationType::EndOfContract),
        ("Contract ended", TerminationType::EndOfContract),
    ],
    date_orders: &[DateOrder::MonthDayYear, DateOrder::DayMonthYear],
    rows: RowsPerPerson::One,
    padded: &[],
    lists: None,
    without_leavers: Some("include terminated people in the report"),
    refine: as_it_is,
};

const COLUMNS: &[Column] = &[
    column(Field::SourceId, &["Rippling ID", "Employee ID", "id", "Employee number"]),
    column(Field::EmployeeNumber, &["Employee number", "number"]),
    column(Field::LegalFirst, &["Legal first name", "First name", "name.given_name"]),
    column(Field::LegalLast, &["Legal last name", "Last name", "name.family_name"]),
    column(
        Field::PreferredFirst,
        &["Preferred first name", "Preferred name", "name.preferred_given_name"],
    ),
    column(Field::PreferredLast, &["Preferred last name", "name.preferred_family_name"]),
    column(
        Field::DisplayName,
        &["Full name", "Display name", "Employee", "Name", "name.formatted", "display_name"],
    ),
    column(Field::WorkEmail, &["Work email"]),
    column(Field::PersonalEmail, &["Personal email"]),
    column(Field::Kind, &["Employment type", "employment_type.label", "employment_type.type"]),
    column(Field::Status, &["Employment status", "Status", "roleState", "Worker status"]),
    column(Field::StartDate, &["Start date", "Hire date"]),
    column(Field::OriginalStartDate, &["Original start date", "Original hire date"]),
    column(Field::EndDate, &["End date", "Termination date"]),
    column(Field::LastWorkingDay, &["Last day of work", "Last working day"]),
    column(Field::LeaveStart, &["Leave start date"]),
    column(Field::LeaveReturn, &["Leave return date", "Leave end date"]),
    column(Field::TerminationType, &["Termination type", "termination_details.type"]),
    column(Field::ManagerSourceId, &["Manager ID", "Manager employee ID", "manager.id"]),
    column(Field::ManagerEmail, &["Manager work email", "Manager email", "manager.work_email"]),
    column(Field::ManagerName, &["Manager", "Manager name", "Reports to"]),
    column(Field::JobTitle, &["Title", "Job title"]),
    column(Field::Department, &["Department", "department.name"]),
    column(Field::Team, &["Team", "Teams"]),
    column(Field::Location, &["Work location", "Location", "location.name"]),
    column(Field::Country, &["Work country", "Country", "country.code"]),
    column(Field::LegalEntity, &["Legal entity", "Entity", "legal_entity.legal_name"]),
    column(Field::CostCentre, &["Cost center", "Cost centre"]),
];
