//! The files under `examples/rosters/`, each beside what is said of it.

use std::{fs, path::PathBuf};

use insta::assert_snapshot;
use muster_sources::{ReadOptions, formats, read};

use crate::text::told;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/rosters").join(name)
}

fn file(name: &str) -> String {
    let bytes = fs::read(path(name)).unwrap();
    told(&bytes, &ReadOptions::default())
}

#[test]
fn every_format_has_a_good_file_and_a_broken_one() {
    for format in formats() {
        let name = |file: &str| format!("{}/{file}", format.name);
        let read = |name: &str| read(name, &fs::read(path(name)).unwrap(), &ReadOptions::default());
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
    assert_snapshot!(file("muster/broken.csv"), @r#"
    REFUSED muster
    row 4, work_email "ada.okafor@acme.example": row 3 gives this address to another person: one of them must have another, or, if they are one person, one id
    row 5, start_date "2018-02-31": there is no such day: correct it in the HR system
    row 7, end_date: the end 2019-01-31 lies before the start 2019-03-04: correct one of them in the HR system
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
    assert_snapshot!(file("bamboohr/acme.csv"), @"
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
    ! row 18: the end_date 2024-12-13 lies before the start 2025-09-15 and belongs to an earlier time; it was left out
    ");
}

#[test]
fn bamboohr_broken() {
    assert_snapshot!(file("bamboohr/broken.csv"), @r##"
    REFUSED bamboohr
    row 6, Hire Date "11/19/2018": only month/day/year fits here, but day/month/year fits elsewhere: the file mixes both, so none of its dates can be believed; export it again with one date format
    row 8, Employee # "106": row 7 has this id too, and BambooHR has one row per person: delete one, or correct the id
    row 10, Work Email "lukasz.wojcik@acme.example": row 9 gives this address to another person: one of them must have another, or, if they are one person, one id
    row 12, Reporting to "Smith, John": the manager can be any of 110 (row 11), 111 (row 12): add a column with the manager's id or e-mail
    row 14, Reporting to "Gone, Long": no person in the file has the manager's name: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
    row 19, Work Email "#N/A": an error of the spreadsheet instead of a value: mend the formula, or export from the HR system
    "##);
}

#[test]
fn bamboohr_asks() {
    assert_snapshot!(file("bamboohr/ask-day-or-month.csv"), @r#"
    REFUSED bamboohr
    row 2, Hire Date "03/02/2014": every date of the file can be read as day/month and as month/day (8 of them differ): say which with --dates dmy or --dates mdy
    "#);
}

#[test]
fn adp_good() {
    assert_snapshot!(file("adp/acme.csv"), @"
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
    ! row 23: the end_date 2024-12-13 lies before the start 2025-09-15 and belongs to an earlier time; it was left out
    ");
}

#[test]
fn adp_broken() {
    assert_snapshot!(file("adp/broken.csv"), @r#"
    REFUSED adp
    row 7, File Number "111": shorter than the 6 digits of row 5 (000037): a spreadsheet has removed leading zeros; give the column the format Text, or export again without opening the file
    row 9, Hire Date "19/11/2018": no such day when read as month/day/year: correct it, or use --dates dmy if the whole file is written the other way round
    row 10: these people manage each other in a circle: G3035AQA (row 10) → G33DDEQA (row 6); correct one of their managers
    row 11, Reports To Associate ID "G3FFFFQA": no person in the file has the manager's id: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
    row 13, Termination Date: the end 2019-01-01 lies before the start 2020-02-10: correct one of them in the HR system
    row 15, Associate ID "G37F16QA": row 14 has the same id, position and start date: delete one of them, or correct the id
    row 23 "Total Employees: 28": the footer counts 28, but what was read is 17 rows, 15 people: the file may be cut off; export it again
    "#);
}
