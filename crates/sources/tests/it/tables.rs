//! Small tables that are believed, beside what is read from them.

use insta::assert_snapshot;
use jiff::civil::date;
use muster_domain::model::roster::Field;
use muster_sources::ReadOptions;

use crate::text::{say, told};

#[test]
fn own_format_takes_every_kind_of_field() {
    assert_snapshot!(say("
source_id,legal_first,legal_last,preferred_first,work_email,kind,status,start_date,end_date,last_working_day,termination_type,manager_source_id,job_title,in_scope
007,Zoë,Ångström,,Zoe@acme.example,employee,active,2021-03-01,,,,,CEO,yes
008,李,小龍,Bruce,bruce@acme.example,contractor,active,2024-01-08,2025-12-31,,end of contract,007,Designer,no
009,Prince,,,,intern,ended,2023-06-01,2023-08-31,2023-08-25,voluntary,008,,
"), @"
    muster: 3 rows
    007 Zoë Ångström <Zoe@acme.example> rows [2]
      employee · active · from 2021-03-01 · CEO
    008 Bruce 小龍 <bruce@acme.example> rows [3]
      contractor · active · from 2024-01-08 · to 2025-12-31 · EndOfContract · under 007 · Designer
    009 Prince <-> rows [4]
      intern · ended · from 2023-06-01 · last day 2023-08-25 · to 2023-08-31 · Voluntary · under 008
    ");
}

#[test]
fn rows_with_one_id_are_the_engagements_of_one_person() {
    assert_snapshot!(say("
source_id,display_name,status,start_date,end_date,position,job_title
1,Ana,active,2025-02-01,,B,Lead
1,Ana,ended,2019-01-01,2022-06-30,A,Agent
2,Ben,active,2020-01-01,,,Agent
"), @"
    muster: 3 rows
    1 Ana <-> rows [2, 3]
      ? · ended · A · from 2019-01-01 · to 2022-06-30 · Agent
      ? · active · B · from 2025-02-01 · Lead
    2 Ben <-> rows [4]
      ? · active · from 2020-01-01 · Agent
    ");
}

#[test]
fn an_end_before_a_new_start_belongs_to_an_earlier_time_if_there_was_one() {
    assert_snapshot!(say("
Employee #,First Name,Last Name,Work Email,Status,Hire Date,Original Hire Date,Termination Date
12,Ana,Sá,ana@acme.example,Active,2024-05-01,2020-01-01,2022-06-30
"), @r#"
    bamboohr: 1 rows
    12 Ana Sá <ana@acme.example> rows [2]
      ? · active · from 2024-05-01 · first 2020-01-01
    ! nobody in the file has left; leavers who are only missing keep what they have: take a report, not the directory, and include inactive people; or import with --presence active and order departures by hand
    ! row 2, Termination Date "2022-06-30": lies before the start 2024-05-01 and belongs to an earlier time here; left out
    "#);
    assert_snapshot!(say("
source_id,display_name,status,start_date,end_date
1,Ana,ended,2020-01-01,2022-06-30
1,Ana,active,2024-05-01,2022-06-30
"), @r#"
    muster: 2 rows
    1 Ana <-> rows [2, 3]
      ? · ended · from 2020-01-01 · to 2022-06-30
      ? · active · from 2024-05-01
    ! row 3, end_date "2022-06-30": lies before the start 2024-05-01 and belongs to an earlier time here; left out
    "#);
    // Nothing tells of an earlier time: one of the two is wrong.
    assert_snapshot!(say("
Employee #,First Name,Last Name,Work Email,Status,Hire Date,Termination Date
12,Ana,Sá,ana@acme.example,Active,2025-05-01,2024-12-31
"), @r#"
    REFUSED bamboohr
    row 2, Termination Date "2024-12-31": lies before the start 2025-05-01: correct one of them in the HR system; if it ended an earlier time here, export the first start too (Original Hire Date)
    "#);
    // Who has ended, ended after the latest start.
    assert_snapshot!(say("
Employee #,First Name,Last Name,Work Email,Status,Hire Date,Original Hire Date,Termination Date
12,Ana,Sá,ana@acme.example,Inactive,2024-05-01,2020-01-01,2022-06-30
"), @r#"
    REFUSED bamboohr
    row 2, Termination Date "2022-06-30": lies before the start 2024-05-01: correct one of them in the HR system
    "#);
}

#[test]
fn bamboohr_tells_the_kind_by_the_employment_status() {
    assert_snapshot!(say("
Employee #;Last name, first name;Work Email;Employment Status;Hire Date;Reporting to
1;;a@acme.example;Full-Time;25/12/2020;
2;;b@acme.example;Contractor;01/02/2021;
3;;c@acme.example;Terminated;0000-00-00;
4;;d@acme.example;Sabbatical;01/02/2021;
"), @r#"
    bamboohr: 4 rows
    1  <a@acme.example> rows [2]
      employee · active · from 2020-12-25
    2  <b@acme.example> rows [3]
      contractor · active · from 2021-02-01
    3  <c@acme.example> rows [4]
      ? · ended
    4  <d@acme.example> rows [5]
      other · unknown · from 2021-02-01
    ! row 5, Employment Status "Sabbatical": the kind is not known and read as other
    ! row 5, Employment Status "Sabbatical": the status is not known, so it counts neither as active nor as ended; say what it means with --status
    "#);
}

#[test]
fn adp_repeats_people_and_has_notes_above_the_headings() {
    assert_snapshot!(say("
Acme Inc. - Active and terminated workers
Run on 02/03/2025 by hr@acme.example

Associate ID,Position ID,File Number,Payroll Name,Preferred or Chosen First Name,Worker Category Description,Position Status,Hire Date,Rehire Date,Termination Date,Voluntary/Involuntary Termination Flag,Leave of Absence Start Date,Leave of Absence Return Date,Reports To Name,Reports To Position ID,Work Contact: Work Email
G3AB,ACM000123,000123,\"Okafor, Adaeze N\",Ada,Full Time,Active,3/4/2019,,,,,,,,ada@acme.example
G4XY,ACM000124,000124,\"Smith, John\",,Part Time,Active,1/2/2015,6/1/2023,5/31/2020,,,,\"Okafor, Adaeze N\",,john@acme.example
G4XY,WST000007,000007,\"Smith, John\",,Part Time,Terminated,7/1/2023,,12/31/2023,Involuntary,,,,ACM000123,john@acme.example
G5QQ,ACM000125,000125,\"Díaz, Inés\",,Contractor,Leave,2/2/2022,,,,1/15/2025,7/15/2025,,ACM000124,ines@acme.example

Total Employees: 3
"), @r#"
    adp: 4 rows
    G3AB Adaeze N Okafor <ada@acme.example> rows [5]
      employee · active · ACM000123 · from 2019-03-04
    G4XY John Smith <john@acme.example> rows [6, 7]
      employee · active · ACM000124 · from 2023-06-01 · first 2015-01-02 · under G3AB
      employee · ended · WST000007 · from 2023-07-01 · to 2023-12-31 · Involuntary · under G3AB
    G5QQ Inés Díaz <ines@acme.example> rows [8]
      contractor · on_leave · ACM000125 · from 2022-02-02 · leave 2025-01-15 · back 2025-07-15 · under G4XY
    ! row 6, Termination Date "2020-05-31": lies before the start 2023-06-01 and belongs to an earlier time here; left out
    "#);
}

#[test]
fn names_written_last_first_are_turned_round() {
    assert_snapshot!(say("
source_id,display_name,work_email,status,manager_name
1,\"Ng, PhD\",a@acme.example,active,
2,\"Núñez de Vega, Ana\",b@acme.example,active,
3,Prince,c@acme.example,active,ana nu\u{301}n\u{303}ez DE vega
4,山田太郎,d@acme.example,active,Prince
"), @"
    muster: 4 rows
    1 Ng, PhD <a@acme.example> rows [2]
      ? · active
    2 Ana Núñez de Vega <b@acme.example> rows [3]
      ? · active
    3 Prince <c@acme.example> rows [4]
      ? · active · under 2
    4 山田太郎 <d@acme.example> rows [5]
      ? · active · under 3
    ");
}

#[test]
fn delimiters_headings_and_line_ends_do_not_matter() {
    let plain = say("
Employee #,First Name,Last Name,Work Email,Status,Hire Date,Job Title
1,Ana,Sá,ana@acme.example,Active,2024-05-01,\"Lead, \"\"Support\"\"\"
");
    for other in [
        "sep=;\r\nEMPLOYEE NO.;first_name;Name (last);work e-mail;STATUS;Date: Hire;job title\r\n1;Ana;Sá;ana@acme.example;Active;2024-05-01;\"Lead, \"\"Support\"\"\"\r\n",
        "employee number\tFirstName\tLastName\tWorkEmail\tStatus\tHireDate\tJobTitle\r1\tAna\tSá\tana@acme.example\tactive\t1 May 2024\t\"Lead, \"\"Support\"\"\"\r\r\r",
    ] {
        let other = say(other);
        let without_rows = |text: &str| text.replace("rows [3]", "rows [2]");
        assert_eq!(without_rows(&other).replace("Name (last)", ""), plain);
    }
}

#[test]
fn unknown_words_are_warnings_and_mean_nothing() {
    assert_snapshot!(say("
source_id,display_name,status,kind,termination_type
1,Ana,active,Volunteer,
2,Ben,Gardening,employee,mutual
3,Cai,gardening,employee,
4,Dee,Gardening,employee,
"), @r#"
    muster: 4 rows
    1 Ana <-> rows [2]
      other · active
    2 Ben <-> rows [3]
      employee · unknown
    3 Cai <-> rows [4]
      employee · unknown
    4 Dee <-> rows [5]
      employee · unknown
    ! row 2, kind "Volunteer": the kind is not known and read as other
    ! row 3, termination_type "mutual": this way of leaving is not known and read as not told, so access ends as for an ordinary leaver
    ! rows 3, 5, status "Gardening": the status is not known, so it counts neither as active nor as ended; say what it means with --status
    ! row 4, status "gardening": the status is not known, so it counts neither as active nor as ended; say what it means with --status
    "#);
}

#[test]
fn text_that_a_spreadsheet_would_run_is_kept_as_it_is() {
    assert_snapshot!(say("
source_id,display_name,status,job_title
1,=HYPERLINK(\"http://x.example\"),active,@SUM(A1)
"), @r#"
    muster: 1 rows
    1 =HYPERLINK("http://x.example") <-> rows [2]
      ? · active · @SUM(A1)
    "#);
}

#[test]
fn of_the_rows_of_one_period_the_one_of_today_counts() {
    let text =
        "Employee ID,Preferred Name,Active,Effective Date,Hire Date,Termination Date,Job Title
1,Ana,1,2024-01-01,2024-01-01,,Agent
1,Ana,1,2025-01-01,2024-01-01,,Lead
1,Ana,0,2026-01-01,2024-01-01,2025-12-31,Lead
2,Ben,1,2026-02-01,2026-02-01,,Agent
3,Cai,0,2025-06-30,2020-01-01,2025-06-30,Agent
";
    let today = |day| ReadOptions { today: day, ..ReadOptions::default() };
    let format =
        ReadOptions { format: Some("workday".to_owned()), ..today(Some(date(2025, 11, 3))) };
    assert_snapshot!(told(text.as_bytes(), &format), @r#"
    workday: 5 rows
    1 Ana <-> rows [3]
      ? · active · from 2024-01-01 · to 2025-12-31 · Lead
    2 Ben <-> rows [5]
      ? · active · from 2026-02-01 · Agent
    3 Cai <-> rows [6]
      ? · ended · from 2020-01-01 · to 2025-06-30 · Agent
    ! row 4, Effective Date "2026-01-01": takes effect after today (2025-11-03), so only the end of work is taken from it; import again from that day on
    "#);
    // Nobody says which day it is: two rows about one period are one too many.
    let format = ReadOptions { format: Some("workday".to_owned()), ..today(None) };
    assert_snapshot!(told(text.as_bytes(), &format), @r#"
    REFUSED workday
    row 3, Employee ID "1": row 2 has the same id, position and start date: delete one of them, or correct the id
    row 4, Employee ID "1": row 2 has the same id, position and start date: delete one of them, or correct the id
    "#);
}

#[test]
fn workday_marks_behind_names_are_no_names() {
    assert_snapshot!(say("
Worker,Employee ID,Active Status,Hire Date,Manager
Ana Sá (On Leave),1,Yes,2024-01-01,
Ben Ok (Terminated),2,No,2024-01-01,Ana Sá (1)
Cai (Kit) Ng,3,1,2024-01-01,Ana Sá (On Leave)
"), @"
    workday: 3 rows
    1 Ana Sá <-> rows [2]
      ? · active · from 2024-01-01
    2 Ben Ok <-> rows [3]
      ? · ended · from 2024-01-01 · under 1
    3 Cai (Kit) Ng <-> rows [4]
      ? · active · from 2024-01-01 · under 1
    ");
}

#[test]
fn personio_speaks_german_and_nobody_internal_is_an_intern() {
    assert_snapshot!(say("
ID;Nachname;Vorname;E-Mail;Status;Beschäftigungsart;Einstellungsdatum;Vertragsende;Vorgesetzter
1;Sá;Ana;ana@acme.example;Aktiv;Intern;03.04.2020;;
2;Ok;Ben;ben@acme.example;Inaktiv;Extern;03.04.2021;05.06.2024;Sá, Ana
3;Ng;Cai;cai@acme.example;Onboarding;Werkstudentin;01.02.2026;;Sá, Ana
"), @"
    personio: 3 rows
    1 Ana Sá <ana@acme.example> rows [2]
      employee · active · from 2020-04-03
    2 Ben Ok <ben@acme.example> rows [3]
      contractor · ended · from 2021-04-03 · to 2024-06-05 · under 1
    3 Cai Ng <cai@acme.example> rows [4]
      intern · pending · from 2026-02-01 · under 1
    ");
}

#[test]
fn gusto_signs_people_in_with_addresses_that_may_be_private() {
    let text = "uuid,First name,Last name,Email,Terminated,Hire date\n\
                a,Ana,Sá,ana@acme.example,false,01/02/2024\n\
                b,Ben,Ok,ben@home.example,true,01/02/2024\n";
    assert_snapshot!(say(text), @"
    gusto: 2 rows
    a Ana Sá <-> rows [2]
      ? · active · from 2024-01-02
    b Ben Ok <-> rows [3]
      ? · ended · from 2024-01-02
    ! Email: these can be private addresses, so none is taken for a login: say which domains are yours, or, if they are all work addresses, map the column to work_email
    ");
    let own =
        ReadOptions { own_domains: vec!["acme.example".to_owned()], ..ReadOptions::default() };
    assert_snapshot!(told(text.as_bytes(), &own), @"
    gusto: 2 rows
    a Ana Sá <ana@acme.example> rows [2]
      ? · active · from 2024-01-02
    b Ben Ok <-> rows [3]
      ? · ended · from 2024-01-02
    ");
}

#[test]
fn an_address_of_a_public_provider_is_no_login() {
    assert_snapshot!(say("
source_id,display_name,work_email,status
1,Ana,ana@GMail.com,active
"), @r#"
    muster: 1 rows
    1 Ana <-> rows [2]
      ? · active
    ! row 2, work_email "ana@GMail.com": an address in the work column that is of a public mail provider, so it is taken for a private one and not for a login; correct it, or add gmail.com to your domains
    "#);
    let own = ReadOptions { own_domains: vec!["gmail.com".to_owned()], ..ReadOptions::default() };
    let text = "source_id,display_name,work_email,status\n1,Ana,ana@gmail.com,active\n";
    assert_snapshot!(told(text.as_bytes(), &own), @"
    muster: 1 rows
    1 Ana <ana@gmail.com> rows [2]
      ? · active
    ");
}

#[test]
fn one_column_can_be_two_fields() {
    let map = [("Mail", Field::SourceId), ("Mail", Field::WorkEmail), ("Who", Field::DisplayName)];
    let map = map.map(|(column, field)| (column.to_owned(), field)).to_vec();
    let options = ReadOptions { map, ..ReadOptions::default() };
    let text = "Mail,Who,status\nana@acme.example,\"Sá, Ana\",active\n";
    assert_snapshot!(told(text.as_bytes(), &options), @"
    muster: 1 rows
    ana@acme.example Ana Sá <ana@acme.example> rows [2]
      ? · active
    ");
}
