//! Workday: a report made by the tenant, as a spreadsheet or as the JSON of "report as a service"
//! (`{"Report_Entry": […]}`), with the author's names.
//!
//! Booleans are `1` and `0` or `Yes` and `No`; several values are separated by `;`. Contingent
//! workers are another type of worker, with the end of a contract instead of a termination. A
//! report can hold rows that become effective on a later day; and it must have been told to
//! include terminated workers.

use muster_domain::model::{
    person::{EmploymentStatus, EngagementKind, TerminationType},
    roster::Field,
};

use super::{Column, Format, RowsPerPerson, Target, column, extra};
use crate::{draft::Draft, options::DateOrder, words::word_key};

pub(super) const FORMAT: Format = Format {
    name: "workday",
    title: "Workday",
    signature: &[
        &["Worker"],
        &["Worker ID"],
        &["Worker Type"],
        &["Supervisory Organization"],
        &["Email - Primary Work"],
        &["Business Title", "Employee ID"],
        &["user_id", "org_name"],
        &["user_id", "business_title"],
    ],
    columns: COLUMNS,
    statuses: &[
        ("1", EmploymentStatus::Active),
        ("Yes", EmploymentStatus::Active),
        ("True", EmploymentStatus::Active),
        ("Active", EmploymentStatus::Active),
        ("0", EmploymentStatus::Ended),
        ("No", EmploymentStatus::Ended),
        ("False", EmploymentStatus::Ended),
        ("Inactive", EmploymentStatus::Ended),
        ("Terminated", EmploymentStatus::Ended),
        ("Contract Ended", EmploymentStatus::Ended),
        ("Retired", EmploymentStatus::Ended),
        ("Deceased", EmploymentStatus::Ended),
        ("On Leave", EmploymentStatus::OnLeave),
        ("Leave of Absence", EmploymentStatus::OnLeave),
        ("Garden Leave", EmploymentStatus::OnLeave),
        ("Pre-Hire", EmploymentStatus::Pending),
        ("Hired", EmploymentStatus::Pending),
        ("Pending", EmploymentStatus::Pending),
        ("No Show", EmploymentStatus::Withdrawn),
        ("Rescinded", EmploymentStatus::Withdrawn),
    ],
    kinds: &[
        ("Employee", Some(EngagementKind::Employee)),
        ("Regular", Some(EngagementKind::Employee)),
        ("Fixed Term", Some(EngagementKind::Employee)),
        ("Temporary", Some(EngagementKind::Employee)),
        ("Contingent Worker", Some(EngagementKind::Contractor)),
        ("Contractor", Some(EngagementKind::Contractor)),
        ("Independent Contractor", Some(EngagementKind::Contractor)),
        ("Consultant", Some(EngagementKind::Contractor)),
        ("Agency Worker", Some(EngagementKind::Contractor)),
        ("Intern", Some(EngagementKind::Intern)),
        ("Apprentice", Some(EngagementKind::Intern)),
    ],
    endings: &[
        ("Voluntary", TerminationType::Voluntary),
        ("Terminate Employee > Voluntary", TerminationType::Voluntary),
        ("Involuntary", TerminationType::Involuntary),
        ("Terminate Employee > Involuntary", TerminationType::Involuntary),
        ("End of Contract", TerminationType::EndOfContract),
        ("End Contingent Worker Contract", TerminationType::EndOfContract),
    ],
    date_orders: &[DateOrder::MonthDayYear, DateOrder::DayMonthYear],
    rows: RowsPerPerson::Several,
    padded: &[],
    lists: Some(';'),
    without_leavers: Some("tell the report to include terminated workers"),
    refine,
};

const COLUMNS: &[Column] = &[
    column(Field::SourceId, &["Employee ID", "Employee_ID", "Worker ID", "user_id"]),
    column(Field::EmployeeNumber, &["Employee Number", "Badge ID"]),
    column(Field::LegalFirst, &["Legal First Name", "First Name", "Legal Name - First Name"]),
    column(Field::LegalLast, &["Legal Last Name", "Last Name", "Legal Name - Last Name"]),
    column(
        Field::PreferredFirst,
        &["Preferred First Name", "Preferred Name - First Name", "preferred_first"],
    ),
    column(Field::PreferredLast, &["Preferred Last Name", "Preferred Name - Last Name"]),
    column(Field::DisplayName, &["Preferred Name", "Worker", "Full Name", "Name"]),
    column(
        Field::WorkEmail,
        &["Email - Primary Work", "Primary Work Email", "Work Email", "Email Address", "Email"],
    ),
    column(
        Field::PersonalEmail,
        &["Email - Primary Home", "Primary Home Email", "Home Email", "Personal Email"],
    ),
    column(Field::Kind, &["Worker Type", "Worker_Type_Reference", "Worker Sub-Type"]),
    column(
        Field::Status,
        &["Worker Status", "Employment Status", "Active Status", "Active", "Status"],
    ),
    extra(Target::Terminated, &["Terminated"]),
    extra(Target::EffectiveDate, &["Effective Date", "effective_as_of", "Effective Moment"]),
    column(Field::StartDate, &["Hire Date", "Contract Start Date", "Start Date"]),
    column(Field::OriginalStartDate, &["Original Hire Date"]),
    column(Field::EndDate, &["Termination Date", "End Date"]),
    extra(Target::OtherEnd, &["Contract End Date", "End Employment Date"]),
    column(Field::LastWorkingDay, &["Last Day of Work", "Termination Last Day of Work"]),
    column(Field::LeaveStart, &["First Day of Leave", "Leave Start Date"]),
    column(Field::LeaveReturn, &["First Day Back at Work", "Leave Return Date"]),
    column(Field::TerminationType, &["Termination Category", "Termination Type"]),
    column(Field::ManagerSourceId, &["Manager ID", "Manager Employee ID", "manager_employee_id"]),
    column(
        Field::ManagerEmail,
        &["Manager Email", "Manager - Email - Primary Work", "Manager Work Email"],
    ),
    column(Field::ManagerName, &["Manager", "Manager Name", "Worker's Manager"]),
    column(Field::JobTitle, &["Business Title", "Job Title", "Position Title"]),
    column(Field::Department, &["Supervisory Organization", "org_name", "Department"]),
    column(Field::Team, &["Team"]),
    column(Field::Location, &["Location", "Work Location"]),
    column(Field::Country, &["Country", "Location Country", "Work Country"]),
    column(Field::LegalEntity, &["Company", "Legal Entity"]),
    column(Field::CostCentre, &["Cost Center", "Cost Centre"]),
];

/// Workday writes what a worker is behind the name: "Ana Sá (On Leave)", "Ben Ok (1002)".
fn refine(draft: &mut Draft) {
    for name in [&mut draft.profile.display_name, &mut draft.manager.name].into_iter().flatten() {
        if let Some(bare) = without_mark(name) {
            *name = bare.to_owned();
        }
    }
}

fn without_mark(name: &str) -> Option<&str> {
    const MARKS: &[&str] = &["on leave", "terminated", "inactive", "contingent worker", "c"];
    let (bare, mark) = name.strip_suffix(')')?.rsplit_once('(')?;
    let known = MARKS.contains(&&*word_key(mark)) || mark.bytes().any(|byte| byte.is_ascii_digit());
    Some(bare.trim_end()).filter(|bare| known && !bare.is_empty())
}
