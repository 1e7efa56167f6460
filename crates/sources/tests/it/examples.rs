//! The files under `examples/rosters/`, each beside what is said of it.

use std::{fs, path::PathBuf};

use insta::assert_snapshot;
use jiff::civil::date;
use muster_sources::{ReadOptions, formats, read};

use crate::text::{report, told};

pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/rosters").join(name)
}

/// Acme knows its domain, and reads these files on 3 November 2025.
pub(crate) fn options() -> ReadOptions {
    ReadOptions {
        own_domains: vec!["acme.example".to_owned()],
        today: Some(date(2025, 11, 3)),
        ..ReadOptions::default()
    }
}

fn file(name: &str) -> String {
    told(&fs::read(path(name)).unwrap(), &options())
}

/// The doctor's whole report.
fn checked(name: &str) -> String {
    report(&fs::read(path(name)).unwrap(), &options())
}

#[test]
fn every_format_has_a_good_file_and_a_broken_one() {
    for format in formats() {
        let name = |file: &str| format!("{}/{file}", format.name);
        let read = |name: &str| read(name, &fs::read(path(name)).unwrap(), &options());
        let roster = read(&name("acme.csv")).unwrap();
        assert_eq!(roster.format, format.name);
        let refusal = read(&name("broken.csv")).unwrap_err();
        assert_eq!(refusal.format.as_deref(), Some(format.name));
    }
}

#[test]
fn the_same_people_in_another_encoding() {
    assert_eq!(file("bamboohr/acme.csv"), file("bamboohr/semicolon-utf16.csv"));
}

#[test]
fn the_same_people_in_a_workbook() {
    assert_eq!(file("adp/acme.csv"), file("adp/acme.xlsx"));
}

#[test]
fn muster_good() {
    assert_snapshot!(file("muster/acme.csv"), @"
    muster: 29 rows
    p-001 Helena Brandt <helena.brandt@acme.example> rows [2]
      employee · active · from 2014-02-03 · Chief Executive Officer
    p-002 Ada Okafor <ada.okafor@acme.example> rows [3]
      employee · active · from 2016-05-16 · under p-001 · VP Support
    p-003 José Núñez de Vega <jose.nunez@acme.example> rows [4]
      employee · active · from 2017-09-01 · under p-001 · VP Operations
    p-004 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [5]
      employee · active · from 2018-01-15 · under p-001 · HR Director
    p-005 Bruce 李 <bruce.li@acme.example> rows [6]
      employee · active · from 2018-11-19 · under p-002 · Support Lead, APAC
    p-006 Zoë Ångström <zoe.angstrom@acme.example> rows [7]
      employee · active · from 2019-03-04 · under p-002 · Support Lead, EMEA
    p-007 Mehmet Yılmaz <mehmet.yilmaz@acme.example> rows [8]
      employee · active · from 2019-06-17 · under p-006 · Support Agent
    p-008 Łukasz Wójcik <lukasz.wojcik@acme.example> rows [9]
      employee · active · from 2019-10-01 · under p-006 · Support Agent
    p-009 Anne-Marie Dupont <annemarie.dupont@acme.example> rows [10]
      employee · active · from 2020-02-10 · under p-006 · Support Agent
    p-010 John Smith <john.smith@acme.example> rows [11]
      employee · active · from 2020-04-20 · under p-006 · Support Agent
    p-011 Jack Smith <jack.smith@acme.example> rows [12]
      employee · active · from 2021-01-11 · under p-003 · Billing Specialist
    p-012 Maria Иванова <maria.ivanova@acme.example> rows [13]
      employee · active · from 2021-03-22 · under p-006 · Support Agent
    p-013 Prince <prince@acme.example> rows [14]
      contractor · active · from 2023-08-14 · to 2026-08-13 · EndOfContract · under p-003 · Brand Designer
    p-014 Fatima al-Zahra <fatima.alzahra@acme.example> rows [15]
      employee · active · from 2021-09-06 · under p-005 · Support Agent
    p-015 Hương Nguyễn <huong.nguyen@acme.example> rows [16]
      employee · active · from 2021-11-29 · under p-005 · Support Agent
    p-016 Oliver Großmann <oliver.grossmann@acme.example> rows [17]
      employee · ended · from 2019-07-01 · last day 2025-03-14 · to 2025-03-31 · Voluntary · under p-006 · Support Agent
    p-017 Chloé Lefèvre <chloe.lefevre@acme.example> rows [18, 30]
      employee · ended · from 2020-09-14 · to 2024-12-13 · Voluntary · under p-004 · Recruiter
      employee · active · from 2025-09-15 · under p-004 · Recruiter
    p-018 Ravi Subramanian <ravi.subramanian@acme.example> rows [19]
      contractor · active · from 2024-02-05 · to 2026-01-31 · under p-003 · Data Analyst
    p-019 Ingrid Sørensen <ingrid.sorensen@acme.example> rows [20]
      employee · active · from 2022-01-17 · under p-006 · Support Agent
    p-020 Kwame Mensah <kwame.mensah@acme.example> rows [21]
      employee · active · from 2022-04-25 · under p-006 · Support Agent
    p-021 Bia da Silva Santos <bia.santos@acme.example> rows [22]
      employee · on_leave · from 2022-08-22 · leave 2025-10-06 · back 2026-04-05 · under p-006 · Support Agent
    p-022 Tomáš Dvořák <tomas.dvorak@acme.example> rows [23]
      employee · active · from 2023-01-09 · under p-002 · Support Engineer
    p-023 Yuki Tanaka <yuki.tanaka@acme.example> rows [24]
      employee · active · from 2023-05-15 · under p-005 · Support Agent
    p-024 Emily Clarke <emily.clarke@acme.example> rows [25]
      intern · active · from 2025-09-01 · to 2026-02-27 · under p-004 · People Intern
    p-025 Daniel Weiss <daniel.weiss@acme.example> rows [26]
      employee · ended · from 2021-05-03 · to 2025-06-30 · Involuntary · under p-006 · Support Agent
    p-026 Grace Mwangi <grace.mwangi@acme.example> rows [27]
      employee · active · from 2024-03-25 · under p-006 · Support Agent
    p-027 Pavel Novák <pavel.novak@acme.example> rows [28]
      employee · pending · from 2026-02-02 · under p-022 · Support Agent
    p-028 Sofia Rossi <sofia.rossi@acme.example> rows [29]
      employee · pending · from 2026-03-16 · under p-006 · Support Agent
    ");
}

#[test]
fn muster_broken() {
    assert_snapshot!(checked("muster/broken.csv"), @r#"
    format   Muster's own format (muster)
    file     text, UTF-8, commas, headings in row 1
    dates    each can be read in one way only
    found    13 people with 14 engagements in 15 rows: 13 active, 1 ended; 1 without an address at work
    columns
      A  source_id          source_id
      B  employee_number    employee_number
      C  legal_first        legal_first
      D  legal_last         legal_last
      E  preferred_first    preferred_first
      F  work_email         work_email
      G  personal_email     personal_email
      H  kind               kind
      I  status             status
      J  start_date         start_date
      K  end_date           end_date
      L  last_working_day   last_working_day
      M  leave_start        leave_start
      N  leave_return       leave_return
      O  termination_type   termination_type
      P  manager_source_id  manager_source_id
      Q  job_title          job_title
      R  staff_role         staff_role
      S  department         department
      T  location           location
      U  country            country
      V  time_zone          time_zone
      W  in_scope           in_scope
    12 problems
      row 4, work_email "ada.okafor@acme.example": row 3 gives this address to another person: one of them must have another, or, if they are one person, one id
      row 5, start_date "2018-02-31": there is no such day: correct it in the HR system
      row 7, end_date "2019-01-31": lies before the start 2019-03-04: correct one of them in the HR system
      row 9, manager_source_id "p-077": no person in the file has the manager's id: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
      row 10, legal_first "Anne-Marie": row 8 has the same id but "Mehmet" here: if these are two people, correct the id; if one, make the rows agree
      row 10, legal_last "Dupont": row 8 has the same id but "Yılmaz" here: if these are two people, correct the id; if one, make the rows agree
      row 10, work_email "annemarie.dupont@acme.example": row 8 has the same id but "mehmet.yilmaz@acme.example" here: if these are two people, correct the id; if one, make the rows agree
      row 12, source_id: the source_id is blank; fill it in or delete the row
      row 13, work_email "maria.ivanova at acme": not an e-mail address: correct it, or leave the cell blank
      row 15, time_zone "Gulf": not a time zone: write it like Europe/Berlin
      row 16, in_scope "perhaps": write yes or no
      row 17 "Total": this row is a total, not a person: export without totals, or delete it
    "#);
}

#[test]
fn bamboohr_good() {
    assert_snapshot!(file("bamboohr/acme.csv"), @r#"
    bamboohr: 28 rows
    101 Helena Brandt <helena.brandt@acme.example> rows [2]
      employee · active · from 2014-02-03 · Chief Executive Officer
    102 Ada Okafor <ada.okafor@acme.example> rows [3]
      employee · active · from 2016-05-16 · under 101 · VP Support
    103 José Núñez de Vega <jose.nunez@acme.example> rows [4]
      employee · active · from 2017-09-01 · under 101 · VP Operations
    104 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [5]
      employee · active · from 2018-01-15 · under 101 · HR Director
    105 Bruce 李 <bruce.li@acme.example> rows [6]
      employee · active · from 2018-11-19 · under 102 · Support Lead, APAC
    106 Zoë Ångström <zoe.angstrom@acme.example> rows [7]
      employee · active · from 2019-03-04 · under 102 · Support Lead, EMEA
    107 Mehmet Yılmaz <mehmet.yilmaz@acme.example> rows [8]
      employee · active · from 2019-06-17 · under 106 · Support Agent
    108 Łukasz Wójcik <lukasz.wojcik@acme.example> rows [9]
      employee · active · from 2019-10-01 · under 106 · Support Agent
    109 Anne-Marie Dupont <annemarie.dupont@acme.example> rows [10]
      employee · active · from 2020-02-10 · under 106 · Support Agent
    110 John Smith <john.smith@acme.example> rows [11]
      employee · active · from 2020-04-20 · under 106 · Support Agent
    111 Jack Smith <jack.smith@acme.example> rows [12]
      employee · active · from 2021-01-11 · under 103 · Billing Specialist
    112 Maria Иванова <maria.ivanova@acme.example> rows [13]
      employee · active · from 2021-03-22 · under 106 · Support Agent
    113 Prince <prince@acme.example> rows [14]
      contractor · active · from 2023-08-14 · to 2026-08-13 · under 103 · Brand Designer
    114 Fatima al-Zahra <fatima.alzahra@acme.example> rows [15]
      employee · active · from 2021-09-06 · under 105 · Support Agent
    115 Hương Nguyễn <huong.nguyen@acme.example> rows [16]
      employee · active · from 2021-11-29 · under 105 · Support Agent
    116 Oliver Großmann <oliver.grossmann@acme.example> rows [17]
      ? · ended · from 2019-07-01 · to 2025-03-31 · under 106 · Support Agent
    117 Chloé Lefèvre <chloe.lefevre@acme.example> rows [18]
      employee · active · from 2025-09-15 · first 2020-09-14 · under 104 · Recruiter
    118 Ravi Subramanian <ravi.subramanian@acme.example> rows [19]
      contractor · active · from 2024-02-05 · to 2026-01-31 · under 103 · Data Analyst
    119 Ingrid Sørensen <ingrid.sorensen@acme.example> rows [20]
      employee · active · from 2022-01-17 · under 106 · Support Agent
    120 Kwame Mensah <kwame.mensah@acme.example> rows [21]
      employee · active · from 2022-04-25 · under 106 · Support Agent
    121 Bia da Silva Santos <bia.santos@acme.example> rows [22]
      employee · active · from 2022-08-22 · under 106 · Support Agent
    122 Tomáš Dvořák <tomas.dvorak@acme.example> rows [23]
      employee · active · from 2023-01-09 · under 102 · Support Engineer
    123 Yuki Tanaka <yuki.tanaka@acme.example> rows [24]
      employee · active · from 2023-05-15 · under 105 · Support Agent
    124 Emily Clarke <emily.clarke@acme.example> rows [25]
      intern · active · from 2025-09-01 · to 2026-02-27 · under 104 · People Intern
    125 Daniel Weiss <daniel.weiss@acme.example> rows [26]
      ? · ended · from 2021-05-03 · to 2025-06-30 · under 106 · Support Agent
    126 Grace Mwangi <grace.mwangi@acme.example> rows [27]
      employee · active · from 2024-03-25 · under 106 · Support Agent
    127 Pavel Novák <pavel.novak@acme.example> rows [28]
      employee · active · from 2026-02-02 · under 122 · Support Agent
    128 Sofia Rossi <sofia.rossi@acme.example> rows [29]
      employee · active · from 2026-03-16 · under 106 · Support Agent
    ! row 18, Termination Date "2024-12-13": lies before the start 2025-09-15 and belongs to an earlier time here; left out
    "#);
}

#[test]
fn bamboohr_broken() {
    assert_snapshot!(checked("bamboohr/broken.csv"), @r##"
    format   BambooHR (bamboohr)
    file     text, UTF-8, commas, headings in row 1
    dates    day/month or month/day: cannot be told
    found    18 people with 19 engagements in 19 rows: 18 active, 1 ended; 1 without an address at work
    columns
      A  Employee #          source_id, employee_number
      B  Last Name           legal_last
      C  First Name          legal_first
      D  Preferred Name      preferred_first
      E  Work Email          work_email
      F  Status              status
      G  Employment Status   kind
      H  Hire Date           start_date
      I  Original Hire Date  original_start_date
      J  Termination Date    end_date
      K  Job Title           job_title
      L  Department          department
      M  Division            not read
      N  Location            location
      O  Reporting to        manager_name
    2 warnings
      row 8, Reporting to "Ångström, Zoë": the person is their own manager; read as having none
      row 18, Termination Date "2024-12-13": lies before the start 2025-09-15 and belongs to an earlier time here; left out
    7 problems
      row 6, Hire Date "11/19/2018": only month/day/year fits here, but day/month/year fits elsewhere: the file mixes both, so none of its dates can be believed; export it again with one date format
      row 8, Employee # "106": row 7 has this id too, and BambooHR has one row per person: delete one, or correct the id
      row 10, Work Email "lukasz.wojcik@acme.example": row 9 gives this address to another person: one of them must have another, or, if they are one person, one id
      row 12, Reporting to "Smith, John": the manager can be any of 110 (row 11), 111 (row 12): add a column with the manager's id or e-mail
      row 14, Reporting to "Gone, Long": no person in the file has the manager's name: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
      row 17, Termination Date "31/06/2025": there is no such day: correct it in the HR system
      row 19, Work Email "#N/A": an error of the spreadsheet instead of a value: mend the formula, or export from the HR system
    "##);
}

#[test]
fn bamboohr_asks() {
    assert_snapshot!(checked("bamboohr/ask-day-or-month.csv"), @r#"
    format   BambooHR (bamboohr)
    file     text, UTF-8, commas, headings in row 1
    dates    day/month or month/day: cannot be told
    found    9 people with 9 engagements in 9 rows: 9 active
    columns
      A  Employee #          source_id, employee_number
      B  Last Name           legal_last
      C  First Name          legal_first
      D  Preferred Name      preferred_first
      E  Work Email          work_email
      F  Status              status
      G  Employment Status   kind
      H  Hire Date           start_date
      I  Original Hire Date  original_start_date
      J  Termination Date    end_date
      K  Job Title           job_title
      L  Department          department
      M  Division            not read
      N  Location            location
      O  Reporting to        manager_name
    1 warning
      nobody in the file has left; leavers who are only missing keep what they have: take a report, not the directory, and include inactive people; or import with --presence active and order departures by hand
    1 problem
      row 2, Hire Date "03/02/2014": every date of the file can be read as day/month and as month/day (8 of them differ): say which with --dates dmy or --dates mdy
    "#);
}

#[test]
fn adp_good() {
    assert_snapshot!(file("adp/acme.csv"), @r#"
    adp: 30 rows
    G3035AQA Zoë Ångström <zoe.angstrom@acme.example> rows [10]
      employee · active · ACM000006 · from 2019-03-04 · under G33DDEQA · Support Lead, EMEA
    G306B4QA Maria Иванова <maria.ivanova@acme.example> rows [18]
      employee · active · ACM000012 · from 2021-03-22 · under G3035AQA · Support Agent
    G30A0EQA Ravi Subramanian <ravi.subramanian@acme.example> rows [24]
      contractor · active · ACM000018 · from 2024-02-05 · to 2026-01-31 · under G35CCDQA · Data Analyst
    G30D68QA Emily Clarke <emily.clarke@acme.example> rows [30]
      intern · active · ACM000024 · from 2025-09-01 · to 2026-02-27 · under G37BBCQA · People Intern
    G31EEFQA Helena Brandt <helena.brandt@acme.example> rows [5]
      employee · active · ACM000001 · from 2014-02-03 · Chief Executive Officer
    G32249QA Mehmet Yılmaz <mehmet.yilmaz@acme.example> rows [11]
      employee · active · ACM000007 · from 2019-06-17 · under G3035AQA · Support Agent
    G325A3QA Prince <prince@acme.example> rows [19]
      contractor · active · ACM000013 · from 2023-08-14 · to 2026-08-13 · under G35CCDQA · Brand Designer
    G328FDQA Ingrid Sørensen <ingrid.sorensen@acme.example> rows [25]
      employee · active · ACM000019 · from 2022-01-17 · under G3035AQA · Support Agent
    G32C57QA Daniel Weiss <daniel.weiss@acme.example> rows [31]
      employee · ended · ACM000025 · from 2021-05-03 · to 2025-06-30 · Involuntary · under G3035AQA · Support Agent
    G33DDEQA Ada Okafor <ada.okafor@acme.example> rows [6]
      employee · active · ACM000002 · from 2016-05-16 · under G31EEFQA · VP Support
    G34138QA Łukasz Wójcik <lukasz.wojcik@acme.example> rows [12]
      employee · active · ACM000008 · from 2019-10-01 · under G3035AQA · Support Agent
    G34492QA Fatima al-Zahra <fatima.alzahra@acme.example> rows [20]
      employee · active · ACM000014 · from 2021-09-06 · under G39AABQA · Support Agent
    G347ECQA Kwame Mensah <kwame.mensah@acme.example> rows [26]
      employee · active · ACM000020 · from 2022-04-25 · under G3035AQA · Support Agent
    G34B46QA Grace Mwangi <grace.mwangi@acme.example> rows [32]
      employee · active · ACM000026 · from 2024-03-25 · under G3035AQA · Support Agent
    G35CCDQA José Núñez de Vega <jose.nunez@acme.example> rows [7]
      employee · active · ACM000003 · from 2017-09-01 · under G31EEFQA · VP Operations
    G36027QA Anne-Marie Dupont <annemarie.dupont@acme.example> rows [13]
      employee · active · ACM000009 · from 2020-02-10 · under G3035AQA · Support Agent
    G36381QA Hương Nguyễn <huong.nguyen@acme.example> rows [21]
      employee · active · ACM000015 · from 2021-11-29 · under G39AABQA · Support Agent
    G366DBQA Bia da Silva Santos <bia.santos@acme.example> rows [27]
      employee · on_leave · ACM000021 · from 2022-08-22 · leave 2025-10-06 · back 2026-04-05 · under G3035AQA · Support Agent
    G36A35QA Pavel Novák <pavel.novak@acme.example> rows [33]
      employee · active · ACM000027 · from 2026-02-02 · under G385CAQA · Support Agent
    G37BBCQA Siobhán O'Connor <siobhan.oconnor@acme.example> rows [8]
      employee · active · ACM000004 · from 2018-01-15 · under G31EEFQA · HR Director
    G37F16QA John Smith <john.smith@acme.example> rows [14, 15]
      employee · active · ACM000010 · from 2020-04-20 · under G3035AQA · Support Agent
      employee · ended · WST000210 · from 2022-07-01 · to 2023-12-31 · Voluntary · under G3035AQA · Weekend Duty Lead
    G38270QA Oliver Großmann <oliver.grossmann@acme.example> rows [22]
      employee · ended · ACM000016 · from 2019-07-01 · to 2025-03-31 · Voluntary · under G3035AQA · Support Agent
    G385CAQA Tomáš Dvořák <tomas.dvorak@acme.example> rows [28]
      employee · active · ACM000022 · from 2023-01-09 · under G33DDEQA · Support Engineer
    G38924QA Sofia Rossi <sofia.rossi@acme.example> rows [34]
      employee · active · ACM000028 · from 2026-03-16 · under G3035AQA · Support Agent
    G39AABQA Bruce 李 <bruce.li@acme.example> rows [9]
      employee · active · ACM000005 · from 2018-11-19 · under G33DDEQA · Support Lead, APAC
    G39E05QA Jack Smith <jack.smith@acme.example> rows [16, 17]
      employee · active · ACM000011 · from 2021-01-11 · under G35CCDQA · Billing Specialist
      employee · active · WST000211 · from 2024-01-15 · under G35CCDQA · Payments Reviewer
    G3A15FQA Chloé Lefèvre <chloe.lefevre@acme.example> rows [23]
      employee · active · ACM000017 · from 2025-09-15 · first 2020-09-14 · under G37BBCQA · Recruiter
    G3A4B9QA Yuki Tanaka <yuki.tanaka@acme.example> rows [29]
      employee · active · ACM000023 · from 2023-05-15 · under G39AABQA · Support Agent
    ! row 23, Termination Date "2024-12-13": lies before the start 2025-09-15 and belongs to an earlier time here; left out
    "#);
}

#[test]
fn adp_broken() {
    assert_snapshot!(checked("adp/broken.csv"), @r#"
    format   ADP Workforce Now (adp)
    file     text, UTF-8, commas, headings in row 4
    dates    month/day/year, as the format writes them, or year-month-day
    found    15 people with 17 engagements in 17 rows: 15 active, 2 ended
    columns
      A  Associate ID                            source_id
      B  Position ID                             position
      C  File Number                             employee_number
      D  Payroll Company Code                    legal_entity
      E  Payroll Name                            name in the payroll
      F  Last Name                               legal_last
      G  First Name                              legal_first
      H  Preferred Or Chosen First Name          preferred_first
      I  Job Title Description                   job_title
      J  Home Department Description             department
      K  Location Description                    location
      L  Worker Category Description             kind
      M  Position Status                         status
      N  Hire Date                               start_date
      O  Rehire Date                             start after having left
      P  Termination Date                        end_date
      Q  Voluntary/Involuntary Termination Flag  termination_type
      R  Leave of Absence Start Date             leave_start
      S  Leave of Absence Return Date            leave_return
      T  Reports To Name                         manager_name
      U  Reports To Associate ID                 manager_source_id
      V  Work Contact: Work Email                work_email
    7 problems
      row 7, File Number "111": shorter than the 6 digits of row 5 (000037): a spreadsheet has removed leading zeros; give the column the format Text, or export again without opening the file
      row 9, Hire Date "19/11/2018": no such day when read as month/day/year: correct it, or use --dates dmy if the whole file is written the other way round
      row 10, Reports To Associate ID "G33DDEQA": these people manage each other in a circle: G3035AQA (row 10) → G33DDEQA (row 6); correct one of their managers
      row 11, Reports To Associate ID "G3FFFFQA": no person in the file has the manager's id: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
      row 13, Termination Date "2019-01-01": lies before the start 2020-02-10: correct one of them in the HR system
      row 15, Associate ID "G37F16QA": row 14 has the same id, position and start date: delete one of them, or correct the id
      row 23 "Total Employees: 28": the footer counts 28, but what was read is 17 rows, 15 people: the file may be cut off; export it again
    "#);
}

#[test]
fn rippling_good() {
    assert_snapshot!(file("rippling/acme.csv"), @"
    rippling: 28 rows
    R0001 Helena Brandt <helena.brandt@acme.example> rows [2]
      employee · active · from 2014-02-03 · Chief Executive Officer
    R0002 Ada Okafor <ada.okafor@acme.example> rows [3]
      employee · active · from 2016-05-16 · under R0001 · VP Support
    R0003 José Núñez de Vega <jose.nunez@acme.example> rows [4]
      employee · active · from 2017-09-01 · under R0001 · VP Operations
    R0004 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [5]
      employee · active · from 2018-01-15 · under R0001 · HR Director
    R0005 Bruce 李 <bruce.li@acme.example> rows [6]
      employee · active · from 2018-11-19 · under R0002 · Support Lead, APAC
    R0006 Zoë Ångström <zoe.angstrom@acme.example> rows [7]
      employee · active · from 2019-03-04 · under R0002 · Support Lead, EMEA
    R0007 Mehmet Yılmaz <mehmet.yilmaz@acme.example> rows [8]
      employee · active · from 2019-06-17 · under R0006 · Support Agent
    R0008 Łukasz Wójcik <lukasz.wojcik@acme.example> rows [9]
      employee · active · from 2019-10-01 · under R0006 · Support Agent
    R0009 Anne-Marie Dupont <annemarie.dupont@acme.example> rows [10]
      employee · active · from 2020-02-10 · under R0006 · Support Agent
    R0010 John Smith <john.smith@acme.example> rows [11]
      employee · active · from 2020-04-20 · under R0006 · Support Agent
    R0011 Jack Smith <jack.smith@acme.example> rows [12]
      employee · active · from 2021-01-11 · under R0003 · Billing Specialist
    R0012 Maria Иванова <maria.ivanova@acme.example> rows [13]
      employee · active · from 2021-03-22 · under R0006 · Support Agent
    R0013 Prince <prince@acme.example> rows [14]
      contractor · active · from 2023-08-14 · to 2026-08-13 · under R0003 · Brand Designer
    R0014 Fatima al-Zahra <fatima.alzahra@acme.example> rows [15]
      employee · active · from 2021-09-06 · under R0005 · Support Agent
    R0015 Hương Nguyễn <huong.nguyen@acme.example> rows [16]
      employee · active · from 2021-11-29 · under R0005 · Support Agent
    R0016 Oliver Großmann <oliver.grossmann@acme.example> rows [17]
      employee · ended · from 2019-07-01 · to 2025-03-31 · under R0006 · Support Agent
    R0017 Chloé Lefèvre <chloe.lefevre@acme.example> rows [18]
      employee · active · from 2025-09-15 · under R0004 · Recruiter
    R0018 Ravi Subramanian <ravi.subramanian@acme.example> rows [19]
      contractor · active · from 2024-02-05 · to 2026-01-31 · under R0003 · Data Analyst
    R0019 Ingrid Sørensen <ingrid.sorensen@acme.example> rows [20]
      employee · active · from 2022-01-17 · under R0006 · Support Agent
    R0020 Kwame Mensah <kwame.mensah@acme.example> rows [21]
      employee · active · from 2022-04-25 · under R0006 · Support Agent
    R0021 Bia da Silva Santos <bia.santos@acme.example> rows [22]
      employee · on_leave · from 2022-08-22 · under R0006 · Support Agent
    R0022 Tomáš Dvořák <tomas.dvorak@acme.example> rows [23]
      employee · active · from 2023-01-09 · under R0002 · Support Engineer
    R0023 Yuki Tanaka <yuki.tanaka@acme.example> rows [24]
      employee · active · from 2023-05-15 · under R0005 · Support Agent
    R0024 Emily Clarke <emily.clarke@acme.example> rows [25]
      intern · active · from 2025-09-01 · to 2026-02-27 · under R0004 · People Intern
    R0025 Daniel Weiss <daniel.weiss@acme.example> rows [26]
      employee · ended · from 2021-05-03 · to 2025-06-30 · under R0006 · Support Agent
    R0026 Grace Mwangi <grace.mwangi@acme.example> rows [27]
      employee · active · from 2024-03-25 · under R0006 · Support Agent
    R0027 Pavel Novák <pavel.novak@acme.example> rows [28]
      employee · pending · from 2026-02-02 · under R0022 · Support Agent
    R0028 Sofia Rossi <sofia.rossi@acme.example> rows [29]
      employee · pending · from 2026-03-16 · under R0006 · Support Agent
    ");
}

#[test]
fn rippling_broken() {
    assert_snapshot!(checked("rippling/broken.csv"), @r#"
    format   Rippling (rippling)
    file     text, UTF-8, commas, headings in row 1
    dates    day/month/year, as the values show
    found    14 people with 15 engagements in 16 rows: 13 active, 1 ended, 1 unknown; 1 without an address at work
    columns
      A  Employee ID           source_id
      B  First name            legal_first
      C  Last name             legal_last
      D  Preferred first name  preferred_first
      E  Work email            work_email
      F  Personal email        personal_email
      G  Employment type       kind
      H  Employment status     status
      I  Start date            start_date
      J  End date              end_date
      K  Title                 job_title
      L  Department            department
      M  Manager               manager_name
      N  Manager employee ID   manager_source_id
      O  Work location         location
    3 warnings
      row 4, Work email "jose.nunez@gmail.com": an address in the work column that is of a public mail provider, so it is taken for a private one and not for a login; correct it, or add gmail.com to your domains
      row 8, Manager employee ID "R0006": the person is their own manager; read as having none
      row 11, Employment status "Sabbatical": the status is not known, so it counts neither as active nor as ended; say what it means with --status
    7 problems
      row 5, Start date "2018-13-15": there is no such day: correct it in the HR system
      row 7, Manager employee ID "R0099": no person in the file has the manager's id: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
      row 8, Employee ID "R0006": row 7 has this id too, and Rippling has one row per person: delete one, or correct the id
      row 10, End date "2019-12-31": lies before the start 2020-02-10: correct one of them in the HR system; if it ended an earlier time here, export the first start too (Original start date)
      row 12, Work email "john.smith@acme.example": row 11 gives this address to another person: one of them must have another, or, if they are one person, one id
      row 16, Employee ID: the source_id is blank; fill it in or delete the row
      row 18 "Total": this row is a total, not a person: export without totals, or delete it
    "#);
}

#[test]
fn gusto_good() {
    assert_snapshot!(file("gusto/acme.csv"), @"
    gusto: 28 rows
    1001 Helena Brandt <helena.brandt@acme.example> rows [5]
      employee · active · from 2014-02-03 · Chief Executive Officer
    1002 Ada Okafor <ada.okafor@acme.example> rows [6]
      employee · active · from 2016-05-16 · under 1001 · VP Support
    1003 José Núñez de Vega <jose.nunez@acme.example> rows [7]
      employee · active · from 2017-09-01 · under 1001 · VP Operations
    1004 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [8]
      employee · active · from 2018-01-15 · under 1001 · HR Director
    1005 Bruce 李 <bruce.li@acme.example> rows [9]
      employee · active · from 2018-11-19 · under 1002 · Support Lead, APAC
    1006 Zoë Ångström <zoe.angstrom@acme.example> rows [10]
      employee · active · from 2019-03-04 · under 1002 · Support Lead, EMEA
    1007 Mehmet Yılmaz <mehmet.yilmaz@acme.example> rows [11]
      employee · active · from 2019-06-17 · under 1006 · Support Agent
    1008 Łukasz Wójcik <lukasz.wojcik@acme.example> rows [12]
      employee · active · from 2019-10-01 · under 1006 · Support Agent
    1009 Anne-Marie Dupont <annemarie.dupont@acme.example> rows [13]
      employee · active · from 2020-02-10 · under 1006 · Support Agent
    1010 John Smith <john.smith@acme.example> rows [14]
      employee · active · from 2020-04-20 · under 1006 · Support Agent
    1011 Jack Smith <jack.smith@acme.example> rows [15]
      employee · active · from 2021-01-11 · under 1003 · Billing Specialist
    1012 Maria Иванова <maria.ivanova@acme.example> rows [16]
      employee · active · from 2021-03-22 · under 1006 · Support Agent
    1013 Prince <prince@acme.example> rows [17]
      contractor · active · from 2023-08-14 · last day 2026-08-13 · under 1003 · Brand Designer
    1014 Fatima al-Zahra <fatima.alzahra@acme.example> rows [18]
      employee · active · from 2021-09-06 · under 1005 · Support Agent
    1015 Hương Nguyễn <huong.nguyen@acme.example> rows [19]
      employee · active · from 2021-11-29 · under 1005 · Support Agent
    1016 Oliver Großmann <oliver.grossmann@acme.example> rows [20]
      employee · ended · from 2019-07-01 · last day 2025-03-14 · under 1006 · Support Agent
    1017 Chloé Lefèvre <chloe.lefevre@acme.example> rows [21]
      employee · active · from 2025-09-15 · under 1004 · Recruiter
    1018 Ravi Subramanian <ravi.subramanian@acme.example> rows [22]
      contractor · active · from 2024-02-05 · last day 2026-01-31 · under 1003 · Data Analyst
    1019 Ingrid Sørensen <ingrid.sorensen@acme.example> rows [23]
      employee · active · from 2022-01-17 · under 1006 · Support Agent
    1020 Kwame Mensah <kwame.mensah@acme.example> rows [24]
      employee · active · from 2022-04-25 · under 1006 · Support Agent
    1021 Bia da Silva Santos <bia.santos@acme.example> rows [25]
      employee · on_leave · from 2022-08-22 · under 1006 · Support Agent
    1022 Tomáš Dvořák <tomas.dvorak@acme.example> rows [26]
      employee · active · from 2023-01-09 · under 1002 · Support Engineer
    1023 Yuki Tanaka <yuki.tanaka@acme.example> rows [27]
      employee · active · from 2023-05-15 · under 1005 · Support Agent
    1024 Emily Clarke <emily.clarke@acme.example> rows [28]
      intern · active · from 2025-09-01 · last day 2026-02-27 · under 1004 · People Intern
    1025 Daniel Weiss <daniel.weiss@acme.example> rows [29]
      employee · ended · from 2021-05-03 · last day 2025-06-30 · under 1006 · Support Agent
    1026 Grace Mwangi <grace.mwangi@acme.example> rows [30]
      employee · active · from 2024-03-25 · under 1006 · Support Agent
    1027 Pavel Novák <pavel.novak@acme.example> rows [31]
      employee · pending · from 2026-02-02 · under 1022 · Support Agent
    1028 Sofia Rossi <sofia.rossi@acme.example> rows [32]
      employee · pending · from 2026-03-16 · under 1006 · Support Agent
    ");
}

#[test]
fn gusto_broken() {
    assert_snapshot!(checked("gusto/broken.csv"), @r#"
    format   Gusto (gusto)
    file     text, UTF-8, commas, headings in row 4
    dates    month/day/year, as the format writes them, or year-month-day
    found    14 people with 15 engagements in 16 rows: 13 active, 1 ended, 1 unknown; 1 without an address at work
    columns
      A  Employee ID        source_id
      B  First name         legal_first
      C  Last name          legal_last
      D  Preferred name     preferred_first
      E  Work email         work_email
      F  Personal email     personal_email
      G  Start date         start_date
      H  Dismissal date     last_working_day
      I  Employment status  status
      J  Employment type    kind
      K  Job title          job_title
      L  Department         department
      M  Manager            manager_name
      N  Work location      location
    2 warnings
      row 8, Work email "siobhan.oconnor@hotmail.com": an address in the work column that is of a public mail provider, so it is taken for a private one and not for a login; correct it, or add hotmail.com to your domains
      row 17, Employment status "Furloughed": the status is not known, so it counts neither as active nor as ended; say what it means with --status
    8 problems
      row 6, Start date "16/05/2016": no such day when read as month/day/year: correct it, or use --dates dmy if the whole file is written the other way round
      row 9, Dismissal date "2018-01-31": lies before the start 2018-11-19: correct one of them in the HR system; if it ended an earlier time here, export the first start too (Original hire date)
      row 11, Employee ID: the source_id is blank; fill it in or delete the row
      row 12, Manager "Zoe Angstrom": no person in the file has the manager's name: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
      row 14, Work email "john.smith at acme": not an e-mail address: correct it, or leave the cell blank
      row 15, Employee ID "1010": row 14 has this id too, and Gusto has one row per person: delete one, or correct the id
      row 20, Dismissal date "02/30/2025": there is no such day: correct it in the HR system
      row 22 "Total employees: 17": the footer counts 17, but what was read is 16 rows, 14 people: the file may be cut off; export it again
    "#);
}

#[test]
fn workday_good() {
    assert_snapshot!(file("workday/acme.csv"), @r#"
    workday: 29 rows
    1001 Helena Brandt <helena.brandt@acme.example> rows [5]
      employee · active · from 2014-02-03 · first 2014-02-03 · Chief Executive Officer
    1002 Ada Okafor <ada.okafor@acme.example> rows [6]
      employee · active · from 2016-05-16 · first 2016-05-16 · under 1001 · VP Support
    1003 José Núñez de Vega <jose.nunez@acme.example> rows [7]
      employee · active · from 2017-09-01 · first 2017-09-01 · under 1001 · VP Operations
    1004 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [8]
      employee · active · from 2018-01-15 · first 2018-01-15 · under 1001 · HR Director
    1005 Bruce 李 <bruce.li@acme.example> rows [9]
      employee · active · from 2018-11-19 · first 2018-11-19 · under 1002 · Support Lead, APAC
    1006 Zoë Ångström <zoe.angstrom@acme.example> rows [10]
      employee · active · from 2019-03-04 · first 2019-03-04 · under 1002 · Support Lead, EMEA
    1007 Mehmet Yılmaz <mehmet.yilmaz@acme.example> rows [11]
      employee · active · from 2019-06-17 · first 2019-06-17 · under 1006 · Support Agent
    1008 Łukasz Wójcik <lukasz.wojcik@acme.example> rows [12]
      employee · active · from 2019-10-01 · first 2019-10-01 · under 1006 · Support Agent
    1009 Anne-Marie Dupont <annemarie.dupont@acme.example> rows [13]
      employee · active · from 2020-02-10 · first 2020-02-10 · under 1006 · Support Agent
    1010 John Smith <john.smith@acme.example> rows [14]
      employee · active · from 2020-04-20 · first 2020-04-20 · under 1006 · Support Agent
    1011 Jack Smith <jack.smith@acme.example> rows [15]
      employee · active · from 2021-01-11 · first 2021-01-11 · under 1003 · Billing Specialist
    1012 Maria Иванова <maria.ivanova@acme.example> rows [16]
      employee · active · from 2021-03-22 · first 2021-03-22 · under 1006 · Support Agent
    1013 Prince <prince@acme.example> rows [17]
      contractor · active · from 2023-08-14 · first 2023-08-14 · to 2026-08-13 · under 1003 · Brand Designer
    1014 Fatima al-Zahra <fatima.alzahra@acme.example> rows [18]
      employee · active · from 2021-09-06 · first 2021-09-06 · under 1005 · Support Agent
    1015 Hương Nguyễn <huong.nguyen@acme.example> rows [19]
      employee · active · from 2021-11-29 · first 2021-11-29 · under 1005 · Support Agent
    1016 Oliver Großmann <oliver.grossmann@acme.example> rows [20]
      employee · ended · from 2019-07-01 · first 2019-07-01 · last day 2025-03-14 · to 2025-03-31 · under 1006 · Support Agent
    1017 Chloé Lefèvre <chloe.lefevre@acme.example> rows [21]
      employee · active · from 2025-09-15 · first 2020-09-14 · under 1004 · Recruiter
    1018 Ravi Subramanian <ravi.subramanian@acme.example> rows [22]
      contractor · active · from 2024-02-05 · first 2024-02-05 · to 2026-01-31 · under 1003 · Data Analyst
    1019 Ingrid Sørensen <ingrid.sorensen@acme.example> rows [23]
      employee · active · from 2022-01-17 · first 2022-01-17 · under 1006 · Support Agent
    1020 Kwame Mensah <kwame.mensah@acme.example> rows [24]
      employee · active · from 2022-04-25 · first 2022-04-25 · under 1006 · Support Agent
    1021 Bia da Silva Santos <bia.santos@acme.example> rows [25]
      employee · active · from 2022-08-22 · first 2022-08-22 · under 1006 · Support Agent
    1022 Tomáš Dvořák <tomas.dvorak@acme.example> rows [26]
      employee · active · from 2023-01-09 · first 2023-01-09 · under 1002 · Support Engineer
    1023 Yuki Tanaka <yuki.tanaka@acme.example> rows [27]
      employee · active · from 2023-05-15 · first 2023-05-15 · under 1005 · Support Agent
    1024 Emily Clarke <emily.clarke@acme.example> rows [28]
      intern · active · from 2025-09-01 · first 2025-09-01 · to 2026-02-27 · under 1004 · People Intern
    1025 Daniel Weiss <daniel.weiss@acme.example> rows [29]
      employee · ended · from 2021-05-03 · first 2021-05-03 · to 2025-06-30 · under 1006 · Support Agent
    1026 Grace Mwangi <grace.mwangi@acme.example> rows [30]
      employee · active · from 2024-03-25 · first 2024-03-25 · under 1006 · Support Agent
    1027 Pavel Novák <pavel.novak@acme.example> rows [31]
      employee · active · from 2026-02-02 · first 2026-02-02 · under 1022 · Support Agent
    1028 Sofia Rossi <sofia.rossi@acme.example> rows [32]
      employee · active · from 2026-03-16 · first 2026-03-16 · under 1006 · Support Agent
    ! row 21, Termination Date "2024-12-13": lies before the start 2025-09-15 and belongs to an earlier time here; left out
    ! row 33, Effective Date "2026-01-01": takes effect after today (2025-11-03), so only the end of work is taken from it; import again from that day on
    "#);
}

#[test]
fn workday_broken() {
    assert_snapshot!(checked("workday/broken.csv"), @r##"
    format   Workday (workday)
    file     text, UTF-8, commas, headings in row 4
    dates    each can be read in one way only
    found    14 people with 16 engagements in 16 rows: 15 active, 1 unknown; 1 without an address at work
    columns
      A  Worker                    not read
      B  Employee ID               source_id
      C  Legal First Name          legal_first
      D  Legal Last Name           legal_last
      E  Preferred Name            display_name
      F  Email - Primary Work      work_email
      G  Worker Type               kind
      H  Active Status             status
      I  Effective Date            from which day on the row is true
      J  Hire Date                 start_date
      K  Original Hire Date        original_start_date
      L  Termination Date          end_date
      M  Last Day of Work          last_working_day
      N  Contract End Date         end where there is no end date
      O  Business Title            job_title
      P  Supervisory Organization  department
      Q  Manager                   manager_name
      R  Location                  location
      S  Cost Center               cost_centre
    4 warnings
      nobody in the file has left; leavers who are only missing keep what they have: tell the report to include terminated workers; or import with --presence active and order departures by hand
      row 7, Active Status "maybe": the status is not known, so it counts neither as active nor as ended; say what it means with --status
      row 10, Email - Primary Work "zoe.angstrom@acme.example;zoe@acme.example": several values, of which the first counts: see that it is the right one
      row 12, Manager "Zoë Ångström;Adaeze Okafor": several values, of which the first counts: see that it is the right one
    10 problems
      row 5, Manager "Adaeze Okafor": these people manage each other in a circle: 1001 (row 5) → 1002 (row 6); correct one of their managers
      row 8, Hire Date "2018-02-31": there is no such day: correct it in the HR system
      row 13, Termination Date "2019-06-30": lies before the start 2020-02-10: correct one of them in the HR system; if it ended an earlier time here, export the first start too (Original Hire Date)
      row 14, Legal First Name "John": row 13 has the same id but "Anne-Marie" here: if these are two people, correct the id; if one, make the rows agree
      row 14, Legal Last Name "Smith": row 13 has the same id but "Dupont" here: if these are two people, correct the id; if one, make the rows agree
      row 14, Preferred Name "John Smith": row 13 has the same id but "Anne-Marie Dupont" here: if these are two people, correct the id; if one, make the rows agree
      row 14, Email - Primary Work "john.smith@acme.example": row 13 has the same id but "annemarie.dupont@acme.example" here: if these are two people, correct the id; if one, make the rows agree
      row 15, Manager "John Smith": the manager can be any of 1009 (row 13), 1011 (row 15): add a column with the manager's id or e-mail
      row 17, Email - Primary Work "#REF!": an error of the spreadsheet instead of a value: mend the formula, or export from the HR system
      row 20, Employee ID "1012": row 16 has the same id, position and start date: delete one of them, or correct the id
    "##);
}

#[test]
fn hibob_good() {
    assert_snapshot!(file("hibob/acme.csv"), @r#"
    hibob: 28 rows
    1001 Helena Brandt <helena.brandt@acme.example> rows [2]
      ? · active · from 2014-02-03 · Chief Executive Officer
    1002 Ada Okafor <ada.okafor@acme.example> rows [3]
      ? · active · from 2016-05-16 · under 1001 · VP Support
    1003 José Núñez de Vega <jose.nunez@acme.example> rows [4]
      ? · active · from 2017-09-01 · under 1001 · VP Operations
    1004 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [5]
      ? · active · from 2018-01-15 · under 1001 · HR Director
    1005 Bruce 李 <bruce.li@acme.example> rows [6]
      ? · active · from 2018-11-19 · under 1002 · Support Lead, APAC
    1006 Zoë Ångström <zoe.angstrom@acme.example> rows [7]
      ? · active · from 2019-03-04 · under 1002 · Support Lead, EMEA
    1007 Mehmet Yılmaz <mehmet.yilmaz@acme.example> rows [8]
      ? · active · from 2019-06-17 · under 1006 · Support Agent
    1008 Łukasz Wójcik <lukasz.wojcik@acme.example> rows [9]
      ? · active · from 2019-10-01 · under 1006 · Support Agent
    1009 Anne-Marie Dupont <annemarie.dupont@acme.example> rows [10]
      ? · active · from 2020-02-10 · under 1006 · Support Agent
    1010 John Smith <john.smith@acme.example> rows [11]
      ? · active · from 2020-04-20 · under 1006 · Support Agent
    1011 Jack Smith <jack.smith@acme.example> rows [12]
      ? · active · from 2021-01-11 · under 1003 · Billing Specialist
    1012 Maria Иванова <maria.ivanova@acme.example> rows [13]
      ? · active · from 2021-03-22 · under 1006 · Support Agent
    1013 Prince <prince@acme.example> rows [14]
      ? · active · from 2023-08-14 · to 2026-08-13 · EndOfContract · under 1003 · Brand Designer
    1014 Fatima al-Zahra <fatima.alzahra@acme.example> rows [15]
      ? · active · from 2021-09-06 · under 1005 · Support Agent
    1015 Hương Nguyễn <huong.nguyen@acme.example> rows [16]
      ? · active · from 2021-11-29 · under 1005 · Support Agent
    1016 Oliver Großmann <oliver.grossmann@acme.example> rows [17]
      ? · ended · from 2019-07-01 · last day 2025-03-14 · to 2025-03-31 · Voluntary · under 1006 · Support Agent
    1017 Chloé Lefèvre <chloe.lefevre@acme.example> rows [18]
      ? · active · from 2025-09-15 · first 2020-09-14 · under 1004 · Recruiter
    1018 Ravi Subramanian <ravi.subramanian@acme.example> rows [19]
      ? · active · from 2024-02-05 · to 2026-01-31 · under 1003 · Data Analyst
    1019 Ingrid Sørensen <ingrid.sorensen@acme.example> rows [20]
      ? · active · from 2022-01-17 · under 1006 · Support Agent
    1020 Kwame Mensah <kwame.mensah@acme.example> rows [21]
      ? · active · from 2022-04-25 · under 1006 · Support Agent
    1021 Bia da Silva Santos <bia.santos@acme.example> rows [22]
      ? · on_leave · from 2022-08-22 · under 1006 · Support Agent
    1022 Tomáš Dvořák <tomas.dvorak@acme.example> rows [23]
      ? · active · from 2023-01-09 · under 1002 · Support Engineer
    1023 Yuki Tanaka <yuki.tanaka@acme.example> rows [24]
      ? · active · from 2023-05-15 · under 1005 · Support Agent
    1024 Emily Clarke <emily.clarke@acme.example> rows [25]
      ? · active · from 2025-09-01 · to 2026-02-27 · under 1004 · People Intern
    1025 Daniel Weiss <daniel.weiss+left@acme.example> rows [26]
      ? · ended · from 2021-05-03 · to 2025-06-30 · Involuntary · under 1006 · Support Agent
    1026 Grace Mwangi <grace.mwangi@acme.example> rows [27]
      ? · on_leave · from 2024-03-25 · last day 2025-11-28 · to 2026-01-31 · Voluntary · under 1006 · Support Agent
    1027 Pavel Novák <pavel.novak@acme.example> rows [28]
      ? · pending · from 2026-02-02 · under 1022 · Support Agent
    1028 Sofia Rossi <sofia.rossi@acme.example> rows [29]
      ? · pending · from 2026-03-16 · under 1006 · Support Agent
    ! row 18, Termination date "2024-12-13": lies before the start 2025-09-15 and belongs to an earlier time here; left out
    ! row 26, Email "daniel.weiss+left@acme.example": a leaver's address with a tag, so the HR system may have renamed it: an address known from an earlier import is kept; if there was none, add the real one as former_emails
    "#);
}

#[test]
fn hibob_broken() {
    assert_snapshot!(checked("hibob/broken.csv"), @r#"
    format   HiBob (hibob)
    file     text, UTF-8 with mark, commas, headings in row 1
    dates    day/month or month/day: cannot be told
    found    14 people with 15 engagements in 15 rows: 12 active, 1 ended, 1 on leave, 1 unknown; 2 without an address at work
    columns
      A  Employee ID          source_id
      B  First name           legal_first
      C  Last name            legal_last
      D  Display name         display_name
      E  Email                work_email
      F  Start date           start_date
      G  Original start date  original_start_date
      H  Termination date     end_date
      I  Last day of work     last_working_day
      J  Termination type     termination_type
      K  Lifecycle status     status
      L  Job title            job_title
      M  Department           department
      N  Site                 location
      O  Reports to           manager_name
    3 warnings
      row 3, Email "ada.okafor@gmail.com": an address in the work column that is of a public mail provider, so it is taken for a private one and not for a login; correct it, or add gmail.com to your domains
      row 8, Lifecycle status "Garden leave": sent home without a last day of work, so access lasts until the end of the contract: export the last day of work
      row 13, Lifecycle status "Workation": the status is not known, so it counts neither as active nor as ended; say what it means with --status
    6 problems
      row 4, Start date "2017/09/31": there is no such day: correct it in the HR system
      row 6, Start date "11/19/2018": only month/day/year fits here, but day/month/year fits elsewhere: the file mixes both, so none of its dates can be believed; export it again with one date format
      row 7: the row has more cells than the 15 headings of row 1, so a cell with a delimiter may lack its quotes: export the file again
      row 9, Reports to "Zoë Ångström-Berg": no person in the file has the manager's name: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
      row 12, Employee ID "1010": row 11 has this id too, and HiBob has one row per person: delete one, or correct the id
      row 16, Email "huong nguyen@acme.example": not an e-mail address: correct it, or leave the cell blank
    "#);
}

#[test]
fn personio_good() {
    assert_snapshot!(file("personio/acme.csv"), @r#"
    personio: 28 rows
    41001 Helena Brandt <helena.brandt@acme.example> rows [2]
      employee · active · from 2014-02-03 · Chief Executive Officer
    41002 Ada Okafor <ada.okafor@acme.example> rows [3]
      employee · active · from 2016-05-16 · under 41001 · VP Support
    41003 José Núñez de Vega <jose.nunez@acme.example> rows [4]
      employee · active · from 2017-09-01 · under 41001 · VP Operations
    41004 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [5]
      employee · active · from 2018-01-15 · under 41001 · HR Director
    41005 Bruce 李 <bruce.li@acme.example> rows [6]
      employee · active · from 2018-11-19 · under 41002 · Support Lead, APAC
    41006 Zoë Ångström <zoe.angstrom@acme.example> rows [7]
      employee · active · from 2019-03-04 · under 41002 · Support Lead, EMEA
    41007 Mehmet Yılmaz <mehmet.yilmaz@acme.example> rows [8]
      employee · active · from 2019-06-17 · under 41006 · Support Agent
    41008 Łukasz Wójcik <lukasz.wojcik@acme.example> rows [9]
      employee · active · from 2019-10-01 · under 41006 · Support Agent
    41009 Anne-Marie Dupont <annemarie.dupont@acme.example> rows [10]
      employee · active · from 2020-02-10 · under 41006 · Support Agent
    41010 John Smith <john.smith@acme.example> rows [11]
      employee · active · from 2020-04-20 · under 41006 · Support Agent
    41011 Jack Smith <jack.smith@acme.example> rows [12]
      employee · active · from 2021-01-11 · under 41003 · Billing Specialist
    41012 Maria Иванова <maria.ivanova@acme.example> rows [13]
      employee · active · from 2021-03-22 · under 41006 · Support Agent
    41013 Prince <prince@acme.example> rows [14]
      contractor · active · from 2023-08-14 · to 2026-08-13 · under 41003 · Brand Designer
    41014 Fatima al-Zahra <fatima.alzahra@acme.example> rows [15]
      employee · active · from 2021-09-06 · under 41005 · Support Agent
    41015 Hương Nguyễn <huong.nguyen@acme.example> rows [16]
      employee · active · from 2021-11-29 · under 41005 · Support Agent
    41016 Oliver Großmann <oliver.grossmann@acme.example> rows [17]
      employee · ended · from 2019-07-01 · last day 2025-03-14 · to 2025-03-31 · Voluntary · under 41006 · Support Agent
    41017 Chloé Lefèvre <chloe.lefevre@acme.example> rows [18]
      employee · active · from 2025-09-15 · under 41004 · Recruiter
    41018 Ravi Subramanian <ravi.subramanian@acme.example> rows [19]
      contractor · active · from 2024-02-05 · to 2026-01-31 · under 41003 · Data Analyst
    41019 Ingrid Sørensen <ingrid.sorensen@acme.example> rows [20]
      employee · active · from 2022-01-17 · under 41006 · Support Agent
    41020 Kwame Mensah <kwame.mensah@acme.example> rows [21]
      employee · active · from 2022-04-25 · under 41006 · Support Agent
    41021 Bia da Silva Santos <bia.santos@acme.example> rows [22]
      employee · on_leave · from 2022-08-22 · under 41006 · Support Agent
    41022 Tomáš Dvořák <tomas.dvorak@acme.example> rows [23]
      employee · active · from 2023-01-09 · under 41002 · Support Engineer
    41023 Yuki Tanaka <yuki.tanaka@acme.example> rows [24]
      employee · active · from 2023-05-15 · under 41005 · Support Agent
    41024 Emily Clarke <emily.clarke@acme.example> rows [25]
      intern · active · from 2025-09-01 · to 2026-02-27 · under 41004 · People Intern
    41025 Daniel Weiss <daniel.weiss@acme.example> rows [26]
      employee · ended · from 2021-05-03 · to 2025-06-30 · Involuntary · under 41006 · Support Agent
    41026 Grace Mwangi <grace.mwangi@acme.example> rows [27]
      employee · active · from 2024-03-25 · under 41006 · Support Agent
    41027 Pavel Novák <pavel.novak@acme.example> rows [28]
      employee · pending · from 2026-02-02 · under 41022 · Support Agent
    41028 Sofia Rossi <sofia.rossi@acme.example> rows [29]
      employee · pending · from 2026-03-16 · under 41006 · Support Agent
    ! row 17, Kündigungsdatum "2025-02-28": differs from the end date 2025-03-31, which counts: see which holds
    "#);
}

#[test]
fn personio_broken() {
    assert_snapshot!(checked("personio/broken.csv"), @r#"
    format   Personio (personio)
    file     text, Windows-1252, semicolons, headings in row 1
    dates    day/month or month/day: cannot be told
    found    9 people with 10 engagements in 10 rows: 9 active, 1 ended
    columns
      A  ID                source_id
      B  First name        legal_first
      C  Last name         legal_last
      D  Preferred name    preferred_first
      E  E-Mail            work_email
      F  Status            status
      G  Position          job_title
      H  Employment type   kind
      I  Hire date         start_date
      J  Contract end      end_date
      K  Termination date  end where there is no end date
      L  Last day of work  last_working_day
      M  Termination type  termination_type
      N  Supervisor        manager_name
      O  Department        department
      P  Team              team
      Q  Office            location
      R  Cost center       cost_centre
    3 warnings
      the file is not UTF-8 and was read as Windows-1252: check the accents, first in line 4
      row 5, E-Mail "siobhan.oconnor@gmx.de": an address in the work column that is of a public mail provider, so it is taken for a private one and not for a login; correct it, or add gmx.de to your domains
      row 11, Termination date "2025-02-28": differs from the end date 2025-03-31, which counts: see which holds
    6 problems
      row 3, Hire date "31.11.2016": there is no such day: correct it in the HR system
      row 4, Hire date "9/13/2017": only month/day/year fits here, but day/month/year fits elsewhere: the file mixes both, so none of its dates can be believed; export it again with one date format
      row 6, Contract end "2018-12-31": lies before the start 2019-03-04: correct one of them in the HR system; if it ended an earlier time here, export the first start too (Original hire date)
      row 8, Supervisor "Ångström": no person in the file has the manager's name: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
      row 10, ID "41004": row 5 has this id too, and Personio has one row per person: delete one, or correct the id
      row 12 "Summe": this row is a total, not a person: export without totals, or delete it
    "#);
}
