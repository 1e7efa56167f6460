//! What the person who imports can say.

use insta::assert_snapshot;
use muster_domain::model::{person::EmploymentStatus, roster::Field};
use muster_sources::{DateOrder, ReadOptions, formats};

use crate::text::told;

const HAND_MADE: &str =
    "Staff no,Who,Mail,Since,State\n0042,\"Sá, Ana\",ana@acme.example,03/04/2025,aktiv\n";

fn mapping() -> ReadOptions {
    ReadOptions {
        map: [
            ("staff no.", Field::SourceId),
            ("Who", Field::DisplayName),
            ("mail", Field::WorkEmail),
            ("Since", Field::StartDate),
            ("State", Field::Status),
        ]
        .map(|(heading, field)| (heading.to_owned(), field))
        .to_vec(),
        ..ReadOptions::default()
    }
}

#[test]
fn a_hand_made_file_is_mapped() {
    let mut options = mapping();
    options.day_first = Some(DateOrder::MonthDayYear);
    options.status_words = vec![("Aktiv".to_owned(), EmploymentStatus::Active)];
    assert_snapshot!(told(HAND_MADE.as_bytes(), &options), @"
    muster: 1 rows
    0042 Ana Sá <ana@acme.example> rows [2]
      ? · active · from 2025-03-04
    ");
    options.day_first = Some(DateOrder::DayMonthYear);
    assert_snapshot!(told(HAND_MADE.as_bytes(), &options), @"
    muster: 1 rows
    0042 Ana Sá <ana@acme.example> rows [2]
      ? · active · from 2025-04-03
    ");
}

#[test]
fn a_mapping_must_name_columns_that_are_there() {
    let mut options = mapping();
    options.map.push(("Town".to_owned(), Field::Location));
    options.map.push(("Mail".to_owned(), Field::DisplayName));
    assert_snapshot!(told(HAND_MADE.as_bytes(), &options), @r#"
    REFUSED muster
    --map gives two columns for display_name: keep one
    --map Town=location: the file has no such column; it has Staff no, Who, Mail, Since, State
    row 2, Since "03/04/2025": every date of the file can be read as day/month and as month/day (1 of them differ): say which with --dates dmy or --dates mdy
    "#);
}

#[test]
fn a_format_can_be_named() {
    let mut options = ReadOptions { format: Some("adp".to_owned()), ..ReadOptions::default() };
    assert_snapshot!(told(HAND_MADE.as_bytes(), &options), @r#"
    REFUSED adp
    no column for source_id ("Associate ID"), which ADP Workforce Now needs; the columns are Staff no, Who, Mail, Since, State: add it to the export, or say which it is with --map column=source_id
    no column for status ("Position Status") or start_date ("Hire Date"), which ADP Workforce Now needs; the columns are Staff no, Who, Mail, Since, State: add it to the export, or say which it is with --map column=status
    no column for work_email ("Work Contact: Work Email") or display_name ("Payroll Name") or legal_first ("Legal First Name") or legal_last ("Legal Last Name") or preferred_first ("Preferred Or Chosen First Name") or preferred_last ("Preferred Or Chosen Last Name"), which ADP Workforce Now needs; the columns are Staff no, Who, Mail, Since, State: add it to the export, or say which it is with --map column=work_email
    "#);
    options.format = Some("sap".to_owned());
    assert_snapshot!(told(HAND_MADE.as_bytes(), &options), @r#"
    REFUSED sap
    there is no format "sap": use --format with one of muster, bamboohr, adp, rippling, gusto, workday, hibob, personio
    "#);
}

#[test]
fn an_address_of_a_foreign_domain_is_no_login() {
    let mut options = mapping();
    options.own_domains = vec!["acme.test".to_owned()];
    options.day_first = Some(DateOrder::DayMonthYear);
    assert_snapshot!(told(HAND_MADE.as_bytes(), &options), @r#"
    muster: 1 rows
    0042 Ana Sá <-> rows [2]
      ? · unknown · from 2025-04-03
    ! row 2, Mail "ana@acme.example": an address in the work column that is not of your own domains, so it is taken for a private one and not for a login; correct it, or add acme.example to your domains
    ! row 2, State "aktiv": the status is not known, so it counts neither as active nor as ended; say what it means with --status
    "#);
}

#[test]
fn the_formats_are_listed() {
    let names: Vec<_> = formats().iter().map(|format| format.name).collect();
    assert_eq!(
        names,
        ["muster", "bamboohr", "adp", "rippling", "gusto", "workday", "hibob", "personio"]
    );
}
