//! Personio: one row per person; headings and words in German or English, semicolons, DD.MM.YYYY.
//! An answer of version 1 of the API that was saved as a file (`data[].attributes`) is read too.
//!
//! `employment_type` is internal or external, in German "intern" and "extern": nobody is made an
//! intern by it. The end of the contract goes before the date of the termination, which in some
//! tenants is the day on which notice was given; where both are given and differ, it is said. Only
//! attributes that the key may see are there.

use muster_domain::model::{
    person::{EmploymentStatus, EngagementKind, TerminationType},
    roster::Field,
};

use super::{Column, Format, RowsPerPerson, Target, as_it_is, column, extra};
use crate::options::DateOrder;

pub(super) const FORMAT: Format = Format {
    name: "personio",
    title: "Personio",
    signature: &[
        &["Einstellungsdatum"],
        &["Eintrittsdatum"],
        &["Vorname", "Nachname"],
        &["Supervisor", "Office", "Hire date"],
        &["Contract end", "Hire date"],
        &["contract_end_date", "hire_date"],
        &["Subcompany"],
        &["supervisor.id", "hire_date"],
    ],
    columns: COLUMNS,
    statuses: &[
        ("Onboarding", EmploymentStatus::Pending),
        ("Active", EmploymentStatus::Active),
        ("Aktiv", EmploymentStatus::Active),
        ("Leave", EmploymentStatus::OnLeave),
        ("On leave", EmploymentStatus::OnLeave),
        ("Abwesend", EmploymentStatus::OnLeave),
        ("Abwesenheit", EmploymentStatus::OnLeave),
        ("Beurlaubt", EmploymentStatus::OnLeave),
        ("Elternzeit", EmploymentStatus::OnLeave),
        ("In Elternzeit", EmploymentStatus::OnLeave),
        ("Mutterschutz", EmploymentStatus::OnLeave),
        ("Freigestellt", EmploymentStatus::OnLeave),
        ("Inactive", EmploymentStatus::Ended),
        ("Inaktiv", EmploymentStatus::Ended),
        ("Ausgeschieden", EmploymentStatus::Ended),
    ],
    kinds: &[
        ("Internal", Some(EngagementKind::Employee)),
        ("Intern", Some(EngagementKind::Employee)),
        ("Employee", Some(EngagementKind::Employee)),
        ("Angestellte", Some(EngagementKind::Employee)),
        ("Angestellter", Some(EngagementKind::Employee)),
        ("Vollzeit", Some(EngagementKind::Employee)),
        ("Teilzeit", Some(EngagementKind::Employee)),
        ("External", Some(EngagementKind::Contractor)),
        ("Extern", Some(EngagementKind::Contractor)),
        ("Freelancer", Some(EngagementKind::Contractor)),
        ("Freie Mitarbeit", Some(EngagementKind::Contractor)),
        ("Praktikant", Some(EngagementKind::Intern)),
        ("Praktikantin", Some(EngagementKind::Intern)),
        ("Praktikum", Some(EngagementKind::Intern)),
        ("Werkstudent", Some(EngagementKind::Intern)),
        ("Werkstudentin", Some(EngagementKind::Intern)),
        ("Auszubildende", Some(EngagementKind::Intern)),
        ("Auszubildender", Some(EngagementKind::Intern)),
        ("Trainee", Some(EngagementKind::Intern)),
    ],
    endings: &[
        ("Employee", TerminationType::Voluntary),
        ("Mitarbeiter", TerminationType::Voluntary),
        ("Kündigung durch Mitarbeiter", TerminationType::Voluntary),
        ("Eigenkündigung", TerminationType::Voluntary),
        ("Employer", TerminationType::Involuntary),
        ("Arbeitgeber", TerminationType::Involuntary),
        ("Kündigung durch Arbeitgeber", TerminationType::Involuntary),
        ("Temporary contract", TerminationType::EndOfContract),
        ("Contract expired", TerminationType::EndOfContract),
        ("Vertragsende", TerminationType::EndOfContract),
        ("Befristung", TerminationType::EndOfContract),
    ],
    date_orders: &[DateOrder::DayMonthYear, DateOrder::MonthDayYear],
    rows: RowsPerPerson::One,
    padded: &[],
    lists: None,
    without_leavers: Some("include inactive people in the export"),
    refine: as_it_is,
};

const COLUMNS: &[Column] = &[
    column(Field::SourceId, &["ID", "Personio ID", "Employee ID", "Mitarbeiter-ID"]),
    column(Field::EmployeeNumber, &["Personalnummer", "Employee number", "Staff number"]),
    column(Field::LegalFirst, &["Vorname", "First name"]),
    column(Field::LegalLast, &["Nachname", "Last name"]),
    column(Field::PreferredFirst, &["Rufname", "Bevorzugter Name", "Preferred name"]),
    column(Field::DisplayName, &["Name", "Full name", "Vollständiger Name"]),
    column(Field::WorkEmail, &["E-Mail", "Email", "Work email", "E-Mail (geschäftlich)"]),
    column(
        Field::PersonalEmail,
        &["Private E-Mail", "Personal email", "E-Mail (privat)", "Private E-Mail-Adresse"],
    ),
    column(Field::Kind, &["Beschäftigungsart", "Anstellungsart", "Employment type"]),
    column(Field::Status, &["Status", "Employment status"]),
    column(Field::StartDate, &["Einstellungsdatum", "Eintrittsdatum", "Hire date", "Start date"]),
    column(Field::OriginalStartDate, &["Original hire date", "Ursprüngliches Einstellungsdatum"]),
    column(Field::EndDate, &["Vertragsende", "Contract end", "Contract end date"]),
    extra(Target::OtherEnd, &["Kündigungsdatum", "Austrittsdatum", "Termination date"]),
    column(Field::LastWorkingDay, &["Letzter Arbeitstag", "Last day of work", "Last working day"]),
    column(Field::LeaveStart, &["Beginn der Abwesenheit", "Leave start date"]),
    column(Field::LeaveReturn, &["Rückkehr am", "Leave return date"]),
    column(Field::TerminationType, &["Kündigungsart", "Termination type"]),
    column(Field::ManagerSourceId, &["Vorgesetzten-ID", "Supervisor ID", "supervisor.id"]),
    column(Field::ManagerEmail, &["E-Mail Vorgesetzter", "Supervisor email", "supervisor.email"]),
    column(Field::ManagerName, &["Vorgesetzter", "Vorgesetzte", "Supervisor", "Manager"]),
    column(Field::JobTitle, &["Position", "Job title", "Stellenbezeichnung"]),
    column(Field::Department, &["Abteilung", "Department", "department.name"]),
    column(Field::Team, &["Team", "team.name"]),
    column(Field::Location, &["Standort", "Arbeitsort", "Office", "office.name"]),
    column(Field::Country, &["Land", "Country"]),
    column(Field::LegalEntity, &["Gesellschaft", "Unternehmen", "Subcompany", "subcompany.name"]),
    column(Field::CostCentre, &["Kostenstelle", "Kostenstellen", "Cost center", "cost_centers"]),
];
