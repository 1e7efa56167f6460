//! Answers of APIs that somebody saved as a file.

use std::fs;

use insta::assert_snapshot;

use crate::{
    examples::{options, path},
    text::{say, told},
};

fn file(name: &str) -> String {
    told(&fs::read(path(name)).unwrap(), &options())
}

#[test]
fn bamboohr_report() {
    assert_snapshot!(file("bamboohr/report.json"), @"
    bamboohr: 6 rows
    1 Helena Brandt <helena.brandt@acme.example> rows [1]
      employee · active · from 2014-02-03 · Chief Executive Officer
    2 Ada Okafor <ada.okafor@acme.example> rows [2]
      employee · active · from 2016-05-16 · under 1 · VP Support
    3 José Núñez de Vega <jose.nunez@acme.example> rows [3]
      employee · active · from 2017-09-01 · under 1 · VP Operations
    4 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [4]
      employee · active · from 2018-01-15 · under 1 · HR Director
    5 Bruce 李 <bruce.li@acme.example> rows [5]
      employee · active · from 2018-11-19 · under 2 · Support Lead, APAC
    6 Zoë Ångström <zoe.angstrom@acme.example> rows [6]
      employee · active · from 2019-03-04 · under 2 · Support Lead, EMEA
    ! nobody in the file has left; leavers who are only missing keep what they have: take a report, not the directory, and include inactive people; or import with --presence active and order departures by hand
    ");
}

#[test]
fn adp_workers_have_a_row_for_each_assignment() {
    assert_snapshot!(file("adp/workers.json"), @"
    adp: 9 rows
    G3000001 Helena Brandt <helena.brandt@acme.example> rows [1]
      ? · active · ACM000001 · from 2014-02-03 · first 2014-02-03 · Chief Executive Officer
    G3000002 Ada Okafor <ada.okafor@acme.example> rows [2]
      ? · active · ACM000002 · from 2016-05-16 · first 2016-05-16 · under G3000001 · VP Support
    G3000003 José Núñez de Vega <jose.nunez@acme.example> rows [3]
      ? · active · ACM000003 · from 2017-09-01 · first 2017-09-01 · under G3000001 · VP Operations
    G3000004 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [4]
      ? · active · ACM000004 · from 2018-01-15 · first 2018-01-15 · under G3000001 · HR Director
    G3000005 Bruce 李 <bruce.li@acme.example> rows [5]
      ? · active · ACM000005 · from 2018-11-19 · first 2018-11-19 · under G3000002 · Support Lead, APAC
    G3000006 Zoë Ångström <zoe.angstrom@acme.example> rows [6]
      ? · active · ACM000006 · from 2019-03-04 · first 2019-03-04 · under G3000002 · Support Lead, EMEA
    G3000010 John Smith <john.smith@acme.example> rows [7]
      ? · active · ACM000010 · from 2020-04-20 · first 2020-04-20 · under G3000006 · Support Agent
      ? · ended · WST000210 · from 2022-07-01 · first 2020-04-20 · to 2023-12-31 · under G3000006 · Weekend Duty Lead
    G3000025 Daniel Weiss <daniel.weiss@acme.example> rows [8]
      ? · ended · ACM000025 · from 2021-05-03 · first 2021-05-03 · to 2025-06-30 · under G3000006 · Support Agent
    ");
}

#[test]
fn rippling_results() {
    assert_snapshot!(file("rippling/workers.json"), @"
    rippling: 12 rows
    66f000000000000000000001 Helena Brandt <helena.brandt@acme.example> rows [1]
      ? · active · from 2014-02-03 · Chief Executive Officer
    66f000000000000000000002 Ada Okafor <ada.okafor@acme.example> rows [2]
      ? · active · from 2016-05-16 · under 66f000000000000000000001 · VP Support
    66f000000000000000000003 José Núñez de Vega <jose.nunez@acme.example> rows [3]
      ? · active · from 2017-09-01 · under 66f000000000000000000001 · VP Operations
    66f000000000000000000004 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [4]
      ? · active · from 2018-01-15 · under 66f000000000000000000001 · HR Director
    66f000000000000000000006 Zoë Ångström <zoe.angstrom@acme.example> rows [5]
      ? · active · from 2019-03-04 · under 66f000000000000000000002 · Support Lead, EMEA
    66f000000000000000000010 John Smith <john.smith@acme.example> rows [6]
      ? · active · from 2020-04-20 · under 66f000000000000000000006 · Support Agent
    66f000000000000000000013 Prince <prince@acme.example> rows [7]
      ? · active · from 2023-08-14 · to 2026-08-13 · under 66f000000000000000000003 · Brand Designer
    66f000000000000000000016 Oliver Großmann <oliver.grossmann@acme.example> rows [8]
      ? · ended · from 2019-07-01 · to 2025-03-31 · under 66f000000000000000000006 · Support Agent
    66f000000000000000000017 Chloé Lefèvre <chloe.lefevre@acme.example> rows [9]
      ? · active · from 2025-09-15 · under 66f000000000000000000004 · Recruiter
    66f000000000000000000021 Bia da Silva Santos <bia.santos@acme.example> rows [10]
      ? · active · from 2022-08-22 · under 66f000000000000000000006 · Support Agent
    66f000000000000000000025 Daniel Weiss <daniel.weiss@acme.example> rows [11]
      ? · ended · from 2021-05-03 · to 2025-06-30 · under 66f000000000000000000006 · Support Agent
    66f000000000000000000028 Sofia Rossi <sofia.rossi@acme.example> rows [12]
      ? · pending · from 2026-03-16 · under 66f000000000000000000006 · Support Agent
    ");
}

#[test]
fn gusto_lists_terminations_of_earlier_times_and_of_the_future() {
    assert_snapshot!(file("gusto/employees.json"), @"
    gusto: 12 rows
    7087a288-8349-4632-b92c-000000000001 Helena Brandt <helena.brandt@acme.example> rows [1]
      employee · active · from 2014-02-03 · Chief Executive Officer
    7087a288-8349-4632-b92c-000000000002 Ada Okafor <ada.okafor@acme.example> rows [2]
      employee · active · from 2016-05-16 · under 7087a288-8349-4632-b92c-000000000001 · VP Support
    7087a288-8349-4632-b92c-000000000003 José Núñez de Vega <jose.nunez@acme.example> rows [3]
      employee · active · from 2017-09-01 · under 7087a288-8349-4632-b92c-000000000001 · VP Operations
    7087a288-8349-4632-b92c-000000000004 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [4]
      employee · active · from 2018-01-15 · under 7087a288-8349-4632-b92c-000000000001 · HR Director
    7087a288-8349-4632-b92c-000000000006 Zoë Ångström <zoe.angstrom@acme.example> rows [5]
      employee · active · from 2019-03-04 · under 7087a288-8349-4632-b92c-000000000002 · Support Lead, EMEA
    7087a288-8349-4632-b92c-000000000010 John Smith <john.smith@acme.example> rows [6]
      employee · active · from 2020-04-20 · last day 2026-01-31 · under 7087a288-8349-4632-b92c-000000000006 · Support Agent
    7087a288-8349-4632-b92c-000000000013 Prince <prince@acme.example> rows [7]
      employee · active · from 2023-08-14 · under 7087a288-8349-4632-b92c-000000000003 · Brand Designer
    7087a288-8349-4632-b92c-000000000016 Oliver Großmann <oliver.grossmann@acme.example> rows [8]
      employee · ended · from 2019-07-01 · last day 2025-03-14 · under 7087a288-8349-4632-b92c-000000000006 · Support Agent
    7087a288-8349-4632-b92c-000000000017 Chloé Lefèvre <chloe.lefevre@acme.example> rows [9]
      employee · active · from 2025-09-15 · under 7087a288-8349-4632-b92c-000000000004 · Recruiter
    7087a288-8349-4632-b92c-000000000021 Bia da Silva Santos <bia.santos@acme.example> rows [10]
      employee · active · from 2022-08-22 · under 7087a288-8349-4632-b92c-000000000006 · Support Agent
    7087a288-8349-4632-b92c-000000000025 Daniel Weiss <daniel.weiss@acme.example> rows [11]
      employee · ended · from 2021-05-03 · last day 2025-06-30 · under 7087a288-8349-4632-b92c-000000000006 · Support Agent
    7087a288-8349-4632-b92c-000000000028 Sofia Rossi <sofia.rossi@acme.example> rows [12]
      employee · active · from 2026-03-16 · under 7087a288-8349-4632-b92c-000000000006 · Support Agent
    ");
}

#[test]
fn workday_report_as_a_service() {
    assert_snapshot!(file("workday/report.json"), @"
    workday: 12 rows
    1001 Helena Brandt <helena.brandt@acme.example> rows [1]
      employee · active · from 2014-02-03 · Chief Executive Officer
    1002 Adaeze Okafor <ada.okafor@acme.example> rows [2]
      employee · active · from 2016-05-16 · under 1001 · VP Support
    1003 José Antonio Núñez de Vega <jose.nunez@acme.example> rows [3]
      employee · active · from 2017-09-01 · under 1001 · VP Operations
    1004 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [4]
      employee · active · from 2018-01-15 · under 1001 · HR Director
    1006 Zoë Ångström <zoe.angstrom@acme.example> rows [5]
      employee · active · from 2019-03-04 · under 1002 · Support Lead, EMEA
    1010 John Smith <john.smith@acme.example> rows [6]
      employee · active · from 2020-04-20 · under 1006 · Support Agent
    1013 Prince <prince@acme.example> rows [7]
      contractor · active · from 2023-08-14 · to 2026-08-13 · under 1003 · Brand Designer
    1016 Oliver Großmann <oliver.grossmann@acme.example> rows [8]
      employee · ended · from 2019-07-01 · to 2025-03-31 · under 1006 · Support Agent
    1017 Chloé Lefèvre <chloe.lefevre@acme.example> rows [9]
      employee · active · from 2025-09-15 · under 1004 · Recruiter
    1021 Beatriz da Silva Santos <bia.santos@acme.example> rows [10]
      employee · active · from 2022-08-22 · under 1006 · Support Agent
    1025 Daniel Weiss <daniel.weiss@acme.example> rows [11]
      employee · ended · from 2021-05-03 · to 2025-06-30 · under 1006 · Support Agent
    1028 Sofia Rossi <sofia.rossi@acme.example> rows [12]
      employee · active · from 2026-03-16 · under 1006 · Support Agent
    ");
}

#[test]
fn hibob_people_search() {
    assert_snapshot!(file("hibob/people-search.json"), @"
    hibob: 12 rows
    330000000000000001 Helena Brandt <helena.brandt@acme.example> rows [1]
      ? · active · from 2014-02-03 · Chief Executive Officer
    330000000000000002 Ada Okafor <ada.okafor@acme.example> rows [2]
      ? · active · from 2016-05-16 · under 330000000000000001 · VP Support
    330000000000000003 José Núñez de Vega <jose.nunez@acme.example> rows [3]
      ? · active · from 2017-09-01 · under 330000000000000001 · VP Operations
    330000000000000004 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [4]
      ? · active · from 2018-01-15 · under 330000000000000001 · HR Director
    330000000000000006 Zoë Ångström <zoe.angstrom@acme.example> rows [5]
      ? · active · from 2019-03-04 · under 330000000000000002 · Support Lead, EMEA
    330000000000000010 John Smith <john.smith@acme.example> rows [6]
      ? · active · from 2020-04-20 · under 330000000000000006 · Support Agent
    330000000000000013 Prince <prince@acme.example> rows [7]
      ? · active · from 2023-08-14 · under 330000000000000003 · Brand Designer
    330000000000000016 Oliver Großmann <oliver.grossmann@acme.example> rows [8]
      ? · ended · from 2019-07-01 · last day 2025-03-14 · to 2025-03-31 · under 330000000000000006 · Support Agent
    330000000000000017 Chloé Lefèvre <chloe.lefevre@acme.example> rows [9]
      ? · active · from 2025-09-15 · under 330000000000000004 · Recruiter
    330000000000000021 Bia da Silva Santos <bia.santos@acme.example> rows [10]
      ? · on_leave · from 2022-08-22 · under 330000000000000006 · Support Agent
    330000000000000025 Daniel Weiss <daniel.weiss@acme.example> rows [11]
      ? · ended · from 2021-05-03 · to 2025-06-30 · under 330000000000000006 · Support Agent
    330000000000000028 Sofia Rossi <sofia.rossi@acme.example> rows [12]
      ? · pending · from 2026-03-16 · under 330000000000000006 · Support Agent
    ");
}

#[test]
fn paths_can_be_written_with_slashes_and_values_wrapped() {
    let text = r#"{"employees": [{
        "|root|id": {"value": "33"},
        "|root|email": {"value": "ana@acme.example"},
        "|internal|lifecycleStatus": {"value": "employed"}
    }]}"#;
    assert_snapshot!(say(&text.replace('|', "/")), @"
    hibob: 1 rows
    33  <ana@acme.example> rows [1]
      ? · active
    ! nobody in the file has left; leavers who are only missing keep what they have: include inactive people (showInactive in the API); or import with --presence active and order departures by hand
    ");
}

#[test]
fn personio_values_stand_beside_labels() {
    assert_snapshot!(file("personio/employees.json"), @"
    personio: 12 rows
    41001 Helena Brandt <helena.brandt@acme.example> rows [1]
      employee · active · from 2014-02-03 · Chief Executive Officer
    41002 Ada Okafor <ada.okafor@acme.example> rows [2]
      employee · active · from 2016-05-16 · under 41001 · VP Support
    41003 José Núñez de Vega <jose.nunez@acme.example> rows [3]
      employee · active · from 2017-09-01 · under 41001 · VP Operations
    41004 Siobhán O'Connor <siobhan.oconnor@acme.example> rows [4]
      employee · active · from 2018-01-15 · under 41001 · HR Director
    41006 Zoë Ångström <zoe.angstrom@acme.example> rows [5]
      employee · active · from 2019-03-04 · under 41002 · Support Lead, EMEA
    41010 John Smith <john.smith@acme.example> rows [6]
      employee · active · from 2020-04-20 · under 41006 · Support Agent
    41013 Prince <prince@acme.example> rows [7]
      contractor · active · from 2023-08-14 · to 2026-08-13 · under 41003 · Brand Designer
    41016 Oliver Großmann <oliver.grossmann@acme.example> rows [8]
      employee · ended · from 2019-07-01 · last day 2025-03-14 · to 2025-03-31 · under 41006 · Support Agent
    41017 Chloé Lefèvre <chloe.lefevre@acme.example> rows [9]
      employee · active · from 2025-09-15 · under 41004 · Recruiter
    41021 Bia da Silva Santos <bia.santos@acme.example> rows [10]
      employee · on_leave · from 2022-08-22 · under 41006 · Support Agent
    41025 Daniel Weiss <daniel.weiss@acme.example> rows [11]
      employee · ended · from 2021-05-03 · to 2025-06-30 · under 41006 · Support Agent
    41028 Sofia Rossi <sofia.rossi@acme.example> rows [12]
      employee · pending · from 2026-03-16 · under 41006 · Support Agent
    ");
}

#[test]
fn one_page_of_several_is_refused() {
    assert_snapshot!(file("rippling/one-page-of-several.json"), @"
    REFUSED rippling
    the answer says that it is one page of several, so people are missing (3 are here): save all pages as one list
    ");
    let person = r#"{"source_id": 1, "display_name": "Ana", "status": "active"}"#;
    let page = |about: &str| say(&format!(r#"{{"data": [{person}], {about}}}"#));
    assert_snapshot!(page(r#""metadata": {"total_elements": 45, "total_pages": 9}"#), @"
    REFUSED muster
    the answer counts 45 people but lists 1: save all pages as one list
    the answer says that it is one page of several, so people are missing (1 are here): save all pages as one list
    ");
    assert_snapshot!(page(r#""meta": {"completeIndicator": false, "totalNumber": 1}"#), @"
    REFUSED muster
    the answer says that it is one page of several, so people are missing (1 are here): save all pages as one list
    ");
    assert_snapshot!(page(r#""next": null, "total": 1"#), @"
    muster: 1 rows
    1 Ana <-> rows [1]
      ? · active
    ");
}

#[test]
fn what_is_no_list_of_people_comes_with_a_remedy() {
    assert_snapshot!(say(r#"{"error": "unauthorized"}"#), @"
    REFUSED (no format)
    this is JSON without a list of people: save the whole answer, with its list in one of results, Report_Entry, data, workers, employees, values, or export the roster as CSV or .xlsx
    ");
    assert_snapshot!(say(r#"{"results": [{"id": 1}, {"id""#), @"
    REFUSED (no format)
    this looks like JSON but is damaged or cut off (EOF while parsing an object at line 1 column 29): save the whole answer again, or export the roster as CSV or .xlsx
    ");
    assert_snapshot!(say(r#"{"results": []}"#), @"
    REFUSED (no format)
    the list of people is empty: an empty export is never taken for an empty company; export it again
    ");
    assert_snapshot!(say(r#"[{"source_id": "1", "display_name": "A", "status": "active"}, 7]"#), @"
    REFUSED muster
    row 2: not a record of a person: save the whole answer again
    ");
}

#[test]
fn of_several_managers_or_addresses_the_first_counts() {
    assert_snapshot!(say(r#"[{"source_id": 1, "display_name": "Ana", "status": "active"},
        {"source_id": 2, "display_name": "Ben", "status": "active", "job_title": "Lead; Support",
         "manager_source_id": [1, 3], "work_email": ["ben@acme.example", "b@acme.example"]}]"#), @r#"
    muster: 2 rows
    1 Ana <-> rows [1]
      ? · active
    2 Ben <ben@acme.example> rows [2]
      ? · active · under 1 · Lead; Support
    ! row 2, manager_source_id "1;3": several values, of which the first counts: see that it is the right one
    ! row 2, work_email "ben@acme.example;b@acme.example": several values, of which the first counts: see that it is the right one
    "#);
}

#[test]
fn problems_name_the_record_and_the_path() {
    let person = |id: u8, more: &str| {
        format!(r#"{{"source_id": {id}, "display_name": "P{id}", "status": "active"{more}}}"#)
    };
    let people = [
        person(1, ""),
        person(2, r#", "start_date": "2024-02-31""#),
        person(3, r#", "manager_source_id": 9, "work_email": "x""#),
    ];
    assert_snapshot!(say(&format!("[\n{}]", people.join(","))), @r#"
    REFUSED muster
    row 2, start_date "2024-02-31": there is no such day: correct it in the HR system
    row 3, manager_source_id "9": no person in the file has the manager's id: include the manager's row (leavers too, if she left), name the new manager, or leave the cell blank
    row 3, work_email "x": not an e-mail address: correct it, or leave the cell blank
    "#);
}
