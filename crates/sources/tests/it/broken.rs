//! Small tables that are refused, beside every problem that is reported.

use insta::assert_snapshot;

use muster_sources::ReadOptions;

use crate::text::{report, say, told};

#[test]
fn nothing_or_only_headings() {
    assert_snapshot!(say(" \n\n"), @"
    REFUSED (no format)
    the file is empty: export it again
    ");
    assert_snapshot!(say(",,,\n,,\n"), @"
    REFUSED (no format)
    the file holds no filled cell: export it again
    ");
    assert_snapshot!(say("source_id,display_name,status\n\n"), @"
    REFUSED (no format)
    row 1: there are headings but no rows below them: an empty export is never taken for an empty company; export it again
    ");
}

#[test]
fn columns_that_nobody_knows() {
    assert_snapshot!(say("foo,bar\n1,2\n"), @"
    REFUSED (no format)
    no column is known; the headings found are foo, bar. If that is not the heading row, delete what stands above it; else say what the columns hold with --map column=field, or which system it is with --format (muster, bamboohr, adp, rippling, gusto, workday, hibob, personio)
    ");
}

#[test]
fn columns_that_the_nearest_format_lacks() {
    assert_snapshot!(say("Associate ID,Payroll Name,Job Title\nG1,x,y\n"), @r#"
    REFUSED (no format)
    no format is recognised by the columns Associate ID, Payroll Name, Job Title. The nearest is ADP Workforce Now (--format adp), which lacks status ("Position Status") or start_date ("Hire Date"); add the columns to the export, or say which columns hold this with --map column=field, such as --map "Staff no=source_id"
    "#);
    assert_snapshot!(say("Staff no,First Name,Last Name,Status\n1,Ana,Sá,Active\n"), @r#"
    REFUSED (no format)
    no format is recognised by the columns Staff no, First Name, Last Name, Status. The nearest is Personio (--format personio), which lacks source_id ("ID"); add the columns to the export, or say which columns hold this with --map column=field, such as --map "Staff no=source_id"
    "#);
}

#[test]
fn headings_that_appear_twice() {
    assert_snapshot!(say("
source_id,display_name,status,Status
1,Ana,active,ended
"), @"
    REFUSED muster
    Status: two columns have this heading, and it cannot be told which is status: rename or delete one (the first is column C)
    ");
}

#[test]
fn dates_that_can_be_read_in_two_ways() {
    assert_snapshot!(say("
source_id,display_name,start_date,end_date
1,Ana,03/04/2025,
2,Ben,05/05/2025,06/07/2025
"), @r#"
    REFUSED muster
    row 2, start_date "03/04/2025": every date of the file can be read as day/month and as month/day (2 of them differ): say which with --dates dmy or --dates mdy
    "#);
}

#[test]
fn dates_written_in_both_ways() {
    assert_snapshot!(say("
source_id,display_name,start_date
1,Ana,25/12/2024
2,Ben,12/25/2024
3,Cai,31/01/2024
"), @r#"
    REFUSED muster
    row 3, start_date "12/25/2024": only month/day/year fits here, but day/month/year fits elsewhere: the file mixes both, so none of its dates can be believed; export it again with one date format
    "#);
}

#[test]
fn dates_that_are_none() {
    assert_snapshot!(say("
source_id,display_name,status,start_date,end_date,leave_start,leave_return
1,Ana,active,2025-02-30,,,
2,Ben,active,45306,,,
3,Cai,ended,2024-05-01,2024-04-30,,
4,Dee,active,2024-05-01,,2025-02-02,2025-01-01
5,Eve,active,1/2/24,soon,,
"), @r#"
    REFUSED muster
    row 2, start_date "2025-02-30": there is no such day: correct it in the HR system
    row 3, start_date "45306": a bare number is no date: give the column a date format in the spreadsheet, or write YYYY-MM-DD
    row 4, end_date "2024-04-30": lies before the start 2024-05-01: correct one of them in the HR system
    row 5, leave_return "2025-01-01": lies before the start of the leave 2025-02-02: correct one of them in the HR system
    row 6, start_date "1/2/24": a year of two digits can be read in two ways: export the date with four, best as YYYY-MM-DD
    row 6, end_date "soon": not a date: write it as YYYY-MM-DD
    "#);
}

#[test]
fn a_date_that_the_format_cannot_mean() {
    assert_snapshot!(say("
Associate ID,Payroll Name,Position Status,Hire Date
G1,\"Sá, Ana\",Active,25/12/2024
G2,\"Ok, Ben\",Active,1/2/2024
"), @r#"
    REFUSED adp
    row 2, Hire Date "25/12/2024": no such day when read as month/day/year: correct it, or use --dates dmy if the whole file is written the other way round
    "#);
}

#[test]
fn ids_that_a_spreadsheet_has_mangled() {
    assert_snapshot!(say("
Associate ID,File Number,Payroll Name,Position Status
G1,000123,\"Sá, Ana\",Active
G2,124,\"Ok, Ben\",Active
G3,1.2E+11,\"Ok, Cai\",Active
"), @r#"
    REFUSED adp
    row 3, File Number "124": shorter than the 6 digits of row 2 (000123): a spreadsheet has removed leading zeros; give the column the format Text, or export again without opening the file
    row 4, File Number "1.2E+11": a spreadsheet has turned this id into a number and rounded it: give the column the format Text, or export again without opening the file
    "#);
}

#[test]
fn lost_zeros_without_a_witness_are_a_warning() {
    assert_snapshot!(say("
Associate ID,File Number,Payroll Name,Position Status
G1,123,\"Sá, Ana\",Active
G2,1240,\"Ok, Ben\",Active
"), @"
    adp: 2 rows
    G1 Ana Sá <-> rows [2]
      ? · active
    G2 Ben Ok <-> rows [3]
      ? · active
    ! File Number: the numbers have different lengths and none starts with a zero, so a spreadsheet may have removed leading zeros: compare with the HR system
    ");
}

#[test]
fn rows_that_are_no_people() {
    assert_snapshot!(say("
source_id,display_name,status,start_date
1,Ana,active,2024-01-01
source_id,display_name,status,start_date
2,Ben,active,2024-01-01
Total,2,,
"), @r#"
    REFUSED muster
    row 3 "source_id": the headings appear once more, so several exports were put into one file: import them one by one
    row 5 "Total": this row is a total, not a person: export without totals, or delete it
    "#);
}

#[test]
fn a_footer_that_counts_more_than_there_is() {
    assert_snapshot!(say("
source_id,display_name,status,start_date
1,Ana,active,2024-01-01

Total employees: 45
Confidential - do not share
"), @r#"
    REFUSED muster
    row 4 "Total employees: 45": the footer counts 45, but what was read is 1 rows, 1 people: the file may be cut off; export it again
    "#);
}

#[test]
fn rows_of_the_wrong_width() {
    assert_snapshot!(say("
source_id,display_name,status,start_date
1,Sá, Ana,active,2024-01-01
2,Ben
"), @"
    REFUSED muster
    row 2: the row has more cells than the 4 headings of row 1, so a cell with a delimiter may lack its quotes: export the file again
    row 3: the row has 2 of 4 cells, so the file may be cut off or edited: export it again
    ");
}

#[test]
fn cells_that_are_blank_or_wrong() {
    assert_snapshot!(say("
source_id,display_name,work_email,status,start_date,time_zone,in_scope,former_emails
,Ana,ana@acme.example,active,,,,
2,,,active,,Mars,maybe,a@b c@d nope
3,Cai,cai at acme,,,,,
4,D\u{7}ee,#REF!,active,,,,
"), @r##"
    REFUSED muster
    row 2, source_id: the source_id is blank; fill it in or delete the row
    row 3, display_name: the row has none of work_email, display_name, legal_first, legal_last, preferred_first, preferred_last: fill one in
    row 3, time_zone "Mars": not a time zone: write it like Europe/Berlin
    row 3, in_scope "maybe": write yes or no
    row 3, former_emails "a@b c@d nope": "nope" is not an e-mail address; separate addresses by ; or blanks
    row 4, work_email "cai at acme": not an e-mail address: correct it, or leave the cell blank
    row 4, status: the row has none of status, start_date: fill one in
    row 5, display_name "D\u{7}ee": the cell holds a control character, so the file is damaged or of another encoding: export it again as CSV UTF-8 or .xlsx
    row 5, work_email "#REF!": an error of the spreadsheet instead of a value: mend the formula, or export from the HR system
    "##);
}

#[test]
fn two_people_with_one_id_or_one_address() {
    assert_snapshot!(say("
Employee #,First Name,Last Name,Work Email,Status
1,Ana,Sá,ana@acme.example,Active
2,Ben,Ok,ANA@acme.example,Active
1,Cai,Ng,cai@acme.example,Active
"), @r#"
    REFUSED bamboohr
    row 3, Work Email "ANA@acme.example": row 2 gives this address to another person: one of them must have another, or, if they are one person, one id
    row 4, Employee # "1": row 2 has this id too, and BambooHR has one row per person: delete one, or correct the id
    "#);
    assert_snapshot!(say("
source_id,display_name,work_email,status,start_date
1,Ana,ana@acme.example,active,2024-01-01
1,Cai,cai@acme.example,active,2025-01-01
1,Ana,ana@acme.example,active,2024-01-01
"), @r#"
    REFUSED muster
    row 3, display_name "Cai": row 2 has the same id but "Ana" here: if these are two people, correct the id; if one, make the rows agree
    row 3, work_email "cai@acme.example": row 2 has the same id but "ana@acme.example" here: if these are two people, correct the id; if one, make the rows agree
    row 4, source_id "1": row 2 has the same id, position and start date: delete one of them, or correct the id
    "#);
}

#[test]
fn a_manager_with_a_whole_companys_name_is_not_told_by_all_of_them() {
    let row = |n: usize| format!("{n},Jo,Smith,jo{n}@acme.example,active,\"Smith, Jo\"\n");
    let rows: String = (1..=5_000).map(row).collect();
    let heading = "source_id,legal_first,legal_last,work_email,status,manager_name";
    let said = say(&format!("{heading}\n{rows}"));
    let first = said.lines().nth(1).unwrap();
    assert!(first.contains("(row 2)") && first.contains(" and 4992 more: add"), "{first}");
    assert!(said.len() < 2_000_000, "{}", said.len());
}

#[test]
fn a_manager_in_a_row_that_could_not_be_read_is_not_unknown() {
    let heading = "source_id,display_name,work_email,status,manager_source_id";
    let rows = "1,Ana,ana@acme.example,active,77\n2,Ben,ben@acme.example,active,78\n";
    let said = say(&format!("{heading}\n{rows}77,Cai Ng,cai@acme.example\n"));
    assert!(!said.contains("\"77\"") && said.contains("manager_source_id \"78\""), "{said}");
    // So many rows that any may be hers.
    let lost = "9,x,y\n".repeat(1_001);
    let said = say(&format!("{heading}\n{rows}{lost}"));
    assert!(!said.contains("no person in the file"), "{}", said.len());
}

#[test]
fn managers_who_cannot_be_found() {
    assert_snapshot!(say("
source_id,legal_first,legal_last,work_email,status,manager_source_id,manager_email,manager_name
1,Ana,Sá,ana@acme.example,active,99,,
2,Ben,Ok,ben@acme.example,active,,boss@acme.example,
3,Cai,Ng,cai@acme.example,active,,,\"Smith, Jo\"
4,Jo,Smith,jo@acme.example,active,,,Nobody
5,Jo,Smith,jo2@acme.example,active,5,,
"), @r#"
    REFUSED muster
    row 2, manager_source_id "99": no person in the file has the manager's id: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
    row 3, manager_email "boss@acme.example": no person in the file has the manager's work address: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
    row 4, manager_name "Smith, Jo": the manager can be any of 4 (row 5), 5 (row 6): add a column with the manager's id or e-mail
    row 5, manager_name "Nobody": no person in the file has the manager's name: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
    "#);
}

#[test]
fn managers_in_a_circle() {
    assert_snapshot!(say("
source_id,display_name,status,manager_source_id
1,Ana,active,2
2,Ben,active,3
3,Cai,active,2
"), @r#"
    REFUSED muster
    row 3, manager_source_id "3": these people manage each other in a circle: 2 (row 3) → 3 (row 4); correct one of their managers
    "#);
}

#[test]
fn a_quote_that_never_closes() {
    assert_snapshot!(say("
source_id,display_name,status
1,\"Ana,active
2,Ben,active
"), @"
    REFUSED muster
    row 2: a quote opened in this row never closes, so the rest of the file went into one cell; the file may be cut off: export it again
    row 2: the row has 2 of 3 cells, so the file may be cut off or edited: export it again
    ");
}

#[test]
fn a_file_without_a_format_or_a_column_is_looked_at_all_the_same() {
    assert_snapshot!(say("
Staff no,First Name,Last Name,Work Email,Start Date
1,Ana,Sá,ana at acme,2024-02-31
2,Ben,Ok,ben@acme.example,2024-01-01,x
Total,2,,,
"), @r#"
    REFUSED (no format)
    no format is recognised by the columns Staff no, First Name, Last Name, Work Email, Start Date. The nearest is Personio (--format personio), which lacks source_id ("ID"); add the columns to the export, or say which columns hold this with --map column=field, such as --map "Staff no=source_id"
    row 2, Work Email "ana at acme": not an e-mail address: correct it, or leave the cell blank
    row 2, Start Date "2024-02-31": there is no such day: correct it in the HR system
    row 3: the row has more cells than the 5 headings of row 1, so a cell with a delimiter may lack its quotes: export the file again
    row 4 "Total": this row is a total, not a person: export without totals, or delete it
    "#);
    assert_snapshot!(say("
source_id,status,start_date,end_date,manager_source_id
1,active,2024-02-31,,7
2,ended,2024-05-01,2024-04-01,
"), @r#"
    REFUSED (no format)
    no format is recognised by the columns source_id, status, start_date, end_date, manager_source_id. The nearest is Muster's own format (--format muster), which lacks work_email ("work_email") or display_name ("display_name") or legal_first ("legal_first") or legal_last ("legal_last") or preferred_first ("preferred_first") or preferred_last ("preferred_last"); add the columns to the export, or say which columns hold this with --map column=field, such as --map "Staff no=source_id"
    row 2, start_date "2024-02-31": there is no such day: correct it in the HR system
    row 2, manager_source_id "7": no person in the file has the manager's id: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
    row 3, end_date "2024-04-01": lies before the start 2024-05-01: correct one of them in the HR system
    "#);
}

#[test]
fn a_manager_in_a_row_that_cannot_be_read_is_not_missing() {
    assert_snapshot!(say("
source_id,display_name,status,manager_source_id,manager_name
1,Ana,active,2,
2,Ok, Ben,active,,
3,Cai,active,,Ben Ok
4,Dee,active,9,
5,Eve,active,,Nobody
"), @r#"
    REFUSED muster
    row 3: the row has more cells than the 5 headings of row 1, so a cell with a delimiter may lack its quotes: export the file again
    row 5, manager_source_id "9": no person in the file has the manager's id: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
    row 6, manager_name "Nobody": no person in the file has the manager's name: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
    "#);
}

#[test]
fn an_order_that_cannot_be_told_hides_nothing_else() {
    assert_snapshot!(say("
source_id,display_name,start_date,end_date
1,Ana,25/12/2024,24/12/2024
2,Ben,12/25/2024,
3,Cai,31/02/2024,
"), @r#"
    REFUSED muster
    row 2, end_date "2024-12-24": lies before the start 2024-12-25: correct one of them in the HR system; if it ended an earlier time here, export the first start too (original_start_date)
    row 3, start_date "12/25/2024": only month/day/year fits here, but day/month/year fits elsewhere: the file mixes both, so none of its dates can be believed; export it again with one date format
    row 4, start_date "31/02/2024": there is no such day: correct it in the HR system
    "#);
}

#[test]
fn a_damaged_encoding_hides_nothing_else() {
    let text = b"source_id,display_name,status,start_date\n1,Zo\xC3\xAB,active,soon\n2,Am\xC3\xA9lie \xEB,active,\n";
    assert_snapshot!(told(text, &ReadOptions::default()), @r#"
    REFUSED muster
    the file is mostly UTF-8 but not all of it (first in line 3): export it again and choose "CSV UTF-8" or .xlsx
    row 2, start_date "soon": not a date: write it as YYYY-MM-DD
    "#);
}

#[test]
fn columns_that_could_be_anybodys_ask_for_the_format() {
    assert_snapshot!(say("
Employee ID,First Name,Last Name,Work Email,Employment Status,Hire Date,Supervisor
1,Ana,Sá,ana@acme.example,Active,2024-01-01,
2,Ben,Ok,ben@acme.example,Active,2024-01-01,Nobody
"), @r#"
    REFUSED (no format)
    no format is recognised by the columns Employee ID, First Name, Last Name, Work Email, Employment Status, Hire Date, Supervisor. They fit BambooHR, but could be another system's too: if the file comes from there, say --format bamboohr
    row 3, Supervisor "Nobody": no person in the file has the manager's name: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
    "#);
    let text = b"Employee ID,Name,Status\n1,Ana,Active\n";
    assert_snapshot!(report(text, &ReadOptions::default()), @"
    format   none that is known; looked at as BambooHR (bamboohr)
    file     text, UTF-8, commas, headings in row 1
    dates    each can be read in one way only
    found    1 person with 1 engagement in 1 row: 1 active; 1 without an address at work
    columns
      A  Employee ID  source_id
      B  Name         display_name
      C  Status       status
    1 warning
      nobody in the file has left; leavers who are only missing keep what they have: take a report, not the directory, and include inactive people; or import with --presence active and order departures by hand
    1 problem
      no format is recognised by the columns Employee ID, Name, Status. They fit BambooHR, but could be another system's too: if the file comes from there, say --format bamboohr
    ");
}

#[test]
fn what_is_no_table_has_a_report_too() {
    assert_snapshot!(report(b"%PDF-1.7", &ReadOptions::default()), @"
    format   none that is known
    file     nothing that is read
    found    0 people with 0 engagements in 0 rows
    1 problem
      roster: this is a PDF: export the roster as CSV or .xlsx
    ");
    assert_snapshot!(report(b"", &ReadOptions::default()), @"
    format   none that is known
    file     nothing that is read
    found    0 people with 0 engagements in 0 rows
    1 problem
      the file is empty: export it again
    ");
}
