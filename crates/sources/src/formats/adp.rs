//! ADP Workforce Now: one row per position, so that a person repeats; dates M/D/YYYY; note rows
//! above the headings; file numbers padded with zeros that spreadsheets eat. An answer of the API
//! that was saved as a file (`workers[]`) is read too: each of `workAssignments[]` is a row.

use muster_domain::model::{
    person::{EmploymentStatus, EngagementKind, TerminationType},
    roster::Field,
};

use super::{Column, Format, RowsPerPerson, Target, column, extra};
use crate::{draft::Draft, options::DateOrder};

pub(super) const FORMAT: Format = Format {
    name: "adp",
    title: "ADP Workforce Now",
    signature: &[&["Associate ID"], &["associateOID"]],
    columns: COLUMNS,
    statuses: &[
        ("Active", EmploymentStatus::Active),
        ("A", EmploymentStatus::Active),
        ("Leave", EmploymentStatus::OnLeave),
        ("L", EmploymentStatus::OnLeave),
        ("Leave of Absence", EmploymentStatus::OnLeave),
        ("Inactive", EmploymentStatus::Ended),
        ("Terminated", EmploymentStatus::Ended),
        ("T", EmploymentStatus::Ended),
        ("Deceased", EmploymentStatus::Ended),
        ("Retired", EmploymentStatus::Ended),
        ("Pending", EmploymentStatus::Pending),
    ],
    kinds: &[
        ("Full Time", Some(EngagementKind::Employee)),
        ("Part Time", Some(EngagementKind::Employee)),
        ("Full-Time Regular", Some(EngagementKind::Employee)),
        ("Part-Time Regular", Some(EngagementKind::Employee)),
        ("Regular Full-Time", Some(EngagementKind::Employee)),
        ("Regular Part-Time", Some(EngagementKind::Employee)),
        ("Full Time Temporary", Some(EngagementKind::Employee)),
        ("Part Time Temporary", Some(EngagementKind::Employee)),
        ("Temporary", Some(EngagementKind::Employee)),
        ("Seasonal", Some(EngagementKind::Employee)),
        ("Contractor", Some(EngagementKind::Contractor)),
        ("Independent Contractor", Some(EngagementKind::Contractor)),
        ("Contingent Worker", Some(EngagementKind::Contractor)),
        ("1099", Some(EngagementKind::Contractor)),
        ("Intern", Some(EngagementKind::Intern)),
    ],
    endings: &[
        ("Voluntary", TerminationType::Voluntary),
        ("V", TerminationType::Voluntary),
        ("Involuntary", TerminationType::Involuntary),
        ("I", TerminationType::Involuntary),
    ],
    date_orders: &[DateOrder::MonthDayYear],
    rows: RowsPerPerson::Several,
    padded: &[Field::EmployeeNumber],
    lists: None,
    without_leavers: None,
    refine,
};

const COLUMNS: &[Column] = &[
    column(Field::SourceId, &["Associate ID", "associateOID"]),
    column(
        Field::EmployeeNumber,
        &["File Number", "payrollFileNumber", "workAssignments.payrollFileNumber"],
    ),
    column(Field::Position, &["Position ID", "workAssignments.positionID"]),
    extra(Target::PayrollName, &["Payroll Name"]),
    column(Field::LegalFirst, &["Legal First Name", "First Name", "person.legalName.givenName"]),
    column(Field::LegalLast, &["Legal Last Name", "Last Name", "person.legalName.familyName1"]),
    column(
        Field::PreferredFirst,
        &[
            "Preferred Or Chosen First Name",
            "Preferred First Name",
            "Preferred Name",
            "person.preferredName.givenName",
        ],
    ),
    column(
        Field::PreferredLast,
        &[
            "Preferred Or Chosen Last Name",
            "Preferred Last Name",
            "person.preferredName.familyName1",
        ],
    ),
    column(
        Field::WorkEmail,
        &["Work Contact: Work Email", "Work Email", "businessCommunication.emails.emailUri"],
    ),
    column(Field::PersonalEmail, &["Personal Contact: Personal Email", "Personal Email"]),
    column(Field::Kind, &["Worker Category Description", "Worker Category"]),
    column(
        Field::Status,
        &[
            "Position Status",
            "Status",
            "workAssignments.assignmentStatus.statusCode.codeValue",
            "workerStatus.statusCode.codeValue",
        ],
    ),
    column(
        Field::StartDate,
        &[
            "Hire Date",
            "Actual Start Date",
            "workAssignments.hireDate",
            "workAssignments.actualStartDate",
        ],
    ),
    extra(Target::RehireDate, &["Rehire Date", "workerDates.rehireDate"]),
    column(Field::OriginalStartDate, &["Original Hire Date", "workerDates.originalHireDate"]),
    column(
        Field::EndDate,
        &["Termination Date", "workAssignments.terminationDate", "workerDates.terminationDate"],
    ),
    column(Field::LastWorkingDay, &["Last Day Worked", "Last Working Day"]),
    column(Field::LeaveStart, &["Leave of Absence Start Date"]),
    column(Field::LeaveReturn, &["Leave of Absence Return Date"]),
    column(
        Field::TerminationType,
        &["Voluntary/Involuntary Termination Flag", "Voluntary/Involuntary"],
    ),
    column(
        Field::ManagerSourceId,
        &["Reports To Associate ID", "workAssignments.reportsTo.associateOID"],
    ),
    extra(Target::ManagerPosition, &["Reports To Position ID"]),
    column(Field::ManagerEmail, &["Reports To Email", "Reports To Work Email"]),
    column(Field::ManagerName, &["Reports To Name", "Reports To"]),
    column(Field::JobTitle, &["Job Title Description", "Job Title", "workAssignments.jobTitle"]),
    column(
        Field::Department,
        &[
            "Home Department Description",
            "Home Department",
            "workAssignments.homeOrganizationalUnits.nameCode.shortName",
        ],
    ),
    column(Field::Location, &["Location Description", "Location"]),
    column(Field::Country, &["Work Country", "Country"]),
    column(Field::LegalEntity, &["Payroll Company Name", "Payroll Company Code"]),
    column(Field::CostCentre, &["Home Cost Number Description", "Home Cost Number"]),
];

/// `Hire Date` stays the first one for ever; somebody who came back has a `Rehire Date`.
fn refine(draft: &mut Draft) {
    let terms = &mut draft.terms;
    if let Some(rehire) = draft.rehire_date {
        terms.original_start_date = terms.original_start_date.or(terms.start_date);
        terms.start_date = Some(rehire);
    }
}
